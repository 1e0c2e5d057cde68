"""Pools of rendered frames: what a tuning of the eyes sees, with the truth about every frame."""

from pathlib import Path

import numpy as np

from tuning.config import RenderConfig
from tuning.eyes.pool import Pool, render_pool

RECIPE = (
    RenderConfig(first_seed=11, frames=2, content="dense"),
    RenderConfig(first_seed=31, frames=2, content="mixed"),
)


def rendered(folder: Path) -> tuple[Pool, list[tuple[int, int]]]:
    steps: list[tuple[int, int]] = []
    pool = render_pool(folder, RECIPE, processes=1, progress=lambda done, of: steps.append((done, of)))
    return pool, steps


def test_a_pool_holds_every_frame_of_its_recipe_with_its_defects(tmp_path: Path):
    pool, _ = rendered(tmp_path)

    assert [frame.truth.seed for frame in pool.frames] == [11, 12, 31, 32]
    assert sum(len(frame.truth.defects) for frame in pool.frames) > 0
    for frame in pool.frames:
        assert frame.pixels.shape == (480, 768, 3)
        for defect in frame.truth.defects:
            x0, y0, x1, y1 = defect.box_px
            assert frame.mask(defect).shape == (y1 - y0, x1 - x0)
            assert frame.mask(defect).max() > 0


def test_frames_that_an_earlier_version_described_otherwise_are_rendered_again(tmp_path: Path):
    whole, _ = rendered(tmp_path)
    truth = next(tmp_path.glob("mixed-*.truth.json"))
    truth.write_text(truth.read_text().replace('"mm_per_px"', '"foil":"plain","mm_per_px"', 1))

    again, _ = rendered(tmp_path)

    assert again.digest == whole.digest


def test_an_interrupted_rendering_goes_on_where_it_stopped(tmp_path: Path):
    whole, _ = rendered(tmp_path)
    next(tmp_path.glob("mixed-*.truth.json")).unlink()
    kept = next(tmp_path.glob("dense-*.pixels.npy"))
    written_at = kept.stat().st_mtime_ns

    again, steps = rendered(tmp_path)

    assert again.digest == whole.digest
    assert kept.stat().st_mtime_ns == written_at
    assert steps[-1] == (4, 4)
    assert np.array_equal(again.frames[2].pixels, whole.frames[2].pixels)
