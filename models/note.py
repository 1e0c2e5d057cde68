"""What the mind understood of one criterion: the note that is compared with the fields and judged by.

One shape serves both sides of the double entry: the sheet's fields are turned into a note, and so are the words.
A note may carry two tiers, so that a sentence with two limits is seen as such; a sheet never asks for that, so it
is refused there and nothing is lost silently.
"""

from math import ceil, floor
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Measure = Literal["mm", "mm2", "%"]
Unit = Literal[Measure, "count"]
Operator = Literal[">", ">="]
Severity = Literal["critical", "major", "minor"]
Kind = Literal["size", "any", "off", "count", "other"]
MEASURES: tuple[Measure, ...] = ("mm", "mm2", "%")
OPERATORS: tuple[Operator, ...] = (">", ">=")
LARGEST = 99.99  # the grammar writes NN.NN
SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor")  # gravest first
PRODUCT = "product"  # the one zone of a taught product on which nobody drew any
REST = "rest"  # the zone of a taught product for what lies in none that a person drew


class Vocabulary(Protocol):
    """The eyes' words: what a package can see, and where."""

    @property
    def defects(self) -> tuple[str, ...]: ...

    @property
    def zones(self) -> tuple[str, ...]: ...


class Tier(BaseModel):
    """Over the limit means a finding of this severity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    operator: Operator
    limit: float = Field(ge=0, le=LARGEST, allow_inf_nan=False)
    severity: Severity

    @property
    def least_count(self) -> int:
        """The smallest number of findings over the limit: `> 3` and `>= 4` are one rule.

        >>> Tier(operator=">", limit=3.0, severity="major").least_count
        4
        """
        return floor(self.limit) + 1 if self.operator == ">" else ceil(self.limit)

    def exceeded_by(self, value: float) -> bool:
        return value > self.limit or (self.operator == ">=" and value == self.limit)


class Note(BaseModel):
    """One criterion in closed form.

    size: `unit` and tiers, in the order in which they are said. count: tiers over the number of findings in a unit.
    any: every occurrence has `severity`. off: the defect is not judged. other: no criterion (defect is empty).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    defect: str = ""
    zone: str = ""  # "" = everywhere
    outside: bool = False  # True: everywhere but in `zone`
    unit: Unit | Literal[""] = ""
    tiers: tuple[Tier, ...] = ()
    severity: Severity | Literal[""] = ""

    @property
    def place(self) -> str:
        """The zone as a sheet writes it: `tablet`, `not tablet`, or nothing where it holds everywhere."""
        return f"{'not ' if self.outside else ''}{self.zone}"

    def covers(self, zone: str) -> bool:
        """Whether an observation lying in `zone` falls under this note."""
        return not self.zone or (zone == self.zone) != self.outside
