"""Real candles, as an exchange on loopback serves them, arrive bar for bar; the outages stay outages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.times import TIMEFRAMES, iso, now_ms, parse_time
from tests.e2e.client import ok, wait_until
from tests.e2e.local_stack import LocalStack
from tests.exchange.stand_in import StandIn

FOLDER = Path(os.environ["STEPFOLD_MARKET_DATA"])
HOURS = "binance_BTCUSDT_1h_20210101_20231231.parquet"
MINUTES = "binance_BTCUSDT_1m_20260301_20260531.parquet"


@pytest.mark.parametrize(
    ("name", "timeframe", "file", "missing"),
    [
        ("binance", "1h", HOURS, 14),
        ("coinbase", "1h", HOURS, 14),
        ("binance", "1m", MINUTES, 0),
        ("bitstamp", "1m", MINUTES, 0),
    ],
)
def test_real_candles_arrive_bar_for_bar(
    stack: LocalStack, exchange: StandIn, name: str, timeframe: str, file: str, missing: int
) -> None:
    table = pq.read_table(FOLDER / file)
    columns = {column: table.column(column).to_numpy() for column in table.column_names}
    exchange.book.put("BTC-USDT", timeframe, columns)
    exchange.book.simulate("BTC-USDT", "1d", parse_time("2021-01-01"), parse_time("2026-06-01"))
    http = stack.http()
    since, until = file.removesuffix(".parquet").split("_")[3:]
    body = {"source": "exchange", "exchange": name, "symbol": "BTC-USDT", "timeframe": timeframe}
    span = {"since": parsed(since), "until": parsed(until)}
    entry = ok(http.post("/datasets", json={**body, **span}), 202)
    path = f"/datasets/{entry['dataset_id']}/fetches/{entry['fetch_id']}"
    done = wait_until(lambda: ok(http.get(path)), lambda e: e["status"] in ("completed", "failed"), 300)
    assert done["status"] == "completed", done
    assert (done["report"]["dataset_rows"], done["report"]["missing_bars"]) == (table.num_rows, missing)
    for row in (0, table.num_rows // 2, table.num_rows - 500):
        assert served(http, name, timeframe, table.slice(row, 500)) == table.slice(row, 500).to_pylist()


def test_real_candles_arrive_from_kraken_as_far_back_as_it_has_them(
    stack: LocalStack, exchange: StandIn
) -> None:
    # As if these months ended now: Kraken has the newest 720 bars alone.
    table = pq.read_table(FOLDER / MINUTES)
    columns = {column: table.column(column).to_numpy().copy() for column in table.column_names}
    step = TIMEFRAMES["1m"]
    columns["timestamp"] += now_ms() // step * step + 60 * step - columns["timestamp"][-1]
    exchange.book.put("BTC-USDT", "1m", columns)
    http = stack.http()
    body = {"source": "exchange", "exchange": "kraken", "symbol": "BTC/USDT", "timeframe": "1m"}
    since = iso(now_ms() // step * step - 600 * step)
    entry = ok(http.post("/datasets", json={**body, "since": since}), 202)
    path = f"/datasets/{entry['dataset_id']}/fetches/{entry['fetch_id']}"
    done = wait_until(lambda: ok(http.get(path)), lambda e: e["status"] in ("completed", "failed"), 60)
    assert done["status"] == "completed", done
    first = int(columns["timestamp"].searchsorted(parse_time(since)))
    like = pa.table({name: values[first : first + 500] for name, values in columns.items()})
    assert served(http, "kraken", "1m", like) == like.to_pylist()


def parsed(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def served(http: httpx.Client, exchange: str, timeframe: str, like: pa.Table) -> list[dict[str, Any]]:
    """Return the candles that the API has at the times of a table."""
    query = {"symbol": "BTC-USDT", "exchange": exchange, "timeframe": timeframe}
    start = iso(like.column("timestamp")[0].as_py())
    answer = ok(http.get("/market/candles", params={**query, "start": start, "limit": like.num_rows}))
    return [{**row, "timestamp": parse_time(row["timestamp"])} for row in answer["candles"]]
