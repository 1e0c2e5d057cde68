"""A recorded batch under a draft sheet: exactly the units that the draft decides otherwise change, with the reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.errors import LineError
from inspector.records import RecordStore
from inspector.what_if import WhatIf, what_if
from models.criteria import CriteriaSheet
from models.verdict import Disposition, Judgement, Reason
from tests.outcomes import WHEN, opening, outcome, reading, rejected, seen, sheet


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    """A batch under `sheet()`: spots over 0.5 mm and all chips reject."""
    doubted = Judgement(
        observation=0, chain="K1 mm=00.30>00.20 over major reject", verdict="reject", score=0.9, as_drafted=False
    )
    held = {
        "disposition": "HOLD",
        "gate": "REJECT",
        "state": "held",
        "reason": "UNSURE",
        "text": "the model reads otherwise",
    }
    with RecordStore.open(tmp_path / "store") as opened:
        batch = opened.open_batch(opening(), at=WHEN, by="line 1")
        opened.append(
            [
                outcome(batch, 1),
                outcome(batch, 2, observations={"top": (seen("spot", 0.3),)}),
                rejected(batch, 3, seen("spot", 0.8)),
                rejected(batch, 4, seen("chip", 0.2)),
                rejected(batch, 5, seen("spot", 0.3), reason="LATE"),
                outcome(batch, 6, observations={"top": (seen("chip", 2.0, score=0.05),)}),
                outcome(batch, 7, observations={"top": (seen("spot", 0.2),)}, judgements={"top": (doubted,)}, **held),
                outcome(
                    batch,
                    8,
                    observations={"top": ()},
                    **held | {"reason": "NOT_ASSESSABLE"},
                    reasons={"top": "NOT_ASSESSABLE"},
                ),
                rejected(batch, 9, seen("spot", 0.8)).model_copy(
                    update={"reasons": {"top": Reason.DEFECT, "side": Reason.NOT_INSPECTED}}
                ),
            ]
        )
        yield opened


def under(store: RecordStore, draft: CriteriaSheet) -> WhatIf:
    return what_if(store, 1, sheet=draft, notes=reading(draft).notes)


def moves(result: WhatIf) -> list[tuple[int, Disposition, Disposition]]:
    return [(change.unit, change.before, change.after) for change in result.changed]


def test_the_batchs_own_sheet_changes_nothing(store: RecordStore):
    result = under(store, sheet())

    assert result.changed == ()
    assert result.before == result.after == {Disposition.ACCEPT: 3, Disposition.REJECT: 4, Disposition.HOLD: 2}


def test_a_stricter_limit_rejects_the_units_between_the_limits(store: RecordStore):
    result = under(store, sheet(0.25))

    assert moves(result) == [(2, Disposition.ACCEPT, Disposition.REJECT)]
    assert "0.3" in result.changed[0].why
    assert "spot" in result.changed[0].why
    assert result.after[Disposition.REJECT] == 5


def test_a_wider_limit_accepts_what_it_rejected_unless_a_view_was_never_seen(store: RecordStore):
    result = under(store, sheet(1.0))

    assert moves(result) == [(3, Disposition.REJECT, Disposition.ACCEPT)]
    assert result.changed[0].why.startswith("no longer a reason: spot: spot on tablet 0.8")


def test_a_criterion_switched_off_rejects_no_more(store: RecordStore):
    result = under(store, sheet(chips=False))

    assert moves(result) == [(4, Disposition.REJECT, Disposition.ACCEPT)]


def test_a_size_within_its_uncertainty_of_the_new_limit_is_held(store: RecordStore):
    result = under(store, sheet(0.31))

    assert moves(result) == [(2, Disposition.ACCEPT, Disposition.HOLD)]


def test_units_that_no_sheet_could_have_changed_are_counted_by_reason(store: RecordStore):
    result = under(store, sheet(1.0))

    assert result.beyond == {"LATE": 1, "NOT_ASSESSABLE": 1, "NOT_INSPECTED": 1}
    assert (result.units, result.judged) == (9, 6)


def test_the_result_survives_as_json(store: RecordStore):
    result = under(store, sheet(0.25))

    assert WhatIf.model_validate_json(result.model_dump_json()) == result


def test_a_batch_that_was_never_run_is_named(store: RecordStore):
    with pytest.raises(LineError, match="there is no batch 7; the store has batches 1 to 1"):
        what_if(store, 7, sheet=sheet(), notes=reading(sheet()).notes)
