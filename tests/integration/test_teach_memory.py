"""The golden memory knows a whole unit, up to the picture's edge."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import torch

from tests.conftest import ROOT
from tuning.eyes.pretrained import pretrained_trunk
from tuning.teach.damage import Area
from tuning.teach.lessons import Shown
from tuning.teach.memory import GoldenMemory
from tuning.teach.photo import Photo
from tuning.teach.train import TRUNK

EDGE, BORDER = 160, 3  # px of a picture; places of 8 px that lie at its border


def surface(seed: int) -> NDArray[np.uint8]:
    """A grey surface without any defect, grained alike everywhere."""
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, (EDGE, EDGE)), (0, 0), 2.5)
    grey = np.clip(grain / grain.std() * 25 + 128, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)


@torch.no_grad()
def test_the_border_of_a_good_picture_is_not_its_worst_place(tmp_path: Path) -> None:
    photo = Photo("surface", tmp_path / "surface.png", (EDGE, EDGE), (), None, 0)
    memory = GoldenMemory(pretrained_trunk(TRUNK, ROOT / "tuning-work" / "wheels"))
    memory.learn([Shown(photo, surface(seed), None, Area(0, 0, EDGE, EDGE)) for seed in range(10)], seed=0)
    at_border = 0
    for seed in range(100, 120):
        picture = torch.from_numpy(surface(seed)).permute(2, 0, 1)[None]
        far = memory.distances(memory.embedded(picture))[0, 0]
        at_border += bool(far.max() > far[BORDER:-BORDER, BORDER:-BORDER].max())

    assert at_border <= 14  # of 20, where half of the places lie at the border
