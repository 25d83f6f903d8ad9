"""`run` as somebody calls it in a notebook: what is wrong with a call is said in the engine's own errors."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from engine import Bars, BarsError, Costs, Funding, PlanError, Risk, run
from tests.engine.market import MINUTE, document, generated

DOCUMENT = document("close > sma(close, 5)", "close < sma(close, 5)")


def frame(**changes: Any) -> pd.DataFrame:
    bars = generated(60)
    names = ("timestamp", "open", "high", "low", "close", "volume")
    return pd.DataFrame({name: getattr(bars, name) for name in names}).assign(**changes)


def quarters_of(bars: Bars) -> dict[str, Any]:
    """Two finer candles of 30 seconds for each bar, alike to it."""
    columns: dict[str, Any] = {
        name: np.repeat(getattr(bars, name), 2) for name in ("open", "high", "low", "close", "volume")
    }
    stamps = np.repeat(bars.timestamp, 2)
    stamps[1::2] += MINUTE // 2
    return {"timestamp": stamps, **columns}


@pytest.mark.parametrize(
    ("bars", "message"),
    [
        (frame().drop(columns="volume"), "has no column volume"),
        (frame().rename(columns=str.capitalize), r"open, high, low, close, volume \(in small letters\)"),
        (frame().drop(columns="timestamp"), "its index has no dates"),
        (frame(timestamp="2021-01-01"), "column 'timestamp' must hold epoch ms or dates"),
        (frame(close="none"), "column 'close' must hold numbers"),
        (frame(timestamp=np.where(np.arange(60) == 5, np.nan, 60_000.0)), "a time that is missing"),
        (
            frame(timestamp=pd.to_datetime(frame().timestamp.where(frame().index != 5), unit="ms")),
            "is missing",
        ),
        (frame().iloc[::-1], "sort the bars and drop doubles"),
        (pd.concat([frame(), frame().tail(1)]), "bar 60 at 3540000 does not come after the one before it"),
        ({1: frame()}, "named by its symbol, such as 'BTC-USDT', not 1"),
        ({"A": None}, "bars are Bars or a DataFrame, not NoneType"),
        ("candles.csv", "bars are Bars or a DataFrame, not str"),
    ],
)
def test_bars_that_are_none_say_what_they_lack(bars: object, message: str) -> None:
    with pytest.raises(BarsError, match=message):
        run(DOCUMENT, bars)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"risk": Risk(max_daily_loss_pct=float("nan"))}, "risk.max_daily_loss_pct: must be at least 1"),
        ({"risk": {"max_daily_los_pct": 3}}, "did you mean 'max_daily_loss_pct'"),
        ({"behaviour": {"conflicting_signals": "turn"}}, "known are ignore, exit, reverse, defer"),
        ({"costs": {"taker_fee_bps": 5}}, "costs: must be Costs"),
        ({"funding": 0.0001}, "funding: must be Funding"),
        ({"leverage": "3"}, "leverage: must be between 1 and 125"),
        ({"initial_cash": "much"}, "initial_cash: must be between"),
        ({"allocations": {"MARKET": 100.0}}, "initial_allocations: must be between"),
        ({"start_ms": "2021-01-01"}, "start_ms: must be a whole number of milliseconds"),
        ({"timeframe_ms": "1h"}, "timeframe_ms: must be a whole number of milliseconds"),
        ({"timeframe_ms": 5 * MINUTE}, "bars only 60000 ms apart"),
        ({"finer": frame().head(1)}, "finer: needs at least two candles"),
    ],
)
def test_an_argument_that_cannot_be_run_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        run(DOCUMENT, frame(), **arguments)


def test_no_hours_between_two_fundings_are_refused() -> None:
    with pytest.raises(PlanError, match="every_hours"):
        Funding.constant(1.0, 0, 0, MINUTE)


@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [np.nan, 0.0, 1e9])
def test_a_finer_price_outside_its_candle_would_have_become_a_fill(column: str, value: float) -> None:
    bars = generated(60)
    finer = quarters_of(bars)
    finer[column] = finer[column].copy()
    finer[column][7] = value
    if column == "high" and value == 1e9:
        finer[column][7] = np.inf
    if column == "low" and value == 0.0:
        finer[column][7] = -1.0
    with pytest.raises(BarsError, match="finer candle 7 at 210000 is no candle"):
        run(DOCUMENT, bars, finer=Bars(**finer))


def test_finer_candles_of_another_symbol_are_not_passed_over() -> None:
    bars = generated(60)
    with pytest.raises(BarsError, match="finer candles for B, which the plan does not trade"):
        run(DOCUMENT, {"A": bars}, finer={"B": Bars(**quarters_of(bars))})


def test_limits_may_be_written_as_in_a_document() -> None:
    stated = run(DOCUMENT, generated(400), risk={"max_trades_per_day": 2}, behaviour={"flatten_daily": True})
    assert stated.plan.limits == Risk(max_trades_per_day=2)
    assert stated.plan.conduct.flatten_daily
    assert stated.metrics["blocked"]["trades_per_day"] > 0


def test_numbers_of_numpy_and_lists_of_rates_are_taken() -> None:
    bars = generated(60)
    money = np.array([10_000, 100])
    result = run(
        DOCUMENT,
        bars,
        initial_cash=money[0],
        allocations=(money[1],),
        costs=Costs(taker_fee_bps=float(np.float32(5))),
        funding=Funding([0, 600_000], [0.0001, 0.0001]),  # type: ignore[arg-type]
    )
    assert result.metrics["initial_equity"] == 10_100
