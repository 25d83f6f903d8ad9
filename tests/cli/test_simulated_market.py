"""The simulated market: deterministic, plausible, with holes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.simulated_market import MAX_BARS, simulate_market
from shared.times import DAY_MS, TIMEFRAMES, parse_time

START, END = parse_time("2021-01-01"), parse_time("2024-01-01")
COLUMNS = ["timestamp", "open", "high", "low", "close", "volume"]
DIGEST = "57eeedd19810b4fd"


def digest(market: dict[str, np.ndarray]) -> str:
    return hashlib.sha256(b"".join(market[name].tobytes() for name in COLUMNS)).hexdigest()[:16]


@settings(max_examples=40, deadline=None)
@given(
    timeframe=st.sampled_from(sorted(TIMEFRAMES)),
    symbol=st.sampled_from(["BTC-USDT", "ETHUSDT", "DOGE-USD", "PEPE-USDT"]),
    start=st.integers(0, 10**12),
    bars=st.integers(1, 3000),
    seed=st.integers(0, 2**63),
)
def test_any_market_is_one_that_an_import_takes(
    timeframe: str, symbol: str, start: int, bars: int, seed: int
) -> None:
    step = TIMEFRAMES[timeframe]
    market = simulate_market(symbol, timeframe, start, start + bars * step, seed)

    times, (opens, highs, lows, closes, volumes) = market["timestamp"], (market[name] for name in COLUMNS[1:])
    assert list(market) == COLUMNS
    assert times.dtype == np.int64
    assert all(market[name].dtype == np.float64 for name in COLUMNS[1:])
    assert len({len(column) for column in market.values()}) == 1
    assert not (times % step).any()
    assert (np.diff(times) > 0).all()
    assert start <= times[0] < start + step
    assert times[-1] == times[0] + (bars - 1) * step  # the first and the last bar are there
    assert (lows > 0).all()
    assert (highs >= np.maximum(opens, closes)).all()
    assert (lows <= np.minimum(opens, closes)).all()
    assert (volumes >= 0).all()
    assert all(np.isfinite(market[name]).all() for name in COLUMNS)


def test_the_same_seed_is_the_same_market_on_every_machine() -> None:
    end = parse_time("2021-03-01")

    assert digest(simulate_market("BTC-USDT", "1h", START, end, 7)) == DIGEST
    assert digest(simulate_market("btcusdt", "1h", START, end, 7)) == DIGEST
    assert digest(simulate_market("BTC-USDT", "1h", START, end, 8)) != DIGEST
    assert digest(simulate_market("ETH-USDT", "1h", START, end, 7)) != DIGEST


def test_a_longer_market_begins_with_the_shorter_one() -> None:
    short = simulate_market("BTC-USDT", "1h", START, parse_time("2021-06-01"), 7)
    long = simulate_market("BTC-USDT", "1h", START, END, 7)

    # The last bar of the short one is there for the span's sake, even if an outage took it from the long one.
    rows = len(short["timestamp"]) - 1
    for name in COLUMNS:
        np.testing.assert_array_equal(short[name][:rows], long[name][:rows])


def test_outages_are_the_exchanges_own_and_show_as_missing_bars() -> None:
    bitcoin, ether = (simulate_market(symbol, "1h", START, END, 7) for symbol in ("BTC-USDT", "ETH-USDT"))

    missing = (END - START) // TIMEFRAMES["1h"] - len(bitcoin["timestamp"])
    assert 5 <= (np.diff(bitcoin["timestamp"]) > TIMEFRAMES["1h"]).sum() <= 40
    assert 5 <= missing <= 150
    np.testing.assert_array_equal(bitcoin["timestamp"], ether["timestamp"])


def test_returns_look_like_a_market() -> None:
    markets = [simulate_market(symbol, "1h", START, END, 7) for symbol in ("BTC-USDT", "ETH-USDT")]
    returns = [np.diff(np.log(market["close"])) for market in markets]

    volatility = returns[0].std() * np.sqrt(365 * 24)
    assert 0.4 < volatility < 1.0  # a year's, as BTC's
    fat = ((returns[0] - returns[0].mean()) ** 4).mean() / returns[0].var() ** 2
    assert fat > 4  # a normal distribution has 3
    size = np.abs(returns[0])
    assert np.corrcoef(size[:-1], size[1:])[0, 1] > 0.1  # calm follows calm, storm follows storm
    assert (
        abs(np.corrcoef(returns[0][:-1], returns[0][1:])[0, 1]) < 0.05
    )  # but the direction is nobody's to know
    assert 0.4 < np.corrcoef(returns[0], returns[1])[0, 1] < 0.9
    opens, closes = markets[0]["open"][1:], markets[0]["close"][:-1]
    adjacent = np.diff(markets[0]["timestamp"]) == TIMEFRAMES["1h"]
    np.testing.assert_array_equal(opens[adjacent], closes[adjacent])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("BTC-USDT", "2m", START, END, 1), "is not a timeframe"),
        (("?", "1h", START, END, 1), "is not a symbol"),
        (("BTC-USDT", "1h", END, START, 1), "no 1h bar opens between"),
        (("BTC-USDT", "1h", START + 1, START + 2, 1), "no 1h bar opens between"),
        (("BTC-USDT", "1h", START, END, -1), "the seed is -1"),
        (("BTC-USDT", "1m", 0, 60_000 * (MAX_BARS + 1), 1), "at most 5,000,000"),
    ],
)
def test_what_cannot_be_simulated(arguments: tuple[str, str, int, int, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulate_market(*arguments)


def test_the_end_of_time_is_where_every_layer_ends() -> None:
    market = simulate_market("BTC-USDT", "1d", parse_time("2199-12-30"), 10**15, 1)

    assert market["timestamp"][-1] == parse_time("2200-01-01") - DAY_MS
