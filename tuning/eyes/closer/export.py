"""The closer look as the graph that ships, held to what the network says."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from models.closer import EDGE, OUTPUTS
from models.runtime import open_session
from tuning.errors import TuningError
from tuning.eyes.closer.net import CloserNet

INPUTS = ("patches", "sides")
ALLOWED_DRIFT = 1e-3  # of a logit


class _Shipped(nn.Module):
    """The network as the runtime calls it."""

    def __init__(self, net: CloserNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, patches: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
        said = self.net(patches.permute(0, 3, 1, 2), sides)
        return said.named, said.sizes


def export_closer(net: CloserNet, path: Path) -> None:
    """Write the graph, for any number of patches.

    Raises:
        TuningError: it does not say what the network says.
    """
    net = net.eval().to(memory_format=torch.contiguous_format)
    example = torch.zeros(2, EDGE, EDGE, 3, dtype=torch.uint8), torch.zeros(2, 1)
    any_number = ({0: torch.export.Dim.DYNAMIC},) * 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes to its own authors
        program = torch.onnx.export(
            _Shipped(net),
            example,
            dynamo=True,
            verbose=False,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_shapes=any_number,
        )
    if program is None:
        raise TuningError("closer look: torch wrote no graph. Nothing was exported. Install the recipe's versions.")
    onnx.save(program.model_proto, path)
    _check(net, path)


def _check(net: CloserNet, path: Path) -> None:
    draw = np.random.default_rng(0)
    patches = draw.integers(0, 256, (3, EDGE, EDGE, 3), np.uint8)
    sides = draw.random((3, 1), np.float32)
    with torch.no_grad():
        said = net(torch.from_numpy(patches).permute(0, 3, 1, 2), torch.from_numpy(sides))
    named, _ = open_session(path, threads=1).session.run(list(OUTPUTS), {INPUTS[0]: patches, INPUTS[1]: sides})
    drift = float(np.abs(named - said.named.numpy()).max())
    if drift > ALLOWED_DRIFT:
        raise TuningError(
            f"closer look: the exported graph differs from the network by {drift:.4f} in a logit (limit "
            f"{ALLOWED_DRIFT}). Nothing was written. Install the recipe's versions of torch and onnxscript."
        )
