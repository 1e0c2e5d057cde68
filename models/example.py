"""Examples: what is shown to a package and the right answer to it. An evaluation counts one against the other.

Units come with what is really wrong with them, criteria with what they mean, sheets with what is asked under them.
Where the examples come from, drawn or photographed, is not known here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.chain import Chain, NoteLine, Question, asked_units, judge_by_rule, line_id
from models.criteria import CriteriaSheet
from models.note import Note
from models.observation import Box
from models.prompt import CriterionText, in_prompt_order

UNIT = "unit"  # the group that says of which unit a picture is


@dataclass(frozen=True, slots=True)
class ShownDefect:
    """One thing that is really wrong with a unit."""

    defect: str
    zone: str
    box_px: Box
    mask: NDArray[np.uint8]  # (y1 - y0, x1 - x0) soft coverage 0..255
    sizes: Mapping[str, float]  # true mm, mm2 and %
    length_px: float
    specified: bool  # large and distinct enough that it must be found
    whole: bool  # the whole part is wrong, so that its size says nothing


@dataclass(frozen=True, slots=True)
class ShownUnit:
    """One picture of a unit and the truth about it."""

    name: str
    pixels: NDArray[np.uint8]  # (H, W, 3) RGB
    mm_per_px: float
    unit_area_mm2: float  # nominal, seen from above: what % refers to
    defects: tuple[ShownDefect, ...]
    groups: Mapping[str, str]  # subgroups that are reported apart, for example {"foil": "matt"}; and its UNIT


@dataclass(frozen=True, slots=True)
class ShownCriterion:
    """A sentence and what it means."""

    text: CriterionText
    note: Note


@dataclass(frozen=True, slots=True)
class ShownObservation:
    """What the mind is asked about: one observation with all its sizes, or a count over the unit."""

    defect: str
    zone: str
    sizes: Mapping[str, float] = field(default_factory=dict)
    count: int | None = None
    mixture: tuple[tuple[str, float], ...] = ()

    def under(self, notes: Iterable[Note]) -> Question:
        """The question as the line would ask it: in the quantities that the sheet limits."""
        if self.count is not None:
            return Question(self.defect, self.zone, count=self.count, mixture=self.mixture)
        units = asked_units([NoteLine("", note) for note in notes], self.defect)
        return Question(self.defect, self.zone, tuple((u, self.sizes[u]) for u in units), mixture=self.mixture)


@dataclass(frozen=True, slots=True)
class ShownSheet:
    """Criteria in words, and observations to judge under them; without observations only the reading is asked."""

    wording: str  # the group that it is reported in, for example "new forms"
    criteria: tuple[ShownCriterion, ...]
    rejecting: tuple[str, ...] = ("critical", "major")
    glossary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the site's own words
    observations: tuple[ShownObservation, ...] = ()

    def right(self, observation: ShownObservation) -> Chain:
        """The chain that the sheet's true meaning gives."""
        notes = [criterion.note for criterion in self.criteria]
        lines = in_prompt_order([NoteLine(line_id(index), note) for index, note in enumerate(notes)])
        return judge_by_rule(lines, observation.under(notes), self.rejecting)


@dataclass(frozen=True, slots=True)
class Counterpart:
    """One observation under two sheets that differ in one respect."""

    what: str  # the respect: limit, severity, off, zone; order, line numbers, rewording, unrelated criteria
    wording: str
    first: ShownSheet
    second: ShownSheet
    observation: ShownObservation
    same: bool  # the verdict must stay; else it must turn


@dataclass(frozen=True, slots=True)
class Challenge:
    """Everything that a package is shown in one evaluation."""

    units: Iterable[ShownUnit]  # drawn as they are asked for: a thousand pictures do not fit beside a model
    unit_count: int
    sheets: tuple[ShownSheet, ...]
    counterparts: tuple[Counterpart, ...]
    unit_sheets: tuple[CriteriaSheet, ...]  # the first judges every unit, the others take turns
    facts: Mapping[str, str]  # seeds and sources, for the report

    def with_units(self, units: Iterable[ShownUnit], count: int, source: str) -> "Challenge":
        """The same with other units."""
        return replace(self, units=units, unit_count=count, facts={**self.facts, "units": source})
