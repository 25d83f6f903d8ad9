"""Candles in the store: immutable monthly files, and dataset versions that name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from shared import names
from shared.identifiers import content_hash
from shared.manifest import DatasetManifest, Gap, Part, Series
from shared.names import DatasetName
from shared.parquet import decode, encode
from shared.reader import SeriesReader
from shared.schema import arrow_schema
from shared.store import ObjectStore, canonical_json
from shared.times import month_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from shared.markets import MarketFacts

# Bars of one symbol in one segment: a few megabytes, and parts enough to fetch in parallel.
SEGMENT_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version of a dataset, read from its manifest."""

    owner: str
    dataset: DatasetName
    version: str
    manifest: DatasetManifest

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


def candles_reader(store: ObjectStore, version: DatasetVersion) -> SeriesReader:
    """Open a version for windows: only the months that a window touches are read, by ranges."""
    parts = version.manifest.parts
    series = Series("candles", version.manifest.rows, parts)
    return SeriesReader(store, series, [version.key(part) for part in parts])


def read_segments(
    store: ObjectStore, versions: Sequence[DatasetVersion], start_ms: int, end_ms: int
) -> Iterator[tuple[Mapping[str, np.ndarray], ...]]:
    """Yield the bars start_ms <= open < end_ms of several datasets in segments of time.

    A segment holds the candle columns of each version, in the order of `versions`. All of a segment span the
    same months, so a fold can take segment after segment. Memory holds one segment.
    """
    by_month: dict[str, list[tuple[int, Part]]] = {}
    for number, version in enumerate(versions):
        for part in version.manifest.parts:
            if part.last_ms >= start_ms and part.first_ms < end_ms:
                by_month.setdefault(month_of(part.first_ms), []).append((number, part))
    batch: list[tuple[int, Part]] = []
    rows = [0] * len(versions)
    for month in sorted(by_month):
        batch += by_month[month]
        for number, part in by_month[month]:
            rows[number] += part.rows
        if max(rows) >= SEGMENT_ROWS:
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

    keys = [versions[number].key(part) for number, part in parts]
    tables: list[list[pa.Table]] = [[] for _ in versions]
    for (number, _), key, body in zip(parts, keys, store.get_many(keys), strict=True):
        tables[number].append(decode(body, "candles", key))
    schema = arrow_schema("candles")
    segment = []
    for pieces in tables:
        table = pa.concat_tables(pieces) if pieces else schema.empty_table()
        columns = {name: table.column(name).to_numpy() for name in schema.names}
        first, last = columns["timestamp"].searchsorted([start_ms, end_ms])
        segment.append({name: values[first:last] for name, values in columns.items()})
    return tuple(segment)


def write_version(
    store: ObjectStore,
    owner: str,
    dataset: DatasetName,
    candles: pa.Table | Iterable[pa.Table],
    previous: DatasetVersion | None,
    *,
    market: MarketFacts | None = None,
) -> DatasetVersion:
    """Write candles as a new version that goes on from `previous`, and return it.

    `candles` has the candles schema, in ascending time, unique and on the grid; given in pieces, one after
    the other, memory holds a month. In months that both have, the new bars replace those of the same time;
    months that only the previous version has are kept as they are. Equal candles give an equal version.
    `market` is what the exchange says of it; None leaves what the previous version says.
    """
    import pyarrow as pa

    parts = {month_of(part.first_ms): part for part in previous.manifest.parts} if previous else {}
    gaps = _gaps_by_month(previous) if previous else {}
    for month, rows in _by_month([candles] if isinstance(candles, pa.Table) else candles):
        if previous and month in parts:
            key = previous.key(parts[month])
            rows = _merge(decode(store.get(key), "candles", key), rows)
        body = encode(rows.cast(arrow_schema("candles")).combine_chunks())
        times = rows.column("timestamp").to_numpy()
        digest = content_hash(body)
        part = Part(int(times[0]), int(times[-1]), rows.num_rows, len(body), digest)
        parts[month], gaps[month] = part, find_gaps(times, dataset.timeframe_ms)
        store.put(names.candles_part(owner, dataset, part.first_ms, digest), body)
    ordered = tuple(parts[month] for month in sorted(parts))
    manifest = DatasetManifest(
        exchange=dataset.exchange,
        symbol=dataset.symbol,
        timeframe=dataset.timeframe,
        parts=ordered,
        gaps=_all_gaps(ordered, gaps, dataset.timeframe_ms),
        market=market or (previous.manifest.market if previous else None),
    )
    body = canonical_json(manifest.to_dict())
    version = content_hash(body)
    store.put(names.dataset_manifest(owner, dataset, version), body, "application/json")
    return DatasetVersion(owner, dataset, version, manifest)


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


def _gaps_by_month(version: DatasetVersion) -> dict[str, tuple[Gap, ...]]:
    """Return the gaps that lie inside each month's part, not those between two."""
    return {
        month_of(part.first_ms): tuple(
            gap for gap in version.manifest.gaps if part.first_ms < gap.from_ms and gap.to_ms < part.last_ms
        )
        for part in version.manifest.parts
    }


def _all_gaps(
    parts: Sequence[Part], inside: Mapping[str, tuple[Gap, ...]], timeframe_ms: int
) -> tuple[Gap, ...]:
    """Return the gaps inside the parts and between them, in ascending time."""
    found: list[Gap] = []
    for number, part in enumerate(parts):
        if number:
            since = parts[number - 1].last_ms + timeframe_ms
            if since < part.first_ms:
                missing = (part.first_ms - since) // timeframe_ms
                found.append(Gap(since, part.first_ms - timeframe_ms, missing))
        found.extend(inside[month_of(part.first_ms)])
    return tuple(found)


def _by_month(pieces: Iterable[pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    """Yield the candles of each month, of which one piece may hold the end and the next one the beginning."""
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


def _merge(old: pa.Table, new: pa.Table) -> pa.Table:
    """Return the rows of both in ascending time; where both have a time, the new row."""
    import numpy as np
    import pyarrow as pa

    keep = np.isin(old.column("timestamp").to_numpy(), new.column("timestamp").to_numpy(), invert=True)
    both = pa.concat_tables([old.filter(pa.array(keep)), new])
    return both.sort_by("timestamp")
