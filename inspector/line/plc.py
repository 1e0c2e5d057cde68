"""The PLC keeps identity and gate timing; the simulated one has the semantics of a real one.

It numbers units at the photo-eye, keeps the shift register, and when a unit reaches the gate passes it only if the
unit's slot holds exactly its id, this batch's epoch and PASS. The slot is cleared as its unit leaves, and without a
batch or without a host the gate idles at REJECT. Real protocols come behind the same `Plc` type.

Ids are never used again: the counter is retentive memory, a file. A killed process loses nothing of it. For a power cut
a thread brings it to the disk while units come: a flush takes 0.4 ms, but at times 20, which is too long for a trigger.
No number is given that is more than `UNFLUSHED` past the one on the disk; after a crash numbering goes on behind those.
"""

import mmap
import os
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Protocol

from cameras.clock import Clock
from inspector.errors import LineError
from inspector.line.gate import Move

_COUNTER = struct.Struct("<Q")
SLOTS = 64  # of the result table; a unit writes into slot id % SLOTS
DISK_S = 3.0  # that a unit waits for the disk: less than after how long a silent camera is taken for lost
STOP_S = 10.0  # that the end of a batch waits for it, and for the last unit to leave
UNFLUSHED = 64  # numbers that the disk may be behind: more than a belt holds, and 0.6 s at 6000 units a minute


@dataclass(frozen=True, slots=True)
class GateEvent:
    """A unit has left: what the gate really did, by the reject-confirmation sensor."""

    unit: int
    passed: bool
    at_s: float


class Plc(Protocol):
    """What the line asks of a PLC."""

    @property
    def last_unit(self) -> int: ...

    def start(self, *, epoch: int, on_gate: Callable[[GateEvent], None]) -> None: ...

    def part_present(self, station: str, at_s: float) -> int: ...

    def write(self, unit: int, epoch: int, move: Move) -> None: ...

    def stop(self) -> None:
        """End the batch; raises LineError where that cannot be done in time."""


class SimulatedPlc:
    """Photo-eyes, shift register and reject gate in one thread of this process; another one keeps the counter."""

    def __init__(
        self, memory: Path, *, stations: tuple[str, ...], gate_after_ms: float, clock: Clock, last_recorded: int = 0
    ) -> None:
        """Open the belt.

        Args:
            memory: the retentive file.
            stations: the views in belt order; the first one numbers the units.
            last_recorded: the last unit in the store, or after a crash the last number that may have been given;
                numbering goes on behind it even where the memory was lost.
        """
        self._path = memory
        self._memory = _open_memory(memory)
        self._stations = stations
        self._gate_after_s = gate_after_ms / 1000
        self._clock = clock
        in_memory: int = _COUNTER.unpack_from(self._memory, 0)[0]
        self._counter: int = max(in_memory, last_recorded)
        self._remember()  # before a batch opens with this number: the memory on the disk is never behind the store
        self._flushed = self._counter  # this much is on the disk
        self._unkept: OSError | None = None  # why nothing more comes to the disk
        self._passed_station: dict[str, int] = dict.fromkeys(stations, self._counter)
        self._slots: list[tuple[int, int, Move] | None] = [None] * SLOTS
        self._belt: deque[tuple[int, float]] = deque()
        self._wake = Condition()
        self._epoch = 0  # 0: no batch, every slot is ignored
        self._running = False
        self._threads: list[Thread] = []
        self._on_gate: Callable[[GateEvent], None] = lambda event: None

    @property
    def last_unit(self) -> int:
        """Number of the last unit that the photo-eye saw, over all batches."""
        return self._counter

    def start(self, *, epoch: int, on_gate: Callable[[GateEvent], None]) -> None:
        """Begin a batch. `on_gate` is called once a unit, in belt order, as it leaves."""
        self._epoch, self._on_gate, self._running = epoch, on_gate, True
        self._threads = [
            Thread(target=self._run, name="plc", daemon=True),
            Thread(target=self._flush, name="plc memory", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def part_present(self, station: str, at_s: float) -> int:
        """A unit stands before a station's photo-eye: its number.

        Raises:
            LineError: the number could not be kept; the unit has none.
        """
        with self._wake:
            if station == self._stations[0]:
                self._wait_for_the_disk()
                self._counter += 1
                _COUNTER.pack_into(self._memory, 0, self._counter)
                self._belt.append((self._counter, at_s + self._gate_after_s))
                self._wake.notify_all()
            self._passed_station[station] += 1
            return self._passed_station[station]

    def write(self, unit: int, epoch: int, move: Move) -> None:
        """The host's verdict, into the unit's slot. The last write before the unit reaches the gate counts."""
        self._slots[unit % SLOTS] = (unit, epoch, move)

    def stop(self) -> None:
        """End the batch: units still on the belt leave first, through a shut gate unless they hold a PASS.

        The memory is on the disk then: a batch that was closed is not behind it.

        Raises:
            LineError: it is not, as the disk stands still, or the last unit did not leave.
        """
        with self._wake:
            self._running = False
            self._wake.notify_all()
        until_s = time.monotonic() + self._gate_after_s + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))
        self._epoch = 0
        if still := [thread.name for thread in self._threads if thread.is_alive()]:
            raise LineError(
                f"{self._path}: {' and '.join(still)} did not end within {self._gate_after_s + STOP_S:g} s: the disk "
                "stands still, or a unit has not left. The line is held. Check the disk, then start a new batch."
            )

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._belt and self._running:
                    self._wake.wait()
                if not self._belt:
                    return
                unit, leaves_s = self._belt.popleft()
            self._clock.wait_until(leaves_s)
            self._on_gate(GateEvent(unit, self._passes(unit), self._clock.now_s()))

    def _passes(self, unit: int) -> bool:
        held = self._slots[unit % SLOTS]
        self._slots[unit % SLOTS] = None
        return held == (unit, self._epoch, Move.PASS) and self._epoch != 0

    def _remember(self) -> None:
        try:
            _COUNTER.pack_into(self._memory, 0, self._counter)
            self._memory.flush()
        except OSError as error:
            raise _cannot(self._path, error, "Nothing was started.") from error

    def _wait_for_the_disk(self) -> None:
        """Only where it stands still: the unit is late then, which costs a reject, and its number is not lost."""

        def settled() -> bool:
            return not self._running or self._unkept is not None or self._counter - self._flushed < UNFLUSHED

        in_time = self._wake.wait_for(settled, DISK_S)
        if self._unkept is not None:
            raise _cannot(self._path, self._unkept, "No further unit was numbered.") from self._unkept
        if self._counter - self._flushed >= UNFLUSHED:
            since = "and the batch has ended" if in_time else f"for more than {DISK_S:g} s"
            raise LineError(
                f"{self._path}: the disk stands still, {since}. The unit has no number: search the belt for it."
            )

    def _flush(self) -> None:
        """Bring the counter to the disk as it moves, several units at once where they come faster than the disk.

        By the file and not by the mmap's own flush, which keeps every other thread of Python waiting.
        """
        try:
            with self._path.open("r+b") as file:
                while (given := self._moved()) is not None:
                    os.fdatasync(file.fileno())
                    with self._wake:
                        self._flushed = given
                        self._wake.notify_all()
        except OSError as error:
            with self._wake:
                self._unkept = error
                self._wake.notify_all()

    def _moved(self) -> int | None:
        """The counter, as soon as the disk is behind it; None when the batch has ended and it is not."""
        with self._wake:
            while self._flushed == self._counter and self._running:
                self._wake.wait()
            return None if self._flushed == self._counter else self._counter


def remembered(memory: Path) -> int | None:
    """The last number in a retentive file; None where there is none.

    Raises:
        LineError: it cannot be read, or is none.
    """
    if not memory.exists():
        return None
    number: int = _COUNTER.unpack_from(_open_memory(memory), 0)[0]
    return number


def _open_memory(memory: Path) -> mmap.mmap:
    """Allocated once, then only overwritten: neither a full disk nor a killed process loses a number."""
    try:
        if not memory.exists():
            memory.parent.mkdir(parents=True, exist_ok=True)
            fresh = memory.with_name(memory.name + ".part")
            fresh.write_bytes(_COUNTER.pack(0))
            fresh.replace(memory)  # killed in between, there is no memory rather than half of one
        with memory.open("r+b") as file:
            size = memory.stat().st_size
            if size == _COUNTER.size:
                return mmap.mmap(file.fileno(), size)
    except OSError as error:
        raise _cannot(memory, error, "Nothing was started.") from error
    raise LineError(
        f"{memory}: the PLC's retentive memory has {size} bytes, not {_COUNTER.size}. Unit numbers must never be "
        "used twice, so the line does not start. Restore the file, or delete it: numbering then goes on well behind "
        "the last record."
    )


def _cannot(memory: Path, error: OSError, done: str) -> LineError:
    return LineError(
        f"{memory}: the PLC's retentive memory cannot be opened or written: {error.strerror}. {done} Check the rights "
        "of the file and the space on its disk."
    )
