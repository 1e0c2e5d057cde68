"""What weighs in the mind's lessons: the decisions of a chain, not the figures that it copies."""

import pytest

pytest.importorskip("torch")

from models.answer import chain_pieces
from models.chain import NoteLine, Question, judge_by_rule
from models.note import Note, Tier
from tuning.mind.pack import weighed

OVER = (Tier(operator=">", limit=3.0, severity="major"),)
LINES = (
    NoteLine("K1", Note(kind="count", defect="spot", zone="foil", unit="count", tiers=OVER)),
    NoteLine("K2", Note(kind="count", defect="spot", unit="count", tiers=OVER)),
    NoteLine("K3", Note(kind="size", defect="spot", zone="foil", unit="mm", tiers=OVER)),
    NoteLine("K4", Note(kind="any", defect="crack", zone="foil", outside=True, severity="critical")),
)


@pytest.mark.parametrize(
    ("question", "deciding"),
    [
        (Question("spot", "foil", count=5), [" foil", "=", ";", " elsewhere"]),
        (Question("spot", "", count=5), [" on", " elsewhere", ";", "="]),
        (Question("spot", "foil", (("mm", 5.0),)), [" foil", " mm"]),
        (Question("crack", "foil"), [" foil", " elsewhere"]),
    ],
    ids=["a count in its place", "a count of the unit", "a size", "another place"],
)
def test_that_a_line_holds_weighs_as_much_as_that_it_does_not(question: Question, deciding: list[str]) -> None:
    chain = judge_by_rule(LINES, question, {"major"})
    pieces = chain_pieces(chain.items, chain.verdict)

    assert [piece for piece, part in zip(pieces, weighed(pieces), strict=True) if part == "next line"] == deciding
