"""What every family promises about its frames, whatever it draws."""

import hashlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.render import FAMILIES, Content, Rendered, render

_ROOT = Path(__file__).parents[2]
_SEED = 7
_ELSEWHERE = f"""
from cameras.render import FAMILIES, render
from tests.unit.test_render_families import digest
for family in FAMILIES:
    print(family, digest(render({_SEED}, family=family, content="dense")))
"""


def digest(frame: Rendered) -> str:
    """Names a frame with everything that is said about it."""
    return hashlib.sha256(frame.pixels.tobytes() + frame.zones.tobytes() + repr(frame.defects).encode()).hexdigest()


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    return {family: digest(render(_SEED, family=family, content="dense")) for family in FAMILIES}


def test_the_same_seed_gives_the_same_frame_in_another_process(digests: dict[str, str]) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE], capture_output=True, text=True, check=True, timeout=300, cwd=_ROOT
    ).stdout

    theirs = dict(line.split() for line in said.splitlines())

    assert theirs == digests


@pytest.mark.parametrize("family", FAMILIES)
def test_a_frame_does_not_depend_on_the_number_of_threads(family: str, digests: dict[str, str]) -> None:
    before = cv2.getNumThreads()

    try:
        cv2.setNumThreads(1 if before > 1 else 4)
        otherwise = render(_SEED, family=family, content="dense")
    finally:
        cv2.setNumThreads(before)

    assert digest(otherwise) == digests[family]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("held_out", [False, True])
def test_a_good_unit_carries_no_defect_and_no_two_are_alike(family: str, held_out: bool) -> None:
    content: Content = "good"
    first, second = (render(seed, family=family, content=content, held_out=held_out) for seed in (1, 2))

    assert first.defects == second.defects == ()
    assert not np.array_equal(first.pixels, second.pixels)


@pytest.mark.parametrize("family", FAMILIES)
def test_units_of_one_product_lie_before_one_camera_and_differ_in_themselves(family: str) -> None:
    first, second = (render(seed, family=family, content="good", product=5) for seed in (1, 2))

    assert first.groups == second.groups
    assert first.mm_per_px == second.mm_per_px
    assert not np.array_equal(first.pixels, second.pixels)
