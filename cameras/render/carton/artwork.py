"""What the printing works put on a carton: brand colour areas, made-up names, strengths and small print.

Text is left out of a dark brand colour and printed over a light one, as a printer would.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.carton.layout import Box, Layout, Typeface, box_coverage, polygon_coverage, reach_of, write_in
from cameras.render.raster import F32, Random, f32, gaussian, in_three, pick
from cameras.render.truth import HEIGHT, WIDTH

BRAND: Final = 1  # index into a carton's inks
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
class Ground:
    """What the artwork has to fit."""

    layout: Layout
    face: Box
    content: Box  # what the flap and its seal leave free
    flap: F32
    typeface: Typeface
    board: F32  # RGB
    panels: tuple[Box, ...]  # left white for the label and the code
    px_per_mm: float


@dataclass(frozen=True, slots=True)
class Texts:
    """Lettering before it is parted into inks, (HEIGHT, WIDTH) each."""

    black: F32
    accent: F32
    where: F32  # 1 in the boxes that hold text


def lay_ink(pixels: F32, coverage: F32, tone: F32) -> None:
    """Print in place, within the rows and columns that the ink reaches."""
    window = reach_of(coverage)
    there = pixels[window]
    if there.size:
        there += (tone - there) * in_three(np.ascontiguousarray(coverage[window]))


def phrase(look: Random, widths: float) -> str:
    """Made-up words that fill a line about `widths` times as wide as its pitch."""
    words: list[str] = []
    wanted = widths * 2.0 * look.uniform(0.6, 1.0)
    while sum(map(len, words)) + len(words) < wanted:
        words.append(pick(look, _WORDS))
    return " ".join(words).capitalize()


def draw_texts(look: Random, ground: Ground) -> Texts:
    """Title, strength and small print."""
    black, accent = np.zeros((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    content, layout, typeface, px_per_mm = ground.content, ground.layout, ground.typeface, ground.px_per_mm
    name = pick(look, _STARTS) + pick(look, _MIDDLES) + pick(look, _ENDS)
    name = name.upper() if look.random() < 0.3 else name + pick(look, ("", "", "", " Plus", " Duo"))
    title, strength, text = (content.part(share) for share in (layout.title, layout.strength, layout.text))
    amount, unit = pick(look, (2.5, 5, 10, 20, 25, 50, 75, 100, 250, 500)), pick(look, ("mg", "mg", "µg", "ml"))
    count, piece = pick(look, (7, 10, 14, 20, 28, 30, 50, 60)), pick(look, ("tablets", "capsules", "units", "pieces"))
    small = min(title.high * 0.24, 2.2 * px_per_mm)
    write_in(accent if look.random() < 0.4 else black, name, typeface, title.part((0, 0, 1, 0.66)), title.high * 0.6)
    write_in(black, phrase(look, 11), typeface, title.part((0, 0.76, 0.9, 1.1)), small)
    dose = strength.part((0, 0, 1, 0.66))
    write_in(accent if look.random() < 0.5 else black, f"{amount:g} {unit}", typeface, dose, dose.high * 0.9)
    write_in(black, f"{count} {piece}", typeface, strength.part((0, 0.78, 1, 1.15)), small)
    boxes = [title, strength]
    if not any(_overlap(text, panel) for panel in ground.panels):
        pitch = max(7.0, look.uniform(1.9, 2.7) * px_per_mm)
        for row in range(int(text.high / pitch)):
            line = Box(text.left, text.top + row * pitch, text.right, text.top + (row + 1) * pitch)
            write_in(black, phrase(look, line.wide / pitch), typeface, line, pitch * 0.52)
        boxes.append(text)
    where = np.zeros((HEIGHT, WIDTH), np.float32)
    for box in boxes:
        where = np.maximum(where, box_coverage(box.grown(0.3 * px_per_mm)))
    return Texts(black, accent, f32(where))


def choose_inks(look: Random, ground: Ground, texts: Texts, *, held_out: bool) -> tuple[Ink, ...]:
    """The white panel, the brand colour, the second colour and black, in the order of printing."""
    brand_tone, accent_tone = _choose_tones(look, ground.board, held_out=held_out)
    brand = brand_shape(ground.layout.brand, ground.face, ground.content, ground.px_per_mm)
    brand = f32(brand * (1 - ground.flap))
    if look.random() < 0.4:
        brand = np.maximum(brand, ground.flap)
    panel = np.zeros((HEIGHT, WIDTH), np.float32)
    for box in ground.panels:
        panel = np.maximum(panel, box_coverage(box, 0.6 * ground.px_per_mm))
    dark = float(colour.lab(brand_tone)[0]) < 64
    black, accent = f32(gaussian(texts.black, 0.42)), f32(gaussian(texts.accent, 0.42))
    covered = f32(gaussian(brand, 0.5) * (1 - panel))
    free = f32(1 - covered) if dark else np.float32(1)
    left_out = f32(1 - np.maximum(black, accent)) if dark else np.float32(1)
    white = panel if float(colour.lab(ground.board)[0]) < 90 else np.zeros_like(panel)
    return (
        Ink(f32(white * 0.92), f32([245, 245, 242])),
        Ink(f32(covered * left_out), brand_tone),
        Ink(f32(accent * free * 0.96), accent_tone),
        Ink(f32(black * free * 0.94), f32([26, 26, 30])),
    )


def _choose_tones(look: Random, board: F32, *, held_out: bool) -> tuple[F32, F32]:
    """A brand colour well apart from the board, and a second colour that reads on it."""
    brand = board
    for _ in range(30):
        hue = colour.hue(look, held_out=held_out)
        brand = colour.from_hsv(hue, look.uniform(0.45, 0.95), look.uniform(0.35, 0.9))
        if colour.distance(brand, board) > 28:
            break
    if look.random() < 0.35:
        return brand, f32(brand * 0.75)
    accent = brand
    for _ in range(30):
        hue = colour.hue(look, held_out=held_out)
        accent = colour.from_hsv(hue, look.uniform(0.6, 0.95), look.uniform(0.35, 0.75))
        if colour.distance(accent, board) > 40:
            break
    return brand, accent


def _overlap(first: Box, second: Box) -> bool:
    apart_x = first.left >= second.right or second.left >= first.right
    return not (apart_x or first.top >= second.bottom or second.top >= first.bottom)


def brand_shape(shape: str, face: Box, content: Box, px_per_mm: float) -> F32:
    """Coverage of the brand colour; what reaches an edge of the content runs on to the edge of the face."""
    over = face.grown(4)

    def x(share: float) -> float:
        return content.left + share * content.wide

    def y(share: float) -> float:
        return content.top + share * content.high

    match shape:
        case "band top":
            return box_coverage(Box(over.left, over.top, over.right, y(0.3)))
        case "band bottom":
            return box_coverage(Box(over.left, y(0.735), over.right, over.bottom))
        case "block left":
            return box_coverage(Box(over.left, over.top, x(0.36), over.bottom))
        case "block right":
            return box_coverage(Box(x(0.635), over.top, over.right, over.bottom))
        case "stripes":
            wide = box_coverage(Box(over.left, y(0.3), over.right, y(0.37)))
            return np.maximum(wide, box_coverage(Box(over.left, y(0.4), over.right, y(0.43))))
        case "corner":
            return polygon_coverage(
                f32([[x(0.84), over.top], [over.right, over.top], [over.right, over.bottom], [x(0.985), over.bottom]])
            )
        case "wave":
            along = np.linspace(over.left, over.right, 60)
            top = y(0.73) + 0.06 * content.high * np.sin((along - over.left) / content.wide * 7)
            edge = np.stack([along, top], 1)
            return polygon_coverage(f32(np.vstack([edge, [[over.right, over.bottom], [over.left, over.bottom]]])))
        case "arc":
            return _disc(over.left, over.bottom, content.wide * 0.36)
        case "diagonal":
            points = [[x(0.28), over.top], [x(0.5), over.top], [x(0.32), over.bottom], [x(0.1), over.bottom]]
            return polygon_coverage(f32(points))
        case "frame":
            inner = Box(x(0.045), y(0.08), x(0.955), y(0.92))
            return f32(box_coverage(over) - box_coverage(inner, 2 * px_per_mm))
        case "disc":
            return _disc(x(0.8), y(0.3), content.high * 0.27)
        case _:  # columns
            bars = np.zeros((HEIGHT, WIDTH), np.float32)
            for left, right in ((-1.0, 0.13), (0.15, 0.21), (0.23, 0.265), (0.28, 0.295)):
                bars = np.maximum(bars, box_coverage(Box(x(left), over.top, x(right), over.bottom)))
            return bars


def _disc(middle_x: float, middle_y: float, radius: float) -> F32:
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    middle = (round((middle_x - 0.5) * 16), round((middle_y - 0.5) * 16))
    cv2.circle(drawn, middle, round(radius * 16), (255.0,), -1, cv2.LINE_AA, 4)
    return f32(drawn) / np.float32(255)
