"""A saved strategy on the deployed stack: changed, run at the version that is meant, taken off the list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.e2e.client import completed, import_candles, ok, wait
from tests.e2e.client import start as start_run
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

# An exchange of these tests' own: other tests of the stack count what they brought themselves.
MARKET = {"symbols": ["BTC-USDT"], "exchange": "savedtest", "timeframe": "1h"}


def document(slow: int) -> dict[str, Any]:
    return {
        "name": "Kept",
        "parameters": {"slow": {"type": "int", "default": slow, "min": 2}},
        "triggers": [
            {"id": "cross", "entry": "close > sma(close, $slow)", "exit": "close < sma(close, $slow)"}
        ],
    }


def save(http: httpx.Client, strategy_id: str, slow: int = 20) -> dict[str, Any]:
    return ok(http.post("/strategies", json={"id": strategy_id, "strategy": document(slow)}), 201)


@pytest.fixture(scope="module")
def http(stack: LocalStack) -> httpx.Client:
    http = stack.http()
    file = simulated_file("BTC-USDT", "1h", "2021-01-01", "2021-03-01")
    assert import_candles(http, file, "savedtest", "BTC-USDT", "1h")["status"] == "completed"
    return http


def test_version_1_runs_after_version_2_exists(http: httpx.Client) -> None:
    first = save(http, "kept", 20)
    second = ok(http.put("/strategies/kept", json={"strategy": document(40), "if_version": 1}))
    assert (first["version"], second["version"]) == (1, 2)

    run_id = completed(http, {**MARKET, "strategy": "kept@1"})
    newest = completed(http, {**MARKET, "strategy": "kept"})

    run = ok(http.get(f"/backtests/{run_id}"))
    assert (run["strategy"], run["strategy_id"], run["strategy_version"]) == ("kept", "kept", 1)
    assert run["strategy_hash"] == first["strategy_hash"]
    results = ok(http.get(f"/backtests/{run_id}/results"))
    assert results["request"]["strategy"] == document(20)
    assert results["request"]["parameters"] == {"slow": 20}
    listed = ok(http.get("/backtests", params={"strategy": "kept"}))["backtests"]
    assert {row["run_id"]: row["strategy_version"] for row in listed} == {newest: 2, run_id: 1}
    whole = completed(http, {**MARKET, "strategy": document(20)})
    assert ok(http.get(f"/backtests/{whole}"))["same_as"] == run_id


def test_a_run_that_waits_keeps_its_document(http: httpx.Client) -> None:
    save(http, "fleeting", 30)
    run_id = start_run(http, {**MARKET, "strategy": "fleeting"})["run_id"]
    ok(http.put("/strategies/fleeting", json={"strategy": document(60)}))
    assert http.delete("/strategies/fleeting").status_code == 204
    assert wait(http, run_id)["status"] == "completed"
    request = ok(http.get(f"/backtests/{run_id}/results"))["request"]
    assert request["parameters"] == {"slow": 30}
    assert http.get("/strategies/fleeting").status_code == 404
    assert ok(http.get("/strategies/fleeting", params={"version": 1}))["document"] == document(30)
    ids = [row["strategy_id"] for row in ok(http.get("/strategies", params={"limit": 100}))["strategies"]]
    assert "fleeting" not in ids
    assert "ema_cross" in ids


def test_of_updates_at_once_one_wins(stack: LocalStack, http: httpx.Client) -> None:
    save(http, "raced", 10)
    clients = [stack.http() for _ in range(6)]

    def put(number: int) -> httpx.Response:
        body = {"strategy": document(20 + number), "if_version": 1}
        return clients[number].put("/strategies/raced", json=body)

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(put, range(len(clients))))

    won = [answer.json() for answer in answers if answer.status_code == 200]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, len(clients) - 1), [answer.text for answer in answers]
    assert ok(http.get("/strategies/raced")) == won[0]
    assert len(ok(http.get("/strategies/raced/versions"))["versions"]) == 2
    assert {body["current_version"] for body in lost} == {2}


def test_another_owner_has_none_of_it(login_stack: LocalStack) -> None:
    ann, bob = (
        login_stack.http(Authorization=f"Bearer {login_stack.sign_up(f'{name}@strategies.example')}")
        for name in ("ann", "bob")
    )
    save(ann, "hers")
    for path in ("/strategies/hers", "/strategies/hers?version=1", "/strategies/hers/versions"):
        assert bob.get(path).status_code == 404, path
    assert bob.put("/strategies/hers", json={"strategy": CROSS}).status_code == 404
    assert bob.delete("/strategies/hers").status_code == 404
    assert ok(bob.get("/strategies", params={"kind": "saved"}))["strategies"] == []
    assert ok(ann.get("/strategies/hers"))["version"] == 1


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("api", lambda c, d: c.delete_object(Bucket=d.bucket, Key="strategies/local/x/y.json")),
        ("plan", lambda c, d: c.get_object(Bucket=d.bucket, Key="strategies/local/x/y.json")),
        ("simulate", lambda c, d: c.put_object(Bucket=d.bucket, Key="strategies/local/x/y.json", Body=b"")),
    ],
)
def test_a_version_is_written_once_and_read_by_the_api_alone(
    stack: LocalStack, function: str, call: Any
) -> None:
    with pytest.raises(ClientError) as caught:
        call(stack.client("s3", function=function), stack.deployment)
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
