"""What a rendered frame is: its pixels, and the facts about them that no photograph can give.

Owns the vocabulary of the blister family and the smallest contrast at which a defect counts as specified.
A defect below them is drawn and reported all the same: eyes that never saw a faint chip call it something else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 768
HEIGHT: Final = 480

CLASSES: Final[tuple[str, ...]] = (
    "empty pocket",
    "chip",
    "break",
    "crack",
    "spot",
    "stain",
    "rogue product",
    "double fill",
    "fragment",
)
ZONES: Final[tuple[str, ...]] = ("foil", "pocket", "tablet")
FOIL, POCKET, TABLET = 0, 1, 2  # indices into ZONES

NO_CONTRAST: Final = 99.0  # reported where the whole pocket is wrong: there is nothing to compare it with
SMALLEST_CONTRAST: Final = 8.0  # mean Lab distance inside the mask; about three times what a person just sees

Content = Literal["good", "defective", "mixed", "dense"]


@dataclass(frozen=True, slots=True)
class TrueDefect:
    """One defect that was really drawn.

    Lengths are the longest dimension (Feret) of the defect itself; for a fragment, of its largest piece. The mask of a
    crack or a fibre is wider than the defect, because a line thinner than a pixel cannot be marked; its area is not.
    """

    defect: str
    length_mm: float
    area_mm2: float
    length_px: float
    contrast: float  # mean Lab distance it makes inside its mask, before light, blur and noise; NO_CONTRAST if whole
    specified: bool  # large, distinct and complete enough that it must be found
    whole: bool  # takes the whole pocket: empty pocket, rogue product, double fill
    box_px: tuple[int, int, int, int]  # x0, y0, x1, y1; the last row and column excluded
    mask: NDArray[np.uint8]  # (y1 - y0, x1 - x0) soft coverage 0..255
    zone: str  # where most of its mask lies


@dataclass(frozen=True, slots=True)
class Rendered:
    """One frame of one unit and the truth about it."""

    pixels: NDArray[np.uint8]  # (480, 768, 3) RGB
    mm_per_px: float
    zones: NDArray[np.uint8]  # (480, 768) index into the family's zones; of the intact unit where a piece is missing
    unit_area_mm2: float  # nominal, as the camera sees it: what limits in % refer to
    defects: tuple[TrueDefect, ...]
    groups: Mapping[str, str]  # subgroups that are reported apart: layout, shape, material
    family: str
    held_out: bool
    seed: int
