"""docs/metrics.md and the code name the same metrics, tables and columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import preset
from engine.result import Result
from tests.engine.market import generated, play

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def rows_of(part: str) -> list[list[str]]:
    """Cells of the page's table between its marks."""
    text = PAGE.split(f"<!-- {part} -->\n")[1].split(f"<!-- end of {part} -->")[0]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines()[2:]]


@pytest.fixture(scope="module")
def result() -> Result:
    return play(preset("ema_cross"), generated(6000, 2), cash=10_000.0, fee_bps=10.0, step=1e-6)


def test_the_page_names_every_metric_and_no_other(result: Result) -> None:
    named = [row[0].strip("`") for row in rows_of("metrics")]
    assert len(set(named)) == len(named)
    assert set(named) == set(result.metrics)


def test_every_metric_has_a_unit_and_a_formula() -> None:
    for row in rows_of("metrics"):
        assert len(row) == 5, row
        assert row[1], row
        assert row[2], row


def test_a_percentage_is_named_so_and_has_that_unit() -> None:
    for name, unit, *_ in rows_of("metrics"):
        # The seed's own name for the share of trades won has no ending.
        assert (unit == "%") == (name.strip("`").endswith(("_pct", "win_rate"))), name


def test_metrics_without_a_bar_are_the_same_and_those_that_are_none_can_be_undefined() -> None:
    can_be = {row[0].strip("`") for row in rows_of("metrics") if row[4]}
    few = play(preset("ema_cross"), generated(3, 2)).metrics
    assert {name for name, value in few.items() if value is None} <= can_be


def test_the_page_describes_every_table(result: Result) -> None:
    tables = result.report.tables()
    described = {row[0].strip("`"): set(re.findall(r"`([a-z0-9_]+)`", row[2])) for row in rows_of("tables")}
    assert set(described) == set(tables)
    shared = described["monthly"] - {"month"}
    for name in ("yearly", "weekly"):
        described[name] |= shared
    of_trades = described["by_symbol"] - {"symbol"}
    for name in described:
        if name.startswith("by_"):
            described[name] |= of_trades
    for name, table in tables.items():
        columns = set(table) if isinstance(table, dict) else set(table[0])
        own = described[name] - {"daily_sharpe_ratio"} if name == "rolling_sharpe" else described[name]
        assert columns == own, name
