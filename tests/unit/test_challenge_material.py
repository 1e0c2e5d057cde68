"""A package that was taught its product is asked about its own kinds, in its own words."""

import pytest

from models.digest import digest_bytes
from models.example import Challenge
from models.package import AdapterFacts, Base, DefectClass, PackageFacts, Zone
from models.verdict import OperatingPoint
from tests import taught
from tuning.challenge import NEW_FORMS, TAUGHT, draw_challenge
from tuning.errors import TuningError

VIAL = ("cap missing", "crack", "fill level", "product at stopper", "anomaly")


def facts(kinds: tuple[str, ...], zones: tuple[str, ...] = ("product",)) -> PackageFacts:
    return PackageFacts(
        name="vial",
        version="1",
        family="taught",
        frame=(768, 480),
        defects=tuple(DefectClass(name=kind, about=kind, quantities=("mm", "mm2")) for kind in kinds),
        zones=tuple(Zone(name=zone, about=f"the {zone}") for zone in zones),
        operating_point=OperatingPoint(real_from=0.5, hold_from=0.2, doubt_from=0.1, sure_from=0.5),
        context_tokens=2048,
        base=Base(requirement="tiny==0.1", wheel="tiny.whl", member="tiny.gguf", sha256=digest_bytes(b"")),
        adapter=AdapterFacts(rank=1, alpha=1),
    )


@pytest.fixture(scope="module")
def challenge() -> Challenge:
    return draw_challenge(0, 300, facts(VIAL))


def test_every_sentence_is_about_a_kind_that_the_package_sees(challenge: Challenge) -> None:
    shown = [criterion for sheet in challenge.sheets for criterion in sheet.criteria]

    assert {one.note.defect for one in shown if one.note.kind != "other"} == set(VIAL)
    assert {sheet.wording for sheet in challenge.sheets} == {TAUGHT, NEW_FORMS}
    said = " ".join(one.text.sentence for one in shown).lower()
    assert "missing caps" in said and "levels" in said
    assert not any(word in said for word in ("rogue", "double fill", "empty pocket", "chip"))


def test_a_product_that_is_one_place_is_never_asked_about_a_place(challenge: Challenge) -> None:
    assert not any(criterion.note.zone for sheet in challenge.sheets for criterion in sheet.criteria)
    assert "zone" not in {pair.what for pair in challenge.counterparts}


def test_a_product_of_several_places_is_asked_about_them() -> None:
    asked = draw_challenge(0, 300, facts(VIAL, zones=("shoulder", "neck")))

    assert {"shoulder", "neck"} <= {c.note.zone for sheet in asked.sheets for c in sheet.criteria}
    assert "zone" in {pair.what for pair in asked.counterparts}


def test_a_package_that_knows_one_kind_is_asked_about_that_one() -> None:
    asked = draw_challenge(0, 120, facts(("anomaly",)))

    assert asked.sheets and all(0 < len(sheet.criteria) <= 10 for sheet in asked.sheets if sheet.observations)
    assert asked.counterparts == ()


def test_units_are_judged_by_a_sheet_that_rejects_each_of_its_kinds(challenge: Challenge) -> None:
    standard = challenge.unit_sheets[0]

    assert [criterion.defect for criterion in standard.criteria] == list(VIAL)
    assert all(criterion.severity in standard.rejects and criterion.limit is None for criterion in standard.criteria)
    for sheet in challenge.unit_sheets:
        sheet.check_against(package="vial", defects=VIAL, zones=("product",))


def test_units_of_a_taught_product_cannot_be_drawn() -> None:
    with pytest.raises(TuningError, match=r"vial was taught from pictures.*--data FOLDER, or --units 0"):
        draw_challenge(5, 0, facts(VIAL))


def test_the_embedded_package_is_asked_as_without_its_name() -> None:
    own, usual = taught.material().own, taught.challenge()

    asked = draw_challenge(taught.UNITS, taught.QUESTIONS, facts(own.defects, own.zones))

    assert (asked.sheets, asked.counterparts, asked.facts) == (usual.sheets, usual.counterparts, usual.facts)
