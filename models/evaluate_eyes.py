"""What the eyes are worth: every region is matched with what is really there, and counted.

Only specified defects must be found; a region on a smaller or fainter one is no false region either. Region and
defect belong together where they share at least 15 % of the smaller of the two, the true mask widened by 2 px: a crack
of one pixel is otherwise missed by half a cell.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.example import UNIT, ShownDefect, ShownUnit
from models.eyes import Look
from models.metrics import Figure, quantile_figure, rate, share
from models.note import MEASURES
from models.observation import Observation
from models.verdict import OperatingPoint

SHARED, WIDER_PX = 0.15, 2
MARKED = 80  # coverage 0..255 from which a pixel of a mask belongs to the defect
BINS_PX = (0.0, 4.0, 6.0, 8.0, 10.0, 14.0, 22.0, math.inf)
TOPIC = "eyes"

Point = tuple[int, int]  # x, y in px
Placed = tuple[NDArray[np.bool_], Point]  # a region as a mask, and where its first pixel is


class Looks(Protocol):
    """The skill of the eyes that this file needs."""

    def look(self, pixels: NDArray[np.uint8], mm_per_px: float) -> Look: ...

    def scale_seen(self, pixels: NDArray[np.generic], mm_per_px: float) -> float: ...


@dataclass(frozen=True, slots=True)
class SeenUnit:
    """A unit after the look: what is there, what was seen, and which belongs to which."""

    name: str
    defects: tuple[ShownDefect, ...]  # lengths in px that the eyes see: a larger picture is shrunk into their frame
    groups: Mapping[str, str]
    look: Look
    regions_of: tuple[tuple[int, ...], ...]  # for each defect, the observations on it
    on_something: frozenset[int]  # observations that lie on a defect, specified or not

    def found(self, defect: int, score: float) -> list[Observation]:
        """Observations of at least this score on a defect, the largest first."""
        hits = [self.look.observations[k] for k in self.regions_of[defect]]
        return sorted((o for o in hits if o.score >= score), key=lambda o: -o.sizes["mm2"].value)

    def false(self, score: float) -> int:
        """Observations of at least this score where nothing is."""
        return sum(o.score >= score and k not in self.on_something for k, o in enumerate(self.look.observations))


def look_at(
    units: Iterable[ShownUnit],
    eyes: Looks,
    *,
    progress: Callable[[int], None],
    each: Callable[[ShownUnit, SeenUnit], None] = lambda unit, seen: None,
) -> list[SeenUnit]:
    """Show every unit once; `each` may keep its pixels and its heat map, here they are let go of."""
    seen = []
    for unit in units:
        look = eyes.look(unit.pixels, unit.mm_per_px)
        regions_of = match(look.observations, unit.defects)
        on_something = frozenset(k for hits in regions_of for k in hits)
        shrunk = unit.mm_per_px / eyes.scale_seen(unit.pixels, unit.mm_per_px)
        defects = tuple(replace(defect, length_px=defect.length_px * shrunk) for defect in unit.defects)
        one = SeenUnit(unit.name, defects, unit.groups, look, regions_of, on_something)
        each(unit, one)
        seen.append(replace(one, look=replace(look, heat=None)))
        progress(len(seen))
    return seen


def match(observations: Sequence[Observation], defects: Sequence[ShownDefect]) -> tuple[tuple[int, ...], ...]:
    """For each defect the observations on it."""
    drawn = [_filled(observation) for observation in observations]
    return tuple(lying_on(defect.mask, defect.box_px[:2], drawn) for defect in defects)


def lying_on(coverage: NDArray[np.uint8], corner: Point, regions: Sequence[Placed]) -> tuple[int, ...]:
    """The regions on one true defect.

    Args:
        coverage: of the defect, 0..255.
        corner: x, y of its first pixel.
    """
    pad = 3 * WIDER_PX
    mask = np.pad((coverage > MARKED).astype(np.uint8), pad)
    wide = cv2.dilate(mask, np.ones((2 * WIDER_PX + 1, 2 * WIDER_PX + 1), np.uint8)) > 0
    at = (corner[0] - pad, corner[1] - pad)
    hits = []
    for k, (region, region_at) in enumerate(regions):
        shared = _shared(region, region_at, wide, at)
        if shared and shared >= SHARED * min(int(region.sum()), int(wide.sum())):
            hits.append(k)
    return tuple(hits)


def eyes_figures(seen: Sequence[SeenUnit], at: OperatingPoint, smallest_px: Mapping[str, float | None]) -> list[Figure]:
    """Every figure of the eyes at the package's operating point."""
    return [
        *_headline(seen, at, smallest_px),
        *_by_class(seen, at),
        *_by_size(seen, at),
        *_by_subgroup(seen, at),
    ]


def specified_of(seen: Sequence[SeenUnit]) -> list[tuple[SeenUnit, int]]:
    """Every defect that must be found, with its unit."""
    return [(unit, j) for unit in seen for j, defect in enumerate(unit.defects) if defect.specified]


def _headline(seen: Sequence[SeenUnit], at: OperatingPoint, smallest_px: Mapping[str, float | None]) -> list[Figure]:
    specified, good = specified_of(seen), [unit for unit in seen if not unit.defects]
    large = [(u, j) for u, j in specified if u.defects[j].length_px >= (smallest_px.get(u.defects[j].defect) or 0)]
    invented = sum(unit.false(at.real_from) for unit in good)
    unfamiliar = sum(u.look.familiarity > u.look.familiarity_limit for u in good)
    return [
        _found("defects found", specified, at.real_from, aim=0.97),
        _found("defects found or held", specified, at.hold_from),
        _found("defects found, from the smallest size that the package states", large, at.real_from),
        rate(TOPIC, "false regions per good unit", invented, len(good), aim=0.02),
        _any_false("good units with a false region", good, at.real_from),
        _any_false("good units with a false region, held ones counted", good, at.hold_from),
        share(TOPIC, "units wholly right", sum(_wholly_right(unit, at) for unit in seen), len(seen), aim=0.93),
        share(TOPIC, "good units that are called unfamiliar", unfamiliar, len(good)),
        *_of_found(specified, at, of="", aimed=True),
        quantile_figure("time", "eyes, ms a unit, median", [u.look.eyes_ms for u in seen], 0.5),
        quantile_figure("time", "eyes, ms a unit, p99", [u.look.eyes_ms for u in seen], 0.99),
    ]


def _by_class(seen: Sequence[SeenUnit], at: OperatingPoint) -> list[Figure]:
    figures = []
    specified = specified_of(seen)
    for name in sorted({u.defects[j].defect for u, j in specified}):
        own = [(u, j) for u, j in specified if u.defects[j].defect == name]
        figures += [_found("defects found", own, at.real_from, of=name), *_of_found(own, at, of=name, aimed=False)]
    return figures


def _by_size(seen: Sequence[SeenUnit], at: OperatingPoint) -> list[Figure]:
    figures = []
    specified = [(u, j) for u, j in specified_of(seen) if not u.defects[j].whole]
    for name in sorted({u.defects[j].defect for u, j in specified}):
        for low, high in itertools.pairwise(BINS_PX):
            own = [(u, j) for u, j in specified if u.defects[j].defect == name and low <= u.defects[j].length_px < high]
            if own:
                label = f"{name}, {low:g}-{high:g} px" if high < math.inf else f"{name}, from {low:g} px"
                figures.append(_found("defects found", own, at.real_from, of=label))
    return figures


def _by_subgroup(seen: Sequence[SeenUnit], at: OperatingPoint) -> list[Figure]:
    figures = []
    for group, value in sorted({pair for unit in seen for pair in unit.groups.items() if pair[0] != UNIT}):
        own = [unit for unit in seen if unit.groups.get(group) == value]
        of = f"{group} {value}"
        figures.append(_found("defects found", specified_of(own), at.real_from, of=of))
        good = [unit for unit in own if not unit.defects]
        figures.append(_any_false("good units with a false region", good, at.real_from, of=of))
    return figures


def _found(
    name: str, cases: Sequence[tuple[SeenUnit, int]], score: float, *, of: str = "", aim: float | None = None
) -> Figure:
    return share(TOPIC, name, sum(bool(u.found(j, score)) for u, j in cases), len(cases), of=of, aim=aim)


def _any_false(name: str, good: Sequence[SeenUnit], score: float, *, of: str = "") -> Figure:
    return share(TOPIC, name, sum(unit.false(score) > 0 for unit in good), len(good), of=of)


def _of_found(cases: Sequence[tuple[SeenUnit, int]], at: OperatingPoint, *, of: str, aimed: bool) -> list[Figure]:
    """Class, zone and sizes of the regions that were found."""
    pairs = [(u.defects[j], hits[0]) for u, j in cases if (hits := u.found(j, at.real_from))]
    sized = [(defect, seen) for defect, seen in pairs if not defect.whole]
    off = [abs(math.log(max(seen.sizes["mm"].value, 1e-6) / defect.sizes["mm"])) for defect, seen in sized]
    named = sum(defect.defect == seen.defect for defect, seen in pairs)
    placed = sum(defect.zone == seen.zone for defect, seen in pairs)
    figures = [
        share(TOPIC, "class of a found region right", named, len(pairs), of=of, aim=0.98 if aimed else None),
        share(TOPIC, "zone of a found region right", placed, len(pairs), of=of),
    ]
    if not sized:
        return figures
    figures += [
        quantile_figure(TOPIC, "size error, median", off, 0.5, of=of, aim=0.06 if aimed else None),
        quantile_figure(TOPIC, "size error, p90", off, 0.9, of=of, aim=0.18 if aimed else None),
    ]
    for unit in MEASURES:
        held = sum(abs(d.sizes[unit] - s.sizes[unit].value) <= s.sizes[unit].uncertainty for d, s in sized)
        figures.append(share(TOPIC, f"true {unit} within the stated uncertainty", held, len(sized), of=of))
    return figures


def _wholly_right(unit: SeenUnit, at: OperatingPoint) -> bool:
    """All specified defects found and named, nothing invented."""
    if unit.false(at.real_from):
        return False
    for j, defect in enumerate(unit.defects):
        hits = unit.found(j, at.real_from)
        if defect.specified and (not hits or hits[0].defect != defect.defect):
            return False
    return True


def _filled(observation: Observation) -> Placed:
    """An observation's outline as a mask."""
    points = np.array(observation.outline_px, np.int32)
    corner = points.min(0)
    wide, high = points.max(0) - corner + 1
    mask = np.zeros((int(high), int(wide)), np.uint8)
    cv2.fillPoly(mask, [points - corner], 1)
    return mask > 0, (int(corner[0]), int(corner[1]))


def _shared(one: NDArray[np.bool_], one_at: Point, other: NDArray[np.bool_], other_at: Point) -> int:
    """Pixels that two masks have in common."""
    left, top = max(one_at[0], other_at[0]), max(one_at[1], other_at[1])
    right = min(one_at[0] + one.shape[1], other_at[0] + other.shape[1])
    bottom = min(one_at[1] + one.shape[0], other_at[1] + other.shape[0])
    if right <= left or bottom <= top:
        return 0
    a = one[top - one_at[1] : bottom - one_at[1], left - one_at[0] : right - one_at[0]]
    b = other[top - other_at[1] : bottom - other_at[1], left - other_at[0] : right - other_at[0]]
    return int((a & b).sum())
