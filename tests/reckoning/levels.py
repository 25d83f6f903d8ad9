"""Where a position is protected: levels at the entry, the trailing stop, and the liquidation price."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.reckoning.book import Position
from tests.reckoning.settings import Inputs, Setup, Trigger


@dataclass(frozen=True)
class Levels:
    """Levels at an entry price; None where the trigger has none, NaN where a series value is missing."""

    stop: float | None = None
    target: float | None = None
    trailing: float | None = None
    trail: float = 0.0
    distance: float | None = None
    """From the price to the nearer of stop and trailing stop."""


def levels_at(trigger: Trigger, inputs: Inputs, row: int, price: float) -> Levels:
    """The levels of a position that the trigger opens at `price`, with series values of bar `row`."""
    sign = trigger.sign
    stop = target = trailing = None
    trail = 0.0
    if trigger.stop is not None:
        if trigger.stop.kind == "percent":
            stop = price * (1 - sign * trigger.stop.value)
        elif trigger.stop.kind == "distance":
            stop = price - sign * inputs.stop_value[trigger.id][row]
        else:
            stop = inputs.stop_value[trigger.id][row]
    if trigger.trailing is not None:
        if trigger.trailing.kind == "percent":
            trail = trigger.trailing.value
            trailing = price * (1 - sign * trail)
        else:
            is_step = trigger.trailing.kind == "step"
            trail = trigger.trailing.value * price if is_step else inputs.trailing_value[trigger.id][row]
            trailing = price - sign * trail
    distances = [sign * (price - level) for level in (stop, trailing) if level is not None]
    distance = None
    if distances:
        distance = math.nan if any(math.isnan(d) for d in distances) else min(distances)
    if trigger.target is not None:
        if trigger.target.kind == "percent":
            target = price * (1 + sign * trigger.target.value)
        elif trigger.target.kind == "distance":
            target = price + sign * inputs.target_value[trigger.id][row]
        elif trigger.target.kind == "price":
            target = inputs.target_value[trigger.id][row]
        else:
            target = price + sign * trigger.target.value * (math.nan if distance is None else distance)
    return Levels(stop, target, trailing, trail, distance)


def levels_of(position: Position, price: float) -> Levels:
    """The levels that a position already has, seen from the price of another entry into it."""
    distances = [
        position.sign * (price - level) for level in (position.stop, position.trailing) if level is not None
    ]
    distance = min(distances) if distances else None
    return Levels(position.stop, position.target, position.trailing, position.trail, distance)


def fault(levels: Levels, sign: int, price: float) -> tuple[str, tuple[object, ...]] | None:
    """Why an entry at `price` with these levels is refused, None when it is not."""
    for level in (levels.stop, levels.trailing):
        if level is not None and math.isnan(level):
            return "stop_missing", ()
        if level is not None and sign * level >= sign * price:
            return "stop_beyond_entry", (level, price)
    if levels.target is not None and math.isnan(levels.target):
        return "stop_missing", ()
    if levels.target is not None and sign * levels.target <= sign * price:
        return "target_beyond_entry", (levels.target, price)
    return None


def trail_on(position: Position) -> None:
    """Move the trailing stop for the bars to come on the best price so far; never back."""
    if position.trailing is None or position.opener is None or position.opener.trailing is None:
        return
    sign = position.sign
    kind = position.opener.trailing.kind
    if kind == "percent":
        level = position.best * (1 - sign * position.trail)
    elif kind == "distance":
        level = position.best - sign * position.trail
    else:
        first = position.entry_price
        steps = math.floor(sign * (position.best - first) / position.trail + 1e-9)
        level = first - sign * position.trail + sign * steps * position.trail
    position.trailing = sign * max(sign * level, sign * position.trailing)


def liquidation_price(position: Position, setup: Setup) -> float | None:
    """Where the margin is down to its maintenance.

    A long that is paid in full has none while funding has taken nothing of it.
    """
    if position.sign > 0 and setup.leverage == 1.0 and position.carried_funding <= 0.0:
        return None
    room = position.margin / position.qty
    price = (position.cost - position.sign * room) / (1 - position.sign * setup.maintenance)
    if price > 0.0:
        return price
    return None if position.sign > 0 else 0.0


def nearest(position: Position, setup: Setup) -> tuple[float, str] | None:
    """The protective level that a price moving against the position meets first, with its name."""
    levels = [
        (position.stop, "stop"),
        (position.trailing, "trailing_stop"),
        (liquidation_price(position, setup), "liquidation"),
    ]
    found: tuple[float, str] | None = None
    for level, name in levels:
        if level is not None and (found is None or position.sign * level > position.sign * found[0]):
            found = (level, name)
    return found
