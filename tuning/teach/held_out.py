"""What nets that were taught on the other half of the pictures see in a picture: all figures of a teaching.

Each picture is looked at by a network and a memory that never saw it. Where fewer than ten bad units were shown, good
ones with made-up damage stand in, and the report says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.evaluate_eyes import lying_on
from models.example import ShownUnit
from models.example_files import ANOMALY
from models.metrics import auroc
from models.regions import Maps, Region, Thresholds, find_regions
from tuning.eyes.calibrate import placed
from tuning.teach.damage import damaged
from tuning.teach.graph import COARSE, STRANGE, WHOLE, RememberingSight
from tuning.teach.lessons import Shown
from tuning.teach.marks import Mark, marks_of, shown_unit
from tuning.teach.net import WORST
from tuning.teach.zones import Places

Floats = NDArray[np.float32]

AT = Thresholds(edge=0.1, peak=0.12, most=24)
WEIGHTS = (0.0, 0.1, 0.2, 0.5, 1.0)  # of the memory's deviations beside the network's logits
# Where too few bad units say what memory and whole picture are worth: the networks know made-up damage only, and the
# whole picture's opinion says least about real one. Area under the curve from good samples alone, for weights 1 and 2
# of the memory with that opinion, and 2 without: tile .791, .813, .846; screw .935, .948, .955; macaroni .902, .908,
# .906.
UNJUDGED_WEIGHT, UNJUDGED_WHOLE = 2.0, 0.0
EARNED = 0.003  # of the area under the curve, for the memory to join


@dataclass(frozen=True, slots=True)
class Case:
    """One picture, what is marked in it, and the regions that were found."""

    shown: Shown
    made_up: bool
    marks: tuple[Mark, ...]  # empty: good, or nobody marked where
    regions: tuple[Region, ...]
    marks_of: tuple[int | None, ...]  # for each region the mark that it is on
    highest: float  # logit of the worst place
    peak: float  # highest logit of the mask
    worst: float  # logit of the whole picture
    frame: Floats  # statistics

    @property
    def is_bad(self) -> bool:
        return self.shown.photo.is_bad


@dataclass(frozen=True, slots=True)
class Half:
    """A graph, the pictures that taught it, and those of the other half."""

    sight: RememberingSight
    own: list[Shown]
    others: list[tuple[Shown, bool]]  # and whether their damage is made up


def with_made_up(good: Sequence[Shown], bad: Sequence[Shown], *, few: bool, seed: int) -> list[tuple[Shown, bool]]:
    """The pictures to look at, damaged copies of the good ones among them where bad ones are `few`."""
    pictures = [(one, False) for one in (*good, *bad)]
    if few:
        rng = np.random.default_rng((seed, len(good)))
        for one in good:
            other = good[int(rng.integers(len(good)))]
            done = damaged(one.pixels, other.pixels, one.area, rng)
            if done.mask.any():
                photo = replace(one.photo, name=f"{one.photo.name}, damaged", defects=(ANOMALY,), masks=None)
                pictures.append((Shown(photo, done.pixels.astype(np.uint8), done.mask[None], one.area), True))
    return pictures


def look(sight: RememberingSight, pictures: Sequence[tuple[Shown, bool]], at: Thresholds = AT) -> list[Case]:
    """Find the regions of every picture and match them with its marks."""
    return [_look(sight.maps(one.pixels), one, sight, at, made_up=made_up) for one, made_up in pictures]


def area_seen(halves: Sequence[Half]) -> float:
    """The area under the curve of every half's others, without a look for regions."""
    return _area(
        (one.photo.is_bad, _worst(_places(half.sight.maps(one.pixels), half.sight)))
        for half in halves
        for one, _ in half.others
    )


def _places(maps: Maps, sight: RememberingSight) -> Floats:
    """Logit of each place of the picture: how bad it is."""
    coarse, strange, whole = maps.features[COARSE], maps.features[STRANGE], maps.features[WHOLE]
    return np.asarray(coarse + sight.weight * strange + sight.whole * whole, np.float32)


def _worst(places: Floats) -> float:
    return float(np.sort(places.ravel())[-max(1, int(places.size * WORST)) :].mean())


def _look(maps: Maps, one: Shown, sight: RememberingSight, at: Thresholds, *, made_up: bool) -> Case:
    places = _places(maps, sight)
    regions = tuple(find_regions(maps, at, 1.0))
    marks: tuple[Mark, ...] = ()
    if one.masks is not None:
        kinds = zip(one.photo.defects, one.masks, strict=True)
        marks = tuple(mark for defect, mask in kinds for mark in marks_of(defect, mask))
    return Case(
        one,
        made_up,
        marks,
        regions,
        marks_under(regions, marks),
        float(places.max()),
        float(maps.mask.max()),
        _worst(places),
        maps.frame,
    )


def marks_under(regions: Sequence[Region], marks: Sequence[Mark]) -> tuple[int | None, ...]:
    """For each region the mark that it is on; of marks over each other the larger one."""
    found: list[int | None] = [None] * len(regions)
    drawn = [placed(region) for region in regions]
    for j in sorted(range(len(marks)), key=lambda j: marks[j].area_px2):
        for k in lying_on(marks[j].mask, marks[j].corner, drawn):
            found[k] = j
    return tuple(found)


def unit_of(case: Case, mm_per_px: float, places: Places) -> ShownUnit:
    """A held-out picture in the frame, with its truth; `mm_per_px` is of the photograph."""
    scale = mm_per_px * case.shown.photo.size[0] / (case.shown.area.x1 - case.shown.area.x0)
    return shown_unit(
        case.shown.photo.name,
        case.shown.pixels,
        case.shown.photo.defects,
        case.marks,
        mm_per_px=scale,
        zones=[places.under(mark.box, mark.mask) for mark in case.marks],
        unmarked_in=places.names[-1],
        groups={"pictures": "made-up damage" if case.made_up else "photographs"},
    )


def area_under_curve(cases: Sequence[Case]) -> float:
    """How often a bad picture as a whole looks worse than a good one."""
    return _area((case.is_bad, case.worst) for case in cases)


def _area(looked_at: Iterable[tuple[bool, float]]) -> float:
    sides: dict[bool, list[float]] = {True: [], False: []}
    for is_bad, worst in looked_at:
        sides[is_bad].append(worst)
    return auroc(sides[True], sides[False]) or 0.0
