"""Funding: who pays, when, on what, and where it is counted."""

from typing import Any

from tests.engine.contract.playing import BUY, HOUR_MS, SELL, Play, document, flat, hours, near, trigger


def held(**fields: Any) -> dict[str, Any]:
    return document(trigger(**fields))


def at(*times: tuple[float, float]) -> dict[str, list[tuple[int, float]]]:
    """Funding of A at these hours."""
    return {"A": [(round(hour * HOUR_MS), rate) for hour, rate in times]}


def test_a_long_pays_a_positive_rate_on_the_open_s_price(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), (120, 130, 110, 120), flat(120, SELL), flat(120))
    outcome = play(held(), bars, funding=at((2, 0.01)))
    # 5 units × 120 × 1 % = 6 leave the margin at hour 2 and are part of the P&L at the end.
    assert outcome.equities == [1000.0, 1000.0, 1094.0, 1094.0, 1094.0]
    leave = outcome.fills[1]
    assert (leave.pnl, leave.funding) == (near(94.0), near(6.0))
    assert outcome.trades[0].funding == near(6.0)


def test_a_short_receives_a_positive_rate(play: Play) -> None:
    strategy = held(direction="short", stop={"percent": 50})
    outcome = play(strategy, hours(flat(100, BUY), flat(100), flat(100)), funding=at((2, 0.01)))
    assert outcome.equities[-1] == 1005.0


def test_a_position_entered_at_the_boundary_does_not_pay_for_it(play: Play) -> None:
    outcome = play(held(), hours(flat(100, BUY), flat(100), flat(100)), funding=at((1, 0.01)))
    assert outcome.equities[-1] == 1000.0


def test_a_position_left_at_the_boundary_pays_for_it(play: Play) -> None:
    outcome = play(held(), hours(flat(100, BUY), flat(100, SELL), flat(100)), funding=at((2, 0.01)))
    assert (outcome.fills[1].funding, outcome.equities[-1]) == (5.0, 995.0)


def test_inside_a_bar_the_position_after_the_open_pays(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 140, 100, 140), flat(140))
    outcome = play(held(), bars, funding=at((1.5, 0.01)))
    # Entered at hour 1's open at 100, pays at half past on that open: 5.
    assert outcome.equities[1] == 1195.0


def test_funding_of_missing_bars_is_settled_at_the_next_open(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), flat(110), at=[0, 1, 5])
    outcome = play(held(), bars, funding=at((2, 0.01), (4, 0.02)))
    # 5 × 110 × 3 %.
    assert outcome.equities[-1] == near(1050 - 16.5)


def test_a_partial_exit_takes_its_share(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), flat(100, SELL), flat(100))
    outcome = play(held(exit_fraction=0.4), bars, funding=at((2, 0.01)))
    assert (outcome.fills[1].funding, outcome.fills[1].pnl) == (near(2.0), near(-2.0))


def test_funding_moves_the_liquidation_price(play: Play) -> None:
    # Leverage 4: margin 500 for 20 units. 5 % of 2,000 is 100: margin 400, liquidation at 80 / 0.995.
    bars = hours(flat(100, BUY), flat(100), (100, 100, 80.2, 90))
    strategy = document(trigger(exit=None), fraction=2.0)
    outcome = play(strategy, bars, leverage=4.0, funding=at((2, 0.05)))
    end = outcome.fills[1]
    assert (end.reason, end.price) == ("liquidation", near(80 / 0.995))
    # P&L: 20 × (80.402 − 100) − 100.
    assert end.pnl == near(20 * (80 / 0.995 - 100) - 100)
    assert outcome.equities[-1] == near(1000 + end.pnl)


def test_a_long_paid_in_full_lost_more_than_all_of_it_to_funding(play: Play) -> None:
    # Leverage 1: margin 500 for 5 units. Half of 500 is paid: margin 250, liquidation at 50 / 0.995.
    bars = hours(flat(100, BUY), flat(100), (100, 100, 45, 48), flat(2))
    outcome = play(document(trigger(exit=None)), bars, funding=at((2, 0.5), (3, 0.9)))
    end = outcome.fills[1]
    assert (end.reason, end.price) == ("liquidation", near(50 / 0.995))
    assert end.pnl == near(5 * (50 / 0.995 - 100) - 250)
    assert outcome.equities[-1] == near(1000 + end.pnl)


def test_a_short_whose_margin_is_gone_is_liquidated_at_any_price(play: Play) -> None:
    # 5 sold at 100, margin 500. Five times 0.9 × 500 fall due in a gap: 2,250. (100 − 350) / 1.005 < 0.
    bars = hours(flat(100, BUY), flat(100), flat(100), at=[0, 1, 7])
    strategy = document(trigger(direction="short", exit=None, stop={"percent": 40}))
    due = at(*((hour, -0.9) for hour in (2, 3, 4, 5, 6)))
    outcome = play(strategy, bars, funding=due)
    assert (outcome.fills[1].reason, outcome.fills[1].pnl) == ("liquidation", near(-500))
    assert outcome.equities[-1] == near(500)


def test_funding_of_the_flat_is_not_paid_later(play: Play) -> None:
    bars = hours(flat(100), flat(100, BUY), flat(100), flat(100))
    assert play(held(), bars, funding=at((0, 0.5), (0.5, 0.5), (1, 0.5))).equities[-1] == 1000.0
