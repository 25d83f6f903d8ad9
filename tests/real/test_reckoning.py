"""The engine beside the plain reckoning on real hours."""

import os
from pathlib import Path

import pyarrow.parquet as pq

from tests.engine.test_reckoning import LONG_AND_SHORT, assert_same_run
from tests.reckoning import Bar

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")


def hours_of(symbol: str) -> list[Bar]:
    folder = Path(os.environ["STEPFOLD_MARKET_DATA"])
    table = pq.read_table(folder / f"binance_{symbol}_1h_20210101_20231231.parquet")
    columns = [table.column(name) for name in COLUMNS]
    if str(columns[0].type) != "int64":
        columns[0] = columns[0].cast("timestamp[ms]").cast("int64")
    return [Bar(*row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]


def test_three_years_of_hours() -> None:
    assert_same_run(
        LONG_AND_SHORT, {"BTC-USDT-PERP": hours_of("BTCUSDT"), "ETH-USDT-PERP": hours_of("ETHUSDT")}
    )
