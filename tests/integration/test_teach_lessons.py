"""What a step of teaching shows: whole units, or in large frames mostly the surroundings of what is marked."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

from tuning.teach.damage import Area
from tuning.teach.lessons import CUT_PX, WHOLE_EVERY, Lessons, Shown, step_pixels
from tuning.teach.pictures import Photo

LARGE, SMALL = (512, 768), (288, 384)


def picture(frame: tuple[int, int], defect: str | None, *, marked: bool) -> Shown:
    """A grey frame, a bad one with a mark of 12 px near its right edge."""
    rows, columns = frame
    mask: NDArray[np.float32] | None = None
    if defect and marked:
        mask = np.zeros(frame, np.float32)
        mask[200:212, columns - 60 : columns - 48] = 1
    solid = None if mask is None else mask > 0
    photo = Photo("unit", Path("unit.png"), (columns, rows), defect, solid, 0)
    return Shown(photo, np.full((rows, columns, 3), 128, np.uint8), mask, Area(0, 0, columns, rows))


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


def test_parts_make_a_step_shorter() -> None:
    bad = [picture(LARGE, "spot", marked=True).photo]

    assert step_pixels(LARGE, bad) < 0.6 * step_pixels(LARGE, [picture(LARGE, "spot", marked=False).photo])
