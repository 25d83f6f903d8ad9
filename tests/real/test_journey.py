"""The journey on three years of real hours of BTCUSDT and ETHUSDT, outages and all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.times import parse_time
from tests.e2e.local_stack import LocalStack
from tests.journey import *  # noqa: F403 - its tests, run on the fixture below
from tests.journey import HOUR, Journey

FOLDER = Path(os.environ["STEPFOLD_MARKET_DATA"])


@pytest.fixture(scope="module")
def journey(stack: LocalStack) -> Journey:
    files = {
        f"{base}-USDT": (FOLDER / f"binance_{base}USDT_1h_20210101_20231231.parquet").read_bytes()
        for base in ("BTC", "ETH")
    }
    return Journey.travel(stack, "binance", files)


def test_three_years_of_hours_are_held(journey: Journey) -> None:
    assert [table.num_rows for table in journey.candles.values()] == [26_266, 26_266]
    assert len(journey.stored("equity")) == 26_266


def test_the_outage_of_august_2021_is_a_gap(journey: Journey) -> None:
    gaps = journey.every("playback/events", "events", type="gap", symbol="BTC-USDT")
    outage = [gap for gap in gaps if gap["payload"]["from"].startswith("2021-08-13")]
    assert [(gap["payload"]["from"], gap["payload"]["to"]) for gap in outage] == [
        ("2021-08-13T02:00:00Z", "2021-08-13T05:00:00Z")
    ]
    assert outage[0]["payload"]["missing_bars"] == 4
    first = parse_time("2021-08-13T02:00:00Z")
    times = {row["timestamp"] for row in journey.stored("equity")}
    assert not times & {first + hour * HOUR for hour in range(4)}
