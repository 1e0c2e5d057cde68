"""Whether the units of a product always lie alike, and the template of those that do."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.eyes import fit
from models.template import NO_LIKENESS, Floats, Template, small
from tuning.teach.pictures import Photographs

ALIKE, MOST_GOOD = 0.9, 0.98  # likeness to the template of at least so large a share of the good pictures
MOST_BAD = 0.9  # of the bad ones at least so many can be laid at all: on the line the others are held
GAINED = 0.25  # of what good pictures differ by at a place, at the least, for laying them to be worth its time
AVERAGED = 24  # good pictures that the template is the average of
SLACK = 0.1  # of likeness, below the least of the pictures that taught


def template_of(photographs: Photographs, rows: int, columns: int) -> Template | None:
    """The template of the good pictures; None where they do not lie alike, or already lie as one.

    Screws that lie as they fell have none, and neither have rings, which any turn fits. Cartons on a belt differ by 11
    grey levels at a place and by 5 once they are laid over each other, vials by 4.5 and 2.3.
    """
    frames = [fit(photo.pixels(), rows, columns).pixels for photo in photographs.good]
    template = Template(small(frames[0]))
    for _ in range(2):
        laid = [template.lay(frame) for frame in frames[:AVERAGED]]
        template = Template(np.mean([small(one.pixels) for one in laid], axis=0, dtype=np.float32))
    laid = [template.lay(frame) for frame in frames]
    likeness = [one.likeness for one in laid]
    if _share(likeness, ALIKE) < MOST_GOOD:
        return None
    as_they_lie, over_each_other = _differ(frames), _differ([one.pixels for one in laid])
    if over_each_other > (1 - GAINED) * as_they_lie:
        return None
    of_bad = [template.lay(fit(photo.pixels(), rows, columns).pixels).likeness for photo in photographs.bad]
    if of_bad and _share(of_bad, 0.0) < MOST_BAD:
        return None
    return replace(template, least=min(one for one in (*likeness, *of_bad) if one > NO_LIKENESS) - SLACK)


def _share(likeness: Sequence[float], least: float) -> float:
    return sum(one >= least for one in likeness) / len(likeness)


def _differ(frames: Sequence[NDArray[np.uint8]]) -> float:
    """Grey levels by which pictures differ at a place, on average over the places."""
    greys: list[Floats] = [small(frame) for frame in frames]
    return float(np.std(greys, axis=0).mean())
