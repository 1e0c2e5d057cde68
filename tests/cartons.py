"""Printed cartons, photographed on a belt: a product whose units lie nearly alike."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tuning.teach.pictures import Photographs, open_photographs

ROWS, COLUMNS = 160, 224
Pixels = NDArray[np.uint8]


def carton(rng: np.random.Generator, *, turned: float, moved: float) -> Pixels:
    """A printed carton on a belt, with a lot number of its own."""
    pixels = np.full((ROWS, COLUMNS, 3), 150, np.uint8)
    cv2.rectangle(pixels, (30, 30), (194, 130), (235, 235, 235), -1)
    cv2.rectangle(pixels, (30, 100), (194, 130), (60, 30, 120), -1)
    cv2.circle(pixels, (60, 60), 16, (20, 120, 60), -1)
    cv2.putText(pixels, "OREL", (90, 66), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    cv2.putText(pixels, str(rng.integers(1000, 9999)), (100, 92), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1)
    turn = np.asarray(cv2.getRotationMatrix2D((COLUMNS / 2, ROWS / 2), rng.uniform(-turned, turned), 1.0), np.float64)
    turn[:, 2] += rng.uniform(-moved, moved, 2)
    lying = cv2.warpAffine(pixels, turn, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
    return np.clip(lying * rng.uniform(0.95, 1.05) + rng.normal(0, 2, lying.shape), 0, 255).astype(np.uint8)


def torn_at(pixels: Pixels, folder: Path, place: tuple[slice, slice], name: str) -> None:
    """Write a carton with a mark where its board is gone."""
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    pixels[place], mask[place] = 150, 255
    cv2.imwrite(str(folder / "bad" / "torn" / f"{name}.png"), pixels)
    cv2.imwrite(str(folder / "bad" / "torn" / f"{name}_mask.png"), mask)


def photographed(folder: Path, *, turned: float, moved: float, also: int = 0) -> Photographs:
    """Twelve good cartons, `also` of them lying as they fell, and one that is torn."""
    rng = np.random.default_rng(5)
    (folder / "good").mkdir(parents=True)
    (folder / "bad" / "torn").mkdir(parents=True)
    for i in range(12):
        fell = i < also
        pixels = carton(rng, turned=180 if fell else turned, moved=moved)
        cv2.imwrite(str(folder / "good" / f"{i}.png"), pixels)
    torn_at(carton(rng, turned=turned, moved=moved), folder, np.s_[60:100, 150:200], "0")
    return open_photographs(folder / "good", folder / "bad")
