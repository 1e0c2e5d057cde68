"""What a quality engineer asks of the eyes beside single figures: confusion, calibration, the smallest size found.

Everything is counted on units after the look, at the package's operating point, and every share keeps its counts.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from models.evaluate_eyes import SeenUnit, specified_of
from models.metrics import miss_rate_bound
from models.verdict import OperatingPoint

MISSED, HELD, NOTHING = "missed", "held", "nothing there"
SCORES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
DETECTED = 0.9  # share of the defects from a size up, at 95 % confidence
ONE_SCALE = 1.01  # px per mm of the largest picture scale to the smallest, up to which a length in mm holds for all


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Confused(Strict):
    """How often defects of one kind were called another; `called` may be missed or held, `true` may be nothing."""

    true: str
    called: str
    count: int


class ScoreBin(Strict):
    """Regions that scored alike: how many, what they scored on average, and how many lie on a defect."""

    low: float
    high: float
    count: int
    mean: float
    real: int


class Smallest(Strict):
    """The length from which on at least 90 in 100 are found, at 95 % confidence; None where nothing shown proves it.

    Lengths are tried from the largest down, first all from the length on that leaves just enough cases to prove it,
    and the first that fails ends it, so that no length is proven by being the luckiest of many.
    """

    defect: str
    length_px: float | None
    length_mm: float | None  # None too where the pictures of these cases differ in scale
    shown: int  # of that length or more; where none is proven, of those that did not prove it
    missed: int


class UnitTables(Strict):
    """Tables of one evaluation."""

    confusion: tuple[Confused, ...]
    scores: tuple[ScoreBin, ...]
    smallest: tuple[Smallest, ...]


def unit_tables(seen: Sequence[SeenUnit], at: OperatingPoint) -> UnitTables:
    """All tables of the units."""
    return UnitTables(confusion=_confusion(seen, at), scores=_scores(seen), smallest=_smallest(seen, at))


def _confusion(seen: Sequence[SeenUnit], at: OperatingPoint) -> tuple[Confused, ...]:
    counted: Counter[tuple[str, str]] = Counter()
    for unit, j in specified_of(seen):
        found = unit.found(j, at.real_from)
        called = found[0].defect if found else HELD if unit.found(j, at.hold_from) else MISSED
        counted[unit.defects[j].defect, called] += 1
    for unit in seen:
        for k, observation in enumerate(unit.look.observations):
            if k not in unit.on_something and observation.score >= at.hold_from:
                counted[NOTHING, observation.defect if observation.score >= at.real_from else HELD] += 1
    return tuple(Confused(true=true, called=called, count=count) for (true, called), count in sorted(counted.items()))


def _scores(seen: Sequence[SeenUnit]) -> tuple[ScoreBin, ...]:
    """Whether a region that scores 0.8 lies on a defect 8 times in 10."""
    scored = [(o.score, k in unit.on_something) for unit in seen for k, o in enumerate(unit.look.observations)]
    bins = []
    for low, high in pairwise(SCORES):
        own = [(score, real) for score, real in scored if low <= score < high or score == high == 1]
        if own:
            mean = sum(score for score, _ in own) / len(own)
            real = sum(real for _, real in own)
            bins.append(ScoreBin(low=low, high=high, count=len(own), mean=round(mean, 4), real=real))
    return tuple(bins)


def _smallest(seen: Sequence[SeenUnit], at: OperatingPoint) -> tuple[Smallest, ...]:
    """Without a model of the curve: the bound of all defects from a length up, after Clopper and Pearson.

    Sources: the size a90/95 of MIL-HDBK-1823A, Nondestructive Evaluation System Reliability Assessment (2009); its
    fitted curve needs an assumption that a count does not. Tests in an order fixed beforehand, each at 5 %, up to the
    first that fails, together err in 5 % at most: Maurer, Hothorn and Lehmacher, Biometrie in der
    chemisch-pharmazeutischen Industrie 6 (1995), 3-18.
    """
    cases: dict[str, list[tuple[float, float, bool]]] = {}
    for unit, j in specified_of(seen):
        defect = unit.defects[j]
        if not defect.whole:
            sized = (defect.length_px, defect.sizes["mm"], bool(unit.found(j, at.real_from)))
            cases.setdefault(defect.defect, []).append(sized)
    return tuple(_smallest_of(name, sorted(own)) for name, own in sorted(cases.items()))


def _smallest_of(defect: str, ordered: Sequence[tuple[float, float, bool]]) -> Smallest:
    """The cases from the shortest to the longest, each with its length in px and mm and whether it was found."""
    proven: Smallest | None = None
    missed = 0
    for shown, (length_px, length_mm, found) in enumerate(reversed(ordered), start=1):
        missed += not found
        if shown < len(ordered) and ordered[-shown - 1][0] == length_px:
            continue  # defects of one length stand or fall together
        if miss_rate_bound(missed=0, shown=shown) > 1 - DETECTED:
            continue  # too few to prove anything, 28 at the most: no look at how many of them were found
        if miss_rate_bound(missed=missed, shown=shown) > 1 - DETECTED:
            return proven or Smallest(defect=defect, length_px=None, length_mm=None, shown=shown, missed=missed)
        scales = [px / mm for px, mm, _ in ordered[-shown:]]
        one_scale = max(scales) <= ONE_SCALE * min(scales)
        proven = Smallest(
            defect=defect,
            length_px=round(length_px, 2),
            length_mm=round(length_mm, 3) if one_scale else None,
            shown=shown,
            missed=missed,
        )
    return proven or Smallest(defect=defect, length_px=None, length_mm=None, shown=len(ordered), missed=missed)
