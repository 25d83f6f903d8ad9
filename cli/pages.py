"""Long series page by page: up to so many rows, or all of them."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel

from cli.client import Answered, Api, Query
from cli.output import note

PAGE = 5_000
Page = TypeVar("Page", bound=BaseModel)
Row = TypeVar("Row", bound=BaseModel)

Limit = Annotated[int, typer.Option(min=1, max=20_000, help="Rows at most.")]
Everything = Annotated[bool, typer.Option("--all", help="Every page.")]


def read_series(
    api: Api,
    model: type[Page],
    path: str,
    name: str,
    query: Query,
    limit: int | None,
    *,
    page_rows: int = PAGE,
) -> Answered[Page]:
    """Return up to `limit` rows of the field `name`, None for all of them, as one page would hold them.

    A page may hold fewer rows than asked, even none, where a filter looks through many; so pages are read
    until there are enough or there is no more.
    """
    rows: list[Any] = []
    cursor = query.get("cursor")
    while True:
        wanted = page_rows if limit is None else min(page_rows, limit - len(rows))
        page = api.get(model, path, {**query, "limit": wanted, "cursor": cursor})
        rows.extend(page.raw[name])
        cursor = page.raw["next_cursor"]
        if not cursor or (limit is not None and len(rows) >= limit):
            raw = {**page.raw, name: rows}
            return Answered(raw, model.model_validate(raw, extra="ignore"))


def rows_of(series: list[Row] | dict[str, list[Any]]) -> list[Row]:
    """Return the rows of an answer that was asked for in rows. Raises TypeError for columns."""
    if isinstance(series, dict):
        raise TypeError("the API answered columns where rows were asked for")
    return series


def say_more(raw: dict[str, Any]) -> None:
    if raw.get("next_cursor"):
        note("There are more: --all, or a higher --limit.")
