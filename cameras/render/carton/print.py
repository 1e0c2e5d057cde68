"""A unit's board and its artwork, and what can be wrong with ink: shade, voids and smears.

A smear or a void drawn here lies where no label, seal or code panel will cover it.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.carton.artwork import BRAND, Ink, lay_ink
from cameras.render.carton.layout import box_coverage, put
from cameras.render.carton.work import Flaw, Work, closed
from cameras.render.raster import (
    F32,
    Mask,
    f32,
    gaussian,
    in_three,
    log_uniform,
    noise,
    pick,
    shrunk,
    slow_field,
)
from cameras.render.shapes import blob
from cameras.render.truth import HEIGHT, WIDTH

_BLACK: Final = 3  # index into a carton's inks


def draw_board(work: Work) -> None:
    """Fill the sheet with unprinted board."""
    rng, board = work.rng, work.carton.board
    grain, cloud = {"gloss white": (0.8, 0.8), "tinted": (0.9, 1.0), "matt white": (1.8, 1.2)}.get(board, (2.6, 2.2))
    field = noise(rng, HEIGHT, WIDTH, 1) * np.float32(grain) + slow_field(rng, HEIGHT, WIDTH, 4) * np.float32(cloud)
    if board == "silver":
        streaks = f32(cv2.resize(noise(rng, HEIGHT, WIDTH // 8 + 1), (WIDTH, HEIGHT)))
        field = field + streaks * np.float32(3.0) + slow_field(rng, HEIGHT, WIDTH, 2) * np.float32(9)
    if board in ("kraft", "recycled"):
        field = field - np.clip(noise(rng, HEIGHT, WIDTH, 1) - 2.2, 0, 1.5) * np.float32(36)
        field = field + np.clip(noise(rng, HEIGHT, WIDTH, 2) - 2.0, 0, 1.5) * np.float32(16)
    work.pixels[:] = in_three(f32(field)) + work.carton.board_tone


def print_artwork(work: Work) -> None:
    """Print all inks of the works; this unit's own are density, mottle and register."""
    rng = work.rng
    density = rng.uniform(0.95, 1.0) * (1 + 0.012 * noise(rng, HEIGHT, WIDTH, 2))
    register = f32([[1, 0, rng.normal() * 0.35], [0, 1, rng.normal() * 0.35]])
    inks = [
        Ink(f32(f32(cv2.warpAffine(ink.coverage, register, (WIDTH, HEIGHT))) * density), ink.tone)
        for ink in work.carton.inks
    ]
    wrong, flaws = list(inks), list[Flaw]()
    for flaw in (_turn_brand(work, wrong), _void_artwork(work, wrong), _smear_artwork(work, wrong)):
        if flaw is not None:
            flaws.append(flaw)
    good = work.pixels.copy() if flaws else work.pixels
    for ink in wrong:
        lay_ink(work.pixels, ink.coverage, ink.tone)
    if flaws:
        for ink in inks:
            lay_ink(good, ink.coverage, ink.tone)
    for flaw in flaws:
        work.report(flaw.defect, flaw.mask, before=good, whole=flaw.whole)


def _turn_brand(work: Work, inks: list[Ink]) -> Flaw | None:
    """Print the brand colour in another shade; as large a part as it is, it is wrong as a whole."""
    small = work.wanted.get("colour deviation")
    if small is None:
        return None
    tone = inks[BRAND].tone
    least, most = (6.0, 12.0) if small else (9.0, 30.0)
    for _ in range(60):
        hsv = f32(cv2.cvtColor(f32([[tone]]) / np.float32(255), cv2.COLOR_RGB2HSV))[0, 0]
        saturation = float(np.clip(hsv[1] * work.rng.uniform(0.5, 1.3), 0, 1))
        value = float(np.clip(hsv[2] * work.rng.uniform(0.7, 1.35), 0, 0.97))
        turned = colour.from_hsv(float(hsv[0]) + work.rng.uniform(-30, 30), saturation, value)
        if least < colour.distance(turned, tone) < most:
            break
    else:
        return None
    label = 0 if work.carton.label is None else work.carton.label.outline
    mask = f32(inks[BRAND].coverage * work.outline * (1 - label) * (1 - work.nominal_seal()) > 0.5)
    inks[BRAND] = Ink(inks[BRAND].coverage, turned)
    return Flaw("colour deviation", mask, whole=True)


def _hidden(work: Work) -> Mask:
    """Where a later part will cover the artwork, or the face ends."""
    hidden = (work.nominal_seal() > 0.02) | (work.outline < 0.98) | (box_coverage(work.carton.code.box) > 0)
    if work.carton.label is not None:
        hidden |= box_coverage(work.carton.label.box.grown(work.px(1.0))) > 0
    return np.asarray(hidden)


def void_field(work: Work, across_px: float) -> F32:
    """A shape that takes no ink, in the middle of a square patch: a fleck, a ring with an inked middle, a scratch."""
    rng, side = work.rng, int(across_px * 1.8 + 12) | 1
    kind = pick(rng, ("fleck", "fleck", "ring", "scratch"))
    if kind == "scratch":
        width = max(1.2, rng.uniform(0.2, 0.5) * work.carton.px_per_mm)
        turn = rng.uniform(0, np.pi)
        v, u = np.mgrid[0:side, 0:side].astype(np.float32) - np.float32((side - 1) / 2)
        along = u * np.float32(np.cos(turn)) + v * np.float32(np.sin(turn))
        aside = v * np.float32(np.cos(turn)) - u * np.float32(np.sin(turn))
        aside = aside + np.float32(rng.normal() * 0.12 / across_px) * along**2
        taper = np.sqrt(np.clip(1 - (2 * along / across_px) ** 2, 0, 1))
        return f32(np.clip(width / 2 * taper - np.abs(aside) + 0.5, 0, 1) * (taper > 0))
    shape = blob(rng, side, across_px / 2, flattening=rng.uniform(0.5, 1.0), roughness=0.45)
    field = np.clip(shape + noise(rng, side, side, 1) * 0.4 + 0.5, 0, 1)
    if kind == "ring" and across_px > 7:
        field = field * (1 - np.clip(shape - across_px * rng.uniform(0.18, 0.28) + 0.5, 0, 1))
    return f32(field)


def laid(patch: F32, x: float, y: float) -> F32:
    """A square patch of coverage in an empty frame, its middle at a point."""
    coverage = np.zeros((HEIGHT, WIDTH), np.float32)
    put(coverage, np.round(patch * 255).astype(np.uint8), x - patch.shape[1] / 2, y - patch.shape[0] / 2)
    return coverage


def _void_artwork(work: Work, inks: list[Ink]) -> Flaw | None:
    small = work.wanted.get("print void")
    if small is None:
        return None
    across = log_uniform(work.rng, 0.6, 1.2 if small else 6.0) * work.carton.px_per_mm
    solid = np.max(np.stack([ink.coverage for ink in inks[BRAND:]]), axis=0)
    deep = shrunk(solid > 0.85, max(3, int(across * 0.5))) & ~_hidden(work)
    middle = work.somewhere(deep, 2 * across)
    if middle is None:
        middle = work.somewhere((solid > 0.85) & ~_hidden(work), 2 * across)
    if middle is None:
        return None
    void = laid(void_field(work, across), *middle)
    lost = np.clip(void * solid, 0, 1)
    void *= ~_hidden(work)
    for index in range(BRAND, len(inks)):
        inks[index] = Ink(f32(inks[index].coverage * (1 - void * 0.95)), inks[index].tone)
    mask = f32((lost > 0.45) & ~_hidden(work))
    return Flaw("print void", mask) if mask.sum() >= 4 else None


def _smear_artwork(work: Work, inks: list[Ink]) -> Flaw | None:
    small = work.wanted.get("print smear")
    if small is None:
        return None
    index = pick(work.rng, (_BLACK, _BLACK, _BLACK - 1, BRAND))
    drawn = smeared(work, inks[index].coverage, ~_hidden(work), small=small)
    if drawn is None:
        return None
    mask = drawn.mask * ~_hidden(work)
    inks[index] = Ink(drawn.coverage, inks[index].tone)
    return Flaw("print smear", f32(mask))


@dataclass(frozen=True, slots=True)
class Smeared:
    coverage: F32
    mask: F32


def smeared(work: Work, ink: F32, where: Mask, *, small: bool) -> Smeared | None:
    """Drag wet ink one way within a patch; None where there is too little ink to see it."""
    rng = work.rng
    across = log_uniform(rng, 2.0, 5.0 if small else 13.0) * work.carton.px_per_mm
    middle = work.somewhere(np.asarray((ink > 0.6) & where), across * 0.6)
    if middle is None:
        return None
    side = int(across * 1.7 + 8) | 1
    shape = blob(rng, side, across / 2, flattening=rng.uniform(0.5, 0.9), roughness=0.3)
    soft = laid(f32(np.clip(shape / (0.12 * across + 1) + 0.5, 0, 1)), *middle)
    far = max(7, int(across * rng.uniform(0.3, 0.6)))
    kernel = np.zeros((2 * far + 1, 2 * far + 1), np.uint8)
    turn = rng.uniform(0, 2 * np.pi)
    end = (far + round(far * float(np.cos(turn))), far + round(far * float(np.sin(turn))))
    cv2.line(kernel, (far, far), end, (255.0,), 2, cv2.LINE_AA)
    v, u = np.mgrid[-far : far + 1, -far : far + 1].astype(np.float32)
    weights = f32(kernel) * np.exp(-np.sqrt(u * u + v * v) / np.float32(far * 0.7))
    dragged = f32(cv2.filter2D(ink, -1, f32(weights / weights.sum()), borderType=cv2.BORDER_CONSTANT))
    dragged = np.clip(dragged * rng.uniform(1.6, 2.6), 0, 0.85) * (1 + 0.12 * noise(rng, HEIGHT, WIDTH, 1))
    coverage = ink * (1 - soft * 0.45)
    coverage = f32(np.maximum(coverage, np.clip(dragged, 0, 0.9) * soft))
    coverage = f32(ink + (coverage - ink) * where)
    mask = closed(np.asarray(np.abs(gaussian(coverage - ink, 0.8)) > 0.09), int(0.7 * work.carton.px_per_mm))
    if float(np.abs(coverage - ink).sum()) < 0.05 * across**2:
        return None
    return Smeared(coverage, mask)
