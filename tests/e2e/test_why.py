"""Why or why not on the deployed stack: the API folds again what the workflow folded."""

from __future__ import annotations

import httpx
import pytest

from tests.e2e.client import completed, every, import_candles, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

# An exchange of these tests' own: other tests of the stack count what they brought themselves.
MARKET = {"symbols": ["BTC-USDT", "ETH-USDT"], "exchange": "whytest", "timeframe": "1h", "strategy": CROSS}


@pytest.fixture(scope="module")
def http(stack: LocalStack) -> httpx.Client:
    http = stack.http()
    for seed, symbol in enumerate(MARKET["symbols"]):
        file = simulated_file(symbol, "1h", "2021-01-01", "2021-03-01", seed + 1)
        assert import_candles(http, file, "whytest", symbol, "1h")["status"] == "completed"
    return http


def test_every_fill_is_explained_by_the_bar_that_decided_it(http: httpx.Client) -> None:
    run_id = completed(http, {**MARKET, "start_date": "2021-01-20"})
    fills = every(http, f"/backtests/{run_id}/trades", "trades")
    assert len(fills) > 20
    for fill in fills[::7]:
        query = {"at": fill["decided_at"], "symbol": fill["symbol"]}
        found = ok(http.get(f"/backtests/{run_id}/why", params=query))
        (told,) = found["decision"]["fills"]
        assert (told["timestamp"], told["qty"], told["price"]) == (
            fill["timestamp"],
            fill["qty"],
            fill["price"],
        )
        (rule,) = [rule for rule in found["triggers"][0]["rules"] if rule["outcome"] == "order"]
        fast, slow = rule["condition"]["parts"]
        above = rule["rule"] == "entry"
        assert (fast["value"] > slow["value"]) == above
        assert (fast["before"] <= slow["before"]) == above
    answer = http.get(f"/backtests/{run_id}/why", params={"at": "2021-02-01T00:30"})
    assert answer.status_code == 422
    assert "the nearest before opens at 2021-02-01T00:00:00Z" in answer.json()["detail"]


def test_a_check_of_what_would_be_run_passes(http: httpx.Client) -> None:
    report = ok(http.post("/strategies/check", json={**MARKET, "start_date": "2021-01-20"}))
    assert report["passed"], report
    assert report["fills"] > 20
    assert report["cuts"] >= 30
