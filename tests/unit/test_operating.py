"""Thresholds for a stated target: as low or as high as it allows, and refused where the eyes do not reach it."""

import pytest
from pydantic import ValidationError

from models.errors import ModelError
from models.example_files import ANOMALY
from models.operating import NEVER, Case, Scored, Target, choose, sizes_of_classes, smallest_sizes

GOOD = [(0.1,)] * 90 + [(0.55,)] * 8 + [(0.7, 0.62)] * 2
CASES = [Case("chip", 6.0 + index / 10, 0.3 + index / 100) for index in range(65)]
SCORED = Scored(CASES, GOOD)


def test_the_threshold_for_false_findings_is_the_lowest_that_keeps_to_them():
    point = choose(SCORED, Target(false_per_good=0.02, held=0.1))

    assert SCORED.false(point.real_from) <= 2 < SCORED.false(point.real_from - 0.01)
    assert SCORED.held(point.hold_from) <= 10 < SCORED.held(point.hold_from - 0.01)
    assert point.hold_from <= point.real_from


def test_the_threshold_for_found_defects_is_the_highest_that_reaches_them():
    point = choose(SCORED, Target(found=0.8, held=0.1))

    assert SCORED.found(point.real_from) >= 0.8 * len(CASES) > SCORED.found(point.real_from + 0.011)


def test_a_share_of_held_units_that_the_findings_exceed_already_is_refused():
    with pytest.raises(ModelError, match=r"10 of 100 good units are rejected already, 0\.05 of them may be"):
        choose(SCORED, Target(found=1.0, held=0.05))


def test_a_share_of_false_findings_that_so_few_units_cannot_show_is_refused():
    with pytest.raises(ModelError, match=r"cannot be told on 100 good units \(at least 1000\)"):
        choose(SCORED, Target(false_per_good=0.001, held=0.1))


def test_a_class_that_is_never_found_has_a_size_that_no_picture_shows():
    assert smallest_sizes([Case("chip", 2.0 + px, 0.0) for px in range(12)], hold_from=0.5) == {"chip": NEVER}


def test_a_class_that_was_hardly_shown_is_refused():
    with pytest.raises(ModelError, match="9 specified defects of the class chip were shown"):
        smallest_sizes([Case("chip", 8.0, 0.9)] * 9, hold_from=0.5)


def test_a_target_that_the_eyes_do_not_reach_is_refused_with_what_they_reach():
    blind = Scored([*CASES, *[Case("spot", 3.0, 0.0)] * 35], GOOD)

    with pytest.raises(ModelError, match=r"reach 0\.650 of the defects at the most"):
        choose(blind, Target(found=0.9, held=0.1))


def test_a_false_finding_that_is_always_sure_is_refused():
    with pytest.raises(ModelError, match=r"reach 1\.000 false findings a good unit at the least"):
        choose(Scored(CASES, [(0.99,)] * 20), Target(false_per_good=0.1, held=0.1))


@pytest.mark.parametrize("scored", [Scored(CASES[:9], GOOD), Scored(CASES, GOOD[:9])], ids=["defects", "good units"])
def test_too_few_units_are_refused(scored):
    with pytest.raises(ModelError, match="at least 10 of each"):
        choose(scored, Target(found=0.5, held=0.1))


@pytest.mark.parametrize("stated", [{}, {"found": 0.9, "false_per_good": 0.01}], ids=["none", "two"])
def test_one_target_for_findings_must_be_stated(stated):
    with pytest.raises(ValidationError, match="state one of false_per_good and found"):
        Target(held=0.05, **stated)


def test_the_smallest_size_is_the_one_from_which_most_are_not_accepted_unseen():
    cases = [Case("chip", float(px), 0.9 if px > 12 else 0.1) for px in range(2, 30) for _ in range(10)]

    sizes = smallest_sizes([*cases, *[Case("double fill", None, 0.0)] * 10], hold_from=0.6)

    assert sizes == {"chip": 14.0, "double fill": None}


def test_good_units_that_the_line_holds_whatever_is_seen_count_as_held():
    with pytest.raises(ModelError, match="are rejected already"):
        choose(Scored(CASES, GOOD, held_anyway=50), Target(found=0.5, held=0.1))


def test_a_size_is_not_vouched_for_by_larger_ones_alone():
    """Of 320 chips .94 are found, and none of the twenty small ones."""
    cases = [Case("chip", 4.1, 0.1)] * 20 + [Case("chip", 50.0, 0.9)] * 300

    assert smallest_sizes(cases, hold_from=0.5) == {"chip": 5.0}


@pytest.mark.parametrize("good", range(10, 200))
def test_one_false_finding_is_one_on_any_number_of_good_units(good: int):
    units = [(0.1,)] * (good - 1) + [(0.9,)]

    assert choose(Scored(CASES, units), Target(false_per_good=1 / good, held=0.2)).real_from < 0.9


def test_what_no_name_fits_is_found_from_where_any_kind_is_and_need_not_be_shown() -> None:
    tears = [Case("tear", float(px), 0.9 if px >= 6 else 0.1) for px in range(1, 41)]

    sizes = sizes_of_classes(tears, ("tear", ANOMALY), 0.5)

    assert sizes["tear"] is not None
    assert sizes[ANOMALY] == sizes["tear"]


def test_what_no_name_fits_and_nobody_measured_has_no_smallest_size() -> None:
    whole = [Case(ANOMALY, None, 0.9) for _ in range(12)]
    spots = [Case("spot", 20.0, 0.9) for _ in range(12)]

    assert sizes_of_classes([*whole, *spots], ("spot", ANOMALY), 0.5)[ANOMALY] is None


def test_a_named_class_that_no_unit_shows_is_refused() -> None:
    tears = [Case("tear", float(px), 0.9) for px in range(1, 41)]

    with pytest.raises(ModelError, match=r"no wrinkle is shown.*Add units"):
        sizes_of_classes(tears, ("tear", "wrinkle", ANOMALY), 0.5)
