"""The closure of one bottle: cap and tamper band, whole or with what can be wrong with them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.bottle.cap import Torn, draw_cap, draw_film, draw_ring
from cameras.render.bottle.look import HELD_OUT_CAPS, TAUGHT_CAPS, BottleLook, Cap, cap_of
from cameras.render.bottle.parts import BAND, CAP, Grid, Unit, put
from cameras.render.canvas import averaged, contrast_made
from cameras.render.raster import F32, SUB, Random, f32, length, log_uniform, pick
from cameras.render.truth import NO_CONTRAST


@dataclass(frozen=True, slots=True)
class Fault:
    """A defect on the patch, before it is laid on the frame."""

    defect: str
    mask: F32  # of the patch
    length_mm: float
    area_mm2: float
    contrast: float = NO_CONTRAST
    distinct: bool = True
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """How one unit is closed."""

    cap: Cap | None
    turn: float  # of the cap's ribs
    folds: int  # seed of the film's folds
    banded: bool = True
    tilt: float = 0.0  # radians, of cap and band together
    lift: float = 0.0  # mm
    torn: Torn | None = None
    hang: float = 0.0  # radians, of a ring that hangs loose
    drop: float = 0.0  # mm


@dataclass(frozen=True, slots=True)
class Closure:
    cap: F32  # coverage of the patch's upper rows
    band: F32
    gone: F32  # of the band

    @property
    def all(self) -> F32:
        return np.maximum(self.cap, self.band)


def contrast_in(before: F32, after: F32, mask: F32) -> float:
    """Mean Lab distance that a defect makes inside its mask, of patches seen at the frame's resolution."""
    first, second, inside = (averaged(field, SUB) for field in (before, after, mask))
    return contrast_made(first[..., :3], second[..., :3], inside)


def upper_rows(unit: Unit, look: BottleLook) -> slice:
    return slice(0, unit.grid.row(look.closed + 9))


def close(unit: Unit, look: BottleLook, closing: Closing) -> Closure:
    """Put cap and band on the patch; both are drawn on its middle columns only."""
    size = unit.zones[upper_rows(unit, look)].shape
    wide = min(unit.grid.columns, round((look.cap.half * 1.3 + 1.5) * 2 * unit.grid.scale) | 1)
    grid, left = replace(unit.grid, columns=wide), (unit.grid.columns - wide) // 2
    columns = slice(left, left + wide)
    cap, band, gone = (np.zeros(size, np.float32) for _ in range(3))
    layers: list[tuple[slice, F32]] = []
    if closing.cap is not None:
        rows, patch = draw_cap(look, grid, closing.cap, closing.turn)
        rows, patch = _tilted(grid, look, size[0], rows, patch, closing.tilt, closing.lift)
        layers.append((rows, patch))
        cap[rows, columns] = patch[..., 3]
    if closing.banded:
        if look.band.shrunk:
            cap_under = look.cap if closing.cap is None else closing.cap
            rows, patch, missing = draw_film(np.random.default_rng(closing.folds), look, grid, cap_under, closing.torn)
        else:
            rows, patch, missing = draw_ring(look, grid, closing.turn, closing.torn)
        gone[rows, columns] = missing
        tilt, lift = closing.tilt + closing.hang, closing.lift - closing.drop
        rows, patch = _tilted(grid, look, size[0], rows, patch, tilt, lift)
        layers.insert(len(layers) if look.band.shrunk else 0, (rows, patch))
        band[rows, columns] = patch[..., 3] > 0.2 if look.band.shrunk else patch[..., 3]
    for rows, patch in layers:
        put(unit.pixels, (rows, columns), patch)
    return Closure(cap, band, gone)


def _tilted(
    grid: Grid, look: BottleLook, room: int, rows: slice, part: F32, tilt: float, lift: float
) -> tuple[slice, F32]:
    """Turn a part about the middle of the closure's lower edge and lift it (mm), on the upper rows of the patch."""
    if not tilt and not lift:
        return rows, part
    whole = np.zeros((room, grid.columns, 4), np.float32)
    whole[rows] = part
    matrix = cv2.getRotationMatrix2D((grid.axis, float(grid.row(look.closed))), float(np.degrees(tilt)), 1)
    matrix[1, 2] -= lift * grid.scale
    turned = cv2.warpAffine(whole, matrix, (grid.columns, room), flags=cv2.INTER_LINEAR)
    return slice(0, room), f32(turned)


def mark_closure(unit: Unit, look: BottleLook, closure: Closure) -> None:
    zones = unit.zones[upper_rows(unit, look)]
    zones[closure.cap > 0.5] = CAP
    zones[closure.band > 0.5] = BAND


def spoil_closure(rng: Random, look: BottleLook, defect: str, good: Closing, *, small: bool, held_out: bool) -> Closing:
    """How the closure must be drawn for a defect to show."""
    side = pick(rng, (-1.0, 1.0))
    match defect:
        case "missing cap":
            return replace(good, cap=None, banded=not look.band.shrunk and bool(rng.random() < 0.7))
        case "wrong cap":
            return replace(good, cap=_wrong_cap(rng, look, held_out=held_out))
        case "cocked cap":
            if rng.random() < 0.25:
                return replace(good, lift=log_uniform(rng, 0.6, 1.3 if small else 3.2))
            tilt = np.radians(log_uniform(rng, 1.3, 3.0) if small else log_uniform(rng, 2.2, 9.0))
            lift = look.cap.half * float(np.sin(tilt)) + (rng.uniform(0, 0.8) if rng.random() < 0.5 else 0.0)
            return replace(good, tilt=side * float(tilt), lift=lift)
        case _:
            return _break_band(rng, look, good, side, small=small)


def _break_band(rng: Random, look: BottleLook, good: Closing, side: float, *, small: bool) -> Closing:
    draw = 0.9 if small else rng.random()
    if draw < 0.2:
        return replace(good, banded=False)
    if draw < 0.5 and not look.band.shrunk:
        hang = float(np.radians(rng.uniform(3, 8)))
        return replace(good, hang=side * hang, drop=look.cap.half * float(np.sin(hang)) + rng.uniform(0, 0.6))
    wide = log_uniform(rng, 0.13, 0.3 if small else 1.1)
    middle = rng.uniform(-0.85, 0.85)
    deep = rng.uniform(0.5, 1.0) if small or rng.random() < 0.6 else 1.2
    torn = Torn(middle - wide / 2, middle + wide / 2, droop=rng.uniform(0, 1.1), deep=deep)
    return replace(good, torn=torn)


def _wrong_cap(rng: Random, look: BottleLook, *, held_out: bool) -> Cap:
    """A cap too wide for the finish, or one of another colour than the ring that stayed below it."""
    cap = look.cap
    kinds = HELD_OUT_CAPS if held_out else TAUGHT_CAPS
    kind = pick(rng, kinds) if rng.random() < 0.6 else cap.kind
    tone, half = cap.colour, cap.half * rng.uniform(0.99, 1.0)
    by_colour = not look.band.shrunk and rng.random() < 0.65
    if by_colour or rng.random() < 0.4:
        for _ in range(40):
            tone = colour.from_hsv(colour.hue(rng, held_out=held_out), rng.uniform(0, 0.9), rng.uniform(0.15, 0.95))
            if colour.distance(tone, cap.colour) > 30:
                break
    if not by_colour:
        half = cap.half * rng.uniform(1.16, 1.28)
    return cap_of(
        rng, kind, half, float(np.clip(cap.high * rng.uniform(0.9, 1.15), cap.high - 0.8, cap.high + 4)), tone
    )


def closure_fault(
    unit: Unit, look: BottleLook, defect: str, closing: Closing, intact: Closure, spoiled: Closure, before: F32
) -> Fault | None:
    """What is wrong with a closure, told from how it was drawn and how it should be."""
    scale = unit.grid.scale
    distinct, whole, reach = True, defect in ("missing cap", "wrong cap"), 0.0
    match defect:
        case "missing cap":
            upper = intact.cap if closing.banded else intact.all
        case "wrong cap":
            upper = spoiled.cap
        case "cocked cap":
            upper = np.maximum(intact.all, spoiled.all)
            reach = closing.lift + look.cap.half * float(np.sin(abs(closing.tilt)))
            distinct = reach >= 1.0
        case _ if closing.torn is not None:
            upper = spoiled.gone
        case _:
            whole = not closing.banded
            upper = np.maximum(intact.band * (1 - spoiled.cap), spoiled.band)
    mask = np.zeros(unit.zones.shape, np.float32)
    mask[: upper.shape[0]] = upper
    inside = mask > 0.5
    if inside.sum() < 12:
        return None
    made = NO_CONTRAST if whole else contrast_in(before, unit.pixels[: upper.shape[0]], f32(upper))
    longest = reach or length(inside) / scale
    return Fault(defect, mask, longest, float(mask.sum()) / scale**2, made, distinct, whole)
