"""What is this unit's own: how full it is, the state of its content and closure, and the grain that nothing repeats."""

from dataclasses import dataclass

import numpy as np

from cameras.render.raster import F32, Random, f32, gaussian, noise, slow_field
from cameras.render.vial.stage import Stage


@dataclass(frozen=True, slots=True)
class Grain:
    """Textures of one unit; the same whether it is drawn intact or not, so that only its defect differs."""

    white: F32  # (rows, columns) unit noise
    soft: F32
    coarse: F32
    slow: F32
    metal: F32  # (1, columns) about unit amplitude
    wall: F32  # (1, columns) slow
    top: F32  # (1, columns) slow
    drops: tuple[tuple[float, float, float], ...]  # x, y and radius in mm of bubbles and condensed drops


@dataclass(frozen=True, slots=True)
class Haze:
    """A liquid that is not clear."""

    strength: float  # 0..1
    tone: F32
    swirl: float
    sediment_mm: float  # height of what has settled, 0 where nothing has
    flocs: float  # 0..1


@dataclass(frozen=True, slots=True)
class Lid:
    """State of a vial's stopper, seal and cap."""

    stopper: bool = True
    seal: bool = True
    button: bool = True
    colour: F32 | None = None  # of a wrong cap
    raised_mm: float = 0.0
    tilt: float = 0.0
    flare_mm: float = 0.0  # how far the untucked skirt stands off
    side: int = 0  # on which side it is open: -1, 1, or 0 all round


@dataclass(frozen=True, slots=True)
class Cake:
    """The silhouette of a lyophilised cake."""

    top: F32  # (1, columns) mm above the foot
    left: F32  # (rows, 1) mm off the axis, negative
    right: F32
    residue_mm: float = 0.0  # up to which height a film is left on the wall; 0: none
    melted: F32 | None = None  # (rows, columns) where it is glassy
    lumpy: float = 0.0


@dataclass(frozen=True, slots=True)
class Unit:
    level_mm: float  # meniscus above the foot; 0: no product
    haze: Haze | None
    lid: Lid
    cake: Cake | None
    grain: Grain
    charred: F32 | None = None  # (rows, columns) soot on an ampoule's tip


def choose_unit(rng: Random, stage: Stage) -> Unit:
    rows, columns = stage.shape
    grain = Grain(
        white=noise(rng, rows, columns),
        soft=noise(rng, rows, columns, 1),
        coarse=noise(rng, rows, columns, 4),
        slow=slow_field(rng, rows, columns, 5),
        metal=_along(rng, columns, 1.5),
        wall=_along(rng, columns, columns / 14),
        top=_along(rng, columns, columns / 9),
        drops=_drops(rng, stage),
    )
    style = stage.style
    level = style.fill_mm + float(np.clip(rng.normal(), -2, 2)) * 0.22
    cake = intact_cake(rng, stage, grain, level) if style.content == "cake" else None
    return Unit(level, None, Lid(), cake, grain)


def intact_cake(rng: Random, stage: Stage, grain: Grain, level: float) -> Cake:
    """Flat-topped with a low rim where it climbed the wall, touching the glass all round."""
    radius = stage.style.container.radius - stage.style.container.wall
    climb = rng.uniform(0.1, 0.6) * np.exp(-(radius - np.minimum(np.abs(stage.x), radius)) / 0.9)
    top = level + climb + grain.top * rng.uniform(0.04, 0.22) - rng.uniform(0, 0.5) * (1 - (stage.x / radius) ** 2)
    wide = stage.outline.inner
    return Cake(f32(top), f32(-wide), f32(wide))


def _along(rng: Random, columns: int, sigma: float) -> F32:
    line = gaussian(rng.standard_normal((1, columns)).astype(np.float32), sigma)
    return f32(line / max(1e-6, float(line.std())))


def _drops(rng: Random, stage: Stage) -> tuple[tuple[float, float, float], ...]:
    """A few bubbles at the meniscus of some units."""
    style = stage.style
    if style.content == "cake" or rng.random() > 0.3:
        return ()
    reach = (style.container.radius - style.container.wall) * 0.92
    count = int(rng.integers(1, 6))
    near = rng.uniform(-reach, reach)
    return tuple(
        (float(np.clip(near + rng.normal() * 1.2, -reach, reach)), 0.0, rng.uniform(0.18, 0.5)) for _ in range(count)
    )
