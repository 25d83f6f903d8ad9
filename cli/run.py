"""`stepfold run`: start a backtest and, if wanted, wait for what it finds."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from cli.client import Answered, Api
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import CommandError, ExitCode, UnreachableError, UsageError
from cli.examples import examples
from cli.output import note, print_json, print_lines
from cli.report import print_equity_sketch, print_results
from cli.strategies import Parameters, located, parameters_of, strategy_named, wire_strategy
from cli.strategy_files import StrategyFile
from cli.waiting import raise_if_failed, wait_for_run
from shared.requests import Timeframe
from shared.responses import ResultsAnswer, RunAnswer


def register(parent: typer.Typer) -> None:
    parent.command(
        "run",
        epilog=examples(
            "stepfold run ema_cross --symbol BTC-USDT --timeframe 1h",
            "stepfold run ema_cross --symbol BTC-USDT --symbol ETH-USDT --timeframe 1h --start 2021-01-01 "
            "--end 2023-12-31 --param fast=12 --param slow=26 --cash 10000 --name 'first try' --tag demo",
            "stepfold run my_strategy.yaml --symbol BTC-USDT --timeframe 1h --allocation cash=2000 "
            "--allocation BTC=4000 --fee-bps 10 --slippage-bps 2",
            "stepfold run my_cross@2 --symbol BTC-USDT --timeframe 1h --no-wait --json",
        ),
    )(run)


def _option(text: str, metavar: str, *names: str) -> Any:
    """Return an option whose default is the API's."""
    return typer.Option(*names, help=text, metavar=metavar, show_default=False)


def run(
    strategy: Annotated[
        str,
        typer.Argument(
            help="The id of a preset or of your own (my_cross, my_cross@2), or a document (.yaml, .json)."
        ),
    ],
    symbol: Annotated[
        list[str], _option("BTC-USDT, BTC/USDT or BTCUSDT; repeat it: they share the cash.", "SYMBOL")
    ],
    timeframe: Annotated[Timeframe, _option("Length of a bar: 1m, 5m, 15m, 1h, 6h or 1d.", "LENGTH")],
    start: Annotated[str | None, _option("First day or time (UTC); default: the first held.", "TIME")] = None,
    end: Annotated[
        str | None, _option("Last day, or the time (UTC) to stop before; default: the last held.", "TIME")
    ] = None,
    parameters: Parameters = None,
    cash: Annotated[float | None, _option("Cash at the start; default: 10000.", "AMOUNT")] = None,
    allocation: Annotated[
        list[str] | None,
        _option("Held at the start, in quote currency: BTC=4000, cash=2000; replaces --cash.", "WHAT=VALUE"),
    ] = None,
    exchange: Annotated[str | None, _option("Whose candles, where several are held.", "NAME")] = None,
    fee_bps: Annotated[
        float | None, _option("Taker fee in basis points; default: 10 (0.1 %).", "NUMBER")
    ] = None,
    slippage_bps: Annotated[float | None, _option("Slippage in basis points; default: 2.", "NUMBER")] = None,
    name: Annotated[str | None, _option("A name to find the run by.", "TEXT")] = None,
    tag: Annotated[list[str] | None, _option("A tag; repeat it for several.", "TEXT")] = None,
    note_text: Annotated[str | None, _option("Notes kept with the run.", "TEXT", "--note")] = None,
    idempotency_key: Annotated[
        str | None, _option("Two requests of one key are one run; default: a new key.", "TEXT")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the end and show the results, or only start.")
    ] = True,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run a backtest and show its metrics and its equity.

    ctrl-C while waiting leaves the run going; `stepfold watch` comes back to
    it. With --no-wait, standard output gets the id of the run alone.
    """
    if cash is not None and allocation:
        raise UsageError("--cash and --allocation exclude each other", hint="write --allocation cash=2000")
    source = strategy_named(strategy)
    given: dict[str, Any] = {
        "start_date": start,
        "end_date": end,
        "initial_cash": cash,
        "initial_allocations": allocations_of(allocation),
        "exchange": exchange,
        "name": name,
        "tags": tag or None,
        "notes": note_text,
        "parameters": parameters_of(parameters) or None,
        "costs": _given({"taker_fee_bps": fee_bps, "slippage_bps": slippage_bps}) or None,
    }
    body = {"strategy": wire_strategy(source), "symbols": symbol, "timeframe": timeframe, **_given(given)}
    with connected(api_url) as api:
        started = start_run(api, source, body, idempotency_key or uuid.uuid4().hex)
        if not wait:
            note("Started. Watch it: stepfold watch last")
            _only_id(started, as_json)
            return
        finish(api, started.value.run_id, as_json)


def start_run(
    api: Api, source: str | StrategyFile, body: dict[str, Any], idempotency_key: str
) -> Answered[RunAnswer]:
    """Post a backtest; a retry after a lost answer gets the run of the first request."""
    again = f"if it was started is not known: the same command with --idempotency-key {idempotency_key} tells"
    try:
        return api.post(RunAnswer, "/backtests", body, idempotency_key=idempotency_key)
    except UnreachableError as error:
        raise UnreachableError(error.detail, hint="; ".join(filter(None, [error.hint, again]))) from None
    except CommandError as error:
        raise located(source, error) from None
    except KeyboardInterrupt:
        note(again)
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def finish(api: Api, run_id: str, as_json: bool) -> None:
    """Wait for a run's end and show it. Raises RunFailedError once it is shown that it has none."""
    ended = wait_for_run(api, run_id)
    run = ended.value
    if as_json:
        print_json(ended.raw)
        raise_if_failed(run)
        return
    raise_if_failed(run)
    results = api.get(ResultsAnswer, f"/backtests/{run_id}/results")
    print_results(results.value, results.raw)
    print_equity_sketch(api, run_id)
    if run.same_as:
        note(f"The same request on the same candles was run before: {run.same_as}. Its results are the same.")
    short = run_id[:11]
    note(f"Next: stepfold show {short}   stepfold trades {short} --paired   stepfold events {short}")


def allocations_of(options: list[str] | None) -> dict[str, float] | None:
    """Read `BTC=4000`. Raises UsageError for what is not WHAT=NUMBER, and for a name given twice."""
    if not options:
        return None
    found: dict[str, float] = {}
    for option in options:
        name, _, text = option.partition("=")
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not name.strip() or not 0 <= value < float("inf"):
            raise UsageError(f"--allocation {option}: write WHAT=VALUE, such as BTC=4000 or cash=2000")
        if name.strip() in found:
            raise UsageError(f"--allocation {name.strip()} is given twice")
        found[name.strip()] = value
    return found


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not given, so that the API's defaults hold, not a copy of them."""
    return {name: value for name, value in options.items() if value is not None}


def _only_id(started: Answered[RunAnswer], as_json: bool) -> None:
    if as_json:
        print_json(started.raw)
    else:
        print_lines([started.value.run_id])
