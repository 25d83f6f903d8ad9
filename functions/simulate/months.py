"""Returns month by month, from equity rows as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MonthlyReturns:
    """Collects the last equity of each UTC month; a month's return is against the last of the one before."""

    def __init__(self, initial_equity: float) -> None:
        self._initial = initial_equity
        self._last: dict[str, float] = {}

    def append(self, equity: Mapping[str, Any] | None) -> None:
        """Take the next rows of the equity table (columns `timestamp`, `equity`)."""
        if equity is None or not len(equity["timestamp"]):
            return
        import numpy as np

        months = np.asarray(equity["timestamp"]).astype("datetime64[ms]").astype("datetime64[M]")
        ends = np.append(np.flatnonzero(months[1:] != months[:-1]), len(months) - 1)
        for row in ends:
            self._last[str(months[row])] = float(equity["equity"][row])

    def rows(self) -> list[dict[str, Any]]:
        """Return `month` (yyyy-mm), `equity` at its end, `return_pct` (None from an equity of 0 or less)."""
        before, rows = self._initial, []
        for month, equity in sorted(self._last.items()):
            change = 100.0 * (equity / before - 1.0) if before > 0 else None
            rows.append({"month": month, "equity": equity, "return_pct": change})
            before = equity
        return rows
