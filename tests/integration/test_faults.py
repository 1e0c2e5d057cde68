"""Every fault of a line, on the real thing: clear text, nothing accepted wrongly, nothing lost."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.clock import SystemClock
from cameras.driver import Picture, no_beat
from cameras.errors import CameraError, CameraLost
from inspector.errors import LineError, StoreBusy
from inspector.line.line import BatchResult, Ended, Line
from inspector.line.plc import remembered
from inspector.records import BatchStatus, InspectionRecord, RecordStore, UnitRange
from inspector.run import run_batch
from models.package import ModelPackage
from models.verdict import Disposition, Reason
from tests import tiny
from tests.process import inspector, started, wait_for_records
from tests.tiny import run

IN_TIME = 3000
pytestmark = pytest.mark.timeout(900)  # a line in real time, also on a machine that does other work


def records(path: Path) -> list[InspectionRecord]:
    return sorted(tiny.records(path).values(), key=lambda record: record.unit)


# ------------------------------------------------------------ pictures
def _sixteen_bit() -> bytes:
    return tiny.png(tiny.unit(1).astype(np.uint16) * 257)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no picture"),
        (b"not a picture at all", "no picture"),
        (tiny.png(tiny.unit(1))[:400], "no picture"),
        (_sixteen_bit(), "16-bit"),
        (tiny.png(tiny.unit(1)[..., 0]), "grey"),
        (tiny.png(np.zeros((40, 9000, 3), np.uint8)), "9000 x 40 px"),
        (tiny.png(np.zeros((20, 20, 3), np.uint8)), "20 x 20 px"),
        (tiny.png(np.full((tiny.ROWS, tiny.COLUMNS, 3), 128, np.uint8)), "blank"),
    ],
    ids=["zero-byte", "no-picture", "truncated", "16-bit", "grey", "huge", "tiny", "blank"],
)
def test_a_picture_that_is_not_fit_is_rejected_with_its_reason_and_the_next_unit_is_judged(
    package: ModelPackage, tmp_path: Path, content: bytes, says: str
):
    path = tiny.write_line(tmp_path, package, [content, tiny.unit(2)], gate_after_ms=IN_TIME)

    result = run(path)

    bad, good = records(path)
    assert result.ended is Ended.COMPLETE
    assert (bad.disposition, bad.reason, bad.gate) == (Disposition.REJECT, Reason.NOT_ASSESSABLE, "REJECT")
    assert says in bad.text
    assert good.state == "accepted"


def test_the_record_of_a_damaged_file_names_the_file_and_what_is_wrong_with_it(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [b""], gate_after_ms=IN_TIME)

    run(path)

    assert records(path)[0].sources == {"top": "001.png: the file is empty (0 bytes)"}


def test_a_folder_that_is_not_there_starts_nothing(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, tmp_path / "nowhere")

    with pytest.raises(CameraError, match="there is no such folder"):
        run(path)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        assert store.batches() == ()


def test_a_video_that_ends_in_mid_frame_is_one_more_unit_and_that_is_rejected(package: ModelPackage, tmp_path: Path):
    video = tmp_path / "units.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 20, (tiny.COLUMNS, tiny.ROWS))
    for number in range(12):
        writer.write(tiny.unit(number)[..., ::-1])
    writer.release()
    whole = video.read_bytes()
    video.write_bytes(whole[: len(whole) * 2 // 3])
    camera = f"{{driver: video, file: {video}, units_per_min: 600}}"
    path = tiny.write_line(tmp_path, package, [], camera=camera, gate_after_ms=IN_TIME)

    result = run(path)

    *whole_frames, last = records(path)
    assert result.ended is Ended.COMPLETE
    assert result.counts.triggers == len(whole_frames) + 1
    assert (last.disposition, last.gate) == (Disposition.REJECT, "REJECT")
    assert "damaged or cut off after" in last.sources["top"]


# ------------------------------------------------------------ threads
class DyingCamera:
    """Shows a few units, then its driver gives up, or its counter does what it likes."""

    name = "camera 7"

    def __init__(self, counters: Sequence[int], *, dies: bool) -> None:
        self._counters, self._dies = counters, dies

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        clock = SystemClock()
        for counter in self._counters:
            yield Picture(tiny.unit(counter), counter, clock.now_s(), clock.utc(), f"trigger {counter}")
        if self._dies:
            raise CameraLost("camera 7: the link is gone.")

    def close(self) -> None:
        """Nothing to let go of."""


def test_a_camera_thread_that_dies_holds_the_line_and_every_unit_has_its_record(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [], gate_after_ms=1500)

    with tiny.opened_line(path, camera=DyingCamera([1, 2, 3, 4], dies=True)) as line:
        result = line.run()

    assert result.ended is Ended.HELD
    assert "camera 7 failed after 4 pictures: camera 7: the link is gone. The line is held." in result.reason
    assert [record.gate for record in records(path)] == ["REJECT"] * 4
    assert {record.reason for record in records(path)} <= {Reason.HELD}


def test_a_unit_that_the_camera_did_not_show_is_expected_and_rejected(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [], gate_after_ms=1500)

    with tiny.opened_line(path, camera=DyingCamera([1, 4], dies=False)) as line:
        result = line.run()

    assert result.ended is Ended.COMPLETE
    assert [record.gate for record in records(path)] == ["PASS", "REJECT", "REJECT", "PASS"]
    assert [record.reason for record in records(path)[1:3]] == [Reason.NOT_INSPECTED] * 2


@pytest.mark.parametrize("counters", [[1, 2, 2], [1, 2, 1], [1, 2, 100_000_000]])
def test_a_camera_counter_that_cannot_be_holds_the_line(package: ModelPackage, tmp_path: Path, counters: list[int]):
    path = tiny.write_line(tmp_path, package, [], gate_after_ms=1500)

    with tiny.opened_line(path, camera=DyingCamera(counters, dies=False)) as line:
        result = line.run()

    assert result.ended is Ended.HELD
    assert f"the camera's counter went from 2 to {counters[-1]}" in result.reason
    assert len(records(path)) == result.counts.triggers == 2


class StrangeCamera(DyingCamera):
    """Delivers what no fitness check or model expects."""

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        clock = SystemClock()
        shapes = [(64, 64, 64, 3), (0,), (200,), (100, 100, 5)]
        for counter, shape in enumerate(shapes, start=1):
            yield Picture(np.ones(shape, np.float64), counter, clock.now_s(), clock.utc(), "strange")


def test_whatever_a_camera_delivers_costs_a_reject_and_no_thread(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [], gate_after_ms=1500)

    with tiny.opened_line(path, camera=StrangeCamera([], dies=False)) as line:
        result = line.run()

    assert result.ended is Ended.COMPLETE
    assert [record.gate for record in records(path)] == ["REJECT"] * 4


def test_a_dead_eyes_thread_holds_the_line_and_no_unit_is_lost(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(n) for n in range(30)], gate_after_ms=1500, units_per_min=600)

    def each(line: Line) -> None:
        if line.ledger.totals.triggers >= 4 and line.looking.is_alive():
            line.looking.stop()
            line.looking.join(10)

    result = run(path, each=each)

    kept = records(path)
    assert result.ended is Ended.HELD
    assert "thread eyes is dead" in result.reason
    assert len(kept) == result.counts.triggers
    assert all(record.reason in (Reason.HELD, Reason.NOT_INSPECTED) for record in kept if record.gate == "REJECT")


# ------------------------------------------------------------ the store
def _locked(package: ModelPackage, folder: Path) -> BatchResult:
    """A batch of 60 units during which another program takes the database."""
    path = tiny.write_line(folder, package, [tiny.unit(n) for n in range(60)], gate_after_ms=300, units_per_min=600)
    other: list[sqlite3.Connection] = []

    def each(line: Line) -> None:
        if line.ledger.totals.triggers >= 6 and not other:
            other.append(sqlite3.connect(folder / "store" / "records.sqlite", isolation_level=None))
            other[0].execute("BEGIN IMMEDIATE")

    result = run(path, each=each)
    other[0].execute("ROLLBACK")
    other[0].close()
    return result


def test_a_database_locked_by_another_program_holds_the_line(package: ModelPackage, tmp_path: Path):
    result = _locked(package, tmp_path)

    with RecordStore.open(tmp_path / "store") as store:
        kept = store.verify().records
        (batch,) = store.batches()
    assert result.ended is Ended.UNCLOSED
    assert "Another program has held the database" in result.reason
    assert not batch.releasable
    assert kept + result.unwritten == result.counts.triggers
    assert result.counts.triggers < 60


def test_a_batch_that_cannot_be_closed_leaves_the_line_held(package: ModelPackage, tmp_path: Path):
    """Whoever looks at the page must not read that it ended well."""
    path = tiny.write_line(tmp_path, package, [tiny.unit(n) for n in range(3)], gate_after_ms=300, units_per_min=600)
    with tiny.opened_line(path) as line:
        with sqlite3.connect(tmp_path / "store" / "records.sqlite") as other:
            other.execute(
                "CREATE TRIGGER stays_open BEFORE INSERT ON events WHEN NEW.kind = 'BATCH_CLOSED' "
                "BEGIN SELECT RAISE(ABORT, 'not now'); END"
            )
        result = line.run()

    assert (result.ended, result.counts.triggers, result.unwritten) == (Ended.UNCLOSED, 3, 0)
    assert "not now" in line.held


def test_after_a_lock_the_next_start_lists_the_units_without_a_record(package: ModelPackage, tmp_path: Path):
    _locked(package, tmp_path)
    kept = len(records(tmp_path / "line.yaml"))
    said: list[str] = []
    shutil.rmtree(tmp_path / "pictures")
    tiny.write(tmp_path / "pictures", [tiny.unit(1)])

    run_batch(tmp_path / "line.yaml", say=said.append, drawing=lambda done, of: None)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        first, second = store.batches()
    assert first.status is BatchStatus.QUARANTINED
    assert first.quarantined[0].first == kept + 1
    assert second.opening.units_before == first.quarantined[0].last
    assert any("never closed" in text and str(first.quarantined[0]) in text for text in said)


def test_on_a_full_disk_the_line_is_held_and_nothing_is_accepted_after(package: ModelPackage, tmp_path: Path):
    shown = [tiny.unit(n, *([tiny.Disc(2.0)] if n % 2 else [])) for n in range(20)]
    path = tiny.write_line(tmp_path, package, shown, gate_after_ms=1500, units_per_min=1200, loop=True)

    done = inspector("run", "--line", path, "--units", "5000", limit_bytes=300_000)

    with RecordStore.open(tmp_path / "store") as store:
        kept = store.verify().records
        (batch,) = store.batches()
    assert done.returncode == 3
    assert "records cannot be kept" in done.stderr
    assert "space" in done.stderr
    assert 0 < kept < 5000
    assert not batch.releasable
    assert "batch 1: unclosed" in done.stdout


def _killed(package: ModelPackage, folder: Path) -> Path:
    """A line whose process was killed in the middle of its batch."""
    shown = [tiny.unit(n) for n in range(8)]
    path = tiny.write_line(folder, package, shown, gate_after_ms=1500, units_per_min=600, loop=True)
    with started("run", "--line", path) as running:
        wait_for_records(folder / "store", 5)
        running.kill()
    return path


def test_after_a_kill_no_record_is_torn_and_the_rest_is_quarantined(package: ModelPackage, tmp_path: Path):
    path = _killed(package, tmp_path)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        kept = store.verify().records
        (open_batch,) = store.batches()
        assert open_batch.status is BatchStatus.OPEN
        assert not open_batch.releasable
    run_batch(path, units=2, say=print, drawing=lambda done, of: None)
    with RecordStore.open_readonly(tmp_path / "store") as store:
        store.verify()
        first, second = store.batches()
        numbers = [record.unit for record in store.records(second.batch)]
    (lost,) = first.quarantined
    assert first.status is BatchStatus.QUARANTINED
    assert lost.first == kept + 1
    assert lost.last is not None
    assert numbers == [lost.last + 1, lost.last + 2]
    assert second.releasable


def test_after_a_kill_and_a_lost_plc_memory_every_unit_after_the_last_record_is_quarantined(
    package: ModelPackage, tmp_path: Path
):
    path = _killed(package, tmp_path)
    kept = len(records(path))
    (tmp_path / "store" / "plc.memory").unlink()

    run_batch(path, units=1, say=print, drawing=lambda done, of: None)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        first, _ = store.batches()
    assert first.quarantined == (UnitRange(first=kept + 1, last=None),)


def test_after_a_kill_and_a_rolled_back_plc_memory_no_unit_number_appears_twice(package: ModelPackage, tmp_path: Path):
    path = _killed(package, tmp_path)
    kept, given, said = len(records(path)), remembered(tmp_path / "store" / "plc.memory"), list[str]()
    (tmp_path / "store" / "plc.memory").write_bytes((3).to_bytes(8, "little"))

    run_batch(path, units=3, say=said.append, drawing=lambda done, of: None)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        first, second = store.batches()
        numbers = [record.unit for record in store.records(second.batch)]
    assert given is not None
    assert min(numbers) > given >= kept
    assert first.quarantined == (UnitRange(first=kept + 1, last=None),)
    assert any("ends at unit 3, before the records, and is not trusted" in text for text in said)
    assert any(f"in quarantine: {kept + 1} and every unit after it" in text for text in said)


def test_a_second_line_on_the_same_store_is_refused_and_told_who_owns_it(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])

    with RecordStore.open(tmp_path / "store"):
        with pytest.raises(StoreBusy, match=f"the line process {os.getpid()} is writing this store"):
            run(path)
        done = inspector("run", "--line", path)

    assert done.returncode == 1
    assert "Nothing was started" in done.stderr


def test_a_plc_memory_of_another_size_starts_nothing(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "plc.memory").write_bytes(b"1234")

    with pytest.raises(LineError, match="retentive memory has 4 bytes, not 8"):
        run(path)
