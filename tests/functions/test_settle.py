"""Settling: every way a workflow can end badly leads to an end that its user can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from functions.settle.failure import Failure
from functions.settle.handler import handler
from functions.settle.settle import reconcile
from shared import names
from shared.dataset_uses import UsedDataset
from shared.errors import Issue, NotFoundError, RunRejectedError
from shared.times import now_ms
from shared.workflows import Execution
from tests.aws import FakeStage
from tests.functions.api_stage import hold
from tests.shared.test_runs import a_run, publish, running

SCHEDULED = {"detail-type": "Scheduled Event", "detail": {}}


@dataclass(frozen=True)
class Context:
    aws_request_id: str = "r1"


def settle(event: Mapping[str, Any]) -> dict[str, Any]:
    return handler(event, Context())


def status_change(status: str, run_id: str, **detail: str) -> dict[str, Any]:
    subject = json.dumps({"owner": "ann", "run_id": run_id})
    return {
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"status": status, "input": subject, **detail},
    }


def test_what_a_step_rejects_is_shown_word_for_word(stage: FakeStage) -> None:
    run = running(stage)
    rejected = RunRejectedError("invalid_input", "no candles", [Issue("symbols[0]", "no candles of X", "X")])
    cause = json.dumps({"errorMessage": str(rejected), "errorType": "RunRejectedError"})
    settle({"owner": "ann", "run_id": run.run_id, "error": {"Error": "RunRejectedError", "Cause": cause}})
    ended = stage.runs.get("ann", run.run_id)
    assert ended.status == "failed"
    assert ended.error == {
        "code": "invalid_input",
        "detail": "no candles",
        "errors": [{"path": "symbols[0]", "message": "no candles of X", "value": "X"}],
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("States.ServiceRestart", "stopped"),
        ("Runtime.ExitError", "worker_lost"),
        ("States.Timeout", "worker_lost"),
        ("ZeroDivisionError", "internal"),
    ],
)
def test_a_fault_is_told_without_its_secrets(error: str, code: str) -> None:
    failure = Failure.caught(error, json.dumps({"errorMessage": "password=hunter2", "errorType": error}))
    assert failure.code == code
    assert "hunter2" not in failure.detail
    assert "again" in failure.detail


@pytest.mark.parametrize(
    ("status", "code"), [("ABORTED", "stopped"), ("TIMED_OUT", "timed_out"), ("FAILED", "internal")]
)
def test_a_status_event_ends_the_run_once(stage: FakeStage, status: str, code: str) -> None:
    run = running(stage)
    for _ in range(2):  # events may come twice
        settle(status_change(status, run.run_id))
    ended = stage.runs.get("ann", run.run_id)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["code"] == code


def test_a_late_event_does_not_touch_results(stage: FakeStage) -> None:
    run = running(stage)
    publish(stage, run, "t1")
    settle(status_change("ABORTED", run.run_id))
    assert stage.runs.get("ann", run.run_id).status == "completed"


@pytest.mark.usefixtures("stage")
def test_an_event_of_a_run_that_is_gone_is_no_error() -> None:
    assert settle(status_change("FAILED", "bt-" + "z" * 26)) == {"status": "unknown"}


def old(monkeypatch: pytest.MonkeyPatch, minutes: int = 2) -> None:
    monkeypatch.setattr("functions.settle.settle.now_ms", lambda: now_ms() + minutes * 60_000)


def test_a_run_whose_execution_was_never_started_is_started(stage: FakeStage) -> None:
    run, _ = stage.runs.create(a_run(created_at="2024-01-01T00:00:00Z"))
    assert stage.workflows.describe_backtest(run) is None
    assert settle(SCHEDULED)["reconciled"] == 1
    execution = stage.workflows.describe_backtest(run)
    assert execution is not None
    assert execution.status == "RUNNING"
    assert reconcile()["reconciled"] == 0
    assert stage.runs.get("ann", run.run_id).status == "queued"


def test_a_fresh_run_is_left_alone(stage: FakeStage) -> None:
    from shared.times import iso

    stage.runs.create(a_run(created_at=iso(now_ms())))
    assert settle(SCHEDULED) == {
        "reconciled": 0,
        "queued": 0,
        "imports": 0,
        "fetches": 0,
        "deleted": 0,
        "datasets": 0,
        "swept": 0,
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [("ABORTED", "stopped"), ("TIMED_OUT", "timed_out"), ("SUCCEEDED", "no_results"), (None, "vanished")],
)
def test_a_run_whose_execution_is_over_ends(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch, status: str | None, code: str
) -> None:
    run = running(stage)
    answer = Execution("arn", status, "", None, None, None) if status else None  # type: ignore[arg-type]
    monkeypatch.setattr(type(stage.workflows), "describe_backtest", lambda *_: answer)
    old(monkeypatch)
    assert reconcile()["reconciled"] == 1
    ended = stage.runs.get("ann", run.run_id)
    assert ended.error is not None
    assert ended.error["code"] == code


def test_what_a_lost_worker_wrote_late_is_swept_and_results_stay(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running(stage)
    request, stray = run.request_key, names.run_part(run.run_id, "equity", 0, "lost")
    stage.store.put(names.run_prefix(run.run_id) + "kept", b"")
    stage.store.put(stray, b"part of a lost attempt")
    stage.runs.end("ann", run.run_id, "cancelled")
    old(monkeypatch, minutes=10)
    assert reconcile()["swept"] == 0  # a worker may still live
    old(monkeypatch, minutes=30)
    assert reconcile()["swept"] > 0
    assert stray not in set(stage.store.keys("runs/"))
    assert request == run.request_key
    assert reconcile()["swept"] == 0


def test_a_deletion_that_was_cut_off_is_carried_to_its_end(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running(stage)
    stage.store.put(names.run_prefix(run.run_id) + "x", b"")
    stage.runs.end("ann", run.run_id, "cancelled")
    stage.runs.begin_delete("ann", run.run_id)
    old(monkeypatch)
    assert reconcile()["deleted"] == 1
    assert list(stage.store.keys("runs/")) == []
    with pytest.raises(NotFoundError):
        stage.runs.get("ann", run.run_id)
    assert stage.runs.to_sweep(10**13) == []


def test_one_run_that_cannot_be_settled_does_not_keep_the_others_waiting(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, _ = stage.runs.create(a_run(key="a", execution="broken"))
    waiting, _ = stage.runs.create(a_run(key="b"))
    describe = type(stage.workflows).describe_backtest

    def described(workflows: Any, run: Any) -> Execution | None:
        if run.execution == "broken":
            raise OSError("no answer")
        return describe(workflows, run)

    monkeypatch.setattr(type(stage.workflows), "describe_backtest", described)
    with pytest.raises(OSError, match="no answer"):
        reconcile()
    assert describe(stage.workflows, waiting) is not None
    assert describe(stage.workflows, broken) is None


def test_a_deletion_of_candles_that_was_cut_off_is_carried_to_its_end_or_taken_back(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    unused, used = hold(stage, "BTC-USDT", owner="ann"), hold(stage, "ETH-USDT", owner="ann")
    run = running(stage)
    stage.runs.begin_attempt("ann", run.run_id, "t")
    publish(stage, run, "t")
    version = UsedDataset("ann", used.dataset_id, used.version, 0, 1)
    stage.uses.note("ann", run.run_id, [version])
    for dataset in (unused, used):
        stage.datasets.begin_delete(dataset)
    assert stage.datasets.held("ann") == []
    assert reconcile()["datasets"] == 0  # the API may be at it still
    old(monkeypatch)
    assert reconcile()["datasets"] == 1
    assert [held.dataset_id for held in stage.datasets.held("ann")] == [used.dataset_id]
    assert {key.split("/")[3] for key in stage.store.keys("candles/")} == {"ETH-USDT"}
    assert reconcile()["datasets"] == 0
    assert stage.table.prefix("OWNER#ann", names.dataset_versions_prefix(unused.name)) == []
