"""Is a picture fit to be examined at all: checks of pixels that need neither model nor product.

They catch what a camera does when it is broken, not what a unit is like: a picture that fails says nothing about its
unit, which is rejected as not assessable. The limits lie far outside what a working camera delivers.
"""

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

_SATURATED_AT = 250  # a channel from here on carries no detail
_BLACK_UP_TO = 5
_STEPS_A_LEVEL = 16  # of the Laplacian: resolves 0.06 grey levels, tops out at 16
_ROUND_PX = 6  # round a tablet
_LOOKED_AT_PX = 1024  # longer edge of a picture whose tablets are compared

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in px


class FitnessLimits(BaseModel):
    """What a view's pictures must keep to. The defaults suit a lit, focused, 8-bit colour camera."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    shortest_px: int = Field(default=96, ge=1)  # either edge
    longest_px: int = Field(default=8192, ge=1)
    least_contrast: float = Field(default=12, ge=0, le=255)  # grey levels between the 1st and the 99th percentile
    saturated_pct: float = Field(default=60, gt=0, le=100)  # of pixels with all three channels at 250 or more
    black_pct: float = Field(default=80, gt=0, le=100)  # of pixels with all three channels at 5 or less
    least_sharpness: float = Field(default=2.0, ge=0)  # see `sharpness`; 0 switches the check off
    least_sharpness_share: float = Field(default=0.4, ge=0, le=1)  # see `blurred_part`; 0 switches the check off
    # Tablets that a whole pack shows in this view: with fewer of one size, part of it is out of the picture or hidden.
    tablets: int | None = Field(default=None, ge=1)
    grey: bool = False  # the camera is monochrome: 8-bit grey pictures count as colour ones of three equal channels
    # A picture equal to one of so many before it; as many as the driver has buffers, for it may give all of them out
    # again. 0 switches the check off. Drawn pictures repeat after two.
    frozen_frames: int = Field(default=1, ge=0, le=64)

    @model_validator(mode="after")
    def edges_leave_room(self) -> Self:
        if self.shortest_px > self.longest_px:
            raise ValueError(
                f"shortest_px is {self.shortest_px} and longest_px {self.longest_px}: no picture fits. Swap them."
            )
        return self


@dataclass(frozen=True, slots=True)
class Fitness:
    """Fit, or the reason why not: what was seen, what is allowed, what to check."""

    fit: bool
    reason: str = ""


FIT = Fitness(True)


def check(pixels: NDArray[np.generic], limits: FitnessLimits) -> Fitness:
    """Check one picture by itself; whether it is a repetition is for `FrozenWatch`.

    Args:
        pixels: as the camera delivered them, of any type and shape; a monochrome one's after `as_colour`.
        limits: of this view.
    """
    if pixels.size == 0:
        return Fitness(False, "there is no picture (0 px). Check the camera or file that is named as its source")
    problem = _form_problem(pixels, limits)
    if problem:
        return Fitness(False, problem)
    image = pixels.astype(np.uint8, copy=False)
    problem = _exposure_problem(image, limits) or _focus_problem(image, limits)
    return Fitness(False, problem) if problem else FIT


def as_colour(pixels: NDArray[np.generic], limits: FitnessLimits) -> NDArray[np.generic]:
    """A monochrome camera's 8-bit picture as three equal channels; everything else as it is."""
    return np.repeat(pixels[..., None], 3, axis=2) if _is_grey(pixels, limits) else pixels


def blurred_part(pixels: NDArray[np.uint8], tablets: Sequence[Box], limits: FitnessLimits) -> str:
    """Why part of a picture shows nothing although the whole is in focus; empty where it is all right.

    A smear on the lens, a drop, a pack that stands on edge: some tablets are far less sharp than the sharpest, each
    measured by its own contrast, so that shade and colour say nothing. In 500 rendered packs in focus (held-out styles
    too) the softest has .45 of the sharpest or more. With one half blurred by sigma 3 px 61 of 62 fall below .4, with
    four fifths 56, with nine tenths 31; by 2 px hardly any do. One third in a shadow of .3 of the light: 1 of 62.

    Args:
        pixels: (H, W, 3) uint8, RGB.
        tablets: where tablets of one size are.
        limits: of this view.
    """
    if limits.least_sharpness_share == 0 or len(tablets) < 2:
        return ""
    shrunk = min(1.0, _LOOKED_AT_PX / max(pixels.shape[:2]))
    if shrunk < 1:
        pixels = np.asarray(cv2.resize(pixels, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    seen = [_edge_sharpness(grey, tuple(round(at * shrunk) for at in tablet)) for tablet in tablets]
    sharpest, softest = max(seen), int(np.argmin(seen))
    if seen[softest] >= limits.least_sharpness_share * sharpest:
        return ""
    x0, y0, x1, y1 = tablets[softest]
    return (
        f"part of the picture is out of focus: the tablet at {(x0 + x1) // 2}, {(y0 + y1) // 2} px is "
        f"{seen[softest] / sharpest:.2f} as sharp as the sharpest (at least {limits.least_sharpness_share:g}). Check "
        "that the lens is clean, that the unit lies flat and that the light is even"
    )


def sharpness(grey: NDArray[np.uint8]) -> float:
    """How steep the sharpest edges are: the 99.5th percentile of the Laplacian's magnitude after smoothing.

    The smoothing (sigma 1.5 px) takes out sensor noise, which would pass for detail, and a percentile instead of the
    usual variance takes the edges and not the area. Zero for a plain area. On rendered units in focus the lowest is
    3.6 (240 of them, held-out styles too); blurred with sigma 6 px the highest is 1.8, noise included.

    Source: after Pech-Pacheco et al., ICPR 2000, 314-317 (variance of the Laplacian).
    """
    return _steepest(grey, 99.5)


class FrozenWatch:
    """Notices a camera that delivers an old picture again: a live sensor never repeats every bit of its noise.

    One watch a view. The very first repetition counts, because its unit would be judged by another unit's picture.
    """

    def __init__(self, limits: FitnessLimits) -> None:
        self._seen: deque[bytes] = deque(maxlen=limits.frozen_frames)

    def check(self, pixels: NDArray[np.generic]) -> Fitness:
        """Compare with the pictures before it, and remember it. A picture without pixels is not remembered."""
        if pixels.size == 0 or self._seen.maxlen == 0:
            return FIT
        form = f"{pixels.dtype}{pixels.shape}".encode()
        digest = hashlib.sha256(np.ascontiguousarray(pixels).data).digest() + form
        back = next((back for back, seen in enumerate(reversed(self._seen), start=1) if seen == digest), 0)
        self._seen.append(digest)
        if not back:
            return FIT
        which = "the picture before it" if back == 1 else f"the picture {back} before it"
        return Fitness(
            False,
            f"the picture is frozen: bit for bit the same as {which} (allowed: never within {self._seen.maxlen}). "
            "Check the camera and its link; for pictures that are meant to repeat set frozen_frames to 0",
        )


class SizeWatch:
    """Notices a picture of another size than the scale holds for: binned or cropped, every length in it is wrong.

    One watch a view. Where no size is stated, the first picture that a camera can deliver at all sets it.
    """

    def __init__(self, limits: FitnessLimits, size_px: tuple[int, int] | None) -> None:
        """size_px: width and height that the view's scale was measured at; None: of the first picture."""
        self._limits, self._size_px = limits, size_px

    def check(self, pixels: NDArray[np.generic]) -> Fitness:
        """Compare with the size that the scale holds for. A picture that is none at all is for `check`."""
        shown = pixels
        if _is_grey(pixels, self._limits):  # a view: every picture of a line comes by here
            shown = np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
        if pixels.size == 0 or _form_problem(shown, self._limits):
            return FIT
        height, width = pixels.shape[:2]
        self._size_px = self._size_px or (width, height)
        if (width, height) == self._size_px:
            return FIT
        return Fitness(
            False,
            f"the picture is {width} x {height} px, and the view's scale holds for {self._size_px[0]} x "
            f"{self._size_px[1]}: every length would be wrong. Check the camera's binning and region; after a change "
            "calibrate again and write mm_per_px and size_px into the line's file",
        )


def _is_grey(pixels: NDArray[np.generic], limits: FitnessLimits) -> bool:
    return limits.grey and pixels.dtype == np.uint8 and pixels.ndim == 2


def _form_problem(pixels: NDArray[np.generic], limits: FitnessLimits) -> str:
    if pixels.dtype != np.uint8:
        bits = pixels.dtype.itemsize * 8
        return f"the picture has {bits}-bit values ({pixels.dtype}, allowed: uint8). Set the camera to 8-bit colour"
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        kind = "grey" if pixels.ndim == 2 or pixels.shape[-1] == 1 else f"of shape {pixels.shape}"
        return (
            f"the picture is {kind} (allowed: three colour channels). Set the camera to 8-bit colour, or the view's "
            "fitness to `grey: true` for a monochrome one"
        )
    height, width = pixels.shape[:2]
    if min(width, height) < limits.shortest_px:
        return (
            f"the picture is {width} x {height} px (each edge at least {limits.shortest_px}). Check the camera's region"
        )
    if max(width, height) > limits.longest_px:
        return (
            f"the picture is {width} x {height} px (each edge at most {limits.longest_px}). Check the camera's region"
        )
    return ""


def _exposure_problem(image: NDArray[np.uint8], limits: FitnessLimits) -> str:
    height, width = image.shape[:2]
    step = max(1, round((height * width / 100_000) ** 0.5))  # a share needs no more pixels than that
    fewer = (-(-width // step), -(-height // step))
    sparse = np.asarray(cv2.resize(image, fewer, interpolation=cv2.INTER_NEAREST), np.uint8)
    of = sparse.shape[0] * sparse.shape[1] / 100
    white = cv2.inRange(sparse, (_SATURATED_AT,) * 3, (255,) * 3)
    saturated = cv2.countNonZero(white) / of
    if saturated > limits.saturated_pct:
        return (
            f"the picture is overexposed: {saturated:.0f} % of it is white (limit {limits.saturated_pct:g} %). "
            "Check exposure and light"
        )
    black = cv2.countNonZero(cv2.inRange(sparse, (0,) * 3, (_BLACK_UP_TO,) * 3)) / of
    if black > limits.black_pct:
        return (
            f"the picture is underexposed: {black:.0f} % of it is black (limit {limits.black_pct:g} %). "
            "Check light, exposure and lens cap"
        )
    grey = np.asarray(cv2.cvtColor(sparse, cv2.COLOR_RGB2GRAY), np.uint8)
    contrast = _percentile(grey, 99) - _percentile(grey, 1)
    if contrast < limits.least_contrast:
        return (
            f"the picture is blank: {contrast:.0f} grey levels of contrast (at least {limits.least_contrast:g}). "
            "Check that a unit is in view, and the light"
        )
    return ""


def _focus_problem(image: NDArray[np.uint8], limits: FitnessLimits) -> str:
    if limits.least_sharpness == 0:
        return ""
    seen = sharpness(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8))
    if seen >= limits.least_sharpness:
        return ""
    return (
        f"the picture is out of focus: sharpness {seen:.2f} (at least {limits.least_sharpness:g}). "
        "Check focus, working distance and a clean lens"
    )


def _edge_sharpness(grey: NDArray[np.uint8], tablet: tuple[int, ...]) -> float:
    """Of a tablet's edge, by its contrast: a pale tablet's is as sharp as a dark one's. A few px round it count too."""
    x0, y0, x1, y1 = tablet
    place = grey[max(0, y0 - _ROUND_PX) : y1 + _ROUND_PX, max(0, x0 - _ROUND_PX) : x1 + _ROUND_PX]
    if not place.size:
        return 0.0
    place = np.ascontiguousarray(place)
    return _steepest(place, 98) / max(1, _percentile(place, 98) - _percentile(place, 2))


def _steepest(grey: NDArray[np.uint8], pct: float) -> float:
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.5)
    steps = cv2.convertScaleAbs(cv2.Laplacian(smooth, cv2.CV_32F), alpha=_STEPS_A_LEVEL)
    return _percentile(np.asarray(steps, np.uint8), pct) / _STEPS_A_LEVEL


def _percentile(levels: NDArray[np.uint8], pct: float) -> int:
    """The smallest level that at least so many percent of the values keep to; by counting, which needs no sort."""
    below = cv2.calcHist([levels], [0], None, [256], [0, 256]).cumsum(dtype=np.float64)
    return int(np.searchsorted(below, levels.size * pct / 100))
