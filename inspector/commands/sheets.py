"""Sheets: show how the model reads one, take its words over, approve the reading, try a draft on recorded units."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from inspector.commands.screen import err, out, progress
from inspector.recipe import check_limits, hard_to_see, refuse_counts_over_views, sheet_for
from inspector.records.schema import LARGEST
from inspector.records.store import RecordStore
from inspector.what_if import WhatIf, what_if
from models.criteria import CriteriaSheet
from models.errors import ReadingInvalid
from models.mind import Mind
from models.note import SEVERITIES
from models.package import ModelPackage
from models.reading import Reading, describe, read_sheet, reading_path
from models.takeover import take_over
from models.verdict import Disposition

PACKAGE = Path("packages/embedded")
PackageOption = Annotated[Path, typer.Option("--package", help="Folder of the model package.")]
SheetArgument = Annotated[Path, typer.Argument(help="Criteria sheet, YAML.")]
_OBJECTED = {"differs": "DIFFER", "not plain": "NOT PLAIN", "unsure": "UNSURE"}
_ROWS = (Disposition.ACCEPT, Disposition.HOLD, Disposition.REJECT)


def read(
    sheet: SheetArgument,
    package: PackageOption = PACKAGE,
    write: Annotated[bool, typer.Option("--write", help="Write what the words mean into the fields.")] = False,
    approve: Annotated[str | None, typer.Option("--approve", help="Your name: the line may use this reading.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; needed with --approve.")] = None,
) -> None:
    """Show how the model reads a sheet, sentence by sentence, beside what the fields say.

    A reading approved for another package is kept until this one is approved.

    Exit code 0: words and fields agree. 4: they do not, or the model is unsure.
    """
    loaded = ModelPackage.load(package)
    sure_from = loaded.manifest.operating_point.sure_from
    signing = approve is not None or reason is not None
    content, reading = read_now(sheet, loaded, anew=signing)
    if write:
        for change in take_over(sheet, reading, sure_from=sure_from, load=lambda path: sheet_for(path, loaded)):
            out.print(change, highlight=False)
        content, reading = read_now(sheet, loaded, anew=signing)
    show(content, reading, sure_from)
    for doubt in hard_to_see(content, loaded):
        err.print(doubt, highlight=False)
    if signing:
        signed = reading.approved(by=approve or "", reason=reason or "")
        signed.check(content, package_digest=loaded.digest, sure_from=sure_from)
        reading = signed
    other = None if reading.approval else _approved_for_another(sheet, content, loaded)
    if other is not None:
        err.print(
            f"not saved: the reading approved for package {other.package_digest[:19]} was kept; --approve NAME "
            f"--reason WHY replaces it by this one of {loaded.digest[:19]}",
            highlight=False,
        )
    else:
        _save(reading, reading_path(sheet))
    if reading.objections(sure_from=sure_from):
        raise typer.Exit(4)


def _save(reading: Reading, path: Path) -> None:
    reading.save(path)
    if reading.approval is not None:
        out.print(
            f"approved by {reading.approval.by}: {reading.approval.reason}  ({reading.digest[:19]})", highlight=False
        )
    else:
        err.print("not approved: the line does not use this reading until --approve NAME --reason WHY", highlight=False)


def _approved_for_another(path: Path, sheet: CriteriaSheet, package: ModelPackage) -> Reading | None:
    """The kept reading, where another package's line may judge by it; how sure that one must be is its own."""
    try:
        kept = Reading.load(reading_path(path))
        kept.check(sheet, package_digest=kept.package_digest, sure_from=0)
    except ReadingInvalid:
        return None
    return None if kept.package_digest == package.digest else kept


def read_now(path: Path, package: ModelPackage, *, anew: bool = False) -> tuple[CriteriaSheet, Reading]:
    """A sheet and how the package reads it today.

    Args:
        anew: read every sentence, as for an approval; else those that were read before are taken from the file.
    """
    content = sheet_for(path, package)
    try:
        before = None if anew else Reading.load(reading_path(path))
    except ReadingInvalid:
        before = None
    glossary = package.manifest.glossary_with(content.glossary)
    with progress("reading") as step:
        mind = _LazyMind(package)
        reading = read_sheet(
            content,
            mind,
            package_digest=package.digest,
            defects=package.manifest.words.defects,
            glossary=glossary,
            before=before,
            progress=step,
        )
    return content, reading


class _LazyMind:
    """Loads the mind only when a sentence is new."""

    def __init__(self, package: ModelPackage) -> None:
        self._package = package

    def read(self, lines, glossary, progress=None):  # type: ignore[no-untyped-def]
        return Mind(self._package, threads=2).read(lines, glossary, progress)


def show(sheet: CriteriaSheet, reading: Reading, sure_from: float) -> None:
    """The reading as a table: words, what they mean to the model, what the fields say."""
    table = Table(
        title=f"{sheet.title} (version {sheet.version}), as the model reads it", title_justify="left", expand=True
    )
    for name, ratio in (
        ("id", 1),
        ("the words", 6),
        ("mean to the model", 4),
        ("score", 1),
        ("the fields say", 4),
        ("", 2),
    ):
        table.add_column(name, ratio=ratio, overflow="fold")
    kinds = {objection.id: objection.kind for objection in reading.objections(sure_from=sure_from)}
    for line in reading.lines:
        state = Text("switched off", "dim") if line.fields.kind == "off" else Text("agree", "green")
        if line.id in kinds:
            state = Text(_OBJECTED[kinds[line.id]], "bold red")
        table.add_row(line.id, line.sentence, describe(line.words), f"{line.score:.2f}", describe(line.fields), state)
    out.print(table)
    rejecting, recorded = (_of_severities(sheet, reject) for reject in (True, False))
    out.print(f"rejected: {rejecting}. Accepted, and only recorded: {recorded}.", highlight=False)
    for line in reading.lines:
        if line.read_as:
            out.print(f"{line.id}: read as: {line.read_as}", style="yellow", markup=False, highlight=False)
    for objection in reading.objections(sure_from=sure_from):
        out.print(f"{objection.id}: {objection.text}", style="red", highlight=False)


def _of_severities(sheet: CriteriaSheet, reject: bool) -> str:
    """The severities that reject a unit, or those that do not, each with its criteria."""
    said = []
    for severity in SEVERITIES:
        if (severity in sheet.rejects) == reject:
            own = [criterion.id for criterion in sheet.criteria if criterion.severity == severity]
            said.append(f"{severity} ({', '.join(own) or 'no criterion'})")
    return ", ".join(said) or "nothing"


def what_if_command(
    sheet: SheetArgument,
    store: Annotated[Path, typer.Option("--store", help="Record store of a line.")],
    batch: Annotated[int, typer.Option("--batch", min=1, max=LARGEST, help="Number of the batch.")],
    package: PackageOption = PACKAGE,
    most: Annotated[int, typer.Option("--most", min=0, help="Changed units to list.")] = 20,
) -> None:
    """Judge the recorded observations of a batch again under a draft sheet, without pictures.

    Both the batch's sheet and the draft are applied by the plain rule; the model's second opinion counts for neither.
    """
    loaded = ModelPackage.load(package)
    content, reading = read_now(sheet, loaded)
    at = loaded.manifest.operating_point
    if found := reading.objections(sure_from=at.sure_from):
        show(content, reading, at.sure_from)
        raise ReadingInvalid(
            f"{sheet}: {len(found)} criteria of the draft are not read as their fields say; mend them first."
        )
    with RecordStore.open_readonly(store) as opened:
        opening = opened.batch_summary(batch).opening
        check_limits(content, loaded, opening.scales)
        refuse_counts_over_views(content, tuple(opening.scales))
        seen_by = opening.digests.package
        if seen_by != loaded.digest:
            err.print(
                f"note: package {seen_by[:19]} saw the batch, {package} ({loaded.digest[:19]}) reads the draft; what "
                "was seen keeps its names and sizes",
                highlight=False,
            )
        with progress("judging again") as step:
            result = what_if(opened, batch, sheet=content, notes=reading.notes, progress=step)
    _show_what_if(result, most)


def _show_what_if(result: WhatIf, most: int) -> None:
    table = Table(
        title=f"batch {result.batch}: {result.units} units, {len(result.changed)} would change", title_justify="left"
    )
    for name in ("", "before", "after"):
        table.add_column(name, justify="right" if name else "left")
    for disposition in _ROWS:
        table.add_row(disposition, str(result.before.get(disposition, 0)), str(result.after.get(disposition, 0)))
    for reason, count in sorted(result.beyond.items()):
        table.add_row(f"  of these {reason}, not judged anew", str(count), str(count))
    out.print(table)
    for change in result.changed[:most]:
        out.print(f"unit {change.unit}: {change.before} -> {change.after}: {change.why}", highlight=False)
    if len(result.changed) > most:
        err.print(f"{len(result.changed) - most} more; list them with --most", highlight=False)
