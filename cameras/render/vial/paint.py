"""The glass of a vial or ampoule and what is in it, painted over the background that shows through.

Refraction is not traced. What a photograph of glass shows is painted: edges bend the surround into view, liquid is a
lens with dark flanks, walls mirror strip lamps where they turn towards them.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from cameras.render.raster import F32, f32, in_three
from cameras.render.vial.closure import paint_closure, paint_plug
from cameras.render.vial.stage import Stage
from cameras.render.vial.unit import Cake, Haze, Unit


@dataclass(frozen=True, slots=True)
class Picture:
    """The unit's window: what is seen there, background included, and how much of it is the unit."""

    rgb: F32  # (rows, columns, 3), 0..255 but not clipped
    alpha: F32  # (rows, columns)
    behind: F32  # (rows, columns, 3) the background alone


def blend(rgb: F32, cover: F32, tone: F32) -> None:
    """Lay a colour, or a picture of the same shape, over a picture."""
    rgb *= in_three(f32(1 - cover))
    rgb += in_three(cover) * tone


def liquid_surface(stage: Stage, level_mm: float) -> tuple[F32, F32]:
    """Front and back line of a meniscus for every column, in mm above the foot."""
    radius = max(0.5, stage.inner_at(level_mm))
    x = np.minimum(np.abs(stage.x), radius)
    bulge = stage.style.elevation * np.sqrt(np.maximum(radius**2 - x**2, 0))
    climb = 0.8 * np.exp(-(radius - x) / 0.7)
    return f32(level_mm - bulge + climb), f32(level_mm + bulge + climb)


def floor_line(stage: Stage) -> F32:
    """Inner bottom for every column, in mm above the foot: rounded at the wall, pushed up in the middle."""
    container = stage.style.container
    radius = container.radius - container.wall
    corner = 0.26 * container.radius
    x = np.minimum(np.abs(stage.x), radius)
    past = np.clip(x - (radius - corner), 0, corner)
    rise = corner - np.sqrt(np.maximum(corner**2 - past**2, 0))
    punt = 0.05 * container.radius * (1 - (x / radius) ** 2)
    return f32(container.base + rise + punt - stage.style.elevation * 0.6 * np.sqrt(np.maximum(radius**2 - x**2, 0)))


def paint_unit(stage: Stage, unit: Unit, behind: F32) -> Picture:
    """Paint a unit over the background behind its window."""
    outline, style = stage.outline, stage.style
    alpha = f32(stage.inside(outline.outer) * (outline.outer > 0))
    share = f32(np.clip(np.abs(stage.x) / np.maximum(outline.outer, 0.05), 0, 1))
    depth = f32(np.sqrt(1 - share * share))
    facing = f32(depth / np.sqrt(1 + outline.slope**2))
    rgb = behind.copy()
    inside = f32(stage.inside(outline.inner) * (outline.inner > 0))
    _paint_content(stage, unit, rgb, inside, depth)
    if not style.ampoule:
        paint_plug(stage, unit, rgb, inside)
    _paint_glass(stage, unit, rgb, alpha, facing, depth)
    if style.ampoule:
        _paint_rings(stage, rgb, alpha, depth)
        if unit.charred is not None:
            blend(rgb, f32(unit.charred * alpha), f32([26, 20, 16]))
    else:
        alpha = paint_closure(stage, unit, rgb, alpha)
    return Picture(rgb, alpha, behind)


def _paint_glass(stage: Stage, unit: Unit, rgb: F32, alpha: F32, facing: F32, depth: F32) -> None:
    outline, style = stage.outline, stage.style
    container, backdrop = style.container, style.backdrop
    chord = np.sqrt(np.clip(outline.inner**2 - stage.x**2, 0, None))
    path = f32(np.clip(outline.outer * depth - chord, 0, None))  # glass that a ray passes, both walls halved
    wall = container.wall
    if style.amber:
        thick = np.clip(0.35 + 0.65 * path / wall, 0, 3.0)
        for channel in range(3):
            rgb[..., channel] *= np.exp(thick * alpha * np.float32(np.log(style.glass[channel])))
    else:
        rgb *= in_three(f32(1 - alpha)) + in_three(alpha) * style.glass
    # Where glass turns away from the camera or a wall is seen along itself, the surround is what shows.
    past = (np.abs(stage.x) - outline.inner) / np.float32(0.12 + 0.12 * wall)
    edge = 0.9 * np.exp(-((facing / 0.24) ** 2)) + 0.42 * np.exp(-(past**2)) * (outline.inner > 0)
    edge += 0.10 * np.clip(path / wall - 1, 0, 3)
    if container.make == "moulded":
        edge *= 1 + 0.3 * unit.grain.slow
        edge += 0.05 * np.clip(unit.grain.wall, -1, 2)
    edge += _base_lines(stage, unit)
    cover = f32(np.clip(edge, 0, 0.94) * alpha)
    tint = np.sqrt(style.glass) if style.amber else style.glass
    blend(rgb, cover, f32(backdrop.surround * tint))
    glow = f32(alpha * np.clip(path / wall - 0.6, 0, 2) * 0.05 * backdrop.front)
    bright = f32(np.exp(-(((past - 1.6) / 0.8) ** 2)) * alpha * 0.25)
    rgb += in_three(f32(glow * 90 + bright * (120 if backdrop.level.mean() > 60 else 60))) * tint
    _mirror_lamps(stage, rgb, alpha)


def _base_lines(stage: Stage, unit: Unit) -> F32:
    """Dark curved lines of the bottom: its inner surface, and the ring it stands on."""
    container = stage.style.container
    inner = floor_line(stage)
    thick = 0.16 + 0.08 * container.wall
    field = np.zeros(stage.shape, np.float32)
    rows = stage.rows(-1.2, container.base + 0.3 * container.radius + 1.0)
    y = stage.y[rows]
    line = 0.62 * np.exp(-(((y - inner) / thick) ** 2))
    below = np.clip((inner - y) / 0.3, 0, 1) * (0.16 + 0.07 * unit.grain.slow[rows])
    radius = container.radius * 0.8
    ring = -stage.style.elevation * np.sqrt(np.clip(radius**2 - stage.x**2, 0, None)) + 0.35
    stand = 0.4 * np.exp(-(((y - ring) / 0.22) ** 2)) * (np.abs(stage.x) < radius)
    field[rows] = line + below + stand
    return f32(field)


def _mirror_lamps(stage: Stage, rgb: F32, alpha: F32) -> None:
    """Streaks where the front surface turns towards a strip lamp."""
    outline = stage.outline
    turn = stage.x / np.maximum(outline.outer, 0.05)
    upright = f32(1 / np.sqrt(1 + outline.slope**2))
    for lamp in stage.style.lamps:
        across = (turn * upright - np.float32(lamp.turn)) / np.float32(lamp.width)
        ends = np.exp(-((outline.slope / 0.9) ** 2))
        streak = f32(np.exp(-np.minimum(across * across, 30)) * ends * alpha)
        rgb += in_three(f32(streak * np.float32(lamp.strength)))


def _paint_content(stage: Stage, unit: Unit, rgb: F32, inside: F32, depth: F32) -> None:
    if unit.level_mm <= 0:
        return
    if unit.cake is not None:
        _paint_cake(stage, unit, unit.cake, rgb, inside)
    else:
        _paint_liquid(stage, unit, rgb, inside, depth)


def _paint_liquid(stage: Stage, unit: Unit, rgb: F32, inside: F32, depth: F32) -> None:
    style, backdrop = stage.style, stage.style.backdrop
    front, back = liquid_surface(stage, unit.level_mm)
    floor = floor_line(stage)
    wet = f32(stage.within(floor, front) * inside)
    share = f32(np.clip(np.abs(stage.x) / np.maximum(stage.outline.inner, 0.05), 0, 1))
    for channel in range(3):
        rgb[..., channel] *= np.exp(wet * (0.25 + 1.0 * depth) * np.float32(np.log(style.tint[channel])))
    scatter = f32(wet * (0.3 + 0.7 * depth) * 34 * backdrop.front)
    rgb += in_three(scatter) * f32(style.tint**2 - 0.45 * style.tint.min())
    if unit.haze is not None:
        _paint_haze(stage, unit, unit.haze, rgb, wet, depth)
    lens = f32(np.clip((share - 0.78) / 0.2, 0, 1) ** 2 * 0.72 * wet)
    blend(rgb, lens, f32(backdrop.surround * np.sqrt(style.tint)))
    rows = stage.rows(unit.level_mm - 3.0, unit.level_mm + 3.5)
    y, here = stage.y[rows], inside[rows]
    surface = f32(np.clip((y - front) * stage.scale + 0.5, 0, 1) * np.clip((back - y) * stage.scale + 0.5, 0, 1))
    window = rgb[rows]
    blend(window, f32(surface * here * 0.3), f32(backdrop.level * style.tint * 0.75 + 30))
    dark = 0.75 * np.exp(-(((y - front + 0.3) / 0.34) ** 2)) + 0.35 * np.exp(-(((y - back) / 0.16) ** 2))
    blend(window, f32(np.clip(dark, 0, 0.9) * here), backdrop.surround)
    lit = np.exp(-(((y - front - 0.14) / 0.12) ** 2)) * here
    window += in_three(f32(lit * 55 * backdrop.front))
    for x_mm, _, radius_mm in unit.grain.drops:
        _paint_bubble(stage, rgb, x_mm, unit.level_mm - 0.05, radius_mm)


def _paint_haze(stage: Stage, unit: Unit, haze: Haze, rgb: F32, wet: F32, depth: F32) -> None:
    cloud = haze.strength * (1 + haze.swirl * unit.grain.slow) * (0.35 + 0.65 * depth)
    if haze.flocs > 0:
        cloud = cloud + haze.flocs * np.clip(unit.grain.coarse - 1.15, 0, 1.2)
    backdrop = stage.style.backdrop
    bright = float(backdrop.level.mean()) > 160  # before a bright screen a turbid liquid is the darker one
    tone = haze.tone * (0.26 + 0.34 * backdrop.front if bright else 0.5 + 0.42 * backdrop.front)
    blend(rgb, f32(np.clip(cloud, 0, 0.96) * wet), f32(tone))
    if haze.sediment_mm > 0:
        settled = sediment_cover(stage, unit, haze.sediment_mm)
        grain = f32(1 + 0.1 * unit.grain.soft + 0.06 * unit.grain.coarse)
        blend(rgb, f32(settled * wet), in_three(grain) * f32(tone * 0.94))


def sediment_cover(stage: Stage, unit: Unit, sediment_mm: float) -> F32:
    floor = floor_line(stage)
    top = stage.style.container.base + sediment_mm * (1 + 0.25 * unit.grain.top)
    heap = f32(np.maximum(top, floor + 0.25 * sediment_mm))
    return f32(stage.within(floor, heap) * stage.inside(stage.outline.inner) * 0.93)


def _paint_bubble(stage: Stage, rgb: F32, x_mm: float, y_mm: float, radius_mm: float) -> None:
    centre = (round(stage.column(x_mm) * 16), round(stage.row(y_mm) * 16))
    mask = np.zeros(stage.shape, np.uint8)
    radius = max(2, round(radius_mm * stage.scale * 16))
    cv2.circle(mask, centre, radius, (255.0,), max(1, round(0.14 * stage.scale)), cv2.LINE_AA, 4)
    rows = stage.rows(y_mm - 2 * radius_mm, y_mm + 2 * radius_mm)
    window = rgb[rows]
    blend(window, f32(mask[rows].astype(np.float32) / 255 * 0.6), stage.style.backdrop.surround)


def cake_cover(stage: Stage, cake: Cake) -> F32:
    """How much of every pixel the cake's front covers, its upper face left out."""
    floor = floor_line(stage)
    sides = np.clip((stage.x - cake.left) * stage.scale + 0.5, 0, 1)
    sides = sides * np.clip((cake.right - stage.x) * stage.scale + 0.5, 0, 1)
    radius = stage.style.container.radius
    bulge = stage.style.elevation * np.sqrt(np.clip(radius**2 - stage.x**2, 0, None))
    return f32(stage.within(floor, cake.top - bulge) * sides)


def _paint_cake(stage: Stage, unit: Unit, cake: Cake, rgb: F32, inside: F32) -> None:
    style, grain = stage.style, unit.grain
    tone = style.tint * (0.42 + 0.55 * style.backdrop.front)
    radius = style.container.radius - style.container.wall
    bulge = style.elevation * np.sqrt(np.clip(radius**2 - stage.x**2, 0, None))
    body = f32(cake_cover(stage, cake) * inside)
    if cake.residue_mm > 0:
        film = f32(stage.within(floor_line(stage), cake.residue_mm + 0.5 * grain.top) * inside)
        streaks = np.clip(0.28 + 0.2 * grain.wall + 0.14 * grain.coarse + 0.1 * grain.slow, 0.02, 0.75)
        blend(rgb, f32(film * streaks), f32(tone))
    upper = f32(stage.within(cake.top - bulge, cake.top + bulge) * inside)
    sides = np.clip((stage.x - cake.left) * stage.scale + 0.5, 0, 1)
    upper *= f32(sides * np.clip((cake.right - stage.x) * stage.scale + 0.5, 0, 1))
    turn = stage.x / radius
    shade = 0.72 + 0.28 * np.sqrt(np.clip(1 - turn**2, 0, 1)) - 0.05 * turn
    texture = 1 + 0.025 * grain.white + 0.03 * grain.soft + 0.022 * grain.coarse + 0.015 * grain.wall
    lumps = 1 + cake.lumpy * (0.55 * grain.coarse + 0.5 * grain.slow)
    blend(rgb, upper, in_three(f32(texture * shade)) * f32(tone * 1.05))
    blend(rgb, body, in_three(f32(np.clip(texture * shade * lumps, 0.2, 1.25))) * f32(tone * 0.95))
    rim = np.exp(-(((stage.y - cake.top + bulge) / 0.16) ** 2)) * inside
    rgb *= in_three(f32(1 - 0.12 * rim))
    if cake.melted is not None:
        glassy = f32(cake.melted * body)
        wet = tone * f32([0.5, 0.46, 0.4]) + style.backdrop.level * 0.08
        gleam = np.clip(
            1 + 0.22 * grain.slow + 0.05 * grain.coarse + 0.5 * np.exp(-(((turn + 0.3) / 0.1) ** 2)), 0.5, 1.8
        )
        blend(rgb, f32(glassy * 0.86), in_three(f32(gleam)) * f32(wet))
        border = f32(4 * glassy * (1 - cake.melted))
        rgb += in_three(f32(border * 22))


def _paint_rings(stage: Stage, rgb: F32, alpha: F32, depth: F32) -> None:
    """Colour rings fired onto the glass; the first is the break ring at the constriction."""
    front = stage.style.backdrop.front
    for index, (height, tone) in enumerate(stage.style.rings):
        radius = stage.outer_at(height)
        bulge = stage.style.elevation * np.sqrt(np.clip(radius**2 - stage.x**2, 0, None))
        half = 0.28 if index == 0 else 0.5
        band = f32(stage.within(height - half - bulge, height + half - bulge) * alpha * 0.9)
        shade = f32((0.5 + 0.5 * depth) * (0.35 + 0.6 * front))
        blend(rgb, band, in_three(shade) * tone)
