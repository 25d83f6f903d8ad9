"""Dataset versions: immutable months, gaps that stay gaps, reads that touch what they need."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from shared.candles import candles_reader, load_version, read_segments, write_version
from shared.names import DatasetName
from shared.schema import arrow_schema
from shared.store import ObjectStore
from shared.times import parse_time
from tests.aws import FakeStage
from tests.shared.test_series import CountingStore

HOUR = 3_600_000
START = parse_time("2021-01-30")
DATASET = DatasetName.of("binance", "BTCUSDT", "1h")


def candles(hours: list[int] | range, price: float = 100.0) -> pa.Table:
    count = len(hours)
    prices = {name: np.full(count, price) for name in ("open", "high", "low", "close")}
    times = START + np.array(hours, dtype=np.int64) * HOUR
    return pa.table({"timestamp": times, **prices, "volume": np.ones(count)}, schema=arrow_schema("candles"))


def test_a_missing_bar_is_a_gap_and_no_row(stage: FakeStage) -> None:
    hours = [hour for hour in range(100) if hour not in (10, 11, 60)]
    version = write_version(stage.store, "ann", DATASET, candles(hours), None)
    manifest = load_version(stage.store, "ann", DATASET, version.version).manifest
    assert [(gap.from_ms, gap.to_ms, gap.missing) for gap in manifest.gaps] == [
        (START + 10 * HOUR, START + 11 * HOUR, 2),
        (START + 60 * HOUR, START + 60 * HOUR, 1),
    ]
    assert manifest.rows == 97
    assert len(manifest.parts) == 2  # January has 48 of these hours


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 100), (-5, 3), (9, 13), (10, 12), (11, 12), (95, 200), (60, 61), (200, 300), (5, 5)],
)
def test_bars_are_counted_without_reading_them(stage: FakeStage, first: int, last: int) -> None:
    hours = [hour for hour in range(100) if hour not in (10, 11, 60)]
    version = write_version(stage.store, "ann", DATASET, candles(hours), None)
    expected = sum(first <= hour < last for hour in hours)
    assert version.count(START + first * HOUR, START + last * HOUR) == expected
    # Bounds between two bars count the same bars.
    assert version.count(START + first * HOUR - 1, START + last * HOUR - 1) == expected


def test_equal_candles_give_an_equal_version(stage: FakeStage) -> None:
    first = write_version(stage.store, "ann", DATASET, candles(range(100)), None)
    keys = set(stage.store.keys("candles/"))
    again = write_version(stage.store, "ann", DATASET, candles(range(100)), first)
    assert again.version == first.version
    assert set(stage.store.keys("candles/")) == keys


def test_a_new_version_goes_on_and_the_old_one_stays_readable(stage: FakeStage) -> None:
    old = write_version(stage.store, "ann", DATASET, candles(range(100)), None)
    new = write_version(stage.store, "ann", DATASET, candles(range(90, 130), price=200.0), old)
    assert (old.manifest.rows, new.manifest.rows) == (100, 130)
    window = candles_reader(stage.store, new).window(START + 88 * HOUR, START + 92 * HOUR)
    assert window.column("close").to_pylist() == [100.0, 100.0, 200.0, 200.0]
    window = candles_reader(stage.store, old).window(START + 88 * HOUR, START + 92 * HOUR)
    assert window.column("close").to_pylist() == [100.0] * 4


def test_a_year_out_of_ten_touches_only_its_months(stage: FakeStage) -> None:
    version = write_version(stage.store, "ann", DATASET, candles(range(10 * 8_766)), None)
    store = CountingStore(stage)
    start, end = parse_time("2025-01-01"), parse_time("2026-01-01")
    window = candles_reader(store, version).window(start, end, ["timestamp", "close"])
    assert window.num_rows == 8_760
    assert len(store.ranges) == 12
    assert {key.split("/")[5] for key, _ in store.ranges} == {f"2025-{month:02}" for month in range(1, 13)}


def test_a_run_of_a_year_reads_the_files_of_its_months(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = write_version(stage.store, "ann", DATASET, candles(range(10 * 8_766)), None)
    keys: list[str] = []
    get = ObjectStore.get

    def counted(store: ObjectStore, key: str) -> bytes:
        keys.append(key)
        return get(store, key)

    monkeypatch.setattr(ObjectStore, "get", counted)
    start, end = parse_time("2025-01-01"), parse_time("2026-01-01")
    (segment,) = read_segments(stage.store, [version], start, end)
    assert len(segment[0]["timestamp"]) == 8_760
    assert sorted(key.split("/")[5] for key in keys) == [f"2025-{month:02}" for month in range(1, 13)]


def test_an_append_reads_and_writes_the_month_that_it_changes_and_what_its_first_bars_need(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_version(stage.store, "ann", DATASET, candles(range(3 * 8_766)), None)
    keys: list[str] = []
    get = ObjectStore.get

    def counted(store: ObjectStore, key: str) -> bytes:
        keys.append(key)
        return get(store, key)

    monkeypatch.setattr(ObjectStore, "get", counted)
    new = write_version(stage.store, "ann", DATASET, candles(range(3 * 8_766, 3 * 8_766 + 24)), old)
    assert new.manifest.rows == old.manifest.rows + 24
    assert [key.split("/")[5] for key in keys] == ["2024-01", "2023-12"]


def test_segments_hold_every_bar_of_every_symbol_once(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 900)
    other = DatasetName.of("binance", "ETHUSDT", "1h")
    versions = [
        write_version(stage.store, "ann", DATASET, candles(range(5_000)), None),
        write_version(stage.store, "ann", other, candles(range(700, 4_000)), None),
    ]
    segments = list(read_segments(stage.store, versions, START + 100 * HOUR, START + 4_500 * HOUR))
    assert len(segments) > 2
    for number, hours in enumerate((range(100, 4_500), range(700, 4_000))):
        times = np.concatenate([segment[number]["timestamp"] for segment in segments])
        assert np.array_equal(times, START + np.array(hours) * HOUR)
    for earlier, later in pairwise(segments):
        assert max(c["timestamp"].max(initial=0) for c in earlier) < min(
            c["timestamp"].min(initial=10**15) for c in later
        )


def test_a_segment_of_many_symbols_had_the_months_of_one(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS_TOGETHER", 1_500)
    names = [DatasetName.of("binance", symbol, "1h") for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT")]
    versions = [write_version(stage.store, "ann", name, candles(range(3_000)), None) for name in names]
    segments = list(read_segments(stage.store, versions, START, START + 3_000 * HOUR))
    # A month of three symbols is more than fits: each segment has one.
    assert len(segments) == 5
    assert max(sum(len(each["timestamp"]) for each in segment) for segment in segments) == 3 * 744
