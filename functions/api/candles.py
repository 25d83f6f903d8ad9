"""Windows of candles: of a dataset as it is held now, and of a run with the indicators that it saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from functions.api.backwards import read_back, stop_of
from functions.api.published import Published
from functions.api.tables import Columns, Page, read_page, wire_columns
from functions.api.windows import Window, parsed, row_of
from shared import access
from shared.candles import DatasetVersion, candles_reader
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.held_candles import load_serving, names_of_timeframes, serving
from shared.run_candles import candles_of
from shared.symbols import canonical, exchange_name, nearest
from shared.writer import indicators_series

if TYPE_CHECKING:
    import numpy as np

    from shared.series_reader import SeriesReader


# Finer candles that one page may read: two fifths of a second, 24 MB.
MAX_FINER_ROWS = 500_000


def held_version(owner: str, symbol: str, timeframe: str, exchange: str | None) -> DatasetVersion:
    """Return the candles that an owner sees under these names. Raises InvalidInputError with what is held."""
    name = parsed("symbol", symbol, canonical)
    wanted = None if exchange is None else parsed("exchange", exchange, exchange_name)
    held = access.datasets().held(owner)
    of_symbol = [d for d in held if d.name.symbol == name and wanted in (None, d.name.exchange)]
    fitting = serving(of_symbol, timeframe)
    if len(fitting) == 1:
        return load_serving(access.store(), fitting[0], timeframe)
    raise InvalidInputError([_not_one(name, timeframe, fitting, of_symbol, held)])


def _not_one(
    name: str,
    timeframe: str,
    fitting: Sequence[Dataset],
    of_symbol: Sequence[Dataset],
    held: Sequence[Dataset],
) -> Issue:
    if fitting:
        options = ", ".join(sorted(d.name.exchange for d in fitting))
        return Issue("exchange", f"candles of {name} are held from {options}; choose one")
    if of_symbol:
        message = f"{name} is held at {names_of_timeframes(of_symbol)}, not at {timeframe}"
        return Issue("timeframe", f"{message}; choose one of these or import it", timeframe)
    near = nearest(name, {d.name.symbol for d in held})
    hint = f"; did you mean {' or '.join(near)}?" if near else "; GET /market/symbols lists what is held"
    return Issue("symbol", f"no candles of {name} are held{hint}", name)


def market_page(version: DatasetVersion, window: Window, cursor: str | None, limit: int) -> Page:
    """Return candles of a window; without a start, the newest `limit` before its end."""
    reader = candles_reader(access.store(), version)
    stop = reader.rows if window.end_ms is None else reader.first_at_or_after(window.end_ms)
    limit = _readable(version, limit)
    newest = max(0, stop - limit)
    first = newest if window.start_ms is None else reader.first_at_or_after(window.start_ms)
    return read_page(reader, row_of(cursor, first), stop, limit)


def playback_page(
    results: Published, symbol: str | None, window: Window, cursor: str | None, limit: int, newest: bool
) -> tuple[str, str, Page]:
    """Return symbol, exchange and a page of the run's candles, each with the indicators at its time."""
    resolved = results.resolved
    number = number_of(symbol, [entry.symbol for entry in resolved.symbols])
    entry = resolved.symbols[number]
    version = candles_of(access.store(), resolved, number, results.run.dataset_owners[number])
    reader = candles_reader(access.store(), version)
    start = max(window.start(resolved.start_ms), resolved.start_ms)
    end = min(window.end(resolved.end_ms), resolved.end_ms)
    first, stop = reader.first_at_or_after(start), reader.first_at_or_after(end)
    limit = _readable(version, limit)
    if newest:
        candles = read_back(reader, first, stop_of(cursor, stop), limit)
    else:
        candles = read_page(reader, row_of(cursor, first), stop, limit)
    shown = results.reader.series(indicators_series(entry.symbol))
    return entry.symbol, entry.exchange, _with_indicators(candles, shown)


def _readable(version: DatasetVersion, limit: int) -> int:
    """Return how many bars a page may have: bars that are made cost reading what they are made of."""
    if version.source is None:
        return limit
    return min(limit, MAX_FINER_ROWS * version.source.dataset.timeframe_ms // version.dataset.timeframe_ms)


def number_of(symbol: str | None, names: Sequence[str]) -> int:
    """Return which of a run's symbols is meant; the first if none is named."""
    if symbol is None:
        return 0
    name = parsed("symbol", symbol, canonical)
    if name not in names:
        message = f"{name} is no symbol of this run; choose one of {', '.join(names)}"
        raise InvalidInputError([Issue("symbol", message, name)])
    return names.index(name)


def _with_indicators(candles: Page, indicators: SeriesReader) -> Page:
    import numpy as np

    if not candles.rows:
        return candles
    times = candles.columns["timestamp"].astype(np.int64)
    table = indicators.window(int(times[0]), int(times[-1]) + 1)
    found = wire_columns(table)
    columns: dict[str, Any] = dict(candles.columns)
    columns |= _joined(times, found)
    return replace(candles, columns=columns)


def _joined(times: np.ndarray, indicators: Columns) -> dict[str, Any]:
    """Return the indicators' values at `times`, NaN where they have none."""
    import numpy as np

    at = indicators["timestamp"].astype(np.int64)
    rows = np.searchsorted(at, times)
    there = rows < len(at)
    there[there] = at[rows[there]] == times[there]
    columns = {}
    for name, values in indicators.items():
        if name != "timestamp":
            column = np.full(len(times), np.nan)
            column[there] = values[rows[there]]
            columns[name] = column
    return columns
