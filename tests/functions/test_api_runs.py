"""The life of a run over HTTP: started once, listed, labelled, cancelled, deleted."""

from __future__ import annotations

from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from functions.api.handler import handler
from shared import access, names, settings
from shared.cleanup import delete_run
from shared.runs import RunIndex
from shared.store import ObjectStore
from shared.workflows import Workflows
from tests.aws import FakeStage
from tests.functions.api_stage import hold, request, run_to_its_end
from tests.functions.gateway import client

KEY = {"Idempotency-Key": "one"}


def start(http: httpx.Client, key: str | None = None, **changes: Any) -> dict[str, Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = http.post("/backtests", json=request(**changes), headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()  # type: ignore[no-any-return]


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the problem that an answer is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    return body  # type: ignore[no-any-return]


def test_a_backtest_is_accepted_and_its_workflow_started(market: FakeStage, http: httpx.Client) -> None:
    answer = http.post("/backtests", json=request(name="first", tags=["a"]), headers=KEY)
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/backtests/{body['run_id']}"
    assert (body["status"], body["name"], body["tags"]) == ("queued", "first", ["a"])
    assert (body["start_date"], body["end_date"]) == ("2021-01-01T00:00:00Z", "2021-05-01T00:00:00Z")
    assert body["final_equity"] is None
    run = market.runs.get("local", body["run_id"])
    assert market.store.get_json(run.request_key)["symbols"] == ["BTC-USDT"]
    execution = market.workflows.describe_backtest(run)
    assert execution is not None
    assert execution.status == "RUNNING"
    progress = http.get(f"/backtests/{run.run_id}/progress").json()
    assert (progress["total_candles"], progress["processed_candles"]) == (run.total, 0)
    assert (progress["plans_generated"], progress["llm_calls_made"]) == (0, 0)


def test_the_same_key_is_the_same_run(market: FakeStage, http: httpx.Client) -> None:
    first = start(http, "one")
    again = http.post("/backtests", json=request(), headers=KEY)
    assert (again.status_code, again.json()["run_id"]) == (200, first["run_id"])
    assert len(market.runs.newest("local", limit=10)[0]) == 1
    other = problem(http.post("/backtests", json=request(initial_cash=5), headers=KEY), 422)
    assert other["errors"][0]["path"] == "Idempotency-Key"
    assert start(http)["run_id"] != start(http)["run_id"]


@pytest.mark.usefixtures("market")
def test_a_run_can_be_asked_for_again_whatever_became_of_it(http: httpx.Client) -> None:
    costs, behaviour = {"taker_fee_bps": 5, "slippage_bps": 0}, {"min_hold_hours": None}
    sent = request(regime=None, costs=costs, behaviour=behaviour, name="first", tags=["a"])
    run = http.post("/backtests", json=sent).json()
    http.post(f"/backtests/{run['run_id']}/cancel")
    asked = http.get(f"/backtests/{run['run_id']}/request").json()
    document = http.get(f"/strategies/{sent['strategy']}").json()["document"]
    assert asked["strategy"] == document
    assert (asked["costs"]["taker_fee_bps"], asked["costs"]["maker_fee_bps"]) == (5, None)
    assert asked["behaviour"]["min_hold_hours"] is None
    assert (asked["risk"], asked["name"], asked["tags"]) == (None, "first", ["a"])
    again = http.post("/backtests", json=asked).json()
    assert again["strategy_hash"] == run["strategy_hash"]
    assert http.get(f"/backtests/{again['run_id']}/request").json() == asked
    problem(http.get("/backtests/bt-nowhere/request"), 404)


def test_a_key_means_a_request_not_its_spelling(market: FakeStage, http: httpx.Client) -> None:
    del market
    start(http, "one")
    spelled = b'{"timeframe":"1h", "strategy":"ema_cross",\n"symbols":["BTC-USDT"], "initial_cash":10000}'
    headers = {**KEY, "content-type": "application/json"}
    assert http.post("/backtests", content=spelled, headers=headers).status_code == 200


def test_a_repeat_finds_its_run_when_the_candles_are_gone(market: FakeStage, http: httpx.Client) -> None:
    start(http, "one")
    market.table.delete(names.owner_key("local"), "DATASET#sim.BTC-USDT.1h")
    assert http.post("/backtests", json=request(), headers=KEY).status_code == 200
    problem(http.post("/backtests", json=request()), 422)


def test_a_repeat_starts_what_a_crash_left_queued(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_self: Workflows, _run: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Workflows, "start_backtest", crash)
        http.post("/backtests", json=request(), headers=KEY)
    (run,), _ = market.runs.newest("local", limit=10)
    assert market.workflows.describe_backtest(run) is None
    assert http.post("/backtests", json=request(), headers=KEY).status_code == 200
    assert market.workflows.describe_backtest(run) is not None


def test_a_deleted_run_may_be_made_again(market: FakeStage, http: httpx.Client) -> None:
    run_id = start(http, "one")["run_id"]
    first = market.runs.get("local", run_id)
    problem(http.delete(f"/backtests/{run_id}"), 409)
    http.post(f"/backtests/{run_id}/cancel")
    assert http.delete(f"/backtests/{run_id}").status_code == 204
    problem(http.get(f"/backtests/{run_id}"), 404)
    problem(http.delete(f"/backtests/{run_id}"), 404)
    assert list(market.store.keys(names.run_prefix(run_id))) == []
    assert start(http, "one")["run_id"] == run_id
    second = market.runs.get("local", run_id)
    assert second.execution != first.execution
    assert market.workflows.describe_backtest(second) is not None


def test_while_a_run_is_being_deleted_its_key_is_taken(market: FakeStage, http: httpx.Client) -> None:
    run_id = start(http, "one")["run_id"]
    http.post(f"/backtests/{run_id}/cancel")
    market.runs.begin_delete("local", run_id)
    assert "being deleted" in problem(http.post("/backtests", json=request(), headers=KEY), 409)["detail"]


def test_cancelling_ends_the_run_and_its_execution_and_again_is_harmless(
    market: FakeStage, http: httpx.Client
) -> None:
    run_id = start(http)["run_id"]
    for _ in range(2):
        answer = http.post(f"/backtests/{run_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    execution = market.workflows.describe_backtest(market.runs.get("local", run_id))
    assert execution is not None
    assert execution.status == "ABORTED"
    assert problem(http.get(f"/backtests/{run_id}/results"), 409)["run_status"] == "cancelled"


def test_a_completed_run_cannot_be_cancelled(market: FakeStage, http: httpx.Client) -> None:
    del market
    run_id = start(http)["run_id"]
    run_to_its_end(run_id)
    assert "completed" in problem(http.post(f"/backtests/{run_id}/cancel"), 409)["detail"]
    assert http.get(f"/backtests/{run_id}").json()["progress_pct"] == 100.0
    assert http.delete(f"/backtests/{run_id}").status_code == 204


def test_a_failed_run_says_why_where_its_results_are_asked_for(market: FakeStage, http: httpx.Client) -> None:
    run_id = start(http)["run_id"]
    for path in ("results", "equity", "trades", "playback/state/2021-02-01"):
        assert problem(http.get(f"/backtests/{run_id}/{path}"), 409)["run_status"] == "queued"
    error = {"code": "worker_lost", "detail": "the worker was lost", "errors": []}
    market.runs.end("local", run_id, "failed", error)
    body = problem(http.get(f"/backtests/{run_id}/results"), 409)
    assert (body["run_status"], body["run_error"]) == ("failed", error)
    assert http.get(f"/backtests/{run_id}").json()["error"] == error


def test_a_run_that_is_deleted_while_it_is_read_is_404(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start(http)["run_id"]
    run_to_its_end(run_id)
    read = ObjectStore.get_json

    def deleted_first(store: ObjectStore, key: str) -> dict[str, Any]:
        delete_run(market.store, market.runs, market.uses, market.runs.begin_delete("local", run_id))
        return read(store, key)

    monkeypatch.setattr(ObjectStore, "get_json", deleted_first)
    problem(http.get(f"/backtests/{run_id}/results"), 404)


def test_a_lost_object_of_a_run_is_our_fault(market: FakeStage, http: httpx.Client) -> None:
    run_id = start(http)["run_id"]
    run_to_its_end(run_id)
    market.store.delete([market.runs.get("local", run_id).manifest_key or ""])
    problem(http.get(f"/backtests/{run_id}/results"), 500)


def test_labels_change_what_is_sent_and_nothing_else(market: FakeStage, http: httpx.Client) -> None:
    del market
    run_id = start(http, name="a", tags=["x"], notes="n")["run_id"]
    path = f"/backtests/{run_id}"
    body = http.patch(path, json={"name": "b", "notes": None}).json()
    assert (body["name"], body["tags"], body["notes"]) == ("b", ["x"], None)
    assert http.patch(path, json={}).json() == body
    assert problem(http.patch(path, json={"status": "completed"}), 422)["errors"][0]["path"] == "status"
    problem(http.patch("/backtests/bt-aaaaaaaaaaaaaaaaaaaaaaaaaa", json={"name": "b"}), 404)


def test_the_list_pages_newest_first_and_filters(market: FakeStage, http: httpx.Client) -> None:
    del market
    ids = [start(http, f"k{n}", tags=[f"t{n % 2}"])["run_id"] for n in range(5)]
    other = start(http, symbols=["ETH-USDT"], strategy="rsi_reversal")["run_id"]
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = http.get("/backtests", params=query).json()
        seen += [run["run_id"] for run in page["backtests"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [other, *reversed(ids)]

    def found(**query: str) -> set[str]:
        return {run["run_id"] for run in http.get("/backtests", params=query).json()["backtests"]}

    assert found(tag="t1") == {ids[1], ids[3]}
    assert found(symbol="ETHUSDT") == {other}
    assert found(strategy="ema_cross") == set(ids)
    assert found(status="completed") == set()
    assert found(status="queued", tag="t0") == {ids[0], ids[2], ids[4]}


@pytest.mark.parametrize("cursor", ["x", "W10=", "é", "WyJcdWQ4MDAiLCAiYSJd", "WyIiLCAiIl0=", "WzEsMl0="])
def test_a_cursor_that_is_none_is_refused(http: httpx.Client, cursor: str) -> None:
    for path in ("/backtests", "/workflows", "/events"):
        body = problem(http.get(path, params={"cursor": cursor}), 422)
        assert body["errors"][0]["path"] == "cursor"


def test_two_runs_compare_by_metric_and_by_what_differs(market: FakeStage, http: httpx.Client) -> None:
    del market
    first = start(http, parameters={"fast": 5})["run_id"]
    second = start(http, parameters={"fast": 9}, initial_cash=2_000)["run_id"]
    ids = f"{first},{second}"
    assert problem(http.get("/backtests/compare", params={"ids": ids}), 409)["run_status"] == "queued"
    for run_id in (first, second):
        run_to_its_end(run_id)
    body = http.get("/backtests/compare", params={"ids": ids}).json()
    assert [run["run_id"] for run in body["backtests"]] == [first, second]
    assert body["metrics"]["initial_equity"] == [10_000.0, 2_000.0]
    differences = {row["path"]: row["values"] for row in body["differences"]}
    assert differences == {"parameters.fast": [5, 9], "initial_cash": [10_000.0, 2_000.0]}
    third = start(http, parameters={"fast": 5}, risk={"max_position_risk_pct": 1}, behaviour={})["run_id"]
    run_to_its_end(third)
    body = http.get("/backtests/compare", params={"ids": f"{first},{third}"}).json()
    differences = {row["path"]: row["values"] for row in body["differences"]}
    assert differences["risk.max_position_risk_pct"] == [None, 1.0]
    assert differences["risk.max_daily_loss_pct"] == [None, 3.0]
    assert differences["behaviour.min_hold_hours"] == [None, 2.0]
    for wrong in (first, f"{first},{first}", ",".join([first] * 7)):
        problem(http.get("/backtests/compare", params={"ids": wrong}), 422)


def test_workflows_are_runs_and_imports_newest_first(market: FakeStage, http: httpx.Client) -> None:
    stage = market
    made = []
    for number in range(3):
        made.append(start(http, f"k{number}")["run_id"])
        body = {"exchange": "binance", "symbol": "SOLUSDT", "timeframe": "1h"}
        made.append(http.post("/datasets", json=body).json()["import_id"])
    for limit in (1, 2, 4, 10):
        seen: list[str] = []
        cursor = None
        while True:
            query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
            page = http.get("/workflows", params=query).json()
            seen += [row["workflow_id"] for row in page["workflows"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == made[::-1], limit
    detail = http.get(f"/workflows/{made[0]}").json()
    assert (detail["kind"], detail["execution"]["status"]) == ("backtest", "RUNNING")
    assert detail["history"][0]["type"] == "ExecutionStarted"
    assert http.get(f"/workflows/{made[1]}").json()["execution"] is None
    stage.runs.end("local", made[0], "failed", {"code": "worker_lost", "detail": "it is gone"})
    assert http.get(f"/workflows/{made[0]}").json()["error"]["detail"] == "it is gone"
    problem(http.get("/workflows/nothing"), 404)
    changes = http.get("/events").json()["events"]
    assert [row["type"] for row in changes] == ["run_failed", *["run_queued"] * 3]


# --- who may ---------------------------------------------------------------------------------


@pytest.fixture
def login(market: FakeStage, monkeypatch: pytest.MonkeyPatch) -> FakeStage:
    monkeypatch.setenv("STEPFOLD_AUTH", "jwt")
    settings.settings.cache_clear()
    for owner in ("ann", "bob"):
        hold(market, "BTC-USDT", owner=owner)
    return market


def test_without_a_verified_claim_there_is_no_answer(login: FakeStage) -> None:
    del login
    for claims in (None, {}, {"sub": ""}, {"name": "ann"}):
        http = client(handler, claims)
        headers = {"Authorization": "Bearer forged", "X-Owner": "ann"}
        for answer in (http.get("/backtests", headers=headers), http.post("/backtests", json=request())):
            body = problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "log in" in body["detail"]
        assert http.get("/health").status_code == 200


def test_another_owners_run_is_not_there(login: FakeStage) -> None:
    del login
    ann, bob = client(handler, {"sub": "ann"}), client(handler, {"sub": "bob"})
    run_id = start(ann, "one")["run_id"]
    assert start(bob, "one")["run_id"] != run_id
    for path in ("", "/progress", "/results", "/equity", "/artifacts", "/playback/state/2021-02-01"):
        problem(bob.get(f"/backtests/{run_id}{path}"), 404)
    problem(bob.post(f"/backtests/{run_id}/cancel"), 404)
    problem(bob.delete(f"/backtests/{run_id}"), 404)
    problem(bob.patch(f"/backtests/{run_id}", json={"name": "mine"}), 404)
    assert [run["run_id"] for run in bob.get("/backtests").json()["backtests"]] != [run_id]


def test_an_owner_that_a_client_sends_changes_nothing(login: FakeStage) -> None:
    bob = client(handler, {"sub": "bob"})
    body = problem(bob.post("/backtests", json=request(owner="ann")), 422)
    assert body["errors"][0]["path"] == "owner"
    assert problem(bob.get("/backtests", params={"owner": "ann"}), 422)["errors"][0]["path"] == "owner"
    start(bob)
    assert login.runs.newest("ann", limit=5)[0] == []


# --- faults ----------------------------------------------------------------------------------


def test_a_throttled_index_is_503_with_a_time_to_come_back(http: httpx.Client) -> None:
    error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}

    def throttle(**_kwargs: object) -> None:
        raise ClientError(error, "Query")  # type: ignore[arg-type]

    dynamodb = boto3.client("dynamodb")
    dynamodb.meta.events.register("before-call.dynamodb.Query", throttle)
    access.runs()._table._client = dynamodb
    answer = http.get("/backtests")
    problem(answer, 503)
    assert answer.headers["retry-after"] == "2"


def test_a_fault_of_ours_is_500_and_tells_the_request(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(RunIndex, "newest", broken)
    answer = http.get("/backtests")
    assert problem(answer, 500)["request_id"] == "request-1"
    assert "secret" not in answer.text
