"""Notes as sheets have them, drawn from a seed: what a criterion on a class may say, with limits as people set them."""

import math
from random import Random

from models.note import LARGEST, MEASURES, SEVERITIES, Note, Severity, Tier, Unit
from tuning.mind.amounts import SHARES
from tuning.mind.material import Material

REJECTING: tuple[tuple[Severity, ...], ...] = (
    ("critical", "major"),
    ("critical", "major"),
    ("critical", "major"),
    SEVERITIES,
    ("critical",),
)
WIDE = 0.2  # share of limits from the whole range that sheets have


def draw_note(draw: Random, material: Material, defect: str, zones: tuple[str, ...], *, two_tiers: float) -> Note:
    words = material.wordings.words
    called = words.called(defect)
    units = called.units
    severity = draw.choice(SEVERITIES)
    way = draw.random()
    zone, outside = "", False
    if draw.random() < (0.42 if units else 0.25) and zones:
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
    unit = draw.choice(units) if draw.random() < 0.85 else draw.choice(MEASURES)
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
