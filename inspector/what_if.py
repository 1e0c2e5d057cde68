"""What if: a batch's recorded observations judged again under a draft sheet, without pictures and without the model.

The batch's own sheet and the draft are both applied by the plain rule, and a unit changes where the two differ: the
model's second opinion then counts for neither side. What no sheet could have changed, a late unit or an unfit picture,
is counted apart.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, TypeAdapter

from inspector.records.queries import Judged
from inspector.records.store import RecordStore
from models.criteria import CriteriaSheet
from models.note import Note
from models.observation import Observation
from models.verdict import Disposition, OperatingPoint, Reason, Verdict, decide

_BEYOND_A_SHEET = {Reason.NOT_ASSESSABLE, Reason.NOT_INSPECTED, Reason.LATE, Reason.HELD}
_STRICTEST_FIRST = (Disposition.REJECT, Disposition.HOLD, Disposition.ACCEPT)
_VIEWS = TypeAdapter(dict[str, tuple[Observation, ...]])
_REASONS = TypeAdapter(dict[str, Reason])


class Change(BaseModel):
    """One unit that the draft would have treated otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: int
    before: Disposition
    after: Disposition
    why: str


class WhatIf(BaseModel):
    """A batch under a draft sheet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int
    units: int
    judged: int  # units that the sheet decides
    beyond: dict[str, int]  # units that no sheet could have changed, by reason
    before: dict[Disposition, int]
    after: dict[Disposition, int]
    changed: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Rules:
    """A sheet as the plain rule applies it."""

    sheet: CriteriaSheet
    notes: tuple[tuple[str, Note], ...]
    at: OperatingPoint

    def judge(self, view: str, seen: Sequence[Observation]) -> Verdict:
        return decide(seen, view=view, sheet=self.sheet, notes=self.notes, judgements=(), at=self.at)


def what_if(
    store: RecordStore,
    batch: int,
    *,
    sheet: CriteriaSheet,
    notes: Sequence[tuple[str, Note]],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> WhatIf:
    """Judge every unit of a batch again.

    Args:
        sheet: the draft.
        notes: what the draft means, from its reading or from its fields.
        progress: told units done and in all, every thousand.

    Raises:
        LineError: there is no such batch, or it cannot be read.
    """
    summary = store.batch_summary(batch)
    opening, units = summary.opening, summary.tally.records
    own = _Rules(opening.sheet, opening.reading.notes, opening.operating_point)
    draft = _Rules(sheet, tuple(notes), opening.operating_point)
    comparison = _Comparison(own, draft)
    for done, unit in enumerate(store.judged(batch), start=1):
        comparison.add(unit)
        if done % 1000 == 0:
            progress(done, units)
    return comparison.result(batch)


class _Comparison:
    """Counts and changes, unit by unit."""

    def __init__(self, own: _Rules, draft: _Rules) -> None:
        self._own, self._draft = own, draft
        self._clean = (own.judge("", ()), draft.judge("", ()))
        self._before = dict.fromkeys(Disposition, 0)
        self._after = dict.fromkeys(Disposition, 0)
        self._beyond: dict[str, int] = {}
        self._changed: list[Change] = []

    def add(self, unit: Judged) -> None:
        self._before[unit.disposition] += 1
        own, draft, beyond = self._under_both(unit)
        after = unit.disposition
        if beyond:
            self._beyond[beyond] = self._beyond.get(beyond, 0) + 1
        elif draft.disposition is not own.disposition:
            after = draft.disposition
        self._after[after] += 1
        if after is not unit.disposition:
            change = Change(unit=unit.unit, before=unit.disposition, after=after, why=_why(own, draft))
            self._changed.append(change)

    def result(self, batch: int) -> WhatIf:
        units = sum(self._before.values())
        return WhatIf(
            batch=batch,
            units=units,
            judged=units - sum(self._beyond.values()),
            beyond=self._beyond,
            before=self._before,
            after=self._after,
            changed=tuple(self._changed),
        )

    def _under_both(self, unit: Judged) -> tuple[Verdict, Verdict, str]:
        """Verdicts under both sheets, and why no sheet could have changed the unit, or ""."""
        own, draft = self._clean
        if unit.state == "lost":
            return own, draft, "LOST"
        if unit.reason in (Reason.LATE, Reason.HELD):
            return own, draft, unit.reason
        reasons = {} if unit.reasons == "{}" else _REASONS.validate_json(unit.reasons)
        unfit = {view: reason for view, reason in reasons.items() if reason in _BEYOND_A_SHEET}
        if unit.n_observations:
            views = [(view, seen) for view, seen in self._counting(unit.observations) if view not in unfit]
            own = _strictest([self._own.judge(view, seen) for view, seen in views], own)
            draft = _strictest([self._draft.judge(view, seen) for view, seen in views], draft)
        if unit.reason in _BEYOND_A_SHEET and not unfit:
            return own, draft, unit.reason
        if unfit and draft.disposition is not Disposition.REJECT:
            return own, draft, next(iter(unfit.values()))
        return own, draft, ""

    def _counting(self, observations: str) -> Iterable[tuple[str, tuple[Observation, ...]]]:
        """Views with an observation that the operating point does not leave out; the others are clean."""
        for view, seen in _VIEWS.validate_json(observations).items():
            if any(observation.score >= self._own.at.hold_from for observation in seen):
                yield view, seen


def _strictest(verdicts: Sequence[Verdict], clean: Verdict) -> Verdict:
    return min((*verdicts, clean), key=lambda verdict: _STRICTEST_FIRST.index(verdict.disposition))


def _why(own: Verdict, draft: Verdict) -> str:
    if draft.disposition is Disposition.ACCEPT:
        return f"no longer a reason: {own.text}"
    return draft.text
