"""A release: the facts of eyes and mind become a package that any machine can assemble."""

import pytest
from safetensors.numpy import load_file, save_file

from models.assemble import Parts, assemble
from models.digest import digest_file
from models.package import MIND_TENSORS
from tests.integration import tiny_mind
from tuning.config import load_mind
from tuning.errors import TuningError
from tuning.facts import EyesFacts, load_eyes_facts
from tuning.release import load_glossary, release

SMALLEST_PX = {
    name: 5.0 if name == "spot" else None for name in load_glossary() if name not in ("foil", "pocket", "tablet")
}


def eyes_facts(smallest_px):
    return EyesFacts(
        training="a digest",
        steps=9,
        closer="another digest",
        closer_steps=7,
        calibration_pool="a third",
        real_from=0.5,
        hold_from=0.2,
        smallest_px=smallest_px,
        parity={},
    )


@pytest.fixture
def released(tmp_path, repository):
    """Tiny tensors released under the embedded package's own facts -> (parts, wheel, package)."""
    return _release(tmp_path, repository)


def _release(tmp_path, repository, *, trained_by: str | None = None):
    parts, wheel = tiny_mind.write_parts(tmp_path)
    recipe = repository / "configs" / "tuning" / "embedded.yaml"
    mind = load_mind(recipe)
    base = mind.base.model_copy(
        update={
            "requirement": "tiny==0.1",
            "member": tiny_mind.MEMBER,
            "sha256": digest_file(wheel).removeprefix("sha256:"),
        }
    )
    mind = mind.model_copy(update={"base": base})
    tensors = load_file(parts / MIND_TENSORS)
    save_file(tensors, parts / MIND_TENSORS, metadata={"recipe": trained_by or mind.training_digest()})
    package = release(
        eyes=eyes_facts(SMALLEST_PX),
        mind=mind,
        doubt_from=0.1,
        sure_from=0.6,
        version="0.1.0",
        target=tmp_path / "package",
        parts_folder=parts,
        wheel=wheel,
    )
    return parts, wheel, package


def test_a_mind_of_another_recipe_is_not_released(tmp_path, repository):
    with pytest.raises(TuningError, match="was trained by the recipe another one, not by"):
        _release(tmp_path, repository, trained_by="another one")


def test_a_release_assembles_again_to_its_pinned_digest(released, tmp_path):
    parts, wheel, package = released

    again = assemble(tmp_path / "elsewhere" / "package", parts_folder=parts, wheel=wheel)

    assert again.digest == package.digest == Parts.load(parts).assembles_to


def test_a_release_carries_thresholds_words_and_terms(released):
    manifest = released[2].manifest

    spot = next(d for d in manifest.defects if d.name == "spot")
    assert (spot.smallest_px, manifest.operating_point.sure_from) == (5.0, 0.6)
    assert "BLI-007" in spot.terms
    assert manifest.words.zones == ("foil", "pocket", "tablet")
    assert manifest.glossary["spot"][0] == "small dark mark or foreign particle"


def test_facts_of_an_unknown_class_are_refused(tmp_path, repository):
    recipe = repository / "configs" / "tuning" / "embedded.yaml"

    with pytest.raises(TuningError, match="differ in scratch"):
        release(
            eyes=eyes_facts(SMALLEST_PX | {"scratch": None}),
            mind=load_mind(recipe),
            doubt_from=0.1,
            sure_from=0.6,
            version="0.1.0",
            target=tmp_path / "package",
            parts_folder=tmp_path,
        )


def test_facts_that_are_not_understood_are_refused_by_field(tmp_path):
    (tmp_path / "eyes.json").write_text(
        '{"training": "x", "steps": 1, "real_from": 2, "hold_from": 0.2, "smallest_px": {}}'
    )

    with pytest.raises(TuningError, match=r"eyes\.json: real_from: "):
        load_eyes_facts(tmp_path / "eyes.json")
