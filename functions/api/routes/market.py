"""The candles themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from functions.api.candles import held_version, market_page
from functions.api.documents import refused, series
from functions.api.owner import Owner
from functions.api.route import router
from functions.api.tables import answer
from functions.api.ticks import ticks_answer
from functions.api.windows import Format, Limit, RowCursor, Span
from functions.api.wire import regime_list, symbol_answers
from shared import access
from shared.requests import Timeframe
from shared.responses_market import CandlesAnswer, RegimeList, SymbolList, TicksAnswer

routes = router("market")


@routes.get("/market/symbols", response_model=SymbolList, summary="List the symbols that are held")
def symbols(owner: Owner) -> SymbolList:
    return SymbolList(symbols=symbol_answers(access.datasets().held(owner)))


@routes.get("/market/regimes", response_model=RegimeList, summary="List the named periods of the market")
def regimes() -> RegimeList:
    return regime_list()


@routes.get(
    "/market/ticks",
    response_model=TicksAnswer,
    summary="Latest prices, a few seconds old at the most",
    responses=refused(),
)
def ticks(
    owner: Owner,
    symbols: Annotated[
        str,
        Query(min_length=1, max_length=600, description="separated by commas", examples=["BTC-USD,ETH-USD"]),
    ],
    exchange: Annotated[
        str | None,
        Query(
            max_length=32,
            description="default: the one that their candles are held from, else coinbase",
        ),
    ] = None,
) -> TicksAnswer:
    return ticks_answer(owner, symbols, exchange)


@routes.get(
    "/market/candles",
    response_class=Response,
    summary="Candles of a window; without a start, the newest",
    responses={**series(CandlesAnswer), **refused()},
)
def candles(
    owner: Owner,
    symbol: Annotated[str, Query(max_length=60, examples=["BTC-USDT"])],
    timeframe: Timeframe,
    span: Span,
    exchange: Annotated[
        str | None, Query(max_length=32, description="needed only where several exchanges' are held")
    ] = None,
    format: Format = "rows",  # noqa: A002 - the parameter's name on the wire
    limit: Limit = 500,
    cursor: RowCursor = None,
) -> Response:
    version = held_version(owner, symbol, timeframe, exchange)
    name = version.dataset
    page = market_page(version, span, cursor, limit)
    return answer(
        "candles", page, format, symbol=name.symbol, timeframe=name.timeframe, exchange=name.exchange
    )
