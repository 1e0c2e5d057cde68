"""What the mind is shown, letter by letter: a change here makes every tuned mind read something it was not taught."""

from dataclasses import dataclass

import pytest

from models.chain import NoteLine, Question, number
from models.errors import ModelError
from models.note import Note, Tier
from models.prompt import in_prompt_order, judge_prefix, judge_question, read_prefix, read_question
from models.spelling import Spelling


@dataclass(frozen=True)
class Tablets:
    defects: tuple[str, ...] = ("spot", "empty pocket")
    zones: tuple[str, ...] = ("foil",)


def test_the_reading_prefix_explains_each_word() -> None:
    text = "".join(read_prefix(Tablets(), {"spot": ("small dark mark", "fly specks"), "foil": ("flat web",)}))

    assert text == "Defects:\n spot: small dark mark; fly specks;\n empty pocket:\nZones:\n foil: flat web;\n"


def test_a_criterion_is_asked_under_its_heading() -> None:
    assert read_question("Major", "Spots  over\n1 mm", Spelling("")) == "\nMajor: Spots over 1 mm ->"
    assert read_question("", "Spots over 1 mm", Spelling("")) == "\nSpots over 1 mm ->"
    assert read_question("", "Spots over 500 µm", Spelling("")) == "\nSpots over 0.5 mm ->"


def test_lines_of_one_class_stand_side_by_side_and_prose_is_left_out() -> None:
    limit = (Tier(operator=">", limit=0.5, severity="major"),)
    lines = [
        NoteLine("K1", Note(kind="size", defect="spot", zone="foil", unit="mm", tiers=limit)),
        NoteLine("K2", Note(kind="any", defect="empty pocket", severity="critical")),
        NoteLine("K3", Note(kind="other")),
        NoteLine("K4", Note(kind="off", defect="spot", zone="foil", outside=True)),
    ]

    text = "".join(judge_prefix(lines, ("major", "critical")))

    assert (
        text == "Reject: critical major\n spot on foil:K1 mm>00.50 major\n spot not foil:K4 off\n"
        " empty pocket:K2 any critical\n"
    )
    assert [line.id for line in in_prompt_order(lines)] == ["K1", "K4", "K2"]


def test_a_count_is_asked_over_the_unit_or_over_a_zone() -> None:
    unit, zone = judge_question(Question("spot", "", count=3)), judge_question(Question("spot", "foil", count=12))

    assert "".join((*unit.before, unit.word, *unit.after)) == "\n count spot 03.00 ->"
    assert "".join((*zone.before, zone.word, *zone.after)) == "\n count spot 12.00, foil ->"
    assert "".join(judge_question(Question("spot", "not foil", count=12)).after) == " 12.00, not foil ->"


def test_a_doubtful_class_leaves_its_mixture_to_the_mind() -> None:
    asked = judge_question(Question("spot", "foil", (("mm", 0.8),), mixture=(("spot", 0.7), ("stain", 0.3))))

    assert asked.mixture == ((" spot", 0.7), (" stain", 0.3))


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_number_that_is_no_measurement_is_refused(value: float) -> None:
    with pytest.raises(ModelError, match="allowed 0 or more"):
        number(value)


def test_the_columns_of_a_pasted_table_stay_columns() -> None:
    assert read_question("", "Spot\ttablet\t> 0.5 mm", Spelling("")) == "\nSpot | tablet | > 0.5 mm ->"
