"""Teach the closer look: windows moved a little, turned and relit; resumable to the same result."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cameras.render import CLASSES
from models.closer import Window, cut, log_sides
from tuning.config import CloserConfig
from tuning.errors import TuningError
from tuning.eyes.checkpoint import load_checkpoint, peek, save_checkpoint
from tuning.eyes.closer.net import CloserNet, Said
from tuning.eyes.closer.places import Place
from tuning.eyes.crops import class_odds, relit
from tuning.eyes.quick import with_quick_backward
from tuning.eyes.stage import NOTHING
from tuning.eyes.train import FLOOR, follow, learning

REPORT_EVERY = 200  # steps
SMOOTHING = 0.02  # of class labels


@dataclass(frozen=True, slots=True)
class Patches:
    """One step's patches and their truth."""

    pixels: Tensor  # (N, 3, 64, 64) float
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
        self._odds = class_odds(config.weights)

    def batch(self, step: int) -> Patches:
        """The patches of one step."""
        rng = np.random.default_rng((self._seed, step))
        drawn = [self._draw(rng) for _ in range(self._config.batch)]
        pixels = np.stack([_shown(place, window, rng) for place, window in drawn])
        return Patches(
            torch.from_numpy(pixels.transpose(0, 3, 1, 2)),
            torch.from_numpy(log_sides([window for _, window in drawn])),
            torch.tensor([place.label for place, _ in drawn]),
            torch.tensor([place.weight for place, _ in drawn]),
            torch.tensor([_sizes(place, window) for place, window in drawn], dtype=torch.float32),
        )

    def _draw(self, rng: np.random.Generator) -> tuple[Place, Window]:
        label = NOTHING
        if rng.random() >= self._config.on_nothing:
            label = int(rng.choice(len(CLASSES), p=self._odds))
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
    say: Callable[[str], None],
    save_every_s: float = 300.0,
) -> None:
    """Train, or go on where a training of the same digest stopped.

    Args:
        trunk: pretrained; it is changed.
        path: of the checkpoint.
        digest: names the recipe, the pool and the eyes whose regions these are.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(seed)
    net = CloserNet(trunk, classes=len(CLASSES))
    with_quick_backward(net.blocks)
    net.to(memory_format=torch.channels_last).train()
    sampler = PatchSampler(places, config, seed=seed)
    groups = learning(net)
    rates = [config.learning_rate * config.trunk_rate_share, config.learning_rate]
    optimiser = torch.optim.AdamW(
        [{"params": group, "lr": rate} for group, rate in zip(groups, rates, strict=True)],
        weight_decay=config.weight_decay,
        fused=True,
    )
    average, start = {name: value.clone() for name, value in net.state_dict().items()}, 0
    if path.exists() and peek(path).digest == digest:
        start = load_checkpoint(path, net=net, average=average, optimiser=optimiser)
    since_s = saved_s = time.monotonic()
    total, since = 0.0, start
    for step in range(start, config.steps):
        torch.manual_seed(seed + step)  # dropout too follows from the step
        share = (
            min(1.0, (step + 1) / config.warm_up_steps) * (0.5 + 0.5 * math.cos(math.pi * step / config.steps)) + FLOOR
        )
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * share
        batch = sampler.batch(step)
        with torch.autocast("cpu", torch.bfloat16):
            said = net(batch.pixels, batch.sides)
        loss = _loss(said, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*groups[0], *groups[1]], 2.0)
        optimiser.step()
        follow(average, net, min(config.average_decay, 1 - 1 / ((step + 1) / 4 + 1)))
        total += float(loss.detach())
        now_s = time.monotonic()
        if (step + 1) % REPORT_EVERY == 0:
            pace_s = (now_s - since_s) / (step + 1 - since)
            left_min = pace_s * (config.steps - step - 1) / 60
            mean = total / (step + 1 - since)
            say(f"step {step + 1}/{config.steps} loss {mean:.4f}; {pace_s:.3f} s/step, {left_min:.1f} min left")
            since_s, since, total = now_s, step + 1, 0.0
        if now_s - saved_s > save_every_s:
            save_checkpoint(path, net=net, average=average, optimiser=optimiser, step=step + 1, digest=digest)
            saved_s = now_s
    save_checkpoint(path, net=net, average=average, optimiser=optimiser, step=config.steps, digest=digest)


def _loss(said: Said, batch: Patches) -> Tensor:
    each = functional.cross_entropy(said.named.float(), batch.labels, reduction="none", label_smoothing=SMOOTHING)
    sized = ~batch.sizes.isnan().any(1)
    loss = (each * batch.weights).mean()
    if bool(sized.any()):
        loss = loss + functional.smooth_l1_loss(said.sizes.float()[sized], batch.sizes[sized], beta=0.1)
    return loss


def _shown(place: Place, window: Window, rng: np.random.Generator) -> NDArray[np.float32]:
    patch = relit(cut(place.frame.pixels, window), rng)
    if rng.random() < 0.5:
        patch = patch.swapaxes(0, 1)
    return np.ascontiguousarray(patch[:: int(rng.choice((-1, 1))), :: int(rng.choice((-1, 1)))])


def _sizes(place: Place, window: Window) -> tuple[float, float]:
    if place.log_length is None or place.log_root is None:
        return math.nan, math.nan
    side = math.log(window[2])
    return place.log_length - side, place.log_root - side
