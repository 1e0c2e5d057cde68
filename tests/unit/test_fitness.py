"""Fitness of a picture and the scale of a view: what passes, and one test a refusal."""

import re

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from cameras.calibration import mm_per_px
from cameras.errors import CameraError
from cameras.fitness import FitnessLimits, FrozenWatch, SizeWatch, check, sharpness
from cameras.render import render

LIMITS = FitnessLimits()
UNIT = render(1_000_000_001, content="good", product=14).pixels


def test_a_lit_and_focused_picture_is_fit() -> None:
    assert check(UNIT, LIMITS).fit


@pytest.mark.parametrize("held_out", [False, True])
def test_rendered_units_are_fit_in_every_style(held_out: bool) -> None:
    reasons = [check(render(seed, held_out=held_out).pixels, LIMITS).reason for seed in range(12)]

    assert reasons == [""] * 12


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((0, 0, 3), np.uint8), r"no picture \(0 px\)"),
        (UNIT.astype(np.uint16) * 257, r"16-bit values \(uint16, allowed: uint8\)"),
        (UNIT.astype(np.float64), r"64-bit values \(float64"),
        (UNIT[..., 0], r"is grey \(allowed: three colour channels\)"),
        (UNIT[..., :1], r"is grey"),
        (np.dstack([UNIT, UNIT[..., 0]]), r"of shape \(480, 768, 4\)"),
        (UNIT[:95], r"768 x 95 px \(each edge at least 96\)"),
        (np.tile(UNIT, (1, 11, 1)), r"8448 x 480 px \(each edge at most 8192\)"),
        (np.full((480, 768, 3), 90, np.uint8), r"blank: 0 grey levels"),
        (np.full((480, 768, 3), 255, np.uint8), r"overexposed: 100 % of it is white \(limit"),
        (np.zeros((480, 768, 3), np.uint8), r"underexposed: 100 % of it is black \(limit"),
        (cv2.GaussianBlur(UNIT, (0, 0), 12), r"out of focus: sharpness 0\.\d+ \(at least"),
    ],
)
def test_an_unfit_picture_is_refused_with_what_was_seen_and_allowed(pixels: NDArray[np.generic], reason: str) -> None:
    fitness = check(pixels, LIMITS)

    assert not fitness.fit
    assert re.search(reason, fitness.reason), fitness.reason


def test_sensor_noise_does_not_pass_for_focus() -> None:
    blurred = cv2.GaussianBlur(UNIT, (0, 0), 12).astype(np.float64)
    noisy = np.clip(blurred + np.random.default_rng(3).normal(0, 3, UNIT.shape), 0, 255).astype(np.uint8)

    assert check(noisy, LIMITS).reason.startswith("the picture is out of focus")


def test_the_focus_check_can_be_switched_off() -> None:
    blurred = np.asarray(cv2.GaussianBlur(UNIT, (0, 0), 12), np.uint8)

    assert check(blurred, FitnessLimits(least_sharpness=0)).fit


def test_a_plain_area_has_no_sharpness() -> None:
    assert sharpness(np.full((100, 100), 70, np.uint8)) == 0


def test_the_first_repeated_picture_is_frozen() -> None:
    watch = FrozenWatch(LIMITS)

    first, again = watch.check(UNIT), watch.check(UNIT.copy())

    assert first.fit
    assert "bit for bit the same as the picture before it" in again.reason


def test_one_different_bit_is_a_live_picture() -> None:
    watch = FrozenWatch(LIMITS)
    changed = UNIT.copy()
    changed[0, 0, 0] ^= 1

    watch.check(UNIT)

    assert watch.check(changed).fit


def test_a_camera_that_cycles_through_old_buffers_is_frozen_within_the_window() -> None:
    pictures = [np.roll(UNIT, shift, axis=1) for shift in range(3)]
    short, wide = FrozenWatch(FitnessLimits(frozen_frames=2)), FrozenWatch(FitnessLimits(frozen_frames=3))

    seen_short = [short.check(picture).fit for picture in pictures * 2]
    seen_wide = [wide.check(picture).fit for picture in pictures * 2]

    assert all(seen_short)
    assert seen_wide == [True] * 3 + [False] * 3


def test_the_frozen_watch_can_be_switched_off() -> None:
    watch = FrozenWatch(FitnessLimits(frozen_frames=0))

    watch.check(UNIT)

    assert watch.check(UNIT).fit


def test_two_missing_pictures_are_missing_not_frozen() -> None:
    watch = FrozenWatch(LIMITS)
    nothing = np.zeros((0, 0, 3), np.uint8)

    watch.check(nothing)

    assert watch.check(nothing).fit


def test_limits_that_no_picture_can_keep_are_refused() -> None:
    with pytest.raises(ValidationError, match="no picture fits"):
        FitnessLimits(shortest_px=500, longest_px=400)


def _board(columns: int = 9, rows: int = 6, square_px: int = 40) -> NDArray[np.uint8]:
    """A checkerboard of so many inner corners with a white margin, as a colour picture."""
    y, x = np.mgrid[0 : (rows + 1) * square_px, 0 : (columns + 1) * square_px]
    board = np.where((x // square_px + y // square_px) % 2, 255, 0).astype(np.uint8)
    framed = np.pad(board, 50, constant_values=255)
    return np.asarray(cv2.cvtColor(cv2.GaussianBlur(framed, (0, 0), 0.8), cv2.COLOR_GRAY2RGB), np.uint8)


def _dots(columns: int = 8, rows: int = 6, pitch_px: int = 40) -> NDArray[np.uint8]:
    picture = np.full(((rows + 1) * pitch_px, (columns + 1) * pitch_px, 3), 255, np.uint8)
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            cv2.circle(picture, (column * pitch_px, row * pitch_px), 9, (0, 0, 0), -1, cv2.LINE_AA)
    return picture


def _seen(picture: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    size = (picture.shape[1] + 100, picture.shape[0] + 100)
    return np.asarray(cv2.warpPerspective(picture, matrix, size, borderValue=(255, 255, 255)), np.uint8)


def test_a_checkerboard_gives_the_scale() -> None:
    calibration = mm_per_px(_board(square_px=40), 5.0, (9, 6))

    assert calibration.mm_per_px == pytest.approx(5.0 / 40, rel=0.002)
    assert calibration.spread_pct < 0.5


def test_a_turned_and_enlarged_checkerboard_gives_its_scale() -> None:
    turned = cv2.getRotationMatrix2D((250, 190), 6, 1.1)
    turned[:, 2] += 50

    calibration = mm_per_px(_seen(_board(square_px=40), np.vstack([turned, [0, 0, 1]])), 5.0, (9, 6))

    assert calibration.mm_per_px == pytest.approx(5.0 / 44, rel=0.003)


def test_a_grid_of_dots_gives_the_scale() -> None:
    calibration = mm_per_px(_dots(pitch_px=40), 4.0, (8, 6), target="dots")

    assert calibration.mm_per_px == pytest.approx(0.1, rel=0.003)


def test_a_tilted_camera_gets_no_scale() -> None:
    tilt = np.array([[1, 0, 30], [0, 1, 30], [0.0003, 0, 1]], np.float64)

    with pytest.raises(CameraError, match=r"differs by \d+\.\d % over the target \(limit 1 %\)"):
        mm_per_px(_seen(_board(), tilt), 5.0, (9, 6))


def test_a_picture_without_the_target_gets_no_scale() -> None:
    with pytest.raises(CameraError, match="no checkerboard with 9 x 6 points was found"):
        mm_per_px(UNIT, 5.0, (9, 6))


def test_a_wrong_count_of_corners_gets_no_scale() -> None:
    with pytest.raises(CameraError, match="no checkerboard with 10 x 7 points"):
        mm_per_px(_board(9, 6), 5.0, (10, 7))


@pytest.mark.parametrize(("pitch_mm", "inner"), [(0.0, (9, 6)), (-1.0, (9, 6)), (float("nan"), (9, 6)), (5.0, (2, 6))])
def test_a_target_that_cannot_be_is_refused(pitch_mm: float, inner: tuple[int, int]) -> None:
    with pytest.raises(CameraError, match="at least 3 x 3 points"):
        mm_per_px(_board(), pitch_mm, inner)


def test_a_grey_picture_of_a_target_is_refused() -> None:
    with pytest.raises(CameraError, match="allowed: 8-bit colour"):
        mm_per_px(_board()[..., 0], 5.0, (9, 6))


def test_the_scale_holds_for_the_first_pictures_size_unless_one_is_stated() -> None:
    height, width = UNIT.shape[:2]
    first, stated = SizeWatch(LIMITS, None), SizeWatch(LIMITS, (width, height + 2))

    assert first.check(UNIT[:20, :20]).fit  # no picture that a line can use: it sets nothing
    assert first.check(UNIT).fit
    assert "every length would be wrong" in first.check(UNIT[::2, ::2]).reason
    assert f"{width} x {height} px, and the view's scale holds for {width} x {height + 2}" in stated.check(UNIT).reason


def test_a_monochrome_cameras_scale_holds_for_its_first_pictures_size_too() -> None:
    grey = np.asarray(UNIT[..., 0])
    watch = SizeWatch(FitnessLimits(grey=True), None)

    assert watch.check(grey).fit
    assert "every length would be wrong" in watch.check(grey[::2, ::2]).reason
    assert SizeWatch(LIMITS, (1, 1)).check(grey).fit  # no camera of this view: what is wrong with it `check` says
