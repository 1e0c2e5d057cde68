"""Measure this machine at the command line: the line at its rates, the model part by part."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from inspector.bench.figures import BenchReport, Latency, LineFigures, Machine, ModelFigures
from inspector.bench.line import bench_line
from inspector.bench.machine import this_machine
from inspector.bench.model import bench_model
from inspector.bench.odd import OddSentences, bench_odd
from inspector.bench.reading import bench_reading
from inspector.commands.line import DEMO, LineOption
from inspector.commands.screen import err, out, steps, wide
from inspector.commands.sheets import PACKAGE, PackageOption
from inspector.errors import LineError
from inspector.evaluation.cells import cells_of
from models.package import ModelPackage
from models.reading import describe
from models.sentences import load_sentences

RATES = "300,600,1200"
SHEET_TOKENS = "300,4000"
SENTENCES = Path("tests/wordings/independent.yaml")
ODD = Path("tests/wordings/odd.yaml")

app = typer.Typer(
    help="Measure this machine. Uses a store of its own; no record of a line is touched.", no_args_is_help=True
)
RatesOption = Annotated[str, typer.Option("--rates", help="Units/min, one batch each.")]
UnitsOption = Annotated[int, typer.Option("--units", min=1, help="Units a batch; 1,000 or more for a p99.9.")]
GateOption = Annotated[float, typer.Option("--gate-after-ms", min=20, max=10_000, help="Photo-eye to gate, ms.")]
TimesOption = Annotated[int, typer.Option("--times", min=1, help="Units of a kind; 100 or more for a p99.")]
TokensOption = Annotated[str, typer.Option("--sheet-tokens", help="Lengths of sheets to judge under, tokens.")]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, max=64, help="Of eyes and of mind; the line's own if not given.")
]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write every figure to this file as well.")]


@app.command()
def line(
    line: LineOption = DEMO,
    rates: RatesOption = RATES,
    units: UnitsOption = 1200,
    gate_after_ms: GateOption = 200,
    threads: ThreadsOption = None,
    json: JsonOption = None,
) -> None:
    """The whole line, 2 % of its units defective: times from trigger to verdict at the gate, and what came too late."""
    at = _numbers(rates, "--rates")
    with steps("bench") as step:
        figures = bench_line(line, rates=at, units=units, gate_after_ms=gate_after_ms, threads=threads, step=step)
    _finish(BenchReport(machine=this_machine(), line=figures), json)


@app.command()
def model(
    line: LineOption = DEMO,
    times: TimesOption = 200,
    sheet_tokens: TokensOption = SHEET_TOKENS,
    threads: ThreadsOption = None,
    json: JsonOption = None,
) -> None:
    """The model of a line, part by part: clear and doubtful units, long sheets, reading, memory."""
    lengths = [int(number) for number in _numbers(sheet_tokens, "--sheet-tokens")]
    with steps("bench") as step:
        figures = bench_model(line, times=times, sheet_tokens=lengths, threads=threads, step=step)
    _finish(BenchReport(machine=this_machine(), model=figures), json)


@app.command()
def reading(
    sentences: Annotated[Path, typer.Option("--sentences", help="YAML of sentences and what they mean.")] = SENTENCES,
    package: PackageOption = PACKAGE,
    threads: Annotated[int, typer.Option("--threads", min=1, help="CPU threads of the mind.")] = 2,
    wrong: Annotated[int, typer.Option("--wrong", min=0, help="Sentences that the mind read wrong, to list.")] = 10,
) -> None:
    """The mind beside a hand-written parser, on sentences that were written apart from what the mind was taught."""
    with steps("bench") as step:
        readers = bench_reading(ModelPackage.load(package), load_sentences(sentences), threads=threads, progress=step)
    table = Table(title=f"reading of {sentences}, shares with 95 % bounds", title_justify="left")
    for name in ("", "sentences", "the mind", "a parser"):
        table.add_column(name, justify="left" if name in ("", "sentences") else "right")
    for row in readers.rows:
        mind, parser = (cells_of(figure) for figure in (row.mind, row.parser))
        said = (f"{cells.value} ({cells.bounds or cells.counted}) {cells.counted}" for cells in (mind, parser))
        table.add_row(row.mind.name, row.mind.of, *said)
    wide().print(table)
    for figure in (readers.agreed, readers.agreed_right):
        cells = cells_of(figure)
        out.print(f"{figure.name}: {cells.value} ({cells.bounds}) {cells.counted}", highlight=False)
    for line in readers.wrong[:wrong]:
        heading = f"[{line.shown.text.heading}] " if line.shown.text.heading else ""
        out.print(
            f"{heading}{line.shown.text.sentence}: means {describe(line.shown.note)}, read as {describe(line.read)} "
            f"({line.score:.2f})",
            highlight=False,
        )


@app.command()
def odd(
    sentences: Annotated[
        Path, typer.Option("--sentences", help="YAML of two lists of sentences, odd and plain.")
    ] = ODD,
    package: PackageOption = PACKAGE,
    threads: Annotated[int, typer.Option("--threads", min=1, help="CPU threads of the mind.")] = 2,
    wrong: Annotated[int, typer.Option("--wrong", min=0, help="Sentences that came out wrong, to list.")] = 10,
) -> None:
    """Sentences that one rule cannot hold: how many are stopped before a batch, and how many plain ones with them."""
    with steps("bench") as step:
        came_out = bench_odd(ModelPackage.load(package), OddSentences.load(sentences), threads=threads, progress=step)
    for figure in came_out.figures:
        cells = cells_of(figure)
        out.print(f"{figure.of}: {figure.name} {cells.value} ({cells.bounds}) {cells.counted}", highlight=False)
    for sentence in came_out.wrong[:wrong]:
        out.print(f"    {sentence}", highlight=False, markup=False)


@app.command("all")
def everything(
    line: LineOption = DEMO,
    rates: RatesOption = RATES,
    units: UnitsOption = 1200,
    gate_after_ms: GateOption = 200,
    times: TimesOption = 200,
    sheet_tokens: TokensOption = SHEET_TOKENS,
    threads: ThreadsOption = None,
    json: JsonOption = None,
) -> None:
    """The line, then the model."""
    at, lengths = _numbers(rates, "--rates"), [int(number) for number in _numbers(sheet_tokens, "--sheet-tokens")]
    with steps("bench") as step:
        on_line = bench_line(line, rates=at, units=units, gate_after_ms=gate_after_ms, threads=threads, step=step)
        of_model = bench_model(line, times=times, sheet_tokens=lengths, threads=threads, step=step)
    _finish(BenchReport(machine=this_machine(), line=on_line, model=of_model), json)


def _numbers(text: str, option: str) -> list[float]:
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(0 < number <= 6000 for number in numbers):
        raise LineError(f"{option} {text}: numbers over 0 and up to 6000 with commas between, for example {RATES}")
    return numbers


def _finish(report: BenchReport, json: Path | None) -> None:
    _show_machine(report.machine)
    if report.line:
        _show_line(report.line)
    if report.model is not None:
        _show_model(report.model)
    if json is not None:
        try:
            json.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise LineError(
                f"{json}: {error.strerror}. The figures above were not written. Name another file."
            ) from error
        err.print(f"figures written to {json}", highlight=False)


def _show_machine(machine: Machine) -> None:
    memory = f", {machine.memory_mb} MB" if machine.memory_mb else ""
    out.print(
        f"{machine.cpu}, {machine.cores} cores{memory}; {machine.system}; Python {machine.python}, "
        f"onnxruntime {machine.onnxruntime}",
        highlight=False,
        soft_wrap=True,
    )


def _show_line(batches: tuple[LineFigures, ...]) -> None:
    first = batches[0]
    defective = "" if first.defective_pct is None else f", {first.defective_pct:g} % defective"
    table = Table(
        title=f"the line: gate after {first.gate_after_ms:g} ms, {first.threads} threads{defective}",
        title_justify="left",
    )
    table.add_column("")
    for batch in batches:
        table.add_column(f"{batch.units_per_min:g} units/min", justify="right")

    def row(name: str, figure: Callable[[LineFigures], str]) -> None:
        table.add_row(name, *(figure(batch) for batch in batches))

    row("ended", lambda b: b.ended)
    row("triggers / records / missing", lambda b: f"{b.triggers} / {b.records} / {b.missing}")
    row("accepted / rejected / held", lambda b: f"{b.accepted} / {b.rejected} / {b.held}")
    row("passed without an accept", lambda b: str(b.escapes))
    row("rejected for lack of time", lambda b: str(b.late))
    row("accepts that came too late", lambda b: str(b.late_accepts))
    row("pictures not looked at", lambda b: str(b.skipped))
    row("good units / of them for lack of time", lambda b: "-" if b.good is None else f"{b.good} / {b.good_late}")
    row("trigger to verdict, ms", lambda b: _spread(b.ready))
    row("  settled by the eyes", lambda b: _spread(b.clear))
    row("  1 to 4 questions to the mind", lambda b: _spread(b.few))
    row("  5 questions or more", lambda b: _spread(b.many))
    row("a look, ms", lambda b: _spread(b.eyes))
    row("a judgement of the mind, ms", lambda b: _spread(b.mind))
    row("pictures that the display left out", lambda b: str(b.pictures_dropped))
    row("peak memory, MB", lambda b: _figure(b.peak_mb))
    row("taken by other programs, %", lambda b: _figure(b.others_pct))
    wide().print(table)
    out.print(
        "ms: p50 / p99 / p99.9 / worst (how many); runs on " + ", ".join(dict.fromkeys(first.providers)),
        highlight=False,
        soft_wrap=True,
    )
    for batch in batches:
        if batch.reason:
            out.print(
                f"{batch.units_per_min:g} units/min: {batch.reason}",
                style="red",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )


def _show_model(model: ModelFigures) -> None:
    table = Table(title=f"the model: {model.threads} threads, one unit at a time", title_justify="left")
    for name in ("", "ms: p50 / p99 / worst", "of that the mind, ms"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("clear unit", _short(model.clear), "")
    for unit in model.doubtful:
        redrafted = f", {unit.redrafted_pct:g} % not as drafted"
        table.add_row(f"unit with {unit.observations} to ask about{redrafted}", _short(unit.unit), _short(unit.mind))
    for length in model.lengths:
        name = f"under {length.tokens} tokens of notes ({length.criteria} criteria)"
        table.add_row(f"1 to ask about, {name}", "", _short(length.one))
        table.add_row(f"4 to ask about, {name}", "", _short(length.four))
    wide().print(table)
    for length in model.lengths:
        if length.refused:
            out.print(
                f"{length.wanted_tokens} tokens were refused: {length.refused}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    for engine in model.engine:
        kind = f"{engine.observations} to ask about" if engine.observations else "clear unit"
        out.print(
            f"{kind}: examining takes {engine.examine_ms:.1f} ms, session.run in it {engine.graphs_ms:.1f} ms: "
            f"{engine.overhead_pct:.1f} % more",
            highlight=False,
            soft_wrap=True,
        )
    plain, reading = model.otherwise, model.reading
    out.print(
        f"1 to ask about under {plain.tokens} tokens: {plain.drafted_ms:.0f} ms; without the draft "
        f"{plain.written_ms:.0f} ms ({plain.written_ms / plain.drafted_ms:.1f} times); without the cache too "
        f"{plain.whole_ms:.0f} ms ({plain.whole_ms / plain.drafted_ms:.1f} times)",
        highlight=False,
        soft_wrap=True,
    )
    out.print(
        f"reading: 10 criteria {reading.ten_s:.2f} s, 60 criteria {reading.sixty_s:.1f} s, one changed criterion "
        f"{reading.changed_s:.2f} s; loading {reading.load_s:.2f} s, then one sentence {reading.one_cold_s:.2f} s",
        highlight=False,
        soft_wrap=True,
    )
    out.print(
        f"peak memory: examining {_figure(model.peak_examining_mb)} MB, reading {_figure(model.peak_reading_mb)} MB; "
        f"taken by other programs {_figure(model.others_pct)} %; runs on {', '.join(dict.fromkeys(model.providers))}",
        highlight=False,
        soft_wrap=True,
    )


def _spread(found: Latency | None) -> str:
    if found is None:
        return "-"
    shares = f"{found.p50_ms:.1f} / {_figure(found.p99_ms)} / {_figure(found.p999_ms)}"
    return f"{shares} / {found.worst_ms:.1f} ({found.count})"


def _short(found: Latency | None) -> str:
    return "-" if found is None else f"{found.p50_ms:.1f} / {_figure(found.p99_ms)} / {found.worst_ms:.1f}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}".removesuffix(".0")
