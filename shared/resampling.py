"""Longer bars made of shorter ones, exactly and the same bits everywhere.

A longer bar has the open of its first shorter bar, the highest high, the lowest low, the close of the last
and the volume of all. One that lacks some of its shorter bars is made of those there are and counts as
incomplete; one that lacks all of them does not exist, for no price is made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.manifest import Flag, Gap

if TYPE_CHECKING:
    import numpy as np

    Columns = Mapping[str, np.ndarray]

# Volumes are decimals: an exchange counts them in steps, none finer than 1e-8.
_SCALES = (1e8, 1e4, 1.0)
_LARGEST_EXACT = float(1 << 53)


@dataclass(frozen=True, slots=True)
class LongerBars:
    """Candle columns, and for each bar how many shorter ones it is made of."""

    columns: dict[str, np.ndarray]
    made_of: np.ndarray


def fits(timeframe_ms: int, into_ms: int) -> bool:
    """Tell whether bars can be made of shorter ones: a whole number of these, two at least, fill one."""
    return timeframe_ms < into_ms and into_ms % timeframe_ms == 0


def resample(columns: Columns, timeframe_ms: int, into_ms: int) -> LongerBars:
    """Make bars of `into_ms` of the candle columns of bars of `timeframe_ms`, which are ascending and unique.

    Longer bars begin at whole multiples of their length since 1970, UTC. Wherever the columns are cut between
    two of them, the bars are the same. Raises ValueError for lengths that do not fit.
    """
    import numpy as np

    if not fits(timeframe_ms, into_ms):
        raise ValueError(f"bars of {into_ms} ms cannot be made of bars of {timeframe_ms} ms")
    opens = columns["timestamp"] // into_ms * into_ms
    first = np.flatnonzero(np.r_[True, opens[1:] != opens[:-1]][: len(opens)])
    ends = np.r_[first[1:], len(opens)][: len(first)]
    if not len(first):
        return LongerBars({name: values[:0] for name, values in columns.items()}, first)
    made = {
        "timestamp": opens[first],
        "open": columns["open"][first],
        "high": np.maximum.reduceat(columns["high"], first),
        "low": np.minimum.reduceat(columns["low"], first),
        "close": columns["close"][ends - 1],
        "volume": _volumes(columns["volume"], first, ends),
    }
    return LongerBars(made, ends - first)


def whole_bars(first_ms: int, last_ms: int, timeframe_ms: int, into_ms: int) -> tuple[int, int]:
    """Return the first and the last open of the longer bars that lie inside bars from first_ms to last_ms.

    A bar that reaches over either end is none: it is still open there, or was when the bars began. Where no
    bar lies inside, the last open is before the first.
    """
    end_ms = last_ms + timeframe_ms
    return first_ms + -first_ms % into_ms, end_ms - end_ms % into_ms - into_ms


def gaps_of(
    gaps: Sequence[Gap], first_ms: int, last_ms: int, timeframe_ms: int, into_ms: int
) -> tuple[Gap, ...]:
    """Return the gaps of the longer bars from first_ms to last_ms: those that lack every shorter bar."""
    found = []
    for gap in gaps:
        # A shorter bar stands before and behind each gap, so no longer bar is missing by two of them.
        end_ms = gap.to_ms + timeframe_ms
        start = max(gap.from_ms + -gap.from_ms % into_ms, first_ms)
        last = min(end_ms - end_ms % into_ms - into_ms, last_ms)
        if start <= last:
            found.append(Gap(start, last, (last - start) // into_ms + 1))
    return tuple(found)


def incomplete_bars(
    gaps: Sequence[Gap], first_ms: int, last_ms: int, timeframe_ms: int, into_ms: int
) -> list[Flag]:
    """Return a flag for each longer bar from first_ms to last_ms that lacks some of its bars, not all.

    `values`: `missing` shorter bars `of` those that it should have.
    """
    of = into_ms // timeframe_ms
    lacking: Counter[int] = Counter()
    for gap in gaps:
        for open_ms in {gap.from_ms // into_ms * into_ms, gap.to_ms // into_ms * into_ms}:
            begin, end = max(gap.from_ms, open_ms), min(gap.to_ms, open_ms + into_ms - timeframe_ms)
            lacking[open_ms] += (end - begin) // timeframe_ms + 1
    return [
        Flag("incomplete", open_ms, open_ms, 1, {"missing": float(missing), "of": float(of)})
        for open_ms, missing in sorted(lacking.items())
        if missing < of and first_ms <= open_ms <= last_ms
    ]


def _volumes(values: np.ndarray, first: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Add up the volumes of each bar as the decimals that they are, rounded once.

    So an hour made of minutes has the very volume that the exchange publishes for the hour. Where volumes are
    no decimals of 8 places, or too large, they are added one after the other.
    """
    import numpy as np

    totals = _in_sequence(values, first, ends)
    inexact = np.ones(len(first), dtype=bool)
    for scale in _SCALES:
        steps = np.rint(values * scale)
        decimal = np.logical_and.reduceat(steps / scale == values, first)
        # Sums of whole numbers are exact in any order, as long as they are not too large.
        whole = np.add.reduceat(steps, first)
        found = inexact & decimal & (whole < _LARGEST_EXACT)
        totals[found] = whole[found] / scale
        inexact &= ~found
    return totals


def _in_sequence(values: np.ndarray, first: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Add up the values of each bar in their order; numpy's own sums choose an order by the machine."""
    totals: np.ndarray = values[first].copy()
    for place in range(1, int((ends - first).max())):
        rows = first + place
        there = rows < ends
        totals[there] += values[rows[there]]
    return totals
