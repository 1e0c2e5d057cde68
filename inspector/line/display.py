"""The display: one thread that draws what the line shows it and leaves pictures and a status in the live folder.

It must never cost a unit. `show` neither blocks nor fails: what does not fit the small mailbox is not drawn, accepted
units first, and the page loses a picture, never the record. A disk that refuses is counted and tried again at the next
picture; it is the writer that holds the line when records cannot be kept.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.clock import Clock
from inspector.annotate import annotate
from inspector.line.ledger import Settled, ViewReport
from inspector.line.status import ShownFrame, Status
from models.verdict import Disposition, Verdict

STATUS_FILE = "status.json"
TICK_S = 0.2  # at most five pictures a second
_STATUS_S = 0.5
_ACCEPT_S = 0.5  # at most two accepted units a second: they all look alike and cost as much to draw
_ACCEPTS_KEPT, _OTHERS_KEPT = 4, 8  # of the last twelve pictures
_WAITING = 4  # rejects and holds that wait to be drawn
_QUALITY = 85


class Display(Thread):
    """Give it to the line's `onlookers`, start it before the batch and `stop` it after."""

    def __init__(self, live: Path, status: Callable[[], Status], clock: Clock) -> None:
        super().__init__(name="display", daemon=True)
        self._live, self._status, self._clock = live, status, clock
        self._refused: deque[Settled] = deque(maxlen=_WAITING)
        self._accepted: Settled | None = None
        self._lock = Lock()
        self._end = Event()
        self._accepts: deque[ShownFrame] = deque(maxlen=_ACCEPTS_KEPT)
        self._others: deque[ShownFrame] = deque(maxlen=_OTHERS_KEPT)
        self._drawn = {True: 0, False: 0}  # accepted or not: they take turns in places of their own
        self._order: dict[str, int] = {}
        self._status_due_s = self._accept_due_s = clock.now_s()
        self.dropped = 0
        self.failures = 0

    def show(self, settled: Settled) -> None:
        """Take note of a unit; from any thread, returns at once."""
        with self._lock:
            if settled.outcome.disposition is Disposition.ACCEPT:
                self.dropped += self._accepted is not None
                self._accepted = settled
            else:
                self.dropped += len(self._refused) == _WAITING
                self._refused.append(settled)

    def stop(self) -> None:
        """Draw what waits, write the last status, end."""
        self._end.set()

    def run(self) -> None:
        while not self._end.is_set():
            self.tick()
            self._clock.wait_until(self._clock.now_s() + TICK_S, self._end)
        while self._next():
            pass
        self._write_status()

    def tick(self) -> None:
        """Draw one unit if one waits, and renew the status if it is due."""
        drew = self._next()
        if drew or self._clock.now_s() >= self._status_due_s:
            self._write_status()

    def _next(self) -> bool:
        with self._lock:
            if self._refused:
                settled = self._refused.popleft()
            elif self._accepted is not None and (self._clock.now_s() >= self._accept_due_s or self._end.is_set()):
                settled, self._accepted = self._accepted, None
                self._accept_due_s = self._clock.now_s() + _ACCEPT_S
            else:
                return False
        try:
            self._draw(settled)
        except Exception:  # noqa: BLE001 whatever a picture does, the page must not say that no line is running
            self.failures += 1
        return True

    def _draw(self, settled: Settled) -> None:
        outcome = settled.outcome
        good = outcome.disposition is Disposition.ACCEPT
        view, report = _telling(settled)
        findings = tuple(f for f in outcome.findings if f.view == view)
        verdict = Verdict(disposition=outcome.disposition, reason=outcome.reason, text=outcome.text, findings=findings)
        pixels: NDArray[np.generic] = np.empty(0, np.uint8) if report.pixels is None else report.pixels
        picture = annotate(pixels, verdict, report.sight.observations, unit=outcome.unit, mm_per_px=report.mm_per_px)
        done, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not done:
            raise ValueError(f"unit {outcome.unit}: the annotated picture of shape {picture.shape} has no JPEG")
        place = self._drawn[good] % (_ACCEPTS_KEPT if good else _OTHERS_KEPT) + (0 if good else _ACCEPTS_KEPT)
        frame = ShownFrame(
            file=f"{place:03d}.jpg",
            batch=outcome.batch,
            unit=outcome.unit,
            view=view,
            disposition=outcome.disposition,
            reason=outcome.reason,
            text=outcome.text,
            state=outcome.state,
            taken_at=outcome.taken_at,
            findings=outcome.findings,
        )
        self._replace(frame.file, jpeg.tobytes())
        self._drawn[good] += 1
        (self._accepts if good else self._others).append(frame)
        self._order[frame.file] = sum(self._drawn.values())

    def _write_status(self) -> None:
        self._status_due_s = self._clock.now_s() + _STATUS_S
        frames = sorted((*self._accepts, *self._others), key=lambda frame: -self._order[frame.file])
        status = self._status().model_copy(
            update={
                "frames": tuple(frames),
                "display_dropped": self.dropped,
                "display_failures": self.failures,
            }
        )
        try:
            self._replace(STATUS_FILE, status.model_dump_json().encode())
        except OSError:
            self.failures += 1

    def _replace(self, name: str, content: bytes) -> None:
        """Whole at every moment for the page that reads it; not forced to disk: after a crash it is worth nothing."""
        self._live.mkdir(parents=True, exist_ok=True)
        part = self._live / f"{name}.part"
        part.write_bytes(content)
        part.replace(self._live / name)


def _telling(settled: Settled) -> tuple[str, ViewReport]:
    """The view that decided: the first of those judged as the unit was, one with a picture if there is one."""
    alike = {v: r for v, r in settled.reports.items() if r.verdict.disposition is settled.outcome.disposition}
    reports = alike or settled.reports
    pictured = [(view, report) for view, report in reports.items() if report.pixels is not None]
    return (pictured or list(reports.items()))[0]
