"""The bottle renderer: what it promises about its frames, and that its truth is true."""

import numpy as np
import pytest

from cameras.render import HEIGHT, Rendered
from cameras.render.bottle.family import BOTTLE, CLASSES
from cameras.render.bottle.look import (
    HELD_OUT_BOTTLES,
    HELD_OUT_CAPS,
    HELD_OUT_GROUNDS,
    TAUGHT_BOTTLES,
    TAUGHT_CAPS,
    TAUGHT_GROUNDS,
)
from cameras.render.raster import length
from cameras.render.scene import Scene, photographed
from cameras.render.truth import Content
from tests.rendered import on_frame


def _scene(seed: int, content: Content, *, held_out: bool = False) -> Scene:
    rng = np.random.default_rng((seed, 0))
    return BOTTLE.draw(rng, rng, held_out, content)


def _frame(seed: int, content: Content, *, held_out: bool = False, product: int | None = None) -> Rendered:
    rng = np.random.default_rng((seed, 0))
    look = rng if product is None else np.random.default_rng((product, 1))
    scene = BOTTLE.draw(rng, look, held_out, content)
    return photographed(scene, BOTTLE, rng, look, seed, held_out=held_out)


@pytest.fixture(scope="module")
def dense_frames() -> tuple[Rendered, ...]:
    return tuple(
        _frame(seed, "dense", held_out=seed % 3 == 2) for seed in range(16, 26)
    )  # few, and they show every class


def test_a_dense_frame_is_asked_for_two_to_four_defects(dense_frames: tuple[Rendered, ...]) -> None:
    counts = [len(frame.defects) for frame in dense_frames]

    most = max(counts)

    assert 3 <= most <= 4
    assert np.mean(counts) > 1.5


def test_every_class_can_be_drawn(dense_frames: tuple[Rendered, ...]) -> None:
    drawn = {defect.defect for frame in dense_frames for defect in frame.defects}

    missing = set(CLASSES) - drawn

    assert missing == set()


def test_a_length_is_the_longest_dimension_of_its_mask(dense_frames: tuple[Rendered, ...]) -> None:
    complete = [defect for frame in dense_frames for defect in frame.defects if defect.specified]

    for defect in complete:
        if defect.defect == "cocked cap":  # its length is the gap, its mask the cap and the gap
            continue
        measured_px = length(defect.mask > 127)
        widened_px = 4.0 if defect.defect in BOTTLE.thin else 0.0
        allowed_px = 3.0 + 0.04 * defect.length_px
        assert -allowed_px < measured_px - defect.length_px < allowed_px + widened_px, defect.defect


def test_an_area_is_the_area_of_its_mask(dense_frames: tuple[Rendered, ...]) -> None:
    large = [
        (frame.mm_per_px, defect)
        for frame in dense_frames
        for defect in frame.defects
        if defect.specified and defect.defect not in BOTTLE.thin and defect.length_px > 12
    ]

    shares = [float(defect.mask.sum()) / 255 * mm_per_px**2 / defect.area_mm2 for mm_per_px, defect in large]

    assert len(shares) > 5
    assert min(shares) > 0.85 and max(shares) < 1.15


def test_the_zone_map_shows_the_nominal_unit() -> None:
    frame = _frame(21, "good")

    seen_mm2 = float((frame.zones > 0).sum()) * frame.mm_per_px**2

    assert seen_mm2 == pytest.approx(frame.unit_area_mm2, rel=0.04)


def test_the_unit_fills_the_height_of_the_frame() -> None:
    for seed in range(3):
        scene = _scene(seed, "good", held_out=seed == 2)

        rows = np.flatnonzero((np.abs(scene.pixels - scene.pixels[0, 0]).sum(-1) > 60).any(1))

        assert 0.8 * HEIGHT < rows[-1] - rows[0] < HEIGHT


def test_a_defect_changes_what_its_mask_covers(dense_frames: tuple[Rendered, ...]) -> None:
    defects = [defect for frame in dense_frames for defect in frame.defects]

    contrasts = [defect.contrast for defect in defects if not defect.whole]

    assert min(contrasts) > 1
    assert {defect.contrast for defect in defects if defect.whole} == {99.0}


def test_what_is_wrong_with_the_closure_lies_there(dense_frames: tuple[Rendered, ...]) -> None:
    of_the_closure = ("missing cap", "wrong cap", "cocked cap", "broken band")

    for frame in dense_frames:
        closed = (frame.zones == 1) | (frame.zones == 2)
        for defect in frame.defects:
            if defect.defect in of_the_closure:
                middle = np.average(np.nonzero(closed)[0])
                own = np.average(np.nonzero(on_frame(defect) > 127)[0])
                assert abs(own - middle) < 0.6 * np.ptp(np.nonzero(closed)[0])


def test_held_out_styles_are_never_taught(dense_frames: tuple[Rendered, ...]) -> None:
    pairs = ((TAUGHT_BOTTLES, HELD_OUT_BOTTLES), (TAUGHT_CAPS, HELD_OUT_CAPS), (TAUGHT_GROUNDS, HELD_OUT_GROUNDS))

    for frame in dense_frames:
        for name, styles in zip(("bottle", "cap", "background"), pairs, strict=True):
            assert frame.groups[name] in styles[int(frame.held_out)]

    assert all(set(taught).isdisjoint(held_out) for taught, held_out in pairs)


def test_units_of_one_product_differ_only_in_themselves() -> None:
    first, second = (_frame(seed, "good", product=3) for seed in (1, 2))

    apart = np.abs(first.pixels.astype(np.int16) - second.pixels).mean()

    assert first.groups == second.groups
    assert first.mm_per_px == second.mm_per_px
    assert first.unit_area_mm2 == pytest.approx(second.unit_area_mm2, rel=0.002)
    assert 0 < apart < 12
