"""The reader without a model that the mind is measured against: what it reads, and where it says that it cannot."""

import pytest

from inspector.bench.parser import Parser
from models.answer import note_pieces
from models.package import Words
from models.prompt import CriterionText
from models.reading import Reader

ZONES = ("foil", "pocket", "tablet")
GLOSSARY = {
    "empty pocket": ("pocket without its tablet", "missing tablet"),
    "chip": ("small piece gone from a tablet's edge", "nick"),
    "break": ("tablet broken, a large part gone", "half tablet"),
    "crack": ("thin line of fracture in a tablet", "hairline crack", "fissure"),
    "spot": ("small dark mark or foreign particle", "speck", "dot"),
    "stain": ("area of another colour, discoloured or soiled", "blotch"),
    "rogue product": ("tablet of another product", "wrong tablet", "mix-up"),
    "double fill": ("two tablets in one pocket", "double tablet"),
    "fragment": ("powder or a loose piece of tablet beside the tablet", "powder", "dust", "crumb"),
    "foil": ("flat web between the pockets", "lidding"),
    "pocket": ("cavity around the tablet", "cavity"),
    "tablet": ("the tablet itself", "pill"),
}
WORDS = Words(tuple(name for name in GLOSSARY if name not in ZONES), ZONES)


def read(sentence: str, heading: str = "", *, reader: Reader | None = None) -> tuple[str, float]:
    """The note as the mind would write it, and the score."""
    note, score = (reader or Parser(WORDS)).read([CriterionText(heading, sentence)], GLOSSARY)[0]
    return "".join(note_pieces(note)).strip(), score


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("Treat any speck wider than 0.6 mm as major.", "spot: mm>00.60 major"),
        ("Nicks: max. 1,5 mm, otherwise minor", "chip: mm>01.50 minor"),
        ("Fissures may be up to two millimetres long; beyond that they are major.", "crack: mm>02.00 major"),
        ("Hairline cracks must stay under 1.5 mm (critical otherwise).", "crack: mm>=01.50 critical"),
        ("Crumbs of half a millimetre and above are minor.", "fragment: mm>=00.50 minor"),
        ("Cracks not below 2 mm are major rather than minor.", "crack: mm>=02.00 major"),
        ("A blotch must not exceed 2.5 square millimetres; if it does: minor.", "stain: mm2>02.50 minor"),
        ("Soiling from 3 mm² is critical.", "stain: mm2>=03.00 critical"),
        ("Discoloration covering 5 % or more of the tablet is major.", "stain: %>=05.00 major"),
        ("Spots under 0.3 mm are ignored, from 0.3 mm on they are minor.", "spot: mm>=00.30 minor"),
        ("Dots over 0.5 mm are minor, over 1 mm major.", "spot: mm>00.50 minor>01.00 major"),
        ("Blisters with four or more chipped tablets are critical.", "count chip:>=04.00 critical"),
        ("No more than 2 stains are tolerated on the foil, else major.", "count stain on foil:>02.00 major"),
        ("Fewer than 5 dots per pack are fine; otherwise minor.", "count spot:>=05.00 minor"),
        ("One speck is tolerated, two or more are minor.", "count spot:>=02.00 minor"),
        ("A cavity that holds no tablet is always critical.", "empty pocket: any critical"),
        ("Two tablets sharing one pocket are a major defect.", "double fill: any major"),
        ("Tablets of a different product: critical, wherever they are", "rogue product: any critical"),
        ("Half-tablets and tablets broken in two are major.", "break: any major"),
        ("Specks > 0.4mm on the pill = critical", "spot on tablet: mm>00.40 critical"),
        ("Anywhere but on the tablet, dots over 1.2 mm are major.", "spot not tablet: mm>01.20 major"),
        ("Specks that aren't on the lidding are major from 0.6 mm.", "spot not foil: mm>=00.60 major"),
        ("Spots off the tablet exceeding 1 mm are minor.", "spot not tablet: mm>01.00 minor"),
        ("Foil blotches are not assessed.", "stain on foil: off"),
        ("Dust is disregarded except in the pocket.", "fragment not pocket: off"),
        ("Cracks must never be overlooked: critical.", "crack: any critical"),
        ("Cracsk on the tabelt largr than 2 mm are majro.", "crack on tablet: mm>02.00 major"),
        ("Per SOP QC-012, chips above 1.4 mm are major (see section 4.2).", "chip: mm>01.40 major"),
    ],
)
def test_what_a_sentence_says(sentence: str, says: str) -> None:
    assert read(sentence) == (says, 1.0)


@pytest.mark.parametrize(
    ("heading", "sentence", "says"),
    [
        ("Major defects", "Missing tablet", "empty pocket: any major"),
        ("Minor", "Dots, at least 3 per blister", "count spot:>=03.00 minor"),
        ("Major", "Specks smaller than 0.4 mm are disregarded.", "spot: mm>=00.40 major"),
        ("Major", "Nicks over 3 mm are critical.", "chip: mm>03.00 critical"),
        ("Not assessed", "Blotches on the foil", "stain on foil: off"),
        ("Defects of the foil - minor", "Blotches over 2 mm", "stain on foil: mm>02.00 minor"),
        ("Critical", "No mix-ups are acceptable.", "rogue product: any critical"),
        ("Minor", "Specks on the foil are harmless.", "spot on foil: off"),
    ],
)
def test_what_a_sentence_leaves_out_its_heading_says(heading: str, sentence: str, says: str) -> None:
    assert read(sentence, heading) == (says, 1.0)


@pytest.mark.parametrize(
    "sentence",
    [
        "The lighting is checked every morning with the reference card.",
        "A speck is a small dark mark.",
        "Critical findings are reported to QA within one hour.",
        "Are specks over 1 mm critical?",
        "Scratches over 2 mm are major.",  # no class of this package
    ],
)
def test_what_is_no_criterion_is_read_as_such(sentence: str) -> None:
    assert read(sentence) == ("other", 1.0)


@pytest.mark.parametrize(
    "sentence",
    [
        "Specks over 1 mm.",  # no severity
        "Specks larger than 2 are major.",  # no unit
        "Specks and blotches over 1 mm are major.",  # two classes
        "More than 3 specks larger than 0.5 mm are major.",  # a count of sizes
        "Specks between 0.5 and 1 mm are minor.",  # an upper end
        "Specks on the foil and on the tablet are minor.",  # two zones
        "Specks are critical or major.",
        "Specks larger than 250 mm are major.",
    ],
)
def test_what_a_note_cannot_hold_is_unsure(sentence: str) -> None:
    assert read(sentence) == ("other", 0.0)


def test_another_package_and_the_words_of_a_site_are_read_too() -> None:
    words, glossary = (
        Words(("dent", "leak"), ("cap",)),
        {"dent": ("hollow in the wall", "ding"), "cap": ("lid", "crown")},
    )

    notes = Parser(words).read(
        [CriterionText("", "Dings on the crown deeper or larger than 2 mm are minor.")], glossary
    )

    assert ["".join(note_pieces(note)).strip() for note, _ in notes] == ["dent on cap: mm>02.00 minor"]


def test_every_line_is_counted_as_it_is_read() -> None:
    steps: list[tuple[int, int]] = []
    reader: Reader = Parser(WORDS)

    reader.read(
        [CriterionText("Minor", "Dust"), CriterionText("", "Nicks are ignored.")], GLOSSARY, lambda *s: steps.append(s)
    )

    assert steps == [(1, 2), (2, 2)]
