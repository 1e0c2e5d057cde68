"""What the mind's reading is worth: every sentence has one right meaning, and what was read either is it or not.

`>` read as `>=` on a measured size counts as right, because it lies within the uncertainty of any size; the share
that is right to the operator is stated beside it. `more than 3` and `4 or more` are one rule on a count.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.example import ShownCriterion, ShownSheet
from models.metrics import Figure, auroc, coverage, quantile_figure, share
from models.note import LARGEST, Note, Severity
from models.prompt import CriterionText
from models.reading import Reader, differs

TOPIC = "reading"
AIMS = {"taught wordings": 0.99, "new forms": 0.93, "new words, in the glossary": 0.80}
WRONG_ALLOWED = 0.005

Glossary = Mapping[str, tuple[str, ...]]
Key = tuple[tuple[tuple[str, tuple[str, ...]], ...], CriterionText]


class Words(Protocol):
    """What a package calls things, with a site's words behind."""

    def glossary_with(self, site: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True)
class ReadCriterion:
    """A sentence, what it means, and what was read."""

    wording: str
    shown: ShownCriterion
    read: Note
    score: float

    @property
    def exact(self) -> bool:
        return self.read == self.shown.note

    @property
    def right(self) -> bool:
        return _loose(self.read) == _loose(self.shown.note)


class Readings:
    """Every sentence of a challenge as the mind read it, each once."""

    def __init__(self, read: Mapping[Key, tuple[Note, float]]) -> None:
        self._read = read

    @property
    def count(self) -> int:
        """Different sentences that were read."""
        return len(self._read)

    def of(self, sheet: ShownSheet) -> list[ReadCriterion]:
        """A sheet's criteria, in its order."""
        site = _site(sheet)
        return [ReadCriterion(sheet.wording, shown, *self._read[site, shown.text]) for shown in sheet.criteria]

    def notes(self, sheet: ShownSheet) -> list[Note]:
        return [line.read for line in self.of(sheet)]


def read_all(
    sheets: Iterable[ShownSheet], mind: Reader, words: Words, *, progress: Callable[[int, int], None]
) -> Readings:
    """Read every different sentence under the glossary that it stands below."""
    wanted: dict[Key, None] = {}
    for sheet in sheets:
        wanted |= {(_site(sheet), shown.text): None for shown in sheet.criteria}
    by_site: dict[tuple[tuple[str, tuple[str, ...]], ...], list[CriterionText]] = {}
    for site, text in wanted:
        by_site.setdefault(site, []).append(text)
    read: dict[Key, tuple[Note, float]] = {}
    for site, texts in by_site.items():
        answers = mind.read(texts, words.glossary_with(dict(site)), _going_on(progress, len(read), len(wanted)))
        read |= {(site, text): answer for text, answer in zip(texts, answers, strict=True)}
    return Readings(read)


def _going_on(progress: Callable[[int, int], None], before: int, total: int) -> Callable[[int, int], None]:
    return lambda done, _: progress(before + done, total)


def reading_figures(sheets: Sequence[ShownSheet], readings: Readings, *, sure_from: float) -> list[Figure]:
    """Every figure of reading, one group of wordings after the other."""
    figures: list[Figure] = []
    for wording in dict.fromkeys(sheet.wording for sheet in sheets):
        own = [sheet for sheet in sheets if sheet.wording == wording]
        lines = [line for sheet in own for line in readings.of(sheet)]
        whole = [sheet for sheet in own if sheet.observations]
        figures += [*_right(wording, lines), *_double_entry(wording, lines), *_doubt(wording, lines, sure_from)]
        if whole:
            complete = sum(all(line.right for line in readings.of(sheet)) for sheet in whole)
            size = len(whole[0].criteria)
            figures.append(
                share(TOPIC, f"sheets of {size} criteria read wholly right", complete, len(whole), of=wording)
            )
    return figures


def _right(wording: str, lines: Sequence[ReadCriterion]) -> list[Figure]:
    aim = AIMS.get(wording)
    figures = [
        share(TOPIC, "criterion read right", sum(line.right for line in lines), len(lines), of=wording, aim=aim),
        share(TOPIC, "criterion read right, > and >= told apart", sum(x.exact for x in lines), len(lines), of=wording),
    ]
    for kind in dict.fromkeys(line.shown.note.kind for line in lines):
        own = [line for line in lines if line.shown.note.kind == kind]
        of = f"{wording}: {kind}"
        figures.append(share(TOPIC, "criterion read right", sum(line.right for line in own), len(own), of=of))
    headed = [line for line in lines if line.shown.text.heading]
    if headed:
        of = f"{wording}: under a heading"
        figures.append(share(TOPIC, "criterion read right", sum(x.right for x in headed), len(headed), of=of))
    return figures


def _double_entry(wording: str, lines: Sequence[ReadCriterion]) -> list[Figure]:
    """How many wrong readings stand out beside right fields, and how many mistyped fields beside what was read."""
    criteria = [line for line in lines if line.shown.note.kind != "other"]
    wrong = [line for line in criteria if not line.right]
    caught = sum(bool(differs(line.read, line.shown.note)) for line in wrong)
    slips = [(line, slipped(line.shown.note, turn)) for turn, line in enumerate(criteria)]
    noticed = sum(bool(differs(line.read, slip)) for line, slip in slips)
    return [
        share(TOPIC, "wrong readings that the double entry caught", caught, len(wrong), of=wording),
        share(TOPIC, "mistyped fields that the double entry caught", noticed, len(slips), of=wording),
    ]


def _doubt(wording: str, lines: Sequence[ReadCriterion], sure_from: float) -> list[Figure]:
    right = [line.score for line in lines if line.right]
    wrong = [line.score for line in lines if not line.right]
    kept, threshold = coverage([(line.score, line.right) for line in lines], wrong=WRONG_ALLOWED)
    figures = [
        quantile_figure(TOPIC, "score of right readings, median", right, 0.5, of=wording),
        quantile_figure(TOPIC, "score of wrong readings, median", wrong, 0.5, of=wording),
        share(TOPIC, "readings kept where 0.5 % of them may be wrong", kept, len(lines), of=wording),
        share(TOPIC, "right readings refused as unsure", sum(s < sure_from for s in right), len(right), of=wording),
        share(TOPIC, "wrong readings that were sure", sum(s >= sure_from for s in wrong), len(wrong), of=wording),
    ]
    apart = auroc(right, wrong)
    if apart is not None:
        name = "chance that a right reading scores above a wrong one"
        figures.append(Figure(topic=TOPIC, name=name, of=wording, value=apart, shown=len(lines)))
    if kept:
        name = "score from which 0.5 % of readings are wrong"
        figures.append(Figure(topic=TOPIC, name=name, of=wording, value=threshold, shown=len(lines)))
    return figures


def slipped(note: Note, turn: int) -> Note:
    """The fields of a criterion with one slip of the pen; `turn` says which.

    >>> spot = Note(kind="any", defect="spot", severity="major")
    >>> slipped(spot, 0).severity
    'critical'
    """
    other: dict[str, Severity] = {"critical": "major", "major": "critical", "minor": "major"}
    slips = [note.model_copy(update={"severity": other[note.severity]})] if note.severity else []
    if note.tiers:
        tier = note.tiers[0]
        tens = min(LARGEST, round(tier.limit * 10, 2)) if tier.limit < 10 else round(tier.limit / 10, 2)
        for change in ({"severity": other[tier.severity]}, {"limit": tens}, {"limit": round(tier.limit + 0.01, 2)}):
            if note.kind != "count" or change.get("limit") in (None, tens):
                slips.append(note.model_copy(update={"tiers": (tier.model_copy(update=change),)}))
    if note.kind == "size":
        slips.append(note.model_copy(update={"unit": "mm" if note.unit != "mm" else "mm2"}))
    if note.zone:
        slips += [note.model_copy(update={"outside": not note.outside}), note.model_copy(update={"zone": ""})]
    slips.append(note.model_copy(update={"defect": "stain" if note.defect != "stain" else "spot"}))
    return slips[turn % len(slips)]


def _loose(note: Note) -> Note:
    """The note with its limits ascending, sizes with `>=` written as `>`, and counts as the least that fails."""
    tiers = sorted(note.tiers, key=lambda tier: tier.limit)
    if note.kind == "size":
        tiers = [tier.model_copy(update={"operator": ">"}) for tier in tiers]
    if note.kind == "count":
        tiers = [tier.model_copy(update={"operator": ">=", "limit": float(tier.least_count)}) for tier in tiers]
    return note.model_copy(update={"tiers": tuple(tiers)})


def _site(sheet: ShownSheet) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted(sheet.glossary.items()))
