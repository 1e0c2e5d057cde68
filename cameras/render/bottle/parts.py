"""An intact bottle as surfaces of revolution: where every sub-pixel of it looks, and how it takes the light.

Parts are drawn at SUB times the frame, in a patch whose rows run along the bottle's axis; the frame sees the patch
filtered down, shifted and tilted. A body with a flat front is a body of revolution with flattened normals: nobody
sees the difference from the side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.bottle.look import BottleLook, Lamp
from cameras.render.raster import F32, SUB, Random, f32, gaussian, in_three, noise

ZONES: Final[tuple[str, ...]] = ("background", "cap", "band", "shoulder", "body", "label")
CAP, BAND, SHOULDER, BODY, LABEL = 1, 2, 3, 4, 5  # indices into ZONES
ABOVE_MM: Final = 8.0  # room in the patch over the intact cap
_FINE: Final = 16  # steps of a profile a mm


@dataclass(frozen=True, slots=True)
class Grid:
    """Maps mm of the bottle to rows and columns of its patch."""

    scale: float  # patch pixels a mm
    rows: int
    columns: int

    @property
    def axis(self) -> float:
        return (self.columns - 1) / 2

    def row(self, y: float) -> int:
        return int(np.clip(round((y + ABOVE_MM) * self.scale), 0, self.rows))

    def axes(self, rows: slice) -> tuple[F32, F32]:
        y = f32(np.arange(rows.start, rows.stop)[:, None]) / np.float32(self.scale) - np.float32(ABOVE_MM)
        x = (f32(np.arange(self.columns)[None]) - np.float32(self.axis)) / np.float32(self.scale)
        return x, y


@dataclass(frozen=True, slots=True)
class Surface:
    """A turned part as the camera sees it, on some rows of the patch."""

    rows: slice
    alpha: F32
    x: F32  # of the unit normal, to the right
    y: F32  # of the unit normal, downwards
    z: F32  # of the unit normal, to the camera
    high: F32  # height on the part, mm
    turn: F32  # angle round the axis, 0 in front

    def part(self, rows: slice) -> "Surface":
        """The same on fewer rows of the patch."""
        first, last = max(rows.start, self.rows.start), min(rows.stop, self.rows.stop)
        own = slice(first - self.rows.start, last - self.rows.start)
        fields = (self.alpha, self.x, self.y, self.z, self.high, self.turn)
        return Surface(slice(first, last), *(field[own] for field in fields))


def turned(
    grid: Grid,
    top: float,
    bottom: float,
    half: Callable[[F32], F32],
    elevation: float,
    *,
    flat: float = 1.0,
    room: float = 0.0,
) -> Surface:
    """A part between two heights whose half width is a function of height.

    Seen a little from above, so that its rings bend downwards in front.
    """
    fine = f32(np.arange(int((bottom - top + 2) * _FINE) + 2)) / _FINE + np.float32(top - 1)
    table = np.maximum(f32(half(np.clip(fine, top, bottom))), np.float32(0.05))
    slope = f32(np.gradient(table) * _FINE)
    widest = float(table.max())
    rows = slice(grid.row(top - room), grid.row(bottom + elevation * widest + 0.5 + room))
    x, y = grid.axes(rows)
    near = np.clip(((y - (top - 1)) * _FINE).astype(np.int32), 0, len(table) - 1)
    first = table[near]
    bend = np.sqrt(np.clip(1 - np.clip(x / first, -1, 1) ** 2, 0, 1))
    high = f32(y - np.float32(elevation) * first * bend)
    index = np.clip(((high - np.float32(top - 1)) * np.float32(_FINE)).astype(np.int32), 0, len(table) - 1)
    wide = table[index]
    scale = np.float32(grid.scale)
    alpha = np.clip((wide - np.abs(x)) * scale + 0.5, 0, 1)
    alpha = alpha * np.clip((high - np.float32(top)) * scale + 0.5, 0, 1)
    alpha = alpha * np.clip((np.float32(bottom) - high) * scale + 0.5, 0, 1)
    across = np.clip(x / wide, -0.999, 0.999)
    normal_x = across if flat == 1 else np.sign(across) * np.abs(across) ** np.float32(flat)
    rise = np.clip(slope[index], -6, 6)
    steep = 1 / np.sqrt(1 + rise * rise)
    return Surface(
        rows=rows,
        alpha=f32(alpha),
        x=f32(normal_x * steep),
        y=f32(-rise * steep),
        z=f32(np.sqrt(1 - normal_x * normal_x) * steep),
        high=high,
        turn=f32(np.arcsin(across)),
    )


def diffuse(lamp: Lamp, x: F32, y: F32, z: F32) -> F32:
    """Brightness of matt white, about 1 where the surface faces the lamp."""
    toward = np.maximum(x * np.float32(lamp.x) + y * np.float32(lamp.y) + z * np.float32(lamp.z), 0)
    edge = 1 - np.float32(0.22) * (1 - np.clip(z, 0, 1)) ** 2
    return f32((lamp.ambient + (1 - lamp.ambient) * toward) * edge)


def gloss(lamp: Lamp, x: F32, y: F32) -> F32:
    """What the softboxes add on shiny plastic, 0..255."""
    upright = np.exp(-((y / np.float32(0.5)) ** 2))
    strips = np.exp(-(((x - np.float32(lamp.strip)) / np.float32(lamp.width)) ** 2))
    strips = strips + lamp.second_gain * np.exp(-(((x - np.float32(lamp.second)) / np.float32(lamp.width * 0.6)) ** 2))
    above = 0.5 * np.exp(-(((y + np.float32(0.62)) / np.float32(0.2)) ** 2) - (x / np.float32(0.55)) ** 2)
    return f32(lamp.gain * (strips * upright + above))


def premultiplied(rgb: F32, alpha: F32) -> F32:
    """RGBA of colours that cover alpha of every pixel."""
    red, green, blue = cv2.split(rgb)
    return f32(cv2.merge([red * alpha, green * alpha, blue * alpha, alpha]))


def lay(patch: F32, rows: slice, rgb: F32, alpha: F32) -> None:
    """Lay colours with coverage alpha over rows of a premultiplied patch."""
    there = patch[rows]
    there *= f32(cv2.merge([f32(1 - alpha)] * 4))
    there += premultiplied(rgb, alpha)


def put(pixels: F32, window: tuple[slice, slice], patch: F32) -> None:
    """Lay a premultiplied patch on a window of another."""
    there = pixels[window]
    there *= f32(cv2.merge([1 - patch[..., 3]] * 4))
    there += patch


def toned(tone: F32, light: F32) -> F32:
    return f32(cv2.merge([light * np.float32(level) for level in tone]))


def bottle_half(look: BottleLook) -> Callable[[F32], F32]:
    """Half width of the bottle over its height: finish, bead, shoulder, body and foot."""
    shape, begin = look.shape, look.shoulder
    neck, body, foot = shape.neck, shape.body, shape.foot

    def half(y: F32) -> F32:
        t = np.clip((y - begin) / shape.shoulder_high, 0, 1)
        match shape.shoulder:
            case "round":
                rise = np.sqrt(np.clip(1 - (1 - t) ** 2, 0, 1))
            case "square":
                rise = np.clip(1 - (1 - t) ** 3.2, 0, 1) ** (1 / 3.2)
            case "cone":
                rise = t * 0.9 + 0.1 * t * t * (3 - 2 * t)
            case _:
                rise = t * t * (3 - 2 * t)
        wide = neck + (body - neck) * rise
        bead = np.clip(1 - (np.abs(y - look.closed - 0.9) / 0.75) ** 4, 0, 1)
        wide = np.where(y < begin, neck - 0.35 + (look.cap.half * 0.97 - neck + 0.35) * np.sqrt(bead), wide)
        below = np.clip((y - (shape.high - foot)) / foot, 0, 1)
        return f32(wide - foot * 0.8 * (1 - np.sqrt(np.clip(1 - below**2, 0, 1))))

    return half


@dataclass(frozen=True, slots=True)
class Unit:
    """The patch of one bottle while it is drawn, and the surface that damage is done to."""

    grid: Grid
    pixels: F32  # premultiplied RGBA
    zones: NDArray[np.uint8]
    wall: Surface
    lip: float  # where the finish begins


def draw_bare(rng: Random, look: BottleLook) -> Unit:
    """The bottle without closure and label."""
    scale = look.px_per_mm * SUB
    half = max(
        look.shape.body + (1.0 if look.puck is None else 4.5), look.cap.half * 1.3 + 1.5
    )  # a cap that is too wide or tilted must fit
    grid = Grid(scale, int((look.seen + ABOVE_MM + 12) * scale), int(2 * half * scale) | 1)
    lip = 1.3
    wall = turned(grid, lip, look.shape.high, bottle_half(look), look.elevation, flat=look.shape.flat)
    pixels = np.zeros((grid.rows, grid.columns, 4), np.float32)
    pixels[wall.rows] = premultiplied(_wall_colours(rng, look, grid, wall), wall.alpha)
    _draw_opening(look, grid, pixels, lip)
    zones = np.zeros((grid.rows, grid.columns), np.uint8)
    inside = wall.alpha > 0.5
    low = look.shoulder + look.shape.shoulder_high
    zones[wall.rows][inside] = np.where(wall.high < low, SHOULDER, BODY)[inside]
    return Unit(grid, pixels, zones, wall, lip)


def _wall_colours(rng: Random, look: BottleLook, grid: Grid, wall: Surface) -> F32:
    light = diffuse(look.lamp, wall.x, wall.y, wall.z)
    shine = gloss(look.lamp, wall.x, wall.y) * np.float32(look.wall.gloss)
    finish = wall.part(slice(0, grid.row(look.closed)))
    threads, neck = _threads(look, finish), slice(0, finish.alpha.shape[0])
    light[neck] *= 1 + np.float32(0.3) * threads
    shine[neck] *= 1 + np.float32(0.8) * threads
    clear = look.wall.clear
    rgb = toned(look.wall.colour, light)
    if clear > 0:
        rgb *= np.float32(1 - clear)
        rgb += _through(rng, look, grid, wall) * np.float32(clear)
    high, wide = wall.alpha.shape  # moulded plastic is never quite even
    peel = f32(cv2.resize(noise(rng, high // 2, wide // 2, 2), (wide, high), interpolation=cv2.INTER_LINEAR))
    rgb += in_three(f32(shine + peel * np.float32(rng.uniform(0.2, 1.0))))
    return rgb


def _threads(look: BottleLook, wall: Surface) -> F32:
    """Relief of the thread on the finish, about -1..1; 0 below it."""
    pitch = 3.4
    wave = np.sin((wall.high - 2.4 - wall.turn * np.float32(pitch / 2 / np.pi)) * np.float32(2 * np.pi / pitch))
    here = np.clip((wall.high - 2.6) * 2, 0, 1) * np.clip((look.closed - 1.2 - wall.high) * 2, 0, 1)
    return f32(np.sign(wave) * np.abs(wave) ** 1.5 * here)


def _through(rng: Random, look: BottleLook, grid: Grid, wall: Surface) -> F32:
    """What is seen through a clear wall: the ground behind, or what the bottle holds; at half size."""
    shape, filling, scale = look.shape, look.filling, grid.scale / 2
    level = look.shoulder + shape.shoulder_high * (1 - filling.level)
    level += rng.uniform(-0.6, 0.6) if filling.liquid else rng.uniform(-2, 2)
    high = wall.high[::2, ::2]
    path = np.clip(1 / np.clip(wall.z[::2, ::2], 0.3, 1), 1, 3.4)
    tint = look.wall.colour / np.float32(255)
    behind = f32(look.ground * 0.9 + 14)
    if filling.liquid:
        held = np.clip((high - np.float32(level)) * scale + 0.5, 0, 1)
        dye = f32(filling.colour * (0.25 + 0.75 * float(look.ground.mean()) / 255))
        surface = np.exp(-(((high - np.float32(level)) / 0.35) ** 2))
        inner = f32(cv2.merge([f32(behind[c] + (dye[c] - behind[c]) * held) for c in range(3)]))
        inner *= in_three(f32(1 - 0.35 * surface))
    else:
        inner = _pile(rng, look, high.shape, scale, (level + ABOVE_MM) * scale - wall.rows.start / 2, behind)
    if look.wall.clear < 0.6:  # a milky wall scatters: only a soft shade is left of what lies behind
        small = cv2.resize(inner, (inner.shape[1] // 4, inner.shape[0] // 4), interpolation=cv2.INTER_AREA)
        small = gaussian(f32(small), 0.9 * scale)
        inner = f32(cv2.resize(small, (inner.shape[1], inner.shape[0]), interpolation=cv2.INTER_LINEAR))
    edge = 1 - np.float32(0.35 / 2.4) * (path - 1)
    inner *= cv2.merge([f32(np.exp(path * np.float32(0.75 * np.log(max(0.01, tint[c])))) * edge) for c in range(3)])
    return f32(cv2.resize(inner, (wall.alpha.shape[1], wall.alpha.shape[0]), interpolation=cv2.INTER_LINEAR))


def _pile(rng: Random, look: BottleLook, shape: tuple[int, ...], scale: float, first: float, behind: F32) -> F32:
    """Tablets lying in the bottle from row `first` down, before what is behind it."""
    pile = np.empty((shape[0], shape[1], 3), np.float32)
    pile[:] = behind
    grain = look.filling.grain * scale
    tone = look.filling.colour * np.float32(0.45 + 0.55 * look.lamp.ambient)
    first = max(0.0, first)
    for row in range(int((shape[0] - first) / (grain * 1.1)) + 1):
        for column in range(int(shape[1] / (grain * 1.5)) + 1):
            x = (column + (row % 2) / 2 + rng.uniform(-0.3, 0.3)) * grain * 1.5
            y = first + (row + rng.uniform(-0.35, 0.35)) * grain * 1.1
            long, short = round(grain), round(grain * rng.uniform(0.45, 0.9))
            gain, centre, turn = rng.uniform(0.6, 0.95), (round(x), round(y)), rng.uniform(0, 180)
            for size, share in (((long, short), 0.55), ((round(long * 0.86), round(short * 0.8)), 1.0)):
                cv2.ellipse(pile, centre, size, turn, 0, 360, [float(level) * gain * share for level in tone], -1)
    return gaussian(pile, 0.8)


def _draw_opening(look: BottleLook, grid: Grid, pixels: F32, lip: float) -> None:
    """The rim and the foil or the dark below it, seen a little from above."""
    half, rise = look.shape.neck - 0.35, look.elevation
    rows = slice(grid.row(lip - rise * half - 0.6), grid.row(lip + rise * half + 0.6))
    x, y = grid.axes(rows)
    out = np.sqrt((x / half) ** 2 + ((y - lip) / (rise * half)) ** 2)
    rim = np.clip((1 - out) * np.float32(rise * half * grid.scale) + 0.5, 0, 1)
    hole = np.clip((0.86 - out) * np.float32(rise * half * grid.scale) + 0.5, 0, 1)
    wall = f32(look.wall.colour * 0.95)
    rgb = f32(toned(wall, f32(1 - hole)) + toned(f32(look.wall.colour * 0.16), f32(hole)))
    lay(pixels, rows, rgb, f32(rim))


def draw_puck(look: BottleLook, grid: Grid, pixels: F32, zones: NDArray[np.uint8]) -> None:
    """The holder that hides the lower part of a bottle which is looked at from near."""
    if look.puck is None:
        return
    hidden = grid.row(look.seen + look.puck_high * 0.5)
    pixels[hidden:], zones[grid.row(look.seen) :] = 0, 0
    half = look.shape.body + 3.5
    part = turned(
        grid,
        look.seen,
        look.seen + 11,
        lambda y: f32(half - 0.6 + 0.6 * np.clip((y - look.seen) / 0.6, 0, 1)),
        look.elevation,
    )
    light = diffuse(look.lamp, part.x, part.y, part.z)
    rgb = toned(look.puck, light) + in_three(f32(gloss(look.lamp, part.x, part.y) * 0.25))
    lay(pixels, part.rows, f32(rgb), part.alpha)
    zones[part.rows][part.alpha > 0.5] = 0
