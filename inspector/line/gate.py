"""The host's side of the reject gate: a unit passes only when every view it owes was accepted in time.

Pure: time is an argument, the PLC is a callable. The PLC itself passes nothing without an exact, timely PASS, so this
file can only open the gate, never keep it open. A late accept changes nothing and is counted. When the line is held
even a PASS that was given already is taken back while its unit is still on the belt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class Move(StrEnum):
    """What the PLC is told for a unit."""

    PASS = "PASS"
    REJECT = "REJECT"


@dataclass(slots=True)
class _Owed:
    views: set[str]  # not accepted yet
    deadline_s: float
    refused: bool = False
    expired: bool = False

    @property
    def passed(self) -> bool:
        return not self.views and not self.refused


class Gate:
    """Collects accepts view by view and tells the PLC once a unit, twice where the line is held after a PASS."""

    def __init__(self, move: Callable[[int, Move], None]) -> None:
        self._move = move
        self._owed: dict[int, _Owed] = {}
        self._lock = Lock()
        self._shut = False
        self.late = 0  # accepts that came after their unit's deadline

    def expect(self, unit: int, *, views: set[str], deadline_s: float) -> None:
        """A unit is under way: without an accept of each of these views by `deadline_s` (monotonic) it is a reject."""
        with self._lock:
            if unit in self._owed:
                raise ValueError(f"unit {unit} is expected already; the PLC must not reuse a number")
            self._owed[unit] = _Owed(set(views), deadline_s)

    def accept(self, unit: int, *, view: str, now_s: float) -> None:
        """One view was found good. Opens the gate when it was the last one owed and the deadline has not passed."""
        with self._lock:
            owed = self._owed.get(unit)
            if owed is None or owed.expired or now_s >= owed.deadline_s:
                self.late += 1
                return
            if self._shut or owed.refused or not owed.views:
                return
            owed.views.discard(view)
            if owed.passed:
                self._move(unit, Move.PASS)

    def refuse(self, unit: int) -> None:
        """One view was not found good: the unit is a reject whatever the others show."""
        with self._lock:
            owed = self._owed.get(unit)
            if owed is not None and not owed.refused:
                owed.refused = True
                self._move(unit, Move.REJECT)

    def act(self, *, now_s: float) -> None:
        """Reject every unit whose deadline has passed without all its accepts."""
        with self._lock:
            for unit, owed in self._owed.items():
                if owed.deadline_s > now_s or owed.expired:
                    continue
                owed.expired = True
                if not owed.passed and not owed.refused:
                    owed.refused = True
                    self._move(unit, Move.REJECT)

    def left(self, unit: int) -> None:
        """The unit is past the gate; until then a PASS can be taken back."""
        with self._lock:
            self._owed.pop(unit, None)

    def shut(self) -> None:
        """The line is held: from here on nothing passes, not even a unit that was let through but has not left."""
        with self._lock:
            self._shut = True
            for unit, owed in self._owed.items():
                if not owed.refused:
                    owed.refused = True
                    self._move(unit, Move.REJECT)
