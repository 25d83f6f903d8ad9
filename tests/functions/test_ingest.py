"""Imports: files as people have them become a dataset, and impossible bars do not."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from functions.ingest.ingest import import_file
from functions.ingest.layouts import read_file
from shared import names
from shared.candles import candles_reader, load_version
from shared.errors import ConflictError, InvalidInputError
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
    table = read_file(as_csv(candles(60, timestamp=times)), DATASET)
    assert table.column("timestamp")[0].as_py() == START


VISION = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore\n"
)
KLINE = "1609459200000,10,12,9,11,5,1609462799999,55.5,7,2,22.2,0\n"
CDD = "https://www.CryptoDataDownload.com\n"


@pytest.mark.parametrize(
    "text",
    [
        "date,open,high,low,close,volume\n2021-01-01T00:00:00Z,10,12,9,11,5\n",
        "date,open,high,low,close,volume\n2021-01-01T01:00:00+01:00,10,12,9,11,5\n",
        "Date,Open,High,Low,Close,Volume\n2021-01-01 00:00:00 UTC,10,12,9,11,5\n",
        "datetime;open;high;low;close;volume\n2021-01-01 00:00:00;10;12;9;11;5\n",
        "Date\tOpen\tHigh\tLow\tClose\tVolume\n2021-01-01\t10\t12\t9\t11\t5\n",
        "Open Time,Open,High,Low,Close,Volume,Trades\n1609459200000,10,12,9,11,5,77\n",
        "unix,o,h,l,c,v\n1609459200,10,12,9,11,5\n",
        '\ufeff"time","open","high","low","close","volume"\n"2021-01-01T00:00:00Z","10","12","9","11","5"\n',
        VISION + KLINE,
        KLINE,
        KLINE.replace("1609459200000", "1609459200000000").replace("1609462799999", "1609462799999999"),
        "1609459200,10,12,9,11,5,77\n",  # Kraken's have no header either
        CDD + "unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount\n"
        "1609459200000,2021-01-01 00:00:00,BTC/USDT,10,12,9,11,5,55.5,77\n",
        CDD + "unix,date,symbol,open,high,low,close,Volume USDT,Volume BTC\n"
        "1609459200,2021-01-01 00:00:00,BTC/USDT,10,12,9,11,55.5,5\n",
        CDD + "Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume\r\n"
        "1609459200.0,2021-01-01 00:00:00,BTCUSD,10,12,9,11,5\r\n",
        "time_period_start,price_open,price_high,price_low,price_close,volume_traded\n"
        "2021-01-01T00:00:00.0000000Z,10,12,9,11,5\n",
    ],
)
def test_files_are_read_as_exporters_write_them(text: str) -> None:
    assert read_file(text.encode(), DATASET).to_pylist() == [
        {"timestamp": START, "open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5.0}
    ]


def test_each_time_of_a_file_has_its_own_unit() -> None:
    rows = "".join(f"{time},1,1,1,1,1\n" for time in (1_609_459_200, 1_609_462_800_000))
    table = read_file(f"unix,open,high,low,close,volume\n{rows}".encode(), DATASET)
    assert table.column("timestamp").to_pylist() == [START, START + HOUR]


def test_the_volume_of_the_quote_currency_is_not_taken_for_that_of_the_base() -> None:
    text = "unix,open,high,low,close,Volume USDT\n1609459200,10,12,9,11,55.5\n"
    with pytest.raises(InvalidInputError, match=r"file\.volume: no such column; the file has unix, open"):
        read_file(text.encode(), DATASET)


@pytest.mark.parametrize("kind", [pa.string(), pa.timestamp("us"), pa.timestamp("s", "UTC"), pa.int32()])
def test_parquet_has_times_of_any_type(kind: pa.DataType) -> None:
    texts = pa.array(["2021-01-01 00:00:00", "2021-01-01T01:00:00"])
    times = texts if kind == pa.string() else texts.cast(pa.timestamp("s"))
    if kind == pa.int32() or kind == pa.timestamp("s", "UTC"):
        times = times.cast(pa.int64())
    table = read_file(parquet(candles(2, timestamp=times.cast(kind))), DATASET)
    assert table.column("timestamp").to_pylist() == [START, START + HOUR]


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
        read_file(body, DATASET)
    assert any(issue.path == path and message in issue.message for issue in caught.value.issues)


def import_table(stage: FakeStage, table: pa.Table, letter: str = "a") -> dict[str, Any]:
    import_id = upload(stage, parquet(table), "im-" + letter * 26)
    import_file("local", str(DATASET), import_id)
    return dict(stage.datasets.get_import("local", import_id).report or {})


def with_value(column: str, row: int, value: float) -> pa.Table:
    values = candles().column(column).to_numpy().copy()
    values[row] = value
    return candles(60, **{column: values})


@pytest.mark.parametrize(
    ("table", "path", "message"),
    [
        (with_value("close", 4, np.nan), "file.close", "row 5"),
        (with_value("low", 7, 11.5), "file.low", "row 8"),
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


def test_an_empty_cell_is_refused_by_its_row(stage: FakeStage) -> None:
    text = "unix,open,high,low,close,volume\n1609459200,1,1,1,1,1\n1609462800,1,,1,1,1\n"
    with pytest.raises(InvalidInputError, match=r"file\.high: is missing or not a number in row 2"):
        import_file("local", str(DATASET), upload(stage, text.encode()))


def test_what_was_put_right_and_what_is_suspicious_is_reported(stage: FakeStage) -> None:
    table = with_value("high", 30, 97.0)  # 786 % above the close before, of 10.95
    table = table.set_column(4, "close", pa.array([10.95] * 60))
    table = table.set_column(5, "volume", pa.array([0.0] * 3 + [1.0] * 57))
    report = import_table(stage, pa.concat_tables([table.slice(50), table.slice(0, 51)]))
    assert {name: report[name] for name in ("rows", "duplicates_removed", "out_of_order_rows")} == {
        "rows": 60,
        "duplicates_removed": 1,
        "out_of_order_rows": 51,
    }
    assert (report["jumps"], report["zero_volume_bars"], report["flat_bars"], report["gaps"]) == (1, 3, 0, 0)
    held = stage.datasets.get("local", DATASET)
    assert held is not None
    audit = load_version(stage.store, "local", DATASET, held.version).manifest.audit
    assert audit is not None
    assert (audit.duplicates_removed, audit.out_of_order) == (1, 51)
    (jump,) = (flag for flag in audit.flags if flag.kind == "jump")
    assert jump.from_ms == START + 30 * HOUR
    assert jump.values["move_pct"] == pytest.approx(100 * (97 / 10.95 - 1), abs=1e-3)


def test_what_was_put_right_adds_up_but_the_same_file_again_counts_once(stage: FakeStage) -> None:
    doubled = pa.concat_tables([candles(60), candles(60).slice(59)])
    assert import_table(stage, doubled, "a")["number"] == 1
    assert import_table(stage, doubled, "b")["number"] == 1  # no bar is new: no version
    more = pa.concat_tables([candles(70).slice(60), candles(70).slice(68)])
    assert import_table(stage, more, "c")["number"] == 2
    held = stage.datasets.get("local", DATASET)
    assert held is not None
    audit = load_version(stage.store, "local", DATASET, held.version).manifest.audit
    assert audit is not None
    assert (audit.duplicates_removed, audit.out_of_order) == (3, 1)


def test_an_import_into_a_dataset_that_is_being_deleted_is_refused(stage: FakeStage) -> None:
    import_table(stage, candles(60), "a")
    held = stage.datasets.get("local", DATASET)
    assert held is not None
    stage.datasets.begin_delete(held)
    with pytest.raises(ConflictError, match="is being deleted; try again in a minute"):
        import_table(stage, candles(70), "b")
    assert stage.datasets.held("local") == []
