"""On what terms a run trades, as a client states them: costs, limits, behaviour, funding.

Ranges and choices are the engine's (`engine.limits`); the defaults of a limit that a client leaves out stand
here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, LiteralString

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from engine.limits import MEANINGS, RANGES

FUNDING_FORMS: LiteralString = (
    'name the stored rates, {"source": "stored"}, or state an assumption, '
    '{"assumed_rate_bps": 1.0, "every_hours": 8}'
)


class WireModel(BaseModel):
    """Refuses what it does not know and what it would have to convert."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def _limit(name: str) -> Any:  # pydantic's Field is untyped
    low, high = RANGES[name]
    return Field(ge=low, le=high, description=MEANINGS[name])


def _choice(name: str) -> Any:
    return Field(description=MEANINGS[name])


# Where neither the request nor the exchange says a fee.
DEFAULT_FEE_BPS = 10.0
_FEE = "null: what the exchange publishes of fetched candles' market, else 10"


class CostsRequest(WireModel):
    """What trading costs: fees and slippage in basis points of the notional (10 = 0.1 %)."""

    taker_fee_bps: Annotated[
        float | None, Field(ge=0, le=1_000, description=f"market and stop orders; {_FEE}")
    ] = None
    maker_fee_bps: Annotated[
        float | None, Field(ge=0, le=1_000, description=f"limit orders and targets; {_FEE}")
    ] = None
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

    max_position_risk_pct: Annotated[float | None, _limit("max_position_risk_pct")] = 2.0
    max_symbol_exposure_pct: Annotated[float | None, _limit("max_symbol_exposure_pct")] = 25.0
    max_portfolio_exposure_pct: Annotated[float | None, _limit("max_portfolio_exposure_pct")] = 80.0
    max_daily_loss_pct: Annotated[float | None, _limit("max_daily_loss_pct")] = 3.0
    max_daily_risk_budget_pct: Annotated[float | None, _limit("max_daily_risk_budget_pct")] = None
    max_trades_per_day: Annotated[int | None, _limit("max_trades_per_day")] = None
    max_triggers_per_symbol_per_day: Annotated[int | None, _limit("max_triggers_per_symbol_per_day")] = None


class BehaviourRequest(WireModel):
    """How decisions are filtered. A field left out has its default, null switches it off."""

    min_price_move_pct: Annotated[float | None, _limit("min_price_move_pct")] = None
    min_hold_hours: Annotated[float | None, _limit("min_hold_hours")] = 2.0
    min_flat_hours: Annotated[float | None, _limit("min_flat_hours")] = 2.0
    confidence_override: Annotated[Literal["none", "A", "B", "C"] | None, _choice("confidence_override")] = (
        None
    )
    conflicting_signals: Annotated[
        Literal["ignore", "exit", "reverse", "defer"], _choice("conflicting_signals")
    ] = "ignore"
    exit_binding: Annotated[Literal["none", "category", "exact"], _choice("exit_binding")] = "none"
    walk_away_profit_pct: Annotated[float | None, _limit("walk_away_profit_pct")] = None
    flatten_daily: Annotated[bool, _choice("flatten_daily")] = False

    @field_validator("confidence_override")
    @classmethod
    def _none_is_null(cls, value: str | None) -> str | None:
        return None if value == "none" else value


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
        raise PydanticCustomError("funding", FUNDING_FORMS)


class StoredFunding(WireModel):
    """The funding rates that are stored of each symbol, or of its perpetual, from the same exchange."""

    source: Annotated[Literal["stored"], Field(description="`stepfold data import --funding` brings them in")]


def _form_of(value: object) -> str:
    stored = isinstance(value, StoredFunding) or (isinstance(value, dict) and "source" in value)
    return "stored_funding" if stored else "assumed_funding"


FundingTerms = Annotated[
    Annotated[FundingRequest, Tag("assumed_funding")] | Annotated[StoredFunding, Tag("stored_funding")],
    Discriminator(_form_of),
]
"""With a `source` the rates are data, without one an assumption."""
