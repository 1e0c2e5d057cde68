"""What all units of one carton product share: panel, board, artwork, label, code area, seal and how they are laid out.

Everything is given in the sheet's frame: the face lies square in it, before the unit is shifted and turned. Names,
strengths and texts are made up. Held-out styles use layouts, boards, hues, typefaces and belts that taught ones never
use. OpenCV draws all its upright heavy faces alike, so a typeface here is a weight and a slant, not a name.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.carton.artwork import Ground, Ink, choose_inks, draw_texts, lay_ink, phrase
from cameras.render.carton.layout import (
    HELD_OUT_LAYOUTS,
    TAUGHT_LAYOUTS,
    Box,
    Layout,
    Typeface,
    box_coverage,
    polygon_coverage,
    write_in,
)
from cameras.render.raster import F32, Random, f32, gaussian, pick
from cameras.render.truth import HEIGHT, WIDTH

TAUGHT_BOARDS: Final = ("gloss white", "matt white", "tinted")
HELD_OUT_BOARDS: Final = ("kraft", "silver", "recycled")
TAUGHT_BELTS: Final = ("dark belt", "grey belt", "white belt", "green belt")
HELD_OUT_BELTS: Final = ("blue belt", "ribbed belt", "steel")
TAUGHT_FONTS: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX)
HELD_OUT_FONTS: Final = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)  # slanted
LINE_HEIGHT: Final = 0.5  # of a lot line's capitals, as a share of its pitch
LEGEND: Final = (0.0, 0.0, 0.34, 1.0)  # of a line: where its legend stands when it is pre-printed


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
    inks: tuple[Ink, ...]  # in the order of printing; `BRAND` is the brand colour's
    label: Label | None
    code: CodeArea
    seal: Seal | None
    light: tuple[float, float]  # unit vector along which brightness falls
    lean: tuple[float, float]  # how far the side panels are seen, frame pixels
    gloss: float
    texts: F32  # (HEIGHT, WIDTH) 1 in the boxes of the artwork's text

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
    panels = [] if label_box is None else [label_box.grown(0.6 * px_per_mm)]
    panels += [] if code.on_label else [code.box]
    ground = Ground(layout, face, content, flap, typeface, board_tone, tuple(panels), px_per_mm)
    texts = draw_texts(look, ground)
    if code.legends_in_artwork and not code.on_label:
        for row, legend in zip(code.lines, code.legends, strict=True):
            write_in(texts.black, legend, code.lettering, row.part(LEGEND), row.high * LINE_HEIGHT)
    if label_box is not None and look.random() < 0.6:  # seen only where the label is not
        place = label_box.grown(-1.2 * px_per_mm)
        frame = box_coverage(place) - box_coverage(place.grown(-1.5))
        np.maximum(texts.black, f32(frame * 0.5), out=texts.black)
        place = place.part((0.1, 0.3, 0.9, 0.7))
        write_in(texts.black, "Place label here", typeface, place, 1.7 * px_per_mm, centred=True)
    if seal is not None and look.random() < 0.5:  # likewise
        place = seal.box.grown(-0.9 * px_per_mm)
        frame = box_coverage(place, seal.corner) - box_coverage(place.grown(-1.5), seal.corner)
        np.maximum(texts.black, f32(np.clip(frame, 0, 1) * 0.6), out=texts.black)
    if not code.on_label and look.random() < 0.55:  # a thin frame shows where the line is to print
        frame = box_coverage(code.box, 0.6 * px_per_mm) - box_coverage(code.box.grown(-1.2), 0.5 * px_per_mm)
        np.maximum(texts.black, f32(frame), out=texts.black)
    inks = choose_inks(look, ground, texts, held_out=held_out)
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
        texts=texts.where,
    )


def _choose_face(look: Random) -> Box:
    wide, high = WIDTH * look.uniform(0.86, 0.94), HEIGHT * look.uniform(0.66, 0.83)
    middle_x, middle_y = WIDTH / 2 + look.uniform(-6, 6), HEIGHT / 2 + look.uniform(-5, 5)
    return Box(middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)


def _choose_board(look: Random, *, held_out: bool) -> tuple[str, F32]:
    board = pick(look, HELD_OUT_BOARDS if held_out else TAUGHT_BOARDS)
    match board:
        case "tinted":
            return board, colour.from_hsv(colour.hue(look, held_out=held_out), look.uniform(0.05, 0.2), 0.95)
        case "kraft":
            return board, f32(f32([188, 150, 108]) * look.uniform(0.9, 1.08))
        case "silver":
            return board, f32(f32([186, 190, 195]) * look.uniform(0.9, 1.08))
        case "recycled":
            return board, f32(f32([196, 194, 186]) * look.uniform(0.93, 1.05))
        case _:
            return board, f32(f32([240, 240, 237]) * look.uniform(0.95, 1.03) + look.normal(0, 1.5, 3))


def _choose_belt(look: Random, *, held_out: bool) -> tuple[str, F32]:
    belt = pick(look, HELD_OUT_BELTS if held_out else TAUGHT_BELTS)
    tones = {
        "dark belt": (28, 28, 30),
        "grey belt": (104, 106, 108),
        "white belt": (214, 216, 214),
        "green belt": (34, 92, 70),
        "blue belt": (38, 74, 140),
        "ribbed belt": (64, 64, 62),
        "steel": (150, 154, 158),
    }
    return belt, f32(f32(tones[belt]) * look.uniform(0.85, 1.15))


def _choose_flap(look: Random, layout: Layout, face: Box, px_per_mm: float) -> tuple[float, F32]:
    """A flap folded over one end of the face, its free corners cut off."""
    depth, cut = look.uniform(9.5, 13.5) * px_per_mm, look.uniform(1.0, 3.0) * px_per_mm
    seam_x = face.left + depth if layout.flap_left else face.right - depth
    back = -cut if layout.flap_left else cut
    end = face.left - 4 if layout.flap_left else face.right + 4
    points = [[end, face.top - 4], [seam_x + back, face.top - 4], [seam_x + back, face.top]]
    points += [[seam_x, face.top + cut], [seam_x, face.bottom - cut]]
    points += [[seam_x + back, face.bottom], [seam_x + back, face.bottom + 4], [end, face.bottom + 4]]
    return seam_x, polygon_coverage(f32(points))


def _content(layout: Layout, face: Box, seam_x: float, px_per_mm: float) -> Box:
    """What the flap and its seal leave free."""
    reach, margin = 7.2 * px_per_mm, 0.8 * px_per_mm
    if layout.flap_left:
        return Box(seam_x + reach, face.top + margin, face.right - margin, face.bottom - margin)
    return Box(face.left + margin, face.top + margin, seam_x - reach, face.bottom - margin)


def _choose_seal(
    look: Random, layout: Layout, face: Box, seam_x: float, px_per_mm: float, board: F32, *, held_out: bool
) -> Seal | None:
    present = look.random() < 0.75
    reach, half = look.uniform(6.2, 7.2) * px_per_mm, look.uniform(4.6, 7.2) * px_per_mm
    if look.random() < 0.4:
        half = reach
    y = face.top + face.high * look.uniform(0.3, 0.7)
    box = Box(seam_x - reach, y - half, seam_x + reach, y + half)
    style = pick(look, ("white", "colour", "silver", "clear", "colour"))
    tone = {"white": f32([247, 247, 245]), "silver": f32([176, 180, 186]), "clear": f32([252, 252, 250])}.get(
        style, colour.from_hsv(colour.hue(look, held_out=held_out), look.uniform(0.5, 0.9), look.uniform(0.5, 0.9))
    )
    if style in ("white", "silver") and colour.distance(tone, board) < 14:
        tone = f32(tone * 0.82)
    lettering = np.zeros((HEIGHT, WIDTH), np.float32)
    typeface = Typeface(pick(look, HELD_OUT_FONTS if held_out else TAUGHT_FONTS), 0.9)
    words = pick(look, (("SEALED",), ("OPEN", "CHECK"), ("ORIGINAL", "SEAL"), ("SEAL", "SEAL", "SEAL"), ()))
    for row, word in enumerate(words):
        line = box.part((0.1, 0.5 + (row - len(words) / 2) * 0.26, 0.9, 0.5 + (row + 1 - len(words) / 2) * 0.26))
        write_in(lettering, word, typeface, line, min(1.6 * px_per_mm, 0.8 * line.high), centred=True)
    corner = min(reach, half) * (1.0 if half == reach else pick(look, (0.12, 0.3, 0.99)))
    if not present:
        return None
    return Seal(box, corner, style, tone, 0.34 if style == "clear" else 1.0, lettering)


def _choose_code(
    look: Random, content: Box, layout: Layout, label: Box | None, px_per_mm: float, *, held_out: bool
) -> CodeArea:
    """A panel of lot and expiry lines beside a square matrix, or above a row of bars."""
    on_label = label is not None and label.wide > 36 * px_per_mm and look.random() < 0.5
    box = label.part((0.47, 0.12, 0.97, 0.92)) if label is not None and on_label else content.part(layout.code)
    inner = box.part((0.05, 0.07, 0.95, 0.93))
    lines = int(look.integers(2, 5))
    bars, mirrored = look.random() < 0.25, look.random() < 0.5
    if bars:
        code = inner.part((0.02, 0.56, 0.98, 0.99))
        if code.wide > 38 * px_per_mm:
            code = Box(code.left, code.top, code.left + 38 * px_per_mm, code.bottom)
        lines = min(lines, 2)
        text = inner.part((0.02, 0.0, 0.98, 0.5))
    else:
        side = min(inner.high * 0.94, inner.wide * 0.44, 15 * px_per_mm)
        left = inner.left if mirrored else inner.right - side
        top = inner.top + (inner.high - side) / 2
        code = Box(left, top, left + side, top + side)
        text = Box(left + side * 1.12, inner.top, inner.right, inner.bottom)
        if not mirrored:
            text = Box(inner.left, inner.top, left - side * 0.12, inner.bottom)
    pitch = min(text.high / lines, 4.2 * px_per_mm)
    start = text.top + (text.high - pitch * lines) / 2
    rows = tuple(Box(text.left, start + pitch * row, text.right, start + pitch * (row + 1)) for row in range(lines))
    legends = pick(look, (("LOT", "EXP", "SN", "PC"), ("Lot:", "Exp:", "Mfd:", "SN:"), ("BATCH", "USE BY", "NO", "ID")))
    modules = max(10, int(code.wide / px_per_mm / look.uniform(0.48, 0.66)) // 2 * 2)
    return CodeArea(
        box=box,
        on_label=on_label,
        lines=rows,
        legends=tuple(legends[:lines]),
        legends_in_artwork=look.random() < 0.45,
        lettering=Typeface(pick(look, HELD_OUT_FONTS if held_out else TAUGHT_FONTS), look.uniform(0.7, 0.95)),
        dotted=look.random() < 0.5,
        code=code,
        modules=0 if bars else min(26, modules),
        ink=f32(f32([24, 24, 28]) * look.uniform(0.4, 1.6)),
    )


def _choose_label(look: Random, box: Box, code: CodeArea, typeface: Typeface, px_per_mm: float) -> Label:
    """White or tinted paper with a head stripe, a made-up text and room for the code where it carries one."""
    outline = box_coverage(box, look.uniform(0.3, 1.6) * px_per_mm)
    paper = f32(f32([250, 249, 245]) * look.uniform(0.95, 1.01))
    if look.random() < 0.3:
        paper = f32(f32([250, 240, 170]) if look.random() < 0.5 else f32([206, 228, 244]))
    pixels = np.empty((HEIGHT, WIDTH, 3), np.float32)
    pixels[:] = paper
    ink = f32([30, 32, 40]) if look.random() < 0.7 else f32([30, 50, 110])
    head = f32([200, 40, 45]) if look.random() < 0.4 else ink
    text, stripe = np.zeros((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    if look.random() < 0.5:
        stripe = box_coverage(Box(box.left, box.top, box.right, box.top + box.high * look.uniform(0.09, 0.17)))
    right = 0.45 if code.on_label else 0.94
    room = box.part((0.06, 0.22, right, 0.94))
    pitch = look.uniform(2.3, 3.4) * px_per_mm
    for row in range(int(room.high / pitch)):
        line = Box(room.left, room.top + row * pitch, room.right, room.top + (row + 1) * pitch)
        words = str(look.integers(10_000, 99_999)) if look.random() < 0.15 else phrase(look, line.wide / pitch)
        write_in(text, words, typeface, line, pitch * 0.52)
    if code.on_label and code.legends_in_artwork:
        for row_box, legend in zip(code.lines, code.legends, strict=True):
            write_in(text, legend, code.lettering, row_box.part(LEGEND), row_box.high * LINE_HEIGHT)
    lay_ink(pixels, f32(gaussian(text, 0.4) * 0.92), ink)
    lay_ink(pixels, f32(stripe * 0.95), head)
    return Label(box, outline, pixels, paper)
