"""What the maps are taught by: every region counts alike, however small; the hardest background counts apart.

A region's zone is its mask spread a little outwards; loss and dice are taken per region and then averaged, so that a
0.5 mm spot weighs as much as an empty pocket.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tuning.eyes.crops import Batch
from tuning.eyes.net import Maps

HARDEST = 0.004  # share of the background cells that make the "hard" part
SMOOTHING = 0.02  # of class labels


@dataclass(frozen=True, slots=True)
class Losses:
    """The weighted parts, one sum of which is learned from."""

    parts: dict[str, Tensor]

    def total(self) -> Tensor:
        return torch.stack(list(self.parts.values())).sum()


def losses(maps: Maps, batch: Batch) -> Losses:
    """Weighted loss parts of one batch."""
    logits = maps.mask[:, 0].float()
    stride = batch.coverage.shape[-1] // logits.shape[-1]
    target = functional.avg_pool2d(batch.coverage[:, None], stride)[:, 0]
    ignored_px = (batch.regions < 0).float()[:, None]
    numbers = batch.regions.clamp(min=0).float()[:, None]
    spread = 2 * max(2, 8 // stride) + 1
    zone = functional.max_pool2d(functional.max_pool2d(numbers, stride), spread, 1, spread // 2)[:, 0].long()
    ignored = functional.max_pool2d(functional.max_pool2d(ignored_px, stride), 5, 1, 2)[:, 0] > 0
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    background = loss[(zone == 0) & ~ignored]
    hardest = background.topk(max(8, int(background.numel() * HARDEST))).values
    parts = {"hard": hardest.mean() * 0.6, "background": background.mean() * 4}
    if len(batch.classes):
        parts |= _region_parts(logits, target, loss, zone * ~ignored, len(batch.classes))
        parts |= _class_parts(maps.classes.float(), numbers, batch.classes)
    parts["zones"] = functional.cross_entropy(maps.zones.float(), batch.zones) * 0.3
    return Losses(parts)


def _region_parts(logits: Tensor, target: Tensor, loss: Tensor, zone: Tensor, count: int) -> dict[str, Tensor]:
    at = zone.flatten()

    def per_region(values: Tensor) -> Tensor:
        return torch.zeros(count + 1).index_add_(0, at, values.flatten())[1:]

    share = torch.sigmoid(logits)
    area, summed = per_region(target), per_region(loss)
    overlap, drawn = per_region(share * target), per_region(share)
    taught = (area > 0.3).float()
    number = taught.sum().clamp(min=1)
    dice = 1 - (2 * overlap + 0.5) / (area + drawn + 0.5)
    return {"region": (summed / (area + 3) * taught).sum() / number, "dice": (dice * taught).sum() / number * 0.7}


def _class_parts(logits: Tensor, numbers: Tensor, classes: Tensor) -> dict[str, Tensor]:
    """Class by cell and, after pooling the logits of each region, by region."""
    stride = numbers.shape[-1] // logits.shape[-1]
    at = functional.max_pool2d(numbers, stride)[:, 0].long()
    inside = at > 0
    if not bool(inside.any()):
        return {}
    region = at[inside] - 1
    cells = logits.permute(0, 2, 3, 1)[inside]
    by_cell = functional.cross_entropy(cells, classes[region], reduction="none", label_smoothing=SMOOTHING)
    count = len(classes)
    cell_count = torch.zeros(count).index_add_(0, region, torch.ones_like(by_cell))
    mean = torch.zeros(count).index_add_(0, region, by_cell) / cell_count.clamp(min=1)
    pooled = torch.zeros(count, logits.shape[1]).index_add_(0, region, cells) / cell_count.clamp(min=1)[:, None]
    seen = cell_count > 0
    by_region = functional.cross_entropy(pooled[seen], classes[seen], label_smoothing=SMOOTHING)
    return {"class": mean[seen].mean() * 0.4 + by_region * 0.5}
