"""Spans of time [start, end) on a timeframe's grid: what is missing, what is there, how to cut it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from shared.datasets import Dataset

# A month of minutes is one piece; of longer bars as many months as make about this many.
PIECE_BARS = 10_000


class Span(NamedTuple):
    start_ms: int
    end_ms: int

    def bars(self, step: int) -> int:
        return max(0, (self.end_ms - self.start_ms) // step)


def fetched(held: Dataset | None) -> Dataset | None:
    """Return what is held of an exchange's own candles: resampled ones a fetch replaces as a whole."""
    return None if held is None or held.made_of is not None else held


def missing(wanted: Span, held: Dataset | None) -> list[Span]:
    """Return what must be asked for so that a dataset holds `wanted`, and everything between the two."""
    if wanted.end_ms <= wanted.start_ms:
        return []
    if held is None:
        return [wanted]
    first, end = held.covered
    before, after = Span(wanted.start_ms, first), Span(end, wanted.end_ms)
    return [span for span in (before, after) if span.start_ms < span.end_ms]


def without(span: Span, there: Iterable[Span]) -> list[Span]:
    """Return the parts of a span that none of the others covers."""
    left, at = [], span.start_ms
    for other in sorted(there):
        if other.end_ms <= at or other.start_ms >= span.end_ms:
            continue
        if other.start_ms > at:
            left.append(Span(at, other.start_ms))
        at = max(at, other.end_ms)
    if at < span.end_ms:
        left.append(Span(at, span.end_ms))
    return left


def pieces(spans: Sequence[Span], step: int) -> list[Span]:
    """Cut spans into pieces of whole months."""
    found: list[Span] = []
    for span in spans:
        at = span.start_ms
        while at < span.end_ms:
            end = _month_after(at)
            while Span(at, _month_after(end)).bars(step) <= PIECE_BARS and end < span.end_ms:
                end = _month_after(end)
            found.append(Span(at, min(end, span.end_ms)))
            at = found[-1].end_ms
    return found


def _month_after(ms: int) -> int:
    """Return the first moment of the next UTC month."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000)
