"""How large an entry is: the ways to size, and each bound of the size."""

from typing import Any

from engine.limits import Risk
from tests.engine.contract.playing import BUY, IDLE, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs

AT_100 = hours(flat(100, BUY), flat(100))


def sized(**sizing: Any) -> dict[str, Any]:
    return document(trigger(exit=None, stop={"percent": 5})) | {"sizing": sizing}


def test_a_fraction_of_the_equity_at_the_open(play: Play) -> None:
    strategy = document(trigger(id="a", symbols=["A"]), trigger(id="b", symbols=["B"]), fraction=0.25)
    outcome = play(
        strategy,
        {
            "A": hours(flat(100, BUY), flat(100), (160, 160, 160, 160)),
            "B": hours(flat(10), flat(10, BUY), flat(10)),
        },
    )
    # 2.5 units of A; at hour 2 they are worth 400: equity 1,150, a quarter of it is 28.75 units of B.
    assert [fill.qty for fill in outcome.fills] == [2.5, 28.75]


def test_the_risk_at_the_stop(play: Play) -> None:
    # 2 % of 1,000 is 20, the stop is 5 away: 4 units.
    (entry,) = play(sized(mode="risk", risk_pct=2), AT_100).fills
    assert (entry.qty, entry.bound_by) == (near(4.0), "own")
    assert entry.risk_used == near(20.0)
    assert entry.actual_risk == near(20.0)
    assert entry.allocated_risk is None


RANGES_OF_TWO = [(100, 101, 99, 100, IDLE)] * 15


def test_the_risk_without_a_stop_is_that_of_one_atr(play: Play) -> None:
    strategy = document() | {"sizing": {"mode": "risk", "risk_pct": 1}}
    bars = hours(*RANGES_OF_TWO, (100, 101, 99, 100, BUY), flat(100))
    (entry,) = play(strategy, bars).fills
    # Every true range is 2: 10 / 2 = 5 units, which would lose 10 at 1 ATR, but there is no stop.
    assert entry.qty == near(5.0)
    assert entry.risk_used == near(10.0)
    assert (entry.actual_risk, entry.stop_distance) == (None, None)


def test_the_risk_needs_a_stop_or_an_atr(play: Play) -> None:
    strategy = document() | {"sizing": {"mode": "risk", "risk_pct": 1}}
    assert play(strategy, AT_100).reasons == [(1, "t", "stop_missing")]


def test_a_notional(play: Play) -> None:
    (entry,) = play(sized(mode="notional", notional=250), AT_100).fills
    assert entry.qty == near(2.5)


def test_a_volatility_target(play: Play) -> None:
    # Closes 100, 101, 100.495: returns +1 % and −0.5 %, mean 0.25 %, deviation (of a population) 0.75 %.
    # A year has 8,760 hours: 0.0075 × √8760 = 0.7019…; a target of 35 % takes 0.35 / 0.7019 of the equity.
    bars = hours(flat(100), (100, 101, 100, 101), (101, 101, 100, 100.495, BUY), flat(100))
    (entry,) = play(sized(mode="volatility_target", target_pct=35, period=2), bars).fills
    assert entry.qty == near(0.35 / (0.0075 * 8760**0.5) * 1000 / 100, rel=1e-9)


def test_a_volatility_target_takes_no_more_than_the_leverage(play: Play) -> None:
    bars = hours(flat(100), (100, 101, 100, 101), (101, 101, 100, 100.495, BUY), flat(100))
    (entry,) = play(sized(mode="volatility_target", target_pct=500, period=2), bars).fills
    assert entry.qty == near(10.0)


def test_confidence_multiplies_the_size(play: Play) -> None:
    sizing = {"mode": "fraction", "fraction": 0.5, "profile": {"A": 1.5, "B": 0.5}}
    for confidence, qty, k in (("A", 7.5, 1.5), ("B", 2.5, 0.5), ("C", 5.0, 1.0), (None, 5.0, 1.0)):
        (entry,) = play(document(trigger(confidence=confidence)) | {"sizing": sizing}, AT_100).fills
        assert (entry.qty, entry.multiplier) == (near(qty), k)


def test_position_risk_binds(play: Play) -> None:
    outcome = play(sized(mode="fraction", fraction=0.5), AT_100, risk=Risk(max_position_risk_pct=1.0))
    # 1 % of 1,000 is 10; the stop is 5 away: 2 units instead of 5.
    (entry,) = outcome.fills
    assert (entry.qty, entry.bound_by) == (near(2.0), "position_risk")
    assert entry.allocated_risk == near(10.0)
    assert entry.risk_used == near(10.0)


def test_position_risk_takes_the_confidence_too(play: Play) -> None:
    sizing = {"mode": "fraction", "fraction": 0.9, "profile": {"B": 0.5}}
    strategy = document(trigger(stop={"percent": 5}, confidence="B")) | {"sizing": sizing}
    (entry,) = play(strategy, AT_100, risk=Risk(max_position_risk_pct=1.0)).fills
    # Half of 10 is 5: 1 unit.
    assert (entry.qty, entry.allocated_risk) == (near(1.0), near(5.0))


def test_position_risk_without_a_stop_uses_the_atr_of_the_decision(play: Play) -> None:
    bars = hours(*RANGES_OF_TWO, (100, 101, 99, 100, BUY), flat(100))
    (entry,) = play(document(), bars, risk=Risk(max_position_risk_pct=0.5)).fills
    assert (entry.qty, entry.bound_by) == (near(2.5), "position_risk")


def test_the_symbol_cap_binds(play: Play) -> None:
    (entry,) = play(document(), AT_100, risk=Risk(max_symbol_exposure_pct=30.0)).fills
    assert (entry.qty, entry.bound_by) == (near(3.0), "symbol_exposure")


def test_scale_ins_share_the_symbol_cap(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, BUY), flat(100, BUY), flat(100))
    outcome = play(document(trigger(scale_in=9), fraction=0.2), bars, risk=Risk(max_symbol_exposure_pct=30.0))
    # 2 units; then 300 − 200 leaves 1; then nothing.
    assert [(fill.qty, fill.bound_by) for fill in outcome.fills] == [
        (near(2.0), "own"),
        (near(1.0), "symbol_exposure"),
    ]
    assert outcome.reasons == [(3, "t", "symbol_exposure")]


def test_the_portfolio_cap_counts_the_fills_of_the_same_open(play: Play) -> None:
    outcome = play(
        document(), {"A": AT_100, "B": AT_100, "C": AT_100}, risk=Risk(max_portfolio_exposure_pct=80.0)
    )
    # 500 in A; 800 − 500 leaves 3 units of B; C gets nothing.
    assert [(fill.symbol, fill.qty, fill.bound_by) for fill in outcome.fills] == [
        ("A", 5.0, "own"),
        ("B", near(3.0), "portfolio_exposure"),
    ]
    assert outcome.reasons == [(1, "t", "portfolio_exposure")]


def test_the_portfolio_cap_values_positions_at_the_open(play: Play) -> None:
    outcome = play(
        document(trigger(id="a", symbols=["A"]), trigger(id="b", symbols=["B"]), fraction=0.4),
        {"A": hours(flat(100, BUY), flat(100), flat(150)), "B": hours(flat(10), flat(10, BUY), flat(10))},
        risk=Risk(max_portfolio_exposure_pct=60.0),
    )
    # 4 units of A are worth 600 at hour 2, equity is 1,200: 720 − 600 = 120 buy 12 units of B.
    assert outcome.fills[1].qty == near(12.0)


def test_the_daily_risk_budget_binds_and_runs_out(play: Play) -> None:
    strategy = document(trigger(exit=None, stop={"percent": 5}), fraction=0.2)
    outcome = play(
        strategy, {"A": AT_100, "B": AT_100, "C": AT_100}, risk=Risk(max_daily_risk_budget_pct=1.5)
    )
    # 1.5 % of 1,000 is 15. A risks 2 × 5 = 10, B the 5 that are left: 1 unit, C nothing.
    assert [(fill.symbol, fill.qty, fill.bound_by) for fill in outcome.fills] == [
        ("A", near(2.0), "own"),
        ("B", near(1.0), "daily_risk_budget"),
    ]
    assert outcome.reasons == [(1, "t", "daily_risk_budget")]


def test_of_equal_bounds_the_first_is_named(play: Play) -> None:
    (entry,) = play(document(fraction=0.25), AT_100, risk=Risk(max_symbol_exposure_pct=25.0)).fills
    assert entry.bound_by == "own"


def test_a_bound_that_leaves_less_than_the_minimum_names_the_reason(play: Play) -> None:
    outcome = play(document(), AT_100, risk=Risk(max_symbol_exposure_pct=30.0), min_notional=400.0)
    assert outcome.reasons == [(1, "t", "symbol_exposure")]


def test_the_size_is_that_of_the_slipped_price(play: Play) -> None:
    (entry,) = play(sized(mode="risk", risk_pct=2), AT_100, costs=Costs(slippage_bps=100.0)).fills
    # Price 101, stop 95.95, distance 5.05: 20 / 5.05 units.
    assert entry.qty == near(20 / 5.05)
