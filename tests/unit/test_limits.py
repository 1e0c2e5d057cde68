"""Which limits ask for more than the eyes find, whatever they are written in."""

import pytest

from models.criteria import CriteriaSheet, Criterion, Limit
from models.limits import too_fine
from models.operating import NEVER


def sheet(value: float, unit: str) -> CriteriaSheet:
    limit = Limit.model_validate({"unit": unit, "operator": ">", "value": value})
    chip = Criterion(id="C1", defect="chip", wording="Chips over {limit} are major.", limit=limit, severity="major")
    return CriteriaSheet(id="blister", title="Blister", product="Tablets 10", version=1, criteria=(chip,))


@pytest.mark.parametrize(
    ("value", "unit", "fine"),
    [
        (0.5, "mm", True),
        (0.7, "mm", False),
        (0.25, "mm2", True),  # a round spot of 0.56 mm
        (0.3, "mm2", False),
        (0.5, "%", True),  # of 50 mm2
        (0.6, "%", False),
        (1, "count", False),
    ],
)
def test_a_limit_asks_for_the_round_spot_of_its_size(value: float, unit: str, fine: bool) -> None:
    """6 px at 0.1 mm are 0.6 mm; a unit of 5,000 px2 has 50 mm2."""
    found = list(too_fine(sheet(value, unit), {"chip": 6.0}, 0.1, 5000.0))

    assert bool(found) is fine


def test_a_share_asks_for_nothing_before_a_unit_was_seen() -> None:
    assert not list(too_fine(sheet(0.1, "%"), {"chip": 6.0}, 0.1))


@pytest.mark.parametrize(("unit", "refused"), [("mm", True), ("mm2", True), ("%", True), ("count", False)])
def test_no_size_is_enough_for_a_defect_that_is_found_at_none(unit: str, refused: bool) -> None:
    assert bool(list(too_fine(sheet(50, unit), {"chip": NEVER}, 0.1))) is refused
