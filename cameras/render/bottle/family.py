"""The bottle family: one standing bottle with its closure, seen from the side, and what can be wrong with it.

Classes and the domain terms they stand for: missing cap (BOT-001), cocked cap (BOT-002), wrong cap (BOT-003), broken
band (BOT-004), crack, hole and leak (BOT-009), skewed label (LAB-014, on bottles that carry a label); spot, scratch
and dent have no term of their own for bottles and are there for sheets that limit what a bottle may look like.

Left out, because a picture from outside cannot show them honestly: the induction seal (BOT-005, BOT-006: under the
cap), fill count and level (BOT-007: the limit is 1 % or one tablet), the desiccant (BOT-008: between the tablets) and
foreign matter inside (BOT-010: through a wall it looks like a spot outside). A wrong cap that fits and brings a band
of its own colour needs a reference and is not drawn: here it is too wide, or unlike the ring that stayed below it.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.bottle.closure import Closing, Fault, close, closure_fault, mark_closure, spoil_closure, upper_rows
from cameras.render.bottle.defects import damage
from cameras.render.bottle.label import put_label
from cameras.render.bottle.look import BottleLook, choose_bottle
from cameras.render.bottle.parts import CAP, ZONES, Unit, draw_bare, draw_puck
from cameras.render.raster import (
    F32,
    SUB,
    Random,
    area_filtered,
    f32,
    frame_axes,
    gaussian,
    in_three,
    length,
    noise,
    pick,
)
from cameras.render.scene import Drawn, Family, Scene
from cameras.render.truth import HEIGHT, NO_CONTRAST, WIDTH, Content

CLASSES: Final[tuple[str, ...]] = (
    "missing cap",
    "cocked cap",
    "wrong cap",
    "broken band",
    "crack",
    "hole",
    "leak",
    "dent",
    "spot",
    "scratch",
    "skewed label",
)
_SHARES: Final = (0.08, 0.12, 0.09, 0.13, 0.11, 0.08, 0.13, 0.1, 0.1, 0.1, 0.08)
_DENSE_SHARES: Final = (0.03, 0.1, 0.05, 0.12, 0.14, 0.09, 0.12, 0.12, 0.15, 0.14, 0.06)
_OF_THE_CLOSURE: Final = frozenset({"missing cap", "cocked cap", "wrong cap", "broken band"})


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where this unit came to stand: maps its patch onto the frame."""

    matrix: F32

    def seen(self, field: F32) -> F32:
        filtered = area_filtered(field)
        return f32(cv2.warpAffine(filtered, self.matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR))

    def seen_zones(self, zones: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.warpAffine(zones, self.matrix, (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST), np.uint8)


def draw(rng: Random, look: Random, held_out: bool, content: Content) -> Scene:
    """One bottle. `look` draws what all units of a product share, `rng` what is this unit's own."""
    bottle = choose_bottle(look, held_out=held_out)
    plan = _plan(rng, bottle, content)
    small = frozenset(defect for defect in plan if content == "dense" and rng.random() < 0.5)
    unit = draw_bare(rng, bottle)
    label = _stick_label(rng, unit, bottle, skewed="skewed label" in plan)
    draw_puck(bottle, unit.grid, unit.pixels, unit.zones)
    area_mm2, closure = _close(rng, unit, bottle, plan, small, held_out=held_out)
    faults = [fault for fault in (label, closure) if fault is not None]
    for defect in plan:
        if defect not in _OF_THE_CLOSURE and defect != "skewed label":
            fault = damage(rng, unit, bottle, defect, small=defect in small)
            if fault is not None:
                faults.append(fault)
    stand = _choose_stand(rng, unit, bottle)
    pixels = _ground(rng, bottle)
    seen = stand.seen(unit.pixels)
    _cast_shadow(bottle, pixels)
    pixels *= in_three(1 - seen[..., 3])
    pixels += seen[..., :3]
    zones = stand.seen_zones(unit.zones)
    return Scene(
        pixels=pixels,
        zones=zones,
        film=f32((zones == ZONES.index("band")) * float(bottle.band.shrunk)),
        background=None,
        px_per_mm=bottle.px_per_mm,
        unit_area_mm2=area_mm2,
        drawn=tuple(_on_frame(stand, fault) for fault in faults),
        planned=len(plan),
        groups={"bottle": bottle.shape.name, "cap": bottle.cap.kind, "background": bottle.ground_name},
    )


def _plan(rng: Random, look: BottleLook, content: Content) -> tuple[str, ...]:
    """Which defects the unit gets, each once; one at most of its closure."""
    match content:
        case "good":
            count = 0
        case "defective":
            count = 1 + int(rng.random() < 0.25)
        case "mixed":
            count = 0 if rng.random() < 0.4 else 1 + int(rng.random() < 0.25)
        case "dense":
            count = int(rng.integers(2, 5))
    shares = np.array(_DENSE_SHARES if content == "dense" else _SHARES)
    if not look.filling.liquid:
        shares[CLASSES.index("leak")] = 0
    if look.label is None:
        shares[CLASSES.index("skewed label")] = 0
    plan: list[str] = []
    for _ in range(count):
        defect = CLASSES[int(rng.choice(len(CLASSES), p=shares / shares.sum()))]
        plan.append(defect)
        shares[CLASSES.index(defect)] = 0
        if defect in _OF_THE_CLOSURE:
            shares[[CLASSES.index(other) for other in _OF_THE_CLOSURE]] = 0
    return tuple(plan)


def _stick_label(rng: Random, unit: Unit, look: BottleLook, *, skewed: bool) -> Fault | None:
    """Every label sits a little off its place; only one that is turned by more than 2 degrees is skewed (LAB-014)."""
    shift, turn = (rng.normal() * 0.8, rng.normal() * 0.3), rng.normal() * 0.3
    wrong, side = rng.uniform(2.2, 8), pick(rng, (-1, 1))
    if look.label is None:
        return None
    turn = side * wrong if skewed else float(np.clip(turn, -0.8, 0.8))
    shift = (float(np.clip(shift[0], -2, 2)), float(np.clip(shift[1], -0.8, 0.8)))
    mask = put_label(unit, look, look.label, shift=shift, skew=float(np.radians(turn)))
    if not skewed:
        return None
    mask[unit.grid.row(look.seen) :] = 0
    scale = unit.grid.scale
    area_mm2 = float(mask.sum()) / scale**2
    return Fault("skewed label", mask, length(mask > 0.5) / scale, area_mm2, NO_CONTRAST, wrong >= 2.5, whole=True)


def _close(
    rng: Random, unit: Unit, look: BottleLook, plan: tuple[str, ...], small: frozenset[str], *, held_out: bool
) -> tuple[float, Fault | None]:
    """Close the bottle; returns the area of the intact unit in mm2, and what is wrong with its closure."""
    upper = upper_rows(unit, look)
    bare = unit.pixels[upper].copy()
    good = Closing(look.cap, turn=rng.uniform(0, 2 * np.pi), folds=int(rng.integers(1 << 31)))
    intact = close(unit, look, good)
    mark_closure(unit, look, intact)
    area_mm2 = float(unit.pixels[: unit.grid.row(look.seen), :, 3].sum()) / unit.grid.scale**2
    defect = next((defect for defect in plan if defect in _OF_THE_CLOSURE), None)
    if defect is None:
        return area_mm2, None
    before = unit.pixels[upper].copy()
    unit.pixels[upper] = bare
    closing = spoil_closure(rng, look, defect, good, small=defect in small, held_out=held_out)
    spoiled = close(unit, look, closing)
    if defect == "missing cap":
        unit.zones[upper][intact.cap > 0.5] = CAP  # under a film, too: what is missing is the cap
    else:
        mark_closure(unit, look, spoiled)
    return area_mm2, closure_fault(unit, look, defect, closing, intact, spoiled, before)


def _choose_stand(rng: Random, unit: Unit, look: BottleLook) -> _Stand:
    """Shifted by up to a few pixels and tilted by up to a degree about the middle of the picture."""
    turn = float(np.radians(np.clip(rng.normal() * 0.35, -1, 1)))
    x, y = look.place[0] + rng.uniform(-8, 8), look.place[1] + rng.uniform(-2, 2)
    cos, sin = float(np.cos(turn)) / SUB, float(np.sin(turn)) / SUB
    column, row = unit.grid.axis, float(unit.grid.row(look.seen / 2))
    y += look.seen / 2 * look.px_per_mm
    return _Stand(f32([[cos, -sin, x - cos * column + sin * row], [sin, cos, y - sin * column - cos * row]]))


def _on_frame(stand: _Stand, fault: Fault) -> Drawn:
    return Drawn(
        defect=fault.defect,
        coverage=stand.seen(fault.mask),
        length_mm=fault.length_mm,
        area_mm2=fault.area_mm2,
        contrast=fault.contrast,
        distinct=fault.distinct,
        whole=fault.whole,
    )


def _ground(rng: Random, look: BottleLook) -> F32:
    """A plain backdrop, lighter behind the unit."""
    x, y = frame_axes(WIDTH, HEIGHT)
    glow = np.exp(-(((x - look.place[0]) / 230) ** 2) - ((y - 200) / 190) ** 2)
    grain = noise(rng, HEIGHT, WIDTH, 1) * np.float32(rng.uniform(0.3, 1.5))
    return f32(cv2.merge([np.float32(level) * (1 + np.float32(look.glow) * glow) + grain for level in look.ground]))


def _cast_shadow(look: BottleLook, pixels: F32) -> None:
    """Dark where the unit meets the table, and a soft shadow away from the lamp."""
    half = (look.shape.body + (3.5 if look.puck is not None else -1)) * look.px_per_mm
    foot = look.place[1] + (look.seen + (look.puck_high if look.puck is not None else 0)) * look.px_per_mm
    foot += look.elevation * half
    away = -float(np.sign(look.lamp.x))
    top = max(0, int(foot) - 60)
    contact, soft = np.zeros((HEIGHT - top, WIDTH), np.uint8), np.zeros((HEIGHT - top, WIDTH), np.uint8)
    middle = (round(look.place[0]), round(foot - look.elevation * half) - top)
    flat = max(3, round((look.elevation + 0.03) * half))
    cv2.ellipse(contact, middle, (round(half * 1.01), flat), 0, 0, 360, (255.0,), -1, cv2.LINE_AA)
    aside = (round(middle[0] + away * half * 0.45), middle[1])
    cv2.ellipse(soft, aside, (round(half * 1.35), flat * 2), 0, 0, 360, (255.0,), -1, cv2.LINE_AA)
    dark = gaussian(contact, 2.5) * np.float32(0.5 / 255) + gaussian(soft, 11) * np.float32(0.22 / 255)
    pixels[top:] *= in_three(f32(1 - np.clip(dark, 0, 0.75)))


BOTTLE: Final = Family(
    name="bottle",
    classes=CLASSES,
    zones=ZONES,
    smallest_mm={
        "cocked cap": 1.0,
        "broken band": 2.0,
        "crack": 3.0,
        "hole": 1.2,
        "leak": 5.0,
        "dent": 4.0,
        "spot": 0.6,
        "scratch": 4.0,
    },
    thin=frozenset({"spot", "crack", "scratch"}),
    draw=draw,
)
