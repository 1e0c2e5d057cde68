"""Calibration: what the region stage, the sizes, their uncertainties and the thresholds are taught on.

It looks at calibration frames, which the network never saw, through the very graph that ships. Where a figure is read
off the frames that something was fitted to, it is fitted on one half and read off the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cameras.render import CLASSES, ZONES
from models.closer import Closer
from models.evaluate_eyes import Placed
from models.eyes import TABLET, Sight
from models.regions import MASK_STRIDE, Region, Thresholds, find_regions, unit_area_px
from tuning.eyes.matching import match
from tuning.eyes.pool import DefectTruth, Pool, PooledFrame

Floats = NDArray[np.float32]
LOOKED_AT = Thresholds(edge=0.05, peak=0.2, most=40)  # the network's own score is low here: the region stage decides
FAMILIAR_SHARE = 0.995  # of the calibration frames that lie within
ROOM = 1.1  # times their distance is the limit, for lamps and foils that nobody rendered
ALIKE = 3  # tablets of one size that a picture is asked for; a pack of four may have an odd one


@dataclass(frozen=True, slots=True)
class Seen:
    """One calibration frame as the graph saw it."""

    frame: PooledFrame
    regions: tuple[Region, ...]
    defect_of: tuple[int | None, ...]
    regions_of: tuple[tuple[int, ...], ...]
    unit_px2: float | None
    pooled: Floats

    @property
    def px_per_mm(self) -> float:
        return 1 / self.frame.truth.mm_per_px


@dataclass(frozen=True, slots=True)
class Pair:
    """A defect that was found, with the region that shows it best."""

    row: int  # of the region among those of all frames
    defect: DefectTruth
    region: Region
    unit_px2: float | None
    px_per_mm: float
    unit_area_mm2: float

    @property
    def label(self) -> int:
        return CLASSES.index(self.defect.defect)


def look_at(
    pool: Pool,
    sight: Sight,
    progress: Callable[[int, int], None],
    *,
    closer: Closer | None = None,
    at: Thresholds = LOOKED_AT,
) -> list[Seen]:
    """Find and match the regions of every frame; with what the closer look says of them, once there is one."""
    seen = []
    for i, frame in enumerate(pool.frames):
        maps = sight.maps(np.asarray(frame.pixels))
        regions = tuple(find_regions(maps, at, 1 / frame.truth.mm_per_px))
        if closer:
            regions = tuple(closer.look(np.asarray(frame.pixels), regions))
        matched = match([placed(region) for region in regions], frame)
        unit = unit_area_px(maps, ZONES.index(TABLET))
        seen.append(Seen(frame, regions, matched.defect_of, matched.regions_of, unit, maps.frame))
        if (i + 1) % 100 == 0:
            progress(i + 1, len(pool.frames))
    return seen


def pairs_of(seen: list[Seen]) -> list[Pair]:
    """Every found defect with the largest region on it."""
    pairs: list[Pair] = []
    first = 0
    for one in seen:
        for defect, hits in zip(one.frame.truth.defects, one.regions_of, strict=True):
            if hits and defect.length_px > 0 and defect.area_mm2 > 0:
                best = max(hits, key=lambda k: float(one.regions[k].shape[2]))
                facts = one.unit_px2, one.px_per_mm, one.frame.truth.unit_area_mm2
                pairs.append(Pair(first + best, defect, one.regions[best], *facts))
        first += len(one.regions)
    return pairs


def familiar(pooled: Sequence[Floats], *, alike: int) -> dict[str, Floats]:
    """Centre, whitening and limit of the frames' pooled features: a robust Mahalanobis distance.

    Args:
        alike: tablets of one size that every picture is asked for.
    """
    halves = [np.array(pooled[start::2], np.float32) for start in (0, 1)]
    distances = []
    for a, b in ((0, 1), (1, 0)):
        centre, whiten = _whitening(halves[a])
        distances.append(np.linalg.norm((halves[b] - centre) @ whiten, axis=1) / np.sqrt(whiten.shape[1]))
    limit = float(np.quantile(np.concatenate(distances), FAMILIAR_SHARE)) * ROOM
    centre, whiten = _whitening(np.concatenate(halves))
    single = {"familiarity_limit": limit, "fewest_alike": alike}
    return {"usual": centre, "whiten": whiten} | {name: np.array([v], np.float32) for name, v in single.items()}


def unit_area_factor(seen: list[Seen]) -> float:
    """True over seen area of a tablet, the median over the frames."""
    ratios = [
        one.frame.truth.unit_area_mm2 * one.px_per_mm**2 / one.unit_px2 for one in seen if one.unit_px2 is not None
    ]
    return float(np.median(ratios))


def region_mask(region: Region) -> NDArray[np.bool_]:
    """A region's cells as pixels."""
    return np.repeat(np.repeat(region.mask, MASK_STRIDE, 0), MASK_STRIDE, 1)


def placed(region: Region) -> Placed:
    """A region as pixels, and where its first one is."""
    return region_mask(region), (region.corner[0] * MASK_STRIDE, region.corner[1] * MASK_STRIDE)


def _whitening(pooled: Floats) -> tuple[Floats, Floats]:
    centre = np.median(pooled, axis=0)
    spread = np.median(np.abs(pooled - centre), axis=0) * 1.4826 + 1e-3 * float(np.abs(pooled).mean())
    standard = np.clip((pooled - centre) / spread, -4, 4)  # a few odd frames must not widen the whole
    values, vectors = np.linalg.eigh(np.cov(standard.T.astype(np.float64)))
    whiten = vectors / np.sqrt(values + 0.03 * float(values.mean())) / spread[:, None]
    return centre.astype(np.float32), whiten.astype(np.float32)
