"""Which found region belongs to which drawn defect.

They belong together where they share at least 15 % of the smaller of the two; the drawn mask is widened by 2 px, since
a crack of one pixel is otherwise missed by half a cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tuning.eyes.pool import PooledFrame

SHARED = 0.15
WIDER_PX = 2


@dataclass(frozen=True, slots=True)
class Found:
    """A region as a mask of the frame's pixels."""

    corner_px: tuple[int, int]  # x, y of the mask's first pixel
    mask: NDArray[np.bool_]

    @property
    def area_px2(self) -> int:
        return int(self.mask.sum())


@dataclass(frozen=True, slots=True)
class Matched:
    """Both directions of the answer."""

    regions_of: tuple[tuple[int, ...], ...]  # for each defect, the regions on it
    defect_of: tuple[int | None, ...]  # for each region, the defect it is on; a specified one if it is on several


def match(found: Sequence[Found], frame: PooledFrame) -> Matched:
    """Match one frame's regions with its truth."""
    defects = frame.truth.defects
    regions_of: list[tuple[int, ...]] = []
    defect_of: list[int | None] = [None] * len(found)
    for j, defect in enumerate(defects):
        x0, y0, _, _ = defect.box_px
        pad = 3 * WIDER_PX
        drawn = np.pad((frame.mask(defect) > 80).astype(np.uint8), pad)
        wide = cv2.dilate(drawn, np.ones((2 * WIDER_PX + 1, 2 * WIDER_PX + 1), np.uint8)) > 0
        hits = []
        for k, region in enumerate(found):
            shared = _shared(region, wide, (x0 - pad, y0 - pad))
            if shared and shared >= SHARED * min(region.area_px2, int(wide.sum())):
                hits.append(k)
                before = defect_of[k]
                if before is None or (defect.specified and not defects[before].specified):
                    defect_of[k] = j
        regions_of.append(tuple(hits))
    return Matched(tuple(regions_of), tuple(defect_of))


def _shared(region: Found, wide: NDArray[np.bool_], corner: tuple[int, int]) -> int:
    (ax, ay), (bx, by) = region.corner_px, corner
    left, top = max(ax, bx), max(ay, by)
    right = min(ax + region.mask.shape[1], bx + wide.shape[1])
    bottom = min(ay + region.mask.shape[0], by + wide.shape[0])
    if right <= left or bottom <= top:
        return 0
    one = region.mask[top - ay : bottom - ay, left - ax : right - ax]
    return int((one & wide[top - by : bottom - by, left - bx : right - bx]).sum())
