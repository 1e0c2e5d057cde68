"""Photographs in the form that teaching takes become examples to evaluate on, with the names and marks they have."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.example import UNIT, ShownUnit
from models.example_files import open_examples, write_examples
from tests.cartons import COLUMNS, ROWS, photographed
from tuning.errors import TuningError
from tuning.teach.marks import photographed_units
from tuning.teach.pictures import read_photographs

MM = 0.2


def units_of(folder: Path) -> Iterator[ShownUnit]:
    return photographed_units(read_photographs(folder / "good", folder / "bad"), MM, None)


def test_photographs_come_back_as_examples_with_their_names_and_marks(tmp_path: Path) -> None:
    """One torn carton keeps its name, though teaching would call it an anomaly; a dented one was marked by nobody."""
    photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "bad" / "dented").mkdir()
    cv2.imwrite(str(tmp_path / "bad" / "dented" / "1.png"), np.full((ROWS, COLUMNS, 3), 90, np.uint8))

    count = write_examples(tmp_path / "data", units_of(tmp_path))
    units = list(open_examples(tmp_path / "data", defects=("dented", "torn", "anomaly"), zones=("product",)))

    bad = {unit.defects[0].defect: unit.defects[0] for unit in units if unit.defects}
    assert (count, len(units)) == (14, 14)
    assert set(bad) == {"torn", "dented"}
    assert bad["torn"].box_px == (150, 60, 200, 100)
    assert bad["torn"].sizes["mm2"] == pytest.approx(50 * 40 * MM**2)
    assert (bad["torn"].whole, bad["dented"].whole) == (False, True)
    assert all(unit.pixels.shape == (ROWS, COLUMNS, 3) and unit.mm_per_px == MM for unit in units)


def test_a_picture_that_cannot_be_read_stops_it_before_anything_is_written(tmp_path: Path) -> None:
    photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "good" / "cut.png").write_bytes(b"\x89PNG")

    with pytest.raises(TuningError, match=r"cut.png: is no picture that can be read"):
        write_examples(tmp_path / "data", units_of(tmp_path))

    assert not (tmp_path / "data").exists()


def test_pictures_of_one_unit_stay_together(tmp_path: Path) -> None:
    photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "bad.jsonl").write_text('{"image": "bad/torn/0.png", "defect": "torn", "group": "17"}\n')

    *_, torn = photographed_units(read_photographs(tmp_path / "good", tmp_path / "bad.jsonl"), MM, None)

    assert torn.groups == {UNIT: "17"}


def test_files_that_are_left_out_are_told(tmp_path: Path) -> None:
    photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "bad" / "torn" / "1.raw").write_bytes(b"raw")

    assert "1.raw" in " ".join(read_photographs(tmp_path / "good", tmp_path / "bad").remarks)


def test_a_folder_of_examples_is_one_already(tmp_path: Path) -> None:
    photographed(tmp_path, turned=2, moved=4)
    write_examples(tmp_path / "data", units_of(tmp_path))

    with pytest.raises(TuningError, match="data: is a folder of examples already"):
        read_photographs(tmp_path / "good", tmp_path / "data")
