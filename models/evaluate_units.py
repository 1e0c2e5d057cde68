"""What becomes of whole units under a sheet: escapes, false rejects and holds, from the pixels to the disposition.

The truth is the sheet applied to the true sizes. A unit must be rejected when a specified defect exceeds the sheet;
where only smaller or fainter defects than the specified do, it is counted apart, and so are units that are clean,
units whose defects the sheet tolerates, and units with a defect that the sheet does not name, which the rule holds. The
reading is taken as approved: its notes are the sheet's fields.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.criteria import CriteriaSheet
from models.evaluate_eyes import SeenUnit
from models.evaluate_judging import Judge, Opens
from models.example import ShownDefect
from models.limits import too_fine
from models.metrics import Figure, share
from models.note import SEVERITIES, Note, Severity
from models.verdict import Disposition, OperatingPoint, Verdict, decide, questions_for

TOPIC = "units"
VIEW = "challenge"
BINS_MM = (0.0, 0.5, 1.0, 2.0, 4.0, math.inf)
AIMS: Mapping[Severity, float] = {"critical": 0.99}

Truth = Literal["clean", "tolerable", "unnamed", "faint unnamed", "faint", "must reject"]


@dataclass(frozen=True, slots=True)
class JudgedUnit:
    """One unit under one sheet: what was owed, what happened, and what the rule alone would have done."""

    seen: SeenUnit
    truth: Truth
    guilty: dict[int, Severity]  # specified defects that reject the unit each by itself, and how grave each is
    disposition: Disposition
    ruled: Disposition
    assessable: bool = True


def judge_units(
    seen: Sequence[SeenUnit],
    sheets: Sequence[CriteriaSheet],
    mind: Opens,
    at: OperatingPoint,
    *,
    scales: Sequence[float],
    smallest_px: Mapping[str, float | None],
    progress: Callable[[int, int], None],
) -> list[Figure]:
    """Every unit under the first sheet; the other sheets share the units among them.

    Args:
        scales: mm per px that the eyes worked with, of every unit.
        smallest_px: of each defect, from the package manifest.
    """
    if not sheets:
        return []
    units = list(zip(seen, scales, strict=True))
    shares = [units, *(units[turn :: len(sheets) - 1] for turn in range(len(sheets) - 1))]
    total, done = sum(len(part) for part in shares), 0
    others: list[JudgedUnit] = []
    figures: list[Figure] = []
    for sheet, part in zip(sheets, shares, strict=True):
        notes = [(criterion.id, criterion.note) for criterion in sheet.criteria]
        judge = mind.open(notes, sheet.rejects)
        judged = []
        for unit, mm_per_px in part:
            held = _unassessable(unit, sheet, smallest_px, mm_per_px)
            judged.append(_judge(unit, sheet, notes, judge, at, assessable=not held))
            done += 1
            progress(done, total)
        if sheet is sheets[0]:
            figures += unit_figures(judged, of=sheet.id)
        else:
            others += judged
    return [*figures, *unit_figures(others, of=f"{len(sheets) - 1} counterfactual sheets")] if others else figures


def unit_figures(judged: Sequence[JudgedUnit], *, of: str) -> list[Figure]:
    """Escapes, false rejects and holds, each among the units that it can happen to."""
    bad, faint = _owed(judged, "must reject"), _owed(judged, "faint")
    clean, tolerable = _owed(judged, "clean"), _owed(judged, "tolerable")
    sound, unnamed = clean + tolerable, _owed(judged, "unnamed")
    all_unnamed = unnamed + _owed(judged, "faint unnamed")
    assessed = sum(unit.assessable for unit in judged)
    figures = [
        _share("units to be rejected: accepted (escapes)", bad, Disposition.ACCEPT, of),
        _share("units to be rejected: held", bad, Disposition.HOLD, of),
        _share("units with only faint or tiny defects over the sheet: accepted", faint, Disposition.ACCEPT, of),
        _share("clean units: rejected (false rejects)", clean, Disposition.REJECT, of),
        _share("clean units: held", clean, Disposition.HOLD, of),
        _share("units with tolerated defects: rejected", tolerable, Disposition.REJECT, of),
        _share("units with tolerated defects: held", tolerable, Disposition.HOLD, of),
        _share("units with defects that the sheet does not name: accepted", all_unnamed, Disposition.ACCEPT, of),
        _share("units with defects that the sheet does not name: held", all_unnamed, Disposition.HOLD, of),
        _share("units with defects that the sheet does not name: rejected", all_unnamed, Disposition.REJECT, of),
        _share("units with specified defects that the sheet does not name: accepted", unnamed, Disposition.ACCEPT, of),
        share(TOPIC, "units that cannot be assessed: held", len(judged) - assessed, len(judged), of=of),
    ]
    by_mind = sum(u.ruled == Disposition.ACCEPT and u.disposition == Disposition.HOLD for u in sound)
    figures.append(share(TOPIC, "sound units that only the mind's opinion holds", by_mind, len(sound), of=of))
    figures += _detected(bad, of)
    shown, escaped = Counter[str](), Counter[str]()
    for unit in bad:
        for j in unit.guilty:
            label = _label(unit.seen.defects[j])
            shown[label] += 1
            escaped[label] += unit.disposition == Disposition.ACCEPT
    figures += [
        share(TOPIC, "defects over the sheet in accepted units", escaped[label], shown[label], of=f"{of}: {label}")
        for label in sorted(shown)
    ]
    return figures


def _detected(bad: Sequence[JudgedUnit], of: str) -> list[Figure]:
    """By severity, the defects over the sheet whose unit was not accepted."""
    figures = []
    for severity in SEVERITIES:
        kept = [
            unit.disposition != Disposition.ACCEPT
            for unit in bad
            for grave in unit.guilty.values()
            if grave == severity
        ]
        if kept:
            name, aim = f"{severity} defects over the sheet: unit not accepted", AIMS.get(severity)
            figures.append(share(TOPIC, name, sum(kept), len(kept), of=of, aim=aim))
    return figures


def truth_of(defects: Sequence[ShownDefect], sheet: CriteriaSheet) -> tuple[Truth, dict[int, Severity]]:
    """What is owed to a unit with these defects, and which specified ones reject it by themselves, how grave each.

    A unit that has to be rejected is that, whatever else is wrong with it; of the others, one with a defect that no
    criterion names may not be accepted if that defect is specified. A criterion that is off names its defect.
    """
    notes = [criterion.note for criterion in sheet.criteria]
    if not defects:
        return "clean", {}
    if _gravest([d for d in defects if d.specified], notes, sheet, counting=True):
        gravest = {j: _gravest([d], notes, sheet, counting=False) for j, d in enumerate(defects) if d.specified}
        return "must reject", {j: severity for j, severity in gravest.items() if severity}
    if unnamed := [d for d in defects if not any(n.defect == d.defect and n.covers(d.zone) for n in notes)]:
        return ("unnamed" if any(d.specified for d in unnamed) else "faint unnamed"), {}
    return ("faint", {}) if _gravest(defects, notes, sheet, counting=True) else ("tolerable", {})


def _gravest(
    defects: Sequence[ShownDefect], notes: Sequence[Note], sheet: CriteriaSheet, *, counting: bool
) -> Severity | Literal[""]:
    """The gravest severity by which these defects reject a unit; empty where they do not."""
    found: set[Severity] = set()
    for note in notes:
        own = [d for d in defects if d.defect == note.defect and note.covers(d.zone)]
        if note.kind == "any" and own and note.severity:
            found.add(note.severity)
        for tier in note.tiers:
            values = [d.sizes[note.unit] for d in own] if note.kind == "size" else [float(len(own))] * counting
            if any(tier.exceeded_by(value) for value in values):
                found.add(tier.severity)
    return next((severity for severity in SEVERITIES if severity in found and severity in sheet.rejects), "")


def _unassessable(
    unit: SeenUnit, sheet: CriteriaSheet, smallest_px: Mapping[str, float | None], mm_per_px: float
) -> bool:
    """Whether the line would hold the unit whatever the eyes say: the picture is unlike what they were made for (or
    nobody can say how unlike), more places stand out than are looked at, or a limit is too fine for its scale.

    Not covered is the fitness of the picture, blur and exposure: the line rejects an unfit one before the look, by
    limits of its view, which a challenge does not have.
    """
    look = unit.look
    return not look.counts or any(True for _ in too_fine(sheet, smallest_px, mm_per_px, look.unit_px2))


def _judge(
    unit: SeenUnit,
    sheet: CriteriaSheet,
    notes: Sequence[tuple[str, Note]],
    judge: Judge,
    at: OperatingPoint,
    *,
    assessable: bool,
) -> JudgedUnit:
    truth, guilty = truth_of(unit.defects, sheet)
    if not assessable:  # nothing that the eyes say counts
        return JudgedUnit(unit, truth, guilty, Disposition.HOLD, Disposition.HOLD, assessable=False)
    asked = questions_for(unit.look.observations, notes, at)
    judgements = judge(asked) if asked else []
    with_mind, alone = (
        decide(unit.look.observations, view=VIEW, sheet=sheet, notes=notes, judgements=opinions, at=at)
        for opinions in (judgements, [])
    )
    return JudgedUnit(unit, truth, guilty, with_mind.disposition, alone.disposition)


def repeated(
    look: Callable[[], SeenUnit],
    sheet: CriteriaSheet,
    mind: Opens,
    at: OperatingPoint,
    *,
    times: int,
    progress: Callable[[int, int], None],
) -> Figure:
    """How often one unit, looked at and judged again, gives the very same observations, judgements and verdict."""
    notes = [(criterion.id, criterion.note) for criterion in sheet.criteria]
    judge = mind.open(notes, sheet.rejects)
    answers = []
    for turn in range(times):
        observations = look().look.observations
        asked = questions_for(observations, notes, at)
        judgements = judge(asked) if asked else []
        verdict = decide(observations, view=VIEW, sheet=sheet, notes=notes, judgements=judgements, at=at)
        answers.append(_bits(verdict, *observations, *judgements))
        progress(turn + 1, times)
    return share(TOPIC, "repetitions of one unit that are the same to the last bit", answers.count(answers[0]), times)


def _bits(verdict: Verdict, *rest: object) -> str:
    return json.dumps([verdict.model_dump(mode="json"), *map(repr, rest)])


def _owed(judged: Sequence[JudgedUnit], truth: Truth) -> list[JudgedUnit]:
    return [unit for unit in judged if unit.truth == truth]


def _share(name: str, units: Sequence[JudgedUnit], disposition: Disposition, of: str) -> Figure:
    return share(TOPIC, name, sum(u.disposition == disposition for u in units), len(units), of=of)


def _label(defect: ShownDefect) -> str:
    if defect.whole:
        return defect.defect
    length = defect.sizes["mm"]
    low = max(edge for edge in BINS_MM if edge <= length)
    high = min(edge for edge in BINS_MM if edge > length)
    return f"{defect.defect}, {low:g}-{high:g} mm" if high < math.inf else f"{defect.defect}, from {low:g} mm"
