"""Presets, users' own strategies with their versions, and teaching errors before anything is run."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Response
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from functions.api import strategies
from functions.api.check import check_request
from functions.api.documents import conflict, missing, refused
from functions.api.owner import Owner
from functions.api.route import router
from functions.api.windows import ListLimit
from shared.requests import BacktestRequest
from shared.requests_strategies import StrategyRequest, StrategySave, StrategyUpdate
from shared.responses_market import (
    StrategyAnswer,
    StrategyCheck,
    StrategyKind,
    StrategyList,
    StrategyVersions,
)
from shared.responses_why import RunCheck

routes = router("strategies")

StrategyId = Annotated[str, Path(examples=["my_cross"])]
ListCursor = Annotated[str | None, Query(max_length=400)]


@routes.get(
    "/strategies",
    response_model=StrategyList,
    summary="List your strategies, the last changed first, then the presets and archetypes",
    responses=refused(),
)
def listing(
    owner: Owner, kind: StrategyKind | None = None, limit: ListLimit = 25, cursor: ListCursor = None
) -> StrategyList:
    return strategies.list_strategies(owner, kind, limit, cursor)


@routes.post(
    "/strategies",
    status_code=HTTP_201_CREATED,
    response_model=StrategyAnswer,
    summary="Keep a strategy",
    responses={
        200: {"model": StrategyAnswer, "description": "its newest version says the same already"},
        **conflict(),
        **refused(),
    },
)
def save(request: StrategySave, response: Response, owner: Owner) -> StrategyAnswer:
    saved, new = strategies.save(owner, request)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/strategies/{saved.strategy_id}"
    return saved


@routes.get(
    "/schemas/strategy",
    response_model=dict[str, Any],
    summary="Get the JSON Schema of strategy documents",
)
def schema() -> dict[str, Any]:
    return strategies.document_schema()


@routes.get(
    "/strategies/{strategy_id}",
    response_model=StrategyAnswer,
    summary="Get a strategy's document: a preset's, the newest version's or one version's",
    responses={**missing(), **refused()},
)
def get(
    owner: Owner,
    strategy_id: StrategyId,
    version: Annotated[int | None, Query(ge=1, le=999_999_999, description="default: the newest")] = None,
) -> StrategyAnswer:
    return strategies.strategy_answer(owner, strategy_id, version)


@routes.put(
    "/strategies/{strategy_id}",
    response_model=StrategyAnswer,
    summary="Save the next version; a document that says nothing new stays the version that it is",
    responses={**missing(), **conflict(), **refused()},
)
def update(owner: Owner, strategy_id: StrategyId, request: StrategyUpdate) -> StrategyAnswer:
    return strategies.update(owner, strategy_id, request)


@routes.delete(
    "/strategies/{strategy_id}",
    status_code=HTTP_204_NO_CONTENT,
    summary="Take a strategy off the list; its versions stay readable by number",
    responses={**missing(), **conflict()},
)
def delete(owner: Owner, strategy_id: StrategyId) -> None:
    strategies.delete(owner, strategy_id)


@routes.get(
    "/strategies/{strategy_id}/versions",
    response_model=StrategyVersions,
    summary="List a saved strategy's versions, newest first",
    responses={**missing(), **refused()},
)
def versions(
    owner: Owner, strategy_id: StrategyId, limit: ListLimit = 25, cursor: ListCursor = None
) -> StrategyVersions:
    return strategies.versions_of(owner, strategy_id, limit, cursor)


@routes.post(
    "/strategies/validate",
    response_model=StrategyCheck,
    summary="Check a strategy without running it",
    responses=refused(),
)
def validate(owner: Owner, request: StrategyRequest) -> StrategyCheck:
    return strategies.check(owner, request)


@routes.post(
    "/strategies/check",
    response_model=RunCheck,
    summary="Compare what would be run with runs over fewer bars: lookahead and warm-up",
    responses=refused(),
)
def check(owner: Owner, request: BacktestRequest) -> RunCheck:
    return check_request(owner, request)
