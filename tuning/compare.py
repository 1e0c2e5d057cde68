"""What a user would otherwise pick for a new product: the same pictures, the same trunk, as many steps.

A plainly fine-tuned classifier, and a fine-tuned dense head with the hardest negatives and the mean of the four highest
places. Neither sees made-up damage, pasted defects or a memory: that is what teaching adds.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tuning.eyes.net import IMAGENET_MEAN, IMAGENET_STD, freeze_norms
from tuning.eyes.quick import with_quick_backward
from tuning.teach.lessons import Shown, varied
from tuning.teach.net import HARDEST, WORST

BATCH = 4
HEAD_RATE, TRUNK_RATE, WEIGHT_DECAY = 1e-3, 2e-4, 0.02


class Rival(nn.Module):
    """A trunk and one head: (N, 3, H, W) in 0..255 to (N, 1, h, w) logits, of the whole picture for a classifier."""

    def __init__(self, trunk: nn.Module, *, dense: bool) -> None:
        super().__init__()
        self.dense = dense
        self.stem = nn.Sequential(trunk.get_submodule("conv_stem"), trunk.get_submodule("bn1"))
        blocks = trunk.get_submodule("blocks")
        assert isinstance(blocks, nn.Sequential)
        self.blocks = blocks[:5] if dense else blocks
        width = 40 + 112 if dense else 320
        self.head = nn.Conv2d(width, 1, 1)
        self.norm = nn.BatchNorm2d(width, affine=False) if dense else nn.Identity()
        for name, value in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(value).view(1, 3, 1, 1) * 255)

    def train(self, mode: bool = True) -> "Rival":
        super().train(mode)
        freeze_norms(self.stem, self.blocks)
        return self

    def forward(self, pixels: Tensor) -> Tensor:
        x = (pixels.float() - self.get_buffer("mean")) / self.get_buffer("std")
        x = x.contiguous(memory_format=torch.channels_last)
        c8 = self.blocks[2](self.blocks[1](self.blocks[0](self.stem(x))))
        c16 = self.blocks[4](self.blocks[3](c8))
        if self.dense:
            upper = functional.interpolate(c16, scale_factor=2, mode="bilinear", align_corners=False)
            logits: Tensor = self.head(self.norm(torch.cat([c8, upper], 1)))
            return logits
        c32 = self.blocks[6](self.blocks[5](c16))
        return self.head(c32.mean((2, 3), keepdim=True))  # type: ignore[no-any-return]

    @torch.no_grad()
    def score(self, one: Shown) -> float:
        """How bad a picture is, as a logit."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self(torch.from_numpy(one.pixels.copy()).permute(2, 0, 1)[None])
        return float(_picture(logits.float())[0])


def fine_tuned(
    trunk: nn.Module,
    good: Sequence[Shown],
    bad: Sequence[Shown],
    *,
    dense: bool,
    steps: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Rival:
    """Teach one of them: two good and two bad pictures a step, marks used by the dense head where there are any."""
    torch.manual_seed(seed)
    net = Rival(trunk, dense=dense)
    with_quick_backward(net.blocks)
    net.to(memory_format=torch.channels_last).train()
    heads = list(net.head.parameters())
    others = [p for name, p in net.named_parameters() if p.requires_grad and not name.startswith(("head.", "stem."))]
    optimiser = torch.optim.AdamW(
        [{"params": others, "lr": TRUNK_RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=WEIGHT_DECAY
    )
    for step in range(steps):
        share = min(1.0, (step + 1) / 20) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 0.005
        for group, rate in zip(optimiser.param_groups, (TRUNK_RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * share
        rng = np.random.default_rng((seed, step))
        drawn = [side[int(rng.integers(len(side)))] for side in (good, good, bad, bad)]
        pairs = [varied(one.pixels.astype(np.float32), one.mask, rng) for one in drawn]
        x = torch.from_numpy(np.stack([np.ascontiguousarray(pixels) for pixels, _ in pairs])).permute(0, 3, 1, 2)
        bad_ones = torch.tensor([0.0, 0.0, 1.0, 1.0])
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(x)
        logits = logits.float()
        loss = functional.binary_cross_entropy_with_logits(_picture(logits), bad_ones)
        if dense:
            loss = loss + _map_loss(logits, [mask for _, mask in pairs])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*others, *heads], 2.0)
        optimiser.step()
        progress(step + 1, steps)
    return net.eval()


def _picture(logits: Tensor) -> Tensor:
    flat = logits.flatten(1)
    return flat.topk(min(WORST, flat.shape[1]), 1).values.mean(1)


def _map_loss(logits: Tensor, masks: Sequence[np.ndarray | None]) -> Tensor:
    parts = []
    for at, mask in enumerate(masks):
        if mask is None and at >= BATCH // 2:
            continue  # bad, and nobody marked where
        target = torch.zeros(1, 1, *logits.shape[-2:])
        if mask is not None:
            target = functional.max_pool2d(torch.from_numpy(np.ascontiguousarray(mask))[None, None], 8)
        each = functional.binary_cross_entropy_with_logits(logits[at : at + 1], target, reduction="none")
        clear = each[target < 0.05]
        parts.append(clear.topk(max(8, int(clear.numel() * HARDEST))).values.mean())
        if bool((target > 0.3).any()):
            parts.append(each[target > 0.3].mean())
    return torch.stack(parts).mean() if parts else logits.sum() * 0
