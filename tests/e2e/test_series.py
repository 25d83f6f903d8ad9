"""Longer timeframes and stored funding rates through the deployed stack: uploaded, made, paid."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.times import parse_time
from tests.e2e.client import completed, ended_import, every, import_candles, import_file, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

MARKET = {"exchange": "seriestest", "symbol": "BTC-USDT-PERP"}
QUARTERS, RATES = "seriestest.BTC-USDT-PERP.15m", "seriestest.BTC-USDT-PERP.funding"
START, END = "2021-01-01", "2021-02-01"
REQUEST: dict[str, Any] = {
    "symbols": [MARKET["symbol"]],
    "exchange": MARKET["exchange"],
    "strategy": CROSS,
    "start_date": "2021-01-10",
    "leverage": 2,
    "funding": {"source": "stored"},
}


@pytest.fixture(scope="module")
def http(stack: LocalStack) -> httpx.Client:
    http = stack.http()
    file = simulated_file(MARKET["symbol"], "15m", START, END)
    assert import_candles(http, file, MARKET["exchange"], MARKET["symbol"], "15m")["status"] == "completed"
    times = range(parse_time(START), parse_time(END), 8 * 3_600_000)
    rates = "\n".join(["timestamp,rate", *(f"{time},0.0002" for time in times)]).encode()
    imported = import_file(http, rates, MARKET | {"kind": "funding"})
    assert (imported["status"], imported["report"]["rows"]) == ("completed", len(times))
    return http


def test_a_run_makes_its_bars_and_pays_the_stored_rates(http: httpx.Client) -> None:
    run_id = completed(http, REQUEST | {"timeframe": "2h"})
    (used,) = ok(http.get(f"/backtests/{run_id}/results"))["candles"]
    assert (used["dataset_id"], used["made_of"], used["funding_dataset"]) == (QUARTERS, "15m", RATES)
    paid = every(http, f"/backtests/{run_id}/playback/events", "events", type="funding")
    assert paid
    assert all(event["payload"]["rate"] == 0.0002 for event in paid)


def test_a_dataset_is_made_by_a_workflow_and_a_run_of_it_comes_to_the_same(http: httpx.Client) -> None:
    read = completed(http, REQUEST | {"timeframe": "1h"})
    begun = ok(http.post(f"/datasets/{QUARTERS}/resample", json={"timeframe": "1h"}), 202)
    path = f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}"
    assert ended_import(http, path)["report"]["made_of"] == QUARTERS
    stored = completed(http, REQUEST | {"timeframe": "1h"})
    one, other = (ok(http.get(f"/backtests/{run_id}/results")) for run_id in (read, stored))
    assert other["candles"][0]["dataset_id"] == begun["dataset_id"]
    for name in ("final_equity", "total_trades", "funding_paid"):
        assert one[name] == other[name], name
    assert any(
        entry["workflow_id"] == begun["import_id"] for entry in ok(http.get("/workflows"))["workflows"]
    )
