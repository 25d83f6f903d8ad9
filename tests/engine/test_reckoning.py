"""An EMA cross with shared cash reckoned in plain Python, beside the engine: same fills, same money."""

import math

import pytest

from engine import Bars, preset
from tests.engine.market import generated, play, rows

FEE, SLIPPAGE, FRACTION, STEP = 10.0, 2.0, 0.95, 1e-4


def averages(values: list[float], period: int) -> list[float | None]:
    """Exponential average, seeded with the mean of the first values."""
    found: list[float | None] = [None] * (period - 1)
    current = math.fsum(values[:period]) / period
    found.append(current)
    for value in values[period:]:
        current += 2.0 / (period + 1) * (value - current)
        found.append(current)
    return found


def reckon(bars: dict[str, Bars], cash: float) -> tuple[list[tuple[int, str, str, float, float]], float]:
    """Return the fills (time, symbol, side, quantity, price) and the final equity."""
    signals: dict[str, dict[int, int]] = {}
    for symbol, found in bars.items():
        closes = found.close.tolist()
        fast, slow = averages(closes, 12), averages(closes, 26)
        signals[symbol] = {}
        for row in range(1, len(closes)):
            a, b, c, d = fast[row - 1], slow[row - 1], fast[row], slow[row]
            if a is None or b is None or c is None or d is None:
                continue
            if a <= b and c > d:
                signals[symbol][int(found.timestamp[row])] = 1
            if a >= b and c < d:
                signals[symbol][int(found.timestamp[row])] = -1
    table = {
        symbol: {int(t): (float(o), float(c)) for t, o, c in zip(b.timestamp, b.open, b.close, strict=True)}
        for symbol, b in bars.items()
    }
    held = dict.fromkeys(bars, 0.0)
    last = dict.fromkeys(bars, 0.0)
    pending: dict[str, int] = {}
    fills: list[tuple[int, str, str, float, float]] = []
    for now in sorted({t for by_time in table.values() for t in by_time}):
        here = [symbol for symbol in bars if now in table[symbol]]
        for symbol in here:
            if pending.get(symbol) == -1:
                price = table[symbol][now][0] * (1 - SLIPPAGE / 1e4)
                cash += held[symbol] * price * (1 - FEE / 1e4)
                fills.append((now, symbol, "sell", held[symbol], price))
                held[symbol] = 0.0
                del pending[symbol]
        equity = cash + sum(held[s] * (table[s][now][0] if s in here else last[s]) for s in bars if held[s])
        for symbol in here:
            if pending.get(symbol) == 1:
                price = table[symbol][now][0] * (1 + SLIPPAGE / 1e4)
                wanted = min(FRACTION * equity / price, cash / (price * (1 + FEE / 1e4)))
                quantity = math.floor(wanted * 10_000) / 10_000
                del pending[symbol]
                if quantity > 0:
                    cash -= quantity * price * (1 + FEE / 1e4)
                    held[symbol] = quantity
                    fills.append((now, symbol, "buy", quantity, price))
        for symbol in here:
            last[symbol] = table[symbol][now][1]
            signal = signals[symbol].get(now, 0)
            if (signal == 1 and not held[symbol]) or (signal == -1 and held[symbol]):
                pending[symbol] = signal
    return fills, cash + sum(held[s] * last[s] for s in bars)


@pytest.mark.parametrize("seed", range(5))
def test_an_ema_cross_on_two_ragged_markets_equals_the_plain_reckoning(seed: int) -> None:
    bars = {"A": generated(3000, seed, holes=0.02), "B": generated(3000, seed + 50, holes=0.05)}
    result = play(preset("ema_cross"), bars, cash=10_000.0, fee_bps=FEE, slippage_bps=SLIPPAGE, step=STEP)
    fills, equity = reckon(bars, 10_000.0)
    found = [(f["timestamp"], f["symbol"], f["side"]) for f in rows(result.tables["fills"])]
    assert found == [fill[:3] for fill in fills]
    assert len(fills) > 100
    for fill, (_, _, _, quantity, price) in zip(rows(result.tables["fills"]), fills, strict=True):
        assert fill["qty"] == pytest.approx(quantity, rel=1e-9)
        assert fill["price"] == pytest.approx(price, rel=1e-12)
    assert result.metrics["final_equity"] == pytest.approx(equity, rel=1e-9)
