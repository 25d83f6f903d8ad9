"""Whatever a client sends, the answer says what is wrong and where; nothing of it is a fault."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.api.handler import handler
from functions.api.route import MAX_BODY_BYTES
from tests.functions.api_stage import request
from tests.functions.conftest import Finished
from tests.functions.gateway import Context

JSON = {"content-type": "application/json"}
DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "name": "one rule",
    "triggers": [
        {
            "id": "a",
            "direction": "long",
            "category": "other",
            "entry": "close > 1",
            "exit": "close < 1",
        }
    ],
    "sizing": {"mode": "fraction", "fraction": 0.5},
}


def with_rule(entry: str) -> dict[str, Any]:
    return {**DOCUMENT, "triggers": [{**DOCUMENT["triggers"][0], "entry": entry}]}


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


def refused(answer: httpx.Response, path: str, words: str) -> dict[str, Any]:
    """Return the error at `path` of a 422; its message has `words`."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    found = [error for error in body["errors"] if error["path"] == path]
    assert found, body
    assert words in found[0]["message"], found
    assert body["type"] == "urn:stepfold:problem:invalid_input"
    return found[0]  # type: ignore[no-any-return]


BAD_REQUESTS = [
    pytest.param({"symbols": ["BTC-USD"]}, "symbols[0]", "did you mean BTC-USDT", id="unknown symbol"),
    pytest.param({"symbols": ["../../etc"]}, "symbols[0]", "is not a symbol", id="dots in a symbol"),
    pytest.param({"symbols": []}, "symbols", "at least 1 item", id="no symbols"),
    pytest.param({"symbols": "BTC-USDT"}, "symbols", "valid list", id="symbols no list"),
    pytest.param({"symbols": ["BTC-USDT", "BTCUSDT"]}, "symbols[1]", "twice", id="symbol twice"),
    pytest.param(
        {"start_date": "2021-03-01", "end_date": "2021-02-01"}, "end_date", "not after", id="end first"
    ),
    pytest.param(
        {"start_date": "2021-03-01T00:00:00Z", "end_date": "2021-03-01T10:00:00Z"},
        "end_date",
        "holds 10 candles",
        id="10 bars",
    ),
    pytest.param({"start_date": "2020-01-01"}, "start_date", "are held from", id="before the candles"),
    pytest.param({"start_date": "soon"}, "start_date", "is not a time", id="no time"),
    pytest.param({"initial_cash": 1e308}, "initial_cash", "less than or equal to", id="cash 1e308"),
    pytest.param({"initial_cash": -1}, "initial_cash", "greater than 0", id="cash below zero"),
    pytest.param({"initial_cash": "10"}, "initial_cash", "valid number", id="cash as text"),
    pytest.param({"timeframe": "5m"}, "timeframe", "is held at 1h", id="timeframe not held"),
    pytest.param({"timeframe": "7m"}, "timeframe", "1m", id="no timeframe"),
    pytest.param({"exchange": "kraken"}, "symbols[0]", "from kraken", id="exchange not held"),
    pytest.param({"strategy": "ema_cros"}, "strategy", "'ema_cross'", id="unknown preset"),
    pytest.param({"strategy": {}}, "strategy.name", "missing", id="empty document"),
    pytest.param(
        {"strategy": with_rule("clos > 1")}, "strategy.triggers[0].entry", "close", id="typo in a rule"
    ),
    pytest.param(
        {"strategy": {**DOCUMENT, "description": "x" * 1_000_000}}, "strategy", "262,144", id="1 MB strategy"
    ),
    pytest.param({"strategy": nested(500)}, "strategy", "", id="nested 500 deep"),
    pytest.param(
        {"strategy": with_rule("(" * 20_000 + "1" + ")" * 20_000)},
        "strategy.triggers[0].entry",
        "",
        id="20,000 brackets",
    ),
    pytest.param(
        {"strategy": with_rule("not " * 20_000 + "close > 1")},
        "strategy.triggers[0].entry",
        "",
        id="20,000 nots",
    ),
    pytest.param({"parameters": {"fst": 5}}, "parameters.fst", "fast", id="unknown parameter"),
    pytest.param(
        {"risk": {"max_daily_loss_pct": 0}},
        "risk.max_daily_loss_pct",
        "greater than or equal",
        id="risk limit",
    ),
    pytest.param({"risk": []}, "risk", "dictionary", id="risk as a list"),
    pytest.param({"behaviour": {"exit_binding": 1}}, "behaviour.exit_binding", "'exact'", id="binding"),
    pytest.param({"leverage": 3}, "funding", "", id="leverage without funding"),
    pytest.param({"funding": {"times": [0]}}, "funding", "name the stored rates", id="a series of funding"),
    pytest.param(
        {"funding": {"assumed_rate_bps": 1, "every_hours": 0}}, "funding.every_hours", "1", id="0 h"
    ),
    pytest.param({"regime": "\u0000"}, "regime", "choose one of", id="no regime"),
    pytest.param({"finer_timeframe": "1d"}, "finer_timeframe", "is not shorter", id="finer is coarser"),
    pytest.param({"owner": "ann"}, "owner", "not a field", id="an owner"),
    pytest.param(
        {"initial_allocations": {"DOGE": 5}}, "initial_allocations.DOGE", "no symbol", id="allocation"
    ),
    pytest.param({"tags": ["a,b"]}, "tags[0]", "pattern", id="comma in a tag"),
]


@pytest.mark.parametrize(("changes", "path", "words"), BAD_REQUESTS)
def test_a_backtest_that_cannot_be_run_is_refused_with_the_fix(
    finished: Finished, changes: dict[str, Any], path: str, words: str
) -> None:
    before = finished.stage.runs.newest("local", limit=100)
    refused(finished.http.post("/backtests", json=request(**changes)), path, words)
    assert finished.stage.runs.newest("local", limit=100) == before


def test_a_rule_that_divides_by_zero_is_a_rule(finished: Finished) -> None:
    """x / 0 is missing and a comparison with what is missing is false: nothing to refuse."""
    answer = finished.http.post("/backtests", json=request(strategy=with_rule("close / 0 > 1")))
    assert answer.status_code == 202, answer.text


def test_every_fault_is_told_at_once(finished: Finished) -> None:
    body = finished.http.post(
        "/backtests", json=request(symbols=["?"], strategy="no", initial_allocations={})
    ).json()
    assert {error["path"] for error in body["errors"]} >= {"symbols[0]", "strategy"}
    many = finished.http.post("/backtests", json={f"field{n}": n for n in range(500)}).json()
    assert len(many["errors"]) == 50
    assert "more" in many["detail"]


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        (b"", "body", "must be a JSON object"),
        (b"{", "body", "is not JSON"),
        (b"[1]", "body", "must be a JSON object"),
        (b"null", "body", "must be a JSON object"),
        (b'"text"', "body", "must be a JSON object"),
        (b'{"initial_cash": NaN}', "body", "is not JSON"),
        (b'{"initial_cash": Infinity}', "body", "is not JSON"),
        (b'{"initial_cash": 1e999}', "body", "is not JSON"),
        (b'{"initial_cash": ' + b"9" * 5_000 + b"}", "body", "is not JSON"),
        (b'{"name": "\xff"}', "body", "is not JSON"),
        (b'{"name": "\\ud800"}', "body", "is not JSON"),
        (b'{"a":' * 100_000, "body", "is not JSON"),
        (b"\xef\xbb\xbf{}", "body", "is not JSON"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    finished: Finished, body: bytes, path: str, words: str
) -> None:
    for send in (finished.http.post("/backtests", content=body, headers=JSON),
                 finished.http.post("/strategies/validate", content=body, headers=JSON)):  # fmt: skip
        refused(send, path, words)


def test_where_json_ends_is_told(finished: Finished) -> None:
    answer = finished.http.post("/backtests", content=b'{"symbols": [}', headers=JSON)
    assert refused(answer, "body", "is not JSON")["position"] == 13


def test_a_body_of_another_type_says_what_to_send(finished: Finished) -> None:
    for headers in (
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ):
        refused(
            finished.http.post("/backtests", content=b'{"a": 1}', headers=headers), "body", "application/json"
        )


def test_a_huge_body_is_413(finished: Finished) -> None:
    body = b'{"notes": "' + b"x" * MAX_BODY_BYTES + b'"}'
    answer = finished.http.post("/backtests", content=body, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:stepfold:problem:too_large"


@pytest.mark.parametrize("key", ["", "x" * 201, "ä", "\x07", "a\tb"])
def test_an_idempotency_key_is_printable_ascii(finished: Finished, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    answer = finished.http.post("/backtests", json=request(), headers=headers)
    refused(answer, "idempotency-key", "")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/nothing", 404),
        ("/backtests/", 404),
        ("/backtests//results", 404),
        ("/backtests/x", 404),
        ("/backtests/..%2f..%2fetc", 404),
        ("/backtests/%ff%fe", 404),
        ("/backtests/%zz", 404),
        ("/backtests/%00", 404),
        ("/backtests/" + "x" * 5_000, 404),
        ("/backtests/bt-aaaaaaaaaaaaaaaaaaaaaaaaaa/results", 404),
        ("/backtests/bt-aaaaaaaaaaaaaaaaaaaaaaaaaa/playback/state/now", 422),
        ("/backtests/bt-aaaaaaaaaaaaaaaaaaaaaaaaaa/playback/state/2021-02-30", 422),
        ("/backtests/bt-aaaaaaaaaaaaaaaaaaaaaaaaaa/playback/state/9999-12-31", 422),
        ("/backtests?limit=0", 422),
        ("/backtests?limit=1e9", 422),
        ("/backtests?limit=" + "9" * 5_000, 422),
        ("/backtests?limit=5&limit=6", 422),
        ("/backtests?limt=5", 422),
        ("/backtests?status=done", 422),
        ("/backtests?symbol=..%2f", 422),
        ("/backtests?symbol=%ff", 422),
        ("/backtests/compare", 422),
        ("/datasets/nothing", 404),
        ("/datasets/sim.BTC-USDT.7m", 404),
        ("/datasets/..%2f.x.1h", 404),
        ("/datasets/sim.BTC-USDT.1d", 404),
        ("/datasets/sim.BTC-USDT.1h/imports/x", 404),
        ("/market/candles", 422),
        ("/market/candles?symbol=BTC-USDT&timeframe=5m", 422),
        ("/market/candles?symbol=DOGE-USDT&timeframe=1h", 422),
        ("/market/candles?symbol=BTC-USDT&timeframe=1h&exchange=..", 422),
        ("/market/candles?symbol=BTC-USDT&timeframe=1h&cursor=9", 422),
        ("/market/candles?symbol=BTC-USDT&timeframe=1h&start=2021-02-01&end=2021-01-01", 422),
        ("/strategies/ema", 404),
        ("/workflows/x", 404),
        ("/events?run_id=x", 404),
    ],
)
def test_a_bad_path_or_parameter_is_a_problem(finished: Finished, path: str, status: int) -> None:
    answer = finished.http.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 10


def test_a_parameter_with_a_typo_is_told_its_name(finished: Finished) -> None:
    refused(finished.http.get("/backtests?limt=5"), "limt", "did you mean limit?")
    refused(finished.http.get("/health?verbose=1"), "verbose", "is not a parameter")


def test_a_wrong_method_says_which_is_right(finished: Finished) -> None:
    answer = finished.http.put("/backtests", json={})
    assert answer.status_code == 405
    assert answer.json()["type"] == "urn:stepfold:problem:method_not_allowed"
    assert answer.headers["allow"]
    assert finished.http.delete("/health").status_code == 405
    assert finished.http.request("TRACE", "/strategies").status_code == 405


def test_cursors_and_windows_of_a_finished_run_are_checked(finished: Finished) -> None:
    for query, path in (
        ("cursor=x1", "cursor"),
        ("cursor=r-1", "cursor"),
        ("points=3", "points"),
        ("points=10&cursor=r1", "points"),
        ("start=2021-02-02&end=2021-02-01T00:00:00Z", "end"),
        ("format=table", "format"),
        ("limit=20001", "limit"),
    ):
        refused(finished.http.get(finished.path(f"equity?{query}")), path, "")
    assert finished.http.get(finished.path("equity?cursor=r999999999999")).json()["equity"] == []
    refused(finished.http.get(finished.path("playback/events?type=a,,b")), "type", "commas")
    refused(finished.http.get(finished.path("playback/events?type=fill,gapp")), "type", "did you mean gap?")
    refused(finished.http.get(finished.path("trades?symbol=?")), "symbol", "is not a symbol")


def test_an_event_with_no_headers_and_no_body_is_answered(finished: Finished) -> None:
    """What the gateway sends for the barest request."""
    del finished
    event = {
        "version": "2.0",
        "requestContext": {"http": {"method": "GET", "path": "/health", "sourceIp": "127.0.0.1"}},
    }
    answer = handler(event, Context())  # type: ignore[arg-type]
    assert (answer["statusCode"], answer["body"]) == (200, '{"status":"ok"}')
