"""Which limits of a sheet ask for more than the eyes find at a picture's scale; a line and an evaluation both ask here.

A limit on a share of the unit's area and one on a count ask for no length, and a criterion that is off for nothing.
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


def too_fine(sheet: CriteriaSheet, smallest_px: Mapping[str, float | None], mm_per_px: float) -> Iterator[TooFine]:
    """The criteria that cannot be judged at a scale, in the sheet's order.

    Args:
        smallest_px: of each defect, from the package manifest; None: any that is seen counts.
        mm_per_px: scale that the eyes work with.
    """
    for criterion in sheet.criteria:
        limit, least_px = criterion.limit, smallest_px.get(criterion.defect)
        if criterion.severity == "off" or limit is None or least_px is None:
            continue
        length_mm, least_mm = _length_mm(limit), least_px * mm_per_px
        if length_mm is not None and (least_px >= NEVER or length_mm < least_mm):
            yield TooFine(criterion, limit, least_px, least_mm)


def _length_mm(limit: Limit) -> float | None:
    """The length that a limit asks the eyes to find: an area as the round spot of that area."""
    if limit.unit not in ("mm", "mm2"):
        return None
    return limit.value if limit.unit == "mm" else 2 * math.sqrt(limit.value / math.pi)
