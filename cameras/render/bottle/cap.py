"""Cap, tamper ring and shrunk film, each drawn on rows of the bottle's patch as premultiplied RGBA."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cameras.render.bottle.look import BottleLook, Cap
from cameras.render.bottle.parts import Grid, Surface, bottle_half, diffuse, gloss, lay, premultiplied, toned, turned
from cameras.render.raster import F32, Random, f32, in_three, shifted, slow_field


def _step(cap: Cap) -> float:
    """How much narrower than the rest the upper tier of a stepped cap is; the finish still fits into it."""
    return min(0.12 * cap.half, 1.3) if cap.kind == "stepped" else 0.0


def cap_half(cap: Cap) -> Callable[[F32], F32]:
    def half(y: F32) -> F32:
        below = np.clip(1 - y / cap.rounding, 0, 1)
        wide = cap.half * (0.985 + 0.015 * y / cap.high) - cap.rounding * (1 - np.sqrt(1 - below**2))
        if cap.kind == "child-resistant":
            wide = wide - 0.55 * (np.clip((cap.high * 0.34 - y) / 0.35 + 0.5, 0, 1))
        return f32(wide - _step(cap) * np.clip((cap.high * 0.42 - y) / 0.5 + 0.5, 0, 1))

    return half


def draw_cap(look: BottleLook, grid: Grid, cap: Cap, turn: float) -> tuple[slice, F32]:
    """A cap that sits where the nominal one does: the rows it takes, and premultiplied RGBA."""
    top, profile, rise = look.cap.high - cap.high, cap_half(cap), look.elevation
    part = turned(grid, top, look.cap.high, lambda y: profile(f32(y - top)), rise, room=rise * cap.half + 0.5)
    y = f32(part.high - top)
    relief = _grip(look, cap, part, y, turn)
    light = diffuse(look.lamp, part.x, part.y, part.z) * (1 + np.float32(cap.depth) * relief)
    light = light * (1 - 0.22 * np.clip((y - cap.high * 0.965) * 1.2, 0, 1))
    rgb = toned(cap.colour, f32(light))
    rgb += in_three(f32(gloss(look.lamp, part.x, part.y) * np.float32(cap.gloss) * (0.7 + 0.3 * relief)))
    patch = premultiplied(rgb, part.alpha)
    _lay_top(look, grid, cap, patch[: grid.row(top + rise * cap.half + 0.5) - part.rows.start], part.rows.start, top)
    return part.rows, patch


def _lay_top(look: BottleLook, grid: Grid, cap: Cap, patch: F32, first: int, top: float) -> None:
    """The cap's flat top, a thin ellipse as the camera looks down a little."""
    x, y = grid.axes(slice(first, first + patch.shape[0]))
    half, rise = cap.half * 0.985 - cap.rounding * 0.8 - _step(cap), look.elevation
    out = np.sqrt((x / half) ** 2 + ((y - top) / (rise * half)) ** 2)
    cover = np.clip((1 - out) * np.float32(rise * half * grid.scale) + 0.5, 0, 1)
    shade = f32((0.86 + 0.14 * look.lamp.ambient) * (1 - 0.1 * np.clip((out - 0.8) * 5, 0, 1) * (out < 0.93)))
    rows = slice(0, patch.shape[0])
    lay(patch, rows, toned(cap.colour, shade), f32(cover * (0.55 if cap.kind == "smooth" else 1.0)))


def _grip(look: BottleLook, cap: Cap, part: Surface, y: F32, turn: float) -> F32:
    """Relief of ribs, flutes or knurls, about -1..1, faded where they are too fine to be seen."""
    around = part.turn + np.float32(turn)
    period_px = 2 * np.pi * cap.half * look.px_per_mm / cap.ribs * np.cos(part.turn)
    seen = np.clip((period_px - 1.7) / 1.8, 0, 1)
    wave = np.cos(around * np.float32(cap.ribs))
    match cap.kind:
        case "ribbed":
            return f32(wave * seen * np.clip((y - cap.rounding - 0.8) * 2, 0, 1) * (y < cap.high * 0.93))
        case "child-resistant":
            ribs = np.clip(wave * 1.8, -1, 1) * seen * (y > cap.high * 0.4) * (y < cap.high * 0.94)
            return f32(ribs + _arrows(cap, around, y))
        case "fluted":
            return f32(
                (0.5 - np.abs(np.sin(around * np.float32(cap.ribs / 2)))) * 1.7 * seen * (y > cap.rounding + 0.6)
            )
        case "stepped":
            lean = y * np.float32(cap.ribs / cap.half)
            knurl = np.sin(around * np.float32(cap.ribs) / 2 + lean) * np.sin(around * np.float32(cap.ribs) / 2 - lean)
            step = np.exp(-(((y - cap.high * 0.45) / 0.4) ** 2))
            return f32(knurl * 1.6 * seen * (y > cap.high * 0.52) * (y < cap.high * 0.93) - 1.2 * step)
        case _:
            return np.zeros_like(y)


def _arrows(cap: Cap, around: F32, y: F32) -> F32:
    """Raised arrows over the ribs, as on caps to be pressed and turned."""
    step = cap.half * 2 * np.pi / 7
    along = np.mod(around * np.float32(cap.half), np.float32(step)) - np.float32(step / 2)
    off = np.abs(y - np.float32(cap.high * 0.2))
    head = (along > 0) & (off < (2.6 - along) * 0.55)
    shaft = (along <= 0) & (along > -3) & (off < 0.45)
    mark = f32((head | shaft) & (y > cap.rounding))
    return f32(mark - shifted(mark, 2, 3, 0.0)) * np.float32(0.9)


@dataclass(frozen=True, slots=True)
class Torn:
    """How a band is drawn that is not whole: a stretch of it is gone."""

    start: float = 0.0  # radians round the axis
    end: float = 0.0
    droop: float = 0.0  # mm that the ends of a ring hang down
    deep: float = 1.0  # share of a film's height that it is torn, from below


def draw_ring(look: BottleLook, grid: Grid, turn: float, torn: Torn | None = None) -> tuple[slice, F32, F32]:
    """The moulded ring and its bridges: rows, premultiplied RGBA, and the part of it that is gone."""
    band, cap = look.band, look.cap
    top, bottom = cap.high, cap.high + band.gap + band.high
    half = cap.half * 0.99
    part = turned(
        grid,
        top,
        bottom,
        lambda y: f32(half - 0.5 * np.clip((y - bottom + 0.7) / 0.7, 0, 1) + 0 * y),
        look.elevation,
        room=2.0,
    )
    y = f32(part.high - top)
    alpha, gone = part.alpha, np.zeros_like(part.alpha)
    if torn is not None:
        ragged = 0.04 * np.sin(y * 5 + 1) + 0.03 * np.sin(y * 11)
        scale = np.float32(grid.scale * half)
        inside = np.minimum(part.turn - torn.start + ragged, torn.end - part.turn + 1.3 * ragged)
        gone = f32(part.alpha * np.clip(inside * scale * np.cos(part.turn) + 0.5, 0, 1))
        near = np.exp(-((np.minimum(np.abs(part.turn - torn.start), np.abs(part.turn - torn.end)) / 0.22) ** 2))
        y = f32(y - torn.droop * near)
        alpha = f32((part.alpha - gone) * np.clip((y + 0.02) * grid.scale + 0.5, 0, 1))
    light = diffuse(look.lamp, part.x, part.y, part.z)
    step = np.float32(2 * np.pi / band.bridges)
    post = np.abs(np.mod(part.turn + np.float32(turn), step) - step / 2) * np.float32(half) < 0.5
    in_gap = np.clip((band.gap - y) * np.float32(grid.scale) + 0.5, 0, 1) * (1 - 0.8 * f32(post))
    light = f32(light * (1 - 0.72 * in_gap) * (0.96 + 0.05 * np.clip((y - band.gap) * 2, 0, 1)))
    rgb = toned(band.colour, light) + in_three(f32(gloss(look.lamp, part.x, part.y) * cap.gloss * (1 - in_gap)))
    return part.rows, premultiplied(f32(rgb), alpha), gone


def draw_film(rng: Random, look: BottleLook, grid: Grid, cap: Cap, torn: Torn | None = None) -> tuple[slice, F32, F32]:
    """A film shrunk over the lower cap and the neck: rows, premultiplied RGBA, and the part of it that is gone."""
    band = look.band
    bottom = look.closed + 3.0
    top = bottom - band.high
    half, neck, over = cap.half, bottle_half(look), cap_half(cap)

    def wide(y: F32) -> F32:
        drawn_in = np.clip((y - look.closed) / 1.2, 0, 1)
        held = over(np.clip(y - look.cap.high + cap.high, 0, cap.high))
        return f32(held + 0.22 - drawn_in * np.maximum(held - neck(y) - 0.1, 0) * 0.9)

    part = turned(grid, top, bottom, wide, look.elevation, room=2.0)
    y = f32((part.high - top) / band.high)
    light = diffuse(look.lamp, part.x, part.y, part.z)
    folds = slow_field(rng, part.alpha.shape[0], part.alpha.shape[1], 14) * np.clip(np.abs(y - 0.5) * 2 - 0.45, 0, 1)
    light = f32(light * (1 + 0.13 * folds))
    rgb = toned(band.colour, light)
    cover = np.float32(band.cover) * (
        1 + 0.4 * np.exp(-((np.minimum(np.abs(y), np.abs(1 - y)) * band.high / 0.25) ** 2))
    )
    for stripe in range(band.stripes):
        line = f32(np.abs(y - (stripe + 1) / (band.stripes + 1)) * band.high < 0.55)
        rgb = f32(rgb * (1 - 0.75 * in_three(line)) + np.float32(0.75 * 235) * in_three(f32(line * light)))
    row = np.mod(part.turn * np.float32(half), 1.0) > 0.35
    tear_line = f32((np.abs(y - 0.14) * band.high < 0.16) & row)
    rgb *= in_three(f32(1 - 0.3 * tear_line))
    rgb += in_three(f32(gloss(look.lamp, part.x, part.y) * np.float32(0.9) * (1 + 0.5 * folds)))
    gone = np.zeros_like(part.alpha)
    if torn is not None:
        reach = np.clip((y - 1 + torn.deep) / torn.deep, 0, 1) ** 0.7
        jag = 0.05 * np.sin(y * 19) + 0.03 * np.sin(y * 47 + 2)
        off = np.abs(part.turn - (torn.start + torn.end) / 2 + jag) - (torn.end - torn.start) / 2 * reach
        inside = -off * np.float32(half * grid.scale) * np.cos(part.turn)
        gone = f32(part.alpha * np.clip(inside + 0.5, 0, 1) * (reach > 0))
        curl = np.exp(-(((inside + 0.35 * grid.scale) / (0.3 * grid.scale)) ** 2)) * (reach > 0)
        rgb += in_three(f32(70 * curl))  # the torn edge turns up and catches the light
        cover = np.clip(cover + 0.3 * curl, 0, 1)
    alpha = f32((part.alpha - gone) * np.clip(cover, 0, 1))
    return part.rows, premultiplied(rgb, alpha), gone
