"""Sentences that people wrote about one class, said of another: what a product of the site's own has nobody to write.

A sentence that names its class once, and nothing else of a blister, says the same of any other kind of defect.
"""

import re
from dataclasses import dataclass
from random import Random

from models.sentences import Sentence
from models.spelling import in_case_of
from tuning.mind.speak import with_article
from tuning.mind.wording import Called, Words

_OF_A_BLISTER = re.compile(
    r"\b(?:tablets?|pills?|capsules?|coated|coating|pockets?|cavit\w+|cells?|foils?|lidding|web|edges?|rims?|tops?"
    r"|missing|lost|lacking|absent|broken|mixed|dose|portion|section)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\b(?:blister(?: pack| card)?|pack|card)(s?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Open:
    """A written sentence with a gap where its class was named, once."""

    before: str
    named: str  # with its article, as it was: its case is kept
    article: bool
    many: bool
    behind: str
    sentence: Sentence

    def of(self, draw: Random, defect: str, called: Called, unit: str) -> Sentence:
        """The sentence about another class, of units of another kind."""
        name = draw.choice(called.many if self.many else called.one)
        name = in_case_of(self.named, with_article(name) if self.article else name)
        before, behind = (
            _UNIT.sub(lambda said: in_case_of(said[0], unit + said[1]), part) for part in (self.before, self.behind)
        )
        note = self.sentence.note.model_copy(update={"defect": defect})
        return self.sentence.model_copy(update={"text": before + name + behind, "note": note})


def opened(written: tuple[Sentence, ...], words: Words) -> tuple[Open, ...]:
    """Those of the sentences that can be said of another class."""
    return tuple(found for sentence in written if (found := _open(sentence, words)))


def _open(sentence: Sentence, words: Words) -> Open | None:
    called = words.own.get(sentence.note.defect)
    if not called or sentence.note.zone:
        return None
    several = {name for name in called.many if name.endswith("s")}
    names = sorted({*several, *called.one}, key=len, reverse=True)
    said = list(re.finditer(rf"\b(?:(an?) )?({'|'.join(map(re.escape, names))})\b", sentence.text, re.IGNORECASE))
    if len(said) != 1:
        return None
    before, behind = sentence.text[: said[0].start()], sentence.text[said[0].end() :]
    if _OF_A_BLISTER.search(before + " " + behind):
        return None
    return Open(before, said[0][0], bool(said[0][1]), said[0][2].lower() in several, behind, sentence)
