"""A video as a camera: every frame is a unit."""

from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from cameras.clock import HandClock
from cameras.config import VideoCamera
from cameras.driver import open_camera
from cameras.errors import CameraError
from tests.pictures import coloured


def _write_video(path: Path, frames: int) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 120))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(coloured(number))
    writer.release()


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
