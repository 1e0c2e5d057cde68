"""What a taught product says of sizes: each kind of defect is measured as its own marks say."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from models.regions import ESTIMATORS, Region
from tuning.teach.damage import Area
from tuning.teach.held_out import Case, marks_under
from tuning.teach.lessons import Shown
from tuning.teach.marks import Mark, marks_of
from tuning.teach.photo import Photo
from tuning.teach.stage import FEWEST_SIZED, sizes_of

DEFECTS = ("crack", "stain", "anomaly")
TRUE_SHARE = {"crack": 0.5, "stain": 1.0}  # of what the eyes outline: their outline of a crack is twice as long


def case(number: int, defect: str) -> Case:
    """A held-out picture with one marked defect, outlined 12 to 40 px long."""
    rng = np.random.default_rng(number)
    outlined = float(rng.uniform(12, 40))
    shape = np.log(np.full(ESTIMATORS, outlined) * rng.uniform(0.97, 1.03, ESTIMATORS)).astype(np.float32)
    region = Region((0, 0, 8, 8), np.ones((4, 4), np.bool_), (0, 0), 3.0, shape, np.zeros(4, np.float32), 0)
    length = outlined * TRUE_SHARE[defect]
    mark = Mark(defect, np.full((8, 8), 255, np.uint8), (0, 0), length, length**2 / 2)
    photo = Photo(f"unit {number}", Path("unit.png"), (64, 64), (defect,), None, number)
    shown = Shown(photo, np.zeros((64, 64, 3), np.uint8), None, Area(0, 0, 64, 64))
    return Case(
        shown,
        made_up=False,
        marks=(mark,),
        regions=(region,),
        marks_of=(0,),
        highest=3.0,
        peak=3.0,
        worst=3.0,
        frame=shape,
    )


def test_a_kind_that_is_always_outlined_too_long_is_measured_shorter() -> None:
    sizes = sizes_of([case(number, DEFECTS[number % 2]) for number in range(60)], DEFECTS)

    assert sizes is not None
    outlined = np.append(np.log(np.full(ESTIMATORS, 20.0)), 1.0)
    crack, stain, unknown = (float(np.exp(outlined @ sizes.length[label])) for label in range(3))
    assert crack == pytest.approx(10, rel=0.15)
    assert stain == pytest.approx(20, rel=0.15)
    assert crack < unknown < stain  # a kind that nobody marked is measured like all of them


def test_of_marks_over_each_other_a_region_is_the_larger_one() -> None:
    chip, spot = np.zeros((64, 64), np.float32), np.zeros((64, 64), np.float32)
    chip[10:40, 10:40] = 1
    spot[20:24, 20:24] = 1  # on the chip
    marks = (*marks_of("chip", chip), *marks_of("spot", spot))
    shape, facts = np.zeros(ESTIMATORS, np.float32), np.zeros(4, np.float32)
    outline = Region((10, 10, 40, 40), np.ones((15, 15), np.bool_), (5, 5), 3.0, shape, facts, 0)

    assert [mark.defect for mark in marks] == ["chip", "spot"]
    assert marks_under((outline,), marks) == (0,)


def test_too_few_marks_give_no_size() -> None:
    assert sizes_of([case(number, "stain") for number in range(FEWEST_SIZED - 1)], DEFECTS) is None
