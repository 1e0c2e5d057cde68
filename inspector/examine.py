"""Examine one view: is the picture fit, what do the eyes see, what does the sheet say, does the mind agree.

The line's worker and `inspector examine` both judge through this file, so that a picture gets the same verdict at the
desk as on the belt. `see` is enough for a clean unit; whatever it leaves open goes through `judge`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cameras.fitness import FitnessLimits, as_colour, blurred_part, check
from inspector.recipe import check_limits
from models.chain import NoteLine, Question, asked_units
from models.criteria import CriteriaSheet
from models.errors import SheetInvalid
from models.eyes import Eyes, Look
from models.mind import Mind
from models.observation import Observation
from models.package import ModelPackage
from models.reading import Reading
from models.runtime import Device
from models.template import MOST_DEGREES, MOST_MOVED
from models.verdict import Asked, Disposition, Judgement, Reason, Verdict, decide, questions_for

WARM_UP_LOOKS = 40
# Everything of a picture is measured, and none is refused for it.
_ANY = FitnessLimits(
    shortest_px=1,
    longest_px=2**31,
    least_contrast=0,
    saturated_pct=100,
    black_pct=100,
    least_sharpness=1e-9,
    least_sharpness_share=1e-9,
)


@dataclass(frozen=True, slots=True)
class SeenView:
    """What the eyes made of one view, and the verdict if that settles it."""

    view: str
    observations: tuple[Observation, ...] = ()
    asked: tuple[Asked, ...] = ()
    verdict: Verdict | None = None
    judgements: tuple[Judgement, ...] = ()
    times_ms: dict[str, float] = field(default_factory=dict)
    heat: NDArray[np.uint8] | None = None  # see models.eyes.Look
    unseen: str = ""  # what of the unit the picture does not show: nothing is accepted on it


@dataclass(frozen=True, slots=True)
class Timing:
    """What examining takes on this machine, from the warm-up: the slowest look, and the mind by number of questions."""

    slowest_look_ms: float  # the picture's fitness and what follows from what is seen, with it
    slowest_mind_ms: tuple[float, ...]  # for 1, 2, 3 and 4 questions

    def mind_ms(self, questions: int) -> float:
        """Time to allow for that many questions; beyond what was measured it grows by the last step."""
        known = self.slowest_mind_ms
        if questions <= len(known):
            return known[max(questions - 1, 0)]
        return known[-1] * questions / len(known)


class Examiner:
    """Eyes and mind of one package under one approved reading."""

    def __init__(
        self, package: ModelPackage, sheet: CriteriaSheet, reading: Reading, *, threads: int, device: Device = "cpu"
    ) -> None:
        """Loads both models and reads the notes into the mind's cache; takes seconds, so never in mid-batch."""
        self.package, self.sheet, self.reading = package, sheet, reading
        self._at = package.manifest.operating_point
        self._coarse: dict[tuple[str, float], str] = {}  # by view and scale
        self._unit_px2: dict[str, float | None] = {}  # by view, as the last picture that showed one
        self._eyes = Eyes(package, threads=threads, device=device)
        self._mind = Mind(package, threads=threads, device=device)
        self._cache = self._mind.open_sheet(reading.notes, rejecting=sheet.rejects)
        package.recheck()

    @property
    def providers(self) -> tuple[str, str]:
        """Where eyes and mind really run, for example CPUExecutionProvider."""
        return self._eyes.provider, self._mind.decoder.opened.providers[0]

    @property
    def run_s(self) -> float:
        """Seconds in the graphs of eyes and mind so far."""
        return self._eyes.run_s + self._mind.decoder.opened.session.run_s

    def see(self, pixels: NDArray[np.generic], *, view: str, mm_per_px: float, limits: FitnessLimits) -> SeenView:
        """Look at one view. The result carries a verdict unless the mind has to be asked."""
        pixels = as_colour(pixels, limits)
        fitness = check(pixels, limits)
        if not fitness.fit:
            return SeenView(
                view, verdict=Verdict(disposition=Disposition.REJECT, reason=Reason.NOT_ASSESSABLE, text=fitness.reason)
            )
        shown = pixels.astype(np.uint8, copy=False)
        look = self._eyes.look(shown, mm_per_px)
        times = {"eyes": look.eyes_ms}
        scale = self._eyes.scale_seen(pixels, mm_per_px)
        if text := self._unassessable(look) or self._too_coarse(view, scale, look.unit_px2):
            held = Verdict(disposition=Disposition.HOLD, reason=Reason.NOT_ASSESSABLE, text=text)
            return SeenView(view, look.observations, verdict=held, times_ms=times, heat=look.heat)
        asked = tuple(questions_for(look.observations, self.reading.notes, self._at))
        unseen = _unseen(shown, look, limits)
        sight = SeenView(view, look.observations, asked, times_ms=times, heat=look.heat, unseen=unseen)
        return sight if asked else replace(sight, verdict=self._decide(sight, ()))

    def judge(self, sight: SeenView) -> SeenView:
        """Ask the mind what `see` left open and decide."""
        if sight.verdict is not None:
            return sight
        start = time.perf_counter()
        judgements = tuple(self._mind.judge(self._cache, sight.asked))
        times = sight.times_ms | {"mind": round((time.perf_counter() - start) * 1000, 3)}
        verdict = self._decide(sight, judgements)
        return replace(sight, verdict=verdict, judgements=judgements, times_ms=times)

    def warm_up(self, pixels: NDArray[np.uint8], *, mm_per_px: float) -> Timing:
        """Measure this machine on a picture as large as the batch's; the slowest of the looks stands for the p99."""
        look = partial(self.see, pixels, view="warm-up", mm_per_px=mm_per_px, limits=_ANY)
        eyes = [_took_ms(look) for _ in range(WARM_UP_LOOKS)]
        mind = []
        for count in (1, 2, 4):
            judge = partial(self._mind.judge, self._cache, self._rehearsal(count))
            mind.append(max([_took_ms(judge) for _ in range(6)][1:]))
        return Timing(max(eyes[3:]), (mind[0], mind[1], (mind[1] + mind[2]) / 2, mind[2]))

    def _rehearsal(self, count: int) -> list[Asked]:
        """Questions like those of a batch: the sheet's own defects, at a size that its criteria compare."""
        named = [note for _, note in self.reading.notes if note.kind != "other"]
        lines = [NoteLine(id, note) for id, note in self.reading.notes]
        asked = []
        for index in range(count):
            note = named[index % len(named)]
            sizes = tuple((unit, 1.0) for unit in asked_units(lines, note.defect))
            asked.append(Asked(index, Question(note.defect, note.zone or self.package.manifest.words.zones[-1], sizes)))
        return asked

    def _unassessable(self, look: Look) -> str:
        if look.lies_otherwise:
            return (
                f"the unit does not lie as those of {self.package.manifest.name} do, or is of another product: turned "
                f"or aside farther than any that taught (never by more than {MOST_DEGREES} degrees or {MOST_MOVED:.0%} "
                "of the picture), or not there"
            )
        if not look.familiarity <= look.familiarity_limit:
            return (
                f"the picture is unlike what {self.package.manifest.name} was made for "
                f"(distance {look.familiarity:.1f}, limit {look.familiarity_limit:.1f})"
            )
        if look.crowded:
            return f"more places stand out than are looked at ({len(look.observations)}): is pack or lens dirty?"
        return ""

    def _too_coarse(self, view: str, mm_per_px: float, unit_px2: float | None) -> str:
        """What the sheet asks for that the eyes cannot find at this scale.

        Found out once a view and scale; for limits in % with each picture that shows how large a unit is. One that
        shows none counts like the picture before it.
        """
        unit_px2 = self._unit_px2[view] = unit_px2 or self._unit_px2.get(view)
        if (view, mm_per_px) not in self._coarse:
            self._coarse[view, mm_per_px] = self._limits_problem(view, mm_per_px, None)
        known = self._coarse[view, mm_per_px]
        return known or ("" if unit_px2 is None else self._limits_problem(view, mm_per_px, unit_px2))

    def _limits_problem(self, view: str, mm_per_px: float, unit_px2: float | None) -> str:
        try:
            check_limits(self.sheet, self.package, {view: mm_per_px}, unit_px2)
        except SheetInvalid as error:
            return str(error)
        return ""

    def _decide(self, sight: SeenView, judgements: tuple[Judgement, ...]) -> Verdict:
        verdict = decide(
            sight.observations,
            view=sight.view,
            sheet=self.sheet,
            notes=self.reading.notes,
            judgements=judgements,
            at=self._at,
        )
        if verdict.disposition is Disposition.ACCEPT and sight.unseen:
            held = {"disposition": Disposition.HOLD, "reason": Reason.NOT_ASSESSABLE, "text": sight.unseen}
            return verdict.model_copy(update=held)
        return verdict


def _took_ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _unseen(pixels: NDArray[np.uint8], look: Look, limits: FitnessLimits) -> str:
    if look.tablets is None:
        return ""
    if limits.tablets is not None and len(look.tablets) < limits.tablets:
        return (
            f"{len(look.tablets)} of the {limits.tablets} tablets of a whole pack are seen: part of it is out of the "
            "picture, hidden or blurred. Check trigger, belt guides, light and lens"
        )
    return blurred_part(pixels, look.tablets, limits)
