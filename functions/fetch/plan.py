"""What to ask an exchange for: the bars of a span that are not held, in pieces of months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functions.exchanges import Exchange
from functions.fetch.funding import plan_funding
from functions.fetch.listing import client_of, first_day, market_of
from functions.fetch.pages import page
from functions.fetch.patience import patiently
from functions.fetch.reach import Reach, out_of_reach, reach_of
from functions.fetch.scratch import put_none, spans_there
from functions.fetch.spans import Span, fetched, missing, pieces, without
from shared import access, names
from shared.candles import DatasetVersion, candles_reader, load_version
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.fetches import Fetch
from shared.markets import Market
from shared.times import iso, parse_time
from shared.venues import FETCHED_AT_ONCE, Venue, venue

# A bar's last trades may reach an exchange's candles after its close.
SETTLING_MS = 5_000
# Held bars before the new ones that are asked for again, to see whether history has changed.
COMPARED_BARS = 10
MAX_BARS = 6_000_000


def plan_fetch(owner: str, fetch_id: str) -> dict[str, Any]:
    """Find the market and the span of a fetch, and cut what is missing of it into pieces.

    Raises InvalidInputError for a symbol that the exchange has not (with the near ones), a timeframe that it
    does not publish or a span that it does not reach; ExchangeError where it does not answer.
    """
    entry = access.fetches().get(owner, fetch_id)
    dataset = entry.name
    if dataset.kind == "funding":
        return plan_funding(entry)
    of = venue(dataset.exchange, dataset.timeframe)
    client = client_of(of.name, dataset.symbol)
    market = market_of(dataset.symbol, client)
    held = fetched(access.datasets().get(names.PUBLIC_OWNER, dataset))
    version = None
    if held is not None:
        version = load_version(access.store(), names.PUBLIC_OWNER, dataset, held.version)
    listed = _listed(market, client, version)
    # Before the span's end is known: the exchange's own clock is in its answers.
    changed = [] if held is None or entry.again else _changed(market, client, held, version)
    step, settled = dataset.timeframe_ms, client.now_ms - SETTLING_MS
    reach = reach_of(of, client.now_ms, step)
    wanted = _wanted(entry, held, listed, settled - settled % step, reach)
    gone = [wanted] if entry.again and wanted.bars(step) else missing(wanted, held)
    if reach is not None and gone and gone[0].start_ms < reach.oldest_ms:
        lost = _lost(entry, of, held, gone[0], reach)
        put_none(entry, lost)
        gone = [part for span in gone for part in without(span, [lost])]
    there = spans_there(entry)
    left = [part for span in gone for part in without(span, there)]
    total = sum(span.bars(step) for span in gone)
    asked = sum(span.bars(step) for span in left)
    if total > MAX_BARS:
        message = f"is {total:,} bars ago; one fetch takes at most {MAX_BARS:,}. Start later"
        raise InvalidInputError([Issue("since", message, iso(wanted.start_ms))])
    access.fetches().start(entry, total=total, held_before=total - asked)
    return {
        "owner": owner,
        "fetch_id": fetch_id,
        "dataset_id": entry.dataset_id,
        "execution": entry.execution,
        "market": market.to_dict(),
        "facts": market.facts(None if listed is None else iso(listed)).to_dict(),
        "span": list(wanted),
        "changed": changed,
        "pieces": _pieces(left, step),
    }


def _pieces(spans: Sequence[Span], step: int) -> list[dict[str, int]]:
    """Return the pieces as `fetch_piece` takes them.

    Several that are at work at once share the exchange's rate limit; the last of an odd number is alone.
    """
    cut = pieces(spans, step)
    alone = len(cut) - len(cut) % FETCHED_AT_ONCE
    return [
        {
            "number": number,
            "start_ms": span.start_ms,
            "end_ms": span.end_ms,
            "share": FETCHED_AT_ONCE if number < alone else 1,
            "failures": 0,
            "asked": 0,
            "repeated": 0,
        }
        for number, span in enumerate(cut)
    ]


def _listed(market: Market, client: Exchange, version: DatasetVersion | None) -> int | None:
    if version is None or version.manifest.market is None:
        return first_day(market, client)
    known = version.manifest.market.listed
    return None if known is None else parse_time(known)


def _wanted(
    entry: Fetch, held: Dataset | None, listed: int | None, closed_ms: int, reach: Reach | None
) -> Span:
    """Return the span that the dataset is to hold, on the grid, ending at the last bar that has closed."""
    step = entry.name.timeframe_ms
    end = closed_ms if entry.until_ms is None else min(closed_ms, entry.until_ms)
    start = entry.since_ms
    if start is None and held is not None:
        start = held.first_ms if entry.again else held.covered[1]
    if start is None:
        # As far back as there are candles.
        known = [ms for ms in (listed, reach and reach.lasting_ms) if ms is not None]
        start = max(known, default=None)
    if start is None:
        raise InvalidInputError([Issue("since", "is needed: since when this market trades is not known")])
    start = max(start, listed or 0)
    if entry.again and held is not None:
        # A dataset is one stretch of time: what is fetched again touches what is held.
        start, end = min(start, held.covered[1]), max(end, held.covered[0])
    # Up to the grid at the start, down to it at the end.
    return Span(start + -start % step, end - end % step)


def _lost(entry: Fetch, of: Venue, held: Dataset | None, first: Span, reach: Reach) -> Span:
    """Return the bars at the beginning of what is missing that nobody can ask for any more.

    They are a gap behind what is held, for whoever says since when to go on. Raises InvalidInputError for
    everybody else.
    """
    step, since = entry.name.timeframe_ms, entry.since_ms
    held_to = None if held is None else held.covered[1]
    if since is None or since < reach.oldest_ms or first.start_ms != held_to:
        raise out_of_reach(entry.name, of, reach, first.start_ms, held_to)
    return Span(first.start_ms, since + -since % step)


def _changed(
    market: Market, client: Exchange, held: Dataset, version: DatasetVersion | None
) -> list[dict[str, Any]]:
    """Return the newest held bars of which the exchange says something else now."""
    import numpy as np

    dataset, step = held.name, held.name.timeframe_ms
    if version is None:
        return []
    end = held.covered[1]
    start = end - min(COMPARED_BARS, client.venue.page_bars) * step
    reach = reach_of(client.venue, client.now_ms, step)
    if reach is not None:
        # What is published no more has not changed.
        start = max(start, reach.lasting_ms)
    count = (end - start) // step
    if count <= 0:
        return []
    answer = patiently(lambda: page(client, market, dataset.timeframe, start, count))
    theirs = {int(bar[0]): bar[1:] for bar in answer.bars}
    table = candles_reader(access.store(), version).window(start, end)
    ours = {
        int(time): np.array(values)
        for time, *values in zip(
            *(table.column(name).to_pylist() for name in table.column_names), strict=True
        )
    }
    return [
        {"timestamp": iso(time), "held": _close(ours.get(time)), "exchange": _close(theirs.get(time))}
        for time in sorted(ours.keys() | theirs.keys())
        if time not in ours or time not in theirs or not np.array_equal(ours[time], theirs[time])
    ]


def _close(bar: Any) -> float | None:
    return None if bar is None else float(bar[3])
