"""The pictures that a report shows: the worst misses and the worst false findings, kept while the units pass by.

A thousand pictures do not fit beside a model, so a picture is kept only while it is among the worst of its kind.
"""

import heapq
from dataclasses import dataclass, field
from typing import Literal

from models.evaluate_eyes import SeenUnit
from models.example import ShownDefect, ShownUnit
from models.observation import Observation
from models.verdict import OperatingPoint

MOST = 12  # pictures of a kind

Kind = Literal["missed", "invented"]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One picture, what is wrong with the look at it, and everything that was seen."""

    kind: Kind
    unit: ShownUnit
    seen: SeenUnit
    defect: ShownDefect | None  # that was missed
    region: Observation | None  # that is on nothing, or the best on the missed defect

    @property
    def badness(self) -> float:
        """The larger the defect that was not found, the worse; the surer the finding on nothing, the worse."""
        score = self.region.score if self.region else 0.0
        if self.defect is None:
            return score
        return self.defect.length_px * (1 - score)


@dataclass(slots=True)
class Gallery:
    """Keeps the worst."""

    at: OperatingPoint
    most: int = MOST
    _kept: dict[Kind, list[tuple[float, int, Exhibit]]] = field(default_factory=dict)
    _count: int = 0

    def consider(self, unit: ShownUnit, seen: SeenUnit) -> None:
        """Look at one unit's mistakes; its pixels are kept only if one of them is among the worst."""
        observations = seen.look.observations
        for j, defect in enumerate(seen.defects):
            if defect.specified and not seen.found(j, self.at.real_from):
                hits = [observations[k] for k in seen.regions_of[j]]
                best = max(hits, key=lambda o: o.score, default=None)
                self._keep(Exhibit("missed", unit, seen, defect, best))
        for k, region in enumerate(observations):
            if region.score >= self.at.real_from and k not in seen.on_something:
                self._keep(Exhibit("invented", unit, seen, None, region))

    def worst(self, kind: Kind) -> list[Exhibit]:
        """The worst first."""
        return [exhibit for _, _, exhibit in sorted(self._kept.get(kind, ()), key=lambda kept: -kept[0])]

    def _keep(self, exhibit: Exhibit) -> None:
        kept = self._kept.setdefault(exhibit.kind, [])
        self._count += 1  # of two that are equally bad the earlier stays
        entry = (exhibit.badness, -self._count, exhibit)
        if len(kept) < self.most:
            heapq.heappush(kept, entry)
        elif kept:
            heapq.heappushpop(kept, entry)
