"""Options of `stepfold run` that say on what terms a run trades: limits, behaviour, costs of holding.

A limit's option takes a number, or `off` for none; what is not given has the API's default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli.errors import UsageError
from cli.strategy_files import DocumentFile, load_limits
from shared.times import TIMEFRAMES

DEFAULT = "default"
OFF = "off"
TIMEFRAME_HELP = f"Length of a bar: {', '.join(TIMEFRAMES)}."
LIMITS, BEHAVIOUR, COSTS = "Limits", "Behaviour", "Costs and margin"


def option(text: str, metavar: str, *names: str, panel: str | None = None) -> Any:
    """Return an option whose default is the API's."""
    return typer.Option(*names, help=text, metavar=metavar, show_default=False, rich_help_panel=panel)


def number_or_off(text: str) -> float | str:
    """Read what a limit's option takes. Raises BadParameter, which Typer says with the option's name."""
    if text == OFF:
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise typer.BadParameter(f"{text!r} is neither a number nor {OFF}")
    return int(text) if text.isdecimal() else number


def _limit(text: str, name: str, metavar: str = "PCT", panel: str = LIMITS) -> Any:
    return typer.Option(
        name, help=text, metavar=metavar, show_default=False, rich_help_panel=panel, parser=number_or_off
    )


def _filter(text: str, name: str, metavar: str) -> Any:
    return option(text, metavar, name, panel=BEHAVIOUR)


def _cost(text: str, name: str, metavar: str) -> Any:
    return option(text, metavar, name, panel=COSTS)


# A number or `off`; Typer knows no unions.
Limit = object

RiskFile = Annotated[
    str | None,
    option(
        "A file of limits (.yaml, .json), or `default`. "
        "Any limit given here replaces all of the strategy's own.",
        "FILE",
        "--risk",
        panel=LIMITS,
    ),
]
PositionRisk = Annotated[
    Limit | None, _limit("Equity that an entry may lose; default: 2.", "--max-position-risk")
]
SymbolExposure = Annotated[Limit | None, _limit("A symbol's notional; default: 25.", "--max-symbol-exposure")]
PortfolioExposure = Annotated[Limit | None, _limit("All notional; default: 80.", "--max-portfolio-exposure")]
DailyLoss = Annotated[Limit | None, _limit("No entries after such a day; default: 3.", "--max-daily-loss")]
DailyRisk = Annotated[Limit | None, _limit("Risk of a day's entries together.", "--max-daily-risk")]
TradesPerDay = Annotated[Limit | None, _limit("Entries a day.", "--max-trades-per-day", "COUNT")]
TriggersPerDay = Annotated[
    Limit | None, _limit("Entries a symbol and day.", "--max-triggers-per-symbol-day", "COUNT")
]

BehaviourFile = Annotated[
    str | None,
    option(
        "A file of what follows, or `default`. Any given here replaces all of the strategy's own.",
        "FILE",
        "--behaviour",
        panel=BEHAVIOUR,
    ),
]
MinPriceMove = Annotated[
    Limit | None, _limit("Entries keep off the last fill.", "--min-price-move", panel=BEHAVIOUR)
]
MinHold = Annotated[
    Limit | None, _limit("No exit by rule before; default: 2.", "--min-hold", "HOURS", BEHAVIOUR)
]
MinFlat = Annotated[
    Limit | None, _limit("No new entry before; default: 2.", "--min-flat", "HOURS", BEHAVIOUR)
]
ConfidenceOverride = Annotated[
    Literal["A", "B", "C", "none"] | None,
    _filter("Entries above exits: A, B, C or none.", "--confidence-override", "GRADE"),
]
Conflicts = Annotated[
    Literal["ignore", "exit", "reverse", "defer"] | None,
    _filter("Entries against a position: ignore, exit, reverse or defer.", "--conflicts", "MODE"),
]
ExitBinding = Annotated[
    Literal["none", "category", "exact"] | None,
    _filter("Exits that fit an entry: none (any), category or exact.", "--exit-binding", "MODE"),
]
WalkAway = Annotated[Limit | None, _limit("Stop after such a gain.", "--walk-away", panel=BEHAVIOUR)]
FlattenDaily = Annotated[
    bool | None,
    typer.Option(
        "--flatten-daily/--hold-overnight",
        help="Whether to be flat at the end of each day (UTC).",
        show_default=False,
        rich_help_panel=BEHAVIOUR,
    ),
]

FeeBps = Annotated[
    float | None, _cost("Taker fee; default: the exchange's, else 10 (0.1 %).", "--fee-bps", "BPS")
]
MakerFeeBps = Annotated[
    float | None, _cost("Of limit orders and targets; default: likewise.", "--maker-fee-bps", "BPS")
]
SlippageBps = Annotated[float | None, _cost("Slippage; default: 2.", "--slippage-bps", "BPS")]
SlippageRange = Annotated[
    float | None, _cost("And this share (0 to 1) of the bar's high - low.", "--slippage-range", "SHARE")
]
SlippageVolume = Annotated[
    float | None, _cost("And what a bar's whole volume moves (0 to 1).", "--slippage-volume", "SHARE")
]
Leverage = Annotated[float | None, _cost("Notional a unit of margin; default: 1.", "--leverage", "TIMES")]
MaintenanceMargin = Annotated[
    float | None, _cost("Liquidation below this; default: 0.5.", "--maintenance-margin", "PCT")
]
StoredFunding = Annotated[
    Literal["stored"] | None,
    _cost("Funding as it is stored; see `stepfold data import`.", "--funding", "stored"),
]
FundingBps = Annotated[
    float | None,
    _cost("Funding assumed; shorts, leverage and perpetuals need it, be it 0.", "--funding-bps", "BPS"),
]
FundingHours = Annotated[
    int | None, _cost("Hours between two fundings; default: 8.", "--funding-hours", "HOURS")
]


def limits_of(
    kind: Literal["risk", "behaviour"], file: str | None, options: Mapping[str, object]
) -> tuple[dict[str, Any] | None, DocumentFile | None]:
    """Return a section of the request, None if nothing of it is asked for, and the file that it came from.

    `options` gives each field what its option was given, None for nothing. Raises BadInputError.
    """
    source = None if file is None or file == DEFAULT else load_limits(Path(file), kind)
    given = {name: None if value == OFF else value for name, value in options.items() if value is not None}
    if file is None and not given:
        return None, None
    return {**(source.document if source else {}), **given}, source


def funding_of(
    stored: Literal["stored"] | None, rate_bps: float | None, every_hours: int | None
) -> dict[str, Any] | None:
    """Return what a request says of funding. Raises UsageError for both forms, or hours without a rate."""
    if stored is not None:
        if rate_bps is not None or every_hours is not None:
            raise UsageError(
                "--funding stored takes the rates from the store; leave out --funding-bps, -hours"
            )
        return {"source": stored}
    if rate_bps is None:
        if every_hours is not None:
            raise UsageError("--funding-hours needs a rate", hint="write --funding-bps 1, or 0")
        return None
    return {"assumed_rate_bps": rate_bps, **({} if every_hours is None else {"every_hours": every_hours})}
