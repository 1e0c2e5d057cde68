"""The challenge that a package is evaluated on: units in styles and sheets in wordings that tuning never used.

Free of torch, because a line PC qualifies its package with it too. Everything is drawn from pinned seeds: the same
numbers of units and questions give the same challenge on every machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from cameras.render import Content, Rendered, render
from models.criteria import CriteriaSheet, Criterion, Limit
from models.digest import digest_bytes
from models.example import (
    Challenge,
    Counterpart,
    ShownCriterion,
    ShownDefect,
    ShownSheet,
    ShownUnit,
)
from models.note import OPERATORS, Note, Severity, Tier, Unit
from models.package import PackageFacts
from models.prompt import CriterionText
from tuning.challenge_material import held_out_of, material_of, speaks_of
from tuning.challenge_sheets import CRITERIA, STAYS, TURNS, Speaker, draw_lines, draw_sheet, draw_stay, draw_turn
from tuning.challenge_wordings import HeldOut, Taught, Unseen, load_held_out
from tuning.config import EVALUATED_FROM
from tuning.errors import TuningError
from tuning.mind.material import Material, load_material

SEED = "challenge 1"
ASKED = 15  # observations under a sheet
TAUGHT, NEW_FORMS = "taught wordings", "new forms"
EXPLAINED, UNEXPLAINED = "new words, in the glossary", "new words"
SENTENCES = "whole sentences"
UNIT_SHEETS = 5


def draw_challenge(units: int, questions: int, facts: PackageFacts | None = None) -> Challenge:
    """A challenge of so many units, and of so many questions to the mind under sheets in words.

    Args:
        units: pictures in held-out styles, about two in five of them good.
        questions: observations to judge, or 0 for none; sentences to read come on top, about one for each.
        facts: of the package; None: the embedded one. A package with other classes is asked in its own words, and has
            no words that only a glossary explains and no whole sentences.

    Raises:
        TuningError: units of a product that was taught from pictures: nobody can draw them.
    """
    material = load_material()
    taught = facts is not None and not speaks_of(material, facts)
    if facts is not None and taught:
        if units:
            raise TuningError(
                f"{facts.name} was taught from pictures of its product, and units of it cannot be drawn. Nothing was "
                "evaluated. Give pictures of it with --data FOLDER, or --units 0 to evaluate its language alone."
            )
        material = material_of(facts, material)
    judged_by = unit_sheets(material, _of_each(material) if taught else _usual())
    if not questions:
        return Challenge(_Units(units), units, (), (), judged_by, _facts(units))
    held_out = held_out_of(material, load_held_out()) if taught else load_held_out()
    speakers: dict[str, Speaker] = {TAUGHT: Taught(material), NEW_FORMS: Unseen(held_out, "everyday")}
    sheets = {
        wording: _sheets(material, speakers[wording], wording, max(2, round(questions * part / ASKED)))
        for wording, part in ((TAUGHT, 0.3), (NEW_FORMS, 0.35))
    }
    apart = [_apart(material, speaker, wording, questions // 16) for wording, speaker in speakers.items()]
    counterparts = [
        pair
        for wording in (TAUGHT, NEW_FORMS)
        for pair in _counterparts(material, speakers[wording], sheets[wording], max(1, round(questions * 0.00625)))
    ]
    explained = [] if taught else _explained(material, held_out, max(2, round(questions * 0.2 / ASKED)))
    unexplained = [replace(s, wording=UNEXPLAINED, glossary={}, observations=()) for s in explained]
    whole = [] if taught else [_sentences(held_out)]
    shown = (*(s for own in sheets.values() for s in own), *explained, *apart, *unexplained, *whole)
    return Challenge(
        units=_Units(units),
        unit_count=units,
        sheets=shown,
        counterparts=tuple(counterparts),
        unit_sheets=judged_by,
        facts=_facts(units)
        | {
            "sheets": f"drawn{' in its own words' if taught else ''}, seed {SEED!r}; held-out wordings are "
            "wordings/heldout.yaml",
            "sheets' digest": digest_bytes(repr((shown, counterparts)).encode()),
        },
    )


def _facts(units: int) -> dict[str, str]:
    last = EVALUATED_FROM + units - 1
    return {"units": f"rendered, held-out styles, seeds {EVALUATED_FROM} to {last}"} if units else {}


# ---------------------------------------------------------------- units
@dataclass(frozen=True, slots=True)
class _Units:
    """Drawn one by one, as often as they are asked for."""

    count: int

    def __iter__(self) -> Iterator[ShownUnit]:
        return draw_units(range(EVALUATED_FROM, EVALUATED_FROM + self.count), content="mixed", held_out=True)


def draw_units(
    seeds: range, *, content: Content, held_out: bool, family: str = "blister", product: int | None = None
) -> Iterator[ShownUnit]:
    """Rendered units with their truth, one a seed."""
    for seed in seeds:
        yield as_unit(render(seed, family=family, held_out=held_out, content=content, product=product))


def as_unit(frame: Rendered) -> ShownUnit:
    """A rendered frame as an example."""
    defects = tuple(
        ShownDefect(
            defect=true.defect,
            zone=true.zone,
            box_px=true.box_px,
            mask=true.mask,
            sizes={"mm": true.length_mm, "mm2": true.area_mm2, "%": 100 * true.area_mm2 / frame.unit_area_mm2},
            length_px=true.length_px,
            specified=true.specified,
            whole=true.whole,
        )
        for true in frame.defects
    )
    groups = {
        **frame.groups,
        "light": _light(float(np.mean(frame.pixels))),
        "scale": _scale(1 / frame.mm_per_px),
    }
    return ShownUnit(f"render {frame.seed}", frame.pixels, frame.mm_per_px, frame.unit_area_mm2, defects, groups)


def _scale(px_per_mm: float) -> str:
    return "5-7 px/mm" if px_per_mm < 7 else "7-9 px/mm" if px_per_mm < 9 else "from 9 px/mm"


def _light(mean: float) -> str:
    return "dim" if mean < 110 else "medium" if mean < 160 else "bright"


# ---------------------------------------------------------------- sheets
def _sheets(material: Material, speaker: Speaker, wording: str, count: int) -> list[ShownSheet]:
    return [
        draw_sheet(Random(f"{SEED}/{wording}/{index}"), material, speaker, wording=wording, observations=ASKED)
        for index in range(count)
    ]


def _apart(material: Material, speaker: Speaker, wording: str, lines: int) -> ShownSheet:
    return draw_lines(Random(f"{SEED}/{wording}/lines"), material, speaker, wording=wording, lines=max(CRITERIA, lines))


def _explained(material: Material, held_out: HeldOut, count: int) -> list[ShownSheet]:
    """Sheets in rare words, each with its glossary."""
    sheets = _sheets(material, Unseen(held_out, "rare"), EXPLAINED, count)
    return [_with_glossary(sheet, held_out) for sheet in sheets]


def _with_glossary(sheet: ShownSheet, held_out: HeldOut) -> ShownSheet:
    """The rare words of a sheet written into its glossary."""
    glossary: dict[str, tuple[str, ...]] = {}
    for criterion in sheet.criteria:
        text, defect = criterion.text.sentence.lower(), criterion.note.defect
        used = tuple(word for word in held_out.defects[defect].rare if word in text)
        glossary[defect] = tuple(dict.fromkeys((*glossary.get(defect, ()), *used)))
    return replace(sheet, glossary=glossary)


def _sentences(held_out: HeldOut) -> ShownSheet:
    criteria = tuple(ShownCriterion(CriterionText(one.heading, one.text), one.note.note) for one in held_out.sentences)
    return ShownSheet(SENTENCES, criteria)


def _counterparts(material: Material, speaker: Speaker, sheets: list[ShownSheet], each: int) -> list[Counterpart]:
    if len(material.own.defects) < 2:  # nothing else to put beside it
        return []
    turns = TURNS if material.own.places else tuple(what for what in TURNS if what != "zone")
    stock = [criterion for sheet in sheets for criterion in sheet.criteria]
    pairs = []
    for index in range(each):
        sheet = sheets[index % len(sheets)]
        draw = Random(f"{SEED}/{sheet.wording}/pairs/{index}")
        pairs += [draw_stay(draw, speaker, sheet, stock, what) for what in STAYS]
        pairs += [draw_turn(draw, material, speaker, sheet, what) for what in turns]
    return pairs


# ---------------------------------------------------------------- sheets for whole units
def unit_sheets(material: Material, usual: tuple[Note, ...]) -> tuple[CriteriaSheet, ...]:
    """The usual sheet, and others that differ from it in limits, severities, zones and switches."""
    sheets = [_sheet(material, "standard-sheet", usual, ("critical", "major"), Random(f"{SEED}/standard"))]
    for index in range(1, UNIT_SHEETS):
        draw = Random(f"{SEED}/units/{index}")
        notes = [changed for note in usual for changed in _changed(draw, note)]
        rejects: tuple[Severity, ...] = draw.choice(
            (("critical", "major"), ("critical", "major", "minor"), ("critical",))
        )
        sheets.append(_sheet(material, f"counterfactual-{index}", notes, rejects, draw))
    return tuple(sheets)


def _usual() -> tuple[Note, ...]:
    """What a blister's sheet usually says."""
    return (
        _any("empty pocket", "critical"),
        _any("rogue product", "critical"),
        _any("double fill", "major"),
        _any("break", "critical"),
        _over("crack", "mm", 3, "major"),
        _over("chip", "mm", 1.5, "major"),
        _over("spot", "mm", 0.8, "major", zone="tablet"),
        _over("spot", "mm", 1.2, "minor", zone="not tablet"),
        _over("stain", "mm2", 4, "major"),
        _over("fragment", "mm", 1.5, "major"),
    )


def _of_each(material: Material) -> tuple[Note, ...]:
    """Of a product that was taught nobody knows what is usual: each of its kinds is major."""
    return tuple(_any(defect, "major") for defect in material.own.defects)


def _changed(draw: Random, note: Note) -> list[Note]:
    """A rule of the usual sheet made stricter, milder or off."""
    severity: Severity = draw.choice(("critical", "major", "major", "minor"))
    if note.kind == "any":
        return [note.model_copy(update={"severity": severity})]
    if draw.random() < 0.15:
        return [Note(kind="off", defect=note.defect, zone=note.zone, outside=note.outside)]
    tier = note.tiers[0]
    limit = round(tier.limit * draw.uniform(0.8, 2.2), 1)
    return [note.model_copy(update={"tiers": (Tier(operator=draw.choice(OPERATORS), limit=limit, severity=severity),)})]


def _any(defect: str, severity: Severity) -> Note:
    return Note(kind="any", defect=defect, severity=severity)


def _over(defect: str, unit: Unit, limit: float, severity: Severity, *, zone: str = "") -> Note:
    tier = Tier(operator=">", limit=limit, severity=severity)
    outside = zone.startswith("not ")
    return Note(kind="size", defect=defect, zone=zone.removeprefix("not "), outside=outside, unit=unit, tiers=(tier,))


def _sheet(
    material: Material, id: str, notes: tuple[Note, ...] | list[Note], rejects: tuple[Severity, ...], draw: Random
) -> CriteriaSheet:
    speaker = Taught(material)
    criteria = []
    for index, note in enumerate(notes):
        tier = note.tiers[0] if note.tiers else None
        criteria.append(
            Criterion(
                id=f"C{index + 1}",
                defect=note.defect,
                wording=speaker.say(draw, note, headed=False).text.sentence,
                limit=Limit(unit=note.unit, operator=tier.operator, value=tier.limit) if tier and note.unit else None,
                zone=note.place,
                severity="off" if note.kind == "off" else (tier.severity if tier else note.severity or "major"),
            )
        )
    return CriteriaSheet(id=id, title=id, product="challenge", version=1, rejects=rejects, criteria=tuple(criteria))
