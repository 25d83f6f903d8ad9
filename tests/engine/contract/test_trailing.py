"""Trailing stops: they move on a bar's extreme only from the next bar on, and never back."""

from typing import Any

import pytest

from tests.engine.contract.playing import BUY, Play, document, flat, hours, near, trigger


def trailed(**levels: Any) -> dict[str, Any]:
    return document(trigger(exit=None, **levels))


def test_a_trailing_stop_does_not_move_on_its_own_bar(play: Play) -> None:
    # 10 % below 100 is 90. Hour 1 reaches 120 (108 from the next bar on) and falls to 100: not stopped.
    bars = hours(flat(100, BUY), (100, 120, 100, 118), (118, 119, 109, 110))
    assert len(play(trailed(trailing={"percent": 10}), bars).fills) == 1


def test_a_trailing_stop_moves_for_the_next_bar(play: Play) -> None:
    # Hour 1's high of 120 puts it at 108, which hour 2's low of 107 touches.
    bars = hours(flat(100, BUY), (100, 120, 100, 118), (118, 119, 107, 110))
    outcome = play(trailed(trailing={"percent": 10}), bars)
    assert outcome.legs[1] == (2, "sell", 5.0, 108.0, "trailing_stop")


def test_a_trailing_stop_never_moves_back(play: Play) -> None:
    # 108 after hour 1; hour 2's high of 115 would give 103.5: it stays.
    bars = hours(flat(100, BUY), (100, 120, 100, 118), (115, 115, 109, 110), (109, 109, 104, 105))
    outcome = play(trailed(trailing={"percent": 10}), bars)
    assert outcome.legs[1] == (3, "sell", 5.0, 108.0, "trailing_stop")


def test_a_trailing_distance_is_that_of_the_decision(play: Play) -> None:
    # high − low = 4 at the decision, 20 at hour 1: 120 − 4 = 116 for hour 2.
    bars = hours((100, 102, 98, 100, BUY), (100, 120, 100, 118), (118, 119, 110, 112))
    outcome = play(trailed(trailing={"distance": "high - low"}), bars)
    assert outcome.legs[1] == (2, "sell", 5.0, 116.0, "trailing_stop")


@pytest.mark.parametrize(("high", "level"), [(104.9, 95.0), (105.0, 100.0), (112.0, 105.0)])
def test_a_trailing_step_moves_by_whole_steps(play: Play, high: float, level: float) -> None:
    # Steps of 5 % of 100 = 5: 95 at first, one step higher for each whole 5 of gain.
    bars = hours(flat(100, BUY), (100, high, 99, 101), (101, 101, 90, 90))
    outcome = play(trailed(trailing={"step_percent": 5}), bars)
    # An open at 101 is below 105: filled at the open there.
    assert outcome.legs[1] == (2, "sell", 5.0, min(level, 101.0), "trailing_stop")


def test_the_nearer_of_stop_and_trailing_stop_is_the_exit_s_reason(play: Play) -> None:
    # Stop 95, trailing 90 at first: stopped at 95.
    first = hours(flat(100, BUY), (100, 101, 80, 90))
    both = trailed(stop={"percent": 5}, trailing={"percent": 10})
    assert play(both, first).legs[1] == (1, "sell", 5.0, 95.0, "stop")
    # After a high of 110 the trailing stop lies at 99.
    later = hours(flat(100, BUY), (100, 110, 100, 109), (109, 109, 98, 98))
    assert play(both, later).legs[1] == (2, "sell", 5.0, 99.0, "trailing_stop")


def test_a_tie_is_the_stop_s(play: Play) -> None:
    both = trailed(stop={"percent": 10}, trailing={"percent": 10})
    bars = hours(flat(100, BUY), (100, 100, 80, 90))
    assert play(both, bars).legs[1] == (1, "sell", 5.0, 90.0, "stop")


def test_a_trailing_stop_alone_is_the_risk_of_the_position(play: Play) -> None:
    # 10 % of 100 on 5 units: 50 at risk; the exit at 108 wins 40: 0.8 R.
    bars = hours(flat(100, BUY), (100, 120, 100, 118), (118, 119, 107, 110))
    entry, leave = play(trailed(trailing={"percent": 10}), bars).fills
    assert entry.stop_distance == near(10.0)
    assert entry.actual_risk == near(50.0)
    assert leave.r_multiple == near(0.8)


def test_of_stop_and_trailing_stop_the_nearer_is_the_risk(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100))
    (entry,) = play(trailed(stop={"percent": 8}, trailing={"percent": 3}), bars).fills
    assert entry.stop_distance == near(3.0)
