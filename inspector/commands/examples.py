"""Write rendered units as a folder of examples: to look at, and to see what a site's own data must look like."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Protocol

import typer

from cameras.render import Content
from inspector.commands.render import FamilyOption, ProductOption
from inspector.commands.screen import out
from models.example import ShownUnit
from models.example_files import LINES, write_examples


class DrawUnits(Protocol):
    """Units by their seeds."""

    def __call__(
        self, seeds: range, *, family: str, content: Content, held_out: bool, product: int | None
    ) -> Iterator[ShownUnit]: ...


def command(draw: DrawUnits) -> Callable[..., None]:
    """`inspector examples` over units that come from elsewhere: the command line hands them in."""

    def examples(
        to: Annotated[Path, typer.Argument(help="Folder to write.")],
        units: Annotated[int, typer.Option("--units", min=1, help="Units to draw, about 0.1 s each.")] = 50,
        seed: Annotated[int, typer.Option("--seed", min=0, help="Of the first unit; the others follow.")] = 900_000,
        content: Annotated[Content, typer.Option("--content")] = "mixed",
        family: FamilyOption = "blister",
        product: ProductOption = None,
        held_out: Annotated[
            bool, typer.Option("--held-out/--taught", help="In styles that the package was never taught, or in those.")
        ] = True,
    ) -> None:
        """Draw units with their truth: pictures, masks and examples.jsonl, for `evaluate --data` and for `teach`."""
        drawn = draw(range(seed, seed + units), family=family, content=content, held_out=held_out, product=product)
        count = write_examples(to, drawn)
        out.print(f"{to / LINES}: {count} units", highlight=False)

    return examples
