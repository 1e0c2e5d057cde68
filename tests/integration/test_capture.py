"""Triggers and threads of a camera: nothing stays silent, whatever dies or waits."""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from threading import Event

import pytest

from cameras.capture import Capture
from cameras.clock import HandClock, SystemClock
from cameras.config import SyntheticCamera
from cameras.driver import Driver, Picture, no_beat, open_camera
from cameras.drivers.pace import Pace
from cameras.errors import CameraError, CameraLost
from tests.pictures import coloured, replay, write_picture


def test_waiting_for_a_slow_belt_gives_signs_of_life() -> None:
    clock, beats = HandClock(), []
    pace = Pace(clock, Event(), period_s=10.0)

    pace.wait(lambda: beats.append(clock.now_s()))
    pace.wait(lambda: beats.append(clock.now_s()))

    assert clock.now_s() == pytest.approx(10.0)
    assert max(b - a for a, b in pairwise(beats)) <= 1.0


def test_a_picture_that_decodes_too_slowly_lowers_the_rate_and_makes_no_later_one_late() -> None:
    clock = HandClock()
    pace = Pace(clock, Event(), period_s=0.1)
    due = []

    for slow_s in (0.0, 0.35, 0.0, 0.02):
        clock.move(by_s=slow_s)
        pace.ready()
        pace.wait(no_beat)
        due.append(pace.due_s)

    assert due == pytest.approx([0.0, 0.35, 0.45, 0.55])


class _Dying:
    """A camera whose link breaks after three pictures."""

    name = "test camera 17"

    def __init__(self, source: Driver) -> None:
        self._source = source

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        yield from islice(self._source.frames(beat), 3)
        raise CameraError("test camera 17: the link is down.")

    def close(self) -> None:
        self._source.close()


class _Silent:
    """A camera that delivers nothing and does not say that it lives."""

    name = "test camera 18"

    def __init__(self) -> None:
        self._closed = Event()

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        self._closed.wait()
        yield from ()

    def close(self) -> None:
        self._closed.set()


def test_capture_hands_over_every_picture_and_ends_with_the_material(tmp_path: Path) -> None:
    for number in range(25):
        write_picture(tmp_path, f"{number}.png", coloured(number))
    clock = HandClock()
    taken: list[Picture] = []
    capture = Capture(open_camera(replay(tmp_path), clock), taken.append, view="top", clock=clock)

    capture.start()
    assert capture.join(within_s=20)

    assert [picture.counter for picture in taken] == list(range(1, 26))
    assert capture.shown == 25
    capture.check(now_s=clock.now_s() + 3600)  # a camera at the end of its material is not lost


def test_capture_stops_an_endless_camera_in_mid_wait() -> None:
    taken: list[Picture] = []
    first = Event()
    driver = open_camera(
        SyntheticCamera(driver="synthetic", product=14, seed=3, units_per_min=1, defective_pct=20, pool=10),
        SystemClock(),
    )

    def on_picture(picture: Picture) -> None:
        taken.append(picture)
        first.set()

    capture = Capture(driver, on_picture, view="top", clock=SystemClock())
    capture.start()
    assert first.wait(20)
    capture.stop()

    assert capture.ended and capture.failure is None
    assert len(taken) == 1


def test_a_camera_thread_that_dies_is_reported_with_its_reason(tmp_path: Path) -> None:
    write_picture(tmp_path, "unit.png", coloured(1))
    clock = HandClock()
    taken: list[Picture] = []
    driver = _Dying(open_camera(replay(tmp_path, loop=True), clock))
    capture = Capture(driver, taken.append, view="top", clock=clock)

    capture.start()
    assert capture.join(within_s=20)

    assert len(taken) == 3
    with pytest.raises(
        CameraLost, match=r"top: test camera 17 failed after 3 pictures: .*the link is down.*line is held"
    ):
        capture.check(now_s=clock.now_s())


def test_a_line_that_cannot_take_a_picture_ends_the_thread_and_is_reported(tmp_path: Path) -> None:
    write_picture(tmp_path, "unit.png", coloured(1))
    clock = HandClock()

    def on_picture(picture: Picture) -> None:
        raise ValueError("unit 5 is expected already")

    capture = Capture(open_camera(replay(tmp_path, loop=True), clock), on_picture, view="top", clock=clock)
    capture.start()
    assert capture.join(within_s=20)

    with pytest.raises(CameraLost, match="unit 5 is expected already"):
        capture.check(now_s=clock.now_s())


def test_a_silent_camera_is_lost_after_its_limit() -> None:
    clock = HandClock(now_s=50.0)
    capture = Capture(_Silent(), lambda picture: None, view="top", clock=clock, silent_after_s=5.0)
    capture.start()

    capture.check(now_s=54.9)
    with pytest.raises(CameraLost, match=r"top: no sign of life from test camera 18 for 5\.2 s \(limit 5\.0 s\)"):
        capture.check(now_s=55.2)

    capture.stop()
    assert capture.ended


def test_a_camera_that_was_never_started_can_be_stopped(tmp_path: Path) -> None:
    write_picture(tmp_path, "unit.png", coloured(1))
    clock = HandClock()
    capture = Capture(open_camera(replay(tmp_path), clock), lambda picture: None, view="top", clock=clock)

    capture.stop()

    assert not capture.ended
