"""Draw one unit, for the tour and for looking at what the synthetic camera shows, or a sheet of many."""

import math
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from cameras.render import FAMILIES, HEIGHT, WIDTH, Content, Rendered
from cameras.render import render as draw
from inspector.commands.screen import out, progress, write_picture

TILE = WIDTH // 2, HEIGHT // 2  # px of a unit on a sheet
MARK, INK, DARK = (230, 40, 120), (255, 255, 255), (0, 0, 0)
FONT, SIZE, LINE_PX = cv2.FONT_HERSHEY_SIMPLEX, 0.42, 16

FamilyOption = Annotated[str, typer.Option("--family", help=f"What is drawn: {', '.join(FAMILIES)}.")]
ProductOption = Annotated[
    int | None, typer.Option("--product", min=0, help="Names what all units of a product share: shape, colour, lamp.")
]


def render(
    to: Annotated[Path, typer.Argument(help="Picture to write, PNG.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Names the unit.")] = 0,
    family: FamilyOption = "blister",
    product: ProductOption = None,
    content: Annotated[Content, typer.Option("--content")] = "mixed",
    held_out: Annotated[bool, typer.Option("--held-out", help="In a style that the package was never taught.")] = False,
    units: Annotated[
        int, typer.Option("--units", min=1, max=200, help="More than one: a sheet of units with their defects named.")
    ] = 1,
) -> None:
    """Draw a unit and print its scale and what is wrong with it, or a sheet of units of the seeds from there on."""
    if units > 1:
        with progress("drawing units") as step:
            tiles = []
            for number in range(units):
                tiles.append(
                    _tile(draw(seed + number, family=family, held_out=held_out, content=content, product=product))
                )
                step(number + 1, units)
        write_picture(to, _sheet(tiles))
        out.print(f"{to}: {units} units of seeds {seed} to {seed + units - 1}", highlight=False)
        return
    unit = draw(seed, family=family, held_out=held_out, content=content, product=product)
    write_picture(to, unit.pixels)
    out.print(f"{to}: {', '.join(unit.groups.values())}, --mm-per-px {unit.mm_per_px:.5f}", highlight=False)
    for defect in unit.defects:
        out.print(
            f"  {defect.defect} on {defect.zone}, {defect.length_mm:.2f} mm, {defect.area_mm2:.2f} mm2, "
            f"at {defect.box_px}",
            highlight=False,
        )


def _tile(unit: Rendered) -> tuple[NDArray[np.uint8], list[str]]:
    """A unit made smaller with a number at each defect's box, and what stands above it: each with its length."""
    tile = np.asarray(cv2.resize(unit.pixels, TILE, interpolation=cv2.INTER_AREA), np.uint8)
    lines = [""]
    for number, defect in enumerate(unit.defects, start=1):
        x0, y0, x1, y1 = (round(v * TILE[0] / WIDTH) for v in defect.box_px)
        cv2.rectangle(tile, (x0 - 2, y0 - 2), (x1 + 1, y1 + 1), MARK, 1)
        at = min(x1 + 4, TILE[0] - 10), min(max(y0 + 8, 12), TILE[1] - 4)
        for colour, stroke in ((DARK, 3), (INK, 1)):
            cv2.putText(tile, str(number), at, FONT, SIZE, colour, stroke, cv2.LINE_AA)
        said = f"{number} {defect.defect} {defect.length_mm:.1f} mm"
        longer = f"{lines[-1]}, {said}" if lines[-1] else said
        fits = cv2.getTextSize(longer, FONT, SIZE, 1)[0][0] <= TILE[0] - 12
        lines = [*lines[:-1], longer] if fits or not lines[-1] else [*lines, said]
    return tile, lines if unit.defects else ["good"]


def _captioned(tile: NDArray[np.uint8], lines: list[str], most: int) -> NDArray[np.uint8]:
    """A tile under its lines, with room for as many as the longest caption of the sheet has."""
    bar = np.zeros((LINE_PX * most + 6, TILE[0], 3), np.uint8)
    for index, line in enumerate(lines):
        cv2.putText(bar, line, (6, LINE_PX * (index + 1) - 2), FONT, SIZE, INK, 1, cv2.LINE_AA)
    return np.concatenate([bar, tile], 0)


def _sheet(drawn: list[tuple[NDArray[np.uint8], list[str]]]) -> NDArray[np.uint8]:
    most = max(len(lines) for _, lines in drawn)
    tiles = [_captioned(tile, lines, most) for tile, lines in drawn]
    columns = math.ceil(math.sqrt(len(tiles) * tiles[0].shape[0] / TILE[0]))
    blank = np.zeros_like(tiles[0])
    rows = [[*tiles[at : at + columns], *[blank] * columns][:columns] for at in range(0, len(tiles), columns)]
    return np.concatenate([np.concatenate(row, 1) for row in rows], 0)
