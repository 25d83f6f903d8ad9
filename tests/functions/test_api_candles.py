"""Candles, strategies, imports and the operator's view over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import engine
from functions.ingest.ingest import import_file
from shared import names
from tests.aws import FakeStage
from tests.functions.api_stage import hold
from tests.functions.conftest import Finished

CSV = b"timestamp,open,high,low,close,volume\n" + b"".join(
    f"{1_609_459_200_000 + n * 3_600_000},1,2,0.5,1.5,3\n".encode() for n in range(60) if n not in (5, 6)
)
NAME = {"exchange": "Binance", "symbol": "btc/usdt", "timeframe": "1h"}


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_an_import_is_begun_uploaded_started_and_becomes_a_dataset(
    stage: FakeStage, http: httpx.Client
) -> None:
    answer = http.post("/datasets", json=NAME)
    begun = ok(answer, 201)
    path = f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}"
    assert answer.headers["location"] == path
    assert (begun["dataset_id"], begun["status"]) == ("binance.BTC-USDT.1h", "awaiting_upload")
    assert begun["upload"]["fields"]["key"] == names.upload("local", begun["import_id"])
    assert begun["max_bytes"] == 256 * 1024 * 1024

    early = http.post(path)
    assert early.status_code == 409
    assert "POST it with the form" in early.json()["detail"]
    stage.store.put(begun["upload"]["fields"]["key"], CSV)
    for _ in range(2):
        assert ok(http.post(path), 202)["status"] == "running"
    execution = stage.workflows.describe_import(stage.datasets.get_import("local", begun["import_id"]))
    assert execution is not None

    import_file("local", begun["dataset_id"], begun["import_id"])
    done = ok(http.get(path))
    assert (done["status"], done["report"]["rows"], done["error"]) == ("completed", 58, None)
    assert ok(http.post(path), 202)["status"] == "completed"
    held = ok(http.get("/datasets"))["datasets"]
    assert [(row["dataset_id"], row["rows"], row["public"]) for row in held] == [
        ("binance.BTC-USDT.1h", 58, False)
    ]
    detail = ok(http.get("/datasets/binance.BTC-USDT.1h"))
    assert detail["gap_list"] == [
        {"start": "2021-01-01T05:00:00Z", "end": "2021-01-01T06:00:00Z", "missing": 2}
    ]
    assert ok(http.get("/market/symbols"))["symbols"][0]["held"][0]["timeframe"] == "1h"


def test_an_import_is_found_under_its_own_dataset_alone(stage: FakeStage, http: httpx.Client) -> None:
    del stage
    import_id = ok(http.post("/datasets", json=NAME), 201)["import_id"]
    for method in (http.get, http.post):
        assert method(f"/datasets/binance.ETH-USDT.1h/imports/{import_id}").status_code == 404


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"exchange": "../x"}, "exchange"),
        ({"symbol": "../x"}, "symbol"),
        ({"timeframe": "2m"}, "timeframe"),
        ({"owner": "public"}, "owner"),
    ],
)
def test_a_dataset_that_has_no_name_is_refused(http: httpx.Client, change: dict[str, str], path: str) -> None:
    body = ok(http.post("/datasets", json={**NAME, **change}), 422)
    assert [error["path"] for error in body["errors"]] == [path]


def test_public_candles_are_everybodys_and_an_own_import_comes_before(
    stage: FakeStage, http: httpx.Client
) -> None:
    public = hold(stage, "BTC-USDT", owner="public")
    assert ok(http.get("/datasets"))["datasets"][0]["public"]
    query = {"symbol": "BTC-USDT", "timeframe": "1h"}
    rows = ok(http.get("/market/candles", params=query))
    assert rows["candles"][-1]["timestamp"] == "2021-04-30T23:00:00Z"
    hold(stage, "BTC-USDT", owner="local")
    assert not ok(http.get(f"/datasets/{public.dataset_id}"))["public"]


def test_where_two_exchanges_hold_a_symbol_one_is_chosen(stage: FakeStage, http: httpx.Client) -> None:
    hold(stage, "BTC-USDT", exchange="sim")
    hold(stage, "BTC-USDT", exchange="binance")
    query = {"symbol": "BTC-USDT", "timeframe": "1h"}
    body = ok(http.get("/market/candles", params=query), 422)
    assert "from binance, sim; choose one" in body["detail"]
    assert ok(http.get("/market/candles", params={**query, "exchange": "sim"}))["exchange"] == "sim"


def test_market_candles_page_through_a_window(finished: Finished) -> None:
    query = {"symbol": "BTC-USDT", "timeframe": "1h", "start": "2021-01-30", "end": "2021-02-03"}
    seen: list[str] = []
    cursor = None
    while True:
        page = ok(
            finished.http.get(
                "/market/candles", params={**query, "limit": 50, **({"cursor": cursor} if cursor else {})}
            )
        )
        seen += [row["timestamp"] for row in page["candles"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert (seen[0], seen[-1], len(seen)) == ("2021-01-30T00:00:00Z", "2021-02-03T23:00:00Z", 120)
    assert seen == sorted(set(seen))


def test_presets_can_be_fetched_changed_and_validated(finished: Finished) -> None:
    http = finished.http
    presets = ok(http.get("/strategies"))["strategies"]
    assert "ema_cross" in [row["strategy_id"] for row in presets]
    for row in presets:
        document = ok(http.get(f"/strategies/{row['strategy_id']}"))["document"]
        assert ok(http.post("/strategies/validate", json={"strategy": document}))["valid"], row
    checked = ok(http.post("/strategies/validate", json={"strategy": "ema_cross", "parameters": {"fast": 5}}))
    assert (checked["valid"], checked["errors"]) == (True, [])
    assert checked["parameters"] == {"fast": 5, "slow": 26}
    assert checked["warm_up_bars"] > 26
    assert "ema_cross" in finished.http.get("/strategies/ema_cros").json()["detail"]


def test_a_strategy_that_is_wrong_is_a_valid_question(finished: Finished) -> None:
    document = ok(finished.http.get("/strategies/ema_cross"))["document"]
    document["triggers"][0]["entry"] = "crosses_above(fast_ema, emaa(close, 5))"
    body = ok(finished.http.post("/strategies/validate", json={"strategy": document}))
    assert (body["valid"], body["warm_up_bars"], body["parameters"]) == (False, None, None)
    (error,) = body["errors"]
    assert error["path"] == "strategy.triggers[0].entry"
    assert "'ema'" in error["message"]
    assert error["position"] == document["triggers"][0]["entry"].index("emaa")


def test_the_status_tells_what_runs(finished: Finished) -> None:
    body = ok(finished.http.get("/status"))
    assert (body["stage"], body["auth"], body["owner"]) == ("test", "none", "local")
    assert body["engine_version"] == finished.reader.manifest.engine_version
    assert ok(finished.http.get("/health")) == {"status": "ok"}


def test_a_regime_is_a_span_of_days_that_a_backtest_can_name(finished: Finished) -> None:
    http = finished.http
    rows = ok(http.get("/market/regimes"))["regimes"]
    assert [row["id"] for row in rows] == [regime.id for regime in engine.regimes()]
    first = rows[0]
    body = {"symbols": ["BTC-USDT"], "timeframe": "1h", "strategy": "ema_cross", "regime": first["id"]}
    (error,) = http.post("/backtests", json=body).json()["errors"]
    assert error["path"] == "start_date"  # these candles begin later
    assert error["value"] == f"{first['start_date']}T00:00:00Z"
