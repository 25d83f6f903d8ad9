"""Shorts, leverage, stops, limits and a higher timeframe, through the whole deployed stack."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.client import completed, every, import_candles, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import simulated_file

MARKET = {"symbols": ["BTC-USDT", "ETH-USDT"], "exchange": "margintest", "timeframe": "1h"}

DOCUMENT: dict[str, Any] = {
    "name": "Both sides of the day's trend",
    "indicators": {"trend": 'tf("1d", ema(close, 5))', "mean": "sma(close, 12)"},
    "triggers": [
        {
            "id": "buy",
            "category": "trend_continuation",
            "entry": "crosses_above(close, mean) and close > trend",
            "exit": "crosses_below(close, mean)",
            "stop": {"atr": 1.5, "period": 14},
            "target": {"r": 3},
        },
        {
            "id": "sell",
            "direction": "short",
            "category": "trend_continuation",
            "entry": "crosses_below(close, mean) and close < trend",
            "exit": "crosses_above(close, mean) or current_r > 2",
            "stop": {"percent": 1.5},
            "trailing": {"percent": 2},
        },
    ],
    "sizing": {"mode": "risk", "risk_pct": 2},
}
REQUEST: dict[str, Any] = {
    **MARKET,
    "strategy": DOCUMENT,
    "start_date": "2021-01-20",
    "leverage": 3,
    "funding": {"assumed_rate_bps": 1, "every_hours": 8},
    "costs": {"taker_fee_bps": 5, "maker_fee_bps": 2, "slippage_bps": 1},
    # What is not named here has its default: 80 % in all positions together, of equity.
    "risk": {"max_symbol_exposure_pct": 100, "max_daily_loss_pct": 5, "max_trades_per_day": 2},
    "behaviour": {"min_hold_hours": 1, "min_flat_hours": 1, "conflicting_signals": "reverse"},
}


@pytest.fixture(scope="module")
def http(stack: LocalStack) -> httpx.Client:
    http = stack.http()
    for seed, symbol in enumerate(MARKET["symbols"]):
        file = simulated_file(symbol, "1h", "2021-01-01", "2021-03-01", seed + 5)
        assert import_candles(http, file, "margintest", symbol, "1h")["status"] == "completed"
    return http


@pytest.fixture(scope="module")
def run_id(http: httpx.Client) -> str:
    return completed(http, REQUEST)


def test_both_sides_are_traded_under_their_stops(http: httpx.Client, run_id: str) -> None:
    trades = every(http, f"/backtests/{run_id}/paired_trades", "paired_trades")
    assert {trade["side"] for trade in trades} == {"long", "short"}
    assert {trade["exit_reason"] for trade in trades} >= {"stop", "exit_rule"}
    for trade in trades:
        assert trade["risk"] > 0
        assert trade["r_multiple"] == pytest.approx(trade["pnl"] / trade["risk"])
    fills = every(http, f"/backtests/{run_id}/trades", "trades")
    entries = [fill for fill in fills if fill["reason"] == "entry_rule"]
    assert all(fill["stop_distance"] > 0 for fill in entries)
    # Three times leverage puts up a third of the notional.
    fresh = [fill for fill in entries if abs(fill["position_after"]) == fill["qty"]]
    assert fresh
    for fill in fresh:
        assert fill["margin_after"] == pytest.approx(fill["qty"] * fill["price"] / 3)
    assert any(fill["funding"] != 0 for fill in fills if fill["reason"] != "entry_rule")


def test_limits_that_bind_say_so_with_their_values(http: httpx.Client, run_id: str) -> None:
    blocked = every(http, f"/backtests/{run_id}/playback/events", "events", type="trade_blocked")
    reasons = {event["payload"]["reason"]: event["payload"] for event in blocked}
    assert "trades_per_day" in reasons
    assert reasons["trades_per_day"]["limit"] == 2
    fills = every(http, f"/backtests/{run_id}/playback/events", "events", type="fill")
    bound = [event["payload"] for event in fills if event["payload"].get("bound_by")]
    assert {payload["bound_by"] for payload in bound} >= {"portfolio_exposure"}
    assert all(payload["allowed_qty"] < payload["wanted_qty"] for payload in bound)
    results = ok(http.get(f"/backtests/{run_id}/results"))
    counted = sum(event["payload"]["count"] for event in blocked)
    assert counted == sum(results["blocked"].values())
    assert {found["trigger_id"] for found in results["triggers"]} == {"buy", "sell"}


def test_a_state_in_between_shows_short_positions_and_their_levels(http: httpx.Client, run_id: str) -> None:
    fills = every(http, f"/backtests/{run_id}/trades", "trades")
    short = next(fill for fill in fills if fill["reason"] == "entry_rule" and fill["side"] == "sell")
    state = ok(http.get(f"/backtests/{run_id}/playback/state/{short['timestamp']}"))
    (position,) = [found for found in state["positions"] if found["symbol"] == short["symbol"]]
    if position["qty"] < 0:
        assert position["stop_price"] > short["price"]
        assert position["liquidation_price"] > position["stop_price"]


def test_why_and_why_not_of_one_bar(http: httpx.Client, run_id: str) -> None:
    fills = every(http, f"/backtests/{run_id}/trades", "trades")
    entry = next(fill for fill in fills if fill["reason"] == "entry_rule" and fill["side"] == "sell")
    query = {"at": entry["decided_at"], "symbol": entry["symbol"]}
    found = ok(http.get(f"/backtests/{run_id}/why", params=query))
    rules = {(t["trigger_id"], r["rule"]): r for t in found["triggers"] for r in t["rules"]}
    assert rules["sell", "entry"]["truth"] is True
    assert rules["buy", "entry"]["truth"] is False
    blocked = every(http, f"/backtests/{run_id}/playback/events", "events", type="trade_blocked")
    refused = next(event for event in blocked if event["payload"]["reason"] == "trades_per_day")
    # The limit is met at the fill, one bar after the close that decided.
    query = {"at": refused["payload"]["first"], "symbol": refused["symbol"]}
    assert ok(http.get(f"/backtests/{run_id}/why", params=query))["triggers"]


def test_shorts_without_a_word_on_funding_are_refused(http: httpx.Client) -> None:
    answer = http.post("/backtests", json={key: value for key, value in REQUEST.items() if key != "funding"})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "funding"
    assert "be it 0" in error["message"]
