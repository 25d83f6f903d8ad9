"""Kraken's public REST answers, as its documentation and ccxt's sources show them.

Its own ways: bitcoin is XBT, old assets carry an X or a Z before their names, an error is an answer of 200
with words in `error`, and candles reach back 720 bars whatever time is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.symbols import base_of, quote_of
from tests.exchange.candles import Book, as_rows
from tests.exchange.shapes import Query, Refused, Rows, Shape, spot_symbols

INTERVALS = {"1": "1m", "5": "5m", "15": "15m", "30": "30m", "60": "1h", "240": "4h", "1440": "1d"}
NEWEST = 720
# Assets by the names that they have had since before there were others, and pairs of two such.
OLD_ASSETS = {
    "BTC": "XXBT",
    "DOGE": "XXDG",
    "ETH": "XETH",
    "LTC": "XLTC",
    "XRP": "XXRP",
    "EUR": "ZEUR",
    "GBP": "ZGBP",
    "JPY": "ZJPY",
    "USD": "ZUSD",
}


def answer(book: Book, path: str, query: Query, disturb: Rows) -> Any:
    """Answer `api.kraken.com`: pairs, candles, prices."""
    pairs = {_key(symbol): symbol for symbol in spot_symbols(book)}
    match path.removeprefix("/0/public/"):
        case "AssetPairs":
            result: Any = {key: _pair(symbol) for key, symbol in pairs.items()}
        case "OHLC":
            result = _candles(book, _asked(pairs, query["pair"][0]), query, disturb)
        case "Ticker":
            wanted = query["pair"][0].split(",") if "pair" in query else list(pairs)
            result = {_key(symbol): _day(book, symbol) for symbol in (_asked(pairs, key) for key in wanted)}
        case _:
            raise said("EGeneral:Unknown method")
    return {"error": [], "result": result}


def said(*words: str) -> Refused:
    """Return what Kraken answers in the place of a result."""
    return Refused(200, {"error": list(words)})


def _candles(book: Book, symbol: str, query: Query, disturb: Rows) -> Any:
    """Return the newest bars that open after `since`, the one that is still open always and last.

    `last` is the open of the newest bar that has closed, which is what to send as `since` the next time.
    """
    timeframe = INTERVALS.get(query.get("interval", ["1"])[0])
    if timeframe is None:
        raise said("EGeneral:Invalid arguments")
    columns = book.whole(symbol, timeframe)
    newest = as_rows({name: values[-NEWEST:] for name, values in columns.items()})
    since = int(query.get("since", ["0"])[0]) * 1000
    shown = [row for row in newest[:-1] if row[0] > since] + newest[-1:]
    return {
        _key(symbol): [_bar(row) for row in disturb(shown)],
        "last": int(newest[-2][0]) // 1000 if len(newest) > 1 else 0,
    }


def _bar(row: list[float]) -> list[Any]:
    """Return a bar with its volume-weighted price and its number of trades, both 0 where nothing traded."""
    time, *prices, volume = row
    traded = volume > 0
    middle = repr((prices[1] + prices[2]) / 2) if traded else "0.0"
    return [int(time) // 1000, *map(repr, prices), middle, repr(volume), int(traded)]


def _asked(pairs: Mapping[str, str], name: str) -> str:
    """Return the symbol of a pair asked for by its key, XXBTZUSD, or its short name, XBTUSD."""
    symbol = pairs.get(name) or {_short(symbol): symbol for symbol in pairs.values()}.get(name)
    if symbol is None:
        raise said("EQuery:Unknown asset pair")
    return symbol


def _key(symbol: str) -> str:
    base, quote = base_of(symbol), quote_of(symbol)
    old = base in OLD_ASSETS and quote in OLD_ASSETS
    return OLD_ASSETS[base] + OLD_ASSETS[quote] if old else _short(symbol)


def _short(symbol: str, between: str = "") -> str:
    return between.join(
        OLD_ASSETS[asset][1:] if asset in OLD_ASSETS else asset
        for asset in (base_of(symbol), quote_of(symbol))
    )


def _pair(symbol: str) -> dict[str, Any]:
    base, quote = (OLD_ASSETS.get(asset, asset) for asset in (base_of(symbol), quote_of(symbol)))
    return {
        "altname": _short(symbol),
        "wsname": _short(symbol, "/"),
        "aclass_base": "currency",
        "base": base,
        "aclass_quote": "currency",
        "quote": quote,
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": 1,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [2, 3, 4, 5],
        "leverage_sell": [2, 3, 4, 5],
        # In percent, by the volume of 30 days.
        "fees": [[0, 0.4], [10_000, 0.35], [50_000, 0.24], [100_000, 0.22]],
        "fees_maker": [[0, 0.25], [10_000, 0.2], [50_000, 0.14], [100_000, 0.12]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.00005",
        "costmin": "0.5",
        "tick_size": "0.1",
        "status": "online",
    }


def _day(book: Book, symbol: str) -> dict[str, Any]:
    price = str(book.last_price(symbol))
    day = {name: [price, price] for name in ("p", "l", "h")}
    return {
        "a": [price, "1", "1.000"],
        "b": [price, "1", "1.000"],
        "c": [price, "0.01"],
        "v": ["1.0", "2.0"],
        "t": [1, 2],
        **day,
        "o": price,
    }


KRAKEN = Shape(
    answer,
    candles=r"/OHLC$",
    too_many={"error": ["EGeneral:Too many requests"]},
    busy={"error": ["EService:Unavailable"]},
)
