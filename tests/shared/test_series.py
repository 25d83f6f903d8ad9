"""Parts of a series: cut by their rows alone, read back row for row."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.manifest import Part
from shared.parquet import ROWS_PER_PART, encode
from shared.schema import arrow_schema
from shared.series import SeriesWriter
from shared.store import ObjectStore
from tests.aws import FakeStage


def positions(times: np.ndarray) -> dict[str, Any]:
    count = len(times)
    return {
        "timestamp": times,
        "symbol": ["BTC-USDT"] * count,
        "qty": np.arange(count, dtype=float),
        "average_cost": np.zeros(count),
        "margin": np.zeros(count),
        "stop_price": np.full(count, np.nan),
        "target_price": np.full(count, np.nan),
        "liquidation_price": np.full(count, np.nan),
        "realised_pnl": np.zeros(count),
        "cash": np.zeros(count),
        "set_id": np.zeros(count, dtype=np.int64),
    }


def rows(columns: dict[str, Any], first: int, last: int) -> dict[str, Any]:
    return {name: values[first:last] for name, values in columns.items()}


def written(columns: dict[str, Any], edges: list[int]) -> list[tuple[Part, bytes]]:
    writer = SeriesWriter("positions")
    parts: list[tuple[Part, bytes]] = []
    bounds = [0, *sorted(edges), len(columns["timestamp"])]
    for first, last in pairwise(bounds):
        parts += writer.append(rows(columns, first, last))
    return [*parts, *writer.finish()]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 130_000), max_size=6), st.integers(1, 5))
def test_how_rows_arrive_does_not_show_in_the_parts(edges: list[int], repeat: int) -> None:
    columns = positions(np.repeat(np.arange(130_000 // repeat + 1), repeat)[:130_000])
    assert written(columns, edges) == written(columns, [])


def test_rows_of_one_moment_are_never_parted() -> None:
    times = np.arange(100_000)
    times[ROWS_PER_PART - 3 : ROWS_PER_PART + 4] = ROWS_PER_PART - 3  # seven rows of one moment over the cut
    times[ROWS_PER_PART + 4 :] += 10
    parts = [part for part, _ in written(positions(times), [])]
    assert [part.rows for part in parts] == [ROWS_PER_PART - 3, 50_000, 3]
    assert parts[1].first_ms == ROWS_PER_PART - 3


def test_one_moment_larger_than_a_part_stays_together() -> None:
    times = np.concatenate([np.zeros(60_000, dtype=np.int64), [1]])
    parts = [part for part, _ in written(positions(times), [10, 55_000])]
    assert [part.rows for part in parts] == [60_000, 1]


def test_a_missing_column_and_a_nan_where_none_may_be_are_refused() -> None:
    columns = positions(np.arange(3))
    columns["cash"] = np.array([1.0, np.nan, 3.0])
    with pytest.raises(ValueError, match="column cash"):
        list(SeriesWriter("positions").append(columns))
    del columns["cash"]
    with pytest.raises(ValueError, match="missing columns \\['cash'\\]"):
        list(SeriesWriter("positions").append(columns))


def test_equal_tables_give_equal_bytes_and_say_their_schema() -> None:
    table = pa.table(
        {"timestamp": [1, 2], **{name: [1.0, 2.0] for name in ("open", "high", "low", "close", "volume")}},
        schema=arrow_schema("candles"),
    )
    assert encode(table) == encode(pa.concat_tables([table.slice(0, 1), table.slice(1)]).combine_chunks())


class CountingStore(ObjectStore):
    """Counts the ranged requests."""

    def __init__(self, stage: FakeStage) -> None:
        super().__init__(stage.store._client, stage.store.bucket)
        self.ranges: list[tuple[str, int]] = []

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self.ranges.append((key, length))
        return super().get_range(key, start, length)
