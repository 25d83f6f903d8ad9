"""So many runs of one owner at once: the others wait their turn, and too many are told when to come again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import httpx
import pytest

from functions.settle.handler import handler as settle
from functions.settle.settle import reconcile
from shared import access
from shared.run_limits import RunLimits
from shared.run_queue import RunQueue
from shared.settings import settings
from shared.times import now_ms
from tests.aws import FakeStage
from tests.functions.api_stage import request
from tests.functions.gateway import Context


@pytest.fixture
def api(market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> httpx.Client:
    """An API that lets two runs of an owner be under way and three wait."""
    del market
    monkeypatch.setenv("STEPFOLD_MAX_RUNS_AT_ONCE", "2")
    monkeypatch.setenv("STEPFOLD_MAX_RUNS_QUEUED", "3")
    settings.cache_clear()
    access.queue.cache_clear()
    return http


def post(api: httpx.Client, key: str) -> httpx.Response:
    return api.post("/backtests", json=request(), headers={"Idempotency-Key": key})


def started(api: httpx.Client, *keys: str) -> list[str]:
    answers = [post(api, key) for key in keys]
    assert [answer.status_code for answer in answers] == [202] * len(keys)
    return [str(answer.json()["run_id"]) for answer in answers]


def executed(stage: FakeStage, *run_ids: str) -> list[bool]:
    runs = [stage.runs.get("local", run_id) for run_id in run_ids]
    return [stage.workflows.describe_backtest(run) is not None for run in runs]


def over(run_id: str, status: str = "SUCCEEDED") -> dict[str, Any]:
    """Return the event of an execution's end."""
    subject = json.dumps({"owner": "local", "run_id": run_id})
    detail = {"status": status, "input": subject}
    return {"detail-type": "Step Functions Execution Status Change", "detail": detail}


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.settle.settle.now_ms", lambda: now_ms() + 120_000)


def test_further_runs_wait_and_start_in_their_order_as_others_end(
    market: FakeStage, api: httpx.Client
) -> None:
    ids = started(api, "a", "b", "c", "d")
    assert executed(market, *ids) == [True, True, False, False]
    assert [api.get(f"/backtests/{run_id}").json()["status"] for run_id in ids] == ["queued"] * 4
    market.runs.end("local", ids[1], "failed", {"code": "x", "detail": "y"})
    for _ in range(2):  # events may come twice
        settle(over(ids[1], "FAILED"), Context())
    assert executed(market, *ids) == [True, True, True, False]


def test_over_the_queue_s_limit_a_client_is_told_when_to_come_again(
    market: FakeStage, api: httpx.Client
) -> None:
    started(api, "a", "b", "c", "d", "e")
    answer = post(api, "f")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    body = answer.json()
    assert body["type"] == "urn:stepfold:problem:too_many_runs"
    assert "2 of your backtests are under way and 3 wait" in body["detail"]
    assert len(market.runs.newest("local", limit=9)[0]) == 5
    assert len(list(market.store.keys("runs/"))) == 5  # no request stays of what was refused
    assert post(api, "e").status_code == 200  # who waits already may ask again


def test_another_owner_s_runs_take_nobody_s_place(market: FakeStage) -> None:
    queue = RunQueue(market.table, RunLimits(max_runs_at_once=1, max_runs_queued=1))
    assert [queue.enter("ann", "1"), queue.enter("bob", "2")] == [True, True]


def test_nobody_overtakes_who_waits(market: FakeStage) -> None:
    queue = RunQueue(market.table, RunLimits(max_runs_at_once=1, max_runs_queued=9))
    assert [queue.enter("ann", run_id) for run_id in "abc"] == [True, False, False]
    queue.leave("ann", "a")
    assert queue.enter("ann", "d") is False
    assert list(queue.admit("ann")) == ["b"]
    queue.leave("ann", "b")
    queue.leave("ann", "b")
    assert list(queue.admit("ann")) == ["c"]


def test_many_at_once_are_never_more_than_the_limit(
    market: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Any = market.table._client
    one = Lock()
    call = client._make_api_call

    def one_at_a_time(name: str, arguments: dict[str, Any]) -> Any:
        """As DynamoDB does with one item; the calls of several threads still come between each other's."""
        with one:
            return call(name, arguments)

    monkeypatch.setattr(client, "_make_api_call", one_at_a_time)
    queue = RunQueue(market.table, RunLimits(max_runs_at_once=3, max_runs_queued=99))
    queue.enter("ann", "first")
    with ThreadPoolExecutor(8) as pool:
        entered = list(pool.map(lambda number: queue.enter("ann", f"r{number}"), range(20)))
    held = queue.of("ann")
    assert (sum(entered), len(held.under_way), len(held.waiting)) == (2, 3, 18)


def test_a_run_that_is_cancelled_while_it_waits_leaves_the_queue(
    market: FakeStage, api: httpx.Client
) -> None:
    ids = started(api, "a", "b", "c", "d")
    assert api.post(f"/backtests/{ids[2]}/cancel").status_code == 200
    assert executed(market, ids[2], ids[3]) == [False, False]
    assert api.post(f"/backtests/{ids[0]}/cancel").status_code == 200
    assert executed(market, ids[2], ids[3]) == [False, True]


def test_what_a_dead_caller_left_is_put_right_by_the_schedule(
    market: FakeStage, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = access.queue()
    queue.enter("local", "bt-" + "a" * 26)  # died before the run was there
    ids = started(api, "a", "b", "c")
    assert executed(market, *ids) == [True, False, False]
    assert list(queue.admit("local")) == []
    market.runs.end("local", ids[0], "cancelled")  # died before it left its place
    later(monkeypatch)
    monkeypatch.setattr("functions.settle.settle.stamp", lambda _: "9")
    reconcile()
    assert executed(market, *ids) == [True, True, True]
    held = queue.of("local")
    assert (set(held.under_way), set(held.waiting)) == (set(ids[1:]), set())


def test_one_that_waits_long_is_no_finding_and_no_run_for_the_schedule(
    market: FakeStage, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = started(api, "a", "b", "c")
    monkeypatch.setattr("functions.api.consistency.now_ms", lambda: now_ms() + 3_600_000)
    assert api.get("/doctor").json()["findings"] == []
    later(monkeypatch)
    assert reconcile()["reconciled"] == 0
    assert executed(market, *ids) == [True, True, False]
