"""Loose tablets and capsules: what their frames promise, and that their truth is true."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.render import HEIGHT, WIDTH, Rendered
from cameras.render.canvas import Place
from cameras.render.loose import defects, surface
from cameras.render.loose.family import LOOSE
from cameras.render.loose.style import HELD_OUT_SHAPES, TAUGHT_SHAPES, Loose, choose_loose
from cameras.render.loose.tray import HELD_OUT_TRAYS, TAUGHT_TRAYS
from cameras.render.loose.unit import Body, laid, make_body
from cameras.render.loose.wound import Wound
from cameras.render.raster import grown, length
from cameras.render.scene import Scene, photographed
from cameras.render.truth import Content

Damages = Callable[[np.random.Generator, Loose, Body], Wound | None]

_WOUNDS: dict[str, tuple[str, Damages]] = {
    "chip": ("uncoated", lambda rng, product, body: defects.draw_chip(rng, product, body, small=False)),
    "break": ("uncoated", defects.draw_break),
    "crack": ("uncoated", lambda rng, product, body: defects.draw_crack(rng, product, body, small=False)),
    "spot": ("film", lambda rng, product, body: surface.draw_spot(rng, product, body, small=False)),
    "stain": ("film", lambda rng, product, body: surface.draw_stain(rng, product, body, small=False)),
    "capping": ("film", defects.draw_capping),
    "picking": ("uncoated", lambda rng, product, body: surface.draw_picking(rng, product, body, small=False)),
    "coating peel": ("film", lambda rng, product, body: surface.draw_peel(rng, product, body, small=False)),
    "imprint missing": (
        "hard gelatine",
        lambda rng, product, body: surface.draw_missing_imprint(rng, product, body, small=False),
    ),
    "capsule dent": ("hard gelatine", lambda rng, product, body: defects.draw_dent(rng, product, body, small=False)),
    "capsule hole": ("hard gelatine", lambda rng, product, body: defects.draw_hole(rng, product, body, small=False)),
}
_SOLID = ("chip", "break", "stain", "picking", "coating peel", "capsule hole", "capsule dent", "twin", "rogue product")


def _scene(seed: int, content: Content, *, held_out: bool = False, product: int | None = None) -> Scene:
    rng = np.random.default_rng(seed)
    look = rng if product is None else np.random.default_rng((product, 1))
    return LOOSE.draw(rng, look, held_out, content)


def _frame(seed: int, content: Content, *, held_out: bool = False) -> Rendered:
    rng = np.random.default_rng(seed)
    return photographed(LOOSE.draw(rng, rng, held_out, content), LOOSE, rng, rng, seed, held_out=held_out)


def _product_with(coat: str) -> Loose:
    products = (choose_loose(np.random.default_rng(seed), held_out=False) for seed in range(200))
    return next(product for product in products if product.coat == coat and product.has_text)


@pytest.fixture(scope="module")
def frames() -> tuple[Rendered, ...]:
    return tuple(_frame(seed, "defective", held_out=seed % 3 == 2) for seed in range(24))


def test_a_defective_unit_carries_one_or_two_defects() -> None:
    counts = {_scene(seed, "defective").planned for seed in range(12)}

    assert counts == {1, 2}


def test_a_unit_that_is_wrong_as_a_whole_carries_nothing_else(frames: tuple[Rendered, ...]) -> None:
    wholes = [frame.defects for frame in frames if any(defect.whole for defect in frame.defects)]

    assert wholes
    assert all(len(found) == 1 and found[0].contrast == 99.0 for found in wholes)


def test_every_class_can_be_drawn() -> None:
    drawn: set[str] = set()

    for seed in range(200):
        drawn |= {defect.defect for defect in _scene(seed, "defective").drawn}
        if drawn == set(LOOSE.classes):
            break

    assert drawn == set(LOOSE.classes)


@pytest.mark.parametrize("kind", _WOUNDS)
def test_a_defect_changes_the_picture_inside_its_mask_and_not_beyond(kind: str) -> None:
    coat, damage = _WOUNDS[kind]
    product = _product_with(coat)
    rng = np.random.default_rng(5)
    body = make_body(rng, product, Place(WIDTH / 2, HEIGHT / 2, 0.3))
    ground = np.full((body.side, body.side, 3), 128, np.float32)

    wound = next(wound for wound in (damage(rng, product, body) for _ in range(20)) if wound is not None)
    change = np.abs(laid(product, wound.body, ground) - laid(product, body, ground)).sum(-1)
    near = grown(wound.mask, int(0.5 * product.px_per_mm) | 1)

    assert change[wound.mask].mean() > 5
    assert change[near].sum() > 0.95 * change.sum()


@pytest.mark.parametrize("kind", _WOUNDS)
def test_a_defect_says_how_long_and_how_large_its_mask_is(kind: str) -> None:
    coat, damage = _WOUNDS[kind]
    product = _product_with(coat)
    rng = np.random.default_rng(8)
    body = make_body(rng, product, Place(WIDTH / 2, HEIGHT / 2, 0.3))

    wound = next(wound for wound in (damage(rng, product, body) for _ in range(20)) if wound is not None)
    widened_px = 4.0 if kind in ("crack", "capping", "spot") else 0.0

    assert abs(length(wound.mask) - wound.length_px) <= 2.0 + widened_px
    assert kind in ("crack", "capping", "spot") or float(wound.mask.sum()) == wound.area_px


def test_lengths_and_areas_are_those_the_camera_sees(frames: tuple[Rendered, ...]) -> None:
    large = [
        (frame.mm_per_px, defect)
        for frame in frames
        for defect in frame.defects
        if defect.specified and defect.defect in _SOLID and defect.length_px > 15
    ]

    lengths = [length(defect.mask > 127) / defect.length_px for _, defect in large]
    areas = [float(defect.mask.sum()) / 255 * mm_per_px**2 / defect.area_mm2 for mm_per_px, defect in large]

    assert len(large) > 5
    assert min(lengths) > 0.9 and max(lengths) < 1.12
    assert min(areas) > 0.85 and max(areas) < 1.15


def test_the_zone_map_shows_the_nominal_area_of_the_unit() -> None:
    scenes = [_scene(seed, "good", held_out=seed % 2 == 1) for seed in range(8)]

    ratios = [
        float((scene.zones > 0).sum()) / scene.px_per_mm**2 / scene.unit_area_mm2
        for scene in scenes
        if scene.drawn == ()
    ]

    assert max(abs(ratio - 1) for ratio in ratios) < 0.01


def test_the_unit_is_large_in_the_frame_and_of_a_real_size(frames: tuple[Rendered, ...]) -> None:
    scenes = [_scene(seed, "good", held_out=seed % 2 == 1) for seed in range(8)]

    for scene in scenes:
        points = cv2.findNonZero((scene.zones > 0).astype(np.uint8))
        assert points is not None
        _, _, wide, high = cv2.boundingRect(points)
        longest_mm = length(scene.zones > 0) / scene.px_per_mm

        assert 0.25 < max(wide / WIDTH, high / HEIGHT) < 0.95
        assert 12 <= scene.px_per_mm <= 40
        assert 5 < longest_mm < 23


def test_an_imprint_has_a_zone_of_its_own() -> None:
    imprint = LOOSE.zones.index("imprint")
    shares = [float((_scene(seed, "good").zones == imprint).mean()) for seed in range(8)]

    written = [share for share in shares if share > 0]

    assert written
    assert max(written) < 0.2


def test_one_product_shares_its_look_and_its_units_differ() -> None:
    scenes = [_scene(seed, "good", product=3) for seed in range(4)]

    looks = {(scene.px_per_mm, scene.unit_area_mm2, tuple(scene.groups.items())) for scene in scenes}
    pictures = {scene.pixels.tobytes() for scene in scenes}

    assert len(looks) == 1
    assert len(pictures) == 4


def test_held_out_styles_are_never_taught() -> None:
    taught = [choose_loose(np.random.default_rng(seed), held_out=False) for seed in range(40)]
    held_out = [choose_loose(np.random.default_rng(seed), held_out=True) for seed in range(40)]
    trays = {_scene(seed, "good").groups["tray"] for seed in range(8)}

    characters = ["".join(line for product in some for line in product.lines) for some in (taught, held_out)]

    assert {product.shape for product in taught} == set(TAUGHT_SHAPES)
    assert {product.shape for product in held_out} == set(HELD_OUT_SHAPES)
    assert set(TAUGHT_SHAPES).isdisjoint(HELD_OUT_SHAPES)
    assert set(TAUGHT_TRAYS).isdisjoint(HELD_OUT_TRAYS)
    assert trays <= set(TAUGHT_TRAYS)
    assert set(characters[0]).isdisjoint(characters[1])
    assert {product.lettering.font for product in taught}.isdisjoint(product.lettering.font for product in held_out)


def test_a_twin_is_two_units_in_one_outline() -> None:
    product = replace(_product_with("film"), half_x=100.0, half_y=100.0, shape="round")
    rng = np.random.default_rng(1)

    one: NDArray[np.float32] = make_body(rng, product, Place(0, 0)).cover
    two: NDArray[np.float32] = make_body(rng, product, Place(0, 0), twin=(190.0, 0.0)).cover

    assert 1.9 < float(two.sum()) / float(one.sum()) < 2.05
    assert cv2.connectedComponents((two > 0.5).astype(np.uint8))[0] == 2  # the background is one of them
