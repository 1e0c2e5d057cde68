"""One thread writes: evidence first, then the records that name it, in small batches, each on disk before the next.

The outcomes queue is bounded. When it is full, or a write fails, the line is held: without a record, no release.
"""

import random
from collections.abc import Callable, Iterable
from queue import Empty, Full, Queue
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray

from cameras.clock import Clock
from inspector.errors import LineError
from inspector.line.ledger import Settled
from inspector.records.evidence import heat_of, keep
from inspector.records.record import Outcome
from inspector.records.store import RecordStore

_QUEUED = 512
_TOGETHER = 20  # records a commit: 4,000 a second instead of 300
_IDLE_S = 0.2


class Writer(Thread):
    """Owns the store for the length of a batch."""

    def __init__(
        self, store: RecordStore, clock: Clock, *, accepts_pct: float, seed: int, fail: Callable[[str], None]
    ) -> None:
        """`fail` is called once, with the reason, when a record could not be kept."""
        super().__init__(name="writer", daemon=True)
        self._settled: Queue[Settled] = Queue(maxsize=_QUEUED)
        self._store, self._clock, self._fail = store, clock, fail
        self._accepts_pct = accepts_pct
        self._draw = random.Random(seed)
        self._ending = Event()
        self.beat_s = clock.now_s()
        self.written = 0
        self.unwritten = 0
        self.failure = ""
        self._broken = False  # a write failed: units after it are quarantined, no gaps inside the chain

    def offer(self, settled: Settled) -> None:
        """Never blocks; a full queue holds the line.

        That unit and all after it stay without a record, hence quarantined; those before it are still written.
        """
        if not self.failure:
            try:
                self._settled.put_nowait(settled)
            except Full:
                self._held(f"{_QUEUED} units wait for their record: the disk is too slow")
            else:
                return
        self.unwritten += 1

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._ending.set()

    def run(self) -> None:
        while not (self._ending.is_set() and self._settled.empty()):
            self.beat_s = self._clock.now_s()
            together = list(self._take())
            if together and self._broken:
                self.unwritten += len(together)
            elif together:
                self._write(together)

    def _take(self) -> Iterable[Settled]:
        try:
            yield self._settled.get(timeout=_IDLE_S)
            for _ in range(_TOGETHER - 1):
                yield self._settled.get_nowait()
        except Empty:
            return

    def _write(self, together: list[Settled]) -> None:
        try:
            self._store.append([self._with_evidence(settled) for settled in together])
        except Exception as error:  # noqa: BLE001 whatever it is, the line must say that records cannot be kept
            self._broken = True
            self.unwritten += len(together)
            self._held(str(error) if isinstance(error, (LineError, OSError)) else f"{type(error).__name__}: {error}")
        else:
            self.written += len(together)

    def _with_evidence(self, settled: Settled) -> Outcome:
        self.beat_s = self._clock.now_s()
        outcome = settled.outcome
        if outcome.state == "accepted" and self._draw.random() * 100 >= self._accepts_pct:
            return outcome
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
