"""What the pockets of one pack share, what is wanted in one, and what was then really drawn in it."""

from dataclasses import dataclass
from typing import Literal

from cameras.render.canvas import Canvas, Shadow
from cameras.render.pocket import Pocket
from cameras.render.raster import F32
from cameras.render.style import Layout, Product
from cameras.render.tablet import Tablet
from cameras.render.truth import NO_CONTRAST

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


@dataclass(frozen=True, slots=True)
class Drawn:
    """A defect on the flat pack, before the camera sees it."""

    defect: str
    coverage: F32  # (HEIGHT, WIDTH)
    length_mm: float
    area_mm2: float
    contrast: float = NO_CONTRAST
    distinct: bool = True
    whole: bool = False
