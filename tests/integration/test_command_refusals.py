"""Commands that stop at what they were given, in this process: the exception's text is what the terminal shows."""

from pathlib import Path

from typer.testing import CliRunner

from inspector.cli import app
from inspector.errors import LineError
from models.criteria import CriteriaSheet
from models.errors import ReadingInvalid
from models.package import ModelPackage
from models.reading import read_sheet, reading_path
from tests import tiny
from tests.readings import CHIP, Scripted, limit


def test_photographs_without_their_scale_become_no_examples(tmp_path: Path):
    ran = CliRunner().invoke(app, ["examples", str(tmp_path / "data"), "--good", str(tmp_path)])

    assert isinstance(ran.exception, LineError)
    assert "photographs need their scale. Nothing was written. State it with --mm-per-px" in str(ran.exception)


def test_bad_photographs_without_good_ones_become_no_examples(tmp_path: Path):
    asked = ["examples", str(tmp_path / "data"), "--defects", str(tmp_path), "--mm-per-px", "0.1"]
    ran = CliRunner().invoke(app, asked)

    assert isinstance(ran.exception, LineError)
    assert "Name those of good units too, with --good" in str(ran.exception)


def test_photographs_are_all_taken_and_a_number_of_drawn_units_is_not_ignored(tmp_path: Path):
    asked = ["examples", str(tmp_path / "data"), "--good", str(tmp_path), "--mm-per-px", "0.1", "--units", "50"]
    one, two = (CliRunner().invoke(app, [*asked, *more]).exception for more in ([], ["--taught"]))

    assert isinstance(one, LineError)
    assert "--units is of drawn units, and all photographs are taken. Nothing was written" in str(one)
    assert "--units, --held-out/--taught are of drawn units" in str(two)


def test_a_draft_whose_words_and_fields_differ_is_shown_and_not_tried(package: ModelPackage, tmp_path: Path):
    draft = tmp_path / "draft.yaml"
    draft.write_text(tiny.sheet_text(spot_mm=1).replace("{limit}", "3 mm"))
    sheet = CriteriaSheet.load(draft)
    spot, chip = (criterion.sentence for criterion in sheet.criteria)
    read_sheet(
        sheet,
        Scripted({spot: (limit(3), 0.99), chip: (CHIP, 0.99)}),
        package_digest=package.digest,
        defects=package.manifest.words.defects,
        glossary=package.manifest.glossary_with(sheet.glossary),
    ).save(reading_path(draft))

    asked = [
        "what-if",
        str(draft),
        "--store",
        str(tmp_path / "store"),
        "--batch",
        "1",
        "--package",
        str(package.folder),
    ]
    ran = CliRunner().invoke(app, asked, env={"COLUMNS": "220"})

    assert isinstance(ran.exception, ReadingInvalid), ran.output
    assert "draft.yaml: 1 criteria of the draft are not read as their fields say; mend them first" in str(ran.exception)
    assert "S1: limit: the words say 3, the fields 1" in " ".join(ran.output.split())


def test_figures_that_cannot_be_written_are_still_shown(package: ModelPackage, tmp_path: Path):
    line = tiny.write_line(tmp_path / "line", package, [tiny.unit(1), tiny.unit(2)])
    asked = ["bench", "line", "--line", str(line), "--rates", "1200", "--units", "4", "--gate-after-ms", "3000"]

    ran = CliRunner().invoke(app, [*asked, "--json", str(tmp_path)])

    assert isinstance(ran.exception, LineError), ran.output
    said = f"{tmp_path}: Is a directory. The figures above were not written. Name another file."
    assert str(ran.exception) == said
    assert "triggers / records / missing" in ran.output
