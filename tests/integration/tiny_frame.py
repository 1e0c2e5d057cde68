"""What a pool keeps of one frame, without rendering any."""

from tuning.eyes.pool import DefectTruth, FrameTruth


def tiny_truth(*defects: DefectTruth) -> FrameTruth:
    """One frame with these defects."""
    return FrameTruth(
        seed=0,
        mm_per_px=0.1,
        unit_area_mm2=50.0,
        defects=defects,
    )
