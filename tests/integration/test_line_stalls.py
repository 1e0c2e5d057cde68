"""What stands still beside a line, and must not stop it: a terminal, a disk, a reader that has gone."""

import os
import pty
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from cameras.clock import SystemClock
from inspector.errors import LineError
from inspector.examine import SeenView
from inspector.line.ledger import Settled, ViewReport
from inspector.line.line import Ended
from inspector.line.writer import Writer
from inspector.records import BatchStatus, EventKind, Outcome, RecordStore
from models.package import ModelPackage
from models.verdict import Disposition, Verdict
from tests import tiny
from tests.outcomes import WHEN, opening, outcome
from tests.process import started, wait_for_records

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def looping(package: ModelPackage, tmp_path: Path) -> Path:
    shown = [tiny.unit(n) for n in range(30)]
    return tiny.write_line(tmp_path, package, shown, gate_after_ms=500, units_per_min=900, loop=True)


def status_of(line: Path) -> BatchStatus | None:
    try:
        with RecordStore.open_readonly(line.parent / "store") as store:
            batches = store.batches()
            return batches[0].status if batches else None
    except LineError:  # the line has not made it yet
        return None


def wait_for(line: Path, status: BatchStatus) -> None:
    until = time.monotonic() + 300
    while status_of(line) is not status:
        assert time.monotonic() < until, f"the batch is {status_of(line)}"
        time.sleep(0.2)


def units_of(line: Path) -> int:
    with RecordStore.open_readonly(line.parent / "store") as store:
        return store.verify().records


def _settled(of: Outcome, pixels: tiny.Pixels) -> Settled:
    verdict = Verdict(disposition=Disposition.ACCEPT)
    report = ViewReport(SeenView("top", verdict=verdict), pixels, "a picture", ready_ms=20.0, mm_per_px=0.1)
    return Settled(of, {"top": report})


def test_a_terminal_that_nobody_reads_does_not_stop_the_line(looping: Path):
    """Ctrl-S, or an ssh that stalls: whoever prints there waits for ever."""
    keyboard, terminal = pty.openpty()

    with started("run", "--line", looping, "--units", "120", stderr=terminal):
        wait_for(looping, BatchStatus.OPEN)
        os.write(keyboard, b"\x13")
        wait_for(looping, BatchStatus.CLOSED)

    assert units_of(looping) >= 120
    os.close(terminal)
    os.close(keyboard)


@pytest.mark.parametrize("by", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_line_that_is_told_to_end_closes_its_batch(looping: Path, by: signal.Signals):
    with started("run", "--line", looping) as running:
        wait_for_records(looping.parent / "store", 1)
        running.send_signal(by)

        assert running.wait(120) == 0
    assert status_of(looping) is BatchStatus.CLOSED
    assert units_of(looping) >= 1


def test_readers_that_are_gone_change_neither_the_batch_nor_its_exit_code(looping: Path):
    reading, writing = os.pipe()
    os.close(reading)

    with started("run", "--line", looping, "--units", "20", stdout=writing, stderr=writing) as running:
        os.close(writing)

        assert running.wait(300) == 0
    assert status_of(looping) is BatchStatus.CLOSED


def test_a_slow_disk_is_waited_for_at_the_end_as_long_as_it_gets_on(package: ModelPackage, tmp_path: Path):
    """Outcomes that are there must not be thrown away because writing them takes a while."""
    shown = [tiny.unit(n) for n in range(50)]
    path = tiny.write_line(tmp_path, package, shown, gate_after_ms=500, units_per_min=2000)

    with tiny.opened_line(path) as line:
        engine = line._store._writer  # a disk that takes five seconds a commit
        assert engine is not None
        sa.event.listen(engine, "commit", lambda _: time.sleep(5))
        result = line.run()

    assert (result.ended, result.unwritten) == (Ended.COMPLETE, 0)
    assert units_of(path) == 50


def test_a_picture_that_cannot_be_kept_costs_no_unit_before_it_its_record(tmp_path: Path):
    told: list[str] = []
    with RecordStore.open(tmp_path) as store:
        opened = store.open_batch(opening(), at=WHEN, by="line 1")
        writer = Writer(store, SystemClock(), accepts_pct=100, seed=0, alarm=told.append, fail=told.append)
        for unit in range(1, 6):
            writer.offer(_settled(outcome(opened, unit), tiny.unit(unit)))
        in_the_way = store.evidence / "000001" / "00000004-top.jpg"
        in_the_way.mkdir(parents=True)
        writer.start()
        writer.stop()
        writer.join()
        kept = [record.unit for record in store.records(opened.batch)]

    assert kept == [1, 2, 3]
    assert writer.written == 3
    assert "00000004-top.jpg" in told[0]


def test_pictures_that_wait_for_a_slow_disk_hold_the_line_before_they_fill_the_memory(tmp_path: Path):
    told: list[str] = []
    big = np.zeros((4000, 5000, 3), np.uint8)  # 60 MB
    with RecordStore.open(tmp_path) as store:
        opened = store.open_batch(opening(), at=WHEN, by="line 1")
        writer = Writer(store, SystemClock(), accepts_pct=0, seed=0, alarm=told.append, fail=told.append)
        for unit in range(1, 101):
            writer.offer(_settled(outcome(opened, unit), big))  # accepted: nobody keeps its picture
        assert not told
        for unit in range(101, 120):
            writer.offer(_settled(outcome(opened, unit, state="rejected", disposition="REJECT", gate="REJECT"), big))

    assert writer.waiting < 110
    assert "MB of pictures wait for their record: the disk is too slow" in told[0]


def test_an_alarm_is_written_by_the_writer_and_one_that_cannot_be_holds_the_line(tmp_path: Path):
    told: list[str] = []

    def alarm(text: str) -> None:
        if text == "the second":
            raise LineError("the disk is full")
        store.append_event(EventKind.ALARM, text, batch=1, at=WHEN, by="line 1")

    with RecordStore.open(tmp_path) as store:
        store.open_batch(opening(), at=WHEN, by="line 1")
        writer = Writer(store, SystemClock(), accepts_pct=0, seed=0, alarm=alarm, fail=told.append)
        writer.alarm("the first")
        writer.alarm("the second")
        writer.start()
        writer.stop()
        writer.join()
        said = [event.text for event in store.events() if event.kind is EventKind.ALARM]

    assert said == ["the first"]
    assert told == ["an alarm could not be recorded: the second; the disk is full"]
