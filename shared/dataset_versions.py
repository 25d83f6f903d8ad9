"""A dataset's next version: written, compared with the one before, and made the newest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from shared import names
from shared.candles import Arrival, DatasetVersion, load_version, months_of, read_part, write_version
from shared.dataset_agreement import agree, judge_coarser
from shared.datasets import Changes, Dataset, DatasetIndex, Range, being_deleted
from shared.funding import LONGEST_INTERVAL_MS, write_funding
from shared.manifest import Part
from shared.names import DatasetName
from shared.resampled_dataset import check_replaces
from shared.store import ObjectStore
from shared.times import stamp

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from shared.markets import MarketFacts

    Columns = dict[str, np.ndarray]

# A month that differs in more spells of bars is told as one range, and so is every month where all of them
# have more: the history is one small item a version.
RANGES_A_MONTH = 8
RANGES = 400


def add_version(
    store: ObjectStore,
    index: DatasetIndex,
    owner: str,
    dataset: DatasetName,
    candles: pa.Table | Iterable[pa.Table],
    arrival: Arrival,
    *,
    market: MarketFacts | None = None,
    asked: tuple[int, int] | None = None,
    whole: tuple[int, int] | None = None,
) -> tuple[DatasetVersion, Dataset]:
    """Add audited candles to an owner's dataset as its newest version; return it and its entry in the index.

    `market` is what their exchange says of it, `asked` the span [from, to) that it was asked for, this time
    and before; of the span `whole` the candles are all there are, and held bars that they lack go. Candles
    that are all held already make no new version; resampled ones are replaced as a whole. Raises
    ConflictError where another writer came first, the dataset is being deleted, or resampled candles would be
    replaced in part; nothing of the candles is visible then.
    """
    held = index.of_owner(owner, dataset)
    if held is not None and held.deleting:
        raise being_deleted(held)
    previous = load_version(store, owner, dataset, held.version) if held else None
    if previous is not None and previous.manifest.made_of is not None:
        version = write_version(store, owner, dataset, candles, None, arrival, market)
        check_replaces(previous, version)
    else:
        version = write_version(store, owner, dataset, candles, previous, arrival, market, whole)
    entry = entry_of(version)
    if asked is not None:
        entry = replace(entry, asked_from_ms=asked[0], asked_to_ms=asked[1])
    return make_newest(store, index, version, previous, entry)


def add_funding(
    store: ObjectStore,
    index: DatasetIndex,
    owner: str,
    dataset: DatasetName,
    rates: pa.Table,
    arrival: Arrival,
) -> tuple[DatasetVersion, Dataset]:
    """Add audited funding rates to an owner's dataset, as `add_version` does candles."""
    held = index.of_owner(owner, dataset)
    previous = load_version(store, owner, dataset, held.version) if held else None
    version = write_funding(store, owner, dataset, rates, previous, arrival)
    return make_newest(store, index, version, previous, entry_of(version))


def make_newest(
    store: ObjectStore,
    index: DatasetIndex,
    version: DatasetVersion,
    previous: DatasetVersion | None,
    entry: Dataset,
) -> tuple[DatasetVersion, Dataset]:
    """Make a version that was written the newest, if `previous` still is; return both as they are now.

    The history says what changed, and the audits of it and of coarser candles of the same owner what its
    bars and theirs disagree in. Raises ConflictError as `add_version` does.
    """
    # The first version brings all of its bars; there was nothing that a run could have read instead.
    first = Changes(added=version.manifest.rows)
    changes = first if previous is None else changes_between(store, previous, version)
    replaces = previous.version if previous else None
    if version.dataset.kind == "funding":
        return version, index.put_version(entry, replaces, changes)
    version = agree(store, index, version, previous)
    numbered = index.put_version(entry, replaces, changes)
    judge_coarser(store, index, version, previous)
    return version, numbered


def entry_of(version: DatasetVersion) -> Dataset:
    """Return what the index says of a version."""
    manifest = version.manifest
    return Dataset(
        owner=version.owner,
        dataset_id=str(version.dataset),
        version=version.version,
        rows=manifest.rows,
        first_ms=manifest.first_ms,
        last_ms=manifest.last_ms,
        gaps=len(manifest.gaps),
        missing_bars=manifest.missing_bars,
        updated_at=stamp(),
        simulated=version.dataset.exchange == names.SIMULATED_EXCHANGE,
        made_of=None if manifest.made_of is None else manifest.made_of.dataset_id,
    )


def changes_between(store: ObjectStore, old: DatasetVersion, new: DatasetVersion) -> Changes:
    """Compare two versions: by the hashes of their months, and bar by bar where these differ."""
    before, after = months_of(old), months_of(new)
    added = changed = removed = 0
    by_month: list[list[Range]] = []
    step_ms = LONGEST_INTERVAL_MS if new.dataset.kind == "funding" else new.dataset.timeframe_ms
    for month in sorted({*before, *after}):
        mine, theirs = before.get(month), after.get(month)
        if mine and theirs and mine.sha256 == theirs.sha256:
            continue
        fresh, other, gone = _differing(_read(store, old, mine), _read(store, new, theirs))
        added, changed, removed = added + len(fresh), changed + len(other), removed + len(gone)
        by_month.append(_spells([*fresh, *other, *gone], step_ms))
    if sum(map(len, by_month)) > RANGES:
        by_month = [[_as_one(spells)] for spells in by_month if spells]
    return Changes(added, changed, removed, tuple(entry for spells in by_month for entry in spells))


def _read(store: ObjectStore, version: DatasetVersion, part: Part | None) -> Columns | None:
    return None if part is None else read_part(store, version, part)


def _differing(old: Columns | None, new: Columns | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the times of bars that are new, that say something else, and that are gone."""
    import numpy as np

    none = np.empty(0, dtype=np.int64)
    if old is None or new is None:
        return (none if new is None else new["timestamp"]), none, (none if old is None else old["timestamp"])
    times, mine, theirs = np.intersect1d(
        old["timestamp"], new["timestamp"], assume_unique=True, return_indices=True
    )
    differs = np.zeros(len(times), dtype=bool)
    for name, values in old.items():
        differs |= values[mine] != new[name][theirs]
    return (
        np.setdiff1d(new["timestamp"], old["timestamp"], assume_unique=True),
        times[differs],
        np.setdiff1d(old["timestamp"], new["timestamp"], assume_unique=True),
    )


def _spells(times: list[int], step_ms: int) -> list[Range]:
    """Return (first, last, bars) of each spell of bars that follow one another; of very many, of all."""
    ordered = [int(time) for time in sorted(times)]
    if not ordered:
        return []
    starts = [0, *(row for row, (a, b) in enumerate(pairwise(ordered), 1) if b - a > step_ms)]
    ends = [*starts[1:], len(ordered)]
    spells = [
        (ordered[first], ordered[end - 1], end - first) for first, end in zip(starts, ends, strict=True)
    ]
    return spells if len(spells) <= RANGES_A_MONTH else [_as_one(spells)]


def _as_one(spells: Sequence[Range]) -> Range:
    return spells[0][0], spells[-1][1], sum(bars for _, _, bars in spells)
