"""Bad input to the deployed API: each with the status and the words that say what to do about it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.client import import_candles, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def http(stack: LocalStack) -> httpx.Client:
    """The API of a stage that holds hourly BTC-USDT of the exchange `bad`."""
    http = stack.http()
    import_candles(
        http, simulated_file("BTC-USDT", "1h", "2021-01-01", "2021-02-01"), "bad", "BTC-USDT", "1h"
    )
    return http


def request(**changes: Any) -> dict[str, Any]:
    return {
        "symbols": ["BTC-USDT"],
        "exchange": "bad",
        "timeframe": "1h",
        "strategy": CROSS,
        **changes,
    }


def rule(entry: str) -> dict[str, Any]:
    return {**CROSS, "triggers": [{**CROSS["triggers"][0], "entry": entry}]}


BAD = [
    pytest.param(
        request(symbols=["BTC-USDC"]),
        "symbols[0]",
        "no candles of BTC-USDC are held from bad; did you mean BTC-USDT?",
        id="unknown symbol",
    ),
    pytest.param(
        request(start_date="2021-01-20", end_date="2021-01-10"),
        "end_date",
        "is not after the start, 2021-01-20T00:00:00Z",
        id="end before start",
    ),
    pytest.param(
        request(start_date="2021-01-10T00:00:00Z", end_date="2021-01-10T10:00:00Z"),
        "end_date",
        "the span holds 10 candles of BTC-USDT; at least 50 are needed",
        id="10 bars",
    ),
    pytest.param(
        request(initial_cash=1e308),
        "initial_cash",
        "input should be less than or equal to 1000000000000",
        id="cash 1e308",
    ),
    pytest.param(
        request(strategy={**CROSS, "description": "x" * 1_000_000}),
        "strategy",
        "at most 262,144 are taken",
        id="1 MB strategy",
    ),
    pytest.param(
        request(symbols=["../../runs"]),
        "symbols[0]",
        "is not a symbol; write BTC-USDT, BTC/USDT or BTCUSDT",
        id="dots and slashes in a symbol",
    ),
    pytest.param(
        request(timeframe="5m"),
        "timeframe",
        "BTC-USDT is held at 1h, not at 5m; choose one of these or import it",
        id="timeframe not held",
    ),
    pytest.param(
        request(risk={"max_daily_loss_pct": 99}),
        "risk.max_daily_loss_pct",
        "less than or equal to 50",
        id="risk limit out of its range",
    ),
    pytest.param(request(leverage=2), "funding", "", id="leverage without a word on funding"),
    pytest.param(
        request(strategy={**CROSS, "risk": {"max_daily_loss_pct": 300}}),
        "strategy.risk.max_daily_loss_pct",
        "must be at least 1 and at most 50, not 300",
        id="risk in the document",
    ),
    pytest.param(
        request(strategy=rule("crosses_above(emaa(close, 12), close)")),
        "strategy.triggers[0].entry",
        "'ema'",
        id="typo in a rule",
    ),
    pytest.param(
        request(owner="somebody"), "owner", "is not a field that is known", id="an owner that a client sends"
    ),
]


@pytest.mark.parametrize(("body", "path", "words"), BAD)
def test_bad_input_is_422_with_what_to_do_about_it(
    http: httpx.Client, body: dict[str, Any], path: str, words: str
) -> None:
    answer = http.post("/backtests", json=body)
    problem = ok(answer, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["title"] == "The request cannot be carried out as sent"
    found = {error["path"]: error["message"] for error in problem["errors"]}
    assert words in found[path], found


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_in_json_is_422_at_its_position(http: httpx.Client, number: str) -> None:
    body = '{"initial_cash": ' + number + "}"
    problem = ok(http.post("/backtests", content=body, headers=JSON), 422)
    (error,) = problem["errors"]
    assert (error["path"], error["position"] >= 17) == ("body", True)
    assert "is not JSON" in error["message"]


def test_a_division_by_zero_is_missing_and_never_trades(http: httpx.Client) -> None:
    checked = ok(http.post("/strategies/validate", json={"strategy": rule("close / 0 > 1")}))
    assert checked["valid"], checked["errors"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/backtests/bt-aaaaaaaaaaaaaaaaaaaaaaaaaa", 404),
        ("/backtests/..%2F..%2Fcandles", 404),
        ("/backtests/%ff", 404),
        ("/datasets/..%2F..%2Fruns", 404),
        ("/market/candles?symbol=../../runs&timeframe=1h", 422),
        ("/market/candles?symbol=BTC-USDT&timeframe=1m&exchange=bad", 422),
        ("/backtests?limit=1000000", 422),
        ("/backtests?cursor=nothing", 422),
        ("/nothing", 404),
    ],
)
def test_bad_paths_are_problems_too(http: httpx.Client, path: str, status: int) -> None:
    problem = ok(http.get(path), status)
    assert problem["status"] == status
    assert problem["detail"]


def test_an_import_without_its_file_says_what_is_missing(http: httpx.Client) -> None:
    name = {"exchange": "bad", "symbol": "ETH-USDT", "timeframe": "1h"}
    begun = ok(http.post("/datasets", json=name), 201)
    problem = ok(http.post(f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}"), 409)
    assert "POST it with the form" in problem["detail"]


def test_bad_input_leaves_nothing_behind(http: httpx.Client) -> None:
    before = ok(http.get("/backtests"))
    for body in (request(symbols=["?"]), request(strategy="nothing"), {}):
        ok(http.post("/backtests", json=body, headers={"Idempotency-Key": "bad"}), 422)
    assert ok(http.get("/backtests")) == before
