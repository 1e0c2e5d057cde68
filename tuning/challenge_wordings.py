"""Sentences for the mind's challenge: wordings written apart from the ones it is tuned on, and those it is tuned on.

Both say the same kind of note, so that a difference between the two figures is a difference of wording alone. The
form decides `>` or `>=`, never the note.
"""

from dataclasses import dataclass
from importlib import resources
from random import Random
from typing import Literal

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from models.example import ShownCriterion
from models.note import MEASURES, Measure, Note, Operator
from models.prompt import CriterionText
from models.sentences import Sentence
from tuning.errors import TuningError
from tuning.mind.material import Material
from tuning.mind.speak import Said, speak, speak_other

Vocabulary = Literal["everyday", "rare"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Form(_Strict):
    """A sentence with slots; the operator that it means, where it has one."""

    form: str
    operator: Operator | None = None


class Known(_Strict):
    """What people call a defect: words that anyone understands, and words that a glossary has to explain."""

    words: tuple[str, ...]
    rare: tuple[str, ...]


class HeldOut(_Strict):
    """wordings/heldout.yaml: never read by anything that tunes."""

    size: tuple[Form, ...]
    any: tuple[Form, ...]
    off: tuple[Form, ...]
    count: tuple[Form, ...]
    other: tuple[Form, ...]
    on: tuple[str, ...]
    not_on: tuple[str, ...]
    units: dict[Measure, tuple[str, ...]]
    per_unit: tuple[str, ...]
    headings: dict[Literal["critical", "major", "minor", "off"], tuple[str, ...]]
    size_under_heading: tuple[Form, ...]
    any_under_heading: tuple[Form, ...]
    off_under_heading: tuple[Form, ...]
    count_under_heading: tuple[Form, ...]
    defects: dict[str, Known]
    zones: dict[str, tuple[str, ...]]
    sentences: tuple[Sentence, ...]


def load_held_out() -> HeldOut:
    """The held-out wordings that come with the package."""
    text = resources.files("tuning.mind").joinpath("wordings", "heldout.yaml").read_text(encoding="utf-8")
    try:
        return HeldOut.model_validate(YAML(typ="safe", pure=True).load(text))
    except ValueError as error:
        raise TuningError(f"wordings/heldout.yaml: {error}. Nothing was evaluated. Correct the file.") from error


@dataclass(frozen=True, slots=True)
class Taught:
    """Says a note as the tuning does, from seeds that it never draws."""

    material: Material

    def say(self, draw: Random, note: Note, *, headed: bool) -> ShownCriterion:
        words = self.material.wordings.words
        called = words.own[note.defect]
        zone = draw.choice(words.zones[note.zone].words) if note.zone else ""
        while True:  # whether a sentence stands under a heading is drawn inside `speak`
            spoken = speak(
                draw,
                self.material.wordings,
                note,
                Said(draw.choice(called.many), draw.choice(called.one), zone),
                "taught",
            )
            if bool(spoken.heading) == headed:
                return ShownCriterion(CriterionText(spoken.heading, spoken.sentence), spoken.note)

    def say_other(self, draw: Random) -> ShownCriterion:
        words = self.material.wordings.words.own
        many = draw.choice(words[draw.choice(sorted(words))].many)
        spoken = speak_other(draw, self.material.wordings, many, "taught")
        return ShownCriterion(CriterionText(spoken.heading, spoken.sentence), spoken.note)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Says a note in held-out forms, with everyday words or with rare ones."""

    held_out: HeldOut
    vocabulary: Vocabulary

    def say(self, draw: Random, note: Note, *, headed: bool) -> ShownCriterion:
        known = self.held_out.defects[note.defect]
        word = draw.choice(known.words if self.vocabulary == "everyday" else known.rare)
        severity = note.severity or (note.tiers[0].severity if note.tiers else "")
        form = draw.choice(self._forms(note, headed=headed))
        text = form.form.format(**self._slots(draw, note, word, severity))
        tiers = tuple(tier.model_copy(update={"operator": form.operator or tier.operator}) for tier in note.tiers)
        heading = ""
        if headed:
            heading = draw.choice(self.held_out.headings[severity or "off"])
        return ShownCriterion(CriterionText(heading, text), note.model_copy(update={"tiers": tiers}))

    def say_other(self, draw: Random) -> ShownCriterion:
        return ShownCriterion(CriterionText("", draw.choice(self.held_out.other).form), Note(kind="other"))

    def _forms(self, note: Note, *, headed: bool) -> tuple[Form, ...]:
        h = self.held_out
        match note.kind:
            case "size":
                return h.size_under_heading if headed else h.size
            case "count":
                return h.count_under_heading if headed else h.count
            case "off":
                return h.off_under_heading if headed else h.off
            case _:
                return h.any_under_heading if headed else h.any

    def _slots(self, draw: Random, note: Note, word: str, severity: str) -> dict[str, str]:
        on = ""
        if note.zone:
            place = draw.choice(self.held_out.not_on if note.outside else self.held_out.on)
            on = " " + place.format(z=draw.choice(self.held_out.zones[note.zone]))
        slots = {"d": word, "D": _capital(word), "on": on, "sev": severity, "Sev": _capital(severity)}
        if note.kind == "size" and note.unit in MEASURES:
            slots["L"] = draw.choice(self.held_out.units[note.unit]).format(v=f"{note.tiers[0].limit:g}")
        if note.kind == "count":
            slots |= {"n": f"{note.tiers[0].limit:g}", "u": draw.choice(self.held_out.per_unit)}
        return slots


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
