"""Zones that a person draws on one picture: where they lie in the others, and what is refused before teaching."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from models.eyes import fit
from models.regions import MAP_STRIDE
from tests.cartons import COLUMNS, ROWS, photographed
from tuning.errors import TuningError
from tuning.teach.lessons import frame_of
from tuning.teach.lying import lying_of
from tuning.teach.zones import Places
from tuning.teach.zones_file import Drawn, open_zones

LOT, LOGO = (96, 74, 164, 98), (40, 40, 80, 80)  # of the carton, as it lies without being turned or moved


def drawn(folder: Path, text: str) -> Drawn:
    """Checked zones over twelve good cartons, and one with a tear."""
    photographs = photographed(folder, turned=2, moved=4)
    (folder / "zones.yaml").write_text(text, encoding="utf-8")
    return open_zones(folder / "zones.yaml", photographs)


def boxes(*zones: tuple[str, tuple[int, ...]], picture: str = "0.png", also: str = "") -> str:
    lines = [f"  {name}:\n    boxes: [{list(box)}]\n{also}" for name, box in zones]
    return f"picture: {picture}\nzones:\n{''.join(lines)}"


def test_a_zone_lies_over_the_same_part_of_every_carton(tmp_path: Path) -> None:
    """The lot's paper is bright, and what is printed round it is not."""
    photographs = photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "zones.yaml").write_text(boxes(("print", (32, 104, 192, 128)), ("lot field", LOT)), encoding="utf-8")
    frame = frame_of(photographs.all)
    lying = lying_of(photographs, *frame, needed=True)
    assert lying is not None

    places = Places.of(open_zones(tmp_path / "zones.yaml", photographs), frame, lying)

    assert places.names == ("print", "lot field", "rest")
    assert np.allclose(places.shares.sum(0), 1, atol=1e-4)
    for photo in photographs.good:
        laid = lying.template.lay(fit(photo.pixels(), *frame).pixels).pixels
        grey = laid.mean(2)
        assert grey[places.shares[0] > 0.9].mean() < 120
        assert grey[places.shares[1] > 0.9].mean() > 170


def test_a_defect_lies_where_most_of_it_is(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "zones.yaml").write_text(boxes(("lot field", (0, 0, 112, 160))), encoding="utf-8")
    frame = frame_of(photographs.all)
    places = Places.of(open_zones(tmp_path / "zones.yaml", photographs), frame, lying_of(photographs, *frame))
    rows, columns = frame
    left = np.zeros((20, columns), np.uint8)
    left[:, : columns // 3] = 255

    assert places.under((0, 0, columns, 20), left) == "lot field"
    assert places.under((0, 0, columns, 20), 255 - left) == "rest"
    assert places.logits.shape == (2, rows // MAP_STRIDE, columns // MAP_STRIDE)


def test_a_zone_that_touches_the_edge_of_its_picture_reaches_beyond_it(tmp_path: Path) -> None:
    """The other pictures show a little more there."""
    photographs = photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "zones.yaml").write_text(boxes(("print", (0, 80, COLUMNS, ROWS))), encoding="utf-8")
    frame = frame_of(photographs.all)
    places = Places.of(open_zones(tmp_path / "zones.yaml", photographs), frame, lying_of(photographs, *frame))

    assert places.shares[0][-1].min() == 1
    assert places.shares[0][:, [0, -1]][frame[0] // 2 + 20 :].min() == 1


def test_a_picture_whose_name_several_have_is_named_with_its_folder(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=2, moved=4)
    twice = replace(photographs, good=(*photographs.good, replace(photographs.good[0], path=Path("b/0.png"))))
    (tmp_path / "zones.yaml").write_text(boxes(("lot", LOT)), encoding="utf-8")
    (tmp_path / "clear.yaml").write_text(boxes(("lot", LOT), picture="b/0.png"), encoding="utf-8")

    with pytest.raises(TuningError, match=r"0\.png: several of the good pictures are called so"):
        open_zones(tmp_path / "zones.yaml", twice)
    assert open_zones(tmp_path / "clear.yaml", twice).photo.path == Path("b/0.png")


def test_zones_need_units_that_lie_alike(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=180, moved=4)
    (tmp_path / "zones.yaml").write_text(boxes(("lot field", LOT)), encoding="utf-8")
    frame = frame_of(photographs.all)

    with pytest.raises(TuningError, match="do not lie alike, so what was drawn on one picture is elsewhere"):
        Places.of(open_zones(tmp_path / "zones.yaml", photographs), frame, lying_of(photographs, *frame, needed=True))


def test_units_that_already_lie_as_one_have_a_template_where_zones_need_it(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=0, moved=0)
    frame = frame_of(photographs.all)

    assert lying_of(photographs, *frame) is None
    assert lying_of(photographs, *frame, needed=True) is not None


def test_a_zone_that_the_eyes_cannot_tell_apart_is_refused(tmp_path: Path) -> None:
    photographs = photographed(tmp_path, turned=2, moved=4)
    (tmp_path / "zones.yaml").write_text(boxes(("dot", (100, 50, 101, 51))), encoding="utf-8")
    frame = frame_of(photographs.all)

    with pytest.raises(TuningError, match="zone dot: too small"):
        Places.of(open_zones(tmp_path / "zones.yaml", photographs), frame, lying_of(photographs, *frame))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(boxes(("lot", LOT), picture="bad.png"), "bad.png: is none of the good", id="picture"),
        pytest.param(
            boxes(("lot", (96, 74, COLUMNS + 1, 98))),
            f"zones.lot.boxes: [96, 74, {COLUMNS + 1}, 98] does not lie in 0.png of {COLUMNS} x {ROWS} px",
            id="outside",
        ),
        pytest.param(boxes(("lot", (96, 98, 160, 74))), "with x0 < x1 and y0 < y1", id="upside down"),
        pytest.param(
            boxes(("lot", LOT), ("logo", (40, 40, 100, 80))), "zones.lot.boxes and zones.logo.boxes", id="both"
        ),
        pytest.param(boxes(("rest", LOT)), "zones.rest: a zone cannot be called 'rest'", id="the rest"),
        pytest.param(boxes(("Lot field", LOT)), "in small letters", id="capitals"),
        pytest.param(boxes(("tablet", LOT)), "a zone cannot be called 'tablet'", id="what is counted"),
        pytest.param(boxes(("critical area", LOT)), "cannot be called 'critical area'", id="a severity"),
        pytest.param(boxes(("lot", LOT), also="    words: ['']\n"), "cannot be called ''", id="an empty word"),
        pytest.param(boxes(("lot", LOT), also="    words: [Anomaly]\n"), "'Anomaly' is what", id="in capitals"),
        pytest.param(boxes(("lot on box", LOT)), "'lot on box' cannot be told from the words round it", id="unsayable"),
        pytest.param(boxes(("anomaly", LOT)), "zones.anomaly: 'anomaly' is what a defect", id="a defect's name"),
        pytest.param(
            boxes(("lot", LOT), ("logo", LOGO), also="    words: [print]\n"),
            "zones.logo: 'print' is what the zone lot is called",
            id="a word of two",
        ),
        pytest.param("picture: 0.png\nzones: {}\n", "zones: Dictionary should have at least 1 item", id="none"),
        pytest.param("picture: [", "cannot be read", id="no YAML"),
        pytest.param("", "Input should be a valid dictionary", id="empty"),
    ],
)
def test_zones_that_would_be_misunderstood_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TuningError, match=re.escape(says)):
        drawn(tmp_path, text)
