"""What candles must be before they are stored. Impossible bars are refused; nothing is repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import InvalidInputError, Issue
from shared.names import DatasetName
from shared.schema import arrow_schema
from shared.times import MAX_MS, iso

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PRICES = ("open", "high", "low", "close")
SHOWN_ROWS = 3


def audited(candles: pa.Table, dataset: DatasetName) -> tuple[pa.Table, dict[str, Any]]:
    """Return the candles in ascending time in the candles schema, and a report of them.

    Raises InvalidInputError with one issue a kind of fault, naming the first rows that have it (1 = the
    first row of data).
    """
    import numpy as np

    if candles.num_rows == 0:
        raise InvalidInputError([Issue("file", "holds no candles")])
    issues = [
        Issue(f"file.{name}", f"has {candles.column(name).null_count} empty values; every bar needs one")
        for name in candles.column_names
        if candles.column(name).null_count
    ]
    if issues:
        raise InvalidInputError(issues)
    columns = {name: candles.column(name).to_numpy() for name in candles.column_names}
    order = np.argsort(columns["timestamp"], kind="stable")
    in_order = bool(np.all(order[1:] > order[:-1]))
    issues = _impossible(columns, dataset) + _duplicates(columns["timestamp"], order)
    if issues:
        raise InvalidInputError(issues)
    ordered = candles if in_order else candles.take(order)
    schema = arrow_schema("candles")
    report = {
        "rows": candles.num_rows,
        "first": iso(int(columns["timestamp"].min())),
        "last": iso(int(columns["timestamp"].max())),
        "sorted_by_us": not in_order,
        "zero_volume_bars": int((columns["volume"] == 0).sum()),
        "flat_bars": int((columns["high"] == columns["low"]).sum()),
    }
    return ordered.select(schema.names).cast(schema), report


def _impossible(columns: dict[str, np.ndarray], dataset: DatasetName) -> list[Issue]:
    import numpy as np

    times = columns["timestamp"]
    opens, highs, lows, closes = (columns[name] for name in PRICES)
    faults = {
        "file.timestamp": (
            [
                ((times < 0) | (times >= MAX_MS), "is outside 1970 to 2200"),
                (times % dataset.timeframe_ms != 0, f"is not on the grid of {dataset.timeframe} bars"),
            ]
        ),
        "file.high": [
            (highs < np.maximum(opens, closes), "is below the open or the close"),
            (highs < lows, "is below the low"),
        ],
        "file.low": [(lows > np.minimum(opens, closes), "is above the open or the close")],
        "file.volume": [
            (~np.isfinite(columns["volume"]) | (columns["volume"] < 0), "is negative or not a number")
        ],
    }
    for name in PRICES:
        price = columns[name]
        faults.setdefault(f"file.{name}", []).append((~np.isfinite(price) | (price <= 0), "is not above 0"))
    return [
        Issue(path, f"{message} in {_rows(np.flatnonzero(bad))}")
        for path, checks in faults.items()
        for bad, message in checks
        if bad.any()
    ]


def _duplicates(times: np.ndarray, order: np.ndarray) -> list[Issue]:
    import numpy as np

    ordered = times[order]
    repeated = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    if not len(repeated):
        return []
    return [Issue("file.timestamp", f"stands twice in {_rows(order[repeated])}; keep one bar a time")]


def _rows(rows: np.ndarray) -> str:
    shown = ", ".join(str(int(row) + 1) for row in rows[:SHOWN_ROWS])
    more = f" and {len(rows) - SHOWN_ROWS:,} more" if len(rows) > SHOWN_ROWS else ""
    return f"row {shown}{more}"
