"""The vial family: one stoppered vial or sealed ampoule from the side, with its liquid or cake, and what can be wrong.

Classes, by the terms of the domain table (family parenteral) that they stand for:
particle PAR-002 PAR-003; fibre PAR-004; turbid PAR-005; fill level PAR-006 PAR-007; crack PAR-008 PAR-009 PAR-010 (a
check looks like a short crack: one camera cannot tell how deep it goes); scratch PAR-011; chip PAR-012; stopper missing
PAR-013; stopper raised PAR-014; seal missing and crimp open PAR-015; cap missing PAR-016; wrong cap colour PAR-017;
product at stopper PAR-018; meltback PAR-019; collapsed cake PAR-020; cake crack and shrunk cake PAR-021; charred tip
and deformed tip PAR-023.
Left out: PAR-024 plunger, PAR-025 needle shield and the plunger of PAR-013 (syringes: another container); the
discoloured but clear liquid of PAR-005 and a wrong cap on a bare seal (one picture cannot show which colour was due; a
cap is wrong here when it differs from its lacquered seal); a cake that is too low but sound (PAR-007, for the same
reason). Suspensions and emulsions, which are turbid when good, are not drawn.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from cameras.render.raster import Random, f32
from cameras.render.scene import Drawn, Family, Scene
from cameras.render.truth import NO_CONTRAST, SMALLEST_CONTRAST, Content
from cameras.render.vial.closure import closure_cover
from cameras.render.vial.defects import (
    add_cake_crack,
    add_chip,
    add_crack,
    add_fibre,
    add_particle,
    add_residue,
    add_scratch,
)
from cameras.render.vial.marks import Mark, contrast_in_window
from cameras.render.vial.paint import Picture, paint_unit
from cameras.render.vial.scene import draw_backdrop, lay_unit, zones_of
from cameras.render.vial.stage import Stage
from cameras.render.vial.states import (
    Fault,
    Wrong,
    change_level,
    char_tip,
    collapse,
    deform_tip,
    fault_length_mm,
    lose_cap,
    lose_seal,
    lose_stopper,
    make_turbid,
    melt,
    open_crimp,
    raise_stopper,
    shrink,
    swap_cap,
)
from cameras.render.vial.style import Style, choose_style
from cameras.render.vial.unit import Unit, choose_unit

ZONES: Final = ("background", "closure", "neck", "body", "content")

Kind = Literal[
    "particle",
    "fibre",
    "turbid",
    "fill level",
    "crack",
    "scratch",
    "chip",
    "stopper missing",
    "stopper raised",
    "seal missing",
    "crimp open",
    "cap missing",
    "wrong cap colour",
    "product at stopper",
    "meltback",
    "collapsed cake",
    "cake crack",
    "shrunk cake",
    "charred tip",
    "deformed tip",
]
_SHARES: Final[dict[Kind, float]] = {
    "particle": 3.0,
    "fibre": 2.2,
    "turbid": 1.8,
    "fill level": 2.4,
    "crack": 2.4,
    "scratch": 1.8,
    "chip": 1.3,
    "stopper missing": 0.8,
    "stopper raised": 1.5,
    "seal missing": 0.7,
    "crimp open": 1.3,
    "cap missing": 1.1,
    "wrong cap colour": 1.6,
    "product at stopper": 1.5,
    "meltback": 2.4,
    "collapsed cake": 1.9,
    "cake crack": 2.4,
    "shrunk cake": 2.0,
    "charred tip": 2.6,
    "deformed tip": 2.6,
}
_OF_LIQUIDS: Final = frozenset({"turbid"})
_OF_CAKES: Final = frozenset({"meltback", "collapsed cake", "cake crack", "shrunk cake"})
_OF_VIALS: Final = frozenset(
    {
        "chip",
        "stopper missing",
        "stopper raised",
        "seal missing",
        "crimp open",
        "cap missing",
        "wrong cap colour",
        "product at stopper",
    }
)
_OF_AMPOULES: Final = frozenset({"charred tip", "deformed tip"})
_ONE_OF: Final = (  # no unit has two of a row: one would hide the other
    frozenset({"turbid", "fill level", "meltback", "collapsed cake", "shrunk cake"}),
    frozenset({"stopper missing", "stopper raised", "seal missing", "crimp open", "cap missing", "wrong cap colour"}),
    _OF_AMPOULES,
)

_SHOWN_BY_EDGES: Final = frozenset({"fill level", "stopper raised", "crimp open", "deformed tip", "collapsed cake"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: Kind
    small: bool


def draw(rng: Random, look: Random, held_out: bool, content: Content) -> Scene:
    """One unit. `look` draws what all units of a product share, `rng` what is this unit's own."""
    style = choose_style(look, held_out=held_out)
    backdrop = draw_backdrop(look, style)
    shift_x, shift_y = float(np.clip(rng.normal() * 2.5, -6, 6)), float(rng.uniform(-1, 0.5))
    stage = Stage.of(style, shift_x=shift_x, shift_y=shift_y, tilt=float(np.clip(rng.normal() * 0.006, -0.014, 0.014)))
    unit = choose_unit(rng, stage)
    plan = _plan(rng, style, content)
    now, faults = _made_wrong(rng, Wrong(stage, unit, ()), plan, held_out=held_out)
    picture = paint_unit(now.stage, now.unit, stage.behind(backdrop))
    drawn: list[Drawn] = []
    if faults:
        intact = paint_unit(stage, unit, picture.behind)
        drawn += [_drawn_fault(stage, fault, intact, picture) for fault in faults]
    for wanted in plan:
        mark = _add(rng, now, picture, wanted)
        if mark is not None:
            drawn.append(_drawn_mark(stage, wanted.kind, mark))
    alpha = stage.inside(stage.outline.outer) * (stage.outline.outer > 0)
    closure = None if style.ampoule else closure_cover(stage)
    whole = f32(alpha) if closure is None else f32(np.maximum(alpha, closure))
    return Scene(
        pixels=lay_unit(stage, picture, backdrop),
        zones=stage.zones_in_frame(zones_of(stage, f32(np.maximum(whole, picture.alpha)), closure, ZONES)),
        film=stage.into_frame(whole),
        background=None,
        px_per_mm=style.px_per_mm,
        unit_area_mm2=float(whole.sum()) / stage.scale**2,
        drawn=tuple(drawn),
        planned=len(plan),
        groups={
            "container": style.container.name,
            "content": style.content,
            "background": style.backdrop.kind,
            "glass": "amber" if style.amber else "clear",
        },
    )


def _plan(rng: Random, style: Style, content: Content) -> list[_Wanted]:
    match content:
        case "good":
            count = 0
        case "defective":
            count = 1 + int(rng.random() < 0.2)
        case "mixed":
            count = 0 if rng.random() < 0.4 else 1 + int(rng.choice(3, p=(0.7, 0.22, 0.08)))
        case "dense":
            count = int(rng.integers(2, 5))
    dense = content == "dense"
    shares = {kind: share for kind, share in _SHARES.items() if _fits(kind, style)}
    plan: list[_Wanted] = []
    for _ in range(count):
        kinds = tuple(shares)
        weights = np.array([shares[kind] for kind in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
        plan.append(_Wanted(kind, small=bool(rng.random() < (0.5 if dense else 0.15))))
        for row in _ONE_OF:
            if kind in row:
                shares = {other: share for other, share in shares.items() if other not in row}
    return plan


def _fits(kind: Kind, style: Style) -> bool:
    """Whether a unit of this product can have this defect."""
    if (kind in _OF_VIALS and style.ampoule) or (kind in _OF_AMPOULES and not style.ampoule):
        return False
    if (kind in _OF_CAKES and style.content != "cake") or (kind in _OF_LIQUIDS and style.content != "liquid"):
        return False
    return kind != "wrong cap colour" or style.closure.lacquer is not None


def _made_wrong(rng: Random, now: Wrong, plan: list[_Wanted], *, held_out: bool) -> tuple[Wrong, list[Fault]]:
    """The unit with every planned fault of a whole part, and those faults."""
    faults: list[Fault] = []
    for wanted in plan:
        wrong = _with_fault(rng, now.stage, now.unit, wanted, held_out=held_out)
        if wrong is not None:
            now = wrong
            faults += wrong.faults
    return now, faults


def _with_fault(rng: Random, stage: Stage, unit: Unit, wanted: _Wanted, *, held_out: bool) -> Wrong | None:
    match wanted.kind:
        case "turbid":
            return make_turbid(rng, stage, unit, small=wanted.small)
        case "fill level":
            return change_level(rng, stage, unit, small=wanted.small)
        case "collapsed cake":
            return collapse(rng, stage, unit, small=wanted.small)
        case "meltback":
            return melt(rng, stage, unit, small=wanted.small)
        case "shrunk cake":
            return shrink(rng, stage, unit, small=wanted.small)
        case "stopper missing":
            return lose_stopper(stage, unit)
        case "seal missing":
            return lose_seal(stage, unit)
        case "cap missing":
            return lose_cap(stage, unit)
        case "wrong cap colour":
            return swap_cap(rng, stage, unit, held_out=held_out)
        case "stopper raised":
            return raise_stopper(rng, stage, unit, small=wanted.small)
        case "crimp open":
            return open_crimp(rng, stage, unit, small=wanted.small)
        case "charred tip":
            return char_tip(rng, stage, unit, small=wanted.small)
        case "deformed tip":
            return deform_tip(rng, stage, unit, small=wanted.small)
        case _:
            return None


def _add(rng: Random, now: Wrong, picture: Picture, wanted: _Wanted) -> Mark | None:
    """Paint a defect of one place; some places give no fair example, so a few are tried."""
    match wanted.kind:
        case "particle":
            add = add_particle
        case "fibre":
            add = add_fibre
        case "crack":
            add = add_crack
        case "scratch":
            add = add_scratch
        case "chip":
            add = add_chip
        case "product at stopper":
            add = add_residue
        case "cake crack":
            add = add_cake_crack
        case _:
            return None
    for _ in range(8):
        mark = add(rng, now.stage, now.unit, picture, small=wanted.small)
        if mark is not None:
            return mark
    return None


def _drawn_fault(stage: Stage, fault: Fault, intact: Picture, wrong: Picture) -> Drawn:
    contrast = contrast_in_window(intact.rgb, wrong.rgb, fault.mask, edges=fault.defect in _SHOWN_BY_EDGES)
    return Drawn(
        defect=fault.defect,
        coverage=stage.into_frame(fault.mask),
        length_mm=fault_length_mm(stage, fault),
        area_mm2=float(fault.mask.sum()) / stage.scale**2,
        contrast=NO_CONTRAST if fault.whole else contrast,
        distinct=contrast >= SMALLEST_CONTRAST,
        whole=fault.whole,
    )


def _drawn_mark(stage: Stage, kind: Kind, mark: Mark) -> Drawn:
    return Drawn(
        defect=kind,
        coverage=stage.into_frame(mark.mask),
        length_mm=mark.length_mm,
        area_mm2=mark.area_mm2,
        contrast=mark.contrast,
        distinct=mark.distinct,
    )


VIAL: Final = Family(
    name="vial",
    classes=tuple(_SHARES),
    zones=ZONES,
    smallest_mm={
        "particle": 0.3,
        "fibre": 0.8,
        "fill level": 3.0,
        "crack": 1.5,
        "scratch": 2.5,
        "chip": 0.8,
        "stopper raised": 0.7,
        "crimp open": 1.0,
        "product at stopper": 0.8,
        "cake crack": 2.0,
        "charred tip": 1.0,
        "deformed tip": 0.8,
    },
    thin=frozenset({"particle", "fibre", "crack", "scratch", "cake crack"}),
    draw=draw,
)
