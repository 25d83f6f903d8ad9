"""What the shapes of the exchanges, one module each, are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.exchange.candles import Book

Query = Mapping[str, list[str]]
Rows = Callable[[list[list[float]]], list[list[float]]]
"""What a fault does to candles on their way out."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):  # noqa: N818 - an answer, not an error of the tests
    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Shape:
    """How one exchange speaks: `answer` a request, or raise Refused.

    `candles` is a pattern of the paths of requests for candles; `too_many` and `busy` are the bodies of its
    429 and 503.
    """

    answer: Callable[[Book, str, Query, Rows], Any]
    candles: str
    too_many: Any
    busy: Any


def spot_symbols(book: Book) -> list[str]:
    return sorted({symbol for symbol, _ in book.held if not symbol.endswith("-PERP")})


def perpetual_symbols(book: Book) -> list[str]:
    return sorted({symbol for symbol, _ in book.held if symbol.endswith("-PERP")})
