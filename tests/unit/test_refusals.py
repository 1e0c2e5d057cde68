"""Names of files, criteria and hosts that lead nowhere: each is said in a sentence with what to do."""

from pathlib import Path

import pytest

from inspector.config import LineConfig
from inspector.console.app import listen
from inspector.errors import LineError
from tests.outcomes import sheet
from tuning.errors import TuningError
from tuning.facts import load_eyes_facts


def test_a_line_that_is_not_there_is_refused_with_one_that_is(repository: Path, tmp_path: Path):
    with pytest.raises(
        LineError, match=r"line\.yaml: No such file or directory\. Name a line, for example (\S+)$"
    ) as told:
        LineConfig.load(tmp_path / "line.yaml")

    assert LineConfig.load(repository / str(told.value).split()[-1]).views


def test_a_criterion_that_the_sheet_lacks_is_not_made_up():
    assert sheet().criterion("chip").defect == "chip"
    with pytest.raises(KeyError, match="C99"):
        sheet().criterion("C99")


def test_a_console_on_a_host_that_nobody_knows_is_not_started():
    with pytest.raises(
        LineError,
        match=r"no-such\.invalid: no address of this name\. The console was not started\. Use --host 127\.0\.0\.1",
    ):
        listen("no-such.invalid", 0)


def test_eyes_that_were_never_calibrated_are_not_released(tmp_path: Path):
    with pytest.raises(
        TuningError, match=r"eyes\.json: No such file or directory\. Nothing was released\. Calibrate the eyes first"
    ):
        load_eyes_facts(tmp_path / "eyes.json")


def test_facts_of_eyes_that_are_not_understood_are_refused_field_by_field(tmp_path: Path):
    path = tmp_path / "eyes.json"
    path.write_text('{"training": "a", "steps": "many", "real_from": 2}')

    with pytest.raises(TuningError) as told:
        load_eyes_facts(path)

    said = str(told.value)
    assert f"{path}: steps: Input should be a valid integer" in said
    assert f"{path}: real_from: Input should be less than 1" in said
    assert f"{path}: closer: Field required" in said
