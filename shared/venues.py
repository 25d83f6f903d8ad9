"""The exchanges that candles are fetched from, and what of each must be known without asking it.

Light: no client of an exchange is imported. A row more here is an exchange more everywhere: in the function's
zip, in the API's errors, in the command line's help.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import InvalidInputError, Issue
from shared.names import FUNDING
from shared.symbols import nearest
from shared.times import TIMEFRAMES


@dataclass(frozen=True, slots=True)
class Venue:
    """One exchange: `page_bars` is the most that one request answers, `opened` its first day.

    `newest_bars` is how far back its candles go, where that is counted in bars and not in years.
    """

    name: str
    page_bars: int
    opened: str
    timeframes: tuple[str, ...]
    newest_bars: int | None = None
    perpetuals: bool = False

    def fetched_for(self, timeframe: str) -> str | None:
        """Return what to fetch for bars of a timeframe: these, else the longest published that make them."""
        length = TIMEFRAMES[timeframe]
        made_of = [name for name in self.timeframes if length % TIMEFRAMES[name] == 0]
        return max(made_of, key=TIMEFRAMES.__getitem__, default=None)


# Pieces of one fetch that are at work at once; together they keep to the exchange's rate limit.
FETCHED_AT_ONCE = 2

VENUES = {
    venue.name: venue
    for venue in (
        Venue(
            "coinbase",
            page_bars=300,
            opened="2014-12-01",
            timeframes=("1m", "5m", "15m", "30m", "1h", "2h", "6h", "1d"),
        ),
        Venue("binance", page_bars=1000, opened="2017-07-01", timeframes=tuple(TIMEFRAMES), perpetuals=True),
        # Whatever time is asked for, Kraken answers its newest 720 bars and no others.
        Venue(
            "kraken",
            page_bars=720,
            opened="2013-09-01",
            timeframes=("1m", "5m", "15m", "30m", "1h", "4h", "1d"),
            newest_bars=720,
        ),
        Venue(
            "bitstamp",
            page_bars=1000,
            opened="2011-08-01",
            timeframes=tuple(name for name in TIMEFRAMES if name != "8h"),
        ),
    )
}


def venue(exchange: str, timeframe: str | None = None) -> Venue:
    """Return an exchange that candles can be fetched from.

    Raises InvalidInputError for one that is not known, and for a timeframe that it does not publish, or
    funding rates.
    """
    found = VENUES.get(exchange)
    if found is None:
        near = nearest(exchange, VENUES, 1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(VENUES)}"
        message = f"is no exchange that is asked; {hint} (candles of any other can be imported)"
        raise InvalidInputError([Issue("exchange", message, exchange[:40])])
    if timeframe == FUNDING:
        if not found.perpetuals:
            asked = ", ".join(name for name, other in VENUES.items() if other.perpetuals)
            message = f"is not asked for funding rates; choose one of {asked}, or import them"
            raise InvalidInputError([Issue("exchange", message, exchange)])
    elif timeframe is not None and timeframe not in found.timeframes:
        message = f"{exchange} publishes no {timeframe} candles; choose one of {', '.join(found.timeframes)}"
        raise InvalidInputError([Issue("timeframe", message, timeframe)])
    return found
