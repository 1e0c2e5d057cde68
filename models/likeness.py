"""Where else in a picture it looks the same: what a pack repeats is what a place of it should look like.

The surroundings of a place are searched for in the rest of the picture, the place itself left out of the comparison, so
that a chip finds the same edge of another tablet and not another chip. No layout is needed: any grid, any turn. What
is compared is brightness at half the picture's size; the best place is then told to the pixel.

Source: the sum of squared differences under a mask as three correlations, each one product of spectra (J. P. Lewis,
Fast Normalized Cross-Correlation, 1995).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.observation import Box

Floats = NDArray[np.float32]
Window = tuple[float, float, float]  # centre x, y and side, in px of the picture

STRIDE = 2  # px of the picture per cell that is searched
APART = 0.75  # of a window's side: what is nearer is the same place
LEAST_SURROUNDINGS = 16  # cells
LEAST_EDGE = 8  # cells of a picture: a thinner one has no other place


class Likeness:
    """One picture, ready to be searched."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        """Args: picture: (H, W, 3) uint8, of any size."""
        rows, columns = (max(1, edge // STRIDE) for edge in picture.shape[:2])
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        small = np.asarray(cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)).astype(np.float32)
        self._cells: Floats = small - np.float32(small.mean())  # small numbers keep the spectra's sums exact enough
        self._shape = cv2.getOptimalDFTSize(rows), cv2.getOptimalDFTSize(columns)
        self._levels, self._squares = self._spectrum(self._cells), self._spectrum(self._cells**2)

    def shift(self, window: Window, box: Box) -> tuple[int, int]:
        """How far it is, in px right and down, from a window to the place whose surroundings look most like its own.

        Args:
            window: what is looked at.
            box: of the region in it, which is not compared.

        Returns:
            (0, 0) where the picture has no other place of that size.
        """
        x, y, side = (value / STRIDE for value in window)
        rows, columns = self._cells.shape
        if min(rows, columns) < LEAST_EDGE:
            return 0, 0
        left, right = _span(x, side, columns)
        top, bottom = _span(y, side, rows)
        piece = self._cells[top:bottom, left:right]
        surroundings = _around(piece.shape, (left, top), box)
        unlike = self._unlike(piece, surroundings)
        unlike = unlike[: rows - piece.shape[0] + 1, : columns - piece.shape[1] + 1].copy()
        near = max(2, round(APART * side))
        unlike[max(0, top - near) : top + near + 1, max(0, left - near) : left + near + 1] = np.inf
        least, _, (found_x, found_y), _ = cv2.minMaxLoc(unlike)
        if not np.isfinite(least):
            return 0, 0
        fine_x = found_x + _vertex(unlike[found_y], found_x)
        fine_y = found_y + _vertex(unlike[:, found_x], found_y)
        return round((fine_x - left) * STRIDE), round((fine_y - top) * STRIDE)

    def _unlike(self, piece: Floats, surroundings: Floats) -> Floats:
        """Sum of squared differences at every place, less what is the same for all of them."""
        energy = cv2.mulSpectrums(self._squares, self._spectrum(surroundings), 0, conjB=True)
        common = cv2.mulSpectrums(self._levels, self._spectrum(piece * surroundings), 0, conjB=True)
        return np.asarray(cv2.dft(energy - 2 * common, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE), np.float32)

    def _spectrum(self, cells: Floats) -> Floats:
        rows, columns = self._shape
        padded = np.zeros((rows, columns), np.float32)
        padded[: cells.shape[0], : cells.shape[1]] = cells
        return np.asarray(cv2.dft(padded), np.float32)  # nonzeroRows would leave the fast path


def _span(middle: float, side: float, most: int) -> tuple[int, int]:
    """First and last cell of a window that are in the picture, at least two."""
    first = min(max(0, round(middle - side / 2)), most - 2)
    return first, max(first + 2, min(most, round(middle + side / 2)))


def _around(shape: tuple[int, ...], corner: tuple[int, int], box: Box) -> Floats:
    """1 on the cells of a window beside the region, 0 on its own; 1 everywhere where few would be left."""
    weights = np.ones(shape, np.float32)
    left, top = corner
    x0, y0, x1, y1 = (
        box[0] // STRIDE - left,
        box[1] // STRIDE - top,
        -(-box[2] // STRIDE) - left,
        -(-box[3] // STRIDE) - top,
    )
    weights[max(0, y0 - 1) : max(0, y1 + 1), max(0, x0 - 1) : max(0, x1 + 1)] = 0
    return weights if weights.sum() >= LEAST_SURROUNDINGS else np.ones(shape, np.float32)


def _vertex(row: Floats, at: int) -> float:
    """Where between its neighbours a lowest value really lies, by a parabola: -0.5 to 0.5."""
    if not 0 < at < len(row) - 1 or not np.isfinite(row[at - 1 : at + 2]).all():
        return 0.0
    before, here, after = (float(value) for value in row[at - 1 : at + 2])
    bend = before - 2 * here + after
    return 0.0 if bend <= 0 else max(-0.5, min(0.5, 0.5 * (before - after) / bend))
