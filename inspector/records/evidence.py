"""Evidence: the picture of a unit and the eyes' heat map of it, on disk before the record that names them is committed.

Pictures are never overwritten. What a JPEG cannot hold, a 16-bit or grey picture for example, is kept as PNG or, if a
camera delivers something stranger still, as a NumPy file: evidence is kept as it came, not converted.
"""

import io
import os
import re
import struct
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inspector.errors import LineError
from inspector.records.record import Evidence
from models.digest import digest_bytes

JPEG_QUALITY = 90
_JPEG_LONGEST_PX = 65_500
_PNG_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> colour type, PNG specification 11.2.1


def heat_of(view: str) -> str:
    """Under which name the heat map of a view is kept beside its picture; no view is called so.

    >>> heat_of("top")
    'top.heat'
    """
    return f"{view}.heat"


def batches_in(folder: Path, *, but: Collection[int] = ()) -> set[int]:
    """Numbers of the batches that pictures are kept of; a folder that somebody else put there is none.

    Args:
        but: numbers that are known already; their folders, which may be large, are not looked into.
    """
    there = {int(one.name): one for one in folder.iterdir() if one.name.isdecimal()} if folder.is_dir() else {}
    return {number for number, one in there.items() if number not in but and any(one.glob(f"{'[0-9]' * 8}*-*"))}


def keep(folder: Path, batch: int, unit: int, pictures: Mapping[str, NDArray[np.generic]]) -> dict[str, Evidence]:
    """Write a unit's pictures and heat maps and wait until all are on disk.

    Args:
        folder: the store's evidence folder.
        pictures: by view or `heat_of` it, which becomes part of the file name; as camera and eyes delivered them.

    Returns:
        By the same names: the file, relative to `folder`, and the digest of its bytes.

    Raises:
        LineError: one cannot be written, or there is one of that name already.
    """
    kept, home = {}, folder / f"{batch:06d}"
    is_new = not home.exists()
    for view, pixels in pictures.items():
        content, suffix = _encode(pixels)
        name = f"{home.name}/{unit:08d}-{view}.{suffix}"
        target = folder / name
        if not re.fullmatch(r"[\w.-]+", view):
            raise LineError(f"view {view!r} cannot be a file name: use letters, digits, dashes. No evidence was kept.")
        try:
            if target.exists():
                raise LineError(
                    f"{target}: evidence of this unit is there already and was left alone. "
                    f"Check that the camera and the PLC number units alike, then start a new batch."
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, content)
        except OSError as error:
            raise _unwritten(target, error) from error
        kept[view] = Evidence(file=name, sha256=digest_bytes(content))
    if kept:
        try:
            _settle(home)
            if is_new:
                _settle(folder)
        except OSError as error:
            raise _unwritten(folder, error) from error
    return kept


def _unwritten(target: Path, error: OSError) -> LineError:
    return LineError(
        f"{target}: evidence cannot be written: {error.strerror}. Without it the unit has no record. "
        f"Check space, quota and rights, then start a new batch."
    )


def _write(target: Path, content: bytes) -> None:
    """Whole or not at all: a name in the folder always has all its bytes."""
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _settle(folder: Path) -> None:
    """The names in the folder are on disk too."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _encode(pixels: NDArray[np.generic]) -> tuple[bytes, str]:
    shape, kind = pixels.shape, pixels.dtype
    if kind == np.uint8 and pixels.ndim == 3 and shape[2] == 3 and min(shape) > 0 and max(shape) <= _JPEG_LONGEST_PX:
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels, np.uint8)).save(file, "JPEG", quality=JPEG_QUALITY)
        return file.getvalue(), "jpg"
    channels = 1 if pixels.ndim == 2 else shape[2] if pixels.ndim == 3 else 0
    if kind in (np.uint8, np.uint16) and channels in _PNG_COLOURS and pixels.size:
        return _png(pixels, channels), "png"
    if kind.hasobject:
        raise LineError(f"a picture of {kind} cannot be kept: check the camera's driver. The line is held.")
    plain = io.BytesIO()
    np.save(plain, pixels, allow_pickle=False)
    return plain.getvalue(), "npy"


def _png(pixels: NDArray[np.generic], channels: int) -> bytes:
    """Rows unfiltered, most significant byte first; Pillow has no 16-bit colour.

    Source: Portable Network Graphics specification, 3rd edition, 5 and 11.2.
    """
    height, width = pixels.shape[:2]
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(height, -1).view(np.uint8)
    scanlines = np.hstack([np.zeros((height, 1), np.uint8), rows])
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, _PNG_COLOURS[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(scanlines.tobytes(), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
