"""What a run found: `equity`, `trades`, `events`, `state`, `artifacts`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.client import segment
from cli.connection import ApiUrl, AsJson, connected
from cli.downloads import download
from cli.errors import BadInputError
from cli.examples import examples
from cli.figures import minute, money, number, percent
from cli.find_run import RunArgument, find_run
from cli.output import note, pairs, plain, print_json, print_table, stdout, table
from cli.pages import Everything, Limit, read_series, rows_of, say_more
from cli.report import draw, print_results
from shared.responses import ArtifactsAnswer
from shared.responses_market import PlaybackEventsAnswer, PositionRow, StateAnswer
from shared.responses_results import EquityAnswer, EquityRow, ResultsAnswer
from shared.times import iso, parse_time

Start = Annotated[str | None, typer.Option(help="From this day or time on (UTC).", show_default=False)]
End = Annotated[
    str | None, typer.Option(help="Up to this day, or before this time (UTC).", show_default=False)
]

# Fields of events that are epoch milliseconds.
_TIMES = frozenset({"start", "end", "from", "to", "first", "last", "decided_at"})


def register(parent: typer.Typer) -> None:
    parent.command("results", epilog=examples("stepfold results last --json"))(results)
    parent.command(
        "equity",
        epilog=examples(
            "stepfold equity last",
            "stepfold equity last --start 2021-08-01 --end 2021-08-31",
            "stepfold equity last --points 500 --json",
        ),
    )(equity)
    parent.command(
        "events",
        epilog=examples(
            "stepfold events last --type trade_blocked", "stepfold events last --type gap --json"
        ),
    )(events)
    parent.command(
        "state",
        epilog=examples("stepfold state last 2021-08-13", "stepfold state last 2021-08-13T02:00:00Z --json"),
    )(state)
    parent.command(
        "artifacts",
        epilog=examples("stepfold artifacts last", "stepfold artifacts last --download results"),
    )(artifacts)


def results(run: RunArgument, api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Show the metrics of a run; --json has every one of them, and the months."""
    with connected(api_url) as api:
        answer = api.get(ResultsAnswer, f"/backtests/{find_run(api, run)}/results")
    if as_json:
        print_json(answer.raw)
    else:
        print_results(answer.value, answer.raw)


def equity(
    run: RunArgument,
    points: Annotated[
        int, typer.Option(min=4, max=10_000, help="Points at most; highs and lows stay.")
    ] = 400,
    start: Start = None,
    end: End = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Draw the equity of a run, or print its points."""
    with connected(api_url) as api:
        path = f"/backtests/{find_run(api, run)}/equity"
        answer = api.get(EquityAnswer, path, {"points": points, "start": start, "end": end})
    if as_json:
        print_json(answer.raw)
        return
    rows = answer.value.equity
    if not isinstance(rows, list) or not rows:
        note("There is no bar in this span.")
        return
    draw(answer.value, stdout().width)
    _print_extremes(rows)


def events(
    run: RunArgument,
    kind: Annotated[
        str | None,
        typer.Option(
            "--type", help="Only events of this type, such as trade_blocked, gap, fill.", show_default=False
        ),
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(help="Only events of this symbol.", show_default=False)
    ] = None,
    start: Start = None,
    end: End = None,
    limit: Limit = 50,
    everything: Everything = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List what happened in a run and why: triggers, orders, fills, blocked decisions, gaps."""
    query = {"type": kind, "symbol": symbol, "start": start, "end": end}
    with connected(api_url) as api:
        path = f"/backtests/{find_run(api, run)}/playback/events"
        answer = read_series(api, PlaybackEventsAnswer, path, "events", query, None if everything else limit)
    if as_json:
        print_json(answer.raw)
        return
    rows = rows_of(answer.value.events)
    if not rows:
        note("No such events.")
        return
    shown = table([("time (UTC)", "word"), ("event", "word"), ("symbol", "word"), ("what", "text")])
    for row in rows:
        shown.add_row(
            minute(row.timestamp), plain(row.type), plain(row.symbol or ""), plain(_payload(row.payload))
        )
    print_table(shown)
    say_more(answer.raw)


def state(
    run: RunArgument,
    at: Annotated[str, typer.Argument(metavar="AT", help="A day (its first moment) or a time (UTC).")],
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the account of a run as it stood at a time."""
    try:
        parse_time(at)
    except ValueError as error:
        raise BadInputError(str(error)) from None
    with connected(api_url) as api:
        answer = api.get(StateAnswer, f"/backtests/{find_run(api, run)}/playback/state/{segment(at)}")
    if as_json:
        print_json(answer.raw)
        return
    found = answer.value
    print_table(
        pairs(
            [
                ("time", f"{minute(found.timestamp)} UTC (bar {minute(found.bar)})"),
                ("equity", f"{money(found.equity)}  ({percent(found.return_pct)})"),
                ("cash", money(found.cash)),
                ("realised", money(found.realised_pnl)),
                ("unrealised", money(found.unrealised_pnl)),
                ("exposure", percent(100 * found.exposure)),
                ("drawdown", percent(100 * found.drawdown)),
                *((f"{'holds' if p.qty > 0 else 'short'} {p.symbol}", _held(p)) for p in found.positions),
                *((f"waits {a.symbol}", f"{money(a.value)} to be bought") for a in found.pending_allocations),
            ]
        )
    )


def _held(position: PositionRow) -> str:
    """Write a position with the prices at which it would end."""
    levels = (
        ("stop", position.stop_price),
        ("target", position.target_price),
        ("liquidation", position.liquidation_price),
    )
    ends = "".join(f", {name} {number(price)}" for name, price in levels if price is not None)
    return f"{number(position.qty)} at {number(position.average_cost)}{ends}"


def artifacts(
    run: RunArgument,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--download",
            help="Put the files into this folder, their hashes checked.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the Parquet files of a run, or download them. The links need no login and expire."""
    with connected(api_url) as api:
        run_id = find_run(api, run)
        answer = api.get(ArtifactsAnswer, f"/backtests/{run_id}/artifacts")
    found = answer.value.artifacts
    if folder is not None:
        paths = download(found, folder)
        note(f"{len(paths)} files in {folder}, each as its hash says.")
    if as_json:
        print_json(answer.raw)
        return
    shown = table(
        [("series", "text"), ("rows", "figure"), ("bytes", "figure"), ("from", "word"), ("to", "word")]
    )
    for entry in found:
        shown.add_row(
            plain(entry.series),
            f"{entry.rows:,}",
            f"{entry.size:,}",
            entry.first[:10],
            entry.last[:10],
        )
    print_table(shown)
    if folder is None:
        note(
            f"Get them: stepfold artifacts {run_id[:11]} --download DIR"
            f"   (links work until {answer.value.expires_at})"
        )


def _print_extremes(rows: list[EquityRow]) -> None:
    first, last = rows[0], rows[-1]
    low, high = min(rows, key=lambda row: row.equity), max(rows, key=lambda row: row.equity)
    deepest = max(rows, key=lambda row: row.drawdown)
    shown = table([("", "word"), ("time (UTC)", "word"), ("equity", "figure"), ("drawdown", "figure")])
    for label, row in (
        ("first", first),
        ("lowest", low),
        ("highest", high),
        ("deepest", deepest),
        ("last", last),
    ):
        shown.add_row(label, minute(row.timestamp), money(row.equity), percent(100 * row.drawdown))
    print_table(shown)


def _payload(payload: dict[str, Any]) -> str:
    return "  ".join(f"{name}={_written(name, value)}" for name, value in payload.items())


def _written(name: str, value: object) -> str:
    if isinstance(value, int) and name in _TIMES:
        return minute(iso(value)).replace(" ", "T")
    if isinstance(value, float):
        return number(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
