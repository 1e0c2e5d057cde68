"""The scale of a view, from a picture of a target of known pitch."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from cameras.calibration import mm_per_px
from cameras.decode import decode_file
from inspector.commands.screen import out
from inspector.errors import LineError


def calibrate(
    image: Annotated[Path, typer.Argument(help="Picture of the target, lying where the units' surface lies.")],
    pitch_mm: Annotated[
        float, typer.Option("--pitch-mm", min=0.01, max=1000, help="Distance of two neighbouring points, mm.")
    ],
    columns: Annotated[int, typer.Option("--columns", min=3, help="Inner corners or dots in a row.")],
    rows: Annotated[int, typer.Option("--rows", min=3, help="Inner corners or dots in a column.")],
    target: Annotated[Literal["checkerboard", "dots"], typer.Option("--target")] = "checkerboard",
) -> None:
    """Measure mm per px of a view; write both lines into the view: the scale, and the picture size it holds for."""
    decoded = decode_file(image)
    if decoded.problem:
        raise LineError(f"{image}: {decoded.problem}. Nothing was measured.")
    if decoded.pixels.dtype != np.uint8:
        raise LineError(f"{image}: {decoded.pixels.dtype} values (allowed: 8-bit colour). Nothing was measured.")
    found = mm_per_px(np.asarray(decoded.pixels, np.uint8), pitch_mm, (columns, rows), target=target)
    out.print(f"mm_per_px: {found.mm_per_px:.5f}   (spread {found.spread_pct:.2f} %)", highlight=False)
    height, width = decoded.pixels.shape[:2]
    out.print(f"size_px: [{width}, {height}]", highlight=False)
