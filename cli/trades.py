"""`stepfold trades`: fills, round trips, trade sets."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import Api
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import UsageError
from cli.examples import examples
from cli.figures import UNDEFINED, minute, money, number, percent
from cli.find_run import RunArgument, find_run
from cli.output import plain, print_json, print_table, table
from cli.pages import Everything, Limit, read_series, rows_of, say_more
from shared.responses_trades import PairedTradesAnswer, TradeRow, TradesAnswer, TradeSetsAnswer

# A set holds all its legs, so the API gives fewer at a time.
SETS_A_PAGE = 1_000


def register(parent: typer.Typer) -> None:
    parent.command(
        "trades",
        epilog=examples(
            "stepfold trades last",
            "stepfold trades last --paired",
            "stepfold trades last --sets --all --json",
        ),
    )(trades)


def trades(
    run: RunArgument,
    paired: Annotated[
        bool, typer.Option("--paired", help="Round trips: each exit against what it closed.")
    ] = False,
    sets: Annotated[bool, typer.Option("--sets", help="From flat to flat, with every leg.")] = False,
    limit: Limit = 50,
    everything: Everything = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the fills of a run, or its round trips, or its trade sets."""
    if paired and sets:
        raise UsageError("--paired and --sets exclude each other")
    wanted = None if everything else limit
    with connected(api_url) as api:
        base = f"/backtests/{find_run(api, run)}"
        if sets:
            _trade_sets(api, base, wanted, as_json)
        elif paired:
            _paired_trades(api, base, wanted, as_json)
        else:
            _fills(api, base, wanted, as_json)


def _fills(api: Api, base: str, limit: int | None, as_json: bool) -> None:
    answer = read_series(api, TradesAnswer, f"{base}/trades", "trades", {}, limit)
    if as_json:
        print_json(answer.raw)
        return
    shown = table(
        [
            ("time (UTC)", "word"),
            ("symbol", "word"),
            ("side", "word"),
            ("quantity", "figure"),
            ("price", "figure"),
            ("fee", "figure"),
            ("P&L", "figure"),
            ("why", "text"),
        ]
    )
    for row in rows_of(answer.value.trades):
        shown.add_row(
            minute(row.timestamp),
            row.symbol,
            row.side,
            number(row.qty),
            number(row.price),
            money(row.fee),
            UNDEFINED if row.is_entry else money(row.pnl),
            plain(_why(row)),
        )
    print_table(shown)
    say_more(answer.raw)


def _why(fill: TradeRow) -> str:
    """Return the trigger whose rule decided a fill, or what did if it was no rule."""
    by_rule = fill.reason in ("entry_rule", "exit_rule")
    return str(fill.trigger_id) if by_rule else fill.reason.replace("_", " ")


def _paired_trades(api: Api, base: str, limit: int | None, as_json: bool) -> None:
    path = f"{base}/paired_trades"
    answer = read_series(api, PairedTradesAnswer, path, "paired_trades", {}, limit)
    if as_json:
        print_json(answer.raw)
        return
    shown = table(
        [
            ("symbol\nside", "word"),
            ("entry\nexit", "word"),
            ("entry price\nexit price", "figure"),
            ("quantity", "figure"),
            ("P&L\nreturn", "figure"),
            ("hours\nR", "figure"),
            ("why", "text"),
        ]
    )
    for row in rows_of(answer.value.paired_trades):
        multiple = UNDEFINED if row.r_multiple is None else f"{row.r_multiple:,.2f}"
        shown.add_row(
            f"{row.symbol}\n{row.side}",
            f"{minute(row.entry_timestamp)}\n{minute(row.exit_timestamp)}",
            f"{number(row.entry_price)}\n{number(row.exit_price)}",
            number(row.qty),
            f"{money(row.pnl)}\n{percent(row.return_pct)}",
            f"{row.hold_duration_hours:,.4g}\n{multiple}",
            plain(row.exit_reason.replace("_", " ")),
        )
    print_table(shown)
    say_more(answer.raw)


def _trade_sets(api: Api, base: str, limit: int | None, as_json: bool) -> None:
    answer = read_series(
        api, TradeSetsAnswer, f"{base}/trade_sets", "trade_sets", {}, limit, page_rows=SETS_A_PAGE
    )
    if as_json:
        print_json(answer.raw)
        return
    shown = table(
        [
            ("set", "figure"),
            ("symbol\nside", "word"),
            ("opened\nclosed", "word"),
            ("entries\nexits", "figure"),
            ("avg. entry\navg. exit", "figure"),
            ("P&L\nfees", "figure"),
        ]
    )
    for row in answer.value.trade_sets:
        shown.add_row(
            str(row.set_id),
            f"{row.symbol}\n{row.side}",
            f"{minute(row.opened_at)}\n{minute(row.closed_at)}",
            f"{row.entries}\n{row.exits}",
            f"{number(row.average_entry_price)}\n{number(row.average_exit_price)}",
            f"{money(row.total_pnl)}\n{money(row.total_fees)}",
        )
    print_table(shown)
    say_more(answer.raw)
