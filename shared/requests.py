"""What a client sends for a run, and what is wrong with any request in the words of the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from shared.errors import Issue, field_path
from shared.symbols import nearest
from shared.terms import (
    BehaviourRequest,
    CostsRequest,
    FundingRequest,
    FundingTerms,
    RiskRequest,
    StoredFunding,
    WireModel,
)

MAX_STRATEGY_BYTES = 256 * 1024
MAX_MONEY = 1e12
MAX_SYMBOLS = 50
MIN_CANDLES = 50
FEW_FIELDS = 10
"""As many known fields an error names where none is near to what was written."""

Timeframe = Literal["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]
Tag = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\s,][^,]*$")]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Notes = Annotated[str, Field(max_length=10_000)]
Money = Annotated[float, Field(ge=0, le=MAX_MONEY, allow_inf_nan=False)]


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
    regime: Annotated[
        str | None,
        Field(max_length=60, description="a named period, in place of start_date and end_date"),
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
    ] = Field(default={})
    costs: CostsRequest = CostsRequest()
    risk: Annotated[
        RiskRequest | None,
        Field(
            description="limits in place of the strategy's own, as a whole; {} is every default; "
            "left out or null: the strategy's own"
        ),
    ] = None
    behaviour: Annotated[
        BehaviourRequest | None,
        Field(
            description="in place of the strategy's own, as a whole; {} is every default; "
            "left out or null: the strategy's own"
        ),
    ] = None
    leverage: Annotated[
        float, Field(ge=1, le=125, description="notional that one unit of margin carries; isolated margin")
    ] = 1.0
    maintenance_margin_pct: Annotated[
        float, Field(ge=0, le=50, description="% of its notional at which a position is liquidated")
    ] = 0.5
    funding: Annotated[
        FundingTerms | None,
        Field(description="stored rates, or an assumed one; needed for shorts, leverage above 1, -PERP"),
    ] = None
    finer_timeframe: Annotated[
        Timeframe | None,
        Field(description="candles that decide what came first inside a bar; shorter than timeframe"),
    ] = None
    name: Name | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] = Field(default=[])
    notes: Notes | None = None


class RunLabels(WireModel):
    """New name, tags or notes of a run; a field that is not sent stays, null removes."""

    name: Name | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None
    notes: Notes | None = None


def issues_of(errors: Iterable[Mapping[str, Any]]) -> list[Issue]:
    """Say pydantic's errors as issues: the field's path, the value, what to do."""
    issues: list[Issue] = []
    for entry in errors:
        location = [part for part in entry["loc"] if part not in _NO_FIELDS]
        if entry["type"] == "extra_forbidden":
            stored = "stored_funding" in entry["loc"]
            issues.extend(_unknown_field(location, entry.get("input"), StoredFunding if stored else None))
        else:
            path = field_path(location)
            issue = Issue(path, _sentence(entry), shown(entry.get("input")))
            # A union reports one error a branch; the reader needs one a field.
            if not any(known.path == path and known.message == issue.message for known in issues):
                issues.append(issue)
    return issues


# Where a value was, and which of several forms it was taken for.
_NO_FIELDS = (
    *("body", "query", "path", "header"),
    *("upload_body", "fetch_body", "assumed_funding", "stored_funding"),
)


def shown(value: object) -> object:
    """Return what an error may repeat of a value: scalars, cut short; nothing of lists and objects."""
    if isinstance(value, str):
        return value if len(value) <= 80 else value[:80] + "…"
    if isinstance(value, bool | int) and abs(value) < 2**63:
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return None


_SECTIONS: Mapping[str, type[WireModel]] = {
    "costs": CostsRequest,
    "risk": RiskRequest,
    "behaviour": BehaviourRequest,
    "funding": FundingRequest,
}


def _unknown_field(location: list[Any], value: object, form: type[WireModel] | None = None) -> list[Issue]:
    path, name = field_path(location), str(location[-1])
    model = form or _SECTIONS.get(str(location[0])) if len(location) > 1 else BacktestRequest
    return [Issue(path, _did_you_mean(name, model.model_fields if model else ()), shown(value))]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    fields = tuple(known)
    near = nearest(name, fields, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    if not near and 0 < len(fields) <= FEW_FIELDS:
        hint = f"; known are {', '.join(fields)}"
    return f"is not a field that is known{hint}"


def _sentence(entry: Mapping[str, Any]) -> str:
    message = str(entry["msg"])
    return "is required" if entry["type"] == "missing" else message[:1].lower() + message[1:]
