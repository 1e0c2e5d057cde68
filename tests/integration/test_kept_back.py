"""Good pictures that are kept back from the network that ships say how its scores compare with those of the halves."""

from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from models.operating import Point
from models.region_stage import RegionStage
from models.regions import ESTIMATORS, Maps, Region, facts_width
from tuning.teach.damage import Area
from tuning.teach.held_out import AT, Case
from tuning.teach.kept_back import Lower, kept_back, lower_than, shipped_at
from tuning.teach.lessons import Shown
from tuning.teach.net import CHANNELS
from tuning.teach.photo import Photo
from tuning.teach.pictures import Photographs
from tuning.teach.stage import WORST_FACTS, Learnt, Logistic, tensors_of
from tuning.teach.zones import Places

DEFECTS = ("crack", "anomaly")


def photos(count: int, *, of_one: int = 1) -> tuple[Photo, ...]:
    return tuple(Photo(f"{i}.png", Path(f"{i}.png"), (64, 64), (), None, i // of_one) for i in range(count))


def of(*good: Photo, bad: tuple[Photo, ...] = ()) -> Photographs:
    return Photographs(good, bad, DEFECTS, (), "")


def seen(highest: float, peak: float) -> Case:
    """A good picture, and how bad its worst place looks."""
    (photo,), pixels = photos(1), np.zeros((64, 64, 3), np.uint8)
    shown = Shown(photo, pixels, None, Area(0, 0, 64, 64))
    return Case(shown, False, (), (), (), highest, peak, worst=highest, frame=np.zeros(4, np.float32))


def test_every_fifth_good_picture_is_kept_back() -> None:
    assert [photo.name for photo in kept_back(of(*photos(20)))] == ["0.png", "5.png", "10.png", "15.png"]


def test_pictures_of_one_unit_are_kept_back_together() -> None:
    kept = kept_back(of(*photos(80, of_one=4)))

    assert {photo.group for photo in kept} == {0, 5, 10, 15}
    assert len(kept) == 16


def test_a_large_group_is_not_kept_back() -> None:
    large = tuple(replace(photo, group=0) for photo in photos(20))

    kept = kept_back(of(*large, *photos(40)[20:]))

    assert {photo.group for photo in kept} == {20, 25, 30, 35}


def test_a_good_picture_of_a_unit_that_is_bad_elsewhere_is_not_kept_back() -> None:
    (first, *_) = photos(1)

    assert first not in kept_back(of(*photos(25), bad=(replace(first, defects=("crack",)),)))


def test_none_is_kept_back_where_they_are_few() -> None:
    assert kept_back(of(*photos(15))) == ()
    assert kept_back(of(*photos(40, of_one=4))) == ()  # of two units


def test_how_much_lower_good_pictures_are_is_taken_where_they_look_worst() -> None:
    before = [seen(-3.0, -5.0), seen(-2.0, -4.0), seen(-1.0, -3.0), seen(0.0, -2.0), seen(1.0, -1.0)]
    now = [seen(-9.0, -9.0), seen(-8.0, -9.0), seen(-7.0, -9.0), seen(-1.7, -2.5), seen(-1.0, -2.0)]

    assert astuple(lower_than(before, now)) == pytest.approx((1.7, 0.5))
    assert lower_than(now, before) == Lower(0.0, 0.0)


@pytest.mark.parametrize("lower", [0.0, 1.7])
def test_what_is_so_much_lower_is_as_likely_a_defect(lower: float) -> None:
    halves = Learnt(DEFECTS, Logistic(1.8, 0.4), AT, None, 0.0, 1.0, Places.whole((64, 64)), 0)

    here, there = (_real(halves, logit=0.3), _real(halves.lower_by(Lower(lower, 0.3)), logit=0.3 - lower))

    assert here == pytest.approx(there, abs=1e-5)


def test_what_is_fainter_by_as_much_is_looked_at_too() -> None:
    at = Learnt(DEFECTS, Logistic(1.8, 0.4), AT, None, 0.0, 1.0, Places.whole((64, 64)), 0).lower_by(Lower(0.5, 1.7)).at

    assert (at.edge, at.peak) == (AT.edge, AT.peak)
    assert at.faint is not None
    assert logit(at.faint) == pytest.approx(logit(AT.peak) - 1.7)


def test_a_finding_stays_what_it_was_and_the_hold_zone_takes_what_scores_were_raised_by() -> None:
    at = shipped_at(Point(real_from=0.5, hold_from=0.3), 2.9, ())

    assert logit(at.real_from) == pytest.approx(2.9, abs=0.01)
    assert at.hold_from == 0.5


def test_thresholds_stay_where_scores_were_not_raised() -> None:
    assert shipped_at(Point(real_from=0.5, hold_from=0.3), 0.0, ()) == Point(real_from=0.5, hold_from=0.3)


def test_the_hold_zone_is_never_narrower_than_it_was() -> None:
    at = shipped_at(Point(real_from=0.5, hold_from=0.3), 0.4, ())

    assert logit(at.real_from) - logit(at.hold_from) == pytest.approx(logit(0.5) - logit(0.3), abs=0.01)


def logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _real(learnt: Learnt, *, logit: float) -> float:
    """Probability that a region of that logit is a defect."""
    features = np.zeros((CHANNELS + 3, 16, 16), np.float32)
    blank = Maps(np.zeros((32, 32), np.float32), features[:2], features[:1], features, np.zeros(4, np.float32))
    facts = np.zeros(facts_width(blank), np.float32)
    facts[WORST_FACTS[0]] = logit
    shape = np.zeros(ESTIMATORS, np.float32)
    region = Region((0, 0, 8, 8), np.ones((4, 4), np.bool_), (0, 0), 3.0, shape, facts, 0)
    frames = list(np.random.default_rng(0).normal(0, 1, (12, 4)).astype(np.float32))
    return RegionStage.of(tensors_of(([], []), learnt, frames=frames, facts=len(facts))).name(region).score


def test_what_is_far_worse_than_good_pictures_is_held() -> None:
    good = (-2.4, -2.6, -2.8, -3.0)  # mean -2.7, standard deviation 0.26

    at = shipped_at(Point(real_from=0.5, hold_from=0.1), 2.9, good)

    assert logit(at.hold_from) == pytest.approx(-2.7 + 3 * 0.2582, abs=0.01)
    assert logit(at.real_from) == pytest.approx(2.9, abs=0.01)


def test_nothing_is_held_that_the_halves_would_pass() -> None:
    at = shipped_at(Point(real_from=0.5, hold_from=0.3), 2.9, (-6.0, -6.1, -6.2, -6.3))

    assert at.hold_from == 0.3


def test_good_pictures_that_differ_widely_raise_no_threshold() -> None:
    at = shipped_at(Point(real_from=0.5, hold_from=0.3), 2.9, (-6.0, 0.0, 3.0, -4.0))

    assert at.hold_from == 0.5
