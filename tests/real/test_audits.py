"""The audit of real candles: the outages that are known, and jumps as a plain reckoning finds them."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from functions.ingest.layouts import read_file
from shared.audit import audited
from shared.candles import Arrival, write_version
from shared.flags import ATR_BARS, FEWEST_ATR_BARS, JUMP_ATRS, SMALLEST_JUMP
from shared.names import DatasetName
from tests.aws import FakeStage

FOLDER = Path(os.environ["STEPFOLD_MARKET_DATA"])


def jumps(table: pa.Table, step: int) -> list[int]:
    """Find the jumps of docs/data.md bar by bar, with nothing but numbers."""
    rows = list(
        zip(*(table.column(n).to_pylist() for n in ("timestamp", "high", "low", "close")), strict=True)
    )
    ranges: list[float] = []
    found = []
    for number, (time, high, low, _) in enumerate(rows):
        if not number:
            ranges.append(high - low)
            continue
        earlier, _, _, last = rows[number - 1]
        before = ranges[-ATR_BARS:]
        furthest = max(high - last, last - low)
        atr = sum(before) / len(before)
        bound = max(JUMP_ATRS * atr * math.sqrt((time - earlier) / step), SMALLEST_JUMP * last)
        if len(before) >= FEWEST_ATR_BARS and furthest > bound:
            found.append(time)
        ranges.append(max(high, last) - min(low, last))
    return found


@pytest.mark.parametrize(
    ("name", "gaps", "missing", "dead"),
    [
        ("BTCUSDT_1h_20210101_20231231", 7, 14, 2),
        ("ETHUSDT_1h_20210101_20231231", 7, 14, 2),
        ("BTCUSDT_5m_20230101_20231230", 1, 16, 14),
        ("BTCUSDT_1m_20260301_20260531", 0, 0, 0),
    ],
)
def test_real_candles_have_their_outages_and_few_jumps(
    stage: FakeStage, name: str, gaps: int, missing: int, dead: int
) -> None:
    path = FOLDER / f"binance_{name}.parquet"
    symbol, timeframe, *_ = name.split("_")
    dataset = DatasetName.of("binance", symbol, timeframe)
    candles, arrival = audited(read_file(path.read_bytes(), dataset), dataset)
    assert arrival == Arrival()
    manifest = write_version(stage.store, "local", dataset, candles, None).manifest
    assert (len(manifest.gaps), manifest.missing_bars) == (gaps, missing)
    assert manifest.audit is not None
    for kind in ("zero_volume", "flat"):
        assert sum(flag.count for flag in manifest.audit.flags if flag.kind == kind) == dead
    expected = jumps(pq.read_table(path), dataset.timeframe_ms)
    assert [flag.from_ms for flag in manifest.audit.flags if flag.kind == "jump"] == expected
    assert len(expected) < 10
