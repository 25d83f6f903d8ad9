"""What the API answers about playback, strategies, candles and its own operation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from shared.responses import Answer, Cursor, ErrorItem, Moment, RunError
from shared.responses_audit import AuditAnswer
from shared.responses_ticks import TickRow

StrategyKind = Literal["preset", "archetype", "saved"]
"""What ships are presets, one idea each, and archetypes, whole accounts of several."""


class CandleRow(Answer):
    """One bar; in a playback with its indicators, null while they warm up."""

    model_config = ConfigDict(extra="allow")

    timestamp: Moment
    open: float
    high: float
    low: float
    close: float
    volume: float


class CandlesAnswer(Answer):
    symbol: str
    timeframe: str
    exchange: str
    candles: list[CandleRow] | dict[str, list[Any]]
    next_cursor: Cursor


class EventRow(Answer):
    seq: int
    timestamp: Moment
    type: str
    symbol: str | None
    trigger_id: str | None
    correlation_id: str | None
    payload: Annotated[dict[str, Any], Field(description="what belongs to this type of event")]


class PlaybackEventsAnswer(Answer):
    events: list[EventRow] | dict[str, list[Any]]
    next_cursor: Cursor


class PositionRow(Answer):
    symbol: str
    qty: Annotated[float, Field(description="signed: below zero is short")]
    average_cost: float
    margin: Annotated[
        float | None,
        Field(description="isolated, after funding; null in runs older than leverage"),
    ]
    stop_price: Annotated[
        float | None,
        Field(description="as set when the position last changed; a trailing one moves on"),
    ]
    target_price: float | None
    liquidation_price: Annotated[float | None, Field(description="null where nothing can liquidate it")]


class PendingAllocation(Answer):
    """An initial allocation that waits for its market's first open."""

    symbol: str
    value: float


class StateAnswer(Answer):
    """The account at a time: after the fills at or before it, marked at the close of the bar it lies in."""

    timestamp: Moment
    bar: Annotated[Moment | None, Field(description="the bar that it lies in; null before the first")]
    equity: float
    return_pct: float
    cash: float
    realised_pnl: float
    unrealised_pnl: float
    exposure: float
    drawdown: float
    positions: list[PositionRow]
    pending_allocations: list[PendingAllocation]


class StrategySummary(Answer):
    """A preset, or one version of a saved strategy; lists show the newest version."""

    strategy_id: str
    kind: StrategyKind
    version: Annotated[int | None, Field(description="counts from 1; presets have none")]
    name: str
    description: Annotated[str, Field(description="in lists, the first line of a saved strategy's")]
    parameters: Annotated[
        dict[str, Any], Field(description="as declared; in lists, the defaults of a saved strategy's by name")
    ]
    updated_at: Annotated[Moment | None, Field(description="when this version was saved")]
    strategy_hash: Annotated[str, Field(description="equal hashes are equal documents")]


class StrategyList(Answer):
    strategies: list[StrategySummary]
    next_cursor: Cursor


class StrategyVersions(Answer):
    """The versions of a saved strategy, newest first, those from before a deletion included."""

    versions: list[StrategySummary]
    next_cursor: Cursor


class StrategyAnswer(StrategySummary):
    document: Annotated[dict[str, Any], Field(description="change it and send it as `strategy`")]


class StrategyCheck(Answer):
    """Whether a strategy can be run, and if not, everything that is wrong with it."""

    valid: bool
    errors: list[ErrorItem]
    warm_up_bars: int | None
    parameters: Annotated[dict[str, Any] | None, Field(description="as they would be run with")]


class DatasetAnswer(Answer):
    dataset_id: str
    exchange: str
    symbol: str
    kind: Literal["candles", "funding"]
    timeframe: Annotated[str | None, Field(description="null for funding rates")]
    version: str
    rows: int
    start: Moment
    end: Annotated[Moment, Field(description="open of the last bar")]
    gaps: int
    missing_bars: int
    updated_at: Moment
    simulated: Annotated[bool, Field(description="generated, not traded")]
    public: bool
    made_of: Annotated[
        str | None, Field(description="the dataset of finer candles that it was resampled from")
    ]


class DatasetList(Answer):
    datasets: list[DatasetAnswer]


class GapRow(Answer):
    """Bars that the market should have had; both times are opens of missing bars."""

    start: Moment
    end: Moment
    missing: int


class MarketAnswer(Answer):
    """A market as its exchange publishes it, null where it does not say; a run's defaults."""

    listed: Annotated[Moment | None, Field(description="as published, else the first daily candle")]
    price_step: float | None
    quantity_step: float | None
    min_notional: float | None
    taker_fee_bps: float | None
    maker_fee_bps: float | None


class DatasetDetail(DatasetAnswer):
    """A dataset with what is known of its candles."""

    number: Annotated[int, Field(description="of the version, from 1 on")]
    size_bytes: Annotated[
        int, Field(description="of the version's files; versions share those of equal months")
    ]
    coverage_pct: Annotated[float, Field(description="of the bars that its span should have")]
    gap_list: list[GapRow]
    audit: Annotated[AuditAnswer | None, Field(description="null for a version older than audits")]
    market: Annotated[MarketAnswer | None, Field(description="of fetched candles alone")]
    every_hours: Annotated[
        float | None, Field(description="of funding rates: the usual time between the last ones")
    ]


class UploadForm(Answer):
    """Send a form POST to `url` with every field, then the file as `file`."""

    url: str
    fields: dict[str, str]


class ImportBegun(Answer):
    dataset_id: str
    import_id: str
    status: Literal["awaiting_upload"]
    upload: UploadForm
    max_bytes: int
    expires_at: Moment


class ImportAnswer(Answer):
    dataset_id: str
    import_id: str
    status: Literal["awaiting_upload", "running", "completed", "failed"]
    created_at: Moment
    ended_at: Moment | None
    report: dict[str, Any] | None
    error: RunError | None
    made_of: Annotated[
        str | None, Field(description="of a resampling, which has no file: the dataset of finer candles")
    ]


class FetchAnswer(Answer):
    """Candles on their way from an exchange."""

    dataset_id: str
    fetch_id: str
    status: Literal["queued", "running", "completed", "failed"]
    since: Annotated[Moment | None, Field(description="as asked for; null: from where the candles end")]
    until: Annotated[Moment | None, Field(description="as asked for; null: now")]
    progress_pct: float
    total_candles: Annotated[int, Field(description="bars to ask for; the exchange may have fewer")]
    processed_candles: int
    current_timestamp: Moment | None
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    report: dict[str, Any] | None
    error: RunError | None


class HeldTimeframe(Answer):
    exchange: str
    timeframe: str
    dataset_id: str
    start: Moment
    end: Moment
    rows: int
    simulated: bool


class SymbolAnswer(Answer):
    symbol: str
    base: str
    quote: str
    held: list[HeldTimeframe]


class SymbolList(Answer):
    symbols: list[SymbolAnswer]


class TicksAnswer(Answer):
    ticks: list[TickRow]


class RegimeAnswer(Answer):
    """A named period of the market."""

    id: Annotated[str, Field(description="what a backtest names as its `regime`")]
    title: str
    start_date: Annotated[str, Field(examples=["2020-02-13"])]
    end_date: Annotated[str, Field(description="the last day, which belongs to it", examples=["2020-03-13"])]
    why: str


class RegimeList(Answer):
    regimes: list[RegimeAnswer]


class WorkflowAnswer(Answer):
    workflow_id: Annotated[str, Field(description="the id of the backtest, the import or the fetch")]
    kind: Literal["backtest", "import", "fetch"]
    status: str
    name: str | None
    execution_arn: str
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    duration_seconds: float | None


class WorkflowPage(Answer):
    workflows: list[WorkflowAnswer]
    next_cursor: Cursor


class Step(Answer):
    id: int
    type: str
    timestamp: Moment
    state: str | None
    error: Annotated[str | None, Field(description="of a step that failed, its error's name")]


class ExecutionAnswer(Answer):
    """What Step Functions says of it."""

    status: str
    started_at: Moment
    ended_at: Moment | None
    error: str | None
    cause: str | None


class WorkflowDetail(WorkflowAnswer):
    error: Annotated[RunError | None, Field(description="as the backtest, the import or the fetch says it")]
    execution: Annotated[ExecutionAnswer | None, Field(description="null if it was never started")]
    history: Annotated[list[Step], Field(description="the first 200 steps")]


class ChangeRow(Answer):
    """One change of a run's status."""

    timestamp: Moment
    type: Literal["run_queued", "run_running", "run_completed", "run_failed", "run_cancelled"]
    run_id: str
    name: str | None
    strategy: str
    detail: str | None


class EventsAnswer(Answer):
    events: list[ChangeRow | EventRow]
    next_cursor: Cursor


class HealthAnswer(Answer):
    status: Literal["ok"]


FindingKind = Literal["results_damaged", "left_behind", "not_at_work", "candles_damaged"]


class Finding(Answer):
    """One place where the index and the store, or the index and the workflows, disagree."""

    kind: FindingKind
    about: Annotated[str, Field(description="the id of the backtest or the dataset")]
    detail: str


class ConsistencyAnswer(Answer):
    """What a look at some of your backtests found, and with the first page at your datasets."""

    runs: Annotated[int, Field(description="backtests of this page")]
    datasets: int
    findings: list[Finding]
    next_cursor: Cursor


class StatusAnswer(Answer):
    stage: str
    auth: Literal["none", "jwt"]
    owner: str
    api_version: str
    engine_version: str
    schema_version: int
    writer_version: int
