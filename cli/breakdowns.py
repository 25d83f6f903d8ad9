"""`stepfold report`: what a run adds up to by month, symbol, trigger, drawdown, …"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.connection import ApiUrl, AsJson, connected
from cli.errors import UsageError
from cli.examples import examples
from cli.figures import figure
from cli.find_run import RunArgument, find_run
from cli.output import note, plain, print_json, print_table, table
from shared.responses_results import ReportAnswer

_PERIOD = ("return_pct", "benchmark_return_pct", "pnl", "trades", "equity")
_GROUP = ("trades", "win_rate", "pnl", "profit_factor", "avg_return_pct")
# Every table, with what of it fits a narrow screen; --json has all of its columns.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{f"{period}ly": (period, *_PERIOD) for period in ("month", "year", "week")},
    **{
        f"by_{name}": (name, *_GROUP)
        for name in ("symbol", "trigger", "exit_trigger", "exit_reason", "side", "hour", "weekday")
    },
    "drawdowns": ("start_timestamp", "valley_timestamp", "recovery_timestamp", "depth_pct", "days"),
    "excursions": ("outcome", "excursion", "trades", "avg_pct", "furthest_pct"),
    "rolling_sharpe": ("date", "days_30", "days_90"),
    "daily": ("date", "return_pct", "equity_close", "pnl", "trades", "fills", "blocked"),
}
_HEADS = {
    "return_pct": "return",
    "benchmark_return_pct": "hold",
    "avg_return_pct": "avg return",
    "depth_pct": "depth",
    "avg_pct": "average",
    "furthest_pct": "furthest",
    "equity_close": "equity",
    "start_timestamp": "began",
    "valley_timestamp": "lowest",
    "recovery_timestamp": "recovered",
}


def register(parent: typer.Typer) -> None:
    parent.command(
        "report",
        epilog=examples(
            "stepfold report last",
            "stepfold report last by_symbol",
            "stepfold report last drawdowns --json",
        ),
    )(report)


def report(
    run: RunArgument,
    breakdown: Annotated[str, typer.Argument(help=f"One of {', '.join(_COLUMNS)}.")] = "monthly",
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what a run adds up to: by month, day, symbol, trigger, exit reason, weekday, drawdown, …"""
    if breakdown not in _COLUMNS:
        raise UsageError(f"there is no table {breakdown!r}", hint=f"choose from {', '.join(_COLUMNS)}")
    with connected(api_url) as api:
        path = f"/backtests/{find_run(api, run)}/report"
        answer = api.get(ReportAnswer, path, {"tables": breakdown})
    if as_json:
        print_json(answer.raw)
        return
    rows = _rows(answer.raw[breakdown])
    if not rows:
        note("There is nothing in it.")
        return
    names = _COLUMNS[breakdown]
    shown = table([(_HEADS.get(name, name.replace("_", " ")), _kind(rows, name)) for name in names])
    for row in rows:
        shown.add_row(*(plain(_text(name, row[name])) for name in names))
    print_table(shown)


def _rows(found: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]) -> list[Mapping[str, Any]]:
    """Rows of a table, whichever way it came."""
    if isinstance(found, Mapping):
        return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    return list(found)


def _kind(rows: Sequence[Mapping[str, Any]], name: str) -> Any:
    if name == "blocked":
        return "text"
    return "figure" if any(isinstance(row[name], int | float) for row in rows) else "word"


def _text(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{reason.replace('_', ' ')} {count}" for reason, count in value.items())
    return figure(name, value)
