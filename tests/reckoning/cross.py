"""The EMA cross on several symbols, long only: the journey's strategy in plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.reckoning.book import Result
from tests.reckoning.run import reckon
from tests.reckoning.settings import Bar, Costs, Inputs, Setup, Sizing, Trigger


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


def crossings(closes: Sequence[float], fast: int, slow: int) -> list[int]:
    """Return for each bar +1 where the fast average crosses above the slow one, -1 below, else 0."""
    quick, calm = ema(closes, fast), ema(closes, slow)
    signs = [0]
    for row in range(1, len(closes)):
        values = (quick[row - 1], calm[row - 1], quick[row], calm[row])
        if any(value is None for value in values):
            signs.append(0)
            continue
        before, after = values[0] - values[1], values[2] - values[3]  # type: ignore[operator]
        signs.append(1 if before <= 0 < after else -1 if before >= 0 > after else 0)
    return signs


def reckon_cross(
    markets: Mapping[str, Sequence[Bar]],
    *,
    step_ms: int,
    start: int,
    cash: float,
    fast: int,
    slow: int,
    fraction: float,
    costs: Costs,
    quantity_step: float = 1e-8,
) -> Result:
    """Trade the cross on all markets with shared cash; bars before `start` only warm up."""
    inputs = {}
    for symbol, bars in markets.items():
        signs = crossings([bar.close for bar in bars], fast, slow)
        inputs[symbol] = Inputs(
            entry={"cross": [sign > 0 for sign in signs]}, exit={"cross": [sign < 0 for sign in signs]}
        )
    return reckon(
        Setup(
            markets, inputs, [Trigger("cross")], step_ms, Sizing("fraction", fraction),
            start_ms=start, cash=cash, costs=costs, quantity_step=quantity_step,
        )
    )  # fmt: skip
