"""Rows of the store as JSON: pages that stay under a Lambda's limit, without building what is not sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson
from fastapi import Response

from functions.api.windows import row_cursor
from shared.schema import TABLES

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from shared.series_reader import RowReader

# A Lambda answers at most 6 MB, counted after the body became a JSON string: each quote costs two bytes.
MAX_ANSWER_BYTES = 5_000_000
# How many rows one request looks through for those that a filter wants.
SCAN_CHUNK_ROWS = 8_000
SCAN_CHUNKS = 12

_TIMES = frozenset(c.name for columns in TABLES.values() for c in columns if c.kind == "time")
_JSON = frozenset(c.name for columns in TABLES.values() for c in columns if c.kind == "json")

# Numbers as numpy arrays, times as datetime64[ms], text as lists; all of one length.
Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows to send. `following(n)` is the cursor if only the first n of them are sent, or the last n."""

    columns: Columns
    following: Callable[[int], str | None]
    from_end: bool = False
    """Where it has to be cut, its first rows go: the pages go backwards."""

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))


def read_page(
    reader: RowReader, first: int, stop: int, limit: int, columns: Sequence[str] | None = None
) -> Page:
    """Return the rows from `first`, at most `limit`, of those before `stop`."""
    table = reader.slice(first, min(first + limit, stop), columns)

    def following(count: int) -> str | None:
        return row_cursor(first + count) if first + count < stop else None

    return Page(wire_columns(table), following)


def scan_page(
    reader: RowReader,
    first: int,
    stop: int,
    limit: int,
    wanted: Callable[[pa.Table], np.ndarray],
) -> Page:
    """Return rows that `wanted` marks, at most `limit`, of a bounded number that are looked through."""
    import numpy as np
    import pyarrow as pa

    pieces: list[pa.Table] = []
    numbers: list[np.ndarray] = []
    found, row = 0, first
    for _ in range(SCAN_CHUNKS):
        if row >= stop or found > limit:
            break
        chunk = reader.slice(row, min(row + SCAN_CHUNK_ROWS, stop))
        hits = np.flatnonzero(wanted(chunk))
        pieces.append(chunk.take(hits))
        numbers.append(hits + row)
        found += len(hits)
        row += chunk.num_rows
    rows = np.concatenate(numbers) if numbers else np.empty(0, np.int64)
    table = pa.concat_tables(pieces) if pieces else reader.slice(0, 0)

    def following(count: int) -> str | None:
        if count < len(rows):
            return row_cursor(int(rows[count]))
        return row_cursor(row) if row < stop else None

    return Page(wire_columns(table.slice(0, limit)), following)


def wire_columns(table: pa.Table) -> dict[str, Any]:
    """Return a table's columns as orjson can write them."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for field in table.schema:
        column = table.column(field.name)
        if field.name in _TIMES:
            columns[field.name] = column.to_numpy().astype("datetime64[ms]")
        elif field.name in _JSON:
            columns[field.name] = [orjson.Fragment(text) for text in column.to_pylist()]
        elif pa.types.is_floating(field.type) or pa.types.is_integer(field.type):
            columns[field.name] = column.to_numpy()
        else:
            columns[field.name] = column.to_pylist()
    return columns


def answer(name: str, page: Page, form: Literal["rows", "columns"], **members: object) -> Response:
    """Write a page under `name`, its cursor and `members`; cut it where it would grow too long."""
    rows = count = page.rows
    while True:
        kept = slice(rows - count, rows) if page.from_end else slice(count)
        columns = {column: values[kept] for column, values in page.columns.items()}
        series = _arrays_of(columns) if form == "columns" else rows_of(columns)
        content = {**members, name: series, "next_cursor": page.following(count)}
        body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
        size = wire_bytes(body)
        if size <= MAX_ANSWER_BYTES or count <= 1:
            return Response(body, media_type="application/json")
        count = max(1, int(count * 0.95 * MAX_ANSWER_BYTES / size))


def wire_bytes(body: bytes) -> int:
    """Return how long a body is inside the JSON that a Lambda answers."""
    return len(body) + body.count(b'"') + body.count(b"\\")


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    """Return one object a row."""
    lists = [_as_list(values) for values in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def iso_times(times: np.ndarray) -> list[str]:
    """Write datetime64[ms] as ISO 8601 with Z; milliseconds only where there are any."""
    import numpy as np

    whole = not len(times) or not (times.astype(np.int64) % 1000).any()
    texts = np.datetime_as_string(times, unit="s" if whole else "ms")
    return [text + "Z" for text in texts.tolist()]


def _as_list(values: Any) -> list[Any]:
    if isinstance(values, list):
        return values
    return iso_times(values) if values.dtype.kind == "M" else list(values.tolist())


def _arrays_of(columns: Columns) -> dict[str, Any]:
    """Return one array a column; orjson takes contiguous numbers as they are."""
    import numpy as np

    return {
        name: _as_list(values)
        if isinstance(values, list) or values.dtype.kind == "M"
        else np.ascontiguousarray(values)
        for name, values in columns.items()
    }
