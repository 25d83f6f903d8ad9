"""A run on the screen: what it is, its metrics, its equity as a sketch."""

from __future__ import annotations

import sys
from typing import Any

from cli.client import Api
from cli.data_flags import KINDS, SHORT, flag_values
from cli.figures import UNDEFINED, groups_of, headlines_of, minute
from cli.output import note, pairs, plain, print_lines, print_table, stdout, table
from cli.run_data import data_lines
from cli.sketch import Curve, sketch
from shared.names import SIMULATED_EXCHANGE
from shared.responses import RunAnswer
from shared.responses_audit import DataFlag
from shared.responses_results import EquityAnswer, ResultsAnswer
from shared.times import parse_time

# A column of dots shows two points; an API answers 4 points at the least.
_POINTS_A_COLUMN = 4
_WIDEST_SKETCH = 120
_SHOWN_FLAGS = 5
SIMULATED_WARNING = "SIMULATED candles (exchange sim): what this says, it says of no real market."


def print_run(run: RunAnswer) -> None:
    """Print what a run is and how it ended."""
    rows = [
        ("run", run.run_id),
        ("name", run.name or UNDEFINED),
        ("status", run.status if run.status != "running" else f"running, {run.progress_pct:.0f} %"),
        ("strategy", strategy_of(run)),
        ("symbols", ", ".join(run.symbols)),
        ("timeframe", run.timeframe),
        ("candles", "SIMULATED, no real market" if run.simulated else ""),
        ("span", f"{minute(run.start_date)} to {minute(run.end_date)} UTC"),
        ("tags", ", ".join(run.tags)),
        ("notes", run.notes or ""),
        ("created", run.created_at),
        ("same as", run.same_as or ""),
        ("stale", run.stale_because or ""),
    ]
    print_table(pairs([(name, value) for name, value in rows if value]))
    if run.error is not None:
        print_lines([f"error: {run.error.detail}"], style="red")
        print_lines(f"  {issue.path}: {issue.message}" for issue in run.error.errors)


def print_headlines(results: ResultsAnswer, raw: dict[str, Any]) -> None:
    """Print what one asks first of a completed run, and that its candles are simulated where they are."""
    shown = table([("metric", "text"), ("value", "figure")])
    for label, value in headlines_of(raw):
        shown.add_row(plain(label), plain(value))
    print_table(shown)
    _print_remarks(results)


def print_results(results: ResultsAnswer, raw: dict[str, Any]) -> None:
    """Print all groups of metrics, and that the candles are simulated where they are."""
    shown = table([("metric", "text"), ("value", "figure")])
    for number, (heading, rows) in enumerate(groups_of(raw)):
        if number:
            shown.add_section()
        shown.add_row(plain(heading), "", style="bold")
        for label, value in rows:
            shown.add_row(f"  {plain(label)}", plain(value))
    print_table(shown)
    _print_remarks(results)


def _print_remarks(results: ResultsAnswer) -> None:
    if open_ := len(results.left_open):
        note(f"Still open at the end, marked at the last close: {open_} position{'s' if open_ > 1 else ''}.")
    for line in data_lines(results.candles):
        note(line)
    _print_data_flags(results)
    if results.stale_because:
        print_lines([f"STALE: {results.stale_because}"], style="yellow")
    if is_simulated(results):
        print_lines([SIMULATED_WARNING], style="yellow")


def _print_data_flags(results: ResultsAnswer) -> None:
    """Say what is suspicious in the candles, the gravest flags with their time."""
    found = results.data_flags
    counts = {kind: count for kind, count in found.counts.items() if count}
    if counts:
        said = ", ".join(f"{KINDS[kind]} {count:,}" for kind, count in counts.items())
        print_lines([f"Suspicious in the candles: {said}."], style="yellow")
        gravest = sorted(found.flags, key=lambda flag: list(KINDS).index(flag.kind))[:_SHOWN_FLAGS]
        print_lines(f"  {_flag_line(flag)}" for flag in gravest)
        if len(found.flags) + found.left_out > len(gravest):
            note("All of them: stepfold data show DATASET")
    if found.not_audited:
        note(f"Not audited, for they are older than audits: {', '.join(found.not_audited)}.")


def _flag_line(flag: DataFlag) -> str:
    until = "" if flag.end == flag.start else f" to {minute(flag.end)}"
    bars = "" if flag.count == 1 else f", {flag.count:,} bars"
    values = f" ({flag_values(flag)})" if flag.values else ""
    return f"{flag.dataset_id} {minute(flag.start)}{until}: {SHORT[flag.kind]}{bars}{values}"


def strategy_of(run: RunAnswer) -> str:
    """Return what a run's strategy is called, with the version of a saved one."""
    return run.strategy if run.strategy_version is None else f"{run.strategy}@{run.strategy_version}"


def is_simulated(results: ResultsAnswer) -> bool:
    """Tell whether a run traded on generated candles, by the exchange in its resolved request."""
    symbols = results.request.get("symbols")
    return any(
        isinstance(symbol, dict) and symbol.get("exchange") == SIMULATED_EXCHANGE
        for symbol in (symbols if isinstance(symbols, list) else [])
    )


def print_equity_sketch(api: Api, run_id: str) -> None:
    """Fetch as many points of the equity as the screen can show, and draw them."""
    width = min(stdout().width, _WIDEST_SKETCH)
    answer = api.get(
        EquityAnswer,
        f"/backtests/{run_id}/equity",
        {"points": width * _POINTS_A_COLUMN, "format": "columns"},
    )
    draw(answer.value, width)


def draw(equity: EquityAnswer, width: int) -> None:
    """Draw an equity curve, rows or columns, into `width` characters."""
    curve = equity.equity
    if isinstance(curve, dict):
        times, values = curve["timestamp"], curve["equity"]
    else:
        times, values = [row.timestamp for row in curve], [row.equity for row in curve]
    points = Curve([parse_time(time) for time in times], [float(value) for value in values])
    print_lines(["", *sketch(points, width=width, braille=_can_braille())])


def _can_braille() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") in ("utf8", "utf16", "utf32", "utf8sig")
