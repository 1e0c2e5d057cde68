"""Write units as a folder of examples: rendered ones, to see what a site's own data must look like, or photographs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Protocol

import typer

from cameras.render import Content
from inspector.commands.render import FamilyOption, ProductOption
from inspector.commands.screen import err, out
from inspector.errors import LineError
from models.example import ShownUnit
from models.example_files import LINES, write_examples
from models.package import ModelPackage

_OF_DRAWN = ("units", "seed", "content", "family", "product", "held_out")  # they say nothing of photographs


class DrawUnits(Protocol):
    """Units by their seeds."""

    def __call__(
        self, seeds: range, *, family: str, content: Content, held_out: bool, product: int | None
    ) -> Iterator[ShownUnit]: ...


class ReadUnits(Protocol):
    """Photographs as units, in the form that `inspector teach` takes; and what of them was left out."""

    def __call__(
        self, good: Path, defects: Path | None, mm_per_px: float, package: ModelPackage | None
    ) -> tuple[Iterator[ShownUnit], tuple[str, ...]]: ...


def command(draw: DrawUnits, read: ReadUnits) -> Callable[..., None]:
    """`inspector examples` over units that come from elsewhere: the command line hands them in."""

    def examples(
        context: typer.Context,
        to: Annotated[Path, typer.Argument(help="Folder to write.")],
        units: Annotated[int, typer.Option("--units", min=1, help="Units to draw, about 0.1 s each.")] = 50,
        seed: Annotated[int, typer.Option("--seed", min=0, help="Of the first unit; the others follow.")] = 900_000,
        content: Annotated[Content, typer.Option("--content")] = "mixed",
        family: FamilyOption = "blister",
        product: ProductOption = None,
        held_out: Annotated[
            bool, typer.Option("--held-out/--taught", help="In styles that the package was never taught, or in those.")
        ] = True,
        good: Annotated[
            Path | None, typer.Option("--good", help="Take photographs in place of drawn units: of good ones.")
        ] = None,
        defects: Annotated[
            Path | None, typer.Option("--defects", help="And of bad ones, in any form that `inspector teach` takes.")
        ] = None,
        mm_per_px: Annotated[
            float | None, typer.Option("--mm-per-px", min=0.0001, max=10, help="Scale of the photographs.")
        ] = None,
        package: Annotated[
            Path | None,
            typer.Option("--package", help="Package in whose zones the marks of photographs lie, if it has several."),
        ] = None,
    ) -> None:
        """Write units with their truth: pictures, masks and examples.jsonl, for `--data` and for `teach`.

        They are drawn, or photographs of your own.
        """
        if good is None:
            if defects or mm_per_px or package:
                raise LineError(
                    "examples: --defects, --mm-per-px and --package are of photographs. Nothing was written. Name "
                    "those of good units too, with --good."
                )
            shown = draw(range(seed, seed + units), family=family, content=content, held_out=held_out, product=product)
        elif mm_per_px is None:
            raise LineError(
                "examples: photographs need their scale. Nothing was written. State it with --mm-per-px, "
                "`inspector calibrate` measures it."
            )
        elif stray := [_written(context, name) for name in _OF_DRAWN if _is_given(context, name)]:
            raise LineError(
                f"examples: {', '.join(stray)} {'is' if len(stray) == 1 else 'are'} of drawn units, and all "
                "photographs are taken. Nothing was written. Leave out either what is of drawn units or --good."
            )
        else:
            shown, left_out = read(good, defects, mm_per_px, ModelPackage.load(package) if package else None)
            for remark in left_out:
                err.print(remark, style="yellow", highlight=False)
        count = write_examples(to, shown)
        out.print(f"{to / LINES}: {count} units", highlight=False)

    return examples


def _written(context: typer.Context, name: str) -> str:
    """An option as it is typed."""
    (option,) = (one for one in context.command.params if one.name == name)
    return "/".join((*option.opts, *option.secondary_opts))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"
