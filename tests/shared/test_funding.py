"""Funding rates: what is refused, what is missing, and versions that go on from one another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from shared.candles import Arrival, DatasetVersion, load_version
from shared.dataset_versions import add_funding
from shared.datasets import Dataset
from shared.errors import InvalidInputError
from shared.funding import HOUR_MS, audited_funding, funding_gaps, not_covered, read_funding
from shared.names import DatasetName
from shared.schema import arrow_schema
from shared.times import parse_time
from tests.aws import FakeStage

START = parse_time("2021-01-01")
NOW = parse_time("2022-01-01")
DATASET = DatasetName.of("binance", "BTC-USDT-PERP", "funding")


def hours(*at: float) -> np.ndarray:
    return START + (np.array(at) * HOUR_MS).astype(np.int64)


def rates(times: np.ndarray, value: float = 0.0001) -> pa.Table:
    return pa.table({"timestamp": times, "rate": np.full(len(times), value)}, schema=arrow_schema("funding"))


def every(step: int, days: int, start: int = START) -> np.ndarray:
    return start + np.arange(days * 24 // step) * step * HOUR_MS


def add(stage: FakeStage, table: pa.Table) -> tuple[DatasetVersion, Dataset]:
    return add_funding(stage.store, stage.datasets, "ann", DATASET, table, Arrival())


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("rate", [0.0001, float("nan"), 0.0001], "is missing or not a number in row 2"),
        ("rate", [0.0001, 0.0001, -1.0], "is 100 % or more in row 3"),
        ("rate", [0.01, 0.012, 0.008], "divide by 100 what is in percent"),
        ("timestamp", hours(0, 8, 24 * 400), "is in the future; leave it out in row 3"),
        ("timestamp", hours(0, 8, -24 * 20_000), "is missing, or outside 1970 to 2200, in row 3"),
    ],
)
def test_an_impossible_rate_is_refused(column: str, values: list[float], message: str) -> None:
    columns = {"timestamp": hours(0, 8, 16), "rate": np.full(3, 0.0001)} | {column: np.array(values)}
    with pytest.raises(InvalidInputError) as caught:
        audited_funding(pa.table(columns), DATASET, now=NOW)
    (issue,) = caught.value.issues
    assert issue.path == f"file.{column}"
    assert message in issue.message


def test_an_empty_file_holds_none() -> None:
    with pytest.raises(InvalidInputError, match="holds no funding rates"):
        audited_funding(rates(hours()), DATASET)


def test_equal_rows_are_taken_once_and_others_of_one_time_are_refused() -> None:
    times = hours(16, 0, 8, 8)
    table, arrival = audited_funding(rates(times), DATASET, now=NOW)
    assert table.column("timestamp").to_pylist() == hours(0, 8, 16).tolist()
    assert (arrival.duplicates_removed, arrival.out_of_order) == (1, 3)
    differ = pa.table({"timestamp": times, "rate": [0.0001, 0.0001, 0.0001, 0.0002]})
    with pytest.raises(InvalidInputError, match="stands twice with different rates in row 4"):
        audited_funding(differ, DATASET, now=NOW)


def test_a_step_far_longer_than_usual_lacks_payments() -> None:
    times = np.delete(every(8, 20), [10, 30, 31])
    assert [(gap.from_ms, gap.to_ms, gap.missing) for gap in funding_gaps(times)] == [
        (START + 80 * HOUR_MS, START + 80 * HOUR_MS, 1),
        (START + 240 * HOUR_MS, START + 248 * HOUR_MS, 2),
    ]
    assert funding_gaps(every(8, 20)) == ()
    assert funding_gaps(times[:1]) == ()


def test_seconds_of_delay_and_a_new_interval_are_no_gaps() -> None:
    late = every(8, 10) + np.arange(30) % 7 * 1_000
    assert funding_gaps(late) == ()
    # From each hour to each eight hours, as exchanges do; and back.
    changed = np.concatenate(
        [every(1, 3), every(8, 5, START + 72 * HOUR_MS), every(1, 3, START + 192 * HOUR_MS)]
    )
    assert funding_gaps(changed) == ()
    (gap,) = funding_gaps(np.delete(changed, 40))
    assert (gap.from_ms, gap.missing) == (int(changed[40]), 1)


def test_versions_go_on_and_what_is_between_is_missing(stage: FakeStage) -> None:
    first, entry = add(stage, rates(every(8, 40)))
    assert (entry.rows, entry.gaps, entry.name.kind) == (120, 0, "funding")
    assert first.manifest.intervals_ms == (8 * HOUR_MS, 8 * HOUR_MS)
    later = every(8, 10, START + 45 * 24 * HOUR_MS)
    second, entry = add(stage, rates(later, 0.0002))
    assert (entry.number, entry.rows, entry.missing_bars) == (2, 150, 15)
    read = read_funding(stage.store, second, START + 39 * 24 * HOUR_MS, int(later[2]))
    assert read["rate"].tolist() == [0.0001] * 3 + [0.0002] * 2
    assert read["timestamp"].tolist() == [*every(8, 40)[-3:].tolist(), *later[:2].tolist()]
    # The same again is no new version, and neither replaces anything of the other.
    assert add(stage, rates(later, 0.0002))[1].number == 2
    loaded = load_version(stage.store, "ann", DATASET, second.version)
    assert loaded == second
    changed, entry = add(stage, rates(later[:1], 0.0005))
    assert entry.number == 3
    (newest, *_) = stage.datasets.versions(entry, limit=5)
    assert newest.changes.ranges == ((int(later[0]), int(later[0]), 1),)
    assert read_funding(stage.store, changed, int(later[0]), int(later[1]))["rate"].tolist() == [0.0005]
    assert read_funding(stage.store, changed, 0, START)["rate"].tolist() == []


def test_candles_and_rates_are_listed_apart(stage: FakeStage) -> None:
    add(stage, rates(every(8, 4)))
    assert stage.datasets.held("ann") == []
    assert [entry.dataset_id for entry in stage.datasets.held("ann", "funding")] == [str(DATASET)]
    assert len(stage.datasets.held("ann", None)) == 1


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (0, 960, None),
        # What is due at the very start is nobody's, what is due at the end is not due yet.
        (-8, 960, None),
        (
            -9,
            900,
            "held from 2021-01-01T00:00:00Z to 2021-02-09T16:00:00Z, and the run starts at 2020-12-31T15",
        ),
        (10, 970, "and the run ends at 2021-02-10T10:00:00Z"),
    ],
)
def test_rates_cover_a_run_from_its_first_payment_to_its_last(
    stage: FakeStage, start: int, end: int, message: str | None
) -> None:
    version, _ = add(stage, rates(every(8, 40)))
    fault = not_covered(version, START + start * HOUR_MS, START + end * HOUR_MS)
    if message is None:
        assert fault is None
    else:
        assert message in str(fault)


def test_a_payment_that_is_missing_inside_is_no_payment_of_nothing(stage: FakeStage) -> None:
    version, _ = add(stage, rates(np.delete(every(8, 40), 50)))
    missing = "missing from 2021-01-17T16:00:00Z to 2021-01-17T16:00:00Z"
    assert not_covered(version, START, START + 700 * HOUR_MS) == missing
    assert not_covered(version, START + 410 * HOUR_MS, START + 700 * HOUR_MS) is None
