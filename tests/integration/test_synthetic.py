"""A camera that draws its units: the same ones for a seed, of one product, never frozen."""

from itertools import islice
from typing import get_args

import numpy as np
import pytest

from cameras.clock import HandClock
from cameras.config import FamilyName, SyntheticCamera
from cameras.driver import open_camera
from cameras.drivers.synthetic import SyntheticDriver
from cameras.errors import CameraError
from cameras.fitness import FitnessLimits, FrozenWatch, check
from cameras.render import FAMILIES, render


def _synthetic(*, defective_pct: float = 20) -> SyntheticCamera:
    return SyntheticCamera(
        driver="synthetic",
        product=14,
        seed=3,
        units_per_min=600,
        defective_pct=defective_pct,
        pool=10,
    )


def test_a_seed_names_a_batch_of_units_of_one_product() -> None:
    first, again = (SyntheticDriver(_synthetic(), HandClock()) for _ in range(2))
    shown, repeated = (list(islice(driver.frames(), 30)) for driver in (first, again))

    assert [picture.source for picture in shown] == [picture.source for picture in repeated]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(shown, repeated, strict=True))
    assert first.mm_per_px == again.mm_per_px
    assert all(check(picture.pixels, FitnessLimits()).fit for picture in shown)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_is_shown_as_the_line_takes_it(family: str) -> None:
    config = _synthetic().model_copy(update={"family": family, "pool": 8, "defective_pct": 50})
    driver = SyntheticDriver(config, HandClock())

    shown = list(islice(driver.frames(), 8))

    assert all(check(picture.pixels, FitnessLimits()).fit for picture in shown)
    assert {picture.source.split(", ")[0] for picture in shown} == {f"synthetic {family} {config.product}"}
    assert {picture.source.rsplit(", ", 1)[1] for picture in shown} == {"good", "defective"}


def test_every_family_can_be_named_in_a_line() -> None:
    assert set(get_args(FamilyName)) == set(FAMILIES)


def test_a_family_that_nobody_draws_is_refused() -> None:
    with pytest.raises(CameraError, match=r"no family 'tube'. Nothing was drawn. Choose one of blister"):
        render(1, family="tube")


def test_units_of_one_product_share_foil_tablet_and_scale_and_differ_in_themselves() -> None:
    one, other = (render(seed, content="good", product=14) for seed in (1, 2))

    assert one.groups == other.groups
    assert one.mm_per_px == other.mm_per_px
    assert not np.array_equal(one.pixels, other.pixels)


def test_a_negative_product_is_refused() -> None:
    with pytest.raises(CameraError, match="product -1 is negative"):
        render(1, product=-1)


def test_the_share_of_defective_units_is_the_configured_one() -> None:
    driver = open_camera(_synthetic(defective_pct=20), HandClock())

    sources = [picture.source for picture in islice(driver.frames(), 3000)]

    assert sum(source.endswith("defective") for source in sources) == pytest.approx(600, abs=75)
    assert len(set(sources)) == 10


@pytest.mark.parametrize(("defective_pct", "kind"), [(0, "good"), (100, "defective")])
def test_a_batch_can_be_wholly_good_or_defective(defective_pct: float, kind: str) -> None:
    driver = open_camera(_synthetic(defective_pct=defective_pct), HandClock())

    assert {picture.source.rpartition(", ")[2] for picture in islice(driver.frames(), 50)} == {kind}


def test_repeating_the_pool_never_looks_like_a_frozen_camera() -> None:
    watch = FrozenWatch(FitnessLimits())

    pictures = islice(open_camera(_synthetic(defective_pct=2), HandClock()).frames(), 300)

    assert all(watch.check(picture.pixels).fit for picture in pictures)


def test_drawing_the_pool_reports_how_far_it_is() -> None:
    reports: list[tuple[int, int]] = []

    open_camera(_synthetic(), HandClock(), progress=lambda done, of: reports.append((done, of)))

    assert reports == [(number, 10) for number in range(1, 11)]
