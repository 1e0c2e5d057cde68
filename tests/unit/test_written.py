"""Sentences written one by one stand for many, and each of these means what it says."""

from random import Random

import pytest

from models.note import SEVERITIES, Note
from models.sentences import Meaning, Sentence
from tests.taught import material
from tuning.mind.written import vary

WRITTEN = material().wordings.written


def sentence(text: str, **meaning: object) -> Sentence:
    told = {"zone": "", "outside": False, "unit": "", "operator": "", "limit": "", "severity": ""} | meaning
    return Sentence(text=text, heading="", note=Meaning.model_validate(told))


def limited(text: str, defect: str, unit: str, operator: str, limit: float, severity: str, **more: object) -> Sentence:
    told = {"unit": unit, "operator": operator, "limit": limit, "severity": severity} | more
    return sentence(text, kind="count" if unit == "count" else "size", defect=defect, **told)


def many(written: Sentence) -> dict[str, Note]:
    draw = Random(1)
    return {said.sentence: said.note for said in (vary(draw, written) for _ in range(200))}


def test_they_are_of_every_kind_and_class() -> None:
    assert len(WRITTEN) >= 1000
    assert {one.note.kind for one in WRITTEN} == {"size", "any", "count", "off", "other"}
    assert all(sum(one.note.defect == defect for one in WRITTEN) >= 80 for defect in ("chip", "spot", "double fill"))


def test_limit_and_severity_of_a_sentence_change_with_its_note() -> None:
    spots = limited("Spots over 0.5 mm are MAJOR.", "spot", "mm", ">", 0.5, "major")

    for text, note in many(spots).items():
        tier = note.tiers[0]
        assert tier.severity.upper() in text
        assert f"over {tier.limit:g} mm" in text.replace(",", ".") or f"over {tier.limit:.2f} mm" in text
    assert len(many(spots)) > 50


def test_a_count_in_words_stays_in_words() -> None:
    broken = limited("The third broken tablet is critical.", "break", "count", ">=", 3.0, "critical")

    assert {"The second broken tablet is critical.", "The fourth broken tablet is minor."} <= set(many(broken))


@pytest.mark.parametrize(
    "text",
    ["A chip of 2 mm, measured 2 mm from the edge, is crit.", "Chips of half a millimetre: (MA)"],
    ids=["the figure stands there twice", "no figure"],
)
def test_what_cannot_be_changed_safely_stays(text: str) -> None:
    limit = 2.0 if "2 mm" in text else 0.5
    chip = limited(text, "chip", "mm", ">=", limit, "critical")

    assert many(chip) == {text: chip.note.note}


def test_two_limits_come_in_the_order_in_which_they_are_said() -> None:
    also = [{"operator": ">", "limit": 4.0, "severity": "critical"}]
    stains = limited("Stains over 4 % are critical, over 1 % minor.", "stain", "%", ">", 1.0, "minor", also=also)

    assert all(note.tiers[0].limit > note.tiers[1].limit for note in many(stains).values())


def test_no_written_sentence_loses_its_severity() -> None:
    draw = Random(2)
    for one in WRITTEN:
        said = vary(draw, one)
        before = {word for word in SEVERITIES if word in f"{one.heading} {one.text}".lower()}
        meant = {tier.severity for tier in one.note.note.tiers} | {one.note.severity} - {""}
        if meant <= before:
            now = {tier.severity for tier in said.note.tiers} | {said.note.severity} - {""}
            assert all(word in f"{said.heading} {said.sentence}".lower() for word in now), said
