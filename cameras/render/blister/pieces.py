"""Pieces of tablet, and what lies on one."""

import cv2
import numpy as np

from cameras.render.blister.damage import Damage
from cameras.render.particles import Particle
from cameras.render.raster import (
    F32,
    SUB,
    Random,
    f32,
    gaussian,
    largest_piece,
    length,
    log_uniform,
    noise,
    shrunk,
)


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
