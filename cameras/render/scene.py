"""What one family draws, and how a drawn scene becomes a photograph with its truth.

A family draws flat, evenly lit things: light, the camera's place, blur, noise and coding are the same for all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.optics import CameraPlace, choose_camera_place, light_up, photograph
from cameras.render.raster import F32, Random
from cameras.render.truth import HEIGHT, NO_CONTRAST, SMALLEST_CONTRAST, WIDTH, Content, Rendered, TrueDefect


@dataclass(frozen=True, slots=True)
class Drawn:
    """A defect on the flat scene, before the camera sees it."""

    defect: str
    coverage: F32  # (HEIGHT, WIDTH)
    length_mm: float
    area_mm2: float
    contrast: float = NO_CONTRAST
    distinct: bool = True
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One unit as it was drawn."""

    pixels: F32  # (HEIGHT, WIDTH, 3), 0..255 but not clipped
    zones: NDArray[np.uint8]  # (HEIGHT, WIDTH) index into the family's zones
    film: F32  # (HEIGHT, WIDTH) 1 where a lamp can make streaks of glare, 0 where not
    background: F32 | None  # (3,) what lies beyond the picture's edge; None: its edge goes on
    px_per_mm: float
    unit_area_mm2: float  # nominal, seen by the camera: what limits in % refer to
    drawn: tuple[Drawn, ...]
    planned: int  # defects that were asked for: some cannot be drawn where they were wanted
    groups: Mapping[str, str] = field(default_factory=dict)  # subgroups that are reported apart


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of product: the words of its truth, and how it is drawn."""

    name: str
    classes: tuple[str, ...]
    zones: tuple[str, ...]
    smallest_mm: Mapping[str, float]  # length from which on a defect counts as specified; 0 where it is not named
    thin: frozenset[str]  # classes whose masks are wider than they are: their area tells nothing about a cut
    draw: Callable[[Random, Random, bool, Content], Scene]  # unit's own draws, its product's, held-out styles, content


def photographed(scene: Scene, family: Family, rng: Random, look: Random, seed: int, *, held_out: bool) -> Rendered:
    """Light the scene, take its picture and say what the camera sees of every defect.

    Args:
        rng: this unit's own draws.
        look: what all units of a product share: lamp and the camera's place.
    """
    lit = light_up(look, scene.pixels, scene.film, held_out=held_out)
    place = choose_camera_place(look)
    pixels = photograph(rng, lit, place, scene.background, held_out=held_out)
    zones = place.seen_zones(scene.zones)
    px_per_mm = scene.px_per_mm * place.zoom
    truths = (_truth(drawn, family, place, zones, px_per_mm) for drawn in scene.drawn)
    return Rendered(
        pixels=pixels,
        mm_per_px=1 / px_per_mm,
        zones=zones,
        unit_area_mm2=scene.unit_area_mm2,
        defects=tuple(truth for truth in truths if truth is not None),
        groups=scene.groups,
        family=family.name,
        held_out=held_out,
        seed=seed,
    )


def _truth(
    drawn: Drawn, family: Family, place: CameraPlace, zones: NDArray[np.uint8], px_per_mm: float
) -> TrueDefect | None:
    """What the camera sees of a defect; None where it covers less than a third of any pixel."""
    mask = (np.clip(place.seen(drawn.coverage), 0, 1) * 255).astype(np.uint8)
    points = cv2.findNonZero((mask > 90).astype(np.uint8))
    if points is None:
        return None
    x, y, wide, high = cv2.boundingRect(points)
    x0, y0, x1, y1 = max(0, x - 2), max(0, y - 2), min(WIDTH, x + wide + 2), min(HEIGHT, y + high + 2)
    own = mask[y0:y1, x0:x1].copy()
    touches_edge = x <= 1 or y <= 1 or x + wide >= WIDTH - 1 or y + high >= HEIGHT - 1
    thin = drawn.whole or drawn.defect in family.thin
    cut = not thin and len(points) < 0.6 * drawn.area_mm2 * px_per_mm**2
    large = drawn.length_mm >= family.smallest_mm.get(drawn.defect, 0.0)
    distinct = drawn.distinct and drawn.contrast >= SMALLEST_CONTRAST
    votes = np.bincount(zones[y0:y1, x0:x1].ravel(), weights=own.ravel(), minlength=len(family.zones))
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
        zone=family.zones[int(votes.argmax())],
    )
