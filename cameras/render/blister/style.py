"""What one pack is: its layout, its product and the imprint on it, drawn once a frame.

Held-out styles use layouts, a shape, hues, characters and typefaces that taught styles never use, so that a score on
them tells how the eyes do on a product they were not taught.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from cameras.render import colour
from cameras.render.lettering import Lettering
from cameras.render.raster import F32, Random, pick
from cameras.render.truth import HEIGHT, WIDTH

LAYOUTS: Final = tuple((rows, columns) for rows in range(1, 6) for columns in range(4, 11))
HELD_OUT_LAYOUTS: Final = tuple(layout for layout in LAYOUTS if (layout[0] * 3 + layout[1]) % 4 == 0)
TAUGHT_LAYOUTS: Final = tuple(layout for layout in LAYOUTS if layout not in HELD_OUT_LAYOUTS)


@dataclass(frozen=True, slots=True)
class Layout:
    """The grid of pockets, in frame pixels before the camera turns the pack."""

    rows: int
    columns: int
    pitch_x: float
    pitch_y: float
    px_per_mm: float


@dataclass(frozen=True, slots=True)
class Imprint:
    """What every good tablet of the pack carries."""

    kind: str
    lines: tuple[str, ...]
    lettering: Lettering
    height: float  # of a character, as a share of the tablet's smaller half axis
    place: tuple[float, float]  # off the tablet's centre, as a share of its half axes
    depth: float  # of embossing, frame pixels
    ink: F32
    cover: float  # of the ink, 0..1


@dataclass(frozen=True, slots=True)
class Product:
    """One tablet: outline, colour, relief and how it takes the light."""

    shape: str
    half_x: float  # frame pixels
    half_y: float
    colour: F32
    cap_colour: F32 | None  # of a two-coloured capsule
    seam: float  # where the cap begins, as a share of the half length
    bevel: float
    steepness: float
    dome: float
    shading: float
    edge_shading: float
    gloss: float
    light: tuple[float, float]  # unit vector along which brightness falls
    imprint: Imprint

    @property
    def colours(self) -> tuple[F32, ...]:
        return (self.colour,) if self.cap_colour is None else (self.colour, self.cap_colour)


def choose_layout(rng: Random, *, held_out: bool) -> Layout:
    rows, columns = pick(rng, HELD_OUT_LAYOUTS if held_out else TAUGHT_LAYOUTS)
    pitch_mm = rng.uniform(max(9.5, 60 / columns), min(26, 120 / columns))
    px_per_mm = WIDTH * rng.uniform(0.9, 0.985) / (pitch_mm * columns + rng.uniform(2, 8))
    pitch_x = pitch_mm * px_per_mm
    pitch_y = min(pitch_x * rng.uniform(0.75, 1.9), HEIGHT * 0.94 / rows)
    return Layout(rows=rows, columns=columns, pitch_x=pitch_x, pitch_y=pitch_y, px_per_mm=px_per_mm)


def _choose_shape(rng: Random, layout: Layout, *, held_out: bool) -> str:
    shape = pick(rng, ("round", "oval", "capsule", "oblong", "cushion")[: 5 if held_out else 4])
    square_cell = 0.85 < layout.pitch_x / layout.pitch_y < 1.2
    if square_cell and shape in ("capsule", "oblong", "oval") and rng.random() < 0.5:
        return "cushion" if held_out else "round"
    return shape


def _choose_half_axes(rng: Random, shape: str, layout: Layout) -> tuple[float, float]:
    longer, shorter = max(layout.pitch_x, layout.pitch_y), min(layout.pitch_x, layout.pitch_y)
    if shape in ("round", "cushion"):
        half = min(rng.uniform(0.54, 0.76) * shorter / 2, 7 * layout.px_per_mm)
        return half, half
    large = min(rng.uniform(0.6, 0.8) * longer / 2, 11 * layout.px_per_mm)
    small = min(rng.uniform(0.5, 0.74) * shorter / 2, large * rng.uniform(0.38, 0.75))
    return (large, small) if layout.pitch_x >= layout.pitch_y else (small, large)


def _imprint_lines(rng: Random, lettering: Lettering) -> tuple[str, ...]:
    draw = rng.random()
    if draw < 0.5:
        return (lettering.word(rng, 1, 3),)
    if draw < 0.62:
        return (lettering.word(rng, 4, 6),)
    if draw < 0.74:
        return (f"{lettering.word(rng, 1, 2)}{pick(rng, '.-:')}{lettering.word(rng, 1, 2)}",)
    return (lettering.word(rng, 1, 4), lettering.word(rng, 1, 3))


def choose_imprint(rng: Random, shape: str, ground: F32, lettering: Lettering) -> Imprint:
    if shape == "capsule":
        kinds: tuple[str, ...] = ("none", "none", "embossed", "print", "print")
    elif shape == "oblong":
        kinds = ("none", "embossed", "print", "score", "half score", "logo")
    else:
        kinds = ("none", "embossed", "print", "score", "half score", "cross", "ring", "logo", "ring")
    kind = pick(rng, kinds)
    small = rng.random() < 0.3
    return Imprint(
        kind=kind,
        lines=_imprint_lines(rng, lettering),
        lettering=lettering,
        height=rng.uniform(0.17, 0.3) if small else rng.uniform(0.3, 0.62),
        place=(rng.uniform(-0.3, 0.3), rng.uniform(-0.25, 0.25)) if rng.random() < 0.2 else (0.0, 0.0),
        depth=rng.uniform(0.5, 1.6),
        ink=colour.ink_on(rng, ground),
        cover=rng.uniform(0.5, 0.95),
    )


def choose_product(rng: Random, layout: Layout, lettering: Lettering, *, held_out: bool) -> Product:
    shape = _choose_shape(rng, layout, held_out=held_out)
    half_x, half_y = _choose_half_axes(rng, shape, layout)
    body = colour.tablet_colour(rng, held_out=held_out)
    cap: F32 | None = None
    if shape == "capsule" and rng.random() < 0.7:
        for _ in range(20):
            cap = colour.tablet_colour(rng, held_out=held_out)
            if colour.distance(body, cap) > 15:
                break
    toward = rng.uniform(0, 2 * np.pi)
    return Product(
        shape=shape,
        half_x=half_x,
        half_y=half_y,
        colour=body,
        cap_colour=cap,
        seam=rng.uniform(-0.15, 0.25),
        bevel=rng.uniform(0.12, 0.6),
        steepness=rng.uniform(0.25, 0.9),
        dome=rng.uniform(0, 0.5),
        shading=rng.uniform(0.06, 0.3),
        edge_shading=rng.uniform(0.05, 0.35),
        gloss=rng.uniform(10, 75) if shape == "capsule" or rng.random() < 0.35 else 0.0,
        light=(float(np.cos(toward)), float(np.sin(toward))),
        imprint=choose_imprint(rng, shape, body, lettering),
    )
