"""The index of open connections: whose each is, and what it listens to.

They lie in one partition for each owner (of the market: in one for all), so that who must be told is one
consistent query: a connection that has subscribed is never missed. They end by themselves some time after a
gateway closes every connection, and are forgotten when they close or are found gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from shared import names
from shared.errors import NotFoundError
from shared.table import ConditionFailed, Table
from shared.times import stamp

# A gateway closes a connection after two hours.
LIVES_SECONDS = 2 * 3600 + 600
_TRIES = 8
_CHANGES = ("runs", "all", "only", "symbols", "told", "version")


@dataclass(frozen=True, slots=True)
class Connection:
    """One socket; `api_id` and `stage` say which API it is posted to at."""

    stage: str
    owner: str
    connection_id: str
    api_id: str
    connected_at: str = ""
    runs: Sequence[str] = ()
    all: bool = False
    only: Sequence[str] | None = None
    """Of runs that are not named, messages of these types alone."""
    symbols: Sequence[str] = ()
    """Of the market: `exchange:SYMBOL`."""
    told: Mapping[str, int] = field(default_factory=dict)
    """Of these, when the price was asked for, epoch ms, that the subscription was answered with."""
    version: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Connection:
        return cls(**{field.name: item[field.name] for field in fields(cls) if field.name in item})

    def wants(self, run_id: str | None, kind: str) -> bool:
        """Tell whether a message of this type, of a run or of something else, is for it."""
        if run_id is not None and run_id in self.runs:
            return True
        return self.all and (self.only is None or kind in self.only)


class ConnectionIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, connection: Connection) -> None:
        item = {field.name: getattr(connection, field.name) for field in fields(connection)}
        pk, sk = _keys(connection)
        expires = int(time.time()) + LIVES_SECONDS
        self._table.put({"pk": pk, "sk": sk, **item, "connected_at": stamp(), names.EXPIRES_AT: expires})

    def close(self, connection: Connection) -> None:
        """Forget a connection; again is harmless."""
        self._table.delete(*_keys(connection))

    def get(self, connection: Connection) -> Connection:
        """Read a connection anew. Raises NotFoundError for one that is gone."""
        item = self._table.get(*_keys(connection))
        if item is None:
            raise NotFoundError("this connection is not known any more; connect again")
        return Connection.from_item(item)

    def change(self, connection: Connection, changed: Callable[[Connection], Connection]) -> Connection:
        """Change what a connection listens to; two changes at once are both made. Raises NotFoundError."""
        for _ in range(_TRIES):
            now = self.get(connection)
            wanted = replace(changed(now), version=now.version + 1)
            changes = {name: getattr(wanted, name) for name in _CHANGES}
            try:
                self._table.update(
                    *_keys(now), changes, condition="#version = :known", values={"known": now.version}
                )
            except ConditionFailed:
                continue
            return wanted
        raise NotFoundError("this connection is changed by too many at once; say it again")

    def of_owner(self, owner: str) -> list[Connection]:
        """Return an owner's connections to the stage `live`."""
        return self._listed(names.connections_key(names.LIVE_STAGE, owner))

    def of_market(self) -> list[Connection]:
        """Return everybody's connections to the stage `market` that listen to something."""
        listed = self._listed(names.connections_key(names.MARKET_STAGE, ""))
        return [connection for connection in listed if connection.symbols]

    def _listed(self, pk: str) -> list[Connection]:
        now = time.time()
        # The table takes expired items away in its own time.
        return [
            Connection.from_item(item)
            for item in self._table.prefix(pk, names.CONNECTION_KEYS)
            if item[names.EXPIRES_AT] > now
        ]


def _keys(connection: Connection) -> tuple[str, str]:
    return names.connections_key(connection.stage, connection.owner), names.connection_key(
        connection.connection_id
    )
