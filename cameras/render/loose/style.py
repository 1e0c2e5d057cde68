"""What one loose product is: shape, size, coat, colours, imprint and the lamp it lies under, drawn once a frame.

Held-out styles use shapes, hues, marks, characters and typefaces that taught styles never use; white is common to both.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from cameras.render import colour
from cameras.render.lettering import Lettering, choose_lettering
from cameras.render.raster import F32, Random, f32, pick

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
        ink=_choose_ink(look, (body,) if second is None else (body, second)),
    )


def _choose_size(look: Random, shape: str) -> tuple[float, float, float]:
    """Half axes in frame pixels, and the scale that makes them the size of a real product."""
    if shape in ("round", "cushion", "hexagon"):
        half = look.uniform(90, 152)
        across_mm = look.uniform(max(5.5, half / 19), min(13, half / 6.3))
        return half, half, 2 * half / across_mm
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
            tint = colour.from_hsv(
                colour.hue(look, held_out=held_out), look.uniform(0.25, 0.75), look.uniform(0.6, 0.95)
            )
            return tint, tint, None
        case _:
            return f32(np.clip(body * look.uniform(0.95, 1.02) + 4, 0, 250)), body, None


def _choose_ink(look: Random, grounds: tuple[F32, ...]) -> F32:
    """An ink that can be read on every part of the unit."""
    ink = colour.ink_on(look, grounds[0])
    for _ in range(30):
        if all(colour.distance(ink, ground) > 32 for ground in grounds):
            break
        ink = colour.ink_on(look, pick(look, grounds))
    return ink


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
