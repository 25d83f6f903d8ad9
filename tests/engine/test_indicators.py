"""Each indicator against its formula written straight down, over whole lists."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from engine import Bars, run
from tests.engine.market import MINUTE, generated

Values = list[float]
NAN = math.nan


def window(values: Values, period: int, measure: Callable[[Values], float]) -> Values:
    """Apply `measure` to the last `period` values; missing while there are fewer, or one is missing."""
    found: Values = []
    for row in range(len(values)):
        last = values[max(0, row - period + 1) : row + 1]
        found.append(measure(last) if len(last) == period and not any(map(math.isnan, last)) else NAN)
    return found


def mean(values: Values) -> float:
    return math.fsum(values) / len(values)


def deviation(values: Values) -> float:
    middle = mean(values)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in values) / len(values))


def weighted(values: Values) -> float:
    return math.fsum((n + 1) * v for n, v in enumerate(values)) / (len(values) * (len(values) + 1) / 2)


def recursive(values: Values, period: int, factor: float) -> Values:
    seen: Values = []
    current = NAN
    found: Values = []
    for value in values:
        if math.isnan(value):
            found.append(NAN)
            continue
        seen.append(value)
        if len(seen) == period:
            current = mean(seen)
        elif len(seen) > period:
            current = factor * value + (1 - factor) * current
        found.append(current)
    return found


def ema(values: Values, period: int) -> Values:
    return recursive(values, period, 2 / (period + 1))


def true_range(bars: Bars) -> Values:
    h, low, c = bars.high.tolist(), bars.low.tolist(), bars.close.tolist()
    return [NAN] + [
        max(h[n] - low[n], abs(h[n] - c[n - 1]), abs(low[n] - c[n - 1])) for n in range(1, len(c))
    ]


def rsi(values: Values, period: int) -> Values:
    change = [NAN] + [b - a for a, b in pairwise(values)]
    gain = recursive([max(c, 0.0) if c == c else NAN for c in change], period, 1 / period)
    loss = recursive([max(-c, 0.0) if c == c else NAN for c in change], period, 1 / period)
    return [100 * g / (g + b) if g + b else NAN for g, b in zip(gain, loss, strict=True)]


def minus(first: Values, second: Values) -> Values:
    return [a - b for a, b in zip(first, second, strict=True)]


def expected(bars: Bars) -> dict[str, tuple[str, Values]]:
    close, high, low = bars.close.tolist(), bars.high.tolist(), bars.low.tolist()
    middle, spread = window(close, 20, mean), window(close, 20, deviation)
    macd = minus(ema(close, 12), ema(close, 26))
    signal = ema(macd, 9)
    bands = list(zip(middle, spread, strict=True))
    return {
        "sma": ("sma(close, 7)", window(close, 7, mean)),
        "long_sma": ("sma(close, 300)", window(close, 300, mean)),
        "one": ("sma(close, 1)", close),
        "ema": ("ema(close, 9)", ema(close, 9)),
        "rma": ("rma(close, 9)", recursive(close, 9, 1 / 9)),
        "wma": ("wma(close, 6)", window(close, 6, weighted)),
        "stddev": ("stddev(close, 12)", window(close, 12, deviation)),
        "highest": ("highest(high, 11)", window(high, 11, max)),
        "lowest": ("lowest(low, 11)", window(low, 11, min)),
        "rsi": ("rsi(close, 14)", rsi(close, 14)),
        "atr": ("atr(14)", recursive(true_range(bars), 14, 1 / 14)),
        "tr": ("true_range()", true_range(bars)),
        "macd": ("macd(close)", macd),
        "signal": ("macd_signal(close)", signal),
        "histogram": ("macd_hist(close)", minus(macd, signal)),
        "upper": ("bb_upper(close)", [m + 2 * s for m, s in bands]),
        "lower": ("bb_lower(close, 20, 2)", [m - 2 * s for m, s in bands]),
        "centre": ("bb_middle", middle),
        "back": ("close[5]", [NAN] * 5 + close[:-5]),
        "smooth": ("sma(sma(close, 4), 5)", window(window(close, 4, mean), 5, mean)),
        "negative": ("-abs(close - open) + min(high, low, 3)", [
            -abs(c - o) + min(h, b, 3)
            for c, o, h, b in zip(close, bars.open.tolist(), high, low, strict=True)
        ]),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(expected(generated(30, 1))))
def test_an_indicator_equals_its_formula(name: str) -> None:
    bars = generated(1000, 21)
    expression, values = expected(bars)[name]
    found = column(expression, bars)
    np.testing.assert_allclose(found, values, rtol=1e-9, atol=1e-9)
    assert np.isnan(found).tolist() == [math.isnan(v) for v in values]


def column(expression: str, bars: Bars) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    raw = {
        "name": "one",
        "indicators": {"wanted": expression},
        "triggers": [{"id": "t", "entry": "close < 0"}],
    }
    result = run(raw, {"A": bars}, start_ms=0, timeframe_ms=MINUTE)
    values: np.ndarray[tuple[int], np.dtype[np.float64]] = result.tables["indicators/A"]["wanted"]
    return values


def test_a_flat_market_has_exact_averages_and_no_spread() -> None:
    # 0.1 is no binary fraction: sums of it carry rounding, distances to a reference do not.
    flat = generated(50, 1)
    price = np.full(50, 0.1)
    bars = Bars(flat.timestamp, price, price, price, price, price)
    for expression in (
        "ema(close, 12)",
        "sma(close, 7)",
        "wma(close, 5)",
        "bb_upper(close, 9, 2)",
        "rma(close, 3)",
    ):
        found = column(expression, bars)
        assert set(found[~np.isnan(found)]) == {0.1}, expression
    assert np.isnan(column("rsi(close, 5)", bars)).all()
    assert not np.nansum(column("stddev(close, 5)", bars))


def test_a_window_that_holds_a_missing_value_is_missing() -> None:
    bars = generated(200, 2)
    ratio = "close / max(close - open, 0)"  # missing whenever the bar fell: x / 0
    raw = [
        c / max(c - o, 0.0) if c > o else NAN
        for o, c in zip(bars.open.tolist(), bars.close.tolist(), strict=True)
    ]
    measures: dict[str, Callable[[Values], float]] = {
        "sma": mean,
        "highest": max,
        "lowest": min,
        "stddev": deviation,
        "wma": weighted,
    }
    for name, measure in measures.items():
        values = window(raw, 3, measure)
        np.testing.assert_allclose(column(f"{name}({ratio}, 3)", bars), values, rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(column(f"ema({ratio}, 3)", bars), ema(raw, 3), rtol=1e-9)


def test_rounding_does_not_accumulate_over_a_long_series() -> None:
    # A spike of 1e9 leaves the window; what it did to the running sum must leave with it.
    rows = 30_000
    close = np.full(rows, 1.0) + np.arange(rows) % 7 * 0.1
    close[100] = 1e9
    bars = Bars(np.arange(rows, dtype=np.int64) * MINUTE, close, close, close, close, close)
    tail = close[-20:].tolist()
    for expression, value in {
        "sma(close, 20)": mean(tail),
        "stddev(close, 20)": deviation(tail),
        "wma(close, 20)": weighted(tail),
    }.items():
        assert column(expression, bars)[-1] == pytest.approx(value, rel=1e-12), expression
