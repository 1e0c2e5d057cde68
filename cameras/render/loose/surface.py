"""What goes wrong with the face of a loose tablet or capsule: on it, in its coat or in its print.

As in defects.py, where its body is broken.
"""

from dataclasses import replace

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.loose.style import Loose
from cameras.render.loose.unit import Body, without_text
from cameras.render.loose.wound import Wound, blob_at, place_inside, place_on, place_on_rim, tear
from cameras.render.particles import draw_fibre, draw_speck
from cameras.render.raster import SUB, Random, f32, gaussian, grown, log_uniform, noise, pick, slow_field


def draw_spot(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A dark or coloured speck or a fibre in the surface."""
    scale = product.px_per_mm / SUB  # the shared helpers draw at SUB times the frame
    least = 16 if small and rng.random() < 0.5 else 28
    tone = colour.particle_colour(rng, unlike=product.colours, least=least)
    fibre = not small and rng.random() < 0.2
    if fibre:
        particle = draw_fibre(rng, tone, scale)
    else:
        particle = draw_speck(rng, tone, scale, shortest_mm=0.1, longest_mm=0.5 if small else 2.0)
    if particle is None:
        return None
    high = particle.patch.shape[0]
    turn = cv2.getRotationMatrix2D(((high - 1) / 2, (high - 1) / 2), rng.uniform(0, 360), 1)
    patch = gaussian(f32(cv2.warpAffine(particle.patch, turn, (high, high))), 0.6)
    at = place_inside(rng, body, max(3, int(particle.length_sub * 0.8) | 1))
    x, y = int(at[0]) - high // 2, int(at[1]) - high // 2
    if x < 0 or y < 0 or x + high > body.side or y + high > body.side:
        return None
    window = (slice(y, y + high), slice(x, x + high))
    albedo, core = body.albedo.copy(), np.zeros(body.cover.shape, np.bool_)
    albedo[window] = albedo[window] * (1 - patch[..., 3:]) + patch[..., :3]
    core[window] = patch[..., 3] > 0.4 * patch[..., 3].max()
    core &= body.foot
    if not core.any():
        return None
    return Wound.of(replace(body, albedo=albedo), grown(core, 3) & body.foot if fibre else core, core=core)


def draw_stain(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A discoloured patch, or a face that is mottled all over."""
    side, scale, foot = body.side, product.px_per_mm, body.foot
    turned, contrast = colour.stain_colour(
        rng, pick(rng, product.colours), faintest=8.0, strongest=15.0 if small else 30.0
    )
    if not small and not product.is_capsule and rng.random() < 0.22:
        field = 0.8 * slow_field(rng, side, side, 7) + 0.5 * noise(rng, side, side, 9)
        weight = f32(np.clip(0.5 + 0.55 * field, 0, 1))
        mask = foot
    else:
        across = min(log_uniform(rng, 0.6, 2.0 if small else 6.0) * scale, 1.3 * product.radius)
        at = place_inside(rng, body, 3)
        shape = blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.55, 1), roughness=0.45)
        shape = f32(shape + noise(rng, side, side, 9) * 0.06 * across + noise(rng, side, side, 4) * 0.02 * across)
        soft = np.clip(shape / (rng.uniform(0.08, 0.35) * across) + 0.5, 0, 1)
        weight = f32(soft * (0.9 + 0.12 * slow_field(rng, side, side, 9)))
        mask = (weight > 0.4) & foot
        if mask.sum() < 9:
            return None
    gain = body.albedo.mean(-1, keepdims=True) / max(8.0, float(np.mean([tone.mean() for tone in product.colours])))
    share = np.clip(weight, 0, 1)[..., None]
    albedo = f32(body.albedo * (1 - share) + turned * np.clip(gain, 0.7, 1.3) * share)
    return Wound.of(replace(body, albedo=albedo), mask, distinct=contrast >= 10)


def draw_peel(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """Film torn off in one to three flakes: matt core in a sharp, slightly curled edge."""
    scale = product.px_per_mm
    missing, inward = np.zeros(body.cover.shape, np.bool_), np.full_like(body.cover, -99.0)
    at = place_inside(rng, body, 3)
    if rng.random() < 0.5:
        at = place_on_rim(rng, body, inset=rng.uniform(0.0, 0.15) * product.radius)
    across = min(log_uniform(rng, 0.5, 1.5 if small else 6.0) * scale, 0.9 * product.radius)
    for _ in range(int(rng.choice(3, p=(0.65, 0.2, 0.15))) + 1):
        flake = blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.5, 1.0), roughness=0.36)
        flake = f32(flake + noise(rng, body.side, body.side, 9) * 0.05 * scale)
        inward = f32(np.maximum(inward, flake + noise(rng, body.side, body.side, 2) * 0.012 * scale))
        at = f32(at + rng.normal(0, 0.45, 2) * across)
        across *= rng.uniform(0.35, 0.8)
    missing = (inward > 0) & body.foot
    if missing.sum() < 9:
        return None
    torn = tear(rng, product, body, inward, deepest=np.clip(inward, 0, 0.06 * scale), rough=0.6)
    lip = np.exp(-(((inward + 0.05 * scale) / (0.04 * scale)) ** 2))
    return Wound.of(replace(torn, relief=f32(torn.relief + rng.uniform(0.3, 1.2) * lip)), missing)


def draw_picking(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """Shallow rough pits where the punch has torn material off the face, most of them at the characters."""
    scale, side = product.px_per_mm, body.side
    at = place_on(rng, body.text > 0.5) if product.has_text else place_inside(rng, body, int(0.5 * product.radius) | 1)
    if at is None:
        return None
    across = min(log_uniform(rng, 0.6, 1.5 if small else 4.5) * scale, 0.9 * product.radius)
    inward = blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.5, 1.0), roughness=0.4)
    inward = f32(inward + noise(rng, side, side, 9) * 0.05 * across + noise(rng, side, side, 4) * 0.03 * scale)
    inward = f32(np.where(body.outside < -0.12 * product.radius, inward, -1))
    missing = (inward > 0) & body.foot
    if missing.sum() < 9:
        return None
    deep = rng.uniform(0.07, 0.18) * scale
    torn = tear(rng, product, body, inward, deepest=np.clip(inward * 0.8, 0, deep), rough=0.65)
    dim = 1 - rng.uniform(0.03, 0.16) * np.clip(inward / 2, 0, 1)
    return Wound.of(replace(torn, albedo=f32(torn.albedo * dim[..., None])), missing)


def draw_missing_imprint(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """Characters partly or wholly gone, or so faint that they cannot be read."""
    scale, side = product.px_per_mm, body.side
    rows, columns = np.nonzero(body.text > 0.5)
    if len(rows) == 0:
        return None
    turn = rng.uniform(0, 2 * np.pi)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    past = columns * cos + rows * sin
    start = float(np.quantile(past, rng.uniform(0.45, 0.75) if small else rng.uniform(0.15, 0.6)))
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    edge = x * cos + y * sin - np.float32(start) + noise(rng, side, side, 9) * 0.25 * scale
    left = rng.uniform(0.15, 0.3) if small else pick(rng, (0.0, 0.0, 0.15))
    kept = np.clip(left + 0.5 * left * noise(rng, side, side, 4), 0, 0.5)
    gone = f32(np.clip(edge / (0.2 * scale) + 0.5, 0, 1) * (1 - kept))
    core = (body.text > 0.5) & (gone > 0.5)
    if core.sum() < 12:
        return None
    return Wound.of(without_text(rng, product, body, gone), grown(core, max(3, round(0.06 * scale)) | 1) & body.foot)
