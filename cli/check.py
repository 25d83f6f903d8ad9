"""`stepfold check`: whether a strategy could see the future, and whether its warm-up is long enough."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.connection import ApiUrl, AsJson, connected
from cli.errors import CheckFailedError, CommandError
from cli.examples import examples
from cli.figures import minute, number
from cli.output import note, pairs, print_json, print_table
from cli.strategies import Parameters, located, parameters_of, strategy_named, wire_strategy
from cli.terms import TIMEFRAME_HELP, FundingBps, FundingHours, Leverage, StoredFunding, funding_of, option
from shared.requests import Timeframe
from shared.responses_why import CheckFinding, RunCheck


def register(parent: typer.Typer) -> None:
    parent.command(
        "check",
        epilog=examples(
            "stepfold check my_strategy.yaml --symbol BTC-USDT --timeframe 1h",
            "stepfold check my_cross@2 --symbol BTC-USDT --timeframe 1h --start 2021-01-01 --end 2021-12-31",
        ),
    )(check)


def check(
    strategy: Annotated[
        str,
        typer.Argument(
            help="The id of a preset or of your own (my_cross, my_cross@2), or a document (.yaml, .json)."
        ),
    ],
    symbol: Annotated[list[str], option("BTC-USDT, BTC/USDT or BTCUSDT; repeat it.", "SYMBOL")],
    timeframe: Annotated[Timeframe, option(TIMEFRAME_HELP, "LENGTH")],
    start: Annotated[str | None, option("First day or time (UTC); default: the first held.", "TIME")] = None,
    end: Annotated[
        str | None, option("Last day, or the time (UTC) to stop before; default: the last held.", "TIME")
    ] = None,
    parameters: Parameters = None,
    exchange: Annotated[str | None, option("Whose candles, where several are held.", "NAME")] = None,
    leverage: Leverage = None,
    funding: StoredFunding = None,
    funding_bps: FundingBps = None,
    funding_hours: FundingHours = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compare a run with runs over fewer of its bars: nothing may look ahead,
    and the warm-up must be long enough. At most 50,000 bars.

    The candles are those that are held; `stepfold data import` brings in
    others.
    """
    source = strategy_named(strategy)
    given: dict[str, Any] = {
        "start_date": start,
        "end_date": end,
        "parameters": parameters_of(parameters) or None,
        "exchange": exchange,
        "leverage": leverage,
        "funding": funding_of(funding, funding_bps, funding_hours),
    }
    body = {"strategy": wire_strategy(source), "symbols": symbol, "timeframe": timeframe}
    body |= {name: value for name, value in given.items() if value is not None}
    with connected(api_url) as api:
        try:
            answer = api.post(RunCheck, "/strategies/check", body, repeatable=True)
        except CommandError as error:
            raise located(source, error) from None
    report = answer.value
    if as_json:
        print_json(answer.raw)
    else:
        _show(report)
    if not report.passed:
        raise CheckFailedError("; ".join(finding.what for finding in report.findings))
    if not as_json:
        note("Nothing looked ahead." if report.starts else "Nothing looked ahead; the warm-up was not tried.")
        if not report.decisions:
            note("No rule became true in these bars, so this says little: choose a longer span.")


def _show(report: RunCheck) -> None:
    rows = [
        ("bars", f"{report.bars:,}"),
        ("rules", f"{report.rules:,}"),
        ("decisions", f"{report.decisions:,}"),
        ("fills", f"{report.fills:,}"),
        ("ended earlier", f"{report.cuts:,} runs"),
        ("warm-up", f"{report.warm_up_bars:,} bars, begun later {report.starts:,} times"),
    ]
    for finding in report.findings:
        rows += _finding(finding)
    print_table(pairs(rows))


def _finding(finding: CheckFinding) -> list[tuple[str, str]]:
    kind = "looks ahead" if finding.kind == "lookahead" else "not warmed up"
    rule = " ".join(filter(None, (finding.trigger_id, finding.rule)))
    rows = [(kind, f"{finding.symbol or ''} {minute(finding.at)} UTC {rule}".strip())]
    if finding.part is not None:
        rows.append(
            (finding.part, f"{_value(finding.whole)} with all bars, {_value(finding.less)} with fewer")
        )
    return rows


def _value(value: float | None) -> str:
    return "missing" if value is None else number(value)
