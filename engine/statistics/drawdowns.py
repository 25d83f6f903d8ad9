"""Periods below the highest equity so far, bar by bar."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORST = 20
"""Drawdowns that are kept whole; of the others there are sums."""


@dataclass(frozen=True)
class Drawdown:
    """From the last bar at the peak (`start_ms`) over the lowest (`valley_ms`) to the next at the peak.

    `end_ms` is that bar, or the newest one while the drawdown lasts. Times are opens of bars; values are
    closing equity. `bars` are below the peak.
    """

    start_ms: int
    valley_ms: int
    end_ms: int
    peak: float
    valley: float
    bars: int
    recovered: bool

    @property
    def depth(self) -> float:
        return (self.peak - self.valley) / self.peak

    @property
    def rank(self) -> tuple[float, int]:
        """Deeper is greater; of equal ones the earlier."""
        return self.depth, -self.start_ms


class Drawdowns:
    """Follows equity from its initial value on, which stands at `start_ms`."""

    def __init__(self, initial: float, start_ms: int) -> None:
        self.peak = initial
        self.newest = start_ms
        self.current: Drawdown | None = None
        self.count = 0
        self.depths = 0.0
        self.lasted_ms = 0
        self.longest_ms = 0
        self._worst: list[Drawdown] = []

    def add(self, stamps: NDArray[np.int64], equity: NDArray[np.float64]) -> None:
        """Take the next rows; there is at least one."""
        import numpy as np

        peaks = np.maximum.accumulate(equity)
        if peaks[0] < self.peak:
            np.maximum(peaks, self.peak, out=peaks)
        below = equity < peaks
        turns = (np.flatnonzero(below[1:] != below[:-1]) + 1).tolist()
        if below[0]:
            turns.insert(0, 0)
        elif self.current is not None:
            self._close(self.current, int(stamps[0]))
        # From here turns alternate: below from the first, at the peak again from the second, …
        begins, ends = turns[::2], turns[1::2]
        if self.current is not None:
            self.current = _longer(
                self.current, stamps, equity, begins.pop(0), ends[0] if ends else len(equity)
            )
            if ends:
                self._close(self.current, int(stamps[ends.pop(0)]))
        last = begins.pop() if len(begins) > len(ends) else None
        if begins:
            self._add_whole(stamps, equity, peaks, begins, ends)
        if last is not None:
            begun = _begin(int(stamps[last - 1]) if last else self.newest, float(peaks[last]))
            self.current = _longer(begun, stamps, equity, last, len(equity))
        self.peak = float(peaks[-1])
        self.newest = int(stamps[-1])

    def add_below(
        self, stamps: NDArray[np.int64], equity: NDArray[np.float64], low: float, near: tuple[int, int]
    ) -> None:
        """Take the next rows, which are all below the peak; their lowest is first met inside rows `near`."""
        begun = self.current or _begin(self.newest, self.peak)
        if low < begun.valley:
            row = near[0] + int(equity[near[0] : near[1]].argmin())
            begun = replace(begun, valley_ms=int(stamps[row]), valley=low)
        self.newest = int(stamps[-1])
        self.current = replace(begun, end_ms=self.newest, bars=begun.bars + len(equity))

    def worst(self) -> list[Drawdown]:
        """Return the deepest first, that which still lasts among them."""
        every = self._worst if self.current is None else [*self._worst, self.current]
        return sorted(every, key=lambda found: found.rank, reverse=True)[:WORST]

    def _add_whole(
        self,
        stamps: NDArray[np.int64],
        equity: NDArray[np.float64],
        peaks: NDArray[np.float64],
        begins: list[int],
        ends: list[int],
    ) -> None:
        """Take drawdowns that begin and end inside these rows."""
        import numpy as np

        edges = np.empty(2 * len(begins), dtype=np.int64)
        edges[::2], edges[1::2] = begins, ends
        lows, tops = np.minimum.reduceat(equity, edges)[::2], peaks[edges[::2]]
        depths = (tops - lows) / tops
        before = np.array([stamps[begins[0] - 1] if begins[0] else self.newest])
        starts = np.concatenate([before, stamps[edges[2::2] - 1]])
        lasted = stamps[edges[1::2]] - starts
        self.count += len(begins)
        self.depths = reduce(operator.add, depths.tolist(), self.depths)
        self.lasted_ms += int(lasted.sum())
        self.longest_ms = max(self.longest_ms, int(lasted.max()))
        # A drawdown no deeper than the last that is kept comes after it, and stays out.
        floor = min(found.depth for found in self._worst) if len(self._worst) == WORST else -1.0
        deep = np.flatnonzero(depths > floor)
        if len(deep) > WORST:
            deep = np.sort(deep[np.argsort(-depths[deep], kind="stable")[:WORST]])
        for number in deep.tolist():
            begin, end = begins[number], ends[number]
            self._keep(
                Drawdown(
                    int(starts[number]),
                    int(stamps[begin + int(equity[begin:end].argmin())]),
                    int(stamps[end]),
                    float(tops[number]),
                    float(lows[number]),
                    end - begin,
                    recovered=True,
                )
            )

    def _close(self, found: Drawdown, end_ms: int) -> None:
        self.current = None
        self.count += 1
        self.depths += found.depth
        self.lasted_ms += end_ms - found.start_ms
        self.longest_ms = max(self.longest_ms, end_ms - found.start_ms)
        self._keep(replace(found, end_ms=end_ms, recovered=True))

    def _keep(self, found: Drawdown) -> None:
        self._worst = sorted([*self._worst, found], key=lambda kept: kept.rank, reverse=True)[:WORST]

    def dump(self) -> dict[str, Any]:
        data = {name: value for name, value in vars(self).items() if name not in ("current", "_worst")}
        kept = [astuple(found) for found in self._worst]
        return {**data, "current": None if self.current is None else astuple(self.current), "worst": kept}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Drawdowns:
        found = cls(0.0, 0)
        for name in ("peak", "newest", "count", "depths", "lasted_ms", "longest_ms"):
            setattr(found, name, data[name])
        found.current = None if data["current"] is None else Drawdown(*data["current"])
        found._worst = [Drawdown(*row) for row in data["worst"]]
        return found


def _begin(start_ms: int, peak: float) -> Drawdown:
    return Drawdown(start_ms, start_ms, start_ms, peak, peak, 0, recovered=False)


def _longer(
    found: Drawdown, stamps: NDArray[np.int64], equity: NDArray[np.float64], begin: int, end: int
) -> Drawdown:
    """The same drawdown with the rows from `begin` to before `end`, all below its peak."""
    row = begin + int(equity[begin:end].argmin())
    low = float(equity[row])
    deeper = low < found.valley
    return replace(
        found,
        valley_ms=int(stamps[row]) if deeper else found.valley_ms,
        valley=low if deeper else found.valley,
        end_ms=int(stamps[end - 1]),
        bars=found.bars + end - begin,
    )
