"""Limit and stop entries: when they fill, at what price, how long they wait, what cancels them."""

from typing import Any

from tests.engine.contract.playing import BUY, HOUR_MS, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs

LOW_95 = (100, 101, 95, 100)


def resting(order: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return document(trigger(exit=None, order=order, **fields))


def test_a_limit_fills_at_its_price_when_touched(play: Play) -> None:
    outcome = play(resting({"limit": "close * 0.95"}), hours(flat(100, BUY), LOW_95))
    (entry,) = outcome.fills
    assert (entry.time, entry.decided_at, entry.price, entry.liquidity) == (HOUR_MS, 0, 95.0, "maker")
    assert entry.qty == near(500 / 95)


def test_a_limit_fills_at_a_better_open(play: Play) -> None:
    outcome = play(resting({"limit": "96"}), hours(flat(100, BUY), (94, 97, 93, 95)), costs=Costs(0, 0, 50))
    assert outcome.fills[0].price == 94.0


def test_a_stop_entry_fills_at_its_price_with_slippage(play: Play) -> None:
    outcome = play(
        resting({"stop": "102"}), hours(flat(100, BUY), (100, 103, 99, 103)), costs=Costs(0, 0, 100)
    )
    (entry,) = outcome.fills
    assert (entry.price, entry.liquidity) == (near(102 * 1.01), "taker")


def test_a_stop_entry_fills_at_an_open_beyond_it(play: Play) -> None:
    outcome = play(resting({"stop": "102"}), hours(flat(100, BUY), (104, 105, 103, 104)))
    assert outcome.fills[0].price == 104.0


def test_short_entries_mirror_the_long_ones(play: Play) -> None:
    short = {"direction": "short", "stop": {"percent": 20}}
    limit = play(resting({"limit": "105"}, **short), hours(flat(100, BUY), (100, 106, 99, 100)))
    assert (limit.fills[0].side, limit.fills[0].price) == ("sell", 105.0)
    gap = play(resting({"limit": "105"}, **short), hours(flat(100, BUY), (108, 109, 107, 108)))
    assert gap.fills[0].price == 108.0
    stop = play(
        resting({"stop": "97"}, **short), hours(flat(100, BUY), (100, 101, 96, 97)), costs=Costs(0, 0, 100)
    )
    assert stop.fills[0].price == near(97 * 0.99)
    below = play(resting({"stop": "97"}, **short), hours(flat(100, BUY), (95, 96, 94, 95)))
    assert below.fills[0].price == 95.0


def test_an_order_rests_for_one_bar_unless_told_otherwise(play: Play) -> None:
    outcome = play(resting({"limit": "95"}), hours(flat(100, BUY), flat(100), LOW_95))
    assert (outcome.fills, outcome.reasons) == ([], [(1, "t", "expired")])


def test_valid_for_counts_bars_from_the_next_one(play: Play) -> None:
    order = {"limit": "95", "valid_for": 2}
    filled = play(resting(order), hours(flat(100, BUY), flat(100), LOW_95))
    assert filled.legs == [(2, "buy", round(500 / 95, 9), 95.0, "entry_rule")]
    late = play(resting(order), hours(flat(100, BUY), flat(100), flat(100), LOW_95))
    assert (late.fills, late.reasons) == ([], [(2, "t", "expired")])


def test_valid_for_counts_bars_that_exist(play: Play) -> None:
    order = {"limit": "95", "valid_for": 2}
    outcome = play(resting(order), hours(flat(100, BUY), flat(100), LOW_95, at=[0, 4, 8]))
    assert outcome.fills[0].time == 8 * HOUR_MS


def test_the_price_is_that_of_the_decision(play: Play) -> None:
    # The rule fires again at hour 1, whose close would make the limit 93.1: nothing changes.
    order = {"limit": "close * 0.95", "valid_for": 3}
    outcome = play(resting(order), hours(flat(100, BUY), (100, 100, 98, 98, BUY), LOW_95))
    assert (outcome.fills[0].price, outcome.fills[0].decided_at) == (95.0, 0)
    assert outcome.spans == []


def test_a_rule_that_fires_again_does_not_make_its_order_rest_longer(play: Play) -> None:
    order = {"limit": "95", "valid_for": 2}
    outcome = play(resting(order), hours(flat(100, BUY), flat(100, BUY), flat(100), LOW_95))
    assert (outcome.fills, outcome.reasons) == ([], [(2, "t", "expired")])


def test_an_expired_order_may_be_placed_again_at_that_close(play: Play) -> None:
    outcome = play(resting({"limit": "95"}), hours(flat(100, BUY), flat(100, BUY), LOW_95))
    assert [(fill.time, fill.decided_at) for fill in outcome.fills] == [(2 * HOUR_MS, HOUR_MS)]
    assert outcome.reasons == [(1, "t", "expired")]


def test_another_rule_that_wins_replaces_the_order(play: Play) -> None:
    strategy = document(
        trigger(id="first", exit=None, order={"limit": "90", "valid_for": 5}),
        trigger(id="second", exit=None, entry="volume == 3"),
    )
    outcome = play(strategy, hours(flat(100, BUY), flat(100, 3), (100, 100, 80, 100)))
    assert [(fill.trigger, fill.price) for fill in outcome.fills] == [("second", 100.0)]
    assert outcome.reasons == [(1, "first", "replaced")]


def test_an_order_without_a_price_is_blocked(play: Play) -> None:
    order = {"limit": "close - atr(5)"}  # no atr after one bar
    outcome = play(resting(order), hours(flat(100, BUY), flat(90)))
    assert (outcome.fills, outcome.reasons) == ([], [(0, "t", "price_missing")])


def test_an_order_that_rests_at_the_end_is_blocked(play: Play) -> None:
    outcome = play(resting({"limit": "90", "valid_for": 9}), hours(flat(100, BUY), flat(100), flat(100)))
    assert outcome.reasons == [(2, "t", "end_of_data")]


def test_a_limit_entry_may_be_stopped_in_its_own_bar(play: Play) -> None:
    # Filled at 95, stop at 95 × 0.96 = 91.2: the bar's low is 91.
    bars = hours(flat(100, BUY), (100, 101, 91, 100))
    outcome = play(resting({"limit": "95"}, stop={"percent": 4}), bars)
    assert outcome.legs[1][3:] == (near(91.2), "stop")
    assert outcome.fills[1].time == HOUR_MS


def test_a_limit_entry_does_not_reach_its_target_in_its_own_bar(play: Play) -> None:
    # The high of 110 may have come before the fill at 95.
    bars = hours(flat(100, BUY), (100, 110, 95, 100), (100, 101, 99, 100))
    outcome = play(resting({"limit": "95"}, target={"percent": 4}), bars)
    # Target 98.8: the next open of 100 is beyond it.
    assert outcome.legs[1][0] == 2
    assert outcome.legs[1][3:] == (100.0, "target")


def test_a_limit_filled_at_the_open_is_exposed_to_its_whole_bar(play: Play) -> None:
    bars = hours(flat(100, BUY), (94, 110, 93, 100))
    outcome = play(resting({"limit": "95"}, target={"percent": 10}), bars)
    assert outcome.legs[1][0] == 1
    assert outcome.legs[1][3:] == (near(103.4), "target")


def test_a_stop_entry_may_reach_its_target_in_its_own_bar(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 110, 99, 100))
    outcome = play(resting({"stop": "102"}, target={"percent": 5}), bars)
    # 102 × 1.05 = 107.1
    assert outcome.legs[1][0] == 1
    assert outcome.legs[1][3:] == (near(107.1), "target")


def test_a_stop_entry_s_stop_comes_before_its_target(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 110, 98, 100))
    outcome = play(resting({"stop": "102"}, stop={"percent": 3}, target={"percent": 5}), bars)
    # 102 × 0.97 = 98.94 lies inside the bar too, before or after the fill: the worst is assumed.
    assert outcome.legs[1][3:] == (near(98.94), "stop")


def test_resting_entries_fill_after_the_market_orders_of_the_open(play: Play) -> None:
    strategy = document(
        trigger(id="limit", exit=None, order={"limit": "99"}, symbols=["A"]),
        trigger(id="market", exit=None, symbols=["B"]),
        fraction=0.7,
    )
    bars = hours(flat(100, BUY), (98, 98, 98, 98))
    outcome = play(strategy, {"A": bars, "B": bars})
    # B's 700 come first although A's trigger does; A takes the 300 of cash that are left.
    assert [(fill.symbol, fill.bound_by) for fill in outcome.fills] == [("B", "own"), ("A", "cash")]
    assert outcome.fills[1].qty == near(300 / 98)


def test_a_resting_entry_is_sized_by_the_equity_before_the_row_s_entries(play: Play) -> None:
    strategy = document(
        trigger(id="limit", exit=None, order={"limit": "99"}, symbols=["A"]),
        trigger(id="market", exit=None, symbols=["B"]),
        fraction=0.4,
    )
    bars = hours(flat(100, BUY), flat(99))
    outcome = play(strategy, {"A": bars, "B": bars}, costs=Costs(100.0))
    # B's fee of 4 does not make A's size smaller: 0.4 × 1000 / 99.
    assert outcome.fills[1].qty == near(400 / 99)
