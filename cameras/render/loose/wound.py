"""What the defects of a loose tablet or capsule are made with: a place, a shape there, material torn or opened."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from cameras.render.loose.style import Loose
from cameras.render.loose.unit import Body
from cameras.render.raster import F32, Mask, Random, f32, gaussian, grown, length, noise, shrunk
from cameras.render.shapes import blob


@dataclass(frozen=True, slots=True)
class Wound:
    """A damaged body and what is known of the damage, in frame pixels of its window."""

    body: Body
    mask: Mask
    length_px: float
    area_px: float
    distinct: bool = True

    @classmethod
    def of(cls, body: Body, mask: Mask, *, core: Mask | None = None, distinct: bool = True) -> "Wound":
        measured = mask if core is None else core
        return cls(body, mask, length(measured), float(measured.sum()), distinct)


def tear(rng: Random, product: Loose, body: Body, inward: F32, *, deepest: F32, rough: float = 1.0) -> Body:
    """Take material away where `inward` is positive: rough, matt core at a lower level."""
    side, scale = body.side, product.px_per_mm
    share = np.clip(inward + 0.5, 0, 1)
    waves = 0.05 * noise(rng, side, side, 9) + 0.02 * noise(rng, side, side, 4)
    grit = waves * scale + 0.45 * noise(rng, side, side, 2) + 0.2 * noise(rng, side, side, 1)
    # a crown or a flake tears nearly level; a chip does not follow the face it is torn from
    kept = body.relief * (1 - 0.25 * share) if rough == 1 else body.relief
    relief = kept - deepest + rough * share * grit
    grain = 0.025 * noise(rng, side, side, 2) + 0.03 * noise(rng, side, side, 4)
    core = _core_under(product, body) * (1 + grain)[..., None]
    albedo = body.albedo * (1 - share[..., None]) + core * share[..., None]
    return replace(body, relief=f32(relief), albedo=f32(albedo), sheen=f32(body.sheen * (1 - share)))


def _core_under(product: Loose, body: Body) -> F32:
    if product.coat != "two-layer" or product.second is None:
        return product.core
    upper = (body.v > product.seam * product.half_y)[..., None]
    return f32(np.where(upper, product.second, product.colour))


def open_along(product: Loose, body: Body, line: F32, *, strength: float) -> Wound | None:
    """Open the body along a line."""
    core = line > 0.4
    if not core.any():
        return None
    deep = gaussian(line, 0.7)
    relief = f32(body.relief - 2.2 * deep)
    dark = f32(product.colour.mean() > 60)
    toward = f32([12, 10, 9]) if dark else f32([170, 165, 160])
    share = (strength * line)[..., None]
    opened = replace(body, relief=relief, albedo=f32(body.albedo * (1 - share) + toward * share))
    return Wound.of(opened, grown(core, 3) & body.foot, core=core, distinct=strength >= 0.4)


def place_inside(rng: Random, body: Body, margin: int) -> F32:
    """A point (x, y) of the window well inside the unit."""
    found = place_on(rng, shrunk(body.foot, margin))
    if found is None:
        found = place_on(rng, body.foot)
    assert found is not None  # a unit covers something
    return found


def place_on_rim(rng: Random, body: Body, *, inset: float) -> F32:
    """A point (x, y) of the window about `inset` inside the outline, any direction alike."""
    found = place_on(rng, np.abs(body.outside + inset) < 1.5)
    return place_inside(rng, body, 3) if found is None else found


def place_on(rng: Random, mask: Mask) -> F32 | None:
    """A point (x, y) of a mask, if there is one."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return None
    index = int(rng.integers(len(rows)))
    return f32([columns[index], rows[index]])


def blob_at(rng: Random, body: Body, at: F32, radius: float, *, flattening: float, roughness: float) -> F32:
    """A noisy closed shape about a point of the window: positive inside, about a distance in pixels."""
    drawn = blob(rng, int(radius * 4.4 + 12) | 1, radius, flattening=flattening, roughness=roughness)
    middle = (drawn.shape[0] - 1) / 2
    matrix = f32([[1, 0, at[0] - middle], [0, 1, at[1] - middle]])
    beyond = (-2.0 * radius - 9,)
    return f32(cv2.warpAffine(drawn, matrix, (body.side, body.side), borderValue=beyond))
