"""Fetch one piece of candles, page after page, and leave them where `join` finds them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from functions.exchanges import Exchange
from functions.fetch import scratch
from functions.fetch.listing import client_of
from functions.fetch.pages import page
from functions.fetch.patience import LONG, pause_after
from functions.fetch.spans import Span
from shared import access
from shared.errors import ExchangeError
from shared.fetches import Fetch
from shared.markets import Market

if TYPE_CHECKING:
    import numpy as np

# A step works so long, then hands on what is left: far from the function's own limit.
WORKS_FOR = 240.0
_PROGRESS_EVERY = 1.0


def fetch_piece(
    owner: str,
    fetch_id: str,
    market: Mapping[str, Any],
    piece: Mapping[str, Any],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Fetch a piece, or as much of it as can be now; return what is left, and how long to wait before that.

    What was fetched is kept in any case. Raises ExchangeError when the exchange has not answered so many
    times in a row that there is no use in going on.
    """
    entry = access.fetches().get(owner, fetch_id)
    work = _Piece(entry, Market.from_dict(market), piece, sleep)
    wait = 0.0
    try:
        wait = work.fetch()
    finally:
        work.keep()
    return {
        "number": work.number,
        "start_ms": work.at,
        "end_ms": work.span.end_ms,
        "share": piece["share"],
        "failures": work.failures,
        "asked": work.asked,
        "repeated": work.repeated,
        "done": work.at >= work.span.end_ms,
        "wait_seconds": int(-(-wait // 1)),
    }


class _Piece:
    """Where the fetch of one piece stands: `at` is the next bar, `asked` the bars of the piece before it."""

    def __init__(
        self, entry: Fetch, market: Market, piece: Mapping[str, Any], sleep: Callable[[float], None]
    ) -> None:
        self.entry, self.dataset, self.market = entry, entry.name, market
        self.number: int = piece["number"]
        self.span = Span(piece["start_ms"], piece["end_ms"])
        self.at = self.span.start_ms
        self.failures: int = piece["failures"]
        self.asked: int = piece["asked"]
        self.repeated: int = piece["repeated"]
        self._client: Exchange = client_of(self.dataset.exchange, self.dataset.symbol, piece["share"])
        self._sleep = sleep
        self._pages: list[np.ndarray] = []
        self._told = time.monotonic()

    def fetch(self) -> float:
        """Fetch until the piece is whole or a long wait is due, whose seconds are returned."""
        ends = time.monotonic() + WORKS_FOR
        while self.at < self.span.end_ms:
            try:
                self._page()
            except ExchangeError as error:
                self.failures += 1
                pause = pause_after(error, self.failures)
                if pause >= LONG:
                    return pause
                self._sleep(pause)
            else:
                self.failures = 0
                self._tell()
            if time.monotonic() > ends:
                return 0.0
        return 0.0

    def keep(self) -> None:
        """Put the bars that are there into the store; the next try goes on after them."""
        import numpy as np

        if self.at > self.span.start_ms:
            scratch.put(self.entry, Span(self.span.start_ms, self.at), np.concatenate(self._pages))
            self._say()

    def _page(self) -> None:
        """Take the next page."""
        step = self.dataset.timeframe_ms
        count = min(self._client.venue.page_bars, (self.span.end_ms - self.at) // step)
        bars, following, repeated = page(self._client, self.market, self.dataset.timeframe, self.at, count)
        self._pages.append(bars)
        self.repeated += repeated
        self.asked += (following - self.at) // step
        self.at = following

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= _PROGRESS_EVERY:
            self._told = now
            self._say()

    def _say(self) -> None:
        access.fetches().progress(
            self.entry, self.number, done=self.asked, repeated=self.repeated, current_ms=self.at
        )
