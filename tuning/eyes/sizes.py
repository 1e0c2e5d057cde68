"""Teaching the sizes: a robust linear blend of estimators for each class, and how far it is off, by size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cameras.render import CLASSES
from tuning.errors import TuningError
from tuning.eyes.calibrate import Pair

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
STIFFNESS = 0.3  # of the ridge
ROUNDS = 8  # of reweighting outliers down
FOLDS = 5
COVERED = 0.95
KNOTS_PX = (2.0, 4.0, 7.0, 12.0, 22.0, 45.0)
ENOUGH = 24  # nearest cases that a quantile is read from, at the least


def teach_sizes(pairs: Sequence[Pair], unit_factor: float, counts: NDArray[np.bool_]) -> dict[str, Floats]:
    """Blends and spreads under the names of models.region_stage.RegionStage.

    Args:
        unit_factor: true over seen area of a tablet.
        counts: whether a pair's region is sure enough to be judged, under its own name. Only those say how far a size
            is off: a region that nobody judges by may be any scrap of its defect.
    """
    lengths, areas = np.zeros((2, len(CLASSES), len(pairs[0].region.shape) + 1))
    spreads = np.zeros((3, len(CLASSES), len(KNOTS_PX)))
    for label in range(len(CLASSES)):
        named = np.array([pair.label == label for pair in pairs])
        own = [pair for pair, is_own in zip(pairs, named, strict=True) if is_own]
        judged = counts[named]
        seen = np.array([np.append(pair.region.shape, 1.0) for pair in own])
        true_length = np.array([np.log(pair.defect.length_mm * pair.px_per_mm) for pair in own])
        true_root = np.array([np.log(pair.defect.area_mm2 * pair.px_per_mm**2) / 2 for pair in own])
        lengths[label], areas[label] = blend(seen, true_length), blend(seen, true_root)
        at = seen @ lengths[label]
        length_off, root_off = crossed(seen, true_length), crossed(seen, true_root)
        whole = judged & np.array([pair.unit_px2 is not None for pair in own])
        if whole.sum() < ENOUGH:
            raise TuningError(
                f"calibration: {int(whole.sum())} regions are sure enough to be judged as a {CLASSES[label]} (at least "
                f"{ENOUGH}): nobody could say how far its size is off. Nothing was released. Render more frames."
            )
        spreads[0, label] = quantiles(at[judged], np.abs(length_off)[judged])
        spreads[1, label] = quantiles(at[judged], np.abs(2 * root_off)[judged])
        unit_off = np.array([_unit_error(pair, unit_factor) for pair in own])
        spreads[2, label] = quantiles(at[whole], np.abs(2 * root_off - unit_off)[whole])
    tensors = {"length": lengths, "area": areas, "spreads": spreads, "knots": np.log(KNOTS_PX)}
    return {name: value.astype(np.float32) for name, value in tensors.items()}


def blend(seen: Doubles, true: Doubles) -> Doubles:
    """Weights of the estimators by ridge regression, outliers weighted down in rounds."""
    weight = np.ones(len(true))
    width = seen.shape[1]
    ridge = np.diag([STIFFNESS] * (width - 1) + [0.0])  # the constant is free
    solution: Doubles = np.zeros(width)
    for _ in range(ROUNDS):
        weighted = seen * weight[:, None]
        solution = np.asarray(np.linalg.solve(weighted.T @ seen + ridge, weighted.T @ true), np.float64)
        weight = 1 / np.maximum(np.abs(seen @ solution - true), 0.05)
        weight *= len(weight) / weight.sum()
    return solution


def crossed(seen: Doubles, true: Doubles) -> Doubles:
    """Errors of blends that were taught without the case."""
    off = np.zeros(len(true))
    fold = np.arange(len(true)) % FOLDS
    for k in range(FOLDS):
        off[fold == k] = seen[fold == k] @ blend(seen[fold != k], true[fold != k]) - true[fold == k]
    return off


def quantiles(at: Doubles, off: Doubles) -> Doubles:
    """For each knot the half-width that covered its nearest cases."""
    found = []
    count = min(len(off), max(ENOUGH, len(off) // 4))
    for knot in np.log(KNOTS_PX):
        near = np.sort(off[np.argsort(np.abs(at - knot), kind="stable")[:count]])
        rank = min(count - 1, int(np.ceil((count + 1) * COVERED)) - 1)  # the conformal rank: right for a new case
        found.append(near[rank])
    return np.array(found)


def _unit_error(pair: Pair, factor: float) -> float:
    if pair.unit_px2 is None:
        return 0.0
    return float(np.log(pair.unit_px2 * factor / (pair.unit_area_mm2 * pair.px_per_mm**2)))
