"""Returns of calendar periods, and rolling ratios: what days add up to."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
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


@dataclass(frozen=True)
class Curve:
    """Closing values of days, and what they began with."""

    day: Sequence[int]
    close: Sequence[float]
    initial: float

    def returns(self) -> list[float]:
        """Return close / close before − 1 by day; empty where equity was zero or less before the last day."""
        import numpy as np

        close = np.array([self.initial, *self.close])
        if not self.close or close[:-1].min() <= 0.0:
            return []
        found: list[float] = (close[1:] / close[:-1] - 1.0).tolist()
        return found

    def since(self, day: int) -> float | None:
        """Return the growth from the close before `day` to the end; None from zero or less."""
        before = bisect_left(self.day, day)
        base = self.close[before - 1] if before else self.initial
        return change(base, self.close[-1]) if self.close else None


def change(before: float, after: float) -> float | None:
    return after / before - 1.0 if before > 0.0 else None


def period_rows(days: Days, initial: float, period: str) -> list[dict[str, Any]]:
    """Return one row for each week (named by its Monday), month or year with bars.

    `equity` at its end, `return_pct` and `benchmark_return_pct` against the end of the one before (None
    from an equity of zero or less), `pnl` and number of `trades` closed in it.
    """
    name_of, _ = PERIODS[period]
    edges = _edges(days, period)
    returned = _returns(days.close, initial, edges)
    held = _returns(days.benchmark, initial, edges)
    return [
        {
            period: name_of(days.day[first]),
            "equity": days.close[stop - 1],
            "return_pct": returned[number],
            "benchmark_return_pct": held[number],
            "pnl": math.fsum(days.pnl[first:stop]),
            "trades": sum(days.trades[first:stop]),
        }
        for number, (first, stop) in enumerate(pairwise(edges))
    ]


def period_returns(days: Days, initial: float, period: str) -> list[float | None]:
    """Return `return_pct` of each of `period_rows`."""
    return _returns(days.close, initial, _edges(days, period))


def _edges(days: Days, period: str) -> list[int]:
    """Numbers of the days with which periods begin, and behind the last the number of days."""
    import numpy as np

    if not len(days):
        return [0]
    _, periods_of = PERIODS[period]
    periods = periods_of(np.array(days.day))
    return [0, *(np.flatnonzero(periods[1:] != periods[:-1]) + 1).tolist(), len(days)]


def _returns(values: Sequence[float], initial: float, edges: Sequence[int]) -> list[float | None]:
    """Returns in percent between the ends of periods, the first from the initial value."""
    ends = [initial, *(values[stop - 1] for stop in edges[1:])]
    grown = [change(before, after) for before, after in pairwise(ends)]
    return [None if value is None else 100.0 * value for value in grown]


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

    returns = np.array(Curve(days.day, days.close, initial).returns())
    columns: dict[str, list[Any]] = {"date": [text_of(day) for day in days.day]}
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
    opens = [initial, *days.close][: len(days)]
    returned = [change(a, b) for a, b in zip(opens, days.close, strict=True)]
    return {
        "date": [text_of(day) for day in days.day],
        "equity_open": opens,
        "equity_high": days.high,
        "equity_low": days.low,
        "equity_close": days.close,
        "return_pct": [None if value is None else 100.0 * value for value in returned],
        "benchmark": days.benchmark,
        "pnl": days.pnl,
        "trades": days.trades,
        "fills": days.fills,
        "fees": days.fees,
        "bars": days.bars,
        "exposed_bars": days.exposed,
        "blocked": [dict(sorted(days.blocked.get(day, {}).items())) for day in days.day],
    }
