"""Each indicator against its formula written straight down, over whole lists."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas
import pytest

from engine import Bars
from engine.names import HOUR_MS
from tests.engine.evaluating import column
from tests.engine.market import MINUTE, candles, generated

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


def centre(bars: Bars, period: int) -> Values:
    tops, floors = window(bars.high.tolist(), period, max), window(bars.low.tolist(), period, min)
    return [(a + b) / 2 for a, b in zip(tops, floors, strict=True)]


def pivots(values: Values, bars: int, extreme: Callable[[Values], float]) -> Values:
    """The last value with `bars` on each side that none of them exceeds, known when those after it are."""
    last = NAN
    found: Values = []
    for row in range(len(values)):
        around = values[row - 2 * bars : row + 1] if row >= 2 * bars else []
        if around and around[bars] == extreme(around):
            last = around[bars]
        found.append(last)
    return found


def supertrend(bars: Bars, period: int, factor: float) -> tuple[Values, Values]:
    """Bands that only move towards the price; a close beyond the band in force changes sides."""
    reach = recursive(true_range(bars), period, 1 / period)
    line: Values = []
    side: Values = []
    upper = lower = NAN
    up = False
    for row, (h, b, c) in enumerate(
        zip(bars.high.tolist(), bars.low.tolist(), bars.close.tolist(), strict=True)
    ):
        if math.isnan(reach[row]):
            line.append(NAN)
            side.append(NAN)
            continue
        before = float(bars.close[row - 1])
        top, floor = (h + b) / 2 + factor * reach[row], (h + b) / 2 - factor * reach[row]
        if math.isnan(upper):
            upper, lower = top, floor
        else:
            upper = top if before > upper else min(top, upper)
            lower = floor if before < lower else max(floor, lower)
            up = c >= lower if up else c > upper
        line.append(lower if up else upper)
        side.append(1.0 if up else -1.0)
    return line, side


def expected(bars: Bars) -> dict[str, tuple[str, Values]]:
    close, high, low = bars.close.tolist(), bars.high.tolist(), bars.low.tolist()
    middle, spread = window(close, 20, mean), window(close, 20, deviation)
    macd = minus(ema(close, 12), ema(close, 26))
    signal = ema(macd, 9)
    bands = list(zip(middle, spread, strict=True))
    typical = [(h + b + c) / 3 for h, b, c in zip(high, low, close, strict=True)]
    volume, opens = bars.volume.tolist(), bars.open.tolist()
    money = [t * v for t, v in zip(typical, volume, strict=True)]
    atr = recursive(true_range(bars), 10, 1 / 10)
    raw_hull = [
        2 * a - b for a, b in zip(window(close, 4, weighted), window(close, 9, weighted), strict=True)
    ]
    series, other = pandas.Series(close), pandas.Series(opens)
    trend, direction = supertrend(bars, 10, 3.0)
    return {
        "hma": ("hma(close, 9)", window(raw_hull, 3, weighted)),
        "sum": ("sum(volume, 9)", window(volume, 9, math.fsum)),
        "variance": ("variance(close, 9)", [d * d for d in window(close, 9, deviation)]),
        "zscore": ("zscore(close, 20)", [
            (c - m) / d for c, m, d in zip(close, middle, spread, strict=True)
        ]),
        "percentile": ("percentile(close, 30)", ((series.rolling(30).rank() - 1) / 29 * 100).tolist()),
        "quantile": ("quantile(close, 25, 0.3)", series.rolling(25).quantile(0.3).tolist()),
        "median": ("quantile(close, 24)", series.rolling(24).median().tolist()),
        "covariance": ("covariance(close, open, 15)", series.rolling(15).cov(other, ddof=0).tolist()),
        "correlation": ("correlation(close, open, 15)", series.rolling(15).corr(other).tolist()),
        "slope": ("slope(close, 12)", window(close, 12, lambda x: float(np.polyfit(range(12), x, 1)[0]))),
        "linreg": ("linreg(close, 12)", window(
            close, 12, lambda x: float(np.polyval(np.polyfit(range(12), x, 1), 11))
        )),
        "keltner_upper": ("keltner_upper(15, 10, 2.5)", [
            e + 2.5 * a for e, a in zip(ema(close, 15), atr, strict=True)
        ]),
        "keltner_lower": ("keltner_lower(15, 10, 2.5)", [
            e - 2.5 * a for e, a in zip(ema(close, 15), atr, strict=True)
        ]),
        "rolling_vwap": ("rolling_vwap(20)", [
            m / v for m, v in zip(window(money, 20, math.fsum), window(volume, 20, math.fsum), strict=True)
        ]),
        "supertrend": ("supertrend(10, 3)", trend),
        "direction": ("supertrend_direction", direction),
        "span_a": ("ichimoku_span_a(9, 26)", [
            (a + b) / 2 for a, b in zip(centre(bars, 9), centre(bars, 26), strict=True)
        ]),
        "span_b": ("ichimoku_span_b[26]", [NAN] * 26 + centre(bars, 52)[:-26]),
        "pivot_high": ("pivot_high(3)", pivots(high, 3, max)),
        "pivot_low": ("pivot_low(3)", pivots(low, 3, min)),
        "momentum": ("momentum(close, 6)", [NAN] * 6 + minus(close[6:], close[:-6])),
        "stoch_rsi": ("stoch_rsi(close, 14, 10)", [
            100 * (r - b) / (t - b) if t > b else NAN
            for r, t, b in zip(
                rsi(close, 14), window(rsi(close, 14), 10, max), window(rsi(close, 14), 10, min), strict=True
            )
        ]),
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


def days(rows: int, seed: int, *, start_hour: int) -> tuple[Bars, pandas.DatetimeIndex]:
    """Hours from that hour of a Thursday on, some missing, and their times."""
    bars = generated(rows, seed, step_ms=HOUR_MS, holes=0.2)
    stamps = bars.timestamp + start_hour * HOUR_MS + 19_753 * 24 * HOUR_MS  # 2024-01-31, a Wednesday
    moved = Bars(stamps, bars.open, bars.high, bars.low, bars.close, bars.volume)
    return moved, pandas.to_datetime(stamps, unit="ms", utc=True)


def test_the_calendar_is_that_of_utc() -> None:
    stamps = np.arange(-800, 3000, dtype=np.int64) * 86_400_000 * 7 + np.arange(3800) * 3_661_000
    flat = np.ones(3800)
    bars = Bars(stamps, flat, flat, flat, flat, flat)
    times = pandas.to_datetime(stamps, unit="ms", utc=True)
    for name, values in {
        "hour": times.hour,
        "minute": times.minute,
        "weekday": times.day_of_week,
        "day": times.day,
        "month": times.month,
    }.items():
        np.testing.assert_array_equal(column(name, bars, step_ms=HOUR_MS), values)


@pytest.mark.parametrize("start_hour", [0, 9])
def test_the_day_so_far_and_the_day_before(start_hour: int) -> None:
    bars, times = days(400, 3, start_hour=start_hour)
    frame = pandas.DataFrame(
        {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close, "volume": bars.volume}
    )
    frame["money"] = (frame.high + frame.low + frame.close) / 3 * frame.volume
    by_day = frame.groupby(times.date)
    wanted = {
        "day_open": by_day.open.transform("first"),
        "day_high": by_day.high.cummax(),
        "day_low": by_day.low.cummin(),
        "vwap": by_day.money.cumsum() / by_day.volume.cumsum(),
    }
    order = pandas.Series(times.date).drop_duplicates().tolist()
    before = {day: earlier for earlier, day in pairwise(order)}
    totals = by_day.agg({"high": "max", "low": "min", "close": "last"})
    for name in ("high", "low", "close"):
        wanted[f"previous_day_{name}"] = pandas.Series(
            [totals[name].get(before.get(day), NAN) for day in times.date]
        )
    first_day = np.array([day == order[0] for day in times.date])
    second_day = np.array([day == order[1] for day in times.date])
    for name, values in wanted.items():
        found, hidden = column(name, bars, step_ms=HOUR_MS), np.zeros(len(bars), dtype=bool)
        if start_hour and name != "previous_day_close":
            # The first day was not seen from its first bar.
            hidden = second_day if name.startswith("previous") else first_day
        np.testing.assert_allclose(found, np.where(hidden, NAN, values), rtol=1e-12)


def test_a_candle_pattern_is_what_its_text_says() -> None:
    def marked(name: str, *bars: tuple[float, float, float, float]) -> bool:
        """Whether the pattern holds at the last of these candles (open, high, low, close)."""
        o, h, low, c = (np.array(values) for values in zip(*bars, strict=True))
        made = Bars(np.arange(len(bars), dtype=np.int64) * MINUTE, o, h, low, c, np.ones(len(bars)))
        return bool(column(name, made)[-1])

    fell, rose = (10.0, 10.5, 6.5, 7.0), (7.0, 10.5, 6.5, 10.0)
    assert marked("doji", (10, 11, 9, 10.2))
    assert not marked("doji", (10, 11, 9, 10.3))
    assert not marked("doji", (10, 10, 10, 10))
    assert marked("hammer", (10, 10.6, 8, 10.5))
    assert not marked("hammer", (10, 11.2, 8, 10.5))
    assert not marked("hammer", (10, 10.6, 9.5, 10.5))
    assert marked("shooting_star", (10, 12, 9.9, 10.5))
    assert not marked("shooting_star", (10, 12, 9, 10.5))
    assert marked("engulfing_bullish", fell, (6.9, 11, 6.5, 10.1))
    assert not marked("engulfing_bullish", fell, (7.1, 11, 6.5, 10.1))
    assert not marked("engulfing_bullish", rose, (6.9, 11, 6.5, 10.1))
    assert marked("engulfing_bearish", rose, (10.1, 10.5, 6, 6.9))
    assert marked("harami_bullish", fell, (7.5, 9, 7, 8.5))
    assert not marked("harami_bullish", fell, (6.9, 9, 6, 8.5))
    assert marked("harami_bearish", rose, (8.5, 9, 7, 7.5))
    assert marked("morning_star", fell, (7.0, 7.4, 6.4, 6.8), (7, 9, 6.9, 8.9))
    assert not marked("morning_star", fell, (7.0, 7.4, 6.4, 6.8), (7, 9, 6.9, 8.4))
    assert marked("evening_star", rose, (10.0, 10.6, 9.6, 10.2), (10, 10.1, 8, 8.1))
    assert marked("three_white_soldiers", (5, 7.2, 4.9, 7), (6, 8.2, 5.9, 8), (7, 9.2, 6.9, 9))
    assert not marked("three_white_soldiers", (5, 7.2, 4.9, 7), (7.1, 8.2, 5.9, 8), (7, 9.2, 6.9, 9))
    assert marked("three_black_crows", (9, 9.1, 6.8, 7), (8, 8.1, 5.8, 6), (7, 7.1, 4.8, 5))
    assert marked("inside_bar", (5, 9, 2, 6), (5, 8, 3, 6))
    assert not marked("inside_bar", (5, 9, 2, 6), (5, 9, 3, 6))
    assert marked("outside_bar", (5, 8, 3, 6), (5, 9, 2, 6))


def test_the_parabolic_stop_begins_from_the_first_two_bars() -> None:
    # The second bar rises: long, the stop at the first low; the third makes a new extreme.
    bars = candles([(10, 11), (11, 12), (12, 13), (13, 9)])
    found = column("psar(0.02, 0.2)", bars).tolist()
    assert found[1] == 10.0
    # Towards the second bar's high, 12: 10 + 0.02 × 2.
    assert found[2] == pytest.approx(10.04)
    # About 10.16 at the last bar, touched by its low of 9: turned round to the extreme, 13.
    assert found[3] == 13.0
    assert math.isnan(found[0])


def test_volume_that_follows_the_close() -> None:
    bars = candles([(1, 2), (2, 3), (3, 3), (3, 1), (1, 4)])
    volume = np.array([5.0, 7.0, 11.0, 13.0, 17.0])
    made = Bars(bars.timestamp, bars.open, bars.high, bars.low, bars.close, volume)
    assert column("obv", made).tolist() == [0.0, 7.0, 7.0, -6.0, 11.0]
