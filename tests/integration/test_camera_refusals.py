"""Cameras on real files that a person has to put right: nothing is opened, and the text says what to do."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.clock import HandClock
from cameras.config import ReplayCamera, VideoCamera
from cameras.driver import open_camera
from cameras.errors import CameraError


def video(path: Path, *, fps: float = 25.0) -> VideoCamera:
    """A camera that shows a video of three frames, written at that rate."""
    codec = "mp4v" if path.suffix == ".mp4" else "MJPG"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (160, 120))
    assert writer.isOpened()
    for number in range(3):
        writer.write(np.full((120, 160, 3), 60 * number, np.uint8))
    writer.release()
    return VideoCamera(driver="video", file=path)


def test_a_video_of_which_no_frame_can_be_decoded_is_refused(tmp_path: Path):
    camera = video(tmp_path / "belt.avi")
    content = camera.file.read_bytes()
    frames = content.index(b"movi") + 4
    camera.file.write_bytes(content[:frames] + bytes(len(content) - frames))

    with pytest.raises(
        CameraError, match=r"belt\.avi: no frame can be decoded\. The camera was not opened\. Check that it plays"
    ):
        open_camera(camera, HandClock())


def test_a_folder_in_place_of_a_video_is_refused(tmp_path: Path):
    camera = VideoCamera(driver="video", file=tmp_path)

    with pytest.raises(CameraError, match=r"Is a directory\. The camera was not opened\. Name a video file that"):
        open_camera(camera, HandClock())


def test_a_video_that_declares_a_rate_no_belt_has_needs_one_that_is_set(tmp_path: Path):
    camera = video(tmp_path / "belt.mp4", fps=5000)
    paced = camera.model_copy(update={"units_per_min": 600})

    with pytest.raises(
        CameraError, match=r"declares 5000 frames/s \(allowed: over 0, up to 1000\).*Set `units_per_min`"
    ):
        open_camera(camera, HandClock())

    assert len(list(open_camera(paced, HandClock()).frames())) == 3


def test_a_folder_that_leads_to_itself_is_refused(tmp_path: Path):
    pictures = tmp_path / "pictures"
    pictures.symlink_to(pictures)

    with pytest.raises(
        CameraError,
        match=r"pictures: Too many levels of symbolic links\. The camera was not opened\. Check the disk or",
    ):
        open_camera(ReplayCamera(driver="replay", folder=pictures, units_per_min=600), HandClock())
