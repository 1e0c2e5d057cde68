"""Training crops: where they are cut, how they are varied, and what they should be answered with.

A step's crops depend on the seed and the step alone, so that a resumed training continues exactly.
"""

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cameras.render import CLASSES
from tuning.config import EyesTrainingConfig
from tuning.errors import TuningError
from tuning.eyes.light import relit, taken_elsewhere
from tuning.eyes.pool import ZONE_STRIDE, DefectTruth, Pool, PooledFrame

Scalar = TypeVar("Scalar", np.uint8, np.float32)
IGNORED = 255  # region number of what is neither taught nor counted
MAP_STRIDE = 4  # of the class and zone maps
SMALLEST_CUT = 0.35  # share of a whole-pocket defect that must be in the crop to be taught


@dataclass(frozen=True, slots=True)
class Crop:
    """One crop and its truth."""

    pixels: NDArray[np.float32]  # (H, W, 3), 0..255
    coverage: NDArray[np.float32]  # (H, W), 0..1, of any defect
    regions: NDArray[np.uint8]  # (H, W): 0 nothing, 1.. the defects in order, IGNORED
    zones: NDArray[np.uint8]  # (H/4, W/4)
    classes: tuple[int, ...]  # of the defects in order


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops of one step as tensors; regions are numbered through the batch."""

    pixels: Tensor  # (N, 3, H, W) float
    coverage: Tensor  # (N, H, W) float
    regions: Tensor  # (N, H, W) int64: 0 nothing, 1.. defects, -1 ignored
    zones: Tensor  # (N, H/4, W/4) int64
    classes: Tensor  # (defects,) int64


class CropSampler:
    """Cuts crops out of a pool; `name` is what the pool is called in the recipe."""

    def __init__(self, pool: Pool, config: EyesTrainingConfig, *, name: str, seed: int) -> None:
        self._pool, self._config, self._seed = pool, config, seed
        self._places: dict[str, list[tuple[int, int]]] = {name: [] for name in CLASSES}
        for i, frame in enumerate(pool.frames):
            for j, defect in enumerate(frame.truth.defects):
                if defect.contrast >= config.faintest_contrast:
                    self._places[defect.defect].append((i, j))
        absent = [name for name, places in self._places.items() if not places]
        if absent:
            raise TuningError(
                f"pools.{name}: no frame shows {', '.join(absent)}. Nothing was trained. Render more frames."
            )

    def counts(self) -> dict[str, int]:
        """Defects of each class that can be taught."""
        return {name: len(places) for name, places in self._places.items()}

    def batch(self, step: int) -> Batch:
        """The crops of one step."""
        rng = np.random.default_rng((self._seed, step))
        turned = bool(rng.random() < 0.5)
        odds = class_odds(self._config.weights_at(step))
        elsewhere = self._config.elsewhere_at(step)
        crops = (self._crop(rng, odds, elsewhere=elsewhere) for _ in range(self._config.batch))
        return _batch([_flipped(crop, rng, turned=turned) for crop in crops])

    def _crop(self, rng: np.random.Generator, odds: NDArray[np.float64], *, elsewhere: bool) -> Crop:
        width, height = self._config.crop_px
        scale = float(rng.uniform(0.68, 1.1)) if rng.random() < self._config.rescaled else 1.0
        frame, x, y = self._place(rng, odds, width / scale, height / scale)
        rows, columns = frame.pixels.shape[:2]
        w, h = min(int(width / scale), columns), min(int(height / scale), rows)
        x0, y0 = int(np.clip(x - w / 2, 0, columns - w)), int(np.clip(y - h / 2, 0, rows - h))
        coverage, regions, classes = self._truth(frame, (x0, y0, x0 + w, y0 + h))
        pixels = np.array(frame.pixels[y0 : y0 + h, x0 : x0 + w])
        z = ZONE_STRIDE
        zones = np.array(frame.zones[y0 // z : (y0 + h) // z, x0 // z : (x0 + w) // z])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = _resized(pixels, (width, height), method)
        return Crop(
            relit(taken_elsewhere(pixels, rng) if elsewhere else pixels, rng),
            _resized(coverage, (width, height), method),
            _resized(regions, (width, height), cv2.INTER_NEAREST),
            _resized(zones, (width // MAP_STRIDE, height // MAP_STRIDE), cv2.INTER_NEAREST),
            classes,
        )

    def _place(
        self, rng: np.random.Generator, odds: NDArray[np.float64], width: float, height: float
    ) -> tuple[PooledFrame, float, float]:
        """A frame, and the centre of the crop in it."""
        if rng.random() >= self._config.at_a_defect:
            frame = self._pool.frames[rng.integers(len(self._pool.frames))]
            rows, columns = frame.pixels.shape[:2]
            return frame, float(rng.uniform(0, columns)), float(rng.uniform(0, rows))
        places = self._places[CLASSES[rng.choice(len(CLASSES), p=odds)]]
        i, j = places[rng.integers(len(places))]
        frame = self._pool.frames[i]
        x0, y0, x1, y1 = frame.truth.defects[j].box_px
        x = (x0 + x1) / 2 + rng.uniform(-0.4, 0.4) * width
        return frame, float(x), float((y0 + y1) / 2 + rng.uniform(-0.4, 0.4) * height)

    def _truth(
        self, frame: PooledFrame, window: tuple[int, int, int, int]
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8], tuple[int, ...]]:
        x0, y0, x1, y1 = window
        coverage = np.zeros((y1 - y0, x1 - x0), np.float32)
        regions = np.zeros((y1 - y0, x1 - x0), np.uint8)
        classes: list[int] = []
        for defect in frame.truth.defects:
            a, b, c, d = defect.box_px
            left, top, right, bottom = max(a, x0), max(b, y0), min(c, x1), min(d, y1)
            if right <= left or bottom <= top:
                continue
            full = frame.mask(defect)
            mask = full[top - b : bottom - b, left - a : right - a].astype(np.float32) / 255
            number = IGNORED
            if self._teachable(defect, float(mask.sum()), float(full.sum()) / 255, float(mask.max())):
                classes.append(CLASSES.index(defect.defect))
                number = len(classes)
            place = (slice(top - y0, bottom - y0), slice(left - x0, right - x0))
            coverage[place] = np.maximum(coverage[place], mask)
            regions[place][mask > 0.2] = number
        return coverage, regions, tuple(classes)

    def _teachable(self, defect: DefectTruth, seen: float, whole: float, strongest: float) -> bool:
        if defect.contrast < self._config.faintest_contrast or strongest < 0.3:
            return False
        return not defect.whole or seen >= SMALLEST_CUT * whole


def class_odds(weights: dict[str, float]) -> NDArray[np.float64]:
    """How often each class is shown, summing to 1."""
    odds = np.array([weights[name] for name in CLASSES])
    return np.asarray(odds / odds.sum(), np.float64)


def _resized(plane: NDArray[Scalar], size: tuple[int, int], method: int) -> NDArray[Scalar]:
    if plane.shape[1::-1] == size:
        return plane
    return np.asarray(cv2.resize(plane, size, interpolation=method)).astype(plane.dtype)


def _flipped(crop: Crop, rng: np.random.Generator, *, turned: bool) -> Crop:
    rows, columns = (-1 if rng.random() < 0.5 else 1), (-1 if rng.random() < 0.5 else 1)

    def moved(plane: NDArray[Scalar]) -> NDArray[Scalar]:
        out = plane[::rows, ::columns]
        return np.ascontiguousarray(out.swapaxes(0, 1) if turned else out)

    return Crop(moved(crop.pixels), moved(crop.coverage), moved(crop.regions), moved(crop.zones), crop.classes)


def _batch(crops: list[Crop]) -> Batch:
    regions: list[NDArray[np.int64]] = []
    classes: list[int] = []
    for crop in crops:
        numbers = crop.regions.astype(np.int64)
        numbers[(numbers > 0) & (numbers < IGNORED)] += len(classes)
        numbers[crop.regions == IGNORED] = -1
        regions.append(numbers)
        classes += crop.classes
    return Batch(
        torch.from_numpy(np.stack([crop.pixels.transpose(2, 0, 1) for crop in crops])),
        torch.from_numpy(np.stack([crop.coverage for crop in crops])),
        torch.from_numpy(np.stack(regions)),
        torch.from_numpy(np.stack([crop.zones for crop in crops]).astype(np.int64)),
        torch.tensor(classes, dtype=torch.long),
    )
