"""Exchanges over ccxt: their markets, candles and prices, and their faults in our words.

The only module that knows ccxt. It is imported at first use, one exchange at a time: all of ccxt would take
over a second.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from functions.exchange_words import Said, meaning_of
from shared.errors import ExchangeError
from shared.markets import Market, Tick
from shared.settings import settings
from shared.times import TIMEFRAMES, iso, now_ms
from shared.venues import VENUES, Venue

T = TypeVar("T")
# Bar's open in epoch ms, open, high, low, close, volume; None where the exchange says nothing.
Row = Sequence[float | None]

TIMEOUT_MS = 10_000
# Of the time that an exchange wants between two requests; tests, whose exchange wants none, wait less.
PACE = 1.0
_SHOWN_OF_FAULT = 200

# Where in an answer the candles stand. ccxt takes an answer without any for one with none.
_CANDLES_OF: Mapping[str, Callable[[Any], object]] = {
    "binance": lambda answer: answer,
    "bitstamp": lambda answer: answer["data"]["ohlc"],
    "coinbase": lambda answer: answer["candles"],
    "kraken": lambda answer: next(rows for name, rows in answer["result"].items() if name != "last"),
}


class Exchange:
    """One exchange's public endpoints, at its own pace.

    Every method raises ExchangeError; nothing is tried a second time here.
    """

    def __init__(self, venue: Venue, *, perpetuals: bool = False, share: int = 1) -> None:
        """`share`: how many of these are at work at once, so that together they keep to the rate limit."""
        self.venue = venue
        self._perpetuals = perpetuals
        self._client = _client_class(venue.name)(
            {
                "timeout": TIMEOUT_MS,
                "enableRateLimit": True,
                # The answer as it came: what ccxt makes of a malformed one looks like an empty one.
                "enableLastJsonResponse": True,
                "options": _options(venue.name, perpetuals=perpetuals),
            }
        )
        self._client.rateLimit *= share * PACE
        self._status = 0
        self._behind_ms = 0
        heard = self._client.on_rest_response

        def on_rest_response(
            status: int, reason: str, url: str, method: str, headers: Any, *rest: Any
        ) -> Any:
            self._status, self._behind_ms = status, _behind_ms(headers)
            return heard(status, reason, url, method, headers, *rest)

        parse = self._client.parse_json

        def parse_json(text: str) -> Any:
            answer = parse(text)
            if answer is None and self._status < 400:
                # ccxt would go on with the text, and read each of its letters as a candle.
                raise self._malformed("it is no JSON")
            return answer

        self._client.on_rest_response = on_rest_response
        self._client.parse_json = parse_json
        if base := settings().exchange_urls.get(venue.name):
            self._client.urls["api"] = _moved(self._client.urls["api"], base)

    @property
    def now_ms(self) -> int:
        """Return the time by the slower of two clocks, ours and the exchange's as it last said."""
        return now_ms() - self._behind_ms

    def markets(self) -> list[Market]:
        """Return every spot market, or every linear perpetual, whose symbol we can write."""
        listed = self._call(lambda: self._client.fetch_markets())
        fees = _lowest_tier(self._client.fees["trading"])
        found = [Market.of_ccxt({**entry, **_unsaid(entry, fees)}) for entry in listed]
        markets = [market for market in found if market is not None and market.perpetual == self._perpetuals]
        if not markets:
            raise self._malformed("it lists no markets")
        return markets

    def candles(self, market: Market, timeframe: str, start_ms: int, count: int) -> list[Row]:
        """Return the bars of `count` times from `start_ms` on, as they came: in any order, some twice.

        A bar that is not there did not trade, or is not published. Where only the newest bars are, and the
        first that were asked for are none of these any more, that is an ExchangeError.
        """
        self._know([market])
        step = TIMEFRAMES[timeframe]
        # Just before the next bar: exchanges differ in whether the end belongs to the span.
        until = {} if self.venue.newest_bars else {"until": start_ms + count * step - 1}
        name = market.raw["symbol"]
        rows = self._call(lambda: self._client.fetch_ohlcv(name, timeframe, start_ms, count, until))
        answered = self._check_answer()
        oldest = min((int(row[0]) for row in rows), default=start_ms)
        if self.venue.newest_bars is not None and answered >= self.venue.newest_bars and oldest > start_ms:
            raise self._gone(timeframe, start_ms, oldest)
        return list(rows)

    def funding(self, market: Market, start_ms: int, end_ms: int, count: int) -> list[tuple[int, float]]:
        """Return the first `count` funding rates with start_ms <= time < end_ms: epoch ms and a fraction."""
        self._know([market])
        name = market.raw["symbol"]
        until = {"until": end_ms - 1}
        rows = self._call(
            lambda: [
                (int(row["timestamp"]), float(row["fundingRate"]))
                for row in self._client.fetch_funding_rate_history(name, start_ms, count, until)
            ]
        )
        self._check_answer()
        return rows

    def ticks(self, markets: Sequence[Market]) -> list[Tick]:
        """Return the latest price of each market; one that has none is left out."""
        self._know(markets)
        by_name = {market.raw["symbol"]: market for market in markets}
        answer = self._call(lambda: self._client.fetch_tickers(list(by_name)))
        at = now_ms()
        return [
            Tick(
                exchange=self.venue.name,
                symbol=by_name[name].symbol,
                price=float(ticker["last"]),
                bid=ticker.get("bid"),
                ask=ticker.get("ask"),
                traded_ms=ticker.get("timestamp"),
                fetched_ms=at,
            )
            for name, ticker in answer.items()
            if name in by_name and ticker.get("last") is not None
        ]

    def _know(self, markets: Sequence[Market]) -> None:
        """Tell ccxt of markets, which it would otherwise load, all of them, over the network."""
        known = self._client.markets or {}
        if any(market.raw["symbol"] not in known for market in markets):
            wanted = {**known, **{market.raw["symbol"]: dict(market.raw) for market in markets}}
            self._client.set_markets(list(wanted.values()))

    def _check_answer(self) -> int:
        """Count the candles of the last answer. Raises ExchangeError if it holds no list of them."""
        try:
            candles = _CANDLES_OF[self.venue.name](self._client.last_json_response)
        except (AttributeError, KeyError, StopIteration, TypeError):
            candles = None
        if not isinstance(candles, list):
            raise self._malformed("it answers no list of candles")
        return len(candles)

    def _call(self, ask: Callable[[], T]) -> T:
        import requests

        errors = importlib.import_module("ccxt.base.errors")
        self._client.last_response_headers = None
        self._client.last_json_response = None
        self._status = 0
        try:
            return ask()
        except (errors.BaseError, requests.RequestException) as error:
            raise self._fault(self._meant(error, errors), error) from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # ccxt met something that is not what the exchange's documentation says.
            raise self._malformed(f"{type(error).__name__} where its answer was read") from error

    def _meant(self, error: Exception, errors: Any) -> Said:
        """Return what kind of fault it is; the status decides before what ccxt makes of the body."""
        # DDoSProtection: RateLimitExceeded is one, too.
        if self._status in (418, 429) or isinstance(error, errors.DDoSProtection):
            return Said("rate_limited")
        if isinstance(error, errors.RequestTimeout):
            return Said("timed_out")
        passing = self._status >= 500 or isinstance(error, errors.NetworkError)
        if passing or not isinstance(error, errors.BaseError):
            return Said("unreachable")
        return meaning_of(str(error), now_ms()) or Said("refused")

    def _retry_after(self) -> float | None:
        text = str((self._client.last_response_headers or {}).get("Retry-After", ""))
        if text.isdigit():
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - now_ms() / 1000)
        except ValueError:
            return None

    def _fault(self, meant: Said, error: Exception) -> ExchangeError:
        said = " ".join(str(error).split())
        shown = said if len(said) <= _SHOWN_OF_FAULT else said[:_SHOWN_OF_FAULT] + "…"
        words = {
            "rate_limited": "asks for fewer requests",
            "timed_out": f"did not answer within {TIMEOUT_MS / 1000:g} seconds",
            "unreachable": "cannot be reached",
            "refused": "refuses the request",
        }[meant.reason]
        detail = f"{self.venue.name} {words} ({shown})"
        return ExchangeError(self.venue.name, meant.reason, detail, self._retry_after() or meant.retry_after)

    def _gone(self, timeframe: str, start_ms: int, oldest_ms: int) -> ExchangeError:
        detail = (
            f"{self.venue.name} publishes its newest {self.venue.newest_bars} bars alone, those from "
            f"{iso(start_ms)} to {iso(oldest_ms - TIMEFRAMES[timeframe])} no more; start later or import them"
        )
        return ExchangeError(self.venue.name, "refused", detail)

    def _malformed(self, what: str) -> ExchangeError:
        detail = f"{self.venue.name} answers what cannot be understood: {what}"
        return ExchangeError(self.venue.name, "malformed", detail)


@lru_cache(maxsize=8)
def exchange(name: str, *, perpetuals: bool = False, share: int = 1) -> Exchange:
    """Return this process's client of an exchange, kept so that its pace is kept over calls too."""
    return Exchange(VENUES[name], perpetuals=perpetuals, share=share)


def _client_class(name: str) -> Any:
    if "ccxt" not in sys.modules:
        # The package's own __init__ imports every exchange there is.
        spec = importlib.util.find_spec("ccxt")
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError("ccxt is not installed")
        package = types.ModuleType("ccxt")
        package.__path__ = list(spec.submodule_search_locations)
        package.__spec__ = spec
        sys.modules["ccxt"] = package
    return getattr(importlib.import_module(f"ccxt.{name}"), name)


def _options(name: str, *, perpetuals: bool) -> dict[str, Any]:
    """Return what ccxt is to do otherwise than it would."""
    if name == "binance":
        return {"fetchMarkets": {"types": ["linear" if perpetuals else "spot"]}}
    if name == "bitstamp":
        # It keeps an answer for a second, a malformed one too: the next try would read that one again.
        return {"fetchMarkets": {"expires": -1}}
    return {}


def _lowest_tier(fees: Mapping[str, Any]) -> Mapping[str, float]:
    """Return what somebody pays who has not traded yet, by ccxt's table of an exchange's fees."""
    tiers = fees.get("tiers") or {}
    return {
        side: tiers[side][0][1] if tiers.get(side) else fees[side]
        for side in ("taker", "maker")
        if tiers.get(side) or fees.get(side) is not None
    }


def _unsaid(entry: Mapping[str, Any], fees: Mapping[str, float]) -> Mapping[str, float]:
    """Return the fees that an exchange's list of markets leaves out, as Bitstamp's does."""
    return {side: fee for side, fee in fees.items() if entry.get(side) is None}


def _behind_ms(headers: Mapping[str, str]) -> int:
    """Return by how much an exchange's clock is behind ours; 0 where it says no time or a later one."""
    try:
        said = parsedate_to_datetime(headers["Date"]).timestamp() + float(headers.get("Age", 0))
    except (KeyError, TypeError, ValueError):
        return 0
    return max(0, now_ms() - int(said * 1000))


def _moved(urls: Any, base: str) -> Any:
    """Return ccxt's addresses of an exchange with another scheme and host, their paths behind `base`."""
    if isinstance(urls, dict):
        return {name: _moved(value, base) for name, value in urls.items()}
    return base.rstrip("/") + urlsplit(urls).path
