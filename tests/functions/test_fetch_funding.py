"""Funding rates fetched with the real client over HTTP, appended to, and paid by a run."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.api.handler import handler
from shared import names
from shared.candles import load_version
from shared.funding import read_funding
from shared.names import DatasetName
from shared.times import iso, now_ms, parse_time
from tests.functions.fetching import Fetching
from tests.functions.gateway import client

START, END = parse_time("2021-01-01"), parse_time("2022-06-01")
EVERY = 8 * 3_600_000
DATASET = "binance.BTC-USDT-PERP.funding"


def rates(fetching: Fetching) -> dict[int, float]:
    name = DatasetName.parse(DATASET)
    held = fetching.stage.datasets.of_owner(names.PUBLIC_OWNER, name)
    assert held is not None
    version = load_version(fetching.stage.store, held.owner, name, held.version)
    read = read_funding(fetching.stage.store, version, 0, 2**45)
    return dict(zip(read["timestamp"].tolist(), read["rate"].tolist(), strict=True))


def published(start_ms: int, end_ms: int) -> dict[int, float]:
    """What the stand-in has: a rate each eight hours."""
    times = range(start_ms + -start_ms % EVERY, end_ms, EVERY)
    return {time: float(f"{0.0001 + time // EVERY % 7 * 1e-5:.8f}") for time in times}


@pytest.fixture
def perpetual(fetching: Fetching) -> Fetching:
    fetching.trade("BTC-USDT-PERP", START, END)
    return fetching


def test_rates_are_fetched_page_after_page_and_are_public(perpetual: Fetching) -> None:
    entry = perpetual.fetch(DATASET, since_ms=START, until_ms=END)
    assert entry.status == "completed", entry.error
    assert rates(perpetual) == published(START, END)
    assert entry.report is not None
    assert (entry.report["rows"], entry.report["gaps"]) == (1548, 0)
    assert (entry.processed, entry.total) == (1548, 1548)
    asked = [path for path in perpetual.exchange.asked if "fundingRate" in path]
    # Two pages, and a look whether there is more.
    assert len(asked) == 3


def test_a_fetch_again_asks_for_what_is_new_or_older_alone(perpetual: Fetching) -> None:
    middle, later = START + 300 * EVERY, START + 400 * EVERY
    perpetual.fetch(DATASET, since_ms=middle, until_ms=later)
    perpetual.exchange.asked.clear()
    entry = perpetual.fetch(DATASET, until_ms=later + 5 * EVERY)
    assert entry.report is not None
    assert entry.report["rows"] == 5
    asked, _ = [path for path in perpetual.exchange.asked if "fundingRate" in path]
    assert f"startTime={later - EVERY + 1}" in asked
    again = perpetual.fetch(DATASET, until_ms=later + 5 * EVERY)
    assert again.report is not None
    assert (again.status, again.report["rows"], again.report["number"]) == ("completed", 0, 2)
    perpetual.fetch(DATASET, since_ms=START, until_ms=middle)
    assert rates(perpetual) == published(START, later + 5 * EVERY)


def test_without_a_start_all_rates_to_now_are_fetched(perpetual: Fetching) -> None:
    entry = perpetual.fetch(DATASET)
    assert entry.status == "completed", entry.error
    held = rates(perpetual)
    assert min(held) == parse_time("2019-09-08T18:00:00Z") + -parse_time("2019-09-08T18:00:00Z") % EVERY
    assert now_ms() - EVERY < max(held) <= now_ms()


def test_an_exchange_that_is_not_there_leaves_what_was_held(perpetual: Fetching) -> None:
    perpetual.fetch(DATASET, since_ms=START, until_ms=START + 10 * EVERY)
    perpetual.exchange.down = True
    entry = perpetual.fetch(DATASET, until_ms=START + 20 * EVERY)
    assert (entry.status, (entry.error or {})["code"]) == ("failed", "exchange_unreachable")
    assert rates(perpetual) == published(START, START + 10 * EVERY)


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"exchange": "coinbase"}, "exchange", "is not asked for funding rates; choose one of binance"),
        ({"symbol": "BTC-USDT"}, "symbol", "write BTC-USDT-PERP"),
        ({"timeframe": "1h"}, "timeframe", "funding rates have none; leave it out"),
        ({"kind": "candles"}, "timeframe", "is required for candles"),
    ],
)
def test_what_cannot_be_fetched_says_why(
    perpetual: Fetching, change: dict[str, str], path: str, message: str
) -> None:
    del perpetual  # it is the environment that counts
    body = {"source": "exchange", "exchange": "binance", "symbol": "BTC-USDT-PERP", "kind": "funding"}
    answer = client(handler).post("/datasets", json=body | change)
    assert answer.status_code == 422, answer.text
    assert [(error["path"], message in error["message"]) for error in answer.json()["errors"]] == [
        (path, True)
    ]


def test_a_run_that_lacks_rates_is_told_to_fetch_them(perpetual: Fetching) -> None:
    perpetual.fetch("binance.BTC-USDT-PERP.1h", since_ms=START, until_ms=START + 90 * EVERY)
    http: httpx.Client = client(handler)
    body: dict[str, Any] = {
        "symbols": ["BTC-USDT-PERP"],
        "timeframe": "1h",
        "strategy": "ema_cross",
        "start_date": iso(START + 30 * EVERY),
        "end_date": iso(START + 80 * EVERY),
        "funding": {"source": "stored"},
    }
    (error,) = http.post("/backtests", json=body).json()["errors"]
    assert "`stepfold data fetch binance BTC-USDT-PERP --funding --since …`" in error["message"]
    perpetual.fetch(DATASET, since_ms=START, until_ms=START + 90 * EVERY)
    assert http.post("/backtests", json=body).status_code == 202
