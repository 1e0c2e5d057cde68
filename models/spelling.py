"""Slips of the finger put right before the mind reads, as a careful reader puts them right without noticing.

A wrong correction would be a wrong criterion, so only what is beyond doubt is put right: a word that nobody knows, with
one known word, or one far more usual than the others, nearest to it, which begins alike. Numbers, negations and names
stay for the mind to make sense of.
"""

import re
import unicodedata
from functools import lru_cache
from importlib import resources

from symspellpy import SymSpell, Verbosity

from models.number_words import ONES, TENS
from models.quantities import PARTS

SPOKEN = "spoken_words.txt"  # every word that criteria are taught in, and how many forms have it; tuning writes it
SHORTEST_OWN, SHORTEST, SHORTEST_TWICE = 4, 5, 9  # letters of a word: the sheet's own, any, one with two slips
OWN = 50  # forms that a word of the package or sheet counts as having
CLEARLY = 20  # times as many forms as any other word as near: beyond doubt
NUMBERS = frozenset(
    (*ONES, *TENS, *PARTS, "first", "second", "seventh", "ninth", "eleventh", "twelfth", "zero", "none")
)
_WORD = re.compile(r"[^\W\d_]+")
_WHOLE = re.compile(rf"(?<![\w'’-])[^\W\d_]{{{SHORTEST_OWN},}}(?![\w'’-])")
_NAME = re.compile(r"(?<=[\w,] )\w*[A-Z]\w*[a-z]\w*")  # capitals within a sentence
_ENDED = re.compile(r".*(?:less|n\W?t|like|free|proof)")  # a word of its own: seamless, hairlike


class Spelling:
    """The words that a sheet's sentences may be in.

    >>> Spelling("crack: fissure; rivo;").corrected("Rivos and haerline cracsk are MJAOR; those of Zyvar pass")
    'Rivos and hairline cracks are MAJOR; those of Zyvar pass'
    """

    def __init__(self, own: str) -> None:
        """own: what the mind reads before any sentence, the package's and the sheet's words."""
        self._own = SymSpell(max_dictionary_edit_distance=2)
        for word in {word.lower() for word in _WORD.findall(own)} - NUMBERS:
            for said in (word, _plural(word)):
                self._own.create_dictionary_entry(said, OWN)

    def corrected(self, text: str) -> str:
        """Comes out composed (NFC), otherwise letter by letter as it was where nothing is put right."""
        text = unicodedata.normalize("NFC", text)
        return _WHOLE.sub(lambda found: self._corrected(found, text), text)

    def _corrected(self, found: re.Match[str], text: str) -> str:
        word, said = found[0], found[0].lower()
        name = not text.isupper() and _NAME.match(text, found.start())
        known = said in self._own.words or said in _spoken().words or said in _english()
        return word if name or known or _ENDED.fullmatch(said) else in_case_of(word, self._meant(said))

    def _meant(self, said: str) -> str:
        """The one known word that this can be; itself where that is not beyond doubt."""
        slips = 2 if len(said) >= SHORTEST_TWICE else 1
        near = [
            found
            for words in (self._own, _spoken())
            for found in words.lookup(said, Verbosity.CLOSEST, max_edit_distance=slips)
        ]
        if not near:
            return said
        least = min(found.distance for found in near)
        nearest = sorted((found.count, found.term) for found in near if found.distance == least)
        often, meant = nearest[-1]
        if any(term in NUMBERS or (often < CLEARLY * count and not _alike(term, meant)) for count, term in nearest):
            return said
        meant = max((term for _, term in nearest if _alike(term, meant)), key=len)  # the plural where it can be both
        begins_alike = meant[0] == said[0] or meant[:2] == said[1::-1]  # the first two may have changed places
        known = meant in self._own.words or min(len(said), len(meant)) >= SHORTEST
        return meant if begins_alike and known and not said.endswith(meant) else said  # a prefix is no slip: ununiform


def in_case_of(word: str, meant: str) -> str:
    """
    >>> in_case_of("MJAOR", "major"), in_case_of("Mjaor", "major"), in_case_of("mjaor", "major")
    ('MAJOR', 'Major', 'major')
    """
    return meant.upper() if word.isupper() else meant.capitalize() if word[0].isupper() else meant


def _alike(one: str, other: str) -> bool:
    """Singular and plural are no doubt."""
    return one.removesuffix("s") == other.removesuffix("s")


def _plural(word: str) -> str:
    """
    >>> [_plural(word) for word in ("cavity", "patch", "spot", "tablets")]
    ['cavities', 'patches', 'spots', 'tablets']
    """
    if word.endswith("s"):
        return word
    if re.fullmatch(r".*[^aeiou]y", word):
        return word[:-1] + "ies"
    return word + ("es" if re.fullmatch(r".*(?:x|ch|sh)", word) else "s")


@lru_cache(maxsize=1)
def _spoken() -> SymSpell:
    """Taught words, with the words one or two slips away from them."""
    words = SymSpell(max_dictionary_edit_distance=2)
    for line in resources.files("models").joinpath("tables", SPOKEN).read_text(encoding="utf-8").splitlines():
        word, forms = line.split()
        words.create_dictionary_entry(word, int(forms))
    return words


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    listed = resources.files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text("utf-8-sig")
    return frozenset(line.split()[0] for line in listed.splitlines() if line)
