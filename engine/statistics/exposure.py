"""Bars at whose close a position is open, from the table of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.statistics.passes import add_up

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
    ) -> list[int]:
        """Take a segment's bars and changes; return the exposed bars between each two rows of `edges`."""
        self.held, counts = add_up(
            "count_exposed",
            timeline,
            positions["timestamp"],
            positions["symbol"].codes,
            positions["qty"],
            edges,
            into=(self.held, [0] * (len(edges) - 1)),
        )
        return counts
