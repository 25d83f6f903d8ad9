"""Workflows as their owner sees them: runs, imports and fetches, newest first; and changes of status."""

from __future__ import annotations

from collections.abc import Sequence

from functions.api.wire import error_answer, fetch_workflow, import_workflow, run_workflow
from shared import access, names
from shared.datasets import Import
from shared.errors import InvalidInputError, Issue
from shared.fetches import Fetch
from shared.responses_market import (
    ChangeRow,
    ExecutionAnswer,
    Step,
    WorkflowAnswer,
    WorkflowDetail,
    WorkflowPage,
)
from shared.runs import Run
from shared.table import cursor_after

# A page of both kinds goes on in two listings; `-` stands for one that has ended.
_ENDED = "-"


def newest_workflows(owner: str, limit: int, cursor: str | None) -> WorkflowPage:
    """Return one page of an owner's runs, imports and fetches, newest first."""
    runs_at, imports_at = _both(cursor)
    runs, runs_next = _runs(owner, limit, runs_at)
    imports, imports_next = _imports(owner, limit, imports_at)
    both: list[Run | Import | Fetch] = [*runs, *imports]
    taken = sorted(both, key=lambda entry: entry.created_at, reverse=True)[:limit]
    runs_cursor = _goes_on(runs, runs_next, taken, runs_at)
    imports_cursor = _goes_on(imports, imports_next, taken, imports_at)
    ended = runs_cursor == imports_cursor == _ENDED
    return WorkflowPage(
        workflows=[_answer(entry) for entry in taken],
        next_cursor=None if ended else f"{runs_cursor}.{imports_cursor}",
    )


def workflow_detail(owner: str, workflow_id: str) -> WorkflowDetail:
    """Return one run's, import's or fetch's execution with its steps. Raises NotFoundError."""
    workflows = access.workflows()
    entry: Run | Import | Fetch
    if names.IMPORT_ID.fullmatch(workflow_id):
        imported = access.datasets().get_import(owner, workflow_id)
        entry, execution = imported, workflows.describe_import(imported)
    elif names.FETCH_ID.fullmatch(workflow_id):
        fetch = access.fetches().get(owner, workflow_id)
        entry, execution = fetch, workflows.describe_fetch(fetch)
    else:
        run = access.runs().get(owner, workflow_id)
        entry, execution = run, workflows.describe_backtest(run)
    known = {**_answer(entry).model_dump(), "error": error_answer(entry.error)}
    if execution is None:
        return WorkflowDetail(**known, execution=None, history=[])
    return WorkflowDetail(
        **known,
        execution=ExecutionAnswer(
            status=execution.status,
            started_at=execution.started_at,
            ended_at=execution.ended_at,
            error=execution.error,
            cause=execution.cause,
        ),
        history=[Step(**step) for step in workflows.history(execution.arn)],
    )


def changes_of(run: Run) -> list[ChangeRow]:
    """Return what became of a run, newest first."""
    moments = [("run_queued", run.created_at), ("run_running", run.started_at)]
    if run.ended:
        moments.append((f"run_{run.status}", run.ended_at))
    detail = str(run.error["detail"]) if run.error and "detail" in run.error else None
    return [
        ChangeRow.model_validate(
            {
                "timestamp": moment,
                "type": kind,
                "run_id": run.run_id,
                "name": run.name,
                "strategy": run.strategy,
                "detail": detail if kind == "run_failed" else None,
            }
        )
        for kind, moment in reversed(moments)
        if moment is not None
    ]


def _both(cursor: str | None) -> tuple[str | None, str | None]:
    if cursor is None:
        return None, None
    runs, dot, imports = cursor.partition(".")
    if not (dot and runs and imports):
        message = "is not a cursor of this list; send the `next_cursor` of its last page"
        raise InvalidInputError([Issue("cursor", message)])
    # Nothing of one kind was taken yet: that listing still begins at its newest.
    return runs if runs != "0" else None, imports if imports != "0" else None


def _runs(owner: str, limit: int, cursor: str | None) -> tuple[list[Run], str | None]:
    return ([], None) if cursor == _ENDED else access.runs().newest(owner, limit=limit, cursor=cursor)


def _imports(owner: str, limit: int, cursor: str | None) -> tuple[list[Import | Fetch], str | None]:
    if cursor == _ENDED:
        return [], None
    return access.datasets().newest_imports(owner, limit=limit, cursor=cursor)


def _goes_on(
    page: Sequence[Run | Import | Fetch],
    next_cursor: str | None,
    taken: Sequence[Run | Import | Fetch],
    came_with: str | None,
) -> str:
    """Return the cursor of one listing after the entries of its page that were taken."""
    of_page = [entry for entry in page if entry in taken]
    if len(of_page) == len(page):
        return next_cursor or _ENDED
    if not of_page:
        return came_with or "0"
    last = of_page[-1]
    if isinstance(last, Run):
        return cursor_after(names.run_key(last.run_id), f"{last.created_at}#{last.run_id}")
    if isinstance(last, Fetch):
        return cursor_after(names.fetch_key(last.fetch_id), f"{last.created_at}#{last.fetch_id}")
    return cursor_after(names.import_key(last.import_id), f"{last.created_at}#{last.import_id}")


def _answer(entry: Run | Import | Fetch) -> WorkflowAnswer:
    if isinstance(entry, Run):
        return run_workflow(entry, access.workflows().backtest_arn(entry))
    if isinstance(entry, Fetch):
        return fetch_workflow(entry, access.workflows().fetch_arn(entry))
    return import_workflow(entry, access.workflows().import_arn(entry))
