"""Sentences that people wrote one by one, each with its meaning: what no form with slots sounds like.

Each stands for many: other figures take the place of its limits, and the severities change places, wherever they stand
in it so plainly that nothing else can change with them.
"""

import math
import re
from dataclasses import replace
from random import Random

from models.note import LARGEST, SEVERITIES, Note, Severity, Tier
from models.quantities import PARTS, in_figures
from models.sentences import Sentence
from models.spelling import in_case_of
from tuning.mind.amounts import NUMBER_WORDS, ORDINALS, figure
from tuning.mind.speak import Spoken

MOVED = 0.6  # shares of sentences: severities change places; limits change
OTHER_LIMIT = 0.7
MOST_COUNTED = 12
SEVERITY = re.compile(rf"\b({'|'.join(SEVERITIES)})\b", re.IGNORECASE)
_UNIT = r"(?= ?(?:mm|millim|%|per ?cent|pct|sq|square))"


def vary(draw: Random, written: Sentence) -> Spoken:
    """The sentence itself, or one like it with other limits and severities."""
    note = written.note.note
    spoken = Spoken(written.heading, written.text, note.model_copy(update={"tiers": _as_said(written.text, note)}))
    if draw.random() < MOVED:
        spoken = _severities_moved(draw, spoken)
    return _limits_changed(draw, spoken) if draw.random() < OTHER_LIMIT else spoken


def _severities_moved(draw: Random, spoken: Spoken) -> Spoken:
    note = spoken.note
    meant = {tier.severity for tier in note.tiers} | ({note.severity} if note.severity else set())
    if not meant <= {said.lower() for said in SEVERITY.findall(f"{spoken.heading} {spoken.sentence}")}:
        return spoken  # it says one otherwise
    places: dict[str, Severity] = dict(zip(SEVERITIES, draw.sample(SEVERITIES, len(SEVERITIES)), strict=True))

    def moved(said: re.Match[str]) -> str:
        return in_case_of(said[0], places[said[0].lower()])

    tiers = tuple(tier.model_copy(update={"severity": places[tier.severity]}) for tier in note.tiers)
    severity = places[note.severity] if note.severity else ""
    return Spoken(
        SEVERITY.sub(moved, spoken.heading),
        SEVERITY.sub(moved, spoken.sentence),
        note.model_copy(update={"tiers": tiers, "severity": severity}),
    )


def _limits_changed(draw: Random, spoken: Spoken) -> Spoken:
    """Every limit of the sentence by one factor; unchanged where one of them does not stand in it once, in figures."""
    note, text = spoken.note, spoken.sentence
    if len(_numbers(note).findall(text)) > len(note.tiers):
        return spoken  # it may say the limit once more, or count something else
    factor = math.exp(draw.uniform(-1, 1))
    tiers: list[Tier] = []
    for tier in note.tiers:
        limit = _count(tier.limit * factor) if note.kind == "count" else _size(tier.limit * factor, note)
        found = list(_said(note, tier.limit).finditer(text))
        if len(found) != 1 or not 0 < limit <= LARGEST or (note.kind == "count" and tier.limit < 2):
            return spoken
        tiers.append(tier.model_copy(update={"limit": limit}))
        said = found[0]
        text = f"{text[: said.start()]}{_written(draw, note, limit, like=said[0])}{text[said.end() :]}"
    if len({tier.limit for tier in tiers}) < len(tiers):
        return spoken
    return replace(spoken, sentence=text, note=note.model_copy(update={"tiers": tuple(tiers)}))


def _as_said(text: str, note: Note) -> tuple[Tier, ...]:
    """The tiers in the order in which their limits are said, as a note has them."""
    found = [_said(note, tier.limit).search(in_figures(text)) for tier in note.tiers]
    places = [said.start() for said in found if said]
    if len(places) < len(found):
        return note.tiers
    return tuple(tier for _, tier in sorted(zip(places, note.tiers, strict=True), key=lambda pair: pair[0]))


def _numbers(note: Note) -> re.Pattern[str]:
    """Whatever may be the amount of something: of a size figures and parts, of a count number words too."""
    words = [*PARTS, *(NUMBER_WORDS + tuple(ORDINALS) if note.kind == "count" else ())]
    return re.compile(rf"\d+(?:[.,]\d+)?|\b(?:{'|'.join(words)})\b", re.IGNORECASE)


def _said(note: Note, limit: float) -> re.Pattern[str]:
    """How a limit stands in a sentence that can be changed."""
    if note.kind != "count":
        return re.compile(
            rf"(?<![\d.,/]){f'{limit:g}'.replace('.', '[.,]')}{'0*' if limit % 1 else '(?:[.,]0+)?'}{_UNIT}"
        )
    number = int(limit)
    words = [NUMBER_WORDS[number], *([ORDINALS[number - 1]] if number <= len(ORDINALS) else [])]
    return re.compile(rf"(?<![\d.,/])\b(?:{number}|{'|'.join(words)})\b(?![.,/]\d)(?! ?(?:mm|%))", re.IGNORECASE)


def _written(draw: Random, note: Note, limit: float, *, like: str) -> str:
    if note.kind != "count":
        return figure(draw, limit)
    number = int(limit)
    if like.isdigit():
        return str(number)
    word = (ORDINALS[number - 1] if like.lower() in ORDINALS else NUMBER_WORDS[number]) if number else ""
    return in_case_of(like, word)


def _size(limit: float, note: Note) -> float:
    if note.unit == "%" and limit >= 2:
        return float(round(limit))
    return round(limit, 2 if limit < 1 else 1)


def _count(limit: float) -> float:
    return float(min(max(2, round(limit)), MOST_COUNTED))
