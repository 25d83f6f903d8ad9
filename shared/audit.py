"""What candles must be before they are stored, wherever they come from.

Impossible bars are refused with the rows that have them. Two things are put right, because no price is made
up by it, and counted: rows equal to another in every column are taken once, and rows are put in ascending
time. What is possible and suspicious stays as it is and is flagged (shared/flags.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.candles import Arrival
from shared.errors import InvalidInputError, Issue
from shared.names import SIMULATED_EXCHANGE, DatasetName
from shared.schema import arrow_schema
from shared.times import MAX_MS, TIMEFRAMES, now_ms

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Columns = dict[str, np.ndarray]

PRICES = ("open", "high", "low", "close")
SHOWN_ROWS = 3
# Fewer bars may all lie on a coarser grid by chance.
BARS_TO_TELL_A_TIMEFRAME = 10


def audited(
    candles: pa.Table, dataset: DatasetName, source: str = "file", now: int | None = None
) -> tuple[pa.Table, Arrival]:
    """Return the candles in the candles schema, ascending and unique, and what was put right for that.

    `source` is what the paths of issues begin with; `now` is the time after which no bar has closed. Raises
    InvalidInputError with one issue a kind of fault, naming the first rows that have it (1 = the first row).
    """
    import pyarrow as pa

    if candles.num_rows == 0:
        raise InvalidInputError([Issue(source, "holds no candles")])
    schema = arrow_schema("candles")
    columns = {name: _column(candles, name) for name in schema.names}
    faults = [*_impossible(columns, dataset, now_ms() if now is None else now)]
    if not faults:
        faults = [*_wrong_timeframe(columns["timestamp"], dataset)]
    keep, out_of_order, repeated = unique_rows(columns)
    if len(repeated):
        faults.append(("timestamp", f"stands twice with different bars in {said_rows(repeated)}; keep one"))
    if faults:
        raise InvalidInputError([Issue(f"{source}.{column}", message) for column, message in faults])
    ordered = pa.table({name: values[keep] for name, values in columns.items()}, schema=schema)
    return ordered, Arrival(candles.num_rows - len(keep), out_of_order)


def _column(candles: pa.Table, name: str) -> np.ndarray:
    """Return a column with what is missing as NaN, or for times as a time that cannot be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = candles.column(name).combine_chunks()
    if name == "timestamp":
        column = pc.fill_null(column.cast(pa.int64()), -1)
    else:
        column = pc.fill_null(column.cast(pa.float64()), float("nan"))
    values: np.ndarray = column.to_numpy(zero_copy_only=False)
    return values


def _impossible(columns: Columns, dataset: DatasetName, now: int) -> Iterator[tuple[str, str]]:
    """Yield column and message of each kind of bar that no market can have."""
    import numpy as np

    times, volumes = columns["timestamp"], columns["volume"]
    opens, highs, lows, closes = (columns[name] for name in PRICES)
    outside = (times < 0) | (times >= MAX_MS)
    checks = [
        ("timestamp", outside, "is missing, or outside 1970 to 2200,"),
        ("timestamp", times % dataset.timeframe_ms != 0, f"is not on the grid of {dataset.timeframe} bars"),
        (
            "timestamp",
            # What is generated may be of any time.
            (times > now - dataset.timeframe_ms) & ~outside & (dataset.exchange != SIMULATED_EXCHANGE),
            "is of a bar that has not closed yet; leave it out",
        ),
        ("high", highs < np.maximum(opens, closes), "is below the open or the close"),
        ("high", highs < lows, "is below the low"),
        ("low", lows > np.minimum(opens, closes), "is above the open or the close"),
        ("volume", ~np.isfinite(volumes) | (volumes < 0), "is negative, missing or not a number"),
        *((name, np.isnan(columns[name]), "is missing or not a number") for name in PRICES),
        *((name, (columns[name] <= 0) | np.isinf(columns[name]), "is not above 0") for name in PRICES),
    ]
    for column, bad, message in checks:
        if bad.any():
            yield column, f"{message} in {said_rows(np.flatnonzero(bad))}"


def _wrong_timeframe(times: np.ndarray, dataset: DatasetName) -> Iterator[tuple[str, str]]:
    """Yield a message where every bar lies on the grid of a coarser timeframe: these are such bars."""
    if len(times) < BARS_TO_TELL_A_TIMEFRAME:
        return
    coarser = [
        name for name, ms in TIMEFRAMES.items() if ms > dataset.timeframe_ms and not (times % ms).any()
    ]
    if coarser:
        yield "timestamp", f"is only ever on the grid of {coarser[-1]} bars, not of {dataset.timeframe} bars"


def unique_rows(columns: Columns) -> tuple[np.ndarray, int, np.ndarray]:
    """Return the rows to keep in ascending time, how many stood after a later one, and rows in conflict."""
    import numpy as np

    times = columns["timestamp"]
    order = np.argsort(times, kind="stable")
    latest_before = np.maximum.accumulate(times)
    out_of_order = int((times[1:] < latest_before[:-1]).sum())
    again = np.r_[False, times[order][1:] == times[order][:-1]]
    same = np.ones(len(times), dtype=bool)
    for values in columns.values():
        ordered = values[order]
        same[1:] &= ordered[1:] == ordered[:-1]
    return order[~(again & same)], out_of_order, np.sort(order[again & ~same])


def said_rows(rows: np.ndarray) -> str:
    """Say which rows something is about, counted from 1."""
    shown = ", ".join(str(int(row) + 1) for row in rows[:SHOWN_ROWS])
    more = f" and {len(rows) - SHOWN_ROWS:,} more" if len(rows) > SHOWN_ROWS else ""
    return f"row {shown}{more}"
