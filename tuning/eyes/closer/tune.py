"""The closer look from the eyes' graph to its own, in one call that goes on where an earlier one stopped."""

from pathlib import Path

from cameras.render import CLASSES
from models.digest import digest_file
from models.eyes import Sight
from models.regions import Thresholds
from tuning.config import EyesConfig
from tuning.eyes.calibrate import look_at
from tuning.eyes.checkpoint import load_average, peek
from tuning.eyes.closer.export import export_closer
from tuning.eyes.closer.net import CloserNet
from tuning.eyes.closer.places import places_of
from tuning.eyes.closer.train import train_closer
from tuning.eyes.pool import Pool
from tuning.eyes.pretrained import bare_trunk, pretrained_trunk
from tuning.side_by_side import Say

TAUGHT_AT = Thresholds(edge=0.05, peak=0.1, most=40)  # fainter places than it is asked about


def tune_closer(config: EyesConfig, pool: Pool, eyes: Path, work: Path, target: Path, *, say: Say) -> Path:
    """Look at frames that the eyes never saw, teach the closer look on what is found there, write its graph.

    Args:
        eyes: the graph whose regions are looked at.
        target: the ONNX file to write.

    Returns:
        The checkpoint of the finished training.
    """
    path = work / "closer.checkpoint.safetensors"
    digest = ":".join((config.closer_digest(), pool.digest, digest_file(eyes)))
    finished = path.exists() and peek(path).digest == digest and peek(path).step == config.closer.all_steps
    if not finished:
        sight = Sight(eyes.read_bytes(), threads=1)
        seen = look_at(
            pool, sight, lambda done, total: say(f"closer look: {done}/{total} frames looked at"), at=TAUGHT_AT
        )
        places = places_of(seen, faintest=config.training.faintest_contrast)
        trunk = pretrained_trunk(config.trunk, work / "wheels")
        train_closer(
            trunk,
            places,
            config.closer,
            path,
            seed=config.seed,
            digest=digest,
            report=lambda progress: say(f"closer look: {progress.line()}"),
        )
    net = CloserNet(bare_trunk(), classes=len(CLASSES))
    load_average(path, net)
    export_closer(net, target)
    return path
