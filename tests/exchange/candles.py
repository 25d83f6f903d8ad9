"""The candles that the stand-in exchange has: generated ones, or real ones from files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cli.simulated_market import simulate_market
from shared.times import TIMEFRAMES

Columns = dict[str, np.ndarray]
PRICES = ("open", "high", "low", "close")


def as_rows(columns: Columns) -> list[list[float]]:
    """Return candles as rows of six: epoch ms, open, high, low, close, volume."""
    series = (columns[name] for name in ("timestamp", *PRICES, "volume"))
    return [[int(time), *(float(value) for value in values)] for time, *values in zip(*series, strict=True)]


@dataclass(slots=True)
class Book:
    """Candles by symbol and timeframe; what is served is cut from these, as they stand at that moment."""

    held: dict[tuple[str, str], Columns] = field(default_factory=dict)

    def put(self, symbol: str, timeframe: str, columns: Columns) -> None:
        self.held[symbol, timeframe] = {name: np.array(values) for name, values in columns.items()}

    def simulate(self, symbol: str, timeframe: str, start_ms: int, end_ms: int, seed: int = 1) -> None:
        """Have a market that never was; bars that open at or after `end_ms` are not there."""
        self.put(symbol, timeframe, simulate_market(symbol, timeframe, start_ms, end_ms, seed))

    def cut(self, symbol: str, timeframe: str, start_ms: int, end_ms: int, limit: int) -> list[list[float]]:
        """Return at most `limit` bars with start <= open <= end, oldest first, as rows of six."""
        columns = self.held.get((symbol, timeframe))
        if columns is None:
            return []
        times = columns["timestamp"]
        first, last = times.searchsorted([start_ms, end_ms + 1])
        rows = slice(int(first), int(min(last, first + limit)))
        return as_rows({name: values[rows] for name, values in columns.items()})

    def whole(self, symbol: str, timeframe: str) -> Columns:
        """Return all bars as an exchange has them that skips no time: where nothing traded one is flat."""
        columns = self.held.get((symbol, timeframe))
        if columns is None:
            return {name: np.empty(0) for name in ("timestamp", *PRICES, "volume")}
        traded = columns["timestamp"]
        times = np.arange(traded[0], traded[-1] + 1, TIMEFRAMES[timeframe])
        before = traded.searchsorted(times, "right") - 1
        quiet = traded[before] != times
        prices = {name: np.where(quiet, columns["close"][before], columns[name][before]) for name in PRICES}
        return {"timestamp": times, **prices, "volume": np.where(quiet, 0.0, columns["volume"][before])}

    def last_price(self, symbol: str) -> float | None:
        """Return the newest close of the finest candles."""
        of_symbol = sorted((TIMEFRAMES[frame], frame) for name, frame in self.held if name == symbol)
        return float(self.held[symbol, of_symbol[0][1]]["close"][-1]) if of_symbol else None

    def rewrite(self, symbol: str, timeframe: str, at_ms: int, factor: float) -> None:
        """Change history: the prices of one bar, as if the exchange had corrected it."""
        columns = self.held[symbol, timeframe]
        (row,) = np.flatnonzero(columns["timestamp"] == at_ms)
        for name in PRICES:
            columns[name][row] *= factor

    def remove(self, symbol: str, timeframe: str, first_ms: int, last_ms: int) -> None:
        """Take bars away, both times inclusive: an outage."""
        columns = self.held[symbol, timeframe]
        kept = (columns["timestamp"] < first_ms) | (columns["timestamp"] > last_ms)
        self.put(symbol, timeframe, {name: values[kept] for name, values in columns.items()})
