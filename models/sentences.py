"""Sentences with the one meaning that a careful reader gives them: what a reader, of whatever kind, is tried on."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models.errors import ExampleInvalid
from models.example import ShownCriterion
from models.note import Kind, Note, Operator, Severity, Tier, Unit
from models.problems import problems_of
from models.prompt import CriterionText

Trait = Literal["plain", "typo", "glossary"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Meaning(_Strict):
    """A note, every field written out, empty where it does not apply."""

    kind: Kind
    defect: str
    zone: str
    outside: bool
    unit: Unit | Literal[""]
    operator: Operator | Literal[""]
    limit: float | Literal[""]
    severity: Severity | Literal[""]
    also: tuple[Tier, ...] = ()  # a further limit of the same sentence

    @model_validator(mode="after")
    def means_something(self) -> "Meaning":
        limited = self.kind in ("size", "count")
        if bool(self.note.tiers) != limited or (self.kind == "any") != bool(self.note.severity):
            has = "operator, limit and severity" if limited else "no limit, and a severity only where it is any"
            raise ValueError(f"kind {self.kind} has {has}")
        if (self.kind == "other") == bool(self.defect):
            raise ValueError("a criterion names its defect, and only a criterion does")
        return self

    @property
    def note(self) -> Note:
        tiers: tuple[Tier, ...] = ()
        if self.operator and self.severity and isinstance(self.limit, float):
            tiers = (Tier(operator=self.operator, limit=self.limit, severity=self.severity), *self.also)
        return Note(
            kind=self.kind,
            defect=self.defect,
            zone=self.zone,
            outside=self.outside,
            unit=self.unit if tiers else "",
            tiers=tiers,
            severity="" if tiers else self.severity,
        )


class Sentence(_Strict):
    """One criterion as somebody wrote it."""

    text: str = Field(min_length=1)
    heading: str
    note: Meaning
    trait: Trait = "plain"  # typo: with typing errors; glossary: the defect goes by a word that only it explains
    glossary: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def shown(self) -> ShownCriterion:
        return ShownCriterion(CriterionText(self.heading, self.text), self.note.note)


class _File(_Strict):
    sentences: tuple[Sentence, ...] = Field(min_length=1)


def load_sentences(path: Path) -> tuple[Sentence, ...]:
    """The sentences of a file.

    Raises:
        ExampleInvalid: it cannot be read, or `file: field: problem`.
    """
    try:
        return _File.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))).sentences
    except ValidationError as error:
        raise ExampleInvalid(problems_of(path, error)) from error
    except (OSError, ValueError, RecursionError, YAMLError) as error:
        raise ExampleInvalid(f"{path}: cannot be read ({' '.join(str(error).split())}). Nothing was read.") from error
