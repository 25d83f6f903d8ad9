"""Longer bars of shorter ones: by hand on a few bars, and the same wherever they are cut."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.candles import find_gaps
from shared.manifest import Gap
from shared.resampling import gaps_of, incomplete_bars, resample, whole_bars
from shared.times import TIMEFRAMES, parse_time

MINUTE = 60_000
START = parse_time("2021-03-01")
Columns = dict[str, np.ndarray]


def minutes(*bars: tuple[int, float, float, float, float, float]) -> Columns:
    """Bars as (minute after START, open, high, low, close, volume)."""
    names = ("timestamp", "open", "high", "low", "close", "volume")
    columns = {
        name: np.array(values, dtype=float)
        for name, values in zip(names, zip(*bars, strict=True), strict=True)
    }
    return columns | {"timestamp": START + np.array([bar[0] for bar in bars]) * MINUTE}


def random_minutes(which: list[int], seed: int) -> Columns:
    """Bars at these minutes, their volumes decimals of eight places."""
    draw = np.random.Generator(np.random.PCG64(seed))
    prices = np.sort(draw.uniform(90, 110, (4, len(which))), axis=0)
    return {
        "timestamp": START + np.array(which, dtype=np.int64) * MINUTE,
        "open": prices[1],
        "high": prices[3],
        "low": prices[0],
        "close": prices[2],
        "volume": draw.integers(0, 10**11, len(which)) / 1e8,
    }


some_minutes = st.lists(st.integers(0, 600), min_size=1, max_size=200, unique=True).map(sorted)


def test_a_longer_bar_is_made_of_its_shorter_ones() -> None:
    made = resample(
        minutes(
            (0, 10, 12, 9, 11, 1.5),
            (1, 11, 15, 11, 14, 0.25),
            (4, 14, 14, 7, 8, 2),
            # Five minutes without a bar, then one bar of five.
            (11, 8, 9, 8, 9, 4),
        ),
        MINUTE,
        5 * MINUTE,
    )
    assert {name: values.tolist() for name, values in made.columns.items()} == {
        "timestamp": [START, START + 10 * MINUTE],
        "open": [10, 8],
        "high": [15, 9],
        "low": [7, 8],
        "close": [8, 9],
        "volume": [3.75, 4],
    }
    assert made.made_of.tolist() == [3, 1]


def test_lengths_that_do_not_fit_are_refused() -> None:
    bars = minutes((0, 10, 12, 9, 11, 1))
    for length, into in ((5, 12), (5, 5), (15, 5)):
        with pytest.raises(ValueError, match="cannot be made of"):
            resample(bars, length * MINUTE, into * MINUTE)


def test_nothing_makes_nothing() -> None:
    made = resample(
        {name: values[:0] for name, values in minutes((0, 1, 1, 1, 1, 1)).items()}, MINUTE, 5 * MINUTE
    )
    assert [len(values) for values in made.columns.values()] == [0] * 6
    assert len(made.made_of) == 0


@given(which=some_minutes, cut=st.integers(0, 60), seed=st.integers(0, 5), into=st.sampled_from([2, 5, 10]))
def test_cut_between_two_longer_bars_they_are_the_same_bits(
    which: list[int], cut: int, seed: int, into: int
) -> None:
    bars = random_minutes(which, seed)
    whole = resample(bars, MINUTE, into * MINUTE)
    row = int(bars["timestamp"].searchsorted(START + cut * into * MINUTE))
    pieces = [
        resample({name: values[part] for name, values in bars.items()}, MINUTE, into * MINUTE)
        for part in (slice(0, row), slice(row, None))
    ]
    for name, values in whole.columns.items():
        joined = np.concatenate([piece.columns[name] for piece in pieces])
        assert joined.tobytes() == values.tobytes(), name


@given(which=some_minutes, seed=st.integers(0, 5))
def test_by_way_of_five_minutes_an_hour_is_the_same_bits(which: list[int], seed: int) -> None:
    bars = random_minutes(which, seed)
    straight = resample(bars, MINUTE, 60 * MINUTE)
    fives = resample(bars, MINUTE, 5 * MINUTE).columns
    for name, values in resample(fives, 5 * MINUTE, 60 * MINUTE).columns.items():
        assert values.tobytes() == straight.columns[name].tobytes(), name


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=60))
def test_volumes_add_up_as_the_decimals_that_they_are(steps: list[int]) -> None:
    bars = random_minutes(list(range(len(steps))), 0) | {"volume": np.array([step / 1e8 for step in steps])}
    expected = float(sum((Decimal(step).scaleb(-8) for step in steps), Decimal(0)))
    assert resample(bars, MINUTE, 60 * MINUTE).columns["volume"].tolist() == [expected]


def test_volumes_that_are_no_decimals_add_up_in_their_order() -> None:
    volumes = [1 / 3, 1e16, 1 / 7, -1e16 + 2e16, 0.1]
    bars = random_minutes(list(range(5)), 0) | {"volume": np.array(volumes)}
    total = 0.0
    for volume in volumes:
        total += volume
    assert resample(bars, MINUTE, 5 * MINUTE).columns["volume"].tolist() == [total]


def test_a_bar_that_reaches_over_an_end_is_none() -> None:
    hour, step = 60 * MINUTE, 5 * MINUTE
    assert whole_bars(START, START + hour - step, step, hour) == (START, START)
    # The first five minutes are not there, or the last.
    assert whole_bars(START + step, START + 2 * hour - step, step, hour) == (START + hour, START + hour)
    first, last = whole_bars(START, START + hour - 2 * step, step, hour)
    assert last < first


@given(which=some_minutes, into=st.sampled_from([2, 5, 15]))
def test_gaps_and_incomplete_bars_are_told_from_the_gaps_alone(which: list[int], into: int) -> None:
    bars = random_minutes(which, 0)
    times, into_ms = bars["timestamp"], into * MINUTE
    first, last = whole_bars(int(times[0]), int(times[-1]), MINUTE, into_ms)
    gaps = find_gaps(times, MINUTE)
    made = resample(bars, MINUTE, into_ms)
    opens = made.columns["timestamp"]
    expected = [t for t in range(first, last + 1, into_ms) if t not in opens]
    found = gaps_of(gaps, first, last, MINUTE, into_ms)
    assert [t for gap in found for t in range(gap.from_ms, gap.to_ms + 1, into_ms)] == expected
    assert sum(gap.missing for gap in found) == len(expected)
    lacking = {
        int(t): into - int(count)
        for t, count in zip(opens, made.made_of, strict=True)
        if count < into and first <= t <= last
    }
    flags = incomplete_bars(gaps, first, last, MINUTE, into_ms)
    assert {flag.from_ms: flag.values for flag in flags} == {
        t: {"missing": missing, "of": into} for t, missing in lacking.items()
    }


def test_a_gap_over_two_hours_leaves_the_one_between_missing() -> None:
    hour = TIMEFRAMES["1h"]
    gap = Gap(START + 40 * MINUTE, START + 2 * hour + 10 * MINUTE, 91)
    assert gaps_of([gap], START, START + 5 * hour, MINUTE, hour) == (Gap(START + hour, START + hour, 1),)
    flags = incomplete_bars([gap], START, START + 5 * hour, MINUTE, hour)
    assert [(flag.from_ms - START, flag.values["missing"]) for flag in flags] == [(0, 20), (2 * hour, 11)]
