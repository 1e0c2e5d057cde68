"""What goes wrong with the body of a loose tablet or capsule, cut into its relief and colour before it is lit.

Each function takes an intact body and returns a changed copy with the mask of exactly what is wrong, or None where the
drawn place or shape gives no fair example; the caller tries again. Sizes are drawn log-uniformly in millimetres.
What goes wrong with its face is in surface.py.
"""

from dataclasses import replace

import numpy as np

from cameras.render.loose.style import Loose
from cameras.render.loose.unit import Body, outline
from cameras.render.loose.wound import Wound, blob_at, open_along, place_inside, place_on, place_on_rim, tear
from cameras.render.raster import (
    F32,
    Mask,
    Random,
    f32,
    gaussian,
    length,
    log_uniform,
    noise,
    pick,
    polyline,
    shifted,
)


def draw_chip(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A piece off the edge: a rough hollow that deepens outward and often goes through."""
    foot, scale = body.foot, product.px_per_mm
    across = min(log_uniform(rng, 0.3, 1.2 if small else 4.0) * scale, 0.8 * product.radius)
    at = place_on_rim(rng, body, inset=rng.uniform(-0.1, 0.25) * across)
    shape = blob_at(rng, body, at, across * 0.62, flattening=rng.uniform(0.6, 1.0), roughness=0.3)
    inward = f32(shape + noise(rng, body.side, body.side, 2) * 0.02 * scale)
    missing = (inward > 0) & foot
    if missing.sum() < 4 or length(missing) < 0.3 * scale or missing.sum() > 0.09 * foot.sum():
        return None
    steep = rng.uniform(0.45, 1.0)
    torn = tear(rng, product, body, inward, deepest=np.clip(inward * steep, 0, 0.5 * product.radius))
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
    torn = tear(rng, product, body, fall, deepest=np.clip(fall, 0, None) * rng.uniform(0.8, 1.6))
    torn = replace(torn, cover=f32(torn.cover * (1 - np.clip(inward + 0.5, 0, 1))))
    return Wound.of(torn, (fall > 0) & foot)


def draw_crack(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A thin jagged groove, sometimes with a branch; its mask is widened where it is thinner than a mask can be."""
    scale, foot = product.px_per_mm, body.foot
    wanted = min(log_uniform(rng, 1.2, 3.5 if small else 10.0) * scale, 1.7 * product.radius)
    start = place_inside(rng, body, 3)
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
    return open_along(product, body, f32(drawn) / np.float32(255) * body.cover, strength=rng.uniform(0.35, 0.75))


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
        torn = tear(rng, product, body, inward, deepest=np.clip(inward * 3, 0, step), rough=0.6)
        under_ledge = np.clip(inward, 0, 1) * np.exp(-np.clip(inward, 0, None) / (0.35 * scale))
        dim = 1 - rng.uniform(0.04, 0.14) * np.clip(inward, 0, 1) - 0.3 * under_ledge
        return Wound.of(replace(torn, albedo=f32(torn.albedo * dim[..., None])), missing)
    inset = rng.uniform(0.07, 0.2) * product.radius
    wobble = noise(rng, body.side, body.side, 9) * 0.05 * scale
    part = np.cos(np.arctan2(body.v / product.half_y, body.u / product.half_x) - toward)
    reach = float(np.cos(np.pi * rng.uniform(0.3, 0.85)))
    thin = rng.uniform(0.05, 0.16) * scale * np.clip((part - reach) / 0.25, 0, 1)
    line = np.clip(thin / 2 + 0.5 - np.abs(body.outside + inset + wobble), 0, 1) * (part > reach)
    return open_along(product, body, f32(line), strength=rng.uniform(0.5, 0.85))


def _split_from_the_side(rng: Random, product: Loose, body: Body) -> Wound | None:
    """Seen on its edge, the unit gapes along a crown or a layer."""
    scale = product.px_per_mm
    level = pick(rng, (product.seam, -0.62, 0.62, rng.uniform(-0.5, 0.5))) * product.half_y
    wobble = noise(rng, body.side, body.side, 9) * 0.06 * scale + noise(rng, body.side, body.side, 4) * 0.02 * scale
    until = rng.uniform(-0.5, 1.2) * product.half_x
    side = 1 if rng.random() < 0.5 else -1
    gape = rng.uniform(0.06, 0.3) * scale * np.clip((until - side * body.u) / product.half_x + 0.1, 0, 1)
    line = np.clip(gape / 2 + 0.5 - np.abs(body.v - level + wobble), 0, 1) * (gape > 0.02 * scale) * body.cover
    return open_along(product, body, f32(line), strength=rng.uniform(0.6, 0.9))


def draw_dent(rng: Random, product: Loose, body: Body, *, small: bool) -> Wound | None:
    """A smooth hollow pushed into the shell, with a soft fold round it."""
    scale = product.px_per_mm
    across = min(log_uniform(rng, 1.2, 2.5 if small else 5.5) * scale, 1.5 * product.radius)
    at = place_inside(rng, body, int(0.35 * across) | 1)
    if rng.random() < 0.35:  # a dome
        tips = np.abs(body.u) > product.half_x - 0.75 * product.radius
        on_tip = place_on(rng, body.foot & tips)
        if on_tip is None:
            return None
        at = on_tip
    shape = blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.55, 1.0), roughness=0.18)
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
    at = place_inside(rng, body, int(0.5 * product.radius) | 1)
    if rng.random() < 0.5:  # a notch at the cap's edge
        seam = np.abs(body.u - product.seam * product.half_x - 0.3 * across) < 2
        on_seam = place_on(rng, body.foot & seam & (np.abs(body.v) < 0.75 * product.radius))
        if on_seam is None:
            return None
        at = on_seam
    inward = blob_at(rng, body, at, across / 2, flattening=rng.uniform(0.35, 0.9), roughness=0.4)
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
