"""The configuration of a line: which package, which sheet, which cameras, how far the gate is.

Together they are the recipe; its digest stands in every record. Paths are relative to the file that names them.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, PositiveInt, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cameras.config import CameraConfig, Strict
from cameras.fitness import FitnessLimits
from inspector.errors import LineError
from models.problems import problems_of
from models.runtime import Device

ViewName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]  # becomes part of file names


class ViewConfig(Strict):
    """One camera position. `mm_per_px` is the scale at the unit's surface, from `inspector calibrate`.

    It holds for pictures of `size_px`, width and height; where that is not stated, of the batch's first picture's size.
    """

    camera: CameraConfig
    mm_per_px: float = Field(gt=0, le=1)
    size_px: tuple[PositiveInt, PositiveInt] | None = Field(default=None, strict=False)
    fitness: FitnessLimits = FitnessLimits()


class EvidenceConfig(Strict):
    """Pictures that are kept: of all rejects and holds, and of a share of the accepts."""

    accepts_pct: float = Field(default=1.0, ge=0, le=100)


class LineConfig(Strict):
    """One line. `gate_after_ms` runs from the photo-eye edge to the gate at top belt speed."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    package: Path = Field(strict=False)
    sheet: Path = Field(strict=False)
    store: Path = Field(strict=False)
    gate_after_ms: float = Field(ge=20, le=10_000)
    views: dict[ViewName, ViewConfig] = Field(min_length=1)  # in belt order
    threads: int = Field(default=2, ge=1, le=64)  # of the model, each of eyes and mind
    device: Device = "cpu"
    evidence: EvidenceConfig = EvidenceConfig()

    @model_validator(mode="after")
    def units_fit_the_result_table(self) -> "LineConfig":
        for name, view in self.views.items():
            rate = view.camera.units_per_min
            if rate is not None and rate / 60 * self.gate_after_ms / 1000 > MOST_UNITS_BETWEEN:
                raise ValueError(
                    f"views.{name}: {rate:g} units/min and gate_after_ms {self.gate_after_ms:g} put more than "
                    f"{MOST_UNITS_BETWEEN} units between camera and gate; "
                    "the PLC's result table has 64 slots. Move the camera or slow the belt."
                )
        return self

    def settings(self, *left_out: str) -> dict[str, JsonValue]:
        """As they are digested and kept: with the views' order along the belt, which JSON by sorted names loses."""
        return self.model_dump(mode="json", exclude=set(left_out)) | {"stations": list(self.views)}

    @staticmethod
    def load(path: Path) -> "LineConfig":
        """Read a line's YAML; paths in it come out absolute.

        Raises:
            LineError: one line a problem, `file: field: problem`.
        """
        try:
            content = YAML(typ="safe").load(path)
        except OSError as error:
            raise LineError(f"{path}: {error.strerror}. Name a line, for example configs/lines/demo.yaml") from error
        except (YAMLError, ValueError, RecursionError) as error:
            raise LineError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
        if not isinstance(content, dict):
            raise LineError(
                f"{path}: the file is empty or not a mapping; a line has name, package, sheet, store, gate_after_ms "
                "and views"
            )
        try:
            line = LineConfig.model_validate(content)
        except ValidationError as error:
            raise LineError(problems_of(path, error)) from error
        here = path.parent.resolve()
        return line.model_copy(
            update={name: Path(here / getattr(line, name)).resolve() for name in ("package", "sheet", "store")}
            | {"views": {k: v.model_copy(update={"camera": v.camera.under(here)}) for k, v in line.views.items()}}
        )


MOST_UNITS_BETWEEN = 60
