"""Teach a new product from photographs: from pictures to a package and to what is known about it, top to bottom.

Two networks are taught on half of the pictures each, side by side, and look at the other half: they say what a score is
worth, what a name is worth and whether the memory earns its place. A third ships. It is taught on everything but every
fifth good picture: these say how its scores compare with those of the two.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save, save_file

from models.errors import ModelError
from models.evaluate_eyes import SeenUnit, look_at
from models.example import ShownUnit
from models.example_files import ANOMALY
from models.eyes import Eyes, EyesParts
from models.operating import FEWEST, Point, Target, choose, scored_units, smallest_of, usual_size
from models.package import EYES_GRAPH, EYES_TENSORS, DefectClass, ModelPackage
from models.regions import facts_width
from models.verdict import OperatingPoint
from tuning.errors import TuningError
from tuning.eyes.pretrained import pretrained_trunk
from tuning.side_by_side import Say
from tuning.teach.graph import RememberingSight, TaughtEyes, export
from tuning.teach.held_out import (
    AT,
    EARNED,
    UNJUDGED_WEIGHT,
    UNJUDGED_WHOLE,
    WEIGHTS,
    Case,
    area_under_curve,
    look,
    unit_of,
    with_made_up,
)
from tuning.teach.kept_back import Lower, kept_back, lower_than, shipped_at
from tuning.teach.lessons import Shown, frame_of, shown, step_pixels, variation_of, varied
from tuning.teach.lying import lying_of
from tuning.teach.package import facts_of, ready_for, write
from tuning.teach.parts import Part, sides_of, train_parts
from tuning.teach.photo import Photo
from tuning.teach.pictures import Photographs
from tuning.teach.stage import Learnt, naming_rows, real_line, sizes_of, tensors_of
from tuning.teach.train import TRUNK
from tuning.teach.twins import halves
from tuning.teach.zones import Places
from tuning.teach.zones_file import Drawn

PIXELS = 95e6  # that the network which ships is taught on, four pictures a step; each of the halves takes half as many
FEWEST_STEPS, MOST_STEPS = 250, 700
LEAST_AREA = 0.7  # under the curve of held-out pictures: below it a package would pass what it does not see
FALSE_PER_GOOD, HELD = 0.02, 0.10  # what the thresholds are set for, where so few pictures can say it
VARIATIONS = 2  # of each bad picture that teaches names
NO_SCALE = 1.0  # mm per px where nobody says: sizes in the report are then px
DOWNLOADS = "downloads"  # beside the packages: keeps the mind's base


@dataclass(frozen=True, slots=True)
class Taught:
    """A package, and what is known about it from pictures that were held out."""

    package: ModelPackage
    units: tuple[ShownUnit, ...]  # the held-out pictures with their marks
    seen: tuple[SeenUnit, ...]  # and what was seen in each
    at: OperatingPoint  # a finding as it was set on them; held, what the network that ships holds
    auroc: float  # of whole pictures
    made_up: int  # pictures with made-up damage among the units
    remarks: tuple[str, ...]  # what a person should look at


@dataclass(frozen=True, slots=True)
class Half:
    """A graph, the pictures that taught it, and those of the other half."""

    sight: RememberingSight
    own: list[Shown]
    others: list[tuple[Shown, bool]]  # and whether their damage is made up


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


def teach(
    photographs: Photographs,
    target: Path,
    *,
    name: str,
    work: Path,
    downloads: Path | None = None,
    drawn: Drawn | None = None,
    mm_per_px: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    say: Say,
) -> Taught:
    """Make a package for the product of these photographs.

    Args:
        target: folder of the package; refused where it holds something.
        name: of the package.
        work: keeps fetched wheels.
        downloads: keeps the mind's base; beside the target if not given.
        drawn: zones of the product; without them it is one.
        mm_per_px: scale of the photographs, if it is known.
        steps: of the network that ships; by the size of its frame where it is not given.
        say: told one line of progress at a time.

    Raises:
        TuningError, PackageInvalid: what is wrong and what to do.
    """
    downloads = downloads or target.parent / DOWNLOADS
    ready_for(target, downloads)
    frame, wheels, defects = frame_of(photographs.all), work / "wheels", photographs.defects
    if lying := lying_of(photographs, *frame, needed=drawn is not None):
        photographs = lying.photographs
        say("every unit lies nearly alike: each picture is laid over their template before it is looked at")
    else:
        say("the units lie otherwise in every picture, or all as one: pictures are looked at as they are")
    template = lying.template if lying else None
    places = Places.of(drawn, frame, lying) if drawn else Places.whole(frame)
    if lying and drawn:
        picture = target.with_name(f"{target.name}-zones.png")
        places.paint(lying, picture)
        say(f"{picture}: where the zones lie over the usual unit; look at it")
    steps = steps or steps_for(step_pixels(frame, photographs.bad))
    pretrained_trunk(TRUNK, wheels)  # fetched once, before two processes want it
    say(
        f"{len(photographs.good)} good and {len(photographs.bad)} bad pictures, frame {frame[1]} x {frame[0]} px, "
        f"classes: {', '.join(defects)}"
    )
    with TemporaryDirectory(prefix="inspector-teach-") as folder:
        scratch = Path(folder)
        sides, kept = halves(photographs.all), kept_back(photographs)
        back = {photo.path for photo in kept}
        first, second = ([p for p, side in zip(photographs.all, sides, strict=True) if side == at] for at in (0, 1))
        every, *split = (
            Part(
                "what ships", [one for one in photographs.all if one.path not in back], scratch / "all", steps, template
            ),
            Part("first half", first, scratch / "first", max(1, steps // 2), template),
            Part("second half", second, scratch / "second", max(1, steps // 2), template),
        )
        train_parts([every, *split], defects, frame, wheels, seed=seed, say=say)
        say("looking at the pictures that each half was not shown")
        torch.set_num_threads(1)
        few = len(photographs.bad) < FEWEST
        crossed = _crossed(split, defects, frame, places, wheels, seed, few=few)
        known = _known(crossed, defects, places, mm_per_px or NO_SCALE, judged=not few, seed=seed)
        learnt, point = known.learnt, known.point
        say(
            f"held out: area under the curve {known.area:.3f}, memory weighs {learnt.weight:g}, a finding from "
            f"{point.real_from:g}"
        )
        shipped = _ship(every, known, kept, frame, wheels, scratch)
        say(f"exported: a mask probability differs by {shipped.drift:.5f} at the most")
        lower = shipped.lower.score if shipped.lower else 0.0
        sized, at = learnt.sizes is not None, shipped_at(point, learnt.line.slope * lower)
        smallest = _smallest(known.seen, defects, at, sized=sized)
        say(
            f"good pictures are lower by {lower:.2f} than in the halves: a finding from {at.real_from:g}, held from "
            f"{at.hold_from:g}"
        )
        facts = facts_of(
            name,
            frame=frame,
            defects=tuple(_class(defect, smallest[defect], sized=sized) for defect in defects),
            zones=places.zones,
            real_from=at.real_from,
            hold_from=at.hold_from,
            training={
                "photographs": photographs.digest,
                "good": len(photographs.good),
                "bad": len(photographs.bad),
                "steps": steps,
                "memory weight": learnt.weight,
                "good pictures kept back": len(kept),
                **({"logits lower by": round(lower, 3)} if kept else {}),
                "whole picture weight": learnt.whole,
                "laid over a template": template is not None,
                **({"zones": drawn.digest} if drawn else {}),
                "held-out area under the curve": round(known.area, 4),
            },
        )
        say("putting the package together")
        package = write(target, scratch, facts, downloads, progress=lambda done: None)
    seen_at = Point(point.real_from, min(point.real_from, at.hold_from))
    told = (*_of_thresholds(shipped), *_remarks(known.seen, seen_at), *_untried(known.seen, smallest))
    halves_at = package.manifest.operating_point.model_copy(update=asdict(seen_at))
    remarks = (*photographs.remarks, *told)
    return Taught(package, known.units, known.seen, halves_at, known.area, known.made_up, remarks)


def steps_for(pixels: float) -> int:
    """More steps where a step is shorter: it shows so many pixels of a picture."""
    return int(min(MOST_STEPS, max(FEWEST_STEPS, PIXELS / pixels)))


def _crossed(
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
        sight = RememberingSight(path.read_bytes(), exported_weight=1.0, threads=_cores(), whole=whole)
        held_out = with_made_up(*sides_of(others), few=few, seed=seed)
        sight.remember([one.pixels for one, _ in held_out])
        crossed.append(Half(sight, own, held_out))
    return crossed


def _known(
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
        defects, real_line(cases), AT, sizes_of(cases, defects), weight, crossed[0].sight.whole, places, seed
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


@dataclass(frozen=True, slots=True)
class Shipped:
    """What is known of the network that ships; its graph and tensors are written."""

    drift: float  # of the graph from the network
    lower: Lower | None  # of its good pictures; None where none was kept back
    crowded: bool  # too much is faint on good pictures: faint places are not looked at


def _ship(
    part: Part, known: Known, kept: Sequence[Photo], frame: tuple[int, int], wheels: Path, folder: Path
) -> Shipped:
    """Write graph and tensors of the network that ships, its scores raised by what good pictures are lower."""
    ready, learnt = part.shown(frame), known.learnt
    taught = part.load(wheels, classes=len(learnt.defects), with_memory=learnt.weight > 0)
    eyes = TaughtEyes(*taught, learnt.weight, learnt.places)
    drift = export(eyes, folder / EYES_GRAPH, frame, [one.pixels for one in ready[:: max(1, len(ready) // 6)]])
    graph = (folder / EYES_GRAPH).read_bytes()
    sight = RememberingSight(graph, exported_weight=learnt.weight, threads=_cores(), whole=learnt.whole)
    back = [(one, False) for one in shown(kept, *frame, part.template)]
    lower, crowded, looked_at = None, False, []
    if back:
        sight.remember([one.pixels for one, _ in back])
        paths = {photo.path for photo in kept}
        before = [case for case in known.cases if case.shown.photo.path in paths and not case.made_up]
        lower = lower_than(before, look(sight, back))
        learnt = learnt.lower_by(lower)
        looked_at = look(sight, back, learnt.at)
        crowded = sum(len(case.regions) >= AT.most for case in looked_at) > HELD * len(looked_at)
        learnt = replace(learnt, at=AT) if crowded else learnt
    laid = part.template.tensors if part.template else {}
    save_file(_tensors(sight, ready, learnt, [case.frame for case in looked_at]) | laid, folder / EYES_TENSORS)
    return Shipped(drift, lower, crowded)


def _weight(crossed: list[Half], *, judged: bool) -> float:
    """What the memory earns beside the networks; the smallest weight that is about as good as the best. It is set."""
    reached = {}
    for weight in WEIGHTS if judged else (UNJUDGED_WEIGHT,):
        for half in crossed:
            half.sight.weight = weight
        reached[weight] = area_under_curve([case for half in crossed for case in look(half.sight, half.others)])
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
        tensors = save(_tensors(half.sight, half.own, learnt))
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


def _smallest(
    seen: tuple[SeenUnit, ...], defects: tuple[str, ...], at: Point, *, sized: bool
) -> dict[str, float | None]:
    """The size of each class from which on it is not passed, in px, where sizes are measured."""
    smallest: dict[str, float | None] = dict.fromkeys(defects)
    if sized:
        sizes = [case for case in scored_units(seen).cases if case.length_px is not None]
        usual = usual_size(sizes, at.hold_from)
        for name in defects:
            own = [case for case in sizes if case.defect == name]
            smallest[name] = smallest_of(name, own, usual, at.hold_from)
    return smallest


def _tensors(
    sight: RememberingSight, own: list[Shown], learnt: Learnt, more: Sequence[NDArray[np.float32]] = ()
) -> dict[str, NDArray[np.float32]]:
    """The region stage of a graph, its names taught on variations of the pictures that taught the graph.

    Args:
        more: statistics of good pictures that did not teach it: what they look like is usual, too.
    """
    rng = np.random.default_rng(learnt.seed)
    good, bad = sides_of(own)
    again = [(one, False) for one in bad] + [(_variation(one, rng), False) for one in bad for _ in range(VARIATIONS)]
    taught = look(sight, again, learnt.at)
    usual = look(sight, [(_variation(one, rng), False) for one in good], learnt.at)
    blank = sight.maps(np.zeros((sight.rows, sight.columns, 3), np.uint8))
    frames = [*(case.frame for case in (*usual, *taught)), *more]
    named = naming_rows(taught, learnt.defects)
    return tensors_of(named, learnt, frames=frames, facts=facts_width(blank))


def _variation(one: Shown, rng: np.random.Generator) -> Shown:
    pixels, masks = varied(one.pixels.astype(np.float32), one.masks, rng, variation_of(one))
    return replace(one, pixels=np.ascontiguousarray(pixels).astype(np.uint8), masks=masks)


def _class(defect: str, smallest_px: float | None, *, sized: bool) -> DefectClass:
    about, words = (
        ("anything unlike a good unit", ("deviation", "irregularity", "unknown defect"))
        if defect == ANOMALY
        else (defect, ())
    )
    return DefectClass(
        name=defect, about=about, words=words, smallest_px=smallest_px, quantities=("mm", "mm2") if sized else ()
    )


def _remarks(seen: tuple[SeenUnit, ...], point: Point) -> list[str]:
    """Pictures whose label a person should look at again."""
    remarks = []
    for unit in seen:
        highest = unit.look.highest
        if not unit.defects and highest >= point.real_from:
            remarks.append(f"{unit.name}: called good, scored {highest:.2f} when it was held out. Is it?")
        elif unit.defects and highest < point.hold_from and unit.groups["pictures"] == "photographs":
            called = ", ".join(sorted({defect.defect for defect in unit.defects}))
            remarks.append(f"{unit.name}: called {called}, nothing was seen in it. Can a person see it?")
    return remarks


def _of_thresholds(shipped: Shipped) -> list[str]:
    """Where thresholds may be wrong for the network that ships."""
    wrong = []
    if shipped.lower is None:
        wrong.append("too few good pictures to keep some back, or too many of one group")
    if shipped.crowded:
        wrong.append("good pictures are full of what is faint")
    return [
        f"{why}: thresholds may be too high for what ships, and let defects pass. Set them on further units, "
        "`inspector operating-point`."
        for why in wrong
    ]


def _untried(seen: tuple[SeenUnit, ...], smallest: dict[str, float | None]) -> list[str]:
    """Kinds of which limits are taken at sizes that none of its pictures shows."""
    untried: dict[float, list[str]] = {}
    for name, found_from in smallest.items():
        shown = [one.length_px for unit in seen for one in unit.defects if one.defect == name and not one.whole]
        if found_from is not None and shown and found_from < 0.8 * min(shown):
            untried.setdefault(round(found_from, 1), []).append(f"{name} (none below {min(shown):.0f} px was shown)")
    return [
        f"limits from {found_from:.1f} px on are taken, as all kinds together are found from there, for "
        f"{', '.join(names)}. Show smaller ones to be sure."
        for found_from, names in untried.items()
    ]


def _cores() -> int:
    return os.cpu_count() or 1
