"""Who polls exchanges for those that listen to the market: one at a time, while its lease lasts."""

from __future__ import annotations

from shared.table import ConditionFailed, Table
from shared.times import now_ms

# Longer than one round of polling; a poller that died is replaced after it.
LEASE_MS = 30_000
_KEYS = ("TICKER", "LEASE")


class TickerLease:
    def __init__(self, table: Table) -> None:
        self._table = table

    def held(self) -> bool:
        item = self._table.get(*_KEYS)
        return item is not None and int(item["until_ms"]) > now_ms()

    def take(self, holder: str) -> bool:
        """Hold the lease from now on, or longer; False while another one does."""
        now = now_ms()
        try:
            self._table.update(
                *_KEYS,
                {"holder": holder, "until_ms": now + LEASE_MS},
                condition="attribute_not_exists(pk) OR #until_ms < :now OR #holder = :holder",
                values={"now": now, "holder": holder},
            )
        except ConditionFailed:
            return False
        return True

    def release(self, holder: str) -> None:
        """Let the lease go, if it is ours."""
        try:
            self._table.update(
                *_KEYS, {"until_ms": 0}, condition="#holder = :holder", values={"holder": holder}
            )
        except ConditionFailed:
            return
