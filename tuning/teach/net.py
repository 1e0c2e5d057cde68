"""The eyes of a taught product: EfficientNet-Lite0 and a small dense head that a few hundred steps suffice for.

The map of what is unlike a good unit is drawn at stride 8, where most of its opinion forms, and refined at stride 4.
It learns from marks where there are any, and from "this picture is bad" where there are none: a picture is as bad as
its worst few places. What only the whole picture shows has an opinion of its own beside the map.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tuning.eyes.losses import Losses
from tuning.eyes.net import Separable, frame_statistics, freeze_norms, stem_and_blocks
from tuning.teach.lessons import Batch

CHANNELS = 64
WORST = 0.003  # of the places: they say how bad a picture is
HARDEST = 0.01  # of the places where nothing is
SOLID = 0.3  # of a place, from where on it must be found
CLEAR = 0.05  # of a place and its neighbours, below which it must not


@dataclass(frozen=True, slots=True)
class Drawn:
    """Logits and features of a batch of frames."""

    coarse: Tensor  # (N, 1, H/8, W/8) logits: something is wrong here
    fine: Tensor  # (N, 1, H/4, W/4)
    classes: Tensor  # (N, classes, H/8, W/8)
    features: Tensor  # (N, CHANNELS, H/8, W/8), not negative
    whole: Tensor  # (N, 1) logits: something is wrong with this picture, wherever
    frame: Tensor  # (N, n) statistics of the whole frame


class TaughtNet(nn.Module):
    """RGB frames in, two maps and features out."""

    def __init__(self, trunk: nn.Module, *, classes: int) -> None:
        super().__init__()
        self.stem, self.blocks = stem_and_blocks(trunk)
        self.lateral4 = nn.Conv2d(24, CHANNELS, 1)
        self.lateral8 = nn.Conv2d(40, CHANNELS, 1)
        self.lateral16 = nn.Conv2d(112, CHANNELS, 1)
        self.lateral32 = nn.Conv2d(320, CHANNELS, 1)
        self.norm = nn.GroupNorm(8, CHANNELS)
        self.join8, self.join4 = Separable(CHANNELS), Separable(CHANNELS)
        self.coarse, self.finer = nn.Conv2d(CHANNELS, 1, 1), nn.Conv2d(CHANNELS, 1, 1)
        self.classes = nn.Conv2d(CHANNELS, classes, 1)
        self.whole = nn.Linear(320, 1)
        for layer, bias in ((self.coarse, -3.0), (self.finer, 0.0)):  # start from "nothing here", coarse as fine
            assert layer.bias is not None
            nn.init.constant_(layer.bias, bias)
        nn.init.zeros_(self.finer.weight)

    def train(self, mode: bool = True) -> "TaughtNet":
        """The trunk's norms stay frozen."""
        super().train(mode)
        freeze_norms(self.stem, self.blocks)
        return self

    def entrance(self, pixels: Tensor) -> Tensor:
        """Frames, (N, 3, H, W) in 0..255, to the first stride-4 features: the part that is never trained."""
        c2 = self.blocks[0](self.stem(pixels))
        first: Tensor = self.blocks.get_submodule("1.0")(c2)
        return first

    def beyond(self, first4: Tensor) -> Drawn:
        """What the entrance gives to maps."""
        c4 = first4
        for block in list(self.blocks.get_submodule("1").children())[1:]:
            c4 = block(c4)
        c8 = self.blocks[2](c4)
        c16 = self.blocks[4](self.blocks[3](c8))
        c32 = self.blocks[6](self.blocks[5](c16))
        p16 = self.lateral16(c16) + doubled(self.lateral32(c32))
        features = self.join8(functional.relu(self.norm(self.lateral8(c8) + doubled(p16))))
        near = self.join4(functional.relu(self.lateral4(c4) + doubled(features)))
        coarse = self.coarse(features)
        fine = doubled(coarse) + self.finer(near)
        whole = self.whole(c32.mean((2, 3)))
        return Drawn(coarse, fine, self.classes(features), features, whole, frame_statistics([c8, c16]))

    def forward(self, pixels: Tensor) -> Drawn:
        return self.beyond(self.entrance(pixels))


def doubled(x: Tensor) -> Tensor:
    """Bilinear, twice the edges."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def losses(drawn: Drawn, batch: Batch) -> Losses:
    """Weighted loss parts of one batch."""
    coarse, fine, classes = drawn.coarse.float(), drawn.fine.float(), drawn.classes.float()
    parts = {"places": functional.binary_cross_entropy_with_logits(worst(coarse), batch.bad)}
    if bool(batch.real.any()):
        whole = drawn.whole.float()[batch.real, 0]
        parts["whole"] = functional.binary_cross_entropy_with_logits(whole, batch.bad[batch.real])
    masks = batch.masks[batch.marked][:, None]
    if len(masks):
        parts |= _map_parts("8", coarse[batch.marked], functional.max_pool2d(masks, 8))
        parts |= _map_parts("4", fine[batch.marked], functional.avg_pool2d(masks, 4))
    named = batch.labels >= 0
    if bool(named.any()) and classes.shape[1] > 1:
        pooled = (classes[named].flatten(2) * _where(coarse[named], batch, named)).sum(2)
        parts["class"] = functional.cross_entropy(pooled, batch.labels[named]) * 0.3
    return Losses(parts)


def worst(places: Tensor) -> Tensor:
    """(N, 1, h, w) logits to (N,): how bad a picture is, as its worst places are on average."""
    flat = places.flatten(1)
    return flat.topk(max(1, int(flat.shape[1] * WORST)), 1).values.mean(1)


def _map_parts(name: str, logits: Tensor, target: Tensor) -> dict[str, Tensor]:
    each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    clear = each[functional.max_pool2d(target, 3, 1, 1) < CLEAR]
    hardest = clear.topk(max(8, int(clear.numel() * HARDEST))).values
    parts = {f"nothing {name}": hardest.mean() * 0.5 + clear.mean()}
    solid = target > SOLID
    if bool(solid.any()):
        share = torch.sigmoid(logits)
        overlap, both = (share * target).sum((1, 2, 3)), (share + target).sum((1, 2, 3))
        dice = (1 - (2 * overlap + 1) / (both + 1))[solid.flatten(1).any(1)]
        parts[f"damage {name}"] = each[solid].mean() * 0.7 + dice.mean() * 0.5
    return parts


def _where(coarse: Tensor, batch: Batch, named: Tensor) -> Tensor:
    """(n, 1, places) what names a picture: its marks, or where the map finds it worst."""
    found = torch.softmax(coarse.detach().flatten(2), 2)
    masks = functional.max_pool2d(batch.masks[named][:, None], 8).flatten(2)
    area = masks.sum(2, keepdim=True)
    return torch.where(area > 0, masks / area.clamp(min=1e-6), found)
