"""The markets of an exchange as it listed them last, kept in the store so that not everybody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared import names
from shared.markets import Market
from shared.store import ObjectStore
from shared.times import DAY_MS, now_ms

# A market that is not in a list this young is none; an older list may lack a new one.
SURE_FOR_MS = 3_600_000
# Steps and fees change seldom, and a delisted market answers for itself.
KEPT_FOR_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class MarketList:
    as_of_ms: int
    markets: Mapping[str, Market]

    @property
    def sure(self) -> bool:
        return now_ms() - self.as_of_ms < SURE_FOR_MS

    @property
    def usable(self) -> bool:
        return now_ms() - self.as_of_ms < KEPT_FOR_MS


def load_markets(store: ObjectStore, exchange: str, perpetuals: bool) -> MarketList | None:
    """Return the list that was kept last, however old; None if there was none."""
    key = names.market_list(exchange, perpetuals)
    if store.size(key) is None:
        return None
    raw = store.get_json(key)
    markets = (Market.from_dict(entry) for entry in raw["markets"])
    return MarketList(raw["as_of_ms"], {market.symbol: market for market in markets})


def keep_markets(store: ObjectStore, exchange: str, perpetuals: bool, markets: list[Market]) -> MarketList:
    kept = MarketList(now_ms(), {market.symbol: market for market in markets})
    body = {"as_of_ms": kept.as_of_ms, "markets": [market.to_dict() for market in markets]}
    store.put_json(names.market_list(exchange, perpetuals), body)
    return kept
