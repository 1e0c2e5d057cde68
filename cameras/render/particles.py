"""Things that do not belong where they lie: specks and fibres."""

from dataclasses import dataclass

import numpy as np

from cameras.render.raster import F32, SUB, Mask, Random, f32, grown, length, log_uniform, noise, polyline
from cameras.render.shapes import blob


@dataclass(frozen=True, slots=True)
class Particle:
    """A loose patch of premultiplied RGBA at SUB times the frame."""

    patch: F32
    mask: Mask  # what the eyes are taught to mark
    length_sub: float
    area_sub: float


def _coloured(rng: Random, coverage: F32, tone: F32) -> F32:
    opacity = rng.uniform(0.78, 1.0)
    side = coverage.shape[0]
    rgb = np.clip(tone * (1 + 0.06 * noise(rng, side, side, 2))[..., None], 0, 255)
    return f32(np.dstack([rgb * (coverage * opacity)[..., None], coverage * opacity]))


def draw_speck(rng: Random, tone: F32, px_per_mm: float, *, shortest_mm: float, longest_mm: float) -> Particle | None:
    across = log_uniform(rng, shortest_mm, longest_mm) * px_per_mm * SUB
    side = int(across * 2.2 + 4 * SUB) | 1
    shape = blob(rng, side, across / 2, flattening=rng.uniform(0.55, 1.0), roughness=0.3)
    coverage = f32(np.clip(shape / rng.uniform(1, 2.2) + 0.5, 0, 1))
    mask = coverage > 0.5
    if not mask.any():
        return None
    return Particle(_coloured(rng, coverage, tone), mask, length(mask), float(mask.sum()))


def draw_fibre(rng: Random, tone: F32, px_per_mm: float) -> Particle | None:
    """A bent hair; its mask is widened, because a hair is thinner than a pixel."""
    wanted = rng.uniform(1.5, 6) * px_per_mm * SUB
    side = int(wanted * 1.3) | 1
    drawn = np.zeros((side, side), np.uint8)
    course, bend = rng.uniform(-0.5, 0.5), rng.normal() * 0.12
    points = [f32([side * 0.15, side / 2])]
    for _ in range(14):
        course += bend + rng.normal() * 0.12
        points.append(f32(points[-1] + wanted / 15 * f32([np.cos(course), np.sin(course)])))
    polyline(drawn, f32(points), max(1, int(rng.uniform(0.16, 0.32) * px_per_mm * SUB)))
    coverage = f32(drawn.astype(np.float32) / 255)
    core = coverage > 0.5
    if not core.any():
        return None
    mask = grown(core, int(2.2 * SUB) | 1, round_kernel=False)
    return Particle(_coloured(rng, coverage, tone), mask, length(core), float(core.sum()))
