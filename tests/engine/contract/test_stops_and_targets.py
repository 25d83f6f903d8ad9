"""Stops and targets: where they lie, which comes first, at what price they fill."""

from typing import Any

import pytest

from tests.engine.contract.playing import BUY, HOUR_MS, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs


def protected(**levels: Any) -> dict[str, Any]:
    return document(trigger(exit=None, **levels))


def test_a_stop_inside_the_bar_fills_at_its_level_as_a_taker(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 101, 99, 100), (100, 101, 94, 99))
    outcome = play(protected(stop={"percent": 5}), bars, costs=Costs(10.0, 4.0, 10.0))
    entry, stop = outcome.fills
    # Bought at 100.1; stop 100.1 × 0.95 = 95.095, touched by hour 2's low of 94: sold at 95.095 × 0.999.
    assert (stop.time, stop.reason, stop.liquidity) == (2 * HOUR_MS, "stop", "taker")
    assert stop.trigger == "t"
    assert stop.price == near(95.095 * 0.999, rel=1e-12)
    assert stop.fee == near(entry.qty * 95.095 * 0.999 * 0.001, rel=1e-12)
    # The risk at the stop is 5.005 a unit, so the loss is a little more than 1 R.
    loss = entry.qty * (95.095 * 0.999 - 100.1) - entry.fee - stop.fee
    assert stop.pnl == near(loss, rel=1e-12)
    assert stop.r_multiple == near(loss / (entry.qty * 5.005), rel=1e-10)
    assert entry.stop_distance == near(5.005, rel=1e-12)
    assert entry.actual_risk == near(entry.qty * 5.005, rel=1e-12)


def test_a_touch_is_enough(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 101, 95, 100))
    assert play(protected(stop={"percent": 5}), bars).legs[1] == (1, "sell", 5.0, 95.0, "stop")


def test_an_open_beyond_the_stop_fills_at_the_open(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (90, 99, 89, 98))
    outcome = play(protected(stop={"percent": 5}), bars, costs=Costs(0.0, 0.0, 100.0))
    # Bought at 101, stop at 95.95; the next open is 90: sold at 90 × 0.99.
    assert outcome.fills[1].price == near(89.1, rel=1e-12)
    assert outcome.fills[1].reason == "stop"


def test_a_target_inside_the_bar_fills_at_its_level_as_a_maker(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 101, 99, 100), (100, 112, 99, 100))
    outcome = play(protected(target={"percent": 10}), bars, costs=Costs(10.0, 4.0, 10.0))
    # 100.1 × 1.1 = 110.11, no slippage, maker fee 0.04 %.
    target = outcome.fills[1]
    assert (target.reason, target.liquidity) == ("target", "maker")
    assert target.price == near(110.11, rel=1e-12)
    assert target.fee == near(target.qty * 110.11 * 0.0004, rel=1e-12)


def test_an_open_beyond_the_target_fills_at_the_open(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (115, 116, 90, 100))
    outcome = play(protected(stop={"percent": 5}, target={"percent": 10}), bars)
    # The stop at 95 lies in the bar too, but the open comes before it.
    assert outcome.legs[1] == (2, "sell", 5.0, 115.0, "target")


def test_stop_and_target_inside_one_bar_the_stop_came_first(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (100, 120, 90, 110))
    outcome = play(protected(stop={"percent": 5}, target={"percent": 10}), bars)
    assert outcome.legs[1] == (2, "sell", 5.0, 95.0, "stop")


def test_an_entry_at_the_open_is_exposed_to_its_whole_bar(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 102, 94, 101))
    outcome = play(protected(stop={"percent": 5}), bars)
    assert outcome.legs == [(1, "buy", 5.0, 100.0, "entry_rule"), (1, "sell", 5.0, 95.0, "stop")]


@pytest.mark.parametrize(
    ("stop", "level"),
    [
        ({"percent": 4}, 96.0),  # 100 × 0.96
        ({"distance": "high - low"}, 97.0),  # 100 − (102 − 99) of the bar that decided
        ({"price": "low - 1"}, 98.0),  # 99 − 1 of the bar that decided
    ],
)
def test_the_kinds_of_a_stop(play: Play, stop: dict[str, Any], level: float) -> None:
    bars = hours((100, 102, 99, 100, BUY), (100, 101, 99.5, 100), (100, 101, 90, 100))
    assert play(protected(stop=stop), bars).legs[1] == (2, "sell", 5.0, level, "stop")


@pytest.mark.parametrize(
    ("target", "level"),
    [
        ({"percent": 4}, 104.0),  # 100 × 1.04
        ({"distance": "high - low"}, 103.0),  # 100 + (102 − 99)
        ({"price": "high + 3"}, 105.0),  # 102 + 3
        ({"r": 3}, 106.0),  # the stop is 2 away: 100 + 3 × 2
    ],
)
def test_the_kinds_of_a_target(play: Play, target: dict[str, Any], level: float) -> None:
    bars = hours((100, 102, 99, 100, BUY), (100, 101, 99.5, 100), (100, 110, 99.5, 100))
    outcome = play(protected(stop={"percent": 2}, target=target), bars)
    assert outcome.legs[1] == (2, "sell", 5.0, level, "target")


def test_a_level_that_is_missing_at_the_decision_blocks_the_entry(play: Play) -> None:
    # atr(3) needs three true ranges, the first bar has none: missing at hour 1.
    bars = hours(flat(100), flat(100, BUY), flat(100))
    outcome = play(protected(stop={"atr": 2, "period": 3}), bars)
    assert (outcome.fills, outcome.reasons) == ([], [(2, "t", "stop_missing")])


def test_an_atr_level_lies_that_many_average_ranges_away(play: Play) -> None:
    # True ranges 2, 4, 3: their mean is 3; the stop lies 2 × 3 = 6 below 100.
    bars = hours(
        flat(100), (100, 101, 99, 100), (100, 102, 98, 100), (100, 102, 99, 100, BUY), (100, 101, 93, 95)
    )
    outcome = play(protected(stop={"atr": 2, "period": 3}), bars)
    assert outcome.legs[1] == (4, "sell", 5.0, 94.0, "stop")


def test_a_stop_on_the_wrong_side_blocks_the_entry(play: Play) -> None:
    outcome = play(protected(stop={"price": "101"}), hours(flat(102, BUY), flat(100)))
    assert (outcome.fills, outcome.reasons) == ([], [(1, "t", "stop_beyond_entry")])


def test_a_target_on_the_wrong_side_blocks_the_entry(play: Play) -> None:
    outcome = play(protected(target={"price": "105"}), hours(flat(100, BUY), flat(105)))
    assert (outcome.fills, outcome.reasons) == ([], [(1, "t", "target_beyond_entry")])


def test_a_stopped_position_may_be_entered_again_at_the_next_open(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 100, 94, 96, BUY), flat(96))
    outcome = play(protected(stop={"percent": 5}), bars)
    # Stopped at 95 inside hour 1: 975 of equity at its close, half of it at 96 is 5.078125 units.
    assert outcome.legs[2] == (2, "buy", 5.078125, 96.0, "entry_rule")


def test_proceeds_of_a_stop_are_usable_from_the_next_open_on(play: Play) -> None:
    # A (all of the cash) is stopped inside hour 2, when B's limit order fills: no usable cash before hour 3.
    strategy = document(
        trigger(id="a", exit=None, stop={"percent": 5}, symbols=["A"]),
        trigger(id="b", exit=None, symbols=["B"], order={"limit": "9"}),
        trigger(id="c", exit=None, entry="volume == 3", symbols=["B"]),
        fraction=1.0,
    )
    outcome = play(
        strategy,
        {
            "A": hours(flat(100, BUY), flat(100), (100, 100, 90, 92), flat(92)),
            "B": hours(flat(10), flat(10, BUY), (10, 10, 8, 10, 3), flat(10)),
        },
        quantity_step=0.01,
    )
    assert outcome.reasons == [(2, "b", "insufficient_cash")]
    # 10 units stopped at 95: 950 buy 95 units at 10 at hour 3.
    assert outcome.legs[1:] == [
        (2, "sell", 10.0, 95.0, "stop"),
        (3, "buy", 95.0, 10.0, "entry_rule"),
    ]
