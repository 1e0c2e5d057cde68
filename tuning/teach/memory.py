"""The golden memory: what every place of good units looks like to the pretrained trunk, and how far a place is from it.

Features of strides 8 and 16, smoothed and standardised, thinned out to a few thousand that cover the rest. The distance
is stated in deviations of good units, each measured without its own features, so that it adds to the map's logits.

Source: PatchCore (Roth et al., CVPR 2022); the thinning is its greedy coreset on random projections.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tuning.eyes.net import stem_and_blocks
from tuning.teach.lessons import Shown

KEPT = 2000  # features; twice as many see no more (tiles, screws, macaroni within .003) and take twice as long
THINNED_FROM = 40_000  # at the most
PROJECTED = 32  # dimensions that distances are compared in while thinning
SMOOTHED = 5  # places of stride 8, edge of the kernel
WORST_SHARE = 0.001  # of the places: how far a picture is from what is usual
FAR = 1e9
LEARNT = ("centre", "spread", "kept", "squares", "usual", "scale")


class GoldenMemory(nn.Module):
    """Frames in, (N, 1, H/8, W/8) deviations from good units out; about 0 for a good unit's worst places."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.stem, blocks = stem_and_blocks(trunk)
        self.blocks = blocks[:5]
        for name in LEARNT:
            self.register_buffer(name, torch.zeros(1))
        kernel = torch.exp(-((torch.arange(SMOOTHED).float() - SMOOTHED // 2) ** 2) / 2)
        kernel = kernel[:, None] * kernel[None]
        self.register_buffer("kernel", (kernel / kernel.sum())[None, None])
        self.eval()

    def embedded(self, pixels: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..255 to (N, 152, H/8, W/8)."""
        c8 = self.blocks[2](self.blocks[1](self.blocks[0](self.stem(pixels))))
        c16 = self.blocks[4](self.blocks[3](c8))
        # Past the border counts as nothing, or what only the trunk's own padding draws there is the farthest place of
        # every picture: magnetic tiles .69 without it and .83 with it, screws .84 and .94, macaroni .86 and .90.
        c8, c16 = (functional.avg_pool2d(c, 3, 1, 1) for c in (c8, c16))
        c16 = functional.interpolate(c16, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.cat([c8, c16], 1)

    def distances(self, embedded: Tensor, left_out: Tensor | None = None) -> Tensor:
        """(N, C, h, w) to (N, 1, h, w), smoothed; `left_out` marks kept features that do not count."""
        batch, channels, rows, columns = embedded.shape
        flat = embedded.permute(0, 2, 3, 1).reshape(-1, channels)
        flat = (flat - self.get_buffer("centre")) / self.get_buffer("spread")
        beyond = self.get_buffer("squares")
        if left_out is not None:
            beyond = beyond + left_out.float() * FAR
        nearest = (beyond[None] - 2 * flat @ self.get_buffer("kept").T).min(1).values
        distance = (nearest + (flat * flat).sum(1)).clamp(min=0).sqrt().reshape(batch, 1, rows, columns)
        edge = SMOOTHED // 2
        return functional.conv2d(functional.pad(distance, (edge,) * 4, mode="replicate"), self.get_buffer("kernel"))

    def forward(self, pixels: Tensor) -> Tensor:
        return (self.distances(self.embedded(pixels)) - self.get_buffer("usual")) / self.get_buffer("scale")

    @torch.no_grad()
    def learn(self, good: Sequence[Shown], *, seed: int) -> None:
        """Keep the features of good units, and measure how far each of them is from the others."""
        embedded = torch.cat([self.embedded(_tensor(one)) for one in good])
        flat = embedded.permute(0, 2, 3, 1).reshape(-1, embedded.shape[1])
        self._keep("centre", flat.mean(0))
        self._keep("spread", flat.std(0) + 1e-3)
        draw = torch.Generator().manual_seed(seed)
        rows = torch.randperm(len(flat), generator=draw)[:THINNED_FROM]
        thinned = (flat[rows] - self.get_buffer("centre")) / self.get_buffer("spread")
        chosen = _covering(thinned, draw)
        self._keep("kept", thinned[chosen])
        self._keep("squares", (thinned[chosen] ** 2).sum(1))
        owner = (rows // (len(flat) // len(good)))[chosen]
        worst = [
            _worst(self.distances(embedded[i : i + 1], owner == i))
            for i in range(len(good))  # without its own features
        ]
        self._keep("usual", torch.stack(worst).mean())
        self._keep("scale", torch.stack(worst).std() + 1e-3)

    def learnt(self) -> dict[str, Tensor]:
        """What `learn` gave, to be kept on disk."""
        return {name: self.get_buffer(name) for name in LEARNT}

    def remember(self, learnt: dict[str, Tensor]) -> None:
        """Take over what another memory learnt."""
        for name in LEARNT:
            self._keep(name, learnt[name])

    def _keep(self, name: str, value: Tensor) -> None:
        self.register_buffer(name, value.contiguous())


def _covering(features: Tensor, draw: torch.Generator) -> Tensor:
    """Indices of features that leave none far from all of them, one after the other the farthest."""
    low = features @ torch.randn(features.shape[1], PROJECTED, generator=draw) / PROJECTED**0.5
    squares = (low**2).sum(1)
    nearest, at, chosen = torch.full((len(low),), FAR), 0, []
    for _ in range(min(KEPT, len(low))):
        chosen.append(at)
        nearest = torch.minimum(nearest, squares - 2 * (low @ low[at]) + squares[at])
        at = int(nearest.argmax())
    return torch.tensor(chosen)


def _worst(distance: Tensor) -> Tensor:
    flat = distance.flatten()
    return flat.topk(max(1, int(len(flat) * WORST_SHARE))).values.mean()


def _tensor(one: Shown) -> Tensor:
    return torch.from_numpy(one.pixels.copy()).permute(2, 0, 1)[None]
