"""From which size on a taught kind may be limited: what was measured of it, and no more than that is asked."""

from models.operating import NEVER, Case, smallest_of

ALL_KINDS = 3.0  # px from which on all kinds together are found


def cases(shortest: float, *, found_from: float = 0.0, count: int = 12) -> list[Case]:
    return [Case("tear", shortest + step, 0.9 if shortest + step >= found_from else 0.1) for step in range(count)]


def test_samples_that_are_large_alone_do_not_refuse_a_smaller_limit() -> None:
    assert smallest_of("tear", cases(40.0), ALL_KINDS, 0.5) == ALL_KINDS


def test_a_kind_whose_small_ones_are_missed_is_limited_from_where_they_are_found() -> None:
    assert (
        smallest_of("tear", [*cases(4.0, count=6, found_from=99), *cases(12.0, count=20)], ALL_KINDS, 0.5) == 10.0
    )  # 20 of 20, of the ten smallest all


def test_a_kind_that_is_not_found_may_have_no_limit() -> None:
    assert smallest_of("tear", cases(4.0, found_from=99), ALL_KINDS, 0.5) == NEVER


def test_of_few_samples_that_are_mostly_missed_no_limit_is_taken() -> None:
    assert smallest_of("tear", cases(40.0, count=5, found_from=43.0), ALL_KINDS, 0.5) == NEVER


def test_of_few_samples_it_is_what_holds_for_all_kinds() -> None:
    assert smallest_of("tear", cases(40.0, count=3), ALL_KINDS, 0.5) == ALL_KINDS
