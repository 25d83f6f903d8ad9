"""Binance's public REST answers, spot and perpetuals, as its documentation and ccxt's sources show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.symbols import base_of, quote_of
from shared.times import TIMEFRAMES
from tests.exchange.candles import Book
from tests.exchange.shapes import Query, Refused, Rows, Shape, perpetual_symbols, spot_symbols

MOST = 1000
ONBOARDED = 1_567_965_420_000  # of BTCUSDT's perpetual, as Binance publishes it


def answer(book: Book, path: str, query: Query, disturb: Rows) -> Any:
    """Answer `api.binance.com` and `fapi.binance.com`: markets, klines, prices, funding. Raises Refused."""
    perpetual = path.startswith("/fapi/v1/")
    symbols = {
        symbol.removesuffix("-PERP").replace("-", ""): symbol
        for symbol in (perpetual_symbols if perpetual else spot_symbols)(book)
    }
    match path.removeprefix("/fapi/v1/").removeprefix("/api/v3/"):
        case "exchangeInfo":
            return {"timezone": "UTC", "symbols": [_listed(name, symbols[name]) for name in symbols]}
        case "klines":
            symbol = _symbol_of(symbols, query)
            start, limit = int(query["startTime"][0]), int(query.get("limit", ["500"])[0])
            end = int(query.get("endTime", ["9999999999999"])[0])
            timeframe = query["interval"][0]
            rows = disturb(book.cut(symbol, timeframe, start, end, min(limit, MOST)))
            length = TIMEFRAMES[timeframe]
            return [
                [int(row[0]), *map(repr, row[1:]), int(row[0]) + length - 1, "0", 1, "0", "0", "0"]
                for row in rows
            ]
        case "ticker/24hr":
            wanted = json.loads(query["symbols"][0]) if "symbols" in query else list(symbols)
            return [_day(name, book.last_price(symbols[name])) for name in wanted if name in symbols]
        case "fundingRate" if perpetual:
            symbol = _symbol_of(symbols, query)
            return _funding(symbol, int(query["startTime"][0]), int(query.get("limit", ["100"])[0]))
    raise Refused(404, {"code": -5000, "msg": f"Path {path} is invalid"})


def _listed(name: str, symbol: str) -> dict[str, Any]:
    common = {
        "symbol": name,
        "status": "TRADING",
        "baseAsset": base_of(symbol),
        "quoteAsset": quote_of(symbol),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
            {"filterType": "NOTIONAL", "minNotional": "5.0", "applyMinToMarket": True},
        ],
    }
    if not symbol.endswith("-PERP"):
        return {**common, "isSpotTradingAllowed": True, "permissions": ["SPOT"]}
    return {
        **common,
        "pair": name,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "onboardDate": ONBOARDED,
        "marginAsset": quote_of(symbol),
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "underlyingType": "COIN",
    }


def _symbol_of(symbols: Mapping[str, str], query: Query) -> str:
    try:
        return symbols[query["symbol"][0]]
    except KeyError:
        raise Refused(400, {"code": -1121, "msg": "Invalid symbol."}) from None


def _day(name: str, price: float | None) -> dict[str, Any]:
    return {"symbol": name, "lastPrice": str(price), "bidPrice": str(price), "askPrice": str(price)}


def _funding(symbol: str, start_ms: int, limit: int) -> list[dict[str, Any]]:
    """Return a rate every eight hours, up to some hours ago, one a thousandth part above the last."""
    every = 8 * 3_600_000
    first = start_ms + -start_ms % every
    name = symbol.removesuffix("-PERP").replace("-", "")
    times = range(first, first + limit * every, every)
    return [
        {"symbol": name, "fundingTime": time, "fundingRate": f"{0.0001 + time // every % 7 * 1e-5:.8f}"}
        for time in times
    ]


BINANCE = Shape(
    answer,
    candles=r"/klines$",
    too_many={"code": -1003, "msg": "Too many requests"},
    busy={"code": -1008, "msg": "Server is currently overloaded"},
)
