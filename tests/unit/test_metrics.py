"""What an evaluation may claim from what it was shown."""

import doctest
from random import Random

import pytest

from inspector.evaluation.cells import cells_of
from models import metrics
from models.metrics import auroc, coverage, miss_rate_bound, quantile_bounds, quantile_figure, rate, share, share_bounds


def test_every_example_in_the_metrics_holds():
    result = doctest.testmod(metrics)

    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("missed", "shown", "claim"),
    [(0, 29, 0.1), (1, 93, 0.05), (2, 628, 0.01), (0, 299, 0.01), (1, 947, 0.005), (0, 2995, 0.001), (2, 6294, 0.001)],
)
def test_a_claim_needs_as_many_distinct_units_as_validation_tables_ask(missed: int, shown: int, claim: float):
    enough = miss_rate_bound(missed=missed, shown=shown)
    one_short = miss_rate_bound(missed=missed, shown=shown - 1)

    assert enough <= claim < one_short


def test_bounds_hold_the_share_and_never_claim_certainty():
    for shown in (1, 7, 400):
        for hits in {0, 1, shown // 2, shown}:
            low, high = share_bounds(hits=hits, shown=shown)

            assert 0 <= low <= hits / shown <= high <= 1
            assert high > 0
            assert low < 1


def test_nothing_shown_is_no_figure():
    figure = share("eyes", "defects found", 0, 0, aim=0.9)

    assert (figure.value, figure.low, figure.high, figure.reached) == (None, None, None, None)
    assert quantile_figure("eyes", "size error", [], 0.5).value is None
    assert rate("eyes", "false regions", 0, 0).value is None


def test_an_aim_is_reached_from_its_own_side():
    assert share("eyes", "found", 97, 100, aim=0.97).reached is True
    assert share("eyes", "found", 96, 100, aim=0.97).reached is False
    assert rate("eyes", "false regions", 3, 100, aim=0.02).reached is False
    assert quantile_figure("eyes", "size error", [0.05, 0.06], 0.5, aim=0.06).reached is True


def test_bounds_of_a_quantile_are_values_that_were_seen_or_open():
    values = [0.3, 0.1, 0.2]

    low, high = quantile_bounds(values, 0.9)

    assert (low, high) == (0.1, None)
    assert quantile_bounds([0.1], 0.5) == (None, None)


def test_a_bound_of_a_quantile_is_stated_only_where_it_holds_in_39_of_40_cases():
    draw = Random("quantile bounds 1")
    runs = 2000
    for count, q in ((1, 0.99), (5, 0.5), (30, 0.99), (30, 0.9), (100, 0.5)):
        bounds = [quantile_bounds([draw.random() for _ in range(count)], q) for _ in range(runs)]

        assert sum(low is not None and low > q for low, _ in bounds) <= 0.035 * runs
        assert sum(high is not None and high < q for _, high in bounds) <= 0.035 * runs


def test_a_p99_of_few_units_is_shown_without_an_upper_bound():
    few = quantile_figure("time", "eyes, ms a unit, p99", [5.0, 6.0, 9.0], 0.99)
    one_of_old = few.model_copy(update={"low": 5.0, "high": 9.0})

    assert cells_of(few).bounds == "from 6.000"
    assert cells_of(quantile_figure("time", "p99", [5.0, 9.0], 0.99)).bounds == "from 8.960"  # never above the value
    assert cells_of(quantile_figure("eyes", "size error, median", [0.1, 0.2], 0.5)).bounds == ""
    assert cells_of(type(few).model_validate_json(one_of_old.model_dump_json())).bounds == "5.000 to 9.000"


def test_scores_that_say_nothing_part_nothing():
    assert auroc([0.5, 0.5], [0.5]) == 0.5
    assert auroc([], [0.5]) is None


def test_answers_of_one_score_are_kept_or_dropped_together():
    kept, threshold = coverage([(0.9, True), (0.8, True), (0.8, False)], wrong=0.3)

    assert (kept, threshold) == (1, 0.9)
