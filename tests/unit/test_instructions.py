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


@pytest.fixture
def mind(repository: Path) -> MindConfig:
    return load_recipe(repository / "configs" / "tuning" / "embedded.yaml").mind


def written(mind: MindConfig, folder: Path, steps: range) -> list[dict[str, Any]]:
    write_instructions(mind, folder, steps, progress=lambda done: None)
    return [json.loads(line) for line in (folder / LINES).read_text(encoding="utf-8").splitlines()]


def test_every_answer_is_in_the_grammar_and_counted(mind: MindConfig, tmp_path: Path) -> None:
    tasks = written(mind, tmp_path / "out", range(1000, 1040))
    read = [row for task in tasks if task["skill"] == "read a criterion" for row in task["rows"]]
    judged = [row for task in tasks if task["skill"] == "judge an observation" for row in task["rows"]]
    page = (tmp_path / "out" / DATASHEET).read_text(encoding="utf-8")

    assert len(tasks) == 40
    zones = material().nameable.zones
    assert all(parse_note(row["answer"], zones) for row in read)
    assert all(parse_chain(row["answer"]) for row in judged)
    assert f"## read, kind ({len(read):,})" in page
    assert f"## judged, right verdict ({len(judged):,})" in page


def test_the_same_steps_are_the_same_bytes(mind: MindConfig, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_instructions(mind, tmp_path / name, range(5), progress=lambda done: None)

    assert (tmp_path / "one" / LINES).read_bytes() == (tmp_path / "two" / LINES).read_bytes()
    assert (tmp_path / "one" / DATASHEET).read_text() == (tmp_path / "two" / DATASHEET).read_text()


def test_steps_that_the_recipe_has_not_are_refused(mind: MindConfig, tmp_path: Path) -> None:
    last = mind.training.all_steps

    with pytest.raises(TuningError, match=f"the recipe has 0 to {last - 1}. Nothing was written"):
        write_instructions(mind, tmp_path / "out", range(last - 1, last + 1), progress=lambda done: None)


def test_a_filled_folder_is_left_alone(mind: MindConfig, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")

    with pytest.raises(TuningError, match="holds something already"):
        write_instructions(mind, tmp_path, range(5), progress=lambda done: None)
