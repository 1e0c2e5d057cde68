"""Several views of a unit, and the picture size that a view's scale holds for."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.errors import LineError
from inspector.line.line import Line
from inspector.recipe import Recipe
from inspector.run import run_batch
from models.package import ModelPackage
from models.verdict import Disposition, Reason
from tests import tiny
from tests.tiny import Disc, records, run

SPOT = Disc(2.0)
IN_TIME = 3000
pytestmark = pytest.mark.timeout(900)


def halved(pixels: tiny.Pixels) -> tiny.Pixels:
    return np.asarray(cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def test_a_view_whose_camera_starts_before_the_first_ones_is_not_lost(package: ModelPackage, tmp_path: Path):
    top = tiny.write(tmp_path / "top", [tiny.unit(n) for n in range(4)])
    side = tiny.write(tmp_path / "side", [tiny.unit(10 + n) for n in range(4)])
    path = tiny.write_line(tmp_path, package, top, gate_after_ms=IN_TIME, units_per_min=600)
    tiny.add_view(path, side)

    with tiny.opened_line(path) as line:
        first, later = line.captures
        start, started = first.start, list[str]()

        def start_late(line: Line) -> None:
            if line._counters[later.view] and not started:  # the other camera's first picture waits for its unit
                started.append(first.view)
                start()

        first.start = lambda: None  # type: ignore[method-assign]
        result = line.run(each=start_late)

    assert later.shown == 4
    assert result.counts.triggers == len(records(path))
    assert [record.gate for record in records(path).values()] == ["PASS"] * 4


def test_a_unit_passes_only_when_every_view_accepted_it(package: ModelPackage, tmp_path: Path):
    top = tiny.write(tmp_path / "top", [tiny.unit(n) for n in range(6)])
    side = tiny.write(tmp_path / "side", [tiny.unit(10 + n, *([SPOT] if n in (1, 4) else [])) for n in range(6)])
    path = tiny.write_line(tmp_path, package, top, gate_after_ms=IN_TIME, units_per_min=600)
    tiny.add_view(path, side)

    result = run(path)

    kept = records(path)
    assert result.counts.triggers == len(records(path))
    assert [kept[u].gate for u in sorted(kept)] == ["PASS", "REJECT", "PASS", "PASS", "REJECT", "PASS"]
    assert result.late == 0


def test_a_view_whose_picture_never_comes_rejects_its_unit(package: ModelPackage, tmp_path: Path):
    top = tiny.write(tmp_path / "top", [tiny.unit(n) for n in range(3)])
    side = tiny.write(tmp_path / "side", [tiny.unit(10 + n) for n in range(2)])
    path = tiny.write_line(tmp_path, package, top, gate_after_ms=1500, units_per_min=600)
    tiny.add_view(path, side)

    result = run(path)

    last = records(path)[3]
    assert result.counts.triggers == len(records(path))
    assert (last.disposition, last.reason, last.gate) == (Disposition.REJECT, Reason.NOT_INSPECTED, "REJECT")
    assert last.text == "no picture of view side came, or no verdict on it"


def test_a_picture_of_another_size_than_the_first_is_not_judged_by_its_scale(package: ModelPackage, tmp_path: Path):
    """A camera that bins its pixels shows every defect half as long."""
    shown = [tiny.unit(1, SPOT), halved(tiny.unit(2, SPOT)), tiny.unit(3)]
    path = tiny.write_line(tmp_path, package, shown, gate_after_ms=IN_TIME)

    run(path)

    first, second, third = records(path).values()
    assert (first.reason, third.disposition) == (Reason.DEFECT, Disposition.ACCEPT)
    assert (second.disposition, second.reason, second.gate) == (Disposition.REJECT, Reason.NOT_ASSESSABLE, "REJECT")
    assert f"the view's scale holds for {tiny.COLUMNS} x {tiny.ROWS}" in second.text


def test_a_stated_size_holds_from_the_first_picture_on(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [halved(tiny.unit(1, SPOT)), tiny.unit(2)], gate_after_ms=IN_TIME)
    stated = f"mm_per_px: {tiny.MM_PER_PX}, size_px: [{tiny.COLUMNS}, {tiny.ROWS}]"
    path.write_text(path.read_text().replace(f"mm_per_px: {tiny.MM_PER_PX}", stated))

    run(path)

    first, second = records(path).values()
    assert first.reason is Reason.NOT_ASSESSABLE
    assert second.disposition is Disposition.ACCEPT


def test_the_recipe_says_in_which_order_the_views_stand_along_the_belt(package: ModelPackage, tmp_path: Path):
    pictures = tiny.write(tmp_path / "pictures", [tiny.unit(1)])
    path = tiny.write_line(tmp_path, package, pictures)
    tiny.add_view(path, pictures)
    before = Recipe.load(path).digests.recipe
    *head, top, side = path.read_text().splitlines()
    path.write_text("\n".join((*head, side, top)) + "\n")

    assert Recipe.load(path).digests.recipe != before


def test_replayed_views_that_lack_a_picture_are_refused(package: ModelPackage, tmp_path: Path):
    """Every unit behind the gap would be judged by its neighbour's picture."""
    top = tiny.write(tmp_path / "top", [tiny.unit(n) for n in range(4)])
    side = tiny.write(tmp_path / "side", [tiny.unit(10 + n) for n in range(5)])
    path = tiny.write_line(tmp_path, package, top, gate_after_ms=IN_TIME)
    tiny.add_view(path, side)
    (side / "002.png").unlink()

    with pytest.raises(LineError, match=r"views\.top shows 002 where views\.side shows 003"):
        run_batch(path, say=lambda _: None, drawing=lambda *_: None)

    (side / "005.png").unlink()
    with pytest.raises(LineError, match=r"top replays 4 pictures and views\.side 3"):
        run_batch(path, say=lambda _: None, drawing=lambda *_: None)


def test_a_share_that_is_smaller_than_the_eyes_find_holds_as_soon_as_a_unit_shows_its_size(
    package: ModelPackage, tmp_path: Path
):
    """What 0.1 % of a tablet is in px nobody knows before a picture shows one."""
    coarse = tiny.with_smallest(tiny.build(tmp_path / "own"), spot_px=6.0)
    share = tiny.sheet_text().replace("unit: mm,", 'unit: "%",').replace("value: 1.0", "value: 0.1")
    path = tiny.write_line(tmp_path, coarse, [tiny.unit(1, SPOT), tiny.unit(2)], sheet=share, gate_after_ms=IN_TIME)

    run(path)

    first, second = records(path).values()
    assert (first.disposition, first.reason) == (Disposition.HOLD, Reason.NOT_ASSESSABLE)
    assert "0.1 % is below the smallest spot that tiny can be trusted to find" in first.text
    assert second.reason is Reason.NOT_ASSESSABLE
