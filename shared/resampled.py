"""A dataset at a longer timeframe than it is held at: its bars are made as they are read.

So a run whose timeframe is not held reads the finer candles that are, and its results say so. Which bars
there are is told from the gaps of the finer ones; nothing is read for it and nothing is stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from shared.candles import DatasetVersion, bars_of
from shared.manifest import DatasetManifest, Flag, Gap, MadeOf, Part
from shared.names import DatasetName
from shared.resampling import gaps_of, incomplete_bars, whole_bars
from shared.schema import arrow_schema
from shared.series_reader import RowReader

if TYPE_CHECKING:
    import pyarrow as pa


def resampled_version(source: DatasetVersion, timeframe: str) -> DatasetVersion | None:
    """Return a version's bars at a longer timeframe; None where it does not span a single one."""
    dataset = DatasetName(source.dataset.exchange, source.dataset.symbol, timeframe)
    of, into = source.dataset.timeframe_ms, dataset.timeframe_ms
    held = source.manifest
    first, last = whole_bars(held.first_ms, held.last_ms, of, into)
    gaps = list(gaps_of(held.gaps, first, last, of, into))
    if gaps and gaps[0].from_ms == first:
        first = gaps.pop(0).to_ms + into
    if gaps and gaps[-1].to_ms == last:
        last = gaps.pop().from_ms - into
    if last < first:
        return None
    rows = (last - first) // into + 1 - sum(gap.missing for gap in gaps)
    manifest = DatasetManifest(
        exchange=dataset.exchange,
        symbol=dataset.symbol,
        timeframe=timeframe,
        parts=(Part(first, last, rows, 0, ""),),  # of no file
        gaps=tuple(gaps),
        market=held.market,
        made_of=MadeOf(
            str(source.dataset), source.version, len(incomplete_bars(held.gaps, first, last, of, into))
        ),
    )
    return DatasetVersion(source.owner, dataset, source.version, manifest, source)


def incomplete_between(version: DatasetVersion, start_ms: int, end_ms: int) -> list[Flag]:
    """Return the incomplete bars of a version with start_ms <= open < end_ms, in time.

    Of one that is made as it is read, each; of one that was resampled and stored, as its audit tells them.
    """
    manifest = version.manifest
    if version.source is None:
        flags = manifest.audit.flags if manifest.audit else ()
        return [f for f in flags if f.kind == "incomplete" and f.from_ms < end_ms and f.to_ms >= start_ms]
    return incomplete_bars(
        version.source.manifest.gaps,
        max(start_ms, manifest.first_ms),
        min(end_ms - 1, manifest.last_ms),
        version.source.dataset.timeframe_ms,
        version.dataset.timeframe_ms,
    )


class ResampledReader:
    """Reads the bars of a version that are made as they are read, by windows of its source."""

    def __init__(self, source: RowReader, version: DatasetVersion) -> None:
        self._source, self._version = source, version
        self._step = version.dataset.timeframe_ms
        manifest = version.manifest
        # Where bars begin to follow one another without a gap, and how many rows come before.
        self._begins = [manifest.first_ms, *(gap.to_ms + self._step for gap in manifest.gaps)]
        self._rows_before = _rows_before(self._begins, manifest.gaps, self._step)

    @property
    def rows(self) -> int:
        return self._version.manifest.rows

    def first_at_or_after(self, ms: int) -> int:
        return self._version.count(self._version.manifest.first_ms, ms)

    def slice(self, start: int, stop: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows start <= row < stop."""
        start, stop = max(0, start), min(stop, self.rows)
        if start >= stop:
            return self.window(0, 0, columns)
        return self.window(self._time_of(start), self._time_of(stop - 1) + 1, columns)

    def window(self, start_ms: int, end_ms: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the bars with start_ms <= open < end_ms."""
        import pyarrow as pa

        step = self._step
        first, last = start_ms + -start_ms % step, end_ms + -end_ms % step
        read = self._source.window(first, last)
        made = bars_of(self._version, {name: read.column(name).to_numpy() for name in read.column_names})
        table = pa.table(made, schema=arrow_schema("candles"))
        return table if columns is None else table.select(list(columns))

    def _time_of(self, row: int) -> int:
        spell = bisect_right(self._rows_before, row) - 1
        return self._begins[spell] + (row - self._rows_before[spell]) * self._step


def _rows_before(begins: Sequence[int], gaps: Sequence[Gap], step_ms: int) -> list[int]:
    lengths = [(gap.from_ms - begin) // step_ms for begin, gap in zip(begins, gaps, strict=False)]
    return [0, *accumulate(lengths)]
