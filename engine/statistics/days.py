"""One row for each UTC day that has bars: the account at its end, and what happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.statistics.calendar import DAY_MS
from engine.statistics.passes import call

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.columns import Coded, Table

INTS = ("day", "bars", "exposed", "fills", "trades")
FLOATS = ("close", "high", "low", "benchmark", "fees", "pnl")


class Days:
    """Columns of days in order, as arrays.

    `close`, `high`, `low` of the closing equity of its bars, `benchmark` at the last of them; `exposed`
    bars, `fills` and their `fees`, `trades` closed and their `pnl`; `blocked` decisions by reason.
    """

    def __init__(self) -> None:
        import numpy as np

        nothing, none = np.empty(0, dtype=np.int64), np.empty(0)
        self.day: NDArray[np.int64] = nothing
        self.bars: NDArray[np.int64] = nothing
        self.exposed: NDArray[np.int64] = nothing
        self.fills: NDArray[np.int64] = nothing
        self.trades: NDArray[np.int64] = nothing
        self.close: NDArray[np.float64] = none
        self.high: NDArray[np.float64] = none
        self.low: NDArray[np.float64] = none
        self.benchmark: NDArray[np.float64] = none
        self.fees: NDArray[np.float64] = none
        self.pnl: NDArray[np.float64] = none
        self.blocked: dict[int, dict[str, int]] = {}

    def __len__(self) -> int:
        return len(self.day)

    def add(self, days: Table) -> int:
        """Take a segment's days; return the number of the first, which may be the last one so far."""
        import numpy as np

        goes_on = int(len(self) > 0 and self.day[-1] == days["day"][0])
        if goes_on:
            self.bars[-1] += days["bars"][0]
            self.exposed[-1] += days["exposed"][0]
            self.high[-1] = max(self.high[-1], days["high"][0])
            self.low[-1] = min(self.low[-1], days["low"][0])
            self.close[-1] = days["close"][0]
        first_day = len(self) - goes_on
        begun = days.rows - goes_on
        for name in INTS + FLOATS:
            before = getattr(self, name)
            new = days[name][goes_on:] if name in days else np.zeros(begun, dtype=before.dtype)
            setattr(self, name, np.concatenate([before, new]))
        return first_day

    def add_fills(self, stamps: NDArray[np.int64], fees: NDArray[np.float64]) -> None:
        self._count(stamps, fees, self.fills, self.fees)

    def add_trades(self, stamps: NDArray[np.int64], pnl: NDArray[np.float64]) -> None:
        self._count(stamps, pnl, self.trades, self.pnl)

    def _count(
        self,
        stamps: NDArray[np.int64],
        values: NDArray[np.float64],
        counts: NDArray[np.int64],
        sums: NDArray[np.float64],
    ) -> None:
        """Count rows in the order of time, and add their values; after the last bar it is the last day's."""
        call("add_by_day", stamps, values, self.day * DAY_MS, into=(counts, sums))

    def add_blocked(self, first: NDArray[np.int64], reason: Coded, count: NDArray[np.int64]) -> None:
        """Take blocks; one never spans two days, so its first time tells the day of all of it."""
        import numpy as np

        if not len(self):
            return  # nothing is decided without a bar
        # What began before this segment is not in the order of time with the rest.
        rows = np.maximum(self.day.searchsorted(first // DAY_MS, side="right") - 1, 0)
        counts = np.zeros((len(self), len(reason.names)), dtype=np.int64)
        np.add.at(counts, (rows, reason.codes), count)
        days, codes = counts.nonzero()
        cells = zip(self.day[days].tolist(), codes.tolist(), counts[days, codes].tolist(), strict=True)
        for day, code, times in cells:
            reasons, name = self.blocked.setdefault(day, {}), reason.names[code]
            reasons[name] = reasons.get(name, 0) + times

    def dump(self) -> dict[str, Any]:
        blocked = [[day, sorted(self.blocked[day].items())] for day in sorted(self.blocked)]
        return {**{name: getattr(self, name).tolist() for name in INTS + FLOATS}, "blocked": blocked}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Days:
        import numpy as np

        days = cls()
        for name in INTS + FLOATS:
            setattr(days, name, np.array(data[name], dtype=getattr(days, name).dtype))
        days.blocked = {day: dict(reasons) for day, reasons in data["blocked"]}
        return days
