"""What an exchange's answer must be before it is taken for candles: nothing impossible, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.errors import ExchangeError
from shared.names import DatasetName
from shared.schema import arrow_schema
from shared.times import iso

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from functions.exchanges import Row

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")


def bars_of(rows: Sequence[Row], dataset: DatasetName, start_ms: int, end_ms: int) -> np.ndarray:
    """Return an answer's bars with start_ms <= open < end_ms: ascending, unique, a row of six each.

    A bar that comes twice is taken once. Raises ExchangeError for bars that no market can have made, off
    the grid, or two that differ for one time.
    """
    import numpy as np

    bars = np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))
    if np.isnan(bars[:, 0]).any():
        raise _impossible(dataset, "a bar without a time")
    bars = bars[(bars[:, 0] >= start_ms) & (bars[:, 0] < end_ms)]
    bars = np.unique(bars, axis=0)  # sorted by time, then the rest; equal rows once
    times, prices, volumes = bars[:, 0], bars[:, 1:5], bars[:, 5]
    _refuse(dataset, times, times % dataset.timeframe_ms != 0, "off the grid of its timeframe")
    twice = np.zeros(len(times), dtype=bool)
    twice[1:] = np.diff(times) == 0
    _refuse(dataset, times, twice, "that stands there twice, differently")
    none = np.max(~np.isfinite(prices) | (prices <= 0), axis=1, initial=False)
    _refuse(dataset, times, none, "with a price that is none")
    opens, highs, lows, closes = prices.T
    contradicts: np.ndarray = (
        (highs < np.maximum(opens, closes)) | (lows > np.minimum(opens, closes)) | (highs < lows)
    )
    _refuse(dataset, times, contradicts, "whose high or low contradicts its prices")
    _refuse(dataset, times, ~np.isfinite(volumes) | (volumes < 0), "with a volume that is none")
    return bars


def as_table(bars: np.ndarray) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    columns = [bars[:, 0].astype(np.int64), *(np.ascontiguousarray(bars[:, i]) for i in range(1, 6))]
    return pa.table(dict(zip(COLUMNS, columns, strict=True)), schema=arrow_schema("candles"))


def _refuse(dataset: DatasetName, times: np.ndarray, bad: np.ndarray, what: str) -> None:
    if bad.any():
        raise _impossible(dataset, f"a bar {what}, at {iso(int(times[bad.argmax()]))}")


def _impossible(dataset: DatasetName, what: str) -> ExchangeError:
    return ExchangeError(dataset.exchange, "malformed", f"{dataset.exchange} answers {what} ({dataset})")
