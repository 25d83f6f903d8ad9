"""What the API answers about runs: the wire models that the OpenAPI document and the clients share.

Long series are written as they are read from the store; their models only document them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2021-08-13T02:00:00Z"])]
Cursor = Annotated[
    str | None, Field(description="send it as `cursor` to get the next page; null on the last page")
]
RunStatus = Literal["queued", "running", "completed", "failed", "cancelled"]


class Answer(BaseModel):
    """Nothing but what is declared; schemas are built when they are first needed."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class ErrorItem(Answer):
    """One thing that is wrong: where, what, and what to do about it."""

    path: str
    message: str
    value: Any = None
    position: int | None = None


class Problem(Answer):
    """RFC 9457 problem details; every answer from 400 on has this form."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:stepfold:problem:invalid_input",
                "title": "The request cannot be carried out as sent",
                "status": 422,
                "detail": "timeframe: BTC-USDT is held at 1h, not at 5m; choose one of these or import it",
                "errors": [
                    {
                        "path": "timeframe",
                        "message": "BTC-USDT is held at 1h, not at 5m; choose one of these or import it",
                        "value": "5m",
                    }
                ],
            }
        },
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorItem] = []


class RunError(Answer):
    """Why a run or an import failed."""

    model_config = ConfigDict(extra="allow")

    code: str
    detail: str
    errors: list[ErrorItem] = []


class RunAnswer(Answer):
    """One backtest: what it is, where it is, and, once completed, how it did."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "run_id": "bt-k3q5x2m7c4w6z5yb2n7r4t6v5a",
                "status": "completed",
                "name": "EMA cross",
                "tags": ["demo"],
                "notes": None,
                "strategy": "my_cross",
                "strategy_id": "my_cross",
                "strategy_version": 3,
                "strategy_hash": "5d1e0c…",
                "symbols": ["BTC-USDT", "ETH-USDT"],
                "timeframe": "1h",
                "simulated": False,
                "start_date": "2021-01-01T00:00:00Z",
                "end_date": "2024-01-01T00:00:00Z",
                "created_at": "2026-01-02T03:04:05.678Z",
                "started_at": "2026-01-02T03:04:05.912Z",
                "ended_at": "2026-01-02T03:04:07.104Z",
                "progress_pct": 100.0,
                "current_phase": "completed",
                "fingerprint": "9f2c4e…",
                "same_as": None,
                "error": None,
                "final_equity": 14211.5,
                "equity_return_pct": 42.115,
                "sharpe_ratio": 0.71,
                "max_drawdown_pct": 33.4,
                "win_rate": 31.2,
                "total_trades": 741,
                "avg_win": 120.4,
                "avg_loss": -46.1,
                "profit_factor": 1.18,
            }
        },
    )

    run_id: str
    status: RunStatus
    name: str | None
    tags: list[str]
    notes: str | None
    strategy: Annotated[
        str, Field(description="the id of the preset or the saved strategy, or the document's name")
    ]
    strategy_id: Annotated[str | None, Field(description="null for a document that was sent whole")]
    strategy_version: Annotated[int | None, Field(description="of a saved strategy; presets have none")]
    strategy_hash: Annotated[
        str | None, Field(description="of the document: equal hashes are equal documents, however named")
    ]
    symbols: list[str]
    timeframe: str
    simulated: Annotated[bool, Field(description="true on generated candles, which are no real market")]
    start_date: Moment | None
    end_date: Annotated[Moment | None, Field(description="exclusive")]
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    progress_pct: float
    current_phase: str
    fingerprint: Annotated[
        str | None, Field(description="equal fingerprints mean equal results, byte for byte")
    ]
    same_as: Annotated[str | None, Field(description="an earlier run of yours with this fingerprint")]
    error: RunError | None
    final_equity: float | None
    equity_return_pct: float | None
    sharpe_ratio: float | None
    max_drawdown_pct: float | None
    win_rate: float | None
    total_trades: int | None
    avg_win: float | None
    avg_loss: float | None
    profit_factor: float | None


class RunPage(Answer):
    backtests: list[RunAnswer]
    next_cursor: Cursor


class ProgressAnswer(Answer):
    """How far a run is. Processed never exceeds total."""

    run_id: str
    status: RunStatus
    progress_pct: float
    current_phase: str
    current_timestamp: Moment | None
    total_candles: int
    processed_candles: int
    latest_logs: list[str]
    strategy: str
    plans_generated: int
    llm_calls_made: int


class ResultsAnswer(Answer):
    """The seed's nine fields, then every other metric by name; a metric that is undefined is null."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    status: RunStatus
    fingerprint: str
    engine_version: str
    final_equity: float | None
    equity_return_pct: float | None
    sharpe_ratio: float | None
    max_drawdown_pct: float | None
    win_rate: float | None
    total_trades: int | None
    avg_win: float | None
    avg_loss: float | None
    profit_factor: float | None
    undefined: Annotated[dict[str, str], Field(description="why a metric is null, by its name")]
    left_open: Annotated[list[Any], Field(description="positions still open at the end")]
    gaps: Annotated[int, Field(description="gaps in the candles; see playback/events?type=gap")]
    triggers: Annotated[
        list[TriggerRow],
        Field(description="what became of each rule; empty in runs older than this count"),
    ] = []
    monthly: list[MonthlyRow]
    request: Annotated[dict[str, Any], Field(description="the request with every default filled in")]


class TriggerRow(Answer):
    """How often one rule of a trigger was looked at, was true, became a fill, or was blocked and why."""

    trigger_id: str
    rule: str
    evaluated: int
    fired: int
    executed: int
    blocked: Annotated[dict[str, int], Field(description="count by reason")]


class PeriodRow(Answer):
    """What a calendar period came to, against the end of the one before."""

    equity: Annotated[float, Field(description="at its end")]
    return_pct: float | None
    benchmark_return_pct: float | None = None
    pnl: Annotated[
        float | None, Field(description="of the trades closed in it; null in runs older than reports")
    ] = None
    trades: int | None = None


class MonthlyRow(PeriodRow):
    month: Annotated[str, Field(examples=["2021-08"])]


class YearlyRow(PeriodRow):
    year: Annotated[str, Field(examples=["2021"])]


class WeeklyRow(PeriodRow):
    week: Annotated[str, Field(examples=["2021-08-09"], description="its Monday")]


class MonthlyAnswer(Answer):
    monthly: list[MonthlyRow]


class DrawdownRow(Answer):
    """From the last bar at the peak over the lowest to the first at the peak again."""

    start_timestamp: Moment
    valley_timestamp: Moment
    recovery_timestamp: Annotated[Moment | None, Field(description="null while it lasts")]
    depth_pct: float
    amount: float
    bars: Annotated[int, Field(description="below the peak")]
    days: float


class TradeGroupRow(Answer):
    """Closed trades that have something in common; the label stands under the table's own name."""

    model_config = ConfigDict(extra="allow")

    trades: int
    wins: int
    losses: int
    win_rate: float
    pnl: float
    profit_factor: Annotated[float | None, Field(description="null: none was lost")]
    avg_return_pct: float
    fees: float
    avg_duration_hours: float


class ExcursionRow(Answer):
    """How far trades went against (mae) or for (mfe) their holder, in % of what the entry cost."""

    outcome: Literal["won", "lost"]
    excursion: Literal["mae", "mfe"]
    trades: int
    avg_pct: float
    furthest_pct: float
    below_pct: Annotated[list[float | None], Field(description="ends of the classes; the last has none")]
    counts: Annotated[list[int], Field(description="trades by class")]


class RollingSharpe(Answer):
    """Columns."""

    date: list[str]
    days_30: list[float | None]
    days_90: list[float | None]


class DailyReports(Answer):
    """Columns, a value for each UTC day with bars."""

    date: list[str]
    equity_open: Annotated[list[float], Field(description="the close of the day before")]
    equity_high: list[float]
    equity_low: list[float]
    equity_close: list[float]
    return_pct: list[float | None]
    benchmark: list[float]
    pnl: Annotated[list[float], Field(description="of the trades closed")]
    trades: list[int]
    fills: list[int]
    fees: list[float]
    bars: list[int]
    exposed_bars: Annotated[list[int], Field(description="at whose close a position was open")]
    blocked: Annotated[list[dict[str, int]], Field(description="decisions that did not become a fill")]


class ReportAnswer(Answer):
    """The tables that were asked for; docs/metrics.md says what each holds."""

    monthly: list[MonthlyRow] = []
    yearly: list[YearlyRow] = []
    weekly: list[WeeklyRow] = []
    drawdowns: Annotated[list[DrawdownRow], Field(description="the 20 deepest, deepest first")] = []
    by_symbol: list[TradeGroupRow] = []
    by_trigger: Annotated[list[TradeGroupRow], Field(description="the trigger that entered")] = []
    by_exit_trigger: list[TradeGroupRow] = []
    by_exit_reason: list[TradeGroupRow] = []
    by_side: list[TradeGroupRow] = []
    by_hour: Annotated[list[TradeGroupRow], Field(description="UTC hour of the entry")] = []
    by_weekday: list[TradeGroupRow] = []
    excursions: list[ExcursionRow] = []
    rolling_sharpe: RollingSharpe | None = None
    daily: DailyReports | None = None


class EquityRow(Answer):
    """The account as it stood at a bar's close; `timestamp` is the bar's open."""

    timestamp: Moment
    equity: float
    cash: float
    exposure: Annotated[float, Field(description="gross value of the positions over the equity")]
    drawdown: Annotated[float, Field(description="fraction below the highest equity so far")]
    realised_pnl: float
    unrealised_pnl: float
    benchmark: Annotated[float, Field(description="equity of buying and holding the same symbols")]


class EquityAnswer(Answer):
    equity: Annotated[
        list[EquityRow] | dict[str, list[Any]],
        Field(description="rows, or with format=columns one array a column"),
    ]
    next_cursor: Cursor


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


class Artifact(Answer):
    """One Parquet file of the results, by a link that needs no login while it lasts."""

    series: str
    table: str
    filename: str
    url: str
    size: int
    sha256: str
    rows: int
    first: Moment
    last: Moment


class ArtifactsAnswer(Answer):
    artifacts: list[Artifact]
    expires_at: Moment


class Difference(Answer):
    """One path of the configuration in which the runs are not all equal, a value a run."""

    path: str
    values: list[Any]


class CompareAnswer(Answer):
    backtests: list[RunAnswer]
    metrics: Annotated[dict[str, list[Any]], Field(description="by name, a value a run")]
    differences: list[Difference]
