"""From finished trainings to the parts that ship: export, calibrate on the graphs that ship, write."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from cameras.render import CLASSES, ZONES
from models.operating import Point, choose, smallest_sizes
from models.package import EYES_GRAPH, EYES_TENSORS
from tuning.config import EyesConfig
from tuning.eyes.calibrate import ALIKE, LOOKED_AT, Seen, familiar, pairs_of, unit_area_factor
from tuning.eyes.checkpoint import Checkpoint, load_average
from tuning.eyes.export import check_float, check_quantised, export_float, quantise
from tuning.eyes.net import EyesNet
from tuning.eyes.operating import TARGET, scored
from tuning.eyes.pool import Pool
from tuning.eyes.pretrained import bare_trunk
from tuning.eyes.sizes import teach_sizes
from tuning.eyes.stage import cross_opinions, table_of, teach_stage
from tuning.facts import FACTS, EyesFacts
from tuning.side_by_side import Say

RANGED_ON = 32  # frames that int8 ranges are taken from
COMPARED_ON = 8  # frames that graphs are compared on


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What calibration gave."""

    tensors: dict[str, NDArray[np.float32]]
    point: Point
    smallest_px: Mapping[str, float | None]


def export_eyes(
    config: EyesConfig, checkpoint: Path, calibration: Pool, target: Path, *, say: Say
) -> dict[str, dict[str, float]]:
    """Write eyes.onnx into `target`; how far network, float graph and int8 graph are apart."""
    target.mkdir(parents=True, exist_ok=True)
    net = EyesNet(bare_trunk(), classes=len(CLASSES), zones=len(ZONES), channels=config.channels)
    load_average(checkpoint, net)
    whole, graph = checkpoint.with_name("eyes.float.onnx"), target / EYES_GRAPH
    export_float(net, whole)
    ranged, compared = _some(calibration, RANGED_ON, first=0), _some(calibration, COMPARED_ON, first=1)
    parities = {"network to float graph": asdict(check_float(net, whole, compared))}
    quantise(whole, graph, ranged)
    parities["float graph to int8"] = asdict(check_quantised(whole, graph, compared))
    say(f"exported: {parities}")
    return parities


def finish_eyes(
    config: EyesConfig,
    seen: list[Seen],
    target: Path,
    *,
    calibration_pool: str,
    parity: dict[str, dict[str, float]],
    trained: Checkpoint,
    closer_trained: Checkpoint,
    say: Say,
) -> EyesFacts:
    """Calibrate on what both graphs saw; write eyes.safetensors and eyes.json into `target`, beside the graphs."""
    found = calibrate(seen, seed=config.seed)
    say(f"calibrated: {found.point}, smallest {found.smallest_px}")
    save_file(found.tensors, target / EYES_TENSORS)
    facts = EyesFacts(
        training=trained.digest,
        steps=trained.step,
        closer=closer_trained.digest,
        closer_steps=closer_trained.step,
        calibration_pool=calibration_pool,
        real_from=found.point.real_from,
        hold_from=found.point.hold_from,
        smallest_px=dict(found.smallest_px),
        parity=parity,
    )
    (target / FACTS).write_text(facts.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return facts


def calibrate(seen: list[Seen], *, seed: int) -> Calibrated:
    """Region stage, sizes, familiarity and thresholds out of calibration frames."""
    table = table_of(seen)
    said = cross_opinions(table, seed=seed)
    on_frames = scored(seen, table, said)
    point = choose(on_frames, TARGET)
    factor = unit_area_factor(seen)
    pairs = pairs_of(seen)
    counts = np.array([said[p.row, :-1].sum() >= point.hold_from and said[p.row].argmax() == p.label for p in pairs])
    tensors = teach_stage(table, seed=seed) | teach_sizes(pairs, factor, counts)
    tensors |= familiar([one.pooled for one in seen], alike=ALIKE)
    tensors["unit_area"] = np.array([factor], np.float32)
    tensors["thresholds"] = np.array([LOOKED_AT.edge, LOOKED_AT.peak, LOOKED_AT.most], np.float32)
    contiguous = {name: np.ascontiguousarray(value, np.float32) for name, value in sorted(tensors.items())}
    return Calibrated(contiguous, point, smallest_sizes(on_frames.cases, point.hold_from))


def _some(pool: Pool, count: int, *, first: int) -> list[NDArray[np.uint8]]:
    step = max(1, len(pool.frames) // count)
    return [np.asarray(frame.pixels) for frame in pool.frames[first::step][:count]]
