"""Made-up damage: what is marked is what was changed, and nothing else was."""

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from tuning.teach.damage import Area, damaged, pasted, pieces_of
from tuning.teach.marks import marks_of

ROWS, COLUMNS = 96, 160
AREA = Area(16, 0, 144, 96)
EDGE_PX = 5  # how far the softest edge reaches


def plain(level: int) -> np.ndarray:
    noise = np.random.default_rng(level).normal(0, 3, (ROWS, COLUMNS, 3))
    return np.clip(noise + level, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(40))
def test_only_what_is_near_the_mark_is_changed(seed: int) -> None:
    good = plain(120)

    done = damaged(good, plain(60), AREA, np.random.default_rng(seed))

    changed = np.abs(done.pixels - good).max(-1) > 0.5
    near = cv2.dilate(done.mask, np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1))) > 0
    assert (changed & (done.mask > 0)).any()
    assert not (changed & ~near).any()
    assert not done.mask[:, :16].any()
    assert not done.mask[:, 144:].any()


def test_most_of_the_damage_can_be_seen() -> None:
    good, other = plain(120), plain(60)

    visible = [
        np.abs(done.pixels - good).mean(-1)[done.mask > 0].mean()
        for done in (damaged(good, other, AREA, np.random.default_rng(seed)) for seed in range(60))
        if done.mask.any()
    ]

    assert len(visible) > 50
    assert float(np.median(visible)) > 10


def test_a_known_defect_is_cut_out_and_put_on_a_good_unit() -> None:
    bad, mask = plain(120), np.zeros((ROWS, COLUMNS), np.float32)
    bad[40:52, 60:66], mask[40:52, 60:66] = 0, 1

    (piece,) = pieces_of(bad, mask, "crack")
    done = pasted(plain(120), piece, np.random.default_rng(1))

    (mark,) = marks_of("spot", done.mask)
    assert piece.defect == "crack"
    assert mark.area_px2 == 72
    assert done.pixels[done.mask > 0].mean() < 90  # dark on 120


def test_marks_that_nearly_touch_are_one_defect() -> None:
    mask = np.zeros((ROWS, COLUMNS), np.float32)
    mask[10:20, 10:14] = 1
    mask[10:20, 18:22] = 1
    mask[60:70, 100:110] = 1

    marks = marks_of("spot", mask)

    assert sorted(mark.area_px2 for mark in marks) == [80, 100]


def test_a_mark_too_small_for_the_frame_is_still_a_mark():
    mask = np.zeros((40, 40), np.float32)
    mask[20, 30] = 0.3

    (mark,) = marks_of("spot", mask)

    assert (mark.corner, mark.area_px2) == ((30, 20), 1.0)
