"""A store that lost records, or had some put in, says so: no batch of it is called releasable by accident."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from cameras.clock import HandClock
from inspector.errors import StoreBroken
from inspector.records import RecordStore
from inspector.records.batch import EventKind
from inspector.records.evidence import batches_in, keep
from inspector.run import UNRECORDED, recover
from tests.outcomes import WHEN, accepted_counts, opening, outcome
from tests.stores import change


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with one closed batch of five units."""
    with RecordStore.open(tmp_path / "store") as store:
        opened = store.open_batch(opening(), at=WHEN, by="line 1")
        store.append([outcome(opened, n) for n in range(1, 6)])
        store.close_batch(opened.batch, accepted_counts(5), at=WHEN, by="line 1")
    return tmp_path / "store"


def with_lost_log(folder: Path, to: Path) -> Path:
    """A copy of the store after a further batch of three units, taken without SQLite's write-ahead log."""
    with RecordStore.open(folder) as store:
        opened = store.open_batch(opening(units_before=5), at=WHEN, by="line 1")
        for unit in (6, 7, 8):
            keep(store.evidence, opened.batch, unit, {"top": np.zeros((8, 8, 3), np.uint8)})
        store.append([outcome(opened, unit) for unit in (6, 7, 8)])
        shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*-wal", "*-shm", "lock"))
    return to


@pytest.mark.parametrize(
    "statement", ["DELETE FROM units WHERE sequence = 3", "UPDATE units SET state = 'rejected' WHERE sequence = 2"]
)
def test_a_batch_whose_records_are_not_those_it_was_closed_with_is_not_releasable(folder: Path, statement: str):
    change(folder, statement)

    with RecordStore.open_readonly(folder) as store:
        (batch,) = store.batches()

    assert not batch.releasable
    assert batch.withheld.startswith("its records are not those that it was closed with: 5 ")


def test_a_record_of_no_known_state_is_said_plainly_in_the_list(folder: Path):
    change(folder, "UPDATE units SET state = 'weird' WHERE sequence = 3")

    with RecordStore.open_readonly(folder) as store, pytest.raises(StoreBroken, match="record of batch 1 cannot be"):
        store.batches()


@pytest.mark.parametrize("table", ["units", "events"])
@pytest.mark.parametrize("number", [-3, 0])
def test_an_entry_put_in_before_the_first_is_found(folder: Path, table: str, number: int):
    columns = [
        name for _, name, *_ in sqlite3.connect(folder / "records.sqlite").execute(f"PRAGMA table_info({table})")
    ]
    other = {"sequence": str(number), "unit": "999"}
    copied = ", ".join(other.get(name, name) for name in columns)
    change(folder, f"INSERT INTO {table} SELECT {copied} FROM {table} WHERE sequence = 1")

    with (
        RecordStore.open_readonly(folder) as store,
        pytest.raises(StoreBroken, match=f"{table[:-1]} {number}: it was put in"),
    ):
        store.verify()


@pytest.mark.parametrize("evidence", [True, False])
def test_pictures_of_a_batch_that_the_database_lost_are_found(folder: Path, tmp_path: Path, evidence: bool):
    backup = with_lost_log(folder, tmp_path / "backup")

    with (
        RecordStore.open_readonly(backup) as store,
        pytest.raises(StoreBroken, match="pictures of batch 2 are kept, which it knows nothing of"),
    ):
        store.verify(evidence=evidence)


def test_pictures_of_units_beyond_a_hundred_million_count_as_well(tmp_path: Path):
    """Numbers are never reset: at 1,200 a minute it takes 58 days."""
    keep(tmp_path, 3, 100_000_000, {"top": np.zeros((8, 8, 3), np.uint8)})

    assert batches_in(tmp_path) == {3}


def test_the_number_of_a_lost_batch_is_not_given_again(folder: Path, tmp_path: Path):
    with RecordStore.open(with_lost_log(folder, tmp_path / "backup")) as store:
        assert store.open_batch(opening(units_before=8), at=WHEN, by="line 1").batch == 3


def test_a_folder_that_somebody_put_beside_the_pictures_is_no_batch(folder: Path):
    (folder / "evidence" / "20261231").mkdir(parents=True)
    with RecordStore.open(folder) as store:
        assert store.verify(evidence=True).records == 5
        assert store.open_batch(opening(units_before=5), at=WHEN, by="line 1").batch == 2


def test_a_start_that_came_to_nothing_is_not_taken_for_lost_records(folder: Path):
    said: list[str] = []
    with RecordStore.open(folder) as store:
        behind = recover(store, None, HandClock(), said.append)
        again = recover(store, behind, HandClock(), said.append)

    assert again == behind == 5 + UNRECORDED
    assert len(said) == 1


def test_a_plc_that_is_ahead_of_the_records_is_said_and_written_down(folder: Path, tmp_path: Path):
    said: list[str] = []
    with RecordStore.open(with_lost_log(folder, tmp_path / "backup")) as store:
        goes_on_behind = recover(store, 8, HandClock(), said.append)
        recover(store, 8, HandClock(), said.append)
        last = store.events()[-1]

    assert goes_on_behind == 8
    assert "units 6 to 8 have no record" in said[0]
    assert (last.kind, last.text) == (EventKind.RECOVERED, said[0])
    assert len(said) == 1  # the second start says nothing new


def test_a_plc_that_stands_where_the_records_end_is_nothing_to_speak_of(folder: Path):
    said: list[str] = []
    with RecordStore.open(folder) as store:
        assert recover(store, 5, HandClock(), said.append) == 5

    assert not said
