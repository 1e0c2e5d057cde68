"""Teaching the region stage: an ensemble of small perceptrons that name a region or refuse it, and where it is."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from cameras.render import CLASSES, ZONES
from models.region_stage import opinions
from tuning.eyes.calibrate import Seen

Floats = NDArray[np.float32]
NETS, WIDTH, STEPS, BATCH = 4, 128, 5000, 128
ZONE_STEPS = 1500
UNSPECIFIED_WEIGHT = 0.6  # of regions on defects that are too faint or too small to be specified
NOTHING = len(CLASSES)


@dataclass(frozen=True, slots=True)
class RegionTable:
    """Every region of some frames as one row."""

    facts: Floats  # (regions, facts)
    labels: NDArray[np.int64]  # class, or NOTHING
    zones: NDArray[np.int64]  # of its defect; of its cells where it is on nothing
    weights: Floats
    frames: NDArray[np.int64]  # which frame it is of

    def part(self, rows: NDArray[np.bool_]) -> "RegionTable":
        """Some of the regions."""
        return RegionTable(self.facts[rows], self.labels[rows], self.zones[rows], self.weights[rows], self.frames[rows])


def table_of(seen: list[Seen]) -> RegionTable:
    """Rows in the order of the frames and their regions."""
    facts, labels, zones, weights, frames = [], [], [], [], []
    for at, one in enumerate(seen):
        for region, defect in zip(one.regions, one.defect_of, strict=True):
            drawn = None if defect is None else one.frame.truth.defects[defect]
            facts.append(region.facts)
            labels.append(NOTHING if drawn is None else CLASSES.index(drawn.defect))
            zones.append(region.zone if drawn is None else ZONES.index(drawn.zone))
            weights.append(1.0 if drawn is None or drawn.specified else UNSPECIFIED_WEIGHT)
            frames.append(at)
    return RegionTable(
        np.array(facts, np.float32),
        np.array(labels, np.int64),
        np.array(zones, np.int64),
        np.array(weights, np.float32),
        np.array(frames, np.int64),
    )


def teach_stage(table: RegionTable, *, seed: int) -> dict[str, Floats]:
    """The perceptrons' tensors under the names of models.region_stage.RegionStage."""
    torch.set_num_threads(1)
    centre, scale = table.facts.mean(0), table.facts.std(0) + 1e-3
    x = torch.from_numpy((table.facts - centre) / scale)
    y, weights = torch.from_numpy(table.labels), torch.from_numpy(table.weights)
    nets = [_taught(x, y, weights, seed + i) for i in range(NETS)]
    tensors = {
        "hidden": torch.stack([net.get_parameter("1.weight").T for net in nets]),
        "hidden_bias": torch.stack([net.get_parameter("1.bias") for net in nets]),
        "out": torch.stack([net.get_parameter("4.weight").T for net in nets]),
        "out_bias": torch.stack([net.get_parameter("4.bias") for net in nets]),
    }
    tensors["zone"] = _zone_of(x, torch.from_numpy(table.zones), seed)
    found = {name: value.detach().numpy().astype(np.float32) for name, value in tensors.items()}
    return found | {"centre": centre.astype(np.float32), "scale": scale.astype(np.float32)}


def cross_opinions(table: RegionTable, *, seed: int) -> Floats:
    """Opinions of perceptrons that were taught on the other half of the frames."""
    said = np.zeros((len(table.labels), len(CLASSES) + 1), np.float32)
    for half in (0, 1):
        other, own = table.frames % 2 != half, table.frames % 2 == half
        taught = teach_stage(table.part(other), seed=seed)
        x = (table.facts[own] - taught["centre"]) / taught["scale"]
        said[own] = opinions(x, *(taught[name] for name in ("hidden", "hidden_bias", "out", "out_bias")))
    return said


def _zone_of(x: torch.Tensor, zones: torch.Tensor, seed: int) -> torch.Tensor:
    """(facts + 1, zones): a logistic regression."""
    torch.manual_seed(seed)
    line = nn.Linear(x.shape[1], len(ZONES))
    optimiser = torch.optim.AdamW(line.parameters(), 5e-3, weight_decay=0.02)
    for step in range(ZONE_STEPS):
        rows = torch.randint(0, len(x), (BATCH,))
        for group in optimiser.param_groups:
            group["lr"] = 5e-3 * (1 - step / ZONE_STEPS) + 1e-5
        loss = functional.cross_entropy(line(x[rows]), zones[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return torch.cat([line.weight.T, line.bias[None]])


def _taught(x: torch.Tensor, y: torch.Tensor, weights: torch.Tensor, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = [nn.Dropout(0.15), nn.Linear(x.shape[1], WIDTH), nn.ReLU(), nn.Dropout(0.3), nn.Linear(WIDTH, NOTHING + 1)]
    net = nn.Sequential(*layers).train()
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.05)
    for step in range(STEPS):
        rows = torch.randint(0, len(x), (BATCH,))
        noisy = x[rows] + torch.randn(BATCH, x.shape[1]) * 0.1
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1 - step / STEPS) + 1e-5
        each = functional.cross_entropy(net(noisy), y[rows], reduction="none", label_smoothing=0.02)
        loss = (each * weights[rows]).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return net.eval()
