"""What a version changed against the one before: exact, and short where it is scattered."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.candles import Arrival, DatasetVersion, write_version
from shared.dataset_versions import RANGES_A_MONTH, add_version, changes_between
from shared.datasets import Changes
from shared.errors import ConflictError
from tests.aws import FakeStage
from tests.shared.test_candles import DATASET, HOUR, START, candles
from tests.shared.test_flags import Memory


def version(store: Memory, hours: dict[int, float]) -> DatasetVersion:
    """Write bars at hours since START, each with a price of its own."""
    table = candles(sorted(hours))
    prices = pa.array([hours[hour] for hour in sorted(hours)])
    for name in ("open", "high", "low", "close"):
        number = table.column_names.index(name)
        table = table.set_column(number, table.schema.field(name), prices)
    return write_version(store, "ann", DATASET, table, None)


HOURS = st.dictionaries(st.integers(0, 90), st.sampled_from([1.0, 2.0]), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(HOURS, HOURS)
def test_changes_are_those_bars_that_are_not_in_both_alike(
    old: dict[int, float], new: dict[int, float]
) -> None:
    """January ends after 48 of the hours."""
    store = Memory()
    found = changes_between(store, version(store, old), version(store, new))
    added, removed = set(new) - set(old), set(old) - set(new)
    changed = {hour for hour in set(old) & set(new) if old[hour] != new[hour]}
    assert (found.added, found.changed, found.removed) == (len(added), len(changed), len(removed))
    touched = added | changed | removed
    assert sum(bars for _, _, bars in found.ranges) == len(touched)
    covered = {(ms - START) // HOUR for first, last, _ in found.ranges for ms in range(first, last + 1, HOUR)}
    assert touched <= covered
    for month in (range(48), range(48, 91)):
        inside = sorted(touched & set(month))
        if 1 + sum(b - a > 1 for a, b in pairwise(inside)) <= RANGES_A_MONTH:
            assert covered & set(month) == set(inside)


def test_changes_that_are_scattered_over_many_months_are_one_range_a_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Memory()
    prices = dict.fromkeys(range(91), 1.0)
    old, new = version(store, prices), version(store, prices | {3: 2.0, 9: 2.0, 50: 2.0, 60: 2.0})
    assert len(changes_between(store, old, new).ranges) == 4
    monkeypatch.setattr("shared.dataset_versions.RANGES", 3)
    assert changes_between(store, old, new).ranges == (
        (START + 3 * HOUR, START + 9 * HOUR, 2),
        (START + 50 * HOUR, START + 60 * HOUR, 2),
    )


def test_a_version_that_somebody_else_was_faster_to_follow_is_refused(stage: FakeStage) -> None:
    index = stage.datasets
    _, first = add_version(stage.store, index, "ann", DATASET, candles(range(60)), Arrival())
    late = write_version(stage.store, "ann", DATASET, candles(range(70)), None)
    add_version(stage.store, index, "ann", DATASET, candles(range(80)), Arrival())
    entry = replace(first, version=late.version)
    with pytest.raises(ConflictError, match="at the same time"):
        index.put_version(entry, first.version, Changes())
    newest = index.of_owner("ann", DATASET)
    assert newest is not None
    assert (newest.number, newest.rows) == (2, 80)
    assert [row.number for row in index.versions(newest, limit=10)] == [2, 1]


def test_equal_candles_are_the_same_version_however_they_came(stage: FakeStage) -> None:
    index = stage.datasets
    for _ in range(2):
        written, entry = add_version(
            stage.store, index, "ann", DATASET, candles(range(60)), Arrival(duplicates_removed=1)
        )
        assert entry.number == 1
    audit = written.manifest.audit
    assert audit is not None
    assert audit.duplicates_removed == 1
    assert [row.rows for row in index.versions(entry, limit=10)] == [60]
