"""The check of a strategy through the API: on candles that are held, as it would be run."""

from __future__ import annotations

import httpx
import pytest

from functions.api import check
from tests.aws import FakeStage
from tests.functions.api_stage import request


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


def test_more_bars_than_a_request_can_take_are_refused(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    del market
    monkeypatch.setattr(check, "MAX_BARS", 1_000)
    answer = http.post("/strategies/check", json=request(start_date="2021-02-01"))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "start_date"
    assert error["message"].startswith("the check reads at most 1,000 bars")
