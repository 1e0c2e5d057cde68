"""The synthetic camera: units of one product, drawn before the batch and shown in a seeded order.

Good and defective units have a pool each, so that a rate of 2 % needs no pool of thousands and the same few defects
are not all that is ever seen. A batch longer than the pool repeats its units; what it measures is the line, and what
a package can see is measured by `inspector evaluate` on units that are all different.
"""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Final

import numpy as np

from cameras.clock import Clock
from cameras.config import SyntheticCamera
from cameras.driver import Picture, no_beat, no_progress
from cameras.drivers.pace import Pace
from cameras.render import Content, Rendered, render

_FIRST_SEED: Final = 1_000_000_000  # seeds below are for tuning and evaluation
_SEEDS_A_BATCH: Final = 10_000
_FEWEST: Final = 8  # different units of either kind, where the batch has both


class SyntheticDriver:
    """Shows rendered units at a set rate, without end."""

    def __init__(
        self,
        config: SyntheticCamera,
        clock: Clock,
        *,
        progress: Callable[[int, int], None] = no_progress,
    ) -> None:
        """Draws the pool, about 70 ms a unit."""
        self.name = f"synthetic {config.family} {config.product}, seed {config.seed}"
        self._config = config
        self._clock = clock
        self._closed = Event()
        first = _FIRST_SEED + config.seed * _SEEDS_A_BATCH
        defective = _defective_of(config.pool, config.defective_pct)
        self._pool: list[Rendered] = []
        for number in range(config.pool):
            content: Content = "defective" if number < defective else "good"
            unit = render(
                first + number, family=config.family, held_out=config.held_out, content=content, product=config.product
            )
            self._pool.append(unit)
            progress(number + 1, config.pool)
        self._defective, self._good = range(defective), range(defective, config.pool)
        self.mm_per_px = self._pool[0].mm_per_px  # one product, one camera place: one scale

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        pace = Pace(self._clock, self._closed, period_s=60 / self._config.units_per_min)
        for counter, unit in enumerate(self._order(), start=1):
            if not pace.wait(beat):
                return
            kind = "defective" if unit.defects else "good"
            source = f"synthetic {self._config.family} {self._config.product}, seed {unit.seed}, {kind}"
            yield Picture(unit.pixels, counter, pace.due_s, pace.taken_at(), source)

    def close(self) -> None:
        self._closed.set()

    def _order(self) -> Iterator[Rendered]:
        rng = np.random.default_rng((self._config.seed, 0))
        defective = _rounds(np.random.default_rng((self._config.seed, 1)), self._defective)
        good = _rounds(np.random.default_rng((self._config.seed, 2)), self._good)
        while True:
            is_defective = rng.random() * 100 < self._config.defective_pct
            yield self._pool[next(defective if is_defective else good)]


def _defective_of(pool: int, defective_pct: float) -> int:
    """How many units of the pool are defective: in proportion, but enough of either kind to be worth looking at."""
    if defective_pct in (0, 100):
        return pool if defective_pct else 0
    fewest = min(_FEWEST, pool // 2)
    return min(max(round(pool * defective_pct / 100), fewest), pool - fewest)


def _rounds(rng: np.random.Generator, units: range) -> Iterator[int]:
    """Every unit once in a random order, then again in another, never the same one twice in a row."""
    last = -1
    while True:
        order = [int(unit) for unit in rng.permutation(units)]
        if order[0] == last:
            order.append(order.pop(0))
        yield from order
        last = order[-1]
