"""The criteria sheet: what the site writes down about its units, in words and, beside them, in fields.

Words and fields are a double entry (`reading` compares them). A sheet is refused here for what can be seen without
a model; what depends on a package (its classes, its context, its smallest sizes) is refused by `check_against`.
A severity of `off` is a switch: it stands above the words, so that a criterion can be laid off without rewriting it.
"""

import re
import unicodedata
from itertools import permutations
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.reader import ReaderError

from models.digest import digest_json
from models.errors import SheetInvalid
from models.note import LARGEST, SEVERITIES, Kind, Note, Operator, Severity, Tier, Unit
from models.problems import problems_of
from models.regulations import DefectTerms, Regulations


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Limit(_Strict):
    """From where on it is a finding: mm longest dimension, mm2 area, % of the unit's area, count a unit."""

    unit: Unit
    operator: Operator
    value: float = Field(ge=0, le=LARGEST, allow_inf_nan=False)

    @field_validator("value")
    @classmethod
    def value_has_two_decimals(cls, value: float) -> float:
        if round(value, 2) != value:
            raise ValueError(f"{value!r} has more than two decimals: the model reads NN.NN; round it")
        return abs(value)  # -0.0 is 0

    @model_validator(mode="after")
    def counts_are_whole(self) -> "Limit":
        if self.unit == "count" and self.value != int(self.value):
            raise ValueError(f"a count is a whole number, not {self.value:g}")
        return self

    def text(self) -> str:
        """The limit as `{limit}` in a wording stands for it, for example `0.5 mm`."""
        return f"{self.value:g}" if self.unit == "count" else f"{self.value:g} {self.unit.replace('mm2', 'mm²')}"


class Criterion(_Strict):
    """One rule of the sheet. No limit: every occurrence counts."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")  # never reaches the model: it judges by line numbers
    defect: str
    wording: str
    limit: Limit | None = None
    zone: str = ""  # "" everywhere, "tablet", or "not tablet"
    severity: Literal["critical", "major", "minor", "off"]
    clauses: tuple[str, ...] = Field(default=(), strict=False)

    @field_validator("wording")
    @classmethod
    def wording_says_something(cls, wording: str) -> str:
        wording = " ".join(wording.split())
        if strange := sorted({c for c in wording if unicodedata.category(c) in ("Cc", "Cf", "Cs")}):
            named = ", ".join(f"U+{ord(c):04X}" for c in strange)
            raise ValueError(f"{named} stands in the wording, which nobody sees: write the sentence anew")
        if not wording:
            raise ValueError("the wording is empty: write the rule as a sentence, the model judges by it")
        if unknown := set(re.findall(r"\{[^}]*\}?|\}", wording)) - {"{limit}"}:
            raise ValueError(f"{', '.join(sorted(unknown))} stands in the wording; only {{limit}} is filled in")
        return wording

    @model_validator(mode="after")
    def placeholder_has_a_limit(self) -> "Criterion":
        if "{limit}" in self.wording and self.limit is None:
            raise ValueError(
                "the wording says {limit} but the criterion has no limit: add one or write the sentence out"
            )
        return self

    @property
    def is_judged(self) -> bool:
        """Whether it is not switched off."""
        return self.severity != "off"

    def covers(self, other: "Criterion") -> bool:
        """Whether it counts wherever the other one of the same defect and zone does."""
        if self.limit is None or other.limit is None:
            return self.limit is None
        return self.limit.unit == other.limit.unit and self.limit.value <= other.limit.value

    @property
    def sentence(self) -> str:
        """The wording as the model reads it."""
        return self.wording.replace("{limit}", self.limit.text() if self.limit else "")

    @property
    def note(self) -> Note:
        """The fields' side of the double entry."""
        outside = self.zone.startswith("not ")
        zone = self.zone.removeprefix("not ")
        if self.severity == "off":
            return Note(kind="off", defect=self.defect, zone=zone, outside=outside)
        if self.limit is None:
            return Note(kind="any", defect=self.defect, zone=zone, outside=outside, severity=self.severity)
        tier = Tier(operator=self.limit.operator, limit=self.limit.value, severity=self.severity)
        kind: Kind = "count" if self.limit.unit == "count" else "size"
        return Note(kind=kind, defect=self.defect, zone=zone, outside=outside, unit=self.limit.unit, tiers=(tier,))


class CriteriaSheet(_Strict):
    """A versioned sheet for one product."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = Field(min_length=1)
    product: str = Field(min_length=1)
    version: int = Field(ge=1)
    rejects: tuple[Severity, ...] = Field(default=("critical", "major"), min_length=1, strict=False)
    glossary: dict[str, tuple[str, ...]] = Field(default_factory=dict, strict=False)
    criteria: tuple[Criterion, ...] = Field(min_length=1, max_length=60, strict=False)

    @field_validator("glossary", mode="before")
    @classmethod
    def words_may_stand_in_a_list(cls, glossary: object) -> object:
        if not isinstance(glossary, dict):
            return glossary
        return {k: tuple(v) if isinstance(v, list) else v for k, v in glossary.items()}

    @model_validator(mode="after")
    def no_two_rules_share_a_name(self) -> "CriteriaSheet":
        ids = [criterion.id for criterion in self.criteria]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"criteria: id {', '.join(twice)} is given twice; every finding names one criterion")
        if "critical" not in self.rejects:
            raise ValueError("rejects: critical must be among the severities that reject")
        for what, alike in self._alike().items():
            if {c.is_judged for c in alike} == {True, False}:
                raise ValueError(f"criteria: {what} is both off and judged; delete one of the two criteria")
        return self

    @property
    def digest(self) -> str:
        """Digest over the content; comments and layout of the file do not count."""
        return digest_json(self.model_dump(mode="json"))

    def criterion(self, id: str) -> Criterion:
        """The criterion of that id; KeyError when there is none."""
        for criterion in self.criteria:
            if criterion.id == id:
                return criterion
        raise KeyError(id)

    @staticmethod
    def load(path: Path) -> "CriteriaSheet":
        """Read and check a sheet.

        Raises:
            SheetInvalid: one line a problem, `file: field: problem`.
        """
        try:
            content = YAML(typ="safe").load(path)
        except OSError as error:
            raise SheetInvalid(
                f"{path}: {error.strerror}. Name a criteria sheet, for example configs/criteria/blister.yaml"
            ) from error
        except (YAMLError, ValueError, RecursionError) as error:  # a date that is none, a number of 5,000 digits
            way = ". Save the file as UTF-8" if isinstance(error, ReaderError) else ""
            raise SheetInvalid(f"{path}: not readable as YAML: {' '.join(str(error).split())}{way}") from error
        if not isinstance(content, dict):
            raise SheetInvalid(
                f"{path}: the file is empty or not a mapping; a sheet has id, title, product, version and criteria"
            )
        try:
            sheet = CriteriaSheet.model_validate(content)
        except ValidationError as error:
            raise SheetInvalid(problems_of(path, error, content)) from error
        sheet._refuse_contradictions(path)
        sheet._check_clauses(path)
        return sheet

    def _alike(self) -> dict[str, list[Criterion]]:
        """Criteria of one defect in one place, by what they are about."""
        alike: dict[str, list[Criterion]] = {}
        for criterion in self.criteria:
            where = f" ({criterion.zone})" if criterion.zone else ""
            alike.setdefault(criterion.defect + where, []).append(criterion)
        return alike

    def _refuse_contradictions(self, path: Path) -> None:
        """Of a sheet that is to be used: what was once judged by, and lies in a store, must stay readable."""
        for what, alike in self._alike().items():
            judged, defect, zone = [c for c in alike if c.is_judged], alike[0].defect, alike[0].zone
            for graver, other in permutations(judged, 2):
                if graver.covers(other) and SEVERITIES.index(graver.severity) < SEVERITIES.index(other.severity):
                    raise SheetInvalid(
                        f"{path}: criteria: {what} is {graver.severity} by {graver.id} wherever {other.id} calls it "
                        f"{other.severity}; mend a limit or a severity, or delete {other.id}"
                    )
            everywhere = next((c.id for c in self.criteria if c.defect == defect and c.is_judged and not c.zone), "")
            if zone and everywhere and not judged:
                apart = zone.removeprefix("not ") if zone.startswith("not ") else f"not {zone}"
                raise SheetInvalid(
                    f"{path}: criteria: {what} is off by {alike[0].id}, and {everywhere} judges it everywhere; give "
                    f"{everywhere} a zone, for example `{apart}`, or delete {alike[0].id}"
                )

    def _check_clauses(self, path: Path) -> None:
        table = Regulations.load()
        for criterion in self.criteria:
            for clause in criterion.clauses:
                if clause not in table:
                    near = table.nearest(clause)
                    hint = f"did you mean {', '.join(near)}?" if near else "see models/tables/regulations.yaml"
                    raise SheetInvalid(f"{path}: criteria.{criterion.id}.clauses: unknown clause {clause!r}; {hint}")

    def check_against(self, *, package: str, defects: tuple[str, ...], zones: tuple[str, ...]) -> None:
        """Refuse what this package's eyes cannot see.

        Raises:
            SheetInvalid: a defect or zone outside the package's vocabulary.
        """
        for criterion in self.criteria:
            term = DefectTerms.load().without_pictures(criterion.defect) if criterion.defect not in defects else None
            if term is not None:
                raise SheetInvalid(
                    f"{self.id}: criteria.{criterion.id}.defect: {criterion.defect!r} is {term.id}, {term.name}: "
                    "pictures give only part of the evidence, another validated method is the reference. Take it off "
                    "this sheet and check it there."
                )
            if criterion.defect not in defects:
                raise SheetInvalid(
                    f"{self.id}: criteria.{criterion.id}.defect: {package} does not see {criterion.defect!r}. "
                    f"It sees: {', '.join(defects)}. Use one of these, or teach a package that sees it."
                )
            if criterion.zone.removeprefix("not ") not in ("", *zones):
                raise SheetInvalid(
                    f"{self.id}: criteria.{criterion.id}.zone: {package} does not know {criterion.zone!r}. "
                    f"It knows: {', '.join(zones)} (each also with 'not')."
                )
        if unknown := sorted(set(self.glossary) - set(defects)):
            raise SheetInvalid(
                f"{self.id}: glossary: {package} does not see {', '.join(unknown)}. It sees: {', '.join(defects)}."
            )
