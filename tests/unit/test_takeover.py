"""How words become fields: which are written, what else of the sheet stays, and what is never written."""

from pathlib import Path

import pytest

from models.criteria import CriteriaSheet
from models.errors import ReadingInvalid, SheetInvalid
from models.note import Note, Tier
from models.takeover import take_over
from tests.readings import CHIP, SPOT, TEXT, Scripted, limit, read, reader, said, saying, sheet


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
        "wording: Chips are critical.", "wording: Chips are critical.\n    limit: *own"
    )

    with pytest.raises(ReadingInvalid, match=r"A2: shares its fields with A1 \(a YAML anchor\)"):
        path, content = sheet(tmp_path, text := saying(limit(0.8), text))
        chip = CHIP.model_copy(update={"kind": "size", "unit": "mm", "tiers": SPOT.tiers, "severity": ""})
        mind = Scripted(
            {
                said(limit(0.8)): (limit(0.8), 0.9),
                "Chips are critical.": (
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


def test_no_criterion_is_ever_switched_off_by_words_alone(tmp_path: Path):
    """`Cracks are not acceptable` once read as off: what nobody judges any more is a person's own hand."""
    off = Note(kind="off", defect="spot")

    with pytest.raises(ReadingInvalid, match="would switch it off; if that is meant, write `severity: off` by hand"):
        taken(tmp_path, off)

    assert (tmp_path / "sheet.yaml").read_text() == saying(off)


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
