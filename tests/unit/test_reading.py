"""The reading as a double entry: what may not be used, what need not be read again, and how words become fields."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from models.criteria import CriteriaSheet
from models.digest import digest_json
from models.errors import ReadingInvalid, SheetInvalid
from models.note import Note, Tier
from models.prompt import CriterionText
from models.reading import Reading, ReadLine, differs, read_sheet, reading_path
from models.takeover import take_over

PACKAGE = "sha256:" + "1" * 64
GLOSSARY = {"spot": ("a mark",)}
TEXT = """\
id: blister  # what it is called
title: Blister
product: Tablets 10
version: 1
criteria:
  # the spots
  - id: A1
    defect: spot
    wording: Spots over 0.5 mm are a defect.
    limit: {unit: mm, operator: ">", value: 0.5}  # agreed in May
    severity: major
  - id: A2
    defect: chip
    wording: No chips.
    severity: critical
"""
SPOT = Note(kind="size", defect="spot", unit="mm", tiers=(Tier(operator=">", limit=0.5, severity="major"),))
CHIP = Note(kind="any", defect="chip", severity="critical")


class Scripted:
    """A reader that knows its sentences."""

    def __init__(self, notes: Mapping[str, tuple[Note, float]]) -> None:
        self.notes = notes
        self.was_asked: list[str] = []

    def read(
        self,
        lines: Sequence[CriterionText],
        glossary: Mapping[str, Sequence[str]],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Note, float]]:
        self.was_asked += [line.sentence for line in lines]
        return [self.notes[line.sentence] for line in lines]


def reader(spot: Note = SPOT, *, score: float = 0.9) -> Scripted:
    return Scripted(
        {
            "Spots over 0.5 mm are a defect.": (spot, score),
            said(spot): (spot, score),
            "Spots over 0.7 mm are major.": (limit(0.7), 0.9),
            "All 3 spots are a defect.": (spot, score),
            "No chips.": (CHIP, 0.9),
        }
    )


def limit(value: float, *, operator: str = ">", severity: str = "major", unit: str = "mm") -> Note:
    tier = Tier.model_validate({"operator": operator, "limit": value, "severity": severity})
    kind = "count" if unit == "count" else "size"
    return Note.model_validate({"kind": kind, "defect": "spot", "unit": unit, "tiers": (tier,)})


def said(note: Note) -> str:
    """A sentence that says just what a note about spots means, the severity apart."""
    match note.kind:
        case "size":
            return f"Spots over {' and '.join(f'{tier.limit:g} {note.unit}' for tier in note.tiers)} are a defect."
        case "count":
            return f"More than {note.tiers[0].limit:g} spots are a defect."
        case "off":
            return "Spots are not looked at."
        case _:
            return "Every spot is a defect."


def saying(note: Note, text: str = TEXT) -> str:
    """A sheet with this sentence and the fields of another."""
    return text.replace("Spots over 0.5 mm are a defect.", said(note))


def sheet(folder: Path, text: str = TEXT) -> tuple[Path, CriteriaSheet]:
    path = folder / "sheet.yaml"
    path.write_text(text, encoding="utf-8")
    return path, CriteriaSheet.load(path)


def read(content: CriteriaSheet, mind: Scripted, before: Reading | None = None) -> Reading:
    return read_sheet(
        content, mind, package_digest=PACKAGE, defects=("spot", "chip", "stain"), glossary=GLOSSARY, before=before
    )


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
    assert "Spots over 0.5 mm are a defect." in str(refusal.value)


def test_over_and_from_are_the_same_on_a_size_and_not_on_a_count():
    assert differs(limit(0.5, operator=">="), limit(0.5)) == ""
    assert differs(limit(3, operator=">=", unit="count"), limit(3, unit="count")) == (
        "operator: the words say >=, the fields >"
    )


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


@pytest.mark.parametrize(("by", "reason"), [("", "seen"), ("A. Person", " "), ("  ", "")])
def test_an_approval_needs_a_name_and_a_reason(tmp_path: Path, by: str, reason: str):
    _, content = sheet(tmp_path)

    with pytest.raises(ReadingInvalid, match="an approval needs a name and a reason"):
        read(content, reader()).approved(by=by, reason=reason)


def test_only_the_sentence_that_changed_is_read_again(tmp_path: Path):
    _, before = approved(tmp_path)
    _, changed = sheet(tmp_path, TEXT.replace("Spots over 0.5 mm are a defect.", "Spots over 0.7 mm are major."))
    mind = reader()

    read(changed, mind, before)

    assert mind.was_asked == ["Spots over 0.7 mm are major."]


def test_what_the_model_was_shown_of_a_sentence_is_kept_where_it_differs(tmp_path: Path):
    text = TEXT.replace("Spots over 0.5 mm are a defect.", "Spots over 500 µm are mjaor.")
    _, content = sheet(tmp_path, text)
    mind = Scripted({"Spots over 500 µm are mjaor.": (SPOT, 0.9), "No chips.": (CHIP, 0.9)})

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
    mind = Scripted({"Spots over 5 tenths of a mm are a defect.": (SPOT, 0.9), "No chips.": (CHIP, 0.9)})
    now = read(content, mind)
    spot, chip = now.lines
    before = now.model_copy(update={"lines": (spot.model_copy(update={"read_as": "Spots over 5.1 mm are"}), chip)})
    before = before.approved(by="A. Person", reason="seen")
    mind.was_asked.clear()

    again = read(content, mind, before)

    assert mind.was_asked == ["Spots over 5 tenths of a mm are a defect."]
    assert again.approval is None
    again.check_program(content, defects=("spot", "chip"), glossary=GLOSSARY)
    check(content, before)
    with pytest.raises(ReadingInvalid, match=r"another version of this program(?s:.*)A1: Spots over 0\.5 mm are a"):
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


# ------------------------------------------------------------ words into fields
def taken(folder: Path, words: Note, *, score: float = 0.9, text: str = TEXT) -> tuple[Path, list[str]]:
    path, content = sheet(folder, saying(words, text))
    return path, take_over(path, read(content, reader(words, score=score)), sure_from=0.5)


def test_words_taken_over_change_the_fields_alone_and_keep_the_comments(tmp_path: Path):
    path, changes = taken(tmp_path, limit(0.8, severity="minor").model_copy(update={"zone": "foil"}))

    spot, chip = CriteriaSheet.load(path).criteria
    assert changes == ["A1: was spot: > 0.5 mm major, is spot (foil): > 0.8 mm minor"]
    assert (spot.limit and spot.limit.value, spot.severity, spot.zone) == (0.8, "minor", "foil")
    assert chip.severity == "critical"
    assert all(comment in path.read_text() for comment in ("# what it is called", "# the spots", "# agreed in May"))


@pytest.mark.parametrize("offset", [0, 2])
def test_words_taken_over_change_no_other_line(tmp_path: Path, offset: int):
    text = "\n".join(line if offset else line.removeprefix("  ") for line in TEXT.split("\n"))
    path, _ = taken(tmp_path, limit(2.0), text=text.replace("\n", "\r\n"))

    old, new = saying(limit(2.0), text).split("\n"), path.read_bytes().decode().split("\r\n")
    (changed,) = [line for line in new if line not in old]
    assert changed.split() == 'limit: {unit: mm, operator: ">", value: 2} # agreed in May'.split()
    assert len(new) == len(old)


def test_a_sheet_behind_a_link_is_changed_where_it_lies_and_keeps_its_mode(tmp_path: Path):
    real = tmp_path / "real"
    real.mkdir()
    path, content = sheet(real, saying(limit(0.8)))
    path.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(path)
    (tmp_path / "link.tmp").write_text("somebody's")

    take_over(tmp_path / "link.yaml", read(content, reader(limit(0.8))), sure_from=0.5)

    assert (tmp_path / "link.yaml").is_symlink() and "0.8" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "link.tmp").read_text() == "somebody's"


def test_fields_that_two_criteria_share_are_not_written(tmp_path: Path):
    text = TEXT.replace("limit: {unit", "limit: &own {unit").replace(
        "wording: No chips.", "wording: No chips.\n    limit: *own"
    )

    with pytest.raises(ReadingInvalid, match=r"A2: shares its fields with A1 \(a YAML anchor\)"):
        path, content = sheet(tmp_path, text := saying(limit(0.8), text))
        chip = CHIP.model_copy(update={"kind": "size", "unit": "mm", "tiers": SPOT.tiers, "severity": ""})
        mind = Scripted(
            {
                said(limit(0.8)): (limit(0.8), 0.9),
                "No chips.": (
                    chip.model_copy(update={"tiers": (SPOT.tiers[0].model_copy(update={"severity": "critical"}),)}),
                    0.9,
                ),
            }
        )
        take_over(path, read(content, mind), sure_from=0.5)

    assert (tmp_path / "sheet.yaml").read_text() == text


def test_fields_that_the_package_cannot_judge_by_are_not_written(tmp_path: Path):
    path, content = sheet(tmp_path, text := saying(limit(5, unit="%")))

    def load(path: Path) -> CriteriaSheet:
        sheet = CriteriaSheet.load(path)
        if any(c.limit and c.limit.unit == "%" for c in sheet.criteria):
            raise SheetInvalid(f"{path}: not in %")
        return sheet

    with pytest.raises(ReadingInvalid, match=r"sheet\.yaml: not in %"):
        take_over(path, read(content, reader(limit(5, unit="%"))), sure_from=0.5, load=load)

    assert path.read_text() == text


def test_a_sheet_in_utf_16_is_left_as_it_is_with_the_way_out(tmp_path: Path):
    path, content = sheet(tmp_path, text := saying(limit(0.8)))
    path.write_text(text, encoding="utf-16")
    before = path.read_bytes()

    with pytest.raises(ReadingInvalid, match=r"the sheet was not changed\.\n.*sheet\.yaml: is not in UTF-8"):
        take_over(path, read(content, reader(limit(0.8))), sure_from=0.5)

    assert path.read_bytes() == before


def test_where_words_and_fields_agree_the_file_is_not_touched(tmp_path: Path):
    path, changes = taken(tmp_path, SPOT)

    assert changes == []
    assert path.read_text() == TEXT


def test_words_that_know_no_limit_take_it_out(tmp_path: Path):
    path, _ = taken(tmp_path, Note(kind="any", defect="spot", severity="critical"))

    spot = CriteriaSheet.load(path).criteria[0]
    assert (spot.limit, spot.severity) == (None, "critical")


def test_words_that_switch_off_switch_off(tmp_path: Path):
    path, _ = taken(tmp_path, Note(kind="off", defect="spot"))

    assert CriteriaSheet.load(path).criteria[0].severity == "off"


TWO = (Tier(operator=">", limit=0.3, severity="minor"), Tier(operator=">", limit=0.5, severity="major"))


@pytest.mark.parametrize(
    ("words", "score", "says"),
    [
        (limit(0.8), 0.4, "the model is unsure"),
        (Note(kind="other"), 0.9, "the model reads no criterion in"),
        (SPOT.model_copy(update={"tiers": TWO}), 0.9, "two limits; write two criteria"),
        (limit(2.5, unit="count"), 0.9, "a count is a whole number, not 2.5"),
    ],
)
def test_words_that_cannot_be_fields_leave_the_sheet_as_it_was(tmp_path: Path, words: Note, score: float, says: str):
    with pytest.raises(ReadingInvalid, match="the sheet was not changed") as refusal:
        taken(tmp_path, words, score=score)

    assert says in str(refusal.value)
    assert (tmp_path / "sheet.yaml").read_text() == saying(words)
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.yaml"]


def test_fields_that_would_contradict_the_rest_of_the_sheet_are_not_written(tmp_path: Path):
    text = TEXT.replace("Spots over 0.5 mm", "All {limit} spots").replace(
        'unit: mm, operator: ">", value: 0.5', 'unit: count, operator: ">", value: 3'
    )

    with pytest.raises(ReadingInvalid, match="the sheet was not changed") as refusal:
        taken(tmp_path, Note(kind="any", defect="spot", severity="major"), text=text)

    assert f"{tmp_path / 'sheet.yaml'}: criteria.A1: the wording says {{limit}}" in str(refusal.value)
    assert (tmp_path / "sheet.yaml").read_text() == text


def test_a_line_of_a_reading_is_found_by_its_criterion(tmp_path: Path):
    _, reading = approved(tmp_path)

    assert isinstance(reading.line("A2"), ReadLine)
    assert reading.line("A2").sentence == "No chips."
