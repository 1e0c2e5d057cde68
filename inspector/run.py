"""Run one batch: load and check everything, recover what a crash left behind, then hand over to the line.

The store is claimed first, because a second process on it must be told so at once; models are loaded last, because
loading takes seconds and nothing else is running yet.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from threading import Event

from pydantic import JsonValue

from cameras.clock import Clock, SystemClock
from cameras.driver import Driver, open_camera
from cameras.drivers.replay import ReplayDriver
from inspector.errors import LineError
from inspector.examine import Examiner
from inspector.line.display import Display
from inspector.line.line import BatchResult, Line, sample_pixels
from inspector.line.plc import UNFLUSHED, SimulatedPlc, remembered
from inspector.line.status import LineStatus
from inspector.recipe import Recipe, hard_to_see, partly_unseen, refuse_slow
from inspector.records.batch import EventKind
from inspector.records.store import RecordStore

PLC_MEMORY = "plc.memory"
UNRECORDED = 10_000  # more than wait for a record: 512 before the writer holds the line, and 100 a second for some 15 s
_BEHIND = "numbering goes on behind"  # unit, in what a recovery writes down
_SAME_SCALE = 0.01  # a camera that knows its scale may differ from the line's setting by this share

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


def run_batch(
    path: Path,
    *,
    units: int | None = None,
    stop: Event | None = None,
    say: Say,
    drawing: Progress,
    each: Callable[[Line], None] | None = None,
    clock: Clock | None = None,
) -> BatchResult:
    """One batch on the line that `path` describes, from claiming the store to the closing record.

    Args:
        units: end after so many; None: when the material ends or `stop` is set.
        say: told what is going on, a line at a time.
        drawing: told how far a synthetic camera is with drawing its units.

    Raises:
        CameraError, LineError, ModelError: nothing was started.
    """
    clock = clock or SystemClock()
    recipe = Recipe.load(path)
    for doubt in (*hard_to_see(recipe.sheet, recipe.package), *partly_unseen(recipe)):
        say(doubt)
    with ExitStack() as open_things:
        store = open_things.enter_context(RecordStore.open(recipe.line.store))
        memory = recipe.line.store / PLC_MEMORY
        plc = SimulatedPlc(
            memory,
            stations=tuple(recipe.line.views),
            gate_after_ms=recipe.line.gate_after_ms,
            clock=clock,
            last_recorded=recover(store, remembered(memory), clock, say),
        )
        cameras = {name: open_camera(view.camera, clock, progress=drawing) for name, view in recipe.line.views.items()}
        for driver in cameras.values():
            open_things.callback(driver.close)
        refuse_other_scale(recipe, cameras)
        refuse_unpaired(cameras)
        say("loading the model and reading the sheet into it")
        examiner = Examiner(
            recipe.package, recipe.sheet, recipe.reading, threads=recipe.line.threads, device=recipe.line.device
        )
        scale = next(iter(recipe.line.views.values())).mm_per_px
        timing = examiner.warm_up(sample_pixels(*recipe.picture_px), mm_per_px=scale)
        refuse_slow(timing.slowest_look_ms, recipe.line.gate_after_ms)
        line = Line(recipe, examiner, timing, cameras, plc, store, clock)
        status = LineStatus(line, recipe, providers=examiner.providers, clock=clock)
        display = Display(store.live, status, clock)
        line.onlookers.append(display)
        display.start()
        say(
            f"batch {line.batch}: {recipe.sheet.title}, version {recipe.sheet.version}; looks take up to "
            f"{timing.slowest_look_ms:.0f} ms here"
        )
        try:
            return line.run(units=units, stop=stop, each=each)
        finally:
            status.end()
            display.stop()
            display.join(5)


def last_unit(store: RecordStore) -> int:
    """The highest unit number that the store knows of; 0 in an empty one."""
    known = [store.highest_unit()]
    for batch in store.batches():
        known += [batch.opening.units_before, *(units.last or units.first for units in batch.quarantined)]
    behind = (event.data.get(_BEHIND, 0) for event in store.events() if event.kind is EventKind.RECOVERED)
    return max([*known, *(int(str(number)) for number in behind)])


def recover(store: RecordStore, in_memory: int | None, clock: Clock, say: Say) -> int:
    """End every batch that a crash left open: it is not releasable, and its units without a record are listed.

    Where the PLC's memory is lost, or ends before the records because an older one was put back, nobody can know how
    many units came after the last record: all numbers from there on are in quarantine. A memory that may be right can
    be `UNFLUSHED` units behind after a power cut: so many more are in quarantine, whether they came or not. Where no
    batch is open and the PLC is ahead, units passed without a batch or the records of one are lost: that is said.

    Args:
        in_memory: the last number in the PLC's memory; None: it is lost.

    Returns:
        A number that is not below any that was given: numbering goes on behind it.
    """
    recorded, unfinished = last_unit(store), store.unfinished()
    last_given: int | None = None
    if not store.batch_numbers() or (in_memory is not None and in_memory >= recorded and not unfinished):
        if in_memory and in_memory > recorded:
            ahead = (
                f"the PLC has counted to unit {in_memory}, the records end at {recorded} and no batch is open: units "
                f"{recorded + 1} to {in_memory} have no record. If a batch ran then, its records are lost: release "
                "nothing of it, and restore the store with its records.sqlite-wal"
            )
            known: dict[str, JsonValue] = {_BEHIND: in_memory}
            store.append_event(EventKind.RECOVERED, ahead, batch=None, at=clock.utc(), by="recovery", data=known)
            say(ahead)
        return in_memory or 0
    if in_memory is None or in_memory < recorded:
        behind = recorded + UNRECORDED
        ends = "is lost" if in_memory is None else f"ends at unit {in_memory}, before the records, and is not trusted"
        doubt = f"the PLC's memory {ends}: how many units came after unit {recorded} cannot be known"
    else:
        behind = last_given = in_memory + UNFLUSHED
        doubt = f"the PLC's memory ends at unit {in_memory}, after a power cut up to {UNFLUSHED} units too early"
    doubt += f". Numbering goes on at {behind + 1}, so that no number is used twice"
    batch = unfinished[0].batch if unfinished else None
    store.append_event(EventKind.RECOVERED, doubt, batch=batch, at=clock.utc(), by="recovery", data={_BEHIND: behind})
    say(doubt)
    for left in unfinished:
        ended = store.quarantine(left.batch, last_given, at=clock.utc(), by="recovery")
        units = ", ".join(map(str, ended.quarantined)) or "none"
        say(
            f"batch {left.batch} was never closed: it is not releasable. Units without a record, in quarantine: {units}"
        )
    return behind


def refuse_unpaired(cameras: Mapping[str, Driver]) -> None:
    """Replayed views belong together by their order: where one lacks a picture, units would get their neighbour's."""
    replayed = [(name, driver.files) for name, driver in cameras.items() if isinstance(driver, ReplayDriver)]
    for (first, ones), (other, others) in pairwise(replayed):
        if len(ones) != len(others):
            raise LineError(
                f"views.{first} replays {len(ones)} pictures and views.{other} {len(others)}: their pictures belong to "
                "the same units one by one, in order. Nothing was started. Complete the folders."
            )
        here, there = [path.stem for path in ones], [path.stem for path in others]
        shared = set(here) & set(there)
        if apart := next(((a, b) for a, b in zip(here, there, strict=True) if a != b and {a, b} & shared), None):
            raise LineError(
                f"views.{first} shows {apart[0]} where views.{other} shows {apart[1]}, though both have pictures of "
                "one name: units would be judged by their neighbours' pictures. Nothing was started. Complete the "
                "folders."
            )


def refuse_other_scale(recipe: Recipe, cameras: Mapping[str, Driver]) -> None:
    """A camera that knows its own scale must agree with the line's setting, or every size would be wrong."""
    for name, driver in cameras.items():
        known: float | None = getattr(driver, "mm_per_px", None)
        stated = recipe.line.views[name].mm_per_px
        if known is not None and abs(stated / known - 1) > _SAME_SCALE:
            raise LineError(
                f"views.{name}.mm_per_px is {stated:g}, {driver.name} shows {known:.4f}: sizes would be wrong by "
                f"{abs(stated / known - 1) * 100:.0f} %. Nothing was started. Write {known:.4f} into the line's file."
            )
