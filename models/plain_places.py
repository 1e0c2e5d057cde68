"""Places that a sentence names beside the one of its note, or that nobody drew.

A note holds in one zone, outside one, or everywhere. A place that the package does not know is left out where it is
read: `smears over 5 mm on the tuck flap are minor` would be a rule about all smears, and let pass those of 4 mm that no
other rule names. Code knows a place by a preposition before it, so it does not see all of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.note import REST, Note

_IN = r"(?:on|in|at|within|inside|onto|into|upon|near|along|across|around|beneath|underneath|under|behind)"
_NOT_IN = r"(?:outside(?: of)?|not (?:on|in)|away from|off|except(?: for)?(?: on| in)?|other than(?: on| in)?|next to)"
_AT = rf"(?<![\w-])(?<!whether )(?:{_IN}|{_NOT_IN}|touching)"
_THE = r"(?:the|any|each|every|either|both|this|that|a|an|one|its|all|all the|any of the|one of the)"
_ALL = r"(?:whole|entire|total|full|visible|inspected|examined|affected|same|whole visible)"  # no place of its own
_AREAS = r"(?:area|zone|region|field|panel|strip)s?"
_AREA = re.compile(  # near the coding area; but not: over 3 % of the tablet area, in the visible area
    rf"{_AT} {_THE} (?!{_ALL} {_AREAS}\b)(?:[\w-]+ ){{1,2}}{_AREAS}\b", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"\b(?:anywhere else|everywhere else|somewhere else|(?:on|in|at|within) the (?:rest|remaining \w+)\b"
    r"|(?:on|in|at|within) (?:any |all |the )?other (?:areas?|zones?|places?|parts?|surfaces?))\b",
    re.IGNORECASE,
)
_EDGE = ("edge", "rim", "border", "margin")
_PARTS = (  # that products have
    rf"(?:{'|'.join(_EDGE)}|flap|front|back|top|bottom|corner|label|neck|shoulder|mouth|cap|closure|stopper|crimp|seal|foil"
    r"|web|fold|seam|imprint|logo|text|barcode|hologram|panel|window|base|wall|tip|needle|plunger|barrel|lid|collar|ring"
    r"|band|body|(?<!any )(?<!each )(?<!every )(?<!either )face)"
)
_AT_A_PART = re.compile(rf"{_AT} (?:{_THE} )?(?:[\w-]+ ){{0,2}}?(?P<part>{_PARTS})s?\b", re.IGNORECASE)
_JOINED = re.compile(  # label or code area, label (and the code area), label, in the code area
    rf"(?:,? ?\(?(?:/|&|\+|\band/or\b|\bor\b|\band\b|\bnor\b|\bas well as\b|\bincluding\b) ?|, (?={_IN} ))"
    rf"(?:{_IN} )?(?:{_THE} )?",
    re.IGNORECASE,
)
_OR_A_PART = re.compile(rf"{_JOINED.pattern}(?:[\w-]+ ){{0,2}}?{_PARTS}s?\b", re.IGNORECASE)  # ... or on the tuck flap


@dataclass(frozen=True, slots=True)
class _Named:
    """A zone that a sentence names, as a place or otherwise."""

    zone: str
    start: int
    end: int
    is_place: bool  # a preposition stands before it, or it stands as a heading does


def stray_place(sentence: str, note: Note, own: Iterable[str], zones: Mapping[str, Sequence[str]]) -> str:
    """A place that the note does not hold, for a person; empty where none stands out.

    Args:
        own: what the note's class is and is called: a chip is at the edge whatever a sentence says.
        zones: for each zone what it is, then what it is called.

    >>> zones = {"code area": ("where the code stands",), "label": ("the label",), "rest": ("outside of both",)}
    >>> note = Note(kind="any", defect="spot", severity="major")
    >>> stray_place("Spots on the label or in the code area are major.", note, (), zones)
    'it names two places, "label or in the code area"; write a criterion for each, or one for the rest'
    >>> stray_place("Spots on the tuck flap are major.", note, (), zones)
    'it says "on the tuck flap", a place that is not known: code area, label and rest are'
    """
    if not zones:
        return ""
    told, named = " ".join(own).lower(), list(_zones_in(sentence, zones))
    for one, other in pairwise(named):
        between = sentence[one.end : other.start]
        if one.zone != other.zone and _JOINED.fullmatch(between):
            way = ", or one for the rest" if REST in zones else ""
            return f'it names two places, "{sentence[one.start : other.end]}"; write a criterion for each{way}'
    for one in named if REST in zones else ():  # where people drew them no class has a place of its own
        if one.is_place and one.zone != note.zone and not _is_told(one.zone, told, zones):
            said = sentence[one.start : one.end]
            return f'it names a place, "{said}", that was not read as one; say "on the {one.zone}" or leave it out'
    for one in named:
        also = _OR_A_PART.match(sentence, one.end)
        if also and one.zone == note.zone:
            return f'it names two places, "{sentence[one.start : also.end()]}"; write a criterion for each'
    if note.zone and not note.outside and note.zone != REST and len(zones) > 1:
        return ""  # a part of the zone restricts it further, which nobody can see
    if not note.zone and (rest := _ELSEWHERE.search(sentence)):
        return f'it says "{rest[0]}"; say outside of which place'
    known = [word.lower() for zone, (_, *words) in zones.items() for word in (zone, *words)]
    at_parts = (part for part in _AT_A_PART.finditer(sentence) if not _part_is_told(part["part"].lower(), told))
    for stray in (*_AREA.finditer(sentence), *at_parts):
        if not any(re.search(_called(word), stray[0].lower()) for word in known):
            return f'it says "{stray[0]}", a place that is not known: {_listed(tuple(zones))}'
    return ""


def _zones_in(sentence: str, zones: Mapping[str, Sequence[str]]) -> Iterator[_Named]:
    called = {word.lower(): zone for zone, (_, *words) in zones.items() for word in (zone, *words)}
    either = "|".join(re.escape(word) for word in sorted(called, key=len, reverse=True))
    for found in re.finditer(rf"(?<!\w)(?P<word>{either})s?(?!\w)", sentence, re.IGNORECASE):
        before, after = sentence[: found.start()], sentence[found.end() :]
        placed = re.search(rf"{_AT} (?:{_THE} )?(?:[\w-]+ )?$", before, re.IGNORECASE)
        heads = re.fullmatch(r"[\[(|\s]*", before) and re.match(r"\s*[:\])|]", after)
        yield _Named(called[found["word"].lower()], found.start(), found.end(), bool(placed or heads))


def _is_told(zone: str, told: str, zones: Mapping[str, Sequence[str]]) -> bool:
    return any(re.search(_called(word.lower()), told) for word in (zone, *zones[zone][1:]))


def _called(word: str) -> str:
    return rf"(?<!\w){re.escape(word)}s?(?!\w)"


def _part_is_told(part: str, told: str) -> bool:
    same = _EDGE if part in _EDGE else (part,)
    return re.search(rf"\b(?:{'|'.join(same)})s?\b", told) is not None


def _listed(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"
