"""Fills: how an entry, an exit and a liquidation change the account."""

from __future__ import annotations

from tests.reckoning.book import Book, Fill, Position, Trade
from tests.reckoning.settings import Trigger
from tests.reckoning.sizing import Refusal, exit_quantity, round_down, sized, slippage, whole_steps


def allocate(book: Book, symbol: str) -> None:
    """Turn what is reserved for a symbol into a position at its first open, without costs."""
    amount = book.reserved[symbol]
    if amount <= 0.0:
        return
    book.reserved[symbol] = 0.0
    price = book.here[symbol].open
    qty = round_down(amount / price, book.setup.quantity_step)
    book.cash += amount - qty * price
    if qty <= 0.0:
        return
    book.positions[symbol] = Position(symbol, 1, qty, price, qty * price, price, book.now, None, price, price)
    book.last_fill[symbol] = price
    book.result.fills.append(
        Fill(
            book.now, symbol, "buy", qty, price, 0.0, "initial_allocation", None, None, book.now,
            qty, book.cash, qty * price,
        )
    )  # fmt: skip


def enter(
    book: Book,
    symbol: str,
    trigger: Trigger,
    row: int,
    decided_at: int,
    base: float,
    equity: float,
    *,
    maker: bool = False,
) -> bool:
    """Open or add to a position at `base`, moved by slippage for a taker; tell whether it filled."""
    found = sized(book, symbol, trigger, row, base, equity, maker=maker)
    if isinstance(found, Refusal):
        book.block(symbol, trigger, "entry", found.reason, *found.values)
        return False
    size, price = found
    setup, qty, levels = book.setup, size.qty, size.levels
    fee = qty * price * (setup.costs.maker_fee_bps if maker else setup.costs.taker_fee_bps) / 1e4
    margin = qty * price / setup.leverage
    book.cash -= margin + fee
    book.usable -= margin + fee
    book.entries_today[symbol] = book.entries_today.get(symbol, 0) + 1
    book.risk_used += qty * (size.risk_distance or 0.0)
    at_stop = None if levels.distance is None else qty * levels.distance
    position = book.positions.get(symbol)
    if position is None:
        position = Position(
            symbol, trigger.sign, qty, price, margin, price, book.now, trigger, price, price,
            stop=levels.stop, target=levels.target, trailing=levels.trailing, trail=levels.trail,
            risk=at_stop,
        )  # fmt: skip
        book.positions[symbol] = position
    else:
        position.cost = (position.qty * position.cost + qty * price) / (position.qty + qty)
        position.qty = whole_steps(position.qty + qty, setup.quantity_step)
        position.margin += margin
        position.entries += 1
        if at_stop is not None:
            position.risk = (position.risk or 0.0) + at_stop
    position.carried_fees += fee
    book.last_fill[symbol] = price
    book.result.fills.append(
        Fill(
            time=book.now,
            symbol=symbol,
            side="buy" if trigger.sign > 0 else "sell",
            qty=qty,
            price=price,
            fee=fee,
            reason="entry_rule",
            liquidity="maker" if maker else "taker",
            trigger=trigger.id,
            decided_at=decided_at,
            position_after=position.sign * position.qty,
            cash_after=book.cash,
            margin_after=position.margin,
            bound_by=size.bound_by,
            risk_used=None if size.risk_distance is None else qty * size.risk_distance,
            actual_risk=at_stop,
            stop_distance=levels.distance,
            allocated_risk=size.allocated,
            multiplier=size.multiplier,
        )
    )
    return True


def leave(
    book: Book,
    symbol: str,
    base: float,
    reason: str,
    trigger: Trigger | None,
    *,
    rule: str = "system",
    decided_at: int | None = None,
    maker: bool = False,
) -> bool:
    """Close a position, or the share its exit rule closes, at `base`; tell whether it filled."""
    setup, position = book.setup, book.positions[symbol]
    fraction = trigger.exit_fraction if reason == "exit_rule" and trigger else 1.0
    qty = exit_quantity(position.qty, fraction, setup.quantity_step)
    liquidated = reason == "liquidation"
    # What is bought back costs more, what is sold brings less.
    lost = 0.0 if maker or liquidated else slippage(setup.costs, book.here[symbol], base, qty)
    price = base * (1 - position.sign * lost)
    if rule != "system" and (qty <= 0.0 or qty * price < setup.min_notional):
        book.block(symbol, trigger, rule, "min_notional", qty * price, setup.min_notional)
        return False
    fee = qty * price * (setup.costs.maker_fee_bps if maker else setup.costs.taker_fee_bps) / 1e4
    share = qty / position.qty
    margin = position.margin * share
    received = margin + position.profit(price) * share - fee
    covered = 0.0
    if received < 0.0:  # the margin is isolated: no more than it can be lost
        covered, received = -received, 0.0
    funding = position.carried_funding * share
    # The margin is already less what funding took: it counts once.
    pnl = received - margin - position.carried_fees * share - funding
    risk = None if position.risk is None else position.risk * share
    multiple = pnl / risk if risk else None
    sign = position.sign
    book.cash += received
    book.last_fill[symbol] = price
    book.result.trades.append(
        Trade(
            symbol=symbol,
            side="long" if sign > 0 else "short",
            entry_time=position.entry_time,
            exit_time=book.now,
            qty=qty,
            entry_price=position.cost,
            exit_price=price,
            pnl=pnl,
            funding=funding,
            reason=reason,
            entry_trigger=position.opener.id if position.opener else None,
            exit_trigger=trigger.id if trigger else None,
            bars=position.bars,
            risk=risk,
            r_multiple=multiple,
            mfe=max(0.0, sign * qty * (sign * max(sign * position.best, sign * price) - position.cost)),
            mae=min(0.0, sign * qty * (sign * min(sign * position.worst, sign * price) - position.cost)),
        )
    )
    position.margin -= margin
    position.carried_fees *= 1 - share
    position.carried_funding -= funding
    if position.risk is not None:
        position.risk -= risk or 0.0
    closed = qty == position.qty
    position.qty = 0.0 if closed else whole_steps(position.qty - qty, setup.quantity_step)
    if closed:
        del book.positions[symbol]
        book.spent = {(held, rule) for held, rule in book.spent if held != symbol}
        if position.opener:
            book.last_exit[position.opener.id, symbol] = book.now
        resting = book.resting.pop(symbol, None)
        if resting is not None:
            book.block(symbol, resting.trigger, "entry", "position_closed")
    elif reason == "exit_rule" and trigger:
        book.spent.add((symbol, trigger.id))
    book.result.fills.append(
        Fill(
            time=book.now,
            symbol=symbol,
            side="sell" if sign > 0 else "buy",
            qty=qty,
            price=price,
            fee=fee,
            reason=reason,
            liquidity="maker" if maker else "taker",
            trigger=trigger.id if trigger else None,
            decided_at=book.now if decided_at is None else decided_at,
            position_after=sign * position.qty,
            cash_after=book.cash,
            margin_after=position.margin if not closed else 0.0,
            pnl=pnl,
            funding=funding,
            exit_fraction=share,
            r_multiple=multiple,
            actual_risk=risk,
            covered=covered,
        )
    )
    return True


def settle_funding(book: Book, symbol: str, *, before: int) -> None:
    """Pay every funding time before `before` that is not settled, at this row's open."""
    times = book.setup.funding.get(symbol, ())
    price = book.here[symbol].open
    while book.settled[symbol] < len(times) and times[book.settled[symbol]][0] < before:
        time, rate = times[book.settled[symbol]]
        book.settled[symbol] += 1
        position = book.positions.get(symbol)
        if position is not None:
            payment = position.sign * position.qty * price * rate
            position.margin -= payment
            position.carried_funding += payment
            book.result.funding.append((time, symbol, payment))
