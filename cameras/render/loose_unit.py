"""One loose tablet or capsule: how its product looks, and its body as fields that a defect changes before it is lit.

Unlike a blister's tablet it fills the frame, so it is drawn in frame pixels, straight at its place and turn: what is
wrong with it is cut into its relief and colour, and one lamp then lights both alike. `SUB` appears only where a shared
helper multiplies by it.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render import colour
from cameras.render.canvas import Place
from cameras.render.raster import F32, Random, f32, gaussian, log_uniform, noise, pick, text_mask
from cameras.render.shapes import signed_distance
from cameras.render.style import Lettering, choose_lettering

TAUGHT_SHAPES: Final = ("round", "oval", "oblong", "capsule", "softgel oval", "on edge")
HELD_OUT_SHAPES: Final = ("cushion", "hexagon", "almond", "banded capsule", "softgel tube", "slab")
_SHARES: Final = (0.25, 0.12, 0.17, 0.28, 0.08, 0.1)
_TAUGHT_MARKS: Final = ("deboss", "deboss", "print", "score", "score and deboss", "none")
_HELD_OUT_MARKS: Final = ("deboss in ring", "print in ring", "cross", "cross and deboss")


@dataclass(frozen=True, slots=True)
class Loose:
    """What all units of one product share; lengths in frame pixels, +x along the unit's longer axis."""

    shape: str
    coat: str
    half_x: float
    half_y: float
    px_per_mm: float
    colour: F32
    second: F32 | None  # of the cap or the upper layer
    core: F32  # what shows where the surface is gone
    face: str  # flat, bevelled or biconvex
    dome: float  # rise of the face against its smaller half axis
    rim: float  # width of bevel or land against the smaller half axis
    seam: float  # where cap or upper layer begins, as a share of the half axis
    grain: float
    gloss: float
    gloss_power: float
    ambient: float
    lamp: tuple[float, float, float]  # unit vector towards it
    mark: str
    lines: tuple[str, ...]
    lettering: Lettering
    height: float  # of a character, against the smaller half axis
    depth: float
    ink: F32

    @property
    def radius(self) -> float:
        return min(self.half_x, self.half_y)

    @property
    def is_capsule(self) -> bool:
        return self.coat == "hard gelatine"

    @property
    def is_soft(self) -> bool:
        return self.coat == "soft gelatine"

    @property
    def on_edge(self) -> bool:
        return self.shape in ("on edge", "slab")

    @property
    def is_long(self) -> bool:
        return self.half_x > 1.15 * self.half_y

    @property
    def has_text(self) -> bool:
        return len(self.lines) > 0

    @property
    def printed(self) -> bool:
        return self.mark.startswith("print")

    @property
    def colours(self) -> tuple[F32, ...]:
        return (self.colour,) if self.second is None else (self.colour, self.second)


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
        return self.cover.shape[0]

    @property
    def foot(self) -> NDArray[np.bool_]:
        return np.asarray(self.cover > 0.5)


def choose_loose(look: Random, *, held_out: bool) -> Loose:
    index = int(look.choice(len(_SHARES), p=_SHARES))
    shape = (HELD_OUT_SHAPES if held_out else TAUGHT_SHAPES)[index]
    half_x, half_y, px_per_mm = _choose_size(look, shape)
    coat = _choose_coat(look, shape)
    core, body, second = _choose_colours(look, coat, held_out=held_out)
    lettering = choose_lettering(look, held_out=held_out)
    mark, lines = _choose_mark(look, shape, coat, lettering, held_out=held_out)
    face = pick(look, ("biconvex", "biconvex", "flat", "bevelled"))
    toward, raised = look.uniform(0, 2 * np.pi), look.uniform(0.75, 1.1)
    gloss = {"film": (8, 38), "hard gelatine": (25, 70), "soft gelatine": (70, 130)}.get(coat, (0, 1))
    return Loose(
        shape=shape,
        coat=coat,
        half_x=half_x,
        half_y=half_y,
        px_per_mm=px_per_mm,
        colour=body,
        second=second,
        core=core,
        face="biconvex" if coat == "film" else face,
        dome=look.uniform(0.22, 0.42) if face == "biconvex" or coat == "film" else look.uniform(0.0, 0.04),
        rim=look.uniform(0.02, 0.05) if face == "flat" else look.uniform(0.08, 0.15),
        seam=look.uniform(-0.12, 0.06) if "capsule" in shape else look.uniform(-0.25, 0.25),
        grain=look.uniform(0.008, 0.03) if coat in ("uncoated", "two-layer") else look.uniform(0.002, 0.006),
        gloss=look.uniform(*gloss),
        gloss_power=look.uniform(14, 45) if coat == "film" else look.uniform(30, 110),
        ambient=look.uniform(0.5, 0.7),
        lamp=(
            float(np.cos(toward) * np.cos(raised)),
            float(np.sin(toward) * np.cos(raised)),
            float(np.sin(raised)),
        ),
        mark=mark,
        lines=lines,
        lettering=lettering,
        height=look.uniform(0.4, 0.62) if half_x > 1.15 * half_y or len(lines) == 1 else look.uniform(0.32, 0.42),
        depth=look.uniform(0.12, 0.26) * px_per_mm * (0.7 if coat == "film" else 1.0),
        ink=colour.ink_on(look, body),
    )


def _choose_size(look: Random, shape: str) -> tuple[float, float, float]:
    """Half axes in frame pixels, and the scale that makes them the size of a real product."""
    if shape in ("round", "cushion", "hexagon"):
        half = look.uniform(90, 152)
        across_mm = look.uniform(max(5.5, half / 19), min(13, half / 6.3))
        return half, half * look.uniform(0.97, 1.0) if shape == "hexagon" else half, 2 * half / across_mm
    if shape in ("on edge", "slab"):
        half = look.uniform(100, 170)
        across_mm = look.uniform(max(6.5, half / 19), min(13, half / 6.3))
        return half, half * look.uniform(0.36, 0.5), 2 * half / across_mm
    flattest, roundest = {
        "oval": (0.5, 0.68),
        "almond": (0.48, 0.6),
        "softgel oval": (0.48, 0.64),
        "softgel tube": (0.36, 0.45),
        "capsule": (0.33, 0.39),
        "banded capsule": (0.31, 0.36),
    }.get(shape, (0.37, 0.47))
    half = look.uniform(140, 212)
    long_mm = look.uniform(13.5 if half < 205 else 14.3, 21.5)
    return half, half * look.uniform(flattest, roundest), 2 * half / long_mm


def _choose_coat(look: Random, shape: str) -> str:
    if "capsule" in shape:
        return "hard gelatine"
    if "softgel" in shape:
        return "soft gelatine"
    if shape in ("on edge", "slab"):
        return pick(look, ("two-layer", "two-layer", "uncoated"))
    return pick(look, ("uncoated", "film"))


def _choose_colours(look: Random, coat: str, *, held_out: bool) -> tuple[F32, F32, F32 | None]:
    """Core, surface, and cap or second layer."""
    body = colour.tablet_colour(look, held_out=held_out)
    match coat:
        case "film":
            core = f32([236, 231, 219]) * look.uniform(0.9, 1.03)
            for _ in range(30):
                if colour.distance(core, body) > 22:
                    break
                body = colour.tablet_colour(look, held_out=held_out)
            return core, body, None
        case "hard gelatine" | "two-layer":
            second = body
            for _ in range(30):
                second = colour.tablet_colour(look, held_out=held_out)
                if colour.distance(second, body) > 18:
                    break
            if coat == "hard gelatine" and look.random() < 0.25:
                second = body
            return (f32([240, 237, 228]) if coat == "hard gelatine" else body), body, second
        case "soft gelatine":
            tint = colour.from_hsv(colour.hue(look, held_out=held_out), look.uniform(0.25, 0.75), look.uniform(0.6, 0.95))
            return tint, tint, None
        case _:
            return f32(np.clip(body * look.uniform(0.95, 1.02) + 4, 0, 250)), body, None


def _choose_mark(
    look: Random, shape: str, coat: str, lettering: Lettering, *, held_out: bool
) -> tuple[str, tuple[str, ...]]:
    if shape in ("on edge", "slab"):
        return "none", ()
    if coat in ("hard gelatine", "soft gelatine"):
        mark = pick(look, ("print", "print", "print", "none"))
    else:
        mark = pick(look, _HELD_OUT_MARKS if held_out else _TAUGHT_MARKS)
    if not any(word in mark for word in ("deboss", "print")):
        return mark, ()
    long = shape in ("oval", "oblong", "almond") or "capsule" in shape or "softgel" in shape
    if "and deboss" in mark or "capsule" in shape:
        return mark, (lettering.word(look, 2, 3), lettering.word(look, 2, 3))
    if long:
        return mark, (lettering.word(look, 3, 5),)
    if look.random() < 0.5:
        return mark, (lettering.word(look, 1, 3),)
    return mark, (lettering.word(look, 2, 3), lettering.word(look, 1, 3))


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
            level = np.zeros_like(u)
            for turn in (0, np.pi / 3, 2 * np.pi / 3):
                level += np.abs((u * np.float32(np.cos(turn)) + v * np.float32(np.sin(turn))) / half_y) ** 14
            return f32((level ** np.float32(1 / 14) - 1) * half_y)
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


def make_body(
    rng: Random, product: Loose, place: Place, *, twin: tuple[float, float] | None = None, with_text: bool = True
) -> Body:
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
        outside = f32(-_smooth_max(f32(-outside), f32(-own), 0.28 * product.radius))
        own_relief = relief_of(product, own_u, own_v, own)
        relief = own_relief if twin is None else _smooth_max(relief, own_relief, 0.1 * product.radius)
        at = (place.x - left + dx * cos - dy * sin, place.y - top + dx * sin + dy * cos)
        if with_text:
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
    return with_text(product, replace(body, relief=relief), body.text, strength=f32(1 + 0.08 * noise(rng, side, side, 2)))


def with_text(product: Loose, body: Body, text: F32, *, strength: F32) -> Body:
    """Print or press characters; `strength` 1 everywhere makes them as they should be."""
    if not product.has_text:
        return body
    if product.printed:
        share = np.clip(0.9 * text * strength, 0, 1)[..., None]
        return replace(body, albedo=f32(body.albedo * (1 - share) + product.ink * share))
    pressed = gaussian(f32(text * strength), max(0.8, 0.045 * product.px_per_mm))
    return replace(body, relief=f32(body.relief - product.depth * pressed))


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
    for (x, y), wide, line in zip(_text_places(product), _text_widths(product), product.lines, strict=True):
        _stamp(text, product, line, reach + x, reach + y, wide)
    return _Marks(text, groove)


def _text_places(product: Loose) -> tuple[tuple[float, float], ...]:
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
    return ((0.0, 0.0),) * len(product.lines)


def _text_widths(product: Loose) -> tuple[float, ...]:
    halved = len(product.lines) == 2 and ("and deboss" in product.mark or product.is_capsule)
    share = 0.58 if halved and not product.is_capsule else 0.62 if halved else 1.15
    return (share * product.half_x,) * len(product.lines)


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


def lit(product: Loose, body: Body) -> F32:
    """The unit under the lamp, (side, side, 3), not yet cut out of its window."""
    rise_x = np.clip(cv2.Sobel(body.relief, cv2.CV_32F, 1, 0, ksize=3) / 8, -3, 3)
    rise_y = np.clip(cv2.Sobel(body.relief, cv2.CV_32F, 0, 1, ksize=3) / 8, -3, 3)
    upward = 1 / np.sqrt(1 + rise_x**2 + rise_y**2)
    lamp_x, lamp_y, lamp_z = product.lamp
    toward = (lamp_z - rise_x * lamp_x - rise_y * lamp_y) * upward / lamp_z
    shade = product.ambient + (1 - product.ambient) * np.clip(toward, 0, 1.5)
    hollow = np.clip(gaussian(body.relief, 0.16 * product.px_per_mm) - body.relief, -1, 4)
    shade *= (0.86 + 0.14 * upward) * (1 - 0.045 * hollow)
    rgb = body.albedo * f32(shade)[..., None]
    if product.gloss > 1:
        length = float(np.sqrt(lamp_x**2 + lamp_y**2 + (lamp_z + 1) ** 2))
        mirrored = np.clip((lamp_z + 1 - rise_x * lamp_x - rise_y * lamp_y) * upward / length, 0, 1)
        glint = mirrored**product.gloss_power + 0.3 * mirrored ** (product.gloss_power * 0.2)
        rgb += (product.gloss * glint * body.sheen)[..., None]
    return f32(np.clip(rgb, 0, 255))


def laid(product: Loose, body: Body, ground: F32) -> F32:
    """The lit unit over the tray of its window; a soft gelatine one lets the tray and the lamp through."""
    rgb = lit(product, body)
    if product.is_soft:
        lamp_x, lamp_y, _ = product.lamp
        far = -(body.left_right(product)[0] * lamp_x + body.left_right(product)[1] * lamp_y)
        deep = np.clip(body.relief / product.radius, 0, 1)
        through = (ground / 255) ** 0.5 * product.colour * (1.12 - 0.3 * deep)[..., None]
        through *= (1 + 0.75 * np.clip(far, 0, 1) ** 2)[..., None]
        rgb = rgb * 0.5 + f32(np.clip(through, 0, 255)) * 0.5
    cover = body.cover[..., None]
    return f32(rgb * cover + ground * (1 - cover))
