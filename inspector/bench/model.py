"""The model part by part, one thing at a time: what the line has for a unit, and what is lost round the graphs."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cameras.clock import HandClock
from cameras.config import SyntheticCamera
from cameras.driver import open_camera
from inspector.bench.figures import Doubtful, Engine, Latency, ModelFigures, latency, median
from inspector.bench.machine import Load, forget_peak, peak_mb
from inspector.bench.mind import otherwise, reading_times, sheet_lengths
from inspector.config import ViewConfig
from inspector.examine import Examiner, SeenView
from inspector.recipe import Recipe
from models.mind import Mind
from models.observation import Observation
from models.verdict import Asked, Disposition

OBSERVATIONS = (1, 4)
PICTURES = 48
_DEFECTIVE_PCT = 50.0  # of the pictures that the model is measured on: there must be something to ask
_FIRST = 3  # runs that are not counted
_READINGS = 3

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture and what the eyes made of it."""

    pixels: NDArray[np.generic]
    sight: SeenView


@dataclass(frozen=True, slots=True)
class _Run:
    """One unit examined."""

    whole_ms: float
    graphs_ms: float
    mind_ms: float
    redrafted: int  # judgements that were not the draft


def bench_model(
    path: Path, *, times: int, sheet_tokens: Sequence[int], threads: int | None = None, step: Step
) -> ModelFigures:
    """Measure the model of the line that `path` describes, on pictures of its camera.

    Args:
        times: units of a kind that are examined.
        sheet_tokens: lengths of sheets to judge under.
        threads: of the model, in place of the line's own.
        step: told what is going on, with steps done and in all.

    Raises:
        CameraError, LineError, ModelError: as when the line itself is started.
    """
    recipe, load = Recipe.load(path), Load()
    forget_peak()
    package, device = recipe.package, recipe.line.device
    threads = threads or recipe.line.threads
    name, view = next(iter(recipe.line.views.items()))
    pictures = _pictures(view, step)
    step("loading the model", 0, 1)
    examiner = Examiner(package, recipe.sheet, recipe.reading, threads=threads, device=device)
    bench = _Examining(examiner, name, view, pictures)
    clear, runs = bench.clear(times, step), {count: bench.doubtful(count, times, step) for count in OBSERVATIONS}
    peak_examining_mb, providers = peak_mb(), examiner.providers
    del examiner, bench, pictures
    gc.collect()
    forget_peak()
    mind = Mind(package, threads=threads, device=device)
    lengths = sheet_lengths(mind, package, sheet_tokens, times=times, step=step)
    plain = otherwise(mind, package, least_tokens=min(sheet_tokens), step=step)
    del mind
    reading = reading_times(package, threads=threads, device=device, times=_READINGS, step=step)
    return ModelFigures(
        providers=providers,
        threads=threads,
        clear=_latency(clear),
        doubtful=tuple(_doubtful(count, taken) for count, taken in runs.items() if taken),
        engine=tuple(_engine(count, taken) for count, taken in ({0: clear} | runs).items() if taken),
        lengths=lengths,
        otherwise=plain,
        reading=reading,
        peak_examining_mb=peak_examining_mb,
        peak_reading_mb=peak_mb(),
        others_pct=load.others_pct,
    )


def _pictures(view: ViewConfig, step: Step) -> list[NDArray[np.generic]]:
    """Pictures of the line's camera, half of them of defective units, as fast as they come."""
    camera = view.camera
    if isinstance(camera, SyntheticCamera):
        camera = camera.model_copy(update={"pool": PICTURES, "defective_pct": _DEFECTIVE_PCT})
    driver = open_camera(camera, HandClock(), progress=lambda done, of: step("drawing units", done, of))
    try:
        return [picture.pixels for picture in islice(driver.frames(), 2 * PICTURES)]
    finally:
        driver.close()


class _Examining:
    """Pictures of one view under the line's own sheet."""

    def __init__(self, examiner: Examiner, name: str, view: ViewConfig, pictures: list[NDArray[np.generic]]) -> None:
        self._examiner, self._name, self._view = examiner, name, view
        seen = [_Seen(pixels, self._see(pixels)) for pixels in pictures]
        self._clear = [one for one in seen if one.sight.verdict and one.sight.verdict.disposition is Disposition.ACCEPT]
        self._open = [one for one in seen if one.sight.verdict is None]

    def clear(self, times: int, step: Step) -> list[_Run]:
        """Units that a look settles; none where no picture is such a one."""
        runs = []
        for number in range(times + _FIRST if self._clear else 0):
            run = self._examine(self._clear[number % len(self._clear)].pixels, None)
            if _counts("clear units", number, times, step):
                runs.append(run)
        return runs

    def doubtful(self, observations: int, times: int, step: Step) -> list[_Run]:
        """Units with so many observations to ask about, taken in turn from what the eyes really saw in the pictures."""
        name = f"units with {observations} observation{'s' if observations > 1 else ''}"
        found = [(one, seen, asked) for one in self._open for seen, asked in _observed(one.sight)]
        runs = []
        for number in range(times + _FIRST if found else 0):
            taken = [found[(number * observations + i) % len(found)] for i in range(observations)]
            sight = SeenView(
                self._name,
                observations=tuple(seen for _, seen, _ in taken),
                asked=tuple(Asked(i, asked.question) for i, (_, _, asked) in enumerate(taken)),
            )
            run = self._examine(taken[0][0].pixels, sight)
            if _counts(name, number, times, step):
                runs.append(run)
        return runs

    def _examine(self, pixels: NDArray[np.generic], doubtful: SeenView | None) -> _Run:
        """Look at a picture; then ask what `doubtful` leaves open, in place of what this picture does."""
        before_s, start = self._examiner.run_s, time.perf_counter()
        sight = self._see(pixels)
        looked = time.perf_counter()
        judged = self._examiner.judge(sight if doubtful is None else replace(doubtful, times_ms=sight.times_ms))
        ended = time.perf_counter()
        return _Run(
            whole_ms=(ended - start) * 1000,
            graphs_ms=(self._examiner.run_s - before_s) * 1000,
            mind_ms=(ended - looked) * 1000,
            redrafted=sum(not judgement.as_drafted for judgement in judged.judgements),
        )

    def _see(self, pixels: NDArray[np.generic]) -> SeenView:
        view = self._view
        return self._examiner.see(pixels, view=self._name, mm_per_px=view.mm_per_px, limits=view.fitness)


def _observed(sight: SeenView) -> list[tuple[Observation, Asked]]:
    return [(sight.observations[a.observation], a) for a in sight.asked if a.observation is not None]


def _counts(name: str, number: int, times: int, step: Step) -> bool:
    """Whether a run is one of those that count; the first few only lay out memory."""
    step(name, max(0, number + 1 - _FIRST), times)
    return number >= _FIRST


def _latency(runs: Sequence[_Run]) -> Latency | None:
    return latency([run.whole_ms for run in runs])


def _doubtful(observations: int, runs: Sequence[_Run]) -> Doubtful:
    unit, mind = _latency(runs), latency([run.mind_ms for run in runs])
    assert unit is not None
    assert mind is not None
    redrafted = sum(run.redrafted for run in runs) / (observations * len(runs))
    return Doubtful(observations=observations, unit=unit, mind=mind, redrafted_pct=round(100 * redrafted, 1))


def _engine(observations: int, runs: Sequence[_Run]) -> Engine:
    return Engine(
        observations=observations,
        examine_ms=round(median([run.whole_ms for run in runs]), 2),
        graphs_ms=round(median([run.graphs_ms for run in runs]), 2),
        overhead_pct=round(median([100 * (run.whole_ms / run.graphs_ms - 1) for run in runs]), 1),
    )
