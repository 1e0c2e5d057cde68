"""What the mind is taught, written out: what stands there is what the model is asked and should answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.answer import parse_chain, parse_note
from tests.taught import material
from tuning.config import MindConfig, load_recipe
from tuning.errors import TuningError
from tuning.mind.instructions import DATASHEET, LINES, write_instructions

STEPS = range(1000, 1040)


@pytest.fixture(scope="module")
def mind(repository: Path) -> MindConfig:
    return load_recipe(repository / "configs" / "tuning" / "embedded.yaml").mind


@pytest.fixture(scope="module")
def written(mind: MindConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instructions") / "out"
    write_instructions(mind, folder, STEPS, progress=lambda done: None)
    return folder


def test_every_answer_is_in_the_grammar_and_counted(written: Path) -> None:
    tasks: list[dict[str, Any]] = [
        json.loads(line) for line in (written / LINES).read_text(encoding="utf-8").splitlines()
    ]
    read = [row for task in tasks if task["skill"] == "read a criterion" for row in task["rows"]]
    judged = [row for task in tasks if task["skill"] == "judge an observation" for row in task["rows"]]
    page = (written / DATASHEET).read_text(encoding="utf-8")

    assert len(tasks) == len(STEPS)
    zones = material().nameable.zones
    assert all(parse_note(row["answer"], zones) for row in read)
    assert all(parse_chain(row["answer"]) for row in judged)
    assert f"## read, kind ({len(read):,})" in page
    assert f"## judged, right verdict ({len(judged):,})" in page


def test_the_same_steps_are_the_same_bytes(written: Path, mind: MindConfig, tmp_path: Path) -> None:
    write_instructions(mind, tmp_path / "again", STEPS, progress=lambda done: None)

    assert (tmp_path / "again" / LINES).read_bytes() == (written / LINES).read_bytes()
    assert (tmp_path / "again" / DATASHEET).read_text() == (written / DATASHEET).read_text()


def test_steps_that_the_recipe_has_not_are_refused(mind: MindConfig, tmp_path: Path) -> None:
    last = mind.training.all_steps

    with pytest.raises(TuningError, match=f"the recipe has 0 to {last - 1}. Nothing was written"):
        write_instructions(mind, tmp_path / "out", range(last - 1, last + 1), progress=lambda done: None)


def test_a_filled_folder_is_left_alone(mind: MindConfig, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")

    with pytest.raises(TuningError, match="holds something already"):
        write_instructions(mind, tmp_path, range(5), progress=lambda done: None)
