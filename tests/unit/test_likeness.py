"""Where else a picture looks the same: another place that is whole, or none."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.closer import cut, shifted, window_of
from models.likeness import Likeness

PITCH = 72


def test_a_chipped_tablet_finds_the_same_edge_of_a_whole_one() -> None:
    pack = _pack()
    chip = (PITCH + 20, PITCH - 5, PITCH + 32, PITCH + 9)
    cv2.circle(pack, (PITCH + 26, PITCH + 2), 7, (90, 95, 90), -1)

    right, down = Likeness(pack).shift(window_of(chip), chip)

    assert (right, down) != (0, 0)
    assert right % PITCH == pytest.approx(0, abs=1) or right % PITCH == pytest.approx(PITCH, abs=1)
    assert down % PITCH == pytest.approx(0, abs=1) or down % PITCH == pytest.approx(PITCH, abs=1)


def test_what_lies_in_a_place_does_not_decide_what_it_is_compared_with() -> None:
    pack = _pack()
    cv2.circle(pack, (PITCH, PITCH), 6, (10, 10, 10), -1)
    cv2.circle(pack, (4 * PITCH - 30, 2 * PITCH + 30), 6, (10, 10, 10), -1)  # the same speck, on the foil
    speck = (PITCH - 7, PITCH - 7, PITCH + 7, PITCH + 7)
    window = window_of(speck)

    found = cut(pack, shifted(window, Likeness(pack).shift(window, speck)))

    assert found[32, 32].min() > 180  # the middle of a tablet without a speck


def test_a_place_as_large_as_the_picture_has_no_like() -> None:
    pack = _pack()
    rows, columns = pack.shape[:2]
    everything = (0, 0, columns, rows)

    assert Likeness(pack).shift(window_of(everything), everything) == (0, 0)


@pytest.mark.parametrize("box", [(0, 0, 6, 6), (340, 0, 352, 9), (0, 280, 5, 288), (100, 100, 101, 101)])
def test_a_place_at_the_pictures_edge_is_compared_with_one_in_the_picture(box: tuple[int, int, int, int]) -> None:
    pack = _pack()
    window = window_of(box)

    x, y, _ = shifted(window, Likeness(pack).shift(window, box))

    assert 0 <= x <= pack.shape[1] and 0 <= y <= pack.shape[0]


@pytest.mark.parametrize("size", [(1, 768), (480, 1), (2, 2), (3, 300), (14, 90)])
def test_a_thin_picture_has_no_other_place(size: tuple[int, int]) -> None:
    box = (0, 0, size[1], size[0])

    assert Likeness(np.zeros((*size, 3), np.uint8)).shift(window_of(box), box) == (0, 0)


def test_a_picture_of_one_colour_is_searched_without_an_error() -> None:
    box = (40, 40, 50, 50)

    right, down = Likeness(np.full((96, 160, 3), 77, np.uint8)).shift(window_of(box), box)

    assert isinstance(right, int) and isinstance(down, int)


def _pack() -> NDArray[np.uint8]:
    """Four by three white tablets on grey foil, with a little noise."""
    noise = np.random.default_rng(4).normal(0, 2, (4 * PITCH, 5 * PITCH - 8, 3))
    pack = np.full(noise.shape, 120, np.uint8)
    for row in range(1, 4):
        for column in range(1, 5):
            cv2.circle(pack, (column * PITCH, row * PITCH), 26, (235, 232, 228), -1, cv2.LINE_AA)
    return np.clip(pack + noise, 0, 255).astype(np.uint8)
