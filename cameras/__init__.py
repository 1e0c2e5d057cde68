"""Cameras: from a trigger to a picture.

Public names that need no OpenCV are re-exported here. What needs it is imported from its own module (`decode`,
`fitness`, `calibration`, `render`), so that a set-up without OpenCV's system library can still say what is missing.
"""

from cameras.capture import Capture
from cameras.clock import Clock, HandClock, SystemClock
from cameras.config import CameraConfig, ReplayCamera, SyntheticCamera, VideoCamera
from cameras.driver import Driver, Picture, open_camera
from cameras.errors import CameraError, CameraLost
from cameras.frame import Frame

__all__ = [
    "CameraConfig",
    "CameraError",
    "CameraLost",
    "Capture",
    "Clock",
    "Driver",
    "Frame",
    "HandClock",
    "Picture",
    "ReplayCamera",
    "SyntheticCamera",
    "SystemClock",
    "VideoCamera",
    "open_camera",
]
