"""Reads one series of the store: rows by their numbers and by their times, from the parts that hold them."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from shared.manifest import Part, Series
from shared.parquet import open_file
from shared.store import ObjectStore

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


class RowReader(Protocol):
    """What reads rows in time order, by their numbers and by their times."""

    @property
    def rows(self) -> int: ...
    def slice(self, start: int, stop: int, columns: Sequence[str] | None = None) -> pa.Table: ...
    def first_at_or_after(self, ms: int) -> int: ...
    def window(self, start_ms: int, end_ms: int, columns: Sequence[str] | None = None) -> pa.Table: ...


class SeriesReader:
    """Reads one series whose rows are in time order. Row numbers count over all its parts."""

    def __init__(self, store: ObjectStore, series: Series, keys: Sequence[str]) -> None:
        self._store, self._series, self._keys = store, series, keys
        self._starts = [0, *accumulate(part.rows for part in series.parts)]
        self._open: dict[int, pq.ParquetFile] = {}

    @property
    def rows(self) -> int:
        return self._series.rows

    def slice(self, start: int, stop: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows start <= row < stop, `columns` alone if given, in the order of the schema."""
        import pyarrow as pa

        start, stop = max(0, start), min(stop, self.rows)
        pieces = []
        for number in range(len(self._series.parts)):
            low, high = self._starts[number], self._starts[number + 1]
            if low < stop and start < high:
                first, last = max(start, low) - low, min(stop, high) - low
                pieces.append(self._rows_of(number, first, last, columns))
        if pieces:
            return pa.concat_tables(pieces)
        return self._schema(columns).empty_table()

    def first_at_or_after(self, ms: int) -> int:
        """Return the number of the first row with timestamp >= ms (the count of rows if there is none)."""
        parts = self._series.parts
        number = bisect.bisect_left([part.last_ms for part in parts], ms)
        if number == len(parts):
            return self.rows
        if ms <= parts[number].first_ms:
            return self._starts[number]
        return self._starts[number] + self._search(number, ms)

    def window(self, start_ms: int, end_ms: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows with start_ms <= timestamp < end_ms.

        Statistics choose the row groups, so a window inside one part costs its footer and one read.
        """
        import pyarrow as pa

        wanted = None if columns is None else list(dict.fromkeys(["timestamp", *columns]))
        pieces = []
        for number, part in enumerate(self._series.parts):
            if part.first_ms < end_ms and part.last_ms >= start_ms:
                groups = self._groups_between(number, start_ms, end_ms)
                rows = self._read(number, groups, wanted)
                first, last = rows.column("timestamp").to_numpy().searchsorted([start_ms, end_ms])
                pieces.append(rows.slice(first, last - first))
        table = pa.concat_tables(pieces) if pieces else self._schema(wanted).empty_table()
        return table if columns is None else table.select(list(columns))

    def last_moment(self, ms: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return every row of the last timestamp <= ms; none if the series begins later."""
        stop = self.first_at_or_after(ms + 1)
        if stop == 0:
            return self._schema(columns).empty_table()
        last = self.slice(stop - 1, stop, ["timestamp"]).column("timestamp")[0].as_py()
        return self.slice(self.first_at_or_after(last), stop, columns)

    def _file(self, number: int) -> pq.ParquetFile:
        if number not in self._open:
            part: Part = self._series.parts[number]
            self._open[number] = open_file(self._store, self._keys[number], part.size, self._series.table)
        return self._open[number]

    def _groups_between(self, number: int, start_ms: int, end_ms: int) -> list[int]:
        file = self._file(number)
        column = file.schema_arrow.get_field_index("timestamp")
        statistics = [
            file.metadata.row_group(group).column(column).statistics for group in range(file.num_row_groups)
        ]
        return [
            group for group, times in enumerate(statistics) if times.min < end_ms and times.max >= start_ms
        ]

    def _rows_of(self, number: int, first: int, last: int, columns: Sequence[str] | None) -> pa.Table:
        """Read rows of one part, touching the row groups that hold them."""
        file = self._file(number)
        groups, offset, low = [], 0, None
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if offset < last and first < offset + rows:
                groups.append(group)
                low = offset if low is None else low
            offset += rows
        table = self._read(number, groups, columns)
        return table.slice(first - (low or 0), last - first)

    def _read(self, number: int, groups: Sequence[int], columns: Sequence[str] | None) -> pa.Table:
        """Read row groups of one part; columns that are younger than its file are null."""
        import pyarrow as pa

        wanted = list(columns) if columns else None
        table = self._file(number).read_row_groups(list(groups), columns=wanted, use_threads=False)
        schema = self._schema(wanted)
        there = set(table.column_names)
        if there == set(schema.names):
            return table
        arrays = [
            table.column(field.name) if field.name in there else pa.nulls(table.num_rows, field.type)
            for field in schema
        ]
        return pa.table(arrays, names=schema.names)

    def _search(self, number: int, ms: int) -> int:
        """Find the first row >= ms inside one part: statistics choose the row group, its times the row."""
        file = self._file(number)
        column = file.schema_arrow.get_field_index("timestamp")
        offset = 0
        for group in range(file.num_row_groups):
            metadata = file.metadata.row_group(group)
            if metadata.column(column).statistics.max >= ms:
                times = file.read_row_group(group, columns=["timestamp"], use_threads=False).column(0)
                return offset + int(times.to_numpy().searchsorted(ms, "left"))
            offset += metadata.num_rows
        return offset

    def _schema(self, columns: Sequence[str] | None) -> pa.Schema:
        import pyarrow as pa

        from shared.schema import arrow_schema

        schema = arrow_schema(self._series.table, self._series.extra)
        return schema if columns is None else pa.schema([schema.field(name) for name in columns])
