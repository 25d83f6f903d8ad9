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


class SeedMetrics(Answer):
    """The nine metrics that every answer on a run has, null until there are any."""

    final_equity: float | None
    equity_return_pct: float | None
    sharpe_ratio: float | None
    max_drawdown_pct: float | None
    win_rate: float | None
    total_trades: int | None
    avg_win: float | None
    avg_loss: float | None
    profit_factor: float | None


class RunDataset(Answer):
    """A version of candles that a run reads."""

    dataset_id: str
    version: Annotated[str, Field(description="see GET /datasets/{dataset_id}/versions")]
    public: bool


class RunAnswer(SeedMetrics):
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
                "datasets": [{"dataset_id": "binance.BTC-USDT.1h", "version": "a40d…", "public": False}],
                "stale": False,
                "stale_because": None,
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
    datasets: Annotated[list[RunDataset], Field(description="empty until it is planned")]
    stale: Annotated[bool, Field(description="a newer version of its candles has other bars in its span")]
    stale_because: str | None
    error: RunError | None


class DatasetRuns(Answer):
    """Your backtests that a dataset stays for: in work or completed."""

    dataset_id: str
    backtests: Annotated[list[RunAnswer], Field(description="newest first; any of them where there are more")]
    more: Annotated[bool, Field(description="whether there are more than these, or others' that use it")]


class RunPage(Answer):
    backtests: list[RunAnswer]
    next_cursor: Cursor


class LogRow(Answer):
    """One line that a step of a workflow logged."""

    timestamp: Moment
    step: str
    level: str
    message: str
    exception: Annotated[str | None, Field(description="the end of the traceback, where there was one")]


class RunLogs(Answer):
    logs: list[LogRow]


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
