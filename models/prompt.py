"""The only place where a vocabulary, a sheet or an observation becomes text for the mind.

Tuning and the line both call it. Text leaves as pieces that are tokenised one by one, so that an id, a number or a
class word is always the same tokens. A criterion's own sentence is one piece: it is a person's prose and is tokenised
as such.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from models.answer import note_pieces, place_pieces
from models.chain import NoteLine, Question, number
from models.note import SEVERITIES, Vocabulary
from models.quantities import in_figures
from models.spelling import Spelling


@dataclass(frozen=True, slots=True)
class CriterionText:
    """A criterion as it is written on a sheet: its sentence, and the heading it stands under (empty: none)."""

    heading: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as text. A doubtful class is one soft token in place of `word`: the words' mean embeddings, mixed."""

    before: tuple[str, ...]
    word: str  # of the most likely class, with its leading space
    mixture: tuple[tuple[str, float], ...]  # (class word with its leading space, share); empty: write `word`
    after: tuple[str, ...]


def read_prefix(vocabulary: Vocabulary, glossary: Mapping[str, Sequence[str]]) -> list[str]:
    """What every criterion of a sheet is read under: the eyes' words, each with the words that people use for it.

    Args:
        vocabulary: class words and zones of the package, in its order.
        glossary: for a class or a zone, what it is and what people call it: the package's own words, then the sheet's.
    """
    pieces = ["Defects:"]
    for word in vocabulary.defects:
        pieces += ["\n", f" {word}", ":", *_explained(glossary.get(word, ()))]
    pieces.append("\nZones:")
    for word in vocabulary.zones:
        pieces += ["\n", f" {word}", ":", *_explained(glossary.get(word, ()))]
    return [*pieces, "\n"]


def spelling_under(glossary: Mapping[str, Sequence[str]]) -> Spelling:
    """The package's and the sheet's own words, as for `read_prefix`."""
    return Spelling(" ".join(word for name, words in glossary.items() for word in (name, *words)))


def read_text(sentence: str, spelling: Spelling) -> str:
    """A sentence as the mind reads it: slips put right, quantities in figures and in its units, tabs as columns."""
    return in_figures(spelling.corrected(" ".join(sentence.replace("\t", " | ").split())))


def read_question(heading: str, sentence: str, spelling: Spelling) -> str:
    """One criterion in its own words, under the heading it stands below (empty: none)."""
    heading, text = spelling.corrected(heading), read_text(sentence, spelling)
    return f"\n{heading}: {text} ->" if heading else f"\n{text} ->"


def judge_prefix(lines: Sequence[NoteLine], rejecting: Collection[str]) -> list[str]:
    """The sheet as the mind read it: which severities reject, then one note a line, lines of one class side by side."""
    pieces = ["Reject:", *(f" {severity}" for severity in SEVERITIES if severity in rejecting)]
    for line in in_prompt_order(lines):
        note = note_pieces(line.note)[:-1]
        at = note.index(":")
        pieces += ["\n", *note[:at], ":", line.id, *note[at + 1 :]]
    return [*pieces, "\n"]


def in_prompt_order(lines: Sequence[NoteLine]) -> list[NoteLine]:
    """Lines that the judging sees, as it sees them: the chain names them in this order."""
    kept = [line for line in lines if line.note.kind != "other"]
    first: dict[str, int] = {}
    for line in kept:
        first.setdefault(line.note.defect, len(first))
    return sorted(kept, key=lambda line: first[line.note.defect])


def judge_question(question: Question) -> Asked:
    """One observation, or one count over the unit.

    >>> asked = judge_question(Question("spot", "foil", (("mm", 0.8),)))
    >>> "".join((*asked.before, asked.word, *asked.after))
    '\\n spot 00.80 mm, foil ->'
    """
    mixture = tuple((f" {word}", share) for word, share in question.mixture)
    zone = (",", *place_pieces(question.zone)) if question.zone else ()
    if question.count is not None:
        after = (" ", *number(float(question.count)), *zone, " ->")
        return Asked(("\n", " count"), f" {question.defect}", mixture, after)
    sizes = [piece for unit, value in question.sizes for piece in (" ", *number(value), f" {unit}")]
    return Asked(("\n",), f" {question.defect}", mixture, (*sizes, *zone, " ->"))


def _explained(words: Sequence[str]) -> list[str]:
    return [f" {word};" for word in words]
