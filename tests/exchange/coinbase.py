"""Coinbase's public REST answers, as its documentation and ccxt's sources show them."""

from __future__ import annotations

from typing import Any

from shared.symbols import base_of, quote_of
from shared.times import TIMEFRAMES
from tests.exchange.candles import Book
from tests.exchange.shapes import Query, Refused, Rows, Shape, spot_symbols

SECONDS = {
    "ONE_MINUTE": "1m",
    "FIVE_MINUTE": "5m",
    "FIFTEEN_MINUTE": "15m",
    "ONE_HOUR": "1h",
    "SIX_HOUR": "6h",
    "ONE_DAY": "1d",
}
MOST = 350


def answer(book: Book, path: str, query: Query, disturb: Rows) -> Any:
    """Answer `api.coinbase.com`: products and their candles, newest first. Raises Refused."""
    root = "/api/v3/brokerage/market/products"
    if path == root:
        wanted = query.get("product_ids")
        products = [] if query.get("product_type") == ["FUTURE"] else spot_symbols(book)
        shown = [_product(book, symbol) for symbol in products if wanted is None or symbol in wanted]
        return {"products": shown, "num_products": len(shown)}
    if path.startswith(root) and path.endswith("/candles"):
        symbol = path.removeprefix(root + "/").removesuffix("/candles")
        if symbol not in spot_symbols(book):
            raise Refused(404, {"error": "NOT_FOUND", "message": "product not found"})
        timeframe = SECONDS[query["granularity"][0]]
        start, end = (int(query[name][0]) * 1000 for name in ("start", "end"))
        if (end - start) // TIMEFRAMES[timeframe] > MOST:
            message = f"number of candles requested should be less than {MOST}"
            raise Refused(400, {"error": "INVALID_ARGUMENT", "message": message})
        rows = disturb(book.cut(symbol, timeframe, start, end, MOST)[::-1])
        names = ("start", "open", "high", "low", "close", "volume")
        return {
            "candles": [
                dict(zip(names, (str(int(row[0]) // 1000), *map(repr, row[1:])), strict=True)) for row in rows
            ]
        }
    raise Refused(404, {"error": "NOT_FOUND", "message": path})


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


COINBASE = Shape(
    answer,
    candles=r"/candles$",
    too_many={"error": "rate_limit_exceeded", "message": "Too many requests"},
    busy={"error": "UNAVAILABLE", "message": "Service unavailable"},
)
