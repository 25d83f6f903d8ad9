"""Presets, and teaching errors for a document before it is run."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from functions.api.documents import missing, refused
from functions.api.owner import Owner
from functions.api.route import router
from functions.api.strategies import check, preset_answer, preset_summaries
from shared.requests import StrategyRequest
from shared.responses_market import StrategyAnswer, StrategyCheck, StrategyList

routes = router("strategies")


@routes.get("/strategies", response_model=StrategyList, summary="List the presets")
def listing(owner: Owner) -> StrategyList:  # noqa: ARG001 - the login is what is wanted
    return StrategyList(strategies=preset_summaries())


@routes.get(
    "/strategies/{strategy_id}",
    response_model=StrategyAnswer,
    summary="Get a preset's document",
    responses=missing(),
)
def get(
    owner: Owner,  # noqa: ARG001
    strategy_id: Annotated[str, Path(examples=["ema_cross"])],
) -> StrategyAnswer:
    return preset_answer(strategy_id)


@routes.post(
    "/strategies/validate",
    response_model=StrategyCheck,
    summary="Check a strategy without running it",
    responses=refused(),
)
def validate(owner: Owner, request: StrategyRequest) -> StrategyCheck:  # noqa: ARG001
    return check(request)
