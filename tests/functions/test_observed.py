"""What can be seen from outside: whose run each line of a log is about, and what is counted."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from functions.plan.handler import handler as plan
from functions.publish.handler import handler as publish
from functions.settle.handler import handler as settle
from functions.simulate.handler import handler as simulate
from functions.step import logger, workflow_step
from shared.run_limits import RunLimits
from shared.run_queue import RunQueue
from shared.times import now_ms
from tests.aws import FakeStage
from tests.functions.api_stage import request
from tests.functions.gateway import Context

Captured = pytest.CaptureFixture[str]


@dataclass
class Log:
    """What a function writes: lines of its logger, and metrics."""

    stream: io.StringIO
    capsys: Captured

    def since(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the lines and the metrics since the last time."""
        logged = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        self.stream.seek(0)
        self.stream.truncate()
        printed = [json.loads(line) for line in self.capsys.readouterr().out.splitlines() if '"_aws"' in line]
        return logged, printed


@pytest.fixture
def log(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> Log:
    stream = io.StringIO()
    # The logger is a process's one, and writes to what was standard output when it was made.
    monkeypatch.setattr(logger().registered_handler, "stream", stream)
    return Log(stream, capsys)


def figures(metrics: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return name, value and outcome of each metric; every one is of the stage."""
    told = []
    for metric in metrics:
        (directive,) = metric["_aws"]["CloudWatchMetrics"]
        (definition,) = directive["Metrics"]
        assert (directive["Namespace"], metric["Stage"]) == ("Stepfold", "test")
        assert set(directive["Dimensions"][0]) == {"Stage", "service", "Outcome"} & metric.keys()
        told.append((definition["Name"], metric[definition["Name"]][0], metric.get("Outcome")))
    return told


def begun(http: httpx.Client, key: str = "a") -> dict[str, str]:
    answer = http.post("/backtests", json=request(), headers={"Idempotency-Key": key})
    return {"owner": "local", "run_id": answer.json()["run_id"]}


def event(subject: dict[str, str], status: str) -> dict[str, Any]:
    detail = {"status": status, "input": json.dumps(subject)}
    return {"detail-type": "Step Functions Execution Status Change", "detail": detail}


def test_every_line_of_every_step_says_whose_run_it_is_about(
    market: FakeStage, http: httpx.Client, log: Log
) -> None:
    del market
    subject = begun(http)
    log.since()
    plan(subject, Context())
    done = simulate(subject, Context())
    publish(done, Context())
    settle(event(subject, "SUCCEEDED"), Context())
    logged, metrics = log.since()
    assert len(logged) >= 4
    assert {(line["run_id"], line["owner"]) for line in logged} == {(subject["run_id"], "local")}
    told = figures(metrics)
    assert ("RunsEnded", 1, "completed") in told
    assert len([figure for figure in told if figure[0] == "RunsEnded"]) == 1
    (speed,) = [value for name, value, _ in told if name == "BarsPerSecond"]
    assert speed > 100


def test_a_line_does_not_name_the_run_of_the_call_before(
    market: FakeStage, http: httpx.Client, log: Log
) -> None:
    del market
    plan(begun(http), Context())
    log.since()
    settle({"detail-type": "Scheduled Event", "detail": {}}, Context())
    logged, _ = log.since()
    assert logged
    assert not [line for line in logged if "run_id" in line]


@pytest.mark.parametrize("told", ["", "no json", "[1]"])
def test_an_event_that_says_nothing_of_a_run_is_logged_all_the_same(told: str, log: Log) -> None:
    workflow_step(lambda _: {})({"detail": {"input": told}}, Context())
    assert [line["message"] for line in log.since()[0]] == ["done"]


def test_each_end_of_a_run_is_counted_once(market: FakeStage, http: httpx.Client, log: Log) -> None:
    del market
    failed, cancelled = begun(http, "a"), begun(http, "b")
    log.since()
    for _ in range(2):  # events may come twice
        settle(event(failed, "TIMED_OUT"), Context())
        http.post(f"/backtests/{cancelled['run_id']}/cancel")
    assert figures(log.since()[1]) == [("RunsEnded", 1, "failed"), ("RunsEnded", 1, "cancelled")]


def test_who_waits_is_measured_and_nobody_is_not(market: FakeStage, log: Log) -> None:
    schedule = {"detail-type": "Scheduled Event", "detail": {}}
    settle(schedule, Context())
    assert figures(log.since()[1]) == []
    queue = RunQueue(market.table, RunLimits(max_runs_at_once=1))
    assert [queue.enter("ann", "bt-1"), queue.enter("ann", "bt-2")] == [True, False]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("functions.settle.settle.now_ms", lambda: now_ms() + 30_000)
        settle(schedule, Context())
    ((name, seconds, outcome),) = figures(log.since()[1])
    assert (name, outcome) == ("QueueAge", None)
    assert 30 <= seconds < 40
