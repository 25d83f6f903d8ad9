"""vectorbt and backtesting.py as referees: the same orders on real candles give the same trades and equity.

The engine decides; the peers are given its decisions (which bar, how much, which levels) and fill and
account for them by their own code, in an environment of their own. docs/referees.md names every convention
in which they differ and how the comparison meets it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from bench.peers import ROOT, interpreter
from engine import Bars, Costs, Market, Result, preset, run
from engine.columns import Coded

FOLDER = Path(os.environ["STEPFOLD_MARKET_DATA"])
HOUR = 3_600_000
CLOSE = 1e-9
"""Largest relative difference."""

Arrays = dict[str, NDArray[Any]]


@cache
def hours(base: str) -> Bars:
    """Three years of hours of BTC or ETH, outages closed up: the peers know no gaps."""
    table = pq.read_table(FOLDER / f"binance_{base}USDT_1h_20210101_20231231.parquet")
    table = table.rename_columns([name.lower() for name in table.column_names])
    columns = [
        table[name].to_numpy().astype(np.float64) for name in ("open", "high", "low", "close", "volume")
    ]
    return Bars(np.arange(len(columns[0]), dtype=np.int64) * HOUR, *columns)


def ten() -> dict[str, Bars]:
    """Ten symbols on one timeline: five pieces of 5,253 hours of each of the two real ones."""
    found: dict[str, Bars] = {}
    for base in ("BTC", "ETH"):
        for piece in range(5):
            part = hours(base).rows(piece * 5_253, (piece + 1) * 5_253)
            found[f"{base}{piece}-USDT"] = Bars(hours("BTC").timestamp[:5_253], *part.columns[1:])
    return found


def ask(folder: Path, what: str, case: Mapping[str, Any]) -> Arrays:
    """Hand a case to the peers' interpreter and read its answers."""
    given, answers = folder / "case.npz", folder / "answers.npz"
    np.savez(given, what=np.array(what), **case)
    subprocess.run(
        [str(interpreter()), "-m", "bench.referees", str(given), str(answers)],
        cwd=ROOT,
        check=True,
        timeout=300,
    )
    return dict(np.load(answers))


def prices(series: Mapping[str, Bars], first: int) -> Arrays:
    names = ("open", "high", "low", "close")
    return {name: np.stack([getattr(b, name)[first:] for b in series.values()], axis=1) for name in names}


def assert_equal(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(expected, dtype=float), rtol=CLOSE)


def texts(column: Any) -> list[Any]:
    assert isinstance(column, Coded)
    return column.tolist()


def rows_of(result: Result, first: int) -> NDArray[np.int64]:
    """The peer's row of each fill: even ones are opens, odd ones the bars' insides."""
    fills = result.tables["fills"]
    inside = np.isin(np.array(texts(fills["reason"])), ("stop", "target"))
    return 2 * (np.asarray(fills["timestamp"]) // HOUR - first) + inside


def as_orders(result: Result, symbols: list[str], rows: int, first: int) -> Arrays:
    """The fills as signed amounts at their prices, and who comes first in each row: who sells.

    A bar is two rows, one for its open and one for what happens inside: an entry may be stopped in its own.
    """
    fills = result.tables["fills"]
    at = rows_of(result, first)
    column = np.array([symbols.index(symbol) for symbol in texts(fills["symbol"])])
    sign = np.where(np.array(texts(fills["side"])) == "buy", 1.0, -1.0)
    size, price = np.zeros((rows, len(symbols))), np.full((rows, len(symbols)), np.nan)
    # What the cash cut is given without a size: how much it buys is the referee's to say.
    wanted = np.where(np.array(texts(fills["bound_by"])) == "cash", np.inf, np.asarray(fills["qty"]))
    size[at, column], price[at, column] = sign * wanted, np.asarray(fills["price"])
    sequence = np.argsort(size >= 0.0, axis=1, kind="stable")
    return {"size": size, "price": price, "sequence": sequence}


def assert_vectorbt_agrees(
    result: Result, series: Mapping[str, Bars], first: int, fee: float, folder: Path
) -> None:
    symbols = list(series)
    candles = prices(series, first)
    close = np.repeat(candles["close"], 2, axis=0)
    orders = as_orders(result, symbols, len(close), first)
    case = {"close": close, **orders, "fee": fee, "cash": result.plan.initial_cash}
    found = ask(folder, "vectorbt", case)
    fills, trades = result.tables["fills"], result.tables["trades"]
    place = np.array([symbols.index(symbol) for symbol in texts(fills["symbol"])])
    order = np.lexsort((place, rows_of(result, first)))
    theirs = np.lexsort((found["order_symbol"], found["order_row"]))
    assert len(theirs) == fills.rows
    assert_equal(found["order_row"][theirs], rows_of(result, first)[order])
    assert_equal(found["order_size"][theirs], np.asarray(fills["qty"])[order])
    assert_equal(found["order_fee"][theirs], np.asarray(fills["fee"])[order])
    where = np.array([symbols.index(symbol) for symbol in texts(trades["symbol"])])
    order = np.lexsort((where, np.asarray(trades["timestamp"])))
    theirs = np.lexsort((found["symbol"], found["exit_row"]))
    # A profit of nearly nothing is the difference of large numbers: measured against what was paid.
    paid = np.asarray(trades["qty"])[order] * np.asarray(trades["entry_price"])[order]
    assert_equal(1.0 + found["pnl"][theirs] / paid, 1.0 + np.asarray(trades["pnl"])[order] / paid)
    assert_equal(found["equity"][1::2], result.tables["equity"]["equity"])
    if "stop" not in texts(fills["reason"]):
        assert_equal(100.0 * abs(found["drawdown"]), result.metrics["max_drawdown_pct"])


def assert_backtesting_agrees(
    result: Result, bars: Bars, first: int, fee: float, folder: Path, levels: tuple[float, float] | None
) -> None:
    """Entries are given where decided, with the engine's whole units; stops and targets are the peer's."""
    candles = prices({"A": bars}, first)
    close = candles["close"][:, 0]
    fills = result.tables["fills"]
    decided = np.asarray(fills["decided_at"]) // HOUR - first
    entry = np.asarray(fills["is_entry"])
    by_rule = np.array(texts(fills["reason"])) == "exit_rule"
    buy, leave = np.zeros(len(close)), np.zeros(len(close), dtype=bool)
    buy[decided[entry]] = np.asarray(fills["qty"])[entry]
    leave[decided[~entry & by_rule]] = True
    none = np.full(len(close), np.nan)
    stop, target = (none, none) if levels is None else (close * levels[0], close * levels[1])
    case = {**candles, "buy": buy, "leave": leave, "stop": stop, "target": target}
    found = ask(folder, "backtesting", {**case, "fee": fee, "cash": result.plan.initial_cash})
    trades = result.tables["trades"]
    order = np.argsort(found["exit_row"], kind="stable")
    assert len(order) == trades.rows
    assert_equal(found["entry_row"][order], np.asarray(trades["entry_timestamp"]) // HOUR - first)
    assert_equal(found["exit_row"][order], np.asarray(trades["exit_timestamp"]) // HOUR - first)
    assert_equal(found["size"][order], trades["qty"])
    assert_equal(found["entry_price"][order], trades["entry_price"])
    assert_equal(found["exit_price"][order], trades["exit_price"])
    assert_equal(found["equity"][-1], result.metrics["final_equity"])


@pytest.mark.parametrize("base", ["BTC", "ETH"])
def test_the_ema_cross_is_accounted_for_alike(base: str, tmp_path: Path) -> None:
    series = {f"{base}-USDT": hours(base)}
    first = 500
    for step, cash, slippage in ((0.0, 10_000.0, 2.0), (1.0, 1e9, 0.0)):
        result = run(
            preset("ema_cross"),
            series,
            initial_cash=cash,
            costs=Costs(10.0, slippage),
            start_ms=first * HOUR,
            markets=(Market(f"{base}-USDT", step),),
        )
        assert result.metrics["total_trades"] > 400
        assert_vectorbt_agrees(result, series, first, 0.001, tmp_path)
        if step == 1.0:
            assert_backtesting_agrees(result, hours(base), first, 0.001, tmp_path, None)


RSI = {
    "name": "RSI reversal with a stop and a target",
    "triggers": [
        {
            "id": "dip",
            "entry": "crosses_above(rsi(close, 14), 32)",
            "exit": "crosses_above(rsi(close, 14), 68)",
            "stop": {"price": "close * 0.97"},
            "target": {"price": "close * 1.04"},
        }
    ],
    "sizing": {"mode": "fraction", "fraction": 0.9},
}


@pytest.mark.parametrize("base", ["BTC", "ETH"])
def test_stops_and_targets_are_met_alike(base: str, tmp_path: Path) -> None:
    series = {f"{base}-USDT": hours(base)}
    first = 500
    result = run(
        RSI,
        series,
        initial_cash=1e9,
        costs=Costs(taker_fee_bps=5.0, slippage_bps=0.0, maker_fee_bps=5.0),
        start_ms=first * HOUR,
        markets=(Market(f"{base}-USDT", 1.0),),
    )
    exits = result.metrics["exits"]
    assert exits["stop"] > 100
    assert exits["target"] > 50
    assert exits["exit_rule"] > 20
    assert_backtesting_agrees(result, hours(base), first, 0.0005, tmp_path, (0.97, 1.04))
    assert_vectorbt_agrees(result, series, first, 0.0005, tmp_path)


def test_ten_symbols_share_cash_alike(tmp_path: Path) -> None:
    series = ten()
    document = dict(preset("ema_cross")) | {"sizing": {"mode": "fraction", "fraction": 0.2}}
    first = 500
    result = run(
        document,
        series,
        costs=Costs(10.0, 2.0),
        start_ms=first * HOUR,
        markets=tuple(Market(symbol, 0.0, min_notional=1.0) for symbol in series),
    )
    assert result.metrics["cash_bound_entries"] > 50
    assert_vectorbt_agrees(result, series, first, 0.001, tmp_path)


@pytest.mark.parametrize("base", ["BTC", "ETH"])
def test_indicators_agree_once_their_beginnings_are_forgotten(base: str, tmp_path: Path) -> None:
    document = {
        "name": "indicators",
        "indicators": {
            "a_ema": "ema(close, 26)",
            "a_sma": "sma(close, 50)",
            "a_stddev": "stddev(close, 20)",
            "a_rsi": "rsi(close, 14)",
            "a_atr": "atr(14)",
        },
        "triggers": [{"id": "t", "entry": "close < 0", "exit": "close < 0"}],
        "sizing": {"mode": "fraction", "fraction": 0.5},
    }
    series = {"A": hours(base)}
    mine = run(document, series, start_ms=0).tables["indicators/A"]
    found = ask(tmp_path, "indicators", prices(series, 0))
    for name, values in found.items():
        settled = slice(1_500, None)
        # A window's mean is a running sum in both: vectorbt's forgets nothing of three years of rounding.
        limit = 1e-7 if name == "stddev" else CLOSE
        np.testing.assert_allclose(mine[f"a_{name}"][settled], values[settled], rtol=limit, err_msg=name)
