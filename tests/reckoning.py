"""The EMA cross reckoned in plain Python from docs/fills.md, without a line of the engine.

It is written to be read next to that page, not to be fast: lists of bars, one loop over time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bar:
    time: int
    open: float
    close: float


@dataclass(frozen=True)
class ReckonedFill:
    time: int
    symbol: str
    side: str
    qty: float
    price: float
    fee: float
    decided_at: int


@dataclass
class Reckoning:
    cash: float
    fills: list[ReckonedFill] = field(default_factory=list)
    equity: list[tuple[int, float]] = field(default_factory=list)


def ema(values: Sequence[float], period: int) -> list[float | None]:
    """Return the average seeded with the mean of the first `period` values, None before."""
    averages: list[float | None] = []
    average: float | None = None
    for row, value in enumerate(values):
        if row == period - 1:
            average = sum(values[:period]) / period
        elif average is not None:
            average += 2.0 / (period + 1) * (value - average)
        averages.append(average)
    return averages


def crossings(bars: Sequence[Bar], fast: int, slow: int) -> list[int]:
    """Return for each bar +1 where the fast average crosses above the slow one, -1 below, else 0."""
    closes = [bar.close for bar in bars]
    quick, calm = ema(closes, fast), ema(closes, slow)
    signs = [0]
    for row in range(1, len(bars)):
        values = (quick[row - 1], calm[row - 1], quick[row], calm[row])
        if any(value is None for value in values):
            signs.append(0)
            continue
        before, after = values[0] - values[1], values[2] - values[3]  # type: ignore[operator]
        signs.append(1 if before <= 0 < after else -1 if before >= 0 > after else 0)
    return signs


def reckon(
    markets: Mapping[str, Sequence[Bar]],
    *,
    start: int,
    cash: float,
    fast: int,
    slow: int,
    fraction: float,
    taker_fee_bps: float,
    slippage_bps: float,
) -> Reckoning:
    """Trade the cross on all markets with shared cash.

    `markets` are in the order of the request, their bars from the warm-up on; bars before `start` decide
    nothing and fill nothing.
    """
    fee_rate, slippage = taker_fee_bps / 1e4, slippage_bps / 1e4
    at = {symbol: {bar.time: row for row, bar in enumerate(bars)} for symbol, bars in markets.items()}
    signs = {symbol: crossings(bars, fast, slow) for symbol, bars in markets.items()}
    held = dict.fromkeys(markets, 0.0)
    mark = dict.fromkeys(markets, 0.0)
    orders: dict[str, tuple[int, int]] = {}  # symbol -> (sign, time of the deciding bar)
    book = Reckoning(cash)

    for now in sorted({bar.time for bars in markets.values() for bar in bars if bar.time >= start}):
        here = {symbol: markets[symbol][at[symbol][now]] for symbol in markets if now in at[symbol]}
        # At the open: every exit first, its proceeds are there for the entries of the same open.
        for symbol, bar in here.items():
            if symbol in orders and orders[symbol][0] < 0:
                price = bar.open * (1 - slippage)
                fee = held[symbol] * price * fee_rate
                book.cash += held[symbol] * price - fee
                _, decided = orders.pop(symbol)
                book.fills.append(ReckonedFill(now, symbol, "sell", held[symbol], price, fee, decided))
                held[symbol] = 0.0
        equity = book.cash + sum(
            qty * (here[symbol].open if symbol in here else mark[symbol]) for symbol, qty in held.items()
        )
        for symbol, bar in here.items():
            if symbol in orders:
                price = bar.open * (1 + slippage)
                wanted = min(fraction * equity / price, book.cash / (price * (1 + fee_rate)))
                qty = math.floor(wanted * 1e8) / 1e8
                _, decided = orders.pop(symbol)
                if qty > 0:
                    fee = qty * price * fee_rate
                    book.cash -= qty * price + fee
                    book.fills.append(ReckonedFill(now, symbol, "buy", qty, price, fee, decided))
                    held[symbol] = qty
        # At the close: mark, then decide for the next open of the same market.
        for symbol, bar in here.items():
            mark[symbol] = bar.close
            sign = signs[symbol][at[symbol][now]]
            if (sign > 0 and held[symbol] == 0.0) or (sign < 0 and held[symbol] > 0.0):
                orders[symbol] = (sign, now)
        book.equity.append((now, book.cash + sum(held[symbol] * mark[symbol] for symbol in markets)))
    return book
