"""Draw one unit, for the tour and for looking at what the synthetic camera shows."""

from pathlib import Path
from typing import Annotated

import cv2
import typer

from cameras.render import FAMILIES, Content
from cameras.render import render as draw
from inspector.commands.screen import out
from inspector.errors import LineError

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
) -> None:
    """Draw one unit and print its scale and what is wrong with it."""
    unit = draw(seed, family=family, held_out=held_out, content=content, product=product)
    if not cv2.imwrite(str(to), unit.pixels[..., ::-1]):
        raise LineError(f"{to}: the picture cannot be written. Name a file ending in .png in a folder that exists.")
    out.print(f"{to}: {', '.join(unit.groups.values())}, --mm-per-px {unit.mm_per_px:.5f}", highlight=False)
    for defect in unit.defects:
        out.print(
            f"  {defect.defect} on {defect.zone}, {defect.length_mm:.2f} mm, {defect.area_mm2:.2f} mm2, "
            f"at {defect.box_px}",
            highlight=False,
        )
