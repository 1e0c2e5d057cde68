"""Camera configuration: strict, told apart by `driver`, paths taken from the file that names them."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from cameras.config import CameraConfig, ReplayCamera, SyntheticCamera, VideoCamera

ADAPTER: TypeAdapter[SyntheticCamera | ReplayCamera | VideoCamera] = TypeAdapter(CameraConfig)

SYNTHETIC: dict[str, object] = {"driver": "synthetic", "units_per_min": 60, "defective_pct": 2.0}
REPLAY: dict[str, object] = {"driver": "replay", "folder": "batches/0042", "units_per_min": 30}
VIDEO: dict[str, object] = {"driver": "video", "file": "belt.mp4"}


@pytest.mark.parametrize(
    ("content", "kind"), [(SYNTHETIC, SyntheticCamera), (REPLAY, ReplayCamera), (VIDEO, VideoCamera)]
)
def test_the_driver_field_says_which_camera_it_is(content: dict[str, object], kind: type) -> None:
    camera = ADAPTER.validate_python(content)

    assert isinstance(camera, kind)
    assert ADAPTER.validate_json(ADAPTER.dump_json(camera)) == camera


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (SYNTHETIC | {"units_per_min": 0}, "units_per_min"),
        (SYNTHETIC | {"units_per_min": float("nan")}, "units_per_min"),
        (SYNTHETIC | {"units_per_min": "60"}, "units_per_min"),
        (SYNTHETIC | {"units_per_min": True}, "units_per_min"),
        (SYNTHETIC | {"defective_pct": 101}, "defective_pct"),
        (SYNTHETIC | {"pool": 1}, "pool"),
        (SYNTHETIC | {"seed": -1}, "seed"),
        (SYNTHETIC | {"folder": "x"}, "folder"),
        (REPLAY | {"patterns": []}, "patterns"),
        (REPLAY | {"rate": 5}, "rate"),
        (VIDEO | {"units_per_min": -3}, "units_per_min"),
        ({"driver": "replay", "units_per_min": 30}, "folder"),
        ({"driver": "basler"}, "basler"),
    ],
)
def test_a_wrong_field_is_refused_by_name(content: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        ADAPTER.validate_python(content)


def test_paths_are_taken_from_the_folder_of_the_line(tmp_path: Path) -> None:
    replay = ADAPTER.validate_python(REPLAY).under(tmp_path)
    video = ADAPTER.validate_python(VIDEO | {"file": str(tmp_path / "a.avi")}).under(tmp_path / "elsewhere")

    assert isinstance(replay, ReplayCamera) and replay.folder == (tmp_path / "batches/0042").resolve()
    assert isinstance(video, VideoCamera) and video.file == (tmp_path / "a.avi").resolve()


def test_a_camera_without_files_stays_as_it_is(tmp_path: Path) -> None:
    camera = ADAPTER.validate_python(SYNTHETIC)

    assert camera.under(tmp_path) == camera
