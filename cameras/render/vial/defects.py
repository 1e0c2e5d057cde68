"""What is wrong at one place of a painted unit: particle, fibre, crack, scratch, chip, cake crack, product at stopper.

Each function paints into the picture and returns where, or None where the drawn place gives no fair example.
"""

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.raster import (
    F32,
    Random,
    f32,
    gaussian,
    grown,
    in_three,
    length,
    log_uniform,
    noise,
)
from cameras.render.shapes import blob
from cameras.render.vial.closure import SKIRT_PAST_MM
from cameras.render.vial.marks import (
    Mark,
    content_region,
    line_core,
    painted,
    pasted,
    place_in,
    stroked,
    tone_at,
    wandered,
    window_of,
)
from cameras.render.vial.paint import Picture, blend, cake_cover
from cameras.render.vial.stage import FINE, Stage
from cameras.render.vial.style import FLANGE_MM
from cameras.render.vial.unit import Unit


def add_particle(rng: Random, stage: Stage, unit: Unit, picture: Picture, *, small: bool) -> Mark | None:
    """A speck of rubber, steel or glass, afloat or settled."""
    region = content_region(stage, unit)
    place = place_in(rng, region, low=unit.cake is None and rng.random() < 0.3)
    if place is None:
        return None
    across = log_uniform(rng, 0.1, 0.5) if small else log_uniform(rng, 0.15, 2.0)
    side = int(across * stage.scale * 2.2 + 8) | 1
    glassy = bool(rng.random() < 0.4) and across > 0.3 and unit.cake is None
    shape = _shard(rng, side, across * stage.scale) if glassy else None
    if shape is None:
        radius = across * stage.scale / 2
        shape = f32(np.clip(blob(rng, side, radius, flattening=rng.uniform(0.45, 1), roughness=0.35) + 0.5, 0, 1))
    lift = across * stage.scale / 2
    cover = pasted(stage, shape, place[0], place[1] - (lift if place[1] > stage.row(2.5) else 0))
    cover *= stage.inside(stage.outline.inner)
    core = cover > min(0.5, 0.6 * float(cover.max()))
    if not core.any() or float(cover.max()) < 0.08:
        return None
    under = tone_at(picture, core)
    tone = _particle_tone(rng, under)
    mask = grown(core, 2 * FINE + 1) if length(core) < 4 * FINE else core

    def paint(rgb: F32, window: tuple[slice, slice]) -> None:
        here = f32(cover[window])
        if glassy:
            rim = f32(np.clip(here - gaussian(here, 1.6) * 0.9, 0, 1) * (here > 0))
            blend(rgb, f32(here * 0.35), f32(under * 0.4 + 150))
            dark = f32([30, 32, 34]) if under.mean() > 90 else f32([235, 238, 240])
            blend(rgb, f32(np.clip(rim * 2.2, 0, 0.9)), dark)
        else:
            grain = f32(1 + 0.1 * noise(rng, here.shape[0], here.shape[1], 2))
            blend(rgb, f32(here * rng.uniform(0.8, 1)), in_three(grain) * tone)

    return painted(stage, picture, core, mask, paint)


def _particle_tone(rng: Random, under: F32) -> F32:
    """Dark before a bright field; before a dark one it scatters the lamps' light and is the bright one."""
    if float(under.mean()) < 75:
        return f32(rng.uniform(150, 245) * rng.uniform(0.92, 1.08, 3))
    return colour.particle_colour(rng, unlike=(under,), least=32)


def _shard(rng: Random, side: int, across: float) -> F32:
    corners = int(rng.integers(3, 6))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    flat, turn = rng.uniform(0.35, 0.9), rng.uniform(0, np.pi)
    x, y = np.cos(angles) * across / 2, np.sin(angles) * across / 2 * flat
    points = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], 1) + side / 2
    drawn = np.zeros((side, side), np.uint8)
    cv2.fillPoly(drawn, [np.round(points * 16).astype(np.int32)], (255.0,), cv2.LINE_AA, 4)
    return f32(drawn) / np.float32(255)


def add_fibre(rng: Random, stage: Stage, unit: Unit, picture: Picture, *, small: bool) -> Mark | None:
    region = content_region(stage, unit)
    place = place_in(rng, region, low=False)
    if place is None:
        return None
    far = (log_uniform(rng, 0.8, 2.2) if small else log_uniform(rng, 0.8, 6.0)) * stage.scale
    heading, bend = rng.uniform(0, 2 * np.pi), rng.normal() * 0.16
    points = [f32(place)]
    for _ in range(14):
        heading += bend + rng.normal() * 0.14
        points.append(f32(points[-1] + far / 14 * f32([np.cos(heading), np.sin(heading)])))
    x, y = np.round(points[-1]).astype(int)
    if not (0 <= x < stage.shape[1] and 0 <= y < stage.shape[0] and region[y, x]):
        return None
    line = f32(stroked(stage, points, rng.uniform(0.06, 0.17)) * stage.inside(stage.outline.inner))
    core = line_core(line)
    tone = _particle_tone(rng, tone_at(picture, core))
    strength = rng.uniform(0.75, 1.0)
    return painted(
        stage,
        picture,
        core,
        grown(core, 2 * FINE + 1),
        lambda rgb, window: blend(rgb, f32(line[window] * strength), tone),
    )


def add_crack(rng: Random, stage: Stage, unit: Unit, picture: Picture, *, small: bool) -> Mark | None:
    """A jagged line in the glass with a glint beside it, often from the heel or the shoulder."""
    container = stage.style.container
    glass = np.asarray((np.abs(stage.x) < stage.outline.outer * 0.93) & (stage.y > 0.1))
    far = (log_uniform(rng, 1.5, 4.0) if small else log_uniform(rng, 2.0, 16.0)) * stage.scale
    draw = rng.random()
    height = rng.uniform(0.3, 2.0) if draw < 0.35 else container.body + rng.uniform(-2, 3)
    if draw > 0.6:
        height = rng.uniform(2.0, container.body)
    reach = stage.outer_at(height) * 0.86
    start = (stage.column(rng.uniform(-reach, reach)), stage.row(height))
    heading = float(rng.choice((-1, 1))) * np.pi / 2 + rng.normal() * 0.6
    if draw < 0.35:
        heading = -np.pi / 2 + rng.normal() * 0.55
    points = wandered(rng, start, float(heading), far, swing=0.24, within=glass)
    if len(points) < 4 or len(points) * max(2.0, far / 16) < 0.6 * far:
        return None
    width_mm = rng.uniform(0.07, 0.2)
    line = stroked(stage, points, width_mm, tapered=True)
    if rng.random() < 0.4 and len(points) > 7:
        at = points[int(rng.integers(3, len(points) - 3))]
        aside = float(heading) + float(rng.choice((-1, 1))) * rng.uniform(0.4, 0.9)
        twig = wandered(rng, (float(at[0]), float(at[1])), aside, far * 0.4, swing=0.25, within=glass)
        if len(twig) > 2:
            line = f32(np.maximum(line, stroked(stage, twig, width_mm * 0.7, tapered=True)))
    line = f32(line * glass)
    core = line_core(line)
    if not core.any():
        return None
    under = float(tone_at(picture, core).mean())
    strength = rng.uniform(0.4, 0.7) if small else rng.uniform(0.55, 0.95)
    sheet = rng.uniform(0.2, 0.8) * stage.scale * float(rng.choice((-1, 1)))

    def paint(rgb: F32, window: tuple[slice, slice]) -> None:
        here = f32(line[window])
        moved = f32(cv2.warpAffine(here, f32([[1, 0, sheet * 0.5], [0, 1, 0]]), (here.shape[1], here.shape[0])))
        glint = gaussian(moved, max(0.8, abs(sheet) * 0.3))
        rgb += in_three(f32(np.clip(glint, 0, 1) * 75 * strength))
        blend(rgb, f32(here * strength), f32([22, 22, 24]) if under > 95 else f32([232, 234, 236]))

    return painted(stage, picture, core, grown(core, 2 * FINE + 1), paint)


def add_scratch(rng: Random, stage: Stage, unit: Unit, picture: Picture, *, small: bool) -> Mark | None:
    """Straight fine parallel lines on the surface, broken here and there."""
    container = stage.style.container
    glass = np.asarray(np.abs(stage.x) < stage.outline.outer * 0.92)
    far_mm = log_uniform(rng, 2.0, 6.0) if small else log_uniform(rng, 2.5, 20.0)
    height = rng.uniform(2.0, container.body)
    reach = stage.outer_at(height) * 0.8
    start = (stage.column(rng.uniform(-reach, reach)), stage.row(height))
    heading = rng.uniform(0, 2 * np.pi)
    line = np.zeros(stage.shape, np.float32)
    dashes = noise(rng, stage.shape[0], stage.shape[1], 4)
    for _ in range(1 if small else int(rng.integers(1, 5))):
        off = rng.normal(0, 0.25, 2) * stage.scale
        begin = (start[0] + float(off[0]), start[1] + float(off[1]))
        part = far_mm * stage.scale * rng.uniform(0.6, 1)
        points = wandered(rng, begin, heading + rng.normal() * 0.03, part, swing=0.015, within=glass)
        if len(points) > 5:
            line = f32(np.maximum(line, stroked(stage, points, rng.uniform(0.08, 0.24))))
    line = f32(line * np.clip(0.75 + 0.5 * dashes, 0, 1) * glass)
    core = np.asarray(line > 0.25)
    if not core.any() or length(core) < 1.6 * stage.scale:
        return None
    under = float(tone_at(picture, core).mean())
    strength = rng.uniform(0.25, 0.5) if small else rng.uniform(0.45, 0.95)
    tone = f32([92, 94, 98]) if under > 150 else f32([225, 228, 230])
    mask = np.asarray(
        cv2.morphologyEx(grown(core, 2 * FINE + 1).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7))) > 0
    )
    return painted(stage, picture, core, mask, lambda rgb, window: blend(rgb, f32(line[window] * strength), tone))


def add_chip(rng: Random, stage: Stage, unit: Unit, picture: Picture, *, small: bool) -> Mark | None:
    """A shell-shaped piece off the glass: at the finish, or at the heel."""
    if stage.style.ampoule:
        return None
    container = stage.style.container
    across = (log_uniform(rng, 0.7, 1.6) if small else log_uniform(rng, 1.2, 5.0)) * stage.scale
    if rng.random() < 0.4:
        height, radius = rng.uniform(0.2, 1.4), container.radius - 0.4
    elif unit.lid.stopper:
        height, radius = container.height - FLANGE_MM - SKIRT_PAST_MM - rng.uniform(0.4, 1.0), container.neck
        across = min(across, 3.6 * stage.scale)
    else:
        height, radius = container.height - rng.uniform(0.1, 0.6), container.rim
    x = radius * float(rng.choice((-1, 1))) * rng.uniform(0.75, 1.0)
    side = int(across * 2.4 + 8) | 1
    shape = blob(rng, side, across / 2, flattening=rng.uniform(0.6, 1), roughness=0.3)
    depth = pasted(stage, f32(shape + 99), stage.column(x), stage.row(height)) - np.float32(99)
    here = f32(np.clip(depth + 0.5, 0, 1) * (picture.alpha > 0.5))
    if unit.lid.stopper:  # what the seal hides is not seen
        here = f32(here * (stage.y < container.height - FLANGE_MM - SKIRT_PAST_MM - 0.1))
    core = np.asarray(here > 0.5)
    if core.sum() < 12:
        return None
    rows, columns = np.nonzero(core)
    outward = 1.0 if x > 0 else -1.0
    origin = (float(columns.max() if outward > 0 else columns.min()), float(rows.mean()))
    window = window_of(core, 8)
    if window is None:
        return None
    v, u = np.mgrid[window[0], window[1]].astype(np.float32)
    from_edge = np.hypot(u - np.float32(origin[0]), v - np.float32(origin[1]))
    wave = np.sin(from_edge * np.float32(2 * np.pi / max(3.0, across * 0.22)))
    gone = f32(here[window] * np.clip((across * 0.3 - from_edge) + 0.5, 0, 1))

    def paint(rgb: F32, _: tuple[slice, slice]) -> None:
        cover = f32(here[window])
        bright = float(stage.style.backdrop.level.mean()) > 60
        under = f32(np.clip(rgb[cover > 0.5], 0, 255).mean(0))
        base = f32(under * 0.5 + (70 if bright else 95) * np.sqrt(stage.style.glass))
        shell = np.clip(1 + 0.2 * wave - 0.3 * from_edge / max(1.0, across), 0.3, 1.6)
        blend(rgb, f32(cover * 0.8), in_three(f32(shell)) * base)
        rim = f32(np.clip(cover - gaussian(cover, 2.2), 0, 1))
        blend(rgb, f32(np.clip(rim * 2.0, 0, 0.9)), f32([20, 20, 22]) if bright else f32([240, 242, 244]))
        lit = f32(np.clip(gaussian(cover, 1.4) - gaussian(cover, 3.0), 0, 1))
        rgb += in_three(f32(lit * 160))
        blend(rgb, gone, picture.behind[window])

    return painted(stage, picture, core, core, paint)


def add_residue(rng: Random, stage: Stage, unit: Unit, picture: Picture, *, small: bool) -> Mark | None:
    """Dried or splashed product on the plug and in the neck, where the vial must seal."""
    if stage.style.ampoule or not unit.lid.stopper:
        return None
    style = stage.style
    high = style.container.height - FLANGE_MM - SKIRT_PAST_MM - 0.15
    low = style.container.height - style.closure.plug_mm - 1.2
    radius = stage.inner_at(high - 1.0)
    across = (log_uniform(rng, 0.5, 1.4) if small else log_uniform(rng, 0.9, 5.0)) * stage.scale
    middle = (stage.column(rng.uniform(-0.75, 0.75) * radius), stage.row(rng.uniform(low + 0.3, high - 0.2)))
    cover = np.zeros(stage.shape, np.float32)
    pieces = 1 if small else int(rng.integers(2, 9))
    for piece in range(pieces):
        size = across if piece == 0 else across * rng.uniform(0.12, 0.4)
        side = int(size * 2.4 + 8) | 1
        shape = blob(rng, side, size / 2, flattening=rng.uniform(0.4, 0.9), roughness=0.45)
        shift = rng.normal(0, 0.45, 2) * across if piece else np.zeros(2)
        patch = f32(np.clip(shape / 1.5 + 0.5, 0, 1))
        cover = np.maximum(cover, pasted(stage, patch, middle[0] + shift[0], middle[1] + 0.5 * shift[1]))
    cover = f32(cover * stage.inside(radius * 0.97) * stage.within(low, high))
    core = np.asarray(cover > 0.5)
    if core.sum() < 16:
        return None
    front = 0.4 + 0.55 * style.backdrop.front
    dried = f32(style.tint if style.content == "cake" else style.tint * 0.35 * 235 + f32([150, 148, 138])) * front

    def paint(rgb: F32, window: tuple[slice, slice]) -> None:
        grain = f32(np.clip(1 + 0.14 * noise(rng, rgb.shape[0], rgb.shape[1], 2), 0.5, 1.4))
        blend(rgb, f32(cover[window] * 0.92), in_three(grain) * dried)

    return painted(stage, picture, core, core, paint)


def add_cake_crack(rng: Random, stage: Stage, unit: Unit, picture: Picture, *, small: bool) -> Mark | None:
    """A dark open line through the cake, from its edge or from within."""
    if unit.cake is None or unit.level_mm <= 0:
        return None
    region = np.asarray((cake_cover(stage, unit.cake) * stage.inside(stage.outline.inner)) > 0.5)
    place = place_in(rng, region, low=False)
    if place is None:
        return None
    far = (log_uniform(rng, 1.5, 4.0) if small else log_uniform(rng, 2.5, 15.0)) * stage.scale
    heading = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.5:
        place = (place[0], float(np.nonzero(region[:, int(place[0])])[0].min() + 2))
        heading = np.pi / 2 + rng.normal() * 0.5
    points = wandered(rng, place, heading, far, swing=0.28, within=region)
    if len(points) < 5:
        return None
    width_mm = log_uniform(rng, 0.12, 0.3) if small else log_uniform(rng, 0.2, 0.7)
    line = stroked(stage, points, width_mm, tapered=True)
    if rng.random() < 0.4 and len(points) > 8:
        at = points[int(rng.integers(3, len(points) - 3))]
        aside = heading + float(rng.choice((-1, 1))) * rng.uniform(0.6, 1.2)
        twig = wandered(rng, (float(at[0]), float(at[1])), aside, far * 0.5, swing=0.25, within=region)
        if len(twig) > 2:
            line = f32(np.maximum(line, stroked(stage, twig, width_mm * 0.7, tapered=True)))
    line = f32(line * region)
    core = line_core(line)
    under = tone_at(picture, core)
    strength = rng.uniform(0.7, 0.95)

    def paint(rgb: F32, window: tuple[slice, slice]) -> None:
        here = f32(line[window])
        moved = f32(cv2.warpAffine(here, f32([[1, 0, 2], [0, 1, 2]]), (here.shape[1], here.shape[0])))
        rgb += in_three(f32(moved * 22))
        blend(rgb, f32(here * strength), f32(under * 0.32))

    return painted(stage, picture, core, grown(core, FINE + 1), paint)
