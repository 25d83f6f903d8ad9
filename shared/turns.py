"""Starting the runs whose turn it is."""

from __future__ import annotations

from shared.errors import NotFoundError
from shared.run_queue import RunQueue
from shared.runs import RunIndex
from shared.workflows import Workflows


def start_next(queue: RunQueue, runs: RunIndex, workflows: Workflows, owner: str) -> int:
    """Start the runs of an owner that have waited for a place that is free now; return how many.

    Who dies between the two leaves a run with a place and without an execution, which the schedule starts.
    """
    started = 0
    for run_id in queue.admit(owner):
        try:
            run = runs.get(owner, run_id)
        except NotFoundError:
            run = None
        if run is None or run.status != "queued":
            queue.leave(owner, run_id)
        else:
            workflows.start_backtest(run)
            started += 1
    return started
