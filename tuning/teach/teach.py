"""Teach a new product from photographs: from pictures to a package and to what is known about it, top to bottom.

Two networks are taught on half of the pictures each, side by side, and look at the other half: they say what a score is
worth, what a name is worth and whether the memory earns its place. A third is taught on everything and ships.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save, save_file

from models.errors import ModelError
from models.evaluate_eyes import SeenUnit, look_at
from models.example import ShownDefect, ShownUnit
from models.example_files import ANOMALY
from models.eyes import Eyes, EyesParts
from models.operating import FEWEST, Point, Target, choose, scored_units, smallest_of, usual_size
from models.package import EYES_GRAPH, EYES_TENSORS, DefectClass, ModelPackage
from models.regions import facts_width
from tuning.errors import TuningError
from tuning.eyes.pretrained import pretrained_trunk
from tuning.side_by_side import Say
from tuning.teach.graph import RememberingSight, TaughtEyes, export
from tuning.teach.held_out import (
    EARNED,
    UNJUDGED_WEIGHT,
    UNJUDGED_WHOLE,
    WEIGHTS,
    Case,
    area_under_curve,
    look,
    with_made_up,
)
from tuning.teach.lessons import Shown, frame_of, step_pixels, variation_of, varied
from tuning.teach.lying import lying_of
from tuning.teach.package import PRODUCT, facts_of, ready_for, write
from tuning.teach.parts import Part, sides_of, train_parts
from tuning.teach.pictures import Photographs, halves
from tuning.teach.stage import Line, Sizes, naming_rows, real_line, sizes_of, tensors_of
from tuning.teach.train import TRUNK

PIXELS = 95e6  # that the network which ships is taught on, four pictures a step; each of the halves takes half as many
FEWEST_STEPS, MOST_STEPS = 250, 700
LEAST_AREA = 0.7  # under the curve of held-out pictures: below it a package would pass what it does not see
FALSE_PER_GOOD, HELD = 0.02, 0.10  # what the thresholds are set for, where so few pictures can say it
VARIATIONS = 2  # of each bad picture that teaches names
NO_SCALE = 1.0  # mm per px where nobody says: sizes in the report are then px
WHOLE = 255
DOWNLOADS = "downloads"  # beside the packages: keeps the mind's base


@dataclass(frozen=True, slots=True)
class Taught:
    """A package, and what is known about it from pictures that were held out."""

    package: ModelPackage
    units: tuple[ShownUnit, ...]  # the held-out pictures with their marks
    seen: tuple[SeenUnit, ...]  # and what was seen in each
    auroc: float  # of whole pictures
    made_up: int  # pictures with made-up damage among the units
    remarks: tuple[str, ...]  # what a person should look at


@dataclass(frozen=True, slots=True)
class Half:
    """A graph, the pictures that taught it, and those of the other half."""

    sight: RememberingSight
    own: list[Shown]
    others: list[tuple[Shown, bool]]  # and whether their damage is made up


def teach(
    photographs: Photographs,
    target: Path,
    *,
    name: str,
    work: Path,
    downloads: Path | None = None,
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
        mm_per_px: scale of the photographs, if it is known.
        steps: of the network that ships; by the size of its frame where it is not given.
        say: told one line of progress at a time.

    Raises:
        TuningError, PackageInvalid: what is wrong and what to do.
    """
    downloads = downloads or target.parent / DOWNLOADS
    ready_for(target, downloads)
    frame, wheels, defects = frame_of(photographs.all), work / "wheels", photographs.defects
    if lying := lying_of(photographs, *frame):
        photographs = lying.photographs
        say("every unit lies nearly alike: each picture is laid over their template before it is looked at")
    else:
        say("the units lie otherwise in every picture, or all as one: pictures are looked at as they are")
    template = lying.template if lying else None
    steps = steps or steps_for(step_pixels(frame, photographs.bad))
    pretrained_trunk(TRUNK, wheels)  # fetched once, before two processes want it
    say(
        f"{len(photographs.good)} good and {len(photographs.bad)} bad pictures, frame {frame[1]} x {frame[0]} px, "
        f"classes: {', '.join(defects)}"
    )
    with TemporaryDirectory(prefix="inspector-teach-") as folder:
        scratch = Path(folder)
        sides = halves(photographs.all)
        first, second = ([p for p, side in zip(photographs.all, sides, strict=True) if side == at] for at in (0, 1))
        parts = [
            Part("all pictures", list(photographs.all), scratch / "all", steps, template),
            Part("first half", first, scratch / "first", max(1, steps // 2), template),
            Part("second half", second, scratch / "second", max(1, steps // 2), template),
        ]
        train_parts(parts, defects, frame, wheels, seed=seed, say=say)
        say("looking at the pictures that each half was not shown")
        torch.set_num_threads(1)
        few = len(photographs.bad) < FEWEST
        whole = UNJUDGED_WHOLE if few else 1.0
        crossed = _crossed(parts[1:], defects, frame, wheels, seed, few=few, whole=whole)
        weight = _weight(crossed, judged=not few)
        cases_of = [look(half.sight, half.others) for half in crossed]
        cases = [case for own in cases_of for case in own]
        line, sizes = real_line(cases), sizes_of(cases, defects)
        units, seen = _seen(crossed, cases_of, defects, weight, line, sizes, seed, mm_per_px or NO_SCALE)
        area = area_under_curve(cases)
        if area < LEAST_AREA:
            raise TuningError(
                f"teaching: held-out good and bad pictures cannot be told apart (area under the curve {area:.2f}, at "
                f"least {LEAST_AREA}). No package was written. Show more of both, mark where the defects are, or "
                "photograph closer and under a steadier light."
            )
        point, smallest = _thresholds(seen, defects, sized=sizes is not None)
        say(f"held out: area under the curve {area:.3f}, memory weighs {weight:g}, a finding from {point.real_from:g}")
        ready = parts[0].shown(frame)
        eyes = TaughtEyes(*parts[0].load(wheels, classes=len(defects), with_memory=weight > 0), weight)
        drift = export(eyes, scratch / EYES_GRAPH, frame, [one.pixels for one in ready[:: max(1, len(ready) // 6)]])
        say(f"exported: a mask probability differs by {drift:.5f} at the most")
        sight = RememberingSight(
            (scratch / EYES_GRAPH).read_bytes(), exported_weight=weight, threads=_cores(), whole=whole
        )
        tensors = _tensors(sight, ready, defects, weight, line, sizes, seed) | (template.tensors if template else {})
        save_file(tensors, scratch / EYES_TENSORS)
        facts = facts_of(
            name,
            frame=frame,
            defects=tuple(_class(defect, smallest[defect], sized=sizes is not None) for defect in defects),
            real_from=point.real_from,
            hold_from=point.hold_from,
            training={
                "photographs": photographs.digest,
                "good": len(photographs.good),
                "bad": len(photographs.bad),
                "steps": steps,
                "memory weight": weight,
                "whole picture weight": whole,
                "laid over a template": template is not None,
                "held-out area under the curve": round(area, 4),
            },
        )
        say("putting the package together")
        package = write(target, scratch, facts, downloads, progress=lambda done: None)
    remarks = (*photographs.remarks, *_remarks(seen, point), *_untried(seen, smallest))
    made_up = sum(case.made_up for case in cases)
    return Taught(package, units, seen, area, made_up, remarks)


def steps_for(pixels: float) -> int:
    """More steps where a step is shorter: it shows so many pixels of a picture."""
    return int(min(MOST_STEPS, max(FEWEST_STEPS, PIXELS / pixels)))


def _crossed(
    parts: list[Part],
    defects: tuple[str, ...],
    frame: tuple[int, int],
    wheels: Path,
    seed: int,
    *,
    few: bool,
    whole: float,
) -> list[Half]:
    """Both halves as graphs, each with the pictures of the other."""
    crossed = []
    for part, other in (parts, parts[::-1]):
        own, others = part.shown(frame), other.shown(frame)
        eyes = TaughtEyes(*part.load(wheels, classes=len(defects), with_memory=True), 1.0)
        path = part.stem.with_suffix(".onnx")
        export(eyes, path, frame, [own[0].pixels])
        sight = RememberingSight(path.read_bytes(), exported_weight=1.0, threads=_cores(), whole=whole)
        held_out = with_made_up(*sides_of(others), few=few, seed=seed)
        sight.remember([one.pixels for one, _ in held_out])
        crossed.append(Half(sight, own, held_out))
    return crossed


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
    crossed: list[Half],
    cases_of: list[list[Case]],
    defects: tuple[str, ...],
    weight: float,
    line: Line,
    sizes: Sizes | None,
    seed: int,
    mm_per_px: float,
) -> tuple[tuple[ShownUnit, ...], tuple[SeenUnit, ...]]:
    """Every held-out picture as the line would see it, through the eyes of the other half."""
    units: list[ShownUnit] = []
    seen: list[SeenUnit] = []
    for half, own in zip(crossed, cases_of, strict=True):
        tensors = _tensors(half.sight, half.own, defects, weight, line, sizes, seed)
        eyes = Eyes(EyesParts(half.sight, None, save(tensors), defects, (PRODUCT,)), threads=1)
        looked_at = [_unit(case, mm_per_px) for case in own]
        units += looked_at
        seen += look_at(looked_at, eyes, progress=lambda done: None)
    return tuple(units), tuple(seen)


def _unit(case: Case, mm_per_px: float) -> ShownUnit:
    """A held-out picture in the frame, with its truth; `mm_per_px` is of the photograph."""
    scale = mm_per_px * case.shown.photo.size[0] / (case.shown.area.x1 - case.shown.area.x0)
    photo, pixels = case.shown.photo, case.shown.pixels
    rows, columns = pixels.shape[:2]
    marked = [
        (m.mask, (*m.corner, m.corner[0] + m.mask.shape[1], m.corner[1] + m.mask.shape[0]), m) for m in case.marks
    ]
    defects = [
        ShownDefect(
            defect=mark.defect,
            zone=PRODUCT,
            box_px=box,
            mask=mask,
            sizes={
                "mm": mark.length_px * scale,
                "mm2": mark.area_px2 * scale**2,
                "%": 100 * mark.area_px2 / (rows * columns),
            },
            length_px=mark.length_px,
            specified=True,
            whole=False,
        )
        for mask, box, mark in marked
    ]
    if case.is_bad and not defects:  # nobody marked where: anything that is found counts, and there is no size
        everywhere = np.full((rows, columns), WHOLE, np.uint8)
        sizes = {"mm": 0.0, "mm2": 0.0, "%": 0.0}
        box = (0, 0, columns, rows)
        defects = [
            ShownDefect(defect, PRODUCT, box, everywhere, sizes, 0.0, specified=True, whole=True)
            for defect in photo.defects
        ]
    groups = {"pictures": "made-up damage" if case.made_up else "photographs"}
    return ShownUnit(photo.name, pixels, scale, rows * columns * scale**2, tuple(defects), groups)


def _thresholds(
    seen: tuple[SeenUnit, ...], defects: tuple[str, ...], *, sized: bool
) -> tuple[Point, dict[str, float | None]]:
    """Both thresholds from the held-out pictures, and the smallest size of each class where sizes are measured."""
    scored = scored_units(seen)
    target = Target(false_per_good=max(FALSE_PER_GOOD, 1 / scored.good_units), held=HELD)
    try:
        point = choose(scored, target)
    except ModelError as error:
        raise TuningError(
            f"teaching: no thresholds can be set on the held-out pictures: {error} No package was written. Show more "
            "of both."
        ) from error
    smallest: dict[str, float | None] = dict.fromkeys(defects)
    if sized:
        sizes = [case for case in scored.cases if case.length_px is not None]
        usual = usual_size(sizes, point.hold_from)
        for name in defects:
            own = [case for case in sizes if case.defect == name]
            smallest[name] = smallest_of(name, own, usual, point.hold_from)
    return point, smallest


def _tensors(
    sight: RememberingSight,
    own: list[Shown],
    defects: tuple[str, ...],
    weight: float,
    line: Line,
    sizes: Sizes | None,
    seed: int,
) -> dict[str, NDArray[np.float32]]:
    """The region stage of a graph, its names taught on variations of the pictures that taught the graph."""
    rng = np.random.default_rng(seed)
    good, bad = sides_of(own)
    again = [(one, False) for one in bad] + [(_variation(one, rng), False) for one in bad for _ in range(VARIATIONS)]
    taught = look(sight, again)
    usual = look(sight, [(_variation(one, rng), False) for one in good])
    blank = sight.maps(np.zeros((sight.rows, sight.columns, 3), np.uint8))
    return tensors_of(
        naming_rows(taught, defects),
        defects=defects,
        line=line,
        weight=weight,
        whole=sight.whole,
        sizes=sizes,
        frames=[case.frame for case in (*usual, *taught)],
        facts=facts_width(blank),
        seed=seed,
    )


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


def _untried(seen: tuple[SeenUnit, ...], smallest: dict[str, float | None]) -> list[str]:
    """Kinds of which limits are taken at sizes that none of its pictures shows."""
    remarks = []
    for name, found_from in smallest.items():
        shown = [one.length_px for unit in seen for one in unit.defects if one.defect == name and not one.whole]
        if found_from is not None and shown and found_from < 0.8 * min(shown):
            remarks.append(
                f"{name}: limits from {found_from:.1f} px on are taken, as all kinds together are found from there; "
                f"none below {min(shown):.0f} px was shown. Show smaller ones to be sure."
            )
    return remarks


def _cores() -> int:
    return os.cpu_count() or 1
