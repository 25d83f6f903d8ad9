"""Imports: files as people have them become a dataset, and impossible bars do not."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from functions.ingest.ingest import import_file
from functions.ingest.layouts import read_file
from shared import names
from shared.candles import candles_reader, load_version
from shared.errors import InvalidInputError
from shared.names import DatasetName
from tests.aws import FakeStage

DATASET = DatasetName.of("binance", "BTC-USDT", "1h")
START = 1_609_459_200_000  # 2021-01-01
HOUR = 3_600_000


def candles(count: int = 60, **columns: object) -> pa.Table:
    values = {
        "timestamp": START + np.arange(count) * HOUR,
        "open": np.full(count, 10.0),
        "high": np.full(count, 12.0),
        "low": np.full(count, 9.0),
        "close": np.full(count, 11.0),
        "volume": np.full(count, 5.0),
    }
    return pa.table({**values, **columns})


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def as_csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    csv.write_csv(table, sink)
    return sink.getvalue()


def upload(stage: FakeStage, body: bytes, import_id: str = "im-" + "a" * 26) -> str:
    stage.datasets.begin_import("local", import_id, DATASET)
    stage.store.put(names.upload("local", import_id), body)
    stage.datasets.start_import("local", import_id)
    return import_id


def test_a_file_becomes_a_dataset_and_its_upload_goes(stage: FakeStage) -> None:
    table = candles(60).filter(pa.array([row not in (20, 21) for row in range(60)]))
    import_id = upload(stage, parquet(table))
    import_file("local", str(DATASET), import_id)
    held = stage.datasets.get("local", DATASET)
    assert held is not None
    assert (held.rows, held.gaps, held.missing_bars, held.simulated) == (58, 1, 2, False)
    version = load_version(stage.store, "local", DATASET, held.version)
    stored = candles_reader(stage.store, version).slice(0, 100)
    assert stored.column("timestamp").to_pylist() == table.column("timestamp").to_pylist()
    entry = stage.datasets.get_import("local", import_id)
    assert entry.status == "completed"
    assert entry.report is not None
    assert (entry.report["rows"], entry.report["missing_bars"]) == (58, 2)
    assert list(stage.store.keys("uploads/")) == []
    assert import_file("local", str(DATASET), import_id)["status"] == "completed"  # a retry of the step


def test_another_owner_s_candles_are_not_seen(stage: FakeStage) -> None:
    import_file("local", str(DATASET), upload(stage, parquet(candles())))
    assert stage.datasets.get("bob", DATASET) is None
    assert stage.datasets.held("bob") == []


@pytest.mark.parametrize("unit", [1_000_000, 1_000, 1])
def test_times_come_in_any_unit(unit: int) -> None:
    times = (START + np.arange(60) * HOUR) * 1000 // unit
    table = read_file(as_csv(candles(60, timestamp=times)))
    assert table.column("timestamp")[0].as_py() == START


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("date,open,high,low,close,volume", "2021-01-01T00:00:00Z,10,12,9,11,5"),
        ("Open Time,Open,High,Low,Close,Volume,Trades", "1609459200000,10,12,9,11,5,77"),
        ("unix,o,h,l,c,v", "1609459200,10,12,9,11,5"),
    ],
)
def test_columns_have_the_names_that_exporters_give_them(header: str, row: str) -> None:
    table = read_file(f"{header}\n{row}\n".encode())
    assert table.to_pylist() == [
        {"timestamp": START, "open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5.0}
    ]


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        (b"\x00\x01\x02", "file", "neither CSV"),
        (b"a,b\n1,2\n", "file.timestamp", "no such column"),
        (b"time,open,high,low,close,volume\n1,x,2,3,4,5\n", "file.open", "no number"),
        (b"time,open,high,low,close,volume\nsoon,1,2,3,4,5\n", "file.timestamp", "no time"),
        (b"PAR1 and then nothing", "file", "nor Parquet"),
    ],
)
def test_what_is_no_candle_file_says_what_it_lacks(body: bytes, path: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_file(body)
    assert any(issue.path == path and message in issue.message for issue in caught.value.issues)


def with_value(column: str, row: int, value: float) -> pa.Table:
    values = candles().column(column).to_numpy().copy()
    values[row] = value
    return candles(60, **{column: values})


@pytest.mark.parametrize(
    ("table", "path", "message"),
    [
        (with_value("close", 4, np.nan), "file.close", "row 5"),
        (with_value("close", 4, -1.0), "file.close", "not above 0 in row 5"),
        (with_value("high", 7, 8.0), "file.high", "row 8"),
        (with_value("low", 7, 11.5), "file.low", "row 8"),
        (with_value("volume", 0, -5.0), "file.volume", "row 1"),
        (with_value("timestamp", 9, START + 8 * HOUR), "file.timestamp", "stands twice in row 10"),
        (with_value("timestamp", 9, START + 9 * HOUR + 1), "file.timestamp", "not on the grid of 1h"),
        (candles(0), "file", "holds no candles"),
    ],
)
def test_impossible_bars_are_refused_by_row_and_nothing_is_stored(
    stage: FakeStage, table: pa.Table, path: str, message: str
) -> None:
    import_id = upload(stage, parquet(table))
    with pytest.raises(InvalidInputError) as caught:
        import_file("local", str(DATASET), import_id)
    assert any(issue.path == path and message in issue.message for issue in caught.value.issues)
    assert stage.datasets.held("local") == []
    assert list(stage.store.keys("candles/")) == []


def test_rows_out_of_order_are_put_in_order_and_reported(stage: FakeStage) -> None:
    table = candles()
    import_id = upload(stage, parquet(table.take(pa.array(list(range(59, -1, -1))))))
    import_file("local", str(DATASET), import_id)
    entry = stage.datasets.get_import("local", import_id)
    assert entry.report is not None
    assert entry.report["sorted_by_us"] is True
    assert entry.report["gaps"] == 0
