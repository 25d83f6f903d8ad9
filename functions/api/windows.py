"""What the routes of long series take: a window of time, a page, a format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, Query

from shared.errors import InvalidInputError, Issue
from shared.requests import shown
from shared.times import iso, parse_time

T = TypeVar("T")

MAX_LIMIT = 20_000

Format = Annotated[
    Literal["rows", "columns"],
    Query(description="rows: one object a row; columns: one array a column, for charts"),
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="rows at most; an answer also ends at 5 MB")]
ListLimit = Annotated[int, Query(ge=1, le=100)]
RowCursor = Annotated[
    str | None, Query(max_length=20, description="`next_cursor` of the page before", examples=[None])
]


Newest = Annotated[
    bool,
    Query(
        description="the last rows of the window in place of its first, in the order of time; `next_cursor` "
        "then leads to those before them"
    ),
]


@dataclass(frozen=True, slots=True)
class Window:
    """start_ms <= time < end_ms; None is open."""

    start_ms: int | None
    end_ms: int | None

    def start(self, default: int) -> int:
        return default if self.start_ms is None else self.start_ms

    def end(self, default: int) -> int:
        return default if self.end_ms is None else self.end_ms


async def _window(
    start: Annotated[
        str | None,
        Query(max_length=40, description="ISO 8601, inclusive", examples=["2021-08-01T00:00:00Z"]),
    ] = None,
    end: Annotated[
        str | None,
        Query(
            max_length=40,
            description="ISO 8601, exclusive; a bare date includes that day",
            examples=["2021-08-31"],
        ),
    ] = None,
) -> Window:
    issues: list[Issue] = []
    start_ms = _time(issues, "start", start, end_of_day=False)
    end_ms = _time(issues, "end", end, end_of_day=True)
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        issues.append(Issue("end", f"is not after the start, {iso(start_ms)}", end))
    if issues:
        raise InvalidInputError(issues)
    return Window(start_ms, end_ms)


Span = Annotated[Window, Depends(_window)]


def _time(issues: list[Issue], path: str, text: str | None, *, end_of_day: bool) -> int | None:
    if text is None:
        return None
    try:
        return parse_time(text, end_of_day=end_of_day)
    except ValueError as error:
        issues.append(Issue(path, str(error), text))
        return None


def parsed(path: str, text: str, parse: Callable[[str], T]) -> T:
    """Return what `parse` makes of a parameter; its ValueError becomes an issue of the parameter."""
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidInputError([Issue(path, str(error), shown(text))]) from None


def row_cursor(row: int) -> str:
    """Say with which row of an immutable series the next page begins."""
    return f"r{row}"


def row_of(cursor: str | None, first: int) -> int:
    """Return the row that a page begins with: the cursor's, or `first`."""
    if cursor is None:
        return first
    digits = cursor.removeprefix("r")
    if digits == cursor or not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        message = "is not a cursor of this series; send the `next_cursor` of its last page"
        raise InvalidInputError([Issue("cursor", message, cursor)])
    return max(first, int(digits))


def number_after(letter: str, cursor: str | None, name: str) -> int | None:
    """Return the number in the cursor of a list that counts, `v7`; None of none. Raises InvalidInputError."""
    if cursor is None:
        return None
    digits = cursor.removeprefix(letter)
    if digits == cursor or not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        message = f"is not a cursor of these {name}; send the `next_cursor` of the last page"
        raise InvalidInputError([Issue("cursor", message, cursor[:40])])
    return int(digits)
