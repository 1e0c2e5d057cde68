"""The operating point: from which score a region is a finding, and from which it can hold the unit.

It is chosen on calibration units for a stated target, and refused where the eyes do not reach the target on them.
Between the two thresholds lies the hold zone: what is too unsure to reject and too sure to pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import ModelError
from models.evaluate_eyes import SeenUnit, specified_of
from models.example_files import ANOMALY

THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(2, 96))
SIZES_PX = (2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 25.0, 30.0, 40.0)
FOUND_SHARE = 0.85  # of the defects from a size up, for the size to be one that the package finds
FEWEST = 10  # cases that can be judged
NEVER = 9999.0  # px: a size that no picture shows, for a class that is not found at any size


@dataclass(frozen=True, slots=True)
class Case:
    """One specified defect of a calibration unit."""

    defect: str
    length_px: float | None  # None: the whole pocket is wrong, and no size is too small
    score: float  # of the surest region on it; 0 where there is none


@dataclass(frozen=True, slots=True)
class Scored:
    """What the eyes scored on calibration units."""

    cases: Sequence[Case]
    good: Sequence[Sequence[float]]  # for each good unit the scores of its regions, all of them false
    held_anyway: int = 0  # good units beside these that the line holds whatever is seen

    @property
    def good_units(self) -> int:
        return len(self.good) + self.held_anyway

    def found(self, score: float) -> int:
        """Cases that are a finding from this score on."""
        return sum(case.score >= score for case in self.cases)

    def false(self, score: float) -> int:
        """Regions on good units of at least this score."""
        return sum(seen >= score for unit in self.good for seen in unit)

    def held(self, score: float) -> int:
        """Good units with a region of at least this score, or held anyway."""
        return self.held_anyway + sum(max(unit, default=0.0) >= score for unit in self.good)


class Target(BaseModel):
    """What the thresholds are set for: one of two targets for findings, and how many good units may be held."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Findings a good unit, at the most.
    false_per_good: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    # Share of the specified defects, at the least.
    found: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)
    # Share of good units with a region that rejects or holds, at the most.
    held: float = Field(ge=0, le=1, allow_inf_nan=False)

    @model_validator(mode="after")
    def one_target_for_findings(self) -> "Target":
        if (self.false_per_good is None) == (self.found is None):
            raise ValueError("state one of false_per_good and found: each of them decides the threshold")
        return self


@dataclass(frozen=True, slots=True)
class Point:
    """Both thresholds."""

    real_from: float
    hold_from: float


def scored_units(seen: Sequence[SeenUnit]) -> Scored:
    """What the eyes scored on every specified defect, and on good units."""
    cases = []
    for unit, j in specified_of(seen):
        defect = unit.defects[j]
        best = max((o.score for o in unit.found(j, 0.0)), default=0.0)
        cases.append(Case(defect.defect, None if defect.whole else defect.length_px, best))
    good = [unit.look for unit in seen if not unit.defects]
    scores = [tuple(o.score for o in look.observations) for look in good if look.counts]
    return Scored(cases, scores, len(good) - len(scores))


def choose(scored: Scored, target: Target) -> Point:
    """The thresholds for a target.

    For false findings the lowest that keeps to it, for found defects the highest that reaches it; then the lowest for
    holding that keeps to its share.

    Raises:
        ModelError: too few units to tell, or no thresholds reach the target; the text says what is reached.
    """
    good, cases = scored.good_units, len(scored.cases)
    if good < FEWEST or cases < FEWEST:
        raise ModelError(
            f"operating point: {good} good units and {cases} specified defects were shown (at least {FEWEST} of each). "
            "Nothing was set. Add units."
        )
    if target.false_per_good is not None:
        if _most(target.false_per_good * good) < 1:
            raise ModelError(
                f"operating point: {target.false_per_good:g} false findings a good unit cannot be told on {good} good "
                f"units (at least {ceil(1 / target.false_per_good)}). "
                "Nothing was set. Add good units or state a higher share."
            )
        allowed = _most(target.false_per_good * good)
        fitting = [t for t in THRESHOLDS if scored.false(t) <= allowed][:1]
        reached = f"{scored.false(THRESHOLDS[-1]) / good:.3f} false findings a good unit at the least"
    else:
        fitting = [t for t in THRESHOLDS if scored.found(t) >= -_most(-(target.found or 1.0) * cases)][-1:]
        reached = f"{scored.found(THRESHOLDS[0]) / cases:.3f} of the defects at the most"
    if not fitting:
        raise ModelError(
            f"operating point: these eyes reach {reached} on these units. Nothing was set. State a target that they "
            "reach, or tune them."
        )
    stopped = scored.held(fitting[0])
    if stopped > _most(target.held * good):
        raise ModelError(
            f"operating point: with findings from {fitting[0]:g} on {stopped} of {good} good units are rejected "
            f"already, {target.held:g} of them may be rejected or held. Nothing was set. Allow more, or tune the eyes."
        )
    holding = [t for t in THRESHOLDS if scored.held(t) <= _most(target.held * good)]
    return Point(fitting[0], min(holding[0], fitting[0]))


def _most(share_of: float) -> int:
    """The whole number that a share of units allows; 1/49 of 49 is one, whatever the float says.

    >>> _most(1 / 49 * 49), _most(2.9), -_most(-0.07 * 100)
    (1, 2, 7)
    """
    return floor(share_of + 1e-9)


def smallest_sizes(cases: Sequence[Case], hold_from: float) -> Mapping[str, float | None]:
    """For each class shown the length in px from which on `FOUND_SHARE` are found; None where it has no size.

    Found means: would not be accepted unseen. What takes a whole pocket has no size that a limit could name.

    Raises:
        ModelError: too few of a class to tell.
    """
    names = dict.fromkeys(case.defect for case in cases)
    sizes: dict[str, float | None] = {}
    for name in names:
        own = [case for case in cases if case.defect == name]
        if len(own) < FEWEST:
            raise ModelError(
                f"operating point: {len(own)} specified defects of the class {name} were shown (at least {FEWEST}). "
                "Nothing was set, because nobody could say which of them the eyes find. Add units with them."
            )
        sized = [(case.length_px, case.score >= hold_from) for case in own if case.length_px is not None]
        sizes[name] = smallest_found(sized) if sized else None
    return sizes


def sizes_of_classes(cases: Sequence[Case], defects: Sequence[str], hold_from: float) -> dict[str, float | None]:
    """For every class of a package the size in px from which on it is found.

    What no name fits is found from where defects of any kind are, unless enough of it is shown: nobody has many.

    Raises:
        ModelError: a class is not shown, or too little of it.
    """
    named = [case for case in cases if case.defect != ANOMALY]
    sizes = dict(smallest_sizes(named, hold_from))
    if ANOMALY in defects:
        unnamed = [case for case in cases if case.defect == ANOMALY]
        sizes[ANOMALY] = smallest_of(ANOMALY, unnamed, usual_size(cases, hold_from), hold_from)
    if unshown := sorted(set(defects) - set(sizes)):
        raise ModelError(
            f"operating point: no {', '.join(unshown)} is shown. Nothing was set, because nobody could say from which "
            "size on they are found. Add units with them."
        )
    return sizes


def usual_size(cases: Sequence[Case], hold_from: float) -> float | None:
    """The length in px from which on defects are found, all classes together; None where none has a size.

    Raises:
        ModelError: too few to tell.
    """
    sized = [replace(case, defect="all") for case in cases if case.length_px is not None]
    return smallest_sizes(sized, hold_from)["all"] if sized else None


def smallest_of(name: str, own: Sequence[Case], usual: float | None, hold_from: float) -> float | None:
    """The size from which on a kind is found; where few of it were shown, or all found, what holds for all kinds.

    A site's samples of a kind are often large ones alone: that none was smaller is no reason to refuse its limit. Of
    few, at least half must be found.
    """
    if len(own) < FEWEST:
        sized = [case for case in own if case.length_px is not None]
        missed = sum(case.score < hold_from for case in sized)
        return NEVER if 2 * missed > len(sized) else usual
    found_from = smallest_sizes(own, hold_from)[name]
    if usual is None or found_from is None:
        return found_from
    shown_from = min(case.length_px for case in own if case.length_px is not None)
    return found_from if found_from > shown_from else min(found_from, usual)


def smallest_found(cases: Sequence[tuple[float, bool]]) -> float:
    """The smallest size from which on enough are found, all sizes together and of the smallest few; never below the
    smallest that was shown.

    A class that never gets there has a size that no picture shows, so that every limit on it is refused.

    >>> smallest_found([(float(px), px > 12) for px in range(2, 30) for _ in range(10)])
    14.0
    >>> smallest_found([(4.0, False)] * 20 + [(50.0, True)] * 300)
    5.0
    >>> smallest_found([(3.57, True)] * 10)
    3.5
    >>> smallest_found([(2.0, False)] * 12) == NEVER
    True
    """
    shown = floor(10 * min(length for length, _ in cases)) / 10
    sizes = (shown, *(size for size in SIZES_PX if size > shown))
    ordered = sorted(cases)
    tails = [(size, [found for length, found in ordered if length >= size]) for size in sizes]
    enough = [size for size, tail in tails if len(tail) >= FEWEST and _mostly(tail) and _mostly(tail[:FEWEST])]
    return enough[0] if enough else NEVER


def _mostly(found: Sequence[bool]) -> bool:
    return sum(found) >= FOUND_SHARE * len(found)
