"""The networks of one teaching, each with its memory: taught side by side, one core each.

A second thread makes a step slower, not faster: the trunk's convolutions are too small to be shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from safetensors.torch import load_file, save_file

from models.template import Template
from tuning.eyes.pretrained import pretrained_trunk
from tuning.side_by_side import Job, Say, side_by_side
from tuning.teach.lessons import Shown, shown
from tuning.teach.memory import GoldenMemory
from tuning.teach.net import TaughtNet
from tuning.teach.photo import Photo
from tuning.teach.train import TRUNK, load, train


@dataclass(frozen=True, slots=True)
class Part:
    """One network: what it is taught on, for how long, and where it is kept."""

    name: str
    photos: list[Photo]
    stem: Path  # of its files
    steps: int
    template: Template | None = None  # that its pictures are laid over

    def shown(self, frame: tuple[int, int]) -> list[Shown]:
        """Its pictures as the line would see them."""
        return shown(self.photos, *frame, self.template)

    @property
    def checkpoint(self) -> Path:
        return self.stem.with_suffix(".safetensors")

    @property
    def memory(self) -> Path:
        return self.stem.with_suffix(".memory.safetensors")

    def load(self, wheels: Path, *, classes: int, with_memory: bool) -> tuple[TaughtNet, GoldenMemory | None]:
        """The network and, if asked for, its memory, once they were taught."""
        net = load(self.checkpoint, classes=classes)
        if not with_memory:
            return net, None
        memory = GoldenMemory(pretrained_trunk(TRUNK, wheels))
        memory.remember(load_file(self.memory))
        return net, memory


def train_parts(
    parts: Sequence[Part], defects: tuple[str, ...], frame: tuple[int, int], wheels: Path, *, seed: int, say: Say
) -> None:
    """Teach all of them; the first one is begun first, so it should be the longest."""
    jobs = [Job(_teach, (part, defects, frame, wheels, seed)) for part in parts]
    side_by_side(jobs, processes=None, say=say)


def sides_of(pictures: Sequence[Shown]) -> tuple[list[Shown], list[Shown]]:
    """The good ones and the bad ones."""
    good = [one for one in pictures if not one.photo.is_bad]
    return good, [one for one in pictures if one.photo.is_bad]


def _teach(
    part: Part, defects: tuple[str, ...], frame: tuple[int, int], wheels: Path, seed: int, said: "Queue[str]"
) -> None:
    good, bad = sides_of(part.shown(frame))

    def report(line: str) -> None:
        said.put(f"{part.name}: {line}")

    train(good, bad, defects, part.checkpoint, wheels, steps=part.steps, seed=seed, report=lambda at: report(at.line()))
    memory = GoldenMemory(pretrained_trunk(TRUNK, wheels))
    memory.learn(good, seed=seed)
    save_file(memory.learnt(), part.memory)
    report("memory kept")
