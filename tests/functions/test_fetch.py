"""Fetches, step by step, with the real client over HTTP against an exchange on loopback."""

from __future__ import annotations

import pytest

from shared import names
from shared.candles import load_version
from shared.names import DatasetName
from shared.times import iso, parse_time
from tests.functions.fetching import Fetching

START, END = parse_time("2021-01-01"), parse_time("2021-04-01")
HOUR = 3_600_000
# The same market under the two exchanges' own shapes.
BOTH = [("coinbase", "BTC-USD"), ("binance", "BTC-USDT")]


@pytest.mark.parametrize(("exchange", "symbol"), BOTH)
def test_a_span_is_fetched_whole(fetching: Fetching, exchange: str, symbol: str) -> None:
    fetching.exchange.book.simulate(symbol, "1h", START, END)
    fetching.exchange.book.remove(symbol, "1h", START + 700 * HOUR, START + 712 * HOUR)
    dataset = f"{exchange}.{symbol}.1h"
    entry = fetching.fetch(dataset, since_ms=START, until_ms=END)
    assert entry.status == "completed", entry.error
    fetching.assert_held(dataset, symbol, START, END)
    assert entry.report is not None
    assert entry.report["rows"] == len(fetching.held(dataset)["timestamp"])
    assert {"start": iso(START + 700 * HOUR), "missing": 13}.items() <= {
        "start": iso(START + 700 * HOUR),
        "missing": max(gap.missing for gap in manifest_of(fetching, dataset).gaps),
    }.items()
    assert (entry.processed, entry.total, entry.progress_pct) == (2160, 2160, 100.0)
    assert list(fetching.stage.store.keys("work/")) == []


def manifest_of(fetching: Fetching, dataset: str):  # type: ignore[no-untyped-def]
    name = DatasetName.parse(dataset)
    held = fetching.stage.datasets.get(names.PUBLIC_OWNER, name)
    assert held is not None
    return load_version(fetching.stage.store, held.owner, name, held.version).manifest
