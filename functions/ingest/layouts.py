"""Reading candle files as people have them: CSV or Parquet, columns by common names, times in any unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import InvalidInputError, Issue

if TYPE_CHECKING:
    import pyarrow as pa

# What a column may be called, in lower case; the first of a file that matches is taken.
ALIASES: dict[str, tuple[str, ...]] = {
    "timestamp": ("timestamp", "open_time", "open time", "time", "date", "datetime", "unix", "ts"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v", "base_volume", "volume_base"),
}
# Epoch numbers say their unit by their size: 1e10 s is the year 2286, 1e10 ms the year 1970.
_UNITS = ((1e11, 1000.0), (1e14, 1.0), (1e17, 1e-3), (float("inf"), 1e-6))


def read_file(body: bytes) -> pa.Table:
    """Return the file's rows with the columns of the candles schema: times int64 ms, prices float64.

    Rows come in the file's order and are not checked. Raises InvalidInputError for a file that is neither
    CSV nor Parquet, lacks a column, or holds something that is no number or no time.
    """
    import pyarrow as pa

    raw = _parse(body)
    names = {name.strip().lower(): name for name in raw.column_names}
    found = {
        column: next((names[alias] for alias in aliases if alias in names), None)
        for column, aliases in ALIASES.items()
    }
    missing = [column for column, name in found.items() if name is None]
    if missing:
        has = ", ".join(raw.column_names[:20])
        raise InvalidInputError(
            [
                Issue(f"file.{column}", f"no such column; the file has {has}; call it {ALIASES[column][0]}")
                for column in missing
            ]
        )
    columns = {column: raw.column(name).combine_chunks() for column, name in found.items()}
    arrays = {column: _numbers(column, array) for column, array in columns.items() if column != "timestamp"}
    return pa.table({"timestamp": _times(columns["timestamp"]), **arrays})


def _parse(body: bytes) -> pa.Table:
    import io

    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    try:
        if body[:4] == b"PAR1":
            return pq.read_table(io.BytesIO(body))
        return csv.read_csv(io.BytesIO(body))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InvalidInputError(
            [Issue("file", f"is neither CSV with a header nor Parquet: {reason}")]
        ) from None


def _numbers(column: str, array: pa.Array) -> pa.Array:
    import pyarrow as pa

    try:
        return array.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InvalidInputError(
            [Issue(f"file.{column}", f"holds something that is no number: {reason}")]
        ) from None


def _times(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
            return array.cast(pa.timestamp("ms")).cast(pa.int64())
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            return array.cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
        numbers = array.cast(pa.float64())
        largest = pc.max(pc.abs(numbers)).as_py()
        factor = next(factor for limit, factor in _UNITS if (largest or 0.0) < limit)
        return pc.round(pc.multiply(numbers, factor)).cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InvalidInputError(
            [Issue("file.timestamp", f"holds something that is no time: {reason}; write epoch or ISO 8601")]
        ) from None
