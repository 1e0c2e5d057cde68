"""The frame: one picture of one view of one unit, with the times that the record and the gate need."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A view of a unit as the camera gave it.

    `pixels` is whatever the sensor or file delivered; it is checked where it is examined, so that a bad picture
    becomes a rejected unit with a reason instead of a dead capture thread.
    """

    pixels: NDArray[np.generic]  # (H, W, 3) uint8 RGB, top row first, when the camera is well
    unit: int  # number that the PLC gave this unit
    view: str
    captured_s: float  # monotonic clock, at the trigger
    taken_at: datetime  # UTC
    source: str  # where the picture came from: file name, render seed or camera serial
