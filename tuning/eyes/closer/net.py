"""The closer look's network: the trunk's first stages over an enlarged patch and its like, and their difference."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tuning.eyes.net import freeze_norms, stem_and_blocks

STAGES = 5  # of the trunk: to stride 16, 4 x 4 cells of a patch
CHANNELS = (24, 40, 112)  # at strides 4, 8 and 16
COMPARED = 48  # channels of what looks at both places at stride 8
WIDTH = 160


@dataclass(frozen=True, slots=True)
class Said:
    """What the closer look says of patches."""

    named: Tensor  # (N, classes + 1) logits, "no defect" last
    sizes: Tensor  # (N, 2) logarithms of length and of the root of the area, over the window's side


class CloserNet(nn.Module):
    """Patches and their likes in, names and sizes out."""

    def __init__(self, trunk: nn.Module, *, classes: int) -> None:
        super().__init__()
        self.stem, blocks = stem_and_blocks(trunk)
        self.blocks = blocks[:STAGES]
        both = CHANNELS[0] + 2 * CHANNELS[1]
        self.compare = nn.Sequential(
            nn.Conv2d(both, COMPARED, 3, padding=1), nn.ReLU(), nn.Conv2d(COMPARED, COMPARED, 3, padding=1), nn.ReLU()
        )
        pooled = 2 * sum(CHANNELS) + 3 * sum(CHANNELS) + 3 * COMPARED
        self.norm = nn.LayerNorm(pooled)
        self.hidden = nn.Linear(pooled + 1, WIDTH)
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

    def forward(self, pixels: Tensor, alike: Tensor, sides: Tensor) -> Said:
        """Pixels twice (N, 3, 64, 64) in 0..255, sides (N, 1) as models.closer.log_sides gives them."""
        maps, count = self._maps(torch.cat([pixels, alike])), len(pixels)
        own = [map_[:count] for map_ in maps]
        apart = [(map_[:count] - map_[count:]).abs() for map_ in maps]
        fine = functional.avg_pool2d(apart[0], 2)
        compared = self.compare(torch.cat([fine, own[1], apart[1]], 1))
        pooled = [part for map_ in own for part in (map_.float().mean((2, 3)), _middle(map_.float()))]
        for map_ in (*apart, compared):
            pooled += [map_.float().mean((2, 3)), _middle(map_.float()), map_.float().amax((2, 3))]
        hidden = torch.cat([self.norm(torch.cat(pooled, 1)), sides], 1)
        hidden = self.drop(functional.relu(self.hidden(hidden)))
        return Said(self.named(hidden), self.sizes(hidden))

    def _maps(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """At strides 4, 8 and 16."""
        c4 = self.blocks[1](self.blocks[0](self.stem(pixels)))
        c8 = self.blocks[2](c4)
        return c4, c8, self.blocks[4](self.blocks[3](c8))


def _middle(map_: Tensor) -> Tensor:
    """Mean over the middle half of a map, each way."""
    rows, columns = map_.shape[-2:]
    return map_[:, :, rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4].mean((2, 3))
