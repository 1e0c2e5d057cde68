"""The pockets of one pack: their outline, how they shade the web, and the glare on their film."""

from dataclasses import dataclass

import numpy as np

from cameras.render.blister.style import Layout, Product
from cameras.render.raster import F32, SUB, Random, area_filtered, f32
from cameras.render.shapes import centred_axes, signed_distance


@dataclass(frozen=True, slots=True)
class Pocket:
    """One pocket shape for the whole pack, at SUB times the frame."""

    shape: str
    half_x: float  # frame pixels
    half_y: float
    gain: F32  # what the web is multiplied by
    glare: F32  # what lamp light adds on top of the tablet
    interior: F32  # 1 inside the pocket, area filtered
    radius: int  # half the side of the canvas


def draw_pocket(rng: Random, layout: Layout, product: Product, *, held_out: bool) -> Pocket:
    room = rng.uniform(1.14, 1.32)
    half_x = min(product.half_x * room, layout.pitch_x * 0.48)
    half_y = min(product.half_y * room, layout.pitch_y * 0.48)
    shape = "oblong" if rng.random() < 0.2 and product.shape != "round" else product.shape
    radius = int(max(half_x, half_y) * SUB * 1.12) + 2 * SUB
    u, v = centred_axes(radius, SUB)
    outside = signed_distance(shape, u, v, half_x, half_y)
    wall = rng.uniform(1.2, 3.2)  # of the draw-in round the pocket, frame pixels
    away = (u * product.light[0] + v * product.light[1]) / np.maximum(np.hypot(u, v), 1)
    ring = np.exp(-((outside / wall) ** 2))
    inside = np.clip(0.5 - outside, 0, 1)
    gain = 1 + inside * rng.uniform(-0.28, 0.12) - ring * rng.uniform(0.02, 0.3) - ring * away * rng.uniform(0.05, 0.3)
    slope = np.exp(-(((outside + wall * 2) / (wall * 1.2)) ** 2))
    gain = gain + slope * away * rng.uniform(0, 0.2)
    glare = np.zeros_like(outside)
    if rng.random() < 0.75:
        if held_out and rng.random() < 0.6:
            arc = np.exp(-(((outside + half_y * 0.3) / (half_y * 0.06 + 0.7)) ** 2))
            glare = f32(arc * np.clip(-away * 2 - 0.3, 0, 1))
        else:
            glare = _lamp_spots(rng, u, v, half_x, half_y, product.light)
        glare = f32(glare * np.clip(0.5 - outside, 0, 1) * rng.uniform(8, 95))
    return Pocket(
        shape=shape,
        half_x=half_x,
        half_y=half_y,
        gain=area_filtered(f32(gain)),
        glare=area_filtered(glare),
        interior=area_filtered(f32(outside < 0)),
        radius=radius,
    )


def _lamp_spots(rng: Random, u: F32, v: F32, half_x: float, half_y: float, light: tuple[float, float]) -> F32:
    """One or two lamps mirrored in the domed film."""
    glare = np.zeros_like(u)
    for _ in range(int(rng.integers(1, 3))):
        out = rng.uniform(0.25, 0.75)
        wide, high = rng.uniform(0.07, 0.2) * half_x, rng.uniform(0.05, 0.14) * half_y
        aside = rng.uniform(-0.9, 0.9) * 0.4
        x = -light[0] * out * half_x - light[1] * aside * half_x
        y = -light[1] * out * half_y + light[0] * aside * half_y
        power = 1 if rng.random() < 0.5 else 2  # a point lamp or a panel with an edge
        glare += f32(np.exp(-((((u - x) / wide) ** 2 + ((v - y) / high) ** 2) ** power)))
    return glare
