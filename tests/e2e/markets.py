"""Simulated candles as files, for the tests that need no particular market."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cli.simulated_market import simulate_market
from shared.times import parse_time


def simulated_file(symbol: str, timeframe: str, start: str, end: str, seed: int = 1) -> bytes:
    """Return the Parquet file of a simulated market between two dates."""
    candles = simulate_market(symbol, timeframe, parse_time(start), parse_time(end), seed)
    sink = io.BytesIO()
    pq.write_table(pa.table(candles), sink)
    return sink.getvalue()


CROSS: dict[str, Any] = {
    "schema": 1,
    "name": "EMA cross, half of the equity",
    "parameters": {
        "fast": {"type": "int", "default": 12, "min": 2, "max": 200},
        "slow": {"type": "int", "default": 26, "min": 3, "max": 400},
    },
    "triggers": [
        {
            "id": "cross",
            "direction": "long",
            "category": "trend_continuation",
            "entry": "crosses_above(ema(close, $fast), ema(close, $slow))",
            "exit": "crosses_below(ema(close, $fast), ema(close, $slow))",
        }
    ],
    "sizing": {"mode": "fraction", "fraction": 0.5},
}


def slow_cross(terms: int) -> dict[str, Any]:
    """The same with so many terms that are always true and slow to reckon.

    With three of them a year of minutes takes seconds on any machine, so that there is something to see of
    the run while it goes on.
    """
    slowly = "".join(f" and percentile(close, {2000 - term}) >= 0" for term in range(terms))
    return {
        **CROSS,
        "triggers": [{**trigger, "entry": trigger["entry"] + slowly} for trigger in CROSS["triggers"]],
    }


SLOW_CROSS = slow_cross(3)
