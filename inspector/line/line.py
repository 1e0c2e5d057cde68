"""The line: one batch from opening to closing record, in one process of few threads.

capture (one a camera) -> eyes -> mind -> gate -> PLC; every settled unit -> writer. The thread that calls `run` is the
watch: it looks at every heartbeat, shuts the gate when one is missing, and never restarts anything in mid-batch.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Event, Lock
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.capture import Capture
from cameras.clock import Clock
from cameras.driver import Driver, Picture
from cameras.errors import CameraError
from cameras.fitness import FrozenWatch, SizeWatch
from cameras.frame import Frame
from cameras.render import render
from inspector.config import MOST_UNITS_BETWEEN
from inspector.errors import LineError
from inspector.examine import Examiner, Timing
from inspector.line.gate import Gate
from inspector.line.ledger import Ledger, Settled, Totals, ViewReport, not_inspected
from inspector.line.plc import GateEvent, Plc
from inspector.line.worker import Job, Looking, Thinking, report_of
from inspector.line.writer import Writer
from inspector.recipe import Recipe
from inspector.records.batch import Counts, EventKind, Opening
from inspector.records.store import RecordStore
from models.verdict import Disposition, Reason

_SWITCH_S = 0.0005  # of this process: eyes back from a graph must not wait 5 ms for another thread's Python
_MARGIN_S = 0.005  # a PASS is written at least this long before the unit reaches the gate
_WATCH_S = 0.05
_SILENT_S = 10.0  # a thread without a heartbeat for so long is dead; the gate rejects what it delays meanwhile
_DRAIN_S = 10.0
_STEP_BACK_S = 1.0  # of the computer's date between two units, from which it is an alarm


class Ended(StrEnum):
    """How a batch ended."""

    COMPLETE = "complete"
    HELD = "held"
    UNCLOSED = "unclosed"  # records are missing: quarantined


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What `run` returns: for the summary and the exit code."""

    batch: int
    ended: Ended
    reason: str
    counts: Counts
    totals: Totals
    late: int  # accepts that came after their deadline
    unwritten: int  # units without a record


class Onlooker(Protocol):
    """Somebody who is shown units and must never be waited for: the live page."""

    def show(self, settled: Settled) -> None: ...


class Line:
    """One batch on one line."""

    def __init__(
        self,
        recipe: Recipe,
        examiner: Examiner,
        timing: Timing,
        cameras: Mapping[str, Driver],
        plc: Plc,
        store: RecordStore,
        clock: Clock,
    ) -> None:
        """Everything is loaded and open; `cameras` are in belt order, by view."""
        self._recipe, self._clock, self._plc, self._store = recipe, clock, plc, store
        self._views = frozenset(cameras)
        self._first = next(iter(cameras))
        self._counters: dict[str, int] = dict.fromkeys(cameras, 0)  # last camera counter seen, by view
        self._opened = store.open_batch(
            Opening(
                line=recipe.line.name,
                product=recipe.sheet.product,
                digests=recipe.digests,
                units_before=plc.last_unit,
                sheet=recipe.sheet,
                reading=recipe.reading,
                operating_point=recipe.package.manifest.operating_point,
                recipe=recipe.line.settings(),
            ),
            at=clock.utc(),
            by=recipe.line.name,
        )
        gate_ms = recipe.line.gate_after_ms
        self._due_s = gate_ms / 1000 - _MARGIN_S  # from the trigger
        self.held = ""
        self._held_at: datetime | None = None
        self._held_lock = Lock()
        self._last_taken = clock.utc()
        self._limit: int | None = None
        self._emptying = False  # no new unit comes; stations behind the first see those on the belt
        self._watches = {
            view: (FrozenWatch(config.fitness), SizeWatch(config.fitness, config.size_px))
            for view, config in recipe.line.views.items()
        }
        self.gate = Gate(move=lambda unit, move: plc.write(unit, self._opened.epoch, move))
        self.ledger = Ledger(
            batch=self._opened.batch,
            epoch=self._opened.epoch,
            digests=recipe.digests,
            due_after_ms=self._due_s * 1000,
            settle=self._settle,
        )
        self.writer = Writer(
            store,
            clock,
            accepts_pct=recipe.line.evidence.accepts_pct,
            seed=self._opened.epoch,
            alarm=lambda text: self._event(EventKind.ALARM, text),
            fail=self.hold,
        )
        self.thinking = Thinking(examiner, timing, clock, self._report)
        self.looking = Looking(examiner, recipe.line.views, timing, clock, self._report, gate_ms, self.thinking)
        self.captures = [
            Capture(driver, self._on_picture(view), view=view, clock=clock) for view, driver in cameras.items()
        ]
        self.onlookers: list[Onlooker] = []

    @property
    def batch(self) -> int:
        """Number of the open batch."""
        return self._opened.batch

    def hold(self, reason: str) -> None:
        """Shut the gate for the rest of the batch. From any thread; the first reason stays."""
        with self._held_lock:
            if not self.held:
                self._held_at = self._clock.utc()
                self.held = reason
        self.gate.shut()

    def run(
        self, *, units: int | None = None, stop: Event | None = None, each: Callable[["Line"], None] | None = None
    ) -> BatchResult:
        """Run until so many units are triggered, the material ends, `stop` is set or the line is held.

        `each` is called about twenty times a second by the watch: it must come back at once, so it prints nothing.
        """
        stop = stop or Event()
        sys.setswitchinterval(_SWITCH_S)
        cv2.setNumThreads(1)  # every core has a thread of its own to run
        self._limit = units
        self._plc.start(epoch=self._opened.epoch, on_gate=self._on_gate)
        for thread in (self.writer, self.thinking, self.looking):
            thread.start()
        for capture in self.captures:
            capture.start()
        try:
            while not (stop.is_set() or self.held or self._finished()):
                self._watch()
                if each is not None:
                    each(self)
                self._clock.wait_until(self._clock.now_s() + _WATCH_S, stop)
        except BaseException as error:
            self.hold(f"the watch ended: {type(error).__name__}: {error}. Report this, then start a new batch.")
            self._end()
            raise
        return self._end()

    def _finished(self) -> bool:
        enough = self._limit is not None and self.ledger.totals.triggers >= self._limit
        first = self.captures[0]  # without its camera no unit comes
        return enough or (first.ended and first.failure is None)

    def _watch(self) -> None:
        now_s = self._clock.now_s()
        self.gate.act(now_s=now_s)
        self.ledger.sweep(now_s)
        for thread in (self.writer, self.thinking, self.looking):
            if not thread.is_alive() or now_s - thread.beat_s > _SILENT_S:
                state = "silent" if thread.is_alive() else "dead"
                self.hold(
                    f"thread {thread.name} is {state}. Start a new batch; if it happens again, restart the machine."
                )
        gone_s = now_s - self._recipe.line.gate_after_ms / 1000 - _SILENT_S
        if (unit := self.ledger.unconfirmed(gone_s)) is not None:
            self.hold(
                f"the PLC has not said what the gate did with unit {unit}, {_SILENT_S:g} s after it must have left. "
                "Check the PLC and the reject sensor, search the belt, then start a new batch."
            )
        try:
            for capture in self.captures:
                capture.check(now_s=now_s)
        except CameraError as error:
            self.hold(str(error))

    def _event(self, kind: EventKind, text: str, at: datetime | None = None) -> None:
        """An event of this batch; it was now unless it is said when."""
        self._store.append_event(kind, text, batch=self.batch, at=at or self._clock.utc(), by=self._recipe.line.name)

    def _on_picture(self, view: str) -> Callable[[Picture], None]:
        def take(picture: Picture) -> None:
            if self.held or (
                self._limit is not None and view == self._first and self.ledger.totals.triggers >= self._limit
            ):
                return
            before = self._counters[view]
            if not before < picture.counter <= before + MOST_UNITS_BETWEEN:
                self.hold(
                    f"{view}: the camera's counter went from {before} to {picture.counter} (allowed: up to "
                    f"{before + MOST_UNITS_BETWEEN}): pictures and units no longer agree. Check the trigger, then "
                    "start a new batch."
                )
                return
            self._counters[view] = picture.counter
            for _ in range(picture.counter - before - 1):
                self._present(view, picture)  # expected and never shown: rejected at the gate
            unit = self._present(view, picture)
            if self._triggered(unit):
                self._examine(unit, view, picture)

        return take

    def _triggered(self, unit: int) -> bool:
        """Wait until the first station has seen the unit; False where it never will.

        On a belt a later station's picture comes later. Cameras that replay files start when they are ready, and a
        view that was judged before its unit was known would be lost: the unit would be rejected for it.
        """
        while unit > self.ledger.newest and not (self._emptying or self.held):
            self._clock.wait_until(self._clock.now_s() + _WATCH_S)
        return unit <= self.ledger.newest

    def _present(self, view: str, picture: Picture) -> int:
        unit = self._plc.part_present(view, picture.captured_s)
        if view == self._first:
            if (self._last_taken - picture.taken_at).total_seconds() > _STEP_BACK_S:
                self.writer.alarm(
                    f"the computer's date stepped back from {self._last_taken.isoformat()} to "
                    f"{picture.taken_at.isoformat()} before unit {unit}; timing is not affected and the records "
                    "keep their order"
                )
            self._last_taken = picture.taken_at
            self.gate.expect(unit, views=set(self._views), deadline_s=picture.captured_s + self._due_s)
            self.ledger.trigger(unit, views=self._views, triggered_s=picture.captured_s, taken_at=picture.taken_at)
        return unit

    def _examine(self, unit: int, view: str, picture: Picture) -> None:
        frame = Frame(picture.pixels, unit, view, picture.captured_s, picture.taken_at, picture.source)
        triggered_s = self.ledger.triggered_s(unit, or_else=picture.captured_s)  # a later station's picture comes later
        job = Job(frame, triggered_s, triggered_s + self._due_s)
        seen = [watch.check(picture.pixels) for watch in self._watches[view]]
        reason = next((one.reason for one in seen if not one.fit), "")
        if not reason and self.looking.offer(job):
            return
        if reason:
            sight = not_inspected(view, reason, Reason.NOT_ASSESSABLE)
        else:
            sight = not_inspected(view, "dropped: the eyes are behind with the units before", Reason.LATE)
        self._report(frame, report_of(job, sight, self._recipe.line.views[view], self._clock))

    def _report(self, frame: Frame, report: ViewReport) -> None:
        if report.verdict.disposition is Disposition.ACCEPT:
            self.gate.accept(frame.unit, view=frame.view, now_s=self._clock.now_s())
        else:
            self.gate.refuse(frame.unit)
        self.ledger.report(frame.unit, report)

    def _on_gate(self, event: GateEvent) -> None:
        self.gate.left(event.unit)
        self.ledger.gate(event, held=self.held)

    def _settle(self, settled: Settled) -> None:
        if settled.outcome.state == "lost":
            self.hold(f"unit {settled.outcome.unit}: {settled.outcome.text}. Stop the machine and search the belt.")
        self.writer.offer(settled)
        for onlooker in self.onlookers:
            onlooker.show(settled)

    def _end(self) -> BatchResult:
        """Let the belt run empty, write what is left, and close the batch if every unit has its record."""
        self._stop(self.captures[0])
        self._emptying = True
        try:
            self._plc.stop()  # the other stations see their units until the last one has left
        except LineError as error:
            self.hold(str(error))
        for capture in self.captures[1:]:
            self._stop(capture)
        until_s = self._clock.now_s() + _DRAIN_S
        while self.ledger.under_way and self._clock.now_s() < until_s:
            self._watch()
            self._clock.wait_until(self._clock.now_s() + _WATCH_S)
        for thread in (self.looking, self.thinking):
            thread.stop()
            thread.join(_DRAIN_S)
        self.writer.stop()
        while self.writer.is_alive() and self._clock.now_s() - self.writer.beat_s <= _SILENT_S:
            self.writer.join(_WATCH_S)  # a slow disk is waited for as long as it gets on
        if self.writer.is_alive():
            self.hold("thread writer is silent: the disk stands still. Check it, then start a new batch.")
        return self._close()

    def _stop(self, capture: Capture) -> None:
        try:
            capture.stop()
        except CameraError as error:
            self.hold(str(error))

    def _close(self) -> BatchResult:
        totals, states = self.ledger.totals, self.ledger.totals.states
        counts = Counts(
            triggers=totals.triggers,
            accepted=states["accepted"],
            rejected=states["rejected"],
            held=states["held"],
            sampled=states["sampled"],
            lost=states["lost"],
        )
        ended, reason = (Ended.HELD if self.held else Ended.COMPLETE), self._why()
        try:
            if self.held:
                self._event(EventKind.HELD, self.held, self._held_at)
            self._store.close_batch(self.batch, counts, at=self._clock.utc(), by=self._recipe.line.name)
        except LineError as error:
            ended, reason = Ended.UNCLOSED, f"{reason}\n{error}\n{self._quarantine()}".strip()
            self.hold(str(error))  # whoever looks at the line must not see that it ended well
        unwritten = totals.triggers - self.writer.written
        return BatchResult(self.batch, ended, reason, counts, totals, self.gate.late, unwritten)

    def _why(self) -> str:
        """Why the line was held first, and what the writer met with if that was something else."""
        failure = self.writer.failure
        return f"{self.held}\nrecords cannot be kept: {failure}" if failure and failure not in self.held else self.held

    def _quarantine(self) -> str:
        """End a batch that cannot be closed; where even that is refused, the next start does it."""
        try:
            ended = self._store.quarantine(
                self.batch, self._plc.last_unit, at=self._clock.utc(), by=self._recipe.line.name
            )
        except LineError:
            return f"Batch {self.batch} stays open and not releasable; the next start lists its units without a record."
        units = ", ".join(map(str, ended.quarantined)) or "none"
        return f"Batch {self.batch} is not releasable. Units without a record, in quarantine: {units}"


def sample_pixels(width: int, height: int) -> NDArray[np.uint8]:
    """A picture to warm up with: a drawn good blister, whatever the product, on which some places stand out."""
    return np.asarray(cv2.resize(render(0, content="good").pixels, (width, height)), np.uint8)
