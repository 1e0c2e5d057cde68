"""Which tokens may come next in an answer: whatever the mind writes is a note or a chain of `models/answer.py`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from models.answer import MOST_TIERS, SEVERITY_PIECES, UNIT_PIECES, place_pieces, where_pieces
from models.chain import Question, line_id, number
from models.note import OPERATORS, Vocabulary

DONE = "done"

Encode = Callable[[str], list[int]]
State = tuple[object, ...]
Config = tuple[tuple[int, ...], State]  # tokens still owed of the piece under way, and the state after it


class _Grammar(ABC):
    """A piece grammar run token by token: every piece that could be under way is followed at once."""

    def __init__(self, encode: Encode, start: State) -> None:
        self._encode = encode
        self._codes: dict[str, tuple[int, ...]] = {}
        self._follow_of: dict[State, tuple[Config, ...]] = {}
        self._reached: dict[tuple[int, ...], frozenset[Config]] = {(): frozenset({((), start)})}

    def allowed(self, tokens: Sequence[int]) -> list[int]:
        """Tokens that may come next, sorted; empty where the answer is complete or was never in the grammar."""
        return sorted({owed[0] for owed, _ in self._open(self._after(tuple(tokens)))})

    def complete(self, tokens: Sequence[int]) -> bool:
        return any(not owed and state[0] == DONE for owed, state in self._after(tuple(tokens)))

    def _after(self, tokens: tuple[int, ...]) -> frozenset[Config]:
        if tokens not in self._reached:
            before = self._open(self._after(tokens[:-1]))
            self._reached[tokens] = frozenset((owed[1:], state) for owed, state in before if owed[0] == tokens[-1])
        return self._reached[tokens]

    def _open(self, configs: Iterable[Config]) -> set[Config]:
        opened: set[Config] = set()
        for owed, state in configs:
            opened |= {(owed, state)} if owed else set(self._next(state))
        return opened

    def _next(self, state: State) -> tuple[Config, ...]:
        if state not in self._follow_of:
            self._follow_of[state] = tuple((self._code(pieces), after) for pieces, after in self.follow(state))
        return self._follow_of[state]

    def _code(self, pieces: tuple[str, ...]) -> tuple[int, ...]:
        for piece in pieces:
            if piece not in self._codes:
                self._codes[piece] = tuple(self._encode(piece))
        return tuple(token for piece in pieces for token in self._codes[piece])

    @abstractmethod
    def follow(self, state: State) -> list[tuple[tuple[str, ...], State]]:
        """The pieces that may come in a state, each with the state after it."""


def _digits(state: State, then: State) -> list[tuple[tuple[str, ...], State]]:
    """State (name, place, ...) inside NN.NN: `then` once five characters are written."""
    place = cast(int, state[1])
    after = then if place == 4 else (state[0], place + 1, *state[2:])
    return [((d,), after) for d in ("." if place == 2 else "0123456789")]


class NoteGrammar(_Grammar):
    """What a note may be under a vocabulary."""

    def __init__(self, encode: Encode, words: Vocabulary) -> None:
        super().__init__(encode, ("head",))
        self._words = words

    def follow(self, state: State) -> list[tuple[tuple[str, ...], State]]:
        name = state[0]
        defects = [f" {word}" for word in self._words.defects]
        match name:
            case "head":
                whole: list[tuple[tuple[str, ...], State]] = [((d,), ("zone", "body")) for d in defects]
                return [*whole, *((((" count", d), ("zone", "tier", 0))) for d in defects), ((" other",), ("end",))]
            case "zone":
                after = state[1:]
                places = [((place, f" {z}"), ("colon", *after)) for place in (" on", " not") for z in self._words.zones]
                return [*places, ((":",), after)]
            case "colon":
                return [((":",), state[1:])]
            case "body":
                units: list[tuple[tuple[str, ...], State]] = [((u,), ("tier", 0)) for u in UNIT_PIECES]
                return [((" off",), ("end",)), *(((" any", s), ("end",)) for s in SEVERITY_PIECES), *units]
            case "tier":
                return [((op,), ("limit", 0, state[1])) for op in OPERATORS]
            case "limit":
                return _digits(state, ("severity", state[2]))
            case "severity":
                tier = cast(int, state[1]) + 1
                return [((s,), ("more", tier)) for s in SEVERITY_PIECES]
            case "more":
                again = self.follow(("tier", state[1])) if cast(int, state[1]) < MOST_TIERS else []
                return [(("\n",), (DONE,)), *again]
            case "end":
                return [(("\n",), (DONE,))]
        return []


class ChainGrammar(_Grammar):
    """What a chain may be over the lines of a sheet, for one question."""

    def __init__(self, encode: Encode, ids: Sequence[str], question: Question, zones: Sequence[str]) -> None:
        super().__init__(encode, ("id", ()))
        self._ids, self._zones = tuple(ids), tuple(zones)
        self._question = question

    def follow(self, state: State) -> list[tuple[tuple[str, ...], State]]:
        used = cast(tuple[str, ...], state[-1])
        match state[0]:
            case "id":
                none: list[tuple[tuple[str, ...], State]] = [] if used else [((" none",), ("none", ()))]
                return none + [((i,), ("kind", (*used, i))) for i in self._ids if i not in used]
            case "none":
                return [((f" {verdict}",), (DONE, ())) for verdict in ("accept", "hold")]
            case "kind":
                at = place_pieces(self._question.zone)
                places = (f"{outside}{zone}" for outside in ("", "not ") for zone in self._zones)
                beside: list[tuple[tuple[str, ...], State]]
                beside = [((*at, *where_pieces(place)), ("placed", used)) for place in places]
                return beside + self.follow(("placed", used))
            case "placed":
                plain: list[tuple[tuple[str, ...], State]] = [((s,), ("next", used)) for s in (" elsewhere", " off")]
                plain += [((" any", s), ("next", used)) for s in SEVERITY_PIECES]
                return plain + self._values(used)
            case "operator":
                return [((op,), ("limit", 0, *state[1:])) for op in OPERATORS]
            case "limit":
                return _digits(state, ("over", *state[2:]))
            case "over":
                after = ("compared", *state[1:])
                return [((" under",), after), *(((" over", s), after) for s in SEVERITY_PIECES)]
            case "compared":
                value, tier = cast(str, state[1]), cast(int, state[2])
                more: list[tuple[tuple[str, ...], State]] = [(("=", *value), ("operator", value, tier + 1, used))]
                return (more if tier < MOST_TIERS else []) + self.follow(("next", used))
            case "next":
                more = [((";",), ("id", used))] if len(used) < len(self._ids) else []
                return more + [((f" {verdict}",), (DONE, ())) for verdict in ("accept", "reject", "hold")]
        return []

    def _values(self, used: tuple[str, ...]) -> list[tuple[tuple[str, ...], State]]:
        if self._question.count is not None:
            value = number(float(self._question.count))
            return [(("=", *value), ("operator", value, 1, used))]
        sizes = [(unit, number(size)) for unit, size in self._question.sizes]
        return [((f" {unit}", "=", *value), ("operator", value, 1, used)) for unit, value in sizes]


def grammar_tokens(encode: Encode, words: Vocabulary) -> list[int]:
    """Every token that an answer can hold under a vocabulary, sorted: the rows that the mind's head keeps."""
    pieces = [*"0123456789.", "K", ":", ";", "=", "\n", *OPERATORS, *UNIT_PIECES, *SEVERITY_PIECES]
    pieces += [
        " other",
        " count",
        " on",
        " not",
        " off",
        " elsewhere",
        " any",
        " over",
        " under",
        " none",
        " accept",
        " reject",
        " hold",
    ]
    pieces += [f" {word}" for word in (*words.defects, *words.zones)]
    pieces += [line_id(index) for index in range(99)]
    return sorted({token for piece in pieces for token in encode(piece)})
