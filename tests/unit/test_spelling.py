"""Slips of the finger are put right before the mind reads; nothing else of a sentence changes."""

from importlib import resources

import pytest

from models.prompt import read_question, spelling_under
from models.spelling import SPOKEN
from tuning.mind.wording import spoken_words

GLOSSARY = {"spot": ("speck", "dark particle"), "crack": ("zirella",), "tablet": (), "foil": ()}
SPELLING = spelling_under(GLOSSARY)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Drak spceks abvoe 1 mm are MJAOR", "Dark specks above 1 mm are MAJOR"),
        ("Zirelas on the tabelt: criticl", "Zirellas on the tablet: critical"),
        ("Discoulored tablets, othrewise minro", "Discolored tablets, otherwise minor"),
    ],
)
def test_mistyped_words_are_read_as_meant(typed: str, read: str) -> None:
    assert SPELLING.corrected(typed) == read


@pytest.mark.parametrize(
    "sentence",
    [
        "Specks > 0.5 mm on the foil are major.",  # right as it is
        "Zirellas are unassessed and unjudged here, ununiform, crackless",  # a negation is never dropped
        "Cracks musnt pass, nott one, noone mightnt see them",
        "The thrid, fourt or sevnth spot of thre; eigth, a quater, none",  # numbers are left to the mind
        "5 precent of 2 suare mm",  # a unit with another word as near
        "Pastille, Fragmin and the Minox tablets of lot Stainex",  # names
        "Spots dont matter, cracks doesnt either",  # an apostrophe left out
        "PVDC of Xyvarex lot AB12CD per SOP-QA-017 at 20 °C",  # names and codes
        "Rouge tablets or lager ones",  # English, if not what was meant
    ],
)
def test_what_may_be_meant_as_it_stands_is_left(sentence: str) -> None:
    assert SPELLING.corrected(sentence) == sentence


def test_heading_and_sentence_reach_the_mind_spelled_right() -> None:
    assert read_question("Mjaor defcets", "Spekcs over 500 µm", SPELLING) == "\nMajor defects: Specks over 0.5 mm ->"


@pytest.mark.parametrize("word", ["hairlike", "seamless", "rustproof", "speckfree"])
def test_a_word_made_of_a_known_one_is_no_slip(word: str) -> None:
    """A hairlike fibre is no hairline crack."""
    assert SPELLING.corrected(f"Any {word} fibre is major") == f"Any {word} fibre is major"


def test_the_taught_words_that_ship_are_those_of_the_wordings() -> None:
    """If not: write spoken_words() of tuning/mind/wording.py to models/tables/spoken_words.txt."""
    shipped = resources.files("models").joinpath("tables", SPOKEN).read_text(encoding="utf-8")

    assert shipped == spoken_words()
