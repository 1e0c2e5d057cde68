"""Outlines: tablets as signed distances and the noisy closed shapes of chips, spots and stains."""

import numpy as np

from cameras.render.raster import F32, Random, f32


def centred_axes(radius: int, scale: float) -> tuple[F32, F32]:
    """x and y of a square canvas of side 2 * radius + 1, zero in its middle, divided by scale."""
    v, u = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32) / np.float32(scale)
    return u, v


def signed_distance(shape: str, u: F32, v: F32, half_x: float, half_y: float) -> F32:
    """Distance from a tablet's outline, negative inside, in the unit of its half axes."""
    match shape:
        case "round" | "oval":
            near = np.sqrt((u / half_x) ** 2 + (v / half_y) ** 2)
            slope = np.sqrt((u / half_x**2) ** 2 + (v / half_y**2) ** 2) + 1e-6
            return f32(near * (near - 1) / slope)
        case "capsule" | "oblong":
            radius = min(half_x, half_y)
            along_x = np.maximum(np.abs(u) - (half_x - radius), 0)
            along_y = np.maximum(np.abs(v) - (half_y - radius), 0)
            return f32(np.sqrt(along_x**2 + along_y**2) - radius)
        case _:  # cushion: a superellipse
            power = 3.6
            level = (np.abs(u / half_x) ** power + np.abs(v / half_y) ** power) ** (1 / power)
            return f32((level - 1) * min(half_x, half_y))


def distance_at(shape: str, x: float, y: float, half_x: float, half_y: float) -> float:
    return float(signed_distance(shape, f32([x]), f32([y]), half_x, half_y)[0])


def blob(rng: Random, side: int, radius: float, *, flattening: float, roughness: float) -> F32:
    """A noisy closed shape in a square canvas: positive inside, about a distance in pixels."""
    v, u = np.mgrid[0:side, 0:side].astype(np.float32) - np.float32((side - 1) / 2)
    turn = rng.uniform(0, np.pi)
    x = u * np.float32(np.cos(turn)) + v * np.float32(np.sin(turn))
    y = (v * np.float32(np.cos(turn)) - u * np.float32(np.sin(turn))) / np.float32(flattening)
    angle = np.arctan2(y, x)
    edge = np.ones_like(angle)
    for wave in range(2, 7):
        swing = np.float32(roughness / wave * rng.normal())
        edge += swing * np.cos(wave * angle + np.float32(rng.uniform(0, 2 * np.pi)))
    return f32((radius * np.clip(edge, 0.35, 1.8) - np.sqrt(x * x + y * y)) * min(1, 0.5 + flattening / 2))
