"""On what terms a run trades, as a client states them: costs, limits, behaviour, funding.

Ranges and choices are the engine's (`engine.limits`); the defaults of a limit that a client leaves out stand
here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, LiteralString

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from engine.limits import RANGES

NO_STORED_FUNDING: LiteralString = (
    "a stored series of funding rates is not taken yet; state an assumption, "
    '{"assumed_rate_bps": 1.0, "every_hours": 8}'
)


class WireModel(BaseModel):
    """Refuses what it does not know and what it would have to convert."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def _in_range(name: str, description: str) -> Any:  # pydantic's Field is untyped
    low, high = RANGES[name]
    return Field(ge=low, le=high, description=description)


class CostsRequest(WireModel):
    """What trading costs: fees and slippage in basis points of the notional (10 = 0.1 %)."""

    taker_fee_bps: Annotated[float, Field(ge=0, le=1_000, description="market and stop orders")] = 10.0
    maker_fee_bps: Annotated[float, Field(ge=0, le=1_000, description="limit orders and targets")] = 10.0
    slippage_bps: Annotated[float, Field(ge=0, le=1_000)] = 2.0
    slippage_range_fraction: Annotated[
        float, Field(ge=0, le=1, description="further slippage: this share of the fill bar's high - low")
    ] = 0.0
    slippage_volume_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="further slippage: the fraction by which an order as large as the fill bar's volume "
            "moves the price; smaller orders move it in proportion",
        ),
    ] = 0.0


class RiskRequest(WireModel):
    """Limits that entries meet; exits never do. A field left out has its default, null switches it off."""

    max_position_risk_pct: Annotated[
        float | None,
        _in_range("max_position_risk_pct", "% of the equity that an entry may lose at its stop, else 1 ATR"),
    ] = 2.0
    max_symbol_exposure_pct: Annotated[
        float | None, _in_range("max_symbol_exposure_pct", "a symbol's notional in % of the equity")
    ] = 25.0
    max_portfolio_exposure_pct: Annotated[
        float | None, _in_range("max_portfolio_exposure_pct", "all positions' notional in % of the equity")
    ] = 80.0
    max_daily_loss_pct: Annotated[
        float | None,
        _in_range("max_daily_loss_pct", "no entries once a UTC day lost this % of its opening equity"),
    ] = 3.0
    max_daily_risk_budget_pct: Annotated[
        float | None,
        _in_range("max_daily_risk_budget_pct", "risk of a day's entries in % of the day's opening equity"),
    ] = None
    max_trades_per_day: Annotated[
        int | None, _in_range("max_trades_per_day", "entries a day, of all symbols")
    ] = None
    max_triggers_per_symbol_per_day: Annotated[
        int | None, _in_range("max_triggers_per_symbol_per_day", "entries a day and symbol")
    ] = None


class BehaviourRequest(WireModel):
    """How decisions are filtered. A field left out has its default, null switches it off."""

    min_price_move_pct: Annotated[
        float | None, _in_range("min_price_move_pct", "an entry's distance from the symbol's last fill, in %")
    ] = None
    min_hold_hours: Annotated[
        float | None, _in_range("min_hold_hours", "no exit by rule before; protective stops are exempt")
    ] = 2.0
    min_flat_hours: Annotated[
        float | None, _in_range("min_flat_hours", "no new entry of the same trigger before")
    ] = 2.0
    confidence_override: Annotated[
        Literal["A", "B", "C"] | None,
        Field(description="entries of at least this confidence outrank all exits but emergency ones"),
    ] = None
    conflicting_signals: Annotated[
        Literal["ignore", "exit", "reverse", "defer"],
        Field(description="what an entry against an open position does"),
    ] = "ignore"
    exit_binding: Annotated[
        Literal["none", "category", "exact"],
        Field(description="which exits may close a position: any, of the entry's category, of its trigger"),
    ] = "none"
    walk_away_profit_pct: Annotated[
        float | None,
        _in_range("walk_away_profit_pct", "close everything and stop once the equity gained this much"),
    ] = None
    flatten_daily: Annotated[bool, Field(description="hold no position over the end of a UTC day")] = False


class FundingRequest(WireModel):
    """An assumption about funding: one rate, paid by longs where it is positive, at even hours of the day."""

    assumed_rate_bps: Annotated[
        float, Field(ge=-1_000, le=1_000, description="basis points of the position; 0 must be said")
    ]
    every_hours: Annotated[int, Field(ge=1, le=24)] = 8

    @model_validator(mode="before")
    @classmethod
    def _is_an_assumption(cls, value: object) -> object:
        """Refuse what is none, which is not a misspelt field of one, by saying what is taken."""
        named = isinstance(value, dict) and (not value or value.keys() & cls.model_fields.keys())
        if named or isinstance(value, cls):
            return value
        raise PydanticCustomError("funding", NO_STORED_FUNDING)
