"""What the pockets of one pack share, and what is wanted in one."""

from dataclasses import dataclass
from typing import Literal

from cameras.render.blister.pocket import Pocket
from cameras.render.blister.style import Layout, Product
from cameras.render.blister.tablet import Tablet
from cameras.render.canvas import Canvas, Shadow

Kind = Literal[
    "empty pocket",
    "chip",
    "break",
    "crack",
    "spot on tablet",
    "spot on foil",
    "spot in pocket",
    "stain",
    "rogue product",
    "double fill",
    "fragment",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A defect to draw; small ones come from the lower end of their class, where eyes miss most."""

    kind: Kind
    small: bool


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything the pockets of one pack share."""

    layout: Layout
    product: Product
    pocket: Pocket
    canvas: Canvas
    tablets: tuple[Tablet, ...]  # intact ones, imprints turned differently
    shadow: Shadow
    play: float  # how far a tablet lies off its pocket's middle, frame pixels
    free_turn: float  # and how far it is turned, radians
    held_out: bool
