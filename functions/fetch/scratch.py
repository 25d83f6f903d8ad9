"""Pieces of candles that were fetched and are not joined yet, in the store: `{start}-{end}.parquet`.

Such a file holds every bar that the exchange has in its span, be it none. Files outlive the fetch that made
them, by the days that the prefix's lifecycle gives: the next fetch of the dataset goes on from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from functions.fetch.bars import COLUMNS, as_table
from functions.fetch.spans import Span, without
from shared import access, names
from shared.errors import ConflictError
from shared.fetches import Fetch
from shared.parquet import decode, encode

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_FILE = re.compile(r"(\d+)-(\d+)\.parquet")


def spans_there(entry: Fetch) -> list[Span]:
    """Return the spans of the files that a fetch can use."""
    prefix = names.fetched_prefix(entry.name, entry.scratch)
    found = (_FILE.fullmatch(key.removeprefix(prefix)) for key in access.store().keys(prefix))
    return sorted(Span(int(match[1]), int(match[2])) for match in found if match)


def put(entry: Fetch, span: Span, bars: np.ndarray) -> None:
    access.store().put(names.fetched_piece(entry.name, entry.scratch, *span), encode(as_table(bars)))


def put_none(entry: Fetch, span: Span) -> None:
    """Say that the exchange has no bar in a span."""
    import numpy as np

    put(entry, span, np.empty((0, len(COLUMNS))))


def tables(entry: Fetch, wanted: Sequence[Span]) -> Iterator[pa.Table]:
    """Yield the bars of ascending spans, file by file. Raises ConflictError where a file is missing."""
    import pyarrow.compute as pc

    there = spans_there(entry)
    if any(without(span, there) for span in wanted):
        raise ConflictError(f"pieces of {entry.dataset_id} went before they were joined; fetch it again")
    for span in wanted:
        at = span.start_ms
        while at < span.end_ms:
            # Of those that hold the next bar the one that reaches furthest.
            best = max((piece for piece in there if piece.start_ms <= at), key=lambda piece: piece.end_ms)
            key = names.fetched_piece(entry.name, entry.scratch, *best)
            table = decode(access.store().get(key), "candles", key)
            times = table.column("timestamp")
            inside = pc.and_(pc.greater_equal(times, at), pc.less(times, span.end_ms))
            yield table.filter(inside)
            at = best.end_ms


def clear(entry: Fetch, joined: Sequence[Span]) -> None:
    """Delete the files whose bars the dataset holds now."""
    done = [span for span in spans_there(entry) if not without(span, joined)]
    access.store().delete(names.fetched_piece(entry.name, entry.scratch, *span) for span in done)
