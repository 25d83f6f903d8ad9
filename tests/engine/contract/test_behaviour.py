"""Behaviour: time and distance between trades, reward to risk, flatten daily, walk away."""

import pytest

from engine.limits import Behaviour
from tests.engine.contract.playing import BUY, SELL, Play, document, flat, hours, trigger
from tests.reckoning import Costs


def test_the_minimum_time_flat_is_measured_from_the_trigger_s_last_exit(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), *[flat(100, BUY)] * 3, flat(100))
    outcome = play(document(), bars, behaviour=Behaviour(min_flat_hours=2.0))
    # Left at hour 2: 1 hour flat at its close, 2 at hour 3's.
    assert [leg[0] for leg in outcome.legs] == [1, 2, 4]
    assert outcome.reasons == [(2, "t", "min_flat")]


def test_another_trigger_need_not_wait(play: Play) -> None:
    strategy = document(trigger(), trigger(id="other", entry="volume == 3", exit=None))
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100, 3), flat(100))
    outcome = play(strategy, bars, behaviour=Behaviour(min_flat_hours=24.0))
    assert outcome.fills[2].trigger == "other"


def test_a_stop_begins_the_time_flat_too(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 100, 90, 95, BUY), flat(95))
    outcome = play(document(trigger(stop={"percent": 5})), bars, behaviour=Behaviour(min_flat_hours=2.0))
    assert outcome.reasons == [(1, "t", "min_flat")]


def test_the_minimum_move_is_measured_from_the_symbol_s_last_fill(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(102, BUY), flat(102))
    outcome = play(document(), bars, behaviour=Behaviour(min_price_move_pct=2.0))
    # Sold at 100; the close of 100 is no move, 102 is 2 %: enough.
    assert [leg[0] for leg in outcome.legs] == [1, 2, 4]
    assert outcome.reasons == [(2, "t", "min_price_move")]


def test_an_allocation_counts_as_a_fill_for_the_minimum_move(play: Play) -> None:
    strategy = document(trigger(scale_in=2), fraction=0.1)
    outcome = play(
        strategy,
        hours(flat(100), flat(100, BUY), flat(100)),
        allocations={"A": 500.0},
        behaviour=Behaviour(min_price_move_pct=1.0),
    )
    assert outcome.reasons == [(1, "t", "min_price_move")]


@pytest.mark.parametrize(("target", "is_taken"), [({"percent": 10}, True), ({"percent": 9}, False)])
def test_reward_to_risk_is_measured_at_the_decision_s_close(
    play: Play, target: dict[str, float], is_taken: bool
) -> None:
    strategy = document(trigger(stop={"percent": 5}, target=target, min_reward_to_risk=2.0))
    outcome = play(strategy, hours(flat(100, BUY), flat(100)))
    # 10 / 5 is enough, 9 / 5 is not.
    assert len(outcome.fills) == is_taken
    assert outcome.reasons == ([] if is_taken else [(0, "t", "reward_to_risk")])


@pytest.mark.parametrize("close", [0.0123, 1.1, 3.7, 123.45, 98_765.43])
@pytest.mark.parametrize("target", [{"percent": 10}, {"r": 2}])
def test_reward_to_risk_is_not_a_matter_of_the_last_bit(
    play: Play, close: float, target: dict[str, float]
) -> None:
    strategy = document(trigger(stop={"percent": 5}, target=target, min_reward_to_risk=2.0))
    assert len(play(strategy, hours(flat(close, BUY), flat(close))).fills) == 1


def test_a_reward_to_risk_that_cannot_be_known_blocks(play: Play) -> None:
    strategy = document(trigger(stop={"atr": 1}, target={"percent": 9}, min_reward_to_risk=1.0))
    assert play(strategy, hours(flat(100, BUY), flat(100))).reasons == [(0, "t", "reward_to_risk")]


def test_flatten_daily_closes_at_the_first_open_of_the_next_day(play: Play) -> None:
    bars = hours(flat(100, BUY), *[flat(100)] * 4, at=21)
    outcome = play(document(), bars, behaviour=Behaviour(flatten_daily=True))
    # Hour 23's close is the next day's: closed at its open, hour 24.
    assert outcome.legs[1] == (24, "sell", 5.0, 100.0, "flatten_daily")


def test_flatten_daily_catches_up_when_the_day_s_last_bar_is_missing(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), flat(100), flat(100), at=[21, 22, 24, 25])
    outcome = play(document(), bars, behaviour=Behaviour(flatten_daily=True))
    assert outcome.legs[1][0] == 25


def test_flatten_daily_does_not_ask_holds(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), flat(100), at=22)
    outcome = play(
        document(trigger(hold="close > 1")),
        bars,
        behaviour=Behaviour(flatten_daily=True, min_hold_hours=24.0),
    )
    assert outcome.legs[1][4] == "flatten_daily"


def test_system_exits_are_never_too_small(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), flat(50), at=22)
    outcome = play(document(fraction=0.1), bars, behaviour=Behaviour(flatten_daily=True), min_notional=60.0)
    assert outcome.legs[1] == (24, "sell", 1.0, 50.0, "flatten_daily")


def test_walk_away_closes_all_and_enters_no_more(play: Play) -> None:
    strategy = document(trigger(id="a", symbols=["A"]), trigger(id="b", symbols=["B"]), fraction=0.5)
    outcome = play(
        strategy,
        {
            "A": hours(flat(100, BUY), flat(100), (100, 120, 100, 120), flat(120, BUY), flat(120)),
            "B": hours(flat(10, BUY), flat(10), flat(10), flat(10, BUY), flat(10)),
        },
        behaviour=Behaviour(walk_away_profit_pct=10.0),
    )
    # 5 units of A win 100 at hour 2's close: 1,100 = 1000 × 1.1. Both leave at hour 3.
    assert [(fill.symbol, fill.reason, fill.time // 3_600_000) for fill in outcome.fills[2:]] == [
        ("A", "walk_away", 3),
        ("B", "walk_away", 3),
    ]
    assert outcome.reasons == [(3, "a", "walked_away"), (3, "b", "walked_away")]


def test_walk_away_cancels_resting_orders(play: Play) -> None:
    strategy = document(
        trigger(id="a", symbols=["A"]),
        trigger(id="b", symbols=["B"], order={"limit": "5", "valid_for": 9}),
    )
    outcome = play(
        strategy,
        {
            "A": hours(flat(100, BUY), flat(100), (100, 120, 100, 120), flat(120)),
            "B": hours(flat(10, BUY), flat(10), flat(10), (10, 10, 4, 10)),
        },
        behaviour=Behaviour(walk_away_profit_pct=10.0),
    )
    assert outcome.reasons == [(2, "b", "walked_away")]


def test_walk_away_lasts_when_the_profit_is_gone(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 130, 100, 130), flat(90), flat(90, BUY), flat(90))
    outcome = play(document(), bars, behaviour=Behaviour(walk_away_profit_pct=10.0), costs=Costs())
    # Left at 90 (a loss of 50): entries stay blocked.
    assert outcome.equities[-1] == 950.0
    assert outcome.reasons == [(3, "t", "walked_away")]


def test_walking_away_comes_before_the_day_s_end(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 130, 100, 130), flat(130), at=22)
    behaviour = Behaviour(walk_away_profit_pct=10.0, flatten_daily=True)
    assert play(document(), bars, behaviour=behaviour).fills[1].reason == "walk_away"
