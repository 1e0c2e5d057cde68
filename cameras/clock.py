"""Clocks: time is an argument, so that a test of ten minutes takes none.

Everything that decides by time reads `now_s`, which never steps back. `utc` is for people and records only: it follows
the computer's clock, which an operator or a time server may set back in mid-batch.
"""

import time
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from typing import Final, Protocol

_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What this product asks of a clock."""

    def now_s(self) -> float:
        """Seconds that never step back; only differences mean something."""
        ...

    def utc(self) -> datetime:
        """The computer's date and time, in UTC."""
        ...

    def wait_until(self, moment_s: float, stop: Event | None = None) -> None:
        """Return at that moment of `now_s`, or as soon as `stop` is set."""
        ...


class SystemClock:
    """The clock of this computer."""

    def now_s(self) -> float:
        return time.monotonic()

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def wait_until(self, moment_s: float, stop: Event | None = None) -> None:
        left_s = moment_s - time.monotonic()
        if stop is not None:
            stop.wait(max(0.0, left_s))
        elif left_s > 0:
            time.sleep(left_s)


class HandClock:
    """A clock that stands still until somebody waits or moves it: whoever waits arrives at once.

    For tests, and for playing a folder as fast as it decodes.
    """

    def __init__(self, *, now_s: float = 0.0) -> None:
        self._now_s = now_s
        self._ahead = timedelta(0)
        self._lock = Lock()

    def now_s(self) -> float:
        with self._lock:
            return self._now_s

    def utc(self) -> datetime:
        with self._lock:
            return _EPOCH + timedelta(seconds=self._now_s) + self._ahead

    def wait_until(self, moment_s: float, stop: Event | None = None) -> None:
        if stop is not None and stop.is_set():
            return
        with self._lock:
            self._now_s = max(self._now_s, moment_s)

    def move(self, *, by_s: float) -> None:
        """Let time pass, for example while something slow is going on."""
        with self._lock:
            self._now_s += by_s

    def set_date(self, *, by_s: float) -> None:
        """Set the date forward, or back with a negative number; `now_s` does not notice."""
        with self._lock:
            self._ahead += timedelta(seconds=by_s)
