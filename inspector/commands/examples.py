"""Write rendered units as a folder of examples: to look at, and to see what a site's own data must look like."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from cameras.render import Content
from inspector.commands.screen import out
from models.example import ShownUnit
from models.example_files import LINES, write_examples

DrawUnits = Callable[[range, Content, bool], Iterator[ShownUnit]]  # by seeds, content, and whether styles are held out


def command(draw: DrawUnits) -> Callable[..., None]:
    """`inspector examples` over units that come from elsewhere: the command line hands them in."""

    def examples(
        to: Annotated[Path, typer.Argument(help="Folder to write.")],
        units: Annotated[int, typer.Option("--units", min=1, help="Units to draw, about 0.1 s each.")] = 50,
        seed: Annotated[int, typer.Option("--seed", min=0, help="Of the first unit; the others follow.")] = 900_000,
        content: Annotated[Content, typer.Option("--content")] = "mixed",
        held_out: Annotated[
            bool, typer.Option("--held-out/--taught", help="In styles that the package was never taught, or in those.")
        ] = True,
    ) -> None:
        """Draw blister packs with their truth: pictures, masks and examples.jsonl, for `inspector evaluate --data`."""
        count = write_examples(to, draw(range(seed, seed + units), content, held_out))
        out.print(f"{to / LINES}: {count} units", highlight=False)

    return examples
