"""What an entry would get if it were filled at a bar's close: its levels and its own size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.plan_arrays import YEAR_MS, sign_of
from engine.rules import average_true_range

if TYPE_CHECKING:
    from engine.graph import Graph
    from engine.levels import Level
    from engine.plan import Plan
    from engine.strategy import Trigger


@dataclass(frozen=True)
class Prospect:
    """Prices and sizes of an entry at the close, before costs, limits and rounding; None is missing or none.

    The fill itself takes the next open (or the order's price) and the equity then.
    """

    price: float | None
    stop_price: float | None
    trailing_price: float | None
    target_price: float | None
    stop_distance: float | None
    """To the nearer of stop and trailing."""
    reward_to_risk: float | None
    """Target distance ÷ stop distance."""
    multiplier: float
    """Of the sizing profile, by the trigger's confidence."""
    qty: float | None
    notional: float | None


def nodes_of(plan: Plan, trigger: Trigger, graph: Graph) -> set[int]:
    """The series of which `prospect` wants the bar's values; the graph may grow by ATR(14)."""
    levels = (trigger.stop, trigger.trailing, trigger.target)
    found = {level.node for level in levels if level is not None and level.node is not None}
    found |= {node for node in (trigger.order.node, plan.strategy.sizing.node) if node is not None}
    return found | ({average_true_range(graph, 14)} if plan.needs_atr else set())


def prospect(
    plan: Plan, trigger: Trigger, graph: Graph, close: float, equity: float, values: Mapping[int, float]
) -> Prospect:
    """Return what an entry of the trigger would get at this close.

    A limit or stop order is reckoned at its own price where it has one.
    """
    sign = sign_of(trigger)
    price = close if trigger.order.node is None else values[trigger.order.node]

    def level(found: Level | None, side: int) -> float:
        if found is None:
            return math.nan
        series = math.nan if found.node is None else values[found.node]
        at = {
            "percent": price * (1.0 + side * found.value),
            "step": price * (1.0 + side * found.value),
            "distance": price + side * series,
            "price": series,
        }
        return at.get(found.kind, math.nan)

    stop, trailing = level(trigger.stop, -sign), level(trigger.trailing, -sign)
    distances = [sign * (price - at) for at in (stop, trailing) if sign * (price - at) > 0.0]
    distance = min(distances, default=math.nan)
    target = level(trigger.target, sign)
    if trigger.target is not None and trigger.target.kind == "r":
        target = price + sign * trigger.target.value * distance
    multiplier = 1.0 if trigger.confidence is None else plan.strategy.sizing.profile[trigger.confidence]
    qty = multiplier * _own_size(plan, graph, price, equity, distance, values)
    return Prospect(
        price=_known(price),
        stop_price=_known(stop),
        trailing_price=_known(trailing),
        target_price=_known(target),
        stop_distance=_known(distance),
        reward_to_risk=_known(sign * (target - price) / distance),
        multiplier=multiplier,
        qty=_known(qty),
        notional=_known(qty * price),
    )


def _own_size(
    plan: Plan, graph: Graph, price: float, equity: float, distance: float, values: Mapping[int, float]
) -> float:
    """The quantity that the document's sizing asks for; NaN where it needs what is missing."""
    sizing = plan.strategy.sizing
    if sizing.mode == "fraction":
        return sizing.value * equity / price
    if sizing.mode == "notional":
        return sizing.value / price
    if sizing.mode == "risk":
        at_risk = values[average_true_range(graph, 14)] if math.isnan(distance) else distance
        return sizing.value * equity / at_risk if at_risk > 0.0 else math.nan
    volatility = math.nan if sizing.node is None else values[sizing.node]
    annual = volatility * math.sqrt(YEAR_MS / plan.timeframe_ms)
    share = plan.leverage if annual <= 0.0 else min(sizing.value / annual, plan.leverage)
    return share * equity / price if annual == annual else math.nan


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
