"""Damage for good units: pieces of known defects put elsewhere, and things that nobody has a name for.

Made-up damage teaches what "unlike a good unit" is where few or no bad units exist: strokes and lumps of another
place's texture, of another shade or colour, or of the same place moved. It is not meant to look like any defect, only
not to belong there.

Source: after CutPaste (Li et al., CVPR 2021) and DRAEM (Zavrtanik et al., ICCV 2021), with masks of our own.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SMALLEST_PX = 5.0
LARGEST_SHARE = 0.35  # of the frame's shorter edge
LEAST_CHANGE = 4.0  # grey levels: what nobody can see is not taught
LEAST_AREA_PX = 6
LARGEST_PIECE = 0.15  # of the frame that a pasted defect takes
SOLID = 0.3  # of a soft mask, from where on the pixel counts as damaged
ROOM_PX = 3  # of its surroundings that a pasted piece brings along
TRIES = 4


@dataclass(frozen=True, slots=True)
class Area:
    """The part of a frame that shows the picture."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One marked defect, cut out of its picture."""

    pixels: Floats  # (h, w, 3)
    mask: Floats  # (h, w) 0 or 1
    corner: tuple[int, int]  # x, y where it was
    defect: str


@dataclass(frozen=True, slots=True)
class Damaged:
    """A picture after something was done to it."""

    pixels: Floats  # (H, W, 3) 0..255
    mask: Floats  # (H, W) 1 where it was damaged


def pieces_of(pixels: NDArray[np.uint8], mask: Floats, defect: str) -> list[Piece]:
    """The connected parts of a mask, without those that are most of the picture or a pixel or two."""
    solid = (mask > SOLID).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(solid)
    rows, columns = mask.shape
    pieces = []
    for label in range(1, count):
        x, y, w, h, area = (int(v) for v in boxes[label])
        if area < LEAST_AREA_PX or area > LARGEST_PIECE * mask.size:
            continue
        x0, y0 = max(0, x - ROOM_PX), max(0, y - ROOM_PX)
        x1, y1 = min(columns, x + w + ROOM_PX), min(rows, y + h + ROOM_PX)
        own = (labels[y0:y1, x0:x1] == label).astype(np.float32)
        pieces.append(Piece(pixels[y0:y1, x0:x1].astype(np.float32), own, (x0, y0), defect))
    return pieces


def pasted(good: NDArray[np.uint8], piece: Piece, rng: np.random.Generator) -> Damaged:
    """A known defect on a good unit: about where it was, or anywhere, its shade fitted to the place."""
    out, mask = good.astype(np.float32), np.zeros(good.shape[:2], np.float32)
    source, own = piece.pixels, piece.mask
    if rng.random() < 0.5:
        source, own = source[:, ::-1], own[:, ::-1]
    rows, columns, h, w = *good.shape[:2], *own.shape[:2]
    x, y = piece.corner
    if rng.random() < 0.7:
        x, y = x + int(rng.integers(-20, 21)), y + int(rng.integers(-20, 21))
    else:
        x, y = int(rng.integers(0, columns - w + 1)), int(rng.integers(0, rows - h + 1))
    x, y = int(np.clip(x, 0, columns - w)), int(np.clip(y, 0, rows - h))
    soft = cv2.GaussianBlur(np.ascontiguousarray(own), (0, 0), 1.0)[..., None]
    place = out[y : y + h, x : x + w]
    fitted = np.clip(source + (place.mean((0, 1)) - source.mean((0, 1))) * 0.7, 0, 255)
    out[y : y + h, x : x + w] = place * (1 - soft) + fitted * soft
    mask[y : y + h, x : x + w] = own
    return Damaged(out, mask)


def damaged(good: NDArray[np.uint8], other: NDArray[np.uint8], area: Area, rng: np.random.Generator) -> Damaged:
    """One or two things that do not belong on a good unit; `other` is a good unit that texture is taken from."""
    out, mask = good.astype(np.float32), np.zeros(good.shape[:2], np.float32)
    for _ in range(1 + int(rng.random() < 0.4)):
        for _ in range(TRIES):
            if _do(out, mask, good, other, area, rng):
                break
    return Damaged(np.clip(out, 0, 255), mask)


def _do(
    out: Floats,
    mask: Floats,
    good: NDArray[np.uint8],
    other: NDArray[np.uint8],
    area: Area,
    rng: np.random.Generator,
) -> bool:
    """Change one place; False where nobody would see it."""
    largest = LARGEST_SHARE * min(area.x1 - area.x0, area.y1 - area.y0)
    size = float(np.exp(rng.uniform(np.log(SMALLEST_PX), np.log(max(largest, SMALLEST_PX + 1)))))
    shape = _shape(size, rng)
    edge = len(shape)
    left, top = int(rng.uniform(area.x0, area.x1) - edge / 2), int(rng.uniform(area.y0, area.y1) - edge / 2)
    x0, y0, x1, y1 = max(left, area.x0), max(top, area.y0), min(left + edge, area.x1), min(top + edge, area.y1)
    h, w = y1 - y0, x1 - x0
    if h < ROOM_PX or w < ROOM_PX:
        return False
    soft = shape[y0 - top : y1 - top, x0 - left : x1 - left, None]
    place = out[y0:y1, x0:x1]
    kind, strength = rng.random(), 1.0
    if kind < 0.45:
        x, y = int(rng.integers(area.x0, area.x1 - w + 1)), int(rng.integers(area.y0, area.y1 - h + 1))
        new = other[y : y + h, x : x + w].astype(np.float32)
        if rng.random() < 0.5:
            new = np.clip(new * rng.uniform(0.6, 1.4) + rng.normal(0, 15, 3), 0, 255)
        strength = float(rng.uniform(0.5, 1))
    elif kind < 0.8:
        coloured = rng.random() < 0.4
        shift = (
            rng.normal(0, 1, 3) * rng.uniform(10, 50) if coloured else float(rng.choice([-1, 1]) * rng.uniform(15, 90))
        )
        new = np.clip(place + shift, 0, 255)
    else:
        dx, dy = (int(rng.choice([-1, 1]) * rng.uniform(0.15, 0.6) * size) for _ in range(2))
        x, y = int(np.clip(x0 + dx, area.x0, area.x1 - w)), int(np.clip(y0 + dy, area.y0, area.y1 - h))
        new = good[y : y + h, x : x + w].astype(np.float32)
    changed = place * (1 - soft * strength) + new * soft * strength
    solid = soft[..., 0] > SOLID
    if int((solid & (np.abs(changed - place).mean(-1) > LEAST_CHANGE)).sum()) < LEAST_AREA_PX:
        return False
    out[y0:y1, x0:x1] = changed
    mask[y0:y1, x0:x1] = np.maximum(mask[y0:y1, x0:x1], solid)
    return True


def _shape(size: float, rng: np.random.Generator) -> Floats:
    """A soft mask of about so many pixels: a wandering stroke or an uneven lump."""
    edge = int(size * 1.6) + 8
    mask = np.zeros((edge, edge), np.float32)
    if rng.random() < 0.35:
        _stroke(mask, size, rng)
    else:
        _lump(mask, size, rng)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.3, 1.2))), np.float32)


def _stroke(mask: Floats, size: float, rng: np.random.Generator, *, steps: int = 6) -> None:
    turn = rng.uniform(0, np.pi)
    x = y = len(mask) / 2
    x, y = x - np.cos(turn) * size / 2, y - np.sin(turn) * size / 2
    points: list[tuple[float, float]] = [(x, y)]
    for _ in range(steps):
        turn += rng.normal(0, 0.3)
        x, y = x + np.cos(turn) * size / steps, y + np.sin(turn) * size / steps
        points.append((x, y))
    width = int(max(1, rng.uniform(0.02, 0.12) * size))
    cv2.polylines(mask, [np.array(points).round().astype(np.int32)], False, (1.0,), width, cv2.LINE_AA)


def _lump(mask: Floats, size: float, rng: np.random.Generator) -> None:
    edge, half = len(mask), size / 2
    axes = int(max(1, half)), int(max(1.5, half * rng.uniform(0.35, 1)))
    cv2.ellipse(mask, (edge // 2, edge // 2), axes, float(rng.uniform(0, 180)), 0, 360, (1.0,), -1, cv2.LINE_AA)
    if size > 8:
        coarse = max(2, edge // max(3, int(size / 3)))
        noise = rng.random((coarse, coarse)).astype(np.float32)
        mask *= cv2.resize(noise, (edge, edge), interpolation=cv2.INTER_CUBIC) > rng.uniform(0.1, 0.45)
