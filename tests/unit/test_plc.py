"""The simulated PLC is as strict as a real one: exact id, epoch and PASS, numbers never used again."""

from pathlib import Path
from threading import Event

import pytest

from cameras.clock import HandClock
from inspector.errors import LineError
from inspector.line.gate import Move
from inspector.line.plc import SLOTS, UNFLUSHED, GateEvent, SimulatedPlc, remembered


def plc(
    folder: Path, clock: HandClock, *, last_recorded: int = 0, stations: tuple[str, ...] = ("top",)
) -> SimulatedPlc:
    return SimulatedPlc(
        folder / "plc.memory", stations=stations, gate_after_ms=500, clock=clock, last_recorded=last_recorded
    )


class Waiting(HandClock):
    """Stands still for whoever waits, until `go`."""

    def __init__(self) -> None:
        super().__init__()
        self._go = Event()

    def go(self) -> None:
        self._go.set()

    def wait_until(self, moment_s: float, stop: Event | None = None) -> None:
        self._go.wait(10)
        super().wait_until(moment_s, stop)


def leave(folder: Path, writes: list[tuple[int, int, Move]], *, epoch: int = 5, units: int = 1) -> list[bool]:
    """So many units go by; whether each passed, when these (unit, epoch, move) were written before they left."""
    clock, events = Waiting(), list[GateEvent]()
    line = plc(folder, clock)
    line.start(epoch=epoch, on_gate=events.append)
    for _ in range(units):
        line.part_present("top", 1.0)
    for unit, of, move in writes:
        line.write(unit, of, move)
    clock.go()
    line.stop()
    return [event.passed for event in events]


def test_a_unit_with_its_id_epoch_and_pass_passes(tmp_path: Path):
    assert leave(tmp_path, [(1, 5, Move.PASS)]) == [True]


@pytest.mark.parametrize(
    "writes",
    [
        [],
        [(1, 5, Move.REJECT)],
        [(1, 4, Move.PASS)],
        [(1 + SLOTS, 5, Move.PASS)],
        [(1, 5, Move.PASS), (1, 5, Move.REJECT)],
    ],
    ids=["nothing", "reject", "old epoch", "another unit in its slot", "taken back"],
)
def test_anything_else_is_rejected(tmp_path: Path, writes: list[tuple[int, int, Move]]):
    assert leave(tmp_path, writes) == [False]


def test_units_leave_in_belt_order_when_their_way_is_over(tmp_path: Path):
    clock, events = HandClock(), list[GateEvent]()
    line = plc(tmp_path, clock)
    line.start(epoch=5, on_gate=events.append)

    for at_s in (1.0, 1.1, 1.2):
        line.part_present("top", at_s)
    line.stop()

    assert [(event.unit, round(event.at_s, 3)) for event in events] == [(1, 1.5), (2, 1.6), (3, 1.7)]


def test_numbers_go_on_over_batches_and_restarts(tmp_path: Path):
    first = plc(tmp_path, HandClock())
    given = [first.part_present("top", 0.0) for _ in range(3)]

    again = plc(tmp_path, HandClock())

    assert given == [1, 2, 3]
    assert again.last_unit == 3
    assert again.part_present("top", 0.0) == 4


def test_with_its_memory_lost_it_goes_on_behind_the_last_record(tmp_path: Path):
    assert plc(tmp_path, HandClock(), last_recorded=41).part_present("top", 0.0) == 42


def test_its_memory_names_the_last_number_given_and_at_once_the_one_it_goes_on_behind(tmp_path: Path):
    nothing = remembered(tmp_path / "plc.memory")
    line = plc(tmp_path, HandClock(), last_recorded=41)
    begun = remembered(tmp_path / "plc.memory")

    line.part_present("top", 0.0)

    assert (nothing, begun, remembered(tmp_path / "plc.memory")) == (None, 41, 42)


def test_many_units_at_once_wait_for_the_disk_and_get_their_numbers(tmp_path: Path):
    clock, events = HandClock(), list[GateEvent]()
    line = plc(tmp_path, clock)
    line.start(epoch=5, on_gate=events.append)

    given = [line.part_present("top", 1.0) for _ in range(5 * UNFLUSHED)]
    line.stop()

    assert given == [event.unit for event in events] == list(range(1, 5 * UNFLUSHED + 1))


def test_numbers_that_do_not_come_to_the_disk_are_no_more_than_are_skipped_after_a_crash(tmp_path: Path):
    line, given = plc(tmp_path, HandClock()), list[int]()
    (tmp_path / "plc.memory").unlink()  # nothing can be flushed any more
    line.start(epoch=5, on_gate=lambda event: None)

    with pytest.raises(LineError, match=r"cannot be opened or written: No such file.* No further unit was numbered"):
        for _ in range(UNFLUSHED + 1):
            given.append(line.part_present("top", 1.0))
    line.stop()

    assert len(given) <= UNFLUSHED


def test_after_the_batch_no_number_is_given_that_recovery_does_not_skip(tmp_path: Path):
    """A thread that waited for the disk wakes when the batch ends."""
    line = plc(tmp_path, HandClock())

    given = [line.part_present("top", 1.0) for _ in range(UNFLUSHED)]

    with pytest.raises(LineError, match=r"the disk stands still, and the batch has ended"):
        line.part_present("top", 1.0)
    assert given[-1] == UNFLUSHED


def test_a_disk_that_stands_still_keeps_neither_a_trigger_nor_the_end_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Both come back in bounded time, and say that it is the disk."""
    moves_again = Event()
    monkeypatch.setattr("inspector.line.plc.os.fdatasync", lambda file: moves_again.wait())
    monkeypatch.setattr("inspector.line.plc.DISK_S", 0.2)
    monkeypatch.setattr("inspector.line.plc.STOP_S", 0.2)
    line = plc(tmp_path, HandClock())
    line.start(epoch=5, on_gate=lambda event: None)

    with pytest.raises(LineError, match=r"the disk stands still, for more than 0\.2 s\. The unit has no number"):
        for _ in range(UNFLUSHED + 1):
            line.part_present("top", 1.0)
    with pytest.raises(LineError, match=r"plc memory did not end within .* the disk stands still"):
        line.stop()
    moves_again.set()


def test_a_later_station_numbers_a_unit_as_the_first_one_did(tmp_path: Path):
    line = plc(tmp_path, HandClock(), last_recorded=10, stations=("top", "side"))

    top = [line.part_present("top", 0.0) for _ in range(2)]
    side = [line.part_present("side", 0.1) for _ in range(2)]

    assert top == side == [11, 12]


def test_a_memory_that_cannot_be_made_is_said_plainly(tmp_path: Path):
    (tmp_path / "plc.memory").mkdir()

    with pytest.raises(LineError, match=r"retentive memory cannot be opened or written: .* Nothing was started"):
        plc(tmp_path, HandClock())
