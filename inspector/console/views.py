"""What the page shows, read from the store, the live folder and the sheet; nothing here writes anything.

A problem with any of them is text for the page, because whoever looks at it must see why it is empty.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pydantic import ValidationError

from inspector.annotate import annotate, warmed
from inspector.errors import LineError
from inspector.line.display import STATUS_FILE
from inspector.line.status import Status
from inspector.records.batch import BatchSummary
from inspector.records.evidence import heat_of
from inspector.records.record import InspectionRecord, State
from inspector.records.store import RecordStore
from models.criteria import CriteriaSheet, Criterion
from models.digest import digest_bytes
from models.errors import ModelError, ReadingInvalid
from models.reading import Reading, ReadLine, reading_path
from models.verdict import Verdict

STALE_S = 5.0  # a line renews its status twice a second
_LIVE_PICTURE = re.compile(r"[0-9]{3}\.jpg")
_REFUSED: tuple[State, ...] = ("rejected", "held", "lost")


class Lamp(StrEnum):
    """The one word that must be read from across the room."""

    RUNNING = "RUNNING"
    HELD = "HELD"
    ENDED = "ENDED"
    NO_LINE = "NO LINE"


@dataclass(frozen=True, slots=True)
class LiveView:
    """The line now, or the last that was heard of it."""

    lamp: Lamp
    text: str
    status: Status | None


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One criterion beside what the model made of it; `line` is None when it has not read it."""

    criterion: Criterion
    line: ReadLine | None
    agreement: Literal["agrees", "differs", "not plain", "unsure", "off", "not read"]
    why: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """A sheet and its reading. `usable`: a line may judge by it, as far as can be told without its package."""

    path: Path
    sheet: CriteriaSheet
    reading: Reading | None
    rows: tuple[SheetRow, ...]
    usable: bool
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is nothing to show, and what to do."""

    text: str


def live(folder: Path, *, now: datetime) -> LiveView:
    """The line that writes into this live folder."""
    try:
        status = Status.model_validate_json((folder / STATUS_FILE).read_bytes())
    except FileNotFoundError:
        return LiveView(Lamp.NO_LINE, "No line is running. Start one with: inspector run --line LINE", None)
    except (OSError, ValidationError) as error:
        return LiveView(Lamp.NO_LINE, f"{folder / STATUS_FILE} cannot be read: {_first_line(error)}", None)
    if status.state == "ended":
        if status.reason:
            return LiveView(Lamp.HELD, f"Batch {status.batch} was held and has ended: {status.reason}", status)
        return LiveView(Lamp.ENDED, f"Batch {status.batch} has ended.", status)
    silent_s = (now - status.updated_at).total_seconds()
    if silent_s > STALE_S:
        return LiveView(Lamp.NO_LINE, f"No line is running: nothing was heard for {_age(silent_s)}.", status)
    if silent_s < -STALE_S:
        ahead = f"what was last heard is dated {_age(-silent_s)} ahead. Set the computer's date right"
        return LiveView(Lamp.NO_LINE, f"Whether a line is running cannot be told: {ahead}.", status)
    if status.state == "held":
        return LiveView(Lamp.HELD, status.reason or "The line is held.", status)
    return LiveView(Lamp.RUNNING, "", status)


def live_picture(folder: Path, name: str) -> bytes | None:
    """One of the annotated pictures; None for any other name, and when it is not there."""
    if not _LIVE_PICTURE.fullmatch(name):
        return None
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def sheet(path: Path | None, *, sure_from: float | None) -> SheetView | Problem:
    """A sheet beside its reading.

    Args:
        sure_from: score from which a reading is sure; None when no package is known, scores are then only shown.
    """
    if path is None:
        return Problem("No sheet is known: start a line on this store.")
    try:
        written = CriteriaSheet.load(path)
    except ModelError as error:
        return Problem(str(error))
    try:
        reading = Reading.load(reading_path(path))
    except ModelError as error:
        rows = tuple(SheetRow(c, None, "not read", "") for c in written.criteria)
        return SheetView(path, written, None, rows, usable=False, text=str(error))
    rows = _rows(written, reading, sure_from or 0.0)
    try:
        reading.check(written, package_digest=reading.package_digest, sure_from=sure_from or 0.0)
    except ReadingInvalid as error:
        return SheetView(path, written, reading, rows, usable=False, text=_first_line(error))
    return SheetView(path, written, reading, rows, usable=True, text="")


def _rows(written: CriteriaSheet, reading: Reading, sure_from: float) -> tuple[SheetRow, ...]:
    objections = {objection.id: objection for objection in reading.objections(sure_from=sure_from)}
    lines = {line.id: line for line in reading.lines}
    rows = []
    for criterion in written.criteria:
        line = lines.get(criterion.id)
        if line is None or line.sentence != criterion.sentence:
            rows.append(SheetRow(criterion, None, "not read", "this sentence has not been read yet"))
        elif criterion.severity == "off":
            rows.append(SheetRow(criterion, line, "off", "switched off"))
        elif (objection := objections.get(criterion.id)) is not None:
            rows.append(SheetRow(criterion, line, objection.kind, objection.text))
        else:
            rows.append(SheetRow(criterion, line, "agrees", ""))
    return tuple(rows)


def last_sure_from(store: Path) -> float | None:
    """Score from which the package of the last batch held a reading to be sure."""
    known = batches(store, 1)
    return known[0].opening.operating_point.sure_from if not isinstance(known, Problem) and known else None


def batches(store: Path, count: int) -> tuple[BatchSummary, ...] | Problem:
    """The newest batches, newest first."""
    try:
        with RecordStore.open_readonly(store) as records:
            return tuple(reversed(records.batches(count)))
    except LineError as error:
        return Problem(str(error))


def batch_numbers(store: Path) -> tuple[int, ...]:
    """Of all batches, newest first; none where there is no store."""
    try:
        with RecordStore.open_readonly(store) as records:
            return tuple(reversed(records.batch_numbers()))
    except LineError:
        return ()


def newest(store: Path, batch: int, count: int, *, only_refused: bool) -> tuple[InspectionRecord, ...] | Problem:
    """The newest records of a batch, newest first."""
    try:
        with RecordStore.open_readonly(store) as records:
            return records.latest(count, batch, states=_REFUSED if only_refused else None)
    except LineError as error:
        return Problem(str(error))


def record(store: Path, batch: int, unit: int) -> InspectionRecord | Problem:
    """The record of one unit."""
    try:
        with RecordStore.open_readonly(store) as records:
            found = records.unit(batch, unit)
    except LineError as error:
        return Problem(str(error))
    return found or Problem(f"Unit {unit} has no record in batch {batch}.")


def evidence(store: Path, shown: InspectionRecord, name: str) -> NDArray[np.uint8] | Problem:
    """The kept picture of a view with the verdict of its record drawn on it, or the heat map over it.

    Args:
        name: a view, or `heat_of` it.
    """
    kept = kept_of(store, shown, name)
    if isinstance(kept, Problem):
        return kept
    pixels, heat = kept
    if heat is not None:
        return warmed(pixels, np.asarray(heat, np.uint8))
    findings = tuple(f for f in shown.findings if f.view == name)
    verdict = Verdict(disposition=shown.disposition, reason=shown.reason, text=shown.text, findings=findings)
    seen = shown.observations.get(name, ())
    return annotate(pixels, verdict, seen, unit=shown.unit, mm_per_px=_scale(store, shown.batch, name))


def kept_of(
    store: Path, shown: InspectionRecord, name: str
) -> tuple[NDArray[np.generic], NDArray[np.generic] | None] | Problem:
    """What `evidence` draws, read and checked and not drawn yet: the picture, and the heat map if that is asked for."""
    view = next((view for view in shown.evidence if heat_of(view) == name), name)
    pixels = _kept(store, shown, view)
    if isinstance(pixels, Problem) or view == name:
        return pixels if isinstance(pixels, Problem) else (pixels, None)
    heat = _kept(store, shown, name)
    return heat if isinstance(heat, Problem) else (pixels, heat)


def _kept(store: Path, shown: InspectionRecord, name: str) -> NDArray[np.generic] | Problem:
    """A picture of the evidence folder, if its bytes are still those recorded."""
    kept = shown.evidence.get(name)
    if kept is None:
        return Problem("No picture was kept: all rejects and holds have one, accepted units only a sample.")
    folder = (store / "evidence").resolve()
    path = (folder / kept.file).resolve()
    if not path.is_relative_to(folder):
        return Problem(f"{kept.file} lies outside the evidence folder and was not opened.")
    try:
        content = path.read_bytes()
        if digest_bytes(content) != kept.sha256:
            return Problem(f"{kept.file} is not the picture that was recorded: its digest differs. Tell QA.")
        return np.load(path, allow_pickle=False) if path.suffix == ".npy" else _decoded(path)
    except (OSError, ValueError, UnidentifiedImageError) as error:
        return Problem(f"{kept.file} cannot be read: {_first_line(error)}")


def _decoded(path: Path) -> NDArray[np.generic]:
    with Image.open(path) as image:
        return np.asarray(image)


def _scale(store: Path, batch: int, view: str) -> float | None:
    """mm per px of a view, from the line's settings that the batch was opened with."""
    try:
        with RecordStore.open_readonly(store) as records:
            return records.batch_summary(batch).opening.scales.get(view)
    except LineError:
        return None


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
