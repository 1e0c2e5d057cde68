"""A record's place in the chain, what an outcome may state, how a batch reconciles, and how pictures are kept."""

import json
from datetime import timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from inspector import records
from inspector.errors import LineError
from inspector.records import Counts, Digests, InspectionRecord, OpenBatch, Opening, Outcome, Tally, UnitRange, keep
from inspector.records.schema import NESTED_OF_UNITS, REVISION, hashed_text, to_row
from models.criteria import CriteriaSheet, Criterion
from models.digest import canonical, digest_bytes, digest_file, digest_json
from models.reading import Reading
from models.verdict import Disposition, OperatingPoint, Reason
from tests.outcomes import WHEN, outcome

BATCH = OpenBatch(batch=1, epoch=5)
SHA = digest_bytes(b"some")
DIGESTS = Digests(recipe=SHA, package=SHA, sheet=SHA, reading=SHA)


def record(content: Outcome) -> InspectionRecord:
    place = {"sequence": 1, "previous": SHA}
    hashed = {**content.model_dump(mode="json"), "n_observations": content.n_observations, **place}
    return InspectionRecord.model_validate({**dict(content), **place, "hash": digest_json(hashed)})


def test_a_record_holds_only_under_the_hash_of_its_whole_content():
    kept = record(outcome(BATCH, 7))

    altered = kept.model_copy(update={"text": "nothing to see"})

    assert kept.holds()
    assert not altered.holds()


def test_a_record_kept_by_an_earlier_version_still_holds():
    seen = {
        "score": 0.9,
        "classes": [["spot", 1.0]],
        "zone": "tablet",
        "box_px": [1, 1, 4, 4],
        "outline_px": [[1, 1], [4, 1], [4, 4]],
        "sizes": {"mm": {"value": 1.0, "uncertainty": 0.1}},
    }  # as before a region named the place that it was compared with
    kept = outcome(BATCH, 7, observations={"top": [seen]}).model_dump(mode="json")
    place = {"sequence": 1, "previous": SHA}
    hashed = {**kept, "observations": {"top": [seen]}, "n_observations": 1, **place}

    opened = InspectionRecord.model_validate({**kept, **place, "hash": digest_json(hashed)})

    assert opened.holds()


def test_the_hash_put_together_from_columns_is_that_of_the_canonical_json():
    content = record(outcome(BATCH, 7, text='a "quote", a µ and a\nbreak', reason=None)).content()

    row = to_row(content, NESTED_OF_UNITS)

    assert row["hash"] == digest_json(content)
    assert hashed_text({k: canonical(v).encode() for k, v in content.items()}).decode() == canonical(content)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"disposition": "REJECT"}, "state is accepted, but it was judged REJECT"),
        ({"gate": "REJECT"}, "state is accepted, but the gate's move was REJECT"),
        ({"state": "held", "disposition": "HOLD"}, "state is held, but the gate's move was PASS"),
        ({"state": "rejected", "gate": "REJECT"}, "state is rejected, but it was judged ACCEPT"),
        ({"taken_at": WHEN.astimezone(timezone(timedelta(hours=1)))}, "records keep UTC only"),
        ({"times_ms": {"gate": float("nan")}}, "finite number"),
        ({"digests": {**DIGESTS.model_dump(), "sheet": "41aa"}}, "digests.sheet"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_outcome_that_contradicts_itself_is_refused(changes: dict[str, object], says: str):
    with pytest.raises(ValidationError, match=says):
        outcome(BATCH, 7, **changes)


def test_an_escape_can_be_recorded_as_what_it_is():
    escaped = outcome(BATCH, 7, disposition="REJECT", reason="DEFECT", state="lost", gate="PASS")

    assert (escaped.disposition, escaped.reason, escaped.gate) == (Disposition.REJECT, Reason.DEFECT, "PASS")


def test_counts_reconcile_only_if_every_figure_agrees():
    tally = Tally(records=10, accepted=7, rejected=2, held=1)
    counts = Counts(triggers=10, accepted=7, rejected=2, held=1, sampled=0, lost=0)

    assert tally.differences(counts) == ()
    assert tally.differences(counts.model_copy(update={"triggers": 11})) == (
        "11 triggers but 10 records",
        "11 triggers but 10 outcomes counted",
    )
    assert "8 accepted by the line but 7 in the records" in tally.differences(counts.model_copy(update={"accepted": 8}))


def test_an_opening_refuses_a_sheet_that_its_digests_do_not_name():
    rule = Criterion(id="K1", defect="spot", wording="No spots.", severity="major")
    sheet = CriteriaSheet(id="blister", title="Blister", product="P", version=1, criteria=(rule,))
    reading = Reading(sheet_id="blister", sheet_digest=sheet.digest, package_digest=SHA, glossary_digest=SHA, lines=())
    point = OperatingPoint(real_from=0.5, hold_from=0.2, doubt_from=0.1, sure_from=0.5)
    right = DIGESTS.model_copy(update={"sheet": sheet.digest, "reading": reading.digest})
    opening = Opening(line="l", product="P", digests=right, sheet=sheet, reading=reading, operating_point=point)

    wrong = {**opening.model_dump(mode="json"), "digests": DIGESTS.model_dump()}

    assert Opening.model_validate_json(opening.model_dump_json()) == opening
    with pytest.raises(ValidationError, match="must be those of the sheet and reading given here"):
        Opening.model_validate(wrong)


def test_unit_ranges_read_like_a_label():
    ranges = [UnitRange(first=3, last=3), UnitRange(first=3, last=9), UnitRange(first=3, last=None)]

    assert list(map(str, ranges)) == ["3", "3 to 9", "3 and every unit after it"]


def test_the_software_knows_the_newest_migration_that_it_ships():
    config = Config()
    config.set_main_option("script_location", str(Path(records.__file__).parent / "migrations"))

    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_a_colour_picture_is_kept_as_jpeg_under_the_digest_of_its_file(tmp_path: Path):
    pixels = np.full((40, 60, 3), (200, 30, 30), np.uint8)

    kept = keep(tmp_path, 1, 42, {"top": pixels})["top"]

    assert kept.file == "000001/00000042-top.jpg"
    assert kept.sha256 == digest_file(tmp_path / kept.file)
    assert np.abs(np.asarray(Image.open(tmp_path / kept.file)).astype(int) - pixels).max() < 8
    assert [path.name for path in (tmp_path / "000001").iterdir()] == ["00000042-top.jpg"]


@pytest.mark.parametrize(("shape", "kind"), [((5, 7), np.uint8), ((5, 7), np.uint16), ((5, 7, 4), np.uint8)])
def test_a_grey_or_16_bit_picture_is_kept_as_png_to_the_last_bit(tmp_path: Path, shape: tuple[int, ...], kind: type):
    pixels: NDArray[np.generic] = np.random.default_rng(1).integers(0, np.iinfo(kind).max, shape).astype(kind)

    kept = keep(tmp_path, 1, 1, {"top": pixels})["top"]

    assert kept.file.endswith(".png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / kept.file)), pixels)


def test_a_16_bit_colour_picture_is_kept_as_png(tmp_path: Path):
    kept = keep(tmp_path, 1, 1, {"top": np.zeros((5, 7, 3), np.uint16)})["top"]

    header = (tmp_path / kept.file).read_bytes()[:26]

    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (header[16:20], header[20:24], header[24], header[25]) == (b"\0\0\0\7", b"\0\0\0\5", 16, 2)


@pytest.mark.parametrize("pixels", [np.ones((3, 4), np.float32), np.zeros((0, 4, 3), np.uint8), np.zeros(3, np.uint8)])
def test_what_is_no_picture_is_kept_as_it_came(tmp_path: Path, pixels: NDArray[np.generic]):
    kept = keep(tmp_path, 1, 1, {"top": pixels})["top"]

    assert np.array_equal(np.load(tmp_path / kept.file, allow_pickle=False), pixels)


def test_evidence_is_never_overwritten(tmp_path: Path):
    first = keep(tmp_path, 1, 1, {"top": np.zeros((8, 8, 3), np.uint8)})["top"]

    with pytest.raises(LineError, match="there already and was left alone"):
        keep(tmp_path, 1, 1, {"top": np.ones((8, 8, 3), np.uint8)})

    assert digest_file(tmp_path / first.file) == first.sha256


@pytest.mark.parametrize("view", ["../outside", "a/b", "", "a\0b"])
def test_a_view_that_leaves_the_folder_is_refused(tmp_path: Path, view: str):
    with pytest.raises(LineError, match="cannot be a file name"):
        keep(tmp_path / "evidence", 1, 1, {view: np.zeros((8, 8, 3), np.uint8)})

    assert not (tmp_path / "evidence").exists()


def test_evidence_that_cannot_be_written_is_said_plainly(tmp_path: Path):
    (tmp_path / "000001").write_text("a file stands where the folder should be")

    with pytest.raises(LineError, match="evidence cannot be written"):
        keep(tmp_path, 1, 1, {"top": np.zeros((8, 8, 3), np.uint8)})


def test_the_content_of_a_record_is_plain_json():
    content = record(outcome(BATCH, 7, taken_at=WHEN.replace(microsecond=123456))).content()

    assert json.loads(canonical(content))["taken_at"] == "2026-11-22T10:00:00.123456Z"
