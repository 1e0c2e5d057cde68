"""Evaluate a package on this machine: every figure that its model card claims, with exact bounds and counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from inspector.commands.screen import err, steps, wide
from inspector.evaluation import write_report
from inspector.evaluation.cells import cells_of
from inspector.recipe import sheet_for
from models.evaluate import REPETITIONS, Report
from models.evaluate import evaluate as evaluate_package
from models.example import Challenge
from models.example_files import open_examples
from models.exhibits import Gallery
from models.metrics import Figure
from models.package import ModelPackage, PackageFacts

QUICK_UNITS, QUICK_QUESTIONS, QUICK_REPETITIONS = 60, 120, 20

DrawChallenge = Callable[[int, int, PackageFacts], Challenge]  # of so many units and questions, for a package


def command(draw: DrawChallenge) -> Callable[..., None]:
    """`inspector evaluate` over challenges that come from elsewhere: the command line hands them in."""

    def evaluate(
        package: Annotated[Path, typer.Argument(help="Folder of the model package.")] = Path("packages/embedded"),
        data: Annotated[
            Path | None,
            typer.Option("--data", help="Folder of pictures with examples.jsonl, in place of rendered units."),
        ] = None,
        sheet: Annotated[
            Path | None,
            typer.Option("--sheet", help="Criteria that units are judged by; a standard sheet if not given."),
        ] = None,
        to: Annotated[
            Path, typer.Option("--report", help="Folder for report.html, figures.json and the worst mistakes as PNG.")
        ] = Path("evaluation"),
        units: Annotated[int, typer.Option("--units", min=0, help="Units to look at; 0: none.")] = 1000,
        questions: Annotated[
            int, typer.Option("--questions", min=0, help="Observations to judge, sentences on top; 0: none.")
        ] = 2000,
        quick: Annotated[
            bool, typer.Option("--quick", help=f"A short look: {QUICK_UNITS} units, {QUICK_QUESTIONS} questions.")
        ] = False,
        threads: Annotated[int, typer.Option("--threads", min=1, help="CPU threads for each of eyes and mind.")] = 1,
        beside: Annotated[
            Path | None,
            typer.Option(
                "--beside", help="figures.json of the same package to add: units and questions evaluated apart."
            ),
        ] = None,
        markdown: Annotated[
            bool, typer.Option("--markdown", help="Print the model card's table instead of all tables.")
        ] = False,
        wrong: Annotated[int, typer.Option("--wrong", min=0, help="Wrong readings to list.")] = 10,
    ) -> None:
        """Show a package units and sheets that its tuning never used, count, and write a report to read.

        About ten minutes on one core. Shares stand with exact two-sided 95 % bounds (Clopper and Pearson) and the
        number that they were counted on.
        """
        loaded = ModelPackage.load(package)
        criteria = None if sheet is None else sheet_for(sheet, loaded)
        words = loaded.manifest.words
        other = None if beside is None else Report.load(beside)
        shown = None if data is None else open_examples(data, defects=words.defects, zones=words.zones)
        with steps("draw the challenge") as step:
            challenge = draw(
                0 if shown is not None else min(units, QUICK_UNITS) if quick else units,
                min(questions, QUICK_QUESTIONS) if quick else questions,
                loaded.manifest,
            )
            if shown is not None:
                challenge = challenge.with_units(shown, len(shown), f"{data}, {len(shown)} units, {shown.digest}")
            if criteria is not None:
                challenge = replace(challenge, unit_sheets=(criteria,))
            repetitions = QUICK_REPETITIONS if quick else REPETITIONS
            gallery = Gallery(loaded.manifest.operating_point)
            report = evaluate_package(
                loaded, challenge, threads=threads, progress=step, repetitions=repetitions, gallery=gallery
            )
        if shown is not None:
            report = report.model_copy(update={"remarks": (*_unnamed(shown.unnamed), *_unplaced(shown.unplaced))})
            for remark in report.remarks:
                err.print(remark, style="yellow", highlight=False)
        if other is not None:
            report = report.beside(other)
        if markdown:
            typer.echo(as_markdown(report))
        else:
            show(report, wrong)
        judged_by = challenge.unit_sheets[0] if challenge.unit_sheets else None
        page = write_report(to, report, gallery, judged_by, loaded.manifest.operating_point)
        err.print(f"report: {page}", highlight=False)

    return evaluate


def _unnamed(counted: Mapping[str, int]) -> list[str]:
    return [
        f"{count} defects are called {name}, which the package does not know: they count as anomalies, by which no "
        f"criterion on {name} is judged. Correct the name, or teach it."
        for name, count in sorted(counted.items())
    ]


def _unplaced(counted: Mapping[str, int]) -> list[str]:
    return [
        f"{count} defects lie in a zone {name}, which the package does not know: they count as the rest. Correct "
        "the name, or draw the zone and teach it."
        for name, count in sorted(counted.items())
    ]


def show(report: Report, wrong: int) -> None:
    """All figures, one table a topic, and the first wrong readings."""
    screen = wide()
    screen.print(f"{report.package}  {report.package_digest}", highlight=False)
    for name, value in {**report.challenge, **report.machine, "took": f"{report.took_s:.0f} s"}.items():
        screen.print(f"  {name}: {value}", highlight=False)
    for topic in dict.fromkeys(figure.topic for figure in report.figures):
        table = Table(title=topic, title_justify="left")
        for name, justify in (("figure", "left"), ("of", "left"), ("value", "right"), ("95 % bounds", "right")):
            table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
        table.add_column("counted", justify="right")
        table.add_column("aim", justify="right")
        for figure in (figure for figure in report.figures if figure.topic == topic):
            style = {True: "green", False: "red", None: ""}[figure.reached]
            table.add_row(figure.name, figure.of, *cells_of(figure), style=style)
        screen.print(table)
    for line in report.wrong_readings[:wrong]:
        heading = f"[{line.heading}] " if line.heading else ""
        screen.print(f"{heading}{line.sentence}", markup=False, highlight=False)
        screen.print(
            f"    means {line.meant}; read {line.read} (score {line.score:.2f})", markup=False, highlight=False
        )
    if len(report.wrong_readings) > wrong:
        err.print(f"{len(report.wrong_readings) - wrong} more wrong readings; list them with --wrong", highlight=False)


def as_markdown(report: Report) -> str:
    """The table of a model card: figures with an aim, and what becomes of whole units."""
    lines = [
        f"{report.package}, `{report.package_digest[:19]}`, {report.taken_at:%Y-%m-%d}; "
        f"{report.machine['processor']}, {report.machine['threads']} thread(s), {report.took_s:.0f} s.",
        "",
        "| figure | value | 95 % bounds | counted | aim |",
        "|---|---|---|---|---|",
    ]
    for figure in card(report.figures):
        name = f"{figure.topic}: {figure.name}" + (f", {figure.of}" if figure.of else "")
        lines.append(f"| {name} | " + " | ".join(cells_of(figure)) + " |")
    return "\n".join(lines)


def card(figures: Iterable[Figure]) -> list[Figure]:
    """Figures that a model card shows."""
    return [
        f for f in figures if f.aim is not None or (f.topic in ("units", "invariance", "flips") and ":" not in f.of)
    ]
