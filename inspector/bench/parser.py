"""A reader without a model: word lists and regular expressions, what the mind's reading is measured against.

Classes, zones and what they are called come from the package and the sheet; `parser_words` adds what one would think
of for the embedded package. Where a sentence looks like a criterion and something is missing, or stands there twice,
the answer is `other` with score 0: it never guesses.

There is no grammar of negation for limits: "must not exceed 2" and "exceeds 2" draw the same line, and so do "under 2
is fine" and "not less than 2". Only whether the limit's own side is still good differs, and the words say that.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

from inspector.bench import parser_words as words_of
from models.answer import MOST_TIERS
from models.note import LARGEST, Kind, Note, Operator, Severity, Tier, Unit
from models.package import Words
from models.prompt import CriterionText

_END = 10**9  # behind every text


class _Hit(NamedTuple):
    """Words that name a class."""

    start: int
    end: int
    defect: str


class _Limit(NamedTuple):
    """A number with its operator."""

    at: int
    value: float
    unit: str  # empty: a bare number
    operator: Operator
    direct: bool  # beyond it is bad; False: up to it is fine


class _Said(NamedTuple):
    """A severity and where it stands."""

    at: int
    severity: Severity


class _Place(NamedTuple):
    zone: str = ""
    outside: bool = False


class Parser:
    """Reads criteria without a model, behind the Protocol of the mind (`models.reading.Reader`)."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def read(
        self,
        lines: Sequence[CriterionText],
        glossary: Mapping[str, Sequence[str]],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Note, float]]:
        """One note a line with its score: 1 where nothing was missing, else 0 and a note of kind `other`."""
        lexicon, read = _Lexicon(self._words, glossary), list[tuple[Note, float]]()
        for line in lines:
            note = _note(lexicon, lexicon.plain(line.heading), lexicon.plain(line.sentence))
            read.append((Note(kind="other"), 0.0) if note is None else (note, 1.0))
            if progress:
                progress(len(read), len(lines))
        return read


class _Lexicon:
    """What classes and zones are called, as patterns on plain text."""

    def __init__(self, words: Words, glossary: Mapping[str, Sequence[str]]) -> None:
        self._corrected: dict[str, str] = {}
        named = {name: (name, *glossary.get(name, ())) for name in (*words.defects, *words.zones)}
        said = {_spelled(entry) for known in named.values() for entry in known}
        self._known = {_singular(word) for entry in said for word in re.findall("[a-z]+", entry)} | words_of.KNOWN
        self._nouns = {_singular(entry) for entry in said if entry.isalpha()}
        called = {name: [self.plain(entry) for entry in _parts(known)] for name, known in named.items()}
        own = {d: "|".join(_phrase(entry) for entry in called[d] if "," not in entry) for d in words.defects}
        by_hand = {d: "|".join(words_of.CLASSES.get(d, ())) for d in words.defects}
        self._classes = [  # the glossary's own words first: they win where both match as much
            (defect, re.compile(rf"\b(?:{pattern})\b"))
            for table in (own, by_hand)
            for defect, pattern in table.items()
            if pattern
        ]
        self.zones = {
            z: "|".join(p for p in (words_of.ZONES.get(z, ""), *map(re.escape, called[z])) if p) for z in words.zones
        }
        about = {d: self.plain(" ".join(glossary.get(d, ())[:1])) for d in words.defects}
        self.implied = {d: {z for z in words.zones if re.search(rf"\b{z}\b", about[d])} for d in words.defects}

    def plain(self, text: str) -> str:
        """Lower case, one spelling, singular, typing errors undone, numbers as digits, units as mm, mm2 and %."""
        tokens = re.findall(r"\d+(?:\.\d+)?|[a-z]+2?|>=|<=|[<>%+:;,.()=?]", _spelled(text))
        return _measured(" ".join(self._word(token) if token.isalpha() else token for token in tokens))

    def hits(self, text: str) -> list[_Hit]:
        """Classes named in a text, in order; where two expressions overlap, the longer one."""
        found = [_Hit(*match.span(), defect) for defect, called in self._classes for match in called.finditer(text)]
        kept: list[_Hit] = []
        for hit in sorted(found, key=lambda hit: hit.start - hit.end):
            if all(hit.end <= other.start or hit.start >= other.end for other in kept):
                kept.append(hit)
        return sorted(kept)

    def _word(self, token: str) -> str:
        if token not in self._corrected:
            word, near = _singular(token), list[str]()
            if len(token) > 4 and not {token, word} & (self._known | words_of.PLAIN):
                near = [
                    k for k in sorted(self._known) if len(k) > 4 and (_one_off(word, k) or _one_off(token, f"{k}s"))
                ]
                near.sort(key=lambda known: (known not in words_of.KNOWN, -len(known)))
                near += [noun for noun in sorted(self._nouns) if len(noun) == 4 and _one_off(token, f"{noun}s")]
            self._corrected[token] = near[0] if near else word
        return self._corrected[token]


def _note(lexicon: _Lexicon, heading: str, sentence: str) -> Note | None:
    """What a sentence says; None where it looks like a criterion and cannot be read."""
    every = lexicon.hits(sentence)
    hits = [hit for hit in every if not words_of.UNLIKE.search(sentence[: hit.start])]
    hits = [hit for hit in hits if not any(then.start == hit.end + 1 for then in hits)]  # a discolored spot is a spot
    named = hits or lexicon.hits(heading)
    text = _masked(sentence, every, named[0].defect if named else "")
    bare = words_of.NO_SEVERITY.sub(" ", text)
    own = _severities(words_of.SEVERITY, bare)
    said = own or _severities(words_of.HEADING, heading)
    limits = _limits(bare)
    off = _is_off(text, heading, stated=bool(own))
    stated = bool(words_of.PREDICATE.search(bare)) or (bool(said) and limits != [])
    prose = "?" in sentence or bool(words_of.PROSE.search(text))
    if prose and (not named or "?" in sentence or not (stated or off)):
        return Note(kind="other")
    if not named:
        whole = stated and len({one.severity for one in own}) == 1 and not words_of.UNSEEN.search(sentence)
        return None if whole else Note(kind="other")
    defect = named[0].defect
    place = _place(lexicon, defect, text)
    if place == _Place():
        place = _place(lexicon, defect, heading)
    twice = any(a.defect != b.defect and words_of.AND.fullmatch(sentence[a.end : b.start]) for a, b in pairwise(hits))
    if place is None or limits is None or twice:
        return None
    where = Note(kind="off", defect=defect, zone=place.zone, outside=place.outside)
    if off and not limits:
        return where
    if not said:
        return None
    if not limits:
        any_of_it = where.model_copy(update={"kind": "any", "severity": said[0].severity})
        return any_of_it if len({one.severity for one in said}) == 1 else None
    tiers, unit = _tiers(limits, said), limits[0].unit
    kind: Kind = "count" if unit == "count" else "size"
    return where.model_copy(update={"kind": kind, "unit": cast(Unit, unit), "tiers": tiers}) if tiers else None


def _masked(text: str, hits: Sequence[_Hit], defect: str) -> str:
    """The text with the class in question as @ and any other as #: their words are neither zone nor limit."""
    for hit in reversed(hits):
        text = f"{text[: hit.start]}{'@' if hit.defect == defect else '#'}{text[hit.end :]}"
    return text


def _severities(pattern: re.Pattern[str], text: str) -> list[_Said]:
    return [_Said(m.start(), cast(Severity, words_of.LONG.get(m[1], m[1]))) for m in pattern.finditer(text)]


def _is_off(text: str, heading: str, *, stated: bool) -> bool:
    """Whether the class is laid off; to be acceptable means that only where no severity is stated."""
    fine = words_of.FINE.search(text) and not words_of.NONE.search(text)
    return bool(words_of.OFF.search(text)) or (not stated and bool(fine or words_of.OFF.search(heading)))


def _place(lexicon: _Lexicon, defect: str, text: str) -> _Place | None:
    """Where a criterion holds; None where two zones are named."""
    if "foil" in lexicon.zones:
        text = words_of.WEB.sub("on foil", text)
    text = words_of.MUST_NOT.sub("", text)
    inside, outside = set[str](), set[str]()
    for zone, called in lexicon.zones.items():
        implied, name = zone in lexicon.implied[defect], rf"(?:{called})\b"
        beyond = words_of.OUTSIDE if implied else f"(?:{words_of.OUTSIDE}|{words_of.BESIDE})"
        whole = re.sub(rf"{words_of.OF_AREA}{name}", "%", text)
        rest = re.sub(rf"(?<!\w){beyond} {words_of.LOOSE}{name}", "!", whole)
        if rest != whole:
            outside.add(zone)
        named = [rf"\b{words_of.ON} {words_of.NEAR}{name}"]
        if not implied and not (defect in words_of.WHOLE and zone == "pocket"):
            named += [rf"(?<!% )\b{words_of.IN} {words_of.NEAR}{name}", rf"\b{name} (?:@|only|{words_of.BEARING} )"]
            named += [rf"\( ?{name} ?\)", f"@ {name}", rf"^{name} ?(?:[:,]|$)"]
        if any(re.search(pattern, rest) for pattern in named):
            inside.add(zone)
    found = sorted(inside or outside)
    if len(found) > 1:
        return None
    return _Place(found[0], outside=not inside) if found else _Place()


def _limits(text: str) -> list[_Limit] | None:
    """Every limit in a masked text, in order; None where a number has no meaning or sizes and counts stand together."""
    fine, found = bool(words_of.FINE.search(text)), list[_Limit]()
    for number in words_of.NUMBER.finditer(text):
        before, after = text[: number.start()].rstrip(), text[number.end() :]
        counted = re.match(r" (?:[\w#]+ ){0,3}@", after) or re.search(r"\b(?:number|count|quantity)\b", before)
        rule = _rule(before, after)
        if not rule and not number[2] and (not counted or float(number[1]) <= 1):
            continue
        operator, direct = rule or ((">", False) if fine else (">=", True))
        unit = number[2] or ("count" if counted else "size" if words_of.SIZED.search(before) else "")
        found.append(_Limit(number.start(), float(number[1]), unit, operator, direct))
    for ordinal in words_of.ORDINAL.finditer(text):
        found.append(_Limit(ordinal.start(), float(words_of.ORDINALS.index(ordinal[1]) + 2), "count", ">=", True))
    units = {limit.unit for limit in found} - {"", "size"}
    if len(units) > 1 or (not units and any(limit.unit == "size" for limit in found)):
        return None
    unit = units.pop() if units else "count"
    found = [limit._replace(unit=unit) for limit in sorted(found)]
    if any(limit.value > LARGEST or (unit == "count" and not limit.value.is_integer()) for limit in found):
        return None
    once = ((">=", 1), (">", 0))  # of a count that is any occurrence
    return [limit for limit in found if unit != "count" or (limit.operator, limit.value) not in once]


def _rule(before: str, after: str) -> tuple[Operator, bool] | None:
    """Operator, and whether beyond is bad, from the words around a number."""
    for pattern, operator, direct in words_of.AFTER:
        if re.match(rf"{words_of.SPACER} ?(?:{pattern})(?!\w)", after):
            return operator, direct
    for pattern, operator, direct in words_of.BEFORE:
        if re.search(rf"(?<!\w)(?:{pattern}){words_of.BETWEEN}$", before):
            return operator, direct
    return None


def _tiers(limits: Sequence[_Limit], said: Sequence[_Said]) -> tuple[Tier, ...]:
    """One tier a severity, ascending; empty where they cannot be paired or the highest has an upper end."""
    if len({one.severity for one in said}) == 1:
        groups = [(said[0].severity, [limit for limit in limits if limit.direct] or limits)]
    else:
        edges = [one.at for one in said]
        edges = [*edges, _END] if edges[0] < limits[0].at else [-1, *edges]
        groups = [
            (one.severity, [limit for limit in limits if limit.direct and start < limit.at < end])
            for one, (start, end) in zip(said, pairwise(edges), strict=True)
        ]
    if any(len({limit.value for limit in group}) != 1 for _, group in groups):
        return ()
    tiers = [Tier(operator=group[0].operator, limit=group[0].value, severity=severity) for severity, group in groups]
    tiers.sort(key=lambda tier: tier.limit)
    distinct = len({tier.limit for tier in tiers}) == len({tier.severity for tier in tiers}) == len(tiers) <= MOST_TIERS
    return tuple(tiers) if distinct and all(limit.value <= tiers[-1].limit for limit in limits) else ()


# ---------------------------------------------------------------- plain text
def _spelled(text: str) -> str:
    text = " ".join(text.lower().translate(words_of.SIGNS).split())
    for pattern, put in words_of.SPELLING:
        text = re.sub(pattern, put, text)
    return text


def _measured(text: str) -> str:
    """Numbers as digits, units as mm, mm2 and %, a range as `from A up to B`.

    >>> _measured("half a millimeter")
    '0.5 mm'
    """
    for value, word in enumerate(words_of.COUNTS):
        text = text if word == "one" else re.sub(rf"\b{word}\b", str(value), text)
    for pattern, put in words_of.UNITS:
        text = re.sub(pattern, put, text)
    text = words_of.SCALED.sub(lambda m: f"{float(m[1]) * words_of.IN_MM[m[2]] ** (2 if m[3] else 1):g} mm{m[3]}", text)
    return " ".join(text.split())


def _singular(word: str) -> str:
    if len(word) < 4 or word in ("does", "ones") or not word.endswith("s") or word[-2] in "sui":
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else re.sub(r"(?:(?<=ss)|(?<=x)|(?<=ch)|(?<=sh))es$|s$", "", word)


def _one_off(one: str, other: str) -> bool:
    """Whether one letter was left out, added or changed, or two changed places."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[at:], other[at:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _parts(known: Sequence[str]) -> Iterator[str]:
    """A class's name and words, and the parts of its description (the entry behind the name)."""
    for at, entry in enumerate(known):
        yield entry
        if at == 1:
            yield from (part for part in re.split(r",| or ", entry) if len(part.split()) > 1)


def _phrase(plain: str) -> str:
    words = [re.escape(word) for word in plain.split() if word not in ("a", "an", "the", "its")]
    if len(words) == 1:
        return rf"{words[0]}(?:\w?(?:ed|ing)|y)?"
    return f" {words_of.LINK}".join(words) + (f"|{words[1]} {words_of.LINK}{words[0]}" if len(words) == 2 else "")
