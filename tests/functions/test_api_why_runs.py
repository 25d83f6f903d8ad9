"""Why or why not of runs that each test makes for itself."""

from __future__ import annotations

import httpx

from tests.aws import FakeStage
from tests.functions.api_stage import hold, request, run_to_its_end


def test_a_run_that_is_not_finished_is_a_conflict(market: FakeStage, http: httpx.Client) -> None:
    run_id = http.post("/backtests", json=request()).json()["run_id"]
    answer = http.get(f"/backtests/{run_id}/why", params={"at": "2021-03-01"})
    assert (answer.status_code, answer.json()["run_status"]) == (409, "queued")
    del market
    assert http.get("/backtests/bt-nope/why", params={"at": "2021-03-01"}).status_code == 404


def test_finer_candles_decide_again_as_they_did(market: FakeStage, http: httpx.Client) -> None:
    hold(market, "BTC-USDT", timeframe="5m")
    document = {
        "name": "stopped",
        "triggers": [
            {
                "id": "t",
                "entry": "crosses_above(close, sma(close, 20))",
                "exit": "close < sma(close, 50)",
                "stop": {"percent": 1.5},
                "target": {"r": 1},
            }
        ],
        "sizing": {"fraction": 0.5},
    }
    body = request(strategy=document, finer_timeframe="5m", start_date="2021-02-01", end_date="2021-02-20")
    run_id = http.post("/backtests", json=body).json()["run_id"]
    run_to_its_end(run_id)
    fills = http.get(f"/backtests/{run_id}/trades").json()["trades"]
    stopped = [fill for fill in fills if fill["reason"] in ("stop", "target")]
    assert stopped
    for fill in stopped[:4]:
        answer = http.get(f"/backtests/{run_id}/why", params={"at": fill["timestamp"]}).json()
        told = [event["payload"] for event in answer["events"] if event["type"] == "fill"]
        assert any(payload["price"] == fill["price"] for payload in told)
