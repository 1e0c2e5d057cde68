"""The eyes' network: EfficientNet-Lite0, a light top-down path, and dense maps of mask, class, zone and features.

Layout-free: no grid, no registration. What repeats in the frame is told from what is news by the compare block, at
stride 16, whose near cells are left out so that a defect does not excuse itself.
The mask is drawn at stride 2 from stride-4 features and a thin stride-2 lateral, since a 0.5 mm spot is 3 px long.
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
GREY = 114  # of 255, the mean of the three means: what the first convolution takes for nothing, and pads with
NEAR_CELLS = 2  # stride-16 cells on every side that a place is not compared with
FINE = 8  # channels of the stride-2 path


@dataclass(frozen=True, slots=True)
class Maps:
    """Logits and features of a batch of frames, height first."""

    mask: Tensor  # (N, 1, H/2, W/2) logits
    classes: Tensor  # (N, classes, H/4, W/4) logits
    zones: Tensor  # (N, zones, H/4, W/4) logits
    features: Tensor  # (N, channels, H/4, W/4), not negative
    frame: Tensor  # (N, FRAME) mean and deviation of each trunk channel over the frame: is this picture of our kind?


class Separable(nn.Module):
    """Depthwise 3x3, pointwise, norm, ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.pointwise(self.depthwise(x))))


class Compare(nn.Module):
    """Each stride-16 place looks for its like elsewhere in the frame; what has no like is news."""

    def __init__(self, channels: int, width: int = 32) -> None:
        super().__init__()
        self.width = width
        self.query = nn.Conv2d(channels, width, 1)
        self.value = nn.Conv2d(channels, width, 1)
        self.out = nn.Conv2d(2 * width + 1, channels, 1)
        self.sharpness = nn.Parameter(torch.tensor(2.3))

    def forward(self, x: Tensor) -> Tensor:
        batch, _, rows, columns = x.shape
        y, z = torch.arange(rows).repeat_interleave(columns), torch.arange(columns).repeat(rows)
        near = ((y[:, None] - y[None]).abs() <= NEAR_CELLS) & ((z[:, None] - z[None]).abs() <= NEAR_CELLS)
        query = functional.normalize(self.query(x).flatten(2).float(), dim=1)
        value = self.value(x).flatten(2)
        likeness = (query.transpose(1, 2).to(value.dtype) @ query.to(value.dtype)).float() - near.float() * 4
        usual = torch.softmax(likeness * self.sharpness.exp(), -1).to(value.dtype) @ value.transpose(1, 2)
        usual = usual.transpose(1, 2).reshape(batch, self.width, rows, columns)
        value = value.reshape(batch, self.width, rows, columns)
        best = likeness.max(-1).values.reshape(batch, 1, rows, columns).to(value.dtype)
        mixed: Tensor = self.out(torch.cat([usual, value - usual, best], 1))
        return x + mixed


class Stem(nn.Sequential):
    """The trunk's first convolution and norm, which takes a picture's values, 0 to 255, as they are.

    ImageNet's mean and deviation are worked into its weights: an eight-bit graph then takes eight-bit pictures, where
    normalising each picture in float first took a fifth of its time.
    """

    def __init__(self, conv: nn.Module, norm: nn.Module) -> None:
        conv, norm = copy.deepcopy(conv), copy.deepcopy(norm)
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        mean, std = (torch.tensor(values).view(3, 1, 1) * 255 for values in (IMAGENET_MEAN, IMAGENET_STD))
        with torch.no_grad():
            conv.weight /= std
            norm.running_mean -= (conv.weight * (GREY - mean)).sum((1, 2, 3))
        super().__init__(conv, norm)

    def forward(self, pixels: Tensor) -> Tensor:
        x: Tensor = (pixels.float() - GREY).contiguous(memory_format=torch.channels_last)
        for part in self:
            x = part(x)
        return x


def stem_and_blocks(trunk: nn.Module) -> tuple[Stem, nn.Sequential]:
    """The parts of timm's trunk, as it was pretrained, that a network here is built on."""
    blocks = trunk.get_submodule("blocks")
    assert isinstance(blocks, nn.Sequential)
    return Stem(trunk.get_submodule("conv_stem"), trunk.get_submodule("bn1")), blocks


def freeze_norms(*parts: nn.Module) -> None:
    """Keep the statistics of pretrained norms: small batches of crops would spoil them."""
    for part in parts:
        for module in part.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()


class EyesNet(nn.Module):
    """RGB frames in, four dense maps out."""

    def __init__(self, trunk: nn.Module, *, classes: int, zones: int, channels: int) -> None:
        super().__init__()
        self.stem, self.blocks = stem_and_blocks(trunk)
        self.lateral2 = nn.Conv2d(16, FINE, 1)
        self.lateral4 = nn.Conv2d(24, channels, 1)
        self.lateral8 = nn.Conv2d(40, channels, 1)
        self.lateral16 = nn.Conv2d(112, channels, 1)
        self.lateral32 = nn.Conv2d(320, channels, 1)
        self.whole = nn.Sequential(nn.Linear(channels, channels), nn.ReLU(), nn.Linear(channels, channels))
        self.compare = Compare(channels)
        self.join16, self.join8, self.join4 = Separable(channels), Separable(channels), Separable(channels)
        self.head = Separable(channels)
        self.upscale = nn.Conv2d(channels, FINE * 4, 1)
        self.mask = nn.Conv2d(FINE, 1, 3, padding=1)
        self.classes = nn.Conv2d(channels, classes, 1)
        self.zones = nn.Conv2d(channels, zones, 1)
        assert self.mask.bias is not None
        nn.init.constant_(self.mask.bias, -4.0)  # a defect is rare: start from "nothing here"

    def train(self, mode: bool = True) -> "EyesNet":
        """The trunk's norms stay frozen."""
        super().train(mode)
        freeze_norms(self.stem, self.blocks)
        return self

    def entrance(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Frames, (N, 3, H, W) in 0..255, to stride-2 and first stride-4 features: the part that is never trained."""
        c2: Tensor = self.blocks[0](self.stem(pixels))
        return c2, self.blocks.get_submodule("1.0")(c2)

    def beyond(self, c2: Tensor, first4: Tensor) -> Maps:
        """What the entrance gives to maps."""
        c4 = first4
        for block in list(self.blocks.get_submodule("1").children())[1:]:
            c4 = block(c4)
        c8 = self.blocks[2](c4)
        c16 = self.blocks[4](self.blocks[3](c8))
        p32 = self.lateral32(self.blocks[6](self.blocks[5](c16)))
        p = self.lateral16(c16)
        p = p + _upsampled(p32, p)
        p = p + self.whole(p.mean((2, 3)))[:, :, None, None]  # what is usual in this frame
        p = self.join16(self.compare(p))
        p = self.join8(self.lateral8(c8) + _upsampled(p, c8))
        p = self.join4(self.lateral4(c4) + _upsampled(p, c4))
        features = self.head(p)
        fine = functional.relu(functional.pixel_shuffle(self.upscale(features), 2) + self.lateral2(c2))
        frame = frame_statistics([c8, c16])
        return Maps(self.mask(fine), self.classes(features), self.zones(features), features, frame)

    def forward(self, pixels: Tensor) -> Maps:
        return self.beyond(*self.entrance(pixels))


def frame_statistics(maps: list[Tensor]) -> Tensor:
    """Mean and deviation of every channel, for telling a picture of another kind."""
    pooled = []
    for map_ in maps:
        flat = map_.flatten(2).float()
        mean = flat.mean(2)
        pooled += [mean, (flat - mean[:, :, None]).abs().mean(2)]
    return torch.cat(pooled, 1)


def _upsampled(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear; by an exact factor where it is one, which exports to the faster resize."""
    rows, columns = like.shape[-2:]
    if x.shape[-2] * 2 == rows and x.shape[-1] * 2 == columns:
        return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return functional.interpolate(x, size=(rows, columns), mode="bilinear", align_corners=False)
