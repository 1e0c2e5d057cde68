"""The commands around a line, each in a process of its own: draw, look at one picture, calibrate, serve, say what a
package is.

Where a verdict on a drawn pack is asked for, package, sheet and reading are the embedded ones.
"""

import re
import socket
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.package import ModelPackage
from tests import tiny
from tests.process import inspector

SHEET = Path("configs/criteria/blister.yaml")
UNIT = tiny.png(tiny.unit(1))
SQUARE_PX = 40
COLUMNS = 3  # of tablets: tests/tiny's eyes see those of one column as one
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    return tiny.build(tmp_path_factory.mktemp("tiny"))


def one_line(text: str) -> str:
    return " ".join(text.split())


def rows(table: str) -> dict[str, list[str]]:
    """A printed table: the first cell of each row and the cells behind it."""
    cells = [[part.strip() for part in row.strip("│").split("│")] for row in table.splitlines() if row.startswith("│")]
    return {first: behind for first, *behind in cells}


def written(path: Path) -> NDArray[np.uint8]:
    """A picture that a command wrote, RGB."""
    return np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1]


def coloured(picture: NDArray[np.uint8], at: tuple[int, int]) -> int:
    """How far from grey a place of a unit of tests/tiny is in a picture of it that may be enlarged."""
    times = picture.shape[0] // tiny.ROWS
    return int(np.ptp(picture[at[1] * times, at[0] * times].astype(int)))


def said(pattern: str, text: str) -> tuple[str, ...]:
    """What stands in a text at the groups of a pattern, which must be there."""
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in: {text}"
    return found.groups()


def board(columns: int, rows: int) -> NDArray[np.uint8]:
    """A checkerboard of so many inner corners with a white margin, grey."""
    y, x = np.mgrid[0 : (rows + 1) * SQUARE_PX, 0 : (columns + 1) * SQUARE_PX]
    squares = np.where((x // SQUARE_PX + y // SQUARE_PX) % 2, 255, 0).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(np.pad(squares, 50, constant_values=255), (0, 0), 0.8), np.uint8)


# ------------------------------------------------------------ one picture
def test_a_drawn_unit_is_judged_at_the_scale_that_the_drawing_said(embedded_package: Path, tmp_path: Path):
    unit, heat = tmp_path / "unit.png", tmp_path / "heat.png"
    drawn = inspector("render", unit, "--seed", 7, "--product", 14, "--content", "defective").stdout
    (scale,) = said(r"--mm-per-px (\S+)", drawn)
    (true_mm,) = said(r"crack on tablet, (\S+) mm,", drawn)
    looked = ("--sheet", SHEET, "--mm-per-px", scale, "--package", embedded_package, "--tablets", 18, "--heat", heat)

    done = inspector("examine", unit, *looked)

    assert "break on tablet" in drawn
    assert done.returncode == 5, done.stdout + done.stderr
    assert "REJECT DEFECT" in done.stdout
    assert rows(done.stdout)["C4"][0] == "break on tablet, major"
    mm, uncertainty = map(float, said(r"crack on tablet (\S+) ± (\S+) mm > 3, major", done.stdout))
    assert mm == pytest.approx(float(true_mm), abs=2 * uncertainty)
    assert done.stderr == ""
    assert written(heat).shape == written(unit).shape
    assert (tmp_path / "unit.png.examined.png").exists()


def test_a_good_pack_is_held_where_it_shows_fewer_tablets_than_a_whole_one(package: ModelPackage, tmp_path: Path):
    (tmp_path / "good.png").write_bytes(UNIT)
    sheet = tiny.write_sheet(tmp_path, package)
    asked = ("examine", tmp_path / "good.png", "--sheet", sheet, "--mm-per-px", "0.1", "--package", package.folder)

    whole, short = (inspector(*asked, "--tablets", tablets) for tablets in (COLUMNS, COLUMNS + 1))

    assert (whole.returncode, short.returncode) == (0, 6), whole.stdout + short.stdout
    assert "ACCEPT" in whole.stdout
    assert "HOLD NOT_ASSESSABLE" in short.stdout
    assert "3 of the 4 tablets of a whole pack are seen" in one_line(short.stdout)


def test_a_grey_picture_is_judged_only_where_the_camera_is_said_to_be_monochrome(package: ModelPackage, tmp_path: Path):
    grey, heat = tmp_path / "grey.png", tmp_path / "heat.png"
    grey.write_bytes(tiny.png(tiny.unit(1, tiny.Disc(2.0))[..., 0]))
    sheet = tiny.write_sheet(tmp_path, package)
    asked = ("examine", grey, "--sheet", sheet, "--mm-per-px", "0.1", "--package", package.folder, "--heat", heat)

    colour = inspector(*asked)
    not_written = not heat.exists()
    monochrome = inspector(*asked, "--grey")

    assert colour.returncode == 5
    assert "REJECT NOT_ASSESSABLE" in colour.stdout
    assert "the picture is grey" in one_line(colour.stdout)
    assert f"{heat}: not written, the eyes did not look at this picture" in one_line(colour.stderr)
    assert not_written
    assert monochrome.returncode == 5
    assert "REJECT DEFECT" in monochrome.stdout
    assert rows(monochrome.stdout)["S1"][0].startswith("spot on tablet 2.0")
    assert coloured(written(heat), tiny.PLACES[0]) > 50 > 5 > coloured(written(heat), tiny.PLACES[5])


# ------------------------------------------------------------ calibrate
def test_a_view_is_measured_from_a_standing_checkerboard_width_first(tmp_path: Path):
    squares = board(5, 8)
    (tmp_path / "target.png").write_bytes(tiny.png(np.dstack([squares] * 3)))
    height, width = squares.shape

    done = inspector("calibrate", tmp_path / "target.png", "--pitch-mm", 5, "--columns", 5, "--rows", 8)

    assert done.returncode == 0, done.stderr
    (scale,) = said(r"mm_per_px: (\S+)", done.stdout)
    assert float(scale) == pytest.approx(5 / SQUARE_PX, rel=0.002)
    assert f"size_px: [{width}, {height}]" in done.stdout


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (UNIT, "no checkerboard with 9 x 6 points was found. Nothing was measured. Check the count"),
        (b"no picture", "target.png: the 10 bytes are no picture. Check the file. Nothing was measured."),
    ],
    ids=["no board", "no picture"],
)
def test_a_picture_that_no_scale_can_be_read_from_is_refused(tmp_path: Path, content: bytes, refusal: str):
    (tmp_path / "target.png").write_bytes(content)

    done = inspector("calibrate", tmp_path / "target.png", "--pitch-mm", 5, "--columns", 9, "--rows", 6)

    assert done.returncode == 1
    assert refusal in one_line(done.stderr)
    assert done.stdout == ""


# ------------------------------------------------------------ console, package
def test_a_console_on_a_used_port_says_which_and_what_to_do(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = inspector("console", "--store", tmp_path / "store", "--port", port)

    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is in use" in one_line(done.stderr)
    assert "choose another with --port. The console was not started." in one_line(done.stderr)
    assert done.stdout == ""


def test_a_package_says_what_it_finds_from_which_size_on(tmp_path: Path):
    made = tiny.with_smallest(tiny.build(tmp_path), spot_px=2.5)

    done = inspector("package", made.folder)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tiny 1 ")
    assert {name: (about, found) for name, (about, found, *_) in rows(done.stdout).items()} == {
        "crack": ("what crack is", "any"),
        "spot": ("what spot is", "2.5 px"),
        "chip": ("what chip is", "any"),
        "stain": ("what stain is", "any"),
    }
    assert "zone foil: where foil is" in done.stdout
