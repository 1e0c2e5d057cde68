"""The annotated picture: it hides no defect, writes every label whole, and shows whatever pixels come."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.annotate import AMBER, BANNER_PX, GREEN, RED, STRIP_PX, WHITE, annotate, as_picture, warmed
from models.observation import Observation
from models.verdict import Disposition, Reason, Verdict
from tests.outcomes import finding

Box = tuple[int, int, int, int]
PLAIN = np.full((480, 768, 3), 200, np.uint8)
ACCEPT = Verdict(disposition=Disposition.ACCEPT)


def rejected(*boxes: Box) -> Verdict:
    found = tuple(finding(box_px=box) for box in boxes)
    return Verdict(disposition=Disposition.REJECT, reason=Reason.DEFECT, text="spot: over", findings=found)


def saw(box: Box) -> Observation:
    x0, y0, x1, y1 = box
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return Observation(score=0.9, classes=(("spot", 1.0),), zone="tablet", box_px=box, outline_px=corners, sizes={})


def drawn(pixels: NDArray[np.generic], verdict: Verdict, *boxes: Box) -> NDArray[np.uint8]:
    """The picture below its banner."""
    return annotate(pixels, verdict, [saw(box) for box in boxes], unit=7, mm_per_px=None)[BANNER_PX:]


def red_pixels(picture: NDArray[np.uint8]) -> int:
    return int((picture == np.array(RED, np.uint8)).all(axis=2).sum())


def test_neither_labels_nor_outlines_cover_a_defect():
    boxes: tuple[Box, ...] = ((300, 200, 340, 230), (300, 240, 330, 260), (2, 2, 30, 25), (740, 455, 766, 478))

    picture = drawn(PLAIN, rejected(*boxes), *boxes)

    for x0, y0, x1, y1 in boxes:
        assert (picture[y0:y1, x0:x1] == 200).all()


@pytest.mark.parametrize("box", [(0, 0, 14, 14), (754, 0, 768, 14), (0, 466, 14, 480), (754, 466, 768, 480)])
def test_a_label_at_the_edge_of_the_frame_is_written_whole(box: Box):
    inside: Box = (380, 240, 394, 254)

    at_the_edge = red_pixels(drawn(PLAIN, rejected(box), box))
    in_the_middle = red_pixels(drawn(PLAIN, rejected(inside), inside))

    assert at_the_edge > 0.9 * in_the_middle


def test_what_is_only_recorded_is_outlined_without_a_label():
    picture = drawn(PLAIN, ACCEPT, (300, 200, 340, 230))

    changed = (picture != 200).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((200, 230, 300, 340), abs=2)


def test_the_banner_has_the_colour_of_the_disposition():
    held = Verdict(disposition=Disposition.HOLD, reason=Reason.UNSURE, text="a chip or a stain")

    corners = [tuple(drawn_whole(verdict)[1, 1]) for verdict in (ACCEPT, rejected(), held)]

    assert corners == [GREEN, RED, AMBER]


def drawn_whole(verdict: Verdict) -> NDArray[np.uint8]:
    return annotate(PLAIN, verdict, (), unit=7, mm_per_px=None)


def test_the_disposition_is_also_a_word():
    held = rejected().model_copy(update={"disposition": Disposition.HOLD})

    letters = [(drawn_whole(verdict)[:BANNER_PX] == WHITE).all(axis=2) for verdict in (rejected(), held)]

    assert (letters[0] != letters[1]).any()


def test_the_scale_bar_is_five_millimetres_long():
    picture = annotate(PLAIN, ACCEPT, (), unit=7, mm_per_px=0.1)[BANNER_PX:]

    white_rows = (picture == 255).all(axis=2).sum(axis=1)
    assert white_rows.max() == pytest.approx(50, abs=1)


def test_outlines_lie_on_the_defect_in_a_picture_much_higher_than_wide():
    tall = np.full((5000, 600, 3), 200, np.uint8)
    box: Box = (400, 2400, 500, 2500)
    tall[2400:2500, 400:500] = 90

    shown = annotate(tall, ACCEPT, [saw(box)], unit=7, mm_per_px=None)[BANNER_PX:]

    dark = np.argwhere((shown[:, :150] < 100).all(axis=2))  # right of it is padding
    drawn_on = np.argwhere((shown[:, :150] != 200).any(axis=2))
    assert shown.shape == (1280, 320, 3)
    assert len(drawn_on) > len(dark) + 40
    for middle in (dark.min(axis=0) + dark.max(axis=0), drawn_on.min(axis=0) + drawn_on.max(axis=0)):
        assert middle / 2 == pytest.approx([2450 * 0.256, 450 * 0.256], abs=2)


def test_small_pictures_are_enlarged_with_their_outlines_and_scale():
    box: Box = (100, 50, 120, 70)

    small = annotate(PLAIN[:200, :320], ACCEPT, [saw(box)], unit=7, mm_per_px=0.2)[BANNER_PX:]

    assert small.shape == (400, 640, 3)
    assert (small[2 * box[1], 2 * box[0] : 2 * box[2]] != 200).any(axis=1).all()
    assert ((small == 255).all(axis=2).sum(axis=1)).max() == pytest.approx(50, abs=1)


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((480, 768), 90, np.uint8),
        np.arange(480 * 768, dtype=np.uint16).reshape(480, 768),
        np.full((480, 768, 4), 90, np.uint16),
        np.full((480, 768, 1), np.nan, np.float32),
        np.ones((480, 768), np.bool_),
        np.zeros((0, 0, 3), np.uint8),
        np.zeros(0, np.uint8),
        np.zeros((2, 3, 4, 5), np.uint8),
        np.zeros((20, 30), np.complex64),
        np.full((1, 1, 3), 9, np.uint8),
        np.full((3, 4000, 3), 9, np.uint8),
        np.full((4000, 3, 3), 9, np.uint8),
    ],
    ids=lambda pixels: f"{pixels.dtype}{pixels.shape}",
)
def test_any_pixels_are_shown(pixels: NDArray[np.generic]):
    box: Box = (10, 10, 40, 40)
    text = "16-bit picture of 3 px: examining failed – Größe ≥ 0"
    verdict = rejected(box).model_copy(update={"reason": Reason.NOT_ASSESSABLE, "text": text * 9})

    picture = annotate(pixels, verdict, [saw(box)], unit=7, mm_per_px=0.1)

    assert picture.dtype == np.uint8
    assert picture.shape[1] >= 320
    assert picture.shape[2] == 3


def test_a_dark_16_bit_picture_is_stretched_to_be_seen():
    dark = np.linspace(100, 900, 480 * 768).astype(np.uint16).reshape(480, 768)

    shown = as_picture(dark)

    assert (shown.min(), shown.max()) == (0, 255)


def test_the_frame_itself_is_not_drawn_on():
    pixels = PLAIN.copy()

    drawn(pixels, rejected((300, 200, 340, 230)), (300, 200, 340, 230))

    assert (pixels == PLAIN).all()


def test_more_findings_than_labels_are_counted_in_the_banner():
    boxes: tuple[Box, ...] = tuple((20 + 50 * i, 200, 40 + 50 * i, 220) for i in range(14))

    many = annotate(PLAIN, rejected(*boxes), [saw(b) for b in boxes], unit=7, mm_per_px=None)
    ten = annotate(PLAIN, rejected(*boxes[:10]), [saw(b) for b in boxes], unit=7, mm_per_px=None)

    assert (many[:BANNER_PX] != ten[:BANNER_PX]).any()


def test_a_finding_is_shown_enlarged_beside_the_place_that_it_was_compared_with():
    pixels = PLAIN.copy()
    pixels[196:206, 296:306] = 0  # the spot
    pixels[300:340, 480:520] = (0, 0, 250)  # what lies elsewhere
    box: Box = (296, 196, 306, 206)
    compared = saw(box).model_copy(update={"alike_px": (500, 320)})

    whole = annotate(pixels, rejected(box), [compared], unit=7, mm_per_px=None)
    strip = whole[BANNER_PX + 480 :]

    assert len(strip) == STRIP_PX
    middle = 8 + 52  # of the first place, from the strip's corner
    assert strip[middle, middle].max() < 60
    assert tuple(strip[middle, middle + 104]) == pytest.approx((0, 0, 250), abs=3)


def test_without_a_place_to_compare_there_is_no_strip():
    box: Box = (296, 196, 306, 206)

    assert len(annotate(PLAIN, rejected(box), [saw(box)], unit=7, mm_per_px=None)) == BANNER_PX + 480


@pytest.mark.parametrize("shape", [(64, 96, 3), (64, 96), (480, 768, 3)], ids=["small", "grey", "usual"])
def test_a_heat_map_colours_only_what_is_suspected(shape: tuple[int, ...]) -> None:
    heat = np.zeros((8, 12), np.uint8)
    heat[2, 3] = 255

    shown = warmed(np.full(shape, 120, np.uint8), heat)
    rows, columns = shown.shape[:2]

    assert np.ptp(shown[int(rows * 2.5 / 8), int(columns * 3.5 / 12)].astype(int)) > 60
    assert np.ptp(shown[rows - 1, columns - 1].astype(int)) == 0


def test_a_heat_map_of_one_cell_covers_the_picture() -> None:
    assert warmed(np.zeros((40, 40, 3), np.uint8), np.full((1, 1), 200, np.uint8)).max() > 100
