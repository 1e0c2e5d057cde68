"""A folder of pictures as a camera: every file is a unit, damaged ones too, in the order that a person would name."""

import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cameras.clock import HandClock
from cameras.driver import open_camera
from cameras.errors import CameraError
from cameras.fitness import FitnessLimits, check
from tests.pictures import coloured, replay, write_picture


def test_a_folder_is_shown_in_natural_order_one_picture_a_unit(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write_picture(tmp_path, f"unit{number}.png", coloured(number))
    write_picture(tmp_path, ".hidden.png", coloured(99))
    (tmp_path / "notes.txt").write_text("not a picture")

    pictures = list(open_camera(replay(tmp_path), HandClock()).frames())

    assert [picture.source for picture in pictures] == ["unit1.png", "unit2.png", "unit10.png"]
    assert [picture.counter for picture in pictures] == [1, 2, 3]
    assert [tuple(picture.pixels[0, 0]) for picture in pictures] == [(n, 20, 10) for n in (1, 2, 10)]  # RGB


def test_triggers_keep_an_absolute_schedule_however_late_the_line_takes_a_picture(tmp_path: Path) -> None:
    write_picture(tmp_path, "unit.png", coloured(1))
    clock = HandClock(now_s=1000.0)
    triggers = []

    for picture in islice(open_camera(replay(tmp_path, loop=True), clock).frames(), 200):
        triggers.append(picture.captured_s)
        clock.move(by_s=0.0371)

    assert triggers == pytest.approx([1000 + 0.1 * number for number in range(200)])


def test_a_picture_carries_the_date_of_its_trigger_even_when_the_date_is_set_back(tmp_path: Path) -> None:
    write_picture(tmp_path, "unit.png", coloured(1))
    clock = HandClock()
    frames = open_camera(replay(tmp_path, loop=True), clock).frames()

    first = next(frames)
    clock.set_date(by_s=-3600)
    second = next(frames)

    assert second.captured_s - first.captured_s == pytest.approx(0.1)
    assert (second.taken_at - first.taken_at).total_seconds() == pytest.approx(0.1 - 3600)


@pytest.mark.parametrize("loop", [False, True])
def test_a_folder_ends_or_starts_again_as_configured(tmp_path: Path, loop: bool) -> None:
    for number in range(3):
        write_picture(tmp_path, f"{number}.png", coloured(number))

    pictures = list(islice(open_camera(replay(tmp_path, loop=loop), HandClock()).frames(), 7))

    assert len(pictures) == (7 if loop else 3)


def _huge_png() -> bytes:
    """A valid header that announces 30,000 x 30,000 pixels, and almost nothing behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


def _cut(extension: str) -> bytes:
    whole = cv2.imencode(extension, coloured(1))[1].tobytes()
    return whole[: len(whole) * 6 // 10]


def _of_two() -> bytes:
    written = io.BytesIO()
    first, second = (Image.fromarray(coloured(n)) for n in (1, 2))
    first.save(written, "TIFF", save_all=True, append_images=[second])
    return written.getvalue()


def _leading_nowhere() -> bytes:
    """A TIFF of one picture whose pointer to the next one leads nowhere."""
    written = io.BytesIO()
    Image.fromarray(coloured(1)).save(written, "TIFF")
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
    write_picture(tmp_path, "a.png", coloured(1))
    (tmp_path / name).write_bytes(content)
    write_picture(tmp_path, "~.png", coloured(2))

    pictures = list(open_camera(replay(tmp_path), HandClock()).frames())

    assert len(pictures) == 3
    assert pictures[1].pixels.shape == (0, 0, 3)
    assert pictures[1].source.startswith(f"{name}: ") and problem in pictures[1].source
    assert [check(picture.pixels, FitnessLimits()).fit for picture in pictures] == [True, False, True]


@pytest.mark.parametrize(
    ("picture", "reason"),
    [(coloured(1).astype(np.uint16) * 257, "16-bit values"), (coloured(1)[..., 0], "is grey")],
)
def test_16_bit_and_grey_files_come_out_as_stored_and_are_refused(
    tmp_path: Path, picture: NDArray[np.uint8] | NDArray[np.uint16], reason: str
) -> None:
    write_picture(tmp_path, "odd.png", picture)

    (shown,) = open_camera(replay(tmp_path), HandClock()).frames()

    assert shown.pixels.dtype == picture.dtype and shown.pixels.shape == picture.shape
    assert reason in check(shown.pixels, FitnessLimits()).reason


def test_a_grey_file_with_transparency_is_refused_as_grey(tmp_path: Path) -> None:
    grey = Image.fromarray(coloured(1)[..., 0])
    Image.merge("LA", (grey, grey)).save(tmp_path / "grey.png")

    (shown,) = open_camera(replay(tmp_path), HandClock()).frames()

    assert np.array_equal(shown.pixels, coloured(1)[..., 0])
    assert "is grey" in check(shown.pixels, FitnessLimits()).reason


def test_transparency_is_dropped(tmp_path: Path) -> None:
    write_picture(tmp_path, "clear.png", np.dstack([coloured(5), np.zeros((120, 160), np.uint8)]))

    (shown,) = open_camera(replay(tmp_path), HandClock()).frames()

    assert shown.pixels.shape == (120, 160, 3)
    assert tuple(shown.pixels[0, 0]) == (5, 20, 10)


def test_a_file_that_disappears_in_mid_batch_is_a_unit_without_a_picture(tmp_path: Path) -> None:
    write_picture(tmp_path, "1.png", coloured(1))
    gone = write_picture(tmp_path, "2.png", coloured(2))
    frames = open_camera(replay(tmp_path), HandClock()).frames()

    next(frames)
    gone.unlink()
    second = next(frames)

    assert second.pixels.size == 0
    assert "2.png: cannot be read: No such file" in second.source


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"absent: there is no such folder\. The camera was not opened"):
        open_camera(replay(tmp_path / "absent"), HandClock())


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    path = write_picture(tmp_path, "1.png", coloured(1))

    with pytest.raises(CameraError, match="this is a file, not a folder"):
        open_camera(replay(path), HandClock())


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("no pictures here")

    with pytest.raises(CameraError, match=r"none of its 1 files matches \*\.png"):
        open_camera(replay(tmp_path), HandClock())


def test_a_folder_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    write_picture(tmp_path, "1.png", coloured(1))
    tmp_path.chmod(0)
    try:
        with _as_nobody(), pytest.raises(CameraError, match=r"the folder may not be read\..*Give this user the right"):
            open_camera(replay(tmp_path), HandClock())
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


def test_a_file_name_that_is_no_text_still_has_a_printable_source(tmp_path: Path) -> None:
    write_picture(tmp_path, "unit.png", coloured(1))
    (tmp_path / "unit.png").rename(tmp_path / os.fsdecode(b"unit_\xe4.png"))

    (shown,) = open_camera(replay(tmp_path), HandClock()).frames()

    assert shown.source == "unit_\\udce4.png"
    assert check(shown.pixels, FitnessLimits()).fit
