"""The bench on a tiny package, run short: what it reports must add up; how long things took is not asserted."""

import pytest
from typer.testing import CliRunner

from inspector.bench.figures import BenchReport, latency
from inspector.bench.line import bench_line
from inspector.bench.made import made_notes, made_sheet, tokens_of
from inspector.bench.precision import bench_precision
from inspector.cli import app
from inspector.errors import LineError
from models.errors import PackageInvalid
from models.package import TOKENIZER, Words
from models.tokens import Tokens
from tests import tiny

UNITS = 24


@pytest.fixture(scope="module")
def line(package, tmp_path_factory):
    """Two good units, one that the eyes leave open."""
    folder = tmp_path_factory.mktemp("line")
    pictures = [tiny.unit(1), tiny.unit(2), tiny.unit(3, tiny.Disc(2.0))]
    return tiny.write_line(folder, package, pictures)


def silent(what, done, of):
    """A step that nobody watches."""


def benched(line, *arguments, folder):
    file = folder / "figures.json"
    ran = CliRunner().invoke(app, ["bench", *arguments, "--line", str(line), "--json", str(file)])
    assert ran.exit_code == 0, ran.output
    return ran.output, BenchReport.model_validate_json(file.read_bytes())


def test_every_trigger_of_a_benched_line_has_its_record_and_its_place_in_the_counts(line, tmp_path):
    arguments = ("line", "--rates", "600,1200", "--units", str(UNITS), "--gate-after-ms", "3000")

    output, report = benched(line, *arguments, folder=tmp_path)

    assert [batch.units_per_min for batch in report.line] == [600, 1200]
    for batch in report.line:
        assert batch.triggers == UNITS or batch.ended == "held"  # a starved machine is reported, not hidden
        assert (batch.records, batch.missing, batch.escapes) == (batch.triggers, 0, 0)
        assert batch.accepted + batch.rejected + batch.held == batch.triggers
        assert batch.ready is not None
        assert batch.ready.count + batch.skipped == batch.triggers
        parts = [part.count for part in (batch.clear, batch.few, batch.many) if part is not None]
        assert sum(parts) == batch.ready.count
        assert batch.good is None  # a folder does not say which of its units are good
    assert "triggers / records / missing" in output
    assert report.machine.cores > 0


def test_a_drawn_line_knows_its_good_units_and_how_many_of_them_ran_out_of_time(package, tmp_path):
    camera = "{driver: synthetic, units_per_min: 60, defective_pct: 50, pool: 8}"
    line = tiny.write_line(tmp_path, package, tmp_path, camera=camera)
    line.write_text(line.read_text().replace(f"mm_per_px: {tiny.MM_PER_PX}", "mm_per_px: 0.1"))

    with pytest.raises(LineError, match=r"mm_per_px is 0.1.*Write (\S+)") as refused:
        bench_line(line, rates=[600], units=UNITS, gate_after_ms=3000, step=silent)
    scale = str(refused.value).partition("Write ")[2].split()[0]
    line.write_text(line.read_text().replace("mm_per_px: 0.1", f"mm_per_px: {scale}"))
    (batch,) = bench_line(line, rates=[600], units=UNITS, gate_after_ms=3000, step=silent)

    assert batch.defective_pct == 2
    assert batch.good is not None
    assert 0 < batch.good <= UNITS
    assert batch.good_late is not None
    assert batch.good_late <= batch.good


def test_a_bench_leaves_the_lines_own_store_alone(line):
    bench_line(line, rates=[1200], units=4, gate_after_ms=3000, step=silent)

    assert not (line.parent / "store").exists()
    assert not list(line.parent.glob(".bench-*"))


def test_the_model_is_measured_part_by_part(line, tmp_path):
    arguments = ("model", "--times", "3", "--sheet-tokens", "300,4000", "--threads", "1")

    output, report = benched(line, *arguments, folder=tmp_path)

    assert report.model is not None
    assert [unit.observations for unit in report.model.doubtful] == [1, 4]
    assert [engine.observations for engine in report.model.engine] == [0, 1, 4]
    assert all(engine.examine_ms >= engine.graphs_ms > 0 for engine in report.model.engine)
    short, long = report.model.lengths
    assert (short.refused, short.tokens >= 300) == ("", True)
    assert short.tokens < long.tokens < 4000
    assert "tiny reads 1024" in long.refused
    assert "4000 tokens were refused: a sheet of" in output
    assert report.model.reading.sixty_s > 0


def test_a_camera_whose_material_ends_is_refused(package, tmp_path):
    line = tiny.write_line(tmp_path, package, tmp_path, camera="{driver: video, file: a.mp4}")

    with pytest.raises(LineError, match=r"driver video: its material ends before a bench does"):
        bench_line(line, rates=[600], units=4, gate_after_ms=200, step=silent)


def test_a_rate_that_overfills_the_belt_is_refused(line):
    with pytest.raises(LineError, match=r"more than 60 units between camera and gate"):
        bench_line(line, rates=[6000], units=4, gate_after_ms=3000, step=silent)


@pytest.mark.parametrize("rates", ["", "fast", "300,0", "300,,600", "nan"])
def test_rates_that_are_no_numbers_are_refused_by_their_text(line, rates):
    ran = CliRunner().invoke(app, ["bench", "line", "--line", str(line), "--rates", rates])

    assert isinstance(ran.exception, LineError)
    assert f"--rates {rates}: numbers over 0" in str(ran.exception)


def test_a_percentile_needs_enough_measurements():
    few, many = latency([float(ms) for ms in range(1, 100)]), latency([float(ms) for ms in range(1, 1001)])

    assert few is not None
    assert (few.p50_ms, few.p99_ms, few.worst_ms) == (50, None, 99)
    assert many is not None
    assert (many.p50_ms, many.p99_ms, many.p999_ms, many.worst_ms) == (500, 990, 999, 1000)
    assert latency([]) is None


def test_precisions_of_a_taught_mind_are_refused(package):
    with pytest.raises(PackageInvalid, match=r"on the mind of the embedded package\. Nothing was measured"):
        bench_precision(package, [], [], threads=1, progress=lambda *step: None)


def test_made_sheets_are_as_long_as_wanted_and_ask_about_one_line_alone(package):
    words, tokens = package.manifest.words, Tokens(package.path(TOKENIZER))

    short, long = (made_notes(words, tokens, least) for least in (300, 2000))

    assert 300 <= tokens_of(short, words, tokens) < tokens_of(long, words, tokens)
    for notes in (short, long):
        assert sum(note.defect == words.defects[-1] for _, note in notes) == 1
    alone = made_notes(Words(("anomaly",), ("product",)), tokens, 300)
    assert {note.defect for _, note in alone} == {"anomaly"}
    one, other = (made_sheet(words, 60, changed=number) for number in (0, 1))
    assert sum(a != b for a, b in zip(one.criteria, other.criteria, strict=True)) == 1
