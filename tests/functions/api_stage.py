"""A stage with candles and finished runs, and the API in front of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from cli.simulated_market import simulate_market
from functions.plan.plan import plan_run
from functions.publish.publish import publish_run
from functions.simulate.simulate import simulate_run
from shared.candles import Arrival, candles_reader, load_version
from shared.dataset_versions import add_version
from shared.datasets import Dataset
from shared.names import DatasetName
from shared.schema import arrow_schema
from shared.times import parse_time
from tests.aws import FakeStage

START, END = parse_time("2021-01-01"), parse_time("2021-05-01")
# Four hours that no candle was traded in.
GAP = parse_time("2021-03-10T02:00:00Z"), parse_time("2021-03-10T06:00:00Z")


def hold(
    stage: FakeStage, symbol: str, *, owner: str = "local", exchange: str = "sim", timeframe: str = "1h"
) -> Dataset:
    """Put a simulated market with one gap into the store as a dataset of the owner."""
    dataset = DatasetName.of(exchange, symbol, timeframe)
    candles = pa.table(
        simulate_market(symbol, timeframe, START, END, len(symbol)), schema=arrow_schema("candles")
    )
    times = candles.column("timestamp").to_numpy()
    candles = candles.filter(pa.array((times < GAP[0]) | (times >= GAP[1])))
    return add(stage, dataset, candles, owner)


def add(stage: FakeStage, dataset: DatasetName, candles: pa.Table, owner: str = "local") -> Dataset:
    """Put candles into the store as the newest version of a dataset."""
    _, entry = add_version(stage.store, stage.datasets, owner, dataset, candles, Arrival())
    return entry


def bars_of(stage: FakeStage, entry: Dataset, start_ms: int, end_ms: int) -> pa.Table:
    """Read the bars of a dataset's newest version with start_ms <= open < end_ms."""
    version = load_version(stage.store, entry.owner, entry.name, entry.version)
    return candles_reader(stage.store, version).window(start_ms, end_ms)


def run_to_its_end(run_id: str, owner: str = "local") -> None:
    """Do what the state machine does: plan, simulate, publish."""
    plan_run(owner, run_id)
    publish_run(**simulate_run(owner, run_id))


def request(**changes: Any) -> dict[str, Any]:
    """Return a request that can be carried out on the markets that `hold` makes."""
    return {"symbols": ["BTC-USDT"], "timeframe": "1h", "strategy": "ema_cross", **changes}


def column(table: pa.Table, name: str) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = table.column(name).to_numpy()
    return values
