"""The latest prices of some markets, asked of their exchange once for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from functions.fetch.listing import client_of, market_of
from shared import access
from shared.markets import Tick
from shared.venues import venue


def fetch_ticks(exchange: str, symbols: Sequence[str]) -> dict[str, Any]:
    """Ask for prices, keep them for the next few seconds' callers, and return them.

    Raises InvalidInputError for a symbol that the exchange has not, ExchangeError where it does not answer.
    """
    of = venue(exchange)
    found: list[Tick] = []
    for perpetual in (False, True):
        of_kind = [name for name in symbols if name.endswith("-PERP") == perpetual]
        if of_kind:
            client = client_of(of.name, of_kind[0])
            found += client.ticks([market_of(name, client, "symbols") for name in of_kind])
    access.ticks().put(found)
    return {"ticks": [asdict(tick) for tick in found]}
