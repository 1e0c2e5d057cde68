"""Records at the command line: list batches, show a unit, export, verify."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.table import Table

from inspector.commands.screen import err, out, progress, wide
from inspector.errors import LineError
from inspector.records.batch import Head
from inspector.records.export import export_csv, export_json_lines
from inspector.records.schema import LARGEST
from inspector.records.store import RecordStore
from models.whole_file import written_whole

app = typer.Typer(help="Records of a line: list, show, export, verify.", no_args_is_help=True)
StoreArgument = Annotated[
    Path, typer.Argument(help="Record store of a line: the folder that its `store` setting names.")
]
BatchOption = Annotated[int | None, typer.Option("--batch", min=1, max=LARGEST, help="Only this batch.")]


@app.command("list")
def list_batches(store: StoreArgument) -> None:
    """Every batch with its counts, whether it may be released, and which units are in quarantine."""
    table = Table(title=str(store), title_justify="left", padding=0)  # so that dates fit 80 columns whole
    columns = ("batch", "opened", "product", "units", "accepted", "rejected", "held", "lost", "releasable")
    for name in columns:
        justify: Literal["left", "right"] = "left" if name in ("opened", "product", "releasable") else "right"
        table.add_column(name, justify=justify, overflow="fold")
    with RecordStore.open_readonly(store) as opened:
        for batch in opened.batches():
            tally = batch.tally
            state = "yes" if batch.releasable else f"no, {batch.withheld}"
            counts = (tally.records, tally.accepted, tally.rejected, tally.held, tally.lost)
            table.add_row(
                str(batch.batch),
                f"{batch.opened_at:%Y-%m-%d %H:%M:%S}",
                batch.opening.product,
                *map(str, counts),
                state,
            )
    wide().print(table)


@app.command()
def show(store: StoreArgument, batch: Annotated[int, typer.Argument()], unit: Annotated[int, typer.Argument()]) -> None:
    """The record of one unit, whole, as JSON."""
    with RecordStore.open_readonly(store) as opened:
        record = opened.unit(batch, unit)
        if record is None:
            opened.batch_summary(batch)  # refused where there is none
            units = [judged.unit for judged in opened.judged(batch)]
            there = f"the first that has one is {min(units)}, the last {max(units)}" if units else "none has one"
            raise LineError(
                f"{store}: batch {batch} has no record of unit {unit}; {there}. Units are numbered on across batches."
            )
    out.print_json(record.model_dump_json())


@app.command()
def export(
    store: StoreArgument,
    to: Annotated[Path | None, typer.Option("--to", help="File; stdout if not given.")] = None,
    form: Annotated[
        Literal["csv", "jsonl"], typer.Option("--form", help="csv: a row a unit. jsonl: whole records.")
    ] = "csv",
    batch: BatchOption = None,
) -> None:
    """Export records; counts and hashes are those of the database."""
    write = export_csv if form == "csv" else export_json_lines
    if to is not None and to.resolve().is_relative_to(store.resolve()):
        raise LineError(f"{to}: lies in the record store. Nothing was exported. Name a file outside {store}.")
    with RecordStore.open_readonly(store) as opened:
        if batch is not None:
            opened.batch_summary(batch)  # refused where there is none
        if to is None:
            count = write(opened, batch, sys.stdout)
        else:
            with written_whole(to, newline="") as file:
                count = write(opened, batch, file)
    err.print(f"{count} records exported", highlight=False)


@app.command()
def verify(
    store: StoreArgument,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", help="An earlier output of `records head`: shows a tail cut off since.")
    ] = None,
    evidence: Annotated[bool, typer.Option("--evidence", help="Also check every kept file.")] = False,
) -> None:
    """Check every record's hash against the one before it."""
    before = _head_in(anchor) if anchor else None
    with RecordStore.open_readonly(store) as opened, progress("verifying") as step:
        total = opened.count()
        checked = opened.verify(anchor=before, evidence=evidence, progress=lambda done: step(done, total))
    pictures = f", {checked.pictures} pictures and heat maps" if evidence else ""
    out.print(
        f"{store}: {checked.records} records and {checked.events} events, chain intact{pictures}", highlight=False
    )


def _head_in(anchor: Path) -> Head:
    try:
        return Head.model_validate_json(anchor.read_bytes())
    except ValidationError as error:
        raise LineError(
            f"{anchor}: is no output of `inspector records head`. Nothing was verified. Name the file that it was kept "
            "in."
        ) from error


@app.command()
def head(store: StoreArgument) -> None:
    """The ends of both chains as JSON, to be kept outside the store."""
    with RecordStore.open_readonly(store) as opened:
        out.print_json(opened.head().model_dump_json())
