"""Pages that go backwards in time: the last rows of a window, then those before them.

What steps back through a run asks for these: the row before a moment, however long nothing happened. Rows
stay in the order of time within a page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.api.tables import SCAN_CHUNK_ROWS, SCAN_CHUNKS, Page, wire_columns
from functions.api.windows import row_cursor, row_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from shared.series_reader import RowReader


def stop_of(cursor: str | None, stop: int) -> int:
    """Return the row that a page ends before: the cursor's, or `stop`."""
    return stop if cursor is None else min(stop, row_of(cursor, 0))


def read_back(reader: RowReader, first: int, stop: int, limit: int) -> Page:
    """Return the rows before `stop`, at most `limit`, of those from `first` on."""
    table = reader.slice(max(first, stop - limit), stop)

    def following(count: int) -> str | None:
        return row_cursor(stop - count) if stop - count > first else None

    return Page(wire_columns(table), following, from_end=True)


def scan_back(
    reader: RowReader, first: int, stop: int, limit: int, wanted: Callable[[pa.Table], np.ndarray]
) -> Page:
    """Return the last rows that `wanted` marks, at most `limit`, of a bounded number that it looks at."""
    import numpy as np
    import pyarrow as pa

    pieces: list[pa.Table] = []
    numbers: list[np.ndarray] = []
    found, row = 0, stop
    for _ in range(SCAN_CHUNKS):
        if row <= first or found > limit:
            break
        low = max(first, row - SCAN_CHUNK_ROWS)
        chunk = reader.slice(low, row)
        hits = np.flatnonzero(wanted(chunk))
        pieces.insert(0, chunk.take(hits))
        numbers.insert(0, hits + low)
        found += len(hits)
        row = low
    rows = np.concatenate(numbers) if numbers else np.empty(0, np.int64)
    table = pa.concat_tables(pieces) if pieces else reader.slice(0, 0)

    def following(count: int) -> str | None:
        if count < len(rows):
            # The page goes on before the first row that was sent, with the one that was found there.
            return row_cursor(int(rows[len(rows) - count - 1]) + 1)
        return row_cursor(row) if row > first else None

    return Page(wire_columns(table.slice(max(0, len(rows) - limit))), following, from_end=True)
