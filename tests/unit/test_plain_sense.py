"""A sentence that says more than one rule, or a rule's contrary, is not judged by; one that is plain is let through."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from models.criteria import CriteriaSheet
from models.note import REST, Note, Tier
from models.plain_sense import left_over
from models.prompt import read_text, spelling_under
from models.sentences import load_sentences
from tests.conftest import ROOT

GLOSSARY: dict[str, list[str]] = YAML(typ="safe", pure=True).load(ROOT / "models" / "embedded" / "glossary.yaml")
ZONES = {zone: GLOSSARY[zone] for zone in ("foil", "pocket", "tablet")}


@pytest.fixture(scope="module")
def glossary() -> dict[str, list[str]]:
    return {name: words for name, words in GLOSSARY.items() if name not in ZONES}


def over(defect: str, limit: float, severity: str, *, unit: str = "mm") -> Note:
    tier = Tier.model_validate({"operator": ">", "limit": limit, "severity": severity})
    return Note.model_validate({"kind": "size", "defect": defect, "unit": unit, "tiers": (tier,)})


def more_than(limit: float, defect: str, severity: str) -> Note:
    tier = Tier.model_validate({"operator": ">", "limit": limit, "severity": severity})
    return Note(kind="count", defect=defect, unit="count", tiers=(tier,))


def any_(defect: str, severity: str = "critical") -> Note:
    return Note.model_validate({"kind": "any", "defect": defect, "severity": severity})


@pytest.mark.parametrize(
    ("sentence", "read_as", "says"),
    [
        ("Chips of 3 mm or less are major.", over("chip", 3, "major"), "what is smaller is major"),
        ("Spots on the tablet up to 0.8 mm are minor.", over("spot", 0.8, "minor"), "what is smaller is minor"),
        ("Cracks not longer than 3 mm are major.", over("crack", 3, "major"), "what is smaller is major"),
        ("Spots < 0.8 mm are critical.", over("spot", 0.8, "critical"), "what is smaller is critical"),
        ("Treat every spot below 0.8 mm as critical.", over("spot", 0.8, "critical"), "what is smaller is critical"),
        ("Spots between 0.2 mm and 0.8 mm are minor.", over("spot", 0.2, "minor"), 'also says "0.8 mm"'),
        ("Spots larger than 0.8 mm are not major.", over("spot", 0.8, "major"), 'says "not major"'),
        ("Spots larger than 0.8 mm are acceptable.", over("spot", 0.8, "major"), "how severe"),
        ("Chips over 2 mm are major only after approval by QA.", over("chip", 2, "major"), 'condition, "only after"'),
        (
            "Spots over 0.8 mm are critical, and so are more than 3 of any size.",
            over("spot", 0.8, "critical"),
            'also says "more than 3"',
        ),
        (
            "Spots over 0.3 mm are minor unless they are red, then they are critical.",
            over("spot", 0.3, "minor"),
            'also says "critical"',
        ),
        ("Any empty pocket is critical. Any fragment is critical too.", any_("empty pocket"), 'also says "fragment"'),
        ("Numerous spots on a tablet are major.", any_("spot", "major"), 'says "Numerous": from how many on'),
        ("1. Several spots on a tablet are major.", any_("spot", "major"), 'says "1. Several": from how many on'),
        ("3. Several spots on a tablet are major.", more_than(3, "spot", "major"), "from how many on"),
        ("Two or three dozen spots are critical.", more_than(2, "spot", "critical"), 'says "dozen"'),
        ("A dozen 0.5 mm spots are critical.", over("spot", 0.5, "critical"), 'says "dozen"'),
        ("More than two 1/2 mm spots are major.", more_than(2, "spot", "major"), 'also says "1/2 mm"'),
        ("A few dozen spots are critical.", any_("spot"), 'says "few dozen": from how many on'),
        ("Any crack or chip is critical.", any_("crack"), 'also says "chip"'),
        ("Empty pockets and broken tablets are critical.", any_("empty pocket"), 'also says "broken tablets"'),
        ("Chips longer than 2 mm are major, as are cracks.", over("crack", 2, "major"), 'also says "chips"'),
        ("Cracks over 3 mm are major, and so are more than twenty.", over("crack", 3, "major"), '"more than twenty"'),
        ("Cracks over 3 mm are major, or over 1 mm if branched.", over("crack", 3, "major"), 'also says "1 mm"'),
        ("Stains with a total area above 4 mm² are major.", over("stain", 4, "major", unit="mm2"), '"total area"'),
        ("Cracks over 50 % of the tablet diameter are major.", over("crack", 50, "major", unit="%"), "unit's area"),
        ("Spots over 20 mil are major.", over("spot", 20, "major"), 'says "20 mil"; write the limit in mm'),
        ("Stains over 1 cm² are major.", over("stain", 1, "major", unit="mm2"), 'says "1 cm²"; write the limit in mm'),
        ("Cracks over 0.4 mm in the score line are major.", over("crack", 4, "major"), "also says"),
        ("Wrong tablets in the blister - nil permitted", any_("rogue product"), "how severe that is"),
        ("Chips of 2 mm and below pass, otherwise reject.", over("chip", 2, "major"), "how severe that is"),
        ("Acceptance criterion: no cracks longer than 3 mm.", over("crack", 3, "major"), "how severe that is"),
        ("Cracks of min. 3 mm are to be rejected.", over("crack", 3, "major"), "how severe that is"),
        ("Chip > 2 mm: class A", over("chip", 2, "critical"), "how severe that is"),
        ("Spots over 0.5 mm are to be rejected.", over("spot", 0.5, "critical"), "how severe that is"),
        ("TBD cracks > 3 mm major", over("crack", 3, "major"), 'says "TBD": is it a rule yet'),
        ("Cracks over 3 mm: major?", over("crack", 3, "major"), 'says "major?": is it a rule yet'),
        ("Cracks must be called major if they are below 3 mm.", over("crack", 3, "major"), "what is smaller is major"),
        ("Stains must be classified minor below 4 mm².", over("stain", 4, "minor", unit="mm2"), "smaller is minor"),
        ("Cracks of up to and including 3 mm have to be called major.", over("crack", 3, "major"), "smaller is major"),
        ("Anything up to 3 mm must be a major crack.", over("crack", 3, "major"), "what is smaller is major"),
        (
            "Fragments shall, when smaller than 1 mm, be major.",
            over("fragment", 1, "major"),
            "what is smaller is major",
        ),
        ("Chips may be minor only up to 2 mm.", over("chip", 2, "minor"), "what is smaller is minor"),
        ("As long as it is no longer than 3 mm a crack may be graded major.", over("crack", 3, "major"), "smaller is"),
        ("Cracks at the limit of the master sample or longer are major.", over("crack", 4, "major"), "does not say 4"),
        (
            "Dust is ignored, except on the tablet, where it is critical.",
            any_("fragment").model_copy(update={"zone": "tablet", "outside": True}),
            "of which one half only can be read",
        ),
    ],
)
def test_what_a_note_cannot_hold_is_objected_to(glossary, sentence: str, read_as: Note, says: str) -> None:
    assert says in left_over(sentence, read_as, glossary, ZONES)


@pytest.mark.parametrize(
    ("sentence", "read_as"),
    [
        ("Chips up to 2 mm are accepted, larger ones are major.", over("chip", 2, "major")),
        ("Chips smaller than 2 mm are not looked at, all others are major.", over("chip", 2, "major")),
        ("Not more than 2 mm of a chip may be left (major if exceeded).", over("chip", 2, "major")),
        ("2 % of the tablet or more chipped off at the edge is major.", over("chip", 2, "major", unit="%")),
        (
            "Broken tablets must be 8.4 mm2 or smaller, a violation is critical.",
            over("break", 8.4, "critical", unit="mm2"),
        ),
        ("Cracks no longer than 3 mm pass; anything longer is major.", over("crack", 3, "major")),
        ("Cracks are major, up to 3 mm are accepted.", over("crack", 3, "major")),
        ("Major when the crack exceeds a maximum of 3 mm.", over("crack", 3, "major")),
        ("Cracks are major if they do not stay below 3 mm.", over("crack", 3, "major")),
        ("Cracks shall, if present, be no longer than 3 mm (major).", over("crack", 3, "major")),
        ("Draft marks longer than 3 mm are major.", over("crack", 3, "major")),
        ("Unless smaller than 0.5 mm, dark specks are regarded as minor.", over("spot", 0.5, "minor")),
        ("Chips no smaller than 2 mm are no longer minor but major.", over("chip", 2, "major")),
        ("Nicks are to be graded minor if, and only if, they are longer than 1.2 mm.", over("chip", 1.2, "minor")),
        ("max. 0.8 mm | spots | major", over("spot", 0.8, "major")),
        ("Stains longer than 3 mm are a major deviation.", over("stain", 3, "major")),
        ("Seen from 30 cm, a stain over 3 mm is major.", over("stain", 3, "major")),
        ("A stain on more than 10 % of the tablet's total area is major.", over("stain", 10, "major", unit="%")),
        ("Stains have to stay under 3 mm² (minor).", over("stain", 3, "minor", unit="mm2")),
        ("A white tablet in a batch of brown ones is critical.", any_("rogue product")),
        ("Whatever does not fall under one of the other defects is a minor stain.", any_("stain", "minor")),
        ("Stains that are not treated elsewhere in this sheet are minor.", any_("stain", "minor")),
        ("Does the stain hide the lot no.? If so: critical.", any_("stain")),
        ("Broken tablets that lack a quarter or more are major.", over("break", 25, "major", unit="%")),
        ("Several spots, more than 3 on one tablet, are major.", more_than(3, "spot", "major")),
        ("Any crack in the dozen-count blister is critical.", any_("crack")),
        ("In a carton of a dozen 10-tablet blisters any crack is critical.", any_("crack")),
        ("Dozens of spots, more than 24 on a tablet, are major.", more_than(24, "spot", "major")),
        ("Many-coloured stains are critical.", any_("stain")),
    ],
)
def test_a_plain_rule_however_it_is_put_is_let_through(glossary, sentence: str, read_as: Note) -> None:
    assert left_over(sentence, read_as, glossary, ZONES) == ""


@pytest.mark.parametrize("family", ["blister", "bottle", "carton", "loose", "vial"])
def test_the_sheets_that_come_with_the_product_are_plain(repository: Path, family: str) -> None:
    sheet = CriteriaSheet.load(repository / "configs" / "criteria" / f"{family}.yaml")
    names = {criterion.defect: (criterion.defect,) for criterion in sheet.criteria}

    named = {c.zone.removeprefix("not "): ("",) for c in sheet.criteria if c.zone}
    zones = named | {REST: ("",)} if family == "carton" else ZONES

    said = [left_over(read_text(c.sentence, spelling_under(names)), c.note, names, zones) for c in sheet.criteria]

    assert said == [""] * len(said)


def test_a_sentence_of_any_length_is_looked_through_at_once(glossary) -> None:
    """Patterns that try every beginning with every end would take minutes."""
    long = "Chips longer than 2 mm are major, " + "below 3 mm and whatever the word " * 3000

    assert left_over(long, over("chip", 2, "major"), glossary, ZONES)


@pytest.mark.parametrize(("name", "at_most"), [("independent", 3), ("development", 18)])
def test_sentences_of_one_rule_are_hardly_ever_objected_to(repository: Path, glossary, name: str, at_most: int) -> None:
    """Read as they are meant, as a sheet has them, without headings; each objection costs somebody a rewording.

    These tell of a case, an old limit, a depth or a severity that it is not, beside the rule.
    """
    objected = []
    for one in load_sentences(repository / "tests" / "wordings" / f"{name}.yaml"):
        known = {kind: (*words, *one.glossary.get(kind, ())) for kind, words in glossary.items()}
        said = read_text(one.text, spelling_under(known))
        rule = one.note.note
        if not one.heading and rule.kind not in ("other", "off") and left_over(said, rule, known, ZONES):
            objected.append(said)

    assert len(objected) <= at_most, objected
