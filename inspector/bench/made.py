"""Sheets made for measuring: as long as wanted, worded plainly, of the package's own classes.

Only their length matters. The line that a question falls under stands once on every sheet of notes, so that its chain
is the same under a short and under a long one.
"""

from collections.abc import Iterator, Sequence

from models.chain import NoteLine, Question, line_id
from models.criteria import CriteriaSheet, Criterion, Limit
from models.note import MEASURES, Note, Tier
from models.package import Words
from models.prompt import judge_prefix
from models.tokens import Tokens

REJECTING = ("critical", "major")
_ASKED_MM = (0.31, 0.8, 1.6, 2.4)  # sizes of the observations that are asked about; no two alike

Notes = tuple[tuple[str, Note], ...]


def made_sheet(words: Words, criteria: int, *, changed: int = 0) -> CriteriaSheet:
    """A sheet with so many criteria; its first one is another with every `changed`."""
    return CriteriaSheet(
        id="made-for-a-bench",
        title="Made for a bench",
        product="None",
        version=1,
        criteria=tuple(
            Criterion(
                id=f"B{index + 1}",
                defect=defect,
                wording=f"Any {defect} larger than {{limit}} is major.",
                limit=Limit(
                    unit="mm", operator=">", value=round(0.3 + 0.07 * index + (changed if not index else 0), 2)
                ),
                severity="major",
            )
            for index, defect in zip(range(criteria), _round(words.defects), strict=False)
        ),
    )


def made_notes(words: Words, tokens: Tokens, least: int) -> Notes:
    """Notes that take at least so many tokens; the last defect of the package is the one that is asked about.

    Every other note is of the other defects; a package with a single one has no others.
    """
    notes: Notes = (("B0", _size(words.defects[-1], "", "mm", 0.5)),)
    others = _round(words.defects[:-1] or words.defects)
    while tokens_of(notes, words, tokens) < least:
        index = len(notes)
        zone, unit = words.zones[index // len(words.defects) % len(words.zones)], MEASURES[index % len(MEASURES)]
        notes = (*notes, (f"B{index}", _size(next(others), zone, unit, round(0.2 + 0.31 * (index % 90), 2))))
    return notes


def tokens_of(notes: Notes, words: Words, tokens: Tokens) -> int:
    """What the notes of a sheet take of the mind's context."""
    lines = [NoteLine(line_id(index), note) for index, (_, note) in enumerate(notes)]
    return len(tokens.encode_all(judge_prefix(lines, REJECTING)))


def made_questions(words: Words, observations: int) -> list[Question]:
    """Observations of the one class that every sheet of `made_notes` names once."""
    sizes = [_ASKED_MM[index % len(_ASKED_MM)] for index in range(observations)]
    return [Question(words.defects[-1], words.zones[-1], (("mm", mm),)) for mm in sizes]


def _size(defect: str, zone: str, unit: str, limit: float) -> Note:
    tier = Tier(operator=">", limit=limit, severity="major")
    return Note.model_validate({"kind": "size", "defect": defect, "zone": zone, "unit": unit, "tiers": (tier,)})


def _round(defects: Sequence[str]) -> Iterator[str]:
    while True:
        yield from defects
