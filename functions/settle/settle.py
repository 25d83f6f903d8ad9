"""End what failed, start what was never started, sweep what was left lying."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from functions.settle.failure import Failure
from functions.step import logger
from shared import access
from shared.cleanup import clear_unlisted, delete_run
from shared.dataset_removal import remove_dataset
from shared.datasets import Dataset, Import
from shared.errors import InUseError, NotFoundError
from shared.runs import Run
from shared.times import now_ms

T = TypeVar("T")

ALIVE = ("RUNNING", "PENDING_REDRIVE")
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
    """Compare what the index says is in work with what Step Functions knows, and sweep ended runs.

    One run that cannot be settled does not keep the others waiting; its fault is raised at the end.
    """
    now = now_ms()
    runs, datasets = access.runs(), access.datasets()
    ended = runs.to_sweep(now - GRACE_MS)
    faults: list[Exception] = []
    counts = {
        "reconciled": _each(runs.in_work(now - GRACE_MS), _reconcile_run, faults),
        "imports": _each(datasets.imports_in_work(now - GRACE_MS), _reconcile_import, faults),
        "deleted": _each([run for run, deleting in ended if deleting], _delete, faults),
        "datasets": _each(datasets.to_delete(now - GRACE_MS), _delete_dataset, faults),
        "swept": _each(
            [run for run, deleting in runs.to_sweep(now - SWEEP_AFTER_MS) if not deleting], _sweep, faults
        ),
    }
    if faults:
        raise faults[0]
    return counts


def _each(subjects: Iterable[T], settle: Callable[[T], bool], faults: list[Exception]) -> int:
    """Settle one after the other; return how many were changed."""
    changed = 0
    for subject in subjects:
        try:
            changed += settle(subject)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is raised after the others
            logger().exception("could not settle", extra={"of": getattr(subject, "run_id", "an import")})
            faults.append(fault)
    return changed


def _reconcile_run(run: Run) -> bool:
    execution = access.workflows().describe_backtest(run)
    if execution is None and run.status == "queued":
        # The API died between its two calls: carry out the second.
        access.workflows().start_backtest(run)
        return True
    if execution is None:
        failure = Failure.vanished()
    elif execution.status in ALIVE:
        return False
    else:
        failure = Failure.of_execution(execution.status, execution.error, execution.cause)
    _, ended = access.runs().end(run.owner, run.run_id, "failed", failure.to_dict())
    return ended


def _reconcile_import(entry: Import) -> bool:
    execution = access.workflows().describe_import(entry)
    if execution is None:
        access.workflows().start_import(entry)
        return True
    if execution.status in ALIVE:
        return False
    failure = Failure.of_execution(execution.status, execution.error, execution.cause)
    access.datasets().end_import(entry.owner, entry.import_id, "failed", error=failure.to_dict())
    return True


def _delete(run: Run) -> bool:
    delete_run(access.store(), access.runs(), access.uses(), run)
    return True


def _delete_dataset(dataset: Dataset) -> bool:
    """Finish a deletion that was cut short; one that a run stands against was none."""
    try:
        remove_dataset(access.store(), access.datasets(), access.uses(), dataset, dataset.owner)
    except InUseError:
        return False
    return True


def _sweep(run: Run) -> bool:
    removed = clear_unlisted(access.store(), run)
    access.runs().swept(run.owner, run.run_id)
    return removed > 0
