"""One loose tablet or capsule: its body as fields that a defect changes before it is lit.

Unlike a blister's tablet it fills the frame, so it is drawn in frame pixels, straight at its place and turn: what is
wrong with it is cut into its relief and colour, and one lamp then lights both alike. `SUB` appears only where a shared
helper multiplies by it.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.canvas import Place
from cameras.render.loose.style import Loose
from cameras.render.raster import F32, Random, f32, gaussian, noise, text_mask
from cameras.render.shapes import signed_distance

_SOLID: Final = 0.45  # share of soft gelatine that hides what is under it


@dataclass(frozen=True, slots=True)
class Body:
    """One unit as fields over a square window of the frame; a defect makes a changed copy."""

    left: int  # of the window, frame pixels; may lie outside the frame
    top: int
    u: F32  # along the unit's own axes, frame pixels
    v: F32
    outside: F32  # distance from the intact outline, negative inside
    relief: F32
    albedo: F32  # (side, side, 3)
    sheen: F32  # 1 where the surface is as made, 0 where it is torn
    cover: F32
    text: F32  # coverage of the characters

    @property
    def side(self) -> int:
        return int(self.cover.shape[0])

    @property
    def foot(self) -> NDArray[np.bool_]:
        return np.asarray(self.cover > 0.5)


def outline(product: Loose, u: F32, v: F32) -> F32:
    """Distance from the intact outline at points of the unit's own axes, negative inside, frame pixels."""
    half_x, half_y = product.half_x, product.half_y
    match product.shape:
        case "capsule" | "banded capsule":
            cap = signed_distance("capsule", u, v, half_x, half_y)
            body = signed_distance("capsule", u, v, half_x, half_y * 0.955)
            return f32(np.where(u > product.seam * half_x, cap, body))
        case "softgel oval":
            return signed_distance("oval", u, v, half_x, half_y)
        case "softgel tube":
            return signed_distance("oblong", u, v, half_x, half_y)
        case "hexagon":
            flat = np.float32(0.91 * half_y)  # from the middle to a side; the rounded corners lie at half_y
            level = np.zeros_like(u)
            for turn in (0, np.pi / 3, 2 * np.pi / 3):
                level += np.abs((u * np.float32(np.cos(turn)) + v * np.float32(np.sin(turn))) / flat) ** 14
            return f32((level ** np.float32(1 / 14) - 1) * flat)
        case "almond":
            bow = (half_x**2 + half_y**2) / (2 * half_y)
            reach = np.sqrt(u * u + (np.abs(v) + np.float32(bow - half_y)) ** 2) - np.float32(bow)
            tip = np.abs(u) - np.float32(half_x * 0.94)
            return _smooth_max(f32(reach), f32(tip), 0.12 * half_y)
        case "on edge":
            belly, crown = _belly(product), half_y - _belly(product)
            lean = np.sqrt(1 + (2 * crown * u / half_x**2) ** 2)
            face = (np.abs(v) - belly - crown * (1 - (u / half_x) ** 2)) / lean
            return _smooth_max(f32(face), f32(np.abs(u) - half_x), 1.5)
        case "slab":
            bevel = 0.22 * half_y
            corner = (np.abs(u) - half_x + np.abs(v) - half_y + bevel) / np.float32(np.sqrt(2))
            return f32(np.maximum(np.maximum(np.abs(u) - half_x, np.abs(v) - half_y), corner))
        case _:
            return signed_distance(product.shape, u, v, half_x, half_y)


def _belly(product: Loose) -> float:
    """Half the height of the straight wall of a tablet that lies on its edge."""
    return product.half_y * (0.5 + product.dome * 0.6)


def _smooth_max(first: F32, second: F32, width: float) -> F32:
    near = np.clip(width - np.abs(first - second), 0, None) / np.float32(max(width, 1e-3))
    return f32(np.maximum(first, second) + near * near * np.float32(width / 4))


def relief_of(product: Loose, u: F32, v: F32, outside: F32) -> F32:
    """Height over the tray, less a constant, frame pixels."""
    radius = product.radius
    inward = np.clip(-outside / radius, 0, 1)
    if product.shape in ("oval", "softgel oval"):  # the distance has a kink in the middle of an oval
        inward = np.clip(1 - np.sqrt((u / product.half_x) ** 2 + (v / product.half_y) ** 2), 0, 1)
    if product.is_capsule or product.is_soft:
        return f32(0.95 * radius * np.sqrt(np.clip(1 - (1 - inward) ** 2, 0, 1)))
    if product.on_edge:
        power = 2 if product.shape == "on edge" else 6
        barrel = np.clip(1 - np.abs(u / product.half_x) ** power, 0.0, 1) ** np.float32(0.5)
        crown = np.clip(np.abs(v) - (_belly(product) if power == 2 else 0.8 * product.half_y), 0, None)
        return f32(0.75 * radius * barrel - 0.75 * crown)
    land = product.rim
    if product.face == "biconvex":
        rise = np.clip((inward - 0.3 * land) / (1 - 0.3 * land), 0, 1)
        return f32(radius * (product.dome * (1 - (1 - rise) ** 2) + 0.12 * np.clip(inward / 0.05, 0, 1)))
    edge = np.clip(inward / land, 0, 1)
    steep = 0.55 if product.face == "bevelled" else 1.0
    return f32(radius * (steep * land * edge + product.dome * inward) + 0.1 * radius * np.clip(inward / 0.03, 0, 1))


def make_body(rng: Random, product: Loose, place: Place, *, twin: tuple[float, float] | None = None) -> Body:
    """Draw one intact unit.

    Args:
        rng: this unit's own texture.
        place: its centre and turn; a round unit's imprint turns with it.
        twin: how far along its own axes a second one, grown together with it, lies off; the pair is centred.
    """
    far = 0.0 if twin is None else float(np.hypot(*twin)) / 2
    reach = int(max(product.half_x, product.half_y) + far) + 8
    left, top = round(place.x) - reach, round(place.y) - reach
    y, x = np.mgrid[0 : 2 * reach + 1, 0 : 2 * reach + 1].astype(np.float32)
    x += np.float32(left - place.x)
    y += np.float32(top - place.y)
    cos, sin = np.float32(np.cos(place.turn)), np.float32(np.sin(place.turn))
    u, v = f32(x * cos + y * sin), f32(y * cos - x * sin)
    marks = _mark_patches(product)
    parts = [(0.0, 0.0)] if twin is None else [(-twin[0] / 2, -twin[1] / 2), (twin[0] / 2, twin[1] / 2)]
    outside, relief = np.full_like(u, 1e4), np.full_like(u, -1e4)
    text, groove = np.zeros_like(u), np.zeros_like(u)
    for dx, dy in parts:
        own_u, own_v = f32(u - dx), f32(v - dy)
        own = outline(product, own_u, own_v)
        outside = f32(-_smooth_max(f32(-outside), f32(-own), (0.12 if product.is_soft else 0.2) * product.radius))
        own_relief = relief_of(product, own_u, own_v, own)
        relief = own_relief if twin is None else _smooth_max(relief, own_relief, 0.1 * product.radius)
        at = (float(place.x - left + dx * cos - dy * sin), float(place.y - top + dx * sin + dy * cos))
        text = np.maximum(text, _placed(marks.text, at, place.turn, u.shape[0]))
        groove = np.maximum(groove, _placed(marks.groove, at, place.turn, u.shape[0]))
    cover = f32(np.clip(0.5 - outside, 0, 1))
    body = Body(left, top, u, v, outside, relief, np.empty((*u.shape, 3), np.float32), np.ones_like(u), cover, text)
    return _finished(rng, product, body, groove)


def _finished(rng: Random, product: Loose, body: Body, groove: F32) -> Body:
    """Colour, texture, score and imprint."""
    side, relief = body.side, body.relief
    albedo = body.albedo
    albedo[:] = product.colour
    if product.second is not None:
        along = body.u - product.seam * product.half_x if product.is_capsule else body.v - product.seam * product.half_y
        if not product.is_capsule:
            along = f32(along + noise(rng, side, side, 4) * 0.03 * product.px_per_mm)
        share = np.clip(along + 0.5, 0, 1)[..., None]
        albedo += (product.second - product.colour) * share
    if product.shape == "banded capsule":
        band = np.clip(0.13 * product.half_x - np.abs(body.u - product.seam * product.half_x) + 0.5, 0, 1)
        albedo += (product.ink * 0.5 + product.colour * 0.5 - albedo) * (0.75 * band)[..., None]
        relief = f32(relief + band)
    if product.is_capsule:
        ring = np.abs(body.u - (product.seam + 0.13) * product.half_x) / (0.012 * product.half_x)
        relief = f32(relief - 0.012 * product.radius * np.exp(-(ring**2)))
    if product.coat in ("uncoated", "two-layer"):
        grain = 0.6 * noise(rng, side, side, 1) + 0.6 * noise(rng, side, side, 2) + 0.4 * noise(rng, side, side, 9)
        albedo *= (1 + product.grain * grain)[..., None]
        relief = f32(relief + 0.04 * noise(rng, side, side, 1) + 0.12 * noise(rng, side, side, 2))
    elif product.coat == "film":
        albedo *= (1 + product.grain * noise(rng, side, side, 9))[..., None]
        relief = f32(relief + 0.1 * noise(rng, side, side, 4) + 0.25 * noise(rng, side, side, 9))
    relief = f32(relief - 1.1 * product.depth * gaussian(groove, 0.07 * product.px_per_mm))
    body = replace(body, relief=relief)
    if not product.has_text:
        return body
    pressed = f32(body.text * np.clip(1 + 0.06 * noise(rng, side, side, 2), 0, 1))
    if product.printed:
        share = (0.92 * pressed)[..., None]
        return replace(body, albedo=f32(albedo * (1 - share) + product.ink * share))
    return replace(body, relief=f32(relief - product.depth * _walls(product, pressed)))


def _walls(product: Loose, text: F32) -> F32:
    """A punch draws out of the powder: the walls of its characters slope."""
    return gaussian(text, max(0.8, 0.045 * product.px_per_mm))


def without_text(rng: Random, product: Loose, body: Body, gone: F32) -> Body:
    """Take the characters away where `gone` is 1."""
    if not product.printed:
        return replace(body, relief=f32(body.relief + product.depth * _walls(product, f32(body.text * gone))))
    plain = np.empty_like(body.albedo)
    plain[:] = product.colour
    if product.second is not None and product.is_capsule:
        plain[body.u > product.seam * product.half_x] = product.second
    plain *= (1 + product.grain * noise(rng, body.side, body.side, 2))[..., None]
    share = (_widened(body.text) * gone)[..., None]
    return replace(body, albedo=f32(body.albedo * (1 - share) + plain * share))


def _widened(text: F32) -> F32:
    return f32(cv2.dilate(text, np.ones((3, 3), np.uint8)))


@dataclass(frozen=True, slots=True)
class _Marks:
    text: NDArray[np.uint8]
    groove: NDArray[np.uint8]


def _mark_patches(product: Loose) -> _Marks:
    """Characters and score lines in the unit's own axes."""
    reach = int(max(product.half_x, product.half_y)) + 2
    text = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    groove = text.copy()
    radius = product.radius
    stroke = max(2, round(0.06 * radius))
    if "score" in product.mark or "cross" in product.mark:
        far = int(product.half_y * 0.93)
        cv2.line(groove, (reach, reach - far), (reach, reach + far), (255.0,), stroke, cv2.LINE_AA)
    if "cross" in product.mark:
        far = int(product.half_x * 0.93)
        cv2.line(groove, (reach - far, reach), (reach + far, reach), (255.0,), stroke, cv2.LINE_AA)
    if "ring" in product.mark:
        axes = (int(product.half_x - 0.2 * radius), int(product.half_y - 0.2 * radius))
        cv2.ellipse(groove, (reach, reach), axes, 0, 0, 360, (255.0,), max(2, stroke - 2), cv2.LINE_AA)
    for (x, y), line in zip(_text_places(product), product.lines, strict=True):
        _stamp(text, product, line, reach + x, reach + y, _text_width(product))
    return _Marks(text, groove)


def _text_places(product: Loose) -> tuple[tuple[float, float], ...]:
    if not product.has_text:
        return ()
    if product.is_capsule:
        middle = product.seam * product.half_x
        return ((middle + product.half_x * 0.93) / 2, 0.0), ((middle - product.half_x * 0.93) / 2, 0.0)
    if "cross" in product.mark:
        far_x, far_y = 0.38 * product.half_x, 0.34 * product.half_y
        return (-far_x, -far_y), (far_x, far_y)
    if "score" in product.mark:
        return (-0.46 * product.half_x, 0.0), (0.46 * product.half_x, 0.0)
    if len(product.lines) == 2:
        return (0.0, -0.3 * product.half_y), (0.0, 0.3 * product.half_y)
    return ((0.0, 0.0),)


def _text_width(product: Loose) -> float:
    if product.is_capsule:
        return 0.62 * product.half_x
    return (0.58 if "and deboss" in product.mark else 1.15) * product.half_x


def _stamp(mask: NDArray[np.uint8], product: Loose, line: str, x: float, y: float, widest: float) -> None:
    font = product.lettering.font
    (wide, tall), _ = cv2.getTextSize(line, font, 1.0, 1)
    scale = min(product.height * product.radius / tall, widest / wide)
    if "cross" in product.mark:
        scale = min(scale, 0.34 * product.radius / tall)
    stroke = max(2, round(scale * tall * 0.11))
    at = (round(x - wide * scale / 2), round(y + tall * scale / 2))
    np.maximum(mask, text_mask(mask.shape[:2], line, at=at, font=font, scale=scale, stroke=stroke), out=mask)


def _placed(patch: NDArray[np.uint8], at: tuple[float, float], turn: float, side: int) -> F32:
    """A patch of the unit's own axes in the window, its centre at `at`."""
    middle = (patch.shape[0] - 1) / 2
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    matrix = f32([[cos, -sin, at[0] - cos * middle + sin * middle], [sin, cos, at[1] - sin * middle - cos * middle]])
    return f32(cv2.warpAffine(patch, matrix, (side, side))) / np.float32(255)


def laid(product: Loose, body: Body, ground: F32) -> F32:
    """The unit under the lamp over the tray of its window; soft gelatine lets tray and lamp through."""
    rise_x = np.clip(cv2.Sobel(body.relief, cv2.CV_32F, 1, 0, ksize=3) / 8, -3, 3)
    rise_y = np.clip(cv2.Sobel(body.relief, cv2.CV_32F, 0, 1, ksize=3) / 8, -3, 3)
    upward = 1 / np.sqrt(1 + rise_x**2 + rise_y**2)
    lamp_x, lamp_y, lamp_z = product.lamp
    uphill = rise_x * lamp_x + rise_y * lamp_y
    shade = product.ambient + (1 - product.ambient) * np.clip((lamp_z - uphill) * upward / lamp_z, 0, 1.5)
    hollow = np.clip(gaussian(body.relief, 0.16 * product.px_per_mm) - body.relief, -1, 4)
    shade *= (0.86 + 0.14 * upward) * (1 - 0.045 * hollow)
    rgb = body.albedo * f32(shade)[..., None]
    if product.is_soft:
        bright = (1.1 - 0.35 * np.clip(body.relief / product.radius, 0, 1)) * (1 + 0.5 * np.clip(uphill, 0, 1.5))
        through = np.sqrt(ground / 255) * product.colour * f32(bright)[..., None]
        rgb = rgb * _SOLID + through * (1 - _SOLID)
    if product.gloss > 1:
        halfway = float(np.sqrt(lamp_x**2 + lamp_y**2 + (lamp_z + 1) ** 2))
        mirrored = np.clip((lamp_z + 1 - uphill) * upward / halfway, 0, 1)
        glint = mirrored**product.gloss_power + 0.3 * mirrored ** (product.gloss_power * 0.2)
        rgb += (product.gloss * glint * body.sheen)[..., None]
    cover = body.cover[..., None]
    return f32(np.clip(rgb, 0, 255) * cover + ground * (1 - cover))


def make_half(rng: Random, product: Loose, place: Place, *, cap: bool, mouth: bool) -> Body:
    """The cap or the body of a hard capsule by itself, about the middle of the closed one; `mouth` shows its inside."""
    whole = make_body(rng, product, place)
    edge = product.seam * product.half_x if cap else (product.seam + 0.42) * product.half_x
    radius = product.half_y * (1.0 if cap else 0.955)
    gape = (0.07 if mouth else 0.02) * radius * np.sqrt(np.clip(1 - (whole.v / radius) ** 2, 0, 1))
    past = f32(edge - whole.u if cap else whole.u - edge)
    wall = f32(np.clip(0.5 - (past - gape), 0, 1))
    shell = signed_distance("capsule", whole.u, whole.v, product.half_x, radius)
    beyond = f32(np.abs(whole.v) - radius)
    straight = np.where(np.abs(whole.u) < product.half_x - product.half_y, beyond, shell)
    cover = f32(np.clip(0.5 - straight, 0, 1) * wall)
    lip = (np.clip(0.5 + (past + gape), 0, 1) if mouth else np.zeros_like(past))[..., None]
    relief = f32(0.95 * np.sqrt(np.clip(radius**2 - np.clip(radius + straight, 0, radius) ** 2, 0, None)))
    albedo = whole.albedo
    if not cap:
        tucked = np.clip(whole.u - product.seam * product.half_x + 0.5, 0, 1)[..., None]
        albedo = albedo * (1 - tucked) + product.colour * tucked
    inside = product.core * 0.35
    albedo = f32(albedo * (1 - lip) + inside * lip)
    return replace(whole, cover=cover, relief=relief, albedo=albedo, sheen=f32(1 - lip[..., 0]), text=whole.text * wall)
