"""A limit is the same limit in whatever unit or words it is written, and what is no quantity is left alone."""

import pytest

from models.quantities import in_figures


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("over 500 µm", "over 0.5 mm"),
        ("over .25 mm2", "over 0.25 mm2"),
        ("over 7 tenth of a mm", "over 0.7 mm"),
        ("over 3 quarter inch", "over 19.05 mm"),
        ("over three quarter of a millimetre", "over 0.75 mm"),
        ("over two third of the tablet", "over 66.67 % of the tablet"),
        ("half a dozen or more", "6 or more"),
        ("half-a-dozen or more", "6 or more"),
        ("more than two dozen 1/2 mm spots", "more than two dozen 0.5 mm spots"),
        ("more than 2 dozen", "more than 24"),
        ("over twelve hundred microns", "over 1.2 mm"),
        ("over two thousand five hundred microns", "over 2.5 mm"),
        ("over one thousand, two hundred and fifty microns", "over 1.25 mm"),
        ("over 0.1 in. long", "over 2.54 mm long"),
        ('over 1/16"', "over 1.59 mm"),
        ("over 80 microns", "over 0.08 mm"),
        ("over 1,250 µm", "over 1.25 mm"),
        ("over 0,2 cm", "over 2 mm"),
        ("over 1 CM", "over 10 mm"),
        ("over 0.04 cm²", "over 4 mm²"),
        ("over half a square centimetre", "over 50 mm²"),
        ("over 0.1 inch", "over 2.54 mm"),
        ("over half a millimetre", "over 0.5 mm"),
        ("over three quarters of a mm", "over 0.75 mm"),
        ("over one and a half millimetres", "over 1.5 mm"),
        ("over 2½ mm", "over 2.5 mm"),
        ("over 1/2 mm²", "over 0.5 mm²"),
        ("over a third of the tablet", "over 33.33 % of the tablet"),
        ("over 1/20 of its area", "over 5 % of its area"),
        ("half or more of the tablet", "50 % or more of the tablet"),
        ("over half the tablet", "over 50 % of the tablet"),
        ("half a per cent", "0.5 %"),
        ("over five per cent", "over 5 %"),
        ("over one millimetre", "over 1 mm"),
        ("over three point nine millimetres", "over 3.9 mm"),
        ("over 3 tenths of a millimetre", "over 0.3 mm"),
        ("over 2 thirds of a cm", "over 6.67 mm"),
        ("over seventy-five microns", "over 0.075 mm"),
        ("over two hundred microns", "over 0.2 mm"),
        ("over two-and-a-half cm", "over 25 mm"),
        ("over 0.5 cm squared", "over 50 mm²"),
        ("over 0.1 square inch", "over 64.52 mm²"),
        ("with a length of 1500 µm", "with a length of 1.5 mm"),
    ],
)
def test_a_quantity_is_put_into_figures_and_the_minds_units(written: str, same: str) -> None:
    assert in_figures(f"Chips {written}, major") == f"Chips {same}, major"


@pytest.mark.parametrize(
    "text",
    [
        "Spots over 0.5 mm, 12 mm², 3 % or 2.5mm2 are major",
        "Tablets broken in half",
        "more than 3 in the pocket",
        "spots above 0.5 in diameter",
        "at most 3 in. Any more is major",
        "in the first half of the shift",
        "a third doubly filled cavity",
        "more than three spots per blister",
        "seen from 30 cm under 1000 lux",
        "line 3/4, week 12",
        "the humming of the machine",
        "over 1 500 µm",
        "from 0.5 to 1 cm, ½ to 1 cm, 2-3 cm",
        "one sixteenth of an inch",
        "a fourth of a square inch",
        "the 2 halves of the tablet",
        "twenty dozen, one and a half dozen, a few dozen or dozens of spots",
        "two or three dozen, 1 to 2 dozen, a dozen and a half, a dozen or two",
        "more than 1/2 a dozen, ½ a dozen, one half dozen, 1 000 dozen",
        "ten dozen spots, a dozen and one",
        "more than 2 half-millimetre spots",
        "more than a dozen half-dozens, twelve half-millimetre spots, two 1/2 mm spots",
        "item 2.1.4, spots.5 mm",
    ],
)
def test_what_is_in_figures_or_no_quantity_stays(text: str) -> None:
    assert in_figures(text) == text
