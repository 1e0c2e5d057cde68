"""Regions out of maps: what belongs together, how large it is, what a frame's usual tablet is."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from models.regions import Maps, Region, Thresholds, find_regions, unit_area_px, units_alike

AT = Thresholds(edge=0.1, peak=0.5, most=10)
ROWS, COLUMNS = 60, 80  # cells of the mask


def maps_of(mask: NDArray[np.float32], zones: NDArray[np.float32] | None = None) -> Maps:
    coarse = (mask.shape[0] // 2, mask.shape[1] // 2)
    if zones is None:
        zones = np.zeros((3, *coarse), np.float32)
    return Maps(
        mask, np.zeros((2, *coarse), np.float32), zones, np.ones((4, *coarse), np.float32), np.zeros(8, np.float32)
    )


def disc(x: float, y: float, radius: float, logit: float = 6.0) -> NDArray[np.float32]:
    ys, xs = np.mgrid[0:ROWS, 0:COLUMNS]
    inside = radius - np.hypot(xs - x, ys - y)
    return np.asarray(np.clip(inside * 4, -9, logit), np.float32)


def length_px(region: Region) -> float:
    return float(np.exp(region.shape[0]))


def test_a_disc_is_one_region_of_its_diameter_and_area() -> None:
    (region,) = find_regions(maps_of(disc(40, 30, 8)), AT, 10.0)

    assert length_px(region) == pytest.approx(32, rel=0.08)  # 16 cells of 2 px
    assert float(np.exp(2 * region.shape[2])) == pytest.approx(np.pi * 16**2, rel=0.1)
    assert region.box == pytest.approx((64, 44, 98, 78), abs=3)


def test_places_apart_are_two_regions_the_stronger_first() -> None:
    regions = find_regions(maps_of(np.maximum(disc(15, 30, 5, 2.0), disc(60, 30, 5))), AT, 10.0)

    assert [region.box[0] > 80 for region in regions] == [True, False]


def test_cells_one_apart_are_one_region() -> None:
    mask = np.full((ROWS, COLUMNS), -9, np.float32)
    mask[30, 20:30], mask[30, 31:40] = 5, 5

    regions = find_regions(maps_of(mask), AT, 10.0)

    assert len(regions) == 1


def test_what_stays_under_the_upper_threshold_is_no_region() -> None:
    assert find_regions(maps_of(disc(40, 30, 6, -0.5)), AT, 10.0) == []


def test_of_too_many_regions_the_strongest_are_kept() -> None:
    mask = np.full((ROWS, COLUMNS), -9, np.float32)
    for i in range(16):
        mask[10 * (i // 4) + 5, 18 * (i % 4) + 5] = 1 + i

    regions = find_regions(maps_of(mask), Thresholds(0.1, 0.5, 5), 10.0)

    assert [region.peak for region in regions] == [16, 15, 14, 13, 12]


def test_a_region_lies_in_the_zone_of_most_of_its_mask() -> None:
    zones = np.zeros((3, ROWS // 2, COLUMNS // 2), np.float32)
    zones[2, :, :21] = 5  # tablet on the left, foil on the right
    zones[0, :, 21:] = 5

    (region,) = find_regions(maps_of(disc(38, 30, 8), zones), AT, 10.0)

    assert region.zone == 2


def test_a_region_at_the_frame_edge_stays_inside() -> None:
    (region,) = find_regions(maps_of(disc(0, 0, 6)), AT, 10.0)

    assert region.box[:2] == (0, 0)


def test_one_broken_tablet_does_not_move_the_usual_area() -> None:
    zones = np.zeros((3, 40, 80), np.float32)
    zones[0] = 2
    for i in range(5):
        zones[2, 10:20, 4 + 15 * i : 14 + 15 * i] = 6
    whole = unit_area_px(maps_of(np.zeros((80, 160), np.float32), zones), 2)
    zones[2, 10:15, 4:14] = 0

    broken = unit_area_px(maps_of(np.zeros((80, 160), np.float32), zones), 2)

    assert whole == broken
    assert whole == pytest.approx(1600, rel=0.15)  # 10 x 10 cells of 4 px


def test_tablets_of_one_size_are_counted_only_where_they_are_most_of_what_looks_like_one() -> None:
    zones = np.zeros((3, 40, 80), np.float32)
    zones[0] = 2
    for i in range(4):
        zones[2, 5:13, 4 + 15 * i : 12 + 15 * i] = 6
    pack = maps_of(np.zeros((80, 160), np.float32), zones.copy())
    zones[2, 20:38, 5:60] = 6
    scrap = maps_of(np.zeros((80, 160), np.float32), zones)

    assert len(units_alike(pack, 2)) == 4
    assert len(units_alike(scrap, 2)) in (0, 1)


def test_without_a_whole_tablet_there_is_no_usual_area() -> None:
    zones = np.zeros((3, 40, 80), np.float32)
    zones[0] = 2
    zones[2, :, :10] = 6  # cut by the frame

    assert unit_area_px(maps_of(np.zeros((80, 160), np.float32), zones), 2) is None


def test_a_faint_place_is_a_region_where_nothing_else_is_and_faint_ones_are_looked_at() -> None:
    mask = np.full((64, 64), -8.0, np.float32)
    mask[40:44, 40:44] = -3.0

    (found,) = find_regions(maps_of(mask), replace(AT, faint=0.03), 10.0)

    assert found.box == (80, 80, 88, 88)
    assert find_regions(maps_of(mask), AT, 10.0) == []


def test_beside_a_region_nothing_faint_is_one() -> None:
    """In a bad picture everything looks a little bad."""
    mask = np.full((64, 64), -8.0, np.float32)
    mask[8:16, 8:16], mask[40:44, 40:44] = 3.0, -3.0

    (usual,), (also,) = (find_regions(maps_of(mask), at, 10.0) for at in (AT, replace(AT, faint=0.03)))

    assert usual.box == also.box
