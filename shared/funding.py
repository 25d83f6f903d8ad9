"""Funding rates in the store: months and versions like those of candles, beside them.

A rate that is missing would be a payment of nothing, which no market makes: so what is missing is told, and a
run whose span it lies in is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared import names
from shared.audit import said_rows, unique_rows
from shared.candles import (
    Arrival,
    DatasetVersion,
    all_months,
    by_month,
    merge_rows,
    months_of,
    put_month,
    read_part,
)
from shared.errors import InvalidInputError, Issue
from shared.flags import JUMP_ATRS
from shared.identifiers import content_hash
from shared.manifest import Audit, DatasetManifest, Gap, Part
from shared.names import DatasetName
from shared.parquet import decode
from shared.schema import arrow_schema
from shared.store import ObjectStore, canonical_json
from shared.times import MAX_MS, iso, now_ms

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Columns = dict[str, np.ndarray]

HOUR_MS = 3_600_000
# Exchanges fund each 1, 2, 4 or 8 hours, some of them late by a second.
LONGEST_INTERVAL_MS = 9 * HOUR_MS
# So many payments on either side tell what the usual time between two is; exchanges change it now and then.
NEIGHBOURS = 7
# A step that is longer than the usual one by more than this lacks a payment.
LONGEST_STEP = 1.5
LATE_MS = 60_000
# Real rates lie around 1 bp and are capped near 300; a file whose middle is above this is in percent.
LARGEST_MIDDLE = 0.005


def audited_funding(
    rates: pa.Table, dataset: DatasetName, source: str = "file", now: int | None = None
) -> tuple[pa.Table, Arrival]:
    """Return rates in the funding schema, ascending and unique, and what was put right for that.

    Raises InvalidInputError with one issue a kind of fault, naming the first rows that have it (1 = the first
    row); for rates in percent or basis points, too.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if rates.num_rows == 0:
        raise InvalidInputError([Issue(source, "holds no funding rates")])
    times = pc.fill_null(rates.column("timestamp").cast(pa.int64()), -1).combine_chunks().to_numpy()
    values = pc.fill_null(rates.column("rate").cast(pa.float64()), float("nan")).combine_chunks().to_numpy()
    latest = now_ms() if now is None else now
    generated = dataset.exchange == names.SIMULATED_EXCHANGE
    checks = [
        ("timestamp", (times < 0) | (times >= MAX_MS), "is missing, or outside 1970 to 2200,"),
        (
            "timestamp",
            (times > latest) & (times < MAX_MS) & (not generated),
            "is in the future; leave it out",
        ),
        ("rate", np.isnan(values), "is missing or not a number"),
        ("rate", np.abs(values) >= 1, "is 100 % or more"),
    ]
    faults = [
        (column, f"{message} in {said_rows(np.flatnonzero(bad))}")
        for column, bad, message in checks
        if bad.any()
    ]
    middle = float(np.nanmedian(np.abs(values))) if not np.isnan(values).all() else 0.0
    if middle > LARGEST_MIDDLE:
        faults.append(
            (
                "rate",
                f"has {100 * middle:g} % in its middle; a rate is a fraction of the position, so that 0.0001 "
                "is 1 bp: divide by 100 what is in percent, by 10,000 what is in basis points",
            )
        )
    keep, out_of_order, repeated = unique_rows({"timestamp": times, "rate": values})
    if len(repeated):
        faults.append(("timestamp", f"stands twice with different rates in {said_rows(repeated)}; keep one"))
    if faults:
        raise InvalidInputError([Issue(f"{source}.{column}", message) for column, message in faults])
    ordered = pa.table({"timestamp": times[keep], "rate": values[keep]}, schema=arrow_schema("funding"))
    return ordered, Arrival(rates.num_rows - len(keep), out_of_order)


def write_funding(
    store: ObjectStore,
    owner: str,
    dataset: DatasetName,
    rates: pa.Table,
    previous: DatasetVersion | None,
    arrival: Arrival,
) -> DatasetVersion:
    """Write rates as a new version that goes on from `previous`, whose rates of the same times they replace.

    `rates` has the funding schema, ascending and unique. Equal rates give an equal version.
    """
    import numpy as np

    old = months_of(previous)

    def read(part: Part) -> pa.Table:
        key = names.candles_part(owner, dataset, part.first_ms, part.sha256)
        return decode(store.get(key), "funding", key)

    parts: list[Part] = []
    times: list[np.ndarray] = []
    for month, new in all_months(old, by_month([rates])):
        rows = read(old[month]) if month in old else None
        if new is not None:
            rows = new if rows is None else merge_rows(rows, new)
        if rows is None:
            raise AssertionError("a month is one of the old or of the new")
        parts.append(old[month] if new is None else put_month(store, owner, dataset, rows))
        times.append(rows.column("timestamp").to_numpy())
    every = np.concatenate(times)
    kept = previous.manifest.audit if previous else None
    manifest = DatasetManifest(
        exchange=dataset.exchange,
        symbol=dataset.symbol,
        timeframe=dataset.timeframe,
        parts=tuple(parts),
        gaps=funding_gaps(every),
        intervals_ms=(usual_interval(every[: NEIGHBOURS + 1]), usual_interval(every[-NEIGHBOURS - 1 :])),
    )
    version = content_hash(canonical_json(manifest.identity()))
    again = previous is not None and previous.version == version
    removed, moved = (kept.duplicates_removed, kept.out_of_order) if kept else (0, 0)
    if not again:
        removed, moved = removed + arrival.duplicates_removed, moved + arrival.out_of_order
    manifest = replace(manifest, audit=Audit((), JUMP_ATRS, removed, moved))
    store.put_json(names.dataset_manifest(owner, dataset, version), manifest.to_dict())
    return DatasetVersion(owner, dataset, version, manifest)


def read_funding(store: ObjectStore, version: DatasetVersion, start_ms: int, end_ms: int) -> Columns:
    """Return `timestamp` and `rate` of the payments with start_ms <= time < end_ms."""
    import numpy as np

    parts = [p for p in version.manifest.parts if p.first_ms < end_ms and p.last_ms >= start_ms]
    months = [read_part(store, version, part) for part in parts]
    columns = {
        name: np.concatenate([month[name] for month in months]) if months else np.empty(0)
        for name in ("timestamp", "rate")
    }
    first, last = columns["timestamp"].searchsorted([start_ms, end_ms])
    return {name: values[first:last] for name, values in columns.items()}


def usual_interval(times: np.ndarray) -> int:
    """Return the median time from one payment to the next, 8 hours where there is but one, in ms."""
    import numpy as np

    return 8 * HOUR_MS if len(times) < 2 else int(np.median(np.diff(times)))


def funding_gaps(times: np.ndarray) -> tuple[Gap, ...]:
    """Return where payments are missing: steps far longer than is usual both before and after them."""
    import numpy as np

    steps = np.diff(times)
    gaps = []
    for row, step in enumerate(steps.tolist()):
        around = [steps[max(0, row - NEIGHBOURS) : row], steps[row + 1 : row + 1 + NEIGHBOURS]]
        usual = [float(np.median(side)) for side in around if len(side)]
        if usual and step > LONGEST_STEP * max(usual):
            every = round(max(usual))
            missing = max(1, round(step / every) - 1)
            first = int(times[row]) + every
            gaps.append(Gap(first, max(first, int(times[row + 1]) - every), missing))
    return tuple(gaps)


def not_covered(version: DatasetVersion, start_ms: int, end_ms: int) -> str | None:
    """Say what of start_ms to end_ms a version's rates do not cover; None if they cover all of it."""
    manifest = version.manifest
    before, after = manifest.intervals_ms or (8 * HOUR_MS, 8 * HOUR_MS)
    held = f"held from {iso(manifest.first_ms)} to {iso(manifest.last_ms)}"
    # Nothing is held yet at the start: what is due then is nobody's.
    if manifest.first_ms > start_ms + before + LATE_MS:
        return f"{held}, and the run starts at {iso(start_ms)}"
    if manifest.last_ms + after + LATE_MS < end_ms:
        return f"{held}, and the run ends at {iso(end_ms)}"
    for gap in version.gaps_between(start_ms, end_ms):
        return f"missing from {iso(gap.from_ms)} to {iso(gap.to_ms)}"
    return None
