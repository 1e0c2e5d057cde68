"""From a finished training to the parts that ship: export, calibrate on the int8 graph, evaluate, write.

The facts beside the parts carry what a package states about its eyes: thresholds, smallest sizes and every figure.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from cameras.render import CLASSES, ZONES
from models.eyes import Eyes, EyesParts, Sight
from models.package import EYES_GRAPH, EYES_TENSORS
from tuning.config import EyesConfig, Strict
from tuning.eyes.calibrate import LOOKED_AT, Seen, familiar, look_at, pairs_of, unit_area_factor
from tuning.eyes.checkpoint import load_average, peek
from tuning.eyes.evaluate import EyesReport, evaluate_eyes
from tuning.eyes.export import check_float, check_quantised, export_float, quantise
from tuning.eyes.net import EyesNet
from tuning.eyes.operating import EyesPoint, choose_point, smallest_sizes
from tuning.eyes.pool import Pool
from tuning.eyes.pretrained import bare_trunk
from tuning.eyes.sizes import teach_sizes
from tuning.eyes.stage import cross_opinions, table_of, teach_stage

FACTS = "eyes.json"
RANGED_ON = 32  # frames that int8 ranges are taken from
COMPARED_ON = 8  # frames that graphs are compared on

Say = Callable[[str], None]


class EyesFacts(Strict):
    """`eyes.json`: what the parts state about themselves."""

    training: str  # digest of the recipe and the training pool
    steps: int
    calibration_pool: str
    held_out_pool: str
    real_from: float
    hold_from: float
    smallest_px: dict[str, float | None]
    parity: dict[str, dict[str, float]]  # network to float graph, float graph to int8
    held_out: EyesReport


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What calibration gave."""

    tensors: dict[str, NDArray[np.float32]]
    point: EyesPoint
    smallest_px: dict[str, float | None]


def finish_eyes(
    config: EyesConfig, checkpoint: Path, calibration: Pool, held_out: Pool, target: Path, *, say: Say
) -> EyesFacts:
    """Write eyes.onnx, eyes.safetensors and eyes.json into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    net = EyesNet(bare_trunk(), classes=len(CLASSES), zones=len(ZONES), channels=config.channels)
    load_average(checkpoint, net)
    whole, graph = checkpoint.with_name("eyes.float.onnx"), target / EYES_GRAPH
    export_float(net, whole)
    ranged = _some(calibration, RANGED_ON)
    compared = _some(held_out, COMPARED_ON)
    parity = {"network to float graph": asdict(check_float(net, whole, compared))}
    quantise(whole, graph, ranged)
    parity["float graph to int8"] = asdict(check_quantised(whole, graph, compared))
    say(f"exported: {parity}")
    sight = Sight(graph.read_bytes(), threads=1)
    seen = look_at(calibration, sight, lambda done, total: say(f"calibration: {done}/{total} frames"))
    found = calibrate(seen, seed=config.seed)
    say(f"calibrated: {found.point}, smallest {found.smallest_px}")
    save_file(found.tensors, target / EYES_TENSORS)
    parts = EyesParts(graph.read_bytes(), (target / EYES_TENSORS).read_bytes(), CLASSES, ZONES)
    report = evaluate_eyes(
        Eyes(parts, threads=1),
        held_out,
        found.point,
        progress=lambda done, total: say(f"held out: {done}/{total} frames"),
    )
    state = peek(checkpoint)
    facts = EyesFacts(
        training=state.digest,
        steps=state.step,
        calibration_pool=calibration.digest,
        held_out_pool=held_out.digest,
        real_from=found.point.real_from,
        hold_from=found.point.hold_from,
        smallest_px=found.smallest_px,
        parity=parity,
        held_out=report,
    )
    (target / FACTS).write_text(facts.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return facts


def calibrate(seen: list[Seen], *, seed: int) -> Calibrated:
    """Region stage, sizes, familiarity and thresholds out of calibration frames."""
    table = table_of(seen)
    said = cross_opinions(table, seed=seed)
    point = choose_point(seen, table, said)
    factor = unit_area_factor(seen)
    tensors = teach_stage(table, seed=seed) | teach_sizes(pairs_of(seen), factor) | familiar(seen)
    tensors["unit_area"] = np.array([factor], np.float32)
    tensors["thresholds"] = np.array([LOOKED_AT.edge, LOOKED_AT.peak, LOOKED_AT.most], np.float32)
    contiguous = {name: np.ascontiguousarray(value, np.float32) for name, value in sorted(tensors.items())}
    return Calibrated(contiguous, point, smallest_sizes(seen, table, said, point))


def _some(pool: Pool, count: int) -> list[NDArray[np.uint8]]:
    step = max(1, len(pool.frames) // count)
    return [np.asarray(frame.pixels) for frame in pool.frames[::step][:count]]
