"""The check of a strategy through the API: on candles that are held, as it would be run."""

from __future__ import annotations

import httpx
import pytest

from functions.api import check
from tests.aws import FakeStage
from tests.functions.api_stage import hold, request


def test_a_strategy_on_held_candles_passes(market: FakeStage, http: httpx.Client) -> None:
    del market
    body = request(
        symbols=["BTC-USDT", "ETH-USDT"], start_date="2021-03-01", parameters={"fast": 5, "slow": 9}
    )
    answer = http.post("/strategies/check", json=body)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["passed"]
    assert report["findings"] == []
    assert report["decisions"] > 50
    assert report["cuts"] > 20
    assert report["starts"] == 16
    assert report["warm_up_bars"] > 0


def test_what_could_not_be_run_cannot_be_checked(market: FakeStage, http: httpx.Client) -> None:
    del market
    answer = http.post("/strategies/check", json=request(strategy="ema_cros"))
    assert answer.status_code == 422
    assert "did you mean 'ema_cross'" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("limit", "path", "message"),
    [
        ("MAX_BARS", "start_date", "the check reads at most 1,000 bars"),
        ("MAX_FINER_BARS", "finer_timeframe", "the check reads at most 1,000 finer candles"),
        ("MAX_VALUES", "start_date", "the check compares at most 1,000 values; 7 operations"),
    ],
)
def test_more_than_a_request_can_take_is_refused(
    market: FakeStage,
    http: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    path: str,
    message: str,
) -> None:
    hold(market, "BTC-USDT", timeframe="15m")
    body = request(start_date="2021-02-01", finer_timeframe="15m")
    monkeypatch.setattr(check, limit, 1_000)
    answer = http.post("/strategies/check", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == path
    assert error["message"].startswith(message)
