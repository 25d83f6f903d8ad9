"""Real five-minute candles make the exchange's own hours, bit for bit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from shared.candles import find_gaps
from shared.resampling import LongerBars, incomplete_bars, resample, whole_bars
from shared.timeframe_agreement import disagreements
from shared.times import TIMEFRAMES, parse_time
from tests.e2e.client import completed, ended_import, import_candles, ok
from tests.e2e.local_stack import LocalStack

FOLDER = Path(os.environ["STEPFOLD_MARKET_DATA"])
FIVE, HOUR = TIMEFRAMES["5m"], TIMEFRAMES["1h"]
Columns = dict[str, np.ndarray]


def candles(name: str) -> Columns:
    table = pq.read_table(FOLDER / name)
    return {column: table.column(column).to_numpy() for column in table.column_names}


@pytest.fixture(params=["BTC", "ETH"])
def fives(request: pytest.FixtureRequest) -> Columns:
    return candles(f"binance_{request.param}USDT_5m_20230101_20231230.parquet")


@pytest.fixture
def hours(request: pytest.FixtureRequest, fives: Columns) -> Columns:
    del fives  # for its parameter: the same market
    base = request.node.callspec.params["fives"]
    return candles(f"binance_{base}USDT_1h_20210101_20231231.parquet")


@pytest.fixture
def made(fives: Columns) -> LongerBars:
    return resample(fives, FIVE, HOUR)


def test_five_minutes_make_the_hours_of_the_exchange_bit_for_bit(made: LongerBars, hours: Columns) -> None:
    common = np.isin(hours["timestamp"], made.columns["timestamp"])
    assert common.sum() == len(made.made_of) == 8_735
    for name, values in made.columns.items():
        assert values.tobytes() == hours[name][common].tobytes(), name


def test_the_outage_of_march_2023_is_one_incomplete_and_one_missing_hour(
    fives: Columns, made: LongerBars, hours: Columns
) -> None:
    outage = parse_time("2023-03-24T12:00:00Z")
    assert made.columns["timestamp"][made.made_of < 12].tolist() == [outage]
    assert made.made_of.min() == 8
    # Nothing was traded in its first 40 minutes either, so even the incomplete hour is the exchange's.
    assert made.columns["volume"][made.made_of < 12].tolist() == [0.0]
    for times in (made.columns["timestamp"], hours["timestamp"]):
        assert outage + HOUR not in times
    first, last = whole_bars(int(fives["timestamp"][0]), int(fives["timestamp"][-1]), FIVE, HOUR)
    (flag,) = incomplete_bars(find_gaps(fives["timestamp"], FIVE), first, last, FIVE, HOUR)
    assert (flag.from_ms, flag.values) == (outage, {"missing": 4, "of": 12})


def test_the_two_timeframes_agree(fives: Columns, hours: Columns) -> None:
    assert disagreements(fives, FIVE, hours, HOUR) == []


def test_three_months_of_minutes_make_whole_days() -> None:
    minutes = candles("binance_BTCUSDT_1m_20260301_20260531.parquet")
    for into in ("5m", "1h", "1d"):
        made = resample(minutes, TIMEFRAMES["1m"], TIMEFRAMES[into])
        assert (made.made_of == TIMEFRAMES[into] // TIMEFRAMES["1m"]).all()
        assert len(made.made_of) == len(minutes["timestamp"]) // (TIMEFRAMES[into] // TIMEFRAMES["1m"])


def test_three_months_of_minutes_carry_a_run_of_hours_by_either_way(stack: LocalStack) -> None:
    http = stack.http()
    body = (FOLDER / "binance_BTCUSDT_1m_20260301_20260531.parquet").read_bytes()
    assert import_candles(http, body, "minutes", "BTC-USDT", "1m")["status"] == "completed"
    request = {"symbols": ["BTC-USDT"], "exchange": "minutes", "timeframe": "1h", "strategy": "ema_cross"}
    read = completed(http, request)
    begun = ok(http.post("/datasets/minutes.BTC-USDT.1m/resample", json={"timeframe": "1h"}), 202)
    ended = ended_import(http, f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}")
    assert (ended["report"]["rows"], ended["report"]["incomplete_bars"]) == (2_208, 0)
    stored = completed(http, request)
    one, other = (ok(http.get(f"/backtests/{run_id}/results")) for run_id in (read, stored))
    assert [found["candles"][0]["dataset_id"][-2:] for found in (one, other)] == ["1m", "1h"]
    for name in ("final_equity", "total_trades", "max_drawdown_pct"):
        assert one[name] == other[name], name
