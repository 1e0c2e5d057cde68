"""The tuning recipe: what it refuses before hours are spent on it."""

from pathlib import Path

import pytest

from tuning.config import load_recipe
from tuning.errors import TuningError


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("        fresh: true\n", "", "fresh: true and pools.fresh has no frames, or the other way round"),
        ("first_seed: 500000", "first_seed: 10100", "seed 10100 is in two pools"),
        ("first_seed: 500000", "first_seed: 799500", "they are kept for evaluation"),
        ("      rogue product: 0.8", "      rouge product: 0.8", "rogue product, rouge product: the classes are"),
        ("      fragment: 2.0", "      fragment: -2.0", "weights are not negative"),
        ("crop_px: [448, 320]", "crop_px: [448, 300]", "Use multiples of 32"),
        ("    batch: 48", "    batch: 48\n    batches: 48", "batches: Extra"),
    ],
    ids=[
        "nothing fresh",
        "seed twice",
        "seed of the evaluation",
        "misspelt class",
        "negative weight",
        "crop",
        "unknown field",
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused(
    repository: Path, tmp_path: Path, before: str, after: str, says: str
):
    text = (repository / "configs" / "tuning" / "embedded.yaml").read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "recipe.yaml"
    path.write_text(text.replace(before, after), encoding="utf-8")

    with pytest.raises(TuningError, match=says):
        load_recipe(path)


def test_a_recipe_that_is_no_text_is_refused(tmp_path: Path):
    path = tmp_path / "recipe.yaml"
    path.write_bytes("eyes: größer\n".encode("latin-1"))

    with pytest.raises(TuningError, match=r"recipe\.yaml: cannot be read"):
        load_recipe(path)


def test_a_change_of_the_closer_look_leaves_the_eyes_own_training_alone(repository: Path):
    recipe = load_recipe(repository / "configs" / "tuning" / "embedded.yaml").eyes
    longer = recipe.model_copy(update={"closer": recipe.closer.model_copy(update={"steps": 9})})

    assert longer.training_digest() == recipe.training_digest()
    assert longer.closer_digest() != recipe.closer_digest()


def test_a_further_course_shows_what_its_own_weights_say(repository: Path):
    training = load_recipe(repository / "configs" / "tuning" / "embedded.yaml").eyes.training
    last = training.again[-1]

    assert training.weights_at(0) == training.weights
    assert training.weights_at(training.all_steps - 1) == last.weights != training.weights
    assert training.later(training.all_steps - last.steps) == (last, 0)


def test_only_a_course_that_says_so_shows_crops_as_taken_elsewhere(repository: Path):
    training = load_recipe(repository / "configs" / "tuning" / "embedded.yaml").eyes.training
    began = training.steps
    for course in training.again:
        assert training.elsewhere_at(began) == training.elsewhere_at(began + course.steps - 1) == course.elsewhere
        began += course.steps

    assert not training.elsewhere_at(0)
