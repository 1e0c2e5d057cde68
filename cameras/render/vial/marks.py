"""How a defect of one place is painted into a unit's window and measured; the regions and lines it is drawn from."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render import colour
from cameras.render.canvas import averaged, contrast_made
from cameras.render.raster import F32, Mask, Random, f32, grown, length, polyline
from cameras.render.vial.paint import Picture, cake_cover, floor_line, liquid_surface
from cameras.render.vial.stage import FINE, Stage
from cameras.render.vial.unit import Unit

_LEAST_PX = 2.5  # frame pixels below which nobody can tell what a thing is


@dataclass(frozen=True, slots=True)
class Mark:
    """A defect that was painted, in the unit's window."""

    mask: F32
    length_mm: float
    area_mm2: float
    contrast: float
    distinct: bool


def window_of(core: Mask, margin: int) -> tuple[slice, slice] | None:
    points = cv2.findNonZero(core.astype(np.uint8))
    if points is None:
        return None
    x, y, wide, high = cv2.boundingRect(points)
    x0, y0 = max(0, x - margin) // FINE * FINE, max(0, y - margin) // FINE * FINE
    return slice(y0, y + high + margin), slice(x0, x + wide + margin)


def contrast_in_window(before: F32, after: F32, mask: F32, *, edges: bool = False) -> float:
    """Mean Lab distance that a defect makes inside its mask, at the frame's resolution.

    Args:
        before: (rows, columns, 3) RGB, and `after` with the defect.
        mask: (rows, columns) 0..1.
        edges: mean over the tenth of the mask and its border that changed most. Clear liquid and glass that are out of
            place are plain to see by their outlines alone; over their whole area they change nearly nothing.
    """
    window = window_of(np.asarray(mask > 0.5), 8)
    if window is None:
        return 0.0
    first, second, inside = (averaged(field[window], FINE) for field in (before, after, mask))
    if not edges:
        return contrast_made(first, second, inside)
    change = np.linalg.norm(colour.lab(first) - colour.lab(second), axis=-1)
    changes = np.sort(change[grown(np.asarray(inside > 0.5), 5)])
    return float(changes[-max(1, len(changes) // 10) :].mean()) if len(changes) else 0.0


def painted(
    stage: Stage, picture: Picture, core: Mask, mask: Mask, paint: Callable[[F32, tuple[slice, slice]], None]
) -> Mark | None:
    """Paint a defect into its window and measure what that changed."""
    window = window_of(mask, 8)
    if window is None or not core.any():
        return None
    before = picture.rgb[window].copy()
    paint(picture.rgb[window], window)
    contrast = contrast_made(*(averaged(field, FINE) for field in (before, picture.rgb[window], f32(mask[window]))))
    length_mm = length(core) / stage.scale
    return Mark(f32(mask), length_mm, stage.mm2(core), contrast, length_mm * stage.scale / FINE >= _LEAST_PX)


def tone_at(picture: Picture, core: Mask) -> F32:
    near = grown(core, 15)
    return f32(np.clip(picture.rgb[near], 0, 255).mean(0))


def content_region(stage: Stage, unit: Unit) -> Mask:
    """Where a loose thing can lie: in the liquid, on the cake's face, or on the floor of an empty unit."""
    floor = floor_line(stage)
    if unit.level_mm <= 0:
        top = f32(floor + 1.5)
        cover = stage.within(floor, top)
    elif unit.cake is not None:
        cover = cake_cover(stage, unit.cake)
    else:
        cover = stage.within(floor, liquid_surface(stage, unit.level_mm)[0] - 0.7)
    return np.asarray((cover > 0.5) & (np.abs(stage.x) < stage.outline.inner * 0.9))


def place_in(rng: Random, region: Mask, *, low: bool) -> tuple[float, float] | None:
    rows, columns = np.nonzero(region)
    if len(rows) == 0:
        return None
    index = int(rng.integers(len(rows)))
    column = int(columns[index])
    row = int(np.nonzero(region[:, column])[0].max()) if low else int(rows[index])
    return float(column), float(row)


def pasted(stage: Stage, patch: NDArray[np.float32], column: float, row: float) -> F32:
    """A small field centred at a place of the window; 0 elsewhere."""
    field = np.zeros(stage.shape, np.float32)
    high, wide = patch.shape
    y0, x0 = round(row - high / 2), round(column - wide / 2)
    top, left = max(0, y0), max(0, x0)
    bottom, right = min(stage.shape[0], y0 + high), min(stage.shape[1], x0 + wide)
    if bottom > top and right > left:
        field[top:bottom, left:right] = patch[top - y0 : bottom - y0, left - x0 : right - x0]
    return field


def wandered(
    rng: Random, start: tuple[float, float], heading: float, far: float, *, swing: float, within: Mask
) -> list[F32]:
    """Points of a line that wanders about its heading and stops where it leaves a region."""
    points, course = [f32(start)], heading
    step = max(2.0, far / 16)
    for _ in range(int(far / step)):
        course += rng.normal() * swing + 0.2 * float(np.sin(heading - course))
        point = f32(points[-1] + step * f32([np.cos(course), np.sin(course)]))
        x, y = round(float(point[0])), round(float(point[1]))
        if not (0 <= x < within.shape[1] and 0 <= y < within.shape[0] and within[y, x]):
            break
        points.append(point)
    return points


def stroked(stage: Stage, points: list[F32], width_mm: float, *, tapered: bool = False) -> F32:
    """Coverage of a line; one thinner than a pixel is fainter instead."""
    drawn = np.zeros(stage.shape, np.uint8)
    wide = width_mm * stage.scale
    if tapered:
        for index, pair in enumerate(pairwise(points)):
            taper = 1.15 - 0.8 * (index + 0.5) / (len(points) - 1)
            polyline(drawn, f32(pair), max(1, round(wide * taper)))
    else:
        polyline(drawn, f32(points), max(1, round(wide)))
    return f32(drawn.astype(np.float32) / 255 * min(1.0, 0.25 + 0.75 * wide))


def line_core(line: F32) -> Mask:
    return np.asarray(line > 0.4 * float(line.max()) if line.any() else line > 1)
