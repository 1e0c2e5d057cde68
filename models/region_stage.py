"""The region stage: names a region, says how likely it is real, how large it is and how sure that size is.

Small multilayer perceptrons and linear estimators, taught on calibration frames that the network never saw and on the
very graph that ships; here they are plain tensors. So is the familiarity of a whole frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import PackageInvalid
from models.regions import Maps, Region, Thresholds

Floats = NDArray[np.float32]
LENGTH, AREA, SHARE = 0, 1, 2  # rows of the spreads: mm, mm2, %


@dataclass(frozen=True, slots=True)
class Named:
    """What a region is."""

    score: float  # probability that it is a defect at all
    classes: Floats  # probability of each class given a defect, sums to 1
    zones: Floats  # where it is, probabilities: a chip is on the tablet, though what it covers looks like the pocket


@dataclass(frozen=True, slots=True)
class Measured:
    """How large a region is in px of the graph's frame, and the half-widths that hold 95 in 100, as factors over 1."""

    length_px: float
    area_px2: float
    length_spread: float
    area_spread: float
    share_spread: float


def opinions(x: Floats, hidden: Floats, hidden_bias: Floats, out: Floats, out_bias: Floats) -> Floats:
    """(regions, classes + 1) probabilities from (regions, facts), centred and scaled; see `RegionStage`."""
    seen = np.maximum(np.einsum("rf,nfw->nrw", x, hidden) + hidden_bias[:, None], 0)
    logits = np.einsum("nrw,nwk->nrk", seen, out) + out_bias[:, None]
    share = np.exp(logits - logits.max(2, keepdims=True))
    mean: Floats = (share / share.sum(2, keepdims=True)).mean(0).astype(np.float32)
    return mean


@dataclass(frozen=True, slots=True)
class RegionStage:
    """The tensors, under the names that `eyes.safetensors` gives them."""

    centre: Floats  # (facts,) mean of a region's facts
    scale: Floats  # (facts,) their deviation
    hidden: Floats  # (nets, facts, width)
    hidden_bias: Floats  # (nets, width)
    out: Floats  # (nets, width, classes + 1): the last is "no defect"
    out_bias: Floats  # (nets, classes + 1)
    zone: Floats  # (facts + 1, zones): logits of where a region is
    length: Floats  # (classes, estimators + 1): log length from the log estimators and 1
    area: Floats  # (classes, estimators + 1): log root of the area
    knots: Floats  # (knots,) log px at which spreads are given
    spreads: Floats  # (3, classes, knots): half-width of log length, log area, log share of the unit
    thresholds: Floats  # (3,) edge, peak, most regions; or (4,): what faint ones reach as well
    unit_area: Floats  # (1,) true over seen area of a tablet
    usual: Floats  # (n,) centre of the frames' statistics
    whiten: Floats  # (n, d): makes their spread round
    familiarity_limit: Floats  # (1,)
    fewest_alike: Floats  # (1,) tablets of one size that every picture of this kind shows
    real: Floats | None = None  # (facts + 1,) a linear opinion whether it is a defect; None: the perceptrons have one

    @staticmethod
    def of(tensors: Mapping[str, NDArray[np.generic]]) -> "RegionStage":
        """Raises PackageInvalid when tensors are missing or too many."""
        fields = set(RegionStage.__dataclass_fields__)
        missing, unknown = fields - {"real"} - set(tensors), set(tensors) - fields
        if missing or unknown:
            raise PackageInvalid(
                f"region stage: missing {sorted(missing)}, not known {sorted(unknown)}. "
                "Nothing was loaded. Assemble the package again with the program that it belongs to."
            )
        if (numbers := np.size(tensors["thresholds"])) not in (3, 4):
            raise PackageInvalid(
                f"region stage: {numbers} thresholds, 3 or 4 are known. Nothing was loaded. Assemble the package again "
                "with the program that it belongs to."
            )
        return RegionStage(**{name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()})

    @property
    def at(self) -> Thresholds:
        edge, peak, most, *faint = (float(one) for one in self.thresholds)
        return Thresholds(edge, peak, int(most), *faint)

    def name(self, region: Region) -> Named:
        """What it is by the mean opinion of the perceptrons, and where."""
        x = (region.facts - self.centre) / self.scale
        mean = opinions(x[None], self.hidden, self.hidden_bias, self.out, self.out_bias)[0]
        named = float(mean[:-1].sum())
        where = np.append(x, 1.0) @ self.zone
        zones = np.exp(where - where.max())
        real = named if self.real is None else float(1 / (1 + np.exp(-(np.append(x, 1.0) @ self.real))))
        return Named(
            min(1.0, real), (mean[:-1] / max(named, 1e-9)).astype(np.float32), (zones / zones.sum()).astype(np.float32)
        )

    def measure(self, region: Region, defect: int) -> Measured:
        """Size of a region as a defect of that class."""
        x = np.append(region.shape, 1.0)
        length, root = float(x @ self.length[defect]), float(x @ self.area[defect])
        spreads = [
            float(np.expm1(np.interp(length, self.knots, self.spreads[kind, defect]))) for kind in (LENGTH, AREA, SHARE)
        ]
        return Measured(float(np.exp(length)), float(np.exp(2 * root)), spreads[LENGTH], spreads[AREA], spreads[SHARE])

    def familiarity(self, maps: Maps, tablets: int | None) -> float:
        """Distance of a frame from those that the package was made on, in deviations: the limit is calibrated.

        A picture without the tablets that repeat in every pack is beyond the limit, whatever its colours and edges say.
        `tablets` is how many do; None where the product has none.
        """
        distance = float(np.linalg.norm((maps.frame - self.usual) @ self.whiten) / np.sqrt(self.whiten.shape[1]))
        if tablets is not None and tablets < self.fewest_alike[0]:
            return distance + 2 * float(self.familiarity_limit[0])
        return distance
