"""The eyes' operating point, read off calibration frames with opinions that were taught on the other half of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cameras.render import CLASSES
from tuning.eyes.calibrate import MIN_CONTRAST, Seen
from tuning.eyes.pool import DefectTruth
from tuning.eyes.stage import RegionTable

Floats = NDArray[np.float32]
FALSE_PER_GOOD = 0.015  # regions called a finding a good frame, at the most
GOOD_HELD = 0.05  # share of good frames with a region that holds, at the most
THRESHOLDS = tuple(float(t) for t in np.round(np.arange(0.02, 0.96, 0.01), 2))
SIZES_PX = (2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 25.0, 30.0, 40.0)
FOUND_SHARE = 0.85  # of the defects from a size up, for the size to be one that the package finds
FEWEST = 10  # cases that can be judged


@dataclass(frozen=True, slots=True)
class EyesPoint:
    """From which score a region is a finding, and from which it holds the unit."""

    real_from: float
    hold_from: float


def choose_point(seen: Sequence[Seen], table: RegionTable, said: Floats) -> EyesPoint:
    """The lowest thresholds that keep to the limits on good frames."""
    real = said[:, :-1].sum(1)
    good = [at for at, one in enumerate(seen) if not one.frame.truth.defects]
    on_good = np.isin(table.frames, good)
    highest = np.zeros(len(seen))
    np.maximum.at(highest, table.frames, real)
    held = highest[good]
    finding = next((t for t in THRESHOLDS if (real[on_good] >= t).sum() <= FALSE_PER_GOOD * len(good)), THRESHOLDS[-1])
    holding = next((t for t in THRESHOLDS if (held >= t).mean() <= GOOD_HELD), THRESHOLDS[-1])
    return EyesPoint(finding, min(holding, finding))


def smallest_sizes(seen: Sequence[Seen], table: RegionTable, said: Floats, point: EyesPoint) -> dict[str, float | None]:
    """For each class the length in px from which on `FOUND_SHARE` are found; None where no size is too small.

    Found means: would not be accepted unseen. What takes a whole pocket has no size that a limit could name.
    """
    cases: dict[str, list[tuple[float, bool]]] = {name: [] for name in CLASSES}
    scores = _by_frame(table, said[:, :-1].sum(1), len(seen))
    for one, score in zip(seen, scores, strict=True):
        for defect, hits in zip(one.frame.truth.defects, one.regions_of, strict=True):
            if not defect.whole and countable(defect, one.frame.pixels.shape[:2]):
                best = max((score[k] for k in hits), default=0.0)
                cases[defect.defect].append((defect.length_px, bool(best >= point.hold_from)))
    return {name: smallest_found(found) for name, found in cases.items()}


def smallest_found(cases: Sequence[tuple[float, bool]]) -> float | None:
    """The smallest size from which on, all sizes together, enough are found; None where that is so from the first.

    A class that never gets there has the largest size that was judged.

    >>> smallest_found([(float(px), px > 12) for px in range(2, 30) for _ in range(10)])
    10.0
    >>> smallest_found([(20.0, True)] * 10) is None
    True
    """
    tails = [(size, [found for length, found in cases if length >= size]) for size in (0.0, *SIZES_PX)]
    judged = [(size, tail) for size, tail in tails if len(tail) >= FEWEST]
    enough = [size for size, tail in judged if np.mean(tail) >= FOUND_SHARE]
    if enough:
        return enough[0] or None
    return judged[-1][0] or None if judged else None


def countable(defect: DefectTruth, frame_px: tuple[int, int]) -> bool:
    """Visible enough to be specified, and whole in the frame."""
    x0, y0, x1, y1 = defect.box_px
    inside = x0 > 1 and y0 > 1 and x1 < frame_px[1] - 1 and y1 < frame_px[0] - 1
    return inside and defect.contrast >= MIN_CONTRAST


def _by_frame(table: RegionTable, score: Floats, frames: int) -> list[Floats]:
    return [score[table.frames == at] for at in range(frames)]
