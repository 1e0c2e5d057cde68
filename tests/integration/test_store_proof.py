"""Every way in which an alteration of a store must show: entries, chains, closing counts, pictures."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from inspector.errors import StoreBroken
from inspector.records import RecordStore, keep
from inspector.records.schema import NESTED_OF_EVENTS, NESTED_OF_UNITS, hashed_text
from models.digest import canonical, digest_bytes
from tests.outcomes import WHEN, accepted_counts, opening, outcome
from tests.stores import change, run_batch

Alter = Callable[[str], None]
Forge = Callable[[str, int, dict[str, str]], str]
NESTED = {"units": NESTED_OF_UNITS, "events": NESTED_OF_EVENTS}


@pytest.fixture
def alter(store: RecordStore) -> Alter:
    return partial(change, store.folder)


@pytest.fixture
def forge(store: RecordStore, alter: Alter) -> Forge:
    """Changes an entry as somebody would who has this program too: under the hash that its new content has."""

    def run(table: str, sequence: int, changes: dict[str, str]) -> str:
        raw = sqlite3.connect(store.folder / "records.sqlite")
        raw.row_factory = sqlite3.Row
        row = dict(raw.execute(f"SELECT * FROM {table} WHERE sequence = {sequence}").fetchone()) | changes
        raw.close()
        del row["hash"]
        parts = {name: (cell if name in NESTED[table] else canonical(cell)).encode() for name, cell in row.items()}
        forged = changes | {"hash": digest_bytes(hashed_text(parts))}
        written = ", ".join(f"{name} = '{cell}'" for name, cell in forged.items())
        alter(f"UPDATE {table} SET {written} WHERE sequence = {sequence}")
        return forged["hash"]

    return run


COLUMNS = {
    "batch": "2", "epoch": "1", "unit": "99", "n_observations": "0", "taken_at": "'2026-11-23T10:00:00Z'",
    "disposition": "'REJECT'", "reason": "'LATE'", "state": "'sampled'", "gate": "'REJECT'", "text": "'x'",
    "digests": "'{}'", "evidence": "'{ }'", "findings": "'[ ]'", "judgements": "'[]'", "observations": "'{}'",
    "reasons": "'[]'", "sources": "'{}'", "times_ms": "'{}'", "previous": "'x'", "hash": "'x'",
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_in_any_column_is_found_and_named(store: RecordStore, alter: Alter, column: str):
    run_batch(store, 5)

    alter(f"UPDATE units SET {column} = {COLUMNS[column]} WHERE sequence = 3")

    with pytest.raises(StoreBroken, match=r"unit record 3 .*(altered|batch that was not open)"):
        store.verify()


@pytest.mark.parametrize("column", ["batch", "kind", "at", "by", "text", "data", "previous", "hash"])
def test_a_change_in_an_event_is_found_and_named(store: RecordStore, alter: Alter, column: str):
    run_batch(store, 5)

    alter(f"UPDATE events SET {column} = 7 WHERE sequence = 2")

    with pytest.raises(StoreBroken, match="event 2: its content does not have its hash"):
        store.verify()


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_one_flipped_bit_in_the_file_is_found_and_named(tmp_path: Path, bit: int):
    with RecordStore.open(tmp_path / "store") as store:
        run_batch(store, 50)
    file = tmp_path / "store" / "records.sqlite"
    content = bytearray(file.read_bytes())
    content[content.index(b'"seed 17"') + 2] ^= bit
    file.write_bytes(content)

    with RecordStore.open_readonly(tmp_path / "store") as store, pytest.raises(StoreBroken, match="unit record 17 "):
        store.verify()


def test_a_damaged_page_is_said_plainly(tmp_path: Path):
    with RecordStore.open(tmp_path / "store") as store:
        run_batch(store, 200)
    file = tmp_path / "store" / "records.sqlite"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    file.write_bytes(content)

    with (
        RecordStore.open_readonly(tmp_path / "store") as store,
        pytest.raises(StoreBroken, match=r"The file is damaged\. Keep it as it is; restore the store's backup"),
    ):
        store.verify()


@pytest.mark.parametrize(
    ("table", "sequence", "named"), [("units", 3, r"unit record 4 \(batch 1, unit 4\)"), ("events", 1, "event 2")]
)
def test_a_forged_entry_shows_by_the_one_after_it(
    store: RecordStore, forge: Forge, table: str, sequence: int, named: str
):
    run_batch(store, 5)

    forge(table, sequence, {"text": "nothing to see"})

    with pytest.raises(StoreBroken, match=f"{named}: it is not chained to the entry before it"):
        store.verify()


def test_a_forged_last_record_of_a_closed_batch_shows_by_the_closing_event(store: RecordStore, forge: Forge):
    run_batch(store, 5)

    forge("units", 5, {"text": "nothing to see"})

    with pytest.raises(StoreBroken, match=r"unit record 5 .*: its hash is not the one that event 2 states"):
        store.verify()


def test_a_forged_last_record_of_an_open_batch_shows_by_the_anchor(store: RecordStore, forge: Forge):
    run_batch(store, 5, close=False)
    anchor = store.head()

    forge("units", 5, {"text": "nothing to see"})

    assert store.verify().records == 5
    with pytest.raises(StoreBroken, match=r"unit record 5 .*: its hash is not the one that the anchor states"):
        store.verify(anchor=anchor)


def test_a_forged_last_event_shows_by_the_anchor(store: RecordStore, forge: Forge):
    run_batch(store, 5)
    anchor = store.head()

    forge("events", 2, {"by": "somebody else"})

    assert store.verify().events == 2
    with pytest.raises(StoreBroken, match="event 2: its hash is not the one that the anchor states"):
        store.verify(anchor=anchor)


def test_a_forged_opening_shows_by_the_batchs_first_record_even_with_every_later_event_forged(
    store: RecordStore, forge: Forge
):
    run_batch(store, 5)

    opened = forge("events", 1, {"by": "somebody else"})
    forge("events", 2, {"previous": opened})

    with pytest.raises(StoreBroken, match=r"unit record 1 .*: it is not chained to the entry before it"):
        store.verify()


def test_forged_closing_counts_show_by_the_records(store: RecordStore, forge: Forge):
    opened = run_batch(store, 5)
    closing = store.events(opened.batch)[-1]

    counts = accepted_counts(6).model_dump(mode="json")
    forge("events", 2, {"data": canonical(closing.data | {"counts": counts})})

    with pytest.raises(StoreBroken, match="batch 1: its closing counts differ from its records: 6 triggers but 5 rec"):
        store.verify()


def test_a_record_that_cannot_be_understood_any_more_is_named_to_its_reader(store: RecordStore, alter: Alter):
    run_batch(store, 5)

    alter("UPDATE units SET findings = '[' WHERE sequence = 5")

    with pytest.raises(StoreBroken, match="unit record 5 cannot be understood"):
        store.latest(1)


def test_a_record_taken_out_is_missed(store: RecordStore, alter: Alter):
    run_batch(store, 5)

    alter("DELETE FROM units WHERE sequence = 3")

    with pytest.raises(StoreBroken, match=r"unit record 3 .*missing: the next entry is 4"):
        store.verify()


def test_the_cut_tail_of_a_closed_batch_shows_by_itself(store: RecordStore, alter: Alter):
    run_batch(store, 5)

    alter("DELETE FROM units WHERE sequence > 3")

    with pytest.raises(StoreBroken, match="unit record 4: it is missing: event 2 names record 5"):
        store.verify()


def test_the_cut_tail_of_an_open_batch_shows_by_the_anchor(store: RecordStore, alter: Alter):
    run_batch(store, 5, close=False)
    anchor = store.head()

    alter("DELETE FROM units WHERE sequence > 3")

    assert store.verify().records == 3
    with pytest.raises(StoreBroken, match="unit record 4: it is missing: the anchor names record 5"):
        store.verify(anchor=anchor)


def test_a_cut_event_shows_by_the_anchor(store: RecordStore, alter: Alter):
    run_batch(store, 5)
    anchor = store.head()

    alter("DELETE FROM events WHERE sequence = 2")

    with pytest.raises(StoreBroken, match="event 2: it is missing: the anchor names event 2"):
        store.verify(anchor=anchor)


def test_an_earlier_anchor_still_holds_when_the_store_has_grown(store: RecordStore):
    run_batch(store, 5)
    anchor = store.head()

    run_batch(store, 5, first=6)

    assert store.verify(anchor=anchor).records == 10


def test_a_missing_or_altered_picture_is_found(store: RecordStore):
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    kept = keep(store.evidence, opened.batch, 1, {"top": np.zeros((32, 32, 3), np.uint8)})["top"]
    store.append([outcome(opened, 1, evidence={"top": kept})])
    assert store.verify(evidence=True).pictures == 1

    (store.evidence / kept.file).write_bytes(b"another picture")

    assert store.verify().records == 1
    with pytest.raises(StoreBroken, match=r"unit record 1 .*its picture .* was altered"):
        store.verify(evidence=True)
    (store.evidence / kept.file).unlink()
    with pytest.raises(StoreBroken, match=r"unit record 1 .*its picture .* cannot be read"):
        store.verify(evidence=True)
