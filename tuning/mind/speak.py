"""One note said in words: which form, which comparator, which everyday word. The form decides `>` or `>=`.

Every choice comes from the `Random` that is passed in: the same state gives the same sentence.
"""

import re
from dataclasses import dataclass, replace
from random import Random
from typing import cast

from models.note import SEVERITIES, Measure, Note, Operator, Tier
from tuning.mind.amounts import NUMBER_WORDS, amount, nth
from tuning.mind.wording import Forms, Side, Wordings, on_side, placeholders, with_operators

KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BY_EAR = (
    ("ie", "ei"), ("ei", "ie"), ("ss", "s"), ("ll", "l"), ("tt", "t"), ("cc", "c"), ("mm", "m"), ("gg", "g"),
    ("pp", "p"), ("ff", "f"), ("s", "ss"), ("l", "ll"), ("t", "tt"), ("f", "ff"), ("c", "k"), ("c", "s"), ("ck", "k"),
    ("er", "re"), ("or", "er"), ("ce", "se"), ("y", "ie"), ("ea", "ee"), ("ee", "ea"), ("ou", "u"), ("gh", "g"),
    ("ant", "ent"), ("ent", "ant"), ("ible", "able"), ("able", "ible"), ("e", "a"), ("a", "e"), ("i", "e"), ("h", ""),
)  # fmt: skip
STARTS_A_SENTENCE = (
    "on",
    "at",
    "in",
    "within",
    "inside",
    "outside",
    "off",
    "anywhere",
    "everywhere",
    "elsewhere",
    "except",
    "apart",
    "away",
)
HEADED, PLAIN_HEADING, TAIL = 0.3, 0.08, 0.15  # shares of sentences
HEADING_BESIDE = 0.25  # share of headings that stand in the sentence itself, before or behind it
PLACE_FIRST, IN_A_COLUMN = 0.3, 0.3  # shares of places: before the sentence; in a column of a table
BARE_PLACE = 0.6  # share of places in a column that stand without "on the"
PLAIN_PHRASE = 0.35  # share of places within a sentence
PLAIN_PHRASES = ("on the {z}", "in the {z}", "on a {z}", "in a {z}", "in any {z}", "on {z}")
MANY_PLACES = 0.12  # share of places in the plural; of a count, three times as many
REARRANGED, OTHER_RULE, FRAMED = 0.4, 0.5, 0.12  # shares of table rows: columns moved; other separators; between bars
RULES = ("; ", "\t", " / ", " - ", ", ", " : ", " |", "|")  # what stands between the columns of a row
LOUD = 0.03  # share of sentences in one case


@dataclass(frozen=True, slots=True)
class Said:
    """The words that this sentence uses for its defect and zone."""

    many: str
    one: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    heading: str
    sentence: str
    note: Note


@dataclass(frozen=True, slots=True)
class _Wording:
    form: str
    tiers: tuple[Tier, ...]
    phrase: str = ""  # the comparator, limit included


def speak(draw: Random, wordings: Wordings, note: Note, called: Said, side: Side) -> Spoken:
    """Say a note. The note that comes back has the operators of the wording."""
    headed = note.kind != "other" and len(note.tiers) < 2 and draw.random() < HEADED
    first = bool(note.zone) and draw.random() < PLACE_FIRST
    told = note.model_copy(update={"zone": "", "outside": False}) if first else note
    wording = _word(draw, wordings, told, headed=headed, side=side)
    while first and "where" in placeholders(wording.form):  # it would say a second place
        wording = _word(draw, wordings, told, headed=headed, side=side)
    text = _fill(draw, wordings, told.model_copy(update={"tiers": wording.tiers}), called, wording, side)
    if first:
        text = _place_first(draw, wordings, note, called, side) + text
    said = note.model_copy(update={"tiers": _as_said(wording)})
    heading = _heading(draw, wordings, said, headed=headed)
    if headed and draw.random() < HEADING_BESIDE:
        rule = draw.choice((": ", " - ", " | ", *RULES))
        text, heading = (f"{heading}{rule}{text}" if draw.random() < 0.6 else f"{text.rstrip('.')}{rule}{heading}"), ""
    return Spoken(heading, _finish(draw, wordings, text, side), said)


def speak_other(draw: Random, wordings: Wordings, many: str, side: Side) -> Spoken:
    """A sentence that is no criterion; `many` is the defect that it may speak of."""
    forms = wordings.other.named if draw.random() < 0.45 else wordings.other.plain
    form = draw.choice(on_side(forms, side))
    text = form.format(d=many, m=draw.randint(2, 60), k=draw.randint(1, 9), x=f"{draw.uniform(0.1, 12):.1f}")
    heading = ""
    if draw.random() < 0.2:
        heading = draw.choice([form for group in wordings.words.headings.values() for form in group])
    return Spoken(heading, text[0].upper() + text[1:], Note(kind="other"))


def typed(draw: Random, spoken: Spoken, slips: float) -> Spoken:
    """The same as fingers type it: a share `slips` has one to six mistyped words; a few are in one case."""
    text, heading, way = spoken.sentence, spoken.heading, draw.random()
    if way < slips:
        text = _mistyped(draw, text, draw.choice((1, 1, 2, 2, 3, 3, 4, 6)))
        heading = _mistyped(draw, heading, 1) if draw.random() < 0.1 else heading
    elif way > 1 - LOUD:
        text = text.upper() if way > 1 - LOUD / 3 else text.lower()
    return replace(spoken, sentence=text, heading=heading)


def _word(draw: Random, wordings: Wordings, note: Note, *, headed: bool, side: Side) -> _Wording:
    if note.kind in ("any", "off"):
        forms = wordings.any if note.kind == "any" else wordings.off
        return _Wording(_pick(draw, forms.headed if headed else forms.plain, note, side), ())
    if len(note.tiers) == 2:
        two = wordings.two.size if note.kind == "size" else wordings.two.count
        form, operator = _either_operator(draw, _columns(draw, _fitting(with_operators(two, side), note), note))
        return _Wording(form, _operated(note, operator))
    if note.kind == "count":
        pairs = _fitting(with_operators(wordings.count.headed if headed else wordings.count.plain, side), note)
        form, operator = _either_operator(draw, _columns(draw, pairs, note))
        return _Wording(form, _operated(note, operator))
    size, way = wordings.size, draw.random()
    if way > 0.72:
        stated = size.stated_headed if headed else size.stated
        pairs = _columns(draw, _fitting(with_operators(stated, side), note), note)
        form, operator = _either_operator(draw, pairs, second=0.35)
        return _Wording(form, _operated(note, operator))
    comparators = wordings.comparators.within if way > 0.5 else wordings.comparators.over
    forms_of_way = (
        (size.within_headed if headed else size.within) if way > 0.5 else (size.over_headed if headed else size.over)
    )
    unit = cast(Measure, note.unit)
    pairs = with_operators(comparators["all"], side) + with_operators(comparators[unit], side) * 2
    phrase, operator = _either_operator(draw, pairs, second=0.45)
    return _Wording(_pick(draw, forms_of_way, note, side), _operated(note, operator), phrase)


def _fill(draw: Random, wordings: Wordings, note: Note, called: Said, wording: _Wording, side: Side) -> str:
    place = ""
    if note.zone:
        phrases = on_side(wordings.zones.outside if note.outside else wordings.zones.inside, side)
        slots = placeholders(wording.form)
        if "On" in slots:
            phrases = tuple(phrase for phrase in phrases if phrase.split()[0] in STARTS_A_SENTENCE) or ("on the {z}",)
        if not note.outside and "On" not in slots and draw.random() < PLAIN_PHRASE:
            phrases = PLAIN_PHRASES
        place = draw.choice(phrases).format(z=called.zone)
        if not note.outside and "On" not in slots and draw.random() < MANY_PLACES * (3 if note.kind == "count" else 1):
            place = draw.choice(on_side(wordings.zones.inside_many, side)).format(z=plural_place(called.zone))
    severity = note.severity or (note.tiers[0].severity if note.tiers else "")
    column = place or draw.choice(wordings.words.everywhere)
    if place and draw.random() < BARE_PLACE:
        columns = wordings.zones.outside_column if note.outside else wordings.zones.inside_column
        column = draw.choice(on_side(columns, side)).format(z=called.zone)
    words = {
        "d": called.many, "D": called.many.capitalize(), "s": with_article(called.one), "one": called.one,
        "on": f" {place}".replace(" ,", ",") if place else "", "On": place[:1].upper() + place[1:],
        "where": column, "sev": _severity(draw, severity), "less": _other_severity(draw, severity),
        "u": draw.choice(wordings.words.counted),
    }  # fmt: skip
    form = _row(draw, wording.form)
    in_words = draw.random() < 0.4
    for index, tier in enumerate(note.tiers):
        words[f"sev{index + 1}"] = tier.severity
        if note.kind == "size":
            limit = amount(draw, wordings, note, tier.limit)
            words |= {"L": limit, f"L{index + 1}": limit}
        else:
            count = int(tier.limit)
            written = NUMBER_WORDS[count] if in_words and count < len(NUMBER_WORDS) else str(count)
            counted = called.one if count == 1 else called.many
            words |= {"n": written, "nd": f"{written} {counted}", "nth": nth(draw, count), f"n{index + 1}": written}
    if wording.phrase:
        phrase = wording.phrase.format(L=words["L"])
        words |= {"cmp": phrase, "ok": phrase}
    return re.sub(r",(?=[,.:;?)])", "", form.format(**words))


def _as_said(wording: _Wording) -> tuple[Tier, ...]:
    """The tiers in the order in which the form names their limits."""
    graver, lesser = (max(wording.form.find(f"{{{name}{step}}}") for name in "Ln") for step in (2, 1))
    return wording.tiers[::-1] if 0 <= graver < lesser else wording.tiers


def _row(draw: Random, form: str) -> str:
    """A table's row as another table has it: its class, place and severity in other columns, other rules between."""
    columns = [column.strip() for column in form.strip("| ").split(" | ")]
    if len(columns) < 2 or "{sev2}" in form:
        return form
    framed = form.startswith("|")
    if draw.random() < REARRANGED:
        moved = [column for column in columns if column in ("{d}", "{where}", "{sev}")]
        columns = [column for column in columns if column not in moved]
        for column in moved:
            columns.insert(draw.randint(0, len(columns)), column)
    if not framed and draw.random() < OTHER_RULE:
        return draw.choice(RULES).join(columns)
    row = " | ".join(columns)
    return f"| {row} |" if framed or draw.random() < FRAMED else row


def plural_place(place: str) -> str:
    """A place in the plural, where it has a simple one.

    >>> plural_place("cavity"), plural_place("web between the pockets")
    ('cavities', 'web between the pockets')
    """
    if len(place.split()) > 2 or place.endswith("s"):
        return place
    return place[:-1] + "ies" if place[-1] == "y" and place[-2] not in "aeiou" else place + "s"


def plural(name: str) -> str:
    """More than one of it; `plural_place`, by which the first courses were taught, knows no hissing ends.

    >>> plural("missing label"), plural("irregularity"), plural("product at stopper"), plural("scratch")
    ('missing labels', 'irregularities', 'product at stopper', 'scratches')
    """
    if len(name.split()) < 3 and name.endswith(("ch", "sh", "x", "z")):
        return f"{name}es"
    return plural_place(name)


def with_article(name: str) -> str:
    """
    >>> with_article("edge chip"), with_article("chip")
    ('an edge chip', 'a chip')
    """
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _place_first(draw: Random, wordings: Wordings, note: Note, called: Said, side: Side) -> str:
    forms = wordings.zones.outside_first if note.outside else wordings.zones.inside_first
    return draw.choice(on_side(forms, side)).format(z=called.zone, Z=called.zone[:1].upper() + called.zone[1:])


def _mistyped(draw: Random, text: str, slips: int) -> str:
    """So many words of a text mistyped, if it has as many; figures and most short words stay."""
    words = list(re.finditer(r"[^\W\d_]{4,}|the|and|not|any|for|are", text))
    for word in sorted(draw.sample(words, min(len(words), slips)), key=lambda found: -found.start()):
        text = text[: word.start()] + _slip(draw, word[0]) + text[word.end() :]
    return text


def _slip(draw: Random, word: str) -> str:
    """As a hurried hand writes a word: a letter left out, doubled, swapped, of the key beside it, or spelled by ear.

    >>> sorted({_slip(Random(seed), "edge") for seed in range(9)})[:3]
    ['dege', 'edga', 'edhe']
    """
    by_ear = [(said, heard) for said, heard in BY_EAR if said in word[1:]]
    if by_ear and draw.random() < 0.3:
        said, heard = draw.choice(by_ear)
        return word[0] + word[1:].replace(said, heard, 1)
    at = draw.randint(1, len(word) - 2)
    if draw.random() < 0.1:
        at = 0
    match draw.choice(("leave out", "double", "swap", "swap", "neighbour")):
        case "leave out":
            return word[:at] + word[at + 1 :]
        case "double":
            return word[:at] + word[at] + word[at:]
        case "swap":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    row = next((row for row in KEYBOARD if word[at].lower() in row), KEYBOARD[0])
    near = row.find(word[at].lower())
    return word[:at] + row[near + 1 if near + 1 < len(row) else near - 1] + word[at + 1 :]


def _finish(draw: Random, wordings: Wordings, text: str, side: Side) -> str:
    if draw.random() < 0.85:
        text = text[0].upper() + text[1:]
    if draw.random() < 0.15:
        text = text.rstrip(".")
    if draw.random() < TAIL:
        text += draw.choice(on_side(wordings.other.tails, side)).format(m=draw.randint(2, 60), k=draw.randint(1, 9))
    return text


def _heading(draw: Random, wordings: Wordings, note: Note, *, headed: bool) -> str:
    headings = wordings.words.headings
    if not headed:
        return draw.choice(headings["plain"]) if draw.random() < PLAIN_HEADING else ""
    if note.kind == "off":
        return draw.choice(headings["off"])
    severity = note.severity or note.tiers[0].severity
    return draw.choice(headings[severity])


def _severity(draw: Random, severity: str) -> str:
    way = draw.random()
    return severity.upper() if way < 0.05 else severity.capitalize() if way < 0.13 else severity


def _other_severity(draw: Random, severity: str) -> str:
    return draw.choice([other for other in SEVERITIES if other != severity])


def _pick(draw: Random, forms: Forms, note: Note, side: Side) -> str:
    pairs: list[tuple[str, Operator]] = [(form, ">") for form in on_side(forms, side)]
    return draw.choice([form for form, _ in _columns(draw, _fitting(pairs, note), note)])


def _columns(draw: Random, pairs: list[tuple[str, Operator]], note: Note) -> list[tuple[str, Operator]]:
    """Rows of a table are few among the forms, and where places stand bare: they get a share of their own."""
    if not note.zone or draw.random() >= IN_A_COLUMN:
        return pairs
    return [pair for pair in pairs if "where" in placeholders(pair[0])] or pairs


def _fitting(pairs: list[tuple[str, Operator]], note: Note) -> list[tuple[str, Operator]]:
    """Forms that can say where the rule holds: a place needs a slot, no place cannot begin the sentence."""
    slots = {"on", "On", "where"} if note.zone else set()
    fitting = []
    for form, operator in pairs:
        has = placeholders(form)
        if has & slots if slots else "On" not in has:
            fitting.append((form, operator))
    return fitting or [("{d}{on}: > {L} {sev}" if note.kind == "size" else "{d}{on} {sev}", ">")]


def _either_operator(draw: Random, pairs: list[tuple[str, Operator]], second: float = 0.4) -> tuple[str, Operator]:
    """Draw the operator first, so that a longer list does not decide how often a limit includes itself."""
    wanted: Operator = ">=" if draw.random() < second else ">"
    return draw.choice([pair for pair in pairs if pair[1] == wanted] or pairs)


def _operated(note: Note, operator: Operator) -> tuple[Tier, ...]:
    return tuple(tier.model_copy(update={"operator": operator}) for tier in note.tiers)
