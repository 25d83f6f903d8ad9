"""The catalogue's functions as TA-Lib (https://ta-lib.org) has them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from engine import Bars
from tests.engine.evaluating import Column, evaluate, program_of

# Where TA-Lib seeds a recursive average otherwise, both agree once the seed is forgotten.
AT_ONCE, RECURSIVE = 0, 800


def comparisons(talib: Any, bars: Bars) -> Mapping[str, tuple[Column, int]]:
    """Return TA-Lib's values for each expression, and after how many bars they must agree."""
    o, h, low, c, v = bars.open, bars.high, bars.low, bars.close, bars.volume
    upper, middle, lower = talib.BBANDS(c, 20, 2.0, 2.0)
    macd, signal, histogram = talib.MACD(c, 12, 26, 9)
    slow_k, slow_d = talib.STOCH(h, low, c, 14, 3, 0, 3, 0)
    fast_k, _ = talib.STOCHRSI(c, 14, 14, 3, 0)
    obv = talib.OBV(c, v)
    high_high, low_low = talib.MAX(h, 20), talib.MIN(low, 20)
    return {
        "sma(close, 30)": (talib.SMA(c, 30), AT_ONCE),
        "ema(close, 30)": (talib.EMA(c, 30), AT_ONCE),
        "wma(close, 30)": (talib.WMA(c, 30), AT_ONCE),
        "dema(close, 20)": (talib.DEMA(c, 20), AT_ONCE),
        "tema(close, 20)": (talib.TEMA(c, 20), AT_ONCE),
        "rsi(close, 14)": (talib.RSI(c, 14), AT_ONCE),
        "macd": (macd, RECURSIVE),
        "macd_signal": (signal, RECURSIVE),
        "macd_hist": (histogram, RECURSIVE),
        "stoch_k(14, 3)": (slow_k, AT_ONCE),
        "stoch_d(14, 3, 3)": (slow_d, AT_ONCE),
        "stoch_rsi(close, 14, 14)": (fast_k, AT_ONCE),
        "cci(20)": (talib.CCI(h, low, c, 20), AT_ONCE),
        "mfi(14)": (talib.MFI(h, low, c, v, 14), AT_ONCE),
        "momentum(close, 10)": (talib.MOM(c, 10), AT_ONCE),
        "roc(close, 10)": (talib.ROC(c, 10), AT_ONCE),
        "highest(high, 20)": (high_high, AT_ONCE),
        "lowest(low, 20)": (low_low, AT_ONCE),
        "donchian_middle(20)": ((high_high + low_low) / 2, AT_ONCE),
        "true_range()": (talib.TRANGE(h, low, c), AT_ONCE),
        "atr(14)": (talib.ATR(h, low, c, 14), AT_ONCE),
        "natr(14)": (talib.NATR(h, low, c, 14), AT_ONCE),
        "bb_upper": (upper, AT_ONCE),
        "bb_middle": (middle, AT_ONCE),
        "bb_lower": (lower, AT_ONCE),
        "bb_width": ((upper - lower) / middle, AT_ONCE),
        "bb_percent": ((c - lower) / (upper - lower), AT_ONCE),
        "keltner_middle": (talib.EMA(c, 20), AT_ONCE),
        "keltner_upper": (talib.EMA(c, 20) + 2 * talib.ATR(h, low, c, 10), AT_ONCE),
        "plus_di(14)": (talib.PLUS_DI(h, low, c, 14), RECURSIVE),
        "minus_di(14)": (talib.MINUS_DI(h, low, c, 14), RECURSIVE),
        "adx(14)": (talib.ADX(h, low, c, 14), RECURSIVE),
        "psar(0.02, 0.2)": (talib.SAR(h, low, 0.02, 0.2), AT_ONCE),
        "obv - obv[1]": (np.concatenate([[np.nan], np.diff(obv)]), AT_ONCE),
        "sum(close, 25)": (talib.SUM(c, 25), AT_ONCE),
        "stddev(close, 25)": (talib.STDDEV(c, 25, 1), AT_ONCE),
        "variance(close, 25)": (talib.VAR(c, 25, 1), AT_ONCE),
        "correlation(close, volume, 25)": (talib.CORREL(c, v, 25), AT_ONCE),
        "slope(close, 25)": (talib.LINEARREG_SLOPE(c, 25), AT_ONCE),
        "linreg(close, 25)": (talib.LINEARREG(c, 25), AT_ONCE),
        "ichimoku_kijun(26)": ((talib.MAX(h, 26) + talib.MIN(low, 26)) / 2, AT_ONCE),
        "min(open, close)": (np.minimum(o, c), AT_ONCE),
    }


def disagreements(
    found: Mapping[str, Column], expected: Mapping[str, tuple[Column, int]], ties: float = 0.0
) -> dict[str, float]:
    """Return the largest distance, relative to the values' size, of each expression that differs.

    `ties` is the share of bars that may differ: where two prices are equal but for rounding, whether one
    rose (mfi) is decided by the order of additions.
    """
    differing: dict[str, float] = {}
    for expression, (values, settled) in expected.items():
        ours, theirs = found[expression][settled:], np.asarray(values)[settled:]
        both = ~np.isnan(ours) & ~np.isnan(theirs)
        assert both.sum() > 0.9 * len(ours), expression
        distance = np.sort(np.abs(ours[both] - theirs[both])) / np.median(np.abs(theirs[both]))
        worst = float(distance[int((len(distance) - 1) * (1.0 - ties))])
        if worst > 1e-8:
            differing[expression] = worst
    return differing


def values_of(expressions: Iterable[str], bars: Bars) -> dict[str, Column]:
    """Each expression's values."""
    texts = list(expressions)
    program = program_of({f"x{number}": text for number, text in enumerate(texts)})
    step = int(bars.timestamp[1] - bars.timestamp[0])
    columns = evaluate(program, bars, step_ms=step).columns
    return dict(zip(texts, columns.values(), strict=True))
