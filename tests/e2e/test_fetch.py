"""Fetches on the deployed stack: the workflow, its waits and failures, a backtest that lacks candles."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import httpx
import pytest

from tests.e2e.client import completed, ok, wait, wait_until
from tests.e2e.local_stack import LocalStack
from tests.exchange.faults import Fault
from tests.exchange.stand_in import StandIn

BODY = {"source": "exchange", "exchange": "binance", "symbol": "BTCUSDT", "timeframe": "5m"}
RUN: dict[str, Any] = {
    "symbols": ["ETH-USDT"],
    "timeframe": "1h",
    "exchange": "binance",
    "strategy": "ema_cross",
    "start_date": "2021-01-10",
    "end_date": "2021-02-20",
}


@pytest.fixture
def http(stack: LocalStack, listed: StandIn) -> httpx.Client:
    del listed
    return stack.http()


def fetched(http: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """Begin a fetch and return it once it has ended."""
    return ended(http, begun(http, body))


def begun(http: httpx.Client, body: dict[str, Any]) -> str:
    entry = ok(http.post("/datasets", json=body), 202)
    return f"/datasets/{entry['dataset_id']}/fetches/{entry['fetch_id']}"


def ended(http: httpx.Client, path: str) -> dict[str, Any]:
    entry: dict[str, Any] = wait_until(
        lambda: ok(http.get(path)), lambda entry: entry["status"] in ("completed", "failed")
    )
    return entry


def test_months_are_fetched_through_faults_and_a_lost_worker(
    stack: LocalStack, http: httpx.Client, exchange: StandIn
) -> None:
    exchange.delay = 0.02
    # A wait in the function, one in the state machine, and the worker that is killed between them.
    exchange.faults += [Fault("reorder")] * 6 + [Fault("rate_limit", seconds=1), Fault("drop")]
    exchange.faults += [Fault("reorder")] * 3 + [Fault("rate_limit", seconds=6)]
    path = begun(http, {**BODY, "since": "2021-01-01", "until": "2021-02-28"})
    wait_until(lambda: len(exchange.candles_asked), lambda asked: asked > 5)
    for pid in stack.workers("fetch"):
        os.kill(pid, signal.SIGKILL)
    entry = ended(http, path)
    assert entry["status"] == "completed", entry
    rows = len(exchange.book.held["BTC-USDT", "5m"]["timestamp"])
    assert entry["report"]["dataset_rows"] == rows
    detail = ok(http.get("/datasets/binance.BTC-USDT.5m"))
    assert (detail["rows"], detail["public"]) == (rows, True)
    assert detail["market"]["quantity_step"] == 1e-5


def test_a_fetch_that_fails_says_why_and_goes_on_from_what_it_had(
    http: httpx.Client, exchange: StandIn
) -> None:
    body = {**BODY, "symbol": "SOLUSDT", "timeframe": "1h", "since": "2021-01-01", "until": "2021-02-28"}
    # The daily candles, then 1,000 hours, then an exchange that has blocked us for two hours.
    exchange.faults += [Fault("reorder")] * 3
    exchange.always = Fault("rate_limit", seconds=7_200)
    entry = fetched(http, body)
    assert (entry["status"], entry["error"]["code"]) == ("failed", "exchange_rate_limited")
    assert http.get("/datasets/binance.SOL-USDT.1h").status_code == 404
    workflow = ok(http.get(f"/workflows/{entry['fetch_id']}"))
    assert workflow["error"]["code"] == "exchange_rate_limited"
    assert {step["type"] for step in workflow["history"] if step["error"]} >= {
        "TaskFailed",
        "ExecutionFailed",
    }
    exchange.always = None
    entry = fetched(http, body)
    assert entry["status"] == "completed", entry
    assert entry["report"]["rows"] == len(exchange.book.held["SOL-USDT", "1h"]["timestamp"])


def test_a_backtest_fetches_what_it_lacks(http: httpx.Client, exchange: StandIn) -> None:
    exchange.delay = 0.2
    run = ok(http.post("/backtests", json=RUN), 202)
    phases = set[str]()
    while (progress := ok(http.get(f"/backtests/{run['run_id']}/progress")))["status"] in (
        "queued",
        "running",
    ):
        phases.add(progress["current_phase"])
        time.sleep(0.02)
    assert progress["status"] == "completed", ok(http.get(f"/backtests/{run['run_id']}"))
    assert "fetching" in phases
    request = ok(http.get(f"/backtests/{run['run_id']}/results"))["request"]
    assert (request["taker_fee_bps"], request["symbols"][0]["min_notional"]) == (10.0, 5.0)
    # The same request again finds them there, and has the same results.
    first, second = (ok(http.get(f"/backtests/{i}")) for i in (run["run_id"], completed(http, RUN)))
    assert first["fingerprint"] == second["fingerprint"]


def test_a_backtest_whose_exchange_is_away_fails_with_what_to_do(
    http: httpx.Client, exchange: StandIn
) -> None:
    exchange.down = True
    request = {**RUN, "symbols": ["BTC-USD"], "exchange": "coinbase"}
    run = wait(http, ok(http.post("/backtests", json=request), 202)["run_id"])
    assert (run["status"], run["error"]["code"]) == ("failed", "exchange_unreachable")
    assert "stepfold data import FILE --exchange coinbase --symbol BTC-USD" in run["error"]["detail"]


def test_prices_come_from_the_exchange(http: httpx.Client, exchange: StandIn) -> None:
    answer = ok(http.get("/market/ticks", params={"symbols": "LTC-USD", "exchange": "coinbase"}))
    assert answer["ticks"][0]["price"] == exchange.book.last_price("LTC-USD")
