"""Pictures that say which one they are, as files, and a camera that shows a folder of them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.config import ReplayCamera


def coloured(number: int) -> NDArray[np.uint8]:
    """A BGR picture that says which one it is."""
    picture = np.random.default_rng(7).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    picture[:8, :8] = (10, 20, number)
    return picture


def write_picture(folder: Path, name: str, picture: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    path = folder / name
    assert cv2.imwrite(str(path), picture)
    return path


def replay(folder: Path, *, loop: bool = False) -> ReplayCamera:
    return ReplayCamera(driver="replay", folder=folder, units_per_min=600, loop=loop)
