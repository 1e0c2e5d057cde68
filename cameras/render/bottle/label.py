"""The label: one flat print for all units of a product, wrapped round the body of each."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.bottle.look import BottleLook, Label
from cameras.render.bottle.parts import LABEL, Unit, diffuse, gloss, lay
from cameras.render.lettering import lettered
from cameras.render.raster import F32, SUB, f32, in_three, pick


def label_print(label: Label, scale: float) -> F32:
    """The flat label, (high, wide, 3): ground, stripes, words, small print and a bar code; the same for all units."""
    rng = np.random.default_rng(label.plan)
    high, wide = max(8, int(label.high * scale)), max(8, int(2 * label.half_arc * scale))
    sheet = np.empty((high, wide, 3), np.float32)
    sheet[:] = label.ground
    for _ in range(int(rng.integers(1, 3))):
        at, tall = pick(rng, (0.0, 0.0, 0.88)), rng.uniform(0.05, 0.17)
        sheet[int(at * high) : int((at + tall) * high)] = label.second
    middle, reach = wide / 2, min(wide, label.high * scale * 2.2) * 0.8
    y = rng.uniform(0.2, 0.26) * high
    sizes = (rng.uniform(0.16, 0.24), rng.uniform(0.08, 0.13), 0.055, 0.055, 0.055)
    for text, size in zip(label.text, sizes, strict=False):
        words = text if size > 0.1 else f"{text} {label.text[-1]} {text[:3]} {rng.integers(10, 999)}"
        line = lettered(label.lettering, words, max(5.0, size * high))
        if line.shape[1] > reach:
            narrow = (int(reach), max(3, int(line.shape[0] * reach / line.shape[1])))
            line = np.asarray(cv2.resize(line, narrow, interpolation=cv2.INTER_AREA), np.uint8)
        if y + line.shape[0] > 0.86 * high:
            break
        _ink(sheet, line, round(middle - line.shape[1] / 2), round(y), label.ink)
        y += line.shape[0] + max(0.35 * size, 0.03) * high
    room = high * 0.86 - y
    if room > 0.1 * high:
        bars = np.repeat((rng.random(40) < 0.5).astype(np.uint8), 2)[None] * np.uint8(255)
        bar_code = (max(20, int(min(reach * 0.4, 22 * scale))), max(4, int(room * 0.8)))
        code = np.asarray(cv2.resize(bars, bar_code, interpolation=cv2.INTER_AREA), np.uint8)
        _ink(sheet, code, round(middle - reach * rng.uniform(0.0, 0.4)), round(y), f32([25, 25, 30]))
    return sheet


def _ink(sheet: F32, line: NDArray[np.uint8], x: int, y: int, tone: F32) -> None:
    x, y = max(0, x), max(0, y)
    window = sheet[y : y + line.shape[0], x : x + line.shape[1]]
    share = (f32(line[: window.shape[0], : window.shape[1]]) / np.float32(255))[..., None]
    window *= 1 - share
    window += tone * share


def put_label(unit: Unit, look: BottleLook, label: Label, *, shift: tuple[float, float], skew: float) -> F32:
    """Stick the label on the body, shifted (mm) and turned (radians); returns its coverage of the patch."""
    scale = look.px_per_mm * 2
    sheet = label_print(label, scale)
    body, room = look.shape.body, look.shape.body * 1.6 * abs(float(np.sin(skew))) + 1.5
    wall = unit.wall.part(
        slice(unit.grid.row(label.top - room), unit.grid.row(label.top + label.high + look.elevation * body + room))
    )
    along = wall.turn * np.float32(body) if look.shape.flat == 1 else np.sin(wall.turn) * np.float32(body)
    u, v = along - np.float32(shift[0]), wall.high - np.float32(label.top + label.high / 2 + shift[1])
    cos, sin = np.float32(np.cos(skew)), np.float32(np.sin(skew))
    to_x = f32((u * cos + v * sin + np.float32(label.half_arc)) * np.float32(scale))
    to_y = f32((v * cos - u * sin + np.float32(label.high / 2)) * np.float32(scale))
    rgb = f32(cv2.remap(sheet, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    step = np.float32(SUB / 2)
    inside = np.minimum(np.minimum(to_x, sheet.shape[1] - to_x), np.minimum(to_y, sheet.shape[0] - to_y))
    cover = f32(np.clip(inside * step + 0.5, 0, 1) * wall.alpha)
    light = diffuse(look.lamp, wall.x, wall.y, wall.z)
    edge = f32(1 - 0.18 * np.exp(-((inside / (0.22 * scale)) ** 2)))
    rgb = rgb * in_three(f32(light * edge)) + in_three(f32(gloss(look.lamp, wall.x, wall.y) * 0.22))
    lay(unit.pixels, wall.rows, f32(rgb), cover)
    covered = np.zeros(unit.zones.shape, np.float32)
    covered[wall.rows] = cover
    unit.zones[covered > 0.5] = LABEL
    return covered
