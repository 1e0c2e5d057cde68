"""Two threads judge: one looks at every frame, one asks the mind about those that a look leaves open.

Before either begins it is checked that the time left suffices on this machine; work that cannot be in time is not
started, because it would make the next unit late as well. No error of a single unit leaves here, whatever its type: it
becomes a REJECT with its text in the record.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

from cameras.clock import Clock
from cameras.frame import Frame
from inspector.config import ViewConfig
from inspector.examine import Examiner, SeenView, Timing
from inspector.line.ledger import ViewReport, not_inspected
from models.verdict import Disposition, Reason, Verdict

_IDLE_S = 0.2  # a thread without work still shows a heartbeat
_MOST_THINKING = 8  # units that wait for the mind

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class Job:
    """A frame and the moment by which its unit must be in the PLC's slot (monotonic)."""

    frame: Frame
    triggered_s: float  # when the unit stood before the first view
    deadline_s: float


class Worker(Thread, Generic[Work]):
    """A thread with a queue of its own that never makes the one who fills it wait."""

    def __init__(self, name: str, do: Callable[[Work], None], clock: Clock, *, most: int) -> None:
        super().__init__(name=name, daemon=True)
        self._queue: Queue[Work] = Queue(maxsize=most)
        self._do, self._clock, self._ending = do, clock, Event()
        self.beat_s = clock.now_s()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def offer(self, work: Work) -> bool:
        """Never blocks: False when the queue is full."""
        try:
            self._queue.put_nowait(work)
        except Full:
            return False
        return True

    def stop(self) -> None:
        """Finish what is queued, then end."""
        self._ending.set()

    def run(self) -> None:
        while not (self._ending.is_set() and self._queue.empty()):
            self.beat_s = self._clock.now_s()
            try:
                work = self._queue.get(timeout=_IDLE_S)
            except Empty:
                continue
            self._do(work)


class Looking(Worker[Job]):
    """Runs the eyes over every frame, in the order in which they came."""

    def __init__(
        self,
        examiner: Examiner,
        views: dict[str, ViewConfig],
        timing: Timing,
        clock: Clock,
        report: Callable[[Frame, ViewReport], None],
        budget_ms: float,
        thinking: "Thinking",
    ) -> None:
        most = max(2, int(budget_ms / timing.slowest_look_ms))  # one more would be late, and is a reject at once
        super().__init__("eyes", self._examine, clock, most=most)
        self._examiner, self._views, self._timing = examiner, views, timing
        self._report, self._thinking = report, thinking

    def _examine(self, job: Job) -> None:
        frame, view = job.frame, self._views[job.frame.view]
        left_ms = (job.deadline_s - self._clock.now_s()) * 1000
        if left_ms < self._timing.slowest_look_ms:
            text = f"not looked at: {left_ms:.0f} ms were left, a look takes up to {self._timing.slowest_look_ms:.0f}"
            sight = not_inspected(frame.view, text, Reason.LATE)
        else:
            sight = self._look(frame, view)
        if sight.verdict is None and self._thinking.offer(LeftOpen(job, sight, view)):
            return
        if sight.verdict is None:
            sight = _no_time(sight, "the mind is busy with the units before")
        self._report(frame, report_of(job, sight, view, self._clock))

    def _look(self, frame: Frame, view: ViewConfig) -> SeenView:
        try:
            return self._examiner.see(frame.pixels, view=frame.view, mm_per_px=view.mm_per_px, limits=view.fitness)
        except Exception as error:  # noqa: BLE001 ONNX Runtime's and OpenCV's errors share no base
            return not_inspected(frame.view, f"examining failed: {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A unit that a look leaves open."""

    job: Job
    sight: SeenView
    view: ViewConfig


class Thinking(Worker[LeftOpen]):
    """Asks the mind about units that a look leaves open."""

    def __init__(
        self, examiner: Examiner, timing: Timing, clock: Clock, report: Callable[[Frame, ViewReport], None]
    ) -> None:
        super().__init__("mind", self._think, clock, most=_MOST_THINKING)
        self._examiner, self._timing, self._report = examiner, timing, report

    def _think(self, work: LeftOpen) -> None:
        sight = self._judge(work.job, work.sight)
        self._report(work.job.frame, report_of(work.job, sight, work.view, self._clock))

    def _judge(self, job: Job, sight: SeenView) -> SeenView:
        left_ms = (job.deadline_s - self._clock.now_s()) * 1000
        needed_ms = self._timing.mind_ms(len(sight.asked))
        if left_ms < needed_ms:
            return _no_time(
                sight,
                f"{left_ms:.0f} ms were left for the mind, {len(sight.asked)} observations take up to {needed_ms:.0f}",
            )
        try:
            return self._examiner.judge(sight)
        except Exception as error:  # noqa: BLE001 ONNX Runtime's and OpenCV's errors share no base
            failed = not_inspected(sight.view, f"judging failed: {type(error).__name__}: {error}")
            return replace(sight, verdict=failed.verdict)


def report_of(job: Job, sight: SeenView, view: ViewConfig, clock: Clock) -> ViewReport:
    """What goes to the ledger; the picture travels along until the unit is settled."""
    frame, ready_ms = job.frame, (clock.now_s() - job.triggered_s) * 1000
    return ViewReport(sight, frame.pixels, frame.source, ready_ms, view.mm_per_px)


def _no_time(sight: SeenView, text: str) -> SeenView:
    """The observation is kept in the record; the unit is a reject because nobody can say in time that it is good."""
    return replace(sight, verdict=Verdict(disposition=Disposition.REJECT, reason=Reason.LATE, text=text))
