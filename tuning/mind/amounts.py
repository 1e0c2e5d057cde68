"""Amounts as people write them: figures and units, fractions, words, ordinals, shares of a whole.

Every choice comes from the `Random` that is passed in.
"""

from random import Random
from typing import cast

from models.note import Measure, Note
from models.number_words import ONES, TENS
from tuning.mind.wording import Wordings

NUMBER_WORDS = ("zero", *ONES)
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
PARTS_OF_ONE = {
    0.5: ("half", "half", "half", "1/2", "½"),
    0.25: ("a quarter", "one quarter", "1/4", "¼"),
    0.75: ("three quarters", "three-quarters", "3/4", "¾"),
    0.1: ("a tenth", "one tenth", "1/10"),
    0.2: ("a fifth", "one fifth", "1/5"),
    0.3: ("three tenths",),
}
SHARES = {
    50.0: ("half", "one half", "a half"),
    25.0: ("a quarter", "one quarter", "a fourth", "1/4"),
    20.0: ("a fifth", "one fifth", "1/5"),
    10.0: ("a tenth", "one tenth", "1/10"),
    5.0: ("a twentieth", "one twentieth", "1/20"),
    1.0: ("a hundredth", "1/100"),
    30.0: ("three tenths", "3/10"),
    40.0: ("two fifths", "2/5"),
    60.0: ("three fifths", "3/5"),
    80.0: ("four fifths", "4/5"),
    75.0: ("three quarters", "three-quarters", "3/4", "¾"),
    70.0: ("seven tenths", "7/10"),
    90.0: ("nine tenths", "9/10"),
    33.33: ("a third", "one third", "1/3"),
    66.67: ("two thirds", "two-thirds", "2/3"),
    12.5: ("an eighth", "one eighth", "1/8"),
    4.0: ("one twenty-fifth", "1/25"),
    2.0: ("a fiftieth", "1/50"),
}
OF_THE_UNIT = (" of the tablet", " of the surface", " of the area", " of the tablet's area", " of the unit")
UNIT_WORDS = {
    "mm": (("millimetre", "millimetres"), ("millimeter", "millimeters"), ("mm", "mm")),
    "mm2": (("square millimetre", "square millimetres"), ("square millimeter", "square millimeters"), ("mm²", "mm²")),
}
UNUSUAL = 0.25  # share of limits that are not written in figures and in the unit of the note


def figure(draw: Random, value: float) -> str:
    """A number as people write it."""
    whole = f"{value:.2f}"
    text = whole.rstrip("0").rstrip(".") if draw.random() < 0.75 else whole if value < 10 else whole.removesuffix("0")
    return text.replace(".", ",") if draw.random() < 0.04 else text


def amount(draw: Random, wordings: Wordings, note: Note, limit: float) -> str:
    """A limit with its unit, mostly in figures; now and then in words, as a fraction or in a smaller or larger unit."""
    unit = cast(Measure, note.unit)
    share = draw.choice(wordings.words.shares) if unit == "%" else ""
    if draw.random() < UNUSUAL:
        unusual = _converted(draw, limit, unit) if unit != "%" and draw.random() < 0.4 else ""
        unusual = unusual or _in_words(draw, limit, unit)
        if unusual:
            return unusual + (share or draw.choice(OF_THE_UNIT) if unit == "%" and "cent" not in unusual else share)
    return draw.choice(wordings.words.quantities[unit]).format(v=figure(draw, limit)) + share


def _in_words(draw: Random, limit: float, unit: str) -> str:
    """`half a millimetre`, `one and a half mm`, `twenty-five per cent`, `a quarter`; empty where nobody says it so."""
    if unit == "%":
        if limit in SHARES and draw.random() < 0.6:
            return draw.choice(SHARES[limit])
        return f"{spelled(int(limit))} {draw.choice(('per cent', 'percent'))}" if limit == int(limit) else ""
    one, many = draw.choice(UNIT_WORDS[unit])
    whole, rest = int(limit), round(limit - int(limit), 2)
    if rest == 0:
        return f"{spelled(whole)} {one if whole == 1 else many}"
    if rest in PARTS_OF_ONE and whole < 10:
        part = draw.choice(PARTS_OF_ONE[rest])
        if not whole:
            return f"{part} {one}" if part[-1].isdigit() or part[-1] in "¼½¾" else f"{part}{_of_a(part)} {one}"
        if part[-1] in "¼½¾":
            return f"{whole}{part} {many}"
        half = "a half" if part == "half" else part
        return f"{whole} {part} {many}" if part[-1].isdigit() else f"{spelled(whole)} and {half} {many}"
    digits = f"{rest:.2f}"[2:].rstrip("0")
    return f"{spelled(whole)} point {' '.join(spelled(int(digit)) for digit in digits)} {many}"


def nth(draw: Random, count: int) -> str:
    """
    >>> nth(Random(0), 3), nth(Random(1), 3)
    ('3rd', 'third')
    """
    if count <= len(ORDINALS) and draw.random() < 0.7:
        return ORDINALS[count - 1]
    return f"{count}{('th', 'st', 'nd', 'rd')[count] if count < 4 else 'th'}"


def _of_a(part: str) -> str:
    return " a" if part == "half" else " of a"


def _converted(draw: Random, limit: float, unit: str) -> str:
    """A length in micrometres or centimetres, an area in square centimetres; empty where nobody says it so."""
    if unit == "mm2":
        area = draw.choice(("cm²", "cm2", "sq cm", "square centimetres", "square centimeters", "cm^2"))
        return f"{round(limit / 100, 4):g} {area}" if limit >= 1 else ""
    if limit < 1 or draw.random() < 0.2:
        return f"{round(limit * 1000)} {draw.choice(('µm', 'um', 'microns', 'micrometres', 'micron'))}"
    return f"{round(limit / 10, 3):g} {draw.choice(('cm', 'centimetres', 'centimeters'))}"


def spelled(number: int) -> str:
    """A whole number below a hundred in words.

    >>> spelled(35), spelled(12)
    ('thirty-five', 'twelve')
    """
    if number < len(NUMBER_WORDS):
        return NUMBER_WORDS[number]
    tens, ones = divmod(number, 10)
    return TENS[tens - 2] + (f"-{NUMBER_WORDS[ones]}" if ones else "")
