"""Make one dataset version of what was fetched: what is held, and the new bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.fetch import scratch
from functions.fetch.funding import join_funding
from functions.fetch.spans import Span, fetched, missing
from shared import access, names
from shared.candles import Arrival
from shared.dataset_versions import add_version
from shared.datasets import Changes, Dataset
from shared.errors import ConflictError, InvalidInputError, Issue
from shared.fetches import Fetch
from shared.flags import flagged
from shared.markets import MarketFacts
from shared.times import iso

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

    Raises InvalidInputError if the exchange has no bar in the whole span: where some are held it may not be
    well, and these stay.
    """
    entry = access.fetches().get(owner, fetch_id)
    if not entry.ended:
        wanted, market = Span(*span), MarketFacts.from_dict(facts)
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                if entry.name.kind == "funding":
                    report = join_funding(entry, span)
                else:
                    report = _join(entry, wanted, market)
                break
            except ConflictError:
                if last:
                    raise
        entry = access.fetches().end(entry, "completed", report={**report, "changed": list(changed)})
    return {"fetch_id": fetch_id, "status": entry.status}


def _join(entry: Fetch, wanted: Span, market: MarketFacts) -> dict[str, Any]:
    dataset, index, store = entry.name, access.datasets(), access.store()
    held = fetched(index.get(names.PUBLIC_OWNER, dataset))
    spans = [wanted] if entry.again and wanted.bars(1) else missing(wanted, held)
    if (held is None or (entry.again and spans)) and not any(
        table.num_rows for table in scratch.tables(entry, spans)
    ):
        message = f"{dataset.exchange} has no {dataset.timeframe} candles of {dataset.symbol}"
        raise InvalidInputError(
            [Issue("since", f"{message} from {iso(wanted.start_ms)} to {iso(wanted.end_ms)}")]
        )
    version, now = add_version(
        store,
        index,
        names.PUBLIC_OWNER,
        dataset,
        scratch.tables(entry, spans),
        Arrival(duplicates_removed=entry.repeated),
        market=market,
        asked=_asked(wanted, held),
        # What an exchange has withdrawn goes.
        whole=wanted if entry.again else None,
    )
    scratch.clear(entry, spans)
    changes = _changes(held, now)
    return {
        "dataset_id": entry.dataset_id,
        "version": version.version,
        "number": now.number,
        "rows": changes.added,
        "replaced": changes.changed,
        "withdrawn": changes.removed,
        "first": iso(spans[0].start_ms) if spans else None,
        "last": iso(spans[-1].end_ms - dataset.timeframe_ms) if spans else None,
        "duplicates_removed": entry.repeated,
        **flagged(version.manifest, wanted.start_ms, wanted.end_ms),
        "dataset_rows": now.rows,
        "dataset_first": iso(now.first_ms),
        "dataset_last": iso(now.last_ms),
    }


def _changes(held: Dataset | None, now: Dataset) -> Changes:
    """Return in what bars a fetch's version differs from what was held."""
    if held is None:
        return Changes(added=now.rows)
    if held.version == now.version:
        return Changes()
    history = access.datasets().versions(now, limit=TRIES)
    return next((entry.changes for entry in history if entry.version == now.version), Changes())


def _asked(wanted: Span, held: Dataset | None) -> tuple[int, int]:
    if held is None:
        return wanted
    first, end = held.covered
    if not wanted.bars(1):
        return first, end
    return min(wanted.start_ms, first), max(wanted.end_ms, end)
