"""The display: rejects first, a fixed number of files, and a disk that refuses is counted and nothing more."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.clock import HandClock
from inspector.examine import SeenView
from inspector.line.display import STATUS_FILE, Display
from inspector.line.ledger import Settled, ViewReport
from inspector.line.status import Status
from inspector.records.batch import OpenBatch
from inspector.records.record import Outcome
from models.verdict import Verdict
from tests.outcomes import outcome, rejected, seen, status

BATCH = OpenBatch(batch=1, epoch=5)


def settled(of: Outcome, *, pictured: bool = True) -> Settled:
    verdict = Verdict(disposition=of.disposition, reason=of.reason, text=of.text)
    pixels = np.full((480, 768, 3), 128, np.uint8) if pictured else None
    sight = SeenView("top", of.observations["top"], verdict=verdict)
    return Settled(of, {"top": ViewReport(sight, pixels, "seed 1", 20.0, 0.14)})


def good(unit: int) -> Settled:
    return settled(outcome(BATCH, unit))


def bad(unit: int) -> Settled:
    return settled(rejected(BATCH, unit, seen("spot", 0.9)))


def written(live: Path) -> Status:
    return Status.model_validate_json((live / STATUS_FILE).read_bytes())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def display(tmp_path: Path, clock: HandClock) -> Display:
    return Display(tmp_path / "live", status, clock)


def test_a_reject_is_drawn_before_the_accepts_that_came_first(display: Display, tmp_path: Path):
    display.show(good(1))
    display.show(bad(2))

    display.tick()
    display.tick()

    assert [frame.unit for frame in written(tmp_path / "live").frames] == [1, 2]
    assert display.dropped == 0


def test_accepts_that_are_not_drawn_in_time_are_dropped_and_counted(display: Display, tmp_path: Path):
    for unit in range(1, 101):
        display.show(good(unit))

    display.tick()

    assert [frame.unit for frame in written(tmp_path / "live").frames] == [100]
    assert written(tmp_path / "live").display_dropped == 99


def test_the_folder_keeps_twelve_pictures_and_rejects_are_not_pushed_out_by_accepts(
    display: Display, clock: HandClock, tmp_path: Path
):
    live = tmp_path / "live"

    for unit in range(1, 61):
        display.show(bad(unit) if unit <= 10 else good(unit))
        clock.move(by_s=1)
        display.tick()

    frames = written(live).frames
    assert [frame.unit for frame in frames] == [60, 59, 58, 57, *range(10, 2, -1)]
    assert sorted(path.name for path in live.iterdir()) == [f"{n:03d}.jpg" for n in range(12)] + [STATUS_FILE]
    assert all(cv2.imread(str(live / frame.file)) is not None for frame in frames)


def test_a_unit_without_a_picture_shows_its_reason(display: Display, tmp_path: Path):
    display.show(settled(rejected(BATCH, 3, reason="NOT_INSPECTED"), pictured=False))

    display.tick()

    (frame,) = written(tmp_path / "live").frames
    assert (frame.unit, frame.reason) == (3, "NOT_INSPECTED")
    picture = cv2.imread(str(tmp_path / "live" / frame.file))
    assert picture is not None
    assert picture.shape[1] >= 640


def test_a_disk_that_refuses_is_counted_and_tried_again(display: Display, clock: HandClock, tmp_path: Path):
    live = tmp_path / "live"
    live.write_text("a file where the folder should be")

    display.show(bad(1))
    display.tick()
    live.unlink()
    clock.move(by_s=1)
    display.show(bad(2))
    display.tick()

    assert display.failures == 2  # picture and status
    assert written(live).display_failures == 2
    assert [frame.unit for frame in written(live).frames] == [2]


def test_the_last_status_is_written_after_the_last_picture(clock: HandClock, tmp_path: Path):
    display = Display(tmp_path / "live", status, clock)
    display.start()

    display.show(bad(1))
    display.show(good(2))
    display.stop()
    display.join(20)

    assert not display.is_alive()
    assert {frame.unit for frame in written(tmp_path / "live").frames} == {1, 2}
