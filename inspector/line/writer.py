"""One thread writes: evidence first, then the records that name it, in small batches, each on disk before the next.

What waits is bounded, in units and in memory. Beyond that, or when a write fails, the line is held: without a record,
no release. Alarms are written here too, so that nobody else ever waits for the disk.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread

import numpy as np
from numpy.typing import NDArray

from cameras.clock import Clock
from inspector.errors import LineError
from inspector.line.ledger import Settled
from inspector.records.evidence import heat_of, keep
from inspector.records.record import Outcome
from inspector.records.store import RecordStore

_QUEUED = 512
_QUEUED_BYTES = 512 * 2**20  # of pictures that wait: a slow disk must not become a full memory
_TOGETHER = 20  # records a commit: 4,000 a second instead of 300
_IDLE_S = 0.2


class Writer(Thread):
    """Owns the store for the length of a batch."""

    def __init__(
        self,
        store: RecordStore,
        clock: Clock,
        *,
        accepts_pct: float,
        seed: int,
        alarm: Callable[[str], None],
        fail: Callable[[str], None],
    ) -> None:
        """`alarm` writes one down; `fail` takes the reason when something could not be kept."""
        super().__init__(name="writer", daemon=True)
        self._settled: Queue[Settled] = Queue(maxsize=_QUEUED)
        self._store, self._clock, self._write_alarm, self._fail = store, clock, alarm, fail
        self._accepts_pct, self._seed = accepts_pct, seed
        self._alarms: deque[str] = deque()
        self._bytes, self._counting = 0, Lock()
        self._ending = Event()
        self.beat_s = clock.now_s()
        self.written = 0
        self.failure = ""
        self._broken = False  # a write failed: units after it are quarantined, no gaps inside the chain

    def offer(self, settled: Settled) -> None:
        """Never blocks; a full queue holds the line.

        That unit and all after it stay without a record, hence quarantined; those before it are still written.
        """
        settled = self._without_what_is_not_kept(settled)
        if not self.failure:
            try:
                if self._grown(settled) > _QUEUED_BYTES:
                    raise Full
                self._settled.put_nowait(settled)
            except Full:
                waiting = f"{self.waiting} units and {self._bytes / 2**20:.0f} MB of pictures"
                self._held(f"{waiting} wait for their record: the disk is too slow")

    @property
    def waiting(self) -> int:
        """Units that nobody has begun to write."""
        return self._settled.qsize()

    def alarm(self, text: str) -> None:
        """Have it written down, with the next records; never blocks."""
        self._alarms.append(text)

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._ending.set()

    def run(self) -> None:
        while not (self._ending.is_set() and self._settled.empty() and not self._alarms):
            self.beat_s = self._clock.now_s()
            self._write_alarms()
            together = list(self._take())
            if together and not self._broken:
                self._write(together)

    def _take(self) -> Iterable[Settled]:
        try:
            yield self._settled.get(timeout=_IDLE_S)
            for _ in range(_TOGETHER - 1):
                yield self._settled.get_nowait()
        except Empty:
            return

    def _write_alarms(self) -> None:
        while self._alarms:
            text = self._alarms.popleft()
            try:
                self._write_alarm(text)
            except LineError as error:
                self._fail(f"an alarm could not be recorded: {text}; {error}")

    def _write(self, together: list[Settled]) -> None:
        ready: list[Outcome] = []
        written = 0
        try:
            try:
                for settled in together:
                    ready.append(self._with_evidence(settled))
            finally:  # a picture that cannot be kept costs its own unit and those after it, none before
                self._store.append(ready)
                written = len(ready)
        except Exception as error:  # noqa: BLE001 whatever it is, the line must say that records cannot be kept
            self._broken = True
            self._held(str(error) if isinstance(error, (LineError, OSError)) else f"{type(error).__name__}: {error}")
        self.written += written
        with self._counting:
            self._bytes -= sum(map(_bytes_of, together))

    def _without_what_is_not_kept(self, settled: Settled) -> Settled:
        """Of most accepted units no picture is kept, and none has to wait."""
        outcome = settled.outcome
        if outcome.state != "accepted":
            return settled
        if random.Random(f"{self._seed}/{outcome.unit}").random() * 100 < self._accepts_pct:
            return settled
        return replace(settled, reports={})

    def _grown(self, settled: Settled) -> int:
        with self._counting:
            self._bytes += _bytes_of(settled)
            return self._bytes

    def _with_evidence(self, settled: Settled) -> Outcome:
        self.beat_s = self._clock.now_s()
        outcome = settled.outcome
        pictures: dict[str, NDArray[np.generic]] = {}
        for view, report in settled.reports.items():
            if report.pixels is not None:
                pictures[view] = report.pixels
                if report.sight.heat is not None:
                    pictures[heat_of(view)] = report.sight.heat
        kept = keep(self._store.evidence, outcome.batch, outcome.unit, pictures)
        return outcome.model_copy(update={"evidence": kept})

    def _held(self, reason: str) -> None:
        if not self.failure:
            self.failure = reason
            self._fail(f"records cannot be kept: {reason}")


def _bytes_of(settled: Settled) -> int:
    pictures = (one for report in settled.reports.values() for one in (report.pixels, report.sight.heat))
    return sum(one.nbytes for one in pictures if one is not None)
