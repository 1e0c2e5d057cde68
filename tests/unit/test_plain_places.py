"""A place that a note does not hold: a second one, one that nobody drew, the rest of the unit."""

import pytest

from models.note import Note
from models.plain_places import stray_place

DRAWN = {
    "code area": ("where lot and code are printed", "code field"),
    "label": ("the dosage label", "sticker"),
    "rest": ("outside the code area and the label",),
}
WHOLE = {"product": ("the whole product", "unit", "part")}
CHIP = ("chip", "piece broken off an edge")


def note(zone: str = "", defect: str = "spot") -> Note:
    return Note(kind="any", defect=defect, severity="major", zone=zone)


@pytest.mark.parametrize(
    ("sentence", "zone", "says"),
    [
        ("Spots on the label or in the code area are major.", "label", 'two places, "label or in the code area"'),
        ("Spots on sticker/code field: major.", "label", 'two places, "sticker/code field"'),
        ("Spots on the label and on the code field are major.", "code area", "write a criterion for each"),
        ("Spots over 2 mm anywhere else are minor.", "", '"anywhere else"; say outside of which place'),
        ("Spots on the rest of the carton are minor.", "", 'names a place, "rest", that was not read as one'),
        ("Spots in other places are minor.", "", '"in other places"; say outside of which place'),
        ("Spots on the label as well as in the code area are major.", "label", "write a criterion for each"),
        ("Spots on labels and/or code areas are major.", "label", "or one for the rest"),
        ("Spots on the label, in the code area and on the seal are major.", "label", "it names two places"),
        ("Spots in the code area are major.", "", 'names a place, "code area", that was not read as one'),
        ("Code field: any spot is major.", "", 'say "on the code area" or leave it out'),
        ("Spots in the code area are major.", "label", '"code area", that was not read as one'),
        ("Spots in the tear strip area are major.", "", '"in the tear strip area", a place that is not known'),
        ("Spots on either flap are major.", "rest", '"on either flap", a place that is not known'),
        ("Spots on the tuck flap over 3 mm are minor.", "", '"on the tuck flap", a place that is not known'),
    ],
)
def test_a_place_that_would_be_lost_is_objected_to(sentence: str, zone: str, says: str) -> None:
    assert says in stray_place(sentence, note(zone), ("spot",), DRAWN)


def test_a_place_of_a_product_that_has_one_zone_is_objected_to() -> None:
    said = stray_place("Any spot in the code area is critical.", note(), ("spot",), WHOLE)

    assert said == 'it says "in the code area", a place that is not known: product is'


@pytest.mark.parametrize(
    ("sentence", "read_as", "own"),
    [
        ("Spots in the code area are major.", note("code area"), ("spot",)),
        ("Spots in the printed code zone are major.", note("code area"), ("spot",)),  # other words for it
        ("Chips at the rim of the tablet are major.", note(defect="chip"), CHIP),
        ("A label missing on the carton is major.", note(defect="label missing"), ("label missing",)),
        ("Stains over more than 3 % of the label area are major.", note(defect="stain"), ("stain",)),
        ("Spots on the carton, wherever they are, are major.", note(), ("spot",)),
        ("Spots on the rest of the carton are major.", note("rest"), ("spot",)),
        ("Spots on any face of the carton are major.", note(), ("spot",)),
        ("Whether on the flap or in the middle, a spot is major.", note(), ("spot",)),
        ("Stains in the visible area are major.", note(defect="stain"), ("stain",)),
    ],
)
def test_a_place_that_the_note_holds_or_that_restricts_nothing_is_let_through(
    sentence: str, read_as: Note, own: tuple[str, ...]
) -> None:
    assert stray_place(sentence, read_as, own, DRAWN) == ""


def test_a_product_that_is_called_by_a_part_may_say_so() -> None:
    ring = {"product": (*WHOLE["product"], "ring")}

    assert "on the ring" in stray_place("Any chip on the ring is major.", note(defect="chip"), CHIP, WHOLE)
    assert stray_place("Any chip on the ring is major.", note(defect="chip"), CHIP, ring) == ""
