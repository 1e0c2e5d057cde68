"""Characters as they are printed or embossed: what a style's look like, and one line of them as coverage.

Held-out styles use characters and typefaces that taught styles never use.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.raster import Random, pick, text_mask

_TAUGHT_FONTS: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
_HELD_OUT_FONTS: Final = (cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)
_TAUGHT_CHARACTERS: Final = "ACEFLNPSTUX013468"
_HELD_OUT_CHARACTERS: Final = "BDGHKMRWZ2579"


@dataclass(frozen=True, slots=True)
class Lettering:
    """How a style's characters look, on the tablets and on the foil."""

    characters: str
    font: int
    stretch: float  # width against height
    dotted: bool  # printed by an ink jet, one dot beside the other

    def word(self, rng: Random, shortest: int, longest: int) -> str:
        return "".join(pick(rng, self.characters) for _ in range(int(rng.integers(shortest, longest + 1))))


def choose_lettering(rng: Random, *, held_out: bool) -> Lettering:
    return Lettering(
        characters=_HELD_OUT_CHARACTERS if held_out else _TAUGHT_CHARACTERS,
        font=pick(rng, _HELD_OUT_FONTS if held_out else _TAUGHT_FONTS),
        stretch=rng.uniform(0.7, 1.3),
        dotted=rng.random() < 0.12,
    )


def lettered(lettering: Lettering, text: str, height_px: float) -> NDArray[np.uint8]:
    """Coverage of one line of text, cropped to itself, characters about height_px tall."""
    (width, tall), _ = cv2.getTextSize(text, lettering.font, 4.0, 2)
    drawn = text_mask(
        (2 * tall + 20, width + 40), text, at=(20, int(1.5 * tall)), font=lettering.font, scale=4.0, stroke=2
    )
    x, y, wide, high = cv2.boundingRect(drawn)
    if wide == 0 or high == 0:
        return np.zeros((1, 1), np.uint8)
    crop = drawn[y : y + high, x : x + wide]
    size_y = max(3, round(height_px * high / max(1, 0.72 * tall)) if high < 0.5 * tall else round(height_px))
    size_x = max(3, round(wide * size_y / high * lettering.stretch))
    if lettering.dotted and size_y >= 12:
        return _dotted(crop, size_x, size_y)
    return np.asarray(cv2.resize(crop, (size_x, size_y), interpolation=cv2.INTER_AREA), np.uint8)


def _dotted(crop: NDArray[np.uint8], size_x: int, size_y: int) -> NDArray[np.uint8]:
    """The same characters as rows of seven dots."""
    step = max(2, round(size_y / 7))
    columns = max(2, round(size_x / step))
    cells = np.asarray(cv2.resize(crop, (columns, 7), interpolation=cv2.INTER_AREA)) > 96
    v, u = np.mgrid[0:step, 0:step].astype(np.float32) - np.float32((step - 1) / 2)
    dot = np.clip(step * 0.46 + 0.5 - np.sqrt(u * u + v * v), 0, 1) * 255
    return np.asarray(np.kron(cells, dot), np.uint8)
