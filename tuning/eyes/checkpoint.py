"""Training state on disk: one safetensors file with weights, their moving average and the optimiser's moments.

No random state is kept: a step's crops follow from the seed and the step (crops.py), and nothing else draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn, optim


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file said about itself."""

    step: int
    digest: str  # of the recipe it belongs to


def save_checkpoint(
    path: Path, *, net: nn.Module, average: Mapping[str, Tensor], optimiser: optim.Optimizer, step: int, digest: str
) -> None:
    """Write beside the file and move into place, so that a kill leaves the previous state."""
    tensors = {f"net.{name}": value.contiguous() for name, value in net.state_dict().items()}
    tensors |= {f"average.{name}": value.contiguous() for name, value in average.items()}
    for name, value in _moments(net, optimiser).items():
        tensors[f"moments.{name}"] = value.contiguous()
    unfinished = path.with_suffix(".part")
    save_file(tensors, unfinished, metadata={"step": str(step), "digest": digest})
    unfinished.rename(path)


def peek(path: Path) -> Checkpoint:
    """Step and recipe of a checkpoint, without its tensors."""
    with safe_open(path, "pt") as file:
        facts = file.metadata()
    return Checkpoint(int(facts["step"]), facts["digest"])


def load_checkpoint(path: Path, *, net: nn.Module, average: dict[str, Tensor], optimiser: optim.Optimizer) -> int:
    """Fill net, average and optimiser in place; returns the step to go on with."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    net.load_state_dict(_below("net.", tensors))
    average.update(_below("average.", tensors))
    moments = _below("moments.", tensors)
    for name, parameter in net.named_parameters():
        if f"{name}.step" in moments:
            like = parameter.detach()  # a moment takes its parameter's memory layout
            optimiser.state[parameter] = {
                "step": moments[f"{name}.step"],
                "exp_avg": torch.empty_like(like).copy_(moments[f"{name}.exp_avg"]),
                "exp_avg_sq": torch.empty_like(like).copy_(moments[f"{name}.exp_avg_sq"]),
            }
    return peek(path).step


def load_average(path: Path, net: nn.Module) -> None:
    """Fill a net with the moving average, which is what ships."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    net.load_state_dict(_below("average.", tensors))


def _moments(net: nn.Module, optimiser: optim.Optimizer) -> dict[str, Tensor]:
    found = {}
    for name, parameter in net.named_parameters():
        for kind, value in optimiser.state.get(parameter, {}).items():
            found[f"{name}.{kind}"] = value
    return found


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
