"""A seeded market that never existed: plausible candles for those who have none.

Volatility is a Markov-switching multifractal (Calvet & Fisher 2004): the product of a few two-valued factors,
each renewed at its own rate, which gives clusters from hours to months without a sequential loop. Drift
switches between regimes. All symbols of one seed share a part of their moves and all of the outages, as the
symbols of one exchange do.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from shared.symbols import canonical
from shared.times import DAY_MS, MAX_MS, TIMEFRAMES, iso

if TYPE_CHECKING:
    import numpy as np

MAX_BARS = 5_000_000

_YEAR_MS = 365 * DAY_MS
_ANNUAL_VOLATILITY = 0.65
# Mean life of each volatility factor, and how far its two values lie from 1 (variance 1 ± this).
_FACTOR_LIVES_MS = (DAY_MS // 6, DAY_MS, 6 * DAY_MS, 30 * DAY_MS)
_FACTOR_SPREAD = 0.45
_REGIME_LIFE_MS = 40 * DAY_MS
# Drift a year: bear, weak bear, sideways (twice), bull, strong bull; the mean makes up for half the variance.
_REGIME_DRIFTS = (-0.6, -0.1, 0.2, 0.2, 0.8, 1.5)
_SHARED_PART = 0.8
# An outage every so often; it lasts one to `_OUTAGE_BARS` bars, a few hours at the most (but a whole bar).
_OUTAGE_EVERY_MS = 100 * DAY_MS
_OUTAGE_AT_MOST_MS = 6 * 3_600_000
_OUTAGE_BARS = 5
_LARGEST_MOVE = 0.4

# (price at the start, quote turnover a day); every other symbol gets one of the last five by its name.
_KNOWN = {"BTC-USDT": (29_000.0, 2e9), "ETH-USDT": (740.0, 1.2e9)}
_OTHERS = ((380.0, 3e8), (95.0, 2e8), (14.0, 1e8), (1.8, 5e7), (0.19, 2e7))


def simulate_market(
    symbol: str, timeframe: str, start_ms: int, end_ms: int, seed: int
) -> dict[str, np.ndarray]:
    """Generate candles with start_ms <= open < end_ms on the timeframe's grid.

    Returns `timestamp` (int64, epoch ms UTC of the bar's open) and `open high low close volume` (float64,
    quote currency and base units), ascending, a few bars missing; the first and the last bar are always
    there. The same arguments give the same candles; a later `end_ms` lengthens the market and changes
    nothing in it but the bar that was its last. Raises ValueError for a span without a bar, an unknown
    timeframe or symbol, more than `MAX_BARS` bars, or a negative seed.
    """
    import numpy as np

    name = canonical(symbol)
    if timeframe not in TIMEFRAMES:
        raise ValueError(f"{timeframe!r} is not a timeframe; choose one of {', '.join(TIMEFRAMES)}")
    if seed < 0:
        raise ValueError(f"the seed is {seed}; it must be 0 or more")
    step = TIMEFRAMES[timeframe]
    first = start_ms + -start_ms % step
    count = -(-(min(end_ms, MAX_MS) - first) // step)
    if count <= 0:
        raise ValueError(f"no {timeframe} bar opens between {iso(start_ms)} and {iso(end_ms)}")
    if count > MAX_BARS:
        raise ValueError(f"the span holds {count:,} {timeframe} bars; at most {MAX_BARS:,} are generated")

    # One stream a purpose, so that each is a prefix of its longer self.
    shared_streams = np.random.SeedSequence([seed, 0]).spawn(5)
    moves_stream, volatility_stream, regime_stream, outage_stream, length_stream = map(
        _generator, shared_streams
    )
    own_moves_stream, wick_stream, volume_stream = map(
        _generator, np.random.SeedSequence([seed, 1, _number_of(name)]).spawn(3)
    )

    relative = _relative_volatility(volatility_stream, count, step)
    sigma = relative * (_ANNUAL_VOLATILITY * (step / _YEAR_MS) ** 0.5)
    own_part = (1 - _SHARED_PART**2) ** 0.5
    noise = _SHARED_PART * moves_stream.standard_normal(count) + own_part * own_moves_stream.standard_normal(
        count
    )
    moves = _drift(regime_stream, count, step) + sigma * noise
    # No exp or log anywhere: they may differ in the last bit between platforms.
    growth = 1.0 + np.clip(moves, -_LARGEST_MOVE, _LARGEST_MOVE)

    price, turnover = _KNOWN.get(name) or _OTHERS[_number_of(name) % len(_OTHERS)]
    decimals = 2 if price >= 50 else 4 if price >= 1 else 6
    tick = 10.0**-decimals
    close = np.maximum(price * np.cumprod(growth), 10 * tick)
    open_ = np.concatenate([[price], close[:-1]])
    wicks = np.abs(wick_stream.standard_normal((count, 2))) * (0.6 * sigma)[:, None]
    high = np.maximum(open_, close) * (1.0 + wicks[:, 0])
    low = np.maximum(np.minimum(open_, close) * (1.0 - np.minimum(wicks[:, 1], _LARGEST_MOVE)), tick)

    timestamp = first + step * np.arange(count, dtype=np.int64)
    busy = relative * (0.4 + 1.2 * volume_stream.random(count)) * _time_of_day(timestamp)
    volume = turnover * (step / DAY_MS) / price * busy

    kept = ~_outages(outage_stream, length_stream, count, step)
    prices = {"open": open_, "high": high, "low": low, "close": close}
    return {
        "timestamp": timestamp[kept],
        **{column: np.round(values[kept], decimals) for column, values in prices.items()},
        "volume": np.round(volume[kept], 5),
    }


def _generator(stream: np.random.SeedSequence) -> np.random.Generator:
    import numpy as np

    return np.random.Generator(np.random.PCG64(stream))


def _number_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def _switching(
    generator: np.random.Generator, count: int, step: int, life_ms: int, values: tuple[float, ...]
) -> np.ndarray:
    """Return one value a bar, drawn anew with probability step/life at each."""
    import numpy as np

    draws = generator.random((count, 2))
    renewed = draws[:, 0] < step / life_ms
    renewed[0] = True
    began = np.maximum.accumulate(np.where(renewed, np.arange(count), 0))
    chosen = (draws[:, 1] * len(values)).astype(np.int64)[began]
    return np.asarray(values)[chosen]


def _relative_volatility(generator: np.random.Generator, count: int, step: int) -> np.ndarray:
    import numpy as np

    variance = np.ones(count)
    for stream, life in zip(generator.spawn(len(_FACTOR_LIVES_MS)), _FACTOR_LIVES_MS, strict=True):
        variance *= _switching(stream, count, step, life, (1 - _FACTOR_SPREAD, 1 + _FACTOR_SPREAD))
    return np.sqrt(variance)


def _drift(generator: np.random.Generator, count: int, step: int) -> np.ndarray:
    return _switching(generator, count, step, _REGIME_LIFE_MS, _REGIME_DRIFTS) * (step / _YEAR_MS)


def _time_of_day(timestamp: np.ndarray) -> np.ndarray:
    """Return 0.7 at 03:00 UTC to 1.3 at 15:00 UTC, in straight lines."""
    import numpy as np

    hours = (timestamp % DAY_MS) / 3_600_000
    return 1.3 - 0.6 * np.abs((hours - 15 + 12) % 24 - 12) / 12


def _outages(when: np.random.Generator, lengths: np.random.Generator, count: int, step: int) -> np.ndarray:
    """Return which bars are missing; never the first or the last."""
    import numpy as np

    longest = max(1, min(_OUTAGE_BARS, _OUTAGE_AT_MOST_MS // step))
    begins = when.random(count) < step / _OUTAGE_EVERY_MS
    length = 1 + (lengths.random(count) * longest).astype(np.int64)
    missing = np.zeros(count, dtype=bool)
    for begin in np.flatnonzero(begins):
        missing[begin : begin + length[begin]] = True
    missing[[0, -1]] = False
    return missing
