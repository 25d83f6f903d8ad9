"""Returns of calendar periods, and rolling ratios: what days add up to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.statistics.calendar import (
    date_of,
    day_of,
    months_before,
    text_of,
    week_of,
    weekday_of,
)
from engine.statistics.days import Days
from engine.statistics.passes import sum_exactly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAYS_A_YEAR = 365
ROLLING_DAYS = (30, 90)

PERIODS: dict[str, tuple[Callable[[int], str], Callable[[NDArray[np.int64]], NDArray[Any]]]] = {
    "week": (week_of, lambda days: (days + weekday_of(0)) // 7),
    "month": (lambda day: text_of(day)[:7], lambda days: days.astype("M8[D]").astype("M8[M]")),
    "year": (lambda day: text_of(day)[:4], lambda days: days.astype("M8[D]").astype("M8[Y]")),
}
"""The name of a day's period, and what days of one period have in common, those of others not."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Closing values of days or longer periods, the first days of these, and the value before the first."""

    day: NDArray[np.int64]
    close: NDArray[np.float64]
    initial: float

    def opens(self) -> NDArray[np.float64]:
        """Return what each period began with: the close before."""
        import numpy as np

        return np.concatenate([[self.initial], self.close])[:-1]

    def changes(self) -> NDArray[np.float64]:
        """Return close / close before − 1, NaN where there was zero or less before."""
        import numpy as np

        opens = self.opens()
        return self.close / np.where(opens > 0.0, opens, np.nan) - 1.0

    def returns(self) -> NDArray[np.float64]:
        """Return the changes; none where one of them is undefined."""
        import numpy as np

        found = self.changes()
        return found[:0] if np.isnan(found).any() else found

    def since(self, day: int) -> float | None:
        """Return the growth from the close before `day` to the end; None from zero or less."""
        before = int(self.day.searchsorted(day))
        base = float(self.close[before - 1]) if before else self.initial
        return float(self.close[-1]) / base - 1.0 if len(self.close) and base > 0.0 else None

    def by(self, period: str) -> Curve:
        """Return the closes of the weeks, months or years that these days lie in."""
        edges = _edges(self.day, period)
        return Curve(self.day[edges[:-1]], self.close[edges[1:] - 1], self.initial)


def period_rows(days: Days, initial: float, period: str) -> list[dict[str, Any]]:
    """Return one row for each week (named by its Monday), month or year with bars.

    `equity` at its end, `return_pct` and `benchmark_return_pct` against the end of the one before (None
    from an equity of zero or less), `pnl` and number of `trades` closed in it.
    """
    name_of, _ = PERIODS[period]
    equity = Curve(days.day, days.close, initial).by(period)
    benchmark = Curve(days.day, days.benchmark, initial).by(period)
    edges = _edges(days.day, period).tolist()
    columns = {
        period: map(name_of, equity.day.tolist()),
        "equity": equity.close.tolist(),
        "return_pct": _percentages(equity),
        "benchmark_return_pct": _percentages(benchmark),
        "pnl": [sum_exactly(days.pnl[first:stop]) for first, stop in pairwise(edges)],
        "trades": [int(days.trades[first:stop].sum()) for first, stop in pairwise(edges)],
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _edges(days: NDArray[np.int64], period: str) -> NDArray[np.int64]:
    """Numbers of the days with which periods begin, and behind the last the number of days."""
    import numpy as np

    if not len(days):
        return np.zeros(1, dtype=np.int64)
    _, periods_of = PERIODS[period]
    periods = periods_of(days)
    return np.concatenate([[0], np.flatnonzero(periods[1:] != periods[:-1]) + 1, [len(days)]])


def _percentages(curve: Curve) -> list[float | None]:
    """The changes in percent, None where they are undefined."""
    return [None if value != value else value for value in (100.0 * curve.changes()).tolist()]


def window_starts(last: int) -> dict[str, int]:
    """Return the first day of each window that ends with the day `last`."""
    when = date_of(last)
    return {
        "mtd": day_of(when.replace(day=1)),
        "3m": months_before(last, 3),
        "6m": months_before(last, 6),
        "ytd": day_of(when.replace(month=1, day=1)),
        "1y": months_before(last, 12),
    }


def rolling_sharpe(days: Days, initial: float) -> dict[str, list[Any]]:
    """Return columns: `date`, and the Sharpe ratio of the last 30 and 90 days (None before, and if flat)."""
    import numpy as np

    returns = Curve(days.day, days.close, initial).returns()
    columns: dict[str, list[Any]] = {"date": _dates(days)}
    for window in ROLLING_DAYS:
        count = len(returns) - window + 1
        found: list[float | None] = [None] * len(days)
        if count > 0:
            # One addition of whole columns for each day of the window: an order that nothing can change.
            total, squares = np.zeros(count), np.zeros(count)
            for offset in range(window):
                total += returns[offset : offset + count]
            mean = total / window
            for offset in range(window):
                away = returns[offset : offset + count] - mean
                squares += away * away
            variance = squares / (window - 1)
            usable = variance > 1e-30
            ratio = mean / np.sqrt(np.where(usable, variance, 1.0)) * math.sqrt(DAYS_A_YEAR)
            found[window - 1 :] = [
                value if good else None for value, good in zip(ratio.tolist(), usable.tolist(), strict=True)
            ]
        columns[f"days_{window}"] = found
    return columns


def daily_columns(days: Days, initial: float) -> dict[str, list[Any]]:
    """Return the daily reports as columns; `blocked` is a mapping of reasons to counts for each day."""
    curve = Curve(days.day, days.close, initial)
    return {
        "date": _dates(days),
        "equity_open": curve.opens().tolist(),
        "equity_high": days.high.tolist(),
        "equity_low": days.low.tolist(),
        "equity_close": days.close.tolist(),
        "return_pct": _percentages(curve),
        "benchmark": days.benchmark.tolist(),
        "pnl": days.pnl.tolist(),
        "trades": days.trades.tolist(),
        "fills": days.fills.tolist(),
        "fees": days.fees.tolist(),
        "bars": days.bars.tolist(),
        "exposed_bars": days.exposed.tolist(),
        "blocked": [dict(sorted(days.blocked.get(day, {}).items())) for day in days.day.tolist()],
    }


def _dates(days: Days) -> list[str]:
    return [text_of(day) for day in days.day.tolist()]
