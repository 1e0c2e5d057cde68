"""The ledger: every unit under way, until its one outcome is complete and goes to the writer.

A unit is complete when the gate has moved and every view it owes has been reported, good or bad. A view that is never
reported, because its frame never came, is reported here as NOT_INSPECTED some seconds after the gate. What the gate
did is what the PLC says, never what it was asked.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from inspector.examine import SeenView
from inspector.line.plc import GateEvent
from inspector.records.record import Digests, GateMove, Outcome, State
from models.verdict import Disposition, Finding, Reason, Verdict

GRACE_S = 3.0  # after the gate, for a view that is still being examined
_STRICTEST = (Disposition.REJECT, Disposition.HOLD, Disposition.ACCEPT)
_LATENCIES = 4096  # the last so many, for the percentiles of the live page


@dataclass(frozen=True, slots=True)
class ViewReport:
    """How one view of a unit ended."""

    sight: SeenView  # with its verdict
    pixels: NDArray[np.generic] | None = None
    source: str = ""
    ready_ms: float | None = None  # trigger to verdict; None: there was no picture
    mm_per_px: float | None = None

    @property
    def verdict(self) -> Verdict:
        assert self.sight.verdict is not None  # nothing is reported before
        return self.sight.verdict


@dataclass(slots=True)
class _Unit:
    number: int
    views: frozenset[str]
    triggered_s: float
    taken_at: datetime
    held: str = ""  # why the line was held when the unit reached the gate
    reports: dict[str, ViewReport] = field(default_factory=dict)
    gate: GateEvent | None = None

    @property
    def ready_ms(self) -> float:
        """Trigger to the last verdict on a picture."""
        return max((one.ready_ms for one in self.reports.values() if one.ready_ms is not None), default=0.0)


@dataclass(frozen=True, slots=True)
class Settled:
    """A unit's outcome with the pictures that the writer may keep of it."""

    outcome: Outcome
    reports: dict[str, ViewReport]


@dataclass(slots=True)
class Totals:
    """The line's own counts; never taken from the records they are compared with."""

    triggers: int = 0
    ended: Counter[tuple[State, Reason | None]] = field(default_factory=Counter)
    skipped: int = 0  # frames that were not examined
    ready_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))
    eyes_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))
    mind_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))

    @property
    def states(self) -> Counter[State]:
        counted: Counter[State] = Counter()
        for (state, _), count in self.ended.copy().items():
            counted[state] += count
        return counted

    def because(self, state: State) -> Counter[Reason]:
        """Why units ended in this state."""
        return Counter({reason: n for (own, reason), n in self.ended.copy().items() if own == state and reason})


class Ledger:
    """Units between photo-eye and record."""

    def __init__(
        self, *, batch: int, epoch: int, digests: Digests, due_after_ms: float, settle: Callable[[Settled], None]
    ) -> None:
        """due_after_ms: from the trigger, until when the gate has to be told that a unit is good."""
        self._batch, self._epoch, self._digests, self._settle = batch, epoch, digests, settle
        self._due_after_ms = due_after_ms
        self._units: dict[int, _Unit] = {}
        self._early: dict[int, tuple[GateEvent, str]] = {}  # left the gate before their trigger was noted here
        self._lock = Lock()
        self.newest = 0  # number of the last unit that was triggered
        self.totals = Totals()

    @property
    def under_way(self) -> int:
        """Units that have no outcome yet."""
        return len(self._units)

    def trigger(self, unit: int, *, views: frozenset[str], triggered_s: float, taken_at: datetime) -> None:
        """The photo-eye has seen a unit."""
        with self._lock:
            fresh = self._units[unit] = _Unit(unit, views, triggered_s, taken_at)
            self.totals.triggers += 1
            self.newest = unit
            if unit in self._early:
                fresh.gate, fresh.held = self._early.pop(unit)

    def report(self, unit: int, report: ViewReport) -> None:
        """A view of a unit has ended in a verdict."""
        with self._lock:
            known = self._units.get(unit)
            if known is None or report.sight.view in known.reports:
                return  # settled without it, after its grace: the record already says NOT_INSPECTED
            known.reports[report.sight.view] = report
            self._count(report)
            self._try(known)

    def triggered_s(self, unit: int, *, or_else: float) -> float:
        """When the unit's first view was triggered; the other moment where the unit is not under way."""
        with self._lock:
            known = self._units.get(unit)
            return or_else if known is None else known.triggered_s

    def unconfirmed(self, triggered_before_s: float) -> int | None:
        """A unit triggered before that moment of which the PLC has not said what the gate did."""
        with self._lock:
            waiting = (u.number for u in self._units.values() if u.gate is None and u.triggered_s < triggered_before_s)
            return next(waiting, None)

    def gate(self, event: GateEvent, *, held: str = "") -> None:
        """The unit has passed the gate, one way or the other; `held` says why the line was held then."""
        with self._lock:
            known = self._units.get(event.unit)
            if known is None:
                self._early[event.unit] = (event, held)
                return
            known.gate, known.held = event, held
            self._try(known)

    def sweep(self, now_s: float) -> None:
        """Settle units that left long ago and still owe a view."""
        with self._lock:
            for unit in list(self._units.values()):
                if unit.gate is not None and now_s - unit.gate.at_s > GRACE_S:
                    for view in unit.views - unit.reports.keys():
                        unit.reports[view] = _never_came(view, held=unit.held)
                    self._try(unit)

    def _count(self, report: ViewReport) -> None:
        times = report.sight.times_ms
        if "eyes" in times and report.ready_ms is not None:
            self.totals.ready_ms.append(report.ready_ms)
            self.totals.eyes_ms.append(times["eyes"])
        else:
            self.totals.skipped += 1
        if "mind" in times:
            self.totals.mind_ms.append(times["mind"])

    def _try(self, unit: _Unit) -> None:
        if unit.gate is None or unit.reports.keys() != unit.views:
            return
        del self._units[unit.number]
        outcome = self._outcome(unit, unit.gate)
        self.totals.ended[outcome.state, outcome.reason] += 1
        self._settle(Settled(outcome, unit.reports))

    def _outcome(self, unit: _Unit, gate: GateEvent) -> Outcome:
        verdict = combine([report.verdict for report in unit.reports.values()])
        disposition, reason, text = verdict.disposition, verdict.reason, verdict.text
        state: State = "held" if disposition is Disposition.HOLD else "rejected"
        if disposition is Disposition.ACCEPT:
            if gate.passed:
                state = "accepted"
            else:  # good, but not in time or not while the line was running
                reason = Reason.HELD if unit.held else Reason.LATE
                text = unit.held or self._why_late(unit.ready_ms)
                disposition = Disposition.REJECT
        elif gate.passed:
            state, text = "lost", f"ESCAPE: the gate passed a unit that was judged {disposition}: {text}"
        moved: GateMove = "PASS" if gate.passed else "REJECT"
        times = {
            f"{view}.{name}": round(ms, 2)
            for view, report in unit.reports.items()
            for name, ms in report.sight.times_ms.items()
        }
        times |= {
            f"{view}.ready": round(report.ready_ms, 2)
            for view, report in unit.reports.items()
            if report.ready_ms is not None
        }
        times["gate"] = round((gate.at_s - unit.triggered_s) * 1000, 2)
        return Outcome(
            batch=self._batch,
            epoch=self._epoch,
            unit=unit.number,
            disposition=disposition,
            reason=reason,
            text=text,
            findings=verdict.findings,
            reasons={
                view: report.verdict.reason
                for view, report in unit.reports.items()
                if report.verdict.reason is not None
            },
            observations={view: report.sight.observations for view, report in unit.reports.items()},
            judgements={view: report.sight.judgements for view, report in unit.reports.items()},
            gate=moved,
            state=state,
            digests=self._digests,
            taken_at=unit.taken_at,
            times_ms=times,
            sources={view: report.source for view, report in unit.reports.items()},
        )

    def _why_late(self, ready_ms: float) -> str:
        if ready_ms < self._due_after_ms:
            return f"found good {ready_ms:.0f} ms after the trigger, and yet the gate did not open: check the PLC"
        return f"found good {ready_ms:.0f} ms after the trigger, the gate had to be told by {self._due_after_ms:.0f} ms"


def combine(verdicts: list[Verdict]) -> Verdict:
    """The strictest view decides, a defect before what was not seen; findings of all views are kept.

    >>> good = Verdict(disposition=Disposition.ACCEPT)
    >>> held = Verdict(disposition=Disposition.HOLD, reason=Reason.UNSURE, text="a chip or a stain")
    >>> combine([good, held]).disposition
    <Disposition.HOLD: 'HOLD'>
    """
    worst = min(verdicts, key=lambda verdict: (_STRICTEST.index(verdict.disposition), verdict.reason != Reason.DEFECT))
    findings: tuple[Finding, ...] = tuple(finding for verdict in verdicts for finding in verdict.findings)
    return Verdict(disposition=worst.disposition, reason=worst.reason, text=worst.text, findings=findings)


def not_inspected(view: str, text: str, reason: Reason = Reason.NOT_INSPECTED) -> SeenView:
    """A view that nobody looked at: a reject."""
    return SeenView(view, verdict=Verdict(disposition=Disposition.REJECT, reason=reason, text=text))


def _never_came(view: str, *, held: str) -> ViewReport:
    """held: why the line was held, if it was: pictures were no longer taken then."""
    missing = f"no picture of view {view} came, or no verdict on it"
    if held:
        return ViewReport(not_inspected(view, f"{missing}; the line was held: {held}", Reason.HELD))
    return ViewReport(not_inspected(view, missing))
