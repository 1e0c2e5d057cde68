"""A taught network and its golden memory as one pair of eyes: the maps that the line looks at.

The memory's deviations, weighed by what they earned on the teaching pictures, are added to the network's logits; with
a weight of nothing the memory is left out of the graph. The places' own logits and deviations travel among the
features, so that whether a region is real is judged by the map that judges whole pictures.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.eyes import OUTPUTS, Sight
from models.regions import MASK_STRIDE, Maps
from tuning.errors import TuningError
from tuning.eyes.export import ALLOWED_DRIFT, INPUT, graph_of, parity
from tuning.teach.memory import GoldenMemory
from tuning.teach.net import CHANNELS, TaughtNet, doubled
from tuning.teach.zones import Places

# Among the features: logits of the places, deviations of the memory, and the logit of the whole picture everywhere.
COARSE, STRANGE, WHOLE = CHANNELS, CHANNELS + 1, CHANNELS + 2


class TaughtEyes(nn.Module):
    """(1, H, W, 3) uint8 in; mask, classes, zones, features and frame out, as `models.eyes.OUTPUTS` names them."""

    where: Tensor  # logits of the zones

    def __init__(self, net: TaughtNet, memory: GoldenMemory | None, weight: float, places: Places) -> None:
        super().__init__()
        self.net, self.memory, self.weight = net, memory, weight
        self.register_buffer("where", torch.from_numpy(places.logits)[None])
        self.eval()

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        x = pixels.permute(0, 3, 1, 2).float()
        drawn = self.net(x)
        strange = drawn.coarse * 0 if self.memory is None else self.memory(x)
        mask = doubled((drawn.fine + doubled(drawn.coarse)) / 2 + doubled(strange) * self.weight)
        whole = drawn.whole[:, :, None, None].expand_as(drawn.coarse)
        features = doubled(torch.cat([drawn.features, drawn.coarse, strange, whole], 1))
        zones = features[:, :1] * 0 + self.where  # whatever is shown: it lies as the template does
        return mask, doubled(drawn.classes), zones, features, drawn.frame


class RememberingSight:
    """A graph that was exported with one weight of the memory, and what it says under any other.

    It looks at the pictures that it is told to remember once, however often they are asked for.
    """

    provider, run_s = "remembered", 0.0

    def __init__(self, graph: bytes, *, exported_weight: float, threads: int | None = None, whole: float = 1.0) -> None:
        """
        Args:
            threads: None: one a core.
            whole: weight of the whole picture's opinion in how bad a place is.
        """
        self._sight = Sight(graph, threads=threads or os.cpu_count() or 1)
        self.rows, self.columns = self._sight.rows, self._sight.columns
        self.weight = self._exported = exported_weight
        self.whole = whole
        self._seen: dict[bytes, Maps] = {}

    def remember(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Look at pictures, (H, W, 3) each, that will be asked for."""
        for pixels in pictures:
            self._seen[_key(pixels)] = self._sight.maps(pixels)

    def maps(self, pixels: NDArray[np.uint8]) -> Maps:
        """(H, W, 3) in the frame's size to maps."""
        maps = self._seen.get(_key(pixels)) or self._sight.maps(pixels)
        strange = cv2.resize(maps.features[STRANGE], (self.columns // MASK_STRIDE, self.rows // MASK_STRIDE))
        return replace(maps, mask=maps.mask + np.float32(self.weight - self._exported) * strange)


def export(eyes: TaughtEyes, path: Path, frame: tuple[int, int], shown: list[NDArray[np.uint8]]) -> float:
    """Write the graph in float; returns the largest difference of a mask probability on the shown pictures.

    Raises:
        TuningError: it says something else than the network.
    """
    eyes = eyes.eval().to(memory_format=torch.contiguous_format)
    example = torch.zeros(1, *frame, 3, dtype=torch.uint8)
    onnx.save(graph_of(eyes, (example,), inputs=(INPUT,), outputs=OUTPUTS), path)
    sight = Sight(path.read_bytes(), threads=1)
    with torch.no_grad():
        drift = parity([_said(eyes, one) for one in shown], [sight.maps(one) for one in shown]).highest_mask
    if drift > ALLOWED_DRIFT:
        raise TuningError(
            f"eyes: the exported graph differs from the network by {drift:.4f} in a mask probability (limit "
            f"{ALLOWED_DRIFT}). No package was written. Install the versions of the tuning extra."
        )
    return drift


def _key(pixels: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(pixels.tobytes()).digest()


def _said(eyes: TaughtEyes, pixels: NDArray[np.uint8]) -> Maps:
    mask, classes, zones, features, frame = (one[0].numpy() for one in eyes(torch.from_numpy(np.array(pixels))[None]))
    return Maps(mask[0], classes, zones, features, frame)
