"""What is wrong with a whole part of a vial or ampoule: its content, its closure, its tip.

Each function turns a unit into a wrong one and says where it is wrong; the unit is painted afterwards. Lengths of what
is out of place, a level or a raised stopper, say how far; all others are the mask's longest dimension.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.raster import F32, Random, f32, gaussian, log_uniform, noise, pick, slow_field
from cameras.render.raster import length as longest
from cameras.render.vial.closure import SKIRT_PAST_MM, button_cover, closure_cover, open_share, skirt
from cameras.render.vial.paint import cake_cover, floor_line, liquid_surface, sediment_cover
from cameras.render.vial.stage import FINE, Outline, Stage
from cameras.render.vial.style import FLANGE_MM, HELD_OUT_CAPS, TAUGHT_CAPS
from cameras.render.vial.unit import Cake, Haze, Unit

_LEAST_LEVEL_MM = 3.0  # a liquid lower than this is drawn as none at all


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a unit is wrong, in its window."""

    defect: str
    mask: F32
    length_mm: float | None = None  # None: the mask's longest dimension
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Wrong:
    stage: Stage
    unit: Unit
    faults: tuple[Fault, ...]


def make_turbid(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong | None:
    """A hazy liquid, flocs in it, or a sediment; a clear liquid of another colour needs a picture to compare with."""
    if unit.cake is not None or unit.level_mm <= 0:
        return None
    tone = f32(pick(rng, ((222, 222, 214), (222, 222, 214), (205, 185, 130), (190, 150, 105)))) * rng.uniform(0.9, 1.08)
    kind = pick(rng, ("haze", "haze", "flocs", "sediment"))
    weak, strong = (0.12, 0.3) if small else (0.3, 0.9)
    haze = Haze(
        strength=log_uniform(rng, weak, strong) * (0.35 if kind != "haze" else 1.0),
        tone=f32(tone),
        swirl=rng.uniform(0.05, 0.5),
        sediment_mm=log_uniform(rng, 0.5, 1.2 if small else 4.0) if kind == "sediment" else 0.0,
        flocs=rng.uniform(0.4, 0.9) if kind == "flocs" else 0.0,
    )
    if kind == "sediment":
        haze = replace(haze, strength=rng.uniform(0.0, 0.06))
        mask = _without_slivers(f32(sediment_cover(stage, unit, haze.sediment_mm) > 0.4))
        return Wrong(stage, replace(unit, haze=haze), (Fault("turbid", mask),))
    front, _ = liquid_surface(stage, unit.level_mm)
    mask = f32(stage.within(floor_line(stage), front) * stage.inside(stage.outline.inner))
    return Wrong(stage, replace(unit, haze=haze), (Fault("turbid", mask, whole=True),))


def change_level(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong | None:
    """Too low, too high or empty; of a cake only empty, because a cake's height differs between products."""
    style = stage.style
    container, nominal = style.container, style.fill_mm
    draw = rng.random()
    if unit.cake is not None or (draw < 0.12 and not small):
        level = 0.0
    elif draw < 0.25 and not small:
        level = container.base + (nominal - container.base) * rng.uniform(0.1, 0.5)
    else:
        off = log_uniform(rng, 1.2, 3.5) if small else log_uniform(rng, 2.0, 10.0)
        level = nominal + off if rng.random() < 0.25 else nominal - off
        level = min(level, container.height - FLANGE_MM - 4.0)
    if level < _LEAST_LEVEL_MM:
        level = 0.0
    low, high = sorted((level, nominal))
    bottom = floor_line(stage) if level == 0 else liquid_surface(stage, low)[0]
    top = liquid_surface(stage, high)[0]
    if unit.cake is not None:
        top = f32(np.broadcast_to(np.float32(nominal), stage.x.shape))
    mask = f32(stage.within(bottom, top) * stage.inside(stage.outline.inner))
    off_mm = high - (container.base if level == 0 else low)
    wrong = replace(unit, level_mm=level, grain=replace(unit.grain, drops=() if level == 0 else unit.grain.drops))
    return Wrong(stage, wrong, (Fault("fill level", mask, off_mm),))


def collapse(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong | None:
    """A cake sunk to a lump, its film left on the wall up to where it stood."""
    if unit.cake is None:
        return None
    container = stage.style.container
    radius = container.radius - container.wall
    loss = rng.uniform(0.25, 0.45) if small else rng.uniform(0.35, 0.8)
    height = (unit.level_mm - container.base) * (1 - loss)
    bumps = gaussian(rng.standard_normal(stage.x.shape).astype(np.float32), stage.scale * radius * 0.13)
    bumps = f32(bumps / max(1e-6, float(bumps.std())))
    lean = rng.uniform(-0.25, 0.25) * stage.x / radius
    top = container.base + height * np.clip(1.1 - 0.35 * (stage.x / radius) ** 2 + lean + 0.16 * bumps, 0.3, 1.6)
    pulled = radius * rng.uniform(0.0, 0.22, 2)
    ragged = f32(slow_field(rng, stage.shape[0], 8, 24)[:, :1]) * radius * 0.03
    wide = stage.outline.inner
    cake = Cake(
        top=f32(np.minimum(top, unit.cake.top - 0.15 * height)),
        left=f32(-wide + pulled[0] + ragged),
        right=f32(wide - pulled[1] + ragged),
        residue_mm=unit.level_mm,
        lumpy=rng.uniform(0.07, 0.16),
    )
    mask = f32(cake_cover(stage, unit.cake) * stage.inside(wide))
    return Wrong(stage, replace(unit, cake=cake), (Fault("collapsed cake", mask, whole=True),))


def melt(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong | None:
    """Part of a cake turned to a dark glassy mass, mostly from the bottom or a flank."""
    if unit.cake is None:
        return None
    container = stage.style.container
    radius, high = container.radius - container.wall, unit.level_mm - container.base
    share = rng.uniform(0.08, 0.2) if small else rng.uniform(0.15, 0.6)
    rows, columns = stage.shape
    wave = 0.012 * high * noise(rng, rows, columns, 9) + 0.09 * high * slow_field(rng, rows, columns, 7)
    depth = (container.base + share * high) - stage.y + wave
    match pick(rng, ("bottom", "corner", "flank")):
        case "corner":
            depth = depth + np.float32(rng.choice((-1, 1)) * 0.5 * share * high) * stage.x / radius * 1.6
        case "flank":
            side = int(rng.choice((-1, 1)))
            depth = side * stage.x - radius * (1 - 1.1 * share) + wave + 0.3 * (container.base + high / 2 - stage.y)
    melted = f32(np.clip(depth / 0.35 + 0.5, 0, 1))
    mask = f32(melted * cake_cover(stage, unit.cake) * stage.inside(stage.outline.inner))
    faults = (Fault("meltback", _without_slivers(mask)),)
    return Wrong(stage, replace(unit, cake=replace(unit.cake, melted=melted)), faults)


def shrink(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong | None:
    """A cake that kept its structure and came off the wall on one side or both."""
    if unit.cake is None:
        return None
    container = stage.style.container
    diameter = 2 * (container.radius - container.wall)
    gap = diameter * (rng.uniform(0.04, 0.08) if small else rng.uniform(0.07, 0.2))
    shares = pick(rng, ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.65, 0.35)))
    wide = stage.outline.inner
    up = np.clip((stage.y - container.base) / max(1.0, unit.level_mm - container.base), 0, 1)
    ragged = gaussian(rng.standard_normal((stage.shape[0], 1)).astype(np.float32), stage.scale * 0.5)
    taper = f32(0.75 + 0.3 * up + 0.12 * ragged / max(1e-6, float(ragged.std())))
    cake = replace(unit.cake, left=f32(-wide + gap * shares[0] * taper), right=f32(wide - gap * shares[1] * taper))
    inside = stage.inside(wide)
    mask = f32(np.clip(cake_cover(stage, unit.cake) - cake_cover(stage, cake), 0, 1) * inside)
    return Wrong(stage, replace(unit, cake=cake), (Fault("shrunk cake", _without_slivers(mask)),))


def lose_stopper(stage: Stage, unit: Unit) -> Wrong:
    lid = replace(unit.lid, stopper=False, seal=False, button=False)
    return Wrong(stage, replace(unit, lid=lid), (Fault("stopper missing", closure_cover(stage), whole=True),))


def lose_seal(stage: Stage, unit: Unit) -> Wrong:
    lid = replace(unit.lid, seal=False, button=False)
    return Wrong(stage, replace(unit, lid=lid), (Fault("seal missing", closure_cover(stage), whole=True),))


def lose_cap(stage: Stage, unit: Unit) -> Wrong:
    lid = replace(unit.lid, button=False)
    return Wrong(stage, replace(unit, lid=lid), (Fault("cap missing", button_cover(stage), whole=True),))


def swap_cap(rng: Random, stage: Stage, unit: Unit, *, held_out: bool) -> Wrong | None:
    """A cap unlike its lacquered seal; on a bare seal one picture cannot show which colour was due."""
    closure = stage.style.closure
    if closure.lacquer is None:
        return None
    caps = HELD_OUT_CAPS if held_out else TAUGHT_CAPS
    others = [f32(tone) for tone in caps.values() if colour.distance(f32(tone), closure.cap) > 35]
    lid = replace(unit.lid, colour=pick(rng, others))
    return Wrong(stage, replace(unit, lid=lid), (Fault("wrong cap colour", button_cover(stage), whole=True),))


def raise_stopper(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong:
    """High or tilted, under its seal or with none; the gap is what is wrong."""
    style = stage.style
    gap = log_uniform(rng, 0.5, 1.2) if small else log_uniform(rng, 0.7, 4.5)
    rim, top = style.container.rim, style.container.height
    tilted = rng.random() < 0.55
    lean = gap / 2 * rng.uniform(0.5, 1.0) * float(rng.choice((-1, 1))) if tilted else 0.0
    sealed = bool(rng.random() < 0.65)
    lid = replace(unit.lid, raised_mm=gap - abs(lean), tilt=lean / rim, seal=sealed, button=sealed)
    seat = top - FLANGE_MM - SKIRT_PAST_MM if sealed else top
    wide = rim + 0.3 if sealed else rim - 0.35
    bulge = style.elevation * np.sqrt(np.clip(wide**2 - stage.x**2, 0, None))
    under = f32(seat + lid.raised_mm + lid.tilt * stage.x - bulge)
    mask = f32(stage.within(f32(seat - bulge), under) * stage.inside(wide))
    faults = [Fault("stopper raised", mask, gap)]
    if not sealed:
        faults.append(Fault("seal missing", closure_cover(stage), whole=True))
    return Wrong(stage, replace(unit, lid=lid), tuple(faults))


def open_crimp(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong:
    """A skirt that is not tucked under the flange and stands off, on one side or all round."""
    flare = log_uniform(rng, 0.4, 1.0) if small else log_uniform(rng, 0.7, 3.0)
    lid = replace(unit.lid, flare_mm=flare, side=int(rng.choice((-1, 0, 1), p=(0.35, 0.3, 0.35))))
    wrong = replace(unit, lid=lid)
    cover, _ = skirt(stage, wrong, stage.y)
    low_part = np.clip((stage.style.container.height - 0.8 - stage.y) * stage.scale + 0.5, 0, 1)
    mask = f32(cover * low_part * (open_share(stage, lid.side) > 0.3))
    return Wrong(stage, wrong, (Fault("crimp open", mask),))


def char_tip(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong:
    """Soot burnt into an ampoule's tip."""
    rows, columns = stage.shape
    reach = log_uniform(rng, 0.8, 2.0) if small else log_uniform(rng, 1.5, 7.0)
    ragged = 0.35 * reach * slow_field(rng, rows, columns, 30) + 0.2 * noise(rng, rows, columns, 4)
    depth = stage.y - (stage.style.container.height - reach) + 0.5 * ragged
    soot = f32(np.clip(depth / (0.3 * reach) + 0.4, 0, 1) * rng.uniform(0.6, 0.95))
    mask = f32((soot > 0.3) * stage.inside(stage.outline.outer) * (stage.outline.outer > 0))
    return Wrong(stage, replace(unit, charred=soot), (Fault("charred tip", mask),))


def deform_tip(rng: Random, stage: Stage, unit: Unit, *, small: bool) -> Wrong:
    """A spike drawn out, a tip pressed flat, or a bubble blown."""
    outline, end = stage.outline, stage.style.container.height
    tip = stage.style.container.rim * 0.62
    outer, inner = outline.outer.copy(), outline.inner.copy()
    y = stage.y
    intact = stage.inside(outline.outer) * (outline.outer > 0)
    match pick(rng, ("spike", "flat", "bubble")):
        case "spike":
            far = log_uniform(rng, 0.8, 1.6) if small else log_uniform(rng, 1.2, 4.5)
            up = np.clip((y - (end - 1.2)) / (far + 1.2), 0, 1)
            thin = tip * (0.75 * (1 - up) ** 1.6 + 0.1)
            outer = np.where((y > end - 1.2) & (y < end + far), np.maximum(outer, thin), outer)
            inner = np.where(y > end - 1.2, 0, inner)
        case "flat":
            cut = rng.uniform(0.8, 1.5) if small else rng.uniform(1.4, 4.5)
            outer = np.where(y > end - cut, 0, outer + 0.3 * np.exp(-(((y - end + cut) / 0.7) ** 2)))
            inner = np.where(y > end - cut - 1.0, 0, inner)
        case _:
            grown = tip * (rng.uniform(0.3, 0.5) if small else rng.uniform(0.5, 1.1))
            middle = end - tip - grown
            bump = grown * np.exp(-(((y - middle) / (0.55 * tip + grown)) ** 2))
            outer = np.where(outer > 0, outer + bump * np.clip((end - y) / (0.8 * tip), 0, 1) ** 0.5, outer)
            inner = np.where(inner > 0, inner + bump, inner)
    slope = np.gradient(outer[:, 0], float(y[0, 0] - y[1, 0]))[:, None]
    deformed = replace(stage, outline=Outline(f32(outer), f32(inner), f32(np.clip(-slope, -8, 8))))
    now = deformed.inside(deformed.outline.outer) * (deformed.outline.outer > 0)
    mask = f32(np.abs(now - intact) > 0.5)
    if float(np.max(outer - outline.outer)) > 0.25 * tip:  # all of a bubble is wrong, not only what is too much of it
        swollen = outer - outline.outer > 0.12 * tip
        mask = f32(np.maximum(mask, now * swollen))
    return Wrong(deformed, unit, (Fault("deformed tip", _without_slivers(mask)),))


def fault_length_mm(stage: Stage, fault: Fault) -> float:
    return longest(fault.mask > 0.5) / stage.scale if fault.length_mm is None else fault.length_mm


def _without_slivers(mask: F32) -> F32:
    """The mask less what is thinner than a frame pixel or two: nobody would measure to its ends."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * FINE + 1, 2 * FINE + 1))
    kept = cv2.morphologyEx((mask > 0.5).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    return f32(mask * (kept > 0))
