"""Good pictures that are kept back from the network that ships: by how much lower it scores than the halves did.

Thresholds are set on two networks that half of the pictures taught each. The one that ships is taught longer and on
more, and gives everything lower logits: with the halves' thresholds it would let pass what they find. Good cartons that
neither was taught had -1.4 in the median from the halves and -3.1 from what ships, and so had further ones (-3.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.operating import Point
from tuning.teach.held_out import Case
from tuning.teach.photo import Photo
from tuning.teach.pictures import Photographs

KEPT_BACK = 5  # of so many groups of good pictures one
FEWEST, LARGEST_SHARE = 4, 1 / 3  # groups that are kept back; of the good pictures
WORSE = 0.75  # share of good pictures that look better: thresholds are set by those that look worse than most
SIGMAS = 3.0  # standard deviations above the mean: the limit of a Shewhart control chart
HIGHEST = 0.999  # threshold that a score can still reach


@dataclass(frozen=True, slots=True)
class Lower:
    """By how many logits good pictures are lower; never below 0, for scores are not lowered on a few pictures' word."""

    score: float  # of the worst place
    mask: float  # of its mask


def kept_back(photographs: Photographs) -> tuple[Photo, ...]:
    """Every fifth group of good pictures; none where that is too few to say anything, or too many to do without."""
    good, of_bad = photographs.good, {photo.group for photo in photographs.bad}
    groups = sorted({photo.group for photo in good} - of_bad)
    for first in range(KEPT_BACK):
        back = set(groups[first::KEPT_BACK])
        kept = tuple(photo for photo in good if photo.group in back)
        if len(back) >= FEWEST and len(kept) <= LARGEST_SHARE * len(good):
            return kept
    return ()


def lower_than(before: Sequence[Case], now: Sequence[Case]) -> Lower:
    """How much lower the same good pictures are now."""
    return Lower(
        _lower([case.highest for case in before], [case.highest for case in now]),
        _lower([case.peak for case in before], [case.peak for case in now]),
    )


def _lower(before: Sequence[float], now: Sequence[float]) -> float:
    return max(0.0, float(np.quantile(before, WORSE) - np.quantile(now, WORSE)))


def shipped_at(point: Point, up: float, good: Sequence[float]) -> Point:
    """Thresholds of the network that ships, whose scores are raised until good pictures have those of the halves.

    A defect is raised with them. So a finding stays what it was before that, and what reaches the halves' threshold
    only as it was raised is held; the hold zone is never narrower than theirs. Held is also what is worse than the
    good pictures that were kept back by as much as a control chart takes for out of control, but nothing that the
    halves would have passed.

    Args:
        point: of the halves.
        up: logits that scores are raised by, from 0.
        good: logits of the worst place of each of these good pictures, raised; none: none was kept back.
    """
    real, hold = (float(np.log(share / (1 - share))) for share in (point.real_from, point.hold_from))
    raised = (shifted(point.real_from, by) for by in (up, up - max(real - hold, up)))
    real_from, hold_from = (round(min(HIGHEST, share), 4) for share in raised)
    return Point(real_from, max(point.hold_from, min(hold_from, _usual_up_to(good))))


def _usual_up_to(good: Sequence[float]) -> float:
    """The score that good pictures hardly reach; 1 where nobody can say.

    Of four pictures alone one further good one in 27 would be beyond it, of sixteen one in 200, were they normal.
    """
    if not good:
        return 1.0
    up_to = float(np.mean(good) + SIGMAS * np.std(good, ddof=1))
    return round(shifted(0.5, up_to), 4)


def shifted(share: float, by: float) -> float:
    """A probability whose logit is so much higher."""
    return float(1 / (1 + (1 / share - 1) * np.exp(-by)))
