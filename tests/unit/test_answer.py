"""The closed language of the mind: every note and chain survives the round trip, and the grammar leads nowhere else."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from models.answer import chain_pieces, note_pieces, parse_chain, parse_note, redraft
from models.chain import Chain, Item, NoteLine, Question, judge_by_rule, line_id
from models.errors import AnswerMalformed
from models.grammar import ChainGrammar, NoteGrammar, grammar_tokens
from models.note import MEASURES, Note, Severity, Tier


@dataclass(frozen=True)
class Blister:
    defects: tuple[str, ...] = ("empty pocket", "chip", "crack", "spot", "stain", "rogue product")
    zones: tuple[str, ...] = ("foil", "pocket", "tablet")


def spell(text: str) -> list[int]:
    """A tokeniser that is easy to follow: one token a character."""
    return [ord(c) for c in text]


def tokens_of(pieces: list[str]) -> list[int]:
    return [token for piece in pieces for token in spell(piece)]


def some_notes(seed: int, count: int) -> Iterator[Note]:
    draw = random.Random(seed)
    for _ in range(count):
        zone = draw.choice(("", *Blister().zones))
        place = Note(
            kind="off", defect=draw.choice(Blister().defects), zone=zone, outside=bool(zone) and draw.random() < 0.5
        )
        severity = draw.choice(("critical", "major", "minor"))
        tiers = tuple(
            Tier(
                operator=draw.choice((">", ">=")),
                limit=draw.randint(1, 9999) / 100,
                severity=draw.choice(("critical", "major", "minor")),
            )
            for _ in range(draw.randint(1, 2))
        )
        match draw.randint(0, 4):
            case 0:
                yield place
            case 1:
                yield place.model_copy(update={"kind": "any", "severity": severity})
            case 2:
                yield place.model_copy(update={"kind": "count", "unit": "count", "tiers": tiers})
            case 3:
                unit = draw.choice(MEASURES)
                yield place.model_copy(update={"kind": "size", "unit": unit, "tiers": tiers})
            case _:
                yield Note(kind="other")


def some_chains(seed: int, count: int) -> Iterator[tuple[list[NoteLine], Question, Chain]]:
    draw = random.Random(seed)
    for _ in range(count):
        lines = [NoteLine(line_id(i), note) for i, note in enumerate(some_notes(draw.randint(0, 10**6), 12))]
        defect = draw.choice(Blister().defects)
        sizes = tuple((unit, draw.randint(1, 9999) / 100) for unit in MEASURES)
        question = Question(defect, draw.choice(Blister().zones), sizes)
        if draw.random() < 0.2:
            question = Question(defect, draw.choice(("", "not foil", *Blister().zones)), count=draw.randint(1, 12))
        yield lines, question, judge_by_rule(lines, question, ("critical", "major"))


def test_every_note_reads_back_as_itself() -> None:
    for note in some_notes(1, 500):
        assert parse_note("".join(note_pieces(note)), Blister().zones) == note


def test_every_chain_reads_back_as_itself() -> None:
    for _, _, chain in some_chains(2, 300):
        assert parse_chain("".join(chain_pieces(chain.items, chain.verdict))) == chain


def test_the_grammar_leads_through_every_note_to_its_end() -> None:
    grammar = NoteGrammar(spell, Blister())

    for note in some_notes(3, 150):
        tokens = tokens_of(note_pieces(note))
        for at, token in enumerate(tokens):
            assert token in grammar.allowed(tokens[:at])
        assert grammar.complete(tokens)
        assert grammar.allowed(tokens) == []


def test_the_grammar_leads_through_every_chain_to_its_end() -> None:
    for lines, question, chain in some_chains(4, 100):
        grammar = ChainGrammar(spell, [line.id for line in lines], question, Blister().zones)
        tokens = tokens_of(chain_pieces(chain.items, chain.verdict))
        for at, token in enumerate(tokens):
            assert token in grammar.allowed(tokens[:at])
        assert grammar.complete(tokens)


def test_whatever_the_grammar_allows_is_a_note() -> None:
    grammar, draw = NoteGrammar(spell, Blister()), random.Random(5)

    for _ in range(300):
        tokens: list[int] = []
        while step := grammar.allowed(tokens):
            tokens.append(draw.choice(step))
        text = "".join(map(chr, tokens))
        assert "".join(note_pieces(parse_note(text, Blister().zones))) == text


def test_whatever_the_grammar_allows_is_a_chain_with_the_measured_value() -> None:
    question, draw = Question("spot", "foil", (("mm", 0.8), ("mm2", 1.2))), random.Random(6)

    for _ in range(200):
        tokens: list[int] = []
        grammar = ChainGrammar(spell, ["K1", "K12", "K2"], question, Blister().zones)
        while step := grammar.allowed(tokens):
            tokens.append(draw.choice(step))
        chain = parse_chain("".join(map(chr, tokens)))
        assert all(item.value == dict(question.sizes)[item.unit] for item in chain.items if item.kind == "size")
        assert all(item.at == question.zone for item in chain.items if item.place)
        assert len({item.id for item in chain.items}) == len(chain.items)


def test_every_token_of_an_answer_is_in_the_head() -> None:
    kept = set(grammar_tokens(spell, Blister()))

    for note in some_notes(7, 100):
        assert set(tokens_of(note_pieces(note))) <= kept
    for _, _, chain in some_chains(8, 100):
        assert set(tokens_of(chain_pieces(chain.items, chain.verdict))) <= kept


def test_a_count_of_one_zone_is_not_held_against_the_whole_unit() -> None:
    tier = (Tier(operator=">", limit=3.0, severity="major"),)
    lines = [NoteLine("K1", Note(kind="count", defect="spot", unit="count", tiers=tier))]

    chain = judge_by_rule(lines, Question("spot", "foil", count=9), ("critical", "major"))

    assert chain == Chain((Item("K1", "elsewhere"),), "accept")


def test_a_count_outside_a_zone_is_held_against_the_line_for_it() -> None:
    tier = (Tier(operator=">", limit=3.0, severity="major"),)
    lines = [NoteLine("K1", Note(kind="count", defect="spot", zone="foil", outside=True, unit="count", tiers=tier))]

    there = judge_by_rule(lines, Question("spot", "not foil", count=9), ("critical", "major"))
    anywhere = judge_by_rule(lines, Question("spot", "", count=9), ("critical", "major"))

    assert "".join(chain_pieces(there.items, there.verdict)) == "K1 not foil not foil=09.00>03.00 over major reject"
    assert "".join(chain_pieces(anywhere.items, anywhere.verdict)) == "K1 not foil elsewhere accept"


def test_a_severity_that_does_not_reject_accepts() -> None:
    tier = (Tier(operator=">=", limit=0.5, severity="minor"),)
    lines = [NoteLine("K1", Note(kind="size", defect="spot", unit="mm", tiers=tier))]
    question = Question("spot", "foil", (("mm", 0.5),))

    strict = judge_by_rule(lines, question, ("critical", "major", "minor"))
    usual = judge_by_rule(lines, question, ("critical", "major"))

    assert "".join(chain_pieces(strict.items, strict.verdict)) == "K1 mm=00.50>=00.50 over minor reject"
    assert usual.verdict == "accept"


@pytest.mark.parametrize(
    "text", ["spot", " spot: mm>0.5 major\n", " spot:>00.50 major\n", " count spot: mm>00.50 major\n", ""]
)
def test_text_that_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(AnswerMalformed, match="is no note"):
        parse_note(text, Blister().zones)


@pytest.mark.parametrize("text", ["accept", "K1 reject", "K1 mm=00.80 over major reject", "K1 off perhaps"])
def test_text_that_is_no_chain_is_refused(text: str) -> None:
    with pytest.raises(AnswerMalformed, match="The unit is held"):
        parse_chain(text)


def _over(limit: float, severity: Severity) -> Tier:
    return Tier(operator=">", limit=limit, severity=severity)


SPOTS = (
    NoteLine("K1", Note(kind="size", defect="spot", zone="tablet", unit="mm", tiers=(_over(0.5, "major"),))),
    NoteLine(
        "K2", Note(kind="size", defect="spot", zone="tablet", outside=True, unit="mm", tiers=(_over(1, "minor"),))
    ),
    NoteLine("K3", Note(kind="any", defect="crack", severity="critical")),
    NoteLine("K4", Note(kind="any", defect="spot", zone="tablet", severity="minor")),
    NoteLine("K5", Note(kind="count", defect="spot", unit="count", tiers=(_over(3, "major"),))),
)
SPOT = Question("spot", "tablet", (("mm", 0.8),))
ON, OFF = "K1 tablet on tablet", "K2 tablet not tablet"


@pytest.mark.parametrize(
    ("begun", "whole"),
    [
        ("", f"{ON} mm=00.80>00.50 over major;{OFF} elsewhere;K4 tablet on tablet any minor reject"),
        ("K4", f"K4 tablet on tablet any minor;{ON} mm=00.80>00.50 over major;{OFF} elsewhere reject"),
        (f"{ON} else", f"{ON} elsewhere;{OFF} elsewhere;K4 tablet on tablet any minor accept"),
        (
            f"{OFF} mm",
            f"{OFF} mm=00.80>01.00 under;{ON} mm=00.80>00.50 over major;K4 tablet on tablet any minor reject",
        ),
        (
            f"{ON} mm=00.80>00.50 over major;K3 any",
            f"{ON} mm=00.80>00.50 over major;K3 any critical;{OFF} elsewhere;K4 tablet on tablet any minor reject",
        ),
        (
            f"{ON} mm=00.80>00.50 over major;{OFF} elsewhere;K4 tablet on tablet any minor;",
            f"{ON} mm=00.80>00.50 over major;{OFF} elsewhere;K4 tablet on tablet any minor;K5 elsewhere reject",
        ),
    ],
    ids=[
        "nothing yet",
        "another order",
        "passes a line that holds here",
        "takes a line that does not",
        "takes one of another class",
        "one line more",
    ],
)
def test_the_rule_goes_on_from_any_line_that_the_mind_names(begun: str, whole: str) -> None:
    chain = redraft(begun, SPOTS, SPOT, {"critical", "major"})

    assert chain is not None
    assert "".join(chain_pieces(chain.items, chain.verdict)) == whole


@pytest.mark.parametrize(
    "begun",
    [
        " none",
        f"{ON} mm=00.80>00.50 under",
        f"{ON} any",
        "K1 tablet on foil",
        "K9",
        f"{ON} mm=00.80>00.50 over major accept",
    ],
    ids=["no line", "a comparison gone wrong", "another kind", "another place", "no such line", "another verdict"],
)
def test_the_rule_does_not_go_on_from_what_it_would_never_say(begun: str) -> None:
    assert redraft(begun, SPOTS, SPOT, {"critical", "major"}) is None
