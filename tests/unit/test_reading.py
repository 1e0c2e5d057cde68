"""The reading as a double entry: what may not be used, what need not be read again, and how words become fields."""

import json
from pathlib import Path

import pytest

from models.criteria import CriteriaSheet
from models.digest import digest_json
from models.errors import ReadingInvalid
from models.note import Note
from models.reading import Reading, ReadLine, differs, read_sheet, reading_path
from tests.readings import CHIP, GLOSSARY, PACKAGE, SPOT, TEXT, Scripted, limit, read, reader, sheet


def approved(folder: Path) -> tuple[CriteriaSheet, Reading]:
    _, content = sheet(folder)
    return content, read(content, reader()).approved(by="A. Person", reason="seen")


def check(content: CriteriaSheet, reading: Reading, package: str = PACKAGE) -> None:
    reading.check(content, package_digest=package, sure_from=0.5)


def test_an_approved_reading_whose_words_and_fields_agree_may_be_used(tmp_path: Path):
    content, reading = approved(tmp_path)

    check(content, reading)

    assert reading.notes == (("A1", SPOT), ("A2", CHIP))


def test_what_a_person_approved_survives_the_disk(tmp_path: Path):
    _, reading = approved(tmp_path)
    path = reading_path(tmp_path / "sheet.yaml")

    reading.save(path)

    assert path.name == "sheet.reading.json"
    assert Reading.load(path) == reading
    assert Reading.load(path).digest == reading.digest


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (limit(0.8), "limit: the words say 0.8, the fields 0.5"),
        (limit(0.5, severity="minor"), "severity: the words say minor, the fields major"),
        (limit(0.5, unit="mm2"), "unit: the words say mm2, the fields mm"),
        (SPOT.model_copy(update={"zone": "foil"}), "zone: the words say foil, the fields everywhere"),
        (SPOT.model_copy(update={"defect": "stain"}), "defect: the words say stain, the fields spot"),
        (Note(kind="any", defect="spot", severity="major"), "the words say spot: any, major, the fields"),
        (Note(kind="other"), "the words are no criterion that the model can read"),
    ],
)
def test_words_that_say_something_else_than_the_fields_stop_the_batch(tmp_path: Path, words: Note, says: str):
    _, content = sheet(tmp_path)
    reading = read(content, reader(words)).approved(by="A. Person", reason="seen")

    with pytest.raises(ReadingInvalid, match="words and fields of 1 criteria do not agree") as refusal:
        check(content, reading)

    assert f"A1: {says}" in str(refusal.value)
    assert "Spots over 0.5 mm are major." in str(refusal.value)


def test_over_and_from_are_the_same_on_a_size_and_not_on_a_count():
    assert differs(limit(0.5, operator=">="), limit(0.5)) == ""
    assert differs(limit(3, operator=">=", unit="count"), limit(3, unit="count")) == (
        "operator: the words say >=, the fields >"
    )


def test_more_than_three_and_four_or_more_are_one_rule_on_a_count_and_two_on_a_size():
    assert differs(limit(4, operator=">=", unit="count"), limit(3, unit="count")) == ""
    assert "limit: the words say 4, the fields 3" in differs(limit(4, operator=">="), limit(3))


def test_a_sentence_of_which_the_model_is_unsure_stops_the_batch(tmp_path: Path):
    _, content = sheet(tmp_path)
    reading = read(content, reader(score=0.49)).approved(by="A. Person", reason="seen")

    with pytest.raises(ReadingInvalid, match="the model is unsure what the sentence means"):
        check(content, reading)


def test_a_criterion_that_is_off_stands_above_its_words(tmp_path: Path):
    _, content = sheet(tmp_path, TEXT.replace("severity: major", "severity: 'off'"))
    reading = read(content, reader(limit(9), score=0.1)).approved(by="A. Person", reason="seen")

    check(content, reading)

    assert dict(reading.notes)["A1"].kind == "off"


def test_a_reading_of_another_sheet_package_or_hand_is_refused(tmp_path: Path):
    content, reading = approved(tmp_path)
    _, other = sheet(tmp_path, TEXT.replace("version: 1", "version: 2"))
    line = reading.lines[0].model_copy(update={"fields": limit(9), "words": limit(9)})

    with pytest.raises(ReadingInvalid, match="the sheet has changed since it was read"):
        check(other, reading)
    with pytest.raises(ReadingInvalid, match="the sheet was read by another package"):
        check(content, reading, "sha256:" + "2" * 64)
    with pytest.raises(ReadingInvalid, match="the lines of the reading are not those of the sheet"):
        check(content, reading.model_copy(update={"lines": (line, *reading.lines[1:])}))
    with pytest.raises(ReadingInvalid, match="the lines of the reading are not those of the sheet"):
        check(content, reading.model_copy(update={"lines": reading.lines[:1]}))


def test_a_reading_whose_words_were_edited_after_its_approval_is_refused_and_read_again(tmp_path: Path):
    content, reading = approved(tmp_path)
    edited = reading.lines[0].model_copy(update={"score": 0.51})
    altered = reading.model_copy(update={"lines": (edited, *reading.lines[1:])})

    with pytest.raises(ReadingInvalid, match=r"not the one that A. Person approved: the file was altered"):
        check(content, altered)
    assert read(content, reader(), altered).lines == reading.lines


def test_a_reading_that_nobody_approved_is_refused(tmp_path: Path):
    _, content = sheet(tmp_path)

    with pytest.raises(ReadingInvalid, match="nobody has approved this reading"):
        check(content, read(content, reader()))


@pytest.mark.parametrize(("by", "reason"), [("", "seen"), ("A. Person", " "), ("  ", ""), ("\u200b", "\u200b")])
def test_an_approval_needs_a_name_and_a_reason(tmp_path: Path, by: str, reason: str):
    _, content = sheet(tmp_path)

    with pytest.raises(ReadingInvalid, match="an approval needs a name and a reason"):
        read(content, reader()).approved(by=by, reason=reason)


def test_only_the_sentence_that_changed_is_read_again(tmp_path: Path):
    _, before = approved(tmp_path)
    _, changed = sheet(tmp_path, TEXT.replace("Spots over 0.5 mm are major.", "Spots over 0.7 mm are major."))
    mind = reader()

    read(changed, mind, before)

    assert mind.was_asked == ["Spots over 0.7 mm are major."]


def test_what_the_model_was_shown_of_a_sentence_is_kept_where_it_differs(tmp_path: Path):
    text = TEXT.replace("Spots over 0.5 mm are major.", "Spots over 500 µm are mjaor.")
    _, content = sheet(tmp_path, text)
    mind = Scripted({"Spots over 500 µm are mjaor.": (SPOT, 0.9), "Chips are critical.": (CHIP, 0.9)})

    first = read(content, mind)
    again = read(content, mind, first)

    assert [line.read_as for line in first.lines] == ["Spots over 0.5 mm are major.", ""]
    assert again.lines == first.lines


def test_a_reading_kept_by_an_earlier_version_has_its_digest_and_its_approval_still(tmp_path: Path):
    _, reading = approved(tmp_path)
    kept = reading.model_dump(mode="json")
    for line in kept["lines"]:
        del line["read_as"]  # added in 0.7.0
    approval = kept.pop("approval")
    kept["approval"] = approval | {"of": digest_json(kept)}

    opened = Reading.model_validate_json(json.dumps(kept))

    assert opened.digest == digest_json(kept)
    assert opened.is_unaltered


def test_an_approval_falls_when_the_program_prepares_the_sentence_otherwise(tmp_path: Path):
    """What a version of the program put right before the model read is code's doing: mended code reads anew."""
    text = TEXT.replace("Spots over 0.5 mm", "Spots over 5 tenths of a mm")
    _, content = sheet(tmp_path, text)
    mind = Scripted({"Spots over 5 tenths of a mm are major.": (SPOT, 0.9), "Chips are critical.": (CHIP, 0.9)})
    now = read(content, mind)
    spot, chip = now.lines
    before = now.model_copy(update={"lines": (spot.model_copy(update={"read_as": "Spots over 5.1 mm are"}), chip)})
    before = before.approved(by="A. Person", reason="seen")
    mind.was_asked.clear()

    again = read(content, mind, before)

    assert mind.was_asked == ["Spots over 5 tenths of a mm are major."]
    assert again.approval is None
    again.check_program(content, defects=("spot", "chip"), glossary=GLOSSARY)
    check(content, before)
    with pytest.raises(ReadingInvalid, match=r"another version of this program(?s:.*)A1: Spots over 0\.5 mm are m"):
        before.check_program(content, defects=("spot", "chip"), glossary=GLOSSARY)


def test_an_approval_stands_while_nothing_changes_and_falls_with_any_change(tmp_path: Path):
    content, before = approved(tmp_path)
    _, changed = sheet(tmp_path, TEXT.replace("severity: critical", "severity: major"))

    assert read(content, reader(), before) == before
    assert read(changed, reader(), before).approval is None


def test_another_package_reads_everything_again(tmp_path: Path):
    content, before = approved(tmp_path)
    mind = reader()

    read_sheet(content, mind, package_digest="sha256:" + "2" * 64, defects=("spot",), glossary=GLOSSARY, before=before)
    read_sheet(
        content,
        mind,
        package_digest=PACKAGE,
        defects=("spot", "chip", "stain"),
        glossary={"spot": ("a speck",)},
        before=before,
    )

    assert len(mind.was_asked) == 4


def test_a_file_that_is_no_reading_is_refused_with_the_command_that_mends_it(tmp_path: Path):
    (tmp_path / "a.reading.json").write_text('{"sheet_id": 1}')

    with pytest.raises(ReadingInvalid, match="has not been read yet"):
        Reading.load(tmp_path / "none.reading.json")
    with pytest.raises(ReadingInvalid, match="Read the sheet again with"):
        Reading.load(tmp_path / "a.reading.json")


def test_a_line_of_a_reading_is_found_by_its_criterion(tmp_path: Path):
    _, reading = approved(tmp_path)

    assert isinstance(reading.line("A2"), ReadLine)
    assert reading.line("A2").sentence == "Chips are critical."
