"""The line as it runs: real threads, a real store, ONNX Runtime; pictures from a folder, verdicts known before."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.clock import SystemClock
from inspector.errors import LineError
from inspector.examine import Timing
from inspector.line.line import BatchResult, Ended, Line
from inspector.recipe import refuse_slow
from inspector.records import BatchStatus, EventKind, RecordStore
from inspector.records.record import State
from inspector.run import run_batch
from models.package import ModelPackage
from models.template import Template, small
from models.verdict import Disposition, Reason
from tests import tiny
from tests.tiny import CHIP, DIM, STAIN, Disc, records, run

SPOT = Disc(2.0)
IN_TIME = 3000  # ms to the gate: also on a machine that is busy with other things
pytestmark = pytest.mark.timeout(900)  # a line in real time, also on a machine that does other work


class MovableClock(SystemClock):
    """This computer's clock, with a date that can be set."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def utc(self) -> datetime:
        return super().utc() + self._ahead

    def set_date(self, *, by_s: float) -> None:
        self._ahead += timedelta(seconds=by_s)


def reconciles(path: Path, result: BatchResult) -> bool:
    """Triggers = accepted + rejected + held + sampled + lost = records, by the line's counts and by the store's."""
    counts = result.counts
    said = counts.accepted + counts.rejected + counts.held + counts.sampled + counts.lost
    kept = Counter(record.state for record in records(path, result.batch).values())
    states: tuple[State, ...] = ("accepted", "rejected", "held", "sampled", "lost")
    return counts.triggers == said == kept.total() and all(kept[s] == getattr(counts, s) for s in states)


def test_every_unit_gets_the_verdict_of_its_sheet_and_one_record(package: ModelPackage, tmp_path: Path):
    shown = [
        tiny.unit(1),
        tiny.unit(2, SPOT),
        tiny.unit(3, Disc(2.0, CHIP)),
        tiny.unit(4, Disc(2.0, STAIN)),
        tiny.unit(5),
    ]
    path = tiny.write_line(tmp_path, package, shown, gate_after_ms=IN_TIME)

    result = run(path)

    kept = records(path)
    verdicts = [(kept[u].disposition, kept[u].reason) for u in sorted(kept)]
    assert result.ended is Ended.COMPLETE
    assert reconciles(path, result)
    assert verdicts == [
        (Disposition.ACCEPT, None),
        (Disposition.REJECT, Reason.DEFECT),
        (Disposition.REJECT, Reason.DEFECT),
        (Disposition.HOLD, Reason.UNSURE),  # no criterion names a stain
        (Disposition.ACCEPT, None),
    ]


def test_a_finding_names_criterion_place_and_size(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1, SPOT)], gate_after_ms=IN_TIME)

    run(path)

    (finding,) = records(path)[1].findings
    assert (finding.criterion, finding.severity, finding.zone, finding.unit) == ("S1", "major", "tablet", "mm")
    assert finding.wording == "Spots larger than 1 mm are major."
    assert finding.value == pytest.approx(2.0, rel=0.15)
    assert finding.box_px is not None
    x0, y0, x1, y1 = finding.box_px
    assert x0 < tiny.PLACES[0][0] < x1
    assert y0 < tiny.PLACES[0][1] < y1


def test_a_batch_that_reconciles_is_releasable_and_names_what_it_was_judged_by(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(n) for n in range(4)], gate_after_ms=IN_TIME)

    result = run(path)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        summary = store.batch_summary(result.batch)
    assert summary.releasable
    assert {record.digests for record in records(path).values()} == {summary.opening.digests}
    assert summary.opening.digests.package == package.digest


def test_unit_numbers_go_on_from_batch_to_batch(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(n) for n in range(3)], gate_after_ms=IN_TIME)

    first, second = (run_batch(path, say=print, drawing=lambda done, of: None) for _ in range(2))

    assert (first.batch, second.batch) == (1, 2)
    assert sorted(records(path, 1)) == [1, 2, 3]
    assert sorted(records(path, 2)) == [4, 5, 6]


def test_unit_numbers_go_on_even_where_the_plcs_memory_was_lost(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(n) for n in range(3)], gate_after_ms=IN_TIME)

    run(path)
    (tmp_path / "store" / "plc.memory").unlink()
    run(path)

    assert sorted(records(path, 2)) == [4, 5, 6]


def test_the_batch_ends_after_so_many_units(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(n) for n in range(9)], gate_after_ms=IN_TIME)

    result = run(path, units=4)

    assert result.ended is Ended.COMPLETE
    assert sorted(records(path)) == [1, 2, 3, 4]


def test_a_gate_that_is_too_near_for_the_mind_rejects_and_keeps_the_observation(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1), tiny.unit(2, Disc(0.5))], gate_after_ms=2000)

    with tiny.opened_line(path, timing=Timing(1.0, (1e6, 1e6, 1e6, 1e6))) as line:
        result = line.run()

    clean, marked = records(path).values()
    assert reconciles(path, result)
    assert clean.gate == "PASS"
    assert (marked.reason, marked.gate, marked.n_observations) == (Reason.LATE, "REJECT", 1)


def test_a_look_that_cannot_be_in_time_is_not_begun(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1), tiny.unit(2)], gate_after_ms=1000)

    with tiny.opened_line(path, timing=Timing(1e6, (1.0, 1.0, 1.0, 1.0))) as line:
        result = line.run()

    assert reconciles(path, result)
    assert result.totals.skipped == 2
    assert all(r.reason is Reason.LATE and "a look takes up to" in r.text for r in records(path).values())


def test_a_machine_too_slow_for_its_gate_starts_nothing():
    with pytest.raises(LineError, match="a look takes up to 150 ms on this machine, the gate is 100 ms behind"):
        refuse_slow(150, 100)


def test_a_dim_mark_holds_the_unit(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1, Disc(2.5, DIM))], gate_after_ms=IN_TIME)

    run(path)

    record = records(path)[1]
    assert (record.disposition, record.reason, record.gate) == (Disposition.HOLD, Reason.UNSURE, "REJECT")
    assert "perhaps spot" in record.text


def test_a_picture_unlike_the_packages_is_held_as_not_assessable(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.green(1), tiny.unit(2)], gate_after_ms=IN_TIME)

    run(path)

    first, second = records(path).values()
    assert (first.disposition, first.reason) == (Disposition.HOLD, Reason.NOT_ASSESSABLE)
    assert "unlike what tiny was made for" in first.text
    assert second.disposition is Disposition.ACCEPT


def test_a_unit_that_lies_otherwise_than_its_product_does_is_held_and_the_record_says_so(
    package: ModelPackage, tmp_path: Path
):
    template = Template(small(tiny.unit(9)), 0.9)
    laid = tiny.with_eyes(package, tmp_path / "laid", template=template)
    aside = np.roll(tiny.unit(1), 48, axis=0)
    path = tiny.write_line(tmp_path, laid, [aside, np.roll(tiny.unit(2), 6, axis=1)], gate_after_ms=IN_TIME)

    run(path)

    first, second = records(path).values()
    assert (first.disposition, first.reason) == (Disposition.HOLD, Reason.NOT_ASSESSABLE)
    assert "does not lie as those of tiny do" in first.text
    assert second.disposition is Disposition.ACCEPT


def test_a_repeated_picture_is_a_frozen_camera(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(1), tiny.unit(1), tiny.unit(2)], gate_after_ms=IN_TIME)

    run(path)

    second = records(path)[2]
    assert (second.disposition, second.reason) == (Disposition.REJECT, Reason.NOT_ASSESSABLE)
    assert "frozen" in second.text


def test_pictures_are_kept_of_everything_that_was_not_accepted(package: ModelPackage, tmp_path: Path):
    shown = [tiny.unit(1), tiny.unit(2, SPOT), tiny.unit(3, Disc(2.0, STAIN))]
    path = tiny.write_line(tmp_path, package, shown, gate_after_ms=IN_TIME)

    run(path)

    assert [bool(record.evidence) for record in records(path).values()] == [False, True, True]


def test_the_heat_map_is_kept_with_the_picture_and_points_at_the_defect(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(2, SPOT)], gate_after_ms=IN_TIME)

    run(path)

    kept = records(path)[1].evidence
    heat = np.asarray(cv2.imread(str(tmp_path / "store" / "evidence" / kept["top.heat"].file), cv2.IMREAD_UNCHANGED))
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert set(kept) == {"top", "top.heat"}
    assert heat.shape == (tiny.ROWS // 2, tiny.COLUMNS // 2)
    assert np.hypot(2 * x - SPOT.at[0], 2 * y - SPOT.at[1]) < 14
    with RecordStore.open_readonly(tmp_path / "store") as store:
        assert store.verify(evidence=True).pictures == 2


def test_a_date_set_back_is_an_alarm_and_changes_nothing_else(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(
        tmp_path, package, [tiny.unit(n) for n in range(12)], gate_after_ms=IN_TIME, units_per_min=600
    )
    clock = MovableClock()
    set_back: list[int] = []

    def each(line: Line) -> None:
        if line.ledger.totals.triggers >= 4 and not set_back:
            clock.set_date(by_s=-3600)
            set_back.append(line.ledger.totals.triggers)

    result = run(path, clock=clock, each=each)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        alarms = [event.text for event in store.events() if event.kind is EventKind.ALARM]
    assert set_back
    assert result.ended is Ended.COMPLETE
    assert result.counts.accepted == 12
    assert len(alarms) == 1
    assert "stepped back" in alarms[0]


def test_a_held_line_passes_nothing_any_more_and_takes_back_what_has_not_left(package: ModelPackage, tmp_path: Path):
    shown = [tiny.unit(n) for n in range(40)]
    path = tiny.write_line(tmp_path, package, shown, gate_after_ms=10_000, units_per_min=300)
    pressed: list[datetime] = []

    def each(line: Line) -> None:
        if len(line.ledger.totals.ready_ms) >= 4:  # so many were found good, and none of them has left
            line.hold("somebody pressed the button")
            pressed.append(datetime.now(UTC))

    result = run(path, each=each)

    assert result.ended is Ended.HELD
    assert reconciles(path, result)
    assert result.counts.accepted == 0
    assert {(r.reason, r.text) for r in records(path).values()} == {(Reason.HELD, "somebody pressed the button")}
    with RecordStore.open_readonly(tmp_path / "store") as store:
        (held,) = [event for event in store.events() if event.kind is EventKind.HELD]
    assert held.at <= pressed[0]  # and not when the belt had run empty


def test_an_error_of_the_watch_closes_the_gate_and_the_batch(package: ModelPackage, tmp_path: Path):
    path = tiny.write_line(tmp_path, package, [tiny.unit(n) for n in range(20)], gate_after_ms=1500, units_per_min=600)

    def each(line: Line) -> None:
        if line.ledger.totals.triggers >= 3:
            raise ZeroDivisionError("a progress bar without width")

    with pytest.raises(ZeroDivisionError):
        run(path, each=each)

    with RecordStore.open_readonly(tmp_path / "store") as store:
        summary = store.batch_summary(1)
        said = [event.text for event in store.events() if event.kind is EventKind.HELD]
    assert summary.status is BatchStatus.CLOSED
    assert "the watch ended: ZeroDivisionError" in said[0]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_nothing_is_lost_and_nothing_passes_without_an_accept_in_time(
    package: ModelPackage, tmp_path: Path, seed: int
):
    draw = random.Random(seed)
    gate_ms = (30, 100, 400, 1500)[seed]
    shown = [_anything(draw, number) for number in range(40)]
    rate = draw.choice((600, 1500, 2300))
    path = tiny.write_line(tmp_path, package, shown, gate_after_ms=gate_ms, units_per_min=rate, accepts_pct=20)

    with tiny.opened_line(path) as line:
        result = line.run()

    kept = records(path)
    assert result.ended is Ended.COMPLETE
    assert reconciles(path, result)
    assert sorted(kept) == list(range(1, 41))
    for record in kept.values():
        if record.gate == "PASS":
            assert record.state == "accepted"
            assert record.disposition is Disposition.ACCEPT
            assert record.times_ms["top.eyes"] <= record.times_ms["top.ready"] <= record.times_ms["gate"]
            assert not isinstance(shown[record.unit - 1], bytes)


def _anything(draw: random.Random, number: int) -> "tiny.Pixels | bytes":
    match draw.randrange(6):
        case 0:
            return b""
        case 1:
            return tiny.png(tiny.unit(number))[: draw.randrange(10, 900)]
        case 2:
            return tiny.unit(number, Disc(draw.uniform(0.4, 3), draw.choice((CHIP, STAIN, tiny.SPOT, DIM))))
        case _:
            return tiny.unit(number)
