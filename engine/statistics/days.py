"""One row for each UTC day that has bars: the account at its end, and what happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.statistics.calendar import DAY_MS
from engine.statistics.numbers import sum_whole
from engine.statistics.passes import add_up

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.columns import Coded, Table

INTS = ("day", "bars", "exposed", "fills", "trades")
FLOATS = ("close", "high", "low", "benchmark", "fees", "pnl")


class Days:
    """Columns of days in order.

    `close`, `high`, `low` of the closing equity of its bars, `benchmark` at the last of them; `exposed`
    bars, `fills` and their `fees`, `trades` closed and their `pnl`; `blocked` decisions by reason.
    """

    def __init__(self) -> None:
        self.day: list[int] = []
        self.bars: list[int] = []
        self.exposed: list[int] = []
        self.fills: list[int] = []
        self.trades: list[int] = []
        self.close: list[float] = []
        self.high: list[float] = []
        self.low: list[float] = []
        self.benchmark: list[float] = []
        self.fees: list[float] = []
        self.pnl: list[float] = []
        self.blocked: dict[int, dict[str, int]] = {}

    def __len__(self) -> int:
        return len(self.day)

    def add(self, days: Table) -> int:
        """Take a segment's days; return the number of the first, which may be the last one so far."""
        new = {name: days[name].tolist() for name in ("day", "bars", "exposed", "high", "low", "close")}
        goes_on = self.day[-1:] == new["day"][:1]
        first_day = len(self.day) - int(goes_on)
        if goes_on:
            self.bars[-1] += new["bars"].pop(0)
            self.exposed[-1] += new["exposed"].pop(0)
            self.high[-1] = max(self.high[-1], new["high"].pop(0))
            self.low[-1] = min(self.low[-1], new["low"].pop(0))
            self.close[-1] = new["close"].pop(0)
            del new["day"][0]
        for name, values in new.items():
            getattr(self, name).extend(values)
        begun = len(new["day"])
        for counts in (self.fills, self.trades):
            counts += [0] * begun
        for sums in (self.benchmark, self.fees, self.pnl):
            sums += [0.0] * begun
        return first_day

    def add_fills(self, stamps: NDArray[np.int64], fees: NDArray[np.float64]) -> None:
        self.fills, self.fees = self._added(stamps, fees, self.fills, self.fees)

    def add_trades(self, stamps: NDArray[np.int64], pnl: NDArray[np.float64]) -> None:
        self.trades, self.pnl = self._added(stamps, pnl, self.trades, self.pnl)

    def _added(
        self, stamps: NDArray[np.int64], values: NDArray[np.float64], counts: list[int], sums: list[float]
    ) -> list[list[Any]]:
        """Count rows in the order of time, and add their values; after the last bar it is the last day's."""
        import numpy as np

        begins = np.array(self.day, dtype=np.int64) * DAY_MS
        return add_up("add_by_day", stamps, values, begins, into=(counts, sums))

    def add_blocked(self, first: NDArray[np.int64], reason: Coded, count: NDArray[np.int64]) -> None:
        """Take blocks; one never spans two days, so its first time tells the day of all of it."""
        import numpy as np

        if not self.day:
            return  # nothing is decided without a bar
        # What began before this segment is not in the order of time with the rest.
        days = np.array(self.day, dtype=np.int64)
        rows: NDArray[np.int64] = np.maximum(days.searchsorted(first // DAY_MS, side="right") - 1, 0)
        names = len(reason.names)
        counts = [0] * (len(self.day) * names)
        sum_whole(counts, rows * names + reason.codes, count)
        for cell, times in enumerate(counts):
            if times:
                reasons = self.blocked.setdefault(self.day[cell // names], {})
                name = reason.names[cell % names]
                reasons[name] = reasons.get(name, 0) + times

    def dump(self) -> dict[str, Any]:
        blocked = [[day, sorted(self.blocked[day].items())] for day in sorted(self.blocked)]
        return {**{name: getattr(self, name) for name in INTS + FLOATS}, "blocked": blocked}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Days:
        days = cls()
        for name in INTS + FLOATS:
            setattr(days, name, list(data[name]))
        days.blocked = {day: dict(reasons) for day, reasons in data["blocked"]}
        return days
