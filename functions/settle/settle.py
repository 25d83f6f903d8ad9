"""End what failed, start what was never started, sweep what was left lying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.settle.failure import Failure
from functions.step import logger
from shared import access
from shared.cleanup import clear_unlisted, delete_run
from shared.datasets import Import
from shared.errors import NotFoundError
from shared.runs import Run
from shared.times import now_ms

# A run may be this long between the index and its execution before it is looked at.
GRACE_MS = 60_000
# Longer than any Lambda lives: then no lost worker of an ended run can still write.
SWEEP_AFTER_MS = 20 * 60_000


def end_failed(subject: Mapping[str, Any], failure: Failure) -> dict[str, Any]:
    """End the run or the import that a workflow's input names; one that has ended stays as it is."""
    try:
        if "import_id" in subject:
            entry = access.datasets().end_import(
                subject["owner"], subject["import_id"], "failed", error=failure.to_dict()
            )
            return {"import_id": entry.import_id, "status": entry.status}
        run, _ = access.runs().end(subject["owner"], subject["run_id"], "failed", failure.to_dict())
    except (KeyError, NotFoundError):
        logger().warning("nothing to settle", extra={"subject": dict(subject)})
        return {"status": "unknown"}
    return {"run_id": run.run_id, "status": run.status}


def reconcile() -> dict[str, Any]:
    """Compare what the index says is in work with what Step Functions knows, and sweep ended runs."""
    now = now_ms()
    counts = {"started": 0, "failed": 0, "swept": 0, "deleted": 0}
    for run in access.runs().in_work(now - GRACE_MS):
        counts["started"] += _start_again(run)
        counts["failed"] += _fail_dead(run)
    for entry in access.datasets().imports_in_work(now - GRACE_MS):
        counts["failed"] += _reconcile_import(entry)
    for run, deleting in access.runs().to_sweep(now - GRACE_MS):
        if deleting:
            delete_run(access.store(), access.runs(), run)
            counts["deleted"] += 1
    for run, deleting in access.runs().to_sweep(now - SWEEP_AFTER_MS):
        if not deleting:
            counts["swept"] += clear_unlisted(access.store(), run)
            access.runs().swept(run.owner, run.run_id)
    return counts


def _start_again(run: Run) -> int:
    """Start a queued run whose execution does not exist: the API died between its two calls."""
    if run.status != "queued" or access.workflows().describe_backtest(run) is not None:
        return 0
    access.workflows().start_backtest(run)
    return 1


def _fail_dead(run: Run) -> int:
    """End a run whose execution is over or gone."""
    execution = access.workflows().describe_backtest(run)
    if execution is not None and execution.status in ("RUNNING", "PENDING_REDRIVE"):
        return 0
    if execution is None:
        failure = Failure.vanished()
    else:
        failure = Failure.of_execution(execution.status, execution.error, execution.cause)
    _, ended = access.runs().end(run.owner, run.run_id, "failed", failure.to_dict())
    return int(ended)


def _reconcile_import(entry: Import) -> int:
    execution = access.workflows().describe_import(entry)
    if execution is None:
        access.workflows().start_import(entry)
        return 0
    if execution.status == "RUNNING":
        return 0
    failure = Failure.of_execution(execution.status, execution.error, execution.cause)
    access.datasets().end_import(entry.owner, entry.import_id, "failed", error=failure.to_dict())
    return 1
