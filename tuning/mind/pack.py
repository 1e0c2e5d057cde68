"""Tasks as tensors: the text comes from models/prompt.py and models/answer.py, so the line asks what is taught here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from models.answer import SEVERITY_PIECES, UNIT_PIECES, chain_pieces, note_pieces
from models.grammar import grammar_tokens
from models.prompt import judge_prefix, judge_question, read_prefix, read_question, spelling_under
from tuning.mind.judging_tasks import JudgeTask
from tuning.mind.material import Material
from tuning.mind.net import Batch
from tuning.mind.reading_tasks import ReadTask

PARTS = ("note", "chain", "over", "next line", "verdict", "figure")
FIGURES = tuple("0123456789.=")  # copied: a value is forced by the grammar, a limit follows from its line
DECIDING = (";", " elsewhere", " off", " any", *UNIT_PIECES)  # which line, and that it holds or not
UNASKED = -100


@dataclass(slots=True)
class Words:
    """The base's tokeniser piece by piece, and the head's rows."""

    encode: Callable[[str], list[int]]
    head_tokens: list[int]
    _known: dict[str, list[int]] = field(default_factory=dict)
    _rows: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._rows = {token: row for row, token in enumerate(self.head_tokens)}

    def __call__(self, piece: str) -> list[int]:
        if piece not in self._known:
            self._known[piece] = self.encode(piece)
        return self._known[piece]

    def row(self, token: int) -> int:
        return self._rows[token]


@dataclass(slots=True)
class _Rows:
    """Rows under construction."""

    tokens: list[list[int]] = field(default_factory=list)
    labels: list[list[int]] = field(default_factory=list)
    parts: list[list[int]] = field(default_factory=list)
    soft: list[tuple[int, int, Tensor]] = field(default_factory=list)  # row, place, vector


def words_of(encode: Callable[[str], list[int]], material: Material) -> Words:
    """The head holds what any answer over any taught vocabulary can need."""
    return Words(encode, grammar_tokens(encode, material.nameable))


def pack(words: Words, task: ReadTask | JudgeTask, embed: Callable[[list[int]], Tensor]) -> Batch:
    """embed: a word's tokens to its vector, for doubtful classes."""
    return pack_reading(words, task) if isinstance(task, ReadTask) else pack_judging(words, task, embed)


def pack_reading(words: Words, task: ReadTask) -> Batch:
    rows = _Rows()
    spelling = spelling_under(task.glossary)
    for spoken in task.spoken:
        question = words.encode(read_question(spoken.heading, spoken.sentence, spelling))
        pieces = note_pieces(spoken.note)
        _add(rows, words, question, pieces, ["note"] * len(pieces))
    return _batch(rows, [token for piece in read_prefix(task.vocabulary, task.glossary) for token in words(piece)])


def pack_judging(words: Words, task: JudgeTask, embed: Callable[[list[int]], Tensor]) -> Batch:
    """embed: a word's tokens to its vector, for doubtful classes."""
    rows = _Rows()
    for question, chain in zip(task.questions, task.chains, strict=True):
        asked = judge_question(question)
        tokens = [token for piece in asked.before for token in words(piece)]
        if asked.mixture:
            vector = torch.stack([embed(words(word)) * share for word, share in asked.mixture]).sum(0)
            rows.soft.append((len(rows.tokens), len(tokens), vector))
            tokens.append(0)
        else:
            tokens += words(asked.word)
        tokens += [token for piece in asked.after for token in words(piece)]
        pieces = chain_pieces(chain.items, chain.verdict)
        _add(rows, words, tokens, pieces, weighed(pieces))
    return _batch(rows, [token for piece in judge_prefix(task.lines, task.rejecting) for token in words(piece)])


def _add(rows: _Rows, words: Words, question: list[int], answer: Sequence[str], counted: Sequence[str]) -> None:
    tokens, labels = list(question), [UNASKED] * (len(question) - 1)
    parts = [0] * len(labels)
    for piece, part in zip(answer, counted, strict=True):
        code = words(piece)
        tokens += code
        labels += [words.row(token) for token in code]
        parts += [PARTS.index(part)] * len(code)
    rows.tokens.append(tokens[:-1])
    rows.labels.append(labels)
    rows.parts.append(parts)


def weighed(chain: Sequence[str]) -> list[str]:
    """For each piece of a chain the part of the loss that it counts in."""
    return [*map(_part, ("", *chain), chain[:-1]), "verdict"]


def _part(before: str, piece: str) -> str:
    """Which line comes next and whether it holds there are what a chain gets wrong: they weigh more."""
    if piece in (" over", " under"):
        return "over"
    first_figure = piece == "=" and before not in (*UNIT_PIECES, " under", *SEVERITY_PIECES)  # of a count that holds
    if piece in DECIDING or before.startswith("K") or first_figure:
        return "next line"
    return "figure" if piece in FIGURES else "chain"


def _batch(rows: _Rows, prefix: list[int]) -> Batch:
    width = max(map(len, rows.tokens))
    starts = [sum(map(len, rows.tokens[:row])) for row in range(len(rows.tokens))]
    flat = [token for row in rows.tokens for token in row]
    labels = [label for row in rows.labels for label in row]
    parts = [part for row in rows.parts for part in row]
    slots = [row * width + place for row, tokens in enumerate(rows.tokens) for place in range(len(tokens))]
    return Batch(
        prefix=torch.tensor(prefix),
        tokens=torch.tensor(flat),
        slots=torch.tensor(slots),
        rows=len(rows.tokens),
        width=width,
        soft=tuple((starts[row] + place, vector) for row, place, vector in rows.soft),
        labels=torch.tensor(labels),
        parts=torch.tensor(parts),
    )
