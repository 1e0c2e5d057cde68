"""Examples on disk: what was drawn comes back as it was, and data that says something impossible is refused."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import ExampleInvalid
from models.example_files import LINES, open_examples, write_examples
from tuning.challenge import draw_units

DEFECTS = (
    "empty pocket", "chip", "break", "crack", "spot", "stain", "rogue product", "double fill", "fragment",
)  # fmt: skip
ZONES = ("foil", "pocket", "tablet")


def test_rendered_units_come_back_with_their_truth(tmp_path):
    drawn = list(draw_units(range(900_000, 900_004), content="defective", held_out=True))

    count = write_examples(tmp_path / "data", drawn)
    back = list(open_examples(tmp_path / "data", defects=DEFECTS, zones=ZONES))

    assert count == len(back) == 4
    for was, now in zip(drawn, back, strict=True):
        assert (was.pixels == now.pixels).all()
        assert [d.defect for d in was.defects] == [d.defect for d in now.defects]
        assert all((a.mask == b.mask).all() for a, b in zip(was.defects, now.defects, strict=True))
        for a, b in zip(was.defects, now.defects, strict=True):
            assert b.sizes == pytest.approx(a.sizes)
            assert b.length_px == pytest.approx(a.length_px, rel=0.02)


def test_a_mask_without_a_length_is_measured(tmp_path):
    mask = np.zeros((20, 20), np.uint8)
    cv2.circle(mask, (10, 10), 7, 255, -1)
    cv2.imwrite(str(tmp_path / "mask.png"), mask)

    (unit,) = open_examples(_folder(tmp_path, _unit(mask="mask.png")), defects=DEFECTS, zones=ZONES)

    assert unit.defects[0].sizes["mm"] == pytest.approx(1.5, rel=0.05)
    assert unit.defects[0].sizes["mm2"] == pytest.approx(np.pi * 0.7**2, rel=0.1)


def test_a_name_is_folded_as_teaching_folds_it_and_one_that_nobody_knows_is_counted(tmp_path):
    names = {"a.png": "Large_Burr", "b.png": "large burr", "c.png": "tear"}
    lines = [_unit(defect=name) | {"image": image} for image, name in names.items()]
    for image in names:
        cv2.imwrite(str(tmp_path / image), np.full((100, 120, 3), 90, np.uint8))

    shown = open_examples(_folder(tmp_path, *lines), defects=("large burr", "anomaly"), zones=("product",))

    assert [unit.defects[0].defect for unit in shown] == ["large burr", "large burr", "anomaly"]
    assert dict(shown.unnamed) == {"tear": 1}


def test_what_a_taught_package_has_no_name_for_is_an_anomaly_to_it(tmp_path):
    folder = _folder(tmp_path, _unit(mask=""))

    (unit,) = open_examples(folder, defects=("burr", "anomaly"), zones=("product",))

    assert [(defect.defect, defect.zone) for defect in unit.defects] == [("anomaly", "product")]


def test_what_lies_in_no_zone_of_a_taught_package_lies_in_the_rest_and_is_told(tmp_path):
    folder = _folder(tmp_path, _unit())

    shown = open_examples(folder, defects=DEFECTS, zones=("label", "rest"))

    assert [defect.zone for unit in shown for defect in unit.defects] == ["rest"]
    assert dict(shown.unplaced) == {"tablet": 1}
    assert not open_examples(folder, defects=DEFECTS, zones=("product",)).unplaced


def test_examples_that_name_no_place_are_refused_for_a_product_of_several_zones(tmp_path):
    """A defect there would be judged as one of the rest, and what was passed would count as right."""
    folder = _folder(tmp_path, _unit(zone="product"))

    with pytest.raises(ExampleInvalid, match=r"no zone product, only label, rest.*`inspector examples --package`"):
        open_examples(folder, defects=DEFECTS, zones=("label", "rest"))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"image": "gone.png"}, r"examples.jsonl:1: image: gone.png is not there"),
        ({"mm_per_px": 0}, r"examples.jsonl:1: mm_per_px: Input should be greater than or equal to 0.0001"),
        ({"mm_per_px": float("inf")}, r"examples.jsonl:1: mm_per_px: Input should be less than or equal to 10"),
        ({"colour": "red"}, r"examples.jsonl:1: colour: Extra inputs are not permitted"),
        (
            {"defects": [{"defect": "scuff", "zone": "tablet", "box_px": [1, 1, 9, 9]}]},
            "the package has no scuff, only",
        ),
        ({"defects": [{"defect": "chip", "zone": "lid", "box_px": [1, 1, 9, 9]}]}, "the package has no zone lid"),
        ({"defects": [{"defect": "chip", "zone": "tablet", "box_px": [9, 1, 9, 9]}]}, r"box \[9, 1, 9, 9\] is not"),
        (
            {"defects": [{"defect": "chip", "zone": "tablet", "box_px": [1, 1, 9, 9], "mask": "no.png"}]},
            "mask no.png is not there",
        ),
    ],
    ids=["picture", "scale", "infinite scale", "field", "defect", "zone", "box", "mask"],
)
def test_a_line_that_cannot_be_is_refused_before_anything_is_shown(tmp_path, changed, text):
    folder = _folder(tmp_path, _unit() | changed)

    with pytest.raises(ExampleInvalid, match=text):
        open_examples(folder, defects=DEFECTS, zones=ZONES)


def test_a_box_outside_its_picture_is_refused(tmp_path):
    outside = {"defect": "chip", "zone": "tablet", "box_px": [90, 10, 130, 40]}
    examples = open_examples(_folder(tmp_path, _unit() | {"defects": [outside]}), defects=DEFECTS, zones=ZONES)

    with pytest.raises(ExampleInvalid, match="lies outside the picture of 120 x 100 px"):
        list(examples)


def test_a_mask_of_another_size_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "mask.png"), np.full((30, 20), 255, np.uint8))

    with pytest.raises(
        ExampleInvalid, match=r"20 x 30 px, 600 of them marked; a mask of unit\.png is grey, 20 x 20 px"
    ):
        list(open_examples(_folder(tmp_path, _unit(mask="mask.png")), defects=DEFECTS, zones=ZONES))


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    folder = _folder(tmp_path, _unit())
    (folder / "unit.png").write_bytes(b"")

    with pytest.raises(ExampleInvalid, match="is no picture that can be read"):
        list(open_examples(folder, defects=DEFECTS, zones=ZONES))


@pytest.mark.parametrize(
    "pixels",
    [np.full((100, 120, 3), 4000, np.uint16), np.full((20, 120, 3), 90, np.uint8)],
    ids=["16 bit", "a strip"],
)
def test_a_picture_that_the_line_would_not_examine_is_refused(tmp_path, pixels):
    folder = _folder(tmp_path, _unit())
    cv2.imwrite(str(folder / "unit.png"), pixels)

    with pytest.raises(ExampleInvalid, match="shown are 8-bit pictures, grey or colour, of at least 32 px"):
        list(open_examples(folder, defects=DEFECTS, zones=ZONES))


def test_a_grey_picture_is_shown_as_the_line_examines_a_monochrome_cameras(tmp_path):
    folder = _folder(tmp_path, _unit())
    cv2.imwrite(str(folder / "unit.png"), np.full((100, 120), 90, np.uint8))

    (unit,) = open_examples(folder, defects=DEFECTS, zones=ZONES)

    assert unit.pixels.shape == (100, 120, 3)
    assert set(unit.pixels.ravel()) == {90}


def test_another_picture_under_the_same_name_changes_the_digest(tmp_path):
    before = open_examples(_folder(tmp_path, _unit()), defects=DEFECTS, zones=ZONES).digest
    cv2.imwrite(str(tmp_path / "unit.png"), np.full((100, 120, 3), 91, np.uint8))

    assert open_examples(tmp_path, defects=DEFECTS, zones=ZONES).digest != before


def test_a_picture_on_two_lines_is_refused(tmp_path):
    with pytest.raises(ExampleInvalid, match=r"unit.png is on two lines"):
        open_examples(_folder(tmp_path, _unit(), _unit()), defects=DEFECTS, zones=ZONES)


@pytest.mark.parametrize("content", [None, b"\n\n", b"{", b"\xff\xfe"], ids=["absent", "empty", "cut", "no text"])
def test_a_folder_without_readable_lines_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / LINES).write_bytes(content)

    with pytest.raises(ExampleInvalid, match=LINES):
        open_examples(tmp_path, defects=DEFECTS, zones=ZONES)


def test_a_folder_with_examples_is_not_written_over(tmp_path):
    _folder(tmp_path, _unit())

    with pytest.raises(ExampleInvalid, match="holds something already"):
        write_examples(tmp_path, [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_fills_up_while_units_are_written_is_said(tmp_path):
    def units():
        yield from draw_units(range(900_000, 900_001), content="defective", held_out=True)
        (tmp_path / "data" / "unit-00002.png").symlink_to("/dev/full")
        yield from draw_units(range(900_001, 900_002), content="defective", held_out=True)

    with pytest.raises(ExampleInvalid, match=r"data: cannot be written: No space left.*delete the folder and repeat"):
        write_examples(tmp_path / "data", units())

    assert not (tmp_path / "data" / LINES).exists()


def _unit(mask: str = "", defect: str = "chip", zone: str = "tablet") -> dict[str, object]:
    marked = {"defect": defect, "zone": zone, "box_px": [10, 10, 30, 30], "mask": mask}
    return {"image": "unit.png", "mm_per_px": 0.1, "unit_area_mm2": 50.0, "defects": [marked]}


def _folder(folder: Path, *units: dict[str, object]) -> Path:
    cv2.imwrite(str(folder / "unit.png"), np.full((100, 120, 3), 90, np.uint8))
    (folder / LINES).write_text("".join(f"{json.dumps(unit)}\n" for unit in units))
    return folder
