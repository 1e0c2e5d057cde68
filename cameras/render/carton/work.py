"""One carton while it is drawn: what is wanted of it, what was drawn wrong so far, and how a defect is measured."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.canvas import Canvas, contrast_made
from cameras.render.carton.layout import box_coverage
from cameras.render.carton.look import Carton
from cameras.render.raster import F32, Mask, Random, f32, frame_axes, grown, length
from cameras.render.scene import Drawn
from cameras.render.truth import HEIGHT, NO_CONTRAST, WIDTH

ZONES = ("background", "board", "artwork", "label", "code area", "seal")
BACKGROUND, BOARD, ARTWORK, LABEL, CODE_AREA, SEAL = range(6)


@dataclass(frozen=True, slots=True)
class Work:
    """The sheet of one unit, before it is shifted and turned. The arrays and `found` change in place."""

    carton: Carton
    rng: Random
    wanted: Mapping[str, bool]  # defect -> small and faint
    canvas: Canvas
    outline: F32  # (HEIGHT, WIDTH) coverage of this unit's face
    label: F32  # coverage of this unit's label; 0 where it has none
    under_label: F32  # (HEIGHT, WIDTH, 3) what lies beneath the label
    seal: F32
    taken: NDArray[np.uint8]  # 1 where a defect lies already
    found: list[Drawn]

    @property
    def pixels(self) -> F32:
        return self.canvas.pixels

    def nominal_seal(self) -> F32:
        """Where the seal belongs, a millimetre wider than it is."""
        seal = self.carton.seal
        return np.zeros((HEIGHT, WIDTH), np.float32) if seal is None else box_coverage(seal.box.grown(self.px(1.0)))

    def px(self, length_mm: float) -> float:
        return length_mm * self.carton.px_per_mm

    def report(
        self,
        defect: str,
        coverage: F32,
        *,
        before: F32 | None = None,
        length_mm: float | None = None,
        area_mm2: float | None = None,
        contrast: float = NO_CONTRAST,
        distinct: bool = True,
        whole: bool = False,
    ) -> None:
        """Say what was drawn; its contrast is against `before`, the same sheet without it, where that is given."""
        px_per_mm = self.carton.px_per_mm
        if before is not None:
            contrast = contrast_made(before, self.pixels, coverage)
        self.taken[coverage > 0.3] = 1
        self.found.append(
            Drawn(
                defect=defect,
                coverage=coverage,
                length_mm=length(coverage > 0.5) / px_per_mm if length_mm is None else length_mm,
                area_mm2=float(coverage.sum()) / px_per_mm**2 if area_mm2 is None else area_mm2,
                contrast=contrast,
                distinct=distinct,
                whole=whole,
            )
        )

    def is_free(self, coverage: F32) -> bool:
        """Whether nearly nothing of it lies on another defect or off the frame's inside."""
        inside = coverage > 0.5
        return bool(inside.any()) and float(self.taken[inside].mean()) < 0.02

    def somewhere(self, allowed: Mask, clear_px: float) -> tuple[float, float] | None:
        """A random pixel of a mask at least so far from every defect that was drawn."""
        side = int(2 * clear_px) | 1
        free = allowed & ~grown(self.taken > 0, side, round_kernel=False) if self.taken.any() else allowed
        rows, columns = np.nonzero(free)
        if len(rows) == 0:
            return None
        index = int(self.rng.integers(len(rows)))
        return float(columns[index]) + 0.5, float(rows[index]) + 0.5


@dataclass(frozen=True, slots=True)
class Flaw:
    """A defect of ink before all ink is printed and its contrast can be measured."""

    defect: str
    mask: F32  # (HEIGHT, WIDTH)
    whole: bool = False
    length_mm: float | None = None
    ink: F32 | None = None  # where its contrast is to be measured against unprinted ground


def closed(mask: Mask, side: int) -> F32:
    """A mask whose gaps narrower than `side` pixels are filled, its holes too."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side | 1, side | 1))
    joined = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    outlines, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.drawContours(filled, outlines, -1, (1.0,), -1)
    return f32(filled)


def local_axes(x: float, y: float, heading: float) -> tuple[F32, F32]:
    """Distances along a heading and across it, from a point, of every pixel's centre."""
    across, down = frame_axes(WIDTH, HEIGHT)
    cos, sin = np.float32(np.cos(heading)), np.float32(np.sin(heading))
    from_x, from_y = np.float32(x - 0.5), np.float32(y - 0.5)
    return (across - from_x) * cos + (down - from_y) * sin, (down - from_y) * cos - (across - from_x) * sin
