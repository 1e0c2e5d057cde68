"""The flat pack before its pockets are filled: foil texture, print, scratches, outline, perforation and lot text.

All of it is good: print, scratches and embossing are what the eyes must learn not to report.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render import colour
from cameras.render.blister.style import Layout
from cameras.render.lettering import Lettering, lettered
from cameras.render.raster import F32, Random, f32, frame_axes, in_three, log_uniform, noise, pick, polyline, slow_field
from cameras.render.truth import HEIGHT, WIDTH

_TAUGHT_FOILS = ("plain", "dot", "line", "brushed", "hexdot", "white", "knurl")
_HELD_OUT_FOILS = ("diamond", "grid", "plain", "cross")


@dataclass(frozen=True, slots=True)
class Web:
    """The empty web and where its pockets will lie."""

    pixels: F32
    origin_x: float  # left edge of the first pocket's cell
    origin_y: float
    background: F32  # RGB of the table, seen round the pack
    film: F32  # (HEIGHT, WIDTH) 1 on the pack, 0 on the table
    foil: str


def draw_web(rng: Random, layout: Layout, lettering: Lettering, *, held_out: bool) -> Web:
    foil, pixels = _draw_foil(rng, layout.px_per_mm, held_out=held_out)
    if rng.random() < 0.2:
        _print_on_foil(rng, pixels, lettering, layout)
    if rng.random() < 0.3:
        _scratch(rng, pixels, layout.px_per_mm)
    wide = layout.pitch_x * layout.columns + rng.uniform(0.3, 1) * layout.px_per_mm * 3
    high = layout.pitch_y * layout.rows + rng.uniform(0.3, 1) * layout.px_per_mm * 3
    origin_x = (WIDTH - layout.pitch_x * layout.columns) / 2 + rng.uniform(-4, 4)
    origin_y = (HEIGHT - layout.pitch_y * layout.rows) / 2 + rng.uniform(-0.4, 0.4) * max(0.0, HEIGHT - high)
    levels = (rng.uniform(8, 60), rng.uniform(60, 130), rng.uniform(215, 245))
    background = f32(pick(rng, levels) * rng.uniform(0.92, 1.08, 3))
    left = origin_x + layout.pitch_x * layout.columns / 2 - wide / 2
    top = origin_y + layout.pitch_y * layout.rows / 2 - high / 2
    pack = _pack_outline(left, top, wide, high, corner=rng.uniform(1, 4) * layout.px_per_mm)
    if rng.random() < 0.35:
        _perforate(rng, pixels, layout, origin_x, top, high)
    if rng.random() < 0.4:
        _stamp_lot(rng, pixels, lettering, layout, (left, top, wide, high))
    pixels = _cut_out(rng, pixels, pack, background)
    return Web(pixels, origin_x, origin_y, background, f32(pack / np.float32(255)), foil)


def _draw_foil(rng: Random, px_per_mm: float, *, held_out: bool) -> tuple[str, F32]:
    x, y = frame_axes(WIDTH, HEIGHT)
    level = rng.uniform(95, 215)
    tint = f32(1 + rng.normal(0, 0.012, 3))
    if rng.random() < 0.3:
        tint = colour.from_hsv(colour.hue(rng, held_out=held_out), rng.uniform(0.03, 0.3), 1.0)
        tint = f32(tint / tint.mean())
    foil = pick(rng, _HELD_OUT_FOILS if held_out else _TAUGHT_FOILS)
    if foil == "white":
        level, tint = rng.uniform(212, 242), f32(tint * 0.3 + 0.7)
    turn, relief = _embossed(rng, foil, px_per_mm)
    field = np.float32(level) + relief
    field = field + noise(rng, HEIGHT, WIDTH, pick(rng, (1, 2))) * rng.uniform(0.5, 5)
    field = field + slow_field(rng, HEIGHT, WIDTH, 3) * rng.uniform(1, 9)
    if rng.random() < 0.5:  # the lamp mirrored in the foil
        along = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))
        across = (along - rng.uniform(0, WIDTH)) / rng.uniform(40, 160)
        field = field + rng.uniform(5, 26) * np.exp(-(across**2))
    return foil, in_three(f32(field)) * tint


def _embossed(rng: Random, foil: str, px_per_mm: float) -> tuple[float, F32]:
    """What the embossing rollers left: the direction they ran in, and brightness about zero."""
    x, y = frame_axes(WIDTH, HEIGHT)
    pitch = rng.uniform(0.8, 1.7) * px_per_mm
    depth, turn = rng.uniform(3, 16), rng.uniform(0, np.pi)
    wave = np.float32(2 * np.pi / pitch)
    u = (x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))) * wave
    v = (y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))) * wave
    return turn, f32(depth * _pattern(rng, foil, u, v))


def _pattern(rng: Random, foil: str, u: F32, v: F32) -> F32:
    match foil:
        case "dot":
            return f32(np.clip(np.cos(u) * np.cos(v) * 2 - 0.6, -0.4, 1))
        case "hexdot":
            return f32(0.6 * (np.cos(u) + np.cos(u / 2 + v * 0.866) + np.cos(u / 2 - v * 0.866)))
        case "line":
            return f32(np.sin(u))
        case "knurl":
            return f32(np.arcsin(np.sin(u)) * np.arcsin(np.sin(v)) * 0.6 + 0.25 * np.sin(u))
        case "diamond":
            return f32(np.abs(np.sin(u / 2)) + np.abs(np.sin(v / 2 + u * 0.25)) - 1.2)
        case "grid":
            turns = np.float32(2 * np.pi)
            return f32(2.2 * (np.abs((u / turns) % 1 - 0.5) + np.abs((v / turns) % 1 - 0.5) - 0.5))
        case "cross":
            return f32(np.clip(np.sin(u) * 1.5, -0.7, 0.7) * np.sign(np.sin(v / 3)))
        case "brushed":
            streaks = noise(rng, HEIGHT, WIDTH // 8 + 1)
            return f32(0.7 * f32(cv2.resize(streaks, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)))
        case _:
            return np.zeros((HEIGHT, WIDTH), np.float32)


def _print_on_foil(rng: Random, pixels: F32, lettering: Lettering, layout: Layout) -> None:
    """Product name and strength, repeated over the whole web in one ink."""
    height = max(7.0, rng.uniform(1.1, 2.4) * layout.px_per_mm)
    word = f"{lettering.word(rng, 4, 9)} {lettering.word(rng, 2, 3)} {pick(rng, ('mg', 'ML', 'TAB', ''))}"
    line = lettered(lettering, word.strip(), height)
    step_x, step_y = line.shape[1] + int(height * rng.uniform(1, 4)), line.shape[0] + int(height * rng.uniform(1, 5))
    side = int(np.hypot(WIDTH, HEIGHT)) + 8
    sheet = np.zeros((side, side), np.uint8)
    for row, top in enumerate(range(0, side - line.shape[0], step_y)):
        for left in range((row % 2) * step_x // 2, side - line.shape[1], step_x):
            sheet[top : top + line.shape[0], left : left + line.shape[1]] = line
    slant = pick(rng, (0.0, 0.0, 90.0, 30.0, -30.0, 180.0)) + rng.uniform(-2, 2)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), slant, 1)
    matrix[:, 2] += np.array([WIDTH / 2 - side / 2, HEIGHT / 2 - side / 2])
    printed = f32(cv2.warpAffine(sheet, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)) / np.float32(255)
    ink = colour.ink_on(rng, f32(pixels[HEIGHT // 2, WIDTH // 2]))
    share = (printed * rng.uniform(0.25, 0.8))[..., None]
    pixels *= 1 - share
    pixels += ink * share


def _scratch(rng: Random, pixels: F32, px_per_mm: float) -> None:
    """Long faint lines that handling leaves in the foil, brighter or darker than it."""
    for _ in range(int(rng.integers(1, 6))):
        far = log_uniform(rng, 4, 40) * px_per_mm
        course, bend = rng.uniform(0, 2 * np.pi), rng.normal() * 0.04
        points = [f32([rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)])]
        for _ in range(10):
            course += bend
            points.append(f32(points[-1] + far / 10 * f32([np.cos(course), np.sin(course)])))
        drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
        polyline(drawn, f32(points), 1)
        sign = 1 if rng.random() < 0.7 else -1
        pixels += (sign * rng.uniform(6, 24) * (drawn.astype(np.float32) / 255))[..., None]


def _pack_outline(left: float, top: float, wide: float, high: float, *, corner: float) -> NDArray[np.uint8]:
    pack = np.zeros((HEIGHT, WIDTH), np.uint8)
    right, bottom, white = left + wide, top + high, (255.0,)
    cv2.rectangle(pack, (round(left + corner), round(top)), (round(right - corner), round(bottom)), white, -1)
    cv2.rectangle(pack, (round(left), round(top + corner)), (round(right), round(bottom - corner)), white, -1)
    for x in (left + corner, right - corner):
        for y in (top + corner, bottom - corner):
            cv2.circle(pack, (round(x), round(y)), round(corner), white, -1, cv2.LINE_AA)
    return pack


def _cut_out(rng: Random, pixels: F32, pack: NDArray[np.uint8], background: F32) -> F32:
    """Lay the pack on its table, with a soft shadow and a lit or dark edge."""
    if bool((pack == 255).all()):
        return pixels
    inside = f32(pack) / np.float32(255)
    shadow = f32(cv2.GaussianBlur(pack, (0, 0), 5)) / np.float32(255)
    out = in_three(f32(noise(rng, HEIGHT, WIDTH, 1) * rng.uniform(0.3, 2.5)))
    out += background
    out *= in_three(f32((1 - 0.3 * shadow) * (1 - inside)))
    out += pixels * in_three(inside)
    if rng.random() < 0.6:
        edge = cv2.morphologyEx(pack, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        out += in_three(f32(f32(edge) / 255 * rng.uniform(-35, 45)))
    return out


def _perforate(rng: Random, pixels: F32, layout: Layout, origin_x: float, top: float, high: float) -> None:
    for column in range(1, layout.columns):
        if rng.random() < 0.5:
            x = round(origin_x + column * layout.pitch_x)
            for y in range(max(0, round(top)), min(HEIGHT, round(top + high)), 7):
                pixels[y : y + 4, x : x + 1] *= 0.8


def _stamp_lot(
    rng: Random, pixels: F32, lettering: Lettering, layout: Layout, pack: tuple[float, float, float, float]
) -> None:
    """Lot and expiry in a free strip at the pack's edge."""
    left, top, wide, high = pack
    lot, month, year = int(rng.integers(10_000, 1_000_000)), int(rng.integers(1, 13)), int(rng.integers(2024, 2030))
    line = lettered(lettering, f"LOT {lot} EXP {month:02d}.{year}", max(7.0, rng.uniform(1.1, 1.9) * layout.px_per_mm))
    x = round(left + rng.uniform(0.05, 0.6) * wide)
    y = round(top + high - line.shape[0] - 3) if rng.random() < 0.5 else round(top + 3)
    x, y = max(0, min(x, WIDTH - 20)), max(0, min(y, HEIGHT - line.shape[0]))
    window = pixels[y : y + line.shape[0], x : x + line.shape[1]]
    share = (line[: window.shape[0], : window.shape[1]].astype(np.float32) / 255 * rng.uniform(0.5, 0.9))[..., None]
    window *= 1 - share
    window += 35 * share
