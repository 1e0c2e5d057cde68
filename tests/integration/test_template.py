"""A product that always lies alike: a picture is laid over the usual one, and what is found lies where it was seen."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save

from models.errors import PackageInvalid
from models.eyes import Eyes, EyesParts
from models.template import NO_LIKENESS, Template, small
from tests.integration.tiny_eyes import COLUMNS, DEFECTS, ROWS, ZONES, graph_with, tiny_parts, tiny_tensors
from tests.tiny_closer import tiny_closer

Pixels = NDArray[np.uint8]
SPOT = (50.0, 30.0)  # on the usual unit


def printed(*, seed: int = 3) -> Pixels:
    """A unit with a print on it that no turn of it resembles."""
    coarse = np.random.default_rng(seed).integers(40, 220, (6, 10, 1), np.uint8)
    return np.ascontiguousarray(np.repeat(cv2.resize(coarse, (COLUMNS, ROWS))[..., None], 3, 2))


def lying(pixels: Pixels, degrees: float, across: float, down: float) -> tuple[Pixels, NDArray[np.float64]]:
    """The unit turned and moved, and the way there."""
    turn = np.asarray(cv2.getRotationMatrix2D((COLUMNS / 2, ROWS / 2), degrees, 1.0), np.float64)
    turn[:, 2] += (across, down)
    moved = cv2.warpAffine(pixels, turn, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8), turn


def with_spot(pixels: Pixels) -> Pixels:
    marked = pixels.copy()
    cv2.circle(marked, (int(SPOT[0]), int(SPOT[1])), 6, (255, 0, 0), -1)
    return marked


def eyes_with(template: Template) -> Eyes:
    tensors = tiny_tensors() | template.tensors
    return Eyes(EyesParts(graph_with(), tiny_closer(len(DEFECTS)), save(tensors), DEFECTS, ZONES), threads=1)


@pytest.mark.parametrize(("degrees", "across", "down"), [(0, 0, 0), (4, 3, -2), (-6, -5, 4)])
def test_a_unit_that_lies_a_little_otherwise_is_laid_over_the_template(degrees, across, down) -> None:
    template = Template(small(printed()))
    frame, turn = lying(printed(), degrees, across, down)

    laid = template.lay(frame)

    for place in ((50.0, 30.0), (110.0, 60.0)):
        assert laid.back @ (*place, 1.0) == pytest.approx(turn @ (*place, 1.0), abs=0.4)
    inner = (slice(16, -16), slice(16, -16))
    assert np.abs(laid.pixels[inner].astype(float) - printed()[inner]).mean() < 3
    assert laid.likeness > 0.95


def test_what_is_found_lies_where_it_was_seen() -> None:
    eyes = eyes_with(Template(small(printed()), 0.8))
    frame, turn = lying(with_spot(printed()), 5, 4, -3)

    look = eyes.look(frame, 0.1)

    x, y = turn @ (*SPOT, 1.0)
    x0, y0, x1, y1 = look.observations[0].box_px
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((x, y), abs=2)
    assert np.mean(look.observations[0].outline_px, axis=0) == pytest.approx((x, y), abs=2)
    assert look.heat is not None
    hottest = np.unravel_index(look.heat.argmax(), look.heat.shape)
    assert (2 * hottest[1], 2 * hottest[0]) == pytest.approx((x, y), abs=8)
    assert look.familiarity <= look.familiarity_limit


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lying(printed(), 90, 0, 0)[0], id="a quarter turned"),
        pytest.param(np.ascontiguousarray(printed()[::-1, ::-1]), id="head to tail"),
        pytest.param(lying(printed(), 0, 60, 0)[0], id="far aside"),
        pytest.param(printed(seed=4), id="another print"),
        pytest.param(np.full((ROWS, COLUMNS, 3), 90, np.uint8), id="nothing there"),
    ],
)
def test_a_picture_that_does_not_resemble_the_template_is_unfamiliar(other: Pixels) -> None:
    look = eyes_with(Template(small(printed()), 0.8)).look(other, 0.1)

    assert not look.familiarity <= look.familiarity_limit


def test_a_unit_farther_off_than_any_that_taught_is_unfamiliar() -> None:
    """What laying would show of it was never photographed."""
    frame, _ = lying(printed(), 0, 9, 0)

    near, far = (eyes_with(Template(small(printed()), 0.8, most)).look(frame, 0.1) for most in (10.0, 8.0))

    assert not near.lies_otherwise
    assert far.lies_otherwise


def test_what_the_camera_did_not_see_is_no_finding() -> None:
    """A red rim is drawn out over the strip beyond the picture."""
    frame, _ = lying(printed(), 0, 12, 0)
    frame[30:44, -1:] = (255, 0, 0)

    look = eyes_with(Template(small(printed()), 0.8)).look(frame, 0.1)

    assert not look.lies_otherwise
    assert look.observations == ()


def test_a_screw_that_lies_the_other_way_round_is_not_called_alike() -> None:
    """Half a turn fits an outline as well, and puts everything in the wrong place."""
    bar = np.full((ROWS, COLUMNS, 3), 200, np.uint8)
    cv2.rectangle(bar, (40, 40), (120, 56), (60, 60, 60), -1)
    over, _ = lying(bar, 30, 0, 0)

    assert Template(small(bar)).lay(over).likeness == NO_LIKENESS


def test_a_package_without_a_template_looks_at_the_picture_as_it_is() -> None:
    frame, turn = lying(with_spot(printed()), 5, 4, -3)

    (seen,) = Eyes(tiny_parts(), threads=1).look(frame, 0.1).observations[:1]

    x0, y0, x1, y1 = seen.box_px
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx(tuple(turn @ (*SPOT, 1.0)), abs=2)


def test_a_template_of_another_frame_is_refused() -> None:
    with pytest.raises(PackageInvalid, match=r"template has not the 40 x 24 px"):
        eyes_with(Template(np.zeros((30, 40), np.float32), 0.8))


def test_a_template_without_its_least_likeness_is_refused() -> None:
    tensors = tiny_tensors() | {"template": np.zeros((ROWS // 4, COLUMNS // 4), np.float32)}

    with pytest.raises(PackageInvalid, match="does not say how"):
        Eyes(EyesParts(graph_with(), tiny_closer(len(DEFECTS)), save(tensors), DEFECTS, ZONES), threads=1)


def test_limits_without_a_template_are_refused() -> None:
    tensors = tiny_tensors() | {"least_likeness": np.zeros(2, np.float32)}

    with pytest.raises(PackageInvalid, match="does not say how"):
        Eyes(EyesParts(graph_with(), tiny_closer(len(DEFECTS)), save(tensors), DEFECTS, ZONES), threads=1)
