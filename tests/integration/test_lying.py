"""Whether the units of a product lie alike is seen from their pictures, before anything is taught."""

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from tests.cartons import ROWS, carton, photographed, torn_at
from tuning.teach.lessons import frame_of, shown
from tuning.teach.lying import lying_of
from tuning.teach.pictures import open_photographs


def test_cartons_on_a_belt_have_a_template_and_lie_over_each_other_afterwards(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=3, moved=6)
    frame = frame_of(photographs.all)

    lying = lying_of(photographs, *frame)

    assert lying is not None
    template = lying.template
    apart, over = (
        np.std([one.pixels for one in shown(photographs.good, *frame, at)], axis=0).mean() for at in (None, template)
    )
    assert over < 0.6 * apart
    assert all(template.lay(one.pixels).is_like for one in shown(photographs.all, *frame))
    assert lying.photographs == photographs


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

    assert lying_of(photographs, *frame_of(photographs.all)) is None


def test_the_mark_of_a_defect_is_laid_with_its_picture(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=3, moved=6)
    frame = frame_of(photographs.all)
    lying = lying_of(photographs, *frame)
    assert lying is not None

    (torn,) = shown(photographs.bad, *frame, lying.template)

    usual = shown(photographs.good, *frame, lying.template)[0].pixels.astype(float)
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

    assert lying_of(photographs, *frame_of(photographs.all)) is None


def test_one_that_lies_aside_does_not_push_the_others_out_of_the_frame(tmp_path: Path) -> None:
    photographed(tmp_path, turned=1, moved=2)
    path = str(tmp_path / "good" / "0.png")
    cv2.imwrite(path, np.roll(np.asarray(cv2.imread(path), np.uint8), 18, axis=1))
    photographs = open_photographs(tmp_path / "good", tmp_path / "bad")
    frame = frame_of(photographs.all)

    lying = lying_of(photographs, *frame)

    assert lying is not None
    others = shown(photographs.good, *frame)[1:]
    assert max(lying.template.lay(one.pixels).off_px for one in others) < 9


def test_what_the_line_would_hold_teaches_nothing_and_is_named(tmp_path: Path) -> None:
    """A unit head to tail, and one whose mark lies out of the place of the others."""
    photographed(tmp_path, turned=1, moved=3)
    rng = np.random.default_rng(9)
    for i in range(1, 25):
        torn_at(carton(rng, turned=1, moved=3), tmp_path, np.s_[60:100, 150:200], str(i))
    torn_at(np.ascontiguousarray(carton(rng, turned=1, moved=3)[::-1, ::-1]), tmp_path, np.s_[60:80, 60:80], "over")
    edge = np.roll(carton(rng, turned=0, moved=0), -12, axis=1)
    torn_at(edge, tmp_path, np.s_[60:80, 220:], "edge")
    photographs = open_photographs(tmp_path / "good", tmp_path / "bad")

    lying = lying_of(photographs, *frame_of(photographs.all))

    assert lying is not None
    left = {photo.name for photo in photographs.all} - {photo.name for photo in lying.photographs.all}
    assert left == {"torn/over.png", "torn/edge.png"}
    assert all(any(remark.startswith(name) for remark in lying.photographs.remarks) for name in left)
    assert lying.template.least > 0.5
