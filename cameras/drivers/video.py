"""Video: every frame of a file is a unit.

The number of frames that the container announces is trusted against the decoder: when the frames end before it, the
file was cut off, and one more unit without a picture says so. A container that announces too many costs one reject.
"""

import math
from collections.abc import Callable, Iterator
from threading import Event
from typing import Final

import cv2

from cameras.clock import Clock
from cameras.config import VideoCamera
from cameras.decode import no_pixels, to_rgb
from cameras.driver import Picture, no_beat
from cameras.drivers.pace import Pace
from cameras.errors import CameraError

_FASTEST_FPS: Final = 1000.0


class VideoDriver:
    """Shows the frames of a video at its own or at a set rate."""

    def __init__(self, config: VideoCamera, clock: Clock) -> None:
        """Raises CameraError where the file is missing, may not be read, or its first frame cannot be decoded."""
        self.name = f"video {config.file}"
        self._config = config
        self._clock = clock
        self._closed = Event()
        video = self._open()
        try:
            fps, count = video.get(cv2.CAP_PROP_FPS), video.get(cv2.CAP_PROP_FRAME_COUNT)
            decodes, _ = video.read()
        finally:
            video.release()
        if not decodes:
            raise CameraError(f"{self.name}: no frame can be decoded. The camera was not opened. Check that it plays.")
        self._announced = int(count) if math.isfinite(count) and count > 0 else 0
        self._period_s = self._period(fps)

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        pace = Pace(self._clock, self._closed, period_s=self._period_s)
        video = self._open()
        try:
            counter = 0
            while True:
                decoded, stored = video.read()
                if not decoded and counter >= self._announced:
                    return
                pace.ready()
                if not pace.wait(beat):
                    return
                counter += 1
                source = f"{self._config.file.name} frame {counter}"
                if not decoded:
                    problem = (
                        f"{source}: the video is damaged or cut off after {counter - 1} of {self._announced} frames"
                    )
                    yield Picture(no_pixels(), counter, pace.due_s, pace.taken_at(), problem)
                    return
                yield Picture(to_rgb(stored), counter, pace.due_s, pace.taken_at(), source)
        finally:
            video.release()

    def close(self) -> None:
        self._closed.set()  # the handle is released by the thread that reads it; OpenCV allows no other

    def _open(self) -> cv2.VideoCapture:
        try:
            with self._config.file.open("rb"):
                pass
        except FileNotFoundError as error:
            raise CameraError(
                f"{self.name}: there is no such file. The camera was not opened. Check `file`."
            ) from error
        except OSError as error:
            raise CameraError(
                f"{self.name}: {error.strerror}. The camera was not opened. Name a video file that this user may read."
            ) from error
        video = cv2.VideoCapture(str(self._config.file))
        if not video.isOpened():
            raise CameraError(
                f"{self.name}: not a video, cut off, or of a format that OpenCV does not read. The camera was not "
                "opened. Check that it plays; an MP4 whose recording was interrupted has no index and must be repaired."
            )
        return video

    def _period(self, fps: float) -> float:
        if self._config.units_per_min is not None:
            return 60 / self._config.units_per_min
        if not (math.isfinite(fps) and 0 < fps <= _FASTEST_FPS):
            raise CameraError(
                f"{self.name}: it declares {fps:g} frames/s (allowed: over 0, up to {_FASTEST_FPS:g}). "
                "The camera was not opened. Set `units_per_min`."
            )
        return 1 / fps
