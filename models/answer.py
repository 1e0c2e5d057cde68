"""The mind's closed language: notes and chains as text. Which tokens may come next is `models/grammar.py`.

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
from collections.abc import Collection, Sequence
from functools import cache
from typing import Literal, cast

from models.chain import Chain, Comparison, Item, NoteLine, Question, Verdict, concerns, item_of, number, verdict_of
from models.errors import AnswerMalformed, ModelError
from models.note import MEASURES, SEVERITIES, Kind, Note, Operator, Severity, Tier, Unit

LANGUAGE = 2  # of notes and chains: a mind that was taught another one is refused. 2: places beside each other
SEVERITY_PIECES = tuple(f" {severity}" for severity in SEVERITIES)
UNIT_PIECES = tuple(f" {measure}" for measure in MEASURES)
MOST_TIERS = 2


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


_SEVERITY, _MEASURE = "|".join(SEVERITIES), "|".join(MEASURES)
_TIER = rf"(>=?)(\d\d\.\d\d) ({_SEVERITY})"
_LIMITS = rf"(?: (?P<unit>{_MEASURE}))?(?P<tiers>(?:{_TIER}){{1,2}})"
_RULE = rf"(?:(?P<off> off)| any (?P<any>{_SEVERITY})|{_LIMITS})\n?"
_ITEM = re.compile(
    r"(?P<id>[A-Z]\d+)(?:(?: (?P<at>[^;=]+?))?(?: on (?P<inside>[^;=]+?)| (?P<outside>not [^;=]+?)))?"
    rf"(?: (?P<plain>elsewhere|off)| any (?P<any>{_SEVERITY})|(?: (?P<unit>{_MEASURE}))?"
    rf"(?P<comparisons>(?:=\d\d\.\d\d>=?\d\d\.\d\d (?:under|over (?:{_SEVERITY})))+))"
)
_COMPARISON = re.compile(rf"=(\d\d\.\d\d)(>=?)(\d\d\.\d\d) (?:under|over ({_SEVERITY}))")


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


def redraft(begun: str, lines: Sequence[NoteLine], question: Question, rejecting: Collection[str]) -> Chain | None:
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
