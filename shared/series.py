"""Cut a growing table into parts. Where it is cut depends on its rows alone, never on how they arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shared.columns import to_arrow
from shared.manifest import Part, Series
from shared.parquet import ROWS_PER_PART, encode

if TYPE_CHECKING:
    import pyarrow as pa


class SeriesWriter:
    """Collects rows of one table in time order and gives them back as encoded parts.

    A part holds about `ROWS_PER_PART` rows and ends between two timestamps: rows of one moment are never
    parted, so a part's first time is its name and the last rows at or before a time lie in one part.
    """

    def __init__(self, table: str, extra: Sequence[str] = ()) -> None:
        self._table = table
        self._extra = tuple(extra)
        self._pending: pa.Table | None = None
        self._parts: list[Part] = []

    def append(self, columns: Mapping[str, Any]) -> Iterator[tuple[Part, bytes]]:
        """Take rows; yield the parts that are full now."""
        import pyarrow as pa

        rows = to_arrow(self._table, columns, self._extra)
        self._pending = rows if self._pending is None else pa.concat_tables([self._pending, rows])
        while (cut := self._cut()) is not None:
            part, self._pending = self._pending.slice(0, cut), self._pending.slice(cut)
            yield self._close(part)

    def finish(self) -> Iterator[tuple[Part, bytes]]:
        """Yield the last part, if any rows are left."""
        if self._pending is not None and self._pending.num_rows:
            yield self._close(self._pending)
        self._pending = None

    def dump(self) -> tuple[list[dict[str, int | str]], pa.Table | None]:
        """Return what another writer needs to go on: the parts so far, and the rows of none yet."""
        return [asdict(part) for part in self._parts], self._pending

    def load(self, parts: Sequence[Mapping[str, Any]], pending: pa.Table | None) -> None:
        """Go on from what `dump` of a writer of the same table returned."""
        self._parts, self._pending = [Part(**part) for part in parts], pending

    def series(self) -> Series:
        return Series(self._table, sum(part.rows for part in self._parts), tuple(self._parts), self._extra)

    def _cut(self) -> int | None:
        """Return where the next part ends, or None while its last moment may still get more rows."""
        if self._pending is None or self._pending.num_rows <= ROWS_PER_PART:
            return None
        times = self._pending.column("timestamp").to_numpy()
        if times[ROWS_PER_PART] != times[ROWS_PER_PART - 1]:
            return ROWS_PER_PART
        crowded = times[ROWS_PER_PART]
        before = int(times.searchsorted(crowded, "left"))
        if before > 0:
            return before
        after = int(times.searchsorted(crowded, "right"))  # one moment fills a part and more
        return after if after < len(times) else None

    def _close(self, rows: pa.Table) -> tuple[Part, bytes]:
        body = encode(rows.combine_chunks())
        times = rows.column("timestamp")
        part = Part(
            first_ms=times[0].as_py(),
            last_ms=times[-1].as_py(),
            rows=rows.num_rows,
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
        )
        self._parts.append(part)
        return part, body
