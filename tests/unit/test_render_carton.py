"""The carton renderer: what it promises about its frames, and that its truth is true."""

from typing import Final

import numpy as np
import pytest

from cameras.render.carton.family import CARTON
from cameras.render.carton.layout import HELD_OUT_LAYOUTS, TAUGHT_LAYOUTS
from cameras.render.carton.look import (
    HELD_OUT_BELTS,
    HELD_OUT_BOARDS,
    HELD_OUT_FONTS,
    TAUGHT_BELTS,
    TAUGHT_BOARDS,
    TAUGHT_FONTS,
    Carton,
    choose_carton,
)
from cameras.render.raster import length
from cameras.render.scene import photographed
from cameras.render.truth import HEIGHT, WIDTH, Content, Rendered

# Dense frames that show every class between them; look for new ones when drawing changes.
_SEEDS: Final = (0, 1, 8, 12, 14, 33, 74, 77, 108)
_DISPLACED: Final = frozenset({"misplaced print", "label skew", "seal misplaced"})


def _frame(seed: int, *, content: Content = "dense", held_out: bool = False) -> Rendered:
    rng = np.random.default_rng(seed)
    return photographed(CARTON.draw(rng, rng, held_out, content), CARTON, rng, rng, seed, held_out=held_out)


def _product(seed: int, *, held_out: bool = False) -> Carton:
    return choose_carton(np.random.default_rng(seed), held_out=held_out)


@pytest.fixture(scope="module")
def dense_frames() -> tuple[Rendered, ...]:
    return tuple(_frame(seed, held_out=seed % 3 == 2) for seed in _SEEDS)


def test_every_class_can_be_drawn_on_a_carton(dense_frames: tuple[Rendered, ...]) -> None:
    drawn = {defect.defect for frame in dense_frames for defect in frame.defects}

    missing = set(CARTON.classes) - drawn

    assert missing == set()
    assert drawn <= set(CARTON.classes)


def test_a_carton_fills_most_of_the_package_s_frame(dense_frames: tuple[Rendered, ...]) -> None:
    shapes = {(frame.pixels.shape, frame.pixels.dtype, frame.zones.shape) for frame in dense_frames}

    shares = [float((frame.zones > 0).mean()) for frame in dense_frames]
    scales = [1 / frame.mm_per_px for frame in dense_frames]

    assert shapes == {((480, 768, 3), np.dtype(np.uint8), (480, 768))}
    assert min(shares) > 0.45
    assert min(scales) >= 4.8 and max(scales) <= 9


def test_the_zone_map_shows_the_nominal_area_of_the_face(dense_frames: tuple[Rendered, ...]) -> None:
    ratios = [
        float((frame.zones > 0).sum()) * frame.mm_per_px**2 / frame.unit_area_mm2 for frame in dense_frames
    ]  # perspective moves the corners by a few pixels

    worst = max(abs(ratio - 1) for ratio in ratios)

    assert worst < 0.06


def test_a_carton_s_lengths_are_the_longest_dimension_of_their_masks(dense_frames: tuple[Rendered, ...]) -> None:
    complete = [defect for frame in dense_frames for defect in frame.defects if defect.specified]
    shaped = [defect for defect in complete if defect.defect not in _DISPLACED]

    for defect in shaped:
        widened_px = 4.0 if defect.defect == "spot" else 0.0  # hairs are marked wider than drawn
        measured_px = length(defect.mask > 127)
        allowed_px = 3.0 + 0.03 * defect.length_px
        assert -allowed_px < measured_px - defect.length_px < allowed_px + widened_px, defect.defect

    assert len(shaped) > 8


def test_a_displaced_part_reports_how_far_it_is_off(dense_frames: tuple[Rendered, ...]) -> None:
    displaced = [(frame, defect) for frame in dense_frames for defect in frame.defects if defect.defect in _DISPLACED]

    for frame, defect in displaced:
        reach_mm = float(np.hypot(*defect.mask.shape)) * frame.mm_per_px
        assert 1.0 < defect.length_mm < 0.8 * reach_mm + 13, defect.defect

    assert {defect.defect for _, defect in displaced} == _DISPLACED


def test_a_carton_s_areas_are_the_areas_of_their_masks(dense_frames: tuple[Rendered, ...]) -> None:
    large = [
        (frame.mm_per_px, defect)
        for frame in dense_frames
        for defect in frame.defects
        if defect.specified and defect.defect != "spot" and defect.length_px > 12
    ]

    shares = [float(defect.mask.sum()) / 255 * mm_per_px**2 / defect.area_mm2 for mm_per_px, defect in large]

    assert len(shares) > 10
    assert min(shares) > 0.8 and max(shares) < 1.2


def test_a_carton_s_defects_lie_in_their_zone_and_frame(dense_frames: tuple[Rendered, ...]) -> None:
    for frame in dense_frames:
        for defect in frame.defects:
            x0, y0, x1, y1 = defect.box_px
            there = frame.zones[y0:y1, x0:x1]
            votes = np.bincount(there.ravel(), weights=defect.mask.ravel(), minlength=len(CARTON.zones))
            assert 0 <= x0 < x1 <= WIDTH and 0 <= y0 < y1 <= HEIGHT
            assert defect.zone == CARTON.zones[int(votes.argmax())]
            assert defect.zone != "background"


def test_a_missing_part_is_whole_and_leaves_its_zone(dense_frames: tuple[Rendered, ...]) -> None:
    zone_of = {
        "label missing": "label",
        "lot missing": "code area",
        "code missing": "code area",
        "seal missing": "seal",
    }
    missing = [defect for frame in dense_frames for defect in frame.defects if defect.defect in zone_of]

    wholes = {defect.defect for frame in dense_frames for defect in frame.defects if defect.whole}

    assert wholes == {*zone_of, "colour deviation"}
    assert all(defect.zone == zone_of[defect.defect] for defect in missing)


def test_one_product_s_cartons_share_its_look_and_not_its_digits() -> None:
    scenes = [
        CARTON.draw(np.random.default_rng(unit), np.random.default_rng(3), False, "good") for unit in (1, 2)
    ]  # its camera's place and its lamp are `photographed`'s

    first, second = scenes
    code_area = first.zones == CARTON.zones.index("code area")
    apart = np.abs(first.pixels - second.pixels).mean(-1)

    assert first.groups == second.groups
    assert first.px_per_mm == second.px_per_mm
    assert first.unit_area_mm2 == second.unit_area_mm2
    assert float(np.median(apart[(first.zones > 0) & ~code_area])) < 6
    assert float((apart[code_area] > 60).mean()) > 0.05


def test_held_out_cartons_use_no_style_of_the_taught_ones() -> None:
    taught = {layout.name for layout in TAUGHT_LAYOUTS}
    held_out = {layout.name for layout in HELD_OUT_LAYOUTS}

    drawn = [_product(seed, held_out=True) for seed in range(6)]

    assert taught.isdisjoint(held_out)
    assert {layout.brand for layout in TAUGHT_LAYOUTS}.isdisjoint(layout.brand for layout in HELD_OUT_LAYOUTS)
    assert set(TAUGHT_BOARDS).isdisjoint(HELD_OUT_BOARDS)
    assert set(TAUGHT_BELTS).isdisjoint(HELD_OUT_BELTS)
    assert set(TAUGHT_FONTS).isdisjoint(HELD_OUT_FONTS)
    assert {carton.layout.name for carton in drawn} <= held_out
    assert {carton.board for carton in drawn} <= set(HELD_OUT_BOARDS)
    assert {carton.belt for carton in drawn} <= set(HELD_OUT_BELTS)
