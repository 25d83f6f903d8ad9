"""What a completed run found."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from functions.api.artifacts import artifacts
from functions.api.documents import conflict, missing, refused, series
from functions.api.owner import Owner
from functions.api.published import published
from functions.api.results import (
    equity_answer,
    paired_trades_answer,
    report_answer,
    results_of,
    trades_answer,
)
from functions.api.route import router
from functions.api.tables import answer
from functions.api.trade_sets import trade_sets
from functions.api.windows import Format, Limit, RowCursor, Span
from shared.responses import ArtifactsAnswer
from shared.responses_results import EquityAnswer, MonthlyAnswer, ReportAnswer, ResultsAnswer
from shared.responses_trades import PairedTradesAnswer, TradesAnswer, TradeSetsAnswer

routes = router("results")

NOT_THERE = {**missing(), **conflict()}

Points = Annotated[
    int | None,
    Query(ge=4, le=10_000, description="at most so many rows that keep the curve's highs and lows"),
]
SymbolFilter = Annotated[str | None, Query(max_length=60, examples=["BTC-USDT"])]


@routes.get(
    "/backtests/{run_id}/results",
    response_model=ResultsAnswer,
    summary="Metrics of a completed backtest",
    responses=NOT_THERE,
)
def results(owner: Owner, run_id: str) -> ResultsAnswer:
    return results_of(published(owner, run_id))


@routes.get(
    "/backtests/{run_id}/monthly",
    response_model=MonthlyAnswer,
    summary="Returns month by month",
    responses=NOT_THERE,
)
def monthly(owner: Owner, run_id: str) -> MonthlyAnswer:
    return MonthlyAnswer.model_validate({"monthly": list(published(owner, run_id).reader.manifest.monthly)})


@routes.get(
    "/backtests/{run_id}/report",
    response_class=Response,
    summary="Tables of a completed backtest: by day, month, symbol, trigger, drawdown, …",
    responses={**series(ReportAnswer), **NOT_THERE, **refused()},
)
def report(
    owner: Owner,
    run_id: str,
    tables: Annotated[
        str | None,
        Query(
            max_length=400,
            description="which, separated by commas; all if left out",
            examples=["monthly,daily"],
        ),
    ] = None,
) -> Response:
    return report_answer(published(owner, run_id), tables)


@routes.get(
    "/backtests/{run_id}/equity",
    response_class=Response,
    summary="The equity curve",
    responses={**series(EquityAnswer), **NOT_THERE, **refused()},
)
def equity(
    owner: Owner,
    run_id: str,
    span: Span,
    points: Points = None,
    format: Format = "rows",  # noqa: A002 - the parameter's name on the wire
    limit: Limit = 2_000,
    cursor: RowCursor = None,
) -> Response:
    return equity_answer(published(owner, run_id), span, points, cursor, limit, format)


@routes.get(
    "/backtests/{run_id}/trades",
    response_class=Response,
    summary="Every fill",
    responses={**series(TradesAnswer), **NOT_THERE, **refused()},
)
def trades(
    owner: Owner,
    run_id: str,
    span: Span,
    symbol: SymbolFilter = None,
    format: Format = "rows",  # noqa: A002
    limit: Limit = 1_000,
    cursor: RowCursor = None,
) -> Response:
    return trades_answer(published(owner, run_id), span, symbol, cursor, limit, format)


@routes.get(
    "/backtests/{run_id}/paired_trades",
    response_class=Response,
    summary="Round trips",
    responses={**series(PairedTradesAnswer), **NOT_THERE, **refused()},
)
def paired_trades(
    owner: Owner,
    run_id: str,
    span: Span,
    symbol: SymbolFilter = None,
    format: Format = "rows",  # noqa: A002
    limit: Limit = 1_000,
    cursor: RowCursor = None,
) -> Response:
    return paired_trades_answer(published(owner, run_id), span, symbol, cursor, limit, format)


@routes.get(
    "/backtests/{run_id}/trade_sets",
    response_class=Response,
    summary="Fills grouped from flat to flat",
    responses={**series(TradeSetsAnswer), **NOT_THERE, **refused()},
)
def sets(
    owner: Owner,
    run_id: str,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: RowCursor = None,
) -> Response:
    page = trade_sets(published(owner, run_id).reader.series("fills"), cursor, limit)
    return answer("trade_sets", page, "rows")


@routes.get(
    "/backtests/{run_id}/artifacts",
    response_model=ArtifactsAnswer,
    summary="Links to the Parquet files",
    responses=NOT_THERE,
)
def links(owner: Owner, run_id: str) -> ArtifactsAnswer:
    return artifacts(published(owner, run_id))
