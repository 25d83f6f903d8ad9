"""One page of candles: asked for, looked at, and where it is empty asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.exchanges import Exchange
from functions.fetch.bars import bars_of
from shared.markets import Market
from shared.names import DatasetName

if TYPE_CHECKING:
    import numpy as np


class Page(NamedTuple):
    """Bars, ascending and unique; `following` is the first time that was not answered for.

    `repeated` bars came twice and were taken once.
    """

    bars: np.ndarray
    following: int
    repeated: int


def page(client: Exchange, market: Market, timeframe: str, start_ms: int, count: int) -> Page:
    """Return the bars of `count` times from `start_ms` on. Raises ExchangeError."""
    dataset = DatasetName(client.venue.name, market.symbol, timeframe)
    end = start_ms + count * dataset.timeframe_ms
    # No bar in a whole page is an outage, or the answer of an exchange that is not well: asked twice.
    for _ in range(2):
        rows = client.candles(market, timeframe, start_ms, count)
        bars = bars_of(rows, dataset, start_ms, end)
        if len(bars):
            break
    # A full page that ends early held something twice: what it displaced comes with the next one.
    full = len(bars) > 0 and len(rows) >= count
    following = int(bars[-1, 0]) + dataset.timeframe_ms if full else end
    inside = sum(1 for row in rows if row[0] is not None and start_ms <= row[0] < end)
    return Page(bars, following, inside - len(bars))
