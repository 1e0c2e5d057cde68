"""Tasks of reading: sentences under one vocabulary and glossary, each with the note it means."""

from dataclasses import dataclass
from random import Random

from models.note import Note
from tuning.mind import wording
from tuning.mind.material import OWN, Material, Vocabulary, draw_called, draw_vocabulary, invented_word
from tuning.mind.notes import draw_note
from tuning.mind.speak import Called, Spoken, speak, speak_other, typed
from tuning.mind.wording import Side
from tuning.mind.written import vary

REMARKS, OUTSIDERS = 0.12, 0.06  # shares of sentences that are no criterion; criteria for what the product cannot see
TWO_LIMITS = 0.14  # share of sentences on sizes and counts, where the first is not critical
MISTYPED = 0.35  # share of sentences with typing errors
LYING_IN = 0.2  # share of names of a class with a place of its own that say the place too
WITHIN = ("in a {z}", "in the {z}", "in one {z}", "in any {z}")
ALL_OVER = ("on the {z}", "on this {z}", "on the whole {z}", "anywhere on the {z}", "on any {z}", "of the {z}")
PLAIN_ZONE = 0.45  # share of places that go by the package's own word


@dataclass(frozen=True, slots=True)
class ReadTask:
    vocabulary: Vocabulary
    glossary: dict[str, tuple[str, ...]]
    spoken: tuple[Spoken, ...]


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
    vocabulary, is_own = draw_vocabulary(draw, material, own)
    invented: dict[str, list[str]] = {}
    spoken = []
    for _ in range(sentences):
        if is_own and side == "taught" and material.wordings.written and draw.random() < material.written:
            spoken.append(vary(draw, draw.choice(material.wordings.written)))
            continue
        defect = draw.choice(vocabulary.defects)
        called = draw_called(draw, material, defect)
        way = draw.random()
        if way < REMARKS:
            spoken.append(speak_other(draw, material.wordings, called.many, side))
            continue
        if is_own and way < REMARKS + OUTSIDERS:
            spoken.append(_outsider(draw, material, vocabulary, side))
            continue
        if draw.random() < (renamed * 0.7 if is_own else renamed):
            alias = invented_word(draw)
            plural = alias + ("es" if alias.endswith("ch") else "s")
            called = Called(plural, alias) if draw.random() < 0.8 else Called(alias, alias)
            invented.setdefault(defect, []).append(called.many)
        note = draw_note(draw, material, defect, vocabulary.places, two_tiers=TWO_LIMITS)
        if note.zone:
            zone = draw.choice(material.wordings.words.zones[note.zone].words)
            if draw.random() < PLAIN_ZONE:
                zone = note.zone
            elif draw.random() < 0.08:
                zone = invented_word(draw)
                invented.setdefault(note.zone, []).append(zone)
            called = Called(called.many, called.one, zone)
        elif is_own and draw.random() < LYING_IN:
            called = _lying_in(draw, material, defect, called, ALL_OVER if not vocabulary.places else WITHIN)
        spoken.append(speak(draw, material.wordings, note, called, side))
    glossary = {
        word: _explain(draw, material, word, invented.get(word, []), is_own=is_own)
        for word in (*vocabulary.defects, *vocabulary.zones)
    }
    return ReadTask(vocabulary, glossary, tuple(typed(draw, one, mistyped) for one in spoken))


def _outsider(draw: Random, material: Material, vocabulary: Vocabulary, side: Side) -> Spoken:
    """A proper criterion for something that no class of the product looks like: the product cannot judge by it."""
    defect = draw.choice(material.wordings.words.outsiders)
    note = draw_note(draw, material, defect, vocabulary.places, two_tiers=0.0)
    zone = draw.choice(material.wordings.words.zones[note.zone].words) if note.zone else ""
    called = draw_called(draw, material, defect)
    spoken = speak(draw, material.wordings, note, Called(called.many, called.one, zone), side)
    return Spoken(spoken.heading, spoken.sentence, Note(kind="other"))


def _lying_in(draw: Random, material: Material, defect: str, called: Called, phrases: tuple[str, ...]) -> Called:
    """`wrong tablets in a cavity`: where the class always is, which says nothing about where a rule holds."""
    words = material.wordings.words
    place = words.blister[defect].place
    if not place or any(said in called.many for said in words.zones[place].words):
        return called
    there = draw.choice(phrases).format(z=draw.choice(words.zones[place].words))
    return Called(f"{called.many} {there}", f"{called.one} {there}")


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
        extra.append(invented_word(draw))
    draw.shuffle(extra)
    return (*known, *extra) if draw.random() < 0.7 else (*known[:1], *extra, *known[1:])
