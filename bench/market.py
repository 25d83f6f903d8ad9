"""The generated market that every measurement runs on."""

import numpy as np

from engine import Bars


def minutes(rows: int, seed: int = 1) -> Bars:
    """A seeded random walk of one-minute bars; an EMA 12/26 crosses every 28 bars, as on real BTC (27)."""
    random = np.random.default_rng(seed)
    closes = 30_000.0 * np.exp(np.cumsum(random.standard_normal(rows) * 0.0008))
    opens = np.concatenate([[30_000.0], closes[:-1]])
    highs = np.maximum(opens, closes) * (1.0 + np.abs(random.standard_normal(rows)) * 0.0003)
    lows = np.minimum(opens, closes) * (1.0 - np.abs(random.standard_normal(rows)) * 0.0003)
    return Bars(
        np.arange(rows, dtype=np.int64) * 60_000, opens, highs, lows, closes, random.random(rows) * 100.0
    )


def longer(bars: Bars, times: int) -> Bars:
    """Bars `times` as long, made of the given ones; a last incomplete one is left out."""
    rows = len(bars) // times * times
    high, low = bars.high[:rows].reshape(-1, times), bars.low[:rows].reshape(-1, times)
    return Bars(
        bars.timestamp[:rows:times],
        bars.open[:rows:times],
        high.max(axis=1),
        low.min(axis=1),
        bars.close[times - 1 : rows : times],
        bars.volume[:rows].reshape(-1, times).sum(axis=1),
    )
