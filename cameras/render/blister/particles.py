"""Things that do not belong where they lie: specks, fibres and pieces of tablet."""

from dataclasses import dataclass

import cv2
import numpy as np

from cameras.render.blister.damage import Damage
from cameras.render.raster import (
    F32,
    SUB,
    Mask,
    Random,
    f32,
    gaussian,
    grown,
    largest_piece,
    length,
    log_uniform,
    noise,
    polyline,
    shrunk,
)
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


def draw_fragment(rng: Random, tone: F32, px_per_mm: float, *, longest_mm: float) -> Particle:
    """An angular piece of tablet, sometimes with crumbs round it; its length is the largest piece's."""
    scale = px_per_mm * SUB
    across = log_uniform(rng, 0.6, longest_mm) * scale
    side = int(across * 2.6 + 6 * SUB) | 1
    corners = int(rng.integers(5, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = across / 2 * rng.uniform(0.55, 1.05, corners)
    flat = rng.uniform(0.6, 1)
    outline = f32(np.stack([side / 2 + radii * np.cos(angles), side / 2 + radii * flat * np.sin(angles)], 1))
    drawn = np.zeros((side, side), np.uint8)
    hull = np.round(f32(cv2.convexHull(outline))[:, 0] * 16).astype(np.int32)
    cv2.fillPoly(drawn, [hull], (255.0,), cv2.LINE_AA, 4)
    if rng.random() < 0.45:
        for _ in range(int(rng.integers(2, 7))):
            x, y = side / 2 + rng.normal(0, across * 0.55, 2)
            crumb = max(1, int(rng.uniform(0.1, 0.22) * scale))
            cv2.circle(drawn, (int(x), int(y)), crumb, (255.0,), -1, cv2.LINE_AA)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(0, 360), 1)
    coverage = f32(cv2.warpAffine(drawn, matrix, (side, side))) / np.float32(255)
    rise_y, rise_x = np.gradient(gaussian(coverage, SUB * 0.8))
    light = rng.uniform(0, 2 * np.pi)
    shade = 1 + 2.2 * (rise_x * np.cos(light) + rise_y * np.sin(light)) * SUB * 0.3
    shade = shade + 0.07 * noise(rng, side, side, 2)
    body = np.clip(tone * rng.uniform(0.88, 1.02) + rng.uniform(-8, 8), 0, 255)
    patch = f32(np.dstack([np.clip(body * shade[..., None], 0, 255) * coverage[..., None], coverage]))
    mask = coverage > 0.5
    return Particle(patch, mask, length(largest_piece(mask)), float(mask.sum()))


def lay_on_tablet(rng: Random, tablet: F32, particle: Particle) -> Damage | None:
    """Lay a particle at a random place well inside a tablet; None where it does not fit."""
    side, small = tablet.shape[0], particle.patch.shape[0]
    if small >= side - 2:
        return None
    foot = tablet[..., 3] > 0.5
    margin = max(3, int(length(particle.mask) / 2) * 2 + 1)
    inside = shrunk(foot, margin)[small // 2 : side - small // 2 - 1, small // 2 : side - small // 2 - 1]
    rows, columns = np.nonzero(inside)
    if len(rows) == 0:
        return None
    index = int(rng.integers(len(rows)))
    window = (slice(rows[index], rows[index] + small), slice(columns[index], columns[index] + small))
    spotted = tablet.copy()
    under = spotted[window]
    spotted[(*window, slice(0, 3))] = under[..., :3] * (1 - particle.patch[..., 3:]) + particle.patch[..., :3]
    mask = np.zeros((side, side), np.bool_)
    mask[window] = particle.mask
    return Damage(spotted, mask & foot, particle.length_sub, particle.area_sub)
