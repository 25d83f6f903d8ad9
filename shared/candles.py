"""Candles in the store: immutable monthly files, and dataset versions that name them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from shared import names
from shared.flags import JUMP_ATRS, KINDS_OF_BARS, LEAD_IN_BARS, flags_of_month, in_time
from shared.identifiers import content_hash
from shared.manifest import Audit, DatasetManifest, Flag, Gap, Part, Series
from shared.names import DatasetName
from shared.parquet import decode, encode
from shared.resampling import resample
from shared.schema import arrow_schema
from shared.series_reader import RowReader, SeriesReader
from shared.store import ObjectStore, canonical_json
from shared.times import month_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from shared.markets import MarketFacts

# Bars of one symbol in one segment: a few megabytes, and parts enough to fetch in parallel.
SEGMENT_ROWS = 100_000
# Bars of all symbols in one segment, from which it ends with the month: a portfolio's memory is bounded too,
# and how far it is can be told between two segments.
SEGMENT_ROWS_TOGETHER = 400_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was put right in rows as they came: rows equal to another, rows that stood after a later one."""

    duplicates_removed: int = 0
    out_of_order: int = 0


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version of a dataset, read from its manifest.

    With a `source` its bars are made of that version's as they are read (shared/resampled.py).
    """

    owner: str
    dataset: DatasetName
    version: str
    manifest: DatasetManifest
    source: DatasetVersion | None = None

    @property
    def stored(self) -> DatasetVersion:
        """Return the version whose files are read."""
        return self.source or self

    def key(self, part: Part) -> str:
        return names.candles_part(self.owner, self.dataset, part.first_ms, part.sha256[:32])

    def count(self, start_ms: int, end_ms: int) -> int:
        """Count the bars with start_ms <= open < end_ms without reading any."""
        return self.manifest.bars_between(start_ms, end_ms, self.dataset.timeframe_ms)

    def gaps_between(self, start_ms: int, end_ms: int) -> list[Gap]:
        """Return the gaps that have a missing bar in start_ms <= open < end_ms."""
        return [gap for gap in self.manifest.gaps if gap.from_ms < end_ms and gap.to_ms >= start_ms]


def load_version(store: ObjectStore, owner: str, dataset: DatasetName, version: str) -> DatasetVersion:
    raw = store.get_json(names.dataset_manifest(owner, dataset, version))
    return DatasetVersion(owner, dataset, version, DatasetManifest.from_dict(raw))


def candles_reader(store: ObjectStore, version: DatasetVersion) -> RowReader:
    """Open a version for windows: only the months that a window touches are read, by ranges."""
    if version.source is not None:
        from shared.resampled import ResampledReader

        return ResampledReader(candles_reader(store, version.source), version)
    parts = version.manifest.parts
    series = Series("candles", version.manifest.rows, parts)
    return SeriesReader(store, series, [version.key(part) for part in parts])


def months_of(version: DatasetVersion | None) -> dict[str, Part]:
    """Return the parts of a version by their month; none of no version."""
    return {month_of(part.first_ms): part for part in version.manifest.parts} if version else {}


def read_part(store: ObjectStore, version: DatasetVersion, part: Part) -> dict[str, np.ndarray]:
    """Read one month of a version whole, as columns."""
    key = version.key(part)
    return _columns(decode(store.get(key), version.dataset.kind, key))


def read_segments(
    store: ObjectStore, versions: Sequence[DatasetVersion], start_ms: int, end_ms: int
) -> Iterator[tuple[Mapping[str, np.ndarray], ...]]:
    """Yield the bars start_ms <= open < end_ms of several datasets in segments of time.

    A segment holds the candle columns of each version, in the order of `versions`. All of a segment span the
    same months, so a fold can take segment after segment. Memory holds one segment.
    """
    by_month: dict[str, list[tuple[int, Part]]] = {}
    for number, version in enumerate(versions):
        for part in version.stored.manifest.parts:
            if part.last_ms >= start_ms and part.first_ms < end_ms:
                by_month.setdefault(month_of(part.first_ms), []).append((number, part))
    batch: list[tuple[int, Part]] = []
    rows = [0] * len(versions)
    for month in sorted(by_month):
        batch += by_month[month]
        for number, part in by_month[month]:
            rows[number] += part.rows
        if max(rows) >= SEGMENT_ROWS or sum(rows) >= SEGMENT_ROWS_TOGETHER:
            yield _read_parts(store, versions, batch, start_ms, end_ms)
            batch, rows = [], [0] * len(versions)
    if batch:
        yield _read_parts(store, versions, batch, start_ms, end_ms)


def _read_parts(
    store: ObjectStore,
    versions: Sequence[DatasetVersion],
    parts: Sequence[tuple[int, Part]],
    start_ms: int,
    end_ms: int,
) -> tuple[dict[str, np.ndarray], ...]:
    """Fetch parts in parallel and return their bars inside the span, a mapping of columns a version."""
    import pyarrow as pa

    keys = [versions[number].stored.key(part) for number, part in parts]
    tables: list[list[pa.Table]] = [[] for _ in versions]
    for (number, _), key, body in zip(parts, keys, store.get_many(keys), strict=True):
        tables[number].append(decode(body, "candles", key))
    schema = arrow_schema("candles")
    segment = []
    for version, pieces in zip(versions, tables, strict=True):
        table = pa.concat_tables(pieces) if pieces else schema.empty_table()
        columns = bars_of(version, {name: table.column(name).to_numpy() for name in schema.names})
        first, last = columns["timestamp"].searchsorted([start_ms, end_ms])
        segment.append({name: values[first:last] for name, values in columns.items()})
    return tuple(segment)


def bars_of(version: DatasetVersion, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return a version's bars of what was read from its files: whole bars of its own length."""
    if version.source is None:
        return columns
    made = resample(columns, version.source.dataset.timeframe_ms, version.dataset.timeframe_ms).columns
    # A bar that reaches over an end of its source is none.
    first, last = version.manifest.first_ms, version.manifest.last_ms
    low, high = made["timestamp"].searchsorted([first, last + 1])
    return {name: values[low:high] for name, values in made.items()}


def write_version(
    store: ObjectStore,
    owner: str,
    dataset: DatasetName,
    candles: pa.Table | Iterable[pa.Table],
    previous: DatasetVersion | None,
    arrival: Arrival | None = None,
    market: MarketFacts | None = None,
    whole: tuple[int, int] | None = None,
) -> DatasetVersion:
    """Write candles as a new version that goes on from `previous`, and return it.

    `candles` has the candles schema, in ascending time, unique and on the grid; given in pieces, one after
    the other, memory holds a month. `arrival` is what was put right to make them so. In months that both
    have, the new bars replace those of the same time; months that only the previous version has are kept as
    they are. Of a span `whole`, [from, to), the new bars are all there are: what the previous version has
    there besides goes. Equal candles give an equal version. `market` is what the exchange says of it; None
    leaves what was said before. Raises ValueError where no bar is left.

    Reads the months that change, and of their neighbours what the audit needs: not the whole dataset.
    """
    import pyarrow as pa

    old = months_of(previous)
    incoming = by_month([candles] if isinstance(candles, pa.Table) else candles)
    kept = previous.manifest.audit if previous else None
    parts: list[Part] = []
    gaps: list[Gap] = []
    flags: list[Flag] = []
    bars_since_change = LEAD_IN_BARS
    tail: pa.Table | None = None  # the last bars of the months so far, where these were read

    def read(part: Part) -> pa.Table:
        key = names.candles_part(owner, dataset, part.first_ms, part.sha256)
        return decode(store.get(key), "candles", key)

    for month, new in all_months(old, incoming):
        if new is None and not (whole and old[month].first_ms < whole[1] and old[month].last_ms >= whole[0]):
            part, rows = old[month], None
        else:
            fresh = arrow_schema("candles").empty_table() if new is None else new
            rows = merge_rows(read(old[month]), fresh, whole) if month in old else fresh
            bars_since_change = 0
            if not rows.num_rows:
                continue
            part = put_month(store, owner, dataset, rows)
        # The first bars after a change are judged by bars that changed.
        if kept is None or bars_since_change < LEAD_IN_BARS:
            table = read(part) if rows is None else rows
            lead_in = _last_bars(parts, read) if tail is None else tail
            columns = _columns(table)
            gaps += find_gaps(columns["timestamp"], dataset.timeframe_ms)
            flags += flags_of_month(columns, _columns(lead_in), dataset.timeframe_ms)
            tail = _last_of(pa.concat_tables([lead_in, table]))
            if rows is None:
                flags += [flag for flag in _inside(kept, part) if flag.kind not in KINDS_OF_BARS]
        elif previous is not None:
            tail = None
            gaps += [gap for gap in previous.manifest.gaps if part.first_ms < gap.from_ms < part.last_ms]
            flags += _inside(kept, part)
        if rows is None:
            bars_since_change += part.rows
        parts.append(part)
    if not parts:
        raise ValueError(f"no bar is left of {dataset}")
    gaps += _gaps_between(parts, dataset.timeframe_ms)
    manifest = DatasetManifest(
        exchange=dataset.exchange,
        symbol=dataset.symbol,
        timeframe=dataset.timeframe,
        parts=tuple(parts),
        gaps=tuple(sorted(gaps, key=lambda gap: gap.from_ms)),
    )
    version = content_hash(canonical_json(manifest.identity()))
    repeated = previous is not None and previous.version == version
    flags.sort(key=in_time)
    audit = _audit(flags, kept, arrival or Arrival(), repeated=repeated)
    facts = market or (previous.manifest.market if previous else None)
    manifest = replace(manifest, audit=audit, market=facts)
    store.put_json(names.dataset_manifest(owner, dataset, version), manifest.to_dict())
    return DatasetVersion(owner, dataset, version, manifest)


def all_months(
    old: Mapping[str, Part], incoming: Iterable[tuple[str, pa.Table]]
) -> Iterator[tuple[str, pa.Table | None]]:
    """Yield the months of both in order, each with its new rows if it has any."""
    waiting = deque(sorted(old))
    for month, rows in incoming:
        while waiting and waiting[0] < month:
            yield waiting.popleft(), None
        if waiting and waiting[0] == month:
            waiting.popleft()
        yield month, rows
    for month in waiting:
        yield month, None


def _inside(audit: Audit | None, part: Part) -> list[Flag]:
    """Return what an audit says of one month."""
    if audit is None:
        return []
    return [flag for flag in audit.flags if part.first_ms <= flag.from_ms <= part.last_ms]


def put_month(store: ObjectStore, owner: str, dataset: DatasetName, rows: pa.Table) -> Part:
    """Write one month of a dataset; equal rows are the same object."""
    body = encode(rows.cast(arrow_schema(dataset.kind)).combine_chunks())
    times = rows.column("timestamp")
    part = Part(times[0].as_py(), times[-1].as_py(), rows.num_rows, len(body), content_hash(body))
    store.put(names.candles_part(owner, dataset, part.first_ms, part.sha256), body)
    return part


def _columns(table: pa.Table) -> dict[str, np.ndarray]:
    return {name: table.column(name).to_numpy() for name in table.column_names}


def _last_bars(parts: Sequence[Part], read: Callable[[Part], pa.Table]) -> pa.Table:
    """Read the last LEAD_IN_BARS of the months so far, from as many months as it takes."""
    import pyarrow as pa

    last = arrow_schema("candles").empty_table()
    for part in reversed(parts):
        if last.num_rows >= LEAD_IN_BARS:
            break
        last = pa.concat_tables([read(part), last])
    return _last_of(last)


def _last_of(table: pa.Table) -> pa.Table:
    return table.slice(max(0, table.num_rows - LEAD_IN_BARS))


def _audit(flags: Sequence[Flag], kept: Audit | None, arrival: Arrival, *, repeated: bool) -> Audit:
    """Add what was put right to what was before; a retry, or the same file again, counts for nothing."""
    removed, moved = (kept.duplicates_removed, kept.out_of_order) if kept else (0, 0)
    if not (kept and repeated):
        removed, moved = removed + arrival.duplicates_removed, moved + arrival.out_of_order
    return Audit(tuple(flags), JUMP_ATRS, removed, moved)


def _gaps_between(parts: Sequence[Part], timeframe_ms: int) -> Iterator[Gap]:
    for earlier, later in pairwise(parts):
        missing = (later.first_ms - earlier.last_ms) // timeframe_ms - 1
        if missing:
            yield Gap(earlier.last_ms + timeframe_ms, later.first_ms - timeframe_ms, missing)


def find_gaps(times: np.ndarray, timeframe_ms: int) -> tuple[Gap, ...]:
    """Return the gaps in ascending bar opens that lie on the timeframe's grid."""
    import numpy as np

    steps = np.diff(times)
    return tuple(
        Gap(
            from_ms=int(times[row]) + timeframe_ms,
            to_ms=int(times[row + 1]) - timeframe_ms,
            missing=int(steps[row]) // timeframe_ms - 1,
        )
        for row in np.flatnonzero(steps > timeframe_ms)
    )


def by_month(pieces: Iterable[pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of each month, of which one piece may hold the end and the next one the beginning."""
    import numpy as np
    import pyarrow as pa

    open_month, rows = "", list[pa.Table]()
    for piece in pieces:
        if not piece.num_rows:
            continue
        times = piece.column("timestamp").to_numpy()
        months = times.astype("datetime64[ms]").astype("datetime64[M]")
        edges = [0, *(np.flatnonzero(months[1:] != months[:-1]) + 1), len(times)]
        for first, last in pairwise(edges):
            month = str(months[first])
            if rows and month != open_month:
                yield open_month, pa.concat_tables(rows)
                rows = []
            open_month = month
            rows.append(piece.slice(first, last - first))
    if rows:
        yield open_month, pa.concat_tables(rows)


def merge_rows(old: pa.Table, new: pa.Table, whole: tuple[int, int] | None = None) -> pa.Table:
    """Return the rows of both in ascending time; the new ones where both have a time, and inside `whole`."""
    import numpy as np
    import pyarrow as pa

    times = old.column("timestamp").to_numpy()
    keep = np.isin(times, new.column("timestamp").to_numpy(), invert=True)
    if whole is not None:
        keep &= (times < whole[0]) | (times >= whole[1])
    both = pa.concat_tables([old.filter(pa.array(keep)), new])
    return both.sort_by("timestamp")
