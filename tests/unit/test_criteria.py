"""A sheet is refused for everything that can be seen without a model: file, field and remedy are in the text."""

from pathlib import Path

import pytest

from models.criteria import CriteriaSheet, Criterion, Limit
from models.errors import SheetInvalid
from models.note import Note, Tier

TEXT = """\
id: blister
title: Blister
product: Tablets 10
version: 1
glossary: {spot: [fly speck]}
criteria:
  - id: A1
    defect: spot
    wording: Spots over {limit} are major.
    limit: {unit: mm, operator: ">", value: 0.5}
    zone: tablet
    severity: major
  - id: A2
    defect: chip
    wording: No chips.
    severity: critical
"""


def load(folder: Path, text: str = TEXT) -> CriteriaSheet:
    path = folder / "sheet.yaml"
    path.write_text(text, encoding="utf-8")
    return CriteriaSheet.load(path)


def test_a_sheet_is_read_with_its_limits_filled_into_its_sentences(tmp_path: Path):
    sheet = load(tmp_path)

    assert [c.sentence for c in sheet.criteria] == ["Spots over 0.5 mm are major.", "No chips."]
    assert sheet.glossary == {"spot": ("fly speck",)}
    assert sheet.rejects == ("critical", "major")


def test_the_digest_is_of_the_content_not_of_the_layout(tmp_path: Path):
    digest = load(tmp_path).digest

    assert load(tmp_path, "# a comment\n" + TEXT.replace("zone: tablet", "zone:   'tablet'")).digest == digest
    assert load(tmp_path, TEXT.replace("0.5", "0.6")).digest != digest
    assert load(tmp_path, TEXT.replace("No chips", "No chips at all")).digest != digest


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (("id: A2", "id: A1"), "criteria", "id A1 is given twice"),
        (("wording: No chips.", 'wording: "  "'), "criteria.A2.wording", "the wording is empty"),
        (("value: 0.5", "value: -0.5"), "criteria.A1.limit.value", "greater than or equal to 0"),
        (("value: 0.5", "value: .nan"), "criteria.A1.limit.value", "finite number"),
        (("value: 0.5", "value: .inf"), "criteria.A1.limit.value", "finite number"),
        (("value: 0.5", "value: 0.555"), "criteria.A1.limit", "more than two decimals"),
        (("value: 0.5", "value: 1e-9"), "criteria.A1.limit.value", "more than two decimals"),
        (("wording: No chips.", 'wording: "No\\u202e chips."'), "criteria.A2.wording", "U+202E stands in the wording"),
        (("wording: No chips.", 'wording: "No\\ud83d chips."'), "criteria.A2.wording", "U+D83D stands in the wording"),
        (("value: 0.5", "value: 100"), "criteria.A1.limit.value", "less than or equal to 99.99"),
        (("value: 0.5", 'value: "0.5"'), "criteria.A1.limit.value", "valid number"),
        (("unit: mm", "unit: inch"), "criteria.A1.limit.unit", "'mm', 'mm2', '%' or 'count'"),
        (("unit: mm", "unit: count"), "criteria.A1.limit", "a count is a whole number, not 0.5"),
        (('operator: ">"', 'operator: "<"'), "criteria.A1.limit.operator", "'>' or '>='"),
        (("severity: critical", "severity: fatal"), "criteria.A2.severity", "'critical', 'major', 'minor' or 'off'"),
        (("    severity: critical", "    severity: critical\n    colour: red"), "criteria.A2.colour", "Extra inputs"),
        (("wording: No chips.", "wording: No chips over {limit}."), "criteria.A2", "the criterion has no limit"),
        (("wording: No chips.", "wording: No {size} chips."), "criteria.A2.wording", "only {limit} is filled in"),
        (("version: 1", "version: 0"), "version", "greater than or equal to 1"),
        (("version: 1", "version: 1\nrejects: [major]"), "", "critical must be among the severities that reject"),
        (("id: blister", "id: Blister pack"), "id", "pattern"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_field(tmp_path: Path, change: tuple[str, str], field: str, says: str):
    assert change[0] in TEXT
    with pytest.raises(SheetInvalid) as refusal:
        load(tmp_path, TEXT.replace(*change))

    said = str(refusal.value)
    assert said.startswith(f"{tmp_path / 'sheet.yaml'}: {field}")
    assert says in said
    assert "pydantic" not in said


def test_every_problem_is_named_in_one_go(tmp_path: Path):
    with pytest.raises(SheetInvalid) as refusal:
        load(tmp_path, TEXT.replace("version: 1", "version: x").replace("severity: critical", "severity: fatal"))

    assert len(str(refusal.value).splitlines()) == 2


def test_a_sheet_whose_only_criterion_is_wrong_is_not_called_empty_too(tmp_path: Path):
    only = TEXT[: TEXT.index("  - id: A2")].replace("severity: major", "severity: fatal")

    with pytest.raises(SheetInvalid) as refusal:
        load(tmp_path, only)

    assert len(str(refusal.value).splitlines()) == 1


def test_a_clause_that_nobody_knows_is_refused(tmp_path: Path):
    with pytest.raises(SheetInvalid, match=r"criteria\.A2\.clauses: unknown clause 'no-such-clause'"):
        load(tmp_path, TEXT + "    clauses: [no-such-clause]\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty or not a mapping"),
        ("- a list", "empty or not a mapping"),
        ("a: [", "not readable as YAML"),
        ("title: \x00", "Save the file as UTF-8"),
        ("title: 2024-02-30", "not readable as YAML"),
        ("[" * 9999, "not readable as YAML"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(tmp_path: Path, text: str, says: str):
    with pytest.raises(SheetInvalid, match=says):
        load(tmp_path, text)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path):
    (tmp_path / "binary.yaml").write_bytes(b"\x80\x81\x82" * 9)

    with pytest.raises(SheetInvalid, match="No such file or directory"):
        CriteriaSheet.load(tmp_path / "none.yaml")
    with pytest.raises(SheetInvalid, match="not readable as YAML"):
        CriteriaSheet.load(tmp_path / "binary.yaml")


@pytest.mark.parametrize("zone", ["", ", zone: tablet"])
def test_a_defect_that_is_off_and_judged_in_one_place_is_refused(tmp_path: Path, zone: str):
    chip = TEXT.replace("    severity: critical", "    severity: critical" + zone.replace(", ", "\n    "))

    with pytest.raises(SheetInvalid, match=r"chip.* is both off and judged"):
        load(tmp_path, chip + f"  - {{id: A3, defect: chip, wording: Chips are not judged., severity: 'off'{zone}}}\n")


@pytest.mark.parametrize(
    ("defect", "limit", "severity", "says"),
    [
        ("chip", "", "minor", "chip is critical by A2 wherever A3 calls it minor"),
        ("chip", ", limit: {unit: mm, operator: '>', value: 3}", "minor", "chip is critical by A2 wherever A3"),
        (
            "spot",
            ", limit: {unit: mm, operator: '>', value: 0.5}",
            "minor",
            r"spot \(tablet\) is major by A1 wherever A3",
        ),
        (
            "spot",
            ", limit: {unit: mm, operator: '>', value: 2}",
            "minor",
            r"spot \(tablet\) is major by A1 wherever A3",
        ),
        (
            "spot",
            ", limit: {unit: mm, operator: '>', value: 0.2}",
            "critical",
            r"spot \(tablet\) is critical by A3 wherever",
        ),
    ],
)
def test_a_severity_that_falls_as_the_defect_grows_is_refused(tmp_path: Path, defect, limit, severity, says):
    zone = ", zone: tablet" if defect == "spot" else ""

    with pytest.raises(SheetInvalid, match=says):
        load(tmp_path, TEXT + f"  - {{id: A3, defect: {defect}, wording: words, severity: {severity}{limit}{zone}}}\n")


@pytest.mark.parametrize(("value", "severity"), [(0.2, "minor"), (2, "critical"), (2, "major")])
def test_a_severity_that_rises_with_the_defect_is_taken(tmp_path: Path, value: float, severity: str):
    limit = f"limit: {{unit: mm, operator: '>', value: {value}}}"

    text = TEXT + f"  - {{id: A3, defect: spot, wording: words, severity: {severity}, {limit}, zone: tablet}}\n"
    assert len(load(tmp_path, text).criteria) == 3


def test_a_batch_that_was_judged_by_such_a_sheet_stays_readable(tmp_path: Path):
    """Its opening holds the sheet: a check that came later must not make the store's records unreadable."""
    kept = load(tmp_path).model_dump(mode="json")
    kept["criteria"] += [kept["criteria"][0] | {"id": "A3", "severity": "minor"}]
    kept["criteria"] += [kept["criteria"][1] | {"id": "A4", "severity": "off", "zone": "foil"}]

    assert len(CriteriaSheet.model_validate(kept).criteria) == 4


def test_a_place_that_is_off_while_a_criterion_judges_everywhere_is_refused(tmp_path: Path):
    """The switch would do nothing: the unit was rejected by the other one."""
    off = "  - {id: A3, defect: chip, wording: Chips on the foil are not judged., severity: 'off', zone: foil}\n"

    with pytest.raises(SheetInvalid, match=r"chip \(foil\) is off by A3, and A2 judges it everywhere; give A2 a zone"):
        load(tmp_path, TEXT + off)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("defect: chip", "defect: dent"), r"criteria\.A2\.defect: eyes does not see 'dent'\. It sees: spot, chip"),
        (
            ("defect: chip", "defect: open seal"),
            r"'open seal' is BLI-011, Seal channel \(open seal\): pictures give only part of the evidence",
        ),
        (("zone: tablet", "zone: lid"), r"criteria\.A1\.zone: eyes does not know 'lid'\. It knows: foil, tablet"),
        (("spot: [fly", "dent: [fly"), r"glossary: eyes does not see dent"),
    ],
)
def test_what_a_package_cannot_see_is_refused(tmp_path: Path, change: tuple[str, str], says: str):
    sheet = load(tmp_path, TEXT.replace(*change))

    with pytest.raises(SheetInvalid, match=says):
        sheet.check_against(package="eyes", defects=("spot", "chip"), zones=("foil", "tablet"))


def test_the_fields_of_a_criterion_make_its_note():
    spot = {"id": "A", "defect": "spot", "wording": "words", "severity": "major"}
    limit = Limit(unit="mm", operator=">", value=0.5)
    tier = Tier(operator=">", limit=0.5, severity="major")

    sized = Criterion.model_validate(spot | {"limit": limit, "zone": "not tablet"}).note
    plain, off = Criterion.model_validate(spot).note, Criterion.model_validate(spot | {"severity": "off"}).note
    counted = Criterion.model_validate(spot | {"limit": Limit(unit="count", operator=">", value=3)}).note

    assert sized == Note(kind="size", defect="spot", zone="tablet", outside=True, unit="mm", tiers=(tier,))
    assert plain == Note(kind="any", defect="spot", severity="major")
    assert off == Note(kind="off", defect="spot")
    assert (counted.kind, counted.unit, counted.tiers[0].limit) == ("count", "count", 3)
