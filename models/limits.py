"""Which limits of a sheet ask for more than the eyes find at a picture's scale; a line and an evaluation both ask here.

A share of the unit's area asks for a length as soon as a picture shows how large a unit is; a count asks for none, and
a criterion that is off for nothing.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.criteria import CriteriaSheet, Criterion, Limit
from models.operating import NEVER


@dataclass(frozen=True, slots=True)
class TooFine:
    """A criterion whose limit lies below the smallest size that the eyes reliably find."""

    criterion: Criterion
    limit: Limit
    least_px: float  # NEVER where they do not find the defect reliably at any size
    least_mm: float


def too_fine(
    sheet: CriteriaSheet, smallest_px: Mapping[str, float | None], mm_per_px: float, unit_px2: float | None = None
) -> Iterator[TooFine]:
    """The criteria that cannot be judged at a scale, in the sheet's order.

    Args:
        smallest_px: of each defect, from the package manifest; None: any that is seen counts.
        mm_per_px: scale that the eyes work with.
        unit_px2: nominal area of a unit as they see it; None: no picture has shown one yet.
    """
    for criterion in sheet.criteria:
        limit, least_px = criterion.limit, smallest_px.get(criterion.defect)
        if criterion.severity == "off" or limit is None or least_px is None:
            continue
        length_mm, least_mm = _length_mm(limit, mm_per_px, unit_px2), least_px * mm_per_px
        if limit.unit != "count" and (least_px >= NEVER or length_mm < least_mm):
            yield TooFine(criterion, limit, least_px, least_mm)


def _length_mm(limit: Limit, mm_per_px: float, unit_px2: float | None) -> float:
    """The length that a limit asks the eyes to find: an area as the round spot of that area; infinite if unknown."""
    if limit.unit == "mm":
        return limit.value
    area_mm2 = limit.value
    if limit.unit == "%":
        area_mm2 = math.inf if unit_px2 is None else limit.value / 100 * unit_px2 * mm_per_px**2
    return 2 * math.sqrt(area_mm2 / math.pi)
