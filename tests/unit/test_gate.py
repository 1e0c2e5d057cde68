"""The host's side of the gate: what opens it, and everything that does not."""

import random

import pytest

from inspector.line.gate import Gate, Move


def gate() -> tuple[Gate, list[tuple[int, Move]]]:
    moves: list[tuple[int, Move]] = []
    return Gate(move=lambda unit, move: moves.append((unit, move))), moves


def test_a_unit_passes_when_its_view_is_accepted_in_time():
    line, moves = gate()
    line.expect(7, views={"top"}, deadline_s=2.0)

    line.accept(7, view="top", now_s=1.9)

    assert moves == [(7, Move.PASS)]


def test_a_unit_passes_only_when_every_view_was_accepted():
    line, moves = gate()
    line.expect(7, views={"top", "side"}, deadline_s=2.0)

    line.accept(7, view="top", now_s=1.0)
    line.accept(7, view="top", now_s=1.1)

    assert moves == []
    line.accept(7, view="side", now_s=1.2)
    assert moves == [(7, Move.PASS)]


def test_a_late_accept_does_not_open_the_gate():
    line, moves = gate()
    line.expect(7, views={"top"}, deadline_s=2.0)
    line.act(now_s=2.1)

    line.accept(7, view="top", now_s=1.9)

    assert moves == [(7, Move.REJECT)]
    assert line.late == 1


def test_an_accept_at_the_deadline_is_late_even_before_the_watch_has_looked():
    line, moves = gate()
    line.expect(7, views={"top"}, deadline_s=2.0)

    line.accept(7, view="top", now_s=2.0)

    assert moves == []
    assert line.late == 1


def test_a_refused_view_rejects_whatever_the_others_show_and_is_not_called_late():
    line, moves = gate()
    line.expect(7, views={"top", "side"}, deadline_s=2.0)
    line.refuse(7)

    line.accept(7, view="top", now_s=1.0)
    line.accept(7, view="side", now_s=1.0)
    line.act(now_s=3.0)

    assert moves == [(7, Move.REJECT)]
    assert line.late == 0


def test_a_held_line_takes_a_pass_back_until_its_unit_has_left():
    line, moves = gate()
    for unit in (7, 8):
        line.expect(unit, views={"top"}, deadline_s=2.0)
        line.accept(unit, view="top", now_s=1.0)
    line.act(now_s=2.1)
    line.left(7)

    line.shut()

    assert moves == [(7, Move.PASS), (8, Move.PASS), (8, Move.REJECT)]


def test_a_refusal_after_a_pass_takes_it_back():
    line, moves = gate()
    line.expect(7, views={"top"}, deadline_s=2.0)
    line.accept(7, view="top", now_s=1.0)

    line.refuse(7)

    assert moves[-1] == (7, Move.REJECT)


def test_a_unit_that_nobody_expected_opens_nothing():
    line, moves = gate()

    line.accept(7, view="top", now_s=1.0)
    line.refuse(8)

    assert moves == []


def test_a_number_is_never_expected_twice():
    line, _ = gate()
    line.expect(7, views={"top"}, deadline_s=2.0)

    with pytest.raises(ValueError, match="unit 7 is expected already"):
        line.expect(7, views={"top"}, deadline_s=3.0)


def test_a_shut_gate_takes_back_what_has_not_left_and_passes_nothing_more():
    line, moves = gate()
    line.expect(7, views={"top"}, deadline_s=2.0)
    line.expect(8, views={"top"}, deadline_s=2.0)
    line.accept(7, view="top", now_s=1.0)

    line.shut()
    line.accept(8, view="top", now_s=1.1)
    line.expect(9, views={"top"}, deadline_s=4.0)
    line.accept(9, view="top", now_s=1.2)

    assert moves[0] == (7, Move.PASS)
    assert dict(moves) == {7: Move.REJECT, 8: Move.REJECT}
    assert line.late == 0


@pytest.mark.parametrize("seed", range(20))
def test_in_any_order_of_events_only_in_time_accepts_of_every_view_pass(seed: int):
    draw = random.Random(seed)
    line, moves = gate()
    units = {number: draw.uniform(1, 9) for number in range(1, 80)}
    accepts = {number: {v: draw.uniform(0, 10) for v in ("top", "side") if draw.random() < 0.9} for number in units}
    refused = {number: draw.uniform(0, 10) for number in units if draw.random() < 0.1}
    shut_s = draw.uniform(5, 12)
    for number, deadline_s in units.items():
        line.expect(number, views={"top", "side"}, deadline_s=deadline_s)
    events = [(at, "accept", number, view) for number, views in accepts.items() for view, at in views.items()]
    events += [(at, "refuse", number, "") for number, at in refused.items()]
    events += [(round(deadline_s + 0.1, 9), "left", number, "") for number, deadline_s in units.items()]
    events += [(tick / 10, "act", 0, "") for tick in range(130)] + [(shut_s, "shut", 0, "")]

    for at, what, number, view in sorted(events):
        match what:
            case "accept":
                line.accept(number, view=view, now_s=at)
            case "refuse":
                line.refuse(number)
            case "act":
                line.act(now_s=at)
            case "left":
                line.left(number)
            case _:
                line.shut()

    last = dict(moves)
    for number, deadline_s in units.items():
        ready_s = max(accepts[number].values()) if len(accepts[number]) == 2 else 99.0
        left_s = round(deadline_s + 0.1, 9)  # past the gate: nothing can be taken back
        good = ready_s < min(deadline_s, shut_s) and not (number in refused and refused[number] < left_s)
        if last[number] is Move.PASS:
            assert ready_s < deadline_s
            assert ready_s < shut_s
            assert refused.get(number, 99.0) > deadline_s
        elif good:
            assert shut_s < left_s  # only a held line takes back a unit that was good in time
