"""The mind's closed language: notes and chains as text, and which tokens may come next.

    note    := ' other' | [' count'] defect [(' on' | ' not') zone] ':' body, then a line feed
    body    := ' off' | ' any' severity | unit tier [tier] | tier [tier] (after ' count')
    tier    := ('>' | '>=') NN.NN severity
    chain   := items verdict | ' none' verdict
    items   := item (';' item)*
    item    := id [beside] (' elsewhere' | ' off' | ' any' severity | [unit] comparison [comparison])
    beside  := [[' not'] zone] (' on' | ' not') zone    where the question is, then where the line holds
    comparison := '=' NN.NN ('>' | '>=') NN.NN (' over' severity | ' under')
Value and limit stand side by side, and so do the two places, because the mind compares neighbours and nothing else.
What is measured is forced by the grammar, not chosen. A defect or zone word may hold spaces; a zone neither ' on ' nor
' not ', and no defect ends in one of them and a zone.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from typing import Literal, Protocol, cast

from models.chain import Chain, Comparison, Item, Line, Question, Verdict, concerns, item_of, number, verdict_of
from models.errors import AnswerMalformed, ModelError
from models.note import Kind, Note, Operator, Severity, Tier, Unit

LANGUAGE = 2  # of notes and chains: a mind that was taught another one is refused. 2: places beside each other
SEVERITY_PIECES = (" critical", " major", " minor")
UNIT_PIECES = (" mm", " mm2", " %")
OPERATORS: tuple[Operator, ...] = (">", ">=")
MOST_TIERS = 2
DONE = "done"

Encode = Callable[[str], list[int]]
State = tuple[object, ...]
Config = tuple[tuple[int, ...], State]  # tokens still owed of the piece under way, and the state after it


class Words(Protocol):
    @property
    def defects(self) -> tuple[str, ...]: ...

    @property
    def zones(self) -> tuple[str, ...]: ...


# ---------------------------------------------------------------- text
def note_pieces(note: Note) -> list[str]:
    """A note as pieces, line feed included.

    >>> "".join(note_pieces(Note(kind="any", defect="crack", severity="critical")))
    ' crack: any critical\\n'
    """
    if note.kind == "other":
        return [" other", "\n"]
    pieces = [" count"] if note.kind == "count" else []
    pieces += [f" {note.defect}", *where_pieces(note.place), ":"]
    match note.kind:
        case "off":
            pieces.append(" off")
        case "any":
            pieces += [" any", f" {note.severity}"]
        case "size" | "count":
            pieces += [f" {note.unit}"] if note.kind == "size" else []
            for tier in note.tiers:
                pieces += [tier.operator, *number(tier.limit), f" {tier.severity}"]
    return [*pieces, "\n"]


def place_pieces(place: str) -> list[str]:
    """A place as a sheet writes it.

    >>> place_pieces("not tablet"), place_pieces("tablet"), place_pieces("")
    ([' not', ' tablet'], [' tablet'], [])
    """
    zone = place.removeprefix("not ")
    return [*([" not"] if zone != place else []), *([f" {zone}"] if zone else [])]


def where_pieces(place: str) -> list[str]:
    """Where a line holds: ` on tablet`, ` not tablet`, or nothing."""
    pieces = place_pieces(place)
    return [" on", *pieces] if len(pieces) == 1 else pieces


_TIER = r"(>=?)(\d\d\.\d\d) (critical|major|minor)"
_RULE = (
    rf"(?:(?P<off> off)| any (?P<any>critical|major|minor)|(?: (?P<unit>mm2|mm|%))?(?P<tiers>(?:{_TIER}){{1,2}}))\n?"
)
_ITEM = re.compile(
    r"(?P<id>[A-Z]\d+)(?:(?: (?P<at>[^;=]+?))?(?: on (?P<inside>[^;=]+?)| (?P<outside>not [^;=]+?)))?"
    r"(?: (?P<plain>elsewhere|off)| any (?P<any>critical|major|minor)|(?: (?P<unit>mm2|mm|%))?"
    r"(?P<comparisons>(?:=\d\d\.\d\d>=?\d\d\.\d\d (?:under|over (?:critical|major|minor)))+))"
)
_COMPARISON = re.compile(r"=(\d\d\.\d\d)(>=?)(\d\d\.\d\d) (?:under|over (critical|major|minor))")


@cache
def _note(zones: tuple[str, ...]) -> re.Pattern[str]:
    """A class may hold ` on ` and ` not `: only a zone behind them is a place."""
    place = rf"(?: (?P<place>on|not) (?P<zone>{'|'.join(map(re.escape, zones)) or '(?!)'}))?"
    return re.compile(rf" ?(?P<count>count )?(?P<defect>.+?){place}:{_RULE}")


def parse_note(text: str, zones: tuple[str, ...]) -> Note:
    """Inverse of `note_pieces`.

    >>> parse_note(" stain on cap on foil: any major\\n", ("tablet", "foil")).place
    'foil'

    Raises:
        AnswerMalformed: not a note.
    """
    if text.strip() == "other":
        return Note(kind="other")
    found = _note(zones).fullmatch(text)
    if found is None or bool(found["count"]) != bool(found["tiers"] and not found["unit"]):
        raise AnswerMalformed(
            f"mind: read {text!r}, which is no note. The sentence counts as unread; word it more plainly."
        )
    tiers = tuple(
        Tier(operator=cast(Operator, operator), limit=float(limit), severity=cast(Severity, severity))
        for operator, limit, severity in re.findall(_TIER, found["tiers"] or "")
    )
    kind: Kind = "off" if found["off"] else "any" if found["any"] else "count" if found["count"] else "size"
    return Note(
        kind=kind,
        defect=found["defect"],
        zone=found["zone"] or "",
        outside=found["place"] == "not",
        unit="count" if kind == "count" else cast(Unit | Literal[""], found["unit"] or ""),
        tiers=tiers,
        severity=cast(Severity | Literal[""], found["any"] or ""),
    )


def chain_pieces(items: Sequence[Item], verdict: Verdict) -> list[str]:
    """A chain as pieces."""
    pieces = [] if items else [" none"]
    for at, item in enumerate(items):
        pieces += [";", item.id] if at else [item.id]
        pieces += [*place_pieces(item.at), *where_pieces(item.place)]
        if item.kind in ("elsewhere", "off"):
            pieces.append(f" {item.kind}")
        elif item.kind == "any":
            pieces += [" any", f" {item.severity}"]
        else:
            pieces += [f" {item.unit}"] if item.kind == "size" else []
            for c in item.comparisons:
                pieces += ["=", *number(item.value), c.operator, *number(c.limit)]
                pieces += [" over", f" {c.severity}"] if c.over else [" under"]
    return [*pieces, f" {verdict}"]


def parse_chain(text: str) -> Chain:
    """Inverse of `chain_pieces`.

    Raises:
        AnswerMalformed: not a chain.
    """
    body, _, verdict = text.rpartition(" ")
    if verdict not in ("accept", "reject", "hold") or not body:
        raise AnswerMalformed(f"mind: wrote {text!r}, which ends in no verdict. The unit is held.")
    if body == " none":
        return Chain((), cast(Verdict, verdict))
    return Chain(tuple(_parse_item(part, text) for part in body.split(";")), cast(Verdict, verdict))


def redraft(begun: str, lines: Sequence[Line], question: Question, rejecting: Collection[str]) -> Chain | None:
    """What the plain rule goes on with after a beginning that it would not have written itself.

    Args:
        begun: a chain up to any place; it may take a line for one that holds there or not, in any order.
        lines: the sheet, in the order of the prompt.
        question: what is asked; its sizes may lack what a wrongly named line limits.
        rejecting: severities that reject the unit.

    Returns:
        A whole chain with that beginning; None where the rule has none, for example after a comparison gone wrong.
    """
    *whole, under_way = begun.split(";")
    try:
        items = [_parse_item(part, begun) for part in whole]
        used = {item.id for item in items}
        left = [line for line in lines if line.id not in used and line.note.kind != "other"]
        due = [line for line in left if concerns(line.note, question)]
        named = [line for line in left if line.id == re.split("[ =]", under_way, maxsplit=1)[0]]
        alike = [line for line in left if line.note.defect == question.defect]
        current = (named if under_way else due or alike)[0]
        rest = [item_of(line, question) for line in due if line is not current]
    except (AnswerMalformed, ModelError, IndexError):
        return None
    for here in (None, True, False):
        try:
            judged = (*items, item_of(current, question, here=here), *rest)
        except ModelError:
            continue
        chain = Chain(judged, verdict_of(judged, counted=question.count is not None, rejecting=rejecting))
        if "".join(chain_pieces(chain.items, chain.verdict)).startswith(begun):
            return chain
    return None


def _parse_item(part: str, text: str) -> Item:
    found = _ITEM.fullmatch(part)
    if found is None:
        raise AnswerMalformed(f"mind: wrote {text!r}, where {part!r} is no judgement of a line. The unit is held.")
    at, place = found["at"] or "", found["inside"] or found["outside"] or ""
    if found["plain"]:
        return Item(found["id"], cast(Literal["elsewhere", "off"], found["plain"]), at=at, place=place)
    if found["any"]:
        return Item(found["id"], "any", found["any"], at=at, place=place)
    parts = _COMPARISON.findall(found["comparisons"])
    comparisons = tuple(Comparison(op, float(limit), bool(severity), severity) for _, op, limit, severity in parts)
    kind: Literal["size", "count"] = "size" if found["unit"] else "count"
    return Item(found["id"], kind, "", found["unit"] or "", float(parts[0][0]), comparisons, at, place)


# ---------------------------------------------------------------- grammar
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

    def __init__(self, encode: Encode, words: Words) -> None:
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


def grammar_tokens(encode: Encode, words: Words) -> list[int]:
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
    pieces += [f"K{index}" for index in range(1, 100)]
    return sorted({token for piece in pieces for token in encode(piece)})
