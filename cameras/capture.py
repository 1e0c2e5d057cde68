"""Capture: the one thread round a driver.

It hands every picture to the line and does nothing else; numbering units, expecting them at the gate and dropping
frames are the line's, in `on_picture`, which must not block. Nothing restarts a thread that ended: the line is held.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from cameras.clock import Clock
from cameras.driver import Driver, Picture
from cameras.errors import CameraError, CameraLost

SILENT_AFTER_S: Final = 5.0  # ten times the longest silence of a driver that is well


class Capture:
    """Runs a driver and says how it is."""

    def __init__(
        self,
        driver: Driver,
        on_picture: Callable[[Picture], None],
        *,
        view: str,
        clock: Clock,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        self.view = view
        self.shown = 0  # pictures that `on_picture` took
        self.failure: Exception | None = None  # what ended the thread, if it did not end well
        self._driver = driver
        self._on_picture = on_picture
        self._clock = clock
        self._silent_after_s = silent_after_s
        self._stopping = Event()
        self._beat_s = clock.now_s()
        self._thread = Thread(target=self._run, name=f"capture {view}", daemon=True)

    @property
    def beat_s(self) -> float:
        """When the thread last gave a sign of life, by the clock's `now_s`."""
        return self._beat_s

    @property
    def ended(self) -> bool:
        """The material is at its end, the camera was stopped, or it failed: no further picture comes."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def join(self, *, within_s: float) -> bool:
        """Wait for the end of the material; whether it came in time."""
        self._thread.join(within_s)
        return self.ended

    def start(self) -> None:
        self._beat()
        self._thread.start()

    def stop(self, *, within_s: float = 5.0) -> None:
        """End the thread and close the camera.

        Raises:
            CameraError: the driver did not return; the process must not start another batch.
        """
        self._stopping.set()
        self._driver.close()
        if self._thread.ident is None:
            return
        self._thread.join(within_s)
        if self._thread.is_alive():
            raise CameraError(
                f"{self.view}: {self._driver.name} did not stop within {within_s:.1f} s. "
                "The line is held. End this process, check the camera's power and link, then start again."
            )

    def check(self, *, now_s: float) -> None:
        """Ask whether pictures can still be trusted to come; for the watch, about once a second.

        Raises:
            CameraLost: the thread failed, or gave no sign of life for longer than allowed.
        """
        if self.failure is not None:
            raise CameraLost(
                f"{self.view}: {self._driver.name} failed after {self.shown} pictures: {self.failure} "
                "The line is held. Remove the cause, then start a new batch."
            ) from self.failure
        silent_s = now_s - self._beat_s
        if silent_s > self._silent_after_s and not self.ended:
            raise CameraLost(
                f"{self.view}: no sign of life from {self._driver.name} for {silent_s:.1f} s "
                f"(limit {self._silent_after_s:.1f} s), {self.shown} pictures so far. "
                "The line is held. Check its power and link, then start a new batch."
            )

    def _run(self) -> None:
        try:
            for picture in self._driver.frames(self._beat):
                if self._stopping.is_set():
                    break
                self._on_picture(picture)
                self.shown += 1
                self._beat()
        except Exception as error:  # noqa: BLE001 a thread has no caller: `check` raises it where it can hold the line
            self.failure = error
        finally:
            self._driver.close()

    def _beat(self) -> None:
        self._beat_s = self._clock.now_s()
