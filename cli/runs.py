"""Runs: `list`, `show`, `watch`, `cancel`, `delete`, `compare`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from cli.client import Api
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import UsageError
from cli.examples import examples
from cli.figures import GROUPS, UNDEFINED, figure, percent
from cli.find_run import PAGE, RunArgument, find_run
from cli.live import ignore, say_fills
from cli.output import note, plain, print_json, print_lines, print_table, table
from cli.pages import read_series
from cli.report import print_headlines, print_run, strategy_of
from cli.run import finish
from shared.responses import CompareAnswer, RunAnswer, RunPage, RunStatus
from shared.responses_results import ResultsAnswer

_ID = 11  # bt- and eight characters: unique among any number of runs that one looks at


def register(parent: typer.Typer) -> None:
    parent.command(
        "list",
        epilog=examples(
            "stepfold list",
            "stepfold list --status failed",
            "stepfold list --symbol BTC-USDT --tag demo --all --json",
        ),
    )(list_runs)
    parent.command("show", epilog=examples("stepfold show last", "stepfold show bt-k3q5 --json"))(show)
    parent.command("watch", epilog=examples("stepfold watch last", "stepfold watch bt-k3q5 --fills"))(watch)
    parent.command("cancel", epilog=examples("stepfold cancel last"))(cancel)
    parent.command("delete", epilog=examples("stepfold delete bt-k3q5", "stepfold delete last --yes"))(delete)
    parent.command(
        "compare", epilog=examples("stepfold compare bt-k3q5 bt-m7c4", "stepfold compare last bt-k3q5 --json")
    )(compare)


def list_runs(
    status: Annotated[
        RunStatus | None, typer.Option(help="Only runs of this status.", show_default=False)
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="Only runs of this strategy.", show_default=False)
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(help="Only runs with this symbol.", show_default=False)
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only runs with this tag.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="Runs a page.")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="Every page, not only the newest runs.")] = False,
    cursor: Annotated[
        str | None, typer.Option(help="Go on where a page ended (its next_cursor).", show_default=False)
    ] = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first."""
    query = {
        "status": status,
        "strategy": strategy,
        "symbol": symbol,
        "tag": tag,
        "cursor": cursor,
    }
    with connected(api_url) as api:
        wanted = None if everything else limit
        answer = read_series(api, RunPage, "/backtests", "backtests", query, wanted, page_rows=PAGE)
    if as_json:
        print_json(answer.raw)
        return
    if not answer.value.backtests:
        note("No runs. Start one: stepfold run --help   Or see it all work: stepfold demo")
        return
    _print_list(answer.value.backtests)
    if answer.value.next_cursor:
        note(f"There are more: --all, or --cursor {answer.value.next_cursor}")


def show(run: RunArgument, api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Show a run: what it is, how it ended, its most asked metrics."""
    with connected(api_url) as api:
        answer = api.get(RunAnswer, f"/backtests/{find_run(api, run)}")
        if as_json:
            print_json(answer.raw)
            return
        found = answer.value
        print_run(found)
        if found.status == "completed":
            results = api.get(ResultsAnswer, f"/backtests/{found.run_id}/results")
            print_headlines(results.value, results.raw)
            note(f"All metrics: stepfold results {found.run_id[:_ID]}")


def watch(
    run: RunArgument,
    fills: Annotated[
        bool, typer.Option("--fills", help="Say each fill as it happens, provisional until the run's end.")
    ] = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Wait for a run's end with a progress bar, then show its metrics; ctrl-C leaves it going.

    The run is listened to, where the API pushes; else it is asked again and again.
    """
    with connected(api_url) as api:
        finish(api, find_run(api, run), as_json, say_fills if fills else ignore)


def cancel(run: RunArgument, api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Stop a run that is queued or running; it keeps no results."""
    with connected(api_url) as api:
        run_id = find_run(api, run)
        answer = api.post(RunAnswer, f"/backtests/{run_id}/cancel", repeatable=True)
    if as_json:
        print_json(answer.raw)
    else:
        note(f"backtest {run_id} is {answer.value.status}.")


def delete(
    run: RunArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Delete a run with all its results. Asks first."""
    with connected(api_url) as api:
        run_id = find_run(api, run)
        if not yes:
            _ask(api, run_id)
        answer = api.delete(f"/backtests/{run_id}")
    if as_json:
        # The API answers a deletion with no body; this is the least that says what was done.
        print_json({"run_id": run_id, "deleted": True} if answer is None else answer)
    else:
        note(f"backtest {run_id} is deleted.")


def compare(
    run: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN...",
            help="Two or more runs: ids, beginnings of ids, or `last`.",
            show_default=False,
        ),
    ],
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Put runs side by side: metrics, and in what their configurations differ."""
    if len(run) < 2:
        raise UsageError("comparing takes two runs or more")
    with connected(api_url) as api:
        ids = [find_run(api, text) for text in run]
        answer = api.get(CompareAnswer, "/backtests/compare", {"ids": ",".join(ids)})
    if as_json:
        print_json(answer.raw)
        return
    found = answer.value
    shown = table([("", "text"), *((entry.run_id[:_ID], "text") for entry in found.backtests)])
    shown.add_row("name", *(plain(entry.name or UNDEFINED) for entry in found.backtests))
    shown.add_row("strategy", *(plain(strategy_of(entry)) for entry in found.backtests))
    shown.add_row("status", *(entry.status for entry in found.backtests))
    shown.add_section()
    labels = {name: label for _, members in GROUPS for name, label in members}
    for name, label in labels.items():
        if name in found.metrics:
            shown.add_row(plain(label), *(plain(figure(name, value)) for value in found.metrics[name]))
    shown.add_section()
    for difference in found.differences:
        shown.add_row(plain(difference.path), *(plain(_short(value)) for value in difference.values))
    print_table(shown)
    note("--json has every metric.")
    if not found.differences:
        note("Their configurations are the same.")


def _ask(api: Api, run_id: str) -> None:
    """Ask whether to delete a run, on standard error. Raises UsageError where nobody can answer."""
    found = api.get(RunAnswer, f"/backtests/{run_id}").value
    if not sys.stdin.isatty():
        raise UsageError("deleting asks first, and nobody is there to answer", hint="write --yes")
    what = f"{found.name or strategy_of(found)}, {', '.join(found.symbols)} {found.timeframe}, {found.status}"
    note(f"Delete backtest {run_id} ({what}) with all its results? [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        note("Kept.")
        raise typer.Exit


def _print_list(runs: list[RunAnswer]) -> None:
    """Print runs two lines each, so that eighty columns hold them."""
    shown = table(
        [
            ("run\nstatus", "word"),
            ("strategy\nsymbols", "text"),
            ("from\nto", "word"),
            ("return", "figure"),
            ("trades", "figure"),
            ("Sharpe", "figure"),
            ("draw-\ndown", "figure"),
        ]
    )
    for run in runs:
        title = f"{strategy_of(run)} – {run.name}" if run.name else strategy_of(run)
        shown.add_row(
            f"{run.run_id[:_ID]}\n{_status(run)}",
            plain(f"{title}\n{' '.join(run.symbols)} {run.timeframe}{' simulated' if run.simulated else ''}"),
            f"{(run.start_date or UNDEFINED)[:10]}\n{(run.end_date or UNDEFINED)[:10]}",
            percent(run.equity_return_pct),
            figure("total_trades", run.total_trades),
            figure("sharpe_ratio", run.sharpe_ratio),
            percent(run.max_drawdown_pct),
        )
    print_table(shown)
    if any(run.stale for run in runs):
        note("stale = completed, but a newer version of its candles has other bars in its span")
    for run in runs:
        if run.error is not None:
            print_lines([f"{run.run_id[:_ID]}  {run.error.detail}"], style="red")


def _status(run: RunAnswer) -> str:
    if run.status == "completed" and run.stale:
        return "stale"
    return run.status if run.status != "running" else f"running {run.progress_pct:.0f} %"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + "…"
