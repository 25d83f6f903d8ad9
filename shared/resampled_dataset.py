"""Storing what finer candles make as a dataset of its own, and what may and may not take its place.

What is made of an owner's candles is theirs, what is made of public candles is public.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from shared import names
from shared.candles import DatasetVersion, load_version, read_segments, write_version
from shared.datasets import Dataset, DatasetIndex
from shared.errors import ConflictError, InvalidInputError, Issue
from shared.flags import in_time, shortened
from shared.names import DatasetName
from shared.resampled import incomplete_between, resampled_version
from shared.resampling import fits
from shared.schema import arrow_schema
from shared.store import ObjectStore
from shared.times import TIMEFRAMES, iso, month_of

if TYPE_CHECKING:
    import pyarrow as pa


def target_of(index: DatasetIndex, source: Dataset, timeframe: str) -> DatasetName:
    """Return the dataset that a resampling makes.

    Raises InvalidInputError for a timeframe that the source does not make, ConflictError where candles that
    came from elsewhere are held under that name.
    """
    name = source.name
    if not fits(name.timeframe_ms, TIMEFRAMES[timeframe]):
        longer = [other for other, ms in TIMEFRAMES.items() if fits(name.timeframe_ms, ms)]
        hint = f"choose one of {', '.join(longer)}" if longer else "there is none"
        message = f"no whole number of {name.timeframe} bars makes one of {timeframe}; {hint}"
        raise InvalidInputError([Issue("timeframe", message, timeframe)])
    target = DatasetName(name.exchange, name.symbol, timeframe)
    held = index.of_owner(source.owner, target)
    if held is not None and held.made_of is None:
        raise ConflictError(
            f"{target} is held as it came from its source, and a run reads it so; to have it made of "
            f"{name} in its place, delete it first: stepfold data delete {target}"
        )
    return target


def write_resampled(store: ObjectStore, source: DatasetVersion, timeframe: str) -> DatasetVersion:
    """Write a version's bars at a longer timeframe as a version of their own; memory holds a few months.

    Its manifest names what it is made of, its audit the bars that are incomplete. Raises InvalidInputError
    where the source spans no whole bar.
    """
    made = resampled_version(source, timeframe)
    if made is None or made.manifest.made_of is None:
        message = f"{source.dataset} spans no whole {timeframe} bar; bring in more of it"
        raise InvalidInputError([Issue("timeframe", message, timeframe)])
    version = write_version(store, made.owner, made.dataset, _tables(store, made), None)
    manifest = version.manifest
    if manifest.audit is None:
        raise AssertionError("a version that was just written has an audit")
    flags = list(manifest.audit.flags)
    incomplete = incomplete_between(made, manifest.first_ms, manifest.last_ms + 1)
    for _, of_month in groupby(incomplete, key=lambda flag: month_of(flag.from_ms)):
        flags += shortened("incomplete", list(of_month))
    flags.sort(key=in_time)
    audit = replace(manifest.audit, flags=tuple(flags))
    version = replace(
        version,
        manifest=replace(manifest, audit=audit, market=made.manifest.market, made_of=made.manifest.made_of),
    )
    key = names.dataset_manifest(version.owner, version.dataset, version.version)
    store.put_json(key, version.manifest.to_dict())
    return version


def newest(store: ObjectStore, dataset: Dataset) -> DatasetVersion:
    return load_version(store, dataset.owner, dataset.name, dataset.version)


def check_replaces(previous: DatasetVersion, version: DatasetVersion) -> None:
    """Refuse candles from elsewhere in the place of resampled ones, unless they cover all of their span.

    The two are not mixed: of a bar one could not say any more what it was made of. Raises ConflictError.
    """
    first, last = previous.manifest.first_ms, previous.manifest.last_ms
    if version.manifest.first_ms > first or version.manifest.last_ms < last:
        source = previous.manifest.made_of.dataset_id if previous.manifest.made_of else ""
        raise ConflictError(
            f"{previous.dataset} is resampled from {source}, and these candles would replace a part of it: "
            f"bring in all from {iso(first)} to {iso(last)}, or delete it first"
        )


def _tables(store: ObjectStore, version: DatasetVersion) -> Iterator[pa.Table]:
    import pyarrow as pa

    first, last = version.manifest.first_ms, version.manifest.last_ms
    for (columns,) in read_segments(store, [version], first, last + 1):
        yield pa.table(dict(columns), schema=arrow_schema("candles"))
