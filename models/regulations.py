"""The clauses a sheet may cite and the trade's terms for what the eyes see: two tables that come with the product.

A clause is looked up by its id and never generated. The texts are paraphrases; `verified` says whether somebody read
the cited text, and it travels with every finding, so that nobody quotes a paraphrase as law.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models.errors import ModelError


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Clause(_Strict):
    """One citable clause."""

    id: str
    citation: str  # as it is printed, for example 21 CFR 211.68(a),(b)
    jurisdiction: Literal["US", "EU", "INT"]
    kind: str
    status: Literal[
        "in_force",
        "draft_not_in_force",
        "final_guidance",
        "standard_or_guide",
        "industry_guide",
        "informational",
    ]
    verified: bool  # false: from professional knowledge, the site checks it against the official text
    applies_to: tuple[str, ...]
    paraphrase: str


class _ClauseTable(_Strict):
    clauses: tuple[Clause, ...]


class Regulations:
    """Every clause, by id."""

    def __init__(self, clauses: tuple[Clause, ...]) -> None:
        self._clauses = {clause.id: clause for clause in clauses}
        if len(self._clauses) != len(clauses):
            ids = [clause.id for clause in clauses]
            twice = sorted({id for id in ids if ids.count(id) > 1})
            raise ModelError(
                f"regulations: {', '.join(twice)} stands twice in the table. It was not loaded. Reinstall."
            )

    @staticmethod
    def load() -> "Regulations":
        """The table of the installed product.

        Raises:
            ModelError: the table is missing or damaged.
        """
        try:
            return Regulations(_ClauseTable.model_validate(_content("regulations.yaml")).clauses)
        except ValidationError as error:
            raise _damaged("regulations.yaml", error) from error

    def citation(self, id: str) -> Clause:
        """The clause of that id; KeyError when there is none (`nearest` then helps the writer of the sheet)."""
        return self._clauses[id]

    def nearest(self, id: str) -> tuple[str, ...]:
        """Up to three ids that look like this one, the likeliest first; case and blanks do not count.

        >>> Regulations.load().nearest("21 CFR 211.86")[0]
        '21CFR211.186'
        """
        plain = {_plain(known): known for known in self._clauses}
        return tuple(plain[match] for match in get_close_matches(_plain(id), plain, n=3, cutoff=0.7))

    def __contains__(self, id: object) -> bool:
        return id in self._clauses

    def __iter__(self) -> Iterator[Clause]:
        return iter(self._clauses.values())

    def __len__(self) -> int:
        return len(self._clauses)


class TypicalLimit(_Strict):
    """Where the trade usually draws the line; a starting value, not a regulatory limit."""

    quantity: str
    operator: Literal["<", ">", ">=", "!="]
    limit: float
    below: float | None = None  # exclusive upper bound of a size class; None: none
    unit: str


class Term(_Strict):
    """What the trade calls a defect that one visual class stands for."""

    id: str
    name: str
    family: Literal["blister", "solid oral", "parenteral", "carton label", "bottle"]
    criterion: str
    typical: TypicalLimit
    severity: Literal["critical", "major", "minor"]
    camera: Literal["full", "partial"]  # partial: another validated method is the reference
    citations: tuple[str, ...]
    basis: str = ""  # empty: typical, unsourced
    escalation: str = ""


class _TermTable(_Strict):
    classes: dict[str, tuple[Term, ...]]
    not_seen: tuple[Term, ...] = Field(alias="not seen")


class DefectTerms:
    """Visual classes of the blister package and the terms behind them, and what no picture settles in any family."""

    def __init__(self, classes: dict[str, tuple[Term, ...]], not_seen: tuple[Term, ...]) -> None:
        self._classes = classes
        self.not_seen = not_seen  # without a visual class: another check must find them

    @staticmethod
    def load() -> "DefectTerms":
        """The table of the installed product.

        Raises:
            ModelError: the table is missing or damaged.
        """
        try:
            table = _TermTable.model_validate(_content("defects.yaml"))
        except ValidationError as error:
            raise _damaged("defects.yaml", error) from error
        return DefectTerms(table.classes, table.not_seen)

    @property
    def defects(self) -> tuple[str, ...]:
        """The visual classes, in the order of the package."""
        return tuple(self._classes)

    def without_pictures(self, said: str) -> Term | None:
        """The term of that id or whole name that pictures alone cannot settle; None where there is none.

        >>> DefectTerms.load().without_pictures("open seal").id
        'BLI-011'
        >>> DefectTerms.load().without_pictures("seal")
        """
        for term in self.not_seen:
            names = [term.id, term.name, *re.split(r"[()]| / ", term.name)]
            if term.camera == "partial" and said.strip().lower() in {name.strip().lower() for name in names} - {""}:
                return term
        return None

    def of(self, defect: str) -> tuple[Term, ...]:
        """The terms of a visual class; KeyError when there is no such class."""
        return self._classes[defect]


def _content(name: str) -> object:
    try:
        return YAML(typ="safe").load(files("models").joinpath("tables", name).read_text(encoding="utf-8"))
    except (OSError, YAMLError) as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> ModelError:
    return ModelError(
        f"models/tables/{name}: {' '.join(str(error).split())}. Nothing was loaded. Reinstall the product."
    )


def _plain(id: str) -> str:
    return "".join(id.split()).lower()
