"""The template: the usual picture of a product that always lies alike. A picture is laid over it before the eyes look.

Where a unit lies a little otherwise in every picture, what is usual at a place cannot be told from what is a defect
there. Turned and moved back, the same print is at the same place. A picture that does not resemble the template is none
of this product, or one that lies quite otherwise: nothing that the eyes say about it counts. Neither does it where a
unit lies farther off than any that taught: a strip of what laying shows was then never photographed, and as large a
strip of what was photographed is not shown.

Source: Evangelidis and Psarakis, Parametric Image Alignment Using Enhanced Correlation Coefficient Maximization, 2008.
"""

import math
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import PackageInvalid

Floats = NDArray[np.float32]
_Kind = TypeVar("_Kind", np.uint8, np.float32)

STRIDE = 4  # px of the frame per px of the template
COARSER = 2  # times, of the first round: it finds what lies far off
SMOOTHED_PX = 1.0  # of the template
ROUNDS, ENOUGH = 50, 1e-4
MOST_DEGREES = 10  # farther off, a unit lies otherwise: half a turn fits a screw as well
MOST_MOVED = 0.1  # of the frame's edges, its middle
NO_LIKENESS = -1.0
TEMPLATE, LEAST, MOST_OFF = "template", "least_likeness", "most_off_px"  # in the tensors of the eyes


@dataclass(frozen=True, slots=True)
class Laid:
    """A frame laid over the template."""

    pixels: NDArray[np.uint8]  # (H, W, 3)
    back: Floats  # (2, 3) from places of it to places of the frame as it was
    likeness: float  # correlation of both, -1 to 1
    off_px: float  # by which a corner of either lies outside the other, at the most
    is_like: bool  # as much as the product's pictures are, and not farther off


@dataclass(frozen=True, slots=True)
class Template:
    """The usual picture, grey, how much like it a picture must be, and how far off it may lie."""

    grey: Floats  # (H / 4, W / 4)
    least: float = NO_LIKENESS
    most_off_px: float = math.inf

    @staticmethod
    def taken_from(tensors: dict[str, NDArray[np.generic]], rows: int, columns: int) -> "Template | None":
        """Take the template out of the eyes' tensors, if the product has one; raises PackageInvalid."""
        grey, *limits = (tensors.pop(name, None) for name in (TEMPLATE, LEAST, MOST_OFF))
        if grey is None and all(one is None for one in limits):
            return None
        shape = (rows // STRIDE, columns // STRIDE)
        if grey is None or grey.shape != shape or any(one is None or one.shape != (1,) for one in limits):
            raise PackageInvalid(
                f"eyes: the template has not the {shape[1]} x {shape[0]} px of the graph's frame, or does not say how "
                "much like it and how near a picture must be. Nothing was loaded. Teach the product again."
            )
        least, most_off = (float(one[0]) for one in limits if one is not None)
        return Template(np.ascontiguousarray(grey, np.float32), least, most_off)

    @property
    def tensors(self) -> dict[str, Floats]:
        limits = {LEAST: self.least, MOST_OFF: self.most_off_px}
        return {TEMPLATE: self.grey} | {name: np.array([limit], np.float32) for name, limit in limits.items()}

    def lay(self, frame: NDArray[np.uint8]) -> Laid:
        """Turn and move a frame, never stretch it, until it lies as the template does.

        Args:
            frame: (H, W, 3) uint8, in the size of the graph.
        """
        shown = small(frame)
        turn: Floats = np.eye(2, 3, dtype=np.float32)
        try:
            turn[:, 2] /= COARSER
            _, turn = _found(_halved(self.grey), _halved(shown), turn)
            turn[:, 2] *= COARSER
            likeness, turn = _found(self.grey, shown, turn)
        except cv2.error:  # no way to lay it is better than another
            return self._as_it_was(frame)
        back = turn.copy()
        middle = (STRIDE - 1) / 2  # of a px of the template, in px of the frame
        back[:, 2] = STRIDE * turn[:, 2] + middle - turn[:, :2] @ np.full(2, middle, np.float32)
        if not _is_near(back, frame.shape[:2]):
            return self._as_it_was(frame)
        off = _off(back, frame.shape[:2])
        return Laid(moved(frame, back), back, likeness, off, self.takes(likeness, off))

    def takes(self, likeness: float, off_px: float) -> bool:
        """Whether a picture that is laid so counts as one of the product."""
        return likeness >= self.least and off_px <= self.most_off_px

    def _as_it_was(self, frame: NDArray[np.uint8]) -> Laid:
        back = np.eye(2, 3, dtype=np.float32)
        return Laid(frame, back, NO_LIKENESS, math.inf, self.takes(NO_LIKENESS, math.inf))


def small(frame: NDArray[np.uint8]) -> Floats:
    """(H, W, 3) to (H / 4, W / 4), grey and smoothed."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    size = (frame.shape[1] // STRIDE, frame.shape[0] // STRIDE)
    shrunk = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(shrunk, (0, 0), SMOOTHED_PX), np.float32)


def moved(image: NDArray[_Kind], back: Floats) -> NDArray[_Kind]:
    """What lies over the template: each of its px from its place in the frame as it was."""
    size = (image.shape[1], image.shape[0])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, back, size, flags=how, borderMode=cv2.BORDER_REPLICATE), image.dtype)


def _is_near(back: Floats, shape: tuple[int, ...]) -> bool:
    rows, columns = shape
    middle = np.array([columns / 2, rows / 2, 1.0])
    off = np.abs(back @ middle - middle[:2]) / (columns, rows)
    return bool(abs(np.degrees(np.arctan2(back[1, 0], back[0, 0]))) <= MOST_DEGREES and (off <= MOST_MOVED).all())


def corners_of(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """(4, 3) corners of a frame of (rows, columns), ready to be turned and moved."""
    rows, columns = shape
    return np.array([[x, y, 1.0] for x in (0, columns) for y in (0, rows)])


def _off(back: Floats, shape: tuple[int, ...]) -> float:
    """By which the frame as it was does not cover what is shown, or is not covered by it."""
    rows, columns = shape
    ways = (corners_of(shape) @ turn.T for turn in (back, cv2.invertAffineTransform(back)))
    return max(float(max(-at.min(), (at - (columns, rows)).max())) for at in ways)


def _halved(grey: Floats) -> Floats:
    size = (grey.shape[1] // COARSER, grey.shape[0] // COARSER)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _found(template: Floats, shown: Floats, turn: Floats) -> tuple[float, Floats]:
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ROUNDS, ENOUGH)
    everywhere = np.full(shown.shape, 255, np.uint8)
    likeness, found = cv2.findTransformECC(template, shown, turn, cv2.MOTION_EUCLIDEAN, until, everywhere, 1)
    return float(likeness), np.asarray(found, np.float32)
