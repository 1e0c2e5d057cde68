"""Slips of the finger put right before the mind reads, as a careful reader puts them right without noticing.

Only a word that is neither English, nor taught, nor the package's or the sheet's own is changed, and only into a taught
word or one of their own that begins alike: "unassessed" must not become "assessed". All others stay for the mind to
make sense of.
"""

import re
from functools import lru_cache
from importlib import resources

from symspellpy import SymSpell, Verbosity

SPOKEN = "spoken_words.txt"  # every word that criteria are taught in, and how many forms have it; tuning writes it
SHORTEST, SHORTEST_TWICE = 4, 7  # letters of a word that may have one slip, two
OWN = 1_000_000  # an own word comes before a taught one that is as near
UNMARKED = frozenset(
    "dont doesnt didnt isnt arent wasnt werent cant couldnt wont wouldnt shouldnt mustnt hasnt havent".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_WHOLE = re.compile(rf"(?<![\w'’-])[^\W\d_]{{{SHORTEST},}}(?![\w'’-])")


class Spelling:
    """The words that a sheet's sentences may be in.

    >>> Spelling("crack: fissure; rivo;").corrected("Rivos and haerline fisures are MJAOR; those of Zyvar pass")
    'Rivos and hairline fissures are MAJOR; those of Zyvar pass'
    """

    def __init__(self, own: str) -> None:
        """own: what the mind reads before any sentence, the package's and the sheet's words."""
        self._own = SymSpell(max_dictionary_edit_distance=2)
        for word in {word.lower() for word in _WORD.findall(own)}:
            for said in (word, f"{word}s", f"{word}es", re.sub("y$", "ies", word)):
                self._own.create_dictionary_entry(said, OWN)

    def corrected(self, text: str) -> str:
        return _WHOLE.sub(lambda found: self._corrected(found[0]), text)

    def _corrected(self, word: str) -> str:
        said = word.lower()
        if said in self._own.words or said in _spoken().words or said in _english() or said in UNMARKED:
            return word
        slips = 2 if len(said) >= SHORTEST_TWICE else 1
        near = [
            found
            for words in (self._own, _spoken())
            for found in words.lookup(said, Verbosity.CLOSEST, max_edit_distance=slips)
            if found.term[0] == said[0] or found.term[:2] == said[1::-1]
        ]
        if not near:
            return word
        meant: str = min(near, key=lambda found: (found.distance, -found.count)).term
        return meant.upper() if word.isupper() else meant.capitalize() if word[0].isupper() else meant


@lru_cache(maxsize=1)
def _spoken() -> SymSpell:
    """Taught words with the words one or two slips away, about a second to make."""
    words = SymSpell(max_dictionary_edit_distance=2)
    for line in resources.files("models").joinpath("tables", SPOKEN).read_text(encoding="utf-8").splitlines():
        word, forms = line.split()
        words.create_dictionary_entry(word, int(forms))
    return words


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    listed = (
        resources.files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    )
    return frozenset(line.split()[0] for line in listed.splitlines() if line)
