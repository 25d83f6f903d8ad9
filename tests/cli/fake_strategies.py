"""The stand-in's answers about strategies: those kept, checks, and why at a bar."""

from __future__ import annotations

from typing import Any

from shared.responses_market import (
    StrategyAnswer,
    StrategyCheck,
    StrategyList,
    StrategySummary,
    StrategyVersions,
)
from shared.responses_why import RunCheck, WhyAnswer
from shared.times import iso
from tests.cli.fake_api import DOCUMENT, HOUR_MS, START_MS, FakeApi, ProblemError, Request, Routes


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
            "decisions": api.decisions,
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


ROUTES: Routes = {
    ("GET", "/backtests/([^/]+)/why"): _why,
    ("POST", "/strategies/check"): _check,
    ("GET", "/strategies"): _strategies,
    ("POST", "/strategies"): _save,
    ("GET", "/strategies/([^/]+)"): _strategy,
    ("PUT", "/strategies/([^/]+)"): _update,
    ("DELETE", "/strategies/([^/]+)"): _forget,
    ("GET", "/strategies/([^/]+)/versions"): _versions,
    ("POST", "/strategies/validate"): _validate,
}
