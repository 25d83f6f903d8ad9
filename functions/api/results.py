"""A completed run's metrics and series in the seed's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import orjson
from fastapi import Response

from engine.names import HOUR_MS
from functions.api.data_flags import data_flags
from functions.api.data_used import data_used
from functions.api.published import Published, with_times
from functions.api.staleness import Staleness
from functions.api.tables import Page, answer, read_page, scan_page, wire_columns
from functions.api.windows import Window, parsed, row_of
from shared import access
from shared.errors import InvalidInputError, Issue, NotFoundError
from shared.responses_results import ResultsAnswer
from shared.run_candles import candle_versions
from shared.symbols import canonical

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from shared.series_reader import SeriesReader

Format = Literal["rows", "columns"]


def results_of(results: Published) -> ResultsAnswer:
    """Return every metric flat, how they came about, and what there is to know of the candles."""
    manifest = results.reader.manifest
    run = results.run
    versions = candle_versions(access.store(), results.resolved, run.dataset_owners, run.finer_owners)
    stale_because = Staleness(access.datasets()).of(results.run)
    return ResultsAnswer.model_validate(
        {
            **results.metrics,
            "run_id": results.run.run_id,
            "status": results.run.status,
            "fingerprint": manifest.fingerprint,
            "engine_version": manifest.engine_version,
            "data_flags": data_flags(results, versions),
            "candles": data_used(results, versions),
            "stale": stale_because is not None,
            "stale_because": stale_because,
            "monthly": list(manifest.monthly),
            "request": results.request,
        }
    )


def report_answer(results: Published, wanted: str | None) -> Response:
    """Return the tables that the run adds up to, all or those of a comma-separated list."""
    tables = results.reader.report()
    if tables is None:
        raise NotFoundError("this backtest was made before there were reports; run it again to have one")
    if wanted is not None:
        chosen = [part.strip() for part in wanted.split(",")]
        if unknown := [name for name in chosen if name not in tables]:
            message = f"there is no table {', '.join(map(repr, unknown))}; choose from {', '.join(tables)}"
            raise InvalidInputError([Issue("tables", message, wanted)])
        tables = {name: tables[name] for name in chosen}
    content = {
        name: [with_times(row) for row in table] if isinstance(table, list) else table
        for name, table in tables.items()
    }
    return Response(orjson.dumps(content), media_type="application/json")


def equity_answer(
    results: Published, span: Window, points: int | None, cursor: str | None, limit: int, form: Format
) -> Response:
    """Return a page of the curve, or all of a window in at most `points` rows."""
    resolved = results.resolved
    if points is None:
        return answer("equity", _page(results.reader.series("equity"), span, None, cursor, limit), form)
    if cursor is not None:
        raise InvalidInputError([Issue("points", "is a whole window in one answer; send no cursor with it")])
    # Inside the run: how much is left out is decided by the length of the window.
    start = max(span.start(resolved.start_ms), resolved.start_ms)
    end = min(span.end(resolved.end_ms), resolved.end_ms)
    table = results.reader.equity_points(start, max(start, end), points)
    return answer("equity", Page(wire_columns(table), lambda _: None), form)


def trades_answer(
    results: Published, span: Window, symbol: str | None, cursor: str | None, limit: int, form: Format
) -> Response:
    return answer("trades", _page(results.reader.series("fills"), span, symbol, cursor, limit), form)


def paired_trades_answer(
    results: Published, span: Window, symbol: str | None, cursor: str | None, limit: int, form: Format
) -> Response:
    page = _page(results.reader.series("trades"), span, symbol, cursor, limit)
    columns = dict(page.columns)
    del columns["timestamp"]  # it is the exit's
    held = columns["exit_timestamp"] - columns["entry_timestamp"]
    columns["hold_duration_hours"] = held.astype("int64") / HOUR_MS
    columns["timeframe"] = [results.run.timeframe] * page.rows
    return answer("paired_trades", Page(columns, page.following), form)


def _page(reader: SeriesReader, span: Window, symbol: str | None, cursor: str | None, limit: int) -> Page:
    first = 0 if span.start_ms is None else reader.first_at_or_after(span.start_ms)
    stop = reader.rows if span.end_ms is None else reader.first_at_or_after(span.end_ms)
    first = row_of(cursor, first)
    if symbol is None:
        return read_page(reader, first, stop, limit)
    return scan_page(reader, first, stop, limit, equal_to("symbol", parsed("symbol", symbol, canonical)))


def equal_to(column: str, *values: str) -> Callable[[pa.Table], np.ndarray]:
    """Return a filter that marks the rows whose `column` is one of `values`."""

    def wanted(table: pa.Table) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        hits: Any = pc.is_in(table.column(column), value_set=pa.array(values, pa.string()))
        marked: np.ndarray = hits.to_numpy()
        return marked

    return wanted
