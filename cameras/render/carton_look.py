"""What all units of one carton product share: panel, board, artwork, label, code area, seal and how they are laid out.

Everything is given in the sheet's frame: the face lies square in it, before the unit is shifted and turned. Names,
strengths and texts are made up. Held-out styles use layouts, boards, hues, typefaces and belts that taught ones never
use. OpenCV draws all its upright heavy faces alike, so a typeface here is a weight and a slant, not a name.
"""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render import colour
from cameras.render.raster import F32, Random, f32, frame_axes, gaussian, pick, text_mask
from cameras.render.truth import HEIGHT, WIDTH

TAUGHT_BOARDS: Final = ("gloss white", "matt white", "tinted")
HELD_OUT_BOARDS: Final = ("kraft", "silver", "recycled")
TAUGHT_BELTS: Final = ("dark belt", "grey belt", "white belt", "green belt")
HELD_OUT_BELTS: Final = ("blue belt", "ribbed belt", "steel")
TAUGHT_FONTS: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX)
HELD_OUT_FONTS: Final = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)  # slanted

_STARTS: Final = "Vel Tar Nor Cyl Lum Zo Pra Ke Ol Bri Des Fer Gal Hux Mir Quo".split()
_MIDDLES: Final = "a i o ti ra lo ne u be".split()
_ENDS: Final = "mex dil zan vor lin tab cor phen sol nix rum vax".split()
_WORDS: Final = "oru teni lasto pirem andu keli soma ditra vone utas remi cado plen isti horu gam".split()


@dataclass(frozen=True, slots=True)
class Ink:
    """One ink of the artwork."""

    coverage: F32  # (HEIGHT, WIDTH) 0..1
    tone: F32  # RGB


@dataclass(frozen=True, slots=True)
class Label:
    """A paper or film label stuck on the face."""

    box: Box
    outline: F32  # (HEIGHT, WIDTH)
    pixels: F32  # (HEIGHT, WIDTH, 3), of use inside the outline
    paper: F32


@dataclass(frozen=True, slots=True)
class CodeArea:
    """Where the line prints lot, expiry and code, and what they look like."""

    box: Box
    on_label: bool
    lines: tuple[Box, ...]  # what is printed for this unit
    legends: tuple[str, ...]  # what each line begins with; pre-printed where `legends_in_artwork`
    legends_in_artwork: bool
    lettering: Typeface
    dotted: bool
    code: Box
    modules: int  # of a square matrix; 0 for bars
    ink: F32


@dataclass(frozen=True, slots=True)
class Seal:
    """A tamper seal across the flap's edge, in its nominal place."""

    box: Box
    corner: float
    style: str
    tone: F32
    opacity: float
    print_coverage: F32  # (HEIGHT, WIDTH)


@dataclass(frozen=True, slots=True)
class Carton:
    """One product as every good unit shows it."""

    px_per_mm: float
    layout: Layout
    board: str
    board_tone: F32
    belt: str
    belt_tone: F32
    face: Box
    corner: float
    outline: F32  # (HEIGHT, WIDTH) coverage of the face
    seam_x: float
    flap: F32  # (HEIGHT, WIDTH) coverage of the flap
    inks: tuple[Ink, ...]  # brand colour first
    label: Label | None
    code: CodeArea
    seal: Seal | None
    light: tuple[float, float]  # unit vector along which brightness falls
    lean: tuple[float, float]  # how far the side panels are seen, frame pixels
    gloss: float
    written: F32 = field(repr=False)  # (HEIGHT, WIDTH) 1 in the boxes of the artwork's text

    @property
    def edge_x(self) -> float:
        """The end of the face that the flap is hinged at."""
        return self.face.left if self.layout.flap_left else self.face.right


def choose_carton(look: Random, *, held_out: bool) -> Carton:
    """Draw one product: what all its units share."""
    layout = pick(look, HELD_OUT_LAYOUTS if held_out else TAUGHT_LAYOUTS)
    px_per_mm = look.uniform(5.2, 8.8)
    face = _choose_face(look)
    corner = look.uniform(0.4, 1.1) * px_per_mm
    board, board_tone = _choose_board(look, held_out=held_out)
    seam_x, flap = _choose_flap(look, layout, face, px_per_mm)
    seal = _choose_seal(look, layout, face, seam_x, px_per_mm, board_tone, held_out=held_out)
    content = _content(layout, face, seam_x, px_per_mm)
    typeface = Typeface(pick(look, HELD_OUT_FONTS if held_out else TAUGHT_FONTS), look.uniform(0.82, 1.08))
    label_box = content.part(layout.label) if look.random() < 0.55 else None
    code = _choose_code(look, content, layout, label_box, px_per_mm, held_out=held_out)
    inks, text_boxes = _artwork(look, layout, face, content, flap, typeface, board_tone, code, label_box, px_per_mm)
    belt, belt_tone = _choose_belt(look, held_out=held_out)
    toward, lean = look.uniform(0, 2 * np.pi), look.uniform(0, 1.0) * px_per_mm
    away = look.uniform(0, 2 * np.pi)
    return Carton(
        px_per_mm=px_per_mm,
        layout=layout,
        board=board,
        board_tone=board_tone,
        belt=belt,
        belt_tone=belt_tone,
        face=face,
        corner=corner,
        outline=box_coverage(face, corner),
        seam_x=seam_x,
        flap=flap,
        inks=inks,
        label=None if label_box is None else _choose_label(look, label_box, code, typeface, px_per_mm),
        code=code,
        seal=seal,
        light=(float(np.cos(toward)), float(np.sin(toward))),
        lean=(float(np.cos(away)) * lean, float(np.sin(away)) * lean),
        gloss=1.0 if board in ("gloss white", "silver", "tinted") else 0.0,
        written=text_boxes,
    )
