"""The record store on a real SQLite: batches, counts, what is refused, and what is exported."""

import csv
import io
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from inspector.console.records import batches_table
from inspector.errors import LineError
from inspector.records import BatchStatus, Counts, EventKind, OpenBatch, RecordStore, UnitRange
from inspector.records.export import export_csv, export_json_lines
from models.digest import digest_json
from tests.outcomes import WHEN, accepted_counts, finding, opening, outcome, rejected, seen
from tests.stores import run_batch


def test_what_was_appended_is_read_back_whole_and_verifies(store: RecordStore):
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    given = [outcome(opened, 1), rejected(opened, 2, seen("spot", 0.8))]

    appended = store.append(given)

    assert tuple(store.records()) == appended
    assert store.latest(1) == (appended[1],)
    assert store.unit(opened.batch, 2) == appended[1]
    assert store.unit(opened.batch, 3) is None
    assert [record.holds() for record in appended] == [True, True]
    assert store.verify().records == 2


def test_a_batch_with_reconciling_counts_is_releasable(store: RecordStore):
    opened = run_batch(store, 3)

    summary = store.batch_summary(opened.batch)

    assert summary.releasable
    assert summary.tally.accepted == 3
    assert summary.opening == opening()
    assert store.unfinished() == ()


def test_a_closed_batch_of_which_a_unit_got_away_is_withheld_everywhere(store: RecordStore):
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    escaped = rejected(opened, 2).model_copy(update={"state": "lost", "gate": "PASS"})
    store.append([outcome(opened, 1), escaped])
    counts = Counts(triggers=2, accepted=1, rejected=0, held=0, sampled=0, lost=1)

    summary = store.close_batch(opened.batch, counts, at=WHEN, by="line 1")

    assert not summary.releasable
    assert summary.withheld == "1 units lost: search the belt behind the gate"
    assert "1 units lost" in batches_table([summary])
    assert "yes" not in batches_table([summary])


def test_counts_are_by_state_and_by_reason(store: RecordStore):
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    store.append([outcome(opened, 1), rejected(opened, 2, reason="LATE"), rejected(opened, 3, seen("spot", 0.8))])

    tally = store.batch_summary(opened.batch).tally

    assert (tally.records, tally.accepted, tally.rejected, tally.held) == (3, 1, 2, 0)
    assert tally.reasons == {"LATE": 1, "DEFECT": 1}


def test_a_batch_whose_counts_differ_is_not_closed(store: RecordStore):
    opened = run_batch(store, 3, close=False)

    with pytest.raises(LineError, match="does not reconcile: 4 triggers but 3 records"):
        store.close_batch(opened.batch, accepted_counts(4), at=WHEN, by="line 1")

    assert not store.batch_summary(opened.batch).releasable
    assert [batch.batch for batch in store.unfinished()] == [opened.batch]


def test_batch_numbers_and_epochs_are_never_used_again_even_when_the_clock_steps_back(store: RecordStore):
    first = run_batch(store, 1)

    second = store.open_batch(opening(), at=WHEN - timedelta(days=1), by="line 1")

    assert second.batch == first.batch + 1
    assert second.epoch == first.epoch + 1


def test_a_store_begun_afresh_repeats_no_epoch(tmp_path: Path, store: RecordStore):
    old = run_batch(store, 1)

    with RecordStore.open(tmp_path / "afresh") as afresh:
        new = afresh.open_batch(opening(), at=WHEN + timedelta(seconds=1), by="line 1")

    assert (new.batch, new.epoch > old.epoch) == (1, True)


def test_no_batch_opens_beside_one_that_has_not_ended(store: RecordStore):
    run_batch(store, 1, close=False)

    with pytest.raises(LineError, match="batch 1 has no closing record"):
        store.open_batch(opening(), at=WHEN, by="line 1")


def test_nothing_is_added_to_a_batch_that_has_ended(store: RecordStore):
    opened = run_batch(store, 1)

    with pytest.raises(LineError, match="batch 1 is not open"):
        store.append([outcome(opened, 2)])

    assert store.count() == 1


def test_an_outcome_of_another_epoch_is_refused(store: RecordStore):
    opened = run_batch(store, 1, close=False)

    with pytest.raises(LineError, match="belong to another batch"):
        store.append([outcome(OpenBatch(batch=1, epoch=opened.epoch + 1), 2)])


def test_a_unit_has_one_record_and_a_refused_batch_of_outcomes_leaves_none(store: RecordStore):
    opened = run_batch(store, 2, close=False)

    with pytest.raises(LineError, match="Nothing of this transaction was written"):
        store.append([outcome(opened, 3), outcome(opened, 2)])

    assert store.count() == 2
    assert store.verify().records == 2


def test_quarantine_lists_every_unit_without_a_record(store: RecordStore):
    opened = store.open_batch(opening(units_before=100), at=WHEN, by="line 1")
    store.append([outcome(opened, unit) for unit in (101, 102, 105)])

    summary = store.quarantine(opened.batch, 108, at=WHEN, by="line 1")

    assert summary.quarantined == (UnitRange(first=103, last=104), UnitRange(first=106, last=108))
    assert summary.status is BatchStatus.QUARANTINED
    assert not summary.releasable
    assert store.unfinished() == ()


def test_without_the_plcs_counter_every_later_unit_is_quarantined(store: RecordStore):
    opened = run_batch(store, 4, close=False)

    summary = store.quarantine(opened.batch, None, at=WHEN, by="line 1")

    assert summary.quarantined == (UnitRange(first=5, last=None),)
    assert "5 and every unit after it" in store.events(opened.batch)[-1].text


def test_a_quarantined_batch_can_never_be_closed(store: RecordStore):
    opened = run_batch(store, 4, close=False)
    store.quarantine(opened.batch, 4, at=WHEN, by="line 1")

    with pytest.raises(LineError, match="is not open"):
        store.close_batch(opened.batch, accepted_counts(4), at=WHEN, by="line 1")


def test_events_keep_what_they_were_given(store: RecordStore):
    opened = run_batch(store, 1, close=False)

    store.append_event(EventKind.ALARM, "5 rejects in a row", batch=opened.batch, at=WHEN, by="line 1", data={"n": 5})

    alarm = store.events(opened.batch)[-1]
    assert (alarm.kind, alarm.text, alarm.at, alarm.data) == (EventKind.ALARM, "5 rejects in a row", WHEN, {"n": 5})


def test_a_closing_cannot_be_written_past_its_check(store: RecordStore):
    opened = run_batch(store, 1, close=False)

    with pytest.raises(LineError, match="is written by the call of that name"):
        store.append_event(EventKind.BATCH_CLOSED, "closed", batch=opened.batch, at=WHEN, by="line 1")


def test_a_reader_sees_new_records_and_cannot_write(store: RecordStore):
    opened = run_batch(store, 2, close=False)

    with RecordStore.open_readonly(store.folder) as reader:
        store.append([outcome(opened, 3)])

        assert reader.latest(1)[0].unit == 3
        with pytest.raises(LineError, match="opened for reading only"):
            reader.append([outcome(opened, 4)])


def test_a_folder_without_a_store_is_named(tmp_path: Path):
    with pytest.raises(LineError, match="no record store here"):
        RecordStore.open_readonly(tmp_path)


@pytest.mark.parametrize("change", ["UPDATE units SET text = 'x'", "DELETE FROM units", "DELETE FROM events"])
def test_the_database_itself_refuses_to_change_what_was_written(store: RecordStore, change: str):
    run_batch(store, 2)
    raw = sqlite3.connect(store.folder / "records.sqlite")

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(change)

    raw.close()
    assert store.verify().records == 2


def test_json_lines_hold_every_record_and_carry_their_own_proof(store: RecordStore):
    run_batch(store, 3)
    run_batch(store, 2, first=4)
    out = io.StringIO()

    written = export_json_lines(store, None, out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert written == len(lines) == store.count() == 5
    assert all(line.pop("hash") == digest_json(line) for line in lines)


def test_csv_has_a_row_for_every_record_of_the_batch(store: RecordStore):
    run_batch(store, 3)
    opened = store.open_batch(opening(units_before=3), at=WHEN, by="line 1")
    store.append([outcome(opened, 4), outcome(opened, 5, text='=1+1; a "quoted"\nword')])
    out = io.StringIO(newline="")

    written = export_csv(store, opened.batch, out)

    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert written == len(rows) == 2
    assert rows[1]["text"] == '\'=1+1; a "quoted"\nword'
    assert rows[1]["hash"] == store.latest(1)[0].hash


def test_a_doubtful_finding_is_marked_in_the_csv_and_each_has_its_size_and_limit(store: RecordStore):
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    sure = finding(criterion="C7")
    anywhere = finding(criterion="C8", unit="", limit=None, value=None, sure=False)
    doubtful = finding(criterion="C7", value=0.45, sure=False)
    store.append([rejected(opened, 1).model_copy(update={"findings": (sure, anywhere, doubtful)})])
    out = io.StringIO(newline="")

    export_csv(store, None, out)

    (row,) = csv.DictReader(io.StringIO(out.getvalue(), newline=""))
    assert row["criteria"] == "C7; C8?; C7?"
    assert (row["sizes"], row["limits"]) == ("0.83 mm; ; 0.45 mm", "0.5 mm; ; 0.5 mm")
