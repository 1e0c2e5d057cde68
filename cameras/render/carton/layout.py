"""Where things lie on a carton's face, and what is drawn there by boxes, polygons and lines of text.

Held-out styles use layouts that taught ones never use.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.raster import F32, f32, frame_axes, text_mask
from cameras.render.truth import HEIGHT, WIDTH

Share = tuple[float, float, float, float]  # left, top, right, bottom of a box, as shares of another


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie on a face; shares of what the flap and its seal leave free."""

    name: str
    brand: str
    title: Share
    strength: Share
    text: Share
    label: Share
    code: Share
    flap_left: bool


TAUGHT_LAYOUTS: Final = (
    Layout(
        name="band top",
        brand="band top",
        title=(0.03, 0.06, 0.62, 0.25),
        strength=(0.68, 0.08, 0.97, 0.23),
        text=(0.57, 0.34, 0.97, 0.48),
        label=(0.03, 0.37, 0.52, 0.94),
        code=(0.57, 0.52, 0.97, 0.94),
        flap_left=False,
    ),
    Layout(
        name="band bottom",
        brand="band bottom",
        title=(0.03, 0.06, 0.6, 0.26),
        strength=(0.66, 0.08, 0.97, 0.24),
        text=(0.03, 0.78, 0.9, 0.94),
        label=(0.50, 0.31, 0.97, 0.70),
        code=(0.03, 0.32, 0.45, 0.69),
        flap_left=True,
    ),
    Layout(
        name="block left",
        brand="block left",
        title=(0.40, 0.06, 0.97, 0.26),
        strength=(0.04, 0.1, 0.32, 0.25),
        text=(0.04, 0.45, 0.32, 0.92),
        label=(0.40, 0.34, 0.69, 0.94),
        code=(0.73, 0.34, 0.98, 0.94),
        flap_left=True,
    ),
    Layout(
        name="block right",
        brand="block right",
        title=(0.03, 0.07, 0.59, 0.27),
        strength=(0.68, 0.08, 0.97, 0.25),
        text=(0.67, 0.33, 0.97, 0.49),
        label=(0.03, 0.36, 0.58, 0.94),
        code=(0.67, 0.53, 0.97, 0.94),
        flap_left=False,
    ),
    Layout(
        name="stripes",
        brand="stripes",
        title=(0.03, 0.05, 0.6, 0.25),
        strength=(0.66, 0.06, 0.97, 0.23),
        text=(0.56, 0.47, 0.97, 0.58),
        label=(0.03, 0.48, 0.5, 0.94),
        code=(0.56, 0.61, 0.97, 0.95),
        flap_left=True,
    ),
    Layout(
        name="corner",
        brand="corner",
        title=(0.03, 0.07, 0.54, 0.27),
        strength=(0.59, 0.08, 0.8, 0.23),
        text=(0.03, 0.33, 0.5, 0.46),
        label=(0.03, 0.5, 0.5, 0.94),
        code=(0.56, 0.5, 0.97, 0.94),
        flap_left=False,
    ),
    Layout(
        name="wave",
        brand="wave",
        title=(0.03, 0.05, 0.58, 0.25),
        strength=(0.64, 0.06, 0.97, 0.23),
        text=(0.03, 0.8, 0.5, 0.95),
        label=(0.56, 0.31, 0.97, 0.85),
        code=(0.03, 0.31, 0.45, 0.66),
        flap_left=True,
    ),
    Layout(
        name="arc",
        brand="arc",
        title=(0.34, 0.06, 0.97, 0.26),
        strength=(0.03, 0.72, 0.3, 0.9),
        text=(0.40, 0.31, 0.97, 0.43),
        label=(0.40, 0.48, 0.69, 0.95),
        code=(0.73, 0.48, 0.98, 0.95),
        flap_left=False,
    ),
)
HELD_OUT_LAYOUTS: Final = (
    Layout(
        name="diagonal",
        brand="diagonal",
        title=(0.53, 0.06, 0.97, 0.25),
        strength=(0.56, 0.3, 0.8, 0.42),
        text=(0.02, 0.06, 0.24, 0.3),
        label=(0.03, 0.42, 0.5, 0.93),
        code=(0.58, 0.5, 0.97, 0.95),
        flap_left=True,
    ),
    Layout(
        name="frame",
        brand="frame",
        title=(0.08, 0.13, 0.6, 0.32),
        strength=(0.66, 0.15, 0.93, 0.3),
        text=(0.08, 0.36, 0.5, 0.48),
        label=(0.52, 0.38, 0.92, 0.87),
        code=(0.08, 0.52, 0.47, 0.87),
        flap_left=False,
    ),
    Layout(
        name="disc",
        brand="disc",
        title=(0.03, 0.08, 0.56, 0.28),
        strength=(0.7, 0.2, 0.94, 0.36),
        text=(0.03, 0.34, 0.5, 0.47),
        label=(0.03, 0.52, 0.48, 0.94),
        code=(0.54, 0.62, 0.97, 0.96),
        flap_left=True,
    ),
    Layout(
        name="columns",
        brand="columns",
        title=(0.33, 0.06, 0.97, 0.27),
        strength=(0.33, 0.31, 0.6, 0.44),
        text=(0.64, 0.31, 0.97, 0.44),
        label=(0.33, 0.5, 0.64, 0.95),
        code=(0.68, 0.5, 0.98, 0.95),
        flap_left=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in frame pixels; its right and bottom are excluded."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def wide(self) -> float:
        return self.right - self.left

    @property
    def high(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def corners(self) -> F32:
        """(4, 2), clockwise from the top left."""
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        return f32([[left, top], [right, top], [right, bottom], [left, bottom]])

    def part(self, share: Share) -> "Box":
        left, top, right, bottom = share
        return Box(
            self.left + left * self.wide,
            self.top + top * self.high,
            self.left + right * self.wide,
            self.top + bottom * self.high,
        )

    def grown(self, by: float) -> "Box":
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True, slots=True)
class Typeface:
    font: int
    stretch: float  # width against height


def box_coverage(box: Box, corner: float = 0.0) -> F32:
    """How much of every pixel a box with round corners covers."""
    x, y = frame_axes(WIDTH, HEIGHT)
    if corner <= 0:
        across = np.clip(np.minimum(x[0] + 1 - box.left, box.right - x[0]), 0, 1)
        down = np.clip(np.minimum(y[:, 0] + 1 - box.top, box.bottom - y[:, 0]), 0, 1)
        return f32(down[:, None] * across[None])
    covered = np.zeros((HEIGHT, WIDTH), np.float32)
    rows = slice(max(0, int(box.top) - 1), max(0, int(box.bottom) + 2))
    columns = slice(max(0, int(box.left) - 1), max(0, int(box.right) + 2))
    middle_x, middle_y = box.middle
    out_x = np.abs(x[rows, columns] + np.float32(0.5 - middle_x)) - np.float32(box.wide / 2 - corner)
    out_y = np.abs(y[rows, columns] + np.float32(0.5 - middle_y)) - np.float32(box.high / 2 - corner)
    outside = np.sqrt(np.maximum(out_x, 0) ** 2 + np.maximum(out_y, 0) ** 2) + np.minimum(np.maximum(out_x, out_y), 0)
    covered[rows, columns] = np.clip(np.float32(0.5 + corner) - outside, 0, 1)
    return covered


def reach_of(coverage: F32) -> tuple[slice, slice]:
    """The rows and columns that hold all of a coverage; empty slices where there is none."""
    rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    if len(rows) == 0:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def polygon_coverage(points: F32) -> F32:
    """How much of every pixel a polygon of sub-pixel points covers; pixel centres are whole numbers plus a half."""
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(drawn, [np.round((points - 0.5) * 16).astype(np.int32)], (255.0,), cv2.LINE_AA, 4)
    return f32(drawn) / np.float32(255)


def written(text: str, face: Typeface, height_px: float) -> NDArray[np.uint8]:
    """Coverage of one line of text, cropped to itself, capitals height_px tall."""
    (width, tall), _ = cv2.getTextSize(text, face.font, 2.0, 2)
    at = (20, int(1.6 * tall))
    drawn = text_mask((int(2.3 * tall) + 20, width + 60), text, at=at, font=face.font, scale=2.0, stroke=2)
    x, y, wide, high = cv2.boundingRect(drawn)
    if wide == 0 or high == 0:
        return np.zeros((1, 1), np.uint8)
    scale = height_px / tall
    size = (max(2, round(wide * scale * face.stretch)), max(2, round(high * scale)))
    return np.asarray(cv2.resize(drawn[y : y + high, x : x + wide], size, interpolation=cv2.INTER_AREA), np.uint8)


def put(coverage: F32, patch: NDArray[np.uint8], x: float, y: float) -> None:
    """Lay a patch of coverage 0..255 into a frame of 0..1 with its top left at a whole pixel."""
    left, top = round(x), round(y)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(WIDTH, left + patch.shape[1]), min(HEIGHT, top + patch.shape[0])
    if x1 > x0 and y1 > y0:
        there = coverage[y0:y1, x0:x1]
        np.maximum(there, f32(patch[y0 - top : y1 - top, x0 - left : x1 - left]) / np.float32(255), out=there)


def write_in(coverage: F32, text: str, face: Typeface, box: Box, height_px: float, *, centred: bool = False) -> None:
    """One line in a box, at its left or in its middle, smaller where it would not fit."""
    patch = written(text, face, height_px)
    if patch.shape[1] > box.wide:
        patch = written(text, face, height_px * box.wide / patch.shape[1] * 0.98)
    left = box.left + (box.wide - patch.shape[1]) / 2 if centred else box.left
    put(coverage, patch, left, box.top + (box.high - patch.shape[0]) / 2)
