"""Where one vial or ampoule stands: its outline in mm, and the way from its own window into the frame.

A unit is drawn upright in a window of FINE times the frame, y in mm above its foot and x in mm off its axis.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.raster import F32, Mask, f32, gaussian
from cameras.render.truth import HEIGHT, WIDTH
from cameras.render.vial.style import FLANGE_MM, MIDDLE_X, Container, Style

FINE: Final = 2
_ASIDE_MM: Final = 3.5  # room for an open seal and a tilted stopper
_ABOVE_MM: Final = 6.0
_BELOW_MM: Final = 1.6


@dataclass(frozen=True, slots=True)
class Outline:
    """Radii of the glass for every row of the window, in mm; 0 where there is none."""

    outer: F32  # (rows, 1)
    inner: F32  # (rows, 1)
    slope: F32  # (rows, 1) change of the outer radius with height


@dataclass(frozen=True, slots=True)
class Stage:
    style: Style
    x: F32  # (1, columns) mm off the axis
    y: F32  # (rows, 1) mm above the foot
    scale: float  # window pixels per mm
    matrix: F32  # from the window into the frame
    outline: Outline

    @classmethod
    def of(cls, style: Style, *, shift_x: float, shift_y: float, tilt: float, tip_mm: float = 0.0) -> "Stage":
        scale = style.px_per_mm * FINE
        half = int((max(style.container.radius, style.container.rim) + _ASIDE_MM) * scale)
        rows = int((style.total_mm + _ABOVE_MM + _BELOW_MM) * scale)
        top = style.total_mm + _ABOVE_MM
        x = f32(np.arange(-half, half + 1) / scale)[None]
        y = f32(top - (np.arange(rows) + 0.5) / scale)[:, None]
        foot_x, foot_y = float(half), top * scale - 0.5
        cos, sin = float(np.cos(tilt)) / FINE, float(np.sin(tilt)) / FINE
        to_x = MIDDLE_X + shift_x - cos * foot_x + sin * foot_y
        to_y = style.base_y + shift_y - sin * foot_x - cos * foot_y
        matrix = f32([[cos, -sin, to_x], [sin, cos, to_y]])
        return cls(style, x, y, scale, matrix, outline_of(style.container, y, style.elevation, tip_mm=tip_mm))

    @property
    def shape(self) -> tuple[int, int]:
        return self.y.shape[0], self.x.shape[1]

    def column(self, x_mm: float) -> float:
        return float((self.x.shape[1] - 1) / 2 + x_mm * self.scale)

    def row(self, y_mm: float) -> float:
        return (float(self.y[0, 0]) - y_mm) * self.scale

    def rows(self, low_mm: float, high_mm: float) -> slice:
        """Rows of the window between two heights."""
        last = self.y.shape[0]
        return slice(int(np.clip(self.row(high_mm), 0, last)), int(np.clip(self.row(low_mm) + 1, 0, last)))

    def inner_at(self, y_mm: float) -> float:
        return float(self.outline.inner[int(np.clip(self.row(y_mm), 0, self.y.shape[0] - 1)), 0])

    def outer_at(self, y_mm: float) -> float:
        return float(self.outline.outer[int(np.clip(self.row(y_mm), 0, self.y.shape[0] - 1)), 0])

    def within(self, low: F32 | float, high: F32 | float) -> F32:
        """How much of every pixel lies between two heights, which may differ over the columns."""
        return f32(np.clip((self.y - low) * self.scale + 0.5, 0, 1) * np.clip((high - self.y) * self.scale + 0.5, 0, 1))

    def inside(self, radius: F32 | float) -> F32:
        """How much of every pixel lies nearer the axis than a radius, which may differ over the rows."""
        return f32(np.clip((radius - np.abs(self.x)) * self.scale + 0.5, 0, 1))

    def into_frame(self, field: F32) -> F32:
        """What the frame's pixels see of a field of the window."""
        soft = cv2.blur(field, (FINE, FINE))
        return f32(cv2.warpAffine(soft, self.matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR))

    def zones_in_frame(self, zones: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.warpAffine(zones, self.matrix, (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST), np.uint8)

    def behind(self, frame: F32) -> F32:
        """The part of a frame that lies behind the window."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (self.shape[1], self.shape[0])
        return f32(cv2.warpAffine(frame, self.matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))

    def mm2(self, mask: Mask) -> float:
        return float(mask.sum()) / self.scale**2


def outline_of(container: Container, y: F32, elevation: float, *, tip_mm: float = 0.0) -> Outline:
    """Radii at heights y.

    Args:
        container: nominal sizes.
        y: (rows, 1) mm above the foot, falling.
        elevation: how far the camera looks down: the foot's front edge then lies below 0.
        tip_mm: how much an ampoule's tip ends above (below) its nominal height.
    """
    flat = y[:, 0].astype(np.float64)
    nodes = _ampoule_nodes(container, tip_mm) if container.make == "ampoule" else _vial_nodes(container)
    heights, radii, bore = (np.array(column) for column in zip(*nodes, strict=True))
    step = float(flat[0] - flat[1])
    soft = 1.0 if container.make == "ampoule" else 0.45  # mm over which corners are round
    outer = _softened(np.interp(flat, heights, radii, left=radii[0], right=0), soft / step)
    inner = _softened(np.interp(flat, heights, bore, left=bore[0], right=0), soft / step)
    end = container.height + tip_mm
    if container.make == "ampoule":
        tip = radii[-1]
        dome = tip * np.sqrt(np.clip(1 - ((flat - (end - tip)) / tip) ** 2, 0, 1))
        outer = np.where(flat > end - tip, np.minimum(dome, outer + (flat > end - 2) * tip), outer)
        bead = end - 1.5 * tip  # above it the glass is molten together
        inner = inner * np.sqrt(np.clip((bead - flat) / tip, 0, 1))
    outer[flat > end] = 0
    inner[flat > end] = 0
    heel = min(0.3 * container.radius, 3.2 if container.make == "moulded" else 1.8)
    rounding = heel - np.sqrt(np.clip(heel**2 - (heel - flat) ** 2, 0, None))
    outer = np.where((flat >= 0) & (flat < heel), container.radius - rounding, outer)
    reach = elevation * (container.radius - heel)
    lens = (container.radius - heel) * np.sqrt(np.clip(1 - (flat / reach) ** 2, 0, 1))
    outer = np.where(flat < 0, lens, outer)
    inner[flat < container.base] = 0
    slope = np.gradient(outer, step)
    slope = np.where(flat < 0, 0, np.clip(slope, -8, 8))
    return Outline(f32(outer)[:, None], f32(inner)[:, None], f32(slope)[:, None])


def _softened(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    return gaussian(f32(values)[:, None], max(0.6, sigma))[:, 0].astype(np.float64)


def _vial_nodes(container: Container) -> list[tuple[float, float, float]]:
    top, body = container.height, container.body
    shoulder = min(0.55 * (top - FLANGE_MM - body), (container.radius - container.neck) * 1.2 + 1.8)
    bore = container.neck - container.wall - 0.25
    nodes = [(0.0, container.radius, container.radius - container.wall)]
    for share in np.linspace(0, 1, 12):
        turn = share**2 * (3 - 2 * share) if container.make == "tubular" else 1 - np.sqrt(max(0.0, 1 - share**2)) * 1.0
        radius = container.radius + (container.neck - container.radius) * float(turn)
        inside = container.radius - container.wall + (bore - container.radius + container.wall) * float(turn)
        nodes.append((body + share * shoulder, radius, inside))
    flange = top - FLANGE_MM
    nodes += [(flange - 0.25, container.neck, bore), (flange + 0.25, container.rim, bore)]
    nodes += [(top - 0.3, container.rim, bore), (top + 1.5, container.rim - 0.2, bore)]
    return nodes


def _ampoule_nodes(container: Container, tip_mm: float) -> list[tuple[float, float, float]]:
    body, wall = container.body, container.wall
    waist = body + (container.radius - container.neck) * 1.1 + 3.2
    end = container.height + tip_mm
    bulb = container.rim * 1.14
    tip = container.rim * 0.62
    outer = [
        (0.0, container.radius),
        (body, container.radius),
        (body + 1.4, container.radius * 0.96),
        (waist - 1.6, container.neck * 1.12),
        (waist, container.neck),
        (waist + 1.2, container.neck * 1.04),
        (waist + 3.6, bulb),
        (waist + 6.0, bulb * 0.98),
        (waist + 9.0, container.rim),
        (end - 7.0, container.rim * 0.86),
        (end - 3.0, tip * 1.04),
        (end, tip),
    ]
    return [(height, radius, radius - wall) for height, radius in outer]
