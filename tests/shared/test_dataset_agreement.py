"""Candles at several timeframes are held against each other as they come in, in whatever order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shared.candles import Arrival, load_version
from shared.dataset_versions import add_version
from shared.manifest import Flag
from shared.names import DatasetName
from shared.resampling import resample
from shared.schema import arrow_schema
from shared.times import TIMEFRAMES, parse_time
from tests.aws import FakeStage

START = parse_time("2021-01-30")
HOUR, QUARTER = 3_600_000, 900_000
HOURS = 96  # two days of January, two of February


def named(timeframe: str) -> DatasetName:
    return DatasetName.of("binance", "BTC-USDT", timeframe)


def bars(timeframe: str) -> dict[str, Any]:
    """Return the market at a timeframe, made of its quarters of an hour."""
    count = HOURS * 4
    noise = np.random.default_rng(5)
    closes = np.round(100 + np.cumsum(noise.normal(0, 0.1, count)), 2)
    opens = np.r_[100.0, closes[:-1]]
    quarters = {
        "timestamp": START + np.arange(count, dtype=np.int64) * QUARTER,
        "open": opens,
        "high": np.maximum(opens, closes) + 0.5,
        "low": np.minimum(opens, closes) - 0.5,
        "close": closes,
        "volume": np.full(count, 0.25),
    }
    if timeframe == "15m":
        return quarters
    made: dict[str, Any] = resample(quarters, QUARTER, TIMEFRAMES[timeframe]).columns
    return made


def wrong(columns: dict[str, Any], row: int) -> dict[str, Any]:
    """Return the bars with one high 10 % too high."""
    highs = columns["high"].copy()
    highs[row] *= 1.1
    return {**columns, "high": highs}


def add(stage: FakeStage, timeframe: str, columns: dict[str, Any], owner: str = "ann") -> int:
    table = pa.table(columns, schema=arrow_schema("candles"))
    _, entry = add_version(stage.store, stage.datasets, owner, named(timeframe), table, Arrival())
    return entry.number


def told(stage: FakeStage, timeframe: str, owner: str = "ann") -> list[Flag]:
    entry = stage.datasets.of_owner(owner, named(timeframe))
    assert entry is not None
    audit = load_version(stage.store, owner, named(timeframe), entry.version).manifest.audit
    assert audit is not None
    return [flag for flag in audit.flags if flag.kind == "disagreement"]


def at(row: int) -> int:
    return START + row * HOUR


def off(*rows: int) -> list[Flag]:
    return [Flag("disagreement", at(r), at(r), 1, {"price_pct": 10.0, "volume_pct": 0.0}) for r in rows]


@pytest.mark.parametrize("order", [("15m", "1h"), ("1h", "15m")])
def test_a_wrong_hour_is_told_whichever_came_first(stage: FakeStage, order: tuple[str, str]) -> None:
    columns = {"15m": bars("15m"), "1h": wrong(wrong(bars("1h"), 10), 60)}
    for timeframe in order:
        assert add(stage, timeframe, columns[timeframe]) == 1
    assert told(stage, "1h") == off(10, 60)
    assert told(stage, "15m") == []


def test_a_repair_takes_the_flag_away_and_other_months_keep_theirs(stage: FakeStage) -> None:
    add(stage, "15m", bars("15m"))
    add(stage, "1h", wrong(wrong(bars("1h"), 10), 60))
    right = {name: values[60:61] for name, values in bars("1h").items()}
    assert add(stage, "1h", right) == 2
    assert told(stage, "1h") == off(10)


def test_a_finer_bar_that_changes_is_told_in_the_coarser_candles(stage: FakeStage) -> None:
    add(stage, "1h", bars("1h"))
    add(stage, "15m", bars("15m"))
    assert told(stage, "1h") == []
    assert add(stage, "15m", {name: v[41:42] for name, v in wrong(bars("15m"), 41).items()}) == 2
    (flag,) = told(stage, "1h")
    assert (flag.from_ms, flag.count) == (at(10), 1)
    entry = stage.datasets.of_owner("ann", named("1h"))
    assert entry is not None
    assert entry.number == 1  # its candles are what they were


def test_the_nearest_finer_timeframe_is_the_judge(stage: FakeStage) -> None:
    add(stage, "15m", bars("15m"))
    add(stage, "1h", wrong(bars("1h"), 12))
    add(stage, "6h", bars("6h"))
    # What the hours say of 12:00 on the first day, the day's second six hours contradict; the quarters agree.
    assert told(stage, "1h") == off(12)
    (flag,) = told(stage, "6h")
    assert (flag.from_ms, flag.count) == (at(12), 1)


def test_own_candles_are_held_against_public_ones_and_public_ones_against_none_of_anybody(
    stage: FakeStage,
) -> None:
    add(stage, "1h", wrong(bars("1h"), 10), "public")
    add(stage, "15m", bars("15m"))
    assert told(stage, "1h", "public") == []
    add(stage, "15m", bars("15m"), "public")
    assert told(stage, "1h", "public") == off(10)
    add(stage, "1h", wrong(bars("1h"), 20), "bob")
    assert told(stage, "1h", "bob") == off(20)
