"""The console over HTTP: what an operator reads, what QA looks up, and that nothing of it leaves the machine."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from inspector.console import records, sheet, views
from inspector.console.app import listen, serve
from inspector.console.live import live_panel
from inspector.errors import LineError
from inspector.line.display import STATUS_FILE
from inspector.line.status import ShownFrame, Status
from inspector.records import RecordStore, keep
from inspector.records.evidence import heat_of
from models.digest import digest_bytes
from models.reading import Reading, ReadLine, reading_path
from models.verdict import Disposition, Finding, Reason
from tests import outcomes
from tests.integration.console_process import Console, console
from tests.outcomes import WHEN, accepted_counts, finding, opening, outcome, rejected, seen, status

pytestmark = pytest.mark.timeout(300)  # the page's libraries take long to load on a busy machine
NOW = datetime.now(UTC)
PICTURE = np.full((480, 768, 3), 128, np.uint8)
HEAT = np.zeros((240, 384), np.uint8)
HEAT[100:110, 200:220] = 250
FOUND = finding(clauses=("21CFR211.84",))


def frame(found: Finding = FOUND) -> ShownFrame:
    return ShownFrame(
        file="004.jpg",
        batch=1,
        unit=1042,
        view="top",
        disposition=Disposition.REJECT,
        reason=Reason.DEFECT,
        text="spot: over",
        state="rejected",
        taken_at=NOW,
        findings=(found,),
    )


def at_work(**changes: object) -> Status:
    """A line in the middle of a batch, now."""
    content: dict[str, object] = {
        "triggered": 1200,
        "accepted": 1150,
        "held": 8,
        "rejected": {"DEFECT": 30, "LATE": 12},
        "late": 12,
        "skipped": 3,
        "p50_ms": 24.0,
        "p99_ms": 52.0,
        "updated_at": NOW,
        "frames": (frame(),),
    }
    return status(**content | changes)


def write_status(store: Path, said: Status) -> Path:
    live = store / "live"
    live.mkdir(parents=True, exist_ok=True)
    (live / STATUS_FILE).write_text(said.model_dump_json())
    return live


def write_sheet(
    folder: Path, *, wrong: str = "", left_over: str = "", score: float = 0.99, approved: bool = True
) -> Path:
    """The tests' sheet with its reading; `wrong` is read as critical instead of major, its first line says more."""
    written, path = outcomes.sheet(), folder / "blister.yaml"
    with path.open("w") as file:
        YAML().dump(written.model_dump(mode="json"), file)
    lines: list[ReadLine] = []
    for line in outcomes.reading(written).lines:
        tiers = tuple(tier.model_copy(update={"severity": "critical"}) for tier in line.words.tiers)
        words = line.words.model_copy(update={"tiers": tiers}) if line.id == wrong else line.words
        more = "" if lines else left_over
        lines.append(line.model_copy(update={"words": words, "score": score, "left_over": more}))
    reading = Reading.model_validate(outcomes.reading(written).model_dump() | {"lines": lines})
    (reading.approved(by="A. Berger", reason="as specified", at=WHEN) if approved else reading).save(reading_path(path))
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One closed batch, one quarantined one with a rejected unit and its picture, and a running line's status."""
    folder = tmp_path_factory.mktemp("line") / "store"
    with RecordStore.open(folder) as opened:
        batch = opened.open_batch(opening(), at=WHEN, by="line 1")
        opened.append([outcome(batch, 1), outcome(batch, 2)])
        opened.close_batch(batch.batch, accepted_counts(2), at=WHEN, by="line 1")
        batch = opened.open_batch(opening(2), at=WHEN, by="line 1")
        evidence = keep(opened.evidence, batch.batch, 3, {"top": PICTURE, heat_of("top"): HEAT})
        bad = rejected(batch, 3, seen("spot", 0.83)).model_copy(update={"evidence": evidence, "findings": (FOUND,)})
        opened.append([bad, outcome(batch, 4)])
        opened.quarantine(batch.batch, 6, at=WHEN, by="recovery")
    (write_status(folder, at_work()) / "004.jpg").write_bytes(b"a picture")
    return folder


@pytest.fixture(scope="module")
def page(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(store, write_sheet(tmp_path_factory.mktemp("sheet"))) as running:
        yield running


def test_the_page_names_no_address_but_its_own(page: Console):
    front = page.get("/")

    loaded = re.findall(r"""(?:src|href)=["'](https?://[^"']+|//[^"']+)""", front.text)
    fonts = re.findall(r"https?://[^\s\"')]*(?:font|cdn)[^\s\"')]*", front.text)
    assert front.status == 200
    assert [url for url in loaded if not url.startswith(page.address) and "gradio.app" not in url] == []
    assert fonts == []


def test_the_browser_is_forbidden_every_other_address(page: Console):
    for path in ("/", "/live/panel", "/config"):
        policy = page.get(path).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy


def test_the_style_sheet_of_the_theme_fetches_nothing(page: Console):
    theme = page.get("/theme.css")

    assert theme.status == 200
    assert not re.search(r"""url\(["']?(https?:)?//|@import""", theme.text)


def test_the_live_panel_and_its_pictures_are_served(page: Console):
    panel, picture = page.get("/live/panel"), page.get("/live/004.jpg")

    assert "line-1" in panel.text
    assert int(panel.headers["x-renew-ms"]) >= 500
    assert (picture.content, picture.headers["content-type"]) == (b"a picture", "image/jpeg")


@pytest.mark.parametrize(
    "path", ["/live/status.json", "/live/..%2Frecords.sqlite", "/live/999.jpg", "/records/9/9/top.jpg"]
)
def test_nothing_else_of_the_store_is_served(page: Console, path: str):
    assert page.get(path).status == 404


def test_kept_evidence_is_served_annotated(page: Console):
    picture = page.get("/records/2/3/top.jpg")

    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")


def test_the_heat_map_of_a_view_is_served_over_its_picture_and_shown_with_the_record(page: Console, store: Path):
    picture = page.get("/records/2/3/top.heat.jpg")
    found = views.record(store, 2, 3)
    assert not isinstance(found, views.Problem)
    shown = views.evidence(store, found, "top.heat")

    assert picture.headers["content-type"] == "image/jpeg"
    assert isinstance(shown, np.ndarray)
    assert shown.shape == PICTURE.shape
    assert np.ptp(shown[205, 420].astype(int)) > 60  # colour where the eyes suspect something
    assert np.ptp(shown[20, 20].astype(int)) == 0  # grey where they do not


def test_a_used_port_is_refused_with_the_way_out(store: Path):
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(LineError, match=rf"port {port} on 127.0.0.1 is in use.*stop the other console.*--port"):
            serve(store, port=port)


def test_an_address_that_is_not_this_machines_is_refused(store: Path):
    with pytest.raises(LineError, match=r"192\.0\.2\.1 is in use or not allowed"):
        serve(store, host="192.0.2.1", port=0)  # reserved for documentation, RFC 5737


def test_the_panel_shows_counters_findings_and_latency(store: Path):
    text = live_panel(views.live(store / "live", now=NOW))

    plain = re.sub(r"<[^>]+>", " ", text)
    for expected in ("RUNNING", "1 150", "42", "95.8%", "24 ms / 52 ms", "late 12", "unit 1042", "21 CFR 211.84"):
        assert expected in re.sub(r"\s+", " ", plain)
    assert "0.83 ± 0.12 mm &gt; 0.5" in text


def test_a_line_that_fell_silent_is_not_shown_as_running(store: Path):
    view = views.live(store / "live", now=NOW + timedelta(seconds=6))

    assert view.lamp is views.Lamp.NO_LINE
    assert "nothing was heard for 6 s" in view.text


def test_a_line_is_not_shown_as_running_because_the_date_was_set_back(store: Path):
    """It may have stopped an hour ago: nobody can tell."""
    view = views.live(store / "live", now=NOW - timedelta(hours=1))

    assert view.lamp is views.Lamp.NO_LINE
    assert "Set the computer's date right" in view.text


@pytest.mark.parametrize(
    ("said", "lamp", "text"),
    [
        ({"state": "held", "reason": "the disk is full"}, views.Lamp.HELD, "the disk is full"),
        ({"state": "ended", "reason": "the disk is full"}, views.Lamp.HELD, "the disk is full"),
        ({"state": "ended"}, views.Lamp.ENDED, "Batch 1 has ended"),
    ],
)
def test_the_lamp_says_the_state_and_why(tmp_path: Path, said: dict[str, object], lamp: views.Lamp, text: str):
    live = write_status(tmp_path, at_work(**said))

    view = views.live(live, now=NOW)

    assert view.lamp is lamp
    assert text in view.text
    assert lamp.value in live_panel(view)


def test_a_damaged_status_is_said_and_not_shown(tmp_path: Path):
    live = write_status(tmp_path, at_work())
    (live / STATUS_FILE).write_text('{"line": "li')

    assert "cannot be read" in live_panel(views.live(live, now=NOW))


def test_what_a_sheet_says_cannot_become_part_of_the_page(tmp_path: Path):
    live = write_status(tmp_path, at_work(frames=(frame(finding(wording="<script>alert(1)</script>")),), line="<b>x"))

    text = live_panel(views.live(live, now=NOW))

    assert "<script>" not in text
    assert "<b>x" not in text


def test_an_approved_sheet_that_agrees_may_be_judged_by(tmp_path: Path):
    text = sheet.sheet_page(views.sheet(write_sheet(tmp_path), sure_from=0.5))

    assert "a line may judge by this sheet" in text
    assert "A. Berger, 2026-11-22 10:00 UTC: as specified" in text
    assert text.count("✓ agrees") == 2


def test_the_criterion_on_which_words_and_fields_differ_is_shown(tmp_path: Path):
    view = views.sheet(write_sheet(tmp_path, wrong="spot"), sure_from=0.5)

    text = sheet.sheet_page(view)

    assert "the batch is not started" in text
    assert "severity: the words say critical, the fields major" in text
    assert (text.count("✗ differs"), text.count("✓ agrees")) == (1, 1)


def test_an_unsure_and_an_unapproved_reading_are_shown_as_such(tmp_path: Path):
    unsure = sheet.sheet_page(views.sheet(write_sheet(tmp_path, score=0.3), sure_from=0.5))
    unapproved = sheet.sheet_page(views.sheet(write_sheet(tmp_path, approved=False), sure_from=0.5))

    assert unsure.count("? unsure") == 2
    assert "nobody has approved this reading" in unapproved


def test_a_sentence_that_says_more_than_one_rule_is_shown_as_such(tmp_path: Path):
    text = sheet.sheet_page(views.sheet(write_sheet(tmp_path, left_over="a second limit"), sure_from=0.5))

    assert text.count("✗ not plain") == 1
    assert "a second limit; write one plain rule" in text


def test_a_sheet_that_changed_since_it_was_read_is_shown_as_such(tmp_path: Path):
    path = write_sheet(tmp_path)
    path.write_text(path.read_text().replace("No chips.", "Chips are never allowed."))

    text = sheet.sheet_page(views.sheet(path, sure_from=0.5))

    assert "has changed since it was read" in text
    assert text.count("… not read") == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"score": 0.99', '"score": 0.98', "the reading is not the one that A. Berger approved"),
        ('"fields": {\n    "kind": "any"', '"fields": {\n    "kind": "off"', "the lines of the reading are not those"),
    ],
)
def test_an_altered_reading_may_not_be_judged_by(tmp_path: Path, old: str, new: str, says: str):
    path = write_sheet(tmp_path)
    kept = reading_path(path).read_text()
    reading_path(path).write_text(kept.replace(old, new))
    view = views.sheet(path, sure_from=0.5)

    text = sheet.sheet_page(view)

    assert old in kept
    assert isinstance(view, views.SheetView) and not view.usable
    assert says in text
    assert "a line may judge by this sheet" not in text


def test_a_sheet_with_a_mistake_shows_the_mistake(tmp_path: Path):
    path = write_sheet(tmp_path)
    path.write_text(path.read_text().replace("severity: major", "severity: grave"))

    assert "severity" in sheet.sheet_page(views.sheet(path, sure_from=0.5))
    assert "No sheet is known" in sheet.sheet_page(views.sheet(None, sure_from=None))


def test_batches_say_whether_they_are_releasable(store: Path):
    known = views.batches(store, 20)

    assert not isinstance(known, views.Problem)
    text = records.batches_table(known)
    assert "closed, counts reconcile" in text
    assert "units in quarantine: 5 to 6" in text


def test_a_record_is_shown_with_its_finding_and_its_place_in_the_chain(store: Path):
    record = views.record(store, 2, 3)

    assert not isinstance(record, views.Problem)
    text = records.record_page(record, {"top": ""})
    for expected in ("✗ REJECT", "Spots over 0.5 mm are major.", record.hash, "content and hash agree", "top.jpg"):
        assert expected in text


def test_rejects_are_listed_without_the_accepts_between_them(store: Path):
    everything = views.newest(store, 2, 10, only_refused=False)
    refused = views.newest(store, 2, 10, only_refused=True)

    assert not isinstance(everything, views.Problem)
    assert not isinstance(refused, views.Problem)
    assert ([r.unit for r in everything], [r.unit for r in refused]) == ([4, 3], [3])


def test_a_reject_is_listed_however_many_good_units_came_after_it(tmp_path: Path):
    with RecordStore.open(tmp_path) as opened:
        batch = opened.open_batch(opening(), at=WHEN, by="line 1")
        opened.append([rejected(batch, 1), *(outcome(batch, unit) for unit in range(2, 1102))])

    refused = views.newest(tmp_path, 1, 60, only_refused=True)

    assert not isinstance(refused, views.Problem)
    assert [record.unit for record in refused] == [1]


def test_a_picture_that_is_not_the_recorded_one_is_not_shown(tmp_path: Path):
    folder = tmp_path / "store"
    with RecordStore.open(folder) as opened:
        batch = opened.open_batch(opening(), at=WHEN, by="line 1")
        kept = keep(opened.evidence, batch.batch, 1, {"top": PICTURE})["top"]
        opened.append([rejected(batch, 1, seen("spot", 0.9)).model_copy(update={"evidence": {"top": kept}})])
    path = folder / "evidence" / kept.file
    record = views.record(folder, 1, 1)
    assert not isinstance(record, views.Problem)
    assert isinstance(views.evidence(folder, record, "top"), np.ndarray)

    path.write_bytes(path.read_bytes() + b"x")

    shown = views.evidence(folder, record, "top")
    assert isinstance(shown, views.Problem)
    assert "digest differs" in shown.text


def test_a_picture_outside_the_evidence_folder_is_not_opened(store: Path):
    record = views.record(store, 2, 3)
    assert not isinstance(record, views.Problem)
    outside = record.evidence["top"].model_copy(
        update={"file": "../records.sqlite", "sha256": digest_bytes((store / "records.sqlite").read_bytes())}
    )

    shown = views.evidence(store, record.model_copy(update={"evidence": {"top": outside}}), "top")

    assert isinstance(shown, views.Problem)
    assert "outside the evidence folder" in shown.text


def test_a_store_that_is_not_there_or_empty_is_said_plainly(tmp_path: Path):
    with RecordStore.open(tmp_path / "empty"):
        pass

    missing, empty = views.batches(tmp_path / "none", 20), views.batches(tmp_path / "empty", 20)

    assert isinstance(missing, views.Problem)
    assert "no record store here" in missing.text
    assert empty == ()
    assert "No batch yet" in records.batches_table(empty)
    assert views.live(tmp_path / "none" / "live", now=NOW).text.startswith("No line is running")


def test_a_store_of_a_newer_version_is_said_plainly(tmp_path: Path):
    with RecordStore.open(tmp_path / "store"):
        pass
    with sqlite3.connect(tmp_path / "store" / "records.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    shown = views.batches(tmp_path / "store", 20)

    assert isinstance(shown, views.Problem)
    assert "written with schema 9999" in shown.text
