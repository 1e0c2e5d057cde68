"""One thing the eyes saw: where, what, how large, how sure. Recorded whole, so a draft sheet can be tried on it."""

from pydantic import BaseModel, ConfigDict, Field

from models.stored import Stored

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in px; the last row and column are outside


class Size(BaseModel):
    """A measured quantity and the half-width of the interval that holds the true value 95 times in 100."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(ge=0, allow_inf_nan=False)
    uncertainty: float = Field(ge=0, allow_inf_nan=False)


class Observation(Stored):
    """A region of one view.

    Regions below the operating point are observations too: they are kept in the record and not judged.
    """

    ADDED_LATER = frozenset({"alike_px", "parts", "perhaps_on"})

    score: float = Field(ge=0, le=1)  # probability that there is a defect at all
    classes: tuple[tuple[str, float], ...]  # (defect, probability given a defect), descending, sums to 1
    zone: str  # the likeliest
    box_px: Box  # in the frame as taken
    outline_px: tuple[tuple[int, int], ...]  # closed polygon in the frame as taken
    sizes: dict[str, Size]  # "mm" longest dimension, "mm2" area, "%" area in percent of the nominal unit
    alike_px: tuple[int, int] | None = None  # x, y of the place elsewhere in the frame that it was compared with
    perhaps_on: tuple[str, ...] = ()  # other zones that it may be in: it lies across a border, or near one
    parts: int = Field(default=1, ge=1)  # so many defects it may be, lying side by side

    @property
    def zones(self) -> tuple[str, ...]:
        """All that it may be in, the likeliest first."""
        return (self.zone, *self.perhaps_on)

    @property
    def defect(self) -> str:
        """The likeliest class."""
        return self.classes[0][0]
