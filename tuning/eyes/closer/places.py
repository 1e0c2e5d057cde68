"""Where the closer look is taught: what the eyes' maps call a region on training frames, and what they overlook."""

from dataclasses import dataclass

import numpy as np

from cameras.render import CLASSES
from models.closer import window_of
from models.likeness import Likeness, Window
from models.observation import Box
from tuning.eyes.calibrate import Seen
from tuning.eyes.pool import DefectTruth, PooledFrame
from tuning.eyes.stage import NOTHING, UNSPECIFIED_WEIGHT


@dataclass(frozen=True, slots=True)
class Place:
    """One window of a frame and what it shows."""

    frame: PooledFrame
    window: Window
    alike: tuple[int, int]  # px right and down to the place that looks most like it
    label: int  # class, or NOTHING
    weight: float
    log_length: float | None  # of the defect's length in px; None where it has no size to learn
    log_root: float | None  # of the root of its area in px2


def places_of(seen: list[Seen], *, faintest: float) -> list[Place]:
    """Every region of these frames, and every drawn defect that no region is on.

    Args:
        faintest: Lab distance below which a defect is neither taught nor counted.
    """
    places: list[Place] = []
    for one in seen:
        defects = one.frame.truth.defects
        marked: list[tuple[Box, DefectTruth | None]] = [
            (region.box, None if j is None else defects[j])
            for region, j in zip(one.regions, one.defect_of, strict=True)
        ]
        marked += [(defect.box_px, defect) for defect, hits in zip(defects, one.regions_of, strict=True) if not hits]
        elsewhere = Likeness(np.asarray(one.frame.pixels))
        for box, defect in marked:
            if defect is None or defect.contrast >= faintest:
                window = window_of(box)
                places.append(_of(one.frame, window, elsewhere.shift(window, box), defect, one.px_per_mm))
    return places


def _of(
    frame: PooledFrame, window: Window, alike: tuple[int, int], defect: DefectTruth | None, px_per_mm: float
) -> Place:
    if defect is None:
        return Place(frame, window, alike, NOTHING, 1.0, None, None)
    sized = defect.length_px > 0 and defect.area_mm2 > 0
    return Place(
        frame,
        window,
        alike,
        CLASSES.index(defect.defect),
        1.0 if defect.specified else UNSPECIFIED_WEIGHT,
        float(np.log(defect.length_px)) if sized else None,
        float(np.log(np.sqrt(defect.area_mm2) * px_per_mm)) if sized else None,
    )
