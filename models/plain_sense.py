"""What a sentence says beyond the one rule that was read off it: a second rule, or the rule turned round.

A note holds one class, one kind of limit and rules of the form "more than"; the fields of a sheet hold no more. What a
sentence says besides would be lost without a difference between words and fields: `Chips of 3 mm or less are major`
reads like its contrary, `any crack or chip` like a rule about cracks. So code looks for what is left over, and a line
with something left over is not judged by. It looks at plain signs only: numbers, severities, names, the direction of a
comparison, conditions, sums and what nobody measures. A sentence that it wrongly objects to can be said more plainly;
what it cannot see, a person must.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from models.note import SEVERITIES, Note
from models.number_words import NUMBER, number_of
from models.plain_places import stray_place
from models.quantities import PARTS, SIGN, shares

_NUMBER = r"\d+(?:[.,]\d+)?"
_UNIT = r"(?:mm²|mm2|mm\^2|mm|%|sq\.? ?mm|square mm|(?:square )?millimet(?:re|er)s?|per ?cent)"
_PART = "|".join((*PARTS, "thirds", "quarters", "point"))
_SEVERITY = f"(?:{'|'.join(SEVERITIES)})"
_MORE = r"(?:(?:more|greater|larger|longer) than|in excess of|exceed(?:s|ing)?|over|above|at least|>=?|≥)"
_LESS = (
    r"(?:(?:smaller|less|shorter|narrower|finer|lower|fewer) than|(?:lower|less|smaller) or equal(?: to)?"
    r"|below|under(?! one of)|at (?:the )?most|up to|an? maximum of|not exceeding"
    r"|\bnot? (?:larger|longer|bigger|more|greater|wider) than"
    r"|(?:do|does|did) not reach|<=?|≤|‹)"
)
_OR_LESS = r"(?:or|and) (?:less|smaller|shorter|below|under|fewer)"
_GOOD = r"(?:accept\w*|allow\w*|permi\w+|tolera\w*|pass\w*|ok|okay|fine|ignor\w*|disregard\w*|exempt\w*|nobody minds)"
_BINDING = r"(?:must|shall|should|ha(?:s|ve) to|may|can|need\w*|require\w*|unless|except\w*|limit\w*|max\w*)"
_REST = (
    r"(?:good|or|else|otherwise|if|when|anything|everything|rest|from|after|failing|remain\w*|further|higher|larger|longer"
    r"|more|bigger|over|above|beyond|exceed\w*|others|fail(?= ?[=:]))"
)
_NONE = r"(?:not|no|nothing|never)"
ANY_DEFECT = ("deviation", "irregularity")  # said of every defect: an area deviation, a major deviation


def _phrase(*parts: str) -> re.Pattern[str]:
    return re.compile("".join(parts), re.IGNORECASE)


_SIZED = _phrase(rf"(?<![\w.,/])(?P<number>{_NUMBER})[ -]?{_UNIT}(?!\w)")
_FOREIGN = _phrase(  # what `in_figures` did not bring into mm, mm² or %
    rf"(?:(?<![\w.,/])\d[\d.,]*|{NUMBER}|th)[ -]?(?:of an? )?(?:square |sq\.? ?)?",
    r"(?:cm[²2]?|centimet(?:re|er)s?|[µμun]m[²2]?|microns?|micromet(?:re|er)s?|nanomet(?:re|er)s?|mils?|thou|inch(?:es)?"
    r"|in[²2]|squared)(?!\w)",
)
_FIGURES = _phrase(rf"(?<![\w,])\d*[.,]?\d+|\b{NUMBER}\b")
_NOT_A_COUNT = rf"(?![.,/]?\d)(?![ -]?{_UNIT}(?!\w))(?![ -](?:{_PART})\b)"  # but the beginning of another number
_COUNTED = _phrase(
    rf"(?<![\w.,/])(?:(?:{_MORE}|{_LESS}) ?(?P<number>\d+|{NUMBER})\b{_NOT_A_COUNT}",
    rf"|(?P<or_more>\d+|{NUMBER}) or more\b(?! of (?:it|its|the)\b))",
)
_SMALLER = _phrase(  # what is below a limit is judged: below 2 mm are major, 2 mm or less counts as major
    r"(?<!not )(?<!no )(?<!never )(?<!longer )(?<!not stay )(?<!not remain )(?<!not show )(?<!but )",
    rf"(?:{_LESS} ?(?:and including )?(?:{_NUMBER}|{NUMBER}\b)(?: ?{_UNIT})?|{_NUMBER}(?: ?{_UNIT})? {_OR_LESS}",
    rf"|(?:within|until) {_NUMBER} ?{_UNIT})",
    rf"(?P<then>[^.;]*?)\b(?P<severity>{_SEVERITY})\b(?! (?:above|beyond|from|over|if (?:exceeded|more|larger)))",
)
_SEVERE_BELOW = _phrase(  # the same, the severity first: must be called major if they are below 3 mm
    rf"\b(?P<severity>{_SEVERITY})\b,? (?:only )?",
    r"(?P<between>(?:(?:if|when|where|as long as|while)\b[^.;|]{0,30}? )?)",
    rf"(?<!not )(?<!no ){_LESS} ?(?:and including )?(?:{_NUMBER}|{NUMBER}\b)(?P<rest>[^.;|]*)",
)
_TURNED_BACK = _phrase(rf"\b(?:{_GOOD}|exceed\w*|fail\w*|violat\w*|not|no)\b|n't\b")
_CALLED = _phrase(  # what binds is the severity and not the limit: up to 3 mm have to be called; shall, if smaller, be
    r"\b(?:must|shall|should|ha(?:s|ve) to|may|can) be",
    r"(?: (?:graded|rated|class\w+|called|considered|treated|counted|regarded|reported))?(?: as)?(?: an?)?\s*$",
)
_SHALL_IF = _phrase(r"\b(?:must|shall|should),? (?:if|when|where)\s*$")
_A_LIMIT_BEFORE = _phrase(rf"\b(?:{_GOOD}|{_BINDING})\b")  # ... unless it is what must be, or what is accepted
_A_LIMIT_AFTER = _phrase(
    rf"\b(?!shall be (?:graded|rated|classified|called)\b)(?:{_GOOD}|{_BINDING}|{_REST}|{_NONE})\b"
)
_NO_LONGER = _phrase(
    r"\b(?:not|no longer|rather than|instead of|never|than|formerly|previously)(?: as)?(?: an?)?",
    r"(?: just| mere| merely| only)? ",
    rf"{_SEVERITY}\b|n't {_SEVERITY}\b|\b{_SEVERITY} is not enough",
)
_DENIED = _phrase(
    r"(?:\b(?:not|never|no|by no means)|n't)",
    r"(?: (?:to|be|an?|any|even|as|counts?|counted|considered|regarded|rated|graded|class(?:ed|ified)|treated)){0,4}",
    rf" (?P<severity>{_SEVERITY})\b",
)
_DENIED_TWICE = _phrase(r"\bnever not\b|\bno\b[^.;]*\b(?:that|which) (?:is|are) not\b")  # no crack that is not critical
_LIMITED = _phrase(rf"{_LESS}|{_OR_LESS}|\b(?:before|until)\b")
_ANY_SEVERITY = _phrase(  # mistyped ones, too
    r"\b(?!criteri|minim|minut|majorit|min\.? ?\d)",
    r"(?:maj\w*|m[aj]+[oy]\w*r|m\w{0,2}[gij]\w?or|min\w*|crit\w*|c[ir]+\w*cal)\b",
)
_UNSETTLED = _phrase(
    rf"\b(?:TBD|TBC|to be (?:confirmed|decided|defined))\b|~~|^\W?(?:proposal|draft|deleted)[:\])]|\b{_SEVERITY}\?$"
)
_CONDITION = _phrase(
    r"\b(?:only (?:after|if|when|until)|provided that|on condition|elsewhere(?! than| in (?:this|the) ))\b(?![^.;]*\d)",
)
_TURNED = _phrase(  # dust is ignored, except on the tablet, where it is critical
    rf"(?<!not )(?<!not be )(?<!never )\b(?:{_GOOD}|disregarded|not (?:inspected|judged|assessed|rated|counted))\b",
    rf"[^.;|]*\b(?:except|but|unless|save)\b[^.;|]*\b{_SEVERITY}\b",
)
_VAGUE = _phrase(r"(?P<said>^[\W\d]*(?:an? (?:few|number of|handful of)|several|numerous|many))\b(?!-)")
_DOZEN = r"\b(?P<said>(?:(?:few|several) )?dozens?)\b(?!-)"
_DOZENS = _phrase(_DOZEN)  # that `in_figures` left
_DOZENS_FIRST = _phrase(r"^[\W\d]*(?:[\w-]+ ){0,3}?", _DOZEN)
_WORDED = _phrase(rf"(?:\d+/\d+|{SIGN}|\b(?:{_PART})s?)[ -]?(?:of an? )?{_UNIT}(?!\w)")  # a size that it left
_SUM = _phrase(
    r"\b(?:(?<!the )(?<!of )(?<!'s )(?<!its )total (?:area|length|size|surface)|in total|altogether|combined|cumulative"
    r"|(?:taken|added) (?:together|up))\b",
)
_OF_A_LENGTH = _phrase(
    r"% (?:or \w+ )?of (?:(?!area|surface|or more|or over)[^.;|]){0,40}?",
    r"\b(?:diameter|length|width|height|edge|rim|circumference|perimeter)\b",
)
_UNKNOWN = _phrase(
    r"\b(?:(?:per|a|each) (?:lot|batch|shift|hour|shipment)(?! (?:number|no\b|code|of [a-z]))|deeper|depth|closer)\b"
)


def left_over(sentence: str, note: Note, names: Mapping[str, Sequence[str]], zones: Mapping[str, Sequence[str]]) -> str:
    """What a sentence says besides its note, for a person; empty where nothing stands out.

    Args:
        sentence: as the mind read it, quantities in figures.
        note: what was read.
        names: for each class what it is, then what it is called, the package's words and the sheet's.
        zones: the same for each zone.

    >>> from models.note import Tier
    >>> tier = Tier(operator=">", limit=0.8, severity="critical")
    >>> spot = Note(kind="size", defect="spot", unit="mm", tiers=(tier,))
    >>> left_over("Spots over 0.8 mm are critical, and so are more than 3 of any size.", spot, {}, {})
    'it also says "more than 3"'
    >>> left_over("Spots of 0.8 mm or less are critical.", spot, {}, {})
    'it says that what is smaller is critical'
    >>> left_over("Spots up to 0.8 mm are accepted, larger ones are critical.", spot, {}, {})
    ''
    """
    if note.kind == "other":
        return ""
    for said in (_numbers(sentence, note), _severities(sentence, note), _classes(sentence, note, names)):
        if said:
            return f"it also says {', '.join(said)}"
    for smaller in _SMALLER.finditer(sentence):
        before = _SHALL_IF.sub("", re.split(r"[.;:|]", sentence[: smaller.start()])[-1])
        if not _A_LIMIT_BEFORE.search(before) and not _A_LIMIT_AFTER.search(_CALLED.sub("", smaller["then"])):
            return f"it says that what is smaller is {smaller['severity'].lower()}"
    below = _SEVERE_BELOW.search(sentence) if len(note.tiers) == 1 else None
    if below and not _TURNED_BACK.search(below["between"] + below["rest"]):
        return f"it says that what is smaller is {below['severity'].lower()}"
    severities = _severities_of(note)
    if severities and not _ANY_SEVERITY.search(sentence):
        return "it does not say how severe that is: critical, major or minor"
    denied = None if _DENIED_TWICE.search(sentence) else _DENIED.search(sentence)
    if denied and denied["severity"].lower() in severities and not _LIMITED.search(sentence):
        return f'it says "{denied[0]}"'
    if condition := _CONDITION.search(sentence):
        return f'it sets a condition, "{condition[0]}"'
    if unsettled := _UNSETTLED.search(sentence):
        return f'it says "{unsettled[0]}": is it a rule yet, or still one?'
    if vague := _vague(sentence, note):
        return f'it says "{vague}": from how many on? Write a number'
    if unknown := _UNKNOWN.search(sentence):
        return f'it speaks of "{unknown[0]}"'
    if note.kind == "size" and (unread := _unread(sentence, note)):
        return unread
    if note.kind == "any" and note.zone and (turned := _TURNED.search(sentence)):
        return f'it says "{turned[0]}", of which one half only can be read'
    if len(note.tiers) > 1 and not _rising(note):
        return "its limits and severities do not rise together"
    return stray_place(sentence, note, (note.defect, *names.get(note.defect, ())), zones)


def _severities_of(note: Note) -> set[str]:
    return {tier.severity for tier in note.tiers} | ({note.severity} if note.severity else set())


def _rising(note: Note) -> bool:
    ranks = [SEVERITIES.index(tier.severity) for tier in sorted(note.tiers, key=lambda tier: tier.limit)]
    return len({tier.limit for tier in note.tiers}) == len(ranks) and ranks == sorted(ranks, reverse=True)


def _numbers(sentence: str, note: Note) -> list[str]:
    """Limits that the note does not have."""
    limits = {tier.limit for tier in note.tiers}
    if note.kind == "count":  # up to three, a fourth is one too many
        limits |= {float(tier.least_count - less) for tier in note.tiers for less in (0, 1)}
    sized = [
        found for found in _SIZED.finditer(sentence) if not _is_limit(found["number"], limits, note.kind == "size")
    ]
    counted = [
        found
        for found in _COUNTED.finditer(sentence)
        if not _is_limit(found["number"] or found["or_more"], limits, bool(note.tiers))
    ]
    worded = [] if note.kind == "size" else _WORDED.finditer(sentence)
    return [f'"{found[0].strip()}"' for found in (*sized, *worded, *counted)]


def _is_limit(number: str, limits: Iterable[float], limited: bool) -> bool:
    return limited and _among(_value(number), limits)


def _among(value: float, others: Iterable[float]) -> bool:
    return any(abs(value - other) < 0.01 for other in others)  # a third is 33.33 %


def _value(number: str) -> float:
    return number_of(number) if number[0].isalpha() else float(number.replace(",", "."))


def _vague(sentence: str, note: Note) -> str:
    """An amount that nobody can count by; empty where what follows it says the number."""
    if note.kind == "off":
        return ""
    dozens = _DOZENS_FIRST if note.kind == "any" else _DOZENS
    vague = dozens.search(sentence) or _VAGUE.search(sentence)
    if not vague:
        return ""
    figures = [_value(found[0]) for found in _FIGURES.finditer(sentence, vague.end())]
    if note.kind == "count" and all(_among(tier.limit, figures) for tier in note.tiers):
        return ""
    return vague["said"]


def _unread(sentence: str, note: Note) -> str:
    """A limit that does not stand in the sentence, one in a unit that nobody converts, or one on something else."""
    sized = [_value(found["number"]) for found in _SIZED.finditer(sentence)]
    parts = shares(sentence)
    figures = [_value(found[0]) for found in _FIGURES.finditer(sentence)] + parts + [100 * part for part in parts]
    foreign = _FOREIGN.search(sentence)
    for tier in note.tiers:
        if foreign and not _among(tier.limit, sized):
            return f'it says "{foreign[0]}"; write the limit in mm, mm² or %'
        if not _among(tier.limit, figures):
            return f"it does not say {tier.limit:g}"
    if summed := _SUM.search(sentence):
        return f'it says "{summed[0]}", and each finding is measured by itself'
    if note.unit == "%" and (share := _OF_A_LENGTH.search(sentence)):
        return f'it says "{share[0]}", and shares are of the unit\'s area'
    return ""


def _severities(sentence: str, note: Note) -> list[str]:
    """Severities that the note does not have."""
    own, text = _severities_of(note), _NO_LONGER.sub(" ", sentence)
    said = dict.fromkeys(found.lower() for found in re.findall(rf"\b{_SEVERITY}\b", text, re.IGNORECASE))
    return [f'"{severity}"' for severity in said if severity not in own] if own else []


def _classes(sentence: str, note: Note, names: Mapping[str, Sequence[str]]) -> list[str]:
    """Other classes, by what they are called, where that is no part of what the note's class is called."""
    text = sentence.lower()
    for own in sorted((note.defect, *names.get(note.defect, ())), key=len, reverse=True):
        text = _naming(own).sub(" ", text)
    others = (called for name, words in names.items() if name != note.defect for called in (name, *words[1:]))
    told = (_naming(called).search(text) for called in others if called not in ANY_DEFECT)
    return list(dict.fromkeys(f'"{found[0]}"' for found in told if found))


def _naming(called: str) -> re.Pattern[str]:
    """A name in its usual forms: chip, chips, chipped; empty cavity, empty cavities; but not what somebody does."""
    name = re.escape(called.lower())
    plural = rf"|{name[:-1]}ies" if name.endswith("y") else ""
    return re.compile(rf"(?<!you )(?<!we )(?<!they )(?<!to )\b(?:{name}(?:e?s|p?ed|ing)?{plural})\b")
