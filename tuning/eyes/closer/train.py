"""Teach the closer look: windows moved a little, turned and relit; resumable to the same result."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cameras.render import CLASSES
from models.closer import EDGE, cut, log_sides, shifted
from models.likeness import Window
from tuning.config import CloserConfig
from tuning.errors import TuningError
from tuning.eyes.closer.net import CloserNet
from tuning.eyes.closer.places import Place
from tuning.eyes.course import Progress, course_of, follow, start
from tuning.eyes.crops import class_odds
from tuning.eyes.light import relit
from tuning.eyes.losses import Losses
from tuning.eyes.quick import with_quick_backward
from tuning.eyes.stage import NOTHING

SMOOTHING = 0.02  # of class labels


@dataclass(frozen=True, slots=True)
class Patches:
    """One step's patches and their truth."""

    pixels: Tensor  # (N, 3, 64, 64) float
    alike: Tensor  # the same of the places that look most like them
    sides: Tensor  # (N, 1)
    labels: Tensor  # (N,) int64
    weights: Tensor  # (N,)
    sizes: Tensor  # (N, 2), logarithms over the side; NaN where there is none to learn


class PatchSampler:
    """Draws windows: a share of them on nothing, the others by class; a step's follow from the seed and the step."""

    def __init__(self, places: list[Place], config: CloserConfig, *, seed: int) -> None:
        self._config, self._seed = config, seed
        self._by_label = [[place for place in places if place.label == label] for label in range(NOTHING + 1)]
        absent = [name for name, own in zip((*CLASSES, "nothing"), self._by_label, strict=True) if not own]
        if absent:
            raise TuningError(
                f"training pool: no window shows {', '.join(absent)}. Nothing was trained. Render more frames."
            )

    def batch(self, step: int) -> Patches:
        """The patches of one step."""
        rng = np.random.default_rng((self._seed, step))
        odds = class_odds(self._config.weights_at(step))
        drawn = [self._draw(rng, odds) for _ in range(self._config.batch)]
        pixels = np.stack([_shown(place, window, rng) for place, window in drawn]).transpose(0, 1, 4, 2, 3)
        return Patches(
            torch.from_numpy(pixels[:, 0]),
            torch.from_numpy(pixels[:, 1]),
            torch.from_numpy(log_sides([window for _, window in drawn])),
            torch.tensor([place.label for place, _ in drawn]),
            torch.tensor([place.weight for place, _ in drawn]),
            torch.tensor([_sizes(place, window) for place, window in drawn], dtype=torch.float32),
        )

    def _draw(self, rng: np.random.Generator, odds: NDArray[np.float64]) -> tuple[Place, Window]:
        label = NOTHING
        if rng.random() >= self._config.on_nothing:
            label = int(rng.choice(len(CLASSES), p=odds))
        own = self._by_label[label]
        place = own[rng.integers(len(own))]
        x, y, side = place.window
        dx, dy = rng.uniform(-self._config.moved, self._config.moved, 2) * side
        return place, (
            x + float(dx),
            y + float(dy),
            side * math.exp(float(rng.uniform(-self._config.scaled, self._config.scaled))),
        )


def train_closer(
    trunk: nn.Module,
    places: list[Place],
    config: CloserConfig,
    path: Path,
    *,
    seed: int,
    digest: str,
    report: Callable[[Progress], None],
    save_every_s: float = 300.0,
) -> None:
    """Train, or go on where a training of the same digest stopped.

    Args:
        trunk: pretrained; it is changed.
        path: of the checkpoint.
        digest: names the recipe, the pool and the eyes whose regions these are.
    """
    start(seed)
    net = CloserNet(trunk, classes=len(CLASSES))
    with_quick_backward(net.blocks)
    sampler = PatchSampler(places, config, seed=seed)
    course = course_of(config, seed=seed, digest=digest, path=path)
    follow(course, net, lambda step: _loss(net, sampler.batch(step)), report=report, save_every_s=save_every_s)


def _loss(net: CloserNet, batch: Patches) -> Losses:
    with torch.autocast("cpu", torch.bfloat16):
        said = net(batch.pixels, batch.alike, batch.sides)
    each = functional.cross_entropy(said.named.float(), batch.labels, reduction="none", label_smoothing=SMOOTHING)
    parts = {"named": (each * batch.weights).mean()}
    sized = ~batch.sizes.isnan().any(1)
    if bool(sized.any()):
        parts["sizes"] = functional.smooth_l1_loss(said.sizes.float()[sized], batch.sizes[sized], beta=0.1)
    return Losses(parts)


def _shown(place: Place, window: Window, rng: np.random.Generator) -> NDArray[np.float32]:
    """A window and its like, (2, 64, 64, 3), under one light and turned alike."""
    both = [cut(place.frame.pixels, one) for one in (window, shifted(window, place.alike))]
    pair = relit(np.concatenate(both), rng).reshape(2, EDGE, EDGE, 3)
    if rng.random() < 0.5:
        pair = pair.swapaxes(1, 2)
    return np.ascontiguousarray(pair[:, :: int(rng.choice((-1, 1))), :: int(rng.choice((-1, 1)))])


def _sizes(place: Place, window: Window) -> tuple[float, float]:
    if place.log_length is None or place.log_root is None:
        return math.nan, math.nan
    side = math.log(window[2])
    return place.log_length - side, place.log_root - side
