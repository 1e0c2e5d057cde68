"""Zones of a taught product: boxes that a person drew on one good picture, and where they lie in every other.

Every picture is laid over the product's template, so a place of it is the same place of the unit. What lies in no box
is of the rest. A place belongs to one zone: boxes of two that overlap are refused, for a defect there would be judged
by the words about one of them.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.eyes import fit
from models.observation import Box
from models.package import Zone
from models.regions import MAP_STRIDE
from tuning.errors import TuningError
from tuning.teach.lessons import shown
from tuning.teach.lying import Lying
from tuning.teach.package import WHOLE
from tuning.teach.zones_file import Drawn

Floats = NDArray[np.float32]

AVERAGED = 12  # good pictures under the drawn zones
SURE = 8.0  # logit of a place that lies in a zone as a whole
BEYOND_PX = 4096.0  # how far a box that touches the picture's edge reaches: pictures show a little more or less there
SUBPIXEL = 4  # bits of a corner's place
_COLOURS = ((40, 120, 240), (240, 140, 30), (40, 170, 80), (200, 60, 190), (230, 200, 40), (90, 200, 220))


@dataclass(frozen=True, slots=True)
class Places:
    """Where the zones of a product lie in the frame, over its template if it has one."""

    zones: tuple[Zone, ...]
    shares: Floats  # (zones, H, W) share of the pixel that lies in each, sums to 1

    @staticmethod
    def whole(frame: tuple[int, int]) -> "Places":
        """One zone: the product."""
        return Places((WHOLE,), np.ones((1, *frame), np.float32))

    @staticmethod
    def of(drawn: Drawn, frame: tuple[int, int], lying: Lying | None) -> "Places":
        """Zones as they lie in every picture that is laid over the template.

        Raises:
            TuningError: the units lie otherwise in every picture, or a zone is too small to be told apart.
        """
        if lying is None:
            raise TuningError(
                "zones: the units do not lie alike, so what was drawn on one picture is elsewhere in the next. Nothing "
                "was taught. Guide the units on the belt and photograph them anew, or leave --zones out."
            )
        if drawn.photo.path not in {photo.path for photo in lying.photographs.good}:
            raise TuningError(
                f"zones: {drawn.photo.name} does not lie as the others do. Nothing was taught. Draw the zones on "
                "another good picture."
            )
        fitted = fit(drawn.photo.pixels(), *frame)
        back = lying.template.lay(fitted.pixels).back
        own = np.zeros((len(drawn.boxes), *frame), np.float32)
        for share, boxes in zip(own, drawn.boxes, strict=True):
            for box in boxes:
                corners = _corners(box, drawn.photo.size) * fitted.zoom + (fitted.left, fitted.top)
                laid = np.column_stack([corners, np.ones(4)]) @ cv2.invertAffineTransform(back).T
                cv2.fillConvexPoly(share, np.round((laid - 0.5) * 2**SUBPIXEL).astype(np.int32), 1.0, shift=SUBPIXEL)
        own /= np.maximum(own.sum(0), 1)  # along a border that two zones share
        places = Places(drawn.zones, np.concatenate([own, 1 - own.sum(0, keepdims=True)]))
        for zone, logits in zip(drawn.zones[:-1], places.logits, strict=False):
            if not (logits > SURE / 2).any():
                raise TuningError(
                    f"zone {zone.name}: too small, or not in the picture once it is laid as the others lie; the eyes "
                    f"tell places of {MAP_STRIDE} px of their {frame[1]} x {frame[0]} px apart. Nothing was taught. "
                    "Draw it larger, or photograph closer."
                )
        return places

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(zone.name for zone in self.zones)

    @property
    def logits(self) -> Floats:
        """(zones, H / 4, W / 4) as the maps of the eyes have them."""
        rows, columns = self.shares.shape[1:]
        size = (columns // MAP_STRIDE, rows // MAP_STRIDE)
        coarse = [cv2.resize(own, size, interpolation=cv2.INTER_AREA) for own in self.shares]
        return np.asarray(np.stack(coarse) * SURE, np.float32)

    def under(self, box: Box, mask: NDArray[np.uint8]) -> str:
        """The zone of most of a mask.

        Args:
            box: x0, y0, x1, y1 in the frame.
            mask: (h, w) of the box, not 0 where it lies.
        """
        x0, y0, x1, y1 = box
        votes = self.shares[:, y0:y1, x0:x1][:, mask > 0].sum(1)
        return self.zones[int(votes.argmax()) if votes.any() else -1].name

    def paint(self, lying: Lying, to: Path) -> None:
        """Write a picture for a person to look at: the usual good unit, each zone in a colour with its name."""
        rows, columns = self.shares.shape[1:]
        good = shown(lying.photographs.good[:AVERAGED], rows, columns, lying.template)
        usual = np.mean([one.pixels for one in good], axis=0, dtype=np.float32)
        for own, colour in zip(self.shares[:-1], _COLOURS, strict=False):
            usual += 0.35 * own[..., None] * (np.array(colour, np.float32) - usual)
        picture = np.clip(usual, 0, 255).astype(np.uint8)
        for own, colour in zip(self.shares[:-1], _COLOURS, strict=False):
            inside = (own > 0.5).astype(np.uint8)
            outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            cv2.drawContours(picture, outlines, -1, colour, 2)
        image = Image.fromarray(picture)
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
        for zone, own in zip(self.zones, self.shares[:-1], strict=False):
            x, y, _, _ = cv2.boundingRect((own > 0.5).astype(np.uint8))
            draw.text((x + 6, y + 4), zone.name, "black", font, stroke_width=2, stroke_fill="white")
        try:
            image.save(to)
        except OSError as error:
            raise TuningError(
                f"{to}: cannot be written: {error.strerror or error}. Nothing was taught. Name a folder on a disk with "
                "room."
            ) from error


def _corners(box: Box, size: tuple[int, int]) -> NDArray[np.float64]:
    """(4, 2) in px of the picture, beyond its edge where the box touches it."""
    (x0, y0, x1, y1), (columns, rows) = box, size
    left, right = (-BEYOND_PX if x0 == 0 else x0), (columns + BEYOND_PX if x1 == columns else x1)
    top, bottom = (-BEYOND_PX if y0 == 0 else y0), (rows + BEYOND_PX if y1 == rows else y1)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
