"""Counterfactual sheets for the mind's challenge: ten criteria, what is asked under them, and pairs that differ.

Every sheet, limit and size is drawn from a seed of its own, so that nothing can be right by heart. A size never comes
closer than 3 % to a limit: there the measurement's uncertainty decides, not the mind.
"""

import math
from collections.abc import Sequence
from random import Random
from typing import Protocol

from models.example import Counterpart, ShownCriterion, ShownObservation, ShownSheet
from models.note import LARGEST, MEASURES, Note, Severity, Tier, Unit
from tuning.errors import TuningError
from tuning.mind.material import Material
from tuning.mind.notes import REJECTING, draw_note

CRITERIA = 10
NEAREST, FARTHEST = 0.03, 0.8  # log distance of a size from its limit
MIXED, ABSENT, OUT_OF_ZONE = 0.2, 0.05, 0.2  # shares of observations
MOST_DRAWN = 1000  # notes, to fill one sheet
HEADED, OTHER = 0.3, 0.15  # shares of the lines that are read apart from any sheet
TURNS = ("limit", "severity", "off", "zone")
STAYS = ("order", "line numbers", "rewording", "unrelated criteria")


class Speaker(Protocol):
    """Says a note in words."""

    def say(self, draw: Random, note: Note, *, headed: bool) -> ShownCriterion: ...

    def say_other(self, draw: Random) -> ShownCriterion: ...


def draw_sheet(draw: Random, material: Material, speaker: Speaker, *, wording: str, observations: int) -> ShownSheet:
    """Ten criteria without headings, as sheets have them, and observations to judge."""
    criteria = tuple(speaker.say(draw, note, headed=False) for note in draw_notes(draw, material, CRITERIA))
    notes = [criterion.note for criterion in criteria]
    asked = tuple(_observation(draw, material, notes) for _ in range(observations))
    return ShownSheet(wording, criteria, draw.choice(REJECTING), {}, asked)


def draw_lines(draw: Random, material: Material, speaker: Speaker, *, wording: str, lines: int) -> ShownSheet:
    """Lines to read only: under headings, and among them sentences that are no criterion."""
    criteria = []
    for _ in range(lines):
        if draw.random() < OTHER:
            criteria.append(speaker.say_other(draw))
        else:
            criteria.append(
                speaker.say(draw, draw_notes(draw, material, 1)[0], headed=draw.random() < HEADED / (1 - OTHER))
            )
    return ShownSheet(wording, tuple(criteria))


def draw_notes(draw: Random, material: Material, count: int) -> list[Note]:
    """Notes of one sheet: none twice, none that lays off what another judges; fewer where few classes leave no more."""
    notes: list[Note] = []
    for _ in range(MOST_DRAWN):
        if len(notes) == count:
            break
        note = draw_note(draw, material, draw.choice(material.own.defects), material.own.places, two_tiers=0.0)
        if note.kind == "count":
            most = max(2.0, note.tiers[0].limit)  # one of a thing would have to be said in the singular
            tier = note.tiers[0].model_copy(update={"limit": most})
            note = note.model_copy(update={"zone": "", "outside": False, "tiers": (tier,)})
        if note.kind == "size":
            note = _limited(note, _sayable(note.tiers[0].limit))
        if not any(_collide(note, other) for other in notes):
            notes.append(note)
    return notes


def _collide(one: Note, other: Note) -> bool:
    if one.defect != other.defect:
        return False
    if "off" in (one.kind, other.kind):
        return not (one.zone and one.zone == other.zone and one.outside != other.outside)
    return (one.kind, one.unit, one.zone, one.outside) == (other.kind, other.unit, other.zone, other.outside)


def _observation(draw: Random, material: Material, notes: Sequence[Note]) -> ShownObservation:
    vocabulary = material.own
    named = {note.defect for note in notes}
    if draw.random() < ABSENT and (absent := [defect for defect in vocabulary.defects if defect not in named]):
        return ShownObservation(draw.choice(absent), draw.choice(vocabulary.zones), sizes_near(draw, notes, ""))
    note = draw.choice(notes)
    if note.kind == "count":
        count = max(1, int(note.tiers[0].limit) + draw.choice((-2, -1, 0, 1, 2, 3)))
        return ShownObservation(note.defect, "", count=count)
    inside = draw.random() >= OUT_OF_ZONE
    zone = draw.choice([z for z in vocabulary.zones if note.covers(z) == inside] or list(vocabulary.zones))
    mixture: tuple[tuple[str, float], ...] = ()
    others = [defect for defect in vocabulary.defects if defect != note.defect]
    if draw.random() < MIXED and others:
        likely = draw.uniform(0.6, 0.94)
        other = draw.choice(others)
        mixture = ((note.defect, likely), (other, 1 - likely))
    return ShownObservation(note.defect, zone, sizes_near(draw, notes, note.defect), mixture=mixture)


def sizes_near(draw: Random, notes: Sequence[Note], defect: str) -> dict[str, float]:
    """A size in every quantity, near one of the sheet's limits where it has one."""
    sizes: dict[str, float] = {}
    for unit in MEASURES:
        limits = [tier.limit for note in notes if (note.defect, note.unit) == (defect, unit) for tier in note.tiers]
        sizes[unit] = near(draw, draw.choice(limits)) if limits else round(math.exp(draw.uniform(-1, 2)), 2)
    return sizes


def near(draw: Random, limit: float, side: int = 0) -> float:
    """A size on one side of a limit, 0: on either, clear of it by 3 % and by the two decimals that are shown."""
    way = side or draw.choice((-1, 1))
    value = round(limit * math.exp(way * draw.uniform(NEAREST, FARTHEST)), 2)
    if value == round(limit, 2):
        value = round(limit + way * 0.01, 2)
    return min(max(value, 0.01), LARGEST)


# ---------------------------------------------------------------- pairs
def draw_turn(draw: Random, material: Material, speaker: Speaker, sheet: ShownSheet, what: str) -> Counterpart:
    """A sheet and its counterfactual, with an observation that one of the two rejects and the other accepts."""
    defect = draw.choice(material.sized)
    others = tuple(criterion for criterion in sheet.criteria if criterion.note.defect != defect)
    unit: Unit = "%" if defect == "stain" and draw.random() < 0.5 else "mm"
    limit = round(draw.uniform(0.3, 4.0), 1) if unit == "mm" else float(draw.randint(2, 30))
    tier = Tier(operator=">", limit=limit, severity="major")
    base = Note(kind="size", defect=defect, unit=unit, tiers=(tier,))
    zone, rejecting = draw.choice(material.own.places or material.own.zones), ("critical", "major")
    size = near(draw, limit, 1)
    looser = _sayable(near(draw, size, 1) + 0.05)
    first, second = [base], [base]
    match what:
        case "limit":
            second = [_limited(base, looser)]
        case "severity":
            second = [_graded(base, "minor")]
        case "off":
            second = [Note(kind="off", defect=defect)]
        case _:
            strict, loose = base, _limited(base, looser)
            first = [_placed(strict, zone, outside=False), _placed(loose, zone, outside=True)]
            second = [_placed(strict, zone, outside=True), _placed(loose, zone, outside=False)]
    sizes = sizes_near(draw, [], "") | {unit: size}
    at = draw.randint(0, len(others))
    pair = [
        ShownSheet(
            sheet.wording,
            (*others[:at], *(speaker.say(draw, note, headed=False) for note in notes), *others[at:]),
            rejecting,
            sheet.glossary,
        )
        for notes in (first, second)
    ]
    if draw.random() < 0.5:
        pair.reverse()
    return Counterpart(what, sheet.wording, pair[0], pair[1], ShownObservation(defect, zone, sizes), same=False)


def draw_stay(
    draw: Random, speaker: Speaker, sheet: ShownSheet, stock: Sequence[ShownCriterion], what: str
) -> Counterpart:
    """A sheet and the same rules in another guise, with an observation whose verdict must stay.

    Args:
        stock: criteria of other sheets, to put unrelated ones beside the sheet's own.
    """
    observation = draw.choice([one for one in sheet.observations if not one.mixture])
    criteria = list(sheet.criteria)
    match what:
        case "order":
            draw.shuffle(criteria)
        case "line numbers":  # a sheet's own ids never reach the mind; one more line in front moves every number
            others = [c for c in stock if c.note.defect != observation.defect]
            criteria = [draw.choice(others), *criteria]
        case "rewording":
            ruled = [one for one in sheet.observations if not one.mixture and _lines_of(criteria, one)]
            observation = observation if observation in ruled else draw.choice(ruled)
            for index in _lines_of(criteria, observation):
                criteria[index] = _reworded(draw, speaker, criteria[index])
        case _:
            others = [c for c in stock if c.note.defect != observation.defect]
            for criterion in draw.sample(others, 3):
                criteria.insert(draw.randint(0, len(criteria)), criterion)
    second = ShownSheet(sheet.wording, tuple(criteria), sheet.rejecting, sheet.glossary)
    return Counterpart(what, sheet.wording, sheet, second, observation, same=True)


def _lines_of(criteria: Sequence[ShownCriterion], observation: ShownObservation) -> list[int]:
    return [index for index, criterion in enumerate(criteria) if criterion.note.defect == observation.defect]


def _reworded(draw: Random, speaker: Speaker, criterion: ShownCriterion) -> ShownCriterion:
    """Other words for the same rule; a count keeps its operator, because there it makes a difference."""
    for _ in range(MOST_DRAWN):
        again = speaker.say(draw, criterion.note, headed=False)
        if again.text != criterion.text and (criterion.note.kind != "count" or again.note == criterion.note):
            return again
    raise TuningError(f"challenge: no second way to say {criterion.text.sentence!r}. Write another form of that kind.")


def _sayable(limit: float) -> float:
    """A limit that every wording writes out whole: those of two digits before the point have one behind it."""
    return min(round(limit, 1 if limit >= 10 else 2), LARGEST)


def _limited(note: Note, limit: float) -> Note:
    return note.model_copy(update={"tiers": (note.tiers[0].model_copy(update={"limit": limit}),)})


def _graded(note: Note, severity: Severity) -> Note:
    return note.model_copy(update={"tiers": (note.tiers[0].model_copy(update={"severity": severity}),)})


def _placed(note: Note, zone: str, *, outside: bool) -> Note:
    return note.model_copy(update={"zone": zone, "outside": outside})
