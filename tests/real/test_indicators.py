"""The catalogue against TA-Lib on three years of real hours of BTCUSDT."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas
import talib

from engine import Bars
from tests.engine.against_talib import comparisons, disagreements, values_of

FILE = Path(os.environ["STEPFOLD_MARKET_DATA"]) / "binance_BTCUSDT_1h_20210101_20231231.parquet"


def test_what_ta_lib_has_too_agrees_with_it() -> None:
    frame = pandas.read_parquet(FILE)
    prices = (frame[name].to_numpy(np.float64) for name in ("open", "high", "low", "close", "volume"))
    bars = Bars(frame["timestamp"].to_numpy(np.int64), *prices)
    expected = comparisons(talib, bars)
    assert disagreements(values_of(expected, bars), expected, ties=0.001) == {}
