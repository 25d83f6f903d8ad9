"""From a strategy document to what the reckoning takes, for documents whose expressions are also Python's.

That is: candle fields, the position-dependent names, `atr(n)`, numbers, comparisons, arithmetic, `and`,
`or`, `not`. Nothing is checked; faults of documents are the engine's subject.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import CodeType
from typing import Any

from engine.limits import Behaviour, Risk
from tests.reckoning.settings import Bar, Inputs, Level, Order, Rule, Setup, Sizing, Trigger, View

CANDLE = ("open", "high", "low", "close", "volume")
STATE = frozenset(found.name for found in fields(View))


def average_true_range(bars: Sequence[Bar], period: int) -> list[float]:
    """Wilder's average of the true range, seeded with the mean of the first; the first bar has none."""
    found = [math.nan] * len(bars)
    ranges: list[float] = []
    for row in range(1, len(bars)):
        bar, before = bars[row], bars[row - 1].close
        ranges.append(max(bar.high - bar.low, abs(bar.high - before), abs(bar.low - before)))
        if len(ranges) == period:
            found[row] = sum(ranges) / period
        elif len(ranges) > period:
            found[row] = found[row - 1] + (ranges[-1] - found[row - 1]) / period
    return found


def volatility(bars: Sequence[Bar], period: int) -> list[float]:
    """Standard deviation (of a population) of the last returns of one bar."""
    returns = [math.nan] + [bars[row].close / bars[row - 1].close - 1 for row in range(1, len(bars))]
    found = [math.nan] * len(bars)
    for row in range(period, len(bars)):
        window = returns[row - period + 1 : row + 1]
        mean = sum(window) / period
        found[row] = math.sqrt(sum((value - mean) ** 2 for value in window) / period)
    return found


@dataclass(frozen=True)
class Reader:
    """Reads expressions on the bars of one symbol."""

    bars: Sequence[Bar]
    ranges: dict[int, list[float]] = field(default_factory=dict)
    """Average true ranges by period, each reckoned once."""

    def names(self, row: int) -> dict[str, Any]:
        bar = self.bars[row]
        return {name: getattr(bar, name) for name in CANDLE} | {
            "atr": lambda period: self.atr(period)[row],
            "true": True,
        }

    def atr(self, period: int) -> list[float]:
        if period not in self.ranges:
            self.ranges[period] = average_true_range(self.bars, period)
        return self.ranges[period]

    def series(self, text: object) -> list[float]:
        code = compile(str(text), "<rule>", "eval")
        return [float(evaluated(code, self.names(row))) for row in range(len(self.bars))]

    def rule(self, text: object) -> Rule:
        code = compile(str(text), "<rule>", "eval")
        if not STATE & set(code.co_names):
            return [bool(evaluated(code, self.names(row))) for row in range(len(self.bars))]
        return lambda row, view: bool(evaluated(code, self.names(row) | vars(view)))


def evaluated(code: CodeType, names: dict[str, Any]) -> Any:
    return eval(code, {"__builtins__": {"abs": abs, "min": min, "max": max}}, names)


def read_trigger(raw: Mapping[str, Any]) -> Trigger:
    order = raw.get("order", "market")
    has_entry = raw.get("entry") is not None
    return Trigger(
        id=raw["id"],
        direction=raw.get("direction", "long" if has_entry else "both"),
        category=raw.get("category", "other"),
        confidence=raw.get("confidence"),
        symbols=tuple(raw.get("symbols", ())),
        order=Order() if order == "market" else Order(_kind(order), order.get("valid_for", 1)),
        exit_fraction=raw.get("exit_fraction", 1.0),
        stop=read_level(raw.get("stop")),
        target=read_level(raw.get("target")),
        trailing=read_level(raw.get("trailing")),
        max_bars=raw.get("max_bars"),
        min_reward_to_risk=raw.get("min_reward_to_risk"),
        scale_in=raw.get("scale_in", 1),
    )


def _kind(raw: Mapping[str, Any]) -> str:
    """What an order or level is: the one key that says so."""
    return next(key for key in raw if key not in ("valid_for", "period"))


def read_level(raw: Mapping[str, Any] | None) -> Level | None:
    if raw is None:
        return None
    kind = _kind(raw)
    if kind in ("percent", "step_percent"):
        return Level(kind.removesuffix("_percent"), raw[kind] / 100)
    return Level("r", raw["r"]) if kind == "r" else Level("distance" if kind == "atr" else kind)


def read_inputs(document: Mapping[str, Any], bars: Sequence[Bar]) -> Inputs:
    reader = Reader(bars)
    triggers: Sequence[Mapping[str, Any]] = document["triggers"]

    def rules(kind: str) -> dict[str, Rule]:
        return {raw["id"]: reader.rule(raw[kind]) for raw in triggers if raw.get(kind) is not None}

    def values(key: str) -> dict[str, Sequence[float]]:
        found: dict[str, Sequence[float]] = {}
        for raw in triggers:
            level = raw.get(key)
            if not isinstance(level, Mapping):
                continue
            kind = _kind(level)
            if kind == "atr":
                found[raw["id"]] = [level["atr"] * value for value in reader.atr(level.get("period", 14))]
            elif kind in ("distance", "price", "limit", "stop"):
                found[raw["id"]] = reader.series(level[kind])
        return found

    return Inputs(
        entry=rules("entry"),
        exit=rules("exit"),
        hold=rules("hold"),
        stop_value=values("stop"),
        target_value=values("target"),
        trailing_value=values("trailing"),
        order_price=values("order"),
        atr=reader.atr(14),
        volatility=volatility(bars, document.get("sizing", {}).get("period", 20)),
    )


def read_sizing(raw: Mapping[str, Any]) -> Sizing:
    mode = raw.get("mode", "fraction")
    key, unit = {
        "fraction": ("fraction", 1.0),
        "risk": ("risk_pct", 100.0),
        "notional": ("notional", 1.0),
        "volatility_target": ("target_pct", 100.0),
    }[mode]
    return Sizing(mode, raw.get(key, 0.95) / unit, raw.get("profile", {}))


def read_document(
    document: Mapping[str, Any], markets: Mapping[str, Sequence[Bar]], step_ms: int, **run: Any
) -> Setup:
    """A run of the document; `run` are further fields of Setup, its limits stand before the document's."""
    limits: dict[str, Any] = {
        "risk": Risk(**document.get("risk", {})),
        "behaviour": Behaviour(**document.get("behaviour", {})),
    }
    return Setup(
        markets,
        {symbol: read_inputs(document, bars) for symbol, bars in markets.items()},
        [read_trigger(raw) for raw in document["triggers"]],
        step_ms,
        read_sizing(document.get("sizing", {})),
        **(limits | run),
    )
