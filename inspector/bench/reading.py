"""What the language model adds to reading: the same sentences, read by the mind and by a hand-written parser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from inspector.bench.parser import Parser
from models.evaluate_reading import ReadCriterion, read_all, reading_figures
from models.example import ShownSheet
from models.metrics import Figure, share
from models.mind import Mind
from models.note import Note
from models.package import ModelPackage
from models.reading import Reader, differs
from models.sentences import Sentence

TEN = 10  # criteria of a sheet
TRAITS = {"plain": "plain", "typo": "with typing errors", "glossary": "words that only the glossary explains"}

WANTED = (
    "criterion read right",
    "wrong readings that the double entry caught",
    "chance that a right reading scores above a wrong one",
    "readings kept where 0.5 % of them may be wrong",
)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both readers."""

    mind: Figure
    parser: Figure


@dataclass(frozen=True, slots=True)
class Readers:
    """Both readers on the same sentences."""

    rows: list[Compared]
    agreed: Figure  # sentences that both read the same
    agreed_right: Figure  # of those, read right
    wrong: list[ReadCriterion]  # by the mind


@dataclass(frozen=True, slots=True)
class ReadBy:
    """How one reader did."""

    figures: list[Figure]
    lines: list[ReadCriterion]


def bench_reading(package: ModelPackage, sentences: Sequence[Sentence], *, threads: int, progress: Progress) -> Readers:
    """Figures of both readers side by side, and how far one may be trusted where the other says the same."""
    at = package.manifest.operating_point.sure_from
    sheets = sheets_of_ten(sentences)
    mind, parser = (
        _read(reader, name, sheets, package, at, progress)
        for reader, name in (
            (Mind(package, threads=threads), "the mind reads"),
            (Parser(package.manifest.words), "the parser reads"),
        )
    )
    same = [a for a, b in zip(mind.lines, parser.lines, strict=True) if not differs_at_all(a.read, b.read)]
    return Readers(
        rows=[Compared(a, b) for a, b in zip(mind.figures, parser.figures, strict=True)],
        agreed=share("reading", "read the same by both", len(same), len(mind.lines), of="all"),
        agreed_right=share(
            "reading", "right where both read the same", sum(x.right for x in same), len(same), of="all"
        ),
        wrong=[line for line in mind.lines if not line.right],
    )


def differs_at_all(one: Note, other: Note) -> bool:
    """Whether two readings differ in what matters; both may say that a sentence is no criterion."""
    if "other" in (one.kind, other.kind):
        return one.kind != other.kind
    return bool(differs(one, other))


def sheets_of_ten(sentences: Sequence[Sentence]) -> list[ShownSheet]:
    """Sheets of ten, in a drawn order, of one trait each; what is left over is a shorter sheet."""
    sheets = []
    for trait, name in TRAITS.items():
        own = [sentence for sentence in sentences if sentence.trait == trait]
        Random(0).shuffle(own)
        for start in range(0, len(own), TEN):
            some = own[start : start + TEN]
            glossary: dict[str, tuple[str, ...]] = {}
            for sentence in some:
                for defect, words in sentence.glossary.items():
                    glossary[defect] = (*glossary.get(defect, ()), *words)
            sheets.append(ShownSheet(name, tuple(sentence.shown for sentence in some), glossary=glossary))
    return sheets


def _read(
    reader: Reader, name: str, sheets: Sequence[ShownSheet], package: ModelPackage, at: float, progress: Progress
) -> ReadBy:
    readings = read_all(sheets, reader, package.manifest, progress=lambda done, of: progress(name, done, of))
    figures = reading_figures(sheets, readings, sure_from=at)
    lines = [line for sheet in sheets for line in readings.of(sheet)]
    whole = [sheet for sheet in sheets if len(sheet.criteria) == TEN]
    complete = sum(all(line.right for line in readings.of(sheet)) for sheet in whole)
    all_right = share("reading", "criterion read right", sum(line.right for line in lines), len(lines), of="all")
    tens = share("reading", "sheets of 10 read wholly right", complete, len(whole), of="all")
    of_traits = [_of(figures, wanted, trait) for trait in TRAITS.values() for wanted in WANTED]
    return ReadBy([all_right, tens, *of_traits], lines)


def _of(figures: Sequence[Figure], name: str, trait: str) -> Figure:
    """The figure of that name, or an empty one where nothing was wrong or nothing right."""
    found = [f for f in figures if f.name == name and f.of == trait]
    return found[0] if found else Figure(topic="reading", name=name, of=trait, value=None, shown=0)
