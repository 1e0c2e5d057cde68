"""The closer look as the graph that ships, held to what the network says."""

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from models.closer import EDGE, INPUTS, OUTPUTS
from models.runtime import open_session
from tuning.errors import TuningError
from tuning.eyes.closer.net import CloserNet
from tuning.eyes.export import graph_of

ALLOWED_DRIFT = 1e-3  # of a logit, of a log size
COMPARED = (1, 3)  # patches


class _Shipped(nn.Module):
    """The network as the runtime calls it."""

    def __init__(self, net: CloserNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, patches: Tensor, alike: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
        said = self.net(patches.permute(0, 3, 1, 2), alike.permute(0, 3, 1, 2), sides)
        return said.named, said.sizes


def export_closer(net: CloserNet, path: Path) -> None:
    """Write the graph, for any number of patches.

    Raises:
        TuningError: it does not say what the network says.
    """
    net = net.eval().to(memory_format=torch.contiguous_format)
    blank = torch.zeros(2, EDGE, EDGE, 3, dtype=torch.uint8)
    example = blank, blank.clone(), torch.zeros(2, 1)
    model = graph_of(_Shipped(net), example, inputs=INPUTS, outputs=OUTPUTS, any_number=True)
    unchecked = path.with_suffix(".part")
    onnx.save(model, unchecked)
    for patches in COMPARED:
        _check(net, unchecked, patches)
    unchecked.rename(path)


def _check(net: CloserNet, path: Path, count: int) -> None:
    draw = np.random.default_rng(count)
    patches, alike = draw.integers(0, 256, (2, count, EDGE, EDGE, 3), np.uint8)
    sides = draw.random((count, 1), np.float32)
    with torch.no_grad():
        said = net(*(torch.from_numpy(one).permute(0, 3, 1, 2) for one in (patches, alike)), torch.from_numpy(sides))
    feed = dict(zip(INPUTS, (patches, alike, sides), strict=True))
    found = open_session(path, threads=1).session.run(list(OUTPUTS), feed)
    drift = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(found, (said.named, said.sizes), strict=True))
    if drift > ALLOWED_DRIFT:
        path.unlink()
        raise TuningError(
            f"closer look: the exported graph differs from the network by {drift:.4f} (limit {ALLOWED_DRIFT}). "
            "Nothing was written. Install the recipe's versions of torch and onnxscript."
        )
