"""The scale of a view, from a picture of a target with a known pitch.

It belongs to the line, not to the sheet: limits are written in mm. The scale is refused unless it is the same all over
the target: a tilted camera or a distorting lens would measure a unit differently at its two ends.
"""

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import CameraError

WIDEST_SPREAD_PCT: Final = 1.0
Target = Literal["checkerboard", "dots"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Millimetres a pixel, and by how much any row or column of the target departs from that."""

    mm_per_px: float
    spread_pct: float


def mm_per_px(
    pixels: NDArray[np.uint8],
    pitch_mm: float,
    inner: tuple[int, int],
    *,
    target: Target = "checkerboard",
) -> Calibration:
    """Measure the scale of one view.

    Args:
        pixels: (H, W, 3) uint8 RGB; the target lies flat where the unit's surface will be and fills most of the view.
        pitch_mm: edge of a square, or from dot to dot.
        inner: columns and rows of inner corners (one less than squares), or of dots; at least 3 x 3.
        target: dark dots on white in a rectangular grid, or a checkerboard with a white margin.

    Raises:
        CameraError: wrong picture or numbers, target not found, or a spread over 1 %.
    """
    columns, rows = inner
    if not pitch_mm > 0 or columns < 3 or rows < 3:
        raise CameraError(
            f"calibration: pitch {pitch_mm:g} mm and {columns} x {rows} points (over 0 mm, at least 3 x 3 points). "
            "Nothing was measured. Count the inner corners or dots and give their pitch."
        )
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise CameraError(
            f"calibration: a picture of shape {pixels.shape}, {pixels.dtype} (allowed: 8-bit colour). "
            "Nothing was measured. Set the camera to 8-bit colour."
        )
    grid = _find(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8), columns, rows, target)
    along_rows = np.linalg.norm(np.diff(grid, axis=1), axis=2).mean(axis=1)  # one pitch in px a row
    along_columns = np.linalg.norm(np.diff(grid, axis=0), axis=2).mean(axis=0)
    pitches = np.concatenate((along_rows, along_columns))
    pitch_px = float((along_rows.mean() + along_columns.mean()) / 2)
    spread_pct = float(np.abs(pitches / pitch_px - 1).max() * 100)
    if spread_pct > WIDEST_SPREAD_PCT:
        raise CameraError(
            f"calibration: the scale differs by {spread_pct:.1f} % over the target (limit {WIDEST_SPREAD_PCT:g} %). "
            "It was not taken. Square the camera to the target, lay the target flat, or correct the lens."
        )
    return Calibration(pitch_mm / pitch_px, spread_pct)


def _find(grey: NDArray[np.uint8], columns: int, rows: int, target: Target) -> NDArray[np.float64]:
    """Places of the target's points, (rows, columns, 2) in pixels."""
    match target:
        case "checkerboard":
            found, points = cv2.findChessboardCorners(grey, (columns, rows))
        case "dots":
            found, points = cv2.findCirclesGrid(grey, (columns, rows), flags=cv2.CALIB_CB_SYMMETRIC_GRID)
    if not found:
        raise CameraError(
            f"calibration: no {target} with {columns} x {rows} points was found. Nothing was measured. "
            "Check the count (inner corners, columns first), light and focus, and that the whole target is in view."
        )
    if target == "checkerboard":
        reach = max(2, min(11, int(_closest(points) / 4)))  # the window must not touch the next corner
        criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 40, 0.001)
        points = cv2.cornerSubPix(grey, np.asarray(points, np.float32), (reach, reach), (-1, -1), criteria)
    return np.asarray(points, np.float64).reshape(rows, columns, 2)


def _closest(points: NDArray[np.generic]) -> float:
    flat = np.asarray(points, np.float64).reshape(-1, 2)
    return float(np.linalg.norm(np.diff(flat, axis=0), axis=1).min())
