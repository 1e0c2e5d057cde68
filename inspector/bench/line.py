"""The whole line at set rates, on a store of its own that is thrown away.

Everything is the real thing but the belt: the camera draws its units before the batch, the PLC is simulated, records
are forced to the disk that the line's own store lies on. Times run from when a trigger was due, so that what the
computer loses counts against the line.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from cameras.clock import SystemClock
from cameras.config import CameraConfig, ReplayCamera, SyntheticCamera
from cameras.driver import Driver, open_camera
from inspector.bench.figures import LineFigures, latency
from inspector.bench.machine import Load, forget_peak, peak_mb
from inspector.config import LineConfig
from inspector.errors import LineError
from inspector.examine import Examiner, Timing
from inspector.line.display import Display
from inspector.line.ledger import Settled, ViewReport
from inspector.line.line import BatchResult, Line, sample_pixels
from inspector.line.plc import SimulatedPlc
from inspector.line.status import LineStatus
from inspector.recipe import Recipe
from inspector.records.store import RecordStore
from inspector.run import PLC_MEMORY, refuse_other_scale
from models.problems import problems_of
from models.verdict import Reason

DEFECTIVE_PCT = 2.0
_FEW = 4  # questions about a unit

Step = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


@dataclass(frozen=True, slots=True)
class _Unit:
    """What the bench keeps of one unit."""

    good: bool | None  # drawn without a defect; None: not known
    reason: Reason | None
    looked_at: bool
    asked: int  # questions to the mind
    ready_ms: float
    eyes_ms: float | None
    mind_ms: float | None


class _Tally:
    """Shown every unit, like the live page."""

    def __init__(self) -> None:
        self.units: list[_Unit] = []

    def show(self, settled: Settled) -> None:
        reports = settled.reports.values()
        sources = [report.source for report in reports]
        told = [source.endswith(", good") for source in sources if source.endswith((", good", ", defective"))]
        self.units.append(
            _Unit(
                good=all(told) if told else None,
                reason=settled.outcome.reason,
                looked_at=all("eyes" in report.sight.times_ms for report in reports),
                asked=sum(len(report.sight.asked) for report in reports),
                ready_ms=max(report.ready_ms or 0.0 for report in reports),
                eyes_ms=_slowest(reports, "eyes"),
                mind_ms=_slowest(reports, "mind"),
            )
        )


def bench_line(
    path: Path,
    *,
    rates: Sequence[float],
    units: int,
    gate_after_ms: float,
    threads: int | None = None,
    step: Step,
) -> tuple[LineFigures, ...]:
    """One batch a rate on the line that `path` describes.

    Args:
        rates: units a minute.
        units: triggers a batch.
        gate_after_ms: from photo-eye to gate, in place of the line's own.
        threads: of the model, in place of the line's own.
        step: told what is going on, with units done and in all.

    Raises:
        CameraError, LineError, ModelError: as when the line itself is started.
    """
    recipe = Recipe.load(path)
    lines = [_altered(path, recipe.line, rate, gate_after_ms, threads or recipe.line.threads) for rate in rates]
    forget_peak()
    step("loading the model", 0, 1)
    examiner = Examiner(
        recipe.package, recipe.sheet, recipe.reading, threads=lines[0].threads, device=recipe.line.device
    )
    return tuple(
        _batch(replace(recipe, line=line), examiner, rate, units, step) for line, rate in zip(lines, rates, strict=True)
    )


def _batch(recipe: Recipe, examiner: Examiner, rate: float, units: int, step: Step) -> LineFigures:
    clock, name, views = SystemClock(), f"{rate:g} units/min", recipe.line.views
    with ExitStack() as open_things:
        folder = open_things.enter_context(_scratch(recipe.line.store.parent))
        store = open_things.enter_context(RecordStore.open(folder))
        drivers: dict[str, Driver] = {}
        for view, config in views.items():
            drivers[view] = open_camera(
                config.camera, clock, progress=lambda done, of: step(f"{name}: drawing units", done, of)
            )
            open_things.callback(drivers[view].close)
        refuse_other_scale(recipe, drivers)
        step(f"{name}: warming up", 0, units)
        scale = next(iter(views.values())).mm_per_px
        timing = examiner.warm_up(sample_pixels(*recipe.picture_px), mm_per_px=scale)
        load, tally = Load(), _Tally()
        line, display = _line(recipe, examiner, timing, drivers, store, clock, tally)
        display.start()
        try:
            result = line.run(units=units, each=lambda running: step(name, running.ledger.totals.triggers, units))
        finally:
            display.stop()
            display.join(5)
        return _figures(recipe, rate, result, tally.units, store.count(), display.dropped, examiner.providers, load)


def _line(
    recipe: Recipe,
    examiner: Examiner,
    timing: Timing,
    drivers: dict[str, Driver],
    store: RecordStore,
    clock: SystemClock,
    tally: _Tally,
) -> tuple[Line, Display]:
    gate_after_ms = recipe.line.gate_after_ms
    plc = SimulatedPlc(store.folder / PLC_MEMORY, stations=tuple(drivers), gate_after_ms=gate_after_ms, clock=clock)
    line = Line(recipe, examiner, timing, drivers, plc, store, clock)
    display = Display(store.live, LineStatus(line, recipe, providers=examiner.providers, clock=clock), clock)
    line.onlookers += [tally, display]
    return line, display


def _figures(
    recipe: Recipe,
    rate: float,
    result: BatchResult,
    units: list[_Unit],
    records: int,
    dropped: int,
    providers: tuple[str, ...],
    load: Load,
) -> LineFigures:
    seen = [unit for unit in units if unit.looked_at]
    good = [unit for unit in units if unit.good] if any(unit.good is not None for unit in units) else None
    camera = next(iter(recipe.line.views.values())).camera
    counts = result.counts
    return LineFigures(
        units_per_min=rate,
        gate_after_ms=recipe.line.gate_after_ms,
        defective_pct=camera.defective_pct if isinstance(camera, SyntheticCamera) else None,
        threads=recipe.line.threads,
        ended=result.ended,
        reason=result.reason,
        triggers=counts.triggers,
        records=records,
        missing=counts.triggers - records,
        escapes=counts.lost,
        accepted=counts.accepted,
        rejected=counts.rejected,
        held=counts.held,
        late=sum(unit.reason is Reason.LATE for unit in units),
        late_accepts=result.late,
        skipped=result.totals.skipped,
        good=None if good is None else len(good),
        good_late=None if good is None else sum(unit.reason is Reason.LATE for unit in good),
        ready=latency([unit.ready_ms for unit in seen]),
        clear=latency([unit.ready_ms for unit in seen if not unit.asked]),
        few=latency([unit.ready_ms for unit in seen if 0 < unit.asked <= _FEW]),
        many=latency([unit.ready_ms for unit in seen if unit.asked > _FEW]),
        eyes=latency([unit.eyes_ms for unit in units if unit.eyes_ms is not None]),
        mind=latency([unit.mind_ms for unit in units if unit.mind_ms is not None]),
        pictures_dropped=dropped,
        providers=providers,
        peak_mb=peak_mb(),
        others_pct=load.others_pct,
    )


def _camera(camera: CameraConfig, rate: float) -> CameraConfig:
    """The line's camera at another rate; it must not run out of units."""
    match camera:
        case SyntheticCamera():
            return camera.model_copy(update={"units_per_min": rate, "defective_pct": DEFECTIVE_PCT})
        case ReplayCamera():
            return camera.model_copy(update={"units_per_min": rate, "loop": True})
        case _:
            raise LineError(
                f"driver {camera.driver}: its material ends before a bench does. Nothing was measured. "
                "Name a line with a synthetic or a replay camera."
            )


def _altered(path: Path, line: LineConfig, rate: float, gate_after_ms: float, threads: int) -> LineConfig:
    views = {name: view.model_copy(update={"camera": _camera(view.camera, rate)}) for name, view in line.views.items()}
    changed = line.model_copy(update={"views": views, "gate_after_ms": gate_after_ms, "threads": threads})
    try:
        return LineConfig.model_validate(changed.model_dump())
    except ValidationError as error:
        raise LineError(problems_of(path, error)) from error


@contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A store that nobody keeps, on the disk of the line's own: records must cost what they cost there."""
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=beside, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _slowest(reports: Iterable[ViewReport], part: str) -> float | None:
    times = [report.sight.times_ms[part] for report in reports if part in report.sight.times_ms]
    return max(times, default=None)
