"""The pace of a camera that has no belt: triggers on an absolute schedule."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Final

from cameras.clock import Clock

LONGEST_SILENCE_S: Final = 0.5  # between two beats


class Pace:
    """Says when the next trigger is due and waits for it.

    The schedule is absolute: waking up late moves no later trigger, and a picture's time is when its trigger was due,
    so that what the computer loses counts against the line's latency instead of disappearing from it.
    """

    def __init__(self, clock: Clock, stop: Event, *, period_s: float) -> None:
        self._clock = clock
        self._stop = stop
        self._period_s = period_s
        self._first_s: float | None = None
        self._triggers = 0
        self.due_s = 0.0  # of the last trigger

    def wait(self, beat: Callable[[], None]) -> bool:
        """Wait for the next trigger; False when the camera was closed meanwhile."""
        if self._first_s is None:
            self._first_s = self._clock.now_s()
        self.due_s = self._first_s + self._triggers * self._period_s
        self._triggers += 1
        beat()
        while not self._stop.is_set() and (now_s := self._clock.now_s()) < self.due_s:
            self._clock.wait_until(min(self.due_s, now_s + LONGEST_SILENCE_S), self._stop)
            beat()
        return not self._stop.is_set()

    def ready(self) -> None:
        """The next picture is ready only now. If it is overdue the schedule starts again here.

        A file that decodes slower than the set rate lowers the rate; it does not make every later unit late.
        """
        now_s = self._clock.now_s()
        if self._first_s is not None and now_s > self._first_s + self._triggers * self._period_s:
            self._first_s, self._triggers = now_s, 0

    def taken_at(self) -> datetime:
        """Date and time of the last trigger, by the computer's clock."""
        return self._clock.utc() - timedelta(seconds=self._clock.now_s() - self.due_s)
