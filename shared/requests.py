"""What clients send: the wire models, and their errors in the words of the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import Issue
from shared.symbols import nearest

MAX_STRATEGY_BYTES = 256 * 1024
MAX_MONEY = 1e12
MAX_SYMBOLS = 50
MIN_CANDLES = 50

Timeframe = Literal["1m", "5m", "15m", "1h", "6h", "1d"]
Tag = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\s,][^,]*$")]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Notes = Annotated[str, Field(max_length=10_000)]
Money = Annotated[float, Field(ge=0, le=MAX_MONEY, allow_inf_nan=False)]

# Fields that users of the old system know and that the engine does not carry out yet. They are refused by
# name, because a limit that is taken and then not kept costs money.
NOT_ENFORCED_YET: dict[str, tuple[str, ...]] = {
    "risk": (
        "max_position_risk_pct",
        "max_symbol_exposure_pct",
        "max_portfolio_exposure_pct",
        "max_daily_loss_pct",
        "max_daily_risk_budget_pct",
        "max_trades_per_day",
        "max_triggers_per_symbol_per_day",
    ),
    "behaviour": (
        "min_price_move_pct",
        "min_hold_hours",
        "min_flat_hours",
        "confidence_override",
        "conflicting_signals",
        "exit_binding",
        "walk_away_profit_pct",
        "flatten_daily",
    ),
    "regime": (),
    "leverage": (),
    "funding": (),
    "finer_timeframe": (),
}
_COSTS_NOT_ENFORCED = ("maker_fee_bps", "slippage_range_fraction", "slippage_volume_share")


class WireModel(BaseModel):
    """Refuses what it does not know and what it would have to convert."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class CostsRequest(WireModel):
    """What trading costs, in basis points of the notional (10 = 0.1 %)."""

    taker_fee_bps: Annotated[float, Field(ge=0, le=1_000)] = 10.0
    slippage_bps: Annotated[float, Field(ge=0, le=1_000)] = 2.0


class BacktestRequest(WireModel):
    """A backtest to run."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "symbols": ["BTC-USDT", "ETH-USDT"],
                "timeframe": "1h",
                "start_date": "2021-01-01",
                "end_date": "2023-12-31",
                "initial_cash": 10_000,
                "strategy": "ema_cross",
                "parameters": {"fast": 12, "slow": 26},
            }
        }
    )

    symbols: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=60)]],
        Field(min_length=1, max_length=MAX_SYMBOLS, description="BTC-USDT, BTC/USDT or BTCUSDT"),
    ]
    timeframe: Timeframe
    strategy: Annotated[
        str | dict[str, Any],
        Field(
            description="the id of a preset or of a saved strategy (`my_cross`, or `my_cross@3` for one "
            "version), or a strategy document"
        ),
    ]
    exchange: Annotated[
        str | None,
        Field(max_length=32, description="needed only where several exchanges' candles are held"),
    ] = None
    start_date: Annotated[
        str | None, Field(max_length=40, description="ISO 8601; default: the first candle held")
    ] = None
    end_date: Annotated[
        str | None,
        Field(
            max_length=40,
            description="ISO 8601; a bare date includes that day, a time is exclusive; "
            "default: the last candle held",
        ),
    ] = None
    initial_cash: Annotated[float, Field(gt=0, le=MAX_MONEY)] = 10_000.0
    initial_allocations: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=60)], Money] | None,
        Field(
            max_length=MAX_SYMBOLS + 1,
            description="what the account holds at the start, in quote currency: "
            "`cash` and symbols or their base; replaces initial_cash",
        ),
    ] = None
    parameters: Annotated[
        dict[Annotated[str, Field(max_length=60)], float | int | bool | str], Field(max_length=100)
    ] = {}
    costs: CostsRequest = CostsRequest()
    name: Name | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] = []
    notes: Notes | None = None


class RunLabels(WireModel):
    """New name, tags or notes of a run; a field that is not sent stays, null removes."""

    name: Name | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None
    notes: Notes | None = None


class StrategyRequest(WireModel):
    """A strategy document to check, with the parameters it would run with."""

    strategy: str | dict[str, Any]
    parameters: Annotated[
        dict[Annotated[str, Field(max_length=60)], float | int | bool | str], Field(max_length=100)
    ] = {}


class StrategySave(WireModel):
    """A strategy document to keep."""

    id: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=48,
            description="small letters, digits, _ and -; default: made of the document's name",
            examples=["my_cross"],
        ),
    ] = None
    strategy: dict[str, Any]


class StrategyUpdate(WireModel):
    """The next version of a saved strategy."""

    strategy: dict[str, Any]
    if_version: Annotated[
        int | None, Field(ge=1, description="the version it is based on; 409 if that is not the newest")
    ] = None


class DatasetRequest(WireModel):
    """The name of the candles that a file holds."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"exchange": "binance", "symbol": "BTC-USDT", "timeframe": "1h"}}
    )

    exchange: Annotated[str, Field(min_length=2, max_length=32)]
    symbol: Annotated[str, Field(min_length=1, max_length=60)]
    timeframe: Timeframe


def issues_of(errors: Iterable[Mapping[str, Any]]) -> list[Issue]:
    """Say pydantic's errors as issues: the field's path, the value, what to do."""
    issues: list[Issue] = []
    for entry in errors:
        location = [part for part in entry["loc"] if part not in ("body", "query", "path", "header")]
        if entry["type"] == "extra_forbidden":
            issues.extend(_unknown_field(location, entry.get("input")))
        else:
            path = field_path(location)
            issue = Issue(path, _sentence(entry), shown(entry.get("input")))
            # A union reports one error a branch; the reader needs one a field.
            if not any(known.path == path and known.message == issue.message for known in issues):
                issues.append(issue)
    return issues


def field_path(location: Iterable[object]) -> str:
    """Write `("symbols", 1)` as `symbols[1]`."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else str(part)
    return path or "body"


def shown(value: object) -> object:
    """Return what an error may repeat of a value: scalars, cut short; nothing of lists and objects."""
    if isinstance(value, str):
        return value if len(value) <= 80 else value[:80] + "…"
    if isinstance(value, bool | int) and abs(value) < 2**63:
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return None


def _unknown_field(location: list[Any], value: object) -> list[Issue]:
    path, name = field_path(location), str(location[-1])
    if len(location) == 1 and name in NOT_ENFORCED_YET:
        inner = NOT_ENFORCED_YET[name]
        if isinstance(value, dict) and value:
            return [
                Issue(f"{name}.{key}", "is not enforced yet; leave it out", shown(entry))
                if key in inner
                else Issue(f"{name}.{key}", _did_you_mean(key, inner), shown(entry))
                for key, entry in list(value.items())[:20]
            ]
        return [Issue(path, "is not enforced yet; leave it out", shown(value))]
    if location[:-1] == ["costs"] and name in _COSTS_NOT_ENFORCED:
        return [Issue(path, "is not enforced yet; leave it out", shown(value))]
    known = CostsRequest.model_fields if location[:-1] == ["costs"] else BacktestRequest.model_fields
    return [Issue(path, _did_you_mean(name, known), shown(value))]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known, 1)
    return "is not a field that is known" + (f"; did you mean {near[0]}?" if near else "")


def _sentence(entry: Mapping[str, Any]) -> str:
    message = str(entry["msg"])
    return "is required" if entry["type"] == "missing" else message[:1].lower() + message[1:]
