"""Loose tablets and capsules: one unit large in the frame on a belt or a tray, and what can be wrong with it.

Classes are looks, not causes, so several terms of the domain table share one:

- chip: SOD-008, SOD-009. break: SOD-007. crack: SOD-010, and SOD-019 where the shell is open along a line.
- spot: SOD-002 to SOD-004, because a picture cannot tell a foreign particle from a charred granule.
- stain: SOD-013, patches and mottling. capping: SOD-005, and SOD-006, which differs in where the body parts.
- picking: SOD-011. imprint missing: SOD-012. coating peel: SOD-014. twin: SOD-015. rogue product: SOD-001.
- capsule open: SOD-018. capsule hole: SOD-019. capsule dent: SOD-020.

Left out: SOD-016 (2 % of a size is for a gauge), SOD-017 (the fill is not seen, `camera: partial`), and what only a
reference can tell: an evenly wrong colour of SOD-013 and a complete but wrong code of SOD-012. For the same reason a
rogue product is drawn only where a formed nest shows what should lie there.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.canvas import Place, contrast_made
from cameras.render.loose.defects import draw_break, draw_capping, draw_chip, draw_crack, draw_dent, draw_hole
from cameras.render.loose.style import Loose, choose_loose
from cameras.render.loose.surface import draw_missing_imprint, draw_peel, draw_picking, draw_spot, draw_stain
from cameras.render.loose.tray import Tray, choose_tray, draw_tray
from cameras.render.loose.unit import Body, laid, make_body, make_half, outline
from cameras.render.loose.wound import Wound
from cameras.render.raster import F32, Random, f32, frame_axes, gaussian, length, noise
from cameras.render.scene import Drawn, Family, Scene
from cameras.render.truth import HEIGHT, WIDTH, Content

CLASSES: Final = (
    "chip",
    "break",
    "crack",
    "spot",
    "stain",
    "capping",
    "picking",
    "coating peel",
    "imprint missing",
    "twin",
    "rogue product",
    "capsule open",
    "capsule dent",
    "capsule hole",
)
ZONES: Final = ("tray", "tablet", "imprint")
_TABLET, _IMPRINT = 1, 2  # indices into ZONES
_WHOLE: Final = ("twin", "rogue product", "capsule open")


def draw(rng: Random, look: Random, held_out: bool, content: Content) -> Scene:
    """One unit. `look` draws what all units of a product share, `rng` what is this unit's own."""
    product = choose_loose(look, held_out=held_out)
    tray = choose_tray(look, product, held_out=held_out)
    pixels = draw_tray(rng, tray, product)
    zones = np.zeros((HEIGHT, WIDTH), np.uint8)
    plan = _plan(rng, product, tray, content)
    if plan and plan[0] in _WHOLE:
        found: tuple[Drawn, ...] = (_lay_whole(rng, plan[0], product, tray, pixels, zones, held_out=held_out),)
    else:
        found = _lay_unit(rng, plan, product, tray, pixels, zones, dense=content == "dense")
    return Scene(
        pixels=pixels,
        zones=zones,
        film=np.zeros((HEIGHT, WIDTH), np.float32),
        background=None,
        px_per_mm=product.px_per_mm,
        unit_area_mm2=_nominal_area_px(product) / product.px_per_mm**2,
        drawn=found,
        planned=len(plan),
        groups={"shape": product.shape, "coat": product.coat, "tray": tray.material},
    )


def _nominal_area_px(product: Loose) -> float:
    reach = int(max(product.half_x, product.half_y)) + 2
    v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    return float(np.clip(0.5 - outline(product, u, v), 0, 1).sum())


def _kinds(product: Loose, tray: Tray) -> dict[str, float]:
    """What can go wrong with this product, and how often it is drawn."""
    kinds = {"spot": 1.0}
    nest = tray.is_nest
    if nest:
        kinds["rogue product"] = 1.4
    if product.is_soft:
        return kinds | {"capsule dent": 0.5, "stain": 0.5} | ({} if nest else {"twin": 1.3})
    kinds |= {"stain": 0.9, "crack": 0.9}
    if product.has_text:
        kinds["imprint missing"] = 1.2
    if product.is_capsule:
        kinds |= {"capsule dent": 1.5, "capsule hole": 1.5}
        return kinds if nest else kinds | {"capsule open": 3.0}
    kinds |= {"chip": 1.3, "break": 0.7, "capping": 1.2}
    if product.coat == "film":
        kinds |= {"coating peel": 2.0} if nest else {"coating peel": 2.0, "twin": 2.5}
    elif not product.on_edge:
        kinds["picking"] = 1.6
    return kinds


def _plan(rng: Random, product: Loose, tray: Tray, content: Content) -> tuple[str, ...]:
    """The defects of this unit in the order they are drawn; one that takes the whole unit stands alone."""
    match content:
        case "good":
            count = 0
        case "defective":
            count = 1 if rng.random() < 0.8 else 2
        case "mixed":
            count = 0 if rng.random() < 0.4 else 1 if rng.random() < 0.8 else 2
        case "dense":
            count = int(rng.integers(2, 5))
    kinds = _kinds(product, tray)
    if count > 1 and rng.random() < 0.9:  # else a whole one would crowd out every dense unit
        kinds = {kind: share for kind, share in kinds.items() if kind not in _WHOLE}
    shares = np.array(list(kinds.values()))
    drawn = [list(kinds)[int(rng.choice(len(kinds), p=shares / shares.sum()))] for _ in range(count)]
    whole = [kind for kind in drawn if kind in _WHOLE]
    if whole:
        return (whole[0],)
    # what changes the outline or the face comes once and first, what lies on it after, the imprint once and last
    first = [kind for kind in ("break", "capping") if kind in drawn][:1]
    last = [kind for kind in ("imprint missing",) if kind in drawn]
    return (*first, *(kind for kind in drawn if kind not in ("break", "capping", "imprint missing")), *last)


def _wound(rng: Random, kind: str, product: Loose, body: Body, *, small: bool) -> Wound | None:
    match kind:
        case "chip":
            return draw_chip(rng, product, body, small=small)
        case "break":
            return draw_break(rng, product, body)
        case "crack":
            return draw_crack(rng, product, body, small=small)
        case "spot":
            return draw_spot(rng, product, body, small=small)
        case "stain":
            return draw_stain(rng, product, body, small=small)
        case "capping":
            return draw_capping(rng, product, body)
        case "picking":
            return draw_picking(rng, product, body, small=small)
        case "coating peel":
            return draw_peel(rng, product, body, small=small)
        case "imprint missing":
            return draw_missing_imprint(rng, product, body, small=small)
        case "capsule dent":
            return draw_dent(rng, product, body, small=small)
        case "capsule hole":
            return draw_hole(rng, product, body, small=small)
        case _:
            raise AssertionError(kind)


def _lay_unit(
    rng: Random,
    plan: tuple[str, ...],
    product: Loose,
    tray: Tray,
    pixels: F32,
    zones: NDArray[np.uint8],
    *,
    dense: bool,
) -> tuple[Drawn, ...]:
    """Lay one unit with its defects; one that finds no fair place is left out."""
    intact = make_body(rng, product, _own_place(rng, product, tray))
    body = intact
    taken = np.zeros(body.cover.shape, np.bool_)
    done: list[tuple[str, Wound, float]] = []
    ground = np.empty((*body.cover.shape, 3), np.float32)
    ground[:] = tray.colour
    before = laid(product, body, ground) if plan else ground
    for kind in plan:
        wound: Wound | None = None
        for _ in range(8):
            wound = _wound(rng, kind, product, body, small=dense and bool(rng.random() < 0.55))
            if wound is not None and (wound.mask & taken).sum() <= 0.15 * wound.mask.sum():
                break
            wound = None
        if wound is None:
            continue
        after = laid(product, wound.body, ground)
        done.append((kind, wound, contrast_made(before, after, f32(wound.mask))))
        body, before = wound.body, after
        taken |= wound.mask
    _lay(product, body, tray, pixels)
    _mark(intact, zones)
    scale = product.px_per_mm
    return tuple(
        Drawn(
            defect=kind,
            coverage=_on_frame(body, f32(wound.mask)),
            length_mm=wound.length_px / scale,
            area_mm2=wound.area_px / scale**2,
            contrast=contrast,
            distinct=wound.distinct,
        )
        for kind, wound, contrast in done
    )


def _own_place(rng: Random, product: Loose, tray: Tray) -> Place:
    """A loose unit lies near its nominal place at any turn that keeps it in the frame; a nest leaves it little play."""
    play = 3.0 if tray.is_nest else 13.0
    x, y = tray.middle.x + rng.normal() * play, tray.middle.y + rng.normal() * play * 0.6
    if tray.is_nest and product.is_long:
        return Place(x, y, tray.middle.turn + rng.normal() * 0.02)
    if product.half_x < 185:
        return Place(x, y, rng.uniform(0, 2 * np.pi))
    return Place(x, y, rng.uniform(-0.6, 0.6) + (np.pi if rng.random() < 0.5 else 0.0))


def _lay_whole(
    rng: Random, kind: str, product: Loose, tray: Tray, pixels: F32, zones: NDArray[np.uint8], *, held_out: bool
) -> Drawn:
    place = _own_place(rng, product, tray)
    covered = np.zeros((HEIGHT, WIDTH), np.float32)
    match kind:
        case "twin":
            bodies: tuple[Body, ...] = (_twin(rng, product, place),)
        case "rogue product":
            product = _rogue(rng, product, held_out=held_out)
            bodies = (make_body(rng, product, place),)
        case _:
            opened = _open(rng, product, place)
            bodies = opened.halves
            if opened.spilt:
                covered = _spill(rng, product, opened.mouth, pixels)
    for body in bodies:
        _lay(product, body, tray, pixels)
        _mark(body, zones)
        covered = np.maximum(covered, _on_frame(body, body.cover))
    scale = product.px_per_mm
    return Drawn(kind, covered, length(covered > 0.5) / scale, float(covered.sum()) / scale**2, whole=True)


def _twin(rng: Random, product: Loose, place: Place) -> Body:
    """Two units grown together side by side, or rarely end to end."""
    if product.is_long:
        turn = place.turn if product.half_x < 150 else rng.uniform(-0.5, 0.5)
        apart = (rng.normal() * 0.2 * product.half_x, 2 * product.half_y * rng.uniform(0.93, 1.0))
    else:
        turn = rng.uniform(-0.5, 0.5)
        apart = (2 * product.half_x * rng.uniform(0.9, 0.99), rng.normal() * 0.1 * product.half_y)
    return make_body(rng, product, Place(WIDTH / 2 + rng.normal() * 8, HEIGHT / 2 + rng.normal() * 5, turn), twin=apart)


def _rogue(rng: Random, product: Loose, *, held_out: bool) -> Loose:
    """A unit of another product that does not fit the nest, under the same lamp."""
    for _ in range(60):
        other = choose_loose(rng, held_out=held_out)
        share = product.px_per_mm / other.px_per_mm
        wide, high = other.half_x * share / product.half_x, other.half_y * share / product.half_y
        if max(wide, high) < 1.25 and min(wide, high) < 0.78:
            break
    else:
        share = 0.8 * min(product.half_x / other.half_x, product.half_y / other.half_y)
    return replace(
        other,
        half_x=other.half_x * share,
        half_y=other.half_y * share,
        px_per_mm=product.px_per_mm,
        depth=other.depth * share,
        lamp=product.lamp,
        ambient=product.ambient,
    )


@dataclass(frozen=True, slots=True)
class _Opened:
    """An open capsule: its body and cap, where its mouth is, and whether powder has come out."""

    halves: tuple[Body, Body]
    mouth: Place
    spilt: bool


def _open(rng: Random, product: Loose, place: Place) -> _Opened:
    """Body and cap apart, or still in each other but pulled out and askew."""
    apart = rng.random() < 0.6
    if apart:
        pulled = (0.42 + rng.uniform(0.02, 0.3)) * product.half_x
        askew = rng.normal() * 0.2
    else:
        pulled = rng.uniform(0.16, 0.32) * product.half_x
        askew = float(rng.choice((-1, 1))) * rng.uniform(0.07, 0.17)
    turn = rng.uniform(-0.4, 0.4) + (np.pi if rng.random() < 0.5 else 0.0)
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    x, y = 0.5 * (place.x + WIDTH / 2), 0.5 * (place.y + HEIGHT / 2)
    body = make_half(rng, product, Place(x - cos * pulled / 2, y - sin * pulled / 2, turn), cap=False, mouth=apart)
    cap = make_half(
        rng, product, Place(x + cos * pulled / 2, y + sin * pulled / 2, turn + askew), cap=True, mouth=apart
    )
    off = (product.seam + 0.21) * product.half_x
    return _Opened((body, cap), Place(x + cos * off, y + sin * off, turn), spilt=apart and bool(rng.random() < 0.6))


def _spill(rng: Random, product: Loose, mouth: Place, pixels: F32) -> F32:
    """Powder on the tray at the mouth of an open capsule; its coverage."""
    x, y = frame_axes(WIDTH, HEIGHT)
    wide, high = rng.uniform(0.5, 0.9, 2) * product.radius
    away_x, away_y = x - np.float32(mouth.x + rng.normal() * 6), y - np.float32(mouth.y + rng.normal() * 6)
    grains = (
        0.6 * noise(rng, HEIGHT, WIDTH, 1) + 0.5 * noise(rng, HEIGHT, WIDTH, 2) + 0.5 * noise(rng, HEIGHT, WIDTH, 9)
    )
    powder = gaussian(f32(grains > 2.0 * ((away_x / wide) ** 2 + (away_y / high) ** 2) - 1.0), 0.7)
    pixels *= (1 - powder)[..., None]
    pixels += product.core * (powder * (0.94 + 0.05 * grains))[..., None]
    return powder


def _lay(product: Loose, body: Body, tray: Tray, pixels: F32) -> None:
    """The unit's shadow, then the unit."""
    lamp_x, lamp_y, lamp_z = product.lamp
    cover = _on_frame(body, body.cover)
    tall = 0.3 * product.radius / max(0.4, lamp_z)
    small = f32(cv2.resize(cover, (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_AREA))
    far = f32(cv2.resize(gaussian(small, max(1.0, tall / 8)), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR))
    moved = f32([[1, 0, -lamp_x * tall], [0, 1, -lamp_y * tall]])
    far = f32(cv2.warpAffine(far, moved, (WIDTH, HEIGHT)))
    near = gaussian(cover, 3.0)
    dark = 1 - tray.shadow * np.clip(far, 0, 1) - 0.3 * near * (1 - tray.shadow)
    if product.is_soft:
        pixels *= 1 - (1 - f32(dark))[..., None] * (1 - 0.6 * product.colour / 255)
    else:
        pixels *= f32(dark)[..., None]
    seen, own = _windows(body)
    ground = np.empty((*body.cover.shape, 3), np.float32)
    ground[:] = tray.colour
    ground[own] = pixels[seen]
    pixels[seen] = laid(product, body, ground)[own]


def _windows(body: Body) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The frame's part that the body's window covers, and the window's part that the frame shows."""
    x0, y0 = max(0, body.left), max(0, body.top)
    x1, y1 = min(WIDTH, body.left + body.side), min(HEIGHT, body.top + body.side)
    own = (slice(y0 - body.top, y1 - body.top), slice(x0 - body.left, x1 - body.left))
    return (slice(y0, y1), slice(x0, x1)), own


def _on_frame(body: Body, field: F32) -> F32:
    whole = np.zeros((HEIGHT, WIDTH), np.float32)
    seen, own = _windows(body)
    whole[seen] = field[own]
    return whole


def _mark(body: Body, zones: NDArray[np.uint8]) -> None:
    seen, own = _windows(body)
    there = zones[seen]
    foot = body.foot
    there[foot[own]] = _TABLET
    if body.text.any():
        written = cv2.morphologyEx((body.text > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((25, 25), np.uint8))
        written = cv2.dilate(written, np.ones((7, 7), np.uint8))
        there[(np.asarray(written) > 0)[own] & foot[own]] = _IMPRINT


LOOSE: Final[Family] = Family(
    name="loose",
    classes=CLASSES,
    zones=ZONES,
    smallest_mm={
        "spot": 0.3,
        "chip": 0.5,
        "stain": 1.0,
        "crack": 1.5,
        "capping": 2.0,
        "picking": 0.7,
        "coating peel": 0.7,
        "imprint missing": 0.7,
        "capsule dent": 1.5,
        "capsule hole": 0.5,
    },
    thin=frozenset({"spot"}),
    draw=draw,
)
