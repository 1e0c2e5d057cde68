"""What goes wrong with a loose tablet or capsule, cut into its relief and colour before it is lit.

Each function takes an intact body and returns a changed copy with the mask of exactly what is wrong, or None where the
drawn place or shape gives no fair example; the caller tries again. Sizes are drawn log-uniformly in millimetres.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.loose.style import Loose
from cameras.render.loose.unit import Body, outline, without_text
from cameras.render.particles import draw_fibre, draw_speck
from cameras.render.raster import (
    F32,
    SUB,
    Mask,
    Random,
    f32,
    gaussian,
    grown,
    length,
    log_uniform,
    noise,
    pick,
    polyline,
    shifted,
    shrunk,
    slow_field,
)
from cameras.render.shapes import blob


@dataclass(frozen=True, slots=True)
class Wound:
    """A damaged body and what is known of the damage, in frame pixels of its window."""

    body: Body
    mask: Mask
    length_px: float
    area_px: float
    distinct: bool = True

    @classmethod
    def of(cls, body: Body, mask: Mask, *, core: Mask | None = None, distinct: bool = True) -> "Wound":
        measured = mask if core is None else core
        return cls(body, mask, length(measured), float(measured.sum()), distinct)


def draw_chip(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A piece off the edge: a rough hollow that deepens outward and often goes through."""
    foot, scale = body.foot, product.px_per_mm
    across = min(log_uniform(rng, 0.3, 1.2 if small else 4.0) * scale, 0.8 * product.radius)
    at = _on_rim(rng, body, inset=rng.uniform(-0.1, 0.25) * across)
    shape = _blob_at(rng, body, at, across * 0.62, flattening=rng.uniform(0.6, 1.0), roughness=0.3)
    inward = f32(shape + noise(rng, body.side, body.side, 2) * 0.02 * scale)
    missing = (inward > 0) & foot
    if missing.sum() < 4 or length(missing) < 0.3 * scale or missing.sum() > 0.09 * foot.sum():
        return None
    steep = rng.uniform(0.45, 1.0)
    torn = _torn(rng, product, body, inward, deepest=np.clip(inward * steep, 0, 0.5 * product.radius))
    if rng.random() < 0.7:
        through = _blob_through(body, inward, rng.uniform(0.25, 0.7) * across)
        torn = replace(torn, cover=f32(torn.cover * (1 - through)))
    return Wound.of(torn, missing)


def _blob_through(body: Body, inward: F32, rim: float) -> F32:
    """Where a hollow reaches the tray: far enough in and near the outline."""
    gone = inward + np.clip(body.outside, -200, 0) * 0.9 - rim * 0.35
    return f32(np.clip(gone + 0.5, 0, 1))


def draw_break(rng: Random, product: Loose, body: Body) -> Wound | None:
    """A jagged line cuts a sixth or more of the unit away and shows its rough inside on a sloping face."""
    foot, side, scale = body.foot, body.side, product.px_per_mm
    turn = rng.uniform(-0.6, 0.6) if product.is_long else rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.5:
        turn += np.pi
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    along, past = body.v * cos - body.u * sin, body.u * cos + body.v * sin
    for wave in range(4):
        swing = np.float32(rng.normal() * 0.05 * product.radius / (wave + 0.5))
        turns = np.float32(np.pi * (wave + 1) * rng.uniform(0.7, 1.4) / product.radius)
        past = past + swing * np.sin(along * turns + np.float32(rng.uniform(0, 2 * np.pi)))
    past = f32(past + noise(rng, side, side, 9) * 0.05 * scale + noise(rng, side, side, 4) * 0.05 * scale)
    inward = f32(past - np.quantile(past[foot], 1 - rng.uniform(0.17, 0.58)))
    slope = rng.uniform(0.25, 0.9) * scale
    missing = (inward > -slope * 0.5) & foot
    if missing.sum() < 4:
        return None
    fall = f32(inward + slope)
    torn = _torn(rng, product, body, fall, deepest=np.clip(fall, 0, None) * rng.uniform(0.8, 1.6))
    torn = replace(torn, cover=f32(torn.cover * (1 - np.clip(inward + 0.5, 0, 1))))
    return Wound.of(torn, (fall > 0) & foot)


def draw_crack(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A thin jagged groove, sometimes with a branch; its mask is widened where it is thinner than a mask can be."""
    scale, foot = product.px_per_mm, body.foot
    wanted = min(log_uniform(rng, 1.2, 3.5 if small else 10.0) * scale, 1.7 * product.radius)
    start = _inside(rng, body, 3)
    middle = body.side / 2
    heading = float(np.arctan2(middle - start[1], middle - start[0])) + rng.normal() * 0.7
    points = _jagged(rng, start, heading, wanted, scale, foot)
    if len(points) < 4:
        return None
    width = min(rng.uniform(0.02, 0.07 if small else 0.11) * scale, wanted / 18)
    drawn = np.zeros(body.cover.shape, np.uint8)
    for index in range(len(points) - 1):
        taper = 0.45 + 0.75 * float(np.sin(np.pi * (index + 0.5) / (len(points) - 1)))
        polyline(drawn, f32(points[index : index + 2]), max(1, round(width * taper)))
    if rng.random() < 0.3 and len(points) > 8:
        at = points[int(rng.integers(3, len(points) - 3))]
        aside = heading + (1 if rng.random() < 0.5 else -1) * rng.uniform(0.5, 1.0)
        polyline(drawn, f32(_jagged(rng, at, aside, wanted * 0.35, scale, foot)), max(1, round(width * 0.6)))
    return _opened(product, body, f32(drawn) / np.float32(255) * body.cover, strength=rng.uniform(0.35, 0.75))


def _opened(product: Loose, body: Body, line: F32, *, strength: float) -> Wound | None:
    """Open the body along a line."""
    core = line > 0.4
    if not core.any():
        return None
    deep = gaussian(line, 0.7)
    relief = f32(body.relief - 2.2 * deep)
    dark = f32(product.colour.mean() > 60)
    toward = f32([12, 10, 9]) if dark else f32([170, 165, 160])
    share = (strength * line)[..., None]
    opened = replace(body, relief=relief, albedo=f32(body.albedo * (1 - share) + toward * share))
    return Wound.of(opened, grown(core, 3) & body.foot, core=core, distinct=strength >= 0.4)


def _jagged(rng: Random, start: F32, heading: float, wanted: float, scale: float, foot: Mask) -> list[F32]:
    """Points of a crack that turns sharply at every grain but keeps its course, and stops at the edge."""
    step = max(2.0, 0.16 * scale)
    points, course = [start], heading
    for _ in range(int(wanted / step) + 1):
        course += 0.3 * float(np.sin(heading - course)) + rng.normal() * 0.22
        aim = course + rng.normal() * 0.3
        point = f32(points[-1] + step * rng.uniform(0.6, 1.4) * f32([np.cos(aim), np.sin(aim)]))
        x, y = int(point[0]), int(point[1])
        if not (0 <= x < foot.shape[1] and 0 <= y < foot.shape[0] and foot[y, x]):
            break
        points.append(point)
    return points


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
    at = _inside(rng, body, max(3, int(particle.length_sub * 0.8) | 1))
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
        at = _inside(rng, body, 3)
        shape = _blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.55, 1), roughness=0.45)
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


def draw_capping(rng: Random, product: Loose, body: Body) -> Wound | None:
    """The crown has come off or moved: a rough crescent beside it, or a line that parts it from the rest."""
    if product.on_edge:
        return _split_from_the_side(rng, product, body)
    scale = product.px_per_mm
    toward = rng.uniform(0, 2 * np.pi)
    cos, sin = float(np.cos(toward)), float(np.sin(toward))
    if rng.random() < 0.6:
        aside = rng.uniform(0.14, 0.5) * product.radius
        crown = outline(product, f32(body.u + aside * cos), f32(body.v + aside * sin))
        inward = f32(crown + 0.02 * product.radius + noise(rng, body.side, body.side, 4) * 0.05 * scale)
        ragged = rng.normal(0, 0.04, 3) * product.radius
        angle = np.arctan2(body.v, body.u)
        for wave, swing in enumerate(ragged):
            inward = f32(inward + swing * np.cos((wave + 2) * angle))
        missing = (inward > 0) & body.foot
        if not 0.03 < missing.sum() / body.foot.sum() < 0.6:
            return None
        step = rng.uniform(0.4, 0.9) * scale
        torn = _torn(rng, product, body, inward, deepest=np.clip(inward * 3, 0, step), rough=0.6)
        under_ledge = np.clip(inward, 0, 1) * np.exp(-np.clip(inward, 0, None) / (0.35 * scale))
        dim = 1 - rng.uniform(0.04, 0.14) * np.clip(inward, 0, 1) - 0.3 * under_ledge
        return Wound.of(replace(torn, albedo=f32(torn.albedo * dim[..., None])), missing)
    inset = rng.uniform(0.07, 0.2) * product.radius
    wobble = noise(rng, body.side, body.side, 9) * 0.05 * scale
    part = np.cos(np.arctan2(body.v / product.half_y, body.u / product.half_x) - toward)
    reach = float(np.cos(np.pi * rng.uniform(0.3, 0.85)))
    thin = rng.uniform(0.05, 0.16) * scale * np.clip((part - reach) / 0.25, 0, 1)
    line = np.clip(thin / 2 + 0.5 - np.abs(body.outside + inset + wobble), 0, 1) * (part > reach)
    return _opened(product, body, f32(line), strength=rng.uniform(0.5, 0.85))


def _split_from_the_side(rng: Random, product: Loose, body: Body) -> Wound | None:
    """Seen on its edge, the unit gapes along a crown or a layer."""
    scale = product.px_per_mm
    level = pick(rng, (product.seam, -0.62, 0.62, rng.uniform(-0.5, 0.5))) * product.half_y
    wobble = noise(rng, body.side, body.side, 9) * 0.06 * scale + noise(rng, body.side, body.side, 4) * 0.02 * scale
    until = rng.uniform(-0.5, 1.2) * product.half_x
    side = 1 if rng.random() < 0.5 else -1
    gape = rng.uniform(0.06, 0.3) * scale * np.clip((until - side * body.u) / product.half_x + 0.1, 0, 1)
    line = np.clip(gape / 2 + 0.5 - np.abs(body.v - level + wobble), 0, 1) * (gape > 0.02 * scale) * body.cover
    return _opened(product, body, f32(line), strength=rng.uniform(0.6, 0.9))


def draw_peel(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """Film torn off in one to three flakes: matt core in a sharp, slightly curled edge."""
    scale = product.px_per_mm
    missing, inward = np.zeros(body.cover.shape, np.bool_), np.full_like(body.cover, -99.0)
    at = _inside(rng, body, 3)
    if rng.random() < 0.5:
        at = _on_rim(rng, body, inset=rng.uniform(0.0, 0.15) * product.radius)
    across = min(log_uniform(rng, 0.5, 1.5 if small else 6.0) * scale, 0.9 * product.radius)
    for _ in range(int(rng.choice(3, p=(0.65, 0.2, 0.15))) + 1):
        flake = _blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.5, 1.0), roughness=0.36)
        flake = f32(flake + noise(rng, body.side, body.side, 9) * 0.05 * scale)
        inward = f32(np.maximum(inward, flake + noise(rng, body.side, body.side, 2) * 0.012 * scale))
        at = f32(at + rng.normal(0, 0.45, 2) * across)
        across *= rng.uniform(0.35, 0.8)
    missing = (inward > 0) & body.foot
    if missing.sum() < 9:
        return None
    torn = _torn(rng, product, body, inward, deepest=np.clip(inward, 0, 0.06 * scale), rough=0.6)
    lip = np.exp(-(((inward + 0.05 * scale) / (0.04 * scale)) ** 2))
    return Wound.of(replace(torn, relief=f32(torn.relief + rng.uniform(0.3, 1.2) * lip)), missing)


def draw_picking(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """Shallow rough pits where the punch has torn material off the face, most of them at the characters."""
    scale, side = product.px_per_mm, body.side
    if product.has_text:
        rows, columns = np.nonzero(body.text > 0.5)
        if not len(rows):
            return None
        index = int(rng.integers(len(rows)))
        at = f32([columns[index], rows[index]])
    else:
        at = _inside(rng, body, int(0.5 * product.radius) | 1)
    across = min(log_uniform(rng, 0.6, 1.5 if small else 4.5) * scale, 0.9 * product.radius)
    inward = _blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.5, 1.0), roughness=0.4)
    inward = f32(inward + noise(rng, side, side, 9) * 0.05 * across + noise(rng, side, side, 4) * 0.03 * scale)
    inward = f32(np.where(body.outside < -0.12 * product.radius, inward, -1))
    missing = (inward > 0) & body.foot
    if missing.sum() < 9:
        return None
    deep = rng.uniform(0.07, 0.18) * scale
    torn = _torn(rng, product, body, inward, deepest=np.clip(inward * 0.8, 0, deep), rough=0.65)
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


def draw_dent(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A smooth hollow pushed into the shell, with a soft fold round it."""
    scale = product.px_per_mm
    across = min(log_uniform(rng, 1.2, 2.5 if small else 5.5) * scale, 1.5 * product.radius)
    at = _inside(rng, body, int(0.35 * across) | 1)
    if rng.random() < 0.35:  # a dome
        tips = np.abs(body.u) > product.half_x - 0.75 * product.radius
        rows, columns = np.nonzero(body.foot & tips)
        if not len(rows):
            return None
        index = int(rng.integers(len(rows)))
        at = f32([columns[index], rows[index]])
    shape = _blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.55, 1.0), roughness=0.18)
    bowl = np.clip(gaussian(shape, 0.07 * across) / (0.42 * across), 0, 1)
    depth = rng.uniform(0.2, 0.42) * across * (0.7 if small else 1.0)
    fold = np.exp(-(((shape - 0.08 * across) / (0.06 * across)) ** 2)) * rng.uniform(0.0, 0.03) * across
    mask = (bowl > 0.03) & body.foot
    if mask.sum() < 30:
        return None
    relief = body.relief - depth * bowl * (2 - bowl) + gaussian(f32(fold), 1.0)
    return Wound.of(replace(body, relief=f32(relief)), mask)


def draw_hole(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A notch or hole in the shell, sharp at its edge; the fill shows through it in the shell's shadow."""
    scale = product.px_per_mm
    across = min(log_uniform(rng, 0.4, 1.2 if small else 4.0) * scale, 0.9 * product.radius)
    at = _inside(rng, body, int(0.5 * product.radius) | 1)
    if rng.random() < 0.5:  # a notch at the cap's edge
        seam = np.abs(body.u - product.seam * product.half_x - 0.3 * across) < 2
        rows, columns = np.nonzero(body.foot & seam & (np.abs(body.v) < 0.75 * product.radius))
        if not len(rows):
            return None
        index = int(rng.integers(len(rows)))
        at = f32([columns[index], rows[index]])
    inward = _blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.35, 0.9), roughness=0.4)
    inward = f32(inward + noise(rng, body.side, body.side, 2) * 0.02 * scale)
    mask = (inward > 0) & body.foot
    if mask.sum() < 6:
        return None
    lamp_x, lamp_y, _ = product.lamp
    reach = 0.3 * scale
    in_shadow = np.clip(-shifted(inward, -lamp_x * reach, -lamp_y * reach, -99.0) / 3 + 0.8, 0, 1)
    filled = rng.uniform(0.15, 0.75)
    tone = product.core * (0.25 + 0.6 * filled)
    inside = tone * (1 - 0.6 * gaussian(f32(in_shadow), 1.5) + 0.06 * noise(rng, body.side, body.side, 2))[..., None]
    share = np.clip(inward + 0.5, 0, 1)[..., None]
    albedo = f32(body.albedo * (1 - share) + inside * share)
    relief = f32(body.relief - 3.0 * np.clip(inward, 0, 1))
    return Wound.of(replace(body, albedo=albedo, relief=relief, sheen=f32(body.sheen * (1 - share[..., 0]))), mask)


def _torn(rng: Random, product: Loose, body: Body, inward: F32, *, deepest: F32, rough: float = 1.0) -> Body:
    """Take material away where `inward` is positive: rough, matt core at a lower level."""
    side, scale = body.side, product.px_per_mm
    share = np.clip(inward + 0.5, 0, 1)
    waves = 0.05 * noise(rng, side, side, 9) + 0.02 * noise(rng, side, side, 4)
    grit = waves * scale + 0.45 * noise(rng, side, side, 2) + 0.2 * noise(rng, side, side, 1)
    # a crown or a flake tears nearly level; a chip does not follow the face it is torn from
    kept = body.relief * (1 - 0.25 * share) if rough == 1 else body.relief
    relief = kept - deepest + rough * share * grit
    grain = 0.025 * noise(rng, side, side, 2) + 0.03 * noise(rng, side, side, 4)
    core = _core_under(product, body) * (1 + grain)[..., None]
    albedo = body.albedo * (1 - share[..., None]) + core * share[..., None]
    return replace(body, relief=f32(relief), albedo=f32(albedo), sheen=f32(body.sheen * (1 - share)))


def _core_under(product: Loose, body: Body) -> F32:
    if product.coat != "two-layer" or product.second is None:
        return product.core
    upper = (body.v > product.seam * product.half_y)[..., None]
    return f32(np.where(upper, product.second, product.colour))


def _inside(rng: Random, body: Body, margin: int) -> F32:
    """A point (x, y) of the window well inside the unit."""
    foot = body.foot
    room = shrunk(foot, margin)
    rows, columns = np.nonzero(room if room.any() else foot)
    index = int(rng.integers(len(rows)))
    return f32([columns[index], rows[index]])


def _on_rim(rng: Random, body: Body, *, inset: float) -> F32:
    """A point (x, y) of the window about `inset` inside the outline, any direction alike."""
    near = np.abs(body.outside + inset) < 1.5
    rows, columns = np.nonzero(near)
    if len(rows) == 0:
        return _inside(rng, body, 3)
    index = int(rng.integers(len(rows)))
    return f32([columns[index], rows[index]])


def _blob_at(rng: Random, body: Body, at: F32, radius: float, *, flattening: float, roughness: float) -> F32:
    """A noisy closed shape about a point of the window: positive inside, about a distance in pixels."""
    drawn = blob(rng, int(radius * 4.4 + 12) | 1, radius, flattening=flattening, roughness=roughness)
    middle = (drawn.shape[0] - 1) / 2
    matrix = f32([[1, 0, at[0] - middle], [0, 1, at[1] - middle]])
    beyond = (-2.0 * radius - 9,)
    return f32(cv2.warpAffine(drawn, matrix, (body.side, body.side), borderValue=beyond))
