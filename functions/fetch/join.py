"""Make one dataset version of what was fetched: what is held, and the new bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.fetch import scratch
from functions.fetch.spans import Span, missing
from shared import access, names
from shared.candles import DatasetVersion, load_version, write_version
from shared.datasets import Dataset
from shared.errors import ConflictError, InvalidInputError, Issue
from shared.fetches import Fetch
from shared.markets import MarketFacts
from shared.times import iso, stamp

# Other fetches of the same dataset may end at the same time; each of these tries goes on from theirs.
TRIES = 4


def join_pieces(
    owner: str,
    fetch_id: str,
    span: Sequence[int],
    facts: Mapping[str, Any],
    changed: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Write the version, make it the newest, and end the fetch with a report.

    Raises InvalidInputError if the exchange has no bar in the whole span.
    """
    entry = access.fetches().get(owner, fetch_id)
    if not entry.ended:
        wanted, market = Span(*span), MarketFacts.from_dict(facts)
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                report = _join(entry, wanted, market)
                break
            except ConflictError:
                if last:
                    raise
        entry = access.fetches().end(entry, "completed", report={**report, "changed": list(changed)})
    return {"fetch_id": fetch_id, "status": entry.status}


def _join(entry: Fetch, wanted: Span, market: MarketFacts) -> dict[str, Any]:
    dataset, index, store = entry.name, access.datasets(), access.store()
    held = index.get(names.PUBLIC_OWNER, dataset)
    previous = None if held is None else load_version(store, names.PUBLIC_OWNER, dataset, held.version)
    spans = [wanted] if entry.again and wanted.bars(1) else missing(wanted, held)
    if previous is None and not any(table.num_rows for table in scratch.tables(entry, spans)):
        message = f"{dataset.exchange} has no {dataset.timeframe} candles of {dataset.symbol}"
        raise InvalidInputError(
            [Issue("since", f"{message} from {iso(wanted.start_ms)} to {iso(wanted.end_ms)}")]
        )
    version = write_version(
        store, names.PUBLIC_OWNER, dataset, scratch.tables(entry, spans), previous, market=market
    )
    index.put_version(_entry(version, held, wanted), held.version if held else None)
    scratch.clear(entry, spans)
    return _report(version, previous, spans)


def _entry(version: DatasetVersion, held: Dataset | None, wanted: Span) -> Dataset:
    manifest = version.manifest
    asked = [wanted] if wanted.bars(1) else []
    if held is not None and held.asked_from_ms is not None and held.asked_to_ms is not None:
        asked.append(Span(held.asked_from_ms, held.asked_to_ms))
    return Dataset(
        owner=names.PUBLIC_OWNER,
        dataset_id=str(version.dataset),
        version=version.version,
        rows=manifest.rows,
        first_ms=manifest.first_ms,
        last_ms=manifest.last_ms,
        gaps=len(manifest.gaps),
        missing_bars=sum(gap.missing for gap in manifest.gaps),
        updated_at=stamp(),
        asked_from_ms=min(span.start_ms for span in asked),
        asked_to_ms=max(span.end_ms for span in asked),
    )


def _report(
    version: DatasetVersion, previous: DatasetVersion | None, spans: Sequence[Span]
) -> dict[str, Any]:
    manifest = version.manifest
    before = previous.manifest.rows if previous else 0
    return {
        "dataset_id": str(version.dataset),
        "version": version.version,
        "rows": manifest.rows - before,
        "first": iso(spans[0].start_ms) if spans else None,
        "last": iso(spans[-1].end_ms - version.dataset.timeframe_ms) if spans else None,
        "gaps": len(manifest.gaps),
        "missing_bars": sum(gap.missing for gap in manifest.gaps),
        "dataset_rows": manifest.rows,
        "dataset_first": iso(manifest.first_ms),
        "dataset_last": iso(manifest.last_ms),
        "market": manifest.market.to_dict() if manifest.market else None,
    }
