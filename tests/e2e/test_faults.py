"""Faults on the deployed stack: a killed worker or a killed API loses nothing and shows no half result."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from typing import Any

import httpx
import pytest

from tests.e2e.client import ENDED, completed, every, import_candles, ok, start, wait, wait_until
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

# Ten months of minutes on two symbols: some seconds of work, enough to kill a worker in the middle.
LONG: dict[str, Any] = {
    "symbols": ["BTC-USDT", "ETH-USDT"],
    "timeframe": "1m",
    "exchange": "faults",
    "strategy": CROSS,
}
SHORT: dict[str, Any] = {**LONG, "timeframe": "1h"}


@pytest.fixture(scope="module")
def http(stack: LocalStack) -> httpx.Client:
    http = stack.http()
    for number, symbol in enumerate(LONG["symbols"]):
        for timeframe, end in (("1m", "2020-11-01"), ("1h", "2020-06-01")):
            body = simulated_file(symbol, timeframe, "2020-01-01", end, seed=number)
            assert import_candles(http, body, "faults", symbol, timeframe)["status"] == "completed"
    return http


@pytest.fixture(scope="module")
def killed(stack: LocalStack, http: httpx.Client) -> str:
    """Kill the API's worker at moments spread over a POST; return the name that all those runs begin with.

    The last test of this file looks at what became of them: meanwhile the reconciling schedule passes by.
    """
    moments = random.Random(7)
    for number in range(12):
        caller = threading.Thread(target=_post, args=(stack, f"killed-{number}"))
        caller.start()
        time.sleep(moments.uniform(0.0, 0.12))
        for pid in stack.workers("api"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        caller.join(30)
    _leave_queued(stack, http)
    return "killed-"


def objects(stack: LocalStack, run_id: str) -> dict[str, bytes]:
    """Return a run's Parquet files by series and time, without the token in their names."""
    s3, bucket = stack.s3(), stack.deployment.bucket
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"runs/{run_id}/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    return {
        key.removeprefix(f"runs/{run_id}/").rpartition("-")[0]: s3.get_object(Bucket=bucket, Key=key)[
            "Body"
        ].read()
        for key in keys
        if key.endswith(".parquet")
    }


class Watcher(threading.Thread):
    """Asks for the results all the while, as an impatient client would; keeps every kind of answer."""

    def __init__(self, http: httpx.Client, run_id: str) -> None:
        super().__init__(daemon=True)
        self._http, self._run_id = http, run_id
        self.over = threading.Event()
        self.seen: list[tuple[str, int]] = []
        self.bodies: set[bytes] = set()

    def run(self) -> None:
        while not self.over.is_set():
            for path in ("results", "trades"):
                answer = self._http.get(f"/backtests/{self._run_id}/{path}")
                self.seen.append((path, answer.status_code))
                if path == "results" and answer.status_code == 200:
                    self.bodies.add(answer.content)
            time.sleep(0.05)


@pytest.mark.usefixtures("killed")
def test_a_worker_killed_in_the_middle_loses_nothing(stack: LocalStack, http: httpx.Client) -> None:
    undisturbed = completed(http, LONG)
    run_id = start(http, LONG)["run_id"]
    watcher = Watcher(stack.http(), run_id)
    watcher.start()
    progress = _wait_for_progress(http, run_id)
    assert 0 < progress["processed_candles"] < progress["total_candles"]
    for pid in stack.workers("simulate"):
        os.kill(pid, signal.SIGKILL)
    ended = wait(http, run_id, 180)
    watcher.over.set()
    watcher.join(10)

    assert ended["status"] == "completed", ended
    attempts = stack.dynamodb().get_item(
        TableName=stack.deployment.table, Key={"pk": {"S": "OWNER#local"}, "sk": {"S": f"RUN#{run_id}"}}
    )["Item"]["attempts"]["N"]
    assert int(attempts) >= 2  # the kill was in the middle of an attempt
    assert {status for _, status in watcher.seen} <= {409, 200}
    assert ("results", 409) in watcher.seen
    assert len(watcher.bodies) <= 1
    # The second attempt left the bytes of an undisturbed run, and nothing of the first.
    assert objects(stack, run_id) == objects(stack, undisturbed)


def _wait_for_progress(http: httpx.Client, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        progress = ok(http.get(f"/backtests/{run_id}/progress"))
        if progress["processed_candles"] or progress["status"] in ENDED:
            return progress
        time.sleep(0.02)
    raise AssertionError("no progress within a minute")


def test_an_execution_stopped_behind_the_api_ends_the_run(stack: LocalStack, http: httpx.Client) -> None:
    run = start(http, LONG)
    _wait_for_progress(http, run["run_id"])
    machine = stack.deployment.backtest_machine
    running = stack.stepfunctions().list_executions(stateMachineArn=machine, statusFilter="RUNNING")[
        "executions"
    ]
    mine = [entry for entry in running if entry["name"].startswith(run["run_id"])]
    stack.stepfunctions().stop_execution(executionArn=mine[0]["executionArn"])
    ended = wait(http, run["run_id"], 60)
    assert ended["status"] == "failed"
    assert ended["error"]["code"] == "stopped"
    answer = http.get(f"/backtests/{run['run_id']}/results")
    assert answer.status_code == 409


def test_a_run_that_is_cancelled_keeps_nothing(stack: LocalStack, http: httpx.Client) -> None:
    run_id = start(http, LONG)["run_id"]
    _wait_for_progress(http, run_id)
    ok(http.post(f"/backtests/{run_id}/cancel"))
    assert ok(http.get(f"/backtests/{run_id}"))["status"] == "cancelled"
    ok(http.post(f"/backtests/{run_id}/cancel"))  # again is harmless
    # The worker sees it at its next progress write, and says that it ended.
    wait_until(
        lambda: ok(http.get(f"/backtests/{run_id}/logs"))["logs"],
        lambda lines: any(line["step"] == "simulate" for line in lines),
        60,
    )
    assert ok(http.get(f"/backtests/{run_id}"))["status"] == "cancelled"
    assert http.delete(f"/backtests/{run_id}").status_code == 204
    assert http.get(f"/backtests/{run_id}").status_code == 404
    wait_until(lambda: objects(stack, run_id), lambda left: left == {}, 30)


def test_an_api_killed_at_any_moment_leaves_no_run_queued(http: httpx.Client, killed: str) -> None:
    def mine() -> list[dict[str, Any]]:
        runs = every(http, "/backtests", "backtests", limit=100)
        return [run for run in runs if (run["name"] or "").startswith(killed)]

    ended = wait_until(mine, lambda runs: all(run["status"] in ENDED for run in runs), 240)
    assert {run["status"] for run in ended} == {"completed"}
    # One of them stood exactly between the index write and the start.
    assert sum(run["name"] == "killed-exactly-between" for run in ended) == 2


def test_after_all_of_it_the_index_and_the_store_agree(http: httpx.Client, killed: str) -> None:
    del killed  # it is done, as is everything above
    assert every(http, "/doctor", "findings", limit=50) == []


def _post(stack: LocalStack, name: str) -> None:
    with contextlib.suppress(httpx.HTTPError):  # the API is killed under it
        stack.http().post("/backtests", json={**SHORT, "name": name}, headers={"Idempotency-Key": name})


def _leave_queued(stack: LocalStack, http: httpx.Client) -> None:
    """Make the state that a kill just between the index write and StartExecution leaves.

    A finished run's item, copied under a new id as it was when it was created.
    """
    template = completed(http, {**SHORT, "name": "killed-exactly-between"}, "template")
    dynamodb, table = stack.dynamodb(), stack.deployment.table
    key = {"pk": {"S": "OWNER#local"}, "sk": {"S": f"RUN#{template}"}}
    item = dynamodb.get_item(TableName=table, Key=key)["Item"]
    run_id = "bt-" + "q" * 26
    created = item["created_at"]["S"]
    request_key = item["request_key"]["S"].replace(template, run_id)
    s3, bucket = stack.s3(), stack.deployment.bucket
    s3.copy_object(
        Bucket=bucket, Key=request_key, CopySource={"Bucket": bucket, "Key": item["request_key"]["S"]}
    )
    kept = (
        "pk",
        "owner",
        "created_at",
        "body_hash",
        "strategy",
        "symbols",
        "timeframe",
        "name",
        "gsi1pk",
    )
    queued = {name: item[name] for name in kept} | {
        "sk": {"S": f"RUN#{run_id}"},
        "run_id": {"S": run_id},
        "request_key": {"S": request_key},
        "status": {"S": "queued"},
        "phase": {"S": "queued"},
        "execution": {"S": f"{run_id}-1"},
        "gsi1sk": {"S": f"{created}#{run_id}"},
        "gsi2pk": {"S": "IN_WORK"},
        "gsi2sk": {"S": f"{created}#{run_id}"},
    }
    dynamodb.put_item(TableName=table, Item=queued)
