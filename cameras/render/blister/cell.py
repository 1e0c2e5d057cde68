"""One pocket of the pack: its tablet, and the defect wanted in it.

A defect that finds no fair place is left out, and the tablet is then good; what is returned was really drawn.
"""

from dataclasses import dataclass, replace

import numpy as np

from cameras.render import colour
from cameras.render.blister.damage import Damage, draw_break, draw_chip, draw_crack, draw_stain
from cameras.render.blister.pack import Pack, Wanted
from cameras.render.blister.pieces import draw_fragment, lay_on_tablet
from cameras.render.blister.style import Product
from cameras.render.blister.tablet import Tablet, canvas_radius, draw_tablet
from cameras.render.canvas import Canvas, Place, Shadow, contrast_made, coverage_of
from cameras.render.particles import Particle, draw_fibre, draw_speck
from cameras.render.raster import F32, SUB, Random, area_filtered, f32, length, pick
from cameras.render.scene import Drawn
from cameras.render.shapes import distance_at
from cameras.render.truth import HEIGHT, POCKET, TABLET, WIDTH


@dataclass(frozen=True, slots=True)
class _Cell:
    """One pocket: its middle, and where its tablet came to lie."""

    middle: Place
    tablet: Place
    gain: float
    template: Tablet


def fill_cell(rng: Random, pack: Pack, row: int, column: int, origin: Place, wanted: Wanted | None) -> Drawn | None:
    """Shade one pocket, put its tablet in, draw the wanted defect, and lay the film's glare on top."""
    x = origin.x + (column + 0.5) * pack.layout.pitch_x
    y = origin.y + (row + 0.5) * pack.layout.pitch_y
    cell = _Cell(
        middle=Place(x, y),
        tablet=Place(x + rng.normal() * pack.play, y + rng.normal() * pack.play, rng.normal() * pack.free_turn),
        gain=rng.uniform(0.985, 1.015),
        template=pick(rng, pack.tablets),
    )
    pack.canvas.shade(pack.pocket.gain, cell.middle)
    pack.canvas.mark(pack.pocket.interior, cell.middle, POCKET)
    drawn = _fill(rng, pack, cell, wanted)
    pack.canvas.brighten(f32(pack.pocket.glare * rng.uniform(0.7, 1.2)), cell.middle)
    return drawn


def _fill(rng: Random, pack: Pack, cell: _Cell, wanted: Wanted | None) -> Drawn | None:
    if wanted is None:
        _lay_tablet(pack, cell.template, cell)
        return None
    match wanted.kind:
        case "empty pocket":
            return _leave_empty(pack, cell)
        case "rogue product":
            return _lay_rogue(rng, pack, cell)
        case "double fill":
            return _lay_double(rng, pack, cell)
        case "fragment":
            _lay_tablet(pack, cell.template, cell)
            piece = draw_fragment(
                rng, pick(rng, pack.product.colours), pack.layout.px_per_mm, longest_mm=1.4 if wanted.small else 3.2
            )
            return _lay_beside(rng, pack, cell, piece, "fragment")
        case "spot in pocket":
            _lay_tablet(pack, cell.template, cell)
            speck = _pocket_speck(rng, pack, cell, small=wanted.small)
            return None if speck is None else _lay_beside(rng, pack, cell, speck, "spot")
        case "spot on foil":
            _lay_tablet(pack, cell.template, cell)
            return _lay_on_foil(rng, pack, cell, small=wanted.small)
        case "chip" | "break" | "crack" | "stain" | "spot on tablet":
            return _lay_damaged(rng, pack, cell, wanted)


def _lay_tablet(pack: Pack, tablet: Tablet, cell: _Cell) -> None:
    pack.canvas.lay(tablet.filtered, cell.tablet, gain=cell.gain, shadow=pack.shadow)
    pack.canvas.mark(tablet.outline, cell.tablet, TABLET)


def _mm(pack: Pack, length_sub: float) -> float:
    return length_sub / SUB / pack.layout.px_per_mm


def _mm2(pack: Pack, area_sub: float) -> float:
    return area_sub / (SUB * pack.layout.px_per_mm) ** 2


def _leave_empty(pack: Pack, cell: _Cell) -> Drawn:
    coverage = coverage_of(pack.pocket.interior, cell.middle)
    area = float(coverage.sum()) / pack.layout.px_per_mm**2
    across = _mm(pack, length(pack.pocket.interior > 0.5))
    return Drawn("empty pocket", coverage, across, area, whole=True)


def _rogue_product(rng: Random, pack: Pack) -> Product:
    """Another colour, another shape or another size, still one that fits the pocket."""
    product, pocket = pack.product, pack.pocket
    other = pick(rng, ("colour", "colour", "shape", "size"))
    if other == "colour":
        body = product.colour
        for _ in range(40):
            body = colour.tablet_colour(rng, held_out=pack.held_out)
            if colour.distance(body, product.colour) > 13:
                break
        cap = product.cap_colour
        if cap is not None and rng.random() < 0.5:
            cap = colour.tablet_colour(rng, held_out=pack.held_out)
        return replace(product, colour=body, cap_colour=cap)
    if other == "size":
        share = rng.uniform(0.7, 0.84)
        return replace(product, half_x=product.half_x * share, half_y=product.half_y * share)
    if product.shape in ("round", "cushion"):
        long, short = product.half_x * 1.12, product.half_x * rng.uniform(0.5, 0.66)
        half_x, half_y = (long, short) if rng.random() < 0.5 else (short, long)
        return replace(product, shape=pick(rng, ("oval", "capsule", "oblong")), half_x=half_x, half_y=half_y)
    half = float(
        min(min(pocket.half_x, pocket.half_y) * 0.97, np.sqrt(product.half_x * product.half_y) * rng.uniform(0.9, 1.0))
    )
    return replace(product, shape="round", half_x=half, half_y=half, cap_colour=None)


def _lay_rogue(rng: Random, pack: Pack, cell: _Cell) -> Drawn:
    rogue = _rogue_product(rng, pack)
    radius = canvas_radius(pack.product.half_x, pack.product.half_y)
    tablet = Tablet.of(draw_tablet(rogue, radius, imprinted=rng.random() < 0.6))
    _lay_tablet(pack, tablet, cell)
    area = _mm2(pack, float(tablet.drawn[..., 3].sum()))
    across = _mm(pack, length(tablet.drawn[..., 3] > 0.5))
    return Drawn("rogue product", coverage_of(tablet.outline, cell.tablet), across, area, whole=True)


def _lay_double(rng: Random, pack: Pack, cell: _Cell) -> Drawn:
    _lay_tablet(pack, cell.template, cell)
    toward, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.36, 0.66) * 1.1
    upper = Place(
        cell.tablet.x + float(np.cos(toward)) * out * pack.product.half_x,
        cell.tablet.y + float(np.sin(toward)) * out * pack.product.half_y,
        cell.tablet.turn + rng.normal() * 0.35,
    )
    shadow = Shadow(max(0.25, pack.shadow.strength), pack.shadow.dx * 1.5, pack.shadow.dy * 1.5)
    gain = cell.gain * rng.uniform(0.97, 1.03)
    outline = cell.template.outline
    pack.canvas.lay(cell.template.filtered, upper, gain=gain, shadow=shadow)
    pack.canvas.mark(outline, upper, TABLET)
    coverage = np.maximum(coverage_of(outline, cell.tablet), coverage_of(outline, upper))
    scale = pack.layout.px_per_mm
    return Drawn("double fill", coverage, length(coverage > 0.5) / scale, float(coverage.sum()) / scale**2, whole=True)


def _damaged(rng: Random, pack: Pack, cell: _Cell, wanted: Wanted) -> Damage | None:
    scale = pack.layout.px_per_mm
    match wanted.kind:
        case "chip":
            return draw_chip(rng, cell.template.drawn, scale, small=wanted.small)
        case "break":
            return draw_break(rng, cell.template.drawn)
        case "crack":
            return draw_crack(rng, cell.template.drawn, scale, small=wanted.small)
        case "stain":
            return draw_stain(rng, cell.template.drawn, pack.product, scale, faint=wanted.small)
        case _:
            tone = colour.particle_colour(rng, unlike=pack.product.colours, least=34)
            shortest, longest = (0.35, 0.8) if wanted.small else (0.32, 1.7)
            speck = draw_speck(rng, tone, scale, shortest_mm=shortest, longest_mm=longest)
            return None if speck is None else lay_on_tablet(rng, cell.template.drawn, speck)


def _lay_damaged(rng: Random, pack: Pack, cell: _Cell, wanted: Wanted) -> Drawn | None:
    damage: Damage | None = None
    for _ in range(6):
        damage = _damaged(rng, pack, cell, wanted)
        if damage is not None:
            break
    if damage is None:
        _lay_tablet(pack, cell.template, cell)
        return None
    intact = Canvas(pack.canvas.pixels.copy(), pack.canvas.zones)
    intact.lay(cell.template.filtered, cell.tablet, gain=cell.gain, shadow=pack.shadow)
    pack.canvas.lay(area_filtered(damage.tablet), cell.tablet, gain=cell.gain, shadow=pack.shadow)
    pack.canvas.mark(cell.template.outline, cell.tablet, TABLET)
    coverage = coverage_of(area_filtered(damage.mask.astype(np.float32)), cell.tablet)
    return Drawn(
        defect="spot" if wanted.kind == "spot on tablet" else wanted.kind,
        coverage=coverage,
        length_mm=_mm(pack, damage.length_sub),
        area_mm2=_mm2(pack, damage.area_sub),
        contrast=contrast_made(intact.pixels, pack.canvas.pixels, coverage),
        distinct=damage.distinct,
    )


def _lay_loose(pack: Pack, particle: Particle, place: Place, defect: str, shadow: Shadow) -> Drawn:
    before = pack.canvas.pixels.copy()
    pack.canvas.lay(area_filtered(particle.patch), place, shadow=shadow)
    coverage = coverage_of(area_filtered(particle.mask.astype(np.float32)), place)
    return Drawn(
        defect=defect,
        coverage=coverage,
        length_mm=_mm(pack, particle.length_sub),
        area_mm2=_mm2(pack, particle.area_sub),
        contrast=contrast_made(before, pack.canvas.pixels, coverage),
    )


def _colour_at(pack: Pack, place: Place) -> F32:
    y, x = int(np.clip(place.y, 0, HEIGHT - 1)), int(np.clip(place.x, 0, WIDTH - 1))
    return f32(pack.canvas.pixels[y, x].copy())


def _pocket_speck(rng: Random, pack: Pack, cell: _Cell, *, small: bool) -> Particle | None:
    beside = Place(cell.middle.x + pack.pocket.half_x * 0.94, cell.middle.y)
    tone = colour.particle_colour(rng, unlike=(_colour_at(pack, beside), *pack.product.colours), least=30)
    shortest, longest = (0.35, 0.8) if small else (0.35, 1.4)
    return draw_speck(rng, tone, pack.layout.px_per_mm, shortest_mm=shortest, longest_mm=longest)


def _lay_beside(rng: Random, pack: Pack, cell: _Cell, particle: Particle, defect: str) -> Drawn:
    """In the pocket's free ring, clear of the tablet where there is room."""
    half_x, half_y = pack.product.half_x, pack.product.half_y
    place = cell.middle
    for _ in range(60):
        toward, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.72, 0.95)
        place = Place(
            cell.middle.x + float(np.cos(toward)) * pack.pocket.half_x * out,
            cell.middle.y + float(np.sin(toward)) * pack.pocket.half_y * out,
        )
        x, y = place.x - cell.tablet.x, place.y - cell.tablet.y
        if distance_at(pack.product.shape, x, y, half_x, half_y) > 0.12 * particle.length_sub / SUB:
            break
    shadow = Shadow(max(0.22, pack.shadow.strength), pack.shadow.dx, pack.shadow.dy)
    return _lay_loose(pack, particle, place, defect, shadow)


def _lay_on_foil(rng: Random, pack: Pack, cell: _Cell, *, small: bool) -> Drawn | None:
    """A speck or a fibre on the flat web of this cell; None where the pocket leaves no web."""
    for _ in range(40):
        x = rng.uniform(-0.5, 0.5) * pack.layout.pitch_x
        y = rng.uniform(-0.5, 0.5) * pack.layout.pitch_y
        place = Place(cell.middle.x + x, cell.middle.y + y, rng.uniform(0, 2 * np.pi))
        clear = distance_at(pack.pocket.shape, x, y, pack.pocket.half_x, pack.pocket.half_y) > 3
        if clear and 6 < place.x < WIDTH - 6 and 6 < place.y < HEIGHT - 6:
            break
    else:
        return None
    scale = pack.layout.px_per_mm
    tone = colour.particle_colour(rng, unlike=(_colour_at(pack, place), *pack.product.colours), least=22)
    if not small and rng.random() < 0.25:
        particle = draw_fibre(rng, tone, scale)
    else:
        shortest, longest = (0.35, 0.8) if small else (0.32, 2.6)
        particle = draw_speck(rng, tone, scale, shortest_mm=shortest, longest_mm=longest)
    if particle is None:
        return None
    return _lay_loose(pack, particle, place, "spot", Shadow(0.1, pack.shadow.dx, pack.shadow.dy))
