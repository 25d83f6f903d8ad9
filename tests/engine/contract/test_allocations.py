"""Initial allocations: positions from the first open on, without costs and without levels."""

from engine.limits import Behaviour
from tests.engine.contract.playing import BUY, SELL, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs


def test_an_allocation_becomes_a_position_at_the_first_open(play: Play) -> None:
    outcome = play(
        document(),
        hours((100, 110, 100, 110, SELL), flat(120)),
        cash=1000.0,
        allocations={"A": 250.0},
        quantity_step=1.0,
        costs=Costs(100.0, 0.0, 0.0),
    )
    # 2 units for 200; 50 become cash. Sold at 120 with a fee of 2.4.
    first, leave = outcome.fills
    assert (first.reason, first.qty, first.price, first.fee, first.trigger) == (
        "initial_allocation",
        2.0,
        100.0,
        0.0,
        None,
    )
    assert (first.liquidity, first.decided_at, first.cash_after) == (None, 0, 1050.0)
    assert leave.pnl == near(40 - 2.4)
    assert outcome.equities[0] == 1270.0


def test_what_waits_for_its_first_open_is_equity_but_not_cash(play: Play) -> None:
    outcome = play(
        document(fraction=0.5),
        {"A": hours(flat(10, BUY), flat(10), flat(10)), "B": hours(flat(10), at=2)},
        cash=100.0,
        allocations={"B": 900.0},
    )
    assert outcome.equities == [1000.0, 1000.0, 1000.0]
    # Half of 1,000 is wanted, 100 are there.
    assert (outcome.fills[0].qty, outcome.fills[0].bound_by) == (10.0, "cash")


def test_an_allocation_counts_as_the_position_s_first_entry(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100))
    once = play(document(), bars, allocations={"A": 100.0})
    assert (len(once.fills), once.spans) == (1, [])
    twice = play(document(trigger(scale_in=2)), bars, allocations={"A": 100.0})
    assert len(twice.fills) == 2


def test_an_allocation_has_no_levels_and_scaling_in_gives_it_none(play: Play) -> None:
    strategy = document(trigger(scale_in=2, stop={"percent": 5}, max_bars=1))
    outcome = play(strategy, hours(flat(100, BUY), flat(100), flat(50)), allocations={"A": 100.0})
    assert len(outcome.fills) == 2
    assert outcome.fills[1].stop_distance is None


def test_an_allocation_is_paid_in_full_whatever_the_leverage(play: Play) -> None:
    outcome = play(document(), hours(flat(100), flat(100)), allocations={"A": 500.0}, leverage=5.0)
    assert outcome.fills[0].margin_after == 500.0


def test_an_allocation_s_own_open_is_no_funding_time(play: Play) -> None:
    outcome = play(
        document(), hours(flat(100), flat(100)), allocations={"A": 500.0}, funding={"A": [(0, 0.5)]}
    )
    assert outcome.equities[-1] == 1500.0


def test_an_allocation_is_flattened_daily(play: Play) -> None:
    outcome = play(
        document(), hours(flat(100), flat(100), at=23), allocations={"A": 500.0},
        behaviour=Behaviour(flatten_daily=True),
    )  # fmt: skip
    assert outcome.legs[1][4] == "flatten_daily"
    assert outcome.fills[1].trigger is None
