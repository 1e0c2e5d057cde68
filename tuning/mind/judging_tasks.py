"""Tasks of judging: questions over one sheet of notes, each with the chain that the plain rule gives."""

import math
from dataclasses import dataclass
from random import Random

from models.chain import Chain, NoteLine, Question, asked_units, judge_by_rule, line_id
from models.note import LARGEST, MEASURES, SEVERITIES, Note, Severity, Tier
from models.prompt import in_prompt_order
from tuning.mind.material import OWN, Material, Vocabulary, draw_called, draw_vocabulary, invented_word
from tuning.mind.notes import REJECTING, draw_limit, draw_note


@dataclass(frozen=True, slots=True)
class JudgeTask:
    lines: tuple[NoteLine, ...]
    rejecting: tuple[Severity, ...]
    questions: tuple[Question, ...]
    chains: tuple[Chain, ...]


def draw_judging(
    draw: Random,
    material: Material,
    criteria: int,
    questions: int,
    *,
    near: float,
    mixed: float,
    own: float = OWN,
    crowded: bool = True,
    rejecting: tuple[Severity, ...] | None = None,
) -> JudgeTask:
    """Questions over one sheet of notes.

    Args:
        near: share of sizes that may come close to a limit (0 at the start of training).
        mixed: share of questions whose class is a mixture.
        crowded: many lines on a class, as hardly any real sheet has; else each class has its line or its pair.
        rejecting: severities that reject; None draws them.
    """
    vocabulary, is_own = draw_vocabulary(draw, material, own)
    names = {word: _eyes_word(draw, material, word, 0.3 if is_own else 0.6) for word in vocabulary.defects}
    lines = _lines(
        draw, [_renamed(note, names) for note in _notes(draw, material, vocabulary, criteria, crowded=crowded)]
    )
    rejecting = rejecting or draw.choice(REJECTING)
    asked = tuple(
        _question(draw, lines, tuple(names.values()), vocabulary.zones, near=near, mixed=mixed)
        for _ in range(questions)
    )
    shown = in_prompt_order(lines)
    return JudgeTask(
        tuple(lines),
        rejecting,
        asked,
        tuple(judge_by_rule(shown, question, rejecting) for question in asked),
    )


def _notes(draw: Random, material: Material, vocabulary: Vocabulary, criteria: int, *, crowded: bool) -> list[Note]:
    """About so many notes; often a pair on one class: two limits, a zone and the rest, a size and a count."""
    notes: list[Note] = []
    fresh = list(vocabulary.defects)
    while len(notes) < criteria and (crowded or fresh):
        defect = draw.choice(vocabulary.defects) if crowded else fresh.pop(draw.randrange(len(fresh)))
        note = draw_note(draw, material, defect, vocabulary.places, two_tiers=0.08)
        notes.append(note)
        way = draw.random()
        if note.kind == "size" and note.zone and way < 0.7:
            again = draw_note(draw, material, defect, vocabulary.places, two_tiers=0.0)
            if again.kind != "count":
                notes.append(again.model_copy(update={"zone": note.zone, "outside": not note.outside}))
        elif note.kind == "size" and len(note.tiers) == 1 and way < 0.3:
            tier = Tier(operator=">", limit=draw_limit(draw, note.unit or "mm"), severity=draw.choice(SEVERITIES))
            notes.append(note.model_copy(update={"tiers": (tier,)}))
        elif note.kind == "size" and way < 0.45:
            tier = Tier(operator=">", limit=float(draw.randint(1, 9)), severity=draw.choice(SEVERITIES))
            notes.append(Note(kind="count", defect=defect, unit="count", tiers=(tier,)))
    operators = (">", ">", ">=")
    return [
        note.model_copy(
            update={"tiers": tuple(tier.model_copy(update={"operator": draw.choice(operators)}) for tier in note.tiers)}
        )
        for note in notes[:criteria]
    ]


def _lines(draw: Random, notes: list[Note]) -> list[NoteLine]:
    draw.shuffle(notes)
    first = draw.choice((0, 0, 0, draw.randint(0, 98 - len(notes))))
    order = list(range(first, first + len(notes)))
    if draw.random() < 0.4:
        draw.shuffle(order)
    return [NoteLine(line_id(index), note) for index, note in zip(order, notes, strict=True)]


def _question(
    draw: Random, lines: list[NoteLine], classes: tuple[str, ...], zones: tuple[str, ...], *, near: float, mixed: float
) -> Question:
    limited = [line.note for line in lines if line.note.tiers]
    zone, way = draw.choice(zones), draw.random()
    defect = draw.choice(classes)
    if way < 0.62 and limited:
        note = draw.choice(limited)
        defect = note.defect
        if note.kind == "count":
            count = max(1, min(30, int(note.tiers[0].limit) + draw.choice((-2, -1, -1, 0, 0, 1, 1, 2, 3))))
            return Question(defect, note.place if draw.random() < 0.9 else "", count=count)
        if note.zone and draw.random() < 0.55:
            zone = note.zone
    elif way > 0.97:
        return Question(defect, "", count=draw.randint(1, 9))
    units = list(asked_units(lines, defect))
    if draw.random() < 0.2:
        units += [draw.choice([unit for unit in MEASURES if unit not in units] or units)]
    draw.shuffle(units)
    sizes = tuple((unit, _size(draw, lines, defect, unit, near)) for unit in dict.fromkeys(units))
    mixture: tuple[tuple[str, float], ...] = ()
    if draw.random() < mixed:
        share = draw.uniform(0.55, 1.0)
        mixture = ((defect, share), (draw.choice([word for word in classes if word != defect]), 1 - share))
    return Question(defect, zone, sizes, mixture=mixture)


def _size(draw: Random, lines: list[NoteLine], defect: str, unit: str, near: float) -> float:
    """Around one of the limits in question: on it, a few percent off, or far."""
    limits = [
        tier.limit for line in lines for tier in line.note.tiers if (line.note.defect, line.note.unit) == (defect, unit)
    ]
    if not limits:
        return max(0.01, round(math.exp(draw.uniform(-2, 2)), 2))
    limit, way = draw.choice(limits), draw.random()
    if way < 0.03:
        return round(limit, 2)
    if draw.random() > near:
        way = 0.9
    low, high = (0.005, 0.095) if way < 0.36 else (0.1, 0.27) if way < 0.66 else (0.3, 1.6)
    value = round(limit * math.exp(draw.choice((-1, 1)) * draw.uniform(low, high)), 2)
    return min(max(value, 0.01), LARGEST)


def _eyes_word(draw: Random, material: Material, word: str, share: float) -> str:
    if draw.random() > share:
        return word
    called = draw_called(draw, material, word)
    return draw.choice((called.many, called.one, invented_word(draw)))


def _renamed(note: Note, names: dict[str, str]) -> Note:
    return note.model_copy(update={"defect": names[note.defect]})
