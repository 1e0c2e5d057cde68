"""The eyes from recipe to shipped parts, in one call that goes on where an earlier one stopped."""

from collections.abc import Callable
from pathlib import Path

from tuning.config import EyesConfig, RenderConfig
from tuning.eyes.finish import EyesFacts, finish_eyes
from tuning.eyes.pool import Pool, render_pool
from tuning.eyes.train import train_eyes

Say = Callable[[str], None]


def tune_eyes(config: EyesConfig, work: Path, target: Path, *, processes: int, say: Say) -> EyesFacts:
    """Render, train, export, calibrate and evaluate.

    Args:
        work: keeps pools, the fetched trunk and the training's state; about 10 GB.
        target: receives eyes.onnx, eyes.safetensors and eyes.json.
        processes: that render; training takes one core.
        say: called with one line at a time.
    """
    train = _pool(work, "train", config.pools.train, processes, say)
    checkpoint = train_eyes(config, train, work, report=lambda progress: say(progress.line()))
    calibration = _pool(work, "calibration", config.pools.calibration, processes, say)
    held_out = _pool(work, "held_out", config.pools.held_out, processes, say)
    return finish_eyes(config, checkpoint, calibration, held_out, target, say=say)


def _pool(work: Path, name: str, recipe: tuple[RenderConfig, ...], processes: int, say: Say) -> Pool:
    def progress(done: int, total: int) -> None:
        say(f"{name}: {done}/{total} frames rendered")

    return render_pool(work / "pools" / name, recipe, processes=processes, progress=progress)
