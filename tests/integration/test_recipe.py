"""What a line refuses to start with: package, sheet, reading or settings that do not fit each other."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.config import LineConfig
from inspector.errors import LineError
from inspector.run import run_batch
from models.criteria import CriteriaSheet
from models.digest import digest_file
from models.errors import ModelError, PackageInvalid, ReadingInvalid, SheetInvalid
from models.operating import NEVER
from models.package import EYES_GRAPH, MANIFEST, ModelPackage
from models.reading import Reading, reading_path
from tests import tiny
from tests.tiny import run

IN_TIME = 3000


@pytest.fixture
def damaged(package: ModelPackage, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "damaged"
    shutil.copytree(package.folder, folder)
    yield folder


@pytest.mark.parametrize("name", [EYES_GRAPH, "mind.safetensors", "tokenizer.json"])
def test_a_package_with_one_altered_byte_starts_nothing(
    package: ModelPackage, damaged: Path, tmp_path: Path, name: str
):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    content = bytearray((damaged / name).read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / name).write_bytes(content)
    path.write_text(path.read_text().replace(str(package.folder), str(damaged)))

    with pytest.raises(PackageInvalid, match=f"{name}: digest .* the file was altered or cut. Nothing was loaded"):
        run(path)


def test_a_graph_that_is_none_starts_nothing(package: ModelPackage, damaged: Path, tmp_path: Path):
    (damaged / EYES_GRAPH).write_bytes(b"\x08\x01garbage")
    manifest = (
        (damaged / MANIFEST).read_text().replace(package.manifest.files[EYES_GRAPH], digest_file(damaged / EYES_GRAPH))
    )
    (damaged / MANIFEST).write_text(manifest)
    path = tiny.write_line(tmp_path, ModelPackage.load(damaged), [tiny.unit(1)])

    with pytest.raises(PackageInvalid, match="ONNX Runtime cannot open it"):
        run(path)


def refused(path: Path, kind: type[ModelError]) -> str:
    with pytest.raises(kind) as refusal:
        run(path)
    assert not (path.parent / "store").exists()
    return str(refusal.value)


def test_a_sheet_with_a_defect_that_the_package_cannot_see_is_refused(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    sheet = tmp_path / "sheet.yaml"
    sheet.write_text(sheet.read_text().replace("defect: chip", "defect: double fill"))

    said = refused(path, SheetInvalid)

    assert "criteria.C1.defect: tiny does not see 'double fill'. It sees: crack, spot, chip, stain" in said


def test_a_sheet_that_was_changed_after_its_reading_is_refused(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    (tmp_path / "sheet.yaml").write_text(tiny.sheet_text(spot_mm=3))

    assert "the sheet has changed since it was read" in refused(path, ReadingInvalid)


def test_a_reading_of_another_sheet_is_refused(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path / "a", package, [tiny.unit(1)])
    other = tiny.write_line(tmp_path / "b", package, [], sheet=tiny.sheet_text(spot_mm=2))
    shutil.copy(reading_path(other.parent / "sheet.yaml"), reading_path(path.parent / "sheet.yaml"))

    assert "the sheet has changed since it was read" in refused(path, ReadingInvalid)


def test_a_reading_by_another_package_is_refused(package: ModelPackage, damaged: Path, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    manifest = (damaged / MANIFEST).read_text().replace('"version":"1"', '"version":"2"')
    (damaged / MANIFEST).write_text(manifest)
    path.write_text(path.read_text().replace(str(package.folder), str(damaged)))

    assert "the sheet was read by another package" in refused(path, ReadingInvalid)


def test_a_criterion_on_a_defect_that_is_hardly_ever_found_is_said_before_the_batch(tmp_path: Path):
    blind = tiny.with_smallest(tiny.build(tmp_path / "own"), spot_px=NEVER)
    sheet = (
        tiny.sheet_text()
        .replace('    limit: {unit: mm, operator: ">", value: 1.0}\n', "")
        .replace(" larger than {limit}", "")
    )
    path = tiny.write_line(tmp_path / "line", blind, [tiny.unit(1)], sheet=sheet)
    said: list[str] = []

    run_batch(path, say=said.append, drawing=lambda done, of: None)

    assert said[0].startswith("S1: tiny does not find spot reliably at any size: units with it may pass unseen.")


def test_a_sheet_that_nobody_read_is_refused(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    reading_path(tmp_path / "sheet.yaml").unlink()

    assert "the sheet has not been read yet" in refused(path, ReadingInvalid)


def test_a_reading_that_nobody_approved_is_refused(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    _alter(tmp_path, approval=None)

    assert "nobody has approved this reading" in refused(path, ReadingInvalid)


def test_a_reading_whose_lines_were_altered_is_refused(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    lax = tiny.approved_reading(_sheet(tmp_path, tiny.sheet_text(spot_mm=9)), package)
    _alter(tmp_path, lines=lax.lines)

    assert "the lines of the reading are not those of the sheet" in refused(path, ReadingInvalid)


def test_a_limit_below_what_the_eyes_find_is_refused(damaged: Path, tmp_path: Path):
    coarse = tiny.with_smallest(ModelPackage.load(damaged), spot_px=20.0)
    path = tiny.write_line(tmp_path, coarse, [tiny.unit(1)])

    said = refused(path, SheetInvalid)

    assert (
        "1 mm is below the smallest spot that tiny can be trusted to find in view top: 20 px at 0.1 mm/px = 2.00 mm"
        in said
    )


def test_a_limit_on_what_the_eyes_find_at_no_size_is_refused(damaged: Path, tmp_path: Path):
    blind = tiny.with_smallest(ModelPackage.load(damaged), spot_px=NEVER)

    said = refused(tiny.write_line(tmp_path, blind, [tiny.unit(1)]), SheetInvalid)

    assert "tiny does not find spot reliably at any size. Leave the limit out" in said


def test_an_area_below_what_the_eyes_find_is_refused(damaged: Path, tmp_path: Path):
    coarse = tiny.with_smallest(ModelPackage.load(damaged), spot_px=20.0)
    area = tiny.sheet_text().replace("unit: mm,", "unit: mm2,")
    path = tiny.write_line(tmp_path, coarse, [tiny.unit(1)], sheet=area)

    assert "1 mm² is below the smallest spot" in refused(path, SheetInvalid)


def test_a_count_a_unit_is_refused_where_a_unit_has_two_views(package: ModelPackage, tmp_path: Path):
    count = tiny.sheet_text().replace("value: 1.0", "value: 3").replace("unit: mm,", "unit: count,")
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)], sheet=count)
    tiny.add_view(path, tmp_path)

    assert "sees it in 2 views (top, side) and counts in each by itself" in refused(path, SheetInvalid)


@pytest.mark.parametrize("text", ["name: 2001-99-99", "[" * 9999, "name: ["])
def test_a_lines_file_that_is_no_yaml_is_said(tmp_path: Path, text: str):
    path = tmp_path / "line.yaml"
    path.write_text(text)

    with pytest.raises(LineError, match=r"line\.yaml: not readable as YAML"):
        LineConfig.load(path)


@pytest.mark.parametrize("text", ["", "- 1", "blister"])
def test_a_lines_file_that_says_nothing_of_a_line_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "line.yaml"
    path.write_text(text)

    with pytest.raises(LineError, match=r"line\.yaml: the file is empty or not a mapping; a line has name, package"):
        LineConfig.load(path)


@pytest.mark.parametrize(
    ("field", "written"), [("mm_per_px", "true"), ("gate_after_ms", "'400'"), ("threads", "true"), ("threads", "1.0")]
)
def test_nothing_in_a_lines_file_is_taken_for_a_number_that_is_none(
    package: ModelPackage, tmp_path: Path, field: str, written: str
):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    path.write_text(re.sub(rf"\b{field}: [^,}}\n]+", f"{field}: {written}", path.read_text()))

    with pytest.raises(LineError, match=rf"{field}: Input should be a valid (number|integer)"):
        LineConfig.load(path)


def _sheet(folder: Path, text: str) -> CriteriaSheet:
    path = folder / "other.yaml"
    path.write_text(text, encoding="utf-8")
    return CriteriaSheet.load(path)


def _alter(folder: Path, **changes: object) -> None:
    path = reading_path(folder / "sheet.yaml")
    Reading.load(path).model_copy(update=changes).save(path)
