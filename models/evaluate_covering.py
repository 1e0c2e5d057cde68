"""Whether the eyes point at what they judge by: cover the place of a finding, and the finding must go.

A found defect is covered with the place of the same picture that it was compared with; where there is none, with the
place of a good unit whose surroundings are most like its own; without good units, with what its surroundings continue
to. Eyes that were taught on a few dozen pictures of one product take the smooth patch of the last for damage, which it
is (0 of 25 findings went, 22 with a good unit's place). As large a place elsewhere in the picture is covered the same
way, and then the finding must stay. The first ones are tried, a fixed number, so that an evaluation takes seconds
longer and no more.

Source: the occlusion test of Zeiler and Fergus, ECCV 2014, and the pointing game of Zhang et al., ECCV 2016.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluate_eyes import MARKED, Looks, SeenUnit, match
from models.example import ShownUnit
from models.metrics import Figure, share
from models.observation import Box, Observation
from models.verdict import OperatingPoint

TOPIC = "explanation"
MOST = 150  # defects that are covered
ROUND_PX = 4  # covered beyond a region's box
NEAR_PX = 6  # the hottest place may lie so far off a mark: the map's cells are 2 px and a mark has an edge
TRIES = 50  # for a place elsewhere
GOOD = 4  # good units that places are taken from; findings before them wait
AROUND_PX = 24  # of a box: its surroundings, which are compared

Pixels = NDArray[np.uint8]


@dataclass(slots=True)
class Covering:
    """Tries out units as they are looked at."""

    eyes: Looks
    at: OperatingPoint
    _good: list[Pixels] = field(default_factory=list)
    _waiting: list[tuple[ShownUnit, SeenUnit]] = field(default_factory=list)
    _gone: list[bool] = field(default_factory=list)
    _stays: list[bool] = field(default_factory=list)
    _pointed: list[bool] = field(default_factory=list)

    def consider(self, unit: ShownUnit, seen: SeenUnit) -> None:
        """One unit after its look."""
        if not unit.defects and len(self._good) < GOOD:
            self._good.append(unit.pixels)
        if any(seen.found(j, self.at.real_from) for j in range(len(unit.defects))) and len(self._waiting) < MOST:
            self._waiting.append((unit, seen))
        if len(self._good) == GOOD:
            self._try_out()

    def _try_out(self) -> None:
        for unit, seen in self._waiting:
            if len(self._gone) < MOST and seen.look.heat is not None:
                self._pointed.append(_points_at_a_defect(unit, seen.look.heat))
                self._cover(unit, seen)
        self._waiting.clear()

    def _cover(self, unit: ShownUnit, seen: SeenUnit) -> None:
        for j, defect in enumerate(unit.defects):
            found = seen.found(j, self.at.real_from)
            if not found or len(self._gone) >= MOST or defect.whole or not defect.specified:
                continue
            box, first = _widened(_around(found), unit.pixels.shape), found[0]
            self._gone.append(not self._found_again(unit, j, self._covered(unit.pixels, box, first)))
            taken = [_widened(o.box_px, unit.pixels.shape) for o in seen.look.observations] + [box]
            if elsewhere := _elsewhere(box, taken, unit.pixels.shape, seed=len(self._gone)):
                self._stays.append(self._found_again(unit, j, self._covered(unit.pixels, elsewhere, first)))

    def figures(self) -> list[Figure]:
        """What was counted; nothing where nothing was found."""
        self._try_out()
        if not self._gone:
            return []
        return [
            share(TOPIC, "the finding goes where its place is covered", sum(self._gone), len(self._gone)),
            share(TOPIC, "it stays where as large a place elsewhere is", sum(self._stays), len(self._stays)),
            share(
                TOPIC,
                "the hottest place of a picture with a found defect is on one",
                sum(self._pointed),
                len(self._pointed),
            ),
        ]

    def _covered(self, pixels: Pixels, box: Box, found: Observation) -> Pixels:
        """A copy in which the box shows something good."""
        whole = np.zeros(pixels.shape[:2], np.uint8)
        whole[box[1] : box[3], box[0] : box[2]] = 255
        like = _alike(pixels, box, found)
        if like is None:
            like = _of_a_good_unit(pixels, box, self._good)
        if like is None:
            return np.asarray(cv2.inpaint(pixels, whole, 3, cv2.INPAINT_TELEA), np.uint8)
        soft = cv2.GaussianBlur(whole, (0, 0), 1.5)[..., None].astype(np.float32) / 255
        return np.asarray(like * soft + pixels * (1 - soft), np.uint8)

    def _found_again(self, unit: ShownUnit, defect: int, pixels: Pixels) -> bool:
        look = self.eyes.look(pixels, unit.mm_per_px)
        (regions,) = match(look.observations, [unit.defects[defect]])
        return any(look.observations[k].score >= self.at.real_from for k in regions)


def _points_at_a_defect(unit: ShownUnit, heat: Pixels) -> bool:
    rows, columns = unit.pixels.shape[:2]
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    px, py = (int(x) + 0.5) * columns / heat.shape[1], (int(y) + 0.5) * rows / heat.shape[0]
    for defect in unit.defects:
        x0, y0 = defect.box_px[:2]
        mask = np.pad((defect.mask > MARKED).astype(np.uint8), NEAR_PX)
        mask = np.asarray(cv2.dilate(mask, np.ones((2 * NEAR_PX + 1,) * 2, np.uint8)))
        at = round(py) - y0 + NEAR_PX, round(px) - x0 + NEAR_PX
        if 0 <= at[0] < mask.shape[0] and 0 <= at[1] < mask.shape[1] and mask[at]:
            return True
    return False


def _around(observations: list[Observation]) -> Box:
    boxes = np.array([o.box_px for o in observations])
    x0, y0 = boxes[:, :2].min(0)
    x1, y1 = boxes[:, 2:].max(0)
    return int(x0), int(y0), int(x1), int(y1)


def _widened(box: Box, shape: tuple[int, ...]) -> Box:
    x0, y0, x1, y1 = box
    return max(0, x0 - ROUND_PX), max(0, y0 - ROUND_PX), min(shape[1], x1 + ROUND_PX), min(shape[0], y1 + ROUND_PX)


def _alike(pixels: Pixels, box: Box, found: Observation) -> Pixels | None:
    """The picture with the place in the box that the region was compared with; None where there is none."""
    if found.alike_px is None:
        return None
    x0, y0, x1, y1 = box
    dx = found.alike_px[0] - (found.box_px[0] + found.box_px[2]) // 2
    dy = found.alike_px[1] - (found.box_px[1] + found.box_px[3]) // 2
    if min(x0 + dx, y0 + dy) < 0 or x1 + dx > pixels.shape[1] or y1 + dy > pixels.shape[0]:
        return None
    like = pixels.copy()
    like[y0:y1, x0:x1] = pixels[y0 + dy : y1 + dy, x0 + dx : x1 + dx]
    return like


def _of_a_good_unit(pixels: Pixels, box: Box, good: Sequence[Pixels]) -> Pixels | None:
    """The picture with the place of a good unit in the box whose surroundings are most like its own; None: no place."""
    x0, y0, x1, y1 = box
    left, top = max(0, x0 - AROUND_PX), max(0, y0 - AROUND_PX)
    piece = pixels[top : y1 + AROUND_PX, left : x1 + AROUND_PX].astype(np.float32)
    compared = np.ones(piece.shape, np.float32)
    compared[y0 - top : y1 - top, x0 - left : x1 - left] = 0
    rows, columns = piece.shape[:2]
    if not compared.any():
        return None
    found: list[tuple[float, NDArray[np.float32]]] = []
    for other in (unit.astype(np.float32) for unit in good if unit.shape[0] >= rows and unit.shape[1] >= columns):
        least, _, (x, y), _ = cv2.minMaxLoc(cv2.matchTemplate(other, piece, cv2.TM_SQDIFF, mask=compared))
        found.append((least, other[y : y + rows, x : x + columns]))
    if not found:
        return None
    _, best = min(found, key=lambda one: one[0])
    brighter = ((piece - best) * compared).sum((0, 1)) / compared.sum((0, 1))
    like = pixels.copy()
    like[top : top + rows, left : left + columns] = np.clip(best + brighter, 0, 255)
    return like


def _elsewhere(box: Box, taken: list[Box], shape: tuple[int, ...], *, seed: int) -> Box | None:
    """A box of the same size that touches none of the taken ones; None where there is hardly any room."""
    width, height, draw = box[2] - box[0], box[3] - box[1], Random(seed)
    for _ in range(TRIES):
        x, y = draw.randint(0, shape[1] - width), draw.randint(0, shape[0] - height)
        free = all(x + width <= a or c <= x or y + height <= b or d <= y for a, b, c, d in taken)
        if free:
            return x, y, x + width, y + height
    return None
