"""The eyes in ONNX Runtime on a tiny graph: places and sizes of any picture, and refusals."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save

from models.errors import OutputInvalid, PackageInvalid, ViewInvalid
from models.eyes import Eyes, EyesParts, fit
from models.regions import ESTIMATORS
from tests.integration.tiny_eyes import (
    DEFECTS,
    FACTS,
    ZONES,
    altered,
    graph_with,
    picture,
    tiny_parts,
    tiny_tensors,
    with_disc,
)
from tests.tiny_closer import tiny_closer


def test_a_disc_is_seen_where_it_is_and_as_large_as_it_is() -> None:
    eyes = Eyes(tiny_parts(), threads=1)

    look = eyes.look(with_disc(picture(), (40, 48), 10), 0.1)

    (seen,) = look.observations
    x0, y0, x1, y1 = seen.box_px
    assert abs(x0 - 30) <= 2 and abs(y0 - 38) <= 2 and abs(x1 - 50) <= 2 and abs(y1 - 58) <= 2
    assert seen.sizes["mm"].value == pytest.approx(2.0, rel=0.12)
    assert seen.sizes["mm2"].value == pytest.approx(np.pi, rel=0.15)
    assert seen.zone == "foil"


def test_a_doubtful_class_may_be_as_large_as_either() -> None:
    """Chips are measured otherwise than spots: what may be a chip may have a chip's size."""
    tensors = tiny_tensors()
    chip, spot = DEFECTS.index("chip"), DEFECTS.index("spot")
    spreads, blend = tensors["spreads"].copy(), tensors["length"].copy()
    spreads[:, chip] = 0.4
    blend[chip, -1] = 0.1  # a tenth longer
    sure, unsure = tensors["out_bias"].copy(), tensors["out_bias"].copy()
    unsure[0, chip], unsure[0, spot] = 1.5, 2.0
    chips = np.array([[2.0, 0.0, 0.0]], np.float32)
    disc = with_disc(picture(), (40, 48), 10)

    known, doubted, alone = (
        Eyes(tiny_parts(length=blend, spreads=spreads, out_bias=bias), threads=1).look(disc, 0.1).observations[0]
        for bias in (sure, unsure, chips)
    )

    assert doubted.defect == known.defect == "spot"
    assert alone.defect == "chip"
    assert doubted.sizes["mm"].value == known.sizes["mm"].value
    most = [one.sizes["mm"].value + one.sizes["mm"].uncertainty for one in (doubted, alone)]
    assert most[0] == pytest.approx(most[1])
    assert known.sizes["mm"].uncertainty < doubted.sizes["mm"].uncertainty


def test_a_larger_picture_of_the_same_unit_gives_the_same_millimetres() -> None:
    eyes = Eyes(tiny_parts(), threads=1)

    small = eyes.look(with_disc(picture(), (40, 48), 10), 0.1).observations[0]
    large = eyes.look(with_disc(picture(rows=480, columns=800), (200, 240), 50), 0.02).observations[0]

    assert large.sizes["mm"].value == pytest.approx(small.sizes["mm"].value, rel=0.05)
    assert [v / 5 for v in large.box_px] == pytest.approx(list(small.box_px), abs=1.5)


def test_a_picture_of_another_shape_is_padded_and_its_places_come_back() -> None:
    eyes = Eyes(tiny_parts(), threads=1)

    (seen,) = eyes.look(with_disc(picture(rows=300, columns=200), (60, 250), 20), 0.05).observations

    x0, y0, x1, y1 = seen.box_px
    assert (x0 + x1) / 2 == pytest.approx(60, abs=4)
    assert (y0 + y1) / 2 == pytest.approx(250, abs=4)
    assert all(0 <= x <= 200 and 0 <= y <= 300 for x, y in seen.outline_px)


def test_the_share_of_a_unit_is_of_the_tablet_that_the_picture_shows() -> None:
    eyes = Eyes(tiny_parts(), threads=1)

    (seen,) = eyes.look(with_disc(picture(), (40, 48), 160 / 12), 0.1).observations

    assert seen.sizes["%"].value == pytest.approx(100, rel=0.2)


def test_without_a_tablet_the_share_may_be_anything() -> None:
    eyes = Eyes(tiny_parts(), threads=1)

    (seen,) = eyes.look(with_disc(np.full((96, 160, 3), 60, np.uint8), (40, 48), 8), 0.1).observations

    assert (seen.sizes["%"].value, seen.sizes["%"].uncertainty) == (0, 100)  # sure to be over no limit, and under none


def test_a_clean_unit_gives_no_observation() -> None:
    look = Eyes(tiny_parts(), threads=1).look(picture(), 0.1)

    assert look.observations == ()
    assert look.familiarity < look.familiarity_limit


def test_a_picture_unlike_the_calibration_frames_is_over_the_limit() -> None:
    eyes = Eyes(tiny_parts(familiarity_limit=np.array([0.05], np.float32)), threads=1)

    look = eyes.look(picture(), 0.1)

    assert look.familiarity > look.familiarity_limit


def test_a_picture_without_repeated_places_is_over_the_limit() -> None:
    eyes = Eyes(tiny_parts(fewest_alike=np.array([3], np.float32)), threads=1)

    look = eyes.look(picture(), 0.1)

    assert look.familiarity > look.familiarity_limit


def test_every_class_has_a_probability_and_they_sum_to_one() -> None:
    (seen,) = Eyes(tiny_parts(), threads=1).look(with_disc(picture(), (40, 48), 10), 0.1).observations

    assert seen.defect == "spot"
    assert sum(share for _, share in seen.classes) == pytest.approx(1)
    assert {name for name, _ in seen.classes} == set(DEFECTS)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((96, 160), np.uint8),
        np.zeros((96, 160, 3), np.uint16),
        np.zeros((96, 160, 4), np.uint8),
        np.zeros((8, 160, 3), np.uint8),
    ],
    ids=["grey", "16 bit", "four channels", "a strip"],
)
def test_a_picture_that_is_no_colour_picture_is_refused(pixels: np.ndarray) -> None:
    eyes = Eyes(tiny_parts(), threads=1)

    with pytest.raises(ViewInvalid, match="the eyes take uint8 height x width x 3"):
        eyes.look(pixels, 0.1)


def test_a_graph_that_gives_no_numbers_is_refused() -> None:
    parts = replace(tiny_parts(), graph=graph_with(rare=np.nan))

    with pytest.raises(OutputInvalid, match="a value that is no number"):
        Eyes(parts, threads=1)


def test_thresholds_of_another_program_are_refused() -> None:
    with pytest.raises(PackageInvalid, match="5 thresholds, 3 or 4 are known"):
        Eyes(tiny_parts(thresholds=np.array([0.3, 0.5, 2, 0.1, 0.1], np.float32)), threads=1)


def test_a_look_says_when_there_may_be_more_than_it_looked_at() -> None:
    eyes = Eyes(tiny_parts(thresholds=np.array([0.3, 0.5, 2], np.float32)), threads=1)
    one = with_disc(picture(), (40, 48), 6)

    assert not eyes.look(one, 0.1).crowded
    assert eyes.look(with_disc(with_disc(one, (70, 20), 6), (70, 76), 6), 0.1).crowded


def test_what_a_picture_is_padded_with_is_not_looked_at_closer() -> None:
    shown = np.random.default_rng(0).integers(0, 256, (96, 64, 3), np.uint8)

    fitted = fit(shown, 96, 160)

    assert fitted.left == 48
    assert np.array_equal(fitted.picture, shown)


def test_a_picture_that_is_shrunk_is_seen_at_a_coarser_scale() -> None:
    eyes = Eyes(tiny_parts(), threads=1)

    assert eyes.scale_seen(picture(), 0.1) == 0.1
    assert eyes.scale_seen(picture(rows=480, columns=800), 0.1) == pytest.approx(0.5)
    assert eyes.scale_seen(picture(rows=48, columns=80), 0.1) == 0.1


def test_parts_of_another_vocabulary_are_refused() -> None:
    parts = tiny_parts()

    with pytest.raises(PackageInvalid, match="the package states chip, spot, crack"):
        Eyes(EyesParts(parts.graph, parts.closer, parts.tensors, (*DEFECTS, "crack"), ZONES), threads=1)


def test_a_closer_look_that_the_region_stage_was_not_taught_on_is_refused() -> None:
    parts = tiny_parts()
    other = tiny_closer(len(DEFECTS) + 1)

    with pytest.raises(PackageInvalid, match="the region stage was taught on 34 and 11"):
        Eyes(EyesParts(parts.graph, other, parts.tensors, DEFECTS, ZONES), threads=1)


@pytest.mark.parametrize("shape", [(5, 3), (len(tiny_tensors()["zone"]), 2)], ids=["facts", "zones"])
def test_a_region_stage_whose_zones_do_not_fit_is_refused(shape: tuple[int, int]) -> None:
    parts = tiny_parts(zone=np.zeros(shape, np.float32))

    with pytest.raises(PackageInvalid, match="Assemble the package again"):
        Eyes(parts, threads=1)


def test_a_graph_that_is_no_closer_look_is_refused() -> None:
    parts = tiny_parts()

    with pytest.raises(PackageInvalid, match="does not take two patches, their likes and their sides"):
        Eyes(replace(parts, closer=graph_with()), threads=1)


def test_a_region_stage_without_a_tensor_is_refused() -> None:
    parts = tiny_parts()
    tensors = save(altered(tiny_tensors(), "spreads"))

    with pytest.raises(PackageInvalid, match=r"missing \['spreads'\]"):
        Eyes(EyesParts(parts.graph, parts.closer, tensors, DEFECTS, ZONES), threads=1)


def test_a_cut_region_stage_is_refused() -> None:
    parts = tiny_parts()

    with pytest.raises(PackageInvalid, match="Assemble the package again"):
        Eyes(EyesParts(parts.graph, parts.closer, parts.tensors[:100], DEFECTS, ZONES), threads=1)


def test_eyes_of_a_taught_product_do_without_a_closer_look_and_without_tablets() -> None:
    facts = FACTS - len(DEFECTS) - 1  # the closer look's
    zone = np.zeros((facts + 1, 1), np.float32)
    blend = np.zeros((len(DEFECTS), ESTIMATORS + 1), np.float32)
    blend[:, 0] = 1
    tensors = tiny_tensors() | {
        "centre": np.zeros(facts, np.float32),
        "scale": np.ones(facts, np.float32),
        "hidden": np.zeros((1, facts, 4), np.float32),
        "length": blend,
        "area": blend,
        "zone": np.pad(zone, ((0, 0), (0, 2)), constant_values=-1),
        "real": np.append(np.zeros(facts), 3.0).astype(np.float32),
    }
    eyes = Eyes(EyesParts(graph_with(), None, save(tensors), DEFECTS, ("product", "rim", "label")), threads=1)

    (seen,) = eyes.look(with_disc(picture(), (50, 48), 8), 0.1).observations

    assert seen.score == pytest.approx(0.9526, abs=1e-3)  # of the linear opinion alone
    assert seen.zone == "product"
    assert seen.sizes["%"].uncertainty == 100  # nothing of a known area is in sight
