"""What each step of the mind's training teaches: one task, which follows from the seed and the step alone.

Free of torch, so that what is taught can be written out and looked at anywhere.
"""

from random import Random

from models.chain import TAUGHT_REJECTING
from tuning.config import MindConfig, MindTrainingConfig
from tuning.mind.judging_tasks import JudgeTask, draw_judging
from tuning.mind.material import OWN, Material
from tuning.mind.products import draw_product
from tuning.mind.reading_tasks import ReadTask, draw_reading

DRILL_QUESTIONS = 34
LOOKS = 6  # tasks of one early look
RENAMED_OF_A_PRODUCT = 0.2  # share of its kinds that go by an invented word
CROWDED_LATE = 0.15  # share of sheets with many lines on a class once usual ones are taught
CROWDED_OF_A_PRODUCT = 0.2  # most of a product's sheets have a line for each of its many kinds
MIXED_OF_A_PRODUCT = 0.5  # share of questions about a kind that is in doubt, often with one whose name is much like it

Task = ReadTask | JudgeTask


class Course:
    """The tasks of a recipe."""

    def __init__(self, config: MindConfig, material: Material) -> None:
        self._seed, self._settings, self._material = config.seed, config.training, material

    def task(self, step: int) -> Task:
        draw, settings, material, own = Random(f"{self._seed}/{step}"), self._settings, self._material, OWN
        later, late = settings.later(step), step >= settings.judging_from
        further = later[0] if later else None
        of_a_product = further is not None and further.products > 0 and draw.random() < further.products
        if of_a_product:
            material, own = draw_product(draw, material), 1.0
        if draw.random() < _reading(settings, step):
            renamed = RENAMED_OF_A_PRODUCT if of_a_product else settings.renamed
            return draw_reading(draw, material, settings.sentences, own=own, renamed=renamed)
        done = step / settings.course_steps
        crowded = further.crowded if further else CROWDED_LATE
        criteria, questions = self._length(draw, done)
        return draw_judging(
            draw,
            material,
            criteria,
            questions,
            near=min(1.0, done / settings.near_reached),
            mixed=MIXED_OF_A_PRODUCT if of_a_product else settings.mixed,
            own=own,
            crowded=not late or draw.random() < (CROWDED_OF_A_PRODUCT if of_a_product else crowded),
            rejecting=TAUGHT_REJECTING if late else None,
        )

    def _length(self, draw: Random, done: float) -> tuple[int, int]:
        """Criteria of a sheet and questions over it: drills are short."""
        settings = self._settings
        drilled = draw.random() < settings.drills * (1.0 if done < 0.35 else 0.3)
        few = draw.randint(1, 3)
        if drilled:
            return few, DRILL_QUESTIONS
        return draw.randint(3, _longest(settings, done)), settings.questions

    def look(self) -> dict[str, list[Task]]:
        """Tasks of seeds that no step uses: taught forms, kept forms, sheets."""
        draw, material = Random(f"{self._seed}/look"), self._material
        taught: list[Task] = [draw_reading(draw, material, 24, own=1.0, renamed=0.2) for _ in range(LOOKS)]
        kept: list[Task] = [draw_reading(draw, material, 24, side="kept", own=1.0, renamed=0.2) for _ in range(LOOKS)]
        judged: list[Task] = [
            draw_judging(
                draw,
                material,
                draw.randint(5, 14),
                22,
                near=1.0,
                mixed=0.1,
                own=1.0,
                crowded=False,
                rejecting=TAUGHT_REJECTING,
            )
            for _ in range(LOOKS)
        ]
        return {"read_taught": taught, "read_kept": kept, "judged": judged}


def _reading(settings: MindTrainingConfig, step: int) -> float:
    if later := settings.later(step):
        return later[0].reading
    return settings.judging_reading if step >= settings.judging_from else settings.reading


def _longest(settings: MindTrainingConfig, done: float) -> int:
    grown = min(1.0, done / settings.criteria_reached)
    return max(4, round(settings.most_criteria_first + (settings.most_criteria - settings.most_criteria_first) * grown))
