"""What an entry may take: the checks and bounds of its size, in the order in which they are asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tests.reckoning.book import Book
from tests.reckoning.levels import Levels, fault, levels_at, levels_of
from tests.reckoning.settings import YEAR_MS, Bar, Costs, Trigger

SMALLEST = 1e-9
"""Share of a step by which a quantity held may miss a whole number of steps through rounding."""

BLOCKED_BY = {
    "own": "min_notional",
    "position_risk": "position_risk",
    "symbol_exposure": "symbol_exposure",
    "portfolio_exposure": "portfolio_exposure",
    "daily_risk_budget": "daily_risk_budget",
    "cash": "insufficient_cash",
}


@dataclass(frozen=True)
class Size:
    qty: float
    bound_by: str
    wanted: float
    """The size that the sizing asks for."""
    levels: Levels
    risk_distance: float | None
    multiplier: float
    allocated: float | None


@dataclass(frozen=True)
class Refusal:
    reason: str
    values: tuple[object, ...] = ()


def slippage(costs: Costs, bar: Bar, base: float, qty: float) -> float:
    """The share of the price that a taker loses; `qty` 0 leaves the order's own weight out."""
    share = costs.slippage_bps / 1e4 + costs.slippage_range_fraction * (bar.high - bar.low) / base
    if qty > 0.0:
        share += costs.slippage_volume_share * (min(1.0, qty / bar.volume) if bar.volume > 0.0 else 1.0)
    return min(share, 0.5)


def round_down(qty: float, step: float) -> float:
    """The largest multiple of the step that is not above `qty`."""
    if step == 0.0:
        return qty
    per_unit = round(1.0 / step)
    if math.isclose(per_unit * step, 1.0, rel_tol=1e-12):
        return math.floor(qty * per_unit) / per_unit
    return math.floor(qty / step) * step


def whole_steps(qty: float, step: float) -> float:
    """A held quantity without the last bits that sums and differences leave: a whole number of steps."""
    if step == 0.0:
        return qty
    per_unit = round(1.0 / step)
    if math.isclose(per_unit * step, 1.0, rel_tol=1e-12):
        return round(qty * per_unit) / per_unit
    return round(qty / step) * step


def exit_quantity(held: float, fraction: float, step: float) -> float:
    """The part of a position that an exit closes: all, if less than one step would be left."""
    if fraction >= 1.0:
        return held
    if step == 0.0:
        return held * fraction
    # What is a whole number of steps but for its last bits is not a step less.
    qty = round_down(held * fraction * (1.0 + SMALLEST / 1e3) + SMALLEST * step, step)
    return held if held - qty < step * (1.0 - 1e-3) else qty


def gates(book: Book, symbol: str, equity: float) -> Refusal | None:
    """The limits of the day."""
    risk = book.setup.risk
    if risk.max_daily_loss_pct is not None:
        floor = book.day_equity * (1 - risk.max_daily_loss_pct / 100)
        if equity <= floor:
            return Refusal("daily_loss", (equity, floor))
    if risk.max_trades_per_day is not None and sum(book.entries_today.values()) >= risk.max_trades_per_day:
        return Refusal("trades_per_day")
    limit = risk.max_triggers_per_symbol_per_day
    if limit is not None and book.entries_today.get(symbol, 0) >= limit:
        return Refusal("triggers_per_symbol_day")
    return None


def measure(
    book: Book, symbol: str, trigger: Trigger, row: int, price: float, fee_rate: float, equity: float
) -> Size | Refusal:
    """Size an entry at `price`, which is also what its levels are measured from."""
    setup, risk, sizing = book.setup, book.setup.risk, book.setup.sizing
    inputs = setup.inputs[symbol]
    position = book.positions.get(symbol)
    levels = levels_of(position, price) if position else levels_at(trigger, inputs, row, price)
    found = fault(levels, trigger.sign, price)
    if found:
        return Refusal(*found)

    by_atr = (
        sizing.mode == "risk"
        or risk.max_position_risk_pct is not None
        or risk.max_daily_risk_budget_pct is not None
    )
    distance = levels.distance
    if distance is None and by_atr:
        distance = inputs.atr[row]
        if math.isnan(distance):
            return Refusal("stop_missing")
    k = sizing.profile.get(trigger.confidence, 1.0) if trigger.confidence else 1.0
    if sizing.mode == "fraction":
        own = k * sizing.value * equity / price
    elif sizing.mode == "risk":
        assert distance is not None
        own = k * sizing.value * equity / distance
    elif sizing.mode == "notional":
        own = k * sizing.value / price
    else:
        volatility = inputs.volatility[row] * math.sqrt(YEAR_MS / setup.step_ms)
        if math.isnan(volatility):
            return Refusal("price_missing")
        times = setup.leverage if volatility <= 0.0 else min(sizing.value / volatility, setup.leverage)
        own = k * times * equity / price
    bounds = {"own": own}
    allocated = None
    if risk.max_position_risk_pct is not None:
        assert distance is not None
        allocated = k * (risk.max_position_risk_pct / 100) * equity
        bounds["position_risk"] = allocated / distance
    if risk.max_symbol_exposure_pct is not None:
        own_notional = position.qty * price if position else 0.0
        bounds["symbol_exposure"] = (risk.max_symbol_exposure_pct / 100 * equity - own_notional) / price
    if risk.max_portfolio_exposure_pct is not None:
        gross = sum(p.qty * book.price(held) for held, p in book.positions.items())
        bounds["portfolio_exposure"] = (risk.max_portfolio_exposure_pct / 100 * equity - gross) / price
    if risk.max_daily_risk_budget_pct is not None:
        assert distance is not None
        budget = risk.max_daily_risk_budget_pct / 100 * book.day_equity - book.risk_used
        bounds["daily_risk_budget"] = budget / distance
    bounds["cash"] = book.usable / (price * (1 / setup.leverage + fee_rate))
    least = min(bounds.values())
    # What allows as much as another, but for rounding, does not bind.
    bound_by = next(name for name, size in bounds.items() if size <= least + abs(least) * 1e-12)
    qty = round_down(bounds[bound_by], setup.quantity_step)
    return Size(qty, bound_by, own, levels, distance, k, allocated)


def too_small(book: Book, size: Size, price: float) -> Refusal | None:
    """Refuse nothing at all and what is worth less than the minimum, with the reason of what bound it."""
    notional = size.qty * price
    if size.qty > 0.0 and notional >= book.setup.min_notional:
        return None
    reason = BLOCKED_BY[size.bound_by]
    if reason == "min_notional":
        return Refusal(reason, (notional, book.setup.min_notional))
    return Refusal(reason, (size.wanted * price, notional))


def sized(
    book: Book, symbol: str, trigger: Trigger, row: int, base: float, equity: float, *, maker: bool
) -> tuple[Size, float] | Refusal:
    """Return an entry's size and price, or why there is none.

    What an order's own weight moves the price by is known only with its size: it is sized without, then
    once more at the worse price, and may only shrink.
    """
    refusal = gates(book, symbol, equity)
    if refusal:
        return refusal
    costs, bar = book.setup.costs, book.here[symbol]
    fee_rate = (costs.maker_fee_bps if maker else costs.taker_fee_bps) / 1e4
    price = base if maker else base * (1 + trigger.sign * slippage(costs, bar, base, 0.0))
    size = measure(book, symbol, trigger, row, price, fee_rate, equity)
    if isinstance(size, Size) and size.qty > 0.0 and not maker and costs.slippage_volume_share > 0.0:
        first = size
        price = base * (1 + trigger.sign * slippage(costs, bar, base, first.qty))
        size = measure(book, symbol, trigger, row, price, fee_rate, equity)
        if isinstance(size, Size) and first.qty < size.qty:
            size = replace(size, qty=first.qty, bound_by=first.bound_by)
    if isinstance(size, Refusal):
        return size
    return too_small(book, size, price) or (size, price)
