"""What a step of teaching shows: whole units, or in large frames mostly the surroundings of what is marked."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

from tuning.teach.damage import Area
from tuning.teach.lessons import CUT_PX, WHOLE_EVERY, Lessons, Shown, step_pixels, variation_of, varied
from tuning.teach.photo import Photo

LARGE, SMALL = (512, 768), (288, 384)


def picture(frame: tuple[int, int], defect: str | None, *, marked: bool) -> Shown:
    """A grey frame, a bad one with a mark of 12 px near its right edge."""
    rows, columns = frame
    masks: NDArray[np.float32] | None = None
    if defect and marked:
        masks = np.zeros((1, *frame), np.float32)
        masks[0, 200:212, columns - 60 : columns - 48] = 1
    solid = None if masks is None else masks > 0
    photo = Photo("unit", Path("unit.png"), (columns, rows), (defect,) if defect else (), solid, 0)
    return Shown(photo, np.full((rows, columns, 3), 128, np.uint8), masks, Area(0, 0, columns, rows))


def lessons(frame: tuple[int, int], *, marked: bool) -> Lessons:
    good = [picture(frame, None, marked=False) for _ in range(3)]
    return Lessons(good, [picture(frame, "spot", marked=marked)], ["spot"], seed=0)


def shapes(taught: Lessons) -> list[tuple[int, ...]]:
    return [tuple(taught.batch(step).pixels.shape[2:]) for step in range(2 * WHOLE_EVERY)]


def test_in_a_large_frame_most_steps_show_the_surroundings_of_a_mark() -> None:
    taught = lessons(LARGE, marked=True)
    batches = [taught.batch(step) for step in range(2 * WHOLE_EVERY)]

    parts = [batch for batch in batches if batch.pixels.shape[2:] == (CUT_PX, CUT_PX)]

    assert len(parts) == 2 * (WHOLE_EVERY - 1)
    assert len(batches) - len(parts) == 2
    for batch in parts:
        shows_it = batch.masks.amax((1, 2)) > 0.5
        assert bool((shows_it == (batch.bad > 0)).all())  # a bad part is one that shows something bad
        assert bool((batch.bad > 0).any())
        assert not bool(batch.real.any())  # nobody learns from a part what a whole unit looks like


@pytest.mark.parametrize(("frame", "marked"), [(SMALL, True), (LARGE, False)])
def test_a_small_frame_or_one_without_marks_is_shown_whole(frame: tuple[int, int], marked: bool) -> None:
    assert shapes(lessons(frame, marked=marked)) == [frame] * 2 * WHOLE_EVERY


def test_a_unit_with_two_kinds_of_defect_teaches_where_both_are_and_is_called_neither() -> None:
    one = picture(SMALL, "spot", marked=True)
    stain = np.zeros((1, *SMALL), np.float32)
    stain[0, 60:72, 60:72] = 1
    assert one.masks is not None
    masks = np.concatenate([one.masks, stain])
    both = Shown(replace(one.photo, defects=("spot", "stain"), masks=masks > 0), one.pixels, masks, one.area)
    taught = Lessons([picture(SMALL, None, marked=False)], [both], ["spot", "stain"], seed=0)

    for step in range(8):
        batch = taught.batch(step)
        as_photographed = batch.real & (batch.bad > 0)
        assert bool((batch.labels[as_photographed] < 0).all())
        assert bool((batch.masks[as_photographed] > 0.5).sum((1, 2)).ge(1.6 * 144).all())  # both marks are 12 x 12 px
    pasted = {int(label) for step in range(40) for label in taught.batch(step).labels if label >= 0}
    assert pasted == {0, 1}  # a piece of it put elsewhere is one kind again


def test_parts_make_a_step_shorter() -> None:
    bad = [picture(LARGE, "spot", marked=True).photo]

    assert step_pixels(LARGE, bad) < 0.6 * step_pixels(LARGE, [picture(LARGE, "spot", marked=False).photo])


def test_what_is_laid_over_a_template_is_varied_by_what_that_leaves_and_never_mirrored() -> None:
    arrow = np.zeros((96, 128, 3), np.float32)
    cv2.circle(arrow, (30, 24), 8, (200, 200, 200), -1)
    mask = (arrow[..., 0] > 0).astype(np.float32)

    def places(laid: bool) -> NDArray[np.float64]:
        by = variation_of(replace(picture((96, 128), None, marked=False), laid=laid))
        marks = [varied(arrow, mask, np.random.default_rng(seed), by)[1] for seed in range(40)]
        return np.array([np.argwhere(mark > 0.5).mean(0) for mark in marks if mark is not None])

    alike, fallen = places(True), places(False)

    assert np.abs(alike - (24, 30)).max() < 4
    assert np.abs(fallen - (24, 30)).max() > 40
