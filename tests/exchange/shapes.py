"""The public REST answers of two exchanges, as their documentation and ccxt's sources show them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.symbols import base_of, quote_of
from shared.times import TIMEFRAMES
from tests.exchange.candles import Book

Query = Mapping[str, list[str]]
Rows = Callable[[list[list[float]]], list[list[float]]]
"""What a fault does to candles on their way out."""

SECONDS = {
    "ONE_MINUTE": "1m",
    "FIVE_MINUTE": "5m",
    "FIFTEEN_MINUTE": "15m",
    "ONE_HOUR": "1h",
    "SIX_HOUR": "6h",
    "ONE_DAY": "1d",
}
COINBASE_MOST, BINANCE_MOST = 350, 1000
ONBOARDED = 1_567_965_420_000  # of BTCUSDT's perpetual, as Binance publishes it


@dataclass(frozen=True, slots=True)
class Refused(Exception):  # noqa: N818 - an answer, not an error of the tests
    status: int
    body: Any


def coinbase(book: Book, path: str, query: Query, disturb: Rows) -> Any:
    """Answer `api.coinbase.com`: products and their candles, newest first. Raises Refused."""
    root = "/api/v3/brokerage/market/products"
    if path == root:
        wanted = query.get("product_ids")
        products = [] if query.get("product_type") == ["FUTURE"] else _spot(book)
        shown = [_product(book, symbol) for symbol in products if wanted is None or symbol in wanted]
        return {"products": shown, "num_products": len(shown)}
    if path.startswith(root) and path.endswith("/candles"):
        symbol = path.removeprefix(root + "/").removesuffix("/candles")
        if symbol not in _spot(book):
            raise Refused(404, {"error": "NOT_FOUND", "message": "product not found"})
        timeframe = SECONDS[query["granularity"][0]]
        start, end = (int(query[name][0]) * 1000 for name in ("start", "end"))
        if (end - start) // TIMEFRAMES[timeframe] > COINBASE_MOST:
            message = f"number of candles requested should be less than {COINBASE_MOST}"
            raise Refused(400, {"error": "INVALID_ARGUMENT", "message": message})
        rows = disturb(book.cut(symbol, timeframe, start, end, COINBASE_MOST)[::-1])
        names = ("start", "open", "high", "low", "close", "volume")
        return {
            "candles": [
                dict(zip(names, (str(int(row[0]) // 1000), *map(repr, row[1:])), strict=True)) for row in rows
            ]
        }
    raise Refused(404, {"error": "NOT_FOUND", "message": path})


def binance(book: Book, path: str, query: Query, disturb: Rows) -> Any:
    """Answer `api.binance.com` and `fapi.binance.com`: markets, klines, prices, funding. Raises Refused."""
    perpetual = path.startswith("/fapi/v1/")
    symbols = {
        symbol.removesuffix("-PERP").replace("-", ""): symbol for symbol in book_symbols(book, perpetual)
    }
    match path.removeprefix("/fapi/v1/").removeprefix("/api/v3/"):
        case "exchangeInfo":
            return {"timezone": "UTC", "symbols": [_listed(name, symbols[name]) for name in symbols]}
        case "klines":
            symbol = _symbol_of(symbols, query)
            start, limit = int(query["startTime"][0]), int(query.get("limit", ["500"])[0])
            end = int(query.get("endTime", ["9999999999999"])[0])
            timeframe = query["interval"][0]
            rows = disturb(book.cut(symbol, timeframe, start, end, min(limit, BINANCE_MOST)))
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


def book_symbols(book: Book, perpetual: bool) -> list[str]:
    return sorted({symbol for symbol, _ in book.held if symbol.endswith("-PERP") == perpetual})


def _spot(book: Book) -> list[str]:
    return book_symbols(book, perpetual=False)


def _product(book: Book, symbol: str) -> dict[str, Any]:
    return {
        "product_id": symbol,
        "price": str(book.last_price(symbol)),
        "base_increment": "0.00000001",
        "quote_increment": "0.01",
        "price_increment": "0.01",
        "quote_min_size": "1",
        "quote_max_size": "150000000",
        "base_min_size": "0.00000001",
        "base_max_size": "3400",
        "base_name": base_of(symbol),
        "quote_name": quote_of(symbol),
        "is_disabled": False,
        "status": "online",
        "trading_disabled": False,
        "product_type": "SPOT",
        "quote_currency_id": quote_of(symbol),
        "base_currency_id": base_of(symbol),
        "alias": "",
        "alias_to": [],
    }


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
