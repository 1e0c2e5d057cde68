"""Tasks of reading: sentences under one vocabulary and glossary, each with the note it means."""

from dataclasses import dataclass, replace
from random import Random

from models.note import Note
from tuning.mind import wording
from tuning.mind.material import OWN, Material, Vocabulary, draw_called, draw_vocabulary, invented_word
from tuning.mind.notes import draw_note
from tuning.mind.speak import Said, Spoken, plural, speak, speak_other, typed
from tuning.mind.wording import Side, Words
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
    words, written = material.wordings.words, material.wordings.written
    invented: dict[str, list[str]] = {}  # words that the glossary has to explain, for each class and zone
    spoken = []
    for _ in range(sentences):
        if is_own and side == "taught" and written and draw.random() < material.written_share:
            spoken.append(vary(draw, draw.choice(written)))
            continue
        defect = draw.choice(vocabulary.defects)
        said = draw_called(draw, material, defect)
        way = draw.random()
        if way < REMARKS:
            spoken.append(speak_other(draw, material.wordings, said.many, side))
            continue
        if is_own and way < REMARKS + OUTSIDERS:
            spoken.append(_outsider(draw, material, vocabulary, side))
            continue
        if draw.random() < (renamed * 0.7 if is_own else renamed):
            said = _by_alias(draw, invented.setdefault(defect, []))
        note = draw_note(draw, material, defect, vocabulary.places, two_tiers=TWO_LIMITS)
        if note.zone:
            said = replace(said, zone=_placed(draw, words, note.zone, invented))
        elif is_own and draw.random() < LYING_IN:
            said = _lying_in(draw, words, defect, said, ALL_OVER if not vocabulary.places else WITHIN)
        spoken.append(speak(draw, material.wordings, note, said, side))
    glossary = {
        word: _explain(draw, material, word, invented.get(word, []), is_own=is_own)
        for word in (*vocabulary.defects, *vocabulary.zones)
    }
    return ReadTask(vocabulary, glossary, tuple(typed(draw, one, mistyped) for one in spoken))


def _by_alias(draw: Random, invented: list[str]) -> Said:
    alias = invented_word(draw)
    said = Said(plural(alias), alias) if draw.random() < 0.8 else Said(alias, alias)
    invented.append(said.many)
    return said


def _placed(draw: Random, words: Words, zone: str, invented: dict[str, list[str]]) -> str:
    usual = draw.choice(words.zones[zone].words)
    if draw.random() < PLAIN_ZONE:
        return zone
    if draw.random() < 0.08:
        alias = invented_word(draw)
        invented.setdefault(zone, []).append(alias)
        return alias
    return usual


def _outsider(draw: Random, material: Material, vocabulary: Vocabulary, side: Side) -> Spoken:
    """A proper criterion for something that no class of the product looks like: the product cannot judge by it."""
    defect = draw.choice(material.wordings.words.outsiders)
    note = draw_note(draw, material, defect, vocabulary.places, two_tiers=0.0)
    zone = draw.choice(material.wordings.words.zones[note.zone].words) if note.zone else ""
    called = draw_called(draw, material, defect)
    spoken = speak(draw, material.wordings, note, Said(called.many, called.one, zone), side)
    return Spoken(spoken.heading, spoken.sentence, Note(kind="other"))


def _lying_in(draw: Random, words: Words, defect: str, said: Said, phrases: tuple[str, ...]) -> Said:
    """`wrong tablets in a cavity`: where the class always is, which says nothing about where a rule holds."""
    place = words.own[defect].place
    if not place or any(word in said.many for word in words.zones[place].words):
        return said
    there = draw.choice(phrases).format(z=draw.choice(words.zones[place].words))
    return Said(f"{said.many} {there}", f"{said.one} {there}")


def _explain(draw: Random, material: Material, word: str, invented: list[str], *, is_own: bool) -> tuple[str, ...]:
    """A glossary line: what the thing is, some of its everyday words, and every invented one that a sentence uses."""
    words = material.wordings.words
    if is_own and draw.random() < 0.85:
        known = [said for said in material.glossary[word] if draw.random() < 0.92]
    else:
        entry = words.zones.get(word) or words.called(word)
        usual = entry.words if isinstance(entry, wording.Place) else entry.many
        known = [entry.gloss] * (draw.random() < 0.75) + [said for said in usual if draw.random() < 0.25][:4]
    extra = list(dict.fromkeys(invented))
    if draw.random() < 0.06:
        extra.append(invented_word(draw))
    draw.shuffle(extra)
    return (*known, *extra) if draw.random() < 0.7 else (*known[:1], *extra, *known[1:])
