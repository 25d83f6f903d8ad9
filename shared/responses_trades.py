"""What the API answers about trades: fills, round trips, and everything from flat to flat."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.responses import Answer, Cursor, Moment

FillReason = Literal[
    "entry_rule",
    "exit_rule",
    "initial_allocation",
    "stop",
    "trailing_stop",
    "target",
    "liquidation",
    "time_exit",
    "flatten_daily",
    "walk_away",
    "conflict_exit",
    "reversal",
]
BoundBy = Literal[
    "own", "position_risk", "symbol_exposure", "portfolio_exposure", "daily_risk_budget", "cash"
]


class TradeRow(Answer):
    """One fill."""

    seq: int
    timestamp: Moment
    symbol: str
    side: Literal["buy", "sell"]
    qty: float
    price: float
    fee: float
    slippage: float
    liquidity: Annotated[Literal["taker", "maker"] | None, Field(description="null: an initial allocation")]
    pnl: Annotated[
        float,
        Field(description="realised, net of this fee and its shares of the entries' fees and of funding"),
    ]
    trigger_id: str | None
    category: str | None
    reason: FillReason
    is_entry: bool
    exit_fraction: Annotated[float | None, Field(description="share of the position that an exit closed")]
    position_after: Annotated[float, Field(description="signed: below zero is short")]
    average_cost: float
    cash_after: float
    decided_at: Moment
    set_id: int
    risk_used_abs: Annotated[float | None, Field(description="quantity × stop distance, else × ATR")]
    actual_risk_at_stop: Annotated[float | None, Field(description="quantity × stop distance")]
    stop_distance: float | None
    allocated_risk_abs: Annotated[
        float | None, Field(description="what the position-risk limit allowed this entry to lose")
    ]
    profile_multiplier: Annotated[
        float | None, Field(description="what the trigger's confidence did to the size")
    ]
    r_multiple: Annotated[float | None, Field(description="P&L in multiples of the risk at the stop")]
    margin_after: Annotated[
        float | None, Field(description="the position's margin; null in runs older than leverage")
    ]
    funding: Annotated[
        float | None, Field(description="what this exit's share of the position paid in funding; in pnl")
    ]
    bound_by: Annotated[BoundBy | None, Field(description="what decided the size of an entry")]
    correlation_id: str | None


class TradesAnswer(Answer):
    trades: list[TradeRow] | dict[str, list[Any]]
    next_cursor: Cursor


class PairedTradeRow(Answer):
    """One round trip: an exit against the position that it reduced, at weighted average cost."""

    symbol: str
    side: Literal["long", "short"]
    entry_timestamp: Moment
    exit_timestamp: Moment
    entry_price: float
    exit_price: float
    entry_trigger: str | None
    exit_trigger: Annotated[
        str | None, Field(description="the trigger whose rule decided, else the one that opened the position")
    ]
    timeframe: str
    qty: float
    pnl: float
    fees: float
    funding: Annotated[float | None, Field(description="paid in funding, below zero received; in pnl")]
    hold_duration_hours: float
    risk: float | None
    r_multiple: float | None
    return_pct: float
    bars: int
    mae: float
    mfe: float
    exit_reason: FillReason
    set_id: int


class PairedTradesAnswer(Answer):
    paired_trades: list[PairedTradeRow] | dict[str, list[Any]]
    next_cursor: Cursor


class LegRow(Answer):
    leg_id: int
    side: Literal["buy", "sell"]
    qty: float
    price: float
    fees: float
    timestamp: Moment
    trigger_id: str | None
    category: str | None
    reason: str
    is_entry: bool
    exit_fraction: float | None
    average_cost_at_fill: float | None
    realised_pnl: float
    position_after: Annotated[float, Field(description="signed: below zero is short")]


class TradeSetRow(Answer):
    """Everything from flat to flat in one symbol."""

    set_id: int
    symbol: str
    side: Literal["long", "short"]
    opened_at: Moment
    closed_at: Moment | None
    legs: list[LegRow]
    total_pnl: float
    total_fees: float
    total_funding: Annotated[float, Field(description="paid in funding, below zero received; in total_pnl")]
    total_qty_entered: float
    total_qty_exited: float
    entries: int
    exits: int
    average_entry_price: float | None
    average_exit_price: float | None
    max_exposure: Annotated[float, Field(description="largest position at its fill's price, quote currency")]
    entry_trigger: str | None
    exit_trigger: str | None


class TradeSetsAnswer(Answer):
    trade_sets: list[TradeSetRow]
    next_cursor: Cursor
