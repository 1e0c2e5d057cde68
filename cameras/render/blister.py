"""`render`: one frame of one blister pack from a seed, with the truth about every defect in it.

The same seed, styles and content give the same bytes on one machine and library version, whatever the thread count.
"""

from typing import Final, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import CameraError
from cameras.render.canvas import Canvas, Place, Shadow
from cameras.render.cell import fill_cell
from cameras.render.optics import CameraPlace, choose_camera_place, light_up, photograph
from cameras.render.pack import Drawn, Kind, Pack, Wanted
from cameras.render.pocket import draw_pocket
from cameras.render.raster import SUB, Random, noise
from cameras.render.style import Product, choose_layout, choose_lettering, choose_product
from cameras.render.tablet import Tablet, canvas_radius, draw_tablet
from cameras.render.truth import (
    HEIGHT,
    SMALLEST_CONTRAST,
    WIDTH,
    ZONES,
    Content,
    Rendered,
    TrueDefect,
    smallest_mm,
)
from cameras.render.web import draw_web

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_SHARES: Final = (0.07, 0.15, 0.07, 0.14, 0.11, 0.07, 0.02, 0.13, 0.09, 0.07, 0.08)
_DENSE_SHARES: Final = (0.05, 0.18, 0.05, 0.11, 0.13, 0.08, 0.03, 0.14, 0.07, 0.05, 0.11)
_UNLIKE_THE_REST: Final = ("empty pocket", "break", "rogue product", "double fill")
_ATTEMPTS: Final = 20
_LOOKS: Final = 1_000_003  # keeps a product's draws apart from those of any unit


def render(seed: int, *, held_out: bool = False, content: Content = "mixed", product: int | None = None) -> Rendered:
    """Draw one frame.

    Args:
        seed: not negative; names the frame.
        held_out: draw from the styles kept for judging: other layouts, hues, shapes, foils, lamps and typefaces.
        content: "good" has no defect, "defective" one to three, "mixed" none in two of five frames and else one to
            four, "dense" three to nine, small and faint ones more often (to learn from, not to judge by).
        product: not negative; frames of one product show one batch under one camera: the same tablet, foil, print,
            lamp and scale, so that only the units differ. None: every seed has a product of its own.

    Raises:
        CameraError: the seed or the product is negative.
    """
    if seed < 0:
        raise CameraError(f"render: seed {seed} is negative. Nothing was drawn. Give a seed from 0 up.")
    if product is not None and product < 0:
        raise CameraError(f"render: product {product} is negative. Nothing was drawn. Give a product from 0 up.")
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng((seed, attempt))
        look = rng if product is None else np.random.default_rng((product, _LOOKS))
        frame, planned = _draw(rng, look, seed, held_out=held_out, content=content)
        if frame.defects or planned == 0:
            return frame
    raise CameraError(
        f"render: seed {seed}: none of the defects of {_ATTEMPTS} attempts could be drawn. Use another seed."
    )


def _draw(rng: Random, look: Random, seed: int, *, held_out: bool, content: Content) -> tuple[Rendered, int]:
    """`look` draws what all units of a product share, `rng` what is this unit's own."""
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
    lit = light_up(look, canvas.pixels, web.film, held_out=held_out)
    place = choose_camera_place(look)
    pixels = photograph(rng, lit, place, web.background, held_out=held_out)
    zones = place.seen_zones(canvas.zones)
    px_per_mm = layout.px_per_mm * place.zoom
    truths = (_truth(drawn, place, zones, px_per_mm) for drawn in found)
    frame = Rendered(
        pixels=pixels,
        mm_per_px=1 / px_per_mm,
        zones=zones,
        unit_area_mm2=float(tablets[0].drawn[..., 3].sum()) / (SUB * layout.px_per_mm) ** 2,
        defects=tuple(truth for truth in truths if truth is not None),
        rows=layout.rows,
        columns=layout.columns,
        shape=product.shape,
        foil=web.foil,
        held_out=held_out,
        seed=seed,
    )
    return frame, len(plan)


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


def _truth(drawn: Drawn, place: CameraPlace, zones: NDArray[np.uint8], px_per_mm: float) -> TrueDefect | None:
    """What the camera sees of a defect; None where it covers less than a third of any pixel."""
    mask = (np.clip(place.seen(drawn.coverage), 0, 1) * 255).astype(np.uint8)
    points = cv2.findNonZero((mask > 90).astype(np.uint8))
    if points is None:
        return None
    x, y, wide, high = cv2.boundingRect(points)
    x0, y0, x1, y1 = max(0, x - 2), max(0, y - 2), min(WIDTH, x + wide + 2), min(HEIGHT, y + high + 2)
    own = mask[y0:y1, x0:x1].copy()
    touches_edge = x <= 1 or y <= 1 or x + wide >= WIDTH - 1 or y + high >= HEIGHT - 1
    cut = not drawn.whole and drawn.defect != "spot" and len(points) < 0.6 * drawn.area_mm2 * px_per_mm**2
    large = drawn.length_mm >= smallest_mm(drawn.defect)
    distinct = drawn.distinct and drawn.contrast >= SMALLEST_CONTRAST
    votes = np.bincount(zones[y0:y1, x0:x1].ravel(), weights=own.ravel(), minlength=len(ZONES))
    return TrueDefect(
        defect=drawn.defect,
        length_mm=drawn.length_mm,
        area_mm2=drawn.area_mm2,
        length_px=drawn.length_mm * px_per_mm,
        contrast=drawn.contrast,
        specified=large and distinct and not touches_edge and not cut,
        whole=drawn.whole,
        box_px=(x0, y0, x1, y1),
        mask=own,
        zone=ZONES[int(votes.argmax())],
    )
