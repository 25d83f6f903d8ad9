"""Bitstamp's public REST answers, as its documentation and ccxt's sources show them.

Its own ways: the answer to a span is as many bars as are asked for, counted back from its end, which belongs
to it; and a time at which nothing traded has a flat bar.
"""

from __future__ import annotations

from typing import Any

from shared.symbols import base_of, quote_of
from shared.times import TIMEFRAMES
from tests.exchange.candles import Book, as_rows
from tests.exchange.shapes import Query, Refused, Rows, Shape, perpetual_symbols, spot_symbols

STEPS = {str(TIMEFRAMES[name] // 1000): name for name in TIMEFRAMES if name != "8h"}
MOST = 1000


def answer(book: Book, path: str, query: Query, disturb: Rows) -> Any:
    """Answer `www.bitstamp.net`: markets, candles, prices."""
    symbols = {_name(symbol): symbol for symbol in (*spot_symbols(book), *perpetual_symbols(book))}
    match path.removeprefix("/api/v2/").strip("/").split("/"):
        case ["markets"]:
            return [_market(symbol) for symbol in symbols.values()]
        case ["ticker"]:
            return [_day(book, symbol) for symbol in symbols.values()]
        case ["ohlc", name] if name in symbols:
            rows = _candles(book, symbols[name], query)
            return {"data": {"pair": _pair(symbols[name]), "ohlc": [_bar(row) for row in disturb(rows)]}}
    raise Refused(404, {"status": "error", "reason": f"{path} is not found", "code": "API0000"})


def _candles(book: Book, symbol: str, query: Query) -> list[list[float]]:
    """Return the bars up to `end`, else those from `start` on, else the newest; at most `limit` of them."""
    timeframe, limit = STEPS.get(query.get("step", [""])[0]), int(query.get("limit", ["0"])[0])
    if timeframe is None or not 1 <= limit <= MOST:
        field = "step" if timeframe is None else "limit"
        raise Refused(400, {"status": "error", "reason": {field: ["Invalid value."]}})
    columns = book.whole(symbol, timeframe)
    times = columns["timestamp"]
    first, last = max(0, len(times) - limit), len(times)
    if "end" in query:
        last = int(times.searchsorted(int(query["end"][0]) * 1000, "right"))
        first = max(0, last - limit)
    elif "start" in query:
        first = int(times.searchsorted(int(query["start"][0]) * 1000))
        last = first + limit
    return as_rows({name: values[first:last] for name, values in columns.items()})


def _bar(row: list[float]) -> dict[str, str]:
    time, *values = row
    names = ("open", "high", "low", "close", "volume")
    return {"timestamp": str(int(time) // 1000), **dict(zip(names, map(repr, values), strict=True))}


def _name(symbol: str) -> str:
    return _pair(symbol).lower().replace("/", "")


def _pair(symbol: str) -> str:
    return symbol.replace("-", "/", 1)


def _market(symbol: str) -> dict[str, Any]:
    base, quote = base_of(symbol), quote_of(symbol)
    common = {
        "name": _pair(symbol),
        "market_symbol": _name(symbol),
        "base_currency": base,
        "base_decimals": 8,
        "counter_currency": quote,
        "counter_decimals": 0,
        "minimum_order_value": "10",
        "trading": "Enabled",
        "instant_order_counter_decimals": 2,
        "instant_and_market_orders": "Enabled",
        "description": f"{base} / {quote}",
        "market_type": "SPOT",
    }
    if not symbol.endswith("-PERP"):
        return common
    perpetual = {"market_type": "PERPETUAL", "payoff_type": "Linear", "contract_size": "1.00000000"}
    return {**common, **perpetual, "minimum_order_amount": "0.00001000", "base_decimals": 5}


def _day(book: Book, symbol: str) -> dict[str, Any]:
    price = str(book.last_price(symbol))
    same = ("high", "last", "bid", "vwap", "low", "ask", "open", "open_24")
    return {
        "timestamp": "1686068944",
        **dict.fromkeys(same, price),
        "volume": "3563.13819902",
        "percent_change_24": "1.24",
        "pair": _pair(symbol),
    }


BITSTAMP = Shape(
    answer,
    candles=r"/ohlc/[^/]+/$",
    too_many={"status": "error", "reason": "Request rate limit exceeded.", "response_code": "400.002"},
    busy={"error": "Bitstamp.net is under scheduled maintenance. We'll be back soon."},
)
