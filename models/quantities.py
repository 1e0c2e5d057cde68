"""Limits as the mind knows them: in figures, and in mm, mm² or %. Converting a unit is arithmetic, so code does it.

A model of this size copies figures well and multiplies badly: of 107 sentences that it read wrong, 28 had a limit in
cm², in µm or in words. Only quantities are rewritten, dozens, and `.5`, of which the point is missed; where it is not
plain that words are a quantity, they stay.
"""

import re

from models.note import LARGEST
from models.number_words import DOZENS, NUMBER, number_of

_UNITS = {  # what a unit is in mm, mm² or %; those of 1 are left alone where their number is in figures
    r"mm|millimet(?:re|er)s?": (1.0, "mm"),
    r"mm²|mm2|mm\^2|sq\.? ?mm|square (?:mm|millimet(?:re|er)s?)|(?:mm|millimet(?:re|er)s?) squared": (1.0, "mm²"),
    r"%|per ?cent": (1.0, "%"),
    r"[µμ]m|um|microns?|micromet(?:re|er)s?": (0.001, "mm"),
    r"cm|centimet(?:re|er)s?": (10.0, "mm"),
    r"cm²|cm2|cm\^2|sq\.? ?cm|square (?:cm|centimet(?:re|er)s?)|(?:cm|centimet(?:re|er)s?) squared": (100.0, "mm²"),
    r"inch|inches": (25.4, "mm"),
    r"in²|in2|in\^2|sq\.? ?in|square inch(?:es)?": (645.16, "mm²"),
}
_ARTICLES = ("a", "an")
PARTS = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10,
    "twentieth": 20, "twenty-fifth": 25, "fiftieth": 50, "hundredth": 100,
}  # fmt: skip
_SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125, "⅕": 0.2, "⅒": 0.1}

_WORD = rf"(?:{NUMBER}|an?)"
_PART = "|".join(sorted(PARTS, key=len, reverse=True))
_FIGURES = r"\d+(?:[.,]\d+)?"
SIGN = f"[{''.join(_SIGNS)}]"
_SEVERAL_PARTS = "|".join(sorted(PARTS.keys() - {"half"}, key=len, reverse=True))  # three quarter, but not twelve half
_SHARE = rf"(?:\d+/\d+|{SIGN}|(?:(?:{_WORD}|\d+)[ -])?(?:{_SEVERAL_PARTS})s?|(?:(?:an?|one|1)[ -])?half)"
_AND = "[ -]and[ -](?:an?[ -])?"
_MIXED = rf"(?:(?P<whole>\d+)(?:{_AND}| ?(?!{_PART}))|(?P<spelt>{_WORD}){_AND})(?P<rest>{_SHARE})"
_AMOUNT = rf"(?P<amount>{_SHARE}|{_MIXED}|{_FIGURES}|{_WORD})"
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?<![\w.,/–-]){_AMOUNT}(?: of an?| an?)?[ -]?(?P<unit>{_UNIT})(?![\w²])(?! squared)", re.IGNORECASE
)
_SHARE_OF = re.compile(
    rf"(?<![\w.,/])(?<!first )(?<!second )(?<!other )(?P<amount>{_SHARE})"
    r"(?=(?: or (?:more|less|over|above|larger))? (?:of (?:the|its?|an?|one|that|each|every|itself)|the|its)\b)"
    rf"(?! of an? (?:{_UNIT}|sq))",
    re.IGNORECASE,
)
# `in` is a place far more often: 0.1 in. long and 1/16" are inches, 3 in the pocket and 0.5 in diameter are none
_INCHES = re.compile(
    r"""(?<![\w.,/])(\d+[.,/]\d+) ?(?:"|in\.?(?= (?:long|wide|deep|across|or|and)\b|[,;:)]|$))""", re.IGNORECASE
)
_BEGINS_WITH_A_POINT = re.compile(r"(?<![\w.,])\.(?=\d)")
_DOZENS = re.compile(  # a dozen or two, a dozen and a half and two dozen half-millimetre spots are no plain number
    rf"(?<![\w.,/–-])(?:(\d+) dozen|{DOZENS})\b"
    rf"(?! and (?:an? |\d|{NUMBER}\b))(?! or (?:so\b|\d|{NUMBER}\b))(?![ -](?:\d|{SIGN}|{NUMBER}\b|(?:{_PART})s?\b))",
    re.IGNORECASE,
)
_HALF_OF_A_NUMBER = re.compile(  # 1 500 µm, 0.5 to 1 cm, a sixteenth of an inch: what was found is a part of it
    rf"(?:(?:\d|{SIGN}|\b{NUMBER})(?: to | and | or | ?[–-] ?| )"
    rf"|\b(?:{_PART}|seventh|ninth|\w+teenth|\w+tieth|thousandth)s? of )$",
    re.IGNORECASE,
)


def in_figures(text: str) -> str:
    """A text with its quantities in figures and in mm, mm² or %.

    >>> in_figures("Nicks from half a square centimetre up, or over three quarters of the tablet")
    'Nicks from 50 mm² up, or over 75 % of the tablet'
    >>> in_figures("Spots > 250 µm, 2½ mm or 1.2 cm, one eighth its area, seen from 30 cm in the first half of it")
    'Spots > 0.25 mm, 2.5 mm or 12 mm, 12.5 % of its area, seen from 30 cm in the first half of it'
    >>> in_figures('Chips over 0.1 in. long, cracks from 1/16" on, and twelve hundred microns in a pocket')
    'Chips over 2.54 mm long, cracks from 1.59 mm on, and 1.2 mm in a pocket'
    >>> in_figures("Spots > .5 mm, half a dozen or more on a tablet, or two dozen in all")
    'Spots > 0.5 mm, 6 or more on a tablet, or 24 in all'
    """
    text = _DOZENS.sub(_of_dozens, _BEGINS_WITH_A_POINT.sub("0.", text))
    return _SHARE_OF.sub(_in_percent, _QUANTITY.sub(_converted, _INCHES.sub(r"\1 inch", text)))


def shares(text: str) -> list[float]:
    """Parts of one that stand in a text.

    >>> shares("a quarter or more is broken away, 1/8 is not")
    [0.25, 0.125]
    """
    return [_share(found[0].lower()) for found in re.finditer(rf"(?<![\w.,/]){_SHARE}(?!\w)", text, re.IGNORECASE)]


def _of_dozens(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    if _HALF_OF_A_NUMBER.search(before):
        return found[0]
    value = 12 * int(found[1]) if found[1] else number_of(found[0])
    return f"{value:g}" if value <= LARGEST else found[0]


def _converted(found: re.Match[str]) -> str:
    factor, unit = next(
        known for pattern, known in _UNITS.items() if re.fullmatch(pattern, found["unit"], re.IGNORECASE)
    )
    amount = found["amount"]
    if _HALF_OF_A_NUMBER.search(found.string[: found.start()]):
        return found[0]
    if factor == 1 and (re.fullmatch(_FIGURES, amount) or amount.lower() in _ARTICLES):
        return found[0]
    if factor < 1:
        amount = re.sub(r",(?=\d{3}$)", "", amount)  # 1,250 µm are thousands
    value = factor * _value(amount)
    return f"{_written(value)} {unit}" if value <= LARGEST else found[0]


def _in_percent(found: re.Match[str]) -> str:
    value = 100 * _value(found["amount"])
    if value >= 100:
        return found[0]
    share = f"{_written(value)} %"
    return f"{share} of" if found.string[found.end() :].startswith((" the", " its")) else share


def _value(amount: str) -> float:
    """
    >>> [_value(said) for said in ("three quarters", "two and a half", "2 1/2", "1½", "0,2", "one twenty-fifth")]
    [0.75, 2.5, 2.5, 1.5, 0.2, 0.04]
    """
    amount = amount.lower()
    if re.fullmatch(_SHARE, amount):
        return _share(amount)
    if mixed := re.fullmatch(_MIXED, amount):
        return _number(mixed["whole"] or mixed["spelt"]) + _share(mixed["rest"])
    return _number(amount)


def _number(said: str) -> float:
    if said in _ARTICLES:
        return 1.0
    return number_of(said) if re.fullmatch(NUMBER, said) else float(said.replace(",", "."))


def _share(said: str) -> float:
    if said in _SIGNS:
        return _SIGNS[said]
    if ratio := re.fullmatch(r"(\d+)/(\d+)", said):
        return float(ratio[1]) / max(1.0, float(ratio[2]))
    words = re.fullmatch(rf"(?:({_WORD}|\d+)[ -])?({_PART})s?", said)
    return _number(words[1] or "one") / PARTS[words[2]] if words else 0.0


def _written(value: float) -> str:
    return f"{value:.{2 if value >= 1 else 4}f}".rstrip("0").rstrip(".")
