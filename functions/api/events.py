"""The timeline of a run: a bounded look through its events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from fastapi import Response

from engine.layout import EVENT_TYPES
from functions.api.backwards import read_back, scan_back, stop_of
from functions.api.published import Published
from functions.api.results import equal_to
from functions.api.tables import answer, read_page, scan_page
from functions.api.windows import Window, parsed, row_of
from shared.errors import InvalidInputError, Issue
from shared.symbols import canonical, nearest

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MAX_TYPES = 20


def events_answer(
    results: Published,
    types: str | None,
    symbol: str | None,
    span: Window,
    cursor: str | None,
    limit: int,
    form: Literal["rows", "columns"],
    *,
    newest: bool = False,
) -> Response:
    """Return a page of events; a filtered page may be short and still go on with its cursor."""
    reader = results.reader.series("events")
    first = 0 if span.start_ms is None else reader.first_at_or_after(span.start_ms)
    stop = reader.rows if span.end_ms is None else reader.first_at_or_after(span.end_ms)
    if newest:
        stop = stop_of(cursor, stop)
    else:
        first = row_of(cursor, first)
    wanted = _filters(types, symbol)
    if not wanted:
        return answer("events", (read_back if newest else read_page)(reader, first, stop, limit), form)

    def every(table: pa.Table) -> np.ndarray:
        marked = wanted[0](table)
        for condition in wanted[1:]:
            marked = marked & condition(table)
        return marked

    return answer("events", (scan_back if newest else scan_page)(reader, first, stop, limit, every), form)


def _filters(types: str | None, symbol: str | None) -> list[Callable[[pa.Table], np.ndarray]]:
    wanted = []
    if types is not None:
        names = [name.strip() for name in types.split(",")]
        if len(names) > MAX_TYPES or not all(names):
            message = f"is a list of up to {MAX_TYPES} types, separated by commas"
            raise InvalidInputError([Issue("type", message)])
        for name in names:
            if name not in EVENT_TYPES:
                near = nearest(name, EVENT_TYPES, 1)
                known = f"did you mean {near[0]}?" if near else f"choose of {', '.join(EVENT_TYPES)}"
                raise InvalidInputError([Issue("type", f"is no type of event; {known}", name[:80])])
        wanted.append(equal_to("type", *names))
    if symbol is not None:
        wanted.append(equal_to("symbol", parsed("symbol", symbol, canonical)))
    return wanted
