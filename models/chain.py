"""One question to the mind, the sheet's lines it is asked under, and the chain that answers it by the plain rule.

The same rule drafts the chain on the line (one pass of the mind then checks it) and labels it in tuning, so that both
mean the same thing. It compares the two-decimal figures that the mind is shown; the exact comparison with its
uncertainty is `decide`'s.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from models.errors import ModelError
from models.note import LARGEST, Note, Operator, Severity

Verdict = Literal["accept", "reject", "hold"]
# Every sheet is shown to the mind as if these rejected: it did not learn to look the policy up (5 of 6 verdicts right
# on others, 65 of 66 on this one), and need not, since `verdict_of` does.
TAUGHT_REJECTING: tuple[Severity, ...] = ("critical", "major")


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One note of the sheet under the id by which a chain names it."""

    id: str
    note: Note


@dataclass(frozen=True, slots=True)
class Question:
    """One observation as the mind is asked about it, or one count over the unit."""

    defect: str  # the most likely class
    zone: str  # of a count: the place it was taken in, as `Note.place`; empty for the whole unit
    sizes: tuple[tuple[str, float], ...] = ()  # (unit, value), the units that the sheet asks of this class
    count: int | None = None
    mixture: tuple[tuple[str, float], ...] = ()  # (class, share) where the eyes are in doubt


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: Operator
    limit: float
    over: bool
    severity: str  # empty when under


@dataclass(frozen=True, slots=True)
class Item:
    """What one line of the sheet says about the question; `elsewhere`: nothing, it holds in other places only.

    A line with a place has it beside the question's, because the mind compares neighbours and nothing else.
    """

    id: str
    kind: Literal["elsewhere", "off", "any", "size", "count"]
    severity: str = ""  # kind any
    unit: str = ""  # kind size
    value: float = 0.0
    comparisons: tuple[Comparison, ...] = ()
    at: str = ""  # place of the question; empty where the line has none
    place: str = ""  # of the line, as `Note.place`


@dataclass(frozen=True, slots=True)
class Chain:
    items: tuple[Item, ...]
    verdict: Verdict


def line_id(index: int) -> str:
    """Id of the line at a position of the sheet; the sheet's own ids never reach the mind.

    >>> line_id(0)
    'K1'
    """
    return f"K{index + 1}"


def number(value: float) -> str:
    """NN.NN, so that the mind compares digit by digit; a larger value shows as 99.99.

    >>> number(0.5)
    '00.50'
    """
    if not math.isfinite(value) or value < 0:
        raise ModelError(
            f"number: saw {value!r}, allowed 0 or more. Nothing was asked. Correct the measurement or limit."
        )
    return f"{min(value, LARGEST):05.2f}"


def shown(value: float) -> float:
    """The value that the mind sees."""
    return float(number(value))


def concerns(note: Note, question: Question) -> bool:
    """Whether a line is about the class asked about, in sizes or in counts as asked; not whether it holds there."""
    return (
        note.kind != "other"
        and note.defect == question.defect
        and (note.kind == "count") == (question.count is not None)
    )


def applies(note: Note, question: Question) -> bool:
    if not concerns(note, question):
        return False
    return note.place == question.zone if question.count is not None else note.covers(question.zone)


def asked_units(lines: Sequence[NoteLine], defect: str) -> tuple[str, ...]:
    """Units in which the sheet limits this class, in sheet order; mm when it does not."""
    units = dict.fromkeys(line.note.unit for line in lines if line.note.kind == "size" and line.note.defect == defect)
    return tuple(units) or ("mm",)


def judge_by_rule(lines: Sequence[NoteLine], question: Question, rejecting: Collection[str]) -> Chain:
    """The chain that plain arithmetic on the notes gives: every line of the class is named, so none is passed over.

    Args:
        lines: the sheet, in the order of the prompt.
        question: its sizes must hold every unit that an applying line asks for.
        rejecting: severities that reject the unit.
    """
    items = tuple(item_of(line, question) for line in lines if concerns(line.note, question))
    return Chain(items, verdict_of(items, counted=question.count is not None, rejecting=rejecting))


def verdict_of(items: Sequence[Item], *, counted: bool, rejecting: Collection[str]) -> Verdict:
    """What the items of a chain come to on a sheet: whether a severity rejects is the sheet's arithmetic, no opinion.

    >>> verdict_of([Item("K1", "any", severity="minor")], counted=False, rejecting={"critical", "major"})
    'accept'
    """
    if all(item.kind == "elsewhere" for item in items):
        return "accept" if counted else "hold"
    found = {item.severity for item in items} | {c.severity for item in items for c in item.comparisons}
    return "reject" if found & set(rejecting) else "accept"


def item_of(line: NoteLine, question: Question, *, here: bool | None = None) -> Item:
    """What a line says about a question.

    Args:
        here: whether it holds where the question is; None: as `applies` says.

    Raises:
        ModelError: the question does not hold the quantity that the line limits.
    """
    holds = applies(line.note, question) if here is None else here
    item = _judged(line, question) if holds else Item(line.id, "elsewhere")
    return replace(item, at=question.zone, place=line.note.place) if line.note.zone else item


def _judged(line: NoteLine, question: Question) -> Item:
    note = line.note
    if note.kind == "off":
        return Item(line.id, "off")
    if note.kind == "any":
        return Item(line.id, "any", severity=note.severity or "")
    if note.kind == "count":
        value = shown(float(question.count or 0))
        return Item(line.id, "count", value=value, comparisons=_compare(note, value))
    sizes = dict(question.sizes)
    if note.unit not in sizes:
        raise ModelError(
            f"line {line.id}: asks for {note.unit} of a {note.defect}, saw {', '.join(sizes) or 'no size'}. "
            "Nothing was judged. Measure that quantity before asking."
        )
    value = shown(sizes[note.unit])
    return Item(line.id, "size", unit=note.unit, value=value, comparisons=_compare(note, value))


def _compare(note: Note, value: float) -> tuple[Comparison, ...]:
    result = []
    for tier in note.tiers:
        limit = shown(tier.limit)
        over = value > limit or (tier.operator == ">=" and value == limit)
        result.append(Comparison(tier.operator, limit, over, tier.severity if over else ""))
    return tuple(result)
