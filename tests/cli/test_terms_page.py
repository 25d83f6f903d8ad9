"""docs/api.md lists every term of a backtest as the request model and the command line have it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from shared.requests import BacktestRequest
from shared.terms import BehaviourRequest, CostsRequest, FundingRequest, RiskRequest, StoredFunding
from tests.cli.test_help import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("risk", RiskRequest),
    ("behaviour", BehaviourRequest),
    ("costs", CostsRequest),
    ("funding", StoredFunding),
    ("funding", FundingRequest),
)
# What a run is about; the rest is on what terms.
SUBJECT = {
    *("symbols", "timeframe", "strategy", "exchange", "start_date", "end_date", "initial_cash"),
    *("parameters", "name", "tags", "notes", "costs"),
}


def rows() -> dict[str, tuple[str, str]]:
    """Return the page's table: field to default and options."""
    table = PAGE.read_text().split("<!-- terms -->")[1].split("<!-- end of terms -->")[0]
    found = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) ?\|$", table, re.MULTILINE)
    return {field: (default, options) for field, default, options in found}


def terms() -> Iterator[tuple[str, object]]:
    """Yield every term of a request with its default."""
    yield from fields(BacktestRequest, "", SUBJECT)
    for name, model in SECTIONS:
        yield from fields(model, f"{name}.", set())


def fields(model: type[BaseModel], prefix: str, left_out: set[str]) -> Iterator[tuple[str, object]]:
    for name, field in model.model_fields.items():
        if name not in left_out:
            yield prefix + name, field.default


def test_the_page_has_every_term_with_its_default() -> None:
    shown = {field: default for field, (default, _) in rows().items()}
    assert shown == {field: written(default) for field, default in terms()}


def test_every_option_that_the_page_names_is_one_of_run_and_no_term_lacks_one() -> None:
    options = {
        word
        for parameter in COMMANDS[("run",)].params
        for word in (*parameter.opts, *parameter.secondary_opts)
    }
    for field, (_, text) in rows().items():
        named = re.findall(r"--[a-z-]+", text)
        assert set(named) <= options, field
        assert named or field == "funding", field


def written(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "null"
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, int | float) else str(default)
