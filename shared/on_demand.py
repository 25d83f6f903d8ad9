"""Candles that a backtest lacks and that can be fetched for it: which, and from when to when.

A request is resolved as if they were held already, so that everything else that is wrong with it is said at
once; the run then waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared import names
from shared.candles import DatasetVersion
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.manifest import DatasetManifest, Part
from shared.markets import resolve_symbol
from shared.names import DatasetName
from shared.requests import BacktestRequest
from shared.resampling import fits
from shared.store import ObjectStore
from shared.times import TIMEFRAMES, iso, now_ms, parse_time
from shared.venues import VENUES

# The version of candles that are not there yet.
EXPECTED = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bars with since <= open < until that are to be fetched for a run."""

    dataset: DatasetName
    since_ms: int
    until_ms: int

    def to_dict(self) -> dict[str, Any]:
        return {"dataset_id": str(self.dataset), "since_ms": self.since_ms, "until_ms": self.until_ms}


def with_expected(
    request: BacktestRequest, symbols: Sequence[str], held: Sequence[Dataset], owner: str, warm_up_bars: int
) -> tuple[list[Dataset], tuple[Wanted, ...]]:
    """Return what is held as it will be, and what must be fetched for that.

    Nothing is fetched for a request without an exchange that we fetch from, or without a start; nor where
    an import of the owner's stands for the candles, resampled ones, or finer ones that make them. Raises
    InvalidInputError for an end that is to come.
    """
    venue = VENUES.get((request.exchange or "").strip().lower())
    timeframe = None if venue is None else venue.fetched_for(request.timeframe)
    if venue is None or timeframe is None or request.start_date is None:
        return list(held), ()
    step = TIMEFRAMES[request.timeframe]
    try:
        start = parse_time(request.start_date)
        end = None if request.end_date is None else parse_time(request.end_date, end_of_day=True)
    except ValueError:
        return list(held), ()  # the resolution says so
    closed = now_ms() - now_ms() % step
    by_name = {dataset.name: dataset for dataset in held}
    wanted: list[Wanted] = []
    for symbol in symbols:
        bars, name = (DatasetName(venue.name, symbol, length) for length in (request.timeframe, timeframe))
        if bars != name and bars in by_name:
            continue
        found = _wanted(name, by_name.get(name), owner, start - warm_up_bars * step, start, end, closed)
        if found is not None and not _can_be_made(bars, held, start, min(closed, end or closed)):
            wanted.append(found)
            by_name[name] = _as_expected(found, by_name.get(name))
    if wanted and end is not None and end > closed:
        message = f"no bar after {iso(closed)} has closed yet; end then or earlier"
        raise InvalidInputError([Issue("end_date", message, request.end_date)])
    return list(by_name.values()), tuple(wanted)


def _can_be_made(name: DatasetName, held: Sequence[Dataset], start_ms: int, end_ms: int) -> bool:
    """Tell whether finer candles that are held make a run's bars, where none are held as they are."""
    market = (name.exchange, name.symbol)
    of_market = [entry for entry in held if (entry.name.exchange, entry.name.symbol) == market]
    return not any(entry.name == name for entry in of_market) and any(
        fits(entry.name.timeframe_ms, name.timeframe_ms)
        and entry.first_ms <= start_ms
        and entry.last_ms + entry.name.timeframe_ms >= end_ms
        for entry in of_market
    )


def check_listed(store: ObjectStore, wanted: Sequence[Wanted], symbols: Sequence[str]) -> None:
    """Refuse at once symbols that their exchange is known not to have. Raises InvalidInputError."""
    from shared.market_lists import load_markets

    issues: list[Issue] = []
    for entry in wanted:
        name = entry.dataset
        listed = load_markets(store, name.exchange, name.symbol.endswith("-PERP"))
        if listed is not None and listed.sure:
            try:
                path = f"symbols[{list(symbols).index(name.symbol)}]"
                resolve_symbol(name.symbol, name.exchange, listed.markets, path)
            except InvalidInputError as error:
                issues.extend(error.issues)
    if issues:
        raise InvalidInputError(issues)


def expected_version(entry: Dataset) -> DatasetVersion:
    """Return a version that promises every bar of an entry that is not there yet."""
    name = entry.name
    part = Part(entry.first_ms, entry.last_ms, entry.rows, 0, "")
    manifest = DatasetManifest(name.exchange, name.symbol, name.timeframe, (part,), ())
    return DatasetVersion(entry.owner, name, EXPECTED, manifest)


def _wanted(
    name: DatasetName,
    held: Dataset | None,
    owner: str,
    warm_up_ms: int,
    start_ms: int,
    end_ms: int | None,
    closed_ms: int,
) -> Wanted | None:
    if held is not None and (held.owner == owner or held.made_of is not None):
        return None
    step = name.timeframe_ms
    since = max(0, warm_up_ms - warm_up_ms % step)
    if held is None:
        return Wanted(name, since, min(closed_ms, end_ms or closed_ms))
    # What was asked of the exchange once is not there if it is not held.
    first, last = held.covered
    end = last if end_ms is None else min(closed_ms, end_ms)
    if first <= start_ms and end <= last:
        return None
    return Wanted(name, since, max(end, last))


def _as_expected(wanted: Wanted, held: Dataset | None) -> Dataset:
    step = wanted.dataset.timeframe_ms
    first, last = wanted.since_ms, wanted.until_ms - step
    if held is not None:
        first, last = min(first, held.first_ms), max(last, held.last_ms)
        entry = held
    else:
        entry = Dataset(names.PUBLIC_OWNER, str(wanted.dataset), EXPECTED, 0, first, last, 0, 0, "")
    rows = max(0, (last - first) // step + 1)
    return replace(entry, version=EXPECTED, rows=rows, first_ms=first, last_ms=last)
