"""Counterfactual criteria sheets: what one task of the mind is about, drawn from a seed.

Half of the tasks speak of the product's own nine classes, the other half of forty others: matching a word to the list
is what must be learned, not the list. Half of the defects go by an invented word that only the glossary explains, for
the same reason.
"""

import math
from dataclasses import dataclass
from importlib import resources
from random import Random

from ruamel.yaml import YAML

from models.chain import LARGEST, Chain, Line, Question, asked_units, judge_by_rule, line_id
from models.note import Note, Severity, Tier, Unit
from models.prompt import in_prompt_order
from tuning.mind import wording
from tuning.mind.amounts import SHARES
from tuning.mind.speak import Called, Spoken, speak, speak_other, typed
from tuning.mind.wording import Side, Wordings
from tuning.mind.written import vary

SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor")
REJECTING: tuple[tuple[Severity, ...], ...] = (
    ("critical", "major"),
    ("critical", "major"),
    ("critical", "major"),
    SEVERITIES,
    ("critical",),
)
SYLLABLES = tuple(
    (
        "ba be bi bo bu da de di do fa fe fi ga go ka ke ki ko la le li lo ma me mi mo na ne no pa pe ra re "
        "ri ro sa se si so ta te ti to va vi vo za zi zo "
    ).split()
)
ADJECTIVES = tuple(
    (
        "pale dull rough loose open grey brown light dark wet dry thin thick round long short raised sunken "
        "faint sharp soft hard deep flat "
    ).split()
)
NOUNS = tuple(
    (
        "mark line point ring patch trace edge lump grain flake bit end fault island cloud halo band run drop "
        "vein bump ridge shell film streak "
    ).split()
)
PARTS = ("coat", "shell", "rim", "core", "film", "layer", "product", "surface")
OWN = 0.55  # share of tasks in the product's own vocabulary
WRITTEN = 0.4  # share of sentences about the product's own classes that somebody wrote, not a form
REMARKS, OUTSIDERS = 0.12, 0.06  # shares of sentences that are no criterion; criteria for what the product cannot see
TWO_LIMITS = 0.14  # share of sentences on sizes and counts, where the first is not critical
MISTYPED = 0.35  # share of sentences with typing errors
LYING_IN = 0.2  # share of names of a class with a place of its own that say the place too
PLAIN_ZONE = 0.45  # share of places that go by the package's own word
WIDE = 0.2  # share of limits from the whole range that sheets have


@dataclass(frozen=True, slots=True)
class Vocabulary:
    defects: tuple[str, ...]
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadTask:
    vocabulary: Vocabulary
    glossary: dict[str, tuple[str, ...]]
    spoken: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True)
class JudgeTask:
    lines: tuple[Line, ...]
    rejecting: tuple[Severity, ...]
    questions: tuple[Question, ...]
    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """Wordings and the package's glossary, loaded once."""

    wordings: Wordings
    glossary: dict[str, tuple[str, ...]]

    @property
    def everything(self) -> Vocabulary:
        """Every class and zone that any task can name."""
        words = self.wordings.words
        return Vocabulary((*words.blister, *words.others), tuple(words.zones))

    @property
    def own(self) -> Vocabulary:
        """The product's classes and zones, in their order."""
        return Vocabulary(tuple(self.wordings.words.blister), ("foil", "pocket", "tablet"))


def load_material() -> Material:
    text = resources.files("models").joinpath("embedded", "glossary.yaml").read_text(encoding="utf-8")
    return Material(
        wording.load_wordings(), {word: tuple(said) for word, said in YAML(typ="safe", pure=True).load(text).items()}
    )


# ---------------------------------------------------------------- reading
def draw_reading(
    draw: Random,
    material: Material,
    sentences: int,
    *,
    side: Side = "taught",
    own: float = OWN,
    renamed: float = 0.5,
    mistyped: float = MISTYPED,
) -> ReadTask:
    """Sentences under one vocabulary, each with the note it means."""
    vocabulary, is_own = _vocabulary(draw, material, own)
    invented: dict[str, list[str]] = {}
    spoken = []
    for _ in range(sentences):
        if is_own and side == "taught" and draw.random() < WRITTEN:
            spoken.append(vary(draw, draw.choice(material.wordings.written)))
            continue
        defect = draw.choice(vocabulary.defects)
        called = _called(draw, material, defect)
        way = draw.random()
        if way < REMARKS:
            spoken.append(speak_other(draw, material.wordings, called.many, side))
            continue
        if is_own and way < REMARKS + OUTSIDERS:
            spoken.append(_outsider(draw, material, vocabulary, side))
            continue
        if draw.random() < (renamed * 0.7 if is_own else renamed):
            alias = _alias(draw)
            plural = alias + ("es" if alias.endswith("ch") else "s")
            called = Called(plural, alias) if draw.random() < 0.8 else Called(alias, alias)
            invented.setdefault(defect, []).append(called.many)
        note = draw_note(draw, material, defect, vocabulary.zones, two_tiers=TWO_LIMITS)
        if note.zone:
            zone = draw.choice(material.wordings.words.zones[note.zone].words)
            if draw.random() < PLAIN_ZONE:
                zone = note.zone
            elif draw.random() < 0.08:
                zone = _alias(draw)
                invented.setdefault(note.zone, []).append(zone)
            called = Called(called.many, called.one, zone)
        elif is_own and draw.random() < LYING_IN:
            called = _lying_in(draw, material, defect, called)
        spoken.append(speak(draw, material.wordings, note, called, side))
    glossary = {
        word: _explain(draw, material, word, invented.get(word, []), is_own=is_own)
        for word in (*vocabulary.defects, *vocabulary.zones)
    }
    return ReadTask(vocabulary, glossary, tuple(typed(draw, one, mistyped) for one in spoken))


def _outsider(draw: Random, material: Material, vocabulary: Vocabulary, side: Side) -> Spoken:
    """A proper criterion for something that no class of the product looks like: the product cannot judge by it."""
    defect = draw.choice(material.wordings.words.outsiders)
    note = draw_note(draw, material, defect, vocabulary.zones, two_tiers=0.0)
    zone = draw.choice(material.wordings.words.zones[note.zone].words) if note.zone else ""
    called = _called(draw, material, defect)
    spoken = speak(draw, material.wordings, note, Called(called.many, called.one, zone), side)
    return Spoken(spoken.heading, spoken.sentence, Note(kind="other"))


def _lying_in(draw: Random, material: Material, defect: str, called: Called) -> Called:
    """`wrong tablets in a cavity`: where the class always is, which says nothing about where a rule holds."""
    words = material.wordings.words
    place = words.blister[defect].place
    if not place or any(said in called.many for said in words.zones[place].words):
        return called
    there = draw.choice(("in a {z}", "in the {z}", "in one {z}", "in any {z}")).format(
        z=draw.choice(words.zones[place].words)
    )
    return Called(f"{called.many} {there}", f"{called.one} {there}")


def draw_note(draw: Random, material: Material, defect: str, zones: tuple[str, ...], *, two_tiers: float) -> Note:
    words = material.wordings.words
    called = words.blister.get(defect) or words.others[defect]
    units = called.units
    severity = draw.choice(SEVERITIES)
    way = draw.random()
    zone, outside = "", False
    if draw.random() < (0.42 if units else 0.25):
        zone, outside = draw.choice(zones), draw.random() < 0.33
        if zone == called.place:
            zone, outside = "", False
    if way < (0.11 if units else 0.2):
        return Note(kind="off", defect=defect, zone=zone, outside=outside)
    if way < (0.26 if units else 0.75):
        return Note(kind="any", defect=defect, zone=zone, outside=outside, severity=severity)
    if way < 0.38 or not units:
        counted: tuple[Tier, ...] = (
            Tier(operator=">", limit=float(min(draw.randint(1, 12), draw.randint(1, 12))), severity=severity),
        )
        if draw.random() < two_tiers:
            counted += _upper(draw, counted[0], counted[0].limit + draw.randint(1, 8))
        zone, outside = (zone, outside) if draw.random() < 0.6 else ("", False)
        return Note(kind="count", defect=defect, zone=zone, outside=outside, unit="count", tiers=counted)
    unit = draw.choice(units) if draw.random() < 0.85 else draw.choice(("mm", "mm2", "%"))
    limit = draw_limit(draw, unit)
    tiers: tuple[Tier, ...] = (Tier(operator=">", limit=limit, severity=severity),)
    upper = min(round(limit * draw.uniform(1.4, 3.5), 1), LARGEST)
    if draw.random() < two_tiers and upper > limit:
        tiers += _upper(draw, tiers[0], upper)
    return Note(kind="size", defect=defect, zone=zone, outside=outside, unit=unit, tiers=tiers)


def _upper(draw: Random, tier: Tier, limit: float) -> tuple[Tier, ...]:
    """A second limit of a graver severity; none above the gravest."""
    graver = SEVERITIES[: SEVERITIES.index(tier.severity)]
    return (Tier(operator=">", limit=limit, severity=draw.choice(graver)),) if graver else ()


def draw_limit(draw: Random, unit: Unit) -> float:
    """A limit as sheets have them: round mostly, small more often than large."""
    if unit == "%" and draw.random() < WIDE:
        return draw.choice((*SHARES, float(draw.randint(1, 19) * 5)))
    if unit == "%":
        return float(
            draw.choice(
                [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 0.5, 1.5, 2.5, round(draw.uniform(1, 30), 1)]
            )
        )
    most = (15 if unit == "mm" else 95) if draw.random() < WIDE else (6 if unit == "mm" else 12)
    limit = math.exp(draw.uniform(math.log(0.1), math.log(most)))
    if limit < 1:
        return max(0.1, round(round(limit / 0.05) * 0.05, 2)) if draw.random() < 0.7 else round(limit, 2)
    return round(limit, 1) if draw.random() < 0.6 else round(limit * 2) / 2 if draw.random() < 0.6 else round(limit, 2)


def _vocabulary(draw: Random, material: Material, own: float) -> tuple[Vocabulary, bool]:
    if draw.random() < own:
        listed = material.own
        if draw.random() < 0.4:
            listed = Vocabulary(tuple(draw.sample(listed.defects, 9)), tuple(draw.sample(listed.zones, 3)))
        return listed, True
    everything = material.everything
    return Vocabulary(
        tuple(draw.sample(everything.defects, draw.randint(8, 14))),
        tuple(draw.sample(everything.zones, draw.randint(3, 6))),
    ), False


def _called(draw: Random, material: Material, defect: str) -> Called:
    words = material.wordings.words
    called = words.blister.get(defect) or words.others[defect]
    return Called(draw.choice(called.many), draw.choice(called.one))


def _explain(draw: Random, material: Material, word: str, invented: list[str], *, is_own: bool) -> tuple[str, ...]:
    """A glossary line: what the thing is, some of its everyday words, and every invented one that a sentence uses."""
    words = material.wordings.words
    if is_own and draw.random() < 0.85:
        known = [said for said in material.glossary[word] if draw.random() < 0.92]
    else:
        entry = words.zones.get(word) or words.blister.get(word) or words.others[word]
        usual = entry.words if isinstance(entry, wording.Place) else entry.many
        known = [entry.gloss] * (draw.random() < 0.75) + [said for said in usual if draw.random() < 0.25][:4]
    extra = list(dict.fromkeys(invented))
    if draw.random() < 0.06:
        extra.append(_alias(draw))
    draw.shuffle(extra)
    return (*known, *extra) if draw.random() < 0.7 else (*known[:1], *extra, *known[1:])


def _alias(draw: Random) -> str:
    way = draw.random()
    if way < 0.45:
        return "".join(draw.choice(SYLLABLES) for _ in range(draw.randint(2, 3)))
    pair = f"{draw.choice(ADJECTIVES)} {draw.choice(NOUNS)}"
    return pair if way < 0.85 else f"{draw.choice(PARTS)} {draw.choice(NOUNS)}"


# ---------------------------------------------------------------- judging
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
    vocabulary, is_own = _vocabulary(draw, material, own)
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
        note = draw_note(draw, material, defect, vocabulary.zones, two_tiers=0.08)
        notes.append(note)
        way = draw.random()
        if note.kind == "size" and note.zone and way < 0.7:
            again = draw_note(draw, material, defect, vocabulary.zones, two_tiers=0.0)
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


def _lines(draw: Random, notes: list[Note]) -> list[Line]:
    draw.shuffle(notes)
    first = draw.choice((0, 0, 0, draw.randint(0, 98 - len(notes))))
    order = list(range(first, first + len(notes)))
    if draw.random() < 0.4:
        draw.shuffle(order)
    return [Line(line_id(index), note) for index, note in zip(order, notes, strict=True)]


def _question(
    draw: Random, lines: list[Line], classes: tuple[str, ...], zones: tuple[str, ...], *, near: float, mixed: float
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
        units += [draw.choice([unit for unit in ("mm", "mm2", "%") if unit not in units] or units)]
    draw.shuffle(units)
    sizes = tuple((unit, _size(draw, lines, defect, unit, near)) for unit in dict.fromkeys(units))
    mixture: tuple[tuple[str, float], ...] = ()
    if draw.random() < mixed:
        share = draw.uniform(0.55, 1.0)
        mixture = ((defect, share), (draw.choice([word for word in classes if word != defect]), 1 - share))
    return Question(defect, zone, sizes, mixture=mixture)


def _size(draw: Random, lines: list[Line], defect: str, unit: str, near: float) -> float:
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
    called = _called(draw, material, word)
    return draw.choice((called.many, called.one, _alias(draw)))


def _renamed(note: Note, names: dict[str, str]) -> Note:
    return note.model_copy(update={"defect": names[note.defect]})
