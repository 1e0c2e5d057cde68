"""One note said in words: which form, which comparator, which everyday word. The form decides `>` or `>=`.

Every choice comes from the `Random` that is passed in: the same state gives the same sentence.
"""

from dataclasses import dataclass
from random import Random

from models.note import Note, Operator, Tier
from tuning.mind.wording import Forms, Side, Wordings, on_side, placeholders, with_operators

NUMBER_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
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


@dataclass(frozen=True, slots=True)
class Called:
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


def speak(draw: Random, wordings: Wordings, note: Note, called: Called, side: Side) -> Spoken:
    """Say a note. The note that comes back has the operators of the wording."""
    headed = note.kind != "other" and len(note.tiers) < 2 and draw.random() < HEADED
    wording = _word(draw, wordings, note, headed=headed, side=side)
    said = note.model_copy(update={"tiers": wording.tiers})
    sentence = _finish(draw, wordings, _fill(draw, wordings, said, called, wording, side), side)
    return Spoken(_heading(draw, wordings, said, headed=headed), sentence, said)


def speak_other(draw: Random, wordings: Wordings, many: str, side: Side) -> Spoken:
    """A sentence that is no criterion; `many` is the defect that it may speak of."""
    forms = wordings.other.named if draw.random() < 0.45 else wordings.other.plain
    form = draw.choice(on_side(forms, side))
    text = form.format(d=many, m=draw.randint(2, 60), k=draw.randint(1, 9), x=f"{draw.uniform(0.1, 12):.1f}")
    heading = ""
    if draw.random() < 0.2:
        heading = draw.choice([form for group in wordings.words.headings.values() for form in group])
    return Spoken(heading, text[0].upper() + text[1:], Note(kind="other"))


def figure(draw: Random, value: float) -> str:
    """A number as people write it."""
    whole = f"{value:.2f}"
    text = whole.rstrip("0").rstrip(".") if draw.random() < 0.75 else whole if value < 10 else whole.removesuffix("0")
    return text.replace(".", ",") if draw.random() < 0.04 else text


def _word(draw: Random, wordings: Wordings, note: Note, *, headed: bool, side: Side) -> _Wording:
    if note.kind in ("any", "off"):
        forms = wordings.any if note.kind == "any" else wordings.off
        return _Wording(_pick(draw, forms.headed if headed else forms.plain, note, side), ())
    if note.kind == "count":
        pairs = _fitting(with_operators(wordings.count.headed if headed else wordings.count.plain, side), note)
        form, operator = _either_operator(draw, pairs)
        return _Wording(form, _operated(note, operator))
    size = wordings.size
    if len(note.tiers) == 2:
        return _Wording(_pick(draw, size.two, note, side), _operated(note, ">"))
    way = draw.random()
    if way > 0.72:
        stated = size.stated_headed if headed else size.stated
        form, operator = _either_operator(draw, _fitting(with_operators(stated, side), note), second=0.35)
        return _Wording(form, _operated(note, operator))
    comparators = wordings.comparators.within if way > 0.5 else wordings.comparators.over
    forms_of_way = (
        (size.within_headed if headed else size.within) if way > 0.5 else (size.over_headed if headed else size.over)
    )
    unit = note.unit if note.unit in ("mm", "mm2", "%") else "mm"
    pairs = with_operators(comparators["all"], side) + with_operators(comparators[unit], side) * 2
    phrase, operator = _either_operator(draw, pairs, second=0.45)
    return _Wording(_pick(draw, forms_of_way, note, side), _operated(note, operator), phrase)


def _fill(draw: Random, wordings: Wordings, note: Note, called: Called, wording: _Wording, side: Side) -> str:
    place = ""
    if note.zone:
        phrases = on_side(wordings.zones.outside if note.outside else wordings.zones.inside, side)
        if "On" in placeholders(wording.form):
            phrases = tuple(phrase for phrase in phrases if phrase.split()[0] in STARTS_A_SENTENCE) or ("on the {z}",)
        place = draw.choice(phrases).format(z=called.zone)
    severity = note.severity or (note.tiers[0].severity if note.tiers else "")
    article = "an" if called.one[0] in "aeiou" else "a"
    words = {
        "d": called.many, "D": called.many.capitalize(), "s": f"{article} {called.one}",
        "on": f" {place}" if place else "", "On": place[:1].upper() + place[1:],
        "where": place or draw.choice(wordings.words.everywhere), "sev": _severity(draw, severity),
        "u": draw.choice(wordings.words.counted),
    }  # fmt: skip
    if note.kind == "count":
        count = int(note.tiers[0].limit)
        written = NUMBER_WORDS[count] if draw.random() < 0.4 and count < len(NUMBER_WORDS) else str(count)
        words |= {"n": written, "nd": f"{written} {called.one if count == 1 else called.many}"}
    for index, tier in enumerate(note.tiers if note.kind == "size" else ()):
        amount = _amount(draw, wordings, note, tier.limit)
        words |= {"L": amount, f"L{index + 1}": amount, f"sev{index + 1}": tier.severity}
    if wording.phrase:
        phrase = wording.phrase.format(L=words["L"])
        words |= {"cmp": phrase, "ok": phrase}
    return wording.form.format(**words)


def _amount(draw: Random, wordings: Wordings, note: Note, limit: float) -> str:
    unit = note.unit if note.unit in ("mm", "mm2", "%") else "mm"
    written = figure(draw, limit)
    if limit == int(limit) and limit < len(NUMBER_WORDS) and limit > 0 and draw.random() < 0.04:
        written = NUMBER_WORDS[int(limit)]
    amount = draw.choice(wordings.words.quantities[unit]).format(v=written)
    return amount + draw.choice(wordings.words.shares) if unit == "%" else amount


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


def _pick(draw: Random, forms: Forms, note: Note, side: Side) -> str:
    return draw.choice([form for form, _ in _fitting([(form, ">") for form in on_side(forms, side)], note)])


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
