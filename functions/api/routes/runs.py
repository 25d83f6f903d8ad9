"""The life of a run."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from starlette.status import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from functions.api.compare import compare
from functions.api.documents import conflict, missing, refused, too_many
from functions.api.ending import cancel_run, remove_run
from functions.api.idempotency import IdempotencyKey
from functions.api.owner import Owner
from functions.api.route import router
from functions.api.staleness import Staleness
from functions.api.start import start_run
from functions.api.windows import ListLimit, parsed
from functions.api.wire import logs_answer, progress_answer, run_answer
from shared import access
from shared.requests import BacktestRequest, RunLabels
from shared.responses import CompareAnswer, ProgressAnswer, RunAnswer, RunLogs, RunPage, RunStatus
from shared.runs import Run
from shared.symbols import canonical

routes = router("backtests")


@routes.post(
    "/backtests",
    status_code=HTTP_202_ACCEPTED,
    response_model=RunAnswer,
    summary="Start a backtest",
    responses={
        200: {"model": RunAnswer, "description": "the run that this Idempotency-Key started before"},
        **conflict(),
        **refused(),
        **too_many(),
    },
)
def start(
    request: BacktestRequest, response: Response, owner: Owner, idempotency_key: IdempotencyKey = None
) -> RunAnswer:
    run, new = start_run(owner, request, idempotency_key)
    response.status_code = 202 if new else 200
    response.headers["Location"] = f"/backtests/{run.run_id}"
    return _answer(run)


@routes.get("/backtests", response_model=RunPage, summary="List backtests, newest first", responses=refused())
def listing(
    owner: Owner,
    status: RunStatus | None = None,
    strategy: Annotated[str | None, Query(min_length=1, max_length=120)] = None,
    symbol: Annotated[str | None, Query(max_length=60, examples=["BTC-USDT"])] = None,
    tag: Annotated[str | None, Query(min_length=1, max_length=40)] = None,
    limit: ListLimit = 25,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> RunPage:
    runs, next_cursor = access.runs().newest(
        owner,
        limit=limit,
        cursor=cursor,
        status=status,
        strategy=strategy,
        symbol=None if symbol is None else parsed("symbol", symbol, canonical),
        tag=tag,
    )
    staleness = Staleness(access.datasets())
    return RunPage(backtests=[run_answer(run, staleness.of(run)) for run in runs], next_cursor=next_cursor)


@routes.get(
    "/backtests/compare",
    response_model=CompareAnswer,
    summary="Compare backtests side by side",
    responses={**missing(), **conflict(), **refused()},
)
def side_by_side(
    owner: Owner,
    ids: Annotated[str, Query(max_length=400, description="2 to 6 run ids, separated by commas")],
) -> CompareAnswer:
    return compare(owner, ids)


@routes.get("/backtests/{run_id}", response_model=RunAnswer, summary="Get a backtest", responses=missing())
def get(owner: Owner, run_id: str) -> RunAnswer:
    return _answer(access.runs().get(owner, run_id))


@routes.get(
    "/backtests/{run_id}/request",
    response_model=BacktestRequest,
    summary="Get what a backtest was asked to run, with its document in the place of the strategy's name",
    responses=missing(),
)
def asked(owner: Owner, run_id: str) -> BacktestRequest:
    run = access.runs().get(owner, run_id)
    return BacktestRequest.model_validate(access.store().get_json(run.request_key))


@routes.patch(
    "/backtests/{run_id}",
    response_model=RunAnswer,
    summary="Change name, tags or notes",
    responses={**missing(), **refused()},
)
def label(owner: Owner, run_id: str, labels: RunLabels) -> RunAnswer:
    changes = labels.model_dump(exclude_unset=True)
    run = access.runs().get(owner, run_id)
    return _answer(access.runs().label(owner, run_id, changes) if changes else run)


@routes.delete(
    "/backtests/{run_id}",
    status_code=HTTP_204_NO_CONTENT,
    summary="Delete an ended backtest with all its results",
    responses={**missing(), **conflict()},
)
def delete(owner: Owner, run_id: str) -> None:
    remove_run(owner, run_id)


@routes.post(
    "/backtests/{run_id}/cancel",
    response_model=RunAnswer,
    summary="Cancel a backtest",
    responses={**missing(), **conflict()},
)
def cancel(owner: Owner, run_id: str) -> RunAnswer:
    return _answer(cancel_run(owner, run_id))


@routes.get(
    "/backtests/{run_id}/progress",
    response_model=ProgressAnswer,
    summary="How far a backtest is",
    responses=missing(),
)
def progress(owner: Owner, run_id: str) -> ProgressAnswer:
    return progress_answer(access.runs().get(owner, run_id))


@routes.get(
    "/backtests/{run_id}/logs",
    response_model=RunLogs,
    summary="What the steps of a backtest's workflow logged, oldest first",
    responses=missing(),
)
def logs(
    owner: Owner,
    run_id: str,
    limit: Annotated[int, Query(ge=1, le=1000, description="lines at most")] = 200,
) -> RunLogs:
    return logs_answer(access.runs().get(owner, run_id), limit)


def _answer(run: Run) -> RunAnswer:
    return run_answer(run, Staleness(access.datasets()).of(run))
