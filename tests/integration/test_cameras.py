"""Cameras end to end, on real files and threads: every unit comes out, damaged ones too, and nothing stays silent."""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from pathlib import Path
from threading import Event
from typing import get_args

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cameras.capture import Capture
from cameras.clock import HandClock, SystemClock
from cameras.config import FamilyName, ReplayCamera, SyntheticCamera, VideoCamera
from cameras.driver import Driver, Picture, no_beat, open_camera
from cameras.drivers.pace import Pace
from cameras.drivers.synthetic import SyntheticDriver
from cameras.errors import CameraError, CameraLost
from cameras.fitness import FitnessLimits, FrozenWatch, check
from cameras.render import FAMILIES, render


def _coloured(number: int) -> NDArray[np.uint8]:
    """A BGR picture that says which one it is."""
    picture = np.random.default_rng(7).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    picture[:8, :8] = (10, 20, number)
    return picture


def _write(folder: Path, name: str, picture: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    path = folder / name
    assert cv2.imwrite(str(path), picture)
    return path


def _replay(folder: Path, *, loop: bool = False, units_per_min: float = 600) -> ReplayCamera:
    return ReplayCamera(driver="replay", folder=folder, units_per_min=units_per_min, loop=loop)


def _write_video(path: Path, frames: int) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 120))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(_coloured(number))
    writer.release()


# Replay


def test_a_folder_is_shown_in_natural_order_one_picture_a_unit(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        _write(tmp_path, f"unit{number}.png", _coloured(number))
    _write(tmp_path, ".hidden.png", _coloured(99))
    (tmp_path / "notes.txt").write_text("not a picture")

    pictures = list(open_camera(_replay(tmp_path), HandClock()).frames())

    assert [picture.source for picture in pictures] == ["unit1.png", "unit2.png", "unit10.png"]
    assert [picture.counter for picture in pictures] == [1, 2, 3]
    assert [tuple(picture.pixels[0, 0]) for picture in pictures] == [(n, 20, 10) for n in (1, 2, 10)]  # RGB


def test_triggers_keep_an_absolute_schedule_however_late_the_line_takes_a_picture(tmp_path: Path) -> None:
    _write(tmp_path, "unit.png", _coloured(1))
    clock = HandClock(now_s=1000.0)
    triggers = []

    for picture in islice(open_camera(_replay(tmp_path, loop=True), clock).frames(), 200):
        triggers.append(picture.captured_s)
        clock.move(by_s=0.0371)

    assert triggers == pytest.approx([1000 + 0.1 * number for number in range(200)])


def test_a_picture_carries_the_date_of_its_trigger_even_when_the_date_is_set_back(tmp_path: Path) -> None:
    _write(tmp_path, "unit.png", _coloured(1))
    clock = HandClock()
    frames = open_camera(_replay(tmp_path, loop=True), clock).frames()

    first = next(frames)
    clock.set_date(by_s=-3600)
    second = next(frames)

    assert second.captured_s - first.captured_s == pytest.approx(0.1)
    assert (second.taken_at - first.taken_at).total_seconds() == pytest.approx(0.1 - 3600)


@pytest.mark.parametrize("loop", [False, True])
def test_a_folder_ends_or_starts_again_as_configured(tmp_path: Path, loop: bool) -> None:
    for number in range(3):
        _write(tmp_path, f"{number}.png", _coloured(number))

    pictures = list(islice(open_camera(_replay(tmp_path, loop=loop), HandClock()).frames(), 7))

    assert len(pictures) == (7 if loop else 3)


def _huge_png() -> bytes:
    """A valid header that announces 30,000 x 30,000 pixels, and almost nothing behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


def _cut(extension: str) -> bytes:
    whole = cv2.imencode(extension, _coloured(1))[1].tobytes()
    return whole[: len(whole) * 6 // 10]


def _of_two() -> bytes:
    written = io.BytesIO()
    first, second = (Image.fromarray(_coloured(n)) for n in (1, 2))
    first.save(written, "TIFF", save_all=True, append_images=[second])
    return written.getvalue()


def _leading_nowhere() -> bytes:
    """A TIFF of one picture whose pointer to the next one leads nowhere."""
    written = io.BytesIO()
    Image.fromarray(_coloured(1)).save(written, "TIFF")
    content = bytearray(written.getvalue())
    directory = struct.unpack_from("<I", content, 4)[0]
    entries = struct.unpack_from("<H", content, directory)[0]
    struct.pack_into("<I", content, directory + 2 + 12 * entries, 100)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("cut.jpg", _cut(".jpg"), "damaged or cut off"),
        ("cut.png", _cut(".png"), "damaged or cut off"),
        ("cut.bmp", _cut(".bmp"), "damaged or cut off"),
        ("zero.png", b"", r"the file is empty (0 bytes)"),
        ("noise.jpg", b"\x17" * 4000, "the 4000 bytes are no picture"),
        ("huge.png", _huge_png(), "80 megapixels"),
        ("two.tiff", _of_two(), "the file holds 2 pictures"),
        ("next.tiff", _leading_nowhere(), "are no picture"),
    ],
)
def test_a_damaged_file_is_a_unit_without_a_picture(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    _write(tmp_path, "a.png", _coloured(1))
    (tmp_path / name).write_bytes(content)
    _write(tmp_path, "~.png", _coloured(2))

    pictures = list(open_camera(_replay(tmp_path), HandClock()).frames())

    assert len(pictures) == 3
    assert pictures[1].pixels.shape == (0, 0, 3)
    assert pictures[1].source.startswith(f"{name}: ") and problem in pictures[1].source
    assert [check(picture.pixels, FitnessLimits()).fit for picture in pictures] == [True, False, True]


@pytest.mark.parametrize(
    ("picture", "reason"),
    [(_coloured(1).astype(np.uint16) * 257, "16-bit values"), (_coloured(1)[..., 0], "is grey")],
)
def test_16_bit_and_grey_files_come_out_as_stored_and_are_refused(
    tmp_path: Path, picture: NDArray[np.uint8] | NDArray[np.uint16], reason: str
) -> None:
    _write(tmp_path, "odd.png", picture)

    (shown,) = open_camera(_replay(tmp_path), HandClock()).frames()

    assert shown.pixels.dtype == picture.dtype and shown.pixels.shape == picture.shape
    assert reason in check(shown.pixels, FitnessLimits()).reason


def test_a_grey_file_with_transparency_is_refused_as_grey(tmp_path: Path) -> None:
    grey = Image.fromarray(_coloured(1)[..., 0])
    Image.merge("LA", (grey, grey)).save(tmp_path / "grey.png")

    (shown,) = open_camera(_replay(tmp_path), HandClock()).frames()

    assert np.array_equal(shown.pixels, _coloured(1)[..., 0])
    assert "is grey" in check(shown.pixels, FitnessLimits()).reason


def test_transparency_is_dropped(tmp_path: Path) -> None:
    _write(tmp_path, "clear.png", np.dstack([_coloured(5), np.zeros((120, 160), np.uint8)]))

    (shown,) = open_camera(_replay(tmp_path), HandClock()).frames()

    assert shown.pixels.shape == (120, 160, 3)
    assert tuple(shown.pixels[0, 0]) == (5, 20, 10)


def test_a_file_that_disappears_in_mid_batch_is_a_unit_without_a_picture(tmp_path: Path) -> None:
    _write(tmp_path, "1.png", _coloured(1))
    gone = _write(tmp_path, "2.png", _coloured(2))
    frames = open_camera(_replay(tmp_path), HandClock()).frames()

    next(frames)
    gone.unlink()
    second = next(frames)

    assert second.pixels.size == 0
    assert "2.png: cannot be read: No such file" in second.source


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"absent: there is no such folder\. The camera was not opened"):
        open_camera(_replay(tmp_path / "absent"), HandClock())


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "1.png", _coloured(1))

    with pytest.raises(CameraError, match="this is a file, not a folder"):
        open_camera(_replay(path), HandClock())


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("no pictures here")

    with pytest.raises(CameraError, match=r"none of its 1 files matches \*\.png"):
        open_camera(_replay(tmp_path), HandClock())


def test_a_folder_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, "1.png", _coloured(1))
    tmp_path.chmod(0)
    try:
        with _as_nobody(), pytest.raises(CameraError, match=r"the folder may not be read\..*Give this user the right"):
            open_camera(_replay(tmp_path), HandClock())
    finally:
        tmp_path.chmod(0o700)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may read everything, so give the right away for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# Video


def test_every_frame_of_a_video_is_a_unit_at_the_rate_it_was_taken(tmp_path: Path) -> None:
    _write_video(tmp_path / "belt.avi", 12)

    pictures = list(open_camera(VideoCamera(driver="video", file=tmp_path / "belt.avi"), HandClock()).frames())

    assert [picture.counter for picture in pictures] == list(range(1, 13))
    assert all(picture.pixels.shape == (120, 160, 3) for picture in pictures)
    assert [b.captured_s - a.captured_s for a, b in pairwise(pictures)] == pytest.approx([0.04] * 11)
    assert pictures[-1].source == "belt.avi frame 12"


def test_a_video_can_be_shown_at_the_rate_of_a_line(tmp_path: Path) -> None:
    _write_video(tmp_path / "belt.avi", 3)
    config = VideoCamera(driver="video", file=tmp_path / "belt.avi", units_per_min=60)

    pictures = list(open_camera(config, HandClock()).frames())

    assert [picture.captured_s for picture in pictures] == pytest.approx([0, 1, 2])


def test_a_video_that_ends_in_mid_frame_ends_with_a_unit_without_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "belt.avi"
    _write_video(path, 12)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    pictures = list(open_camera(VideoCamera(driver="video", file=path), HandClock()).frames())

    assert 1 < len(pictures) < 12
    assert all(picture.pixels.size for picture in pictures[:-1])
    assert pictures[-1].pixels.size == 0
    assert f"damaged or cut off after {len(pictures) - 1} of 12 frames" in pictures[-1].source


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("absent.mp4", None, "there is no such file"),
        ("zero.mp4", b"", "not a video, cut off, or of a format"),
        ("noise.avi", b"\x17" * 4000, "not a video, cut off, or of a format"),
    ],
)
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, name: str, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(CameraError, match=problem):
        open_camera(VideoCamera(driver="video", file=tmp_path / name), HandClock())


# Synthetic


def _synthetic(*, defective_pct: float = 20, seed: int = 3, units_per_min: float = 600) -> SyntheticCamera:
    return SyntheticCamera(
        driver="synthetic",
        product=14,
        seed=seed,
        units_per_min=units_per_min,
        defective_pct=defective_pct,
        pool=10,
    )


def test_a_seed_names_a_batch_of_units_of_one_product() -> None:
    first, again = (SyntheticDriver(_synthetic(), HandClock()) for _ in range(2))
    shown, repeated = (list(islice(driver.frames(), 30)) for driver in (first, again))

    assert [picture.source for picture in shown] == [picture.source for picture in repeated]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(shown, repeated, strict=True))
    assert first.mm_per_px == again.mm_per_px
    assert all(check(picture.pixels, FitnessLimits()).fit for picture in shown)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_is_shown_as_the_line_takes_it(family: str) -> None:
    config = _synthetic().model_copy(update={"family": family, "pool": 8, "defective_pct": 50})
    driver = SyntheticDriver(config, HandClock())

    shown = list(islice(driver.frames(), 8))

    assert all(check(picture.pixels, FitnessLimits()).fit for picture in shown)
    assert {picture.source.split(", ")[0] for picture in shown} == {f"synthetic {family} {config.product}"}
    assert {picture.source.rsplit(", ", 1)[1] for picture in shown} == {"good", "defective"}


def test_every_family_can_be_named_in_a_line() -> None:
    assert set(get_args(FamilyName)) == set(FAMILIES)


def test_a_family_that_nobody_draws_is_refused() -> None:
    with pytest.raises(CameraError, match=r"no family 'tube'. Nothing was drawn. Choose one of blister"):
        render(1, family="tube")


def test_units_of_one_product_share_foil_tablet_and_scale_and_differ_in_themselves() -> None:
    one, other = (render(seed, content="good", product=14) for seed in (1, 2))

    assert one.groups == other.groups
    assert one.mm_per_px == other.mm_per_px
    assert not np.array_equal(one.pixels, other.pixels)


def test_a_negative_product_is_refused() -> None:
    with pytest.raises(CameraError, match="product -1 is negative"):
        render(1, product=-1)


def test_the_share_of_defective_units_is_the_configured_one() -> None:
    driver = open_camera(_synthetic(defective_pct=20), HandClock())

    sources = [picture.source for picture in islice(driver.frames(), 3000)]

    assert sum(source.endswith("defective") for source in sources) == pytest.approx(600, abs=75)
    assert len(set(sources)) == 10


@pytest.mark.parametrize(("defective_pct", "kind"), [(0, "good"), (100, "defective")])
def test_a_batch_can_be_wholly_good_or_defective(defective_pct: float, kind: str) -> None:
    driver = open_camera(_synthetic(defective_pct=defective_pct), HandClock())

    assert {picture.source.rpartition(", ")[2] for picture in islice(driver.frames(), 50)} == {kind}


def test_repeating_the_pool_never_looks_like_a_frozen_camera() -> None:
    watch = FrozenWatch(FitnessLimits())

    pictures = islice(open_camera(_synthetic(defective_pct=2), HandClock()).frames(), 300)

    assert all(watch.check(picture.pixels).fit for picture in pictures)


def test_drawing_the_pool_reports_how_far_it_is() -> None:
    reports: list[tuple[int, int]] = []

    open_camera(_synthetic(), HandClock(), progress=lambda done, of: reports.append((done, of)))

    assert reports == [(number, 10) for number in range(1, 11)]


# Pace


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


# Capture


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
        _write(tmp_path, f"{number}.png", _coloured(number))
    clock = HandClock()
    taken: list[Picture] = []
    capture = Capture(open_camera(_replay(tmp_path), clock), taken.append, view="top", clock=clock)

    capture.start()
    assert capture.join(within_s=20)

    assert [picture.counter for picture in taken] == list(range(1, 26))
    assert capture.shown == 25
    capture.check(now_s=clock.now_s() + 3600)  # a camera at the end of its material is not lost


def test_capture_stops_an_endless_camera_in_mid_wait() -> None:
    taken: list[Picture] = []
    first = Event()
    driver = open_camera(_synthetic(units_per_min=1), SystemClock())

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
    _write(tmp_path, "unit.png", _coloured(1))
    clock = HandClock()
    taken: list[Picture] = []
    driver = _Dying(open_camera(_replay(tmp_path, loop=True), clock))
    capture = Capture(driver, taken.append, view="top", clock=clock)

    capture.start()
    assert capture.join(within_s=20)

    assert len(taken) == 3
    with pytest.raises(
        CameraLost, match=r"top: test camera 17 failed after 3 pictures: .*the link is down.*line is held"
    ):
        capture.check(now_s=clock.now_s())


def test_a_line_that_cannot_take_a_picture_ends_the_thread_and_is_reported(tmp_path: Path) -> None:
    _write(tmp_path, "unit.png", _coloured(1))
    clock = HandClock()

    def on_picture(picture: Picture) -> None:
        raise ValueError("unit 5 is expected already")

    capture = Capture(open_camera(_replay(tmp_path, loop=True), clock), on_picture, view="top", clock=clock)
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
    _write(tmp_path, "unit.png", _coloured(1))
    clock = HandClock()
    capture = Capture(open_camera(_replay(tmp_path), clock), lambda picture: None, view="top", clock=clock)

    capture.stop()

    assert not capture.ended


def test_a_file_name_that_is_no_text_still_has_a_printable_source(tmp_path: Path) -> None:
    _write(tmp_path, "unit.png", _coloured(1))
    (tmp_path / "unit.png").rename(tmp_path / os.fsdecode(b"unit_\xe4.png"))

    (shown,) = open_camera(_replay(tmp_path), HandClock()).frames()

    assert shown.source == "unit_\\udce4.png"
    assert check(shown.pixels, FitnessLimits()).fit
