"""What is marked in a picture as separate defects with their sizes, and photographs as units with their truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.example import UNIT, ShownDefect, ShownUnit
from models.example_files import longest_px
from models.eyes import Eyes
from models.note import PRODUCT
from models.observation import Box
from models.package import ModelPackage
from tuning.errors import TuningError
from tuning.teach.pictures import ToShow

Floats = NDArray[np.float32]

JOINED_PX = 9  # marks nearer than this are one defect
FEWEST_CELLS = 2  # of a mark, for it to have a size
EVERYWHERE = 255  # of a mask


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked defect."""

    defect: str
    mask: NDArray[np.uint8]  # (h, w) 0 or 255
    corner: tuple[int, int]  # x, y
    length_px: float
    area_px2: float

    @property
    def box(self) -> Box:
        x, y = self.corner
        return x, y, x + self.mask.shape[1], y + self.mask.shape[0]


def marks_of(defect: str, mask: Floats) -> tuple[Mark, ...]:
    """The separate defects of one kind, each with its longest dimension and its area.

    Where all are too small for the frame, they are every place that they touch: what was marked is never unmarked.

    Args:
        mask: (H, W) share of the pixel that is marked.
    """
    return _marks(defect, mask > 0.5, FEWEST_CELLS) or _marks(defect, mask > 0, 1)


def _marks(defect: str, inside: NDArray[np.bool_], fewest: int) -> tuple[Mark, ...]:
    solid = inside.astype(np.uint8)
    joined = cv2.dilate(solid, np.ones((JOINED_PX, JOINED_PX), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    marks = []
    for label in range(1, count):
        own = ((labels == label) & (solid > 0)).astype(np.uint8)
        if own.sum() < fewest:
            continue
        x, y, w, h = cv2.boundingRect(own)
        cut = own[y : y + h, x : x + w] * 255
        marks.append(Mark(defect, cut, (x, y), longest_px(cut), float(own.sum())))
    return tuple(marks)


def shown_unit(
    name: str,
    pixels: NDArray[np.uint8],
    defects: Sequence[str],
    marks: Sequence[Mark],
    *,
    mm_per_px: float,
    zones: Sequence[str],
    unmarked_in: str,
    groups: dict[str, str],
) -> ShownUnit:
    """A picture with its truth.

    Args:
        defects: kinds that it shows; none: good.
        marks: where; none though it is bad: nobody marked where, and whatever is found there counts.
        zones: of each mark.
        unmarked_in: the zone of those.
    """
    rows, columns = pixels.shape[:2]
    shown = [
        ShownDefect(
            defect=mark.defect,
            zone=zone,
            box_px=mark.box,
            mask=mark.mask,
            sizes={
                "mm": mark.length_px * mm_per_px,
                "mm2": mark.area_px2 * mm_per_px**2,
                "%": 100 * mark.area_px2 / (rows * columns),
            },
            length_px=mark.length_px,
            specified=True,
            whole=False,
        )
        for mark, zone in zip(marks, zones, strict=True)
    ]
    if not shown:
        everywhere = np.full((rows, columns), EVERYWHERE, np.uint8)
        sizes = {"mm": 0.0, "mm2": 0.0, "%": 0.0}
        box = (0, 0, columns, rows)
        shown = [
            ShownDefect(kind, unmarked_in, box, everywhere, sizes, 0.0, specified=True, whole=True) for kind in defects
        ]
    return ShownUnit(name, pixels, mm_per_px, rows * columns * mm_per_px**2, tuple(shown), groups)


def photographed_units(shown: ToShow, mm_per_px: float, package: ModelPackage | None) -> Iterator[ShownUnit]:
    """Photographs as units with their truth.

    Args:
        package: whose zones the marks lie in, as its eyes lay each picture; without one they lie in the product.

    Raises:
        TuningError: bad ones are not marked, and the package has several zones.
    """
    unmarked = [photo.name for photo in shown.photos if photo.is_bad and photo.masks is None]
    if package and len(package.manifest.zones) > 1 and unmarked:
        raise TuningError(
            f"{', '.join(unmarked[:3])}{', ...' if len(unmarked) > 3 else ''}: nobody marked where, and the package "
            "judges by zones. Nothing was written. Mark them, or leave them out."
        )
    eyes = Eyes(package, threads=1) if package else None
    for photo, group in zip(shown.photos, shown.groups, strict=True):
        pixels = photo.pixels()
        masks = () if photo.masks is None else photo.masks.astype(np.float32)
        kinds = zip(photo.defects, masks, strict=True) if len(masks) else ()
        marks = [mark for kind, mask in kinds for mark in marks_of(kind, mask)]
        yield shown_unit(
            photo.name,
            pixels,
            photo.defects,
            marks,
            mm_per_px=mm_per_px,
            zones=[eyes.zone_under(pixels, one.box, one.mask) if eyes else PRODUCT for one in marks],
            unmarked_in=package.manifest.words.zones[-1] if package else PRODUCT,
            groups={UNIT: group} if group else {},
        )
