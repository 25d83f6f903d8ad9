"""The fills and events of an attempt since it was last told how far it is: what a watcher is pushed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import engine
from shared.live_tail import EVENT_COLUMNS, FILL_COLUMNS, MAX_EVENTS, MAX_FILLS, Tail


class Recent:
    """Keeps the newest rows alone, as rows: a segment's tables may be large and are not held for it."""

    def __init__(self) -> None:
        self._fills = _Rows(FILL_COLUMNS, MAX_FILLS)
        self._events = _Rows(EVENT_COLUMNS, MAX_EVENTS)

    def add(self, tables: Mapping[str, engine.Table]) -> None:
        """Take the tables of a segment, whose columns are made."""
        self._fills.add(tables["fills"])
        self._events.add(tables["events"])

    def tail(self, log: str | None) -> Tail:
        """Return what is new."""
        return Tail(
            fills=list(self._fills.rows),
            events=list(self._events.rows),
            logs=[log] if log else [],
            fills_left_out=self._fills.left_out,
            events_left_out=self._events.left_out,
        )

    def told(self) -> None:
        """Begin anew: what was returned has reached the index."""
        for rows in (self._fills, self._events):
            rows.clear()


class _Rows:
    def __init__(self, columns: tuple[str, ...], most: int) -> None:
        self._columns = columns
        self._most = most
        self.rows: deque[dict[str, Any]] = deque(maxlen=most)
        self._count = 0

    @property
    def left_out(self) -> int:
        return self._count - len(self.rows)

    def add(self, table: engine.Table) -> None:
        self._count += table.rows
        last = [_values(table[name], min(self._most, table.rows)) for name in self._columns]
        self.rows.extend(dict(zip(self._columns, row, strict=True)) for row in zip(*last, strict=True))

    def clear(self) -> None:
        self.rows.clear()
        self._count = 0


def _values(column: Any, count: int) -> list[Any]:  # an array, a Coded or a list: see engine.columns.Column
    if count == 0:
        return []
    if isinstance(column, engine.Coded):
        return engine.Coded(column.codes[-count:], column.names).tolist()
    if isinstance(column, list):
        return column[-count:]
    values: list[Any] = column[-count:].tolist()
    return values
