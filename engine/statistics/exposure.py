"""Bars at whose close a position is open, from the table of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from engine.columns import Column


class Exposure:
    """Which of the plan's symbols are held; a change counts from the close of its bar on."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.held = [0] * len(symbols)

    def add(
        self, timeline: NDArray[np.int64], positions: Mapping[str, Column], edges: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Take a segment's bars and changes; return the exposed bars between each two rows of `edges`."""
        import numpy as np

        changed, opened = [np.zeros(1, dtype=np.int64)], [np.array([sum(self.held)])]
        symbols = positions["symbol"].codes
        for number in np.flatnonzero(np.bincount(symbols)).tolist():
            own = symbols == number
            stamps, held = positions["timestamp"][own], (positions["qty"][own] != 0.0).astype(np.int64)
            # Of several changes in one bar the last one stands at its close.
            last = np.ones(len(stamps), dtype=np.bool_)
            last[:-1] = stamps[1:] != stamps[:-1]
            stamps, held = stamps[last], held[last]
            steps = np.diff(held, prepend=self.held[number])
            moved = steps != 0
            changed.append(_rows_of(timeline, stamps[moved]))
            opened.append(steps[moved])
            self.held[number] = int(held[-1])
        rows, steps = np.concatenate(changed), np.concatenate(opened)
        order = rows.argsort(kind="stable")
        rows, exposed = rows[order], np.cumsum(steps[order]) > 0
        # Exposed bars before each change, from which those before any row follow.
        before = np.concatenate([[0], np.cumsum(np.diff(rows) * exposed[:-1])])
        at = rows.searchsorted(edges, side="right") - 1
        found: NDArray[np.int64] = np.diff(before[at] + (edges - rows[at]) * exposed[at])
        return found


def _rows_of(timeline: NDArray[np.int64], stamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of times in the timeline: reckoned where it has no gaps, which is faster than to seek them."""
    span, rows = int(timeline[-1] - timeline[0]), len(timeline) - 1
    if rows and span % rows == 0:
        found: NDArray[np.int64] = (stamps - timeline[0]) // (span // rows)
        if bool((timeline[found] == stamps).all()):
            return found
    return timeline.searchsorted(stamps)
