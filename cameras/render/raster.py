"""The few OpenCV and NumPy operations that drawing needs, with exact types.

Everything here is pure and gives the same bytes for any number of OpenCV threads.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
Random = np.random.Generator
T = TypeVar("T")

SUB: Final = 3  # tablets are drawn at three times the frame's resolution and area filtered down
_BANK_SIDE: Final = 1400


def pick(rng: Random, options: Sequence[T]) -> T:
    return options[int(rng.integers(len(options)))]


def log_uniform(rng: Random, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def f32(values: object) -> F32:
    return np.asarray(values, dtype=np.float32)


def gaussian(field: NDArray[np.float32] | NDArray[np.uint8], sigma: float) -> F32:
    return f32(cv2.GaussianBlur(field, (0, 0), sigma))


def area_filtered(field: F32) -> F32:
    """Average over one frame pixel of a field drawn at SUB times the frame."""
    return f32(cv2.blur(field, (SUB, SUB)))


def in_three(field: F32) -> F32:
    """The same value for red, green and blue; much faster to compute with than a broadcast last axis."""
    return f32(cv2.cvtColor(field, cv2.COLOR_GRAY2RGB))


def shifted(field: F32, dx: float, dy: float, fill: float) -> F32:
    height, width = field.shape[:2]
    matrix = f32([[1, 0, dx], [0, 1, dy]])
    return f32(cv2.warpAffine(field, matrix, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=(fill,)))


def slopes(height: F32) -> tuple[F32, F32]:
    """Rise per frame pixel along x and y of a relief given in frame pixels at SUB times the frame."""
    scale = SUB / 8
    return (
        f32(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3)) * scale,
        f32(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)) * scale,
    )


def grown(mask: Mask, side: int, *, round_kernel: bool = True) -> Mask:
    shape = cv2.MORPH_ELLIPSE if round_kernel else cv2.MORPH_RECT
    kernel = cv2.getStructuringElement(shape, (side, side))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def shrunk(mask: Mask, side: int) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def largest_piece(mask: Mask) -> Mask:
    labels = np.asarray(cv2.connectedComponents(mask.astype(np.uint8))[1])
    sizes = np.bincount(labels.ravel())
    if len(sizes) < 2:
        return mask
    sizes[0] = 0
    return np.asarray(labels == int(sizes.argmax()))


def length(mask: Mask) -> float:
    """Longest dimension (Feret) of a mask, in its own pixels; 0 for an empty one.

    >>> length(np.ones((1, 7), bool))
    7.0
    """
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return 0.0
    hull = f32(cv2.convexHull(np.concatenate(outlines)))[:, 0]
    return float(np.sqrt(((hull[:, None] - hull[None]) ** 2).sum(-1)).max() + 1)


@cache
def _noise_bank() -> tuple[F32, ...]:
    """White noise and the same at growing grain; drawn once a process, read at random offsets."""
    white = np.random.default_rng(12345).standard_normal((_BANK_SIDE, _BANK_SIDE)).astype(np.float32)
    grains = [white]
    for sigma in (1, 2, 4, 9):
        soft = gaussian(white, sigma)
        grains.append(soft / soft.std())
    for grain in grains:
        grain.setflags(write=False)
    return tuple(grains)


def noise(rng: Random, height: int, width: int, sigma: int = 0) -> F32:
    """Unit noise with a grain of 0, 1, 2, 4 or 9 pixels; a read-only view."""
    field = _noise_bank()[(0, 1, 2, 4, 9).index(sigma)]
    y = int(rng.integers(0, field.shape[0] - height))
    x = int(rng.integers(0, field.shape[1] - width))
    return field[y : y + height, x : x + width]


def slow_field(rng: Random, height: int, width: int, cells: int) -> F32:
    """A field that varies slowly over the frame, about unit amplitude."""
    grid = rng.standard_normal((cells + 1, int(cells * width / height) + 2)).astype(np.float32)
    return f32(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC))


@cache
def frame_axes(width: int, height: int) -> tuple[F32, F32]:
    """The x and y of every pixel of a frame; read-only."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x.setflags(write=False)
    y.setflags(write=False)
    return x, y


def text_mask(
    shape: tuple[int, int], text: str, *, at: tuple[int, int], font: int, scale: float, stroke: int
) -> NDArray[np.uint8]:
    """Coverage of one line of text whose baseline starts at `at` (x, y)."""
    mask = np.zeros(shape, np.uint8)
    cv2.putText(mask, text, at, font, scale, (255.0,), stroke, cv2.LINE_AA)
    return mask


def polyline(mask: NDArray[np.uint8], points: F32, stroke: int) -> None:
    """Draw an open line through sub-pixel points into a coverage mask."""
    fixed = np.round(points * 16).astype(np.int32)
    cv2.polylines(mask, [fixed], False, (255.0,), stroke, cv2.LINE_AA, 4)
