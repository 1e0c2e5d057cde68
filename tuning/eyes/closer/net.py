"""The closer look's network: the trunk's first stages over an enlarged patch, pooled over all of it and its middle."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tuning.eyes.net import IMAGENET_MEAN, IMAGENET_STD, freeze_norms

STAGES = 5  # of the trunk: to stride 16, 4 x 4 cells of a patch
CHANNELS = (24, 40, 112)  # at strides 4, 8 and 16
WIDTH = 128


@dataclass(frozen=True, slots=True)
class Said:
    """What the closer look says of patches."""

    named: Tensor  # (N, classes + 1) logits, "no defect" last
    sizes: Tensor  # (N, 2) logarithms of length and of the root of the area, over the window's side


class CloserNet(nn.Module):
    """Patches in, names and sizes out."""

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: nn.Module, *, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(trunk.get_submodule("conv_stem"), trunk.get_submodule("bn1"))
        blocks = trunk.get_submodule("blocks")
        assert isinstance(blocks, nn.Sequential)
        self.blocks = blocks[:STAGES]
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1) * 255)
        self.norm = nn.LayerNorm(2 * sum(CHANNELS))
        self.hidden = nn.Linear(2 * sum(CHANNELS) + 1, WIDTH)
        self.drop = nn.Dropout(0.2)
        self.named = nn.Linear(WIDTH, classes + 1)
        self.sizes = nn.Linear(WIDTH, 2)
        nn.init.zeros_(self.sizes.weight)
        nn.init.constant_(self.sizes.bias, -1.0)

    def train(self, mode: bool = True) -> "CloserNet":
        """The trunk's norms stay frozen."""
        super().train(mode)
        freeze_norms(self.stem, self.blocks)
        return self

    def forward(self, pixels: Tensor, sides: Tensor) -> Said:
        """Pixels (N, 3, 64, 64) in 0..255, sides (N, 1) as models.closer.log_sides gives them."""
        x = (pixels.float() - self.mean) / self.std
        c4 = self.blocks[1](self.blocks[0](self.stem(x.contiguous(memory_format=torch.channels_last))))
        c8 = self.blocks[2](c4)
        c16 = self.blocks[4](self.blocks[3](c8))
        pooled = [part for map_ in (c4, c8, c16) for part in (map_.float().mean((2, 3)), _middle(map_.float()))]
        hidden = torch.cat([self.norm(torch.cat(pooled, 1)), sides], 1)
        hidden = self.drop(functional.relu(self.hidden(hidden)))
        return Said(self.named(hidden), self.sizes(hidden))


def _middle(map_: Tensor) -> Tensor:
    """Mean over the middle half of a map, each way."""
    rows, columns = map_.shape[-2:]
    return map_[:, :, rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4].mean((2, 3))
