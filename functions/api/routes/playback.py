"""Stepping through a completed run."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from functions.api.candles import playback_page
from functions.api.documents import conflict, missing, refused, series
from functions.api.events import events_answer
from functions.api.owner import Owner
from functions.api.published import published
from functions.api.route import router
from functions.api.state import state_at
from functions.api.tables import answer
from functions.api.why import why
from functions.api.windows import Format, Limit, Newest, RowCursor, Span, parsed
from shared.responses_market import CandlesAnswer, PlaybackEventsAnswer, StateAnswer
from shared.responses_why import WhyAnswer
from shared.times import parse_time

routes = router("playback")

ANSWERS = {**missing(), **conflict(), **refused()}


@routes.get(
    "/backtests/{run_id}/playback/candles",
    response_class=Response,
    summary="Candles that the run saw, with its indicators",
    responses={**series(CandlesAnswer), **ANSWERS},
)
def candles(
    owner: Owner,
    run_id: str,
    span: Span,
    symbol: Annotated[str | None, Query(max_length=60, description="default: the run's first symbol")] = None,
    format: Format = "rows",  # noqa: A002 - the parameter's name on the wire
    limit: Limit = 1_000,
    cursor: RowCursor = None,
    newest: Newest = False,
) -> Response:
    results = published(owner, run_id)
    name, exchange, page = playback_page(results, symbol, span, cursor, limit, newest)
    return answer("candles", page, format, symbol=name, timeframe=results.run.timeframe, exchange=exchange)


@routes.get(
    "/backtests/{run_id}/playback/events",
    response_class=Response,
    summary="What happened, and why a trade did not",
    responses={**series(PlaybackEventsAnswer), **ANSWERS},
)
def events(
    owner: Owner,
    run_id: str,
    span: Span,
    type: Annotated[  # noqa: A002 - the parameter's name on the wire
        str | None,
        Query(min_length=1, max_length=400, description="types separated by commas", examples=["fill,gap"]),
    ] = None,
    symbol: Annotated[str | None, Query(max_length=60)] = None,
    format: Format = "rows",  # noqa: A002
    limit: Limit = 1_000,
    cursor: RowCursor = None,
    newest: Newest = False,
) -> Response:
    return events_answer(published(owner, run_id), type, symbol, span, cursor, limit, format, newest=newest)


@routes.get(
    "/backtests/{run_id}/playback/state/{timestamp}",
    response_model=StateAnswer,
    summary="The account at a time",
    responses=ANSWERS,
)
def state(
    owner: Owner,
    run_id: str,
    timestamp: Annotated[str, Path(max_length=40, examples=["2021-08-13T02:00:00Z"])],
) -> StateAnswer:
    ms = parsed("timestamp", timestamp, parse_time)
    return state_at(published(owner, run_id), ms)


@routes.get(
    "/backtests/{run_id}/why",
    response_model=WhyAnswer,
    summary="Why or why not: every condition of every rule at one bar, and what was decided there",
    responses=ANSWERS,
)
def why_at(
    owner: Owner,
    run_id: str,
    at: Annotated[
        str,
        Query(max_length=40, description="open of the bar (UTC)", examples=["2021-05-19T12:00:00Z"]),
    ],
    symbol: Annotated[str | None, Query(max_length=60, description="default: the run's first symbol")] = None,
    trigger: Annotated[
        str | None, Query(max_length=100, description="one trigger's rules; default: all")
    ] = None,
) -> WhyAnswer:
    return why(published(owner, run_id), parsed("at", at, parse_time), symbol, trigger)
