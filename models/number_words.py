"""Numbers as people spell them out: `twenty-five`, `a hundred and ten`, `twelve hundred`, `zero point five`."""

import re

ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
DIGITS = ("zero", *ONES[:9])

_DIGIT = "|".join(DIGITS)
_ONES = "|".join(sorted(ONES, key=len, reverse=True))  # sixteen before six
_BELOW_100 = rf"(?:(?:{'|'.join(TENS)})(?:[ -](?:{'|'.join(ONES[:9])}))?|{_ONES})"
_HUNDREDS = rf"(?:(?:an?|{_ONES}) )?hundred(?:(?: and)? {_BELOW_100})?"
_THOUSANDS = rf"(?:(?:an?|{_BELOW_100}) )?thousand(?:(?:,| and)? (?:{_HUNDREDS}|{_BELOW_100}))?"
_WHOLE = rf"(?:{_THOUSANDS}|{_HUNDREDS}|{_BELOW_100})"
NUMBER = rf"(?:(?:zero|nought|{_WHOLE}) point (?:{_DIGIT})(?: (?:{_DIGIT}))*|{_WHOLE})"  # a pattern without groups
DOZENS = rf"(?:(?:an? )?half(?:[ -]an?)?|an?|{_ONES})[ -]dozen"


def number_of(said: str) -> float:
    """The number that a match of `NUMBER` or `DOZENS` says, in any case.

    >>> [number_of(said) for said in ("twelve", "Seventy-five", "two hundred and ten", "a dozen", "zero point five")]
    [12.0, 75.0, 210.0, 12.0, 0.5]
    >>> [number_of(said) for said in ("twelve hundred", "a thousand", "two thousand five hundred and one")]
    [1200.0, 1000.0, 2501.0]
    >>> [number_of(said) for said in ("half a dozen", "half-a-dozen", "a half dozen", "two dozen")]
    [6.0, 6.0, 6.0, 24.0]
    """
    whole, _, decimals = said.lower().partition(" point ")
    words, thousands, value = re.split(r"[ -]|, ", whole), 0, 0
    for word in words:
        if word == "thousand":
            thousands, value = max(value, 1), 0
        elif word == "hundred":
            value = max(value, 1) * 100
        elif word == "dozen":
            value = 6 if "half" in words else max(value, 1) * 12
        elif word in ONES:
            value += ONES.index(word) + 1
        elif word in TENS:
            value += (TENS.index(word) + 2) * 10
    return float(f"{1000 * thousands + value}.{''.join(str(DIGITS.index(digit)) for digit in decimals.split())}0")
