"""Inside a bar: protective levels, resting entries, and the finer candles that say which came first."""

from __future__ import annotations

from tests.reckoning.book import Book, Resting
from tests.reckoning.levels import liquidation_price, nearest
from tests.reckoning.orders import enter, leave
from tests.reckoning.settings import Bar


def walk(book: Book, symbol: str, equity: float) -> None:
    """Resolve a symbol's bar: the position's levels, then the resting entry, candle by candle."""
    bar = book.here[symbol]
    if symbol not in book.positions and symbol not in book.resting:
        return
    for candle in candles(book, symbol, bar):
        if symbol in book.positions:
            protect(book, symbol, candle)
        if symbol in book.resting:
            try_resting(book, symbol, candle, equity)
    resting = book.resting.get(symbol)
    if resting is not None:
        resting.left -= 1
        if resting.left == 0:
            del book.resting[symbol]
            valid_for = resting.trigger.order.valid_for
            book.block(symbol, resting.trigger, "entry", "expired", resting.price, valid_for)


def candles(book: Book, symbol: str, bar: Bar) -> list[Bar]:
    """The finer candles of a bar, where they agree with it about how far the price went; else the bar."""
    finer = book.finer.get((symbol, bar.time // book.setup.step_ms))
    if finer is None:
        return [bar]
    highest, lowest = max(found.high for found in finer), min(found.low for found in finer)
    return finer if (highest, lowest) == (bar.high, bar.low) else [bar]


def protect(book: Book, symbol: str, candle: Bar, *, entered_inside: str | None = None) -> None:
    """Close a position at its protective level or target.

    `entered_inside` is the order type of an entry that filled between this candle's open and its close:
    what came before it is not known, so the stop counts, and the target only for a stop order, which runs
    with the price.
    """
    position = book.positions[symbol]
    sign, opener = position.sign, position.opener
    stop, target = nearest(position, book.setup), position.target
    liquidation = liquidation_price(position, book.setup)
    against, favour = (candle.low, candle.high) if sign > 0 else (candle.high, candle.low)
    at_open = entered_inside is None
    base: float
    if at_open and liquidation is not None and sign * candle.open <= sign * liquidation:
        base, reason = candle.open, "liquidation"
    elif at_open and stop and sign * candle.open <= sign * stop[0]:
        base, reason = candle.open, stop[1]
    elif at_open and target is not None and sign * candle.open >= sign * target:
        base, reason = candle.open, "target"
    elif stop and sign * against <= sign * stop[0]:
        base, reason = stop
    elif target is not None and sign * favour >= sign * target and entered_inside != "limit":
        base, reason = target, "target"
    else:
        return
    leave(book, symbol, base, reason, opener, maker=reason == "target")
    if reason != "liquidation":
        book.hits.add((symbol, "target" if reason == "target" else "stop"))


def try_resting(book: Book, symbol: str, candle: Bar, equity: float) -> None:
    """Fill a resting entry that the candle touches."""
    resting = book.resting[symbol]
    trigger = resting.trigger
    base = touched(resting, candle)
    if base is None:
        return
    del book.resting[symbol]
    position = book.positions.get(symbol)
    if position and (position.sign != trigger.sign or position.entries >= trigger.scale_in):
        book.block(symbol, trigger, "entry", "conflict")
        return
    kind = trigger.order.type
    filled = enter(
        book,
        symbol,
        trigger,
        resting.row,
        resting.decided_at,
        base,
        equity,
        maker=kind == "limit",
    )  # fmt: skip
    if filled:
        protect(book, symbol, candle, entered_inside=None if base == candle.open else kind)


def touched(resting: Resting, candle: Bar) -> float | None:
    """The price before slippage at which a candle fills an order, None when it does not.

    A limit waits for a better price than the market's, a stop for the market to run past it.
    """
    price = resting.price
    rising = (resting.trigger.order.type == "stop") == (resting.trigger.sign > 0)
    if rising:
        if candle.open >= price:
            return candle.open
        return price if candle.high >= price else None
    if candle.open <= price:
        return candle.open
    return price if candle.low <= price else None
