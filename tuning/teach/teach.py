"""Teach a new product from photographs: from pictures to a package and to what is known about it, top to bottom.

Two networks are taught on half of the pictures each, side by side, and look at the other half: they say what a score is
worth, what a name is worth and whether the memory earns its place. A third ships. It is taught on everything but every
fifth good picture: these say how its scores compare with those of the two.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from models.evaluate_eyes import SeenUnit
from models.example import ShownUnit
from models.operating import FEWEST, Point, scored_units, smallest_of, usual_size
from models.package import ModelPackage
from models.verdict import OperatingPoint
from tuning.eyes.pretrained import pretrained_trunk
from tuning.side_by_side import Say
from tuning.teach.kept_back import kept_back, shipped_at
from tuning.teach.known import crossed_parts, known_of
from tuning.teach.lessons import frame_of, step_pixels
from tuning.teach.lying import lying_of
from tuning.teach.package import class_of, facts_of, ready_for, write
from tuning.teach.parts import Part, train_parts
from tuning.teach.pictures import Photographs
from tuning.teach.remarks import doubtful_labels, doubtful_thresholds, untried_sizes
from tuning.teach.shipped import ship
from tuning.teach.train import TRUNK
from tuning.teach.twins import halves
from tuning.teach.zones import Places
from tuning.teach.zones_file import Drawn

PIXELS = 95e6  # that the network which ships is taught on, four pictures a step; each of the halves takes half as many
FEWEST_STEPS, MOST_STEPS = 250, 700
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
        without = [photo for photo in photographs.all if photo.path not in back]
        every, *split = (
            Part("what ships", without, scratch / "all", steps, template),
            Part("first half", first, scratch / "first", max(1, steps // 2), template),
            Part("second half", second, scratch / "second", max(1, steps // 2), template),
        )
        train_parts([every, *split], defects, frame, wheels, seed=seed, say=say)
        say("looking at the pictures that each half was not shown")
        torch.set_num_threads(1)
        few = len(photographs.bad) < FEWEST
        crossed = crossed_parts(split, defects, frame, places, wheels, seed, few=few)
        known = known_of(crossed, defects, places, mm_per_px or NO_SCALE, judged=not few, seed=seed)
        crossed.clear()  # the maps of all pictures, several GB
        learnt, point = known.learnt, known.point
        say(
            f"held out: area under the curve {known.area:.3f}, memory weighs {learnt.weight:g}, a finding from "
            f"{point.real_from:g}, held from {point.hold_from:g}"
        )
        shipped = ship(every, known, kept, frame, wheels, scratch)
        say(f"exported: a mask probability differs by {shipped.drift:.5f} at the most")
        lower = shipped.lower.score if shipped.lower else 0.0
        sized, at = learnt.sizes is not None, shipped_at(point, learnt.logistic.slope * lower, shipped.good)
        smallest = _smallest(known.seen, defects, at, sized=sized)
        say(
            f"good pictures are lower by {lower:.2f} than in the halves: a finding from {at.real_from:g}, held from "
            f"{at.hold_from:g}"
        )
        facts = facts_of(
            name,
            frame=frame,
            defects=tuple(class_of(defect, smallest[defect], sized=sized) for defect in defects),
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
    told = (*doubtful_thresholds(shipped), *doubtful_labels(known.seen, seen_at), *untried_sizes(known.seen, smallest))
    halves_at = package.manifest.operating_point.model_copy(update=asdict(seen_at))
    remarks = (*photographs.remarks, *told)
    return Taught(package, known.units, known.seen, halves_at, known.area, known.made_up, remarks)


def steps_for(pixels: float) -> int:
    """More steps where a step is shorter: it shows so many pixels of a picture."""
    return int(min(MOST_STEPS, max(FEWEST_STEPS, PIXELS / pixels)))


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
