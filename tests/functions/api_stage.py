"""A stage with candles and finished runs, and the API in front of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from cli.simulated_market import simulate_market
from functions.plan.plan import plan_run
from functions.publish.publish import publish_run
from functions.simulate.simulate import simulate_run
from shared.candles import write_version
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
    manifest = write_version(stage.store, owner, dataset, candles, None)
    gaps = manifest.manifest.gaps
    entry = Dataset(
        owner=owner,
        dataset_id=str(dataset),
        version=manifest.version,
        rows=manifest.manifest.rows,
        first_ms=manifest.manifest.first_ms,
        last_ms=manifest.manifest.last_ms,
        gaps=len(gaps),
        missing_bars=sum(gap.missing for gap in gaps),
        updated_at="2024-01-01T00:00:00Z",
        simulated=True,
    )
    stage.datasets.put_version(entry, None)
    return entry


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
