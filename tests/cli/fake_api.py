"""A stand-in for the deployed API: the contract's paths and answers out of memory, on loopback.

Answers go through the models of the wire, so it cannot say what the API would not; a test holds its paths
against the OpenAPI document. Faults are put in front of it: `faults` answers the next requests.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from base64 import b32encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from shared.requests import BacktestRequest, issues_of
from shared.responses import (
    Artifact,
    ArtifactsAnswer,
    CompareAnswer,
    Difference,
    ProgressAnswer,
    RunAnswer,
    RunPage,
)
from shared.responses_market import (
    DatasetAnswer,
    DatasetList,
    ImportAnswer,
    ImportBegun,
    PlaybackEventsAnswer,
    RegimeList,
    StateAnswer,
    StrategyAnswer,
    StrategyCheck,
    StrategyList,
    StrategySummary,
    StrategyVersions,
    UploadForm,
)
from shared.responses_results import EquityAnswer, ReportAnswer, ResultsAnswer
from shared.responses_trades import PairedTradesAnswer, TradesAnswer, TradeSetsAnswer
from shared.responses_why import RunCheck, WhyAnswer
from shared.times import iso

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
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    saved: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # documents, version 1 first
    uploads: dict[str, bytes] = field(default_factory=dict)
    imports: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    polled: threading.Event = field(default_factory=threading.Event)
    corrupt_files: bool = False
    triggers: list[dict[str, Any]] = field(default_factory=lambda: [dict(row) for row in TRIGGERS])
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
            timeframe=timeframe,
            version="v1",
            rows=rows,
            start=iso(START_MS),
            end=iso(START_MS + rows * HOUR_MS),
            gaps=7,
            missing_bars=14,
            updated_at=iso(START_MS),
            simulated=exchange == "sim",
            public=False,
        ).model_dump()

    def answer(self, request: Request) -> tuple[int, object]:
        """Carry a request out; return status and body (a model, JSON, bytes or None)."""
        if self.token is not None and request.headers.get("authorization") != f"Bearer {self.token}":
            raise ProblemError(401, "the request carries no verified token")
        for (method, pattern), route in ROUTES.items():
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                return route(self, request, *(unquote(part) for part in match.groups()))
        raise ProblemError(404, f"there is no path {request.path!r}")

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


def _start(api: FakeApi, request: Request) -> tuple[int, object]:
    body = request.json()
    try:
        asked = BacktestRequest.model_validate(body)
    except ValidationError as error:
        issues = issues_of(error.errors())
        detail = "; ".join(f"{issue.path}: {issue.message}" for issue in issues)
        raise ProblemError(422, detail, [issue.to_dict() for issue in issues]) from None
    if asked.strategy == "ema_crss":
        message = "there is no strategy 'ema_crss'; did you mean 'ema_cross'?"
        entry = {"path": "strategy", "message": message, "value": "ema_crss"}
        raise ProblemError(422, f"strategy: {message}", [entry])
    key = request.headers.get("idempotency-key", "")
    for run_id, known in api.bodies.items():
        if key and known["key"] == key:
            return 200, api.runs[run_id]
    whole = not isinstance(asked.strategy, str)
    name, _, version = ("", "", "") if whole else str(asked.strategy).partition("@")
    changes = {
        "name": asked.name,
        "tags": asked.tags,
        "notes": asked.notes,
        "strategy": asked.strategy["name"] if isinstance(asked.strategy, dict) else name,
        "strategy_id": name or None,
        "strategy_version": int(version or len(api.saved[name])) if name in api.saved else None,
    }
    run_id = api.add_run("queued", symbols=asked.symbols, timeframe=asked.timeframe, **changes)
    api.bodies[run_id] = {"key": key, "body": body}
    return 202, api.runs[run_id]


def _list(api: FakeApi, request: Request) -> tuple[int, object]:
    query = request.query
    first, limit = int(query.get("cursor", "0")), min(int(query.get("limit", "25")), api.page)
    newest = list(reversed(api.runs.values()))
    page = newest[first : first + limit]
    shown = [
        run
        for run in page
        if query.get("status", run["status"]) == run["status"]
        and query.get("tag", "") in ["", *run["tags"]]
        and query.get("symbol", run["symbols"][0]) in run["symbols"]
        and query.get("strategy", run["strategy"]) == run["strategy"]
    ]
    following = str(first + limit) if first + limit < len(newest) else None
    return 200, RunPage.model_validate({"backtests": shown, "next_cursor": following})


def _compare(api: FakeApi, request: Request) -> tuple[int, object]:
    runs = [api.completed(run_id) for run_id in request.query["ids"].split(",")]
    return 200, CompareAnswer(
        backtests=[RunAnswer.model_validate(run) for run in runs],
        metrics={name: [run[name] for run in runs] for name in NUMBERS},
        differences=[Difference(path="parameters.fast", values=[12 + n for n in range(len(runs))])],
    )


def _get(api: FakeApi, _request: Request, run_id: str) -> tuple[int, object]:
    return 200, api.run(run_id)


def _delete(api: FakeApi, _request: Request, run_id: str) -> tuple[int, object]:
    if api.run(run_id)["status"] in ("queued", "running"):
        raise ProblemError(409, f"backtest {run_id} is running; cancel it before you delete it")
    del api.runs[run_id]
    return 204, None


def _cancel(api: FakeApi, _request: Request, run_id: str) -> tuple[int, object]:
    run = api.run(run_id)
    if run["status"] in ("completed", "failed"):
        raise ProblemError(409, f"backtest {run_id} is {run['status']}; there is nothing to cancel")
    run["status"] = "cancelled"
    return 200, run


def _progress(api: FakeApi, _request: Request, run_id: str) -> tuple[int, object]:
    run = api.run(run_id)
    api.step(run_id)
    api.polled.set()
    return 200, ProgressAnswer(
        run_id=run_id,
        status=run["status"],
        progress_pct=run["progress_pct"],
        current_phase=run["current_phase"],
        current_timestamp=iso(START_MS),
        total_candles=1000,
        processed_candles=500,
        latest_logs=[],
        strategy=run["strategy"],
        plans_generated=0,
        llm_calls_made=0,
    )


def _results(api: FakeApi, _request: Request, run_id: str) -> tuple[int, object]:
    run = api.completed(run_id)
    extra = {
        "benchmark_return_pct": 55.5,
        "blocked": {"insufficient_cash": 3, "outranked": 0},
        "fees_paid": 99.5,
        "missing_bars": 28,
    }
    return 200, ResultsAnswer.model_validate(
        {
            **{name: run[name] for name in ("run_id", "status", "fingerprint", *NUMBERS)},
            **extra,
            "engine_version": "1",
            "undefined": {"profit_factor": "no trade was lost"},
            "left_open": [{"symbol": "BTC-USDT"}],
            "gaps": 14,
            "triggers": api.triggers,
            "monthly": [],
            "request": {"symbols": [{"symbol": "BTC-USDT", "exchange": api.exchange}]},
        }
    )


def _report(api: FakeApi, request: Request, run_id: str) -> tuple[int, object]:
    api.completed(run_id)
    group = {
        "trades": 12,
        "wins": 5,
        "losses": 7,
        "win_rate": 41.7,
        "pnl": -1_234.5,
        "profit_factor": None,
        "avg_return_pct": -0.3,
        "fees": 12.0,
        "avg_duration_hours": 30.5,
    }
    month = {"equity": 10_100.0, "return_pct": 1.0, "benchmark_return_pct": -4.2, "pnl": 90.0, "trades": 3}
    tables: dict[str, Any] = {
        "monthly": [{"month": "2021-08", **month}],
        "yearly": [{"year": "2021", **month}],
        "weekly": [{"week": "2021-08-09", **month}],
        "drawdowns": [
            {
                "start_timestamp": iso(START_MS),
                "valley_timestamp": iso(START_MS + HOUR_MS),
                "recovery_timestamp": None,
                "depth_pct": 12.5,
                "amount": 1_250.0,
                "bars": 40,
                "days": 1.7,
            }
        ],
        **{
            f"by_{name}": [{name: label, **group}]
            for name, label in (
                ("symbol", "BTC-USDT"),
                ("trigger", "cross"),
                ("exit_trigger", None),
                ("exit_reason", "exit_rule"),
                ("side", "long"),
                ("hour", "13"),
                ("weekday", "monday"),
            )
        },
        "excursions": [
            {
                "outcome": "won",
                "excursion": "mae",
                "trades": 5,
                "avg_pct": 1.5,
                "furthest_pct": 4.0,
                "below_pct": [1.0, None],
                "counts": [2, 3],
            }
        ],
        "rolling_sharpe": {"date": ["2021-08-13"], "days_30": [1.25], "days_90": [None]},
        "daily": {
            "date": ["2021-08-13"],
            **{name: [10_000.0] for name in ("equity_open", "equity_high", "equity_low", "equity_close")},
            **{name: [1.5] for name in ("return_pct", "benchmark", "pnl", "fees")},
            **{name: [2] for name in ("trades", "fills", "bars", "exposed_bars")},
            "blocked": [{"min_notional": 3}],
        },
    }
    answer = {name: tables[name] for name in request.query["tables"].split(",")}
    ReportAnswer.model_validate(answer)
    return 200, answer


def _equity(api: FakeApi, request: Request, run_id: str) -> tuple[int, object]:
    api.completed(run_id)
    points = int(request.query.get("points", "100"))
    rows = [
        {
            "timestamp": iso(START_MS + number * HOUR_MS),
            "equity": 10_000.0 + (90_000.0 if number == points // 3 else number),
            "cash": 1.0,
            "exposure": 0.5,
            "drawdown": 0.1,
            "realised_pnl": 0.0,
            "unrealised_pnl": 0.0,
            "benchmark": 10_000.0,
        }
        for number in range(points)
    ]
    series = {name: [row[name] for row in rows] for name in rows[0]}
    form = series if request.query.get("format") == "columns" else rows
    return 200, EquityAnswer.model_validate({"equity": form, "next_cursor": None})


def _paged(name: str, model: type[BaseModel], row: Callable[[int], dict[str, Any]], most: int) -> Route:
    def route(api: FakeApi, request: Request, run_id: str) -> tuple[int, object]:
        api.completed(run_id)
        limit = int(request.query.get("limit", "100"))
        if limit > most:
            raise ProblemError(
                422, f"limit: is over {most}", [{"path": "limit", "message": f"is over {most}"}]
            )
        first = int(request.query.get("cursor", "r0")[1:])
        stop = min(first + limit, first + 5, FILLS)  # an answer also ends at so many bytes
        rows = [row(number) for number in range(first, stop)]
        following = f"r{stop}" if stop < FILLS else None
        return 200, model.model_validate({name: rows, "next_cursor": following})

    return route


def _fill(number: int) -> dict[str, Any]:
    entry = number % 2 == 0
    return {
        "seq": number,
        "timestamp": iso(START_MS + number * HOUR_MS),
        "symbol": "BTC-USDT",
        "side": "buy" if entry else "sell",
        "qty": 0.12345678,
        "price": 29_123.45,
        "fee": 3.59,
        "slippage": 0.7,
        "liquidity": "taker",
        "pnl": 0.0 if entry else 12.5,
        "trigger_id": "cross",
        "category": "trend_continuation",
        "reason": "entry_rule" if entry else "trailing_stop",
        "is_entry": entry,
        "exit_fraction": None if entry else 1.0,
        "position_after": 0.12345678 if entry else 0.0,
        "average_cost": 29_123.45,
        "cash_after": 6_000.0,
        "decided_at": iso(START_MS),
        "set_id": number // 2,
        **dict.fromkeys(
            (
                "risk_used_abs",
                "actual_risk_at_stop",
                "stop_distance",
                "allocated_risk_abs",
                "profile_multiplier",
                "r_multiple",
                "margin_after",
                "funding",
                "bound_by",
            )
        ),
        "correlation_id": f"d{number}",
    }


def _pair(number: int) -> dict[str, Any]:
    return {
        "symbol": "BTC-USDT",
        "side": "long",
        "entry_timestamp": iso(START_MS + number * HOUR_MS),
        "exit_timestamp": iso(START_MS + (number + 5) * HOUR_MS),
        "entry_price": 29_123.45,
        "exit_price": 29_500.0,
        "entry_trigger": "cross",
        "exit_trigger": "cross",
        "timeframe": "1h",
        "qty": 0.5,
        "pnl": -1_234.56,
        "fees": 10.0,
        "funding": 0.0,
        "hold_duration_hours": 5.0,
        "risk": 500.0,
        "r_multiple": -2.469,
        "return_pct": -4.2,
        "bars": 5,
        "mae": -2.0,
        "mfe": 3.0,
        "exit_reason": "exit_rule",
        "set_id": number,
    }


def _set(number: int) -> dict[str, Any]:
    return {
        "set_id": number,
        "symbol": "BTC-USDT",
        "side": "long",
        "opened_at": iso(START_MS + number * HOUR_MS),
        "closed_at": None if number == FILLS - 1 else iso(START_MS + (number + 1) * HOUR_MS),
        "legs": [],
        "total_pnl": 7.0,
        "total_fees": 1.0,
        "total_funding": 0.0,
        "total_qty_entered": 1.0,
        "total_qty_exited": 1.0,
        "entries": 1,
        "exits": 1,
        "average_entry_price": 29_123.45,
        "average_exit_price": None,
        "max_exposure": 29_123.45,
        "entry_trigger": "cross",
        "exit_trigger": "cross",
    }


def _event(number: int) -> dict[str, Any]:
    return {
        "seq": number,
        "timestamp": iso(START_MS + number * HOUR_MS),
        "type": "gap",
        "symbol": "BTC-USDT",
        "trigger_id": None,
        "correlation_id": None,
        "payload": {"from": START_MS, "missing_bars": 3, "note": "[red]\x1b[31m"},
    }


def _state(api: FakeApi, _request: Request, run_id: str, _at: str) -> tuple[int, object]:
    api.completed(run_id)
    return 200, StateAnswer.model_validate(
        {
            "timestamp": iso(START_MS),
            "bar": iso(START_MS),
            "equity": 10_500.0,
            "return_pct": 5.0,
            "cash": 500.0,
            "realised_pnl": 100.0,
            "unrealised_pnl": 400.0,
            "exposure": 0.95,
            "drawdown": 0.01,
            "positions": [
                {
                    "symbol": "BTC-USDT",
                    "qty": -0.3,
                    "average_cost": 29_000.0,
                    "margin": 4_350.0,
                    "stop_price": 31_000.0,
                    "target_price": None,
                    "liquidation_price": 43_283.58,
                }
            ],
            "pending_allocations": [{"symbol": "ETH-USDT", "value": 4_000.0}],
        }
    )


def parquet_of(series: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"timestamp": [START_MS], "series": [series]}), sink)
    return sink.getvalue()


def _artifacts(api: FakeApi, _request: Request, run_id: str) -> tuple[int, object]:
    api.completed(run_id)
    entries = []
    for series in ("equity", "indicators/BTC-USDT"):
        body = parquet_of(series)
        entries.append(
            Artifact(
                series=series,
                table=series.split("/", maxsplit=1)[0],
                filename=f"{series.replace('/', '-')}-0000.parquet",
                url=f"{api.url}/files/{series}",
                size=len(body),
                sha256=hashlib.sha256(body).hexdigest(),
                rows=1,
                first=iso(START_MS),
                last=iso(START_MS),
            )
        )
    return 200, ArtifactsAnswer(artifacts=entries, expires_at=iso(START_MS))


def _file(api: FakeApi, _request: Request, series: str) -> tuple[int, object]:
    return 200, b"something else" if api.corrupt_files else parquet_of(series)


def _preset() -> dict[str, Any]:
    return StrategySummary(
        strategy_id="ema_cross",
        kind="preset",
        version=None,
        name="EMA cross",
        description="Follows the trend.",
        parameters={"fast": {"type": "int", "default": 12}},
        updated_at=None,
        strategy_hash="5" * 32,
    ).model_dump()


def _version(api: FakeApi, strategy_id: str, version: int) -> dict[str, Any]:
    document = api.saved[strategy_id][version - 1]
    return StrategySummary(
        strategy_id=strategy_id,
        kind="saved",
        version=version,
        name=document["name"],
        description="",
        parameters=document.get("parameters", {}),
        updated_at=iso(START_MS + version * HOUR_MS),
        strategy_hash=f"{version:032x}",
    ).model_dump()


def _versions_of(api: FakeApi, strategy_id: str) -> list[dict[str, Any]]:
    if strategy_id not in api.saved:
        raise ProblemError(404, f"there is no strategy {strategy_id!r}")
    count = len(api.saved[strategy_id])
    return [_version(api, strategy_id, version) for version in range(count, 0, -1)]


def _regimes(_api: FakeApi, _request: Request) -> tuple[int, object]:
    march = {"id": "covid_crash_2020", "title": "Covid crash", "why": "A slide that ended in a fall by half."}
    return 200, RegimeList.model_validate(
        {"regimes": [{**march, "start_date": "2020-02-13", "end_date": "2020-03-13"}]}
    )


def _strategies(api: FakeApi, request: Request) -> tuple[int, object]:
    entries = [*(_versions_of(api, strategy_id)[0] for strategy_id in api.saved), _preset()]
    kind = request.query.get("kind")
    shown = [entry for entry in entries if kind in (None, entry["kind"])]
    first = int(request.query.get("cursor", "p0")[1:])
    stop = min(first + api.page, len(shown))
    following = f"p{stop}" if stop < len(shown) else None
    return 200, StrategyList.model_validate({"strategies": shown[first:stop], "next_cursor": following})


def _strategy(api: FakeApi, request: Request, strategy_id: str) -> tuple[int, object]:
    if strategy_id == "ema_cross":
        return 200, StrategyAnswer(**_preset(), document=DOCUMENT)
    newest = _versions_of(api, strategy_id)[0]["version"]
    try:
        version = int(request.query.get("version", newest))
    except ValueError:
        raise ProblemError(422, "version: should be a valid integer") from None
    if not 1 <= version <= newest:
        raise ProblemError(404, f"there is no version {version} of a strategy {strategy_id!r}")
    return 200, _kept(api, strategy_id, version)


def _kept(api: FakeApi, strategy_id: str, version: int) -> StrategyAnswer:
    return StrategyAnswer(**_version(api, strategy_id, version), document=api.saved[strategy_id][version - 1])


def _save(api: FakeApi, request: Request) -> tuple[int, object]:
    body = request.json()
    _refuse_faults(api)
    strategy_id = body.get("id") or body["strategy"]["name"].lower().replace(" ", "_")
    if strategy_id in api.saved:
        raise ProblemError(409, f"there is a strategy {strategy_id!r} already, at version 1")
    api.saved[strategy_id] = [body["strategy"]]
    return 201, _kept(api, strategy_id, 1)


def _update(api: FakeApi, request: Request, strategy_id: str) -> tuple[int, object]:
    body = request.json()
    _refuse_faults(api)
    newest = _versions_of(api, strategy_id)[0]["version"]
    if body["strategy"] != api.saved[strategy_id][-1]:
        if body.get("if_version", newest) != newest:
            raise ProblemError(409, f"strategy {strategy_id!r} was changed; it is at version {newest}")
        api.saved[strategy_id].append(body["strategy"])
        newest += 1
    return 200, _kept(api, strategy_id, newest)


def _refuse_faults(api: FakeApi) -> None:
    """Answer with what `check` says is wrong with a document."""
    errors = api.check["errors"]
    if errors:
        raise ProblemError(422, f"{errors[0]['path']}: {errors[0]['message']}", errors)


def _forget(api: FakeApi, _request: Request, strategy_id: str) -> tuple[int, object]:
    _versions_of(api, strategy_id)
    del api.saved[strategy_id]
    return 204, None


def _versions(api: FakeApi, request: Request, strategy_id: str) -> tuple[int, object]:
    found = _versions_of(api, strategy_id)
    first = int(request.query.get("cursor", "v0")[1:])
    stop = min(first + int(request.query["limit"]), first + api.page, len(found))
    following = f"v{stop}" if stop < len(found) else None
    return 200, StrategyVersions.model_validate({"versions": found[first:stop], "next_cursor": following})


def _check(api: FakeApi, _request: Request) -> tuple[int, object]:
    _refuse_faults(api)
    return 200, RunCheck.model_validate(
        {
            "passed": not api.findings,
            "bars": 26_266,
            "rules": 2,
            "cuts": 40,
            "decisions": 120,
            "fills": 110,
            "warm_up_bars": 208,
            "starts": 8,
            "findings": api.findings,
        }
    ).model_dump()


def _why(api: FakeApi, request: Request, run_id: str) -> tuple[int, object]:
    api.completed(run_id)

    def operand(text: str, value: float | None, before: float | None = None) -> dict[str, Any]:
        return _part(text, value=value, before=before, is_crossing=before is not None)

    crossing = _part(
        "crosses_above(fast, slow)",
        truth=True,
        parts=[
            {**operand("fast", 64_001.234, 63_900.0), "name": "fast", "definition": "ema(close, 12)"},
            operand("slow", 63_980.1, 63_950.0),
        ],
    )
    momentum = _part(
        "rsi(close, 14) < 70", truth=False, parts=[operand("rsi(close, 14)", None), operand("70", 70)]
    )
    rule = {
        "rule": "entry",
        "expression": "crosses_above(fast, slow) and rsi(close, 14) < 70",
        "counts": True,
        "counts_because": "flat",
        "truth": False,
        "condition": _part(
            "crosses_above(fast, slow) and rsi(close, 14) < 70", truth=False, parts=[crossing, momentum]
        ),
        "timeframe_closed": None,
        "outcome": "none",
        "block": None,
    }
    held = {**rule, "rule": "exit", "outcome": "blocked", "truth": True}
    held["block"] = {"reason": "min_hold", "hours_held": 1.0, "min_hold_hours": 4.0, "count": 3,
                     "first": "2021-05-19T10:00:00Z", "last": "2021-05-19T12:00:00Z"}  # fmt: skip
    prices = dict.fromkeys(("trailing_price", "reward_to_risk", "target_price"))
    answer = {
        "symbol": "BTC-USDT",
        "bar": {"timestamp": request.query["at"], "open": 1.0, "high": 3.0, "low": 0.5, "close": 2.0,
                "volume": 9.0},
        "closes_at": "2021-05-19T13:00:00Z",
        "warm_up_bars": 208,
        "cash": 5_000.0,
        "equity": 10_000.0,
        "position": None,
        "latched_by": None,
        "walked_away": False,
        "limits": [{"name": "max_trades_per_day", "limit": 3, "now": 1.0}],
        "triggers": [
            {
                "trigger_id": "cross",
                "direction": "long",
                "category": "other",
                "confidence": "A",
                "timeframe": None,
                "rules": [rule, held],
                "entry": {"price": 2.0, "stop_price": 1.9, "stop_distance": 0.1, "multiplier": 1.0,
                          "qty": 2_500.0, "notional": 5_000.0, **prices},
            }
        ],
        "decision": None,
        "events": [],
    }  # fmt: skip
    return 200, WhyAnswer.model_validate(answer).model_dump()


def _part(text: str, **changes: Any) -> dict[str, Any]:
    empty = {"truth": None, "value": None, "before": None, "is_crossing": False, "name": None}
    return {"text": text, "start": 0, "end": len(text), **empty, "definition": None, "parts": [], **changes}


def _validate(api: FakeApi, _request: Request) -> tuple[int, object]:
    valid = api.check["valid"]
    return 200, StrategyCheck.model_validate(
        {"warm_up_bars": 217 if valid else None, "parameters": {"fast": 12} if valid else None, **api.check}
    )


def _datasets(api: FakeApi, _request: Request) -> tuple[int, object]:
    return 200, DatasetList.model_validate({"datasets": list(api.datasets.values())})


def _begin(api: FakeApi, request: Request) -> tuple[int, object]:
    body = request.json()
    import_id = f"im-{len(api.imports):026d}"
    dataset_id = f"{body['exchange']}.{body['symbol']}.{body['timeframe']}"
    api.imports[import_id] = ImportAnswer(
        dataset_id=dataset_id,
        import_id=import_id,
        status="awaiting_upload",
        created_at=iso(START_MS),
        ended_at=None,
        report=None,
        error=None,
    ).model_dump()
    return 201, ImportBegun(
        dataset_id=dataset_id,
        import_id=import_id,
        status="awaiting_upload",
        upload=UploadForm(url=f"{api.url}/store", fields={"key": import_id, "policy": "signed"}),
        max_bytes=256 * 1024 * 1024,
        expires_at=iso(START_MS),
    )


def _upload(api: FakeApi, request: Request) -> tuple[int, object]:
    """Take a form as S3 does: its fields, then the file, which is the last part."""
    boundary = b"--" + request.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n") for part in request.body.split(boundary)[1:-1]]
    fields = {}
    for head, _, content in parts:
        name = re.search(rb'name="([^"]*)"', head)
        assert name is not None
        fields[name.group(1).decode()] = content.removesuffix(b"\r\n")
    if list(fields)[-1] != "file" or fields["policy"] != b"signed":
        return 403, b"<Error><Message>Access Denied</Message></Error>"
    api.uploads[fields["key"].decode()] = fields["file"]
    return 204, None


def _begin_work(api: FakeApi, _request: Request, _dataset_id: str, import_id: str) -> tuple[int, object]:
    entry = api.imports[import_id]
    entry["status"] = "running"
    return 202, entry


def _import(api: FakeApi, _request: Request, dataset_id: str, import_id: str) -> tuple[int, object]:
    entry, body = api.imports[import_id], api.uploads[import_id]
    if b"impossible" in body:
        issue = {"path": "file.high", "message": "is below the low in row 1"}
        error = {"code": "invalid_input", "detail": "file.high: is below the low in row 1", "errors": [issue]}
        entry |= {"status": "failed", "error": error}
        return 200, entry
    rows = pq.read_table(io.BytesIO(body)).num_rows if body[:4] == b"PAR1" else body.count(b"\n") - 1
    exchange, symbol, timeframe = dataset_id.split(".")
    api.add_dataset(exchange, symbol, timeframe, rows)
    entry["status"] = "completed"
    entry["report"] = {
        "rows": rows,
        "first": iso(START_MS),
        "last": iso(START_MS + rows * HOUR_MS),
        "sorted_by_us": True,
        "zero_volume_bars": 2,
        "flat_bars": 0,
        "gaps": 7,
        "missing_bars": 14,
        "dataset_rows": rows,
        "dataset_first": iso(START_MS),
        "dataset_last": iso(START_MS + rows * HOUR_MS),
    }
    return 200, entry


Route = Callable[..., tuple[int, object]]
_RUN = "/backtests/([^/]+)"
ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/backtests"): _start,
    ("GET", "/backtests"): _list,
    ("GET", "/backtests/compare"): _compare,
    ("GET", _RUN): _get,
    ("DELETE", _RUN): _delete,
    ("POST", f"{_RUN}/cancel"): _cancel,
    ("GET", f"{_RUN}/progress"): _progress,
    ("GET", f"{_RUN}/results"): _results,
    ("GET", f"{_RUN}/report"): _report,
    ("GET", f"{_RUN}/equity"): _equity,
    ("GET", f"{_RUN}/trades"): _paged("trades", TradesAnswer, _fill, 20_000),
    ("GET", f"{_RUN}/paired_trades"): _paged("paired_trades", PairedTradesAnswer, _pair, 20_000),
    ("GET", f"{_RUN}/trade_sets"): _paged("trade_sets", TradeSetsAnswer, _set, 1_000),
    ("GET", f"{_RUN}/artifacts"): _artifacts,
    ("GET", f"{_RUN}/playback/events"): _paged("events", PlaybackEventsAnswer, _event, 20_000),
    ("GET", f"{_RUN}/playback/state/([^/]+)"): _state,
    ("GET", f"{_RUN}/why"): _why,
    ("POST", "/strategies/check"): _check,
    ("GET", "/market/regimes"): _regimes,
    ("GET", "/strategies"): _strategies,
    ("POST", "/strategies"): _save,
    ("GET", "/strategies/([^/]+)"): _strategy,
    ("PUT", "/strategies/([^/]+)"): _update,
    ("DELETE", "/strategies/([^/]+)"): _forget,
    ("GET", "/strategies/([^/]+)/versions"): _versions,
    ("POST", "/strategies/validate"): _validate,
    ("GET", "/datasets"): _datasets,
    ("POST", "/datasets"): _begin,
    ("POST", "/datasets/([^/]+)/imports/([^/]+)"): _begin_work,
    ("GET", "/datasets/([^/]+)/imports/([^/]+)"): _import,
    # Not the API's, but the store's: uploads by form, files by link.
    ("POST", "/store"): _upload,
    ("GET", "/files/(.+)"): _file,
}


@contextmanager
def serving(api: FakeApi) -> Iterator[FakeApi]:
    """Serve the fake on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, address.path, dict(parse_qsl(address.query)), headers, body)
            api.requests.append(request)
            fault = api.faults.pop(0) if api.faults else None
            if fault is not None and fault.status:
                self._send(fault.status, fault.body, fault.headers)
                return
            try:
                status, answer = api.answer(request)
            except ProblemError as problem:
                status, answer = problem.status, problem.body
            if fault is None:
                self._send(status, answer, {})

        def _send(self, status: int, body: object, headers: Mapping[str, str]) -> None:
            if isinstance(body, BaseModel):
                body = body.model_dump(mode="json")
            content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_parts: object) -> None:
            pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 (the server's names)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
