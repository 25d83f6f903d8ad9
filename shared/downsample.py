"""Fewer points of a curve that still show its highs and lows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# Each level of the equity pyramid keeps the lowest and the highest of so many rows of the level below.
BUCKET_ROWS = 32
LEVEL_FACTOR = BUCKET_ROWS // 2
LEVELS = 3


def extremes(values: np.ndarray, bucket: int) -> np.ndarray:
    """Return the ascending row numbers of the lowest and the highest value of each `bucket` rows.

    Both are rows that exist; a bucket whose extremes are one row gives that row once.
    """
    import numpy as np

    if bucket <= 1 or len(values) == 0:
        return np.arange(len(values))
    whole = len(values) // bucket * bucket
    grid = values[:whole].reshape(-1, bucket)
    starts = np.arange(0, whole, bucket)
    low, high = starts + grid.argmin(axis=1), starts + grid.argmax(axis=1)
    if whole < len(values):
        rest = values[whole:]
        low = np.append(low, whole + rest.argmin())
        high = np.append(high, whole + rest.argmax())
    return np.unique(np.concatenate([low, high]))


def reduce_to(values: np.ndarray, points: int) -> np.ndarray:
    """Return at most `points` (>= 4) ascending row numbers: the first, the last, every bucket's extremes."""
    import numpy as np

    if len(values) <= points:
        return np.arange(len(values))
    bucket = -(-len(values) // max(1, (points - 2) // 2))
    rows = extremes(values, bucket)
    return np.unique(np.concatenate([[0], rows, [len(values) - 1]]))


class LevelReducer:
    """Feeds one level of the pyramid: takes rows as they come, gives the extremes of each full bucket.

    The very first and the very last row pass through every level, so a whole curve starts and ends where it
    should at any zoom.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._rest: dict[str, Any] | None = None
        self._begun = False

    def append(self, columns: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take rows; return the kept rows of the buckets that are full now, or None."""
        import numpy as np

        held = dict(columns)
        if self._rest is not None:
            held = {name: np.concatenate([self._rest[name], values]) for name, values in columns.items()}
        whole = len(held[self._column]) // BUCKET_ROWS * BUCKET_ROWS
        self._rest = {name: values[whole:] for name, values in held.items()}
        if not whole:
            return None
        rows = extremes(held[self._column][:whole], BUCKET_ROWS)
        if not self._begun:
            rows = np.union1d(rows, [0])
            self._begun = True
        return {name: values[:whole][rows] for name, values in held.items()}

    def dump(self) -> tuple[bool, dict[str, Any] | None]:
        """Return what another reducer needs to go on: whether it has begun, the unfilled bucket's rows."""
        return self._begun, self._rest

    def load(self, begun: bool, rest: dict[str, Any] | None) -> None:
        """Go on from what `dump` returned."""
        self._begun, self._rest = begun, rest

    def finish(self) -> dict[str, Any] | None:
        """Return what is kept of the last, unfilled bucket, its last row included; None if it is empty."""
        import numpy as np

        if self._rest is None or not len(self._rest[self._column]):
            return None
        values = self._rest[self._column]
        rows = np.union1d(extremes(values, BUCKET_ROWS), [len(values) - 1])
        if not self._begun:
            rows = np.union1d(rows, [0])
        rest, self._rest = self._rest, None
        return {name: values[rows] for name, values in rest.items()}
