"""Whether the units of a product lie alike is seen from their pictures, before anything is taught."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tuning.teach.lessons import frame_of, shown
from tuning.teach.lying import template_of
from tuning.teach.pictures import Photographs, open_photographs

ROWS, COLUMNS = 160, 224
Pixels = NDArray[np.uint8]


def carton(rng: np.random.Generator, *, turned: float, moved: float) -> Pixels:
    """A printed carton on a belt, with a lot number of its own."""
    pixels = np.full((ROWS, COLUMNS, 3), 150, np.uint8)
    cv2.rectangle(pixels, (30, 30), (194, 130), (235, 235, 235), -1)
    cv2.rectangle(pixels, (30, 100), (194, 130), (60, 30, 120), -1)
    cv2.circle(pixels, (60, 60), 16, (20, 120, 60), -1)
    cv2.putText(pixels, "OREL", (90, 66), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    cv2.putText(pixels, str(rng.integers(1000, 9999)), (100, 92), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1)
    turn = np.asarray(cv2.getRotationMatrix2D((COLUMNS / 2, ROWS / 2), rng.uniform(-turned, turned), 1.0), np.float64)
    turn[:, 2] += rng.uniform(-moved, moved, 2)
    lying = cv2.warpAffine(pixels, turn, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
    return np.clip(lying * rng.uniform(0.95, 1.05) + rng.normal(0, 2, lying.shape), 0, 255).astype(np.uint8)


def photographed(folder: Path, *, turned: float, moved: float, also: int = 0) -> Photographs:
    """Twelve good cartons, `also` of them lying as they fell, and one that is torn."""
    rng = np.random.default_rng(5)
    (folder / "good").mkdir(parents=True)
    (folder / "bad" / "torn").mkdir(parents=True)
    for i in range(12):
        fell = i < also
        pixels = carton(rng, turned=180 if fell else turned, moved=moved)
        cv2.imwrite(str(folder / "good" / f"{i}.png"), pixels)
    torn = carton(rng, turned=turned, moved=moved)
    torn[60:100, 150:200] = 150
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[60:100, 150:200] = 255
    cv2.imwrite(str(folder / "bad" / "torn" / "0.png"), torn)
    cv2.imwrite(str(folder / "bad" / "torn" / "0_mask.png"), mask)
    return open_photographs(folder / "good", folder / "bad")


def test_cartons_on_a_belt_have_a_template_and_lie_over_each_other_afterwards(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=3, moved=6)
    frame = frame_of(photographs.all)

    template = template_of(photographs, *frame)

    assert template is not None
    apart, over = (
        np.std([one.pixels for one in shown(photographs.good, *frame, at)], axis=0).mean() for at in (None, template)
    )
    assert over < 0.6 * apart
    assert all(template.lay(one.pixels).likeness > template.least for one in shown(photographs.all, *frame))


def test_rings_have_none_as_any_turn_fits_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    (tmp_path / "good").mkdir()
    (tmp_path / "bad" / "smudge").mkdir(parents=True)
    for i in range(24):
        x, y = (int(v) for v in rng.integers(70, 90, 2))
        ring = np.full((ROWS, ROWS, 3), 100, np.uint8)
        cv2.circle(ring, (x, y), 50, (215, 215, 220), 12, cv2.LINE_AA)
        bad = i % 2
        if bad:
            cv2.circle(ring, (x + 35, y + 35), 14, (40, 70, 120), -1)
        noisy = np.clip(ring + rng.normal(0, 2, ring.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / ("bad/smudge" if bad else "good") / f"{i}.png"), noisy)
    photographs = open_photographs(tmp_path / "good", tmp_path / "bad")

    assert template_of(photographs, *frame_of(photographs.all)) is None


def test_the_mark_of_a_defect_is_laid_with_its_picture(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=3, moved=6)
    frame = frame_of(photographs.all)
    template = template_of(photographs, *frame)

    (torn,) = shown(photographs.bad, *frame, template)

    usual = shown(photographs.good, *frame, template)[0].pixels.astype(float)
    differs = np.abs(torn.pixels.astype(float) - usual).max(2) > 60
    assert torn.mask is not None
    marked = torn.mask > 0.5
    assert differs[marked].mean() > 0.4
    assert differs[~marked].mean() < 0.05


@pytest.mark.parametrize(
    ("turned", "moved", "also"),
    [
        pytest.param(180, 4, 0, id="as they fell"),
        pytest.param(3, 6, 3, id="some as they fell"),
        pytest.param(0, 0, 0, id="as one already"),
    ],
)
def test_units_that_do_not_lie_alike_or_lie_as_one_have_none(tmp_path: Path, turned, moved, also) -> None:
    photographs = photographed(tmp_path, turned=turned, moved=moved, also=also)

    assert template_of(photographs, *frame_of(photographs.all)) is None
