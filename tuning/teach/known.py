"""What held-out pictures say: each half's network looks at the pictures of the other half, and thresholds follow."""

from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import save

from models.errors import ModelError
from models.evaluate_eyes import SeenUnit, look_at
from models.example import ShownUnit
from models.eyes import Eyes, EyesParts
from models.operating import Point, Target, choose, scored_units
from tuning.errors import TuningError
from tuning.teach.graph import RememberingSight, TaughtEyes, export
from tuning.teach.held_out import (
    AT,
    EARNED,
    UNJUDGED_WEIGHT,
    UNJUDGED_WHOLE,
    WEIGHTS,
    Case,
    Half,
    area_seen,
    area_under_curve,
    look,
    unit_of,
    with_made_up,
)
from tuning.teach.parts import Part, sides_of
from tuning.teach.stage import Learnt, real_logistic, region_stage, sizes_of
from tuning.teach.zones import Places

LEAST_AREA = 0.7  # under the curve of held-out pictures: below it a package would pass what it does not see
FALSE_PER_GOOD, HELD = 0.02, 0.10  # what the thresholds are set for, where so few pictures can say it


@dataclass(frozen=True, slots=True)
class Known:
    """What held-out pictures said, and what follows from it."""

    learnt: Learnt
    cases: tuple[Case, ...]
    units: tuple[ShownUnit, ...]
    seen: tuple[SeenUnit, ...]
    area: float  # under the curve of whole pictures
    made_up: int  # of these pictures
    point: Point


def crossed_parts(
    parts: list[Part],
    defects: tuple[str, ...],
    frame: tuple[int, int],
    places: Places,
    wheels: Path,
    seed: int,
    *,
    few: bool,
) -> list[Half]:
    """Both halves as graphs, each with the pictures of the other."""
    crossed = []
    for part, other in (parts, parts[::-1]):
        own, others = part.shown(frame), other.shown(frame)
        eyes = TaughtEyes(*part.load(wheels, classes=len(defects), with_memory=True), 1.0, places)
        path = part.stem.with_suffix(".onnx")
        export(eyes, path, frame, [own[0].pixels])
        whole = UNJUDGED_WHOLE if few else 1.0
        sight = RememberingSight(path.read_bytes(), exported_weight=1.0, whole=whole)
        held_out = with_made_up(*sides_of(others), few=few, seed=seed)
        sight.remember([one.pixels for one, _ in held_out])
        crossed.append(Half(sight, own, held_out))
    return crossed


def known_of(
    crossed: list[Half], defects: tuple[str, ...], places: Places, mm_per_px: float, *, judged: bool, seed: int
) -> Known:
    """What the held-out pictures say.

    Raises:
        TuningError: good and bad ones cannot be told apart, or no thresholds fit them.
    """
    weight = _weight(crossed, judged=judged)
    cases_of = [look(half.sight, half.others) for half in crossed]
    cases = [case for own in cases_of for case in own]
    learnt = Learnt(
        defects, real_logistic(cases), AT, sizes_of(cases, defects), weight, crossed[0].sight.whole, places, seed
    )
    units, seen = _seen(crossed, cases_of, learnt, mm_per_px)
    area = area_under_curve(cases)
    if area < LEAST_AREA:
        raise TuningError(
            f"teaching: held-out good and bad pictures cannot be told apart (area under the curve {area:.2f}, at "
            f"least {LEAST_AREA}). No package was written. Show more of both, mark where the defects are, or "
            "photograph closer and under a steadier light."
        )
    point = _thresholds(seen)
    return Known(learnt, tuple(cases), units, seen, area, sum(case.made_up for case in cases), point)


def _weight(crossed: list[Half], *, judged: bool) -> float:
    """What the memory earns beside the networks; the smallest weight that is about as good as the best. It is set."""
    reached = {}
    for weight in WEIGHTS if judged else (UNJUDGED_WEIGHT,):
        for half in crossed:
            half.sight.weight = weight
        reached[weight] = area_seen(crossed)
    chosen = next(weight for weight in reached if reached[weight] >= max(reached.values()) - EARNED)
    for half in crossed:
        half.sight.weight = chosen
    return chosen


def _seen(
    crossed: list[Half], cases_of: list[list[Case]], learnt: Learnt, mm_per_px: float
) -> tuple[tuple[ShownUnit, ...], tuple[SeenUnit, ...]]:
    """Every held-out picture as the line would see it, through the eyes of the other half."""
    units: list[ShownUnit] = []
    seen: list[SeenUnit] = []
    for half, own in zip(crossed, cases_of, strict=True):
        tensors = save(region_stage(half.sight, half.own, learnt))
        eyes = Eyes(EyesParts(half.sight, None, tensors, learnt.defects, learnt.places.names), threads=1)
        looked_at = [unit_of(case, mm_per_px, learnt.places) for case in own]
        units += looked_at
        seen += look_at(looked_at, eyes, progress=lambda done: None)
    return tuple(units), tuple(seen)


def _thresholds(seen: tuple[SeenUnit, ...]) -> Point:
    """Both thresholds from the held-out pictures."""
    scored = scored_units(seen)
    target = Target(false_per_good=max(FALSE_PER_GOOD, 1 / scored.good_units), held=HELD)
    try:
        return choose(scored, target)
    except ModelError as error:
        raise TuningError(
            f"teaching: no thresholds can be set on the held-out pictures: {error} No package was written. Show more "
            "of both."
        ) from error
