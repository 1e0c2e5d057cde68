"""Whether the units of a product always lie alike, and the template of those that do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.eyes import fit
from models.template import Floats, Laid, Template, corners_of, small
from tuning.teach.lessons import marks_in, marks_laid
from tuning.teach.photo import Photo
from tuning.teach.pictures import Photographs

ALIKE, MOST_GOOD = 0.9, 0.98  # likeness to the template of at least so large a share of the good pictures
ALIKE_BAD, MOST_BAD = 0.6, 0.9  # and of the bad ones: a missing label takes some
GAINED = 0.25  # of what good pictures differ by at a place, at the least, for laying them to be worth its time
AVERAGED = 24  # good pictures that the template is the average of
SLACK, SLACK_PX = 0.1, 12.0  # below the least likeness and beyond the farthest of the pictures that taught
KEPT = 0.5  # of each mark at least, once its picture is laid


@dataclass(frozen=True, slots=True)
class Lying:
    """A template, and the photographs that can be laid over it."""

    template: Template
    photographs: Photographs  # remarks say which were left out


def lying_of(photographs: Photographs, rows: int, columns: int, *, needed: bool = False) -> Lying | None:
    """The template of the good pictures; None where they do not lie alike, or already lie as one and it is not needed.

    Screws that lie as they fell have none, and neither have rings, which any turn fits. Cartons on a belt differ by 11
    grey levels at a place and by 5 once they are laid over each other, vials by 4.5 and 2.3. A picture that the line
    would hold, as it is not like the template or lies too far off, teaches nothing.
    """
    frames = [fit(photo.pixels(), rows, columns).pixels for photo in photographs.good]
    template = _average(Template(small(frames[0])), frames)
    template = _average(Template(small(_middlemost(frames, template))), frames)
    laid = [template.lay(frame) for frame in frames]
    alike = [one for one in laid if one.likeness >= ALIKE]
    if len(alike) < MOST_GOOD * len(laid):
        return None
    as_they_lie, over_each_other = _differ(frames), _differ([one.pixels for one in laid])
    if over_each_other > (1 - GAINED) * as_they_lie and not needed:
        return None
    del frames
    template = replace(template, most_off_px=max(one.off_px for one in alike) + SLACK_PX)
    of_bad = [_laid(template, photo, rows, columns) for photo in photographs.bad]
    likeness = [one.likeness for one in (*alike, *of_bad) if one.likeness >= ALIKE_BAD]
    template = replace(template, least=min(likeness) - SLACK)
    good = [
        photo for photo, one in zip(photographs.good, laid, strict=True) if template.takes(one.likeness, one.off_px)
    ]
    kept = [
        photo
        for photo, one in zip(photographs.bad, of_bad, strict=True)
        if template.takes(one.likeness, one.off_px) and _marks_stay(photo, one, rows, columns)
    ]
    if len(kept) < MOST_BAD * len(photographs.bad):
        return None
    staying = {photo.name for photo in (*good, *kept)}
    remarks = [
        f"{photo.name}: does not lie as the others do, or its mark is out of their place; it taught nothing, and the "
        "line holds such a unit."
        for photo in photographs.all
        if photo.name not in staying
    ]
    left = replace(photographs, good=tuple(good), bad=tuple(kept), remarks=(*photographs.remarks, *remarks))
    return Lying(template, left)


def _average(template: Template, frames: Sequence[NDArray[np.uint8]]) -> Template:
    for _ in range(2):
        laid = [template.lay(frame) for frame in frames[:AVERAGED]]
        template = Template(np.mean([small(one.pixels) for one in laid], axis=0, dtype=np.float32))
    return template


def _middlemost(frames: Sequence[NDArray[np.uint8]], template: Template) -> NDArray[np.uint8]:
    """The picture that lies most as all of them do on average: what lies aside would push others out of the frame."""
    turns = np.array([template.lay(frame).back for frame in frames])
    at = turns @ corners_of(frames[0].shape[:2]).T  # (pictures, 2, corners)
    return frames[int(np.abs(at - np.median(at, axis=0)).max((1, 2)).argmin())]


def _laid(template: Template, photo: Photo, rows: int, columns: int) -> Laid:
    """How a picture is laid, without what then lies there: hundreds would not fit."""
    laid = template.lay(fit(photo.pixels(), rows, columns).pixels)
    return replace(laid, pixels=np.zeros((0, 0, 3), np.uint8))


def _marks_stay(photo: Photo, laid: Laid, rows: int, columns: int) -> bool:
    marks = marks_in(photo, rows, columns)
    return marks is None or all(
        after.sum() >= KEPT * before.sum() for before, after in zip(marks, marks_laid(marks, laid), strict=True)
    )


def _differ(frames: Sequence[NDArray[np.uint8]]) -> float:
    """Grey levels by which pictures differ at a place, on average over the places."""
    greys: list[Floats] = [small(frame) for frame in frames]
    return float(np.std(greys, axis=0).mean())
