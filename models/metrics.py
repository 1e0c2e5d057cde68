"""Figures with exact bounds: what an evaluation may claim from what it was shown.

Shares are bounded after Clopper and Pearson, exact for any number shown, and never claim 0 where nothing was missed.
Quantiles are bounded by order statistics; a side that the values shown are too few to bound is left open. Nothing here
needs more than the standard library.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

CONFIDENCE = 0.95
_TRIALS = 10_000_000  # a Poisson count is a binomial one of very many trials


class Bounds(NamedTuple):
    low: float
    high: float


class OpenBounds(NamedTuple):
    """Bounds of which a side may be open."""

    low: float | None
    high: float | None


class Figure(BaseModel):
    """One measured figure. A share of `shown` cases has `hits`; any other figure was read from `shown` values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    name: str
    of: str = ""  # the subgroup, empty for all
    value: float | None  # None: nothing was shown
    low: float | None = None  # bounds at 95 %, two-sided; None: none is stated, or too few were shown for this side
    high: float | None = None
    hits: int | None = None
    shown: int
    aim: float | None = None
    aim_is: Literal["at least", "at most"] = "at least"

    @property
    def reached(self) -> bool | None:
        """Whether the measured value reaches its aim; None without one. It does not ask that the bounds do."""
        if self.aim is None or self.value is None:
            return None
        return self.value >= self.aim if self.aim_is == "at least" else self.value <= self.aim


def share(
    topic: str,
    name: str,
    hits: int,
    shown: int,
    *,
    of: str = "",
    aim: float | None = None,
    aim_is: Literal["at least", "at most"] = "at least",
) -> Figure:
    """A share with its two-sided exact bounds."""
    low, high = share_bounds(hits=hits, shown=shown) if shown else (None, None)
    value = hits / shown if shown else None
    return Figure(
        topic=topic, name=name, of=of, value=value, low=low, high=high, hits=hits, shown=shown, aim=aim, aim_is=aim_is
    )


def quantile_figure(
    topic: str, name: str, values: Sequence[float], q: float, *, of: str = "", aim: float | None = None
) -> Figure:
    """A quantile with its bounds; the smaller the better, so an aim is a most."""
    if not values:
        return Figure(topic=topic, name=name, of=of, value=None, shown=0, aim=aim, aim_is="at most")
    value = quantile(values, q)
    low, high = quantile_bounds(values, q)
    if low is not None:
        low = min(low, value)  # of 2 values the larger one is the exact lower bound of p99, and above their p99
    return Figure(
        topic=topic, name=name, of=of, value=value, low=low, high=high, shown=len(values), aim=aim, aim_is="at most"
    )


def rate(topic: str, name: str, events: int, shown: int, *, of: str = "", aim: float | None = None) -> Figure:
    """Events per case shown, with exact bounds of a Poisson count; the fewer the better.

    >>> figure = rate("eyes", "false regions per good unit", 3, 100)
    >>> round(figure.low or 0, 4), round(figure.high or 0, 4)
    (0.0062, 0.0877)
    """
    if not shown:
        return Figure(topic=topic, name=name, of=of, value=None, shown=0, aim=aim, aim_is="at most")
    low, high = (bound * _TRIALS / shown for bound in share_bounds(hits=events, shown=_TRIALS))
    return Figure(
        topic=topic,
        name=name,
        of=of,
        value=events / shown,
        low=low,
        high=high,
        hits=events,
        shown=shown,
        aim=aim,
        aim_is="at most",
    )


def share_bounds(*, hits: int, shown: int, confidence: float = CONFIDENCE) -> Bounds:
    """Two-sided exact bounds of a share.

    Source: Clopper and Pearson, Biometrika 26 (1934), 404-413.

    >>> bounds = share_bounds(hits=96, shown=100)
    >>> round(bounds.low, 4), round(bounds.high, 4)
    (0.9007, 0.989)
    """
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: _beta_share(hits, shown - hits + 1, p), tail)
    high = 1.0 if hits == shown else _solve(lambda p: _beta_share(hits + 1, shown - hits, p), 1 - tail)
    return Bounds(low, high)


def miss_rate_bound(*, missed: int, shown: int, confidence: float = CONFIDENCE) -> float:
    """Highest true miss rate still compatible with a challenge-set result.

    One-sided and exact; the normal approximation would claim 0 when nothing was missed.
    Returns a fraction of defective units, not of all units.

    Source: Clopper and Pearson, Biometrika 26 (1934), 404-413.

    >>> round(miss_rate_bound(missed=0, shown=299), 4)
    0.01
    >>> round(miss_rate_bound(missed=1, shown=473), 4), round(miss_rate_bound(missed=2, shown=124), 3)
    (0.01, 0.05)
    """
    if missed == shown:
        return 1.0
    return _solve(lambda p: _beta_share(missed + 1, shown - missed, p), confidence)


def quantile(values: Sequence[float], q: float) -> float:
    """Linear between order statistics.

    >>> quantile([4.0, 1.0, 2.0, 3.0], 0.5)
    2.5
    """
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def quantile_bounds(values: Sequence[float], q: float, confidence: float = CONFIDENCE) -> OpenBounds:
    """Order statistics between which the true quantile lies, each side by itself wrong with half of 1 - confidence.

    A side that no order statistic bounds at that confidence is None: of 30 values the largest lies above the true
    99th percentile in 26 cases of 100 only.

    Source: Conover, Practical Nonparametric Statistics (1999), confidence interval for a quantile; binomial, exact.

    >>> quantile_bounds([float(i) for i in range(1, 101)], 0.5)
    OpenBounds(low=40.0, high=61.0)
    >>> quantile_bounds([float(i) for i in range(1, 31)], 0.99)
    OpenBounds(low=28.0, high=None)
    """
    ordered, tail = sorted(values), (1 - confidence) / 2
    count = len(ordered)
    at_most = [_at_most(k, count, q) for k in range(count)]  # chance that no more than k values lie below the quantile
    low = max((k for k in range(count) if at_most[k] <= tail), default=None)
    high = next((k for k in range(count) if at_most[k] >= 1 - tail), None)
    return OpenBounds(None if low is None else ordered[low], None if high is None else ordered[high])


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """Chance that a right answer scores above a wrong one, ties half; None where one side is empty.

    >>> auroc([0.9, 0.8], [0.8, 0.1])
    0.875
    """
    if not right or not wrong:
        return None
    wins = sum((r > w) + 0.5 * (r == w) for r in right for w in wrong)
    return wins / (len(right) * len(wrong))


def coverage(answers: Sequence[tuple[float, bool]], *, wrong: float) -> tuple[int, float]:
    """How many of the surest answers may be kept, and from which score, if no more than a share `wrong` may be wrong.

    Equal scores stay together: a threshold cannot part them.

    >>> coverage([(0.9, True), (0.8, True), (0.7, False), (0.6, True)], wrong=0.0)
    (2, 0.8)
    """
    ordered = sorted(answers, key=lambda answer: -answer[0])
    kept, threshold, missed = 0, 1.0, 0
    for index, (score, right) in enumerate(ordered):
        missed += not right
        last_of_its_score = index + 1 == len(ordered) or ordered[index + 1][0] < score
        if last_of_its_score and missed <= wrong * (index + 1):
            kept, threshold = index + 1, score
    return kept, threshold


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """Where a function rising over 0..1 takes a value, by halving."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def _at_most(k: int, shown: int, p: float) -> float:
    """Chance of at most k hits among `shown` at a share p."""
    return 1.0 if k >= shown else 1 - _beta_share(k + 1, shown - k, p)


def _beta_share(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function, by its continued fraction.

    Source: Abramowitz and Stegun 26.5.8, evaluated after Lentz.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):  # the fraction converges quickly on this side only
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1), tiny)
    result = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away(1 + term * d, tiny)
            c = _away(1 + term / c, tiny)
            result *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return result


def _away(value: float, from_zero: float) -> float:
    return value if abs(value) > from_zero else from_zero
