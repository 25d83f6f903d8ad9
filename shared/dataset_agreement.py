"""What candles of one market at several timeframes disagree in, told in the audit of the coarser ones.

Each month of a dataset is held against the same month of the nearest finer timeframe that has it. That is
done when either of the two gets a new version, for the months that it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shared import names
from shared.candles import DatasetVersion, load_version, months_of, read_part
from shared.datasets import DatasetIndex
from shared.flags import in_time, shortened
from shared.names import DatasetName
from shared.resampling import fits
from shared.store import ObjectStore
from shared.timeframe_agreement import disagreements
from shared.times import TIMEFRAMES, month_of


def agree(
    store: ObjectStore, index: DatasetIndex, version: DatasetVersion, previous: DatasetVersion | None
) -> DatasetVersion:
    """Hold the months that a version changes against finer candles; return it with what they disagree in."""
    unknown = previous is None or previous.manifest.audit is None
    months = set(months_of(version)) if unknown else _changed(version, previous)
    pairs = _pairs(version, _held(store, index, version, finer=True), months)
    return _told(store, version, pairs)


def judge_coarser(
    store: ObjectStore, index: DatasetIndex, version: DatasetVersion, previous: DatasetVersion | None
) -> None:
    """Hold coarser candles of the same owner against the months that a version changes.

    Their versions stay: what is known of candles is no part of them.
    """
    months = _changed(version, previous)
    coarser = _held(store, index, version, finer=False) if months else []
    for entry in coarser:
        if entry.owner == version.owner:
            pairs = _pairs(entry, _held(store, index, entry, finer=True), months)
            own = {month: finer for month, finer in pairs.items() if finer.dataset == version.dataset}
            _told(store, entry, own)


def _changed(version: DatasetVersion, previous: DatasetVersion | None) -> set[str]:
    before = months_of(previous)
    return {month for month, part in months_of(version).items() if before.get(month) != part}


def _held(
    store: ObjectStore, index: DatasetIndex, version: DatasetVersion, *, finer: bool
) -> list[DatasetVersion]:
    """Return the newest candles of the same market that the owner sees at other timeframes, nearest first."""
    dataset = version.dataset
    lengths = [
        name
        for name, ms in TIMEFRAMES.items()
        if (fits(ms, dataset.timeframe_ms) if finer else fits(dataset.timeframe_ms, ms))
    ]
    lengths.sort(key=lambda name: abs(TIMEFRAMES[name] - dataset.timeframe_ms))
    wanted = [DatasetName(dataset.exchange, dataset.symbol, name) for name in lengths]
    held = {entry.name: entry for entry in index.held(version.owner)}
    return [
        load_version(store, held[name].owner, name, held[name].version) for name in wanted if name in held
    ]


def _pairs(
    version: DatasetVersion, finer: Sequence[DatasetVersion], months: Iterable[str]
) -> dict[str, DatasetVersion]:
    """Return for each of these months that a version has the nearest finer candles that have it too."""
    held = [(candidate, months_of(candidate)) for candidate in finer]
    pairs = {}
    for month in sorted({*months} & {*months_of(version)}):
        nearest = next((candidate for candidate, parts in held if month in parts), None)
        if nearest is not None:
            pairs[month] = nearest
    return pairs


def _told(store: ObjectStore, version: DatasetVersion, pairs: Mapping[str, DatasetVersion]) -> DatasetVersion:
    """Compare months of a version with finer candles; write its manifest anew if that tells other flags."""
    audit = version.manifest.audit
    if audit is None:
        return version
    flags = list(audit.flags)
    parts = months_of(version)
    for month, finer in pairs.items():
        part = parts[month]
        flags = [flag for flag in flags if flag.kind != "disagreement" or month_of(flag.from_ms) != month]
        found = disagreements(
            read_part(store, finer, months_of(finer)[month]),
            finer.dataset.timeframe_ms,
            read_part(store, version, part),
            version.dataset.timeframe_ms,
        )
        flags += shortened("disagreement", found)
    flags.sort(key=in_time)
    if tuple(flags) == audit.flags:
        return version
    manifest = replace(version.manifest, audit=replace(audit, flags=tuple(flags)))
    key = names.dataset_manifest(version.owner, version.dataset, version.version)
    store.put_json(key, manifest.to_dict())
    return replace(version, manifest=manifest)
