"""Where a position is protected and how it is entered: stop, target, trailing stop and entry order.

A level is a mapping with exactly one kind: `stop: {percent: 2}`, `target: {r: 3}`,
`trailing: {atr: 2.5, period: 14}`. Prices and distances are taken from the bar that decided the entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import Issue
from engine.fields import Range, check_fields, read_number
from engine.functions import MAX_PERIOD
from engine.rules import Reading, average_true_range
from engine.suggest import shorten

KINDS: Mapping[str, tuple[str, ...]] = {
    "stop": ("percent", "atr", "distance", "price"),
    "target": ("percent", "atr", "distance", "price", "r"),
    "trailing": ("percent", "atr", "distance", "step_percent"),
}
"""How each level may be written. `atr` is a distance: that multiple of atr(period)."""

BELOW_ALL = Range(0.0, 100.0, above=True, below=True)
"""A percentage of the price that leaves something of it."""
TARGET_PERCENT = Range(0.0, 10_000.0, above=True)
MULTIPLE = Range(0.0, 1_000.0, above=True)
PERIOD = Range(1, MAX_PERIOD, whole=True)
VALID_FOR = Range(1, 100_000, whole=True)
ATR_PERIOD = 14

ORDERS = ("market", "limit", "stop")


@dataclass(frozen=True)
class Level:
    """One protective level."""

    kind: str
    """percent, distance, price, r (a target alone) or step (a trailing stop alone)"""
    value: float = 0.0
    """percent, step: a fraction of the entry price (2 % is 0.02). r: multiple of the stop's distance."""
    node: int | None = None
    """distance, price: the graph's node, which does not depend on the position."""


@dataclass(frozen=True)
class Order:
    """How an entry is placed."""

    type: str = "market"
    node: int | None = None
    """The price of a limit or stop order."""
    valid_for: int = 1
    """Bars for which a limit or stop order rests."""


def percent_range(key: str, direction: str) -> Range:
    """The percentages a level may lie away. A price cannot fall by 100 %, but it can rise by more."""
    return TARGET_PERCENT if key == "target" and direction == "long" else BELOW_ALL


def read_level(
    raw: object, key: str, path: str, direction: str, timeframe: str | None, reading: Reading
) -> Level | None:
    """Return the level `key` (stop, target or trailing) of a trigger, None when absent or at fault."""
    if raw is None:
        return None
    kinds = KINDS[key]
    if isinstance(raw, str) and "price" in kinds:
        return _at(reading.series(raw, path, timeframe), "price")
    if not isinstance(raw, Mapping):
        written = shorten(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else "2"
        choice = f"{{percent: {written}}} or {{atr: 2.5, period: 14}}"
        reading.issues.append(Issue(path, f"must say of what: {choice}, not {shorten(raw)}", None))
        return None
    named = [kind for kind in kinds if raw.get(kind) is not None]
    known = (*kinds, "period") if "atr" in named or not named else kinds
    before = len(reading.issues)
    check_fields(raw, path, known, reading.issues, _elsewhere(key))
    if len(named) != 1:
        if named or len(reading.issues) == before:
            found = f"has {' and '.join(named)}" if named else "has none"
            reading.issues.append(Issue(path, f"needs exactly one of {', '.join(kinds)}; it {found}"))
        return None
    kind = named[0]
    where = f"{path}.{kind}"
    if kind in ("distance", "price"):
        return _at(reading.series(raw[kind], where, timeframe), kind)
    if kind == "atr":
        return _at(_atr_distance(raw, path, timeframe, reading), "distance")
    allowed = MULTIPLE if kind == "r" else percent_range(key, direction)
    value = read_number(raw[kind], where, allowed, reading.values, reading.issues)
    if value is None:
        return None
    if kind == "r":
        return Level("r", value)
    return Level("step" if kind == "step_percent" else "percent", value / 100.0)


def read_order(raw: object, path: str, timeframe: str | None, reading: Reading) -> Order:
    """Return how the entry is placed; a market order when nothing is said, or at fault."""
    if raw is None or raw == "market":
        return Order()
    if not isinstance(raw, Mapping):
        example = '{limit: "close * 0.99", valid_for: 3}'
        reading.issues.append(
            Issue(path, f"must be market or a mapping such as {example}, not {shorten(raw)}")
        )
        return Order()
    check_fields(raw, path, ("limit", "stop", "valid_for"), reading.issues)
    types = [kind for kind in ("limit", "stop") if raw.get(kind) is not None]
    if len(types) != 1:
        reading.issues.append(Issue(path, "needs exactly one of limit and stop, with its price"))
        return Order()
    node = reading.series(raw[types[0]], f"{path}.{types[0]}", timeframe)
    bars: float | None = 1.0
    if raw.get("valid_for") is not None:
        bars = read_number(raw["valid_for"], f"{path}.valid_for", VALID_FOR, reading.values, reading.issues)
    return Order(types[0], node, int(bars or 1))


def _at(node: int | None, kind: str) -> Level | None:
    return None if node is None else Level(kind, node=node)


def _atr_distance(
    raw: Mapping[str, object], path: str, timeframe: str | None, reading: Reading
) -> int | None:
    """The node of `multiple × atr(period)`."""
    period: float | None = float(ATR_PERIOD)
    if raw.get("period") is not None:
        period = read_number(raw["period"], f"{path}.period", PERIOD, reading.values, reading.issues)
    multiple = read_number(raw["atr"], f"{path}.atr", MULTIPLE, reading.values, reading.issues)
    if period is None or multiple is None:
        return None
    graph = reading.graph
    node = graph.binary("mul", graph.constant(multiple), average_true_range(graph, int(period)))
    return reading.seen_from(timeframe, node, path)


def _elsewhere(key: str) -> Mapping[str, str]:
    moved = {"pct": "is written percent", "period": "belongs to atr: {atr: 2.5, period: 14}"}
    if key != "target":
        moved["r"] = "is a multiple of the stop's distance; a target takes it"
    if key != "trailing":
        moved["step_percent"] = "belongs to trailing"
    else:
        moved["price"] = "cannot trail; write distance, or put the price into stop"
    return moved
