"""What a running line says about itself to the live page, as one small file that is replaced whole.

The page is another process and asks for nothing: a status no longer renewed is its sign that no line is running.
"""

from collections import deque
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cameras.clock import Clock
from inspector.line.line import Line
from inspector.recipe import Recipe
from inspector.records.record import Moment, State
from models.metrics import quantile
from models.verdict import Disposition, Finding, Reason

LineState = Literal["running", "held", "ended"]
RATE_WINDOW_S = 10.0


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShownFrame(_Strict):
    """One annotated picture in the live folder and the unit it shows."""

    file: str
    batch: int
    unit: int
    view: str
    disposition: Disposition
    reason: Reason | None
    text: str
    state: State
    taken_at: Moment
    findings: tuple[Finding, ...] = ()


class Status(_Strict):
    """A line at one moment. Times are ms from the trigger, or of the model part they name; None: not measured yet."""

    line: str
    state: LineState
    reason: str = ""  # why it is held
    batch: int
    product: str
    sheet_id: str
    sheet_title: str
    sheet_version: int
    sheet_path: str
    sure_from: float | None = None  # score from which a reading is sure, from the package
    triggered: int = 0
    accepted: int = 0
    held: int = 0
    sampled: int = 0
    lost: int = 0
    rejected: dict[str, int] = Field(default_factory=dict)  # by reason
    late: int = 0  # accepts that came after their deadline
    skipped: int = 0  # frames that were not examined
    queue: int = 0  # frames that wait for the eyes, and units that wait for the mind
    units_per_min: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    eyes_ms: float | None = None
    mind_ms: float | None = None
    providers: tuple[str, ...] = ()
    updated_at: Moment
    frames: tuple[ShownFrame, ...] = ()  # newest first
    display_dropped: int = 0  # pictures that were not drawn because newer ones came; every unit has its record
    display_failures: int = 0  # pictures that could not be drawn, or states that the disk refused


class LineStatus:
    """Reads a line's counters; called by the display about twice a second, from its thread."""

    def __init__(self, line: Line, recipe: Recipe, *, providers: tuple[str, ...], clock: Clock) -> None:
        self._line, self._recipe, self._providers, self._clock = line, recipe, providers, clock
        self._seen: deque[tuple[float, int]] = deque()
        self._ended = False

    def end(self) -> None:
        """The batch is over: every status from here on says so."""
        self._ended = True

    def __call__(self) -> Status:
        line, sheet, totals = self._line, self._recipe.sheet, self._line.ledger.totals
        states = totals.states
        return Status(
            line=self._recipe.line.name,
            state="ended" if self._ended else "held" if line.held else "running",
            reason=line.held,
            batch=line.batch,
            product=sheet.product,
            sheet_id=sheet.id,
            sheet_title=sheet.title,
            sheet_version=sheet.version,
            sheet_path=str(self._recipe.line.sheet),
            sure_from=self._recipe.package.manifest.operating_point.sure_from,
            triggered=totals.triggers,
            accepted=states["accepted"],
            held=states["held"],
            sampled=states["sampled"],
            lost=states["lost"],
            rejected={reason.value: count for reason, count in totals.because("rejected").items()},
            late=line.gate.late,
            skipped=totals.skipped,
            queue=line.looking.waiting + line.thinking.waiting,
            units_per_min=self._units_per_min(totals.triggers),
            p50_ms=_share(totals.ready_ms, 0.5),
            p99_ms=_share(totals.ready_ms, 0.99),
            eyes_ms=_share(totals.eyes_ms, 0.5),
            mind_ms=_share(totals.mind_ms, 0.5),
            providers=self._providers,
            updated_at=self._clock.utc(),
        )

    def _units_per_min(self, triggers: int) -> float | None:
        now_s = self._clock.now_s()
        self._seen.append((now_s, triggers))
        while now_s - self._seen[0][0] > RATE_WINDOW_S:
            self._seen.popleft()
        since_s, before = self._seen[0]
        return round((triggers - before) * 60 / (now_s - since_s), 1) if now_s > since_s + 1 else None


def _share(values: Iterable[float], share: float) -> float | None:
    """The value below which that share of them lies; None of nothing."""
    seen = list(values)
    return round(quantile(seen, share), 1) if seen else None
