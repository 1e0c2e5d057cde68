"""One photograph as it was read: its pixels, its kinds of defect, and what is marked of each."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from models.evaluate_eyes import MARKED as FAINT
from models.example_files import can_be_shown, class_name, stored
from models.eyes import SMALLEST_EDGE
from models.observation import Box
from tuning.errors import TuningError
from tuning.teach.sources import Named, NamedMark

MOST_MARKED = 0.95  # of a picture: a mask of more is inverted, or marked in a channel that does not count
UPRIGHT = 1  # EXIF orientation
MARKED, SHADE = 127, 32  # grey levels of a mask above which a pixel belongs to the defect, and is not black
LEAST_WHITE = 0.6  # of what is not black: edges are grey, a second colour would be lost


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph of a unit."""

    name: str
    path: Path
    size: tuple[int, int]  # width, height in px
    defects: tuple[str, ...]  # kinds of defect that it shows; none: good
    masks: NDArray[np.bool_] | None  # (kinds, H, W); None: nobody marked where
    group: int  # twins and pictures of one group share it

    @property
    def is_bad(self) -> bool:
        return bool(self.defects)

    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) RGB, read anew: a hundred large photographs do not fit beside a training."""
        return _read(self.path)


def read(one: Named, *, group: int) -> tuple[Photo, NDArray[np.uint8]]:
    """The photograph and its pixels, (H, W, 3) RGB.

    Args:
        group: of its own, until it is known which others belong to it.

    Raises:
        TuningError: what is wrong with the picture or its marks, and what to do.
    """
    pixels = _read(one.path)
    _refuse_turned_or_several(one.path)
    kinds = tuple(sorted({class_name(name) for name in one.defects}))
    masks = _masks(one, kinds, pixels.shape[:2])
    rows, columns = pixels.shape[:2]
    name = f"{one.path.parent.name}/{one.path.name}"
    return Photo(name, one.path, (columns, rows), kinds, masks, group), pixels


def _read(path: Path) -> NDArray[np.uint8]:
    pixels = stored(path)
    if pixels is None:
        raise TuningError(f"{path}: is no picture that can be read. Replace or delete it.")
    if not can_be_shown(pixels):
        raise TuningError(
            f"{path}: {pixels.dtype} {'x'.join(map(str, pixels.shape))}; taken are 8-bit pictures, grey or colour, of "
            f"at least {SMALLEST_EDGE} px, as the line's camera delivers them. Replace or delete it."
        )
    return pixels


def _refuse_turned_or_several(path: Path) -> None:
    """What the pixels do not show; asked once, not each time a picture is read."""
    if (turned := _orientation(path)) != UPRIGHT:
        raise TuningError(
            f"{path}: is stored turned (EXIF orientation {turned}): its mask would lie elsewhere than viewers show it. "
            "Save it upright."
        )
    if cv2.imcount(str(path)) > 1:
        raise TuningError(f"{path}: holds several pictures. Save one a file.")


def _orientation(path: Path) -> int:
    try:
        with Image.open(path) as picture:
            return int(picture.getexif().get(ExifTags.Base.Orientation, UPRIGHT))
    except (OSError, ValueError, SyntaxError):
        return UPRIGHT  # no such note that could be read


def _masks(one: Named, kinds: tuple[str, ...], shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """What is marked of each kind."""
    if not one.marks:
        return None
    masks = np.zeros((len(kinds), *shape), np.bool_)
    for mark in one.marks:
        own = masks[kinds.index(class_name(mark.defect))]
        if mark.box is None:
            own |= _whole(mark, one.path, shape)
        else:
            x0, y0, x1, y1 = mark.box
            own[y0:y1, x0:x1] |= _boxed(mark, mark.box, one.path, shape)
    return masks


def _whole(mark: NamedMark, picture: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask of the picture's size."""
    assert mark.mask is not None
    rows, columns = shape
    grey = _grey(mark.mask, picture)
    white = np.asarray(grey > MARKED, np.bool_)
    if white.shape != (rows, columns) or not 0 < white.mean() < MOST_MARKED:
        raise TuningError(
            f"{mark.mask}: {white.shape[1]} x {white.shape[0]} px, {int(white.sum())} of them white; the mask "
            f"of {picture.name} has its {columns} x {rows} px and is white where the defect is. Correct it, or leave "
            "it out."
        )
    if white.sum() < LEAST_WHITE * (grey > SHADE).sum():
        raise TuningError(
            f"{mark.mask}: most of what is marked for {picture.name} is neither black nor white, and would teach as "
            "good. Save one black and white mask a kind of defect, or leave it out."
        )
    return white


def _boxed(mark: NamedMark, box: Box, picture: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """What is marked in a box of the picture."""
    (rows, columns), (x0, y0, x1, y1) = shape, box
    if not (0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows):
        raise TuningError(
            f"{picture}: box {[x0, y0, x1, y1]} does not lie in the picture of {columns} x {rows} px. Correct it: "
            "x0, y0, x1, y1 with x0 < x1 and y0 < y1."
        )
    if mark.mask is None:
        return np.ones((y1 - y0, x1 - x0), np.bool_)
    drawn = _grey(mark.mask, picture) > FAINT
    if drawn.shape != (y1 - y0, x1 - x0) or not drawn.any():
        raise TuningError(
            f"{mark.mask}: {drawn.shape[1]} x {drawn.shape[0]} px, {int(drawn.sum())} of them marked; a mask has the "
            f"{x1 - x0} x {y1 - y0} px of its box and is white where the defect is. Correct it, or leave it out."
        )
    return np.asarray(drawn, np.bool_)


def _grey(path: Path, picture: Path) -> NDArray[np.uint8]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise TuningError(f"{path}: the mask of {picture.name} cannot be read. Correct its path, or leave it out.")
    return np.asarray(grey, np.uint8)
