"""The journey on simulated candles, which everybody has."""

from __future__ import annotations

import pytest

from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import simulated_file
from tests.journey import *  # noqa: F403 - its tests, run on the fixture below
from tests.journey import Journey


@pytest.fixture(scope="module")
def journey(stack: LocalStack) -> Journey:
    files = {
        symbol: simulated_file(symbol, "1h", "2021-01-01", "2022-01-01", seed)
        for seed, symbol in enumerate(("BTC-USDT", "ETH-USDT"))
    }
    return Journey.travel(stack, "journey", files, start_date="2021-02-01")
