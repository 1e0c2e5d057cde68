"""The flat pack while it is being drawn: pixels, zones, and patches laid on it at sub-pixel places."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render import colour
from cameras.render.raster import F32, SUB, f32, gaussian, in_three
from cameras.render.truth import HEIGHT, WIDTH


@dataclass(frozen=True, slots=True)
class Place:
    """Where a patch lies: its centre in frame pixels and its turn in radians."""

    x: float
    y: float
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Shadow:
    strength: float
    dx: float
    dy: float


@dataclass(frozen=True, slots=True)
class Canvas:
    """Pixels and zones of the pack, both changed in place while it is drawn."""

    pixels: F32  # (HEIGHT, WIDTH, 3), 0..255 but not clipped
    zones: NDArray[np.uint8]  # (HEIGHT, WIDTH)

    def lay(self, patch: F32, place: Place, *, gain: float = 1.0, shadow: Shadow | None = None) -> None:
        """Lay an area-filtered premultiplied RGBA patch, its shadow first."""
        window, matrix = _window(patch.shape[0], place)
        if window is None:
            return
        there = self.pixels[window]
        laid = f32(cv2.warpAffine(patch, matrix, (there.shape[1], there.shape[0]), flags=cv2.INTER_LINEAR))
        if shadow is not None and shadow.strength > 0:
            offset = f32([[1, 0, shadow.dx], [0, 1, shadow.dy]])
            dark = cv2.warpAffine(gaussian(laid[..., 3], 2.2), offset, (there.shape[1], there.shape[0]))
            there *= in_three(f32(1 - shadow.strength * f32(dark)))
        there *= in_three(1 - laid[..., 3])
        there += laid[..., :3] * np.float32(gain)

    def shade(self, gain: F32, place: Place) -> None:
        """Multiply by an area-filtered field; 1 outside it."""
        window, matrix = _window(gain.shape[0], place)
        if window is None:
            return
        there = self.pixels[window]
        size = (there.shape[1], there.shape[0])
        border = cv2.BORDER_CONSTANT
        there *= in_three(f32(cv2.warpAffine(gain, matrix, size, borderMode=border, borderValue=(1.0,))))

    def brighten(self, glare: F32, place: Place) -> None:
        """Add an area-filtered field; 0 outside it."""
        window, matrix = _window(glare.shape[0], place)
        if window is None:
            return
        there = self.pixels[window]
        there += in_three(f32(cv2.warpAffine(glare, matrix, (there.shape[1], there.shape[0]))))

    def mark(self, outline: F32, place: Place, zone: int) -> None:
        """Say which zone an area-filtered outline covers."""
        window, matrix = _window(outline.shape[0], place)
        if window is None:
            return
        there = self.zones[window]
        there[f32(cv2.warpAffine(outline, matrix, (there.shape[1], there.shape[0]))) > 0.5] = zone


def coverage_of(mask: F32, place: Place) -> F32:
    """How much of every frame pixel an area-filtered mask covers when laid at a place."""
    covered = np.zeros((HEIGHT, WIDTH), np.float32)
    window, matrix = _window(mask.shape[0], place)
    if window is not None:
        there = covered[window]
        laid = cv2.warpAffine(mask, matrix, (there.shape[1], there.shape[0]), flags=cv2.INTER_LINEAR)
        there[:] = laid
    return covered


def averaged(field: F32, times: int) -> F32:
    """A field drawn at so many times the frame, as the frame shows it."""
    size = (max(1, field.shape[1] // times), max(1, field.shape[0] // times))
    return f32(cv2.resize(field, size, interpolation=cv2.INTER_AREA))


def contrast_made(before: F32, after: F32, coverage: F32) -> float:
    """Mean Lab distance that a defect makes inside its mask; 0 where it covers no pixel."""
    inside = coverage > 0.5
    points = cv2.findNonZero(inside.astype(np.uint8))
    if points is None:
        return 0.0
    x, y, wide, high = cv2.boundingRect(points)
    window = (slice(y, y + high), slice(x, x + wide))
    change = np.linalg.norm(colour.lab(before[window]) - colour.lab(after[window]), axis=-1)
    return float(change[inside[window]].mean())


def _window(side: int, place: Place) -> tuple[tuple[slice, slice] | None, F32]:
    """The part of the frame that a square patch can touch, and the map from patch into it."""
    reach = int(side / SUB / 2) + 4
    x0, y0 = max(0, int(place.x) - reach), max(0, int(place.y) - reach)
    x1, y1 = min(WIDTH, int(place.x) + reach + 1), min(HEIGHT, int(place.y) + reach + 1)
    cos, sin = float(np.cos(place.turn)) / SUB, float(np.sin(place.turn)) / SUB
    middle = (side - 1) / 2
    to_x = place.x - x0 - cos * middle + sin * middle
    to_y = place.y - y0 - sin * middle - cos * middle
    matrix = f32([[cos, -sin, to_x], [sin, cos, to_y]])
    if x1 <= x0 or y1 <= y0:
        return None, matrix
    return (slice(y0, y1), slice(x0, x1)), matrix
