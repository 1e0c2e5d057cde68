"""What goes wrong with a bottle's wall and what lies on it: crack, hole, leak, dent, spot, scratch.

Every function damages the unit's patch in place and says what it did, or returns None where no fair place was found.
A crack is jagged and opens the wall; a scratch is smooth, faint and fades at its ends; a hole has depth and a rim of
stressed plastic, which is all that tells a small one from a spot.
"""

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.bottle.closure import Fault, contrast_in
from cameras.render.bottle.look import BottleLook
from cameras.render.bottle.parts import ABOVE_MM, BAND, BODY, CAP, LABEL, SHOULDER, Unit, bottle_half, diffuse, gloss
from cameras.render.particles import draw_fibre, draw_speck
from cameras.render.raster import (
    F32,
    SUB,
    Random,
    f32,
    gaussian,
    grown,
    in_three,
    length,
    log_uniform,
    noise,
    pick,
    polyline,
    shifted,
)
from cameras.render.shapes import blob

_COARSE = 4  # places are searched on every fourth row and column


def damage(rng: Random, unit: Unit, look: BottleLook, defect: str, *, small: bool) -> Fault | None:
    """Do one defect to the wall, its label or its closure."""
    match defect:
        case "crack":
            return _crack(rng, unit, look, small=small)
        case "hole":
            return _hole(rng, unit, look, small=small)
        case "leak":
            return _leak(rng, unit, look)
        case "dent":
            return _dent(rng, unit, look, small=small)
        case "scratch":
            return _scratch(rng, unit, look, small=small)
        case _:
            return _spot(rng, unit, look, small=small)


def _place(rng: Random, unit: Unit, zones: tuple[int, ...], margin_mm: float) -> tuple[int, int] | None:
    """A random column and row at least margin from the border of the zones."""
    fair = np.isin(unit.zones[::_COARSE, ::_COARSE], zones).astype(np.uint8)
    fair *= unit.pixels[::_COARSE, ::_COARSE, 3] > 0.5
    fair[:1], fair[-1:], fair[:, :1], fair[:, -1:] = 0, 0, 0, 0
    far = f32(cv2.distanceTransform(fair, cv2.DIST_L2, 3)) * np.float32(_COARSE / unit.grid.scale)
    rows, columns = np.nonzero(far > margin_mm)
    if len(rows) == 0:
        return None
    index = int(rng.integers(len(rows)))
    return int(columns[index]) * _COARSE, int(rows[index]) * _COARSE


def _window(unit: Unit, x: int, y: int, half: int) -> tuple[slice, slice]:
    return (
        slice(max(0, y - half), min(unit.pixels.shape[0], y + half + 1)),
        slice(max(0, x - half), min(unit.pixels.shape[1], x + half + 1)),
    )


def _centred(field: F32, x: int, y: int, window: tuple[slice, slice]) -> F32:
    """The part of a square field, centred on (x, y), that lies in a window."""
    half = field.shape[0] // 2
    return field[
        window[0].start - y + half : window[0].stop - y + half, window[1].start - x + half : window[1].stop - x + half
    ]


def _fault(
    unit: Unit,
    defect: str,
    window: tuple[slice, slice],
    inside: F32,
    before: F32,
    *,
    core: F32 | None = None,
    distinct: bool = True,
) -> Fault | None:
    """The truth of damage in a window: `inside` is its mask, `core` what it really covers where that is thinner."""
    seen = unit.pixels[window][..., 3] > 0.5
    real = (inside if core is None else core) * seen
    if (real > 0.5).sum() < 3:
        return None
    mask = np.zeros(unit.zones.shape, np.float32)
    mask[window] = inside * seen
    scale = unit.grid.scale
    made = contrast_in(before, unit.pixels[window], f32(inside * seen))
    return Fault(defect, mask, length(real > 0.5) / scale, float(real.sum()) / scale**2, made, distinct)


def _spot(rng: Random, unit: Unit, look: BottleLook, *, small: bool) -> Fault | None:
    zones = pick(rng, ((BODY, SHOULDER), (BODY, SHOULDER), (LABEL,), (LABEL,), (CAP, BAND)))
    at = _place(rng, unit, zones, 1.5) or _place(rng, unit, (BODY, SHOULDER, LABEL), 1.5)
    if at is None:
        return None
    x, y = at
    near = _window(unit, x, y, round(unit.grid.scale))
    ground = f32(unit.pixels[near][..., :3].reshape(-1, 3).mean(0))
    tone = colour.particle_colour(rng, unlike=(ground,), least=22)
    if not small and rng.random() < 0.1:
        particle = draw_fibre(rng, tone, look.px_per_mm)
    else:
        particle = draw_speck(rng, tone, look.px_per_mm, shortest_mm=0.3, longest_mm=1.0 if small else 4.0)
    if particle is None:
        return None
    window = _window(unit, x, y, particle.patch.shape[0] // 2)
    patch = _centred(particle.patch, x, y, window)
    mask = _centred(f32(particle.mask), x, y, window)
    if (mask[unit.zones[window] == 0] > 0).any():  # half on the unit, half on what is behind it
        return None
    before = unit.pixels[window].copy()
    there = unit.pixels[window]
    patch = patch * there[..., 3:]
    there[..., :3] = there[..., :3] * (1 - patch[..., 3:]) + patch[..., :3]
    fault = _fault(unit, "spot", window, mask, before)
    if fault is None:
        return None
    scale = unit.grid.scale
    return Fault("spot", fault.mask, particle.length_sub / scale, particle.area_sub / scale**2, fault.contrast)


def _path(
    rng: Random,
    unit: Unit,
    start: tuple[int, int],
    zones: tuple[int, ...],
    far: float,
    *,
    restless: float,
    heading: float,
) -> F32:
    """Points of a line that wanders from a place and stops where its zones end."""
    step = max(2.0, unit.grid.scale * 0.35)
    points, course, bend = [f32(start)], heading, rng.normal() * 0.02
    for _ in range(int(far / step) + 1):
        course += rng.normal() * restless + bend * (1 - restless)
        course += 0.25 * restless * float(np.sin(heading - course))
        point = f32(points[-1] + step * f32([np.cos(course), np.sin(course)]))
        column, row = int(point[0]), int(point[1])
        if not (2 <= row < unit.zones.shape[0] - 2 and 2 <= column < unit.zones.shape[1] - 2):
            break
        if unit.zones[row, column] not in zones:
            break
        points.append(point)
    return f32(np.stack(points))


def _longest_path(
    rng: Random, unit: Unit, zones: tuple[int, ...], far: float, *, restless: float
) -> tuple[F32, float] | None:
    """The longest of a few paths, and its heading; None where there is no room for one."""
    best: tuple[F32, float] | None = None
    for _ in range(5):
        start = _place(rng, unit, zones, 0.8)
        if start is None:
            return None
        across = rng.random() < 0.5
        heading = (0.0 if across else np.pi / 2) + pick(rng, (0.0, np.pi)) + rng.normal() * 0.5
        points = _path(rng, unit, start, zones, far, restless=restless, heading=heading)
        if best is None or len(points) > len(best[0]):
            best = points, heading
        if len(points) > far / max(2.0, unit.grid.scale * 0.35):
            break
    return best if best is not None and len(best[0]) >= 6 else None


def _around(line: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], room: int) -> tuple[slice, slice]:
    x, y, wide, high = cv2.boundingRect(line)
    return (
        slice(max(0, y - room), min(line.shape[0], y + high + room)),
        slice(max(0, x - room), min(line.shape[1], x + wide + room)),
    )


def _crack(rng: Random, unit: Unit, look: BottleLook, *, small: bool) -> Fault | None:
    scale, zones = unit.grid.scale, (BODY, SHOULDER)
    wanted = log_uniform(rng, 3, 8 if small else 25) * scale
    width_mm = rng.uniform(0.15, 0.45)
    stroke = max(1, round(width_mm * scale))
    found = _longest_path(rng, unit, zones, wanted, restless=0.42)
    if found is None:
        return None
    points, heading = found
    drawn = np.zeros(unit.zones.shape, np.uint8)
    for index in range(len(points) - 1):
        share = 1 - 0.75 * index / len(points)
        polyline(drawn, points[index : index + 2], max(1, round(stroke * share)))
    for _ in range(int(rng.choice(3, p=(0.4, 0.4, 0.2)))):
        at = points[int(rng.integers(2, len(points) - 2))]
        aside = heading + pick(rng, (-1, 1)) * rng.uniform(0.5, 1.1)
        branch = _path(
            rng, unit, (int(at[0]), int(at[1])), zones, wanted * rng.uniform(0.15, 0.4), restless=0.4, heading=aside
        )
        polyline(drawn, branch, max(1, stroke // 2))
    window = _around(drawn, 8 + stroke)
    line = f32(drawn[window]) / np.float32(255)
    strength = rng.uniform(0.5, 0.85)
    before = unit.pixels[window].copy()
    there = unit.pixels[window][..., :3]
    bright = shifted(line, 0.7 * stroke + 1, 0.5 * stroke, 0.0) * (1 - line)
    if look.wall.clear > 0.6:  # a crack in clear plastic mirrors the lamps
        there += (225 - there) * in_three(f32(strength * 0.85 * line))
        there *= in_three(f32(1 - 0.5 * strength * bright))
    else:
        dark = there.mean() > 70
        there *= in_three(f32(1 - strength * line)) if dark else 1
        there += in_three(f32((28 if dark else 120) * strength * (bright if dark else line)))
    unit.pixels[window][..., :3] = there
    core = f32(line > 0.4)
    mask = f32(grown(core > 0, round(2.6 * SUB) | 1)) if stroke < 2.6 * SUB else core
    return _fault(unit, "crack", window, mask, before, core=core, distinct=width_mm >= 0.2)


def _scratch(rng: Random, unit: Unit, look: BottleLook, *, small: bool) -> Fault | None:
    scale = unit.grid.scale
    zones = (LABEL,) if rng.random() < 0.35 else (BODY, SHOULDER)
    wanted = log_uniform(rng, 3, 8 if small else 30) * scale
    found = _longest_path(rng, unit, zones, wanted, restless=0.0)
    if found is None:
        return None
    middle, heading = found
    drawn = np.zeros(unit.zones.shape, np.uint8)
    aside = f32([-np.sin(heading), np.cos(heading)]) * np.float32(scale)
    for strand in range(int(rng.choice(3, p=(0.45, 0.35, 0.2))) + 1):
        first = int(rng.integers(0, max(1, len(middle) // 3))) if strand else 0
        width = max(1, round(rng.uniform(0.13, 0.3) * scale))
        polyline(drawn, middle[first:] + aside * np.float32(strand * rng.uniform(0.3, 0.7)), width)
    window = _around(drawn, 8)
    y, x = np.mgrid[window].astype(np.float32)
    span = float(np.hypot(*(middle[-1] - middle[0]))) + 1
    along = (
        (x - middle[0, 0]) * (middle[-1, 0] - middle[0, 0]) + (y - middle[0, 1]) * (middle[-1, 1] - middle[0, 1])
    ) / span**2
    fade = np.clip(0.35 + 2.6 * along * (1 - along), 0.35, 1) * np.clip(
        0.85 + 0.25 * noise(rng, x.shape[0], x.shape[1], 4), 0.3, 1
    )
    line = f32(drawn[window]) / np.float32(255)
    strength = rng.uniform(0.3, 0.5) if small else rng.uniform(0.55, 0.95)
    before = unit.pixels[window].copy()
    there = unit.pixels[window][..., :3]
    light = float((there * line[..., None]).sum() / max(1.0, float(line.sum())) / 3)
    target = 95.0 if light > 165 else min(250.0, light + 120)
    there += (target - there) * in_three(f32(strength * fade * line))
    core = f32(line > 0.4)
    return _fault(unit, "scratch", window, f32(grown(core > 0, round(2.2 * SUB) | 1)), before, core=core)


def _dent(rng: Random, unit: Unit, look: BottleLook, *, small: bool) -> Fault | None:
    """A hollow in the wall: the lamp's side of it darkens, the far side lights up, and reflections bend."""
    scale, wall = unit.grid.scale, unit.wall
    across = log_uniform(rng, 3, 6 if small else 15) * scale
    zones = (BODY, SHOULDER) if rng.random() < 0.7 else (BODY, SHOULDER, LABEL)
    margin = 0.36 * across / scale
    at = _place(rng, unit, zones, margin) or _place(rng, unit, (BODY, SHOULDER, LABEL), margin)
    if at is None:
        return None
    side = round(across * 1.7) | 1
    shape = blob(rng, side, across / 2, flattening=rng.uniform(0.45, 1.0), roughness=0.22)
    window = _window(unit, *at, side // 2)
    window = (slice(max(window[0].start, wall.rows.start), min(window[0].stop, wall.rows.stop)), window[1])
    shape = _centred(shape, *at, window)
    inward = np.clip(shape / (0.36 * across), 0, 1)
    bowl = gaussian(f32(inward * inward * (3 - 2 * inward)), 0.035 * across + 1)
    depth = across * (rng.uniform(0.12, 0.18) if small else rng.uniform(0.17, 0.34))
    rise_x = f32(cv2.Sobel(bowl, cv2.CV_32F, 1, 0, ksize=3, scale=depth / 8))
    rise_y = f32(cv2.Sobel(bowl, cv2.CV_32F, 0, 1, ksize=3, scale=depth / 8))
    here = wall.part(window[0])
    x, y, z = here.x[:, window[1]], here.y[:, window[1]], here.z[:, window[1]]
    new_x, new_y = x + rise_x, y + rise_y
    scale_to = 1 / np.sqrt(new_x**2 + new_y**2 + z**2)
    old, new = (
        diffuse(look.lamp, x, y, z),
        diffuse(look.lamp, f32(new_x * scale_to), f32(new_y * scale_to), f32(z * scale_to)),
    )
    shine = np.where(unit.zones[window] == LABEL, np.float32(0.22), np.float32(max(0.45, look.wall.gloss)))
    added = (gloss(look.lamp, f32(new_x * scale_to), f32(new_y * scale_to)) - gloss(look.lamp, x, y)) * shine
    before = unit.pixels[window].copy()
    there = unit.pixels[window]
    wet = np.isin(unit.zones[window], (BODY, SHOULDER, LABEL)) * there[..., 3]
    ratio = np.clip(new / np.maximum(old, 0.05), 0.35, 1.6) ** np.float32(1.25)
    there[..., :3] *= in_three(f32(1 + (ratio - 1) * wet))
    there[..., :3] += in_three(f32(added * wet))
    return _fault(unit, "dent", window, f32((bowl > 0.12) * wet), before)


def _hole(rng: Random, unit: Unit, look: BottleLook, *, small: bool) -> Fault | None:
    across = log_uniform(rng, 0.8, 1.6 if small else 5.0) * unit.grid.scale
    at = _place(rng, unit, (BODY, SHOULDER), 0.7 * across / unit.grid.scale + 0.5)
    if at is None:
        return None
    side = round(across * 2.6 + 6 * SUB) | 1
    window = _window(unit, *at, side // 2)
    shape = _centred(blob(rng, side, across / 2, flattening=rng.uniform(0.6, 1.0), roughness=0.24), *at, window)
    inside = f32(np.clip(shape + 0.5, 0, 1))
    before = unit.pixels[window].copy()
    there = unit.pixels[window][..., :3]
    wall = f32(there.reshape(-1, 3).mean(0))
    thick = 0.16 * across + 0.35 * unit.grid.scale
    stressed = np.exp(-np.clip(-shape, 0, None) / (0.13 * across + 2)) * (1 - inside)
    there += (np.float32(235) - there) * in_three(f32(0.5 * stressed))
    lit_rim = f32(
        inside * (1 - np.clip(shifted(shape, 0.0, -thick, -99.0) / 1.5 + 0.5, 0, 1))
    )  # lower wall, seen from above
    deep = f32(np.clip(wall * 0.16, 4, 45))
    floor = f32(cv2.merge([inside * level for level in deep]))
    rim = f32(cv2.merge([lit_rim * level for level in np.clip(wall * 0.8 - deep, 0, 200)]))
    there *= in_three(f32(1 - inside))
    there += floor + rim
    return _fault(unit, "hole", window, f32((inside > 0.5) * 1.0), before)


def _leak(rng: Random, unit: Unit, look: BottleLook) -> Fault | None:
    """Liquid that ran out: down from the closure or from a place in the wall, with drops beside it."""
    scale, grid = unit.grid.scale, unit.grid
    lowest = min(look.seen, look.shape.high) - 2
    upmost = look.shoulder + look.shape.shoulder_high * 0.6
    from_closure = rng.random() < 0.7 or upmost > lowest - 8
    start = look.closed + 0.6 if from_closure else rng.uniform(upmost, lowest - 8)
    end = min(lowest, start + log_uniform(rng, 8, 40))
    if end - start < 5:
        return None
    drawn = np.zeros(unit.zones.shape, np.uint8)
    half, turn, width = bottle_half(look), rng.uniform(-0.95, 0.95), rng.uniform(0.8, 2.0)
    heights = np.linspace(start, end, 40)
    drift = rng.normal() * 0.003
    for share, y in zip(np.linspace(0, 1, 40), heights, strict=True):
        wide = float(half(f32([y]))[0])
        turn += drift + rng.normal() * 0.008
        radius = width / 2 * (0.75 + 0.3 * np.sin(share * 7 + 1) * (1 - share) + 0.75 * max(0.0, share - 0.82) / 0.18)
        x = grid.axis + wide * float(np.sin(turn)) * scale
        row = (y + ABOVE_MM + look.elevation * wide * float(np.cos(turn))) * scale
        cv2.circle(drawn, (round(x * 16), round(row * 16)), round(radius * scale * 16), (255.0,), -1, cv2.LINE_AA, 4)
    for _ in range(int(rng.integers(0, 7))):
        y = rng.uniform(start, end + 2)
        aside = grid.axis + float(half(f32([y]))[0]) * float(np.sin(turn + rng.normal() * 0.18)) * scale
        size = (round(rng.uniform(0.3, 0.9) * scale), round(rng.uniform(0.3, 1.1) * scale))
        cv2.ellipse(drawn, (round(aside), round((y + ABOVE_MM) * scale)), size, 0, 0, 360, (255.0,), -1, cv2.LINE_AA)
    window = _around(drawn, 12)
    before = unit.pixels[window].copy()
    there = unit.pixels[window]
    wet = f32(drawn[window]) / np.float32(255) * (there[..., 3] > 0.5) * (unit.zones[window] > 0)
    wet = f32(wet * ~np.isin(unit.zones[window], (CAP, BAND))) if from_closure else f32(wet)
    thick = gaussian(wet, 0.28 * scale) * wet
    tint = f32(look.filling.colour / max(90.0, float(look.filling.colour.max())))
    dense = 0.35 + 0.55 * thick
    absorbed = [1 - wet * dense * (1 - tint[c]) * np.float32(0.95) for c in range(3)]
    there[..., :3] *= f32(cv2.merge([f32(channel) for channel in absorbed]))
    slope = shifted(thick, 0.2 * scale, 0.12 * scale, 0.0) - thick  # bright where the drop faces the lamp
    toward = np.float32(-np.sign(look.lamp.strip))
    there[..., :3] += in_three(f32(np.clip(toward * -1 * slope * 95, -60, 120) * wet))
    shiny = np.clip(np.clip(toward * -1 * slope, 0, 1) * 3 - 0.9, 0, 1) * wet
    there[..., :3] += (np.float32(250) - there[..., :3]) * in_three(f32(0.55 * shiny))
    return _fault(unit, "leak", window, f32(wet > 0.5), before)
