"""Shorts, margin and liquidation."""

from typing import Any

from tests.engine.contract.playing import BUY, SELL, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs


def short(**fields: Any) -> dict[str, Any]:
    return document(trigger(**{"direction": "short", "stop": {"percent": 5}} | fields))


def test_a_short_sells_first_and_buys_back(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 101, 90, 90, SELL), (80, 81, 79, 80))
    outcome = play(short(), bars, costs=Costs(10.0, 0.0, 100.0))
    entry, leave = outcome.fills
    # Sold at 99, 500 / 99 units; bought back at 80.8.
    qty = 500 / 99
    assert (entry.side, entry.price) == ("sell", near(99.0))
    assert entry.position_after == near(-qty)
    # The margin is the whole notional at leverage 1: 500, and a fee of 0.5.
    assert (entry.margin_after, entry.cash_after) == (near(500.0), near(499.5))
    assert (leave.side, leave.price) == ("buy", near(80.8))
    assert leave.pnl == near(qty * (99 - 80.8) - 0.5 - qty * 80.8 * 0.001)
    assert outcome.trades[0].side == "short"
    # Marked at 90 at hour 1: 999.5 + (99 − 90) a unit.
    assert outcome.equity[1].equity == near(999.5 + qty * 9)
    assert outcome.equity[1].exposure == near(qty * 90 / (999.5 + qty * 9))


def test_a_short_s_stop_lies_above(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 104, 99, 100), (100, 106, 98, 100))
    assert play(short(), bars).legs[1] == (2, "buy", 5.0, 105.0, "stop")


def test_a_short_s_stop_fills_at_an_open_beyond_it(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (110, 111, 100, 100))
    assert play(short(), bars).legs[1] == (2, "buy", 5.0, 110.0, "stop")


def test_a_short_s_target_lies_below(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 101, 96, 97), (97, 98, 89, 92))
    assert play(short(target={"percent": 10}), bars).legs[1] == (2, "buy", 5.0, 90.0, "target")
    assert play(short(target={"r": 2}), bars).legs[1] == (2, "buy", 5.0, 90.0, "target")


def test_a_short_s_trailing_stop_follows_the_lows(play: Play) -> None:
    # 10 % above the low of 90 is 99 from hour 2 on.
    bars = hours(flat(100, BUY), (100, 100, 90, 92), (92, 99.5, 91, 95))
    trailing = short(stop=None, trailing={"percent": 10})
    assert play(trailing, bars).legs[1] == (2, "buy", 5.0, 99.0, "trailing_stop")


def test_a_short_s_stop_on_the_wrong_side(play: Play) -> None:
    outcome = play(short(stop={"price": "99"}), hours(flat(98, BUY), flat(100)))
    assert outcome.reasons == [(1, "t", "stop_beyond_entry")]


def levered(fraction: float = 2.0, **fields: Any) -> dict[str, Any]:
    return document(trigger(**{"exit": None} | fields), fraction=fraction)


def test_leverage_takes_margin_instead_of_the_notional(play: Play) -> None:
    outcome = play(levered(), hours(flat(100, BUY), (100, 110, 100, 110)), leverage=4.0)
    # 20 units for 2,000: a margin of 500.
    (entry,) = outcome.fills
    assert (entry.qty, entry.margin_after, entry.cash_after) == (20.0, 500.0, 500.0)
    # Equity 500 + 500 + 20 × 10; exposure 2,200 / 1,200.
    assert outcome.equities[-1] == 1200.0
    assert outcome.equity[-1].exposure == near(2200 / 1200)


def test_cash_buys_leverage_times_itself_less_fees(play: Play) -> None:
    (entry,) = play(
        levered(fraction=9.0), hours(flat(100, BUY), flat(100)), leverage=4.0, costs=Costs(100.0)
    ).fills
    # 1000 / (100 × (1/4 + 0.01)) = 38.4615….
    assert (entry.qty, entry.bound_by) == (near(1000 / 26), "cash")
    assert entry.cash_after == near(0.0, abs=1e-9)


def test_a_long_is_liquidated_where_its_margin_is_down_to_the_maintenance(play: Play) -> None:
    # Leverage 4: margin 25 a unit; (100 − 25) / (1 − 0.005) = 75.3768….
    bars = hours(flat(100, BUY), (100, 101, 76, 80), (80, 80, 75, 79))
    outcome = play(levered(), bars, leverage=4.0, costs=Costs(10.0, 0.0, 100.0))
    entry, end = outcome.fills
    # Bought at 101, cost 101, margin 101 / 4 a unit.
    price = (101 - 101 / 4) / 0.995
    assert (end.reason, end.liquidity) == ("liquidation", "taker")
    assert end.price == near(price, rel=1e-12)
    fee = end.qty * price * 0.001
    assert end.fee == near(fee)
    assert end.pnl == near(end.qty * (price - 101) - fee - entry.fee)


def test_an_open_beyond_the_margin_costs_no_more_than_the_margin(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (60, 60, 60, 60))
    outcome = play(levered(), bars, leverage=4.0)
    # 20 units lose 800 with a margin of 500: 500 of cash stay.
    end = outcome.fills[1]
    assert (end.reason, end.price, end.pnl) == ("liquidation", 60.0, -500.0)
    assert outcome.equities[-1] == 500.0


def test_a_rule_exit_beyond_the_margin_costs_no_more_either(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(60))
    outcome = play(levered(exit="volume == 2"), bars, leverage=4.0)
    assert (outcome.fills[1].reason, outcome.fills[1].pnl) == ("exit_rule", -500.0)


def test_a_stop_nearer_than_the_liquidation_comes_first(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 100, 70, 70))
    outcome = play(levered(stop={"percent": 10}), bars, leverage=4.0)
    assert outcome.legs[1] == (1, "sell", 20.0, 90.0, "stop")


def test_a_liquidation_nearer_than_the_stop_comes_first(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 100, 60, 70))
    outcome = play(levered(stop={"percent": 30}), bars, leverage=4.0)
    assert outcome.legs[1] == (1, "sell", 20.0, round(75 / 0.995, 9), "liquidation")


def test_an_open_beyond_both_is_a_liquidation(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (74, 74, 74, 74))
    outcome = play(levered(stop={"percent": 10}), bars, leverage=4.0)
    assert outcome.legs[1] == (2, "sell", 20.0, 74.0, "liquidation")


def test_an_open_between_stop_and_liquidation_is_a_stop(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (80, 80, 70, 74))
    outcome = play(levered(stop={"percent": 10}), bars, leverage=4.0)
    assert outcome.legs[1] == (2, "sell", 20.0, 80.0, "stop")


def test_a_short_is_liquidated_above(play: Play) -> None:
    # (100 + 25) / 1.005 = 124.378….
    strategy = document(trigger(direction="short", exit=None, stop={"percent": 40}), fraction=2.0)
    outcome = play(strategy, hours(flat(100, BUY), (100, 125, 100, 120)), leverage=4.0)
    assert outcome.legs[1] == (1, "buy", 20.0, round(125 / 1.005, 9), "liquidation")


def test_a_short_has_a_liquidation_price_at_leverage_1_too(play: Play) -> None:
    # (100 + 100) / 1.005 = 199.0049….
    strategy = document(trigger(direction="short", exit=None, stop={"price": "500"}))
    outcome = play(strategy, hours(flat(100, BUY), (100, 200, 100, 120)))
    assert outcome.legs[1] == (1, "buy", 5.0, round(200 / 1.005, 9), "liquidation")


def test_a_long_paid_in_full_is_never_liquidated(play: Play) -> None:
    outcome = play(document(trigger(exit=None)), hours(flat(100, BUY), (100, 100, 0.001, 50)))
    assert len(outcome.fills) == 1


def test_the_maintenance_is_a_setting(play: Play) -> None:
    outcome = play(levered(), hours(flat(100, BUY), (100, 100, 70, 70)), leverage=4.0, maintenance=0.02)
    assert outcome.legs[1][3:] == (round(75 / 0.98, 9), "liquidation")


def test_a_scale_in_moves_the_liquidation_price(play: Play) -> None:
    # 4 units at 100; equity 1,100 at 125: 3.52 units more for 440. Cost 840 / 7.52, margin 840 / 4.
    bars = hours(flat(100, BUY), flat(100, BUY), flat(125), (125, 125, 80, 90))
    outcome = play(levered(fraction=0.4, scale_in=2), bars, leverage=4.0)
    first, second, end = outcome.fills
    assert first.qty == 4.0
    assert second.qty == near(0.4 * 1100 / 125)
    cost = (400 + 440) / 7.52
    margin = (400 + 440) / 4
    assert end.price == near((cost - margin / 7.52) / 0.995)
    assert end.reason == "liquidation"
