"""What a record store does when the machine fails it: locks, full disks, kills, rights, and software of another age."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cameras.clock import HandClock, SystemClock
from inspector.errors import LineError, StoreBroken, StoreBusy
from inspector.line.ledger import Settled
from inspector.line.plc import UNFLUSHED, SimulatedPlc, remembered
from inspector.line.writer import Writer
from inspector.records import EventKind, OpenBatch, RecordStore, UnitRange
from inspector.run import PLC_MEMORY, UNRECORDED, recover
from tests.outcomes import WHEN, accepted_counts, opening, outcome

PRELUDE = """
import resource, sys, time
from pathlib import Path
from inspector.errors import LineError
from inspector.records import RecordStore
from tests.outcomes import WHEN, opening, outcome
folder = Path(sys.argv[1])
"""
APPEND_FOR_EVER = """
with RecordStore.open(folder) as store:
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    unit = 0
    while True:
        records = store.append([outcome(opened, unit + n) for n in range(1, 21)])
        unit += 20
        print(records[-1].sequence, flush=True)
"""
APPEND_UNTIL_IT_FAILS = """
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
with RecordStore.open(folder) as store:
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    durable = 0
    try:
        for first in range(1, 20_000, 20):
            durable = store.append([outcome(opened, first + n) for n in range(20)])[-1].sequence
    except LineError as error:
        print(durable)
        print(error)
"""
OPEN = """
try:
    RecordStore.open(folder)
except LineError as error:
    print(type(error).__name__, error)
"""


def start(repository: Path, script: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, str(folder)],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        text=True,
    )


def output(repository: Path, script: str, folder: Path) -> list[str]:
    with start(repository, script, folder) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return said.splitlines()


def begin(store: RecordStore) -> OpenBatch:
    return store.open_batch(opening(), at=WHEN, by="line 1")


def test_a_second_line_process_is_refused_and_told_who_owns_the_store(repository: Path, tmp_path: Path):
    with RecordStore.open(tmp_path):
        said = " ".join(output(repository, OPEN, tmp_path))

    assert said.startswith(f"StoreBusy {tmp_path}: the line process {os.getpid()} is writing this store")
    assert f"Stop process {os.getpid()}" in said


def test_a_second_line_in_the_same_process_is_refused_too(tmp_path: Path):
    with RecordStore.open(tmp_path), pytest.raises(StoreBusy):
        RecordStore.open(tmp_path)


def test_a_store_is_free_again_once_closed(tmp_path: Path):
    RecordStore.open(tmp_path).close()

    with RecordStore.open(tmp_path) as store:
        assert store.verify().records == 0


def test_after_a_kill_no_record_is_torn_and_the_units_without_one_are_quarantined(repository: Path, tmp_path: Path):
    with start(repository, APPEND_FOR_EVER, tmp_path) as process:
        assert process.stdout is not None
        promised = [int(process.stdout.readline()) for _ in range(10)][-1]
        process.send_signal(signal.SIGKILL)

    with RecordStore.open_readonly(tmp_path) as reader:
        kept = reader.verify().records
        assert kept >= promised
        assert kept % 20 == 0
        assert not reader.batch_summary(1).releasable
    with RecordStore.open(tmp_path) as store:
        (left,) = store.unfinished()
        summary = store.quarantine(left.batch, kept + 3, at=WHEN, by="line 1")
        again = begin(store)

    assert summary.quarantined == (UnitRange(first=kept + 1, last=kept + 3),)
    assert (again.batch, again.epoch > left.epoch) == (2, True)


class Crashed:
    """A line that died when its PLC had given numbers 1 to 53, of which 41 units have a record."""

    GIVEN, RECORDED = 53, 41

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, list[str]()
        with RecordStore.open(folder) as store:
            line = self.plc(behind=0)
            opened = begin(store)
            for _ in range(self.GIVEN):
                line.part_present("top", 0.0)
            store.append([outcome(opened, unit) for unit in range(1, self.RECORDED + 1)])

    def plc(self, *, behind: int) -> SimulatedPlc:
        memory = self.folder / PLC_MEMORY
        return SimulatedPlc(memory, stations=("top",), gate_after_ms=500, clock=HandClock(), last_recorded=behind)

    def roll_back(self, number: int | None) -> None:
        if number is None:
            (self.folder / PLC_MEMORY).unlink()
        else:
            (self.folder / PLC_MEMORY).write_bytes(number.to_bytes(8, "little"))

    def recover(self) -> int:
        with RecordStore.open(self.folder) as store:
            return recover(store, remembered(self.folder / PLC_MEMORY), SystemClock(), self.said.append)

    def next_unit(self) -> int:
        """What `run_batch` does, up to the first unit of the next batch."""
        return self.plc(behind=self.recover()).part_present("top", 0.0)

    def quarantined(self) -> tuple[UnitRange, ...]:
        with RecordStore.open_readonly(self.folder) as store:
            store.verify()
            return store.batch_summary(1).quarantined


@pytest.mark.parametrize("number", [None, 0, 3, 40], ids=["lost", "fresh", "old", "just before the records"])
def test_with_a_plc_memory_behind_the_records_every_later_unit_is_quarantined_and_no_number_comes_again(
    tmp_path: Path, number: int | None
):
    crashed = Crashed(tmp_path)
    crashed.roll_back(number)

    unit = crashed.next_unit()

    assert unit == Crashed.RECORDED + UNRECORDED + 1 > Crashed.GIVEN
    assert crashed.quarantined() == (UnitRange(first=42, last=None),)
    doubt, units = crashed.said
    assert ("is lost" if number is None else f"ends at unit {number}, before the records, and is not trusted") in doubt
    assert "how many units came after unit 41 cannot be known. Numbering goes on at 10042" in doubt
    assert units.endswith("in quarantine: 42 and every unit after it")


@pytest.mark.parametrize("number", [41, 45, 53], ids=["at the records", "a little behind", "right"])
def test_with_a_plc_memory_that_can_be_right_its_possible_lag_is_quarantined_too(tmp_path: Path, number: int):
    crashed = Crashed(tmp_path)
    crashed.roll_back(number)

    unit = crashed.next_unit()

    assert crashed.quarantined() == (UnitRange(first=42, last=number + UNFLUSHED),)
    assert unit == number + UNFLUSHED + 1 > Crashed.GIVEN
    assert f"ends at unit {number}, after a power cut up to 64 units too early" in crashed.said[0]


def test_a_second_crash_before_the_next_batch_brings_no_number_back(tmp_path: Path):
    crashed = Crashed(tmp_path)
    crashed.roll_back(3)
    first = crashed.recover()

    assert crashed.next_unit() > first > Crashed.GIVEN


def test_a_doubt_about_the_plcs_memory_is_an_event_of_the_batch(tmp_path: Path):
    crashed = Crashed(tmp_path)
    crashed.roll_back(3)

    crashed.recover()

    with RecordStore.open_readonly(tmp_path) as store:
        (event,) = [event for event in store.events(1) if event.kind is EventKind.RECOVERED]
    assert event.text == crashed.said[0]


def test_after_a_batch_that_was_closed_no_number_is_skipped(tmp_path: Path):
    crashed = Crashed(tmp_path)
    with RecordStore.open(tmp_path) as store:
        (left,) = store.unfinished()
        store.quarantine(left.batch, Crashed.GIVEN, at=WHEN, by="line 1")

    assert crashed.next_unit() == Crashed.GIVEN + 1
    assert crashed.said == []


def test_on_a_full_disk_the_line_is_told_and_the_chain_stays_whole(repository: Path, tmp_path: Path):
    durable, *said = output(repository, APPEND_UNTIL_IT_FAILS, tmp_path)

    with RecordStore.open(tmp_path) as store:
        assert "Nothing of this transaction was written" in " ".join(said)
        assert "space" in " ".join(said)
        assert store.verify().records == int(durable) > 0
        summary = store.quarantine(1, None, at=WHEN, by="line 1")
    assert not summary.releasable


def test_a_locked_database_fails_the_append_and_the_next_one_continues_the_chain(tmp_path: Path):
    with RecordStore.open(tmp_path) as store:
        opened = begin(store)
        other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LineError, match="Another program has held the database for over"):
            store.append([outcome(opened, 1)])
        other.execute("ROLLBACK")
        other.close()
        store.append([outcome(opened, 1)])

        assert store.verify().records == 1
        assert store.close_batch(1, accepted_counts(1), at=WHEN, by="line 1").releasable


def test_a_disk_that_is_too_slow_holds_the_line_and_keeps_what_was_queued_before(tmp_path: Path):
    told: list[str] = []
    with RecordStore.open(tmp_path) as store:
        opened = begin(store)
        writer = Writer(store, SystemClock(), accepts_pct=0, seed=0, alarm=told.append, fail=told.append)
        for unit in range(1, 520):  # nothing is written yet: the queue takes 512
            writer.offer(Settled(outcome(opened, unit), {}))
        writer.start()
        writer.stop()
        writer.join()

        assert [record.unit for record in store.records(opened.batch)] == list(range(1, 513))
    assert writer.written == 512
    waiting = "512 units and 0 MB of pictures wait for their record"
    assert told == [f"records cannot be kept: {waiting}: the disk is too slow"]


def test_an_outcome_that_cannot_be_written_holds_the_line_with_its_reason(tmp_path: Path):
    told: list[str] = []
    with RecordStore.open(tmp_path) as store:
        opened = begin(store)
        writer = Writer(store, SystemClock(), accepts_pct=0, seed=0, alarm=told.append, fail=told.append)
        writer.offer(Settled(outcome(opened, 1).model_copy(update={"sources": {"top": "unit_\udce4"}}), {}))
        writer.offer(Settled(outcome(opened, 2), {}))
        writer.start()
        writer.stop()
        writer.join()

    assert writer.written == 0
    assert len(told) == 1
    assert "UnicodeEncodeError" in told[0]


def test_a_store_that_newer_software_wrote_is_left_alone(tmp_path: Path):
    RecordStore.open(tmp_path).close()
    raw = sqlite3.connect(tmp_path / "records.sqlite")
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()

    for opens in (RecordStore.open, RecordStore.open_readonly):
        with pytest.raises(LineError, match=r"written with schema 9999, this software knows up to \d{4}"):
            opens(tmp_path)


def test_a_database_that_never_got_its_tables_is_refused_to_readers_and_completed_by_its_line(tmp_path: Path):
    (tmp_path / "records.sqlite").touch()

    with pytest.raises(LineError, match="Start its line once"):
        RecordStore.open_readonly(tmp_path)
    with RecordStore.open(tmp_path) as store:
        assert store.count() == 0


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path):
    (tmp_path / "records.sqlite").write_bytes(b"these are not records" * 100)

    for opens in (RecordStore.open, RecordStore.open_readonly):
        with pytest.raises(StoreBroken, match="The file is damaged"):
            opens(tmp_path)


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "store").write_text("a file")

    with pytest.raises(LineError, match="cannot be opened for writing"):
        RecordStore.open(tmp_path / "store")
