"""What the API answers about what a run came to: metrics, tables, the equity curve."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from shared.responses import Answer, Cursor, Moment, RunStatus, SeedMetrics
from shared.responses_audit import CandlesUsed, DataFlags


class ResultsAnswer(SeedMetrics):
    """The seed's nine fields, then every other metric by name; a metric that is undefined is null."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    status: RunStatus
    fingerprint: str
    engine_version: str
    undefined: Annotated[dict[str, str], Field(description="why a metric is null, by its name")]
    left_open: Annotated[list[Any], Field(description="positions still open at the end")]
    gaps: Annotated[int, Field(description="gaps in the candles; see playback/events?type=gap")]
    triggers: Annotated[
        list[TriggerRow],
        Field(description="what became of each rule; empty in runs older than this count"),
    ] = Field(default=[])
    data_flags: Annotated[
        DataFlags, Field(description="what is suspicious in the candles of its span, its warm-up included")
    ]
    candles: Annotated[list[CandlesUsed], Field(description="what was read of each symbol")]
    stale: Annotated[bool, Field(description="a newer version of its candles has other bars in its span")]
    stale_because: str | None
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

    monthly: list[MonthlyRow] = Field(default=[])
    yearly: list[YearlyRow] = Field(default=[])
    weekly: list[WeeklyRow] = Field(default=[])
    drawdowns: Annotated[list[DrawdownRow], Field(description="the 20 deepest, deepest first")] = Field(
        default=[]
    )
    by_symbol: list[TradeGroupRow] = Field(default=[])
    by_trigger: Annotated[list[TradeGroupRow], Field(description="the trigger that entered")] = Field(
        default=[]
    )
    by_exit_trigger: list[TradeGroupRow] = Field(default=[])
    by_exit_reason: list[TradeGroupRow] = Field(default=[])
    by_side: list[TradeGroupRow] = Field(default=[])
    by_hour: Annotated[list[TradeGroupRow], Field(description="UTC hour of the entry")] = Field(default=[])
    by_weekday: list[TradeGroupRow] = Field(default=[])
    excursions: list[ExcursionRow] = Field(default=[])
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
