"""Ending a run before its time, and taking an ended one away."""

from __future__ import annotations

from functions.metrics import run_ended
from shared import access
from shared.cleanup import delete_run
from shared.errors import ConflictError
from shared.runs import Run
from shared.turns import start_next


def cancel_run(owner: str, run_id: str) -> Run:
    """Cancel a run; again is harmless. Raises NotFoundError, and ConflictError once it ended otherwise."""
    run, ended = access.runs().end(owner, run_id, "cancelled")
    if ended:
        run_ended("cancelled")
    if run.status != "cancelled":
        raise ConflictError(f"backtest {run_id} is {run.status}; there is nothing to cancel")
    # After the index: a step that is still at work is refused at its next write, stopped or not.
    access.workflows().stop_backtest(run, "cancelled by its owner")
    access.queue().leave(owner, run_id)
    start_next(access.queue(), access.runs(), access.workflows(), owner)
    return run


def remove_run(owner: str, run_id: str) -> None:
    """Delete an ended run and every object of it. Raises NotFoundError, ConflictError.

    It is hidden first: if the rest is cut short, the reconciling schedule finishes it.
    """
    run = access.runs().begin_delete(owner, run_id)
    delete_run(access.store(), access.runs(), access.uses(), run)
