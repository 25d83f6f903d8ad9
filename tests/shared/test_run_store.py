"""A run written in pieces and read by windows: what is read equals what was written, by few requests."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from shared import names, schema
from shared.downsample import extremes, reduce_to
from shared.errors import StoreCorruptError
from shared.reader import RunReader
from shared.schema import TABLES
from shared.writer import RunWriter
from tests.aws import FakeStage
from tests.shared.test_series import CountingStore, positions, rows

HOUR = 3_600_000
RUN = "bt-" + "a" * 26


def equity(count: int, seed: int = 7) -> dict[str, Any]:
    noise = np.random.default_rng(seed)
    curve = 10_000 * np.exp(np.cumsum(noise.normal(0, 0.002, count)))
    return {
        "timestamp": np.arange(count, dtype=np.int64) * HOUR,
        "equity": curve,
        "cash": curve / 2,
        "exposure": np.full(count, 0.5),
        "drawdown": 1 - curve / np.maximum.accumulate(curve),
        "realised_pnl": noise.normal(0, 1, count),
        "unrealised_pnl": noise.normal(0, 1, count),
        "benchmark": noise.normal(10_000, 10, count),
    }


def write(stage: FakeStage, columns: dict[str, Any], pieces: int, token: str = "t1") -> RunReader:
    writer = RunWriter(stage.store, RUN, token, {"BTC-USDT": ["fast"]})
    edges = np.linspace(0, len(columns["timestamp"]), pieces + 1).astype(int)
    for first, last in pairwise(edges):
        writer.append({"equity": rows(columns, first, last)})
    writer.append({"positions": positions(np.array([5, 5, 9]) * HOUR)})
    key, _ = writer.finish(
        fingerprint="f",
        engine_version="1",
        request={"a": 1},
        metrics={"sharpe_ratio": None},
        report={"monthly": [{"month": "1970-01"}], "daily": {"date": ["1970-01-01"]}},
    )
    return RunReader(CountingStore(stage), RUN, key)


def ranges(reader: RunReader) -> list[tuple[str, int]]:
    store = reader._store
    assert isinstance(store, CountingStore)
    return store.ranges


def test_windows_equal_what_was_written(stage: FakeStage) -> None:
    columns = equity(120_000)
    reader = write(stage, columns, pieces=7)
    window = reader.series("equity").window(49_990 * HOUR, 100_010 * HOUR + 1)
    for name, values in columns.items():
        assert np.array_equal(window.column(name).to_numpy(), values[49_990:100_011])


def test_a_window_costs_few_requests_and_few_bytes(stage: FakeStage) -> None:
    columns = equity(120_000)
    reader = write(stage, columns, pieces=3)
    reader.series("equity").window(60_000 * HOUR, 61_000 * HOUR, ["timestamp", "equity"])
    assert len(ranges(reader)) <= 3
    size = sum(part.size for part in reader.manifest.series["equity"].parts)
    assert sum(length for _, length in ranges(reader)) < size / 10


def test_the_pieces_do_not_show_in_any_byte(stage: FakeStage) -> None:
    columns = equity(60_000)
    first, second = write(stage, columns, 1, "t1"), write(stage, columns, 11, "t2")
    assert first.manifest == second.manifest
    for one, other in zip(first.keys(), second.keys(), strict=True):
        assert stage.store.get(one) == stage.store.get(other)


def test_the_cost_of_a_down_sampled_curve_does_not_grow_with_the_run(stage: FakeStage) -> None:
    sizes = []
    for count in (35_000, 350_000):
        reader = write(stage, equity(count), 3)
        table = reader.equity_points(0, count * HOUR, 500)
        assert 100 <= table.num_rows <= 500
        sizes.append(sum(length for _, length in ranges(reader)))
    assert sizes[1] < 1.5 * sizes[0]


def test_a_down_sampled_curve_keeps_its_ends_and_its_extremes(stage: FakeStage) -> None:
    columns = equity(50_000)
    reader = write(stage, columns, 5)
    table = reader.equity_points(0, 50_000 * HOUR, 400)
    values = table.column("equity").to_numpy()
    assert values[0] == columns["equity"][0]
    assert values[-1] == columns["equity"][-1]
    assert values.max() == columns["equity"].max()
    assert values.min() == columns["equity"].min()
    assert np.all(np.diff(table.column("timestamp").to_numpy()) > 0)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 1000])
def test_reduction_gives_rows_that_exist(count: int) -> None:
    values = np.sin(np.arange(count))
    assert set(extremes(values, 32)) <= set(range(count))
    assert len(reduce_to(values, 100)) <= 100


def test_state_at_a_time_is_the_last_moment_before_it(stage: FakeStage) -> None:
    series = write(stage, equity(100), 1).series("positions")
    assert series.last_moment(4 * HOUR).num_rows == 0
    assert series.last_moment(5 * HOUR).column("qty").to_pylist() == [0.0, 1.0]
    assert series.last_moment(8 * HOUR).column("qty").to_pylist() == [0.0, 1.0]
    assert series.last_moment(10**15).column("qty").to_pylist() == [2.0]


def test_columns_that_are_younger_than_a_file_are_null(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    young = ("margin", "stop_price", "target_price", "liquidation_price")
    columns = positions(np.array([5, 5, 9]) * HOUR)
    with monkeypatch.context() as before:
        old = tuple(column for column in TABLES["positions"] if column.name not in young)
        before.setitem(TABLES, "positions", old)
        before.setattr(schema, "_CHANGED", {})
        schema.arrow_schema.cache_clear()
        writer = RunWriter(stage.store, RUN, "t0", {})
        writer.append({"positions": {column.name: columns[column.name] for column in old}})
        key, _ = writer.finish(
            fingerprint="f", engine_version="1", request={}, metrics={}, report={"monthly": []}
        )
    schema.arrow_schema.cache_clear()
    series = RunReader(stage.store, RUN, key).series("positions")
    for rows_read in (series.slice(0, 3), series.window(0, 10**15), series.last_moment(10**15)):
        assert rows_read.column_names == [column.name for column in TABLES["positions"]]
        assert all(rows_read.column(name).null_count == rows_read.num_rows > 0 for name in young)
    assert series.slice(0, 3).column("qty").to_pylist() == [0.0, 1.0, 2.0]
    assert series.slice(0, 1, ["margin", "symbol"]).to_pylist() == [{"margin": None, "symbol": "BTC-USDT"}]


def test_an_empty_series_reads_as_no_rows(stage: FakeStage) -> None:
    series = write(stage, equity(100), 1).series("fills")
    assert series.window(0, 10**15).num_rows == 0
    assert series.slice(0, 5, ["timestamp", "qty"]).column_names == ["timestamp", "qty"]


def test_a_part_that_is_gone_or_of_another_kind_is_said_to_be_corrupt(stage: FakeStage) -> None:
    reader = write(stage, equity(100), 1)
    key, part = reader.part_keys("equity")[0]
    stage.store.put(key, stage.store.get(reader.part_keys("positions")[0][0]).ljust(part.size, b"\0"))
    with pytest.raises(StoreCorruptError):
        reader.series("equity").slice(0, 1)
    stage.store.delete([key])
    with pytest.raises(StoreCorruptError, match="missing from the store"):
        reader.series("equity").slice(0, 1)


def test_named_indicators_follow_the_playback_s_own(stage: FakeStage) -> None:
    reader = write(stage, equity(10), 1)
    series = reader.manifest.series["indicators/BTC-USDT"]
    assert series.extra == ("fast",)
    assert names.run_part(RUN, "equity", 0, "t1") in set(reader.keys())


def test_a_report_lies_beside_the_manifest_which_has_the_months(stage: FakeStage) -> None:
    reader = write(stage, equity(100), pieces=1)
    assert reader.report() == {"monthly": [{"month": "1970-01"}], "daily": {"date": ["1970-01-01"]}}
    assert reader.manifest.monthly == ({"month": "1970-01"},)
    document = reader.manifest.report
    assert document is not None
    body = stage.store.get(names.run_report(RUN, "t1"))
    assert (document.size, document.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert set(stage.store.keys(names.run_prefix(RUN))) == {*reader.keys(), names.run_manifest(RUN, "t1")}


def test_a_run_of_before_there_were_reports_is_read_without_one(stage: FakeStage) -> None:
    write(stage, equity(100), pieces=1)
    key = names.run_manifest(RUN, "t1")
    raw = stage.store.get_json(key)
    del raw["report"]
    stage.store.put_json(key, raw)
    reader = RunReader(stage.store, RUN, key)
    assert reader.report() is None
    assert names.run_report(RUN, "t1") not in reader.keys()  # noqa: SIM118 - no mapping
