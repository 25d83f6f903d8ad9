"""The candles that a run read or will read: its dataset versions, and their bars as the engine takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shared.candles import DatasetVersion, load_version, read_segments
from shared.errors import StoreCorruptError
from shared.funding import read_funding
from shared.names import DatasetName
from shared.resampled import resampled_version
from shared.resolved_run import ResolvedRun, ResolvedSymbol
from shared.store import ObjectStore

if TYPE_CHECKING:
    import engine

Segment = tuple[dict[str, "engine.Bars"], "dict[str, engine.Bars] | None"]
"""Bars by symbol, and the finer ones that decide inside them, if the run has any."""


def candle_versions(
    store: ObjectStore, run: ResolvedRun, owners: Sequence[str], finer_owners: Sequence[str]
) -> list[DatasetVersion]:
    """Return the candles of each symbol, then the finer ones of each, if the run has them."""
    versions = [candles_of(store, run, number, owner) for number, owner in enumerate(owners)]
    if run.finer_timeframe is not None:
        versions += [
            _load(store, owner, entry, run.finer_timeframe, entry.finer_made_of, entry.finer_version or "")
            for owner, entry in zip(finer_owners, run.symbols, strict=True)
        ]
    return versions


def candles_of(store: ObjectStore, run: ResolvedRun, number: int, owner: str) -> DatasetVersion:
    """Return the candles of one of a run's symbols, which are `owner`'s."""
    entry = run.symbols[number]
    return _load(store, owner, entry, run.timeframe, entry.made_of, entry.dataset_version)


def _load(
    store: ObjectStore, owner: str, entry: ResolvedSymbol, timeframe: str, made_of: str | None, version: str
) -> DatasetVersion:
    held = load_version(
        store, owner, DatasetName(entry.exchange, entry.symbol, made_of or timeframe), version
    )
    found = held if made_of is None else resampled_version(held, timeframe)
    if found is None:
        raise StoreCorruptError(
            f"{held.dataset} {version} has no {timeframe} bar, and a run was planned on it"
        )
    return found


def run_funding(store: ObjectStore, run: ResolvedRun, owners: Sequence[str]) -> list[engine.Funding] | None:
    """Read the stored funding rates of each symbol in the run's span; None where the run names none."""
    import engine

    if not run.stored_funding:
        return None
    rates = []
    for owner, entry in zip(owners, run.symbols, strict=True):
        name = DatasetName.parse(entry.funding_dataset or "")
        version = load_version(store, owner, name, entry.funding_version or "")
        read = read_funding(store, version, run.start_ms, run.end_ms)
        rates.append(engine.Funding(read["timestamp"], read["rate"]))
    return rates


def run_bars(
    store: ObjectStore,
    run: ResolvedRun,
    versions: Sequence[DatasetVersion],
    start_ms: int | None = None,
) -> Iterator[Segment]:
    """Yield a run's bars, its warm-up first, segment by segment; memory holds one.

    `start_ms`: leave out those that open before it, which were folded already.
    """
    import engine

    symbols = [entry.symbol for entry in run.symbols]
    for segment in read_segments(store, versions, start_ms or run.warm_up_start_ms, run.end_ms):
        bars = [engine.Bars(**columns) for columns in segment]
        finer = dict(zip(symbols, bars[len(symbols) :], strict=True)) if run.finer_timeframe else None
        yield dict(zip(symbols, bars[: len(symbols)], strict=True)), finer


def all_bars(store: ObjectStore, run: ResolvedRun, versions: Sequence[DatasetVersion]) -> Segment:
    """Return a short run's bars as one segment."""
    import numpy as np

    import engine

    segments = list(run_bars(store, run, versions))

    def joined(parts: Sequence[engine.Bars]) -> engine.Bars:
        return engine.Bars(
            *(np.concatenate(columns) for columns in zip(*(p.columns for p in parts), strict=True))
        )

    symbols = [entry.symbol for entry in run.symbols]
    bars = {symbol: joined([found[symbol] for found, _ in segments]) for symbol in symbols}
    if run.finer_timeframe is None:
        return bars, None
    return bars, {symbol: joined([found[symbol] for _, found in segments if found]) for symbol in symbols}
