"""What goes wrong with the tablet itself: chip, break, crack, stain.

Each function takes an intact tablet (premultiplied RGBA at SUB times the frame) and returns a damaged copy, or None
where the drawn place or shape does not give a fair example; the caller tries again.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cameras.render import colour
from cameras.render.blister.style import Product
from cameras.render.raster import (
    F32,
    SUB,
    Mask,
    Random,
    f32,
    grown,
    length,
    log_uniform,
    noise,
    polyline,
    shifted,
    shrunk,
    slow_field,
)
from cameras.render.shapes import blob, centred_axes


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged tablet and what is known of the damage, all at SUB times the frame."""

    tablet: F32
    mask: Mask
    length_sub: float
    area_sub: float
    distinct: bool = True  # strong enough in itself to be specified


def _edge_along(foot: Mask, cos: float, sin: float) -> int:
    """How far the tablet reaches from its centre in one direction."""
    radius = foot.shape[0] // 2
    steps = np.arange(radius)
    along = foot[(radius + steps * sin).astype(int), (radius + steps * cos).astype(int)]
    return int(steps[along].max())


def _inner_colour(rng: Random, tablet: F32, foot: Mask) -> F32:
    mean = tablet[foot][:, :3].mean(0)
    core = 235.0 if rng.random() < 0.6 else float(mean.mean())
    return f32(np.clip((mean * 0.5 + core * 0.5) * rng.uniform(0.72, 0.92), 0, 255))


def _cut_through(tablet: F32, inward: F32, foot: Mask, core: F32, *, rim: float, start: float) -> F32:
    """Take away what lies further inward than `start`, and leave a rough rim of core colour."""
    rim_here = (inward > -rim * 0.8) & (inward <= start) & foot
    out = tablet.copy()
    out[rim_here, :3] = core[rim_here]
    return f32(out * (1 - np.clip(inward - start + 0.5, 0, 1))[..., None])


def draw_chip(rng: Random, tablet: F32, px_per_mm: float, *, small: bool) -> Damage | None:
    """A piece off the edge, through the tablet or only off its upper face."""
    side = tablet.shape[0]
    foot = tablet[..., 3] > 0.5
    across = length(foot)
    scale = px_per_mm * SUB
    turn = rng.uniform(0, 2 * np.pi)
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    wanted = across * 0.35
    for _ in range(12):
        drawn = log_uniform(rng, 0.6, 1.5 if small else 4.5) * scale
        if drawn < across * 0.5:
            wanted = drawn
            break
    off = rng.uniform(0, 0.45)
    radius = wanted / 2 / float(np.sqrt(1 - off * off))
    reach = _edge_along(foot, cos, sin) + off * radius
    shape = blob(rng, side, radius, flattening=rng.uniform(0.75, 1.0), roughness=0.35)
    inward = shifted(shape, reach * cos, reach * sin, -99.0)
    missing = (inward > 0) & foot
    if missing.sum() < 4 or missing.sum() > 0.16 * foot.sum():
        return None
    core = _inner_colour(rng, tablet, foot) * (1 + noise(rng, side, side, 2) * 0.08)[..., None]
    if rng.random() < 0.65:
        depth = SUB * rng.uniform(0.3, 1.2)
        damaged = _cut_through(tablet, inward, foot, core, rim=depth, start=depth * 0.5)
    else:
        share = (np.clip(inward + 0.5, 0, 1) * tablet[..., 3])[..., None]
        hollow = np.clip(1.05 - 0.25 * np.clip(inward, 0, 3 * SUB) / (3 * SUB), 0.7, 1.1)[..., None]
        damaged = tablet.copy()
        damaged[..., :3] = damaged[..., :3] * (1 - share) + core * hollow * share
    return Damage(damaged, missing, length(missing), float(missing.sum()))


def draw_break(rng: Random, tablet: F32) -> Damage | None:
    """A jagged line cuts a quarter or more of the tablet away."""
    side = tablet.shape[0]
    foot = tablet[..., 3] > 0.5
    across = length(foot)
    u, v = centred_axes(side // 2, 1)
    turn = rng.uniform(0, 2 * np.pi)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    along, past = v * cos - u * sin, u * cos + v * sin
    for wave in range(4):
        swing = np.float32(rng.normal() * SUB * 1.6 / (wave + 0.5))
        turns = np.float32(2 * np.pi * (wave + 1) * rng.uniform(0.7, 1.4) / across)
        past = past + swing * np.sin(along * turns + np.float32(rng.uniform(0, 2 * np.pi)))
    past = f32(past + noise(rng, side, side, 4) * SUB * 0.4)
    inward = f32(past - np.quantile(past[foot], 1 - rng.uniform(0.24, 0.62)))
    missing = (inward > 0) & foot
    if missing.sum() < 4:
        return None
    core = _inner_colour(rng, tablet, foot) * (1 + noise(rng, side, side, 2) * 0.08)[..., None]
    damaged = _cut_through(tablet, inward, foot, core, rim=SUB * 1.2, start=0.0)
    return Damage(damaged, missing, length(missing), float(missing.sum()))


def _wander(rng: Random, start: F32, heading: float, step: float, steps: int, foot: Mask) -> list[F32]:
    """Points of a crack that keeps its heading on the whole and stops at the tablet's edge."""
    points, side, course = [start], foot.shape[0], heading
    for _ in range(steps):
        course += rng.normal() * 0.33
        course += 0.25 * float(np.sin(heading - course))
        point = f32(points[-1] + step * f32([np.cos(course), np.sin(course)]))
        x, y = int(point[0]), int(point[1])
        if not (0 <= x < side and 0 <= y < side and foot[y, x]):
            break
        points.append(point)
    return points


def draw_crack(rng: Random, tablet: F32, px_per_mm: float, *, small: bool) -> Damage | None:
    """A thin line across the tablet, sometimes with a branch."""
    side = tablet.shape[0]
    radius, scale = side // 2, px_per_mm * SUB
    foot = tablet[..., 3] > 0.5
    across = length(foot)
    wanted = min(log_uniform(rng, 1.5, 4.0 if small else 9.0) * scale, across * 0.75)
    rows, columns = np.nonzero(shrunk(foot, 3))
    index = int(rng.integers(len(rows)))
    start = f32([columns[index], rows[index]])
    heading = rng.uniform(0, 2 * np.pi)
    if float(np.hypot(radius - start[0], radius - start[1])) > across * 0.2:
        heading = float(np.arctan2(radius - start[1], radius - start[0])) + rng.uniform(-0.6, 0.6)
    step = max(2.0, scale * 0.35)
    points = _wander(rng, start, heading, step, int(wanted / step) + 1, foot)
    if len(points) < 4:
        return None
    width_mm = rng.uniform(0.14, 0.42)
    stroke = max(1, round(width_mm * scale))
    drawn = np.zeros((side, side), np.uint8)
    for index, pair in enumerate(pairwise(points)):
        taper = 0.5 + 0.5 * float(np.sin(np.pi * (index + 0.5) / (len(points) - 1)))
        polyline(drawn, f32(pair), max(1, round(stroke * taper)))
    if rng.random() < 0.25 and len(points) > 8:
        at = points[int(rng.integers(3, len(points) - 3))]
        aside = heading + (1 if rng.random() < 0.5 else -1) * rng.uniform(0.5, 1.0)
        polyline(drawn, f32(_wander(rng, at, aside, step, int(rng.integers(3, 7)), foot)), max(1, stroke - 1))
    line = f32(drawn.astype(np.float32) / 255 * foot)
    strength = rng.uniform(0.4, 0.85)
    damaged = _with_line(tablet, line, strength, stroke)
    core = line > 0.4
    wide = round(2.6 * SUB) | 1
    mask = (grown(core, wide) if stroke < wide else core) & foot
    return Damage(damaged, mask, length(core), float(core.sum()), distinct=width_mm >= 0.2 and strength >= 0.5)


def _with_line(tablet: F32, line: F32, strength: float, stroke: int) -> F32:
    """Darken along the line and light its far edge; on a dark tablet the crack is the lighter one."""
    out = tablet.copy()
    brightness = float(tablet[..., :3].sum() / max(1.0, float(tablet[..., 3].sum())) / 3)
    if brightness > 75:
        out[..., :3] *= (1 - strength * line)[..., None]
        lit = shifted(line, stroke * 0.8, stroke * 0.8, 0.0) * (1 - line) * (tablet[..., 3] > 0.5)
        out[..., :3] += (18 * strength * lit)[..., None]
    else:
        out[..., :3] += (230 - out[..., :3]) * (strength * 0.6 * line)[..., None]
    return out


def draw_stain(rng: Random, tablet: F32, product: Product, px_per_mm: float, *, faint: bool) -> Damage | None:
    """A discoloured patch, or a whole tablet turned and mottled (a plain turned one would be a rogue product)."""
    side = tablet.shape[0]
    foot = tablet[..., 3] > 0.5
    ground = f32(np.mean(np.stack(product.colours), axis=0))
    turned, contrast = colour.stain_colour(rng, ground, faintest=7.0, strongest=14.0 if faint else 27.0)
    if rng.random() < (0.1 if faint else 0.22):
        mottle = noise(rng, side, side, 9) if rng.random() < 0.5 else slow_field(rng, side, side, 4)
        weight = np.clip(0.6 + rng.uniform(0.3, 0.55) * mottle, 0.05, 1.1)
        mask = foot
    else:
        scale = px_per_mm * SUB
        across = min(log_uniform(rng, 1.0, 7.0) * scale, length(foot) * 0.62)
        shape = blob(rng, side, across / 2, flattening=rng.uniform(0.55, 1), roughness=0.4)
        shape = f32(shape + noise(rng, side, side, 4) * SUB * 0.25)
        rows, columns = np.nonzero(foot)
        index, inward = int(rng.integers(len(rows))), rng.uniform(0, 0.75)
        centre = side // 2
        shape = shifted(shape, (columns[index] - centre) * inward, (rows[index] - centre) * inward, -99.0)
        soft = np.clip(shape / (rng.uniform(0.1, 0.4) * scale) + 0.5, 0, 1)
        weight = soft * (1 + 0.1 * slow_field(rng, side, side, 6))
        mask = (weight > 0.5) & foot
        if mask.sum() < 9:
            return None
    light = tablet[..., :3].sum(-1) / np.maximum(tablet[..., 3], 1e-3) / max(1.0, float(ground.mean()) * 3)
    target = turned * np.clip(light, 0.3, 1.4)[..., None] * tablet[..., 3:]
    share = np.clip(weight, 0, 1)[..., None]
    damaged = tablet.copy()
    damaged[..., :3] = np.clip(damaged[..., :3] * (1 - share) + target * share, 0, 255)
    return Damage(damaged, mask, length(mask), float(mask.sum()), distinct=contrast >= 10)
