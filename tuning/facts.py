"""`eyes.json`: what the eyes' calibration states and a release takes over. Free of torch, as a release is."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.problems import problems_of
from tuning.errors import TuningError

FACTS = "eyes.json"


class EyesFacts(BaseModel):
    """What the eyes' parts state about themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    training: str  # digests of the recipe and of the pools that trained
    steps: int
    closer: str  # digests of the closer look's recipe, of the training pool and of the eyes' graph
    closer_steps: int
    calibration_pool: str
    real_from: float = Field(gt=0, lt=1)  # a region of at least this score is a finding
    hold_from: float = Field(gt=0, lt=1)  # from here on it can hold a unit
    smallest_px: dict[str, float | None]  # a class: longest dimension from which it is found; None: any size
    parity: dict[str, dict[str, float]]  # network to float graph, float graph to int8


def load_eyes_facts(path: Path) -> EyesFacts:
    """The eyes' facts as their calibration wrote them.

    Raises:
        TuningError: missing, or `file: field: problem`.
    """
    try:
        return EyesFacts.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TuningError(f"{path}: {error.strerror}. Nothing was released. Calibrate the eyes first.") from error
    except ValidationError as error:
        raise TuningError(problems_of(path, error)) from error
