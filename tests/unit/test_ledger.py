"""The ledger: one outcome a unit, from what the views showed and what the gate really did."""

import random
from datetime import UTC, datetime

import numpy as np
import pytest

from inspector.examine import SeenView
from inspector.line.ledger import GRACE_S, Ledger, Settled, ViewReport, combine, not_inspected
from inspector.line.plc import GateEvent
from models.verdict import Disposition, Reason, Verdict
from tests.outcomes import digests, sheet

WHEN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
GOOD = Verdict(disposition=Disposition.ACCEPT)
BAD = Verdict(disposition=Disposition.REJECT, reason=Reason.DEFECT, text="a spot")
DOUBT = Verdict(disposition=Disposition.HOLD, reason=Reason.UNSURE, text="perhaps a spot")


def ledger() -> tuple[Ledger, list[Settled]]:
    settled: list[Settled] = []
    book = Ledger(batch=1, epoch=5, digests=digests(sheet()), due_after_ms=395, settle=settled.append)
    return book, settled


def trigger(book: Ledger, unit: int, *views: str) -> None:
    book.trigger(unit, views=frozenset(views or ("top",)), triggered_s=10.0, taken_at=WHEN)


def seen(verdict: Verdict, view: str = "top", *, ready_ms: float = 100.0) -> ViewReport:
    sight = SeenView(view, verdict=verdict, times_ms={"eyes": 20.0})
    return ViewReport(sight, np.zeros((4, 4, 3), np.uint8), "file", ready_ms, 0.1)


def left(unit: int, *, passed: bool) -> GateEvent:
    return GateEvent(unit, passed, at_s=10.4)


@pytest.mark.parametrize("gate_first", [True, False])
def test_a_unit_is_settled_once_gate_and_every_view_are_known(gate_first: bool):
    book, settled = ledger()
    trigger(book, 1, "top", "side")

    book.report(1, seen(GOOD))
    if gate_first:
        book.gate(left(1, passed=True))
        book.report(1, seen(GOOD, "side"))
    else:
        book.report(1, seen(GOOD, "side"))
        book.gate(left(1, passed=True))

    (only,) = settled
    assert (only.outcome.state, only.outcome.disposition, only.outcome.gate) == ("accepted", Disposition.ACCEPT, "PASS")
    assert book.under_way == 0


def test_a_unit_that_left_before_its_trigger_was_noted_is_not_lost():
    book, settled = ledger()

    book.gate(left(1, passed=False))
    trigger(book, 1)
    book.report(1, seen(GOOD, ready_ms=900))

    assert settled[0].outcome.reason is Reason.LATE


def test_a_good_unit_in_time_whose_gate_did_not_open_is_said_as_such():
    book, settled = ledger()
    trigger(book, 1)

    book.report(1, seen(GOOD, ready_ms=60))
    book.gate(left(1, passed=False))

    assert settled[0].outcome.disposition is Disposition.REJECT
    assert "60 ms after the trigger, and yet the gate did not open" in settled[0].outcome.text


@pytest.mark.parametrize("ready_ms", [396, 450])
def test_a_good_unit_that_the_gate_rejected_was_late(ready_ms: float):
    book, settled = ledger()
    trigger(book, 1)

    book.report(1, seen(GOOD, ready_ms=ready_ms))
    book.gate(left(1, passed=False))

    outcome = settled[0].outcome
    assert (outcome.state, outcome.disposition, outcome.reason) == ("rejected", Disposition.REJECT, Reason.LATE)
    assert outcome.text == f"found good {ready_ms} ms after the trigger, the gate had to be told by 395 ms"


def test_a_good_unit_on_a_held_line_says_why_it_was_held():
    book, settled = ledger()
    trigger(book, 1)

    book.report(1, seen(GOOD))
    book.gate(left(1, passed=False), held="the disk is full")

    assert (settled[0].outcome.reason, settled[0].outcome.text) == (Reason.HELD, "the disk is full")


@pytest.mark.parametrize(("verdict", "state"), [(BAD, "rejected"), (DOUBT, "held")])
def test_a_unit_that_was_not_found_good_keeps_its_reason(verdict: Verdict, state: str):
    book, settled = ledger()
    trigger(book, 1)

    book.report(1, seen(verdict))
    book.gate(left(1, passed=False))

    outcome = settled[0].outcome
    assert (outcome.state, outcome.reason, outcome.text) == (state, verdict.reason, verdict.text)


def test_a_bad_unit_that_passed_is_lost_and_called_an_escape():
    book, settled = ledger()
    trigger(book, 1)

    book.report(1, seen(BAD))
    book.gate(left(1, passed=True))

    assert settled[0].outcome.state == "lost"
    assert settled[0].outcome.text.startswith("ESCAPE: the gate passed a unit that was judged REJECT")
    assert dict(book.totals.states) == {"lost": 1}
    assert dict(book.totals.because("lost")) == {Reason.DEFECT: 1}
    assert not book.totals.because("rejected")


def test_a_view_that_never_comes_is_not_waited_for_for_ever():
    book, settled = ledger()
    trigger(book, 1)
    book.gate(left(1, passed=False))

    book.sweep(10.4 + GRACE_S)
    waiting = list(settled)
    book.sweep(10.4 + GRACE_S + 0.1)
    book.report(1, seen(GOOD))

    assert waiting == []
    assert [s.outcome.reason for s in settled] == [Reason.NOT_INSPECTED]
    assert "top.ready" not in settled[0].outcome.times_ms
    assert settled[0].reports["top"].mm_per_px is None


def test_a_view_that_a_held_line_no_longer_took_is_said_to_be_held():
    book, settled = ledger()
    trigger(book, 1, "top", "side")
    book.report(1, seen(GOOD))
    book.gate(left(1, passed=False), held="the camera of view side is lost")

    book.sweep(10.4 + GRACE_S + 0.1)

    assert settled[0].outcome.reason is Reason.HELD
    assert settled[0].outcome.text.endswith("; the line was held: the camera of view side is lost")


def test_a_unit_whose_gate_event_never_comes_is_named():
    book, _ = ledger()
    trigger(book, 1)
    book.gate(left(1, passed=True))
    trigger(book, 2)

    assert book.unconfirmed(10.0) is None
    assert book.unconfirmed(10.1) == 2


def test_the_strictest_view_decides_and_all_findings_are_kept():
    assert combine([GOOD, DOUBT, BAD]).disposition is Disposition.REJECT
    assert combine([DOUBT, GOOD]).text == "perhaps a spot"
    unseen = Verdict(disposition=Disposition.REJECT, reason=Reason.LATE, text="not looked at")
    assert combine([unseen, BAD]).reason is combine([BAD, unseen]).reason is Reason.DEFECT
    assert combine([GOOD, GOOD]).disposition is Disposition.ACCEPT


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_every_trigger_becomes_one_outcome(seed: int):
    draw = random.Random(seed)
    book, settled = ledger()
    events: list[tuple[float, int, str]] = []
    for unit in range(1, 60):
        events.append((draw.uniform(0, 1), unit, "trigger"))
        events.append((draw.uniform(0.5, 2), unit, "gate"))
        events += [(draw.uniform(1, 3), unit, view) for view in ("top", "side") if draw.random() < 0.9]
    passed = {unit: draw.random() < 0.5 for unit in range(1, 60)}

    for _, unit, what in sorted(events):
        match what:
            case "trigger":
                trigger(book, unit, "top", "side")
            case "gate":
                book.gate(left(unit, passed=passed[unit]))
            case view:
                book.report(unit, seen(draw.choice((GOOD, GOOD, BAD, DOUBT)), view))
    book.sweep(10.4 + GRACE_S + 0.1)

    outcomes = [s.outcome for s in settled]
    assert sorted(o.unit for o in outcomes) == list(range(1, 60))
    assert book.totals.triggers == 59 == book.totals.states.total()
    assert book.under_way == 0
    for o in outcomes:
        assert (o.gate == "PASS") == passed[o.unit]
        assert (o.state == "accepted") == (o.gate == "PASS" and o.disposition is Disposition.ACCEPT)


def test_a_view_that_was_not_looked_at_is_a_reject():
    verdict = not_inspected("top", "dropped").verdict

    assert verdict == Verdict(disposition=Disposition.REJECT, reason=Reason.NOT_INSPECTED, text="dropped")
