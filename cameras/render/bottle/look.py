"""What one bottle product is: bottle, cap, tamper band, label, lamp and the ground it stands on; drawn once a product.

Lengths are mm, heights count downwards from the top of the intact cap. Held-out styles use bottles, caps, hues,
grounds, characters and typefaces that taught styles never use. Every product has a tamper band, and a good cap is as
wide as its band and, where the band is a ring, of its colour: only so can one picture show that a band is missing or
a cap is wrong.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from cameras.render import colour
from cameras.render.lettering import Lettering, choose_lettering
from cameras.render.raster import F32, Random, f32, pick
from cameras.render.truth import HEIGHT

TAUGHT_BOTTLES: Final = ("round", "square", "amber", "syrup")
HELD_OUT_BOTTLES: Final = ("jar", "cone", "bell")
TAUGHT_CAPS: Final = ("ribbed", "child-resistant", "smooth")
HELD_OUT_CAPS: Final = ("fluted", "stepped")
TAUGHT_GROUNDS: Final = ("bright", "dark")
HELD_OUT_GROUNDS: Final = ("grey", "tinted")


@dataclass(frozen=True, slots=True)
class Shape:
    """The bottle's outline."""

    name: str
    body: float  # half width
    neck: float  # half width of the threaded finish
    high: float  # from the top of the cap to the base
    shoulder: str
    shoulder_high: float
    foot: float  # radius at the base
    flat: float  # 1 a round body; higher, a flatter front


@dataclass(frozen=True, slots=True)
class Wall:
    colour: F32  # of the plastic, or what white becomes behind it where it is clear
    clear: float  # 0 opaque .. 1 transparent
    gloss: float


@dataclass(frozen=True, slots=True)
class Filling:
    """What the bottle holds; seen as far as its wall is clear."""

    liquid: bool
    colour: F32
    level: float  # share of the shoulder's height that it reaches
    grain: float  # half length of a tablet


@dataclass(frozen=True, slots=True)
class Cap:
    kind: str
    half: float
    high: float
    colour: F32
    ribs: int  # round the whole cap
    depth: float  # of the ribs, as a change of brightness
    rounding: float  # radius of the upper edge
    gloss: float


@dataclass(frozen=True, slots=True)
class Band:
    """A moulded ring under the cap that hangs on bridges, or a film shrunk over cap and neck."""

    shrunk: bool
    high: float
    gap: float  # between cap and ring, where the bridges are
    bridges: int
    colour: F32
    cover: float  # of the film, 0..1
    stripes: int  # printed on the film


@dataclass(frozen=True, slots=True)
class Label:
    top: float
    high: float
    half_arc: float  # along the body's surface; past a quarter turn it runs round
    ground: F32
    ink: F32
    second: F32
    text: tuple[str, ...]
    lettering: Lettering
    plan: int  # seed of the place of everything printed


@dataclass(frozen=True, slots=True)
class Lamp:
    """A large soft lamp to one side, and the bright strips that softboxes make on plastic."""

    x: float
    y: float
    z: float
    ambient: float
    strip: float  # where the main strip lies, as the x of the surface normal
    width: float
    second: float
    second_gain: float
    gain: float


@dataclass(frozen=True, slots=True)
class BottleLook:
    shape: Shape
    wall: Wall
    filling: Filling
    cap: Cap
    band: Band
    label: Label | None
    lamp: Lamp
    ground: F32
    ground_name: str
    glow: float
    elevation: float  # how far the camera looks down, as a sine
    px_per_mm: float
    seen: float  # mm of the bottle above the puck that holds it, or all of it
    puck: F32 | None
    puck_high: float
    place: tuple[float, float]  # of the cap's top, frame pixels

    @property
    def closed(self) -> float:
        """Where the closure ends below."""
        return self.cap.high if self.band.shrunk else self.cap.high + self.band.gap + self.band.high

    @property
    def shoulder(self) -> float:
        """Where the shoulder begins."""
        return self.closed + 2.6


def _plastic(rng: Random, *, held_out: bool, white: float, strongest: float = 0.9) -> F32:
    if rng.random() < white:
        return f32(np.clip(f32([240, 240, 236]) * rng.uniform(0.9, 1.02), 0, 248))
    hue = colour.hue(rng, held_out=held_out)
    return colour.from_hsv(hue, rng.uniform(0.35, 1.0) * strongest, rng.uniform(0.35, 0.9))


def _choose_cap(rng: Random, half: float, *, held_out: bool) -> Cap:
    kind = pick(rng, HELD_OUT_CAPS if held_out else TAUGHT_CAPS)
    return cap_of(
        rng, kind, half, rng.uniform(0.72, 1.0) * min(half, 17.0), _plastic(rng, held_out=held_out, white=0.5)
    )


def cap_of(rng: Random, kind: str, half: float, high: float, tone: F32) -> Cap:
    fewest, most = {"ribbed": (80, 130), "child-resistant": (36, 60), "fluted": (14, 22)}.get(kind, (44, 70))
    return Cap(
        kind=kind,
        half=half,
        high=high,
        colour=tone,
        ribs=int(rng.integers(fewest, most)),
        depth=rng.uniform(0.12, 0.3),
        rounding=rng.uniform(1.6, 3.2) if kind == "smooth" else rng.uniform(0.5, 1.4),
        gloss=rng.uniform(0.5, 1.0) if kind == "smooth" else rng.uniform(0.15, 0.6),
    )


def _choose_shape(rng: Random, name: str) -> Shape:
    body = rng.uniform(18, 26)
    share, low, high, shoulder, rise = {
        "round": (rng.uniform(0.56, 0.76), 2.9, 3.6, "round", rng.uniform(0.3, 0.55)),
        "square": (rng.uniform(0.5, 0.7), 2.8, 3.6, "square", rng.uniform(0.22, 0.4)),
        "amber": (rng.uniform(0.56, 0.74), 2.9, 3.7, "round", rng.uniform(0.3, 0.6)),
        "syrup": (rng.uniform(0.46, 0.56), 4.0, 4.8, "round", rng.uniform(0.7, 1.1)),
        "jar": (rng.uniform(0.8, 0.88), 2.4, 3.1, "round", rng.uniform(0.15, 0.3)),
        "cone": (rng.uniform(0.46, 0.6), 3.3, 4.2, "cone", rng.uniform(0.7, 1.1)),
        "bell": (rng.uniform(0.46, 0.6), 3.3, 4.2, "bell", rng.uniform(0.9, 1.3)),
    }[name]
    return Shape(
        name=name,
        body=body,
        neck=max(8.5, body * share),
        high=body * rng.uniform(low, high),
        shoulder=shoulder,
        shoulder_high=body * rise,
        foot=rng.uniform(1.5, 4.5),
        flat=rng.uniform(3.5, 7) if name == "square" else 1.0,
    )


def _choose_wall(rng: Random, name: str, *, held_out: bool) -> Wall:
    brown = colour.from_hsv(rng.uniform(22, 36), rng.uniform(0.8, 0.95), rng.uniform(0.62, 0.85))
    match name:
        case "amber":
            return Wall(brown, rng.uniform(0.86, 1.0), rng.uniform(0.7, 1.0))
        case "syrup":
            tone = brown if rng.random() < 0.7 else f32([236, 240, 240])
            return Wall(tone, rng.uniform(0.9, 1.0), rng.uniform(0.8, 1.0))
        case "cone":
            tone = colour.from_hsv(colour.hue(rng, held_out=True), rng.uniform(0.25, 0.7), rng.uniform(0.6, 0.85))
            return Wall(tone, rng.uniform(0.86, 1.0), rng.uniform(0.7, 1.0))
        case _:
            if rng.random() < 0.3:  # natural HDPE: milky, what is inside shows as a shade
                return Wall(f32([226, 228, 222]) * rng.uniform(0.9, 1.02), rng.uniform(0.3, 0.5), rng.uniform(0.2, 0.5))
            return Wall(_plastic(rng, held_out=held_out, white=0.75, strongest=0.65), 0.0, rng.uniform(0.15, 0.6))


def _choose_filling(rng: Random, name: str, *, held_out: bool) -> Filling:
    liquid = name == "syrup" or rng.random() < 0.3
    if liquid:
        tone = pick(rng, ([120, 30, 20], [150, 90, 20], [225, 220, 205], [90, 40, 15], [170, 60, 70]))
        return Filling(True, f32(tone), rng.uniform(0.1, 0.8), 0.0)
    return Filling(False, colour.tablet_colour(rng, held_out=held_out), rng.uniform(0.2, 1.2), rng.uniform(2.5, 5))


def _choose_band(rng: Random, cap: Cap, *, held_out: bool) -> Band:
    shrunk = rng.random() < 0.35
    tone = _plastic(rng, held_out=held_out, white=0.25) if shrunk else cap.colour
    return Band(
        shrunk=shrunk,
        high=cap.high * rng.uniform(0.4, 0.75) + 3.2 if shrunk else rng.uniform(2.6, 4.2),
        gap=rng.uniform(0.5, 0.9),
        bridges=int(rng.integers(8, 19)),
        colour=tone,
        cover=rng.uniform(0.4, 0.8),
        stripes=int(rng.integers(0, 3)),
    )


def _choose_label(rng: Random, shape: Shape, shoulder: float, *, held_out: bool) -> Label | None:
    if rng.random() < 0.2:
        return None
    top = shoulder + shape.shoulder_high + rng.uniform(2.5, 5)
    room = shape.high - shape.foot - rng.uniform(2.5, 6) - top
    if room < 9:
        return None
    lettering = choose_lettering(rng, held_out=held_out)
    ground = f32([246, 245, 241]) * rng.uniform(0.9, 1.0)
    if rng.random() < 0.3:
        ground = colour.from_hsv(colour.hue(rng, held_out=held_out), rng.uniform(0.08, 0.5), rng.uniform(0.75, 0.97))
    half = shape.body * (rng.uniform(0.62, 0.9) if rng.random() < 0.4 or shape.flat > 1 else 1.85)
    return Label(
        top=top,
        high=room * rng.uniform(0.75, 1.0),
        half_arc=half,
        ground=ground,
        ink=colour.ink_on(rng, ground),
        second=colour.from_hsv(colour.hue(rng, held_out=held_out), rng.uniform(0.5, 0.95), rng.uniform(0.4, 0.85)),
        text=tuple(lettering.word(rng, 3, 9) for _ in range(6)),
        lettering=lettering,
        plan=int(rng.integers(1 << 31)),
    )


def _choose_lamp(rng: Random) -> Lamp:
    side = pick(rng, (-1.0, 1.0))
    toward = f32([side * rng.uniform(0.25, 0.6), -rng.uniform(0.2, 0.5), 0.8])
    toward /= np.linalg.norm(toward)
    return Lamp(
        x=float(toward[0]),
        y=float(toward[1]),
        z=float(toward[2]),
        ambient=rng.uniform(0.42, 0.62),
        strip=side * rng.uniform(0.45, 0.72),
        width=rng.uniform(0.05, 0.12),
        second=-side * rng.uniform(0.62, 0.86),
        second_gain=rng.uniform(0.2, 0.6),
        gain=rng.uniform(60, 130),
    )


def _choose_ground(rng: Random, *, held_out: bool) -> tuple[str, F32]:
    name = pick(rng, HELD_OUT_GROUNDS if held_out else TAUGHT_GROUNDS)
    match name:
        case "bright":
            return name, f32(rng.uniform(195, 240) * rng.uniform(0.96, 1.03, 3))
        case "dark":
            return name, f32(rng.uniform(14, 62) * rng.uniform(0.9, 1.15, 3))
        case "grey":
            return name, f32(rng.uniform(95, 150) * rng.uniform(0.97, 1.03, 3))
        case _:
            hue = colour.hue(rng, held_out=True)
            return name, colour.from_hsv(hue, rng.uniform(0.08, 0.28), rng.uniform(0.3, 0.85))


def choose_bottle(rng: Random, *, held_out: bool) -> BottleLook:
    """Everything that all units of one product share."""
    shape = _choose_shape(rng, pick(rng, HELD_OUT_BOTTLES if held_out else TAUGHT_BOTTLES))
    wall = _choose_wall(rng, shape.name, held_out=held_out)
    filling = _choose_filling(rng, shape.name, held_out=held_out)
    ground_name, ground = _choose_ground(rng, held_out=held_out)
    while wall.clear < 0.6 and colour.distance(wall.colour, ground) < 16:  # a white bottle on white has no outline
        ground_name, ground = _choose_ground(rng, held_out=held_out)
    cap = _choose_cap(rng, shape.neck + 1.7, held_out=held_out)
    band = _choose_band(rng, cap, held_out=held_out)
    shoulder = cap.high + 2.6 + (0.0 if band.shrunk else band.gap + band.high)
    label = _choose_label(rng, shape, shoulder, held_out=held_out)
    held = rng.random() < 0.45
    seen = shape.high
    if held:
        seen = min(shape.high * 0.8, shoulder + shape.shoulder_high + shape.body * rng.uniform(0.55, 1.0))
    reach = rng.uniform(0.85, 0.91) * HEIGHT
    puck_high = rng.uniform(0.1, 0.15) * HEIGHT if held else 0.0
    return BottleLook(
        shape=shape,
        wall=wall,
        filling=filling,
        cap=cap,
        band=band,
        label=label,
        lamp=_choose_lamp(rng),
        ground=ground,
        ground_name=ground_name,
        glow=rng.uniform(0.0, 0.16),
        elevation=rng.uniform(0.01, 0.075),
        px_per_mm=(reach - puck_high) / seen,
        seen=seen,
        puck_high=puck_high * seen / (reach - puck_high),
        puck=f32(rng.uniform(40, 210) * rng.uniform(0.92, 1.08, 3)) if held else None,
        place=(rng.uniform(330, 440), (HEIGHT - reach) * rng.uniform(0.58, 0.7)),
    )
