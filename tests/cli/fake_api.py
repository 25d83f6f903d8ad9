"""A stand-in for the deployed API, out of memory: what it knows, and how it is told to behave.

Its answers stand in fake_runs, fake_strategies and fake_datasets; fake_server puts it on loopback. They go
through the models of the wire, so it cannot say what the API would not; a test holds its paths against the
OpenAPI document. Faults are put in front of it: `faults` answers the next requests.
"""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.responses import RunAnswer
from shared.responses_market import DatasetAnswer
from shared.times import iso

Route = Callable[..., tuple[int, object]]
Routes = dict[tuple[str, str], Route]
"""By method and pattern of the path."""

START_MS = 1_609_459_200_000  # 2021-01-01
HOUR_MS = 3_600_000
FILLS = 12
DOCUMENT = {"schema": 1, "name": "EMA cross", "triggers": [{"id": "cross", "entry": "close > 1"}]}
NUMBERS = {
    "final_equity": 12_345.678,
    "equity_return_pct": 23.45678,
    "sharpe_ratio": 0.7171,
    "max_drawdown_pct": 33.4,
    "win_rate": 31.2,
    "total_trades": 741,
    "avg_win": 120.4,
    "avg_loss": -46.1,
    "profit_factor": None,
}
TRIGGERS: tuple[dict[str, Any], ...] = (
    {
        "trigger_id": "cross",
        "rule": "entry",
        "evaluated": 26_266,
        "fired": 790,
        "executed": 741,
        "blocked": {"daily_loss": 40, "min_flat": 9, "outranked": 0},
    },
    {
        "trigger_id": "cross",
        "rule": "exit",
        "evaluated": 13_100,
        "fired": 742,
        "executed": 741,
        "blocked": {"min_flat": 1},
    },
)


def no_flags() -> dict[str, Any]:
    kinds = ("disagreement", "jump", "gap", "flat", "zero_volume")
    return {"counts": dict.fromkeys(kinds, 0), "flags": [], "left_out": 0, "not_audited": []}


class ProblemError(Exception):
    def __init__(self, status: int, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {
            "type": "urn:stepfold:problem:test",
            "title": "It cannot be done",
            "status": status,
            "detail": detail,
            "errors": errors or [],
        }


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Fault:
    """Answers one request in the API's place; status 0 hangs up after the request was carried out."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakeApi:
    """`polls` progress requests after its start a run ends as `ends`; None is never."""

    url: str = ""
    polls: int | None = 1
    ends: str = "completed"
    error: dict[str, Any] | None = None
    exchange: str = "binance"
    token: str | None = None
    page: int = 100
    check: dict[str, Any] = field(default_factory=lambda: {"valid": True, "errors": []})
    findings: list[dict[str, Any]] = field(default_factory=list)
    decisions: int = 120
    live_url: str | None = None  # where it pushes; None: it does not
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    saved: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # documents, version 1 first
    uploads: dict[str, bytes] = field(default_factory=dict)
    imports: dict[str, dict[str, Any]] = field(default_factory=dict)
    fetches: dict[str, dict[str, Any]] = field(default_factory=dict)
    report: dict[str, Any] | None = None
    market: dict[str, Any] | None = None
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    polled: threading.Event = field(default_factory=threading.Event)
    corrupt_files: bool = False
    triggers: list[dict[str, Any]] = field(default_factory=lambda: [dict(row) for row in TRIGGERS])
    audits: bool = True
    data_flags: dict[str, Any] = field(default_factory=lambda: no_flags())
    candles: list[dict[str, Any]] = field(default_factory=list)
    _left: dict[str, int | None] = field(default_factory=dict)

    def add_run(self, status: str = "completed", **changes: Any) -> str:
        """Put a run into the list as if it had been started now; return its id."""
        number = len(self.runs)
        run_id = "bt-" + b32encode(hashlib.sha256(f"run {number}".encode()).digest()).decode().lower()[:26]
        ended = status not in ("queued", "running")
        run = RunAnswer(
            run_id=run_id,
            status=status,
            name=None,
            tags=[],
            notes=None,
            strategy="ema_cross",
            strategy_id="ema_cross",
            strategy_version=None,
            strategy_hash="5" * 32,
            symbols=["BTC-USDT", "ETH-USDT"],
            timeframe="1h",
            simulated=False,
            start_date=iso(START_MS),
            end_date=iso(START_MS + 1000 * HOUR_MS),
            created_at=iso(START_MS + number * 1000),
            started_at=None,
            ended_at=iso(START_MS + number * 1000 + 500) if ended else None,
            progress_pct=100.0 if status == "completed" else 0.0,
            current_phase=status,
            fingerprint="f" * 64 if status == "completed" else None,
            same_as=None,
            datasets=[],
            stale=False,
            stale_because=None,
            error=None,
            **(NUMBERS if status == "completed" else dict.fromkeys(NUMBERS)),
        ).model_dump()
        self.runs[run_id] = run | changes
        self._left[run_id] = self.polls
        return run_id

    def add_dataset(self, exchange: str, symbol: str, timeframe: str, rows: int = 26_266) -> None:
        dataset_id = f"{exchange}.{symbol}.{timeframe}"
        self.datasets[dataset_id] = DatasetAnswer(
            dataset_id=dataset_id,
            exchange=exchange,
            symbol=symbol,
            kind="funding" if timeframe == "funding" else "candles",
            timeframe=None if timeframe == "funding" else timeframe,
            version="v1",
            rows=rows,
            start=iso(START_MS),
            end=iso(START_MS + rows * HOUR_MS),
            gaps=7,
            missing_bars=14,
            updated_at=iso(START_MS),
            simulated=exchange == "sim",
            public=False,
            made_of=None,
        ).model_dump()

    def run(self, run_id: str) -> dict[str, Any]:
        if run_id not in self.runs:
            raise ProblemError(404, f"there is no backtest {run_id!r}")
        return self.runs[run_id]

    def completed(self, run_id: str) -> dict[str, Any]:
        run = self.run(run_id)
        if run["status"] != "completed":
            raise ProblemError(409, f"backtest {run_id} has no results: it is {run['status']}")
        return run

    def step(self, run_id: str) -> None:
        """Bring a run one poll nearer to its end."""
        run, left = self.runs[run_id], self._left[run_id]
        if run["status"] not in ("queued", "running") or left is None:
            return
        self._left[run_id] = left - 1
        if left <= 0:
            done = self.ends == "completed"
            numbers = {**NUMBERS, "fingerprint": "f" * 64} if done else {}
            run |= {
                "status": self.ends,
                "progress_pct": 100.0 if done else 50.0,
                "current_phase": self.ends,
                "error": self.error,
                **numbers,
            }
        else:
            run |= {"status": "running", "progress_pct": 50.0, "current_phase": "simulating"}
