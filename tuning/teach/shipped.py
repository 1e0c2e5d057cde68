"""The network that ships: its graph and tensors, and by how much its scores are raised to those of the halves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors.numpy import save_file

from models.package import EYES_GRAPH, EYES_TENSORS
from tuning.teach.graph import RememberingSight, TaughtEyes, export
from tuning.teach.held_out import AT, look
from tuning.teach.kept_back import Lower, lower_than
from tuning.teach.known import HELD, Known
from tuning.teach.lessons import shown
from tuning.teach.parts import Part
from tuning.teach.photo import Photo
from tuning.teach.stage import region_stage


@dataclass(frozen=True, slots=True)
class Shipped:
    """What is known of the network that ships; its graph and tensors are written."""

    drift: float  # of the graph from the network
    lower: Lower | None  # of its good pictures; None where none was kept back
    good: tuple[float, ...]  # logits of the worst place of each of these, raised
    crowded: bool  # too much is faint on good pictures: faint places are not looked at


def ship(
    part: Part, known: Known, kept: Sequence[Photo], frame: tuple[int, int], wheels: Path, folder: Path
) -> Shipped:
    """Write graph and tensors of the network that ships, its scores raised by what good pictures are lower."""
    ready, learnt = part.shown(frame), known.learnt
    taught = part.load(wheels, classes=len(learnt.defects), with_memory=learnt.weight > 0)
    eyes = TaughtEyes(*taught, learnt.weight, learnt.places)
    drift = export(eyes, folder / EYES_GRAPH, frame, [one.pixels for one in ready[:: max(1, len(ready) // 6)]])
    graph = (folder / EYES_GRAPH).read_bytes()
    sight = RememberingSight(graph, exported_weight=learnt.weight, whole=learnt.whole)
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
    save_file(region_stage(sight, ready, learnt, [case.frame for case in looked_at]) | laid, folder / EYES_TENSORS)
    logistic = learnt.logistic
    good = tuple(logistic.intercept + logistic.slope * case.highest for case in looked_at)
    return Shipped(drift, lower, good, crowded)
