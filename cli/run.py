"""`stepfold run`: start a backtest and, if wanted, wait for what it finds."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from cli.client import Answered, Api
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import CommandError, ExitCode, UnreachableError, UsageError
from cli.examples import examples
from cli.live import Told, ignore
from cli.output import note, print_json, print_lines
from cli.report import print_equity_sketch, print_headlines
from cli.strategies import Parameters, located, parameters_of, strategy_named, wire_strategy
from cli.strategy_files import DocumentFile
from cli.terms import (
    TIMEFRAME_HELP,
    BehaviourFile,
    ConfidenceOverride,
    Conflicts,
    DailyLoss,
    DailyRisk,
    ExitBinding,
    FeeBps,
    FlattenDaily,
    FundingBps,
    FundingHours,
    Leverage,
    MaintenanceMargin,
    MakerFeeBps,
    MinFlat,
    MinHold,
    MinPriceMove,
    PortfolioExposure,
    PositionRisk,
    RiskFile,
    SlippageBps,
    SlippageRange,
    SlippageVolume,
    StoredFunding,
    SymbolExposure,
    TradesPerDay,
    TriggersPerDay,
    WalkAway,
    funding_of,
    limits_of,
    option,
)
from cli.waiting import raise_if_failed, wait_for_run
from shared.requests import BacktestRequest, Timeframe
from shared.responses import RunAnswer
from shared.responses_results import ResultsAnswer


def register(parent: typer.Typer) -> None:
    parent.command(
        "run",
        epilog=examples(
            "stepfold run ema_cross --symbol BTC-USDT --timeframe 1h",
            "stepfold run ema_cross --symbol BTC-USDT --symbol ETH-USDT --timeframe 1h --start 2021-01-01 "
            "--end 2023-12-31 --param fast=12 --param slow=26 --cash 10000 --name 'first try' --tag demo",
            "stepfold run my_strategy.yaml --symbol BTC-USDT --timeframe 1h --allocation cash=2000 "
            "--allocation BTC=4000 --fee-bps 10 --slippage-bps 2",
            "stepfold run my_strategy.yaml --symbol BTC-USDT --timeframe 1h --allocation BTC=40% "
            "--risk limits.yaml --max-daily-loss off --conflicts reverse --leverage 2 --funding-bps 1 "
            "--finer 1m",
            "stepfold run my_cross@2 --symbol BTC-USDT --timeframe 1h --no-wait --json",
        ),
    )(run)


def run(
    strategy: Annotated[
        str,
        typer.Argument(
            help="The id of a preset or of your own (my_cross, my_cross@2), or a document (.yaml, .json)."
        ),
    ],
    symbol: Annotated[
        list[str], option("BTC-USDT, BTC/USDT or BTCUSDT; repeat it: they share the cash.", "SYMBOL")
    ],
    timeframe: Annotated[Timeframe, option(TIMEFRAME_HELP, "LENGTH")],
    start: Annotated[str | None, option("First day or time (UTC); default: the first held.", "TIME")] = None,
    end: Annotated[
        str | None, option("Last day, or the time (UTC) to stop before; default: the last held.", "TIME")
    ] = None,
    regime: Annotated[
        str | None, option("A named period, in place of both; see `stepfold data regimes`.", "ID")
    ] = None,
    finer: Annotated[
        Timeframe | None, option("Shorter candles that decide inside a bar.", "LENGTH", "--finer")
    ] = None,
    parameters: Parameters = None,
    cash: Annotated[float | None, option("Cash at the start; default: 10000.", "AMOUNT")] = None,
    allocation: Annotated[
        list[str] | None,
        option(
            "Held at the start: BTC=4000 in quote currency, with cash=2000 in place of --cash; or a weight, "
            "BTC=40% of --cash, whose rest stays cash.",
            "WHAT=VALUE",
        ),
    ] = None,
    exchange: Annotated[str | None, option("Whose candles, where several are held.", "NAME")] = None,
    name: Annotated[str | None, option("A name to find the run by.", "TEXT")] = None,
    tag: Annotated[list[str] | None, option("A tag; repeat it for several.", "TEXT")] = None,
    note_text: Annotated[str | None, option("Notes kept with the run.", "TEXT", "--note")] = None,
    idempotency_key: Annotated[
        str | None, option("Two requests of one key are one run; default: a new key.", "TEXT")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the end and show the results, or only start.")
    ] = True,
    risk_file: RiskFile = None,
    position_risk: PositionRisk = None,
    symbol_exposure: SymbolExposure = None,
    portfolio_exposure: PortfolioExposure = None,
    daily_loss: DailyLoss = None,
    daily_risk: DailyRisk = None,
    trades_per_day: TradesPerDay = None,
    triggers_per_day: TriggersPerDay = None,
    behaviour_file: BehaviourFile = None,
    min_price_move: MinPriceMove = None,
    min_hold: MinHold = None,
    min_flat: MinFlat = None,
    confidence_override: ConfidenceOverride = None,
    conflicts: Conflicts = None,
    exit_binding: ExitBinding = None,
    walk_away: WalkAway = None,
    flatten_daily: FlattenDaily = None,
    fee_bps: FeeBps = None,
    maker_fee_bps: MakerFeeBps = None,
    slippage_bps: SlippageBps = None,
    slippage_range: SlippageRange = None,
    slippage_volume: SlippageVolume = None,
    leverage: Leverage = None,
    maintenance_margin: MaintenanceMargin = None,
    funding: StoredFunding = None,
    funding_bps: FundingBps = None,
    funding_hours: FundingHours = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run a backtest and show its metrics and its equity.

    ctrl-C while waiting leaves the run going; `stepfold watch` comes back to
    it. With --no-wait, standard output gets the id of the run alone.
    """
    source = strategy_named(strategy)
    allocations = allocations_of(allocation, cash)
    risk, risk_source = limits_of(
        "risk",
        risk_file,
        {
            "max_position_risk_pct": position_risk,
            "max_symbol_exposure_pct": symbol_exposure,
            "max_portfolio_exposure_pct": portfolio_exposure,
            "max_daily_loss_pct": daily_loss,
            "max_daily_risk_budget_pct": daily_risk,
            "max_trades_per_day": trades_per_day,
            "max_triggers_per_symbol_per_day": triggers_per_day,
        },
    )
    behaviour, behaviour_source = limits_of(
        "behaviour",
        behaviour_file,
        {
            "min_price_move_pct": min_price_move,
            "min_hold_hours": min_hold,
            "min_flat_hours": min_flat,
            "confidence_override": confidence_override,
            "conflicting_signals": conflicts,
            "exit_binding": exit_binding,
            "walk_away_profit_pct": walk_away,
            "flatten_daily": flatten_daily,
        },
    )
    costs = {
        "taker_fee_bps": fee_bps,
        "maker_fee_bps": maker_fee_bps,
        "slippage_bps": slippage_bps,
        "slippage_range_fraction": slippage_range,
        "slippage_volume_share": slippage_volume,
    }
    given: dict[str, Any] = {
        "start_date": start,
        "end_date": end,
        "regime": regime,
        "finer_timeframe": finer,
        "initial_cash": None if allocations else cash,
        "initial_allocations": allocations,
        "exchange": exchange,
        "name": name,
        "tags": tag or None,
        "notes": note_text,
        "parameters": parameters_of(parameters) or None,
        "costs": _given(costs) or None,
        "risk": risk,
        "behaviour": behaviour,
        "leverage": leverage,
        "maintenance_margin_pct": maintenance_margin,
        "funding": funding_of(funding, funding_bps, funding_hours),
    }
    body = {"strategy": wire_strategy(source), "symbols": symbol, "timeframe": timeframe, **_given(given)}
    with connected(api_url) as api:
        try:
            started = start_run(api, source, body, idempotency_key or uuid.uuid4().hex)
        except CommandError as error:
            for limits in filter(None, (risk_source, behaviour_source)):
                error = limits.located(error)
            raise error from None
        if not wait:
            note("Started. Watch it: stepfold watch last")
            _only_id(started, as_json)
            return
        finish(api, started.value.run_id, as_json)


def start_run(
    api: Api, source: str | DocumentFile, body: dict[str, Any], idempotency_key: str
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


def finish(api: Api, run_id: str, as_json: bool, told: Told = ignore) -> None:
    """Wait for a run's end and show it. Raises RunFailedError once it is shown that it has none."""
    ended = wait_for_run(api, run_id, told=told)
    run = ended.value
    if as_json:
        print_json(ended.raw)
        raise_if_failed(run)
        return
    raise_if_failed(run)
    results = api.get(ResultsAnswer, f"/backtests/{run_id}/results")
    print_headlines(results.value, results.raw)
    print_equity_sketch(api, run_id)
    if run.same_as:
        note(f"The same request on the same candles was run before: {run.same_as}. Its results are the same.")
    short = run_id[:11]
    note(f"Next: stepfold results {short}   stepfold trades {short} --paired   stepfold report {short}")
    note(f"Why a bar was traded or not: stepfold why {short} --at TIME --symbol {run.symbols[0]}")


def allocations_of(options: list[str] | None, cash: float | None = None) -> dict[str, float] | None:
    """Read `BTC=4000`, or `BTC=40%` of the cash, whose rest stays cash.

    Raises UsageError for what is neither, a name given twice, both kinds at once, or more than 100 %.
    """
    if not options:
        return None
    found: dict[str, float] = {}
    for entry in options:
        name, _, text = entry.partition("=")
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            value = float("nan")
        if not name.strip() or not 0 <= value < float("inf"):
            message = f"--allocation {entry}: write WHAT=VALUE, such as BTC=4000, cash=2000 or BTC=40%"
            raise UsageError(message)
        if name.strip() in found:
            raise UsageError(f"--allocation {name.strip()} is given twice")
        found[name.strip()] = value
    weights = [entry.endswith("%") for entry in options]
    if all(weights):
        return _weighted(found, cash)
    if any(weights):
        raise UsageError("--allocation takes amounts or weights (BTC=40%), not both at once")
    if cash is not None:
        hint = "write --allocation cash=2000, or weights of --cash: BTC=40%"
        raise UsageError("--cash and amounts in --allocation exclude each other", hint=hint)
    return found


def _weighted(weights: dict[str, float], cash: float | None) -> dict[str, float]:
    """Return the amounts of weights in percent; what they leave is cash."""
    total = sum(weights.values())
    if total > 100 or "cash" in map(str.lower, weights):
        raise UsageError(f"--allocation: weights of symbols sum up to 100 % at most, not {total:g} %")
    whole: float = BacktestRequest.model_fields["initial_cash"].default if cash is None else cash
    return {
        "cash": whole * (100 - total) / 100,
        **{name: whole * weight / 100 for name, weight in weights.items()},
    }


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not given, so that the API's defaults hold, not a copy of them."""
    return {name: value for name, value in options.items() if value is not None}


def _only_id(started: Answered[RunAnswer], as_json: bool) -> None:
    if as_json:
        print_json(started.raw)
    else:
        print_lines([started.value.run_id])
