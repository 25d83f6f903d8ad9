"""What is going on: workflows, changes of status, whether the service stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from functions.api.consistency import examined_page
from functions.api.documents import API_VERSION, conflict, missing, refused
from functions.api.events import events_answer
from functions.api.executions import changes_of, newest_workflows, workflow_detail
from functions.api.owner import Owner
from functions.api.published import published
from functions.api.route import router
from functions.api.windows import ListLimit, Window
from shared import access
from shared.parquet import WRITER_VERSION
from shared.responses_market import (
    ConsistencyAnswer,
    EventsAnswer,
    HealthAnswer,
    StatusAnswer,
    WorkflowDetail,
    WorkflowPage,
)
from shared.schema import SCHEMA_VERSION
from shared.settings import settings

routes = router("operations")
# Its own router: what is open without a login.
open_routes = router("operations")

ListCursor = Annotated[str | None, Query(max_length=900)]


@routes.get(
    "/workflows",
    response_model=WorkflowPage,
    summary="Executions of backtests, imports and fetches, newest first",
    responses=refused(),
)
def workflows(owner: Owner, limit: ListLimit = 25, cursor: ListCursor = None) -> WorkflowPage:
    return newest_workflows(owner, limit, cursor)


@routes.get(
    "/workflows/{workflow_id}",
    response_model=WorkflowDetail,
    summary="One execution, step by step",
    responses=missing(),
)
def workflow(owner: Owner, workflow_id: str) -> WorkflowDetail:
    return workflow_detail(owner, workflow_id)


@routes.get(
    "/events",
    response_model=EventsAnswer,
    summary="Changes of status of the newest backtests, or the events of one",
    responses={**missing(), **conflict(), **refused()},
)
def events(
    owner: Owner,
    run_id: Annotated[str | None, Query(max_length=64, description="this run's playback events")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="backtests, or with run_id events, at most")] = 25,
    cursor: ListCursor = None,
) -> EventsAnswer | Response:
    if run_id is not None:
        everything = Window(None, None)
        return events_answer(published(owner, run_id), None, None, everything, cursor, limit, "rows")
    runs, next_cursor = access.runs().newest(owner, limit=limit, cursor=cursor)
    changes = [change for run in runs for change in changes_of(run)]
    changes.sort(key=lambda change: change.timestamp, reverse=True)
    return EventsAnswer(events=list(changes), next_cursor=next_cursor)


@routes.get(
    "/doctor",
    response_model=ConsistencyAnswer,
    summary="Whether the index and the store agree about your backtests and datasets",
    responses=refused(),
)
def doctor(
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=50, description="backtests at most")] = 25,
    cursor: ListCursor = None,
) -> ConsistencyAnswer:
    return examined_page(owner, limit, cursor)


@open_routes.get("/health", response_model=HealthAnswer, summary="Whether the API answers")
def health() -> HealthAnswer:
    return HealthAnswer(status="ok")


@routes.get("/status", response_model=StatusAnswer, summary="Stage, login and versions")
def status(owner: Owner) -> StatusAnswer:
    import engine

    return StatusAnswer(
        stage=settings().stage,
        auth=settings().auth,
        owner=owner,
        api_version=API_VERSION,
        engine_version=engine.ENGINE_VERSION,
        schema_version=SCHEMA_VERSION,
        writer_version=WRITER_VERSION,
    )
