"""What data a run read: its candles, what they were made of, and how far finer ones reached."""

from __future__ import annotations

from collections.abc import Sequence

from functions.api.published import Published
from shared.candles import DatasetVersion
from shared.resampled import incomplete_between
from shared.resolved_run import ResolvedRun
from shared.responses_audit import CandlesUsed, FinerUsed
from shared.times import iso


def data_used(results: Published, versions: Sequence[DatasetVersion]) -> list[CandlesUsed]:
    """Return an entry a symbol, from manifests alone; `versions` as `candle_versions` returns them."""
    resolved = results.resolved
    count = len(resolved.symbols)
    finer = versions[count:]
    return [
        _candles(resolved, number, version, finer[number] if finer else None)
        for number, version in enumerate(versions[:count])
    ]


def _candles(
    run: ResolvedRun, number: int, version: DatasetVersion, finer: DatasetVersion | None
) -> CandlesUsed:
    symbol = run.symbols[number]
    bars = version.count(run.start_ms, run.end_ms)
    return CandlesUsed(
        symbol=version.dataset.symbol,
        dataset_id=str(version.stored.dataset),
        version=version.version,
        bars=bars,
        missing_bars=(run.end_ms - run.start_ms) // run.timeframe_ms - bars,
        made_of=_made_of(version),
        incomplete_bars=sum(flag.count for flag in incomplete_between(version, run.start_ms, run.end_ms)),
        finer=None if finer is None else _finer(run, bars, finer),
        funding_dataset=symbol.funding_dataset,
        funding_version=symbol.funding_version,
    )


def _finer(run: ResolvedRun, bars: int, finer: DatasetVersion) -> FinerUsed:
    each = run.timeframe_ms // finer.dataset.timeframe_ms
    there = finer.count(run.start_ms, run.end_ms)
    return FinerUsed(
        dataset_id=str(finer.stored.dataset),
        version=finer.version,
        start=iso(finer.manifest.first_ms),
        end=iso(finer.manifest.last_ms),
        # A bar that is missing has no finer candles to miss.
        coverage_pct=min(100.0, 100.0 * there / (bars * each)) if bars else 0.0,
        made_of=_made_of(finer),
    )


def _made_of(version: DatasetVersion) -> str | None:
    if version.source is not None:
        return version.source.dataset.timeframe
    made_of = version.manifest.made_of
    return None if made_of is None else made_of.dataset_id.rpartition(".")[2]
