"""Who may: a login on every stage but the local one, an owner on everything, a grant for every call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.e2e.client import completed, import_candles, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

REQUEST: dict[str, Any] = {"symbols": ["BTC-USDT"], "timeframe": "1d", "strategy": CROSS}


@pytest.fixture(scope="module")
def ann(login_stack: LocalStack) -> httpx.Client:
    token = login_stack.sign_up("ann@example.com")
    http = login_stack.http(Authorization=f"Bearer {token}")
    body = simulated_file("BTC-USDT", "1d", "2020-01-01", "2021-01-01")
    assert import_candles(http, body, "sim", "BTC-USDT", "1d")["status"] == "completed"
    return http


@pytest.fixture(scope="module")
def bob(login_stack: LocalStack) -> httpx.Client:
    return login_stack.http(Authorization=f"Bearer {login_stack.sign_up('bob@example.com')}")


@pytest.fixture(scope="module")
def run_of_ann(ann: httpx.Client) -> Iterator[str]:
    return completed(ann, REQUEST)  # type: ignore[return-value]


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer nonsense", "Bearer a.b.c"])
def test_without_a_token_there_is_only_health(login_stack: LocalStack, token: str | None) -> None:
    http = login_stack.http(**({} if token is None else {"Authorization": token}))
    assert http.get("/backtests").status_code == 401
    assert http.post("/backtests", json=REQUEST).status_code == 401
    assert http.get("/health").status_code == 200


def test_another_owner_s_run_is_not_there(ann: httpx.Client, bob: httpx.Client, run_of_ann: str) -> None:
    ok(ann.get(f"/backtests/{run_of_ann}/results"))
    for path in ("", "/results", "/equity", "/trades", "/artifacts", "/playback/events", "/progress"):
        assert bob.get(f"/backtests/{run_of_ann}{path}").status_code == 404, path
    assert bob.patch(f"/backtests/{run_of_ann}", json={"name": "mine"}).status_code == 404
    assert bob.post(f"/backtests/{run_of_ann}/cancel").status_code == 404
    assert bob.delete(f"/backtests/{run_of_ann}").status_code == 404
    assert ok(bob.get("/backtests"))["backtests"] == []
    assert ok(bob.get("/datasets"))["datasets"] == []
    assert ok(ann.get(f"/backtests/{run_of_ann}"))["name"] is None


def test_an_owner_that_a_client_sends_changes_nothing(bob: httpx.Client, run_of_ann: str) -> None:
    assert bob.post("/backtests", json={**REQUEST, "owner": "ann"}).status_code == 422
    for headers in ({"owner": "ann"}, {"X-Owner": "ann"}, {"x-amzn-oidc-identity": "ann"}):
        assert bob.get(f"/backtests/{run_of_ann}", headers=headers).status_code == 404
    assert bob.get(f"/backtests/{run_of_ann}", params={"owner": "ann"}).status_code in (404, 422)


def test_equal_keys_of_two_owners_are_two_runs(ann: httpx.Client, bob: httpx.Client) -> None:
    body = simulated_file("BTC-USDT", "1d", "2020-01-01", "2021-01-01")
    assert import_candles(bob, body, "sim", "BTC-USDT", "1d")["status"] == "completed"
    assert completed(ann, REQUEST, "the same key") != completed(bob, REQUEST, "the same key")


@pytest.mark.parametrize(
    ("function", "service", "call"),
    [
        ("publish", "stepfunctions", lambda c, d: c.start_execution(stateMachineArn=d.backtest_machine)),
        ("simulate", "s3", lambda c, d: c.put_object(Bucket=d.bucket, Key="candles/x", Body=b"")),
        ("api", "s3", lambda c, d: c.put_object(Bucket=d.bucket, Key="candles/x", Body=b"")),
        ("plan", "s3", lambda c, d: c.delete_object(Bucket=d.bucket, Key="runs/x")),
        ("ingest", "s3", lambda c, d: c.get_object(Bucket=d.bucket, Key="runs/x")),
        ("simulate", "dynamodb", lambda c, d: c.delete_table(TableName=d.table)),
    ],
)
def test_a_function_without_a_grant_is_denied(
    stack: LocalStack, function: str, service: str, call: Any
) -> None:
    with pytest.raises(ClientError) as caught:
        call(stack.client(service, function=function), stack.deployment)
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def test_candles_go_when_no_run_of_their_owner_needs_them(ann: httpx.Client, bob: httpx.Client) -> None:
    """On the stage whose rights are enforced: what deletes must be allowed to list and to delete."""
    body = simulated_file("ETH-USDT", "1d", "2020-01-01", "2021-01-01")
    assert import_candles(ann, body, "gone", "ETH-USDT", "1d")["status"] == "completed"
    path = "/datasets/gone.ETH-USDT.1d"
    assert ok(ann.get(path))["audit"]["flags"] == []
    run_id = completed(ann, {**REQUEST, "symbols": ["ETH-USDT"]})
    assert ok(ann.get(f"/backtests/{run_id}/results"))["data_flags"]["not_audited"] == []
    assert bob.delete(path).status_code == 404
    refused = ann.delete(path)
    assert (refused.status_code, refused.json()["run_ids"]) == (409, [run_id])
    assert ann.delete(f"/backtests/{run_id}").status_code == 204
    assert ann.delete(path).status_code == 204
    assert ann.get(path).status_code == 404
