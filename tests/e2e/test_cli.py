"""The command line in processes of its own: exit codes, what is said, and verdicts that follow the sheet.

The eyes are tests/tiny's, so that every verdict is known before; where a sheet is read, the mind is the embedded one.
"""

import json
from pathlib import Path
from subprocess import CompletedProcess

import cv2
import numpy as np
import pytest

from inspector.records import RecordStore
from models.criteria import CriteriaSheet
from models.package import ModelPackage
from models.reading import Reading, reading_path
from tests import tiny
from tests.outcomes import WHEN, opening, outcome, rejected, seen
from tests.process import inspector
from tests.tiny import STAIN, Disc

SPOT = Disc(2.0)
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    return tiny.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, embedded_package: Path) -> ModelPackage:
    """The embedded mind under the tiny eyes."""
    return tiny.with_eyes(ModelPackage.load(embedded_package), tmp_path_factory.mktemp("reader") / "package")


@pytest.fixture(scope="module")
def store(package: ModelPackage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a batch of one unit; no test writes to it."""
    folder = tmp_path_factory.mktemp("line")
    done = inspector("run", "--line", tiny.write_line(folder, package, [tiny.unit(1)]))
    assert done.returncode == 0, done.stderr
    return folder / "store"


def states(folder: Path) -> list[str]:
    """States of the units of the store's last batch, by its own export."""
    exported = inspector("records", "export", folder / "store", "--form", "jsonl")
    kept = [json.loads(line) for line in exported.stdout.splitlines()]
    last = max(record["batch"] for record in kept)
    return [record["state"] for record in sorted(kept, key=lambda r: r["unit"]) if record["batch"] == last]


# ------------------------------------------------------------ run, records
def test_a_run_says_how_it_ended_in_a_table_and_by_its_exit_code(package: ModelPackage, tmp_path: Path):
    shown = [tiny.unit(1), tiny.unit(2, SPOT), tiny.unit(3, Disc(2.0, STAIN)), tiny.unit(4), tiny.unit(5)]
    line = tiny.write_line(tmp_path, package, shown)

    done = inspector("run", "--line", line, "--units", "4")

    said = {tuple(part.strip(" │┃") for part in row.split("│")[1:3]) for row in done.stdout.splitlines() if "│" in row}
    assert done.returncode == 0
    assert "batch 1: complete" in done.stdout
    assert {("triggered", "4"), ("accepted", "2"), ("rejected", "1"), ("held", "1"), ("because DEFECT", "1")} <= said
    assert states(tmp_path) == ["accepted", "rejected", "held", "accepted"]


def test_records_are_listed_shown_exported_and_verified(package: ModelPackage, tmp_path: Path):
    line = tiny.write_line(tmp_path, package, [tiny.unit(1), tiny.unit(2, SPOT)])
    inspector("run", "--line", line)
    store = tmp_path / "store"

    listed = inspector("records", "list", store)
    shown = inspector("records", "show", store, "1", "2")
    exported = inspector("records", "export", store, "--to", tmp_path / "records.csv")
    head = inspector("records", "head", store)
    (tmp_path / "head.json").write_text(head.stdout)
    verified = inspector("records", "verify", store, "--evidence", "--anchor", tmp_path / "head.json")

    assert all(done.returncode == 0 for done in (listed, shown, exported, head, verified))
    assert "yes" in listed.stdout
    assert json.loads(shown.stdout)["state"] == "rejected"
    assert len((tmp_path / "records.csv").read_text().splitlines()) == 3
    assert "2 records and 2 events, chain intact, 2 pictures and heat maps" in verified.stdout


@pytest.mark.parametrize("columns", [80, 0], ids=["terminal", "pipe"])
def test_the_list_of_batches_is_never_cut(tmp_path: Path, columns: int):
    with RecordStore.open(tmp_path / "store") as store:
        batch = store.open_batch(opening(), at=WHEN, by="line 1")
        store.append([outcome(batch, 1)])
        store.quarantine(batch.batch, 1234, at=WHEN, by="recovery")

    listed = inspector("records", "list", tmp_path / "store", terminal=columns).stdout

    assert "…" not in listed
    assert all(
        word in listed for word in ("2026-11-22", "10:00:00", "Tablets", "releasable", "quarantine", ": 2", "to 1234")
    )


def test_a_unit_or_a_store_that_is_not_there_is_said_in_a_line(store: Path, tmp_path: Path):
    unit = inspector("records", "show", store, "1", "99")
    huge = inspector("records", "show", store, "1", "9" * 20)
    huge_batch = inspector("records", "show", store, "9" * 20, "1")
    nowhere = inspector("records", "list", tmp_path / "nowhere")

    assert (unit.returncode, huge.returncode, nowhere.returncode) == (1, 1, 1)
    assert f"no record of unit {'9' * 20}" in " ".join(huge.stderr.split())
    assert f"no batch {'9' * 20}" in " ".join(huge_batch.stderr.split())
    assert "batch 1 has no record of unit 99; the first that has one is 1, the last 1." in " ".join(unit.stderr.split())
    assert "no record store here" in nowhere.stderr


def test_an_export_never_harms_a_file_that_is_there(store: Path, tmp_path: Path):
    old = tmp_path / "old.csv"
    old.write_text("an earlier export")
    records = store / "records.sqlite"
    before = records.read_bytes()

    into_it = inspector("records", "export", store, "--to", records)
    no_batch = inspector("records", "export", store, "--to", old, "--batch", "77")
    below = inspector("records", "export", store, "--to", old, f"--batch=-{'9' * 30}")

    assert (into_it.returncode, no_batch.returncode, below.returncode) == (1, 1, 2)
    assert "lies in the record store" in into_it.stderr
    assert "greater than or equal to 1" in " ".join(below.stderr.split())
    assert "there is no batch 77" in no_batch.stderr.replace("\n", " ")
    assert (records.read_bytes(), old.read_text()) == (before, "an earlier export")


@pytest.mark.parametrize("anchor", ["{}", "units", "\x80"])
def test_an_anchor_that_is_none_is_refused(store: Path, tmp_path: Path, anchor: str):
    (tmp_path / "anchor.json").write_bytes(anchor.encode("latin-1"))

    done = inspector("records", "verify", store, "--anchor", tmp_path / "anchor.json")

    assert done.returncode == 1
    assert "is no output of `inspector records head`" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("gate_after_ms: 3000", "gate_after_ms: 5"), "gate_after_ms"),
        (("gate_after_ms", "gate_afetr_ms"), "gate_afetr_ms"),
        (("driver: replay", "driver: replya"), "views.top.camera"),
        (("units_per_min: 1200", "units_per_min: 6000"), "put more than 60 units between camera and gate"),
        (("  top:", "  ../top:"), "views.../top"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_field(
    package: ModelPackage, tmp_path: Path, change: tuple[str, str], says: str
):
    line = tiny.write_line(tmp_path, package, [tiny.unit(1)])
    line.write_text(line.read_text().replace(*change))

    done = inspector("run", "--line", line)

    assert done.returncode == 1
    assert str(line) in done.stderr.replace("\n", "")
    assert says in done.stderr
    assert not (tmp_path / "store").exists()


# ------------------------------------------------------------ examine
@pytest.mark.parametrize(
    ("discs", "code", "says"),
    [((), 0, "ACCEPT"), ((SPOT,), 5, "REJECT DEFECT"), ((Disc(2.0, STAIN),), 6, "HOLD UNSURE")],
    ids=["good", "spot", "stain"],
)
def test_one_picture_is_judged_and_written_with_its_findings(
    package: ModelPackage, tmp_path: Path, discs: tuple[Disc, ...], code: int, says: str
):
    sheet = tiny.write_sheet(tmp_path, package)
    image = tmp_path / "unit.png"
    image.write_bytes(tiny.png(tiny.unit(1, *discs)))

    done = inspector(
        "examine",
        image,
        "--sheet",
        sheet,
        "--mm-per-px",
        "0.1",
        "--package",
        package.folder,
        "--out",
        tmp_path / "a.png",
    )

    assert done.returncode == code
    assert says in done.stdout
    written = cv2.imread(str(tmp_path / "a.png"))
    assert written is not None
    assert written.shape[1] >= tiny.COLUMNS


def test_a_damaged_picture_is_not_judged(package: ModelPackage, tmp_path: Path):
    sheet = tiny.write_sheet(tmp_path, package)
    image = tmp_path / "unit.png"
    image.write_bytes(tiny.png(tiny.unit(1))[:200])

    done = inspector("examine", image, "--sheet", sheet, "--mm-per-px", "0.1", "--package", package.folder)

    assert done.returncode == 1
    assert "Nothing was judged" in done.stderr


@pytest.mark.parametrize(
    "names", [{"--out": "unit.png"}, {"--heat": "unit.png.examined.png"}, {"--out": "a.png", "--heat": "a.png"}]
)
def test_an_examined_picture_is_never_written_over(package: ModelPackage, tmp_path: Path, names: dict[str, str]):
    image = tmp_path / "unit.png"
    image.write_bytes(tiny.png(tiny.unit(1)))
    options = [word for option, name in names.items() for word in (option, tmp_path / name)]

    done = inspector(
        "examine",
        image,
        "--sheet",
        tiny.write_sheet(tmp_path, package),
        "--mm-per-px",
        "0.1",
        "--package",
        package.folder,
        *options,
    )

    assert done.returncode == 1
    assert "would be written over" in done.stderr.replace("\n", " ")
    assert image.read_bytes() == tiny.png(tiny.unit(1))


# ------------------------------------------------------------ the sheet decides
def read(package: ModelPackage, sheet: Path, *more: str) -> "CompletedProcess[str]":
    return inspector("read", sheet, "--package", package.folder, *more)


APPROVE = ("--approve", "A. Person", "--reason", "seen")


@pytest.mark.parametrize(
    ("sheet", "state"),
    [
        (tiny.sheet_text(), "rejected"),
        (tiny.sheet_text(spot_mm=3), "accepted"),
        (tiny.sheet_text(spot="minor"), "accepted"),
        (tiny.sheet_text(spot="off"), "accepted"),
        (tiny.sheet_text(zone="foil"), "held"),
    ],
    ids=["as it was", "tolerance", "severity", "off", "zone"],
)
def test_a_change_in_the_sheet_changes_the_verdict(reader: ModelPackage, tmp_path: Path, sheet: str, state: str):
    line = tiny.write_line(tmp_path, reader, [tiny.unit(1, SPOT)])
    path = tmp_path / "sheet.yaml"
    path.write_text(sheet)

    approved = read(reader, path, *APPROVE)
    done = inspector("run", "--line", line)

    assert approved.returncode == 0, approved.stdout + approved.stderr
    assert "approved by A. Person: seen" in approved.stdout
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == [state]  # a spot of 2 mm on a tablet


def test_words_alone_are_shown_to_differ_refused_and_taken_over(reader: ModelPackage, tmp_path: Path):
    line = tiny.write_line(tmp_path, reader, [tiny.unit(1, SPOT)])
    path = tmp_path / "sheet.yaml"
    path.write_text(tiny.sheet_text().replace("{limit}", "3 mm"))

    differ = read(reader, path)
    refused = inspector("run", "--line", line)
    not_approved = read(reader, path, *APPROVE)
    taken = read(reader, path, "--write", *APPROVE)
    done = inspector("run", "--line", line)

    assert differ.returncode == 4
    assert "DIFFER" in differ.stdout
    assert "limit: the words say 3, the fields 1" in differ.stdout
    assert refused.returncode == 1
    assert "words and fields of 1 criteria do not agree" in refused.stderr
    assert not_approved.returncode == 1
    assert taken.returncode == 0, taken.stdout + taken.stderr
    limit = CriteriaSheet.load(path).criterion("S1").limit
    assert limit is not None
    assert limit.value == 3
    assert "# a comment that stays" in path.read_text()
    assert done.returncode == 0
    assert states(tmp_path) == ["accepted"]


def test_an_unapproved_reading_does_not_run(reader: ModelPackage, tmp_path: Path):
    line = tiny.write_line(tmp_path, reader, [tiny.unit(1)])
    path = tmp_path / "sheet.yaml"
    path.write_text(tiny.sheet_text(spot_mm=2))

    shown = read(reader, path)
    done = inspector("run", "--line", line)

    assert shown.returncode == 0
    assert "not approved" in shown.stderr
    assert Reading.load(reading_path(path)).approval is None
    assert done.returncode == 1
    assert "nobody has approved this reading" in done.stderr


def test_what_a_draft_would_change_is_shown_in_one_order_with_what_no_sheet_could(reader: ModelPackage, tmp_path: Path):
    draft = tiny.write_sheet(tmp_path, reader)
    with RecordStore.open(tmp_path / "store") as store:
        batch = store.open_batch(opening(), at=WHEN, by="line 1")
        late = rejected(batch, 2, reason="LATE")
        store.append([outcome(batch, 1), late, rejected(batch, 3, seen("spot", 0.8))])
    asked = ("what-if", draft, "--store", tmp_path / "store", "--batch", 1, "--package", reader.folder)

    shown = inspector(*asked, "--most", 0)
    refused = inspector(*asked, "--most", "-1")

    rows = [[part.rstrip() for part in row.split("│")[1:4]] for row in shown.stdout.splitlines() if "│" in row]
    assert shown.returncode == 0, shown.stderr
    assert [row[0][1:] for row in rows] == ["ACCEPT", "HOLD", "REJECT", "  of these LATE, not judged anew"]
    assert [[int(count) for count in row[1:]] for row in rows] == [[1, 2], [0, 0], [2, 1], [1, 1]]
    assert "1 more; list them with --most" in shown.stderr
    assert refused.returncode == 2


def test_a_draft_that_no_line_would_start_with_is_not_weighed(reader: ModelPackage, tmp_path: Path):
    short_sighted = tiny.with_eyes(reader, tmp_path / "package")
    tiny.with_smallest(short_sighted, spot_px=5)
    draft = tiny.write_sheet(tmp_path, short_sighted)
    far_off = opening().model_copy(update={"recipe": {"views": {"top": {"mm_per_px": 5.0}}}})
    with RecordStore.open(tmp_path / "store") as store:
        store.append([outcome(store.open_batch(far_off, at=WHEN, by="line 1"), 1)])

    done = inspector("what-if", draft, "--store", tmp_path / "store", "--batch", 1, "--package", tmp_path / "package")

    assert done.returncode == 1
    assert "is below the smallest spot" in " ".join(done.stderr.split())


def test_looking_with_another_package_keeps_an_approval_and_approving_replaces_it(
    reader: ModelPackage, package: ModelPackage, tmp_path: Path
):
    path = tiny.write_sheet(tmp_path, package)
    before = reading_path(path).read_bytes()

    looked = read(reader, path)
    after = reading_path(path).read_bytes()
    approved = read(reader, path, *APPROVE)

    assert looked.returncode == 0, looked.stderr
    assert "Spots larger than 1 mm" in looked.stdout
    assert f"approved for package {package.digest[:19]} was kept; --approve" in " ".join(looked.stderr.split())
    assert after == before
    assert approved.returncode == 0
    assert Reading.load(reading_path(path)).package_digest == reader.digest


def test_an_approval_needs_a_name_and_a_reason(reader: ModelPackage, tmp_path: Path):
    tiny.write_line(tmp_path, reader, [])
    path = tmp_path / "sheet.yaml"

    done = read(reader, path, "--approve", "A. Person")

    assert done.returncode == 1
    assert "an approval needs a name and a reason" in done.stderr


def test_a_sheet_of_units_shows_each_with_its_defects_named(tmp_path: Path) -> None:
    done = inspector("render", tmp_path / "sheet.png", "--family", "vial", "--units", 4, "--content", "defective")
    picture = np.asarray(cv2.imread(str(tmp_path / "sheet.png")))

    assert done.returncode == 0
    assert "4 units of seeds 0 to 3" in done.stdout
    high, wide, _ = picture.shape
    assert wide == 768 and high > 480  # what is said of a unit stands above it and hides none of it


def test_examples_of_a_family_are_what_a_teaching_takes(tmp_path: Path) -> None:
    done = inspector("examples", tmp_path / "out", "--family", "loose", "--product", 1, "--units", 3)
    lines = [json.loads(line) for line in (tmp_path / "out" / "examples.jsonl").read_text().splitlines()]

    assert done.returncode == 0
    assert len({line["mm_per_px"] for line in lines}) == 1
    assert all((tmp_path / "out" / line["image"]).is_file() for line in lines)


def test_what_eight_bits_cost_is_said_in_shares_of_the_same_answers(embedded_package: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.yaml"
    sentence = (
        "{text: Any chip over 2 mm is major., heading: '', note: {kind: size, defect: chip, zone: '', outside: false"
    )
    few.write_text(f"sentences:\n  - {sentence}, unit: mm, operator: '>', limit: 2.0, severity: major}}}}\n")

    done = inspector(
        "bench", "precision", "--sentences", few, "--questions", 30, "--package", embedded_package, "--threads", 1
    )

    assert done.returncode == 0, done.stderr
    assert "shipped: criteria read as in full precision" in done.stdout
    assert "four bits: verdicts as in full precision" in done.stdout
    assert not [path for path in embedded_package.parent.iterdir() if path.name.startswith(".precision-")]
