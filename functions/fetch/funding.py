"""Fetch funding rates: so few that one step takes them all, page after page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functions.exchanges import Exchange
from functions.fetch.listing import client_of, market_of
from functions.fetch.patience import patiently
from functions.fetch.spans import Span
from shared import access, names
from shared.candles import load_version
from shared.dataset_versions import add_funding
from shared.datasets import Dataset
from shared.errors import ExchangeError, InvalidInputError, Issue
from shared.fetches import Fetch
from shared.flags import flagged
from shared.funding import HOUR_MS, audited_funding
from shared.markets import Market
from shared.times import iso, now_ms, parse_time

# What Binance answers at most to one request.
PAGE_RATES = 1000
_USUAL_MS = 8 * HOUR_MS


def plan_funding(entry: Fetch) -> dict[str, Any]:
    """Find the market and the span of a fetch of funding rates, whose pieces are none: `join` takes them all.

    Raises InvalidInputError for a symbol that the exchange has not, ExchangeError where it does not answer.
    """
    client = client_of(entry.name.exchange, entry.name.symbol)
    market = market_of(entry.name.symbol, client)
    held = access.datasets().of_owner(names.PUBLIC_OWNER, entry.name)
    end = min(now_ms(), entry.until_ms or now_ms())
    start = entry.since_ms
    if start is None:
        start = _begin(market, client) if held is None or entry.again else held.last_ms + 1
    span = Span(start, max(start, end))
    total = sum(part.bars(_USUAL_MS) for part in _missing(span, held, again=entry.again))
    access.fetches().start(entry, total=total, held_before=0)
    return {
        "owner": entry.owner,
        "fetch_id": entry.fetch_id,
        "dataset_id": entry.dataset_id,
        "execution": entry.execution,
        "market": market.to_dict(),
        "facts": market.facts(None).to_dict(),
        "span": list(span),
        "changed": [],
        "pieces": [],
    }


def join_funding(entry: Fetch, span: Sequence[int]) -> dict[str, Any]:
    """Fetch the rates of a span that are not held, add them as one version, and return the report.

    Raises InvalidInputError if the exchange has none at all, ExchangeError for an answer that makes no sense
    or none after every try; the dataset then stays as it was.
    """
    index, dataset = access.datasets(), entry.name
    client = client_of(dataset.exchange, dataset.symbol)
    market = market_of(dataset.symbol, client)
    held = index.of_owner(names.PUBLIC_OWNER, dataset)
    wanted = Span(*span)
    rows: list[tuple[int, float]] = []
    for part in _missing(wanted, held, again=entry.again):
        rows += _rates(entry, client, market, part, len(rows))
    if rows:
        new = _added(entry, rows)
    elif held is not None:
        new = held
    else:
        message = f"{dataset.exchange} has no funding rates of {dataset.symbol} in this span"
        raise InvalidInputError([Issue("since", message, iso(wanted.start_ms))])
    return {
        "dataset_id": entry.dataset_id,
        "version": new.version,
        "number": new.number,
        "rows": new.rows - (held.rows if held else 0),
        "first": iso(rows[0][0]) if rows else None,
        "last": iso(rows[-1][0]) if rows else None,
        "duplicates_removed": 0,
        **_flagged(new, wanted),
        "dataset_rows": new.rows,
        "dataset_first": iso(new.first_ms),
        "dataset_last": iso(new.last_ms),
    }


def _begin(market: Market, client: Exchange) -> int:
    return parse_time(client.venue.opened) if market.listed_ms is None else market.listed_ms


def _missing(wanted: Span, held: Dataset | None, *, again: bool) -> list[Span]:
    """Return what to ask for, so that what is held stays one stretch of time."""
    if held is None:
        return [wanted]
    if again:
        return [Span(min(wanted.start_ms, held.last_ms), max(wanted.end_ms, held.first_ms))]
    before, after = Span(wanted.start_ms, held.first_ms), Span(held.last_ms + 1, wanted.end_ms)
    return [part for part in (before, after) if part.start_ms < part.end_ms]


def _rates(
    entry: Fetch, client: Exchange, market: Market, span: Span, before: int
) -> list[tuple[int, float]]:
    """Return the exchange's rates of a span, ascending."""
    found: list[tuple[int, float]] = []
    at = span.start_ms
    while at < span.end_ms:
        start = at
        answer = patiently(lambda start=start: client.funding(market, start, span.end_ms, PAGE_RATES))  # type: ignore[misc]
        page = sorted({rate for rate in answer if at <= rate[0] < span.end_ms})
        if not page:
            break
        found += page
        at = page[-1][0] + 1
        access.fetches().progress(entry, 0, done=before + len(found), repeated=0, current_ms=at)
    return found


def _added(entry: Fetch, rows: Sequence[tuple[int, float]]) -> Dataset:
    import pyarrow as pa

    dataset = entry.name
    times, rates = zip(*rows, strict=True)
    table = pa.table({"timestamp": pa.array(times, pa.int64()), "rate": pa.array(rates, pa.float64())})
    try:
        audited, arrival = audited_funding(table, dataset, dataset.exchange)
    except InvalidInputError as error:
        message = f"{dataset.exchange} answers rates that are none ({error})"
        raise ExchangeError(dataset.exchange, "malformed", message) from None
    store, index = access.store(), access.datasets()
    return add_funding(store, index, names.PUBLIC_OWNER, dataset, audited, arrival)[1]


def _flagged(held: Dataset, span: Span) -> dict[str, int]:
    version = load_version(access.store(), held.owner, held.name, held.version)
    return flagged(version.manifest, span.start_ms, span.end_ms)
