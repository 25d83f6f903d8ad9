"""What is refused, what is put right and counted, before candles are stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shared.audit import audited
from shared.candles import Arrival
from shared.errors import InvalidInputError
from shared.names import DatasetName
from shared.schema import arrow_schema
from shared.times import MAX_MS, parse_time

DATASET = DatasetName.of("binance", "BTC-USDT", "1h")
START = parse_time("2021-01-01")
HOUR = 3_600_000


def candles(count: int = 60, **columns: Any) -> pa.Table:
    values = {
        "timestamp": START + np.arange(count) * HOUR,
        "open": np.full(count, 10.0),
        "high": np.full(count, 12.0),
        "low": np.full(count, 9.0),
        "close": np.full(count, 11.0),
        "volume": 1.0 + np.arange(count),
    }
    return pa.table({**values, **columns})


def with_values(changes: dict[str, float | None], row: int) -> pa.Table:
    table = candles()
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    for name, value in changes.items():
        columns[name][row] = value
    return pa.table(columns)


@pytest.mark.parametrize(
    ("changes", "issue"),
    [
        ({"close": np.nan}, ("file.close", "is missing or not a number in row 5")),
        ({"close": None}, ("file.close", "is missing or not a number in row 5")),
        ({"open": -1.0}, ("file.open", "is not above 0 in row 5")),
        ({"open": 0.0}, ("file.open", "is not above 0 in row 5")),
        ({"high": np.inf}, ("file.high", "is not above 0 in row 5")),
        ({"high": 8.0}, ("file.high", "is below the low in row 5")),
        ({"high": 10.5}, ("file.high", "is below the open or the close in row 5")),
        ({"low": 11.5}, ("file.low", "is above the open or the close in row 5")),
        ({"volume": -5.0}, ("file.volume", "is negative, missing or not a number in row 5")),
        ({"volume": None}, ("file.volume", "is negative, missing or not a number in row 5")),
        ({"timestamp": None}, ("file.timestamp", "is missing, or outside 1970 to 2200, in row 5")),
        ({"timestamp": MAX_MS}, ("file.timestamp", "is missing, or outside 1970 to 2200, in row 5")),
        ({"timestamp": START + 1}, ("file.timestamp", "is not on the grid of 1h bars in row 5")),
        (
            {"timestamp": START + 3 * HOUR, "close": 9.5},
            ("file.timestamp", "stands twice with different bars in row 5; keep one"),
        ),
    ],
)
def test_what_no_market_can_have_is_refused_with_its_row(
    changes: dict[str, float | None], issue: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        audited(with_values(changes, 4), DATASET)
    assert issue in [(found.path, found.message) for found in caught.value.issues]


def test_every_kind_of_fault_is_told_at_once_and_only_the_first_rows_are_named() -> None:
    table = candles(volume=np.full(60, -1.0), low=np.full(60, -1.0))
    with pytest.raises(InvalidInputError) as caught:
        audited(table, DATASET, "candles")
    assert [(issue.path, issue.message) for issue in caught.value.issues] == [
        ("candles.volume", "is negative, missing or not a number in row 1, 2, 3 and 57 more"),
        ("candles.low", "is not above 0 in row 1, 2, 3 and 57 more"),
    ]


def test_no_candles_at_all_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="holds no candles"):
        audited(candles(0), DATASET)


def test_rows_that_are_equal_in_every_column_are_taken_once_and_counted() -> None:
    once = candles()
    doubled = pa.concat_tables([once.slice(0, 20), once.slice(18, 2), once.slice(18)])
    kept, arrival = audited(doubled, DATASET)
    assert arrival == Arrival(duplicates_removed=4, out_of_order=2)
    assert kept == once.cast(arrow_schema("candles"))


def test_rows_out_of_order_are_put_in_order_and_counted() -> None:
    once = candles()
    kept, arrival = audited(once.take(pa.array([1, 0, *range(2, 60)])), DATASET)
    assert arrival == Arrival(out_of_order=1)
    assert kept == once.cast(arrow_schema("candles"))
    _, arrival = audited(once.take(pa.array(range(59, -1, -1))), DATASET)
    assert arrival == Arrival(out_of_order=59)


def test_bars_of_another_timeframe_are_refused() -> None:
    as_minutes = DatasetName.of("binance", "BTC-USDT", "1m")
    with pytest.raises(InvalidInputError, match="only ever on the grid of 1h bars, not of 1m bars"):
        audited(candles(24), as_minutes)
    few, _ = audited(candles(9), as_minutes)  # so few may be what a thin market traded
    assert few.num_rows == 9


def test_a_bar_that_has_not_closed_is_refused_unless_it_is_generated() -> None:
    end = START + 60 * HOUR
    with pytest.raises(InvalidInputError, match="has not closed yet; leave it out in row 60"):
        audited(candles(), DATASET, now=end - 1)
    assert audited(candles(), DATASET, now=end)[0].num_rows == 60
    generated = DatasetName.of("sim", "BTC-USDT", "1h")
    assert audited(candles(), generated, now=end - 1)[0].num_rows == 60
