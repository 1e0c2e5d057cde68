"""A small sheet, sentences that say just what a note means, and a reader that knows them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from models.criteria import CriteriaSheet
from models.note import Note, Tier
from models.prompt import CriterionText
from models.reading import Reading, read_sheet

PACKAGE = "sha256:" + "1" * 64
GLOSSARY = {"spot": ("a mark",)}
TEXT = """\
id: blister  # what it is called
title: Blister
product: Tablets 10
version: 1
criteria:
  # the spots
  - id: A1
    defect: spot
    wording: Spots over 0.5 mm are major.
    limit: {unit: mm, operator: ">", value: 0.5}  # agreed in May
    severity: major
  - id: A2
    defect: chip
    wording: Chips are critical.
    severity: critical
"""
SPOT = Note(kind="size", defect="spot", unit="mm", tiers=(Tier(operator=">", limit=0.5, severity="major"),))
CHIP = Note(kind="any", defect="chip", severity="critical")


class Scripted:
    """A reader that knows its sentences."""

    def __init__(self, notes: Mapping[str, tuple[Note, float]]) -> None:
        self.notes = notes
        self.was_asked: list[str] = []

    def read(
        self,
        lines: Sequence[CriterionText],
        glossary: Mapping[str, Sequence[str]],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Note, float]]:
        self.was_asked += [line.sentence for line in lines]
        return [self.notes[line.sentence] for line in lines]


def reader(spot: Note = SPOT, *, score: float = 0.9) -> Scripted:
    return Scripted(
        {
            "Spots over 0.5 mm are major.": (spot, score),
            said(spot): (spot, score),
            "Spots over 0.7 mm are major.": (limit(0.7), 0.9),
            "All 3 spots are major.": (spot, score),
            "Chips are critical.": (CHIP, 0.9),
        }
    )


def limit(value: float, *, operator: str = ">", severity: str = "major", unit: str = "mm") -> Note:
    tier = Tier.model_validate({"operator": operator, "limit": value, "severity": severity})
    kind = "count" if unit == "count" else "size"
    return Note.model_validate({"kind": kind, "defect": "spot", "unit": unit, "tiers": (tier,)})


def said(note: Note) -> str:
    """A sentence that says just what a note about spots means."""
    match note.kind:
        case "size":
            sizes = (f"{tier.limit:g} {note.unit}" for tier in note.tiers)
            return f"Spots over {' and '.join(sizes)} are {' and '.join(tier.severity for tier in note.tiers)}."
        case "count":
            return f"More than {note.tiers[0].limit:g} spots are {note.tiers[0].severity}."
        case "off":
            return "Spots are not looked at."
        case _:
            return f"Every spot is {note.severity}."


def saying(note: Note, text: str = TEXT) -> str:
    """A sheet with this sentence and the fields of another."""
    return text.replace("Spots over 0.5 mm are major.", said(note))


def sheet(folder: Path, text: str = TEXT) -> tuple[Path, CriteriaSheet]:
    path = folder / "sheet.yaml"
    path.write_text(text, encoding="utf-8")
    return path, CriteriaSheet.load(path)


def read(content: CriteriaSheet, mind: Scripted, before: Reading | None = None) -> Reading:
    return read_sheet(
        content, mind, package_digest=PACKAGE, defects=("spot", "chip", "stain"), glossary=GLOSSARY, before=before
    )
