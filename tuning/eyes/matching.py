"""Which found region belongs to which drawn defect, both ways, by the rule that an evaluation counts by."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.evaluate_eyes import Placed, lying_on
from tuning.eyes.pool import PooledFrame


@dataclass(frozen=True, slots=True)
class Matched:
    """Both directions of the answer."""

    regions_of: tuple[tuple[int, ...], ...]  # for each defect, the regions on it
    defect_of: tuple[int | None, ...]  # for each region, the defect it is on; a specified one if it is on several


def match(found: Sequence[Placed], frame: PooledFrame) -> Matched:
    """Match one frame's regions with its truth."""
    defects = frame.truth.defects
    regions_of = tuple(lying_on(frame.mask(defect), defect.box_px[:2], found) for defect in defects)
    defect_of: list[int | None] = [None] * len(found)
    for j, hits in enumerate(regions_of):
        for k in hits:
            before = defect_of[k]
            if before is None or (defects[j].specified and not defects[before].specified):
                defect_of[k] = j
    return Matched(regions_of, tuple(defect_of))
