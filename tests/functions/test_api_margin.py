"""A run with shorts, leverage, levels, limits, funding and finer candles: the answers about it agree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from engine import layout
from functions.api.handler import handler
from shared.reader import RunReader
from shared.responses_market import StateAnswer
from shared.responses_results import ResultsAnswer
from shared.responses_trades import BoundBy, FillReason, PairedTradeRow, TradeRow, TradeSetRow
from shared.times import iso
from tests.aws import fake_stage
from tests.functions.api_stage import hold, request, run_to_its_end
from tests.functions.conftest import Finished
from tests.functions.gateway import client
from tests.functions.test_api_results import Row, every, get, stored

DOCUMENT: dict[str, Any] = {
    "name": "Both ways",
    "triggers": [
        {
            "id": "rise",
            "entry": "crosses_above(ema(close, 8), ema(close, 21))",
            "exit": "rsi(close, 14) > 70",
            "exit_fraction": 0.5,
            "stop": {"percent": 2},
            "target": {"r": 3},
            "scale_in": 2,
        },
        {
            "id": "fall",
            "direction": "short",
            "entry": "crosses_below(ema(close, 8), ema(close, 21))",
            "trailing": {"atr": 3},
            "confidence": "A",
        },
    ],
    "sizing": {"mode": "fraction", "fraction": 0.5, "profile": {"A": 1.5}},
}
TERMS: dict[str, Any] = {
    "strategy": DOCUMENT,
    "start_date": "2021-02-01",
    "risk": {"max_symbol_exposure_pct": 150, "max_portfolio_exposure_pct": 200, "max_trades_per_day": 2},
    "behaviour": {"conflicting_signals": "reverse", "min_hold_hours": None},
    "leverage": 3,
    "funding": {"assumed_rate_bps": 1},
    "costs": {"maker_fee_bps": 2, "slippage_range_fraction": 0.05, "slippage_volume_share": 0.01},
    "finer_timeframe": "15m",
}


@pytest.fixture(scope="module")
def margin() -> Iterator[Finished]:
    with pytest.MonkeyPatch.context() as monkeypatch, fake_stage(monkeypatch) as stage:
        for symbol in ("BTC-USDT", "ETH-USDT"):
            hold(stage, symbol)
            hold(stage, symbol, timeframe="15m")
        http = client(handler)
        answer = http.post("/backtests", json=request(symbols=["BTC-USDT", "ETH-USDT"], **TERMS))
        assert answer.status_code == 202, answer.text
        run_id = answer.json()["run_id"]
        run_to_its_end(run_id)
        run = stage.runs.get("local", run_id)
        assert run.manifest_key is not None
        yield Finished(stage, http, run_id, RunReader(stage.store, run_id, run.manifest_key))


def test_the_wire_names_every_reason_and_bound_of_the_engine() -> None:
    assert get_args(FillReason) == layout.FILL_REASONS
    assert get_args(BoundBy) == layout.BOUNDS


def test_results_say_what_became_of_each_rule(margin: Finished) -> None:
    body = get(margin, "results")
    results = ResultsAnswer.model_validate(body)
    rules = {(row.trigger_id, row.rule): row for row in results.triggers}
    assert set(rules) == {("rise", "entry"), ("rise", "exit"), ("fall", "entry")}
    fills = [TradeRow.model_validate(row) for row in every(margin, "trades", "trades")]
    for trigger in ("rise", "fall"):
        entries = [fill for fill in fills if fill.is_entry and fill.trigger_id == trigger]
        rule = rules[trigger, "entry"]
        assert rule.fired == len(entries) + sum(rule.blocked.values())
        assert rule.executed == len(entries) > 10
    assert sum(sum(row.blocked.values()) for row in results.triggers) == sum(body["blocked"].values()) > 0
    assert body["request"]["leverage"] == 3.0
    assert body["request"]["risk"]["max_daily_loss_pct"] == 3.0
    assert body["request"]["symbols"][0]["finer_version"]


def test_fills_carry_their_risk_their_margin_and_what_bound_them(margin: Finished) -> None:
    fills = [TradeRow.model_validate(row) for row in every(margin, "trades", "trades")]
    reasons = {fill.reason for fill in fills}
    assert {"entry_rule", "exit_rule", "stop", "trailing_stop", "target", "reversal"} <= reasons
    for fill in fills:
        if fill.reason == "target":
            assert (fill.liquidity, fill.slippage) == ("maker", 0.0)
        if fill.is_entry:
            assert fill.bound_by is not None
            assert fill.profile_multiplier == (1.5 if fill.trigger_id == "fall" else 1.0)
            assert fill.stop_distance
            assert fill.actual_risk_at_stop == pytest.approx(fill.qty * fill.stop_distance)
        assert fill.margin_after is not None
        assert (fill.margin_after == 0.0) == (fill.position_after == 0.0)
    assert min(fill.position_after for fill in fills) < 0 < max(fill.position_after for fill in fills)
    halves = [fill.exit_fraction for fill in fills if fill.reason == "exit_rule"]
    assert halves == pytest.approx([0.5] * len(halves))


def test_round_trips_and_sets_agree_with_the_fills(margin: Finished) -> None:
    fills = stored(margin, "fills")
    pairs = [PairedTradeRow.model_validate(row) for row in every(margin, "paired_trades", "paired_trades")]
    sets = [TradeSetRow.model_validate(row) for row in every(margin, "trade_sets", "trade_sets")]
    assert {pair.side for pair in pairs} == {entry.side for entry in sets} == {"long", "short"}
    for pair in pairs:
        if pair.risk:
            assert pair.r_multiple == pytest.approx(pair.pnl / pair.risk)
    assert math.fsum(pair.pnl for pair in pairs) == pytest.approx(math.fsum(row["pnl"] for row in fills))
    for entry in sets:
        own = [row for row in fills if row["set_id"] == entry.set_id]
        sign = 1 if entry.side == "long" else -1
        assert all(row["position_after"] * sign >= 0 for row in own)
        assert all((row["side"] == "buy") == (row["is_entry"] == (sign > 0)) for row in own)
        assert entry.total_funding == pytest.approx(math.fsum(row["funding"] for row in own))


def test_the_state_shows_signed_positions_with_their_levels(margin: Finished) -> None:
    """Replays every fill up to a time, which the API never does."""
    fills, curve = stored(margin, "fills"), stored(margin, "equity")
    shorts = 0
    for row in curve[::61]:
        held: dict[str, Row] = {}
        for fill in fills:
            if fill["timestamp"] < row["timestamp"] + 3_600_000:
                held[fill["symbol"]] = fill
        end_of_bar = iso(row["timestamp"] + 3_599_999)
        state = StateAnswer.model_validate(get(margin, f"playback/state/{end_of_bar}"))
        signed = {position.symbol: position.qty for position in state.positions}
        assert signed == {s: fill["position_after"] for s, fill in held.items() if fill["position_after"]}
        assert state.equity == row["equity"]
        for position in state.positions:
            side = math.copysign(1.0, position.qty)
            shorts += side < 0
            assert position.margin is not None
            assert position.margin > 0
            assert position.stop_price is not None
            assert position.liquidation_price is not None
            assert (position.average_cost - position.liquidation_price) * side > 0
            # An initial stop lies on the losing side; a trailing one may have passed the cost.
            assert (position.target_price is None) == (side < 0)
    assert shorts > 5


def test_events_of_the_new_types_are_found(margin: Finished) -> None:
    funding = every(margin, "playback/events", "events", type="funding")
    assert funding
    paid = math.fsum(event["payload"]["paid"] for event in funding)
    assert paid == pytest.approx(get(margin, "results")["funding_paid"])
    blocked = every(margin, "playback/events", "events", type="trade_blocked")
    assert {event["payload"]["reason"] for event in blocked} >= {"trades_per_day"}
