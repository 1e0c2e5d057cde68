"""The blister family: a pack of pockets, each with its tablet, and what can be wrong with them."""

from typing import Final, get_args

import numpy as np

from cameras.render.blister.cell import fill_cell
from cameras.render.blister.pack import Kind, Pack, Wanted
from cameras.render.blister.pocket import draw_pocket
from cameras.render.blister.style import Product, choose_layout, choose_product
from cameras.render.blister.tablet import Tablet, canvas_radius, draw_tablet
from cameras.render.blister.web import draw_web
from cameras.render.canvas import Canvas, Place, Shadow
from cameras.render.lettering import choose_lettering
from cameras.render.raster import SUB, Random, noise
from cameras.render.scene import Drawn, Family, Scene
from cameras.render.truth import CLASSES, HEIGHT, WIDTH, ZONES, Content

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_SHARES: Final = (0.07, 0.15, 0.07, 0.14, 0.11, 0.07, 0.02, 0.13, 0.09, 0.07, 0.08)
_DENSE_SHARES: Final = (0.05, 0.18, 0.05, 0.11, 0.13, 0.08, 0.03, 0.14, 0.07, 0.05, 0.11)
_UNLIKE_THE_REST: Final = ("empty pocket", "break", "rogue product", "double fill")


def draw(rng: Random, look: Random, held_out: bool, content: Content) -> Scene:
    """One pack. `look` draws what all units of a product share, `rng` what is this unit's own."""
    layout = choose_layout(look, held_out=held_out)
    lettering = choose_lettering(look, held_out=held_out)
    product = choose_product(look, layout, lettering, held_out=held_out)
    web = draw_web(look, layout, lettering, held_out=held_out)
    pocket = draw_pocket(look, layout, product, held_out=held_out)
    tablets = _draw_tablets(look, product)
    canvas = Canvas(web.pixels, np.zeros((HEIGHT, WIDTH), np.uint8))
    pack = Pack(
        layout=layout,
        product=product,
        pocket=pocket,
        canvas=canvas,
        tablets=tablets,
        shadow=Shadow(look.uniform(0.1, 0.4), product.light[0] * 1.5, product.light[1] * 1.5),
        play=min(pocket.half_x - product.half_x, pocket.half_y - product.half_y) * 0.225,
        free_turn=np.radians(look.uniform(1, 9)) * 0.4,
        held_out=held_out,
    )
    plan = _plan(rng, layout.rows * layout.columns, content)
    found: list[Drawn] = []
    for cell in range(layout.rows * layout.columns):
        row, column = divmod(cell, layout.columns)
        drawn = fill_cell(rng, pack, row, column, Place(web.origin_x, web.origin_y), plan.get(cell))
        if drawn is not None:
            found.append(drawn)
    if look.random() < 0.12:  # a speckled product
        speckle = look.uniform(0.02, 0.07) * noise(rng, HEIGHT, WIDTH, 1) * (canvas.zones == ZONES.index("tablet"))
        canvas.pixels[:] *= (1 + speckle)[..., None]
    return Scene(
        pixels=canvas.pixels,
        zones=canvas.zones,
        film=web.film,
        background=web.background,
        px_per_mm=layout.px_per_mm,
        unit_area_mm2=float(tablets[0].drawn[..., 3].sum()) / (SUB * layout.px_per_mm) ** 2,
        drawn=tuple(found),
        planned=len(plan),
        groups={"shape": product.shape, "foil": web.foil, "layout": f"{layout.rows}x{layout.columns}"},
    )


def _draw_tablets(rng: Random, product: Product) -> tuple[Tablet, ...]:
    """One tablet, or three turns of it where a round one can come to lie at any angle."""
    radius = canvas_radius(product.half_x, product.half_y)
    turns = product.shape == "round" and product.imprint.kind not in ("none", "ring") and rng.random() < 0.7
    angles = (0.0, *(rng.uniform(-180, 180) for _ in range(2 if turns else 0)))
    return tuple(Tablet.of(draw_tablet(product, radius, turn_deg=angle)) for angle in angles)


def _plan(rng: Random, cells: int, content: Content) -> dict[int, Wanted]:
    """Which pockets get which defect."""
    match content:
        case "good":
            count = 0
        case "defective":
            count = 1 + int(rng.choice(3, p=(0.45, 0.35, 0.2)))
        case "mixed":
            count = 0 if rng.random() < 0.4 else 1 + int(rng.choice(4, p=(0.4, 0.3, 0.2, 0.1)))
        case "dense":
            count = min(int(rng.integers(3, 10)), max(3, cells // 2))
    dense = content == "dense"
    shares = np.array(_DENSE_SHARES if dense else _SHARES)
    shares /= shares.sum()
    plan: dict[int, Wanted] = {}
    unlike = 0
    for cell in rng.choice(cells, min(count, cells), replace=False):
        kind = _KINDS[int(rng.choice(len(_KINDS), p=shares))]
        if kind in _UNLIKE_THE_REST:  # keep most pockets alike: what is odd is told by its neighbours
            unlike += 1
            if unlike > max(1, cells // 3):
                kind = "chip"
        plan[int(cell)] = Wanted(kind, small=dense and bool(rng.random() < 0.5))
    return plan


BLISTER: Final = Family(
    name="blister",
    classes=CLASSES,
    zones=ZONES,
    smallest_mm={"spot": 0.5, "chip": 1.0, "fragment": 1.0, "stain": 1.5, "crack": 2.0},
    thin=frozenset({"spot"}),
    draw=draw,
)
