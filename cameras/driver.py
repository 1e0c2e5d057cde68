"""The driver protocol: a driver only yields pictures, and `open_camera` finds the one that a configuration names.

Unit numbers are the PLC's and never a driver's. A picture that cannot be had is yielded all the same, with no pixels
and the reason in its source, so that its unit is expected and rejected instead of missing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cameras.clock import Clock
from cameras.config import ReplayCamera, SyntheticCamera, VideoCamera


@dataclass(frozen=True, slots=True)
class Picture:
    """What a camera delivered at one trigger."""

    pixels: NDArray[np.generic]  # as delivered: (H, W, 3) uint8 RGB when all is well, (0, 0, 3) when there is nothing
    counter: int  # the camera's own count of triggers, from 1: a step of more than 1 is a unit it did not show
    captured_s: float  # the clock's `now_s` at the trigger
    taken_at: datetime  # UTC
    source: str  # file name, render seed or camera serial; names the problem when there are no pixels


def no_beat() -> None:
    """For callers that do not watch the driver."""


def no_progress(done: int, of: int) -> None:
    """For callers that do not show how far a camera is with opening."""


class Driver(Protocol):
    """A camera that is open."""

    @property
    def name(self) -> str:
        """What a message calls this camera, for example "replay of batches/0042"."""
        ...

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        """Every picture from here on, each as soon as it is taken; ends with the material or after `close`.

        `beat` is called at least every second while there is nothing to yield: a belt that stands still is no dead
        camera.

        Raises:
            CameraError: the camera cannot go on; the text says what to check.
        """
        ...

    def close(self) -> None:
        """End `frames` within a second and let go of the camera. From any thread, any number of times."""
        ...


def open_camera(
    config: SyntheticCamera | ReplayCamera | VideoCamera,
    clock: Clock,
    *,
    progress: Callable[[int, int], None] = no_progress,
) -> Driver:
    """Open the camera that `config` names and check what can be checked before a batch starts.

    `progress(done, of)` is called while the synthetic camera draws its units, which takes seconds.

    Raises:
        CameraError: it cannot be opened; nothing is put in its place.
    """
    match config:
        case SyntheticCamera():
            from cameras.drivers.synthetic import SyntheticDriver

            return SyntheticDriver(config, clock, progress=progress)
        case ReplayCamera():
            from cameras.drivers.replay import ReplayDriver

            return ReplayDriver(config, clock)
        case VideoCamera():
            from cameras.drivers.video import VideoDriver

            return VideoDriver(config, clock)
