"""Suspicious bars: each kind by hand, and the same flags however a version came to be."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.candles import write_version
from shared.flags import (
    FLAGS_A_MONTH,
    JUMP_ATRS,
    SMALLEST_JUMP,
    counts,
    flags_between,
    flags_of_month,
)
from shared.manifest import Audit, DatasetManifest, Flag
from shared.names import DatasetName
from shared.schema import arrow_schema
from shared.store import ObjectStore
from shared.times import parse_time
from tests.aws import FakeStage

HOUR = 3_600_000
START = parse_time("2021-01-30")
DATASET = DatasetName.of("binance", "BTCUSDT", "1h")


def market(count: int, **columns: Any) -> dict[str, Any]:
    """Return bars of 100 with a range of 1: high 100.5, low 99.5, close 100."""
    made = {
        "timestamp": START + np.arange(count, dtype=np.int64) * HOUR,
        "open": np.full(count, 100.0),
        "high": np.full(count, 100.5),
        "low": np.full(count, 99.5),
        "close": np.full(count, 100.0),
        "volume": np.ones(count),
    }
    return {**made, **columns}


NOTHING = market(0)


def at(row: int) -> int:
    return START + row * HOUR


def test_bars_without_volume_and_flat_bars_are_flagged_by_spells() -> None:
    columns = market(30)
    columns["volume"][[3, 4, 5, 9]] = 0.0
    for name in ("open", "high", "low"):
        columns[name][[4, 5]] = 100.0
    assert flags_of_month(columns, NOTHING, HOUR) == (
        Flag("zero_volume", at(3), at(5), 3, {}),
        Flag("flat", at(4), at(5), 2, {"price": 100.0}),
        Flag("zero_volume", at(9), at(9), 1, {}),
    )


def test_a_gap_ends_a_spell() -> None:
    columns = market(10, volume=np.zeros(10))
    columns["timestamp"][5:] += HOUR
    assert [(flag.from_ms, flag.to_ms, flag.count) for flag in flags_of_month(columns, NOTHING, HOUR)] == [
        (at(0), at(4), 5),
        (at(6), at(10), 5),
    ]


def test_a_bar_of_786_percent_is_a_jump_with_its_size() -> None:
    columns = market(30)
    columns["high"][20] = 886.0  # 786 above the close of 100 before; the average true range is 1
    assert flags_of_month(columns, NOTHING, HOUR) == (
        Flag("jump", at(20), at(20), 1, {"move_pct": 786.0, "atrs": 786.0}),
    )


@pytest.mark.parametrize(
    ("low", "gap_bars", "flagged"),
    [
        (100 - JUMP_ATRS, 0, False),  # at the bound, not beyond
        (100 - JUMP_ATRS - 0.1, 0, True),
        (100 - 2 * JUMP_ATRS, 3, False),  # four bars since the last: sqrt(4) times as far
        (100 - 2 * JUMP_ATRS - 0.1, 3, True),
    ],
)
def test_a_jump_is_beyond_so_many_ranges_and_later_bars_may_be_further_away(
    low: float, gap_bars: int, *, flagged: bool
) -> None:
    columns = market(30)
    columns["low"][20] = low
    columns["timestamp"][20:] += gap_bars * HOUR
    found = flags_of_month(columns, NOTHING, HOUR)
    assert [flag.kind for flag in found] == ["jump"] * flagged
    if flagged:
        assert found[0].values == {"move_pct": pytest.approx(low - 100), "atrs": pytest.approx(100 - low)}


def test_a_market_that_stood_still_jumps_when_it_moves_by_more_than_the_least() -> None:
    still = market(30, high=np.full(30, 100.0), low=np.full(30, 100.0), volume=np.ones(30))
    still["high"][20] = 100 * (1 + SMALLEST_JUMP) + 0.01
    still["high"][25] = 100 * (1 + SMALLEST_JUMP) - 0.01
    jumps = [flag for flag in flags_of_month(still, NOTHING, HOUR) if flag.kind == "jump"]
    assert jumps == [Flag("jump", at(20), at(20), 1, {"move_pct": 2.01})]


def test_the_bars_before_a_month_judge_its_first() -> None:
    columns = market(40)
    columns["high"][20] = 886.0
    lead_in = {name: values[5:20] for name, values in columns.items()}
    month = {name: values[20:] for name, values in columns.items()}
    assert flags_of_month(month, lead_in, HOUR) == flags_of_month(columns, NOTHING, HOUR)
    assert flags_of_month(month, NOTHING, HOUR) == ()  # nothing to judge it by


def test_very_many_flags_of_a_month_are_told_as_one_with_all_their_bars() -> None:
    count = 3 * FLAGS_A_MONTH
    columns = market(count)
    columns["volume"][::2] = 0.0
    (flag,) = flags_of_month(columns, NOTHING, HOUR)
    assert flag == Flag("zero_volume", at(0), at(count - 2), count // 2, {})


def test_flags_of_a_span_are_those_that_touch_it_gaps_among_them(stage: FakeStage) -> None:
    columns = market(100)
    columns["volume"][[10, 11, 50]] = 0.0
    table = pa.table(columns, schema=arrow_schema("candles")).filter(
        pa.array([row not in (30, 31) for row in range(100)])
    )
    manifest = write_version(stage.store, "ann", DATASET, table, None).manifest
    found = flags_between(manifest, at(11), at(50))
    assert found == [
        Flag("zero_volume", at(10), at(11), 2, {}),
        Flag("gap", at(30), at(31), 2, {}),
    ]
    assert counts(found) == {
        "disagreement": 0,
        "jump": 0,
        "gap": 2,
        "incomplete": 0,
        "flat": 0,
        "zero_volume": 2,
    }


def test_a_manifest_without_an_audit_is_read_and_keeps_its_name(stage: FakeStage) -> None:
    version = write_version(stage.store, "ann", DATASET, as_table(market(60)), None)
    raw = version.manifest.to_dict()
    assert DatasetManifest.from_dict(raw) == version.manifest
    raw.pop("audit")
    old = DatasetManifest.from_dict(raw)
    assert old.audit is None
    assert old.identity() == version.manifest.identity()


def as_table(columns: dict[str, Any]) -> pa.Table:
    return pa.table(columns, schema=arrow_schema("candles"))


class Memory(ObjectStore):
    """A store without requests, for properties."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, body: bytes, content_type: str = "") -> None:
        del content_type
        self.objects[key] = body

    def get(self, key: str) -> bytes:
        return self.objects[key]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cuts=st.lists(st.integers(1, 2_199), min_size=1, max_size=4, unique=True),
    order=st.randoms(use_true_random=False),
)
def test_a_version_that_came_in_pieces_is_the_one_that_came_whole(
    seed: int, cuts: list[int], order: Any
) -> None:
    """Three months with holes, jumps and dead hours, cut anywhere, the pieces in any order."""
    noise = np.random.default_rng(seed)
    count = 2_200
    columns = market(count)
    columns["high"] += np.where(noise.random(count) < 0.01, 60.0, 0.0)
    columns["volume"] *= noise.random(count) > 0.02
    there = noise.random(count) > 0.01
    there[700:1_400] &= noise.random(700) > 0.99 * (seed % 2)  # February may have a handful of bars
    whole = as_table(columns).filter(pa.array(there))
    store = Memory()
    expected = write_version(store, "ann", DATASET, whole, None)
    edges = [0, *sorted(min(cut, whole.num_rows) for cut in cuts), whole.num_rows]
    pieces = [whole.slice(a, b - a) for a, b in pairwise(edges) if b > a]
    assert write_version(store, "ann", DATASET, iter(pieces), None) == expected
    order.shuffle(pieces)
    version = None
    for piece in pieces:
        version = write_version(store, "ann", DATASET, piece, version)
    assert version == expected


def test_an_old_version_is_audited_whole_by_the_next(stage: FakeStage) -> None:
    columns = market(200)
    columns["volume"][[10, 150]] = 0.0
    first = write_version(stage.store, "ann", DATASET, as_table(columns), None)
    assert first.manifest.audit is not None
    raw = {**first.manifest.to_dict(), "audit": None}
    old = type(first)(first.owner, first.dataset, first.version, DatasetManifest.from_dict(raw))
    again = write_version(stage.store, "ann", DATASET, as_table(market(1)), old)
    assert again.version == first.version
    assert again.manifest.audit == Audit(first.manifest.audit.flags, JUMP_ATRS)
