"""Set a package's thresholds on calibration units for a stated target; what comes out is another package."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from inspector.commands.screen import err, out, progress
from inspector.commands.sheets import PACKAGE
from inspector.errors import LineError
from inspector.evaluation.cells import cells_of
from models.evaluate_eyes import look_at
from models.example_files import open_examples
from models.eyes import Eyes
from models.metrics import rate, share
from models.operating import Point, Scored, Target, choose, scored_units, sizes_of_classes
from models.package import ModelPackage, refuse_filled


def operating_point(
    data: Annotated[Path, typer.Option("--data", help="Folder of calibration units with examples.jsonl.")],
    to: Annotated[Path, typer.Option("--to", help="Folder of the new package.")],
    package: Annotated[Path, typer.Argument(help="Folder of the model package.")] = PACKAGE,
    false_per_good: Annotated[
        float | None, typer.Option("--false-per-good", min=0, help="Findings a good unit at the most, e.g. 0.01.")
    ] = None,
    found: Annotated[
        float | None, typer.Option("--found", min=0, max=1, help="Share of the defects found at the least, e.g. 0.95.")
    ] = None,
    held: Annotated[
        float, typer.Option("--held", min=0, max=1, help="Share of good units rejected or held at the most.")
    ] = 0.05,
    threads: Annotated[int, typer.Option("--threads", min=1, help="CPU threads of the eyes.")] = 1,
) -> None:
    """Choose from which score a region is a finding, and from which it holds the unit.

    Do not evaluate the new package on the same units: its thresholds were read off them. It has a digest of its own,
    so its readings are approved anew.
    """
    try:
        target = Target(false_per_good=false_per_good, found=found, held=held)
    except ValidationError as error:
        problem = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise LineError(
            f"operating point: {problem}. Nothing was set. State one of --false-per-good and --found, and --held."
        ) from error
    refuse_filled(to)
    loaded = ModelPackage.load(package)
    words = loaded.manifest.words
    units = open_examples(data, defects=words.defects, zones=words.zones)
    with progress("look at units") as step:
        seen = look_at(units, Eyes(loaded, threads=threads), progress=lambda done: step(done, len(units)))
    scored = scored_units(seen)
    point = choose(scored, target)
    sizes = sizes_of_classes(scored.cases, words.defects, point.hold_from)
    source = f"{target.model_dump_json(exclude_none=True)} on {len(units)} units, {units.digest}"
    made = loaded.at_point(to, real_from=point.real_from, hold_from=point.hold_from, smallest_px=sizes, source=source)
    _show(scored, point, loaded)
    err.print("The figures above are of the units that set the thresholds: evaluate on others.", highlight=False)
    out.print(f"{to}: {made.digest}", highlight=False)


def _show(scored: Scored, point: Point, before: ModelPackage) -> None:
    old = before.manifest.operating_point
    table = Table(title="operating point, shares with 95 % bounds", title_justify="left")
    for name in (
        "",
        "finding from",
        "held from",
        "defects found",
        "found or held",
        "false findings",
        "good units held",
    ):
        table.add_column(name, justify="right" if name else "left")
    for name, real, hold in (("before", old.real_from, old.hold_from), ("now", point.real_from, point.hold_from)):
        counts = (scored.found(real), scored.found(hold)), (scored.false(real), scored.held(hold))
        shares = [_share(hits, len(scored.cases)) for hits in counts[0]]
        false = cells_of(rate("", "", counts[1][0], scored.good_units))
        good = f"{false.value} ({false.bounds}) a good unit", _share(counts[1][1], scored.good_units)
        table.add_row(name, f"{real:g}", f"{hold:g}", *shares, *good)
    out.print(table)


def _share(hits: int, shown: int) -> str:
    cells = cells_of(share("", "", hits, shown))
    return f"{cells.value} ({cells.bounds})"
