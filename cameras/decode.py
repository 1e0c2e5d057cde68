"""A picture from a file, as it was stored, or the reason why there is none.

A damaged file is no exception: its unit was there, so it becomes a picture without pixels. Nothing is repaired: a
picture of which half is missing is a picture of half a unit.
"""

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

LARGEST_MP: Final = 80.0  # megapixels; Pillow itself warns from 89 on


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pixels as stored, or (0, 0, 3) and a problem."""

    pixels: NDArray[np.generic]
    problem: str = ""  # empty when the picture was decoded


def decode_file(path: Path) -> Decoded:
    """Read and decode one picture file; see `decode_bytes`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return _nothing(f"cannot be read: {error.strerror}. Check that the file is still there and may be read")
    return decode_bytes(content)


def decode_bytes(content: bytes) -> Decoded:
    """Decode one picture.

    8-bit colour comes out as (H, W, 3) uint8 RGB, grey with transparency as (H, W), the transparency of both dropped.
    16-bit and grey pictures come out as they are stored and are refused where they are examined: turned into 8-bit
    colour they would look like what they are not.
    """
    if not content:
        return _nothing("the file is empty (0 bytes)")
    try:
        with Image.open(io.BytesIO(content)) as header:
            (width, height), grey = header.size, header.mode == "LA"
            frames = getattr(header, "n_frames", 1) if header.format != "MPO" else 1  # that one has previews behind
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _nothing(f"more than {LARGEST_MP:g} megapixels are allowed for. Check the camera's format")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, struct.error):
        return _nothing(f"the {len(content)} bytes are no picture. Check the file")
    if frames > 1:
        return _nothing(f"the file holds {frames} pictures. Store each in a file of its own")
    if width * height > LARGEST_MP * 1e6:
        return _nothing(f"{width} x {height} px (limit {LARGEST_MP:g} megapixels). Check the camera's format")
    try:
        stored = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        stored = None
    if stored is None:
        return _nothing(f"{width} x {height} px announced, but the {len(content)} bytes are damaged or cut off")
    if grey and stored.ndim == 3:  # OpenCV makes three equal channels of it
        return Decoded(np.ascontiguousarray(stored[..., 0]))
    return Decoded(to_rgb(stored))


def to_rgb(stored: NDArray[np.generic]) -> NDArray[np.generic]:
    """OpenCV's channel order to ours, for 8-bit colour; everything else is returned as it is."""
    if stored.dtype == np.uint8 and stored.ndim == 3 and stored.shape[2] in (3, 4):
        return np.ascontiguousarray(stored[..., 2::-1])
    return stored


def no_pixels() -> NDArray[np.uint8]:
    """What stands for a picture that does not exist."""
    return np.zeros((0, 0, 3), np.uint8)


def _nothing(problem: str) -> Decoded:
    return Decoded(no_pixels(), problem)
