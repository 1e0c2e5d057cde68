"""The challenge: right by construction, the same on every machine, and apart from what tuning uses."""

import subprocess
import sys
from collections import Counter
from random import Random

import pytest

from models.criteria import CriteriaSheet
from models.example import Challenge
from models.note import Note
from tests import taught
from tuning.challenge import draw_challenge
from tuning.challenge_sheets import CRITERIA, STAYS, TURNS, draw_notes, near
from tuning.challenge_wordings import HeldOut, Taught, Unseen, load_held_out
from tuning.config import EVALUATED_FROM, load_eyes
from tuning.mind.material import Material


@pytest.fixture(scope="module")
def challenge() -> Challenge:
    return taught.challenge()


@pytest.fixture(scope="module")
def held_out() -> HeldOut:
    return load_held_out()


@pytest.fixture(scope="module")
def material() -> Material:
    return taught.material()


def test_the_same_numbers_draw_the_same_challenge(challenge: Challenge):
    again = draw_challenge(taught.UNITS, taught.QUESTIONS)

    assert again.sheets == challenge.sheets
    assert again.counterparts == challenge.counterparts
    assert again.unit_sheets == challenge.unit_sheets


def test_a_line_pc_can_draw_it():
    code = (
        "import sys\n"
        "from tuning.challenge import draw_challenge\n"
        "assert sum(1 for _ in draw_challenge(1, 40).units) == 1\n"
        "print(sorted({'torch', 'transformers', 'peft', 'timm'} & set(sys.modules)))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"


def test_units_are_drawn_in_held_out_styles_with_their_true_sizes(challenge: Challenge):
    units = list(challenge.units)

    assert [unit.name for unit in units] == [f"render {EVALUATED_FROM + i}" for i in range(taught.UNITS)]
    assert all(set(defect.sizes) == {"mm", "mm2", "%"} for unit in units for defect in unit.defects)
    assert all(set(unit.groups) == {"shape", "foil", "layout", "light", "scale"} for unit in units)


def test_units_that_judge_never_train(repository):
    pools = load_eyes(repository / "configs" / "tuning" / "embedded.yaml").pools
    shown = range(EVALUATED_FROM, EVALUATED_FROM + 10_000)

    for run in pools.train + pools.fresh + pools.closer + pools.calibration:
        taught = range(run.first_seed, run.first_seed + run.frames)
        assert not range(max(shown.start, taught.start), min(shown.stop, taught.stop))


def test_every_pair_that_must_turn_has_opposite_right_verdicts(challenge: Challenge):
    turns = [pair for pair in challenge.counterparts if not pair.same]

    verdicts = [{sheet.right(p.observation).verdict for sheet in (p.first, p.second)} for p in turns]

    assert {pair.what for pair in turns} == set(TURNS)
    assert all(pair == {"accept", "reject"} for pair in verdicts)


def test_every_pair_that_must_stay_has_one_right_verdict(challenge: Challenge):
    stays = [pair for pair in challenge.counterparts if pair.same]

    assert {pair.what for pair in stays} == set(STAYS)
    for pair in stays:
        assert pair.first.right(pair.observation).verdict == pair.second.right(pair.observation).verdict
        assert [c.text for c in pair.first.criteria] != [c.text for c in pair.second.criteria]


def test_accept_and_reject_are_asked_about_equally_often(challenge: Challenge):
    right = Counter(sheet.right(o).verdict for sheet in challenge.sheets for o in sheet.observations)

    assert 0.5 < right["accept"] / right["reject"] < 2
    assert right["hold"] > 0


def test_rare_words_are_explained_in_one_half_and_not_in_the_other(challenge: Challenge):
    explained = [sheet for sheet in challenge.sheets if sheet.wording == "new words, in the glossary"]
    bare = [sheet for sheet in challenge.sheets if sheet.wording == "new words"]

    assert [s.criteria for s in explained] == [s.criteria for s in bare]
    assert all(sheet.glossary for sheet in explained)
    assert not any(sheet.glossary for sheet in bare)
    for sheet in explained:
        for criterion in sheet.criteria:
            words = sheet.glossary[criterion.note.defect]
            assert any(word in criterion.text.sentence.lower() for word in words)


def test_no_sheet_lays_off_what_it_judges(material: Material):
    for seed in range(20):
        notes = draw_notes(Random(seed), material, CRITERIA)
        off = [(note.defect, note.zone, note.outside) for note in notes if note.kind == "off"]

        assert len({(n.kind, n.defect, n.zone, n.outside, n.unit) for n in notes}) == CRITERIA
        for defect, zone, outside in off:
            others = [n for n in notes if n.defect == defect and n.kind != "off"]
            assert all(zone and n.zone == zone and n.outside != outside for n in others)


def test_a_size_is_never_at_its_limit():
    draw = Random(0)

    for limit in (0.1, 0.35, 4.0, 50.0):
        assert all(near(draw, limit) != limit for _ in range(200))
        assert all(near(draw, limit, 1) > limit for _ in range(200))


def test_every_whole_sentence_has_a_whole_meaning(held_out: HeldOut):
    notes = [sentence.note.note for sentence in held_out.sentences]

    assert len(notes) >= 60
    for sentence, note in zip(held_out.sentences, notes, strict=True):
        assert bool(note.tiers) == (sentence.note.kind in ("size", "count")), sentence.text
        assert bool(note.severity) == (note.kind == "any"), sentence.text
        assert bool(note.defect) == (note.kind != "other"), sentence.text


def test_a_form_decides_the_operator(held_out: HeldOut, material: Material):
    note = Note.model_validate(
        {
            "kind": "size",
            "defect": "spot",
            "unit": "mm",
            "tiers": [{"operator": ">", "limit": 0.5, "severity": "major"}],
        }
    )
    draw = Random(1)

    for speaker in (Unseen(held_out, "everyday"), Taught(material)):
        said = [speaker.say(draw, note, headed=False).note for _ in range(60)]

        assert {one.tiers[0].operator for one in said} == {">", ">="}
        assert {one.model_copy(update={"tiers": note.tiers}) for one in said} == {note}


def test_unit_sheets_are_sheets_that_a_line_could_load(challenge: Challenge, material: Material):
    ids = [sheet.id for sheet in challenge.unit_sheets]

    assert len(set(ids)) == len(ids) >= 4
    for sheet in challenge.unit_sheets:
        assert isinstance(sheet, CriteriaSheet)
        sheet.check_against(package="embedded", defects=material.own.defects, zones=material.own.zones)
