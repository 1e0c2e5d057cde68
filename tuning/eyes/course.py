"""The course of a training: pinned seeds, one thread, rates, moving average, progress, and going on where it stopped.

What a step learns follows from the seed and the step alone, so no random state is kept (checkpoint.py).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn

from tuning.config import Again, CourseConfig
from tuning.eyes.checkpoint import load_checkpoint, peek, save_checkpoint
from tuning.eyes.losses import Losses

FROZEN = ("stem.", "blocks.0.", "blocks.1.0.")  # the trunk's entrance: its backward would take half of a step
LONGEST_GRADIENT = 2.0
FLOOR = 0.005  # of a learning rate's cosine
REPORT_EVERY = 50  # steps


@dataclass(frozen=True, slots=True)
class Course:
    """What a training is, apart from what it learns."""

    steps: int
    learning_rate: float  # of the head
    trunk_rate_share: float  # the trunk learns this much slower
    rate_at: Callable[[int], float]  # share of the rates at a step
    weight_decay: float
    average_decay: float
    seed: int
    digest: str  # names recipe and data: a checkpoint of another one is not gone on with
    path: Path  # of the checkpoint


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


def cosine(step: int, steps: int, warm_up_steps: int, *, top: float = 1.0) -> float:
    """Share of a learning rate: up to `top` within the first steps, then along a half cosine to nothing."""
    warm = min(1.0, (step + 1) / warm_up_steps)
    return warm * top * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + FLOOR


def course_of(config: CourseConfig[Again], *, seed: int, digest: str, path: Path) -> Course:
    """The course of a recipe: one cosine to nothing, then one for each further course."""
    return Course(
        steps=config.all_steps,
        learning_rate=config.learning_rate,
        trunk_rate_share=config.trunk_rate_share,
        rate_at=lambda step: _rate_at(config, step),
        weight_decay=config.weight_decay,
        average_decay=config.average_decay,
        seed=seed,
        digest=digest,
        path=path,
    )


def _rate_at(config: CourseConfig[Again], step: int) -> float:
    """Share of the learning rates."""
    if (later := config.later(step)) is None:
        return cosine(step, config.steps, config.warm_up_steps)
    course, own_step = later
    return cosine(own_step, course.steps, config.warm_up_steps, top=course.rate_share)


def start(seed: int) -> None:
    """One thread and the seed: before a network is made."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(seed)


def follow(
    course: Course,
    net: nn.Module,
    loss_at: Callable[[int], Losses],
    *,
    report: Callable[[Progress], None],
    save_every_s: float,
) -> None:
    """Train a network, or go on where a training of the same digest stopped.

    Args:
        loss_at: the loss of one step, from the network as it is then.
    """
    net.to(memory_format=torch.channels_last).train()
    trunk, head = _learning(net)
    rates = [course.learning_rate * course.trunk_rate_share, course.learning_rate]
    optimiser = torch.optim.AdamW(
        [{"params": group, "lr": rate} for group, rate in zip((trunk, head), rates, strict=True)],
        weight_decay=course.weight_decay,
        fused=True,
    )
    average, first = {name: value.clone() for name, value in net.state_dict().items()}, 0
    if course.path.exists() and peek(course.path).digest == course.digest:
        first = load_checkpoint(course.path, net=net, average=average, optimiser=optimiser)
    meter, saved_s = _Meter(first, course.steps), time.monotonic()

    def save(step: int) -> None:
        save_checkpoint(course.path, net=net, average=average, optimiser=optimiser, step=step, digest=course.digest)

    for step in range(first, course.steps):
        torch.manual_seed(course.seed + step)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * course.rate_at(step)
        found = loss_at(step)
        optimiser.zero_grad(set_to_none=True)
        found.total().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*trunk, *head], LONGEST_GRADIENT)
        optimiser.step()
        _move(average, net, min(course.average_decay, 1 - 1 / ((step + 1) / 4 + 1)))
        meter.add(found)
        if (step + 1) % REPORT_EVERY == 0:
            report(meter.progress(step + 1))
        if time.monotonic() - saved_s > save_every_s:
            save(step + 1)
            saved_s = time.monotonic()
    save(course.steps)


def _learning(net: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
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
def _move(average: dict[str, Tensor], net: nn.Module, decay: float) -> None:
    """The moving average towards the network."""
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
