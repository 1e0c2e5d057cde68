"""The eyes from recipe to shipped parts, in one call that goes on where an earlier one stopped."""

from pathlib import Path

from models.closer import Closer
from models.eyes import Sight
from models.package import CLOSER_GRAPH, EYES_GRAPH
from tuning.config import EyesConfig, RenderConfig
from tuning.eyes.calibrate import look_at
from tuning.eyes.checkpoint import peek
from tuning.eyes.closer.tune import tune_closer
from tuning.eyes.finish import export_eyes, finish_eyes
from tuning.eyes.pool import Pool, render_pool
from tuning.eyes.train import train_eyes
from tuning.facts import EyesFacts
from tuning.side_by_side import Say


def tune_eyes(config: EyesConfig, work: Path, target: Path, *, processes: int, say: Say) -> EyesFacts:
    """Render, train, export, teach the closer look, calibrate.

    Args:
        work: keeps pools, the fetched trunk and the training's state; about 31 GB.
        target: receives eyes.onnx, closer.onnx, eyes.safetensors and eyes.json.
        processes: that render; training takes one core.
        say: called with one line at a time.
    """
    train = _pool(work, "train", config.pools.train, processes, say)
    fresh = _pool(work, "fresh", config.pools.fresh, processes, say) if config.pools.fresh else None
    checkpoint = train_eyes(config, train, fresh, work, report=lambda progress: say(progress.line()))
    calibration = _pool(work, "calibration", config.pools.calibration, processes, say)
    parity = export_eyes(config, checkpoint, calibration, target, say=say)
    looked_at = _pool(work, "closer", config.pools.closer, processes, say)
    closer = tune_closer(config, looked_at, target / EYES_GRAPH, work, target / CLOSER_GRAPH, say=say)
    seen = look_at(
        calibration,
        Sight((target / EYES_GRAPH).read_bytes(), threads=1),
        lambda done, total: say(f"calibration: {done}/{total} frames"),
        closer=Closer((target / CLOSER_GRAPH).read_bytes(), threads=1),
    )
    return finish_eyes(
        config,
        seen,
        target,
        calibration_pool=calibration.digest,
        parity=parity,
        trained=peek(checkpoint),
        closer_trained=peek(closer),
        say=say,
    )


def _pool(work: Path, name: str, recipe: tuple[RenderConfig, ...], processes: int, say: Say) -> Pool:
    def progress(done: int, total: int) -> None:
        say(f"{name}: {done}/{total} frames rendered")

    return render_pool(work / "pools" / name, recipe, processes=processes, progress=progress)
