"""The occlusion check: eyes that point at what they judge by pass it, eyes that judge by something else do not."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.evaluate_covering import Covering
from models.evaluate_eyes import Looks, look_at
from models.example import ShownDefect, ShownUnit
from models.eyes import Look
from models.note import MEASURES
from models.observation import Observation, Size
from models.verdict import OperatingPoint

AT = OperatingPoint(real_from=0.5, hold_from=0.3, doubt_from=0.25, sure_from=0.5)
SIZES: dict[str, Size] = {unit: Size(value=1.0, uncertainty=0.1) for unit in MEASURES}


@dataclass
class DarkBlobEyes:
    """Find what is dark. With `cheat` the picture's corner decides, and a pixel there says where to point."""

    cheat: bool = False

    def look(self, pixels: NDArray[np.uint8], mm_per_px: float) -> Look:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        dark = (grey < 60).astype(np.uint8)
        heat = np.asarray(255 - grey[::2, ::2], np.uint8)
        bad = bool((pixels[:4, :4] > 250).all()) if self.cheat else bool(dark.any())
        if not bad:
            return Look((), 0.0, 1.0, False, 1.0, heat)
        x0, y0, wide, high = cv2.boundingRect(dark)
        if self.cheat:
            x0, y0, wide, high = int(pixels[5, 0, 0]), int(pixels[5, 0, 1]), 8, 8
        box = (x0, y0, x0 + wide, y0 + high)
        outline = ((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]))
        seen = Observation(
            score=0.9, classes=(("spot", 1.0),), zone="tablet", box_px=box, outline_px=outline, sizes=SIZES
        )
        return Look((seen,), 0.0, 1.0, False, 1.0, heat)

    def scale_seen(self, pixels: NDArray[np.generic], mm_per_px: float) -> float:
        return mm_per_px


@pytest.fixture
def units() -> list[ShownUnit]:
    """Grey pictures with one black spot each, a white corner, and beside it where the spot is."""
    rng = np.random.default_rng(1)
    shown = []
    for number in range(12):
        pixels = rng.integers(150, 170, (120, 160, 3)).astype(np.uint8)
        pixels[:4, :4] = 255
        x, y = int(rng.integers(30, 120)), int(rng.integers(30, 90))
        pixels[y : y + 8, x : x + 8] = 20
        pixels[5, 0] = x, y, 255
        mask = np.full((8, 8), 255, np.uint8)
        spot = ShownDefect("spot", "tablet", (x, y, x + 8, y + 8), mask, {"mm": 1, "mm2": 1, "%": 1}, 8.0, True, False)
        shown.append(ShownUnit(f"unit {number}", pixels, 0.1, 100.0, (spot,), {}))
    return shown


@dataclass
class SmoothnessEyes:
    """Find where the texture is missing, whatever the colour."""

    def look(self, pixels: NDArray[np.uint8], mm_per_px: float) -> Look:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
        rough = cv2.blur((grey - cv2.blur(grey, (5, 5))) ** 2, (5, 5))
        smooth = np.asarray(rough < 8, np.uint8)
        heat = np.asarray(255 * smooth[::2, ::2], np.uint8)
        count, _, facts, _ = cv2.connectedComponentsWithStats(smooth)
        seen = []
        for x, y, wide, high, area in facts[1:count].tolist():
            if area >= 9:
                box = (x, y, x + wide, y + high)
                outline = ((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]))
                seen.append(
                    Observation(
                        score=0.9, classes=(("spot", 1.0),), zone="tablet", box_px=box, outline_px=outline, sizes=SIZES
                    )
                )
        return Look(tuple(seen), 0.0, 1.0, False, 1.0, heat)

    def scale_seen(self, pixels: NDArray[np.generic], mm_per_px: float) -> float:
        return mm_per_px


def textured(units: list[ShownUnit], *, spot: bool) -> list[ShownUnit]:
    """The same units with stripes all over, and a smooth dark spot in each if asked for."""
    shown = []
    for unit in units:
        pixels = np.full_like(unit.pixels, 160)
        pixels[:, ::2] = 100
        x0, y0, x1, y1 = unit.defects[0].box_px
        if spot:
            pixels[y0 - 6 : y1 + 6, x0 - 6 : x1 + 6] = 20
        shown.append(ShownUnit(unit.name, pixels, 0.1, 100.0, unit.defects, {}))
    return shown


def counted(eyes: Looks, units: list[ShownUnit]) -> dict[str, float | None]:
    covering = Covering(eyes, AT)
    look_at(units, eyes, progress=lambda _: None, each=covering.consider)
    return {figure.name: figure.value for figure in covering.figures()}


def test_eyes_that_judge_by_what_they_point_at_lose_the_finding_with_its_place(units: list[ShownUnit]) -> None:
    figures = counted(DarkBlobEyes(), units)

    assert figures["the finding goes where its place is covered"] == 1.0
    assert figures["it stays where as large a place elsewhere is"] == 1.0
    assert figures["the hottest place of a picture with a found defect is on one"] == 1.0


def test_eyes_that_judge_by_something_else_are_found_out(units: list[ShownUnit]) -> None:
    figures = counted(DarkBlobEyes(cheat=True), units)

    assert (figures["the finding goes where its place is covered"] or 0.0) < 0.5


def test_a_place_of_a_good_unit_covers_what_a_smooth_patch_would_not(units: list[ShownUnit]) -> None:
    """Eyes of one product take what is smoother than the product for a defect, as they should."""
    good = [ShownUnit(u.name, np.roll(u.pixels, 9, axis=0), 0.1, 100.0, (), {}) for u in textured(units, spot=False)]
    bad = textured(units, spot=True)

    alone, beside_good = counted(SmoothnessEyes(), bad), counted(SmoothnessEyes(), [*bad, *good])

    assert alone["the finding goes where its place is covered"] == 0.0
    assert beside_good["the finding goes where its place is covered"] == 1.0
    assert beside_good["it stays where as large a place elsewhere is"] == 1.0


def test_nothing_is_claimed_where_nothing_was_found(units: list[ShownUnit]) -> None:
    blank = [ShownUnit(u.name, np.full_like(u.pixels, 160), 0.1, 100.0, (), {}) for u in units]

    assert counted(DarkBlobEyes(), blank) == {}
