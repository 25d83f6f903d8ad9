"""Bars that are made as they are read, and the same bars stored: equal, and read by the same windows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.candles import (
    Arrival,
    DatasetVersion,
    candles_reader,
    load_version,
    read_segments,
    write_version,
)
from shared.dataset_versions import add_version, entry_of, make_newest
from shared.datasets import Dataset
from shared.errors import ConflictError, InvalidInputError
from shared.names import DatasetName
from shared.resampled import incomplete_between, resampled_version
from shared.resampled_dataset import target_of, write_resampled
from shared.schema import arrow_schema
from shared.times import TIMEFRAMES, parse_time
from tests.aws import FakeStage
from tests.shared.test_resampling import random_minutes

FIVE, HOUR = TIMEFRAMES["5m"], TIMEFRAMES["1h"]
FINE = DatasetName.of("binance", "BTC-USDT", "5m")
# Twenty minutes into an hour, over the end of a month, to ten minutes before an hour's end.
START = parse_time("2021-01-30T00:20:00Z")
COUNT = 4 * 288 - 6
# Of 17:00 to 18:30, of 1:20 on the next day, and of 2:40 to 7:40 on the one after.
MISSING = {*range(200, 218), 300, *range(604, 664)}


def fives(start: int = START, count: int = COUNT, missing: set[int] = MISSING) -> pa.Table:
    rows = [row for row in range(count) if row not in missing]
    columns = random_minutes(rows, 3) | {"timestamp": start + np.array(rows) * FIVE}
    return pa.table(columns, schema=arrow_schema("candles"))


@pytest.fixture
def source(stage: FakeStage) -> DatasetVersion:
    return write_version(stage.store, "ann", FINE, fives(), None)


def made(source: DatasetVersion, timeframe: str = "1h") -> DatasetVersion:
    version = resampled_version(source, timeframe)
    assert version is not None
    return version


def whole(stage: FakeStage, version: DatasetVersion) -> pa.Table:
    return candles_reader(stage.store, version).window(0, 2**45)


def test_which_bars_there_are_is_told_without_reading_them(stage: FakeStage, source: DatasetVersion) -> None:
    version = made(source)
    bars = whole(stage, version)
    times = bars.column("timestamp").to_numpy()
    manifest = version.manifest
    assert manifest.rows == bars.num_rows == 94 - 5
    assert (manifest.first_ms, manifest.last_ms) == (times[0], times[-1])
    assert manifest.first_ms == parse_time("2021-01-30T01:00:00Z")
    assert manifest.last_ms == parse_time("2021-02-02T22:00:00Z")
    missing = {int(t) for t in range(manifest.first_ms, manifest.last_ms, HOUR)} - set(times.tolist())
    assert {t for gap in manifest.gaps for t in range(gap.from_ms, gap.to_ms + 1, HOUR)} == missing
    for low in range(manifest.first_ms - HOUR, manifest.last_ms + HOUR, 7 * HOUR + FIVE):
        for high in (low, low + 1, low + 9 * HOUR, low + 40 * HOUR):
            assert version.count(low, high) == int(((times >= low) & (times < high)).sum())
    assert [flag.values["missing"] for flag in incomplete_between(version, 0, 2**45)] == [6, 1, 4, 8]
    assert manifest.made_of is not None
    assert (manifest.made_of.dataset_id, manifest.made_of.version) == (str(FINE), source.version)


def test_rows_and_windows_are_those_of_the_whole(stage: FakeStage, source: DatasetVersion) -> None:
    version = made(source)
    reader, bars = candles_reader(stage.store, version), whole(stage, version)
    times = bars.column("timestamp").to_numpy()
    for first, stop in ((0, 5), (10, 30), (45, 60), (80, 200), (7, 7), (-3, 2)):
        assert reader.slice(first, stop).equals(bars.slice(max(first, 0), max(0, stop - max(first, 0))))
    assert reader.slice(3, 5, ["close"]).equals(bars.slice(3, 2).select(["close"]))
    for ms in (0, int(times[0]), int(times[20]) + 1, int(times[-1]), int(times[-1]) + 1):
        assert reader.first_at_or_after(ms) == int(times.searchsorted(ms))
    low, high = int(times[12]) + 1, int(times[40])
    assert reader.window(low, high).equals(bars.slice(13, 27))


def test_segments_are_of_the_same_bars(stage: FakeStage, source: DatasetVersion) -> None:
    version = made(source)
    bars = whole(stage, version)
    low, high = int(bars.column("timestamp")[4].as_py()), int(bars.column("timestamp")[60].as_py())
    segments = [segment for (segment,) in read_segments(stage.store, [version], low, high)]
    for name in bars.column_names:
        joined = np.concatenate([segment[name] for segment in segments])
        assert joined.tobytes() == bars.slice(4, 56).column(name).to_numpy().tobytes()


def test_stored_they_are_the_same_bars_and_say_what_they_are_made_of(
    stage: FakeStage, source: DatasetVersion
) -> None:
    stored = write_resampled(stage.store, source, "1h")
    version = made(source)
    assert whole(stage, stored).equals(whole(stage, version))
    assert stored.manifest.gaps == version.manifest.gaps
    assert stored.manifest.made_of == version.manifest.made_of
    assert stored.manifest.made_of is not None
    assert stored.manifest.made_of.incomplete_bars == 4
    assert incomplete_between(stored, 0, 2**45) == incomplete_between(version, 0, 2**45)
    hour = incomplete_between(version, 0, 2**45)[0].from_ms
    assert [flag.from_ms for flag in incomplete_between(stored, hour, hour + 1)] == [hour]


def test_a_source_without_a_whole_bar_makes_none(stage: FakeStage) -> None:
    source = write_version(stage.store, "ann", FINE, fives(count=15, missing=set()), None)
    assert resampled_version(source, "1h") is None
    with pytest.raises(InvalidInputError, match=r"binance.BTC-USDT.5m spans no whole 1h bar"):
        write_resampled(stage.store, source, "1h")


def test_a_source_that_begins_with_a_gap_makes_bars_from_after_it(stage: FakeStage) -> None:
    rows = {*range(8, 200)} - {150}
    source = write_version(stage.store, "ann", FINE, fives(count=400, missing=rows), None)
    version = made(source)
    assert version.manifest.first_ms == parse_time("2021-01-30T12:00:00Z")
    assert version.manifest.rows == whole(stage, version).num_rows


def hold(stage: FakeStage, candles: pa.Table, name: DatasetName = FINE, owner: str = "ann") -> Dataset:
    return add_version(stage.store, stage.datasets, owner, name, candles, Arrival())[1]


def resampled(stage: FakeStage, source: Dataset, timeframe: str = "1h") -> Dataset:
    target = target_of(stage.datasets, source, timeframe)
    held = stage.datasets.of_owner(source.owner, target)
    previous = load_version(stage.store, source.owner, target, held.version) if held else None
    newest = load_version(stage.store, source.owner, source.name, source.version)
    version = write_resampled(stage.store, newest, timeframe)
    return make_newest(stage.store, stage.datasets, version, previous, entry_of(version))[1]


def test_resampled_again_it_is_a_new_version_of_the_new_bars(stage: FakeStage) -> None:
    first = resampled(stage, hold(stage, fives()))
    assert first.made_of == str(FINE)
    later = fives(START + COUNT * FIVE, 100, set())
    again = resampled(stage, hold(stage, later))
    assert (first.number, again.number) == (1, 2)
    assert again.rows > first.rows
    assert resampled(stage, stage.datasets.held("ann")[1]).number == 2


def test_what_is_made_of_public_candles_is_public(stage: FakeStage) -> None:
    assert resampled(stage, hold(stage, fives(), owner="public")).owner == "public"


def test_candles_from_elsewhere_are_not_replaced(stage: FakeStage) -> None:
    source = hold(stage, fives())
    hours = fives().slice(8, 1)
    hold(stage, hours, DatasetName.of("binance", "BTC-USDT", "1h"))
    with pytest.raises(ConflictError, match=r"delete it first: stepfold data delete binance\.BTC-USDT\.1h"):
        target_of(stage.datasets, source, "1h")


def test_lengths_that_do_not_fit_name_those_that_do(stage: FakeStage) -> None:
    source = hold(stage, fives())
    with pytest.raises(InvalidInputError, match="choose one of 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d"):
        target_of(stage.datasets, source, "3m")


def test_candles_from_elsewhere_replace_resampled_ones_whole_or_not_at_all(
    stage: FakeStage,
) -> None:
    made_entry = resampled(stage, hold(stage, fives()))
    hourly = DatasetName.of("binance", "BTC-USDT", "1h")

    def hours(start: int, count: int) -> pa.Table:
        columns = random_minutes(list(range(count)), 5) | {"timestamp": start + np.arange(count) * HOUR}
        return pa.table(columns, schema=arrow_schema("candles"))

    with pytest.raises(ConflictError, match=r"resampled from binance.BTC-USDT.5m.*all from 2021-01-30T01"):
        hold(stage, hours(made_entry.first_ms, 10), hourly)
    assert stage.datasets.of_owner("ann", hourly) == made_entry
    replaced = hold(stage, hours(made_entry.first_ms, 200), hourly)
    assert (replaced.made_of, replaced.number, replaced.rows) == (None, 2, 200)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(0, 100),
    missing=st.sets(st.integers(1, 498), max_size=450),
    into=st.sampled_from(["15m", "1h", "2h"]),
)
def test_a_reader_of_made_bars_counts_as_it_reads(
    stage: FakeStage, first: int, missing: set[int], into: str
) -> None:
    source = write_version(stage.store, "ann", FINE, fives(START + first * FIVE, 500, missing), None)
    version = resampled_version(source, into)
    if version is None:
        return
    reader, bars = candles_reader(stage.store, version), whole(stage, version)
    assert reader.rows == bars.num_rows
    for row in range(0, bars.num_rows, 5):
        assert reader.slice(row, row + 1).equals(bars.slice(row, 1))
