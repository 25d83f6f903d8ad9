"""The latest prices, kept for a few seconds for all callers together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from shared import names
from shared.markets import Tick
from shared.table import ConditionFailed, Table
from shared.times import now_ms

FRESH_FOR_MS = 5_000
# Who asks the exchange is given so long; then another caller may.
_CLAIM_MS = 10_000
_CLAIM = "CLAIM"


class TickIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def fresh(self, exchange: str, symbols: Sequence[str]) -> dict[str, Tick]:
        """Return the prices that are young enough, by symbol."""
        oldest = now_ms() - FRESH_FOR_MS
        items = (self._table.get(names.ticks_key(exchange), names.tick_key(symbol)) for symbol in symbols)
        ticks = (Tick.from_item(item) for item in items if item is not None)
        return {tick.symbol: tick for tick in ticks if tick.fetched_ms >= oldest}

    def put(self, ticks: Iterable[Tick]) -> None:
        for tick in ticks:
            keys = {"pk": names.ticks_key(tick.exchange), "sk": names.tick_key(tick.symbol)}
            self._table.put({**keys, **asdict(tick)})

    def claim(self, exchange: str) -> bool:
        """Let the caller be the one who asks an exchange; False while another one does."""
        now = now_ms()
        try:
            self._table.update(
                names.ticks_key(exchange),
                _CLAIM,
                {"until_ms": now + _CLAIM_MS},
                condition="attribute_not_exists(pk) OR #until_ms < :now",
                values={"now": now},
            )
        except ConditionFailed:
            return False
        return True

    def release(self, exchange: str) -> None:
        self._table.update(names.ticks_key(exchange), _CLAIM, {"until_ms": 0})
