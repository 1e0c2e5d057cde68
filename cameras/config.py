"""Which camera stands at a view, and how its pictures come: one strict class a driver, told apart by `driver`.

A new camera is one class here, one file in cameras/drivers/ and one `case` in cameras/driver.py.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

UnitsPerMin = Annotated[float, Field(gt=0, le=6000, allow_inf_nan=False)]
FamilyName = Literal["blister", "loose", "vial", "bottle", "carton"]  # what cameras.render draws
PICTURES = ("*.png", "*.jpg", "*.jpeg", "*.bmp", "*.tif", "*.tiff", "*.webp")


class Strict(BaseModel):
    """Frozen, no unknown field, no conversion: `"60"` and `true` are not the number 60."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SyntheticCamera(Strict):
    """Draws units of one product at a set rate.

    Drawing takes longer than a unit has, so `pool` different units are drawn before the batch starts and shown again
    and again in a seeded order, none twice in a row. Every unit is defective with a chance of `defective_pct`.
    """

    driver: Literal["synthetic"]
    family: FamilyName = "blister"  # what is drawn
    product: int = Field(default=0, ge=0, le=1_000_000)  # names shape, colour, print, lamp and the camera's place
    seed: int = Field(default=0, ge=0, le=1_000_000)  # names the units and their order
    units_per_min: UnitsPerMin
    defective_pct: float = Field(ge=0, le=100, allow_inf_nan=False)
    held_out: bool = False  # styles that the embedded package was never taught
    pool: int = Field(default=60, ge=8, le=10_000)  # a picture takes 1.1 MB of memory

    def under(self, folder: Path) -> Self:
        """Nothing to resolve: this camera reads no file."""
        return self


class ReplayCamera(Strict):
    """Shows the pictures of a folder, one a unit, in natural order of their names (2 before 10)."""

    driver: Literal["replay"]
    folder: Path = Field(strict=False)
    units_per_min: UnitsPerMin
    loop: bool = False  # start again after the last picture; else the camera ends there
    patterns: tuple[str, ...] = Field(default=PICTURES, min_length=1, strict=False)  # any letter case; no hidden files

    def under(self, folder: Path) -> Self:
        """The same camera with its path taken from `folder`, unless it is absolute."""
        return self.model_copy(update={"folder": (folder / self.folder).resolve()})


class VideoCamera(Strict):
    """Shows the frames of a video, one a unit."""

    driver: Literal["video"]
    file: Path = Field(strict=False)
    units_per_min: UnitsPerMin | None = None  # none given: the rate at which it was taken

    def under(self, folder: Path) -> Self:
        """The same camera with its path taken from `folder`, unless it is absolute."""
        return self.model_copy(update={"file": (folder / self.file).resolve()})


CameraConfig = Annotated[SyntheticCamera | ReplayCamera | VideoCamera, Field(discriminator="driver")]
