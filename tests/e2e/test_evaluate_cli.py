"""From drawn units to a report and another operating point, at the command line, on the embedded package."""

from pathlib import Path

import pytest

from inspector.commands.evaluate import QUICK_REPETITIONS
from models.evaluate import Report
from models.example import ShownUnit
from models.example_files import LINES, write_examples
from models.package import ModelPackage
from tests.process import inspector
from tuning.challenge import draw_units

UNITS, DENSE = 75, 50
FEW, FEW_DENSE = 18, 12
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def units() -> list[ShownUnit]:
    """Enough of every class to set thresholds on, and good units."""
    dense = draw_units(range(900_000, 900_000 + DENSE), content="dense", held_out=True)
    good = draw_units(range(910_000, 910_000 + UNITS - DENSE), content="good", held_out=True)
    return [*dense, *good]


@pytest.fixture(scope="module")
def data(units: list[ShownUnit], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples") / "data"
    write_examples(folder, units)
    return folder


@pytest.fixture(scope="module")
def few(units: list[ShownUnit], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of them, for what does not depend on their number."""
    folder = tmp_path_factory.mktemp("few") / "data"
    write_examples(folder, [*units[:FEW_DENSE], *units[DENSE : DENSE + FEW - FEW_DENSE]])
    return folder


def test_units_are_drawn_with_their_truth_into_a_folder(tmp_path: Path):
    done = inspector("examples", tmp_path / "data", "--units", "3", "--content", "defective")

    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "data" / LINES).read_text().splitlines()
    assert len(lines) == 3 and all('"defect":' in line for line in lines)
    assert len(list((tmp_path / "data").glob("unit-0000?.png"))) == 3


def test_a_folder_of_units_becomes_a_page_with_its_figures(few: Path, embedded_package: Path, tmp_path: Path):
    asked = ("evaluate", embedded_package, "--data", few, "--questions", "0", "--report", tmp_path / "out")

    done = inspector(*asked, "--quick")

    report = Report.load(tmp_path / "out" / "figures.json")
    page = (tmp_path / "out" / "report.html").read_text()
    found = next(f for f in report.figures if f.name == "defects found" and not f.of)
    same = next(f for f in report.figures if f.name == "repetitions of one unit that are the same to the last bit")
    assert done.returncode == 0, done.stderr
    assert f"{FEW} units" in report.challenge["units"]
    assert report.tables is not None and found.shown > 20
    assert (same.hits, same.shown) == (QUICK_REPETITIONS, QUICK_REPETITIONS)
    assert sum(c.count for c in report.tables.confusion if c.true != "nothing there") == found.shown
    assert "Worst misses" in page and "Smallest size detected" in page and "What a score is worth" in page


def test_another_operating_point_is_another_package(data: Path, embedded_package: Path, tmp_path: Path):
    before = ModelPackage.load(embedded_package)

    done = inspector(
        "operating-point", embedded_package, "--data", data, "--found", "0.6", "--held", "0.5", "--to", tmp_path / "new"
    )

    made = ModelPackage.load(tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert made.digest != before.digest and made.digest in done.stdout
    assert made.manifest.operating_point.real_from > before.manifest.operating_point.real_from
    assert made.manifest.files == before.manifest.files
    assert made.manifest.qualification == {}
    assert '"found":0.6' in str(made.manifest.training["operating point"])


def test_an_operating_point_without_one_target_is_refused(data: Path, tmp_path: Path):
    done = inspector("operating-point", "--data", data, "--to", tmp_path / "new")

    assert done.returncode == 1
    assert "state one of false_per_good and found" in done.stderr
    assert not (tmp_path / "new").exists()


def test_an_operating_point_is_not_written_over_a_package(data: Path, embedded_package: Path):
    done = inspector(
        "operating-point", embedded_package, "--data", data, "--found", "0.6", "--held", "0.5", "--to", embedded_package
    )

    assert done.returncode == 1
    assert "holds something already" in done.stderr


def test_data_that_is_not_there_is_refused(embedded_package: Path, tmp_path: Path):
    done = inspector("evaluate", embedded_package, "--data", tmp_path, "--report", tmp_path / "out")

    assert done.returncode == 1
    assert LINES in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_sentences_that_one_rule_cannot_hold_are_counted_with_what_stops_them(embedded_package: Path, tmp_path: Path):
    path = tmp_path / "odd.yaml"
    path.write_text(
        'odd: ["Any crack or chip is critical.", "Chips of 3 mm or less are major."]\n'
        'plain: ["Chips longer than 2 mm are major.", "Any crack is critical."]\n',
        encoding="utf-8",
    )

    done = inspector("bench", "odd", "--sentences", path, "--package", embedded_package)

    assert done.returncode == 0, done.stderr
    assert "odd: stopped 1.000 (0.158 to 1.000) 2 of 2" in done.stdout
    assert "plain: stopped 0.000 (0.000 to 0.842) 0 of 2" in done.stdout


def test_a_list_of_odd_sentences_that_is_none_is_refused(embedded_package: Path, tmp_path: Path):
    path = tmp_path / "odd.yaml"
    path.write_text("odd: []\nplain: [x]\n", encoding="utf-8")

    done = inspector("bench", "odd", "--sentences", path, "--package", embedded_package)

    assert done.returncode == 1 and "Give two lists, odd and plain." in done.stderr


def test_a_rule_turned_round_is_never_approved(embedded_package: Path, repository: Path, tmp_path: Path):
    sheet = tmp_path / "sheet.yaml"
    text = (repository / "configs" / "criteria" / "blister.yaml").read_text(encoding="utf-8")
    wording = next(line for line in text.splitlines() if "wording: Chip" in line)
    sheet.write_text(text.replace(wording, "    wording: Chips of {limit} or less are major."), encoding="utf-8")

    done = inspector("read", sheet, "--package", embedded_package, "--approve", "QA", "--reason", "seen")

    assert done.returncode != 0
    assert "what is smaller is major; write one plain rule" in done.stdout + done.stderr
