"""What one run may take: refused at once where that can be known, else ended with a reason."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.plan.plan import plan_run
from functions.settle.handler import handler as settle
from functions.simulate.handler import handler as simulate
from shared import names
from shared.cleanup import clear_unlisted
from shared.errors import RunLimitError, RunRejectedError
from shared.run_limits import RunLimits
from shared.runs import Run
from shared.settings import settings
from shared.times import now_ms
from tests.aws import FakeStage
from tests.functions.api_stage import request

# Of one symbol, as the stage holds it.
BARS = 2_871


def limited(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    for name, value in limits.items():
        monkeypatch.setenv(f"STEPFOLD_{name.upper()}", str(value))
    settings.cache_clear()


def started(http: httpx.Client, **changes: Any) -> str:
    answer = http.post("/backtests", json=request(**changes))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run_id"])


def test_as_many_bars_as_a_run_may_read_are_run_and_one_more_is_refused(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, max_bars=BARS)
    started(http)
    limited(monkeypatch, max_bars=BARS - 1)
    answer = http.post("/backtests", json=request())
    assert answer.status_code == 422
    body = answer.json()
    assert body["type"] == "urn:stepfold:problem:over_limit"
    (error,) = body["errors"]
    assert (error["path"], error["value"]) == ("start_date", "2021-01-01T00:00:00Z")
    assert "2,871 bars" in error["message"]
    assert "at most 2,870: begin later" in error["message"]
    assert len(market.runs.newest("local", limit=9)[0]) == 1


def test_bars_are_those_of_all_symbols_and_of_finer_candles(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    del market
    limited(monkeypatch, max_bars=BARS)
    assert http.post("/backtests", json=request(symbols=["BTC-USDT", "ETH-USDT"])).status_code == 422
    assert http.post("/backtests", json=request(timeframe="4h", finer_timeframe="1h")).status_code == 422
    assert http.post("/backtests", json=request(timeframe="4h")).status_code == 202


def test_a_symbol_too_many_is_refused(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    del market
    limited(monkeypatch, max_symbols=1)
    started(http)
    (error,) = http.post("/backtests", json=request(symbols=["BTC-USDT", "ETH-USDT"])).json()["errors"]
    assert (error["path"], error["value"]) == ("symbols", 2)
    assert "at most 1 symbols; take fewer" in error["message"]


def test_a_limit_that_is_crossed_before_the_plan_ends_the_run(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    del market
    run_id = started(http)
    limited(monkeypatch, max_bars=BARS - 1)
    with pytest.raises(RunLimitError, match="2,871 bars"):
        plan_run("local", run_id)


@pytest.mark.parametrize(
    ("limits", "path", "words"),
    [
        ({"max_events": 20}, "strategy", "a run makes at most 20: let its rules decide less often"),
        ({"max_run_seconds": 1}, "end_date", "a run takes at most 1 s: end earlier"),
    ],
)
def test_a_limit_that_is_met_on_the_way_ends_the_run_with_a_reason_and_no_results(
    market: FakeStage,
    http: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    limits: dict[str, int],
    path: str,
    words: str,
) -> None:
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 700)  # about a month of hours
    monkeypatch.setattr("functions.simulate.simulate.now_ms", lambda: now_ms() + 3_600_000)
    limited(monkeypatch, **limits)
    run_id = started(http)
    plan_run("local", run_id)
    with pytest.raises(RunRejectedError) as rejected:
        simulate({"owner": "local", "run_id": run_id}, object())
    caught = {"Error": "RunRejectedError", "Cause": str(rejected.value)}
    settle({"owner": "local", "run_id": run_id, "error": caught}, object())
    run = http.get(f"/backtests/{run_id}").json()
    assert (run["status"], run["error"]["code"]) == ("failed", "over_limit")
    (error,) = run["error"]["errors"]
    assert error["path"] == path
    assert words in error["message"]
    assert "2021-0" in error["message"]  # how far it came
    assert http.get(f"/backtests/{run_id}/results").status_code == 409
    ended: Run = market.runs.get("local", run_id)
    clear_unlisted(market.store, ended)
    assert list(market.store.keys(names.run_prefix(run_id))) == [ended.request_key]


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_limit_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="STEPFOLD_MAX_EVENTS is"):
        RunLimits.from_environment({"STEPFOLD_MAX_EVENTS": text})
