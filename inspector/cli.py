"""The command line: the composition root. It mounts every command and turns an error into one text and an exit code.

Here alone the upper folders meet: tuning's commands need torch, so they import it inside the command and name the
extra that is missing.
"""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cameras.errors import CameraError
from cameras.render import Content
from inspector.bench.precision import bench_precision
from inspector.commands import (
    bench,
    calibrate,
    evaluate,
    examples,
    line,
    operating_point,
    package,
    records,
    render,
    sheets,
)
from inspector.commands.screen import err, out, progress, steps
from inspector.commands.sheets import PACKAGE, PackageOption
from inspector.errors import LineError
from inspector.evaluation import write_report
from inspector.evaluation.cells import cells_of
from inspector.evaluation.teaching import teaching_report
from models.criteria import CriteriaSheet
from models.errors import ModelError
from models.example import Challenge, ShownUnit
from models.package import ModelPackage, PackageFacts
from models.sentences import load_sentences
from tuning.errors import TuningError

REFUSED = 1
RECIPE = Path("configs/tuning/embedded.yaml")

app = typer.Typer(
    help="Visual inspection by written criteria. Exit codes: 0 done, 1 refused (the text says what to do), 2 wrong "
    "usage, 3 the line was held, 4 words and fields of a sheet differ, 5 REJECT and 6 HOLD of a single picture.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(line.demo)
app.command()(line.run)
app.command()(line.examine)
app.command()(render.render)
app.command()(sheets.read)
app.command("what-if")(sheets.what_if_command)
app.add_typer(records.app, name="records")
app.add_typer(bench.app, name="bench")
app.command()(line.console)
app.command()(calibrate.calibrate)
app.command()(package.assemble)
app.command()(package.package)
app.command("operating-point")(operating_point.operating_point)


def _challenge(units: int, questions: int, facts: PackageFacts) -> Challenge:
    from tuning.challenge import draw_challenge  # the wordings take seconds to load

    return draw_challenge(units, questions, facts)


def _units(seeds: range, *, family: str, content: Content, held_out: bool, product: int | None) -> Iterator[ShownUnit]:
    from tuning.challenge import draw_units

    return draw_units(seeds, family=family, content=content, held_out=held_out, product=product)


def _photographs(
    good: Path, defects: Path | None, mm_per_px: float, package: ModelPackage | None
) -> tuple[Iterator[ShownUnit], tuple[str, ...]]:
    from tuning.teach.marks import photographed_units
    from tuning.teach.pictures import read_photographs

    shown = read_photographs(good, defects)
    return photographed_units(shown, mm_per_px, package), shown.remarks


app.command()(evaluate.command(_challenge))
app.command()(examples.command(_units, _photographs))


@contextmanager
def _with_extra() -> Iterator[None]:
    """Around the imports of what tuning does: where its extra is missing, say how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TuningError(
            f"{error.name} is not installed here. Tuning and teaching need more than a line PC has: pip install "
            "'.[tuning]'"
        ) from error


@app.command()
def tune(
    recipe: Annotated[Path, typer.Argument(help="Tuning recipe, YAML.")] = RECIPE,
    work: Annotated[
        Path, typer.Option("--work", help="Folder for pools and checkpoints; a tuning goes on where it stopped.")
    ] = Path("tuning-work"),
    to: Annotated[Path, typer.Option("--to", help="Folder of the package.")] = PACKAGE,
) -> None:
    """Reproduce eyes and mind of a package from pinned seeds; hours. Needs the tuning extra."""
    with _with_extra():
        from tuning.tune import tune as run_tuning
    made = run_tuning(recipe, work, to, say=lambda text: err.print(text, highlight=False))
    out.print(f"{to}: {made.digest}", highlight=False)


@app.command()
def instructions(
    to: Annotated[Path, typer.Argument(help="Folder to write.")],
    recipe: Annotated[Path, typer.Option("--recipe", help="Tuning recipe, YAML.")] = RECIPE,
    first: Annotated[int, typer.Option("--first", min=0, help="Training step to begin with.")] = 0,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Training steps to write out.")] = 500,
) -> None:
    """Write out what the mind is taught, task by task, and a datasheet of what is in it."""
    from tuning.config import load_recipe
    from tuning.mind.instructions import write_instructions

    with progress("tasks written") as step:
        page = write_instructions(
            load_recipe(recipe).mind, to, range(first, first + steps), progress=lambda done: step(done, steps)
        )
    out.print(f"{page}", highlight=False)


@app.command()
def teach(
    good: Annotated[Path, typer.Option("--good", help="Folder of photographs of good units, 20 to 100.")],
    sheet: Annotated[Path, typer.Option("--sheet", help="Criteria that the product is to be judged by, YAML.")],
    to: Annotated[Path, typer.Option("--to", help="Folder of the new package; its report goes beside it.")],
    defects: Annotated[
        Path | None,
        typer.Option(
            "--defects",
            help="Photographs of bad units: a folder with one folder a defect (NAME_mask.png beside a picture marks "
            "where), a .jsonl with image, defect, mask, boxes a line, or what `inspector examples` wrote. Without it "
            "good units alone teach.",
        ),
    ] = None,
    zones: Annotated[
        Path | None,
        typer.Option(
            "--zones",
            help="Places of the unit that criteria may name, YAML: boxes drawn on one good picture, see "
            "configs/zones/carton.yaml. Without it the product is one zone.",
        ),
    ] = None,
    mm_per_px: Annotated[
        float | None,
        typer.Option("--mm-per-px", min=0.0001, max=10, help="Scale of the photographs; without it in px."),
    ] = None,
    work: Annotated[Path, typer.Option("--work", help="Folder that keeps fetched weights.")] = Path("tuning-work"),
    steps: Annotated[int | None, typer.Option("--steps", min=20, help="Training steps, in place of the usual.")] = None,
) -> None:
    """Teach a new product from photographs: to a package and a report of what it can see; minutes on two cores.

    Every figure of the report is of pictures that were held out. Needs the tuning extra.
    """
    started_s = time.monotonic()
    with _with_extra():
        from tuning.teach.pictures import open_photographs
        from tuning.teach.teach import teach
        from tuning.teach.zones_file import open_zones, zone_names
    to = to if to.name else to.resolve()
    content = CriteriaSheet.load(sheet)
    if shares := [c.id for c in content.criteria if c.limit and c.limit.unit == "%" and c.severity != "off"]:
        raise LineError(
            f"{sheet}: criteria.{shares[0]}.limit: a taught package does not know the area that a unit has in %. "
            "Nothing was taught. State the limit in mm or mm2."
        )
    photographs = open_photographs(good, defects)
    drawn = open_zones(zones, photographs) if zones else None
    content.check_against(package="what these pictures teach", defects=photographs.defects, zones=zone_names(drawn))
    taught = teach(
        photographs,
        to,
        name=content.id,
        work=work,
        drawn=drawn,
        mm_per_px=mm_per_px,
        steps=steps,
        say=lambda text: err.print(text, highlight=False),
    )
    facts = {
        "pictures": f"{len(photographs.good)} good, {len(photographs.bad)} bad, {taught.made_up} with damage made up"
    }
    report, gallery = teaching_report(
        taught.package,
        taught.units,
        taught.seen,
        taught.at,
        auroc=taught.auroc,
        facts=facts,
        remarks=taught.remarks,
        took_s=time.monotonic() - started_s,
        threads=os.cpu_count() or 1,
    )
    folder = to.with_name(f"{to.name}-report")
    page = write_report(folder, report, gallery, content, taught.at, scaled=mm_per_px is not None)
    for figure in report.figures:
        if figure.topic == "pictures":
            cells = cells_of(figure)
            out.print(f"{figure.name}: {cells.value} ({cells.bounds or 'no bounds'}) {cells.counted}", highlight=False)
    for remark in taught.remarks:
        err.print(f"look at again: {remark}", highlight=False)
    out.print(f"{page}\n{to}: {taught.package.digest}", highlight=False)
    err.print(f"next: inspector read {sheet} --package {to}", highlight=False)


@bench.app.command("precision")
def precision(
    sentences: Annotated[Path, typer.Option("--sentences", help="YAML of sentences to read.")] = bench.SENTENCES,
    questions: Annotated[int, typer.Option("--questions", min=15, help="Observations to judge.")] = 2000,
    package: PackageOption = PACKAGE,
    threads: Annotated[int, typer.Option("--threads", min=1, help="CPU threads of the mind.")] = 2,
) -> None:
    """The mind as it ships, in eight bits, beside full precision and four bits: does anything come out otherwise?"""
    loaded, texts = ModelPackage.load(package), load_sentences(sentences)
    sheets = [sheet for sheet in _challenge(0, questions, loaded.manifest).sheets if sheet.observations]
    with steps("bench") as step:
        compared = bench_precision(loaded, texts, sheets, threads=threads, progress=step)
    for figure in compared.figures:
        cells = cells_of(figure)
        out.print(f"{figure.topic}: {figure.name} {cells.value} ({cells.bounds}) {cells.counted}", highlight=False)
    for name, said in compared.answers.items():
        out.print(
            f"{name}: {said.size_mb:.0f} MB, {said.read_s:.0f} s to read, {said.judge_s:.0f} s to judge",
            highlight=False,
        )


@bench.app.command("quality")
def quality(
    good: Annotated[Path, typer.Option("--good", help="Folder of photographs of good units.")],
    defects: Annotated[Path, typer.Option("--defects", help="Bad units, as for `inspector teach`.")],
    good_only: Annotated[bool, typer.Option("--good-only", help="Teach without a single bad unit.")] = False,
    anomalib: Annotated[
        Path | None, typer.Option("--anomalib", help="A Python that has anomalib, for its PatchCore.")
    ] = None,
    work: Annotated[Path, typer.Option("--work", help="Folder that keeps fetched weights.")] = Path("tuning-work"),
    seed: Annotated[int, typer.Option("--seed", help="Of every training.")] = 0,
) -> None:
    """Teach a product and what a user would otherwise pick on half of the pictures, and show all of them the others.

    The threshold behind "false rejects" is read off the pictures shown, for every way alike. Needs the tuning extra.
    """
    with _with_extra():
        from tuning.compare import compare
        from tuning.teach.pictures import open_photographs
    photographs = open_photographs(good, defects)
    rows = compare(
        photographs,
        good_only=good_only,
        work=work,
        anomalib=anomalib,
        seed=seed,
        say=lambda text: err.print(text, highlight=False),
    )
    table = Table(title=f"{good}: {len(photographs.good)} good, {len(photographs.bad)} bad", title_justify="left")
    for name in ("", "area under the curve", "false rejects at 95 % detection", "taught in s", "ms a picture"):
        table.add_column(name, justify="right" if name else "left")
    for row in rows:
        ms = f"{row.ms:.0f}" if row.ms else ""
        table.add_row(row.way, f"{row.area:.3f}", f"{row.false_rejects:.3f}", f"{row.taught_s:.0f}", ms)
    out.print(table)


def main() -> None:
    """Entry point of `inspector`."""
    try:
        app()
    except (CameraError, LineError, ModelError, TuningError) as error:
        err.print(str(error), style="red", highlight=False, markup=False)
        sys.exit(REFUSED)
    except OSError as error:  # a file named on the command line that may not be written, a full disk
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        said += ". Make room, or name another disk, and repeat." if error.errno == errno.ENOSPC else ""
        err.print(said, style="red", highlight=False, markup=False)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
