"""The stand-in's answers about runs: their life, their results and their playback."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

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
from shared.responses_live import TicketAnswer
from shared.responses_market import (
    PlaybackEventsAnswer,
    StateAnswer,
)
from shared.responses_results import EquityAnswer, ReportAnswer, ResultsAnswer
from shared.responses_trades import PairedTradesAnswer, TradesAnswer, TradeSetsAnswer
from shared.times import iso
from tests.cli.fake_api import (
    FILLS,
    HOUR_MS,
    NUMBERS,
    START_MS,
    FakeApi,
    ProblemError,
    Request,
    Route,
    Routes,
)


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


def _ticket(api: FakeApi, _request: Request) -> tuple[int, object]:
    if api.live_url is None:
        raise ProblemError(404, "there is no path '/live/tickets'")
    now = iso(START_MS)
    return 201, TicketAnswer(ticket="one", expires_at=now, live_url=api.live_url, market_url="ws://none")


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
            "data_flags": api.data_flags,
            "candles": api.candles,
            "stale": run["stale"],
            "stale_because": run["stale_because"],
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


_RUN = "/backtests/([^/]+)"
ROUTES: Routes = {
    ("POST", "/backtests"): _start,
    ("GET", "/backtests"): _list,
    ("GET", "/backtests/compare"): _compare,
    ("POST", "/live/tickets"): _ticket,
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
    # Not the API's, but the store's: files by link.
    ("GET", "/files/(.+)"): _file,
}
