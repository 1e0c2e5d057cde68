"""A vial's closure: rubber stopper, aluminium seal and flip-off cap, each turned on the unit's axis."""

import numpy as np

from cameras.render.raster import F32, f32, in_three
from cameras.render.vial.stage import Stage
from cameras.render.vial.style import FLANGE_MM
from cameras.render.vial.unit import Unit

SKIRT_PAST_MM = 0.45  # how far a tucked skirt reaches past the glass flange
CORNER = ((0.0, 0.72), (0.08, 0.87), (0.2, 0.96), (0.4, 1.0))  # height in mm and share of the radius at a rounded edge


def paint_plug(stage: Stage, unit: Unit, rgb: F32, inside: F32) -> None:
    """The part of the stopper that is seen through the neck."""
    style, lid = stage.style, unit.lid
    if not lid.stopper:
        return
    top = style.container.height
    plug = style.closure
    rows = stage.rows(top - plug.plug_mm - 1, top + lid.raised_mm + 1)
    y = stage.y[rows] - np.float32(lid.raised_mm) - np.float32(lid.tilt) * stage.x
    radius = stage.inner_at(top - FLANGE_MM - 0.6)
    bulge = style.elevation * np.sqrt(np.clip(radius**2 - stage.x**2, 0, None))
    low = top - plug.plug_mm - bulge
    cover = np.clip((y - low) * stage.scale + 0.5, 0, 1) * np.clip((top - y) * stage.scale + 0.5, 0, 1) * inside[rows]
    turn = stage.x / radius
    shade = (0.5 + 0.45 * np.sqrt(np.clip(1 - turn**2, 0, 1)) - 0.1 * turn) * (0.35 + 0.55 * style.backdrop.front)
    shade = shade * (1 - 0.3 * np.exp(-(((y - low) / 0.3) ** 2)))
    if plug.legs:  # the slot through which the vapour leaves
        slot = np.clip((0.2 * radius - np.abs(stage.x)) * stage.scale + 0.5, 0, 1)
        cover = cover * (1 - 0.75 * slot * (y < top - plug.plug_mm + 1.7))
    _put(rgb[rows], f32(cover), in_three(f32(shade)) * plug.stopper)


def paint_closure(stage: Stage, unit: Unit, rgb: F32, alpha: F32) -> F32:
    """Paint what sits on and round the flange, and return the unit's coverage with it."""
    style, lid = stage.style, unit.lid
    closure, top = style.closure, style.container.height
    if not lid.stopper:
        return alpha
    rows = stage.rows(top - FLANGE_MM - 4.5, style.total_mm + 5.9)
    y = f32(stage.y[rows] - np.float32(lid.raised_mm) - np.float32(lid.tilt) * stage.x)
    window, covered = rgb[rows], alpha[rows].copy()
    rim = style.container.rim
    if lid.raised_mm > 0:  # the plug shows between the glass and the stopper's flange
        radius = stage.inner_at(top - FLANGE_MM - 0.6)
        plug = _turned(stage, _front(stage, y, radius), top - closure.plug_mm, top + 0.3, radius)
        plug *= np.clip((stage.y[rows] - top) * stage.scale + 0.5, 0, 1)
        shade = f32((0.3 + 0.4 * np.sqrt(np.clip(1 - (stage.x / radius) ** 2, 0, 1))) + np.zeros_like(plug))
        covered = _put(window, plug, in_three(shade) * closure.stopper, covered)
    cover, shade = _stopper(stage, unit, y)
    covered = _put(window, cover, in_three(shade) * closure.stopper, covered)
    if lid.seal:
        tone = f32([176, 178, 182]) if closure.lacquer is None else f32(closure.lacquer * 0.82)
        cover, shade = skirt(stage, unit, y)
        shine = in_three(shade) * tone
        shine += in_three(f32(np.clip(shade - 1.0, 0, 1) * 90))
        covered = _put(window, cover, shine, covered)
        seal_top = top + closure.stopper_mm + 0.3
        if lid.button:
            cover, shade, gleam = _button(stage, unit, y, seal_top)
            tone = closure.cap if lid.colour is None else lid.colour
            paint = in_three(shade) * tone
            paint += in_three(f32(gleam * 70))
            covered = _put(window, cover, paint, covered)
        else:
            cover, shade = _face(stage, y, seal_top, rim * 0.96, 1.05)
            covered = _put(window, cover, in_three(shade) * tone, covered)
            cover, shade = _face(stage, y, seal_top, rim * 0.45, 0.8)
            covered = _put(window, cover, in_three(shade) * closure.stopper, covered)
    out = alpha.copy()
    out[rows] = covered
    return out


def closure_cover(stage: Stage) -> F32:
    """The silhouette of an intact closure."""
    style = stage.style
    top = style.container.height
    skirt = stage.within(top - FLANGE_MM - SKIRT_PAST_MM, top + style.closure.stopper_mm + 0.3)
    cover = skirt * stage.inside(style.container.rim + 0.3)
    return f32(np.maximum(cover, button_cover(stage)))


def button_cover(stage: Stage) -> F32:
    style = stage.style
    low = style.container.height + style.closure.stopper_mm + 0.3
    return f32(stage.within(low, style.total_mm) * stage.inside(style.container.rim + 0.3 + style.closure.overhang))


def _put(window: F32, cover: F32, paint: F32, covered: F32 | None = None) -> F32:
    window *= in_three(f32(1 - cover))
    window += in_three(cover) * paint
    return cover if covered is None else f32(covered + cover * (1 - covered))


def _front(stage: Stage, y: F32, radius: float) -> F32:
    """Height of the front surface that a pixel shows: the camera looks down a little."""
    return f32(y + stage.style.elevation * np.sqrt(np.clip(radius**2 - stage.x**2, 0, None)))


def _turned(stage: Stage, y: F32, low: float, high: float, radius: F32 | float) -> F32:
    across = np.clip((radius - np.abs(stage.x)) * stage.scale + 0.5, 0, 1)
    up = np.clip((y - low) * stage.scale + 0.5, 0, 1) * np.clip((high - y) * stage.scale + 0.5, 0, 1)
    return f32(across * up)


def _rounded(y: F32, low: float, high: float, radius: float) -> F32:
    """Radius of a disc with rounded edges at height y."""
    heights = [low + step for step, _ in CORNER] + [high - step for step, _ in reversed(CORNER)]
    shares = [share for _, share in CORNER] + [share for _, share in reversed(CORNER)]
    sink = 0.55 / radius  # edges are 0.55 mm round, whatever the radius
    radii = [radius * (1 - sink * (1 - share) / 0.28) for share in shares]
    return f32(np.interp(y, heights, radii))


def _stopper(stage: Stage, unit: Unit, y: F32) -> tuple[F32, F32]:
    style = stage.style
    top, radius = style.container.height, style.container.rim - 0.35
    high = top + style.closure.stopper_mm
    front = _front(stage, y, radius)
    cover = _turned(stage, front, top, high, _rounded(front, top, high, radius))
    turn = np.clip(stage.x / radius, -1, 1)
    shade = (0.55 + 0.45 * np.sqrt(1 - turn**2) - 0.12 * turn) * (0.45 + 0.5 * style.backdrop.front)
    lit, gleam = _face(stage, y, high, radius * 0.95, 1.1)
    shade = np.where(lit > 0.5, gleam, shade * (1 + 0.015 * unit.grain.metal))
    return f32(np.maximum(cover, lit)), f32(shade + np.zeros_like(cover))


def _face(stage: Stage, y: F32, height: float, radius: float, gain: float) -> tuple[F32, F32]:
    """A disc's upper face, seen nearly along itself."""
    reach = stage.style.elevation * np.sqrt(np.clip(radius**2 - stage.x**2, 0, None))
    cover = np.clip((reach - np.abs(y - height)) * stage.scale + 0.5, 0, 1) * (np.abs(stage.x) < radius)
    shade = gain * (0.5 + 0.5 * stage.style.backdrop.front) * (1 - 0.06 * stage.x / radius)
    return f32(cover), f32(shade + np.zeros_like(cover))


def open_share(stage: Stage, side: int) -> F32:
    """How far the skirt is open at every column, 0..1."""
    if side == 0:
        return np.ones_like(stage.x)
    turn = side * stage.x / stage.style.container.rim
    rise = np.clip((turn + 0.15) / 0.75, 0, 1)
    return f32(rise * rise * (3 - 2 * rise))


def skirt(stage: Stage, unit: Unit, y: F32) -> tuple[F32, F32]:
    style, lid = stage.style, unit.lid
    top, radius = style.container.height, style.container.rim + 0.3
    high = top + style.closure.stopper_mm + 0.3
    low = top - FLANGE_MM - SKIRT_PAST_MM
    front = _front(stage, y, radius)
    width = _rounded(front, low, high, radius)
    edge: F32 | float = low
    if lid.flare_mm > 0:
        share = open_share(stage, lid.side)
        down = np.clip((top + 0.5 - front) / (FLANGE_MM + SKIRT_PAST_MM + 0.5), 0, 1.3)
        width = f32(np.where(share > 0, radius, width) + lid.flare_mm * share * down**2)
        edge = f32(low - share * (0.9 + 0.05 * unit.grain.metal + 0.28 * unit.grain.wall))
    across = np.clip((width - np.abs(stage.x)) * stage.scale + 0.5, 0, 1)
    cover = (
        across * np.clip((front - edge) * stage.scale + 0.5, 0, 1) * np.clip((high - front) * stage.scale + 0.5, 0, 1)
    )
    turn = np.clip(stage.x / np.maximum(width, 0.5), -1, 1)
    sheen = 0.52 + 0.75 * np.exp(-(((turn + 0.42) / 0.2) ** 2)) + 0.42 * np.exp(-(((turn - 0.55) / 0.13) ** 2))
    sheen = sheen + 0.2 * np.exp(-(((turn - 0.1) / 0.3) ** 2)) - 0.35 * np.square(turn * turn * turn)
    sheen = sheen * (1 + 0.035 * unit.grain.metal + 0.05 * unit.grain.wall)
    tuck = 0.45 * np.exp(-(((front - low - 0.55) / 0.16) ** 2)) - 0.3 * np.exp(-(((front - low - 0.2) / 0.2) ** 2))
    if lid.flare_mm > 0:
        share = open_share(stage, lid.side)
        tuck = tuck * (1 - share) - 0.4 * share * np.exp(-(((front - edge) / 0.3) ** 2))
        sheen = sheen * (1 + 0.3 * share * np.sin(7 * turn + unit.grain.wall) * np.clip((top - 1 - front) / 3, 0, 1))
    bead = 0.35 * np.exp(-(((front - high + 0.45) / 0.2) ** 2))
    return f32(cover), f32(np.clip(sheen + tuck + bead, 0.08, 2) * (0.35 + 0.62 * style.backdrop.front))


def _button(stage: Stage, unit: Unit, y: F32, low: float) -> tuple[F32, F32, F32]:
    style = stage.style
    radius = style.container.rim + 0.3 + style.closure.overhang
    high = low + style.closure.cap_mm
    front = _front(stage, y, radius)
    cover = _turned(stage, front, low, high, _rounded(front, low, high, radius))
    turn = np.clip(stage.x / radius, -1, 1)
    shade = 0.6 + 0.4 * np.sqrt(1 - turn**2) - 0.1 * turn - 0.3 * np.exp(-(((front - low) / 0.25) ** 2))
    gleam = np.exp(-(((turn + 0.45) / 0.14) ** 2)) * np.exp(-(((front - high + 0.55) / 0.4) ** 2))
    lit, bright = _face(stage, y, high, radius * 0.96, 1.12)
    shade = np.where(lit > 0.5, bright, shade * (0.4 + 0.6 * style.backdrop.front))
    return f32(np.maximum(cover, lit)), f32(shade), f32(gleam * (lit < 0.5))
