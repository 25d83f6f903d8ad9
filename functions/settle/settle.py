"""End what failed, start what was never started, sweep what was left lying."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from functions.metrics import queue_age, run_ended
from functions.settle.failure import Failure
from functions.step import LOGGED_KEYS, logger
from shared import access
from shared.cleanup import clear_unlisted, delete_run
from shared.dataset_removal import remove_dataset
from shared.datasets import Dataset, Import
from shared.errors import InUseError, NotFoundError, TooManyRunsError
from shared.fetches import Fetch
from shared.run_queue import Queue
from shared.runs import Run
from shared.times import now_ms, parse_time, stamp
from shared.turns import start_next

T = TypeVar("T")

ALIVE = ("RUNNING", "PENDING_REDRIVE")
# A run may be this long between the index and its execution before it is looked at.
GRACE_MS = 60_000
# Longer than any Lambda lives: then no lost worker of an ended run can still write.
SWEEP_AFTER_MS = 20 * 60_000


def end_failed(subject: Mapping[str, Any], failure: Failure) -> dict[str, Any]:
    """End the run, import or fetch that a workflow's input names; one that has ended stays as it is."""
    try:
        if "import_id" in subject:
            entry = access.datasets().end_import(
                subject["owner"], subject["import_id"], "failed", error=failure.to_dict()
            )
            return {"import_id": entry.import_id, "status": entry.status}
        if "fetch_id" in subject:
            fetch = access.fetches().get(subject["owner"], subject["fetch_id"])
            if fetch.execution == subject.get("execution"):  # not one that was begun anew meanwhile
                fetch = access.fetches().end(fetch, "failed", error=failure.to_dict())
            return {"fetch_id": fetch.fetch_id, "status": fetch.status}
        run, ended = access.runs().end(subject["owner"], subject["run_id"], "failed", failure.to_dict())
        if ended:
            run_ended("failed")
    except (KeyError, NotFoundError):
        logger().warning("nothing to settle", extra={"subject": dict(subject)})
        return {"status": "unknown"}
    return {"run_id": run.run_id, "status": run.status}


def end_of_execution(subject: Mapping[str, Any], failure: Failure) -> dict[str, Any]:
    """End what an execution was about, if it has not ended; its place is the next one's."""
    answer = end_failed(subject, failure)
    if "import_id" not in subject and "fetch_id" not in subject:
        owner, run_id = subject.get("owner"), subject.get("run_id")
        if owner and run_id:
            access.queue().leave(owner, run_id)
            start_next(access.queue(), access.runs(), access.workflows(), owner)
    return answer


def reconcile() -> dict[str, Any]:
    """Compare what the index says is in work with what Step Functions knows, and sweep ended runs.

    One run that cannot be settled does not keep the others waiting; its fault is raised at the end.
    """
    now = now_ms()
    runs, datasets = access.runs(), access.datasets()
    ended = runs.to_sweep(now - GRACE_MS)
    queues = access.queue().all()
    # What waits has no execution yet, and that is how it should be.
    waiting = {run_id: came for queue in queues for run_id, came in queue.waiting.items()}
    if waiting:
        queue_age((now - parse_time(min(waiting.values()))) / 1000)
    in_work = [run for run in runs.in_work(now - GRACE_MS) if run.run_id not in waiting]
    faults: list[Exception] = []
    counts = {
        "reconciled": _each(in_work, _reconcile_run, faults),
        "queued": _each(queues, _reconcile_queue, faults),
        "imports": _each(datasets.imports_in_work(now - GRACE_MS), _reconcile_import, faults),
        "fetches": _each(access.fetches().in_work(now - GRACE_MS), _reconcile_fetch, faults),
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
            about = {key: getattr(subject, key) for key in LOGGED_KEYS if hasattr(subject, key)}
            logger().exception("could not settle", extra=about)
            faults.append(fault)
    return changed


def _reconcile_run(run: Run) -> bool:
    execution = access.workflows().describe_backtest(run)
    if execution is None and run.status == "queued":
        # The API died between its two calls: carry out the second, if it is the run's turn.
        try:
            its_turn = access.queue().enter(run.owner, run.run_id)
        except TooManyRunsError:
            return False
        if its_turn:
            access.workflows().start_backtest(run)
        return its_turn
    if execution is None:
        failure = Failure.vanished()
    elif execution.status in ALIVE:
        return False
    else:
        failure = Failure.of_execution(execution.status, execution.error, execution.cause)
    _, ended = access.runs().end(run.owner, run.run_id, "failed", failure.to_dict())
    if ended:
        run_ended("failed")
    return ended


def _reconcile_queue(queue: Queue) -> bool:
    """Take out what is over or never came to be, and start those whose turn it is."""
    before = stamp(now_ms() - GRACE_MS)
    for run_id, came in {**queue.under_way, **queue.waiting}.items():
        if came < before and not _in_work(queue.owner, run_id):
            access.queue().leave(queue.owner, run_id)
    return start_next(access.queue(), access.runs(), access.workflows(), queue.owner) > 0


def _in_work(owner: str, run_id: str) -> bool:
    try:
        return not access.runs().get(owner, run_id).ended
    except NotFoundError:
        return False


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


def _reconcile_fetch(entry: Fetch) -> bool:
    execution = access.workflows().describe_fetch(entry)
    if execution is None:
        access.workflows().start_fetch(entry)
        return True
    if execution.status in ALIVE:
        return False
    failure = Failure.of_execution(execution.status, execution.error, execution.cause)
    access.fetches().end(entry, "failed", error=failure.to_dict())
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
