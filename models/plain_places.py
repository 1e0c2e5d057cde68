"""Places that a sentence names beside the one of its note, or that nobody drew.

A note holds in one zone, outside one, or everywhere. A place that the package does not know is left out where it is
read: `smears over 5 mm on the tuck flap are minor` would be a rule about all smears, and let pass those of 4 mm that no
other rule names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from models.note import Note

_AT = r"(?:on|in|at|within|inside|outside|near|along|around|beneath|underneath|under|behind|next to|away from)"
_THE = r"(?:the|any|each|every|both|a|an|one|its|all)"
_AREA = re.compile(  # near the coding area; but not: over 3 % of the tablet area, in a large area
    rf"\b{_AT} {_THE} (?:[\w-]+ ){{1,2}}(?:area|zone|region|field)s?\b", re.IGNORECASE
)
_REST = re.compile(
    r"\b(?:anywhere else|everywhere else|somewhere else|(?:on|in|at|within) the (?:rest of|remaining)"
    r"|(?:on|in|at|within) (?:any |all |the )?other (?:areas?|zones?|places?|parts?|surfaces?))\b",
    re.IGNORECASE,
)
_EDGE = ("edge", "rim", "border", "margin")
_PARTS = (  # that products have
    rf"(?:{'|'.join(_EDGE)}|flap|face|front|back|top|bottom|corner|label|neck|shoulder|mouth|cap|closure|stopper|crimp|seal"
    r"|foil|web|fold|seam|imprint|logo|text|barcode|window|base|wall|tip|needle|plunger|barrel|lid|collar|ring|band|body)"
)
_AT_A_PART = re.compile(rf"\b{_AT} {_THE} (?:[\w-]+ ){{0,2}}?(?P<part>{_PARTS})s?\b", re.IGNORECASE)
_JOINED = re.compile(rf" ?(?:/|&|\bor\b|\band\b|\bnor\b) ?(?:{_AT} )?(?:{_THE} )?", re.IGNORECASE)


def stray_place(sentence: str, note: Note, own: Iterable[str], zones: Mapping[str, Sequence[str]]) -> str:
    """A place that the note does not hold, for a person; empty where none stands out.

    Args:
        own: what the note's class is and is called: a chip is at the edge whatever a sentence says.
        zones: for each zone what it is, then what it is called.

    >>> zones = {"code area": ("where the code stands",), "label": ("the label",), "elsewhere": ("outside of both",)}
    >>> note = Note(kind="any", defect="spot", severity="major")
    >>> stray_place("Spots on the label or in the code area are major.", note, (), zones)
    'it names two places, "label or in the code area"; write a criterion for each'
    >>> stray_place("Spots on the tuck flap are major.", note, (), zones)
    'it says "on the tuck flap", a place that is not known: code area, label and elsewhere are'
    """
    called = {word.lower(): zone for zone, (_, *words) in zones.items() for word in (zone, *words)}
    either = "|".join(re.escape(word) for word in sorted(called, key=len, reverse=True))
    found = list(re.finditer(rf"\b(?:{either})\b", sentence, re.IGNORECASE)) if called else []
    for one, other in pairwise(found):
        between = sentence[one.end() : other.start()]
        if called[one[0].lower()] != called[other[0].lower()] and _JOINED.fullmatch(between):
            return f'it names two places, "{sentence[one.start() : other.end()]}"; write a criterion for each'
    if note.zone:
        return ""
    if rest := _REST.search(sentence):
        return f'it says "{rest[0]}"; say outside of which place'
    told = " ".join(own).lower()
    at_parts = (part for part in _AT_A_PART.finditer(sentence) if not _is_told(part["part"].lower(), told))
    stray = _AREA.search(sentence) or next(at_parts, None)
    return f'it says "{stray[0]}", a place that is not known: {_listed(tuple(zones))}' if stray else ""


def _is_told(part: str, told: str) -> bool:
    same = _EDGE if part in _EDGE else (part,)
    return re.search(rf"\b(?:{'|'.join(same)})s?\b", told) is not None


def _listed(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"
