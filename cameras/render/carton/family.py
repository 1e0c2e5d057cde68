"""The carton family: one face of a folding carton, with its artwork, label, code area, flap and tamper seal.

Classes and the criteria of the domain table they show: label missing (LAB-002); lot missing (LAB-003, LAB-004: a lot or
expiry line is absent); print smear (LAB-005, LAB-018); print void (LAB-005, LAB-018); misplaced print (LAB-006); code
missing and code damaged (LAB-007, LAB-013: nothing to decode, or not decodable); label skew (LAB-014, offset
included); wrinkle, bubble, tear (LAB-015); edge lift (LAB-016); colour deviation (LAB-019); seal missing and seal
broken (LAB-020); seal misplaced (LAB-021); carton open, crushed corner, tear (LAB-022); spot (dirt: in no line of the
table for cartons, and seen on every line).

Left out, because only reading or decoding tells them: another product's label (LAB-001), a wrong lot or expiry (the
other half of LAB-003 and LAB-004), LAB-008, LAB-009, LAB-012, LAB-017. Left out, because one face does not show them or
the table calls the camera partial: LAB-010, LAB-011, LAB-023, LAB-024, LAB-025. Register error (part of LAB-018) is
left out: at 0.5 mm it is a coloured fringe of three pixels that good print, blurred, has too.

What a reader would question: a missing or displaced part has no contrast of its own and reports NO_CONTRAST; a colour
deviation is whole and yet measured, for its contrast is all there is to see of it. A carton's matrix need not decode.
"""

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from cameras.render.canvas import Canvas
from cameras.render.carton.artwork import BRAND
from cameras.render.carton.code import print_code
from cameras.render.carton.defects import (
    crush_corner,
    draw_bubble,
    draw_edge_lift,
    draw_spot,
    draw_tear,
    draw_wrinkle,
)
from cameras.render.carton.look import Carton, choose_carton
from cameras.render.carton.parts import close_flap, stick_label, stick_seal
from cameras.render.carton.print import draw_board, print_artwork
from cameras.render.carton.work import ARTWORK, BOARD, ZONES, Work
from cameras.render.raster import (
    F32,
    Random,
    f32,
    frame_axes,
    gaussian,
    in_three,
    noise,
    shifted,
    slow_field,
)
from cameras.render.scene import Family, Scene
from cameras.render.truth import HEIGHT, WIDTH, Content

CLASSES: Final = (
    "label missing",
    "lot missing",
    "code missing",
    "seal missing",
    "print smear",
    "print void",
    "misplaced print",
    "code damaged",
    "label skew",
    "wrinkle",
    "bubble",
    "edge lift",
    "tear",
    "colour deviation",
    "seal broken",
    "seal misplaced",
    "carton open",
    "crushed corner",
    "spot",
)
# What is drawn, how often, how often where many and faint ones are wanted, and the part that it takes for itself.
_KINDS: Final = (
    ("label missing", 7, 5, "label"),
    ("label skew", 9, 9, "label"),
    ("bubble", 6, 7, "label surface"),
    ("edge lift", 6, 6, "label surface"),
    ("wrinkle", 7, 8, "wrinkle"),
    ("tear", 7, 8, "tear"),
    ("lot missing", 5, 3, "lot"),
    ("misplaced print", 5, 4, "lot"),
    ("lot smear", 4, 6, "lot"),
    ("lot void", 3, 6, "lot"),
    ("print smear", 3, 5, "artwork smear"),
    ("print void", 5, 9, "artwork void"),
    ("code missing", 4, 2, "code"),
    ("code damaged", 7, 8, "code"),
    ("colour deviation", 4, 3, "brand"),
    ("seal missing", 5, 4, "seal"),
    ("seal broken", 5, 5, "seal"),
    ("seal misplaced", 5, 4, "seal"),
    ("carton open", 6, 4, "flap"),
    ("crushed corner", 6, 6, "corner"),
    ("spot", 8, 12, "spot"),
)


def draw(rng: Random, look: Random, held_out: bool, content: Content) -> Scene:
    """One face. `look` draws what all units of a product share, `rng` what is this unit's own."""
    carton = choose_carton(look, held_out=held_out)
    wanted = _plan(rng, carton, content)
    blank, sheet = np.zeros((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH, 3), np.float32)
    work = Work(
        carton=carton,
        rng=rng,
        wanted=wanted,
        canvas=Canvas(sheet, np.full((HEIGHT, WIDTH), BOARD, np.uint8)),
        outline=carton.outline.copy(),
        label=blank,
        under_label=sheet.copy(),
        seal=blank.copy(),
        taken=np.zeros((HEIGHT, WIDTH), np.uint8),
        found=[],
    )
    draw_board(work)
    printed = np.maximum(carton.inks[BRAND].coverage, carton.texts) > 0.5
    work.canvas.zones[printed] = ARTWORK
    print_artwork(work)
    print_code(work, stick_label(work))
    close_flap(work)
    stick_seal(work)
    for defect, damage in (
        ("crushed corner", crush_corner),
        ("edge lift", draw_edge_lift),
        ("tear", draw_tear),
        ("wrinkle", draw_wrinkle),
        ("bubble", draw_bubble),
        ("spot", draw_spot),
    ):
        if defect in wanted:
            damage(work)
    return _on_belt(work)


def _plan(rng: Random, carton: Carton, content: Content) -> dict[str, bool]:
    """Which defects, and whether small and faint; never two that hide one another."""
    match content:
        case "good":
            count = 0
        case "defective":
            count = 1 + int(rng.choice(3, p=(0.65, 0.25, 0.1)))
        case "mixed":
            count = 0 if rng.random() < 0.4 else 1 + int(rng.choice(3, p=(0.65, 0.25, 0.1)))
        case "dense":
            count = int(rng.integers(2, 6))
    dense = content == "dense"
    absent = {"label", "label surface"} if carton.label is None else set[str]()
    absent |= {"seal"} if carton.seal is None else set[str]()
    plan: dict[str, bool] = {}
    for _ in range(count):
        kinds = [kind for kind in _KINDS if kind[3] not in absent]
        shares = np.array([kind[2] if dense else kind[1] for kind in kinds], np.float64)
        name, _, _, part = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
        plan[name] = dense and bool(rng.random() < 0.5)
        absent.add(part)
        if name == "label missing":
            absent |= {"label surface"} | ({"lot", "code"} if carton.code.on_label else set[str]())
        elif part in ("label surface", "lot", "code"):
            absent.add("label")
        elif part in ("seal", "flap"):
            absent |= {"seal", "flap"}
    return plan


def _belt(work: Work) -> F32:
    """The belt that the carton lies on."""
    rng, carton = work.rng, work.carton
    x, y = frame_axes(WIDTH, HEIGHT)
    field = noise(rng, HEIGHT, WIDTH, 1) * np.float32(1.6) + slow_field(rng, HEIGHT, WIDTH, 3) * np.float32(2.0)
    pitch = np.float32(2 * np.pi / (1.1 * carton.px_per_mm))
    match carton.belt:
        case "ribbed belt":
            field = field + np.float32(11) * np.sin(y * pitch * np.float32(0.45))
        case "steel":
            streaks = f32(cv2.resize(noise(rng, HEIGHT, WIDTH // 8 + 1), (WIDTH, HEIGHT)))
            field = field + streaks * np.float32(4.5)
        case "white belt":
            pass
        case _:
            field = field + np.float32(2.2) * np.sin(x * pitch) * np.sin(y * pitch)
    return f32(in_three(f32(field)) + carton.belt_tone)


def _on_belt(work: Work) -> Scene:
    """Round the face's edge, put its side panels and its shadow beneath it, and lay it down a little off."""
    rng, carton = work.rng, work.carton
    turn, dx, dy = np.radians(rng.normal() * 0.5), rng.normal() * 2.0, rng.normal() * 2.0
    x, y = carton.face.middle
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    place = np.array([[cos, -sin, x + dx - cos * x + sin * y], [sin, cos, y + dy - sin * x - cos * y]])
    outline = work.outline
    inside = gaussian(outline, 1.6)
    rim = np.clip(1 - inside, 0, 0.5) * 2
    work.pixels[:] *= in_three(f32(1 - 0.16 * rim))
    lean_x, lean_y = carton.lean
    sides = outline.copy()
    steps = max(1, int(max(abs(lean_x), abs(lean_y)) / 1.5))
    for step in range(1, steps + 1):
        np.maximum(sides, shifted(outline, lean_x * step / steps, lean_y * step / steps, 0.0), out=sides)
    panel = f32(shifted_pixels(work.pixels, lean_x, lean_y) * np.float32(0.62))
    body = f32(panel + (work.pixels - panel) * in_three(outline))
    laid = f32(cv2.warpAffine(body, place, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    there = f32(cv2.warpAffine(sides, place, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR))
    belt = _belt(work)
    light_x, light_y = carton.light
    shadow = shifted(gaussian(there, 7.0), light_x * 6, light_y * 6, 0.0)
    belt *= in_three(f32(1 - 0.5 * shadow))
    belt += (laid - belt) * in_three(there)
    face = f32(cv2.warpAffine(carton.outline, place, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR))
    zones = np.asarray(cv2.warpAffine(work.canvas.zones, place, (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST), np.uint8)
    zones[face < 0.5] = 0
    moved = [
        replace(drawn, coverage=f32(cv2.warpAffine(drawn.coverage, place, (WIDTH, HEIGHT)))) for drawn in work.found
    ]
    return Scene(
        pixels=belt,
        zones=zones,
        film=f32(there * np.float32(carton.gloss)),
        background=None,
        px_per_mm=carton.px_per_mm,
        unit_area_mm2=carton.face.wide * carton.face.high / carton.px_per_mm**2,
        drawn=tuple(moved),
        planned=len(work.wanted),
        groups={"layout": carton.layout.name, "board": carton.board, "background": carton.belt},
    )


def shifted_pixels(pixels: F32, dx: float, dy: float) -> F32:
    """The sheet moved as a whole, its edges drawn out."""
    matrix = f32([[1, 0, dx], [0, 1, dy]])
    return f32(cv2.warpAffine(pixels, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))


CARTON: Final = Family(
    name="carton",
    classes=CLASSES,
    zones=ZONES,
    smallest_mm={
        "spot": 0.5,
        "print void": 0.8,
        "print smear": 2.0,
        "code damaged": 2.0,
        "bubble": 2.0,
        "edge lift": 2.0,
        "tear": 2.0,
        "wrinkle": 4.0,
        "carton open": 3.0,
        "crushed corner": 4.0,
    },
    thin=frozenset({"spot"}),
    draw=draw,
)
