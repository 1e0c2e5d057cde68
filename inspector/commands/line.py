"""The line at the command line: run a batch, start the demonstration, judge one picture, open the console."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

from cameras.decode import decode_file
from cameras.fitness import FitnessLimits
from inspector.annotate import annotate, size_against_limit, warmed
from inspector.commands.screen import err, out, progress, write_picture
from inspector.commands.sheets import PACKAGE, PackageOption
from inspector.config import LineConfig
from inspector.console.app import listen, serve
from inspector.errors import LineError
from inspector.examine import Examiner
from inspector.line.line import BatchResult, Ended, Line
from inspector.recipe import approved
from inspector.records.record import State
from inspector.run import run_batch
from models.metrics import quantile
from models.package import ModelPackage
from models.regulations import Regulations
from models.verdict import Disposition, Verdict

DEMO = Path("configs/lines/demo.yaml")
PORT = 7860
HELD = 3
_WAIT_FOR_PAGE_S = 60.0
_REDRAW_S, _WAIT_FOR_TERMINAL_S = 0.1, 1.0
_COLOURS = {Disposition.ACCEPT: "green", Disposition.HOLD: "yellow", Disposition.REJECT: "red"}

LineOption = Annotated[Path, typer.Option("--line", help="The line's YAML.")]
UnitsOption = Annotated[int | None, typer.Option("--units", min=1, help="End after so many units.")]


def run(line: LineOption = DEMO, units: UnitsOption = None) -> None:
    """Run a batch without a console, until --units, the end of the material or Ctrl-C.

    Exit code 0: closed, every unit has its record. 3: the line was held, or the batch could not be closed.
    """
    result = _batch(line, units)
    if result.ended is not Ended.COMPLETE:
        _say(result.reason, style="red")
        raise typer.Exit(HELD)


def demo(
    line: LineOption = DEMO,
    units: UnitsOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the live page on this machine.")] = PORT,
) -> None:
    """Start a simulated blister line and its live page, until Ctrl-C."""
    config = LineConfig.load(line)
    listen("127.0.0.1", port).close()  # a used port is said before anything starts
    command = [sys.executable, "-m", "inspector.cli", "console", "--store", str(config.store), "--port", str(port)]
    page = subprocess.Popen(command)  # a process of its own: the page can neither delay nor stop the line
    try:
        _wait_for(page, port)
        err.print(f"live page: http://127.0.0.1:{port}   (Ctrl-C ends the batch)", style="bold", highlight=False)
        result = _batch(line, units)
    finally:
        page.terminate()
        try:
            page.wait(10)
        except subprocess.TimeoutExpired:
            page.kill()  # it holds nothing: it only reads
    if result.ended is not Ended.COMPLETE:
        _say(result.reason, style="red")
        raise typer.Exit(HELD)


def console(
    store: Annotated[Path, typer.Option("--store", help="Record store of a line.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="On this machine.")] = PORT,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; only this machine by default.")
    ] = "127.0.0.1",
) -> None:
    """Open the console's page over a line's store; it only reads."""
    serve(store, host=host, port=port)


def examine(
    image: Annotated[Path, typer.Argument(help="Picture of one unit.")],
    sheet: Annotated[Path, typer.Option("--sheet", help="Criteria sheet with an approved reading.")],
    mm_per_px: Annotated[float, typer.Option("--mm-per-px", min=0.001, max=1, help="Scale of the picture, mm per px.")],
    package: PackageOption = PACKAGE,
    grey: Annotated[bool, typer.Option("--grey", help="Grey pictures are taken: the camera is monochrome.")] = False,
    tablets: Annotated[
        int | None, typer.Option("--tablets", min=1, help="That a whole pack shows; with fewer nothing is accepted.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--out", help="Annotated picture; beside the image if not given.")
    ] = None,
    heat: Annotated[
        Path | None,
        typer.Option("--heat", help="Where to write what the eyes suspect where, in colour over the picture."),
    ] = None,
) -> None:
    """Judge one picture as the line would and write it with its findings drawn in.

    Exit code 0: ACCEPT. 5: REJECT. 6: HOLD.
    """
    decoded = decode_file(image)
    if decoded.problem:
        raise LineError(f"{image}: {decoded.problem}. Nothing was judged.")
    target = write or image.with_name(f"{image.name}.examined.png")
    written = [target, *([heat] if heat else [])]
    if len({path.resolve() for path in (image, *written)}) < 1 + len(written):
        raise LineError(
            f"{', '.join(map(str, written))}: would be written over {image} or over each other. Nothing was judged. "
            "Name other files for --out and --heat."
        )
    loaded = ModelPackage.load(package)
    content, reading = approved(sheet, loaded)
    examiner = Examiner(loaded, content, reading, threads=2)
    limits = FitnessLimits(grey=grey, tablets=tablets)
    sight = examiner.judge(examiner.see(decoded.pixels, view="top", mm_per_px=mm_per_px, limits=limits))
    verdict = sight.verdict or Verdict(disposition=Disposition.REJECT)
    picture = annotate(decoded.pixels, verdict, sight.observations, unit=None, mm_per_px=mm_per_px)
    write_picture(target, picture)
    if heat is not None and sight.heat is None:
        err.print(f"{heat}: not written, the eyes did not look at this picture", highlight=False)
    elif heat is not None and sight.heat is not None:
        write_picture(heat, warmed(decoded.pixels, sight.heat))
    out.print(f"{verdict.disposition} {verdict.reason or ''}", style=_COLOURS[verdict.disposition], highlight=False)
    show_findings(verdict)
    times = "".join(f", {part} {ms:.0f} ms" for part, ms in sight.times_ms.items())
    out.print(f"{len(sight.observations)} observations{times}; {target}", highlight=False)
    code = {Disposition.ACCEPT: 0, Disposition.REJECT: 5, Disposition.HOLD: 6}[verdict.disposition]
    if code:
        raise typer.Exit(code)


def show_findings(verdict: Verdict) -> None:
    """Each finding with its criterion in words, its clauses and its measured size."""
    table, clauses = Table(), Regulations.load()
    for name in ("criterion", "finding", "in words", "clauses"):
        table.add_column(name, overflow="fold")
    for finding in verdict.findings:
        cited = ", ".join(clauses.citation(id).citation for id in finding.clauses)
        size = size_against_limit(finding)
        said = f"{'' if finding.sure else 'perhaps '}{finding.defect}{finding.place} {size}".rstrip()
        table.add_row(finding.criterion, f"{said}, {finding.severity}", finding.wording, cited)
    if verdict.findings:
        out.print(table)
    elif verdict.text:
        out.print(verdict.text, highlight=False)


def _batch(line: Path, units: int | None) -> BatchResult:
    stop = Event()
    hang_up = [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else []  # nohup ignores it
    for number in (signal.SIGINT, signal.SIGTERM, *hang_up):
        signal.signal(number, lambda *_: stop.set())
    with progress("drawing units") as drawing:
        counters = _Counters()
        try:
            result = run_batch(line, units=units, stop=stop, say=_say, drawing=drawing, each=counters.show)
        finally:
            counters.stop()
    with suppress(OSError, SystemExit):  # the terminal is gone: the exit code still says how the batch ended
        _summary(result)
    return result


def _say(text: str, style: str | None = None) -> None:
    """To whoever still listens: a terminal that is gone must neither end the batch nor change its exit code."""
    with suppress(OSError, SystemExit):
        err.print(text, style=style, highlight=False)


class _Counters(Thread):
    """The counters on a terminal, which may stand still (Ctrl-S) while the line must not."""

    def __init__(self) -> None:
        super().__init__(name="counters", daemon=True)
        self._line: Line | None = None
        self._ended = Event()

    def show(self, running: Line) -> None:
        """Called by the line's watch: returns at once."""
        if self._line is None and err.is_terminal:
            self._line = running
            self.start()

    def stop(self) -> None:
        """Wipe the line of counters; a terminal that stands still is not waited for."""
        self._ended.set()
        if self.is_alive():
            self.join(_WAIT_FOR_TERMINAL_S)

    def run(self) -> None:
        with suppress(OSError, SystemExit), Live(console=err, transient=True, auto_refresh=False) as live:
            while not self._ended.wait(_REDRAW_S) and self._line is not None:
                live.update(_counters(self._line), refresh=True)


def _counters(line: Line) -> str:
    totals = line.ledger.totals
    states = "  ".join(f"{name} {count}" for name, count in sorted(totals.states.items()))
    return f"batch {line.batch}: {totals.triggers} triggered  {states}  late {line.gate.late}  skipped {totals.skipped}"


def _summary(result: BatchResult) -> None:
    counts, totals = result.counts, result.totals
    table = Table(title=f"batch {result.batch}: {result.ended}", title_justify="left")
    for name in ("units", "count"):
        table.add_column(name, justify="right" if name == "count" else "left")
    rows = [("triggered", counts.triggers), ("accepted", counts.accepted)]
    ends: tuple[tuple[State, int], ...] = (
        ("rejected", counts.rejected),
        ("held", counts.held),
        ("lost", counts.lost),
    )
    for state, count in ends:
        rows += [(state, count), *((f"  because {why}", n) for why, n in sorted(totals.because(state).items()))]
    rows += [
        ("accepts that came late", result.late),
        ("frames not looked at", totals.skipped),
        ("without a record", result.unwritten),
    ]
    for name, count in rows:
        table.add_row(name, str(count))
    if totals.ready_ms:
        ready = list(totals.ready_ms)
        p50, p99 = (quantile(ready, share) for share in (0.5, 0.99))
        table.add_row(f"trigger to verdict, last {len(ready)}", f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    out.print(table)


def _wait_for(page: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _WAIT_FOR_PAGE_S
    while time.monotonic() < until:
        if page.poll() is not None:
            raise LineError(
                f"the live page ended with exit code {page.returncode}. Nothing was started; its own message "
                "stands above."
            )
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise LineError(
        f"the live page did not answer on port {port} within {_WAIT_FOR_PAGE_S:.0f} s. Nothing was started."
    )
