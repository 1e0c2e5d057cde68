"""The decision: observations, an approved reading and the mind's opinion become a disposition. Pure, strict one way.

The rule is arithmetic on measured sizes with a guard band: over the limit rejects, under it by less than the
measurement's uncertainty holds. Doubt about the class, a score between the two thresholds, an observation that no
criterion names and a mind of another opinion hold. Nothing turns a reject into an accept.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from itertools import product
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from models.answer import where_pieces
from models.chain import NoteLine, Question, asked_units
from models.criteria import CriteriaSheet
from models.note import Note, Severity, Tier
from models.observation import Box, Observation, Size

SURE_CLASS = 0.95  # a class at least this likely is shown to the mind as its word, a doubtful one as a mixture


class Disposition(StrEnum):
    """What is to happen to the unit."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    HOLD = "HOLD"


class Reason(StrEnum):
    """Why a unit was not accepted."""

    DEFECT = "DEFECT"  # a criterion was exceeded
    UNSURE = "UNSURE"  # doubt about class, size or meaning
    NOT_ASSESSABLE = "NOT_ASSESSABLE"  # the picture is unfit or unlike what the package was made for
    NOT_INSPECTED = "NOT_INSPECTED"  # no picture, or an error
    LATE = "LATE"  # out of time: dropped or not begun as it would not have been ready, or ready after its deadline
    HELD = "HELD"  # the line was held


class OperatingPoint(BaseModel):
    """Thresholds of a package, set on its calibration units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    real_from: float = Field(gt=0, lt=1)  # a region of at least this score is a finding
    hold_from: float = Field(gt=0, lt=1)  # from here to real_from it can only hold the unit; below, it is only recorded
    doubt_from: float = Field(gt=0, lt=1)  # a class of at least this probability must not matter, or the unit is held
    sure_from: float = Field(ge=0, le=1)  # a reading of a lower score is unsure


class Judgement(BaseModel):
    """The mind's opinion of one observation, or of a count when `observation` is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    observation: int | None
    chain: str  # for example `K2 mm=00.80>00.50 over major reject`
    verdict: Literal["accept", "reject", "hold"]
    score: float = Field(ge=0, le=1)
    as_drafted: bool  # the mind wrote the very chain that the rule drafts


class Finding(BaseModel):
    """A criterion that was exceeded, or may have been, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    criterion: str
    wording: str
    severity: Severity
    clauses: tuple[str, ...]
    defect: str
    zone: str  # of a count: as the criterion states it, "" for the whole unit or "not tablet" too
    view: str
    box_px: Box | None  # None: a count over the whole view
    unit: str  # mm, mm2, %, count, or "" where every occurrence counts
    limit: float | None
    value: float | None
    uncertainty: float | None
    score: float
    sure: bool  # False: within the uncertainty of size, class or score

    @property
    def place(self) -> str:
        """` on tablet`, ` not tablet`, or nothing where it holds for the whole unit."""
        return "".join(where_pieces(self.zone))


class Verdict(BaseModel):
    """The disposition of one view of a unit, with everything it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    disposition: Disposition
    reason: Reason | None = None
    text: str = ""
    findings: tuple[Finding, ...] = ()


class Asked(NamedTuple):
    """A question for the mind and the observation it is about."""

    observation: int | None
    question: Question


def decide(
    observations: Sequence[Observation],
    *,
    view: str,
    sheet: CriteriaSheet,
    notes: Sequence[tuple[str, Note]],
    judgements: Sequence[Judgement],
    at: OperatingPoint,
) -> Verdict:
    """Judge one view of a unit.

    Args:
        observations: all that the eyes saw, in any order; those below `at.hold_from` do not count.
        notes: criterion ids and notes of the approved reading of `sheet`.
        judgements: of the mind, on the questions of `questions_for`; none when the rule alone is asked (what-if).
    """
    rule = _Rule(view, sheet, dict(notes), at)
    opinions = {j.observation: j for j in judgements if j.observation is not None}
    for index, seen in enumerate(observations):
        if seen.score >= at.hold_from:
            rule.apply(seen, opinions.get(index))
    rule.apply_counts(observations, [j for j in judgements if j.observation is None])
    return rule.verdict()


def questions_for(
    observations: Sequence[Observation], notes: Sequence[tuple[str, Note]], at: OperatingPoint
) -> list[Asked]:
    """What the mind is asked about a view: each observation that counts, and each count that a criterion limits."""
    lines = [NoteLine(id, note) for id, note in notes]
    counting = {note.defect: note for _, note in notes if note.kind == "count"}
    asked = []
    for index, seen in enumerate(observations):
        if seen.score < at.hold_from or not _named(
            seen.defect, [note for _, note in notes if note.kind != "count"], counting
        ):
            continue
        units = asked_units(lines, seen.defect)
        doubtful = seen.classes[0][1] < SURE_CLASS
        mixture = tuple(pair for pair in seen.classes if pair[1] >= 0.02) if doubtful else ()
        sizes = tuple((unit, seen.sizes[unit].value) for unit in units)
        asked.append(Asked(index, Question(seen.defect, seen.zone, sizes, None, mixture)))
    for note in (note for _, note in notes if note.kind == "count"):
        count = len(_counted(observations, note, at.real_from))
        if count:
            asked.append(Asked(None, Question(note.defect, note.place, count=count)))
    return asked


def _named(defect: str, notes: Collection[Note], counting: Collection[str]) -> bool:
    """False where a count is all that the sheet says of a defect: one observation alone then needs no opinion."""
    return defect not in counting or any(note.defect == defect for note in notes)


def _counted(observations: Sequence[Observation], note: Note, score: float) -> list[Observation]:
    return [o for o in observations if o.score >= score and o.defect == note.defect and note.covers(o.zone)]


def _perhaps(observations: Sequence[Observation], note: Note, at: OperatingPoint) -> list[Observation]:
    """Those that may be one to count: below the upper score, or, if not likeliest, of its class or in its zone."""
    return [
        o
        for o in observations
        if o.score >= at.hold_from
        and any(note.covers(zone) for zone in o.zones)
        and (o.defect == note.defect or any(d == note.defect and p >= at.doubt_from for d, p in o.classes))
    ]


class _Rule:
    """One view under the sheet, collected finding by finding."""

    def __init__(self, view: str, sheet: CriteriaSheet, notes: dict[str, Note], at: OperatingPoint) -> None:
        self.view, self.sheet, self.notes, self.at = view, sheet, notes, at
        self.findings: list[Finding] = []
        self.doubts: list[str] = []

    def apply(self, seen: Observation, opinion: Judgement | None) -> None:
        """One observation: by the rule as what it likeliest is, where it likeliest is; what else it may be objects."""
        certain, before = seen.score >= self.at.real_from, len(self.findings)
        found, named = self._findings(seen, seen.defect, seen.zone, sure=certain)
        self.findings += found
        if not named:
            self.doubts.append(f"a {seen.defect} on {seen.zone} that no criterion names")
        rejected = any(f.sure and f.severity in self.sheet.rejects for f in found)
        told, unnamed = {f.criterion for f in found}, set() if named else {seen.defect}
        for defect, zone, doubt in () if rejected else self._otherwise(seen):
            also, known = self._findings(seen, defect, zone, sure=False)
            if not known and defect not in unnamed:
                self.doubts.append(f"a {doubt}, which no criterion names")
                unnamed.add(defect)
            also = [f for f in also if f.severity in self.sheet.rejects and f.criterion not in told]
            self.findings += also
            told |= {f.criterion for f in also}
        if not rejected and not any(f.severity in self.sheet.rejects for f in self.findings[before:]):
            worse = self._rejecting_together(seen)
            if worse >= self.at.doubt_from:
                self.doubts.append(f"a {seen.defect} on {seen.zone} that may be something worse ({worse:.2f})")
        if opinion is not None and opinion.verdict != "accept" and not rejected:
            self.doubts.append(f"the model reads a {seen.defect} on {seen.zone} otherwise: {opinion.chain}")

    def apply_counts(self, observations: Sequence[Observation], opinions: Sequence[Judgement]) -> None:
        for id, note in self.notes.items():
            if note.kind != "count":
                continue
            surely = len(_counted(observations, note, self.at.real_from))
            maybe = sum(one.parts for one in _perhaps(observations, note, self.at))
            for tier in note.tiers:
                if sure := tier.exceeded_by(surely):
                    self.findings.append(self._count_finding(id, note, tier, surely, sure=sure))
                elif tier.exceeded_by(maybe):
                    self.findings.append(self._count_finding(id, note, tier, maybe, sure=sure))
        rejected = any(f.unit == "count" and f.sure and f.severity in self.sheet.rejects for f in self.findings)
        if any(o.verdict != "accept" for o in opinions) and not rejected:
            self.doubts.append(
                "the model counts otherwise: " + "; ".join(o.chain for o in opinions if o.verdict != "accept")
            )

    def verdict(self) -> Verdict:
        rejecting = [f for f in self.findings if f.severity in self.sheet.rejects]
        findings = tuple(self.findings)
        if sure := [f for f in rejecting if f.sure]:
            return Verdict(
                disposition=Disposition.REJECT, reason=Reason.DEFECT, text="; ".join(map(_say, sure)), findings=findings
            )
        if rejecting or self.doubts:
            text = "; ".join([*map(_say, rejecting), *self.doubts])
            return Verdict(disposition=Disposition.HOLD, reason=Reason.UNSURE, text=text, findings=findings)
        return Verdict(disposition=Disposition.ACCEPT, text="; ".join(map(_say, findings)), findings=findings)

    def _findings(self, seen: Observation, defect: str, zone: str, *, sure: bool) -> tuple[list[Finding], bool]:
        """Findings if the observation is of this defect in this zone, and whether the sheet names it at all."""
        found, named = [], False
        for id, note in self.notes.items():
            if note.defect != defect or note.kind == "other" or not note.covers(zone):
                continue
            named = True
            if note.kind == "any" and note.severity:
                found.append(self._finding(id, seen, note, defect, zone, None, None, note.severity, sure=sure))
            elif note.kind == "size":
                size = seen.sizes[note.unit]
                for tier in note.tiers:
                    if tier.exceeded_by(size.value + size.uncertainty):
                        over = tier.exceeded_by(size.value)
                        found.append(
                            self._finding(id, seen, note, defect, zone, size, tier, tier.severity, sure=sure and over)
                        )
        return found, named

    def _otherwise(self, seen: Observation) -> Iterator[tuple[str, str, str]]:
        """What else it may be, and where else, and that doubt in words."""
        likely = [(name, p) for name, p in seen.classes if p >= self.at.doubt_from or name == seen.defect]
        for (defect, probability), zone in product(likely, seen.zones):
            class_said = "" if defect == seen.defect else f" that may be a {defect} ({probability:.2f})"
            zone_said = "" if zone == seen.zone else f" on {seen.zone} that may be on {zone}"
            if class_said or zone_said:
                yield defect, zone, f"{seen.defect}{class_said}{' and' if class_said and zone_said else ''}{zone_said}"

    def _rejecting_together(self, seen: Observation) -> float:
        """Probability that it is one of the classes that reject, each of them too unlikely by itself."""
        unlikely = [(name, p) for name, p in seen.classes[1:] if p < self.at.doubt_from]
        if sum(p for _, p in unlikely) < self.at.doubt_from:  # as nearly always: nothing has to be tried
            return 0.0
        return sum(p for name, p in unlikely if self._rejects(seen, name))

    def _rejects(self, seen: Observation, defect: str) -> bool:
        found = (f for zone in seen.zones for f in self._findings(seen, defect, zone, sure=False)[0])
        return any(f.severity in self.sheet.rejects for f in found)

    def _finding(
        self,
        id: str,
        seen: Observation,
        note: Note,
        defect: str,
        zone: str,
        size: Size | None,
        tier: Tier | None,
        severity: Severity,
        *,
        sure: bool,
    ) -> Finding:
        criterion = self.sheet.criterion(id)
        return Finding(
            criterion=id,
            wording=criterion.sentence,
            severity=severity,
            clauses=criterion.clauses,
            defect=defect,
            zone=zone,
            view=self.view,
            box_px=seen.box_px,
            unit=note.unit,
            limit=tier.limit if tier else None,
            value=size.value if size else None,
            uncertainty=size.uncertainty if size else None,
            score=seen.score,
            sure=sure,
        )

    def _count_finding(self, id: str, note: Note, tier: Tier, count: int, *, sure: bool) -> Finding:
        criterion = self.sheet.criterion(id)
        return Finding(
            criterion=id,
            wording=criterion.sentence,
            severity=tier.severity,
            clauses=criterion.clauses,
            defect=note.defect,
            zone=note.place,
            view=self.view,
            box_px=None,
            unit="count",
            limit=tier.limit,
            value=float(count),
            uncertainty=None,
            score=1.0,
            sure=sure,
        )


def _say(finding: Finding) -> str:
    """One finding in a line, for records and the console.

    It names criterion, defect and place, the measured size against the limit, and the severity.
    """
    size = ""
    if finding.value is not None and finding.limit is not None:
        spread = f" ± {finding.uncertainty:.2f}" if finding.uncertainty is not None else ""
        size = f" {finding.value:.3g}{spread} {finding.unit}, limit {finding.limit:g}"
    what = f"{'' if finding.sure else 'perhaps '}{finding.defect}{finding.place}"
    return f"{finding.criterion}: {what}{size} ({finding.severity})"
