"""When finer candles contradict coarser ones, and when they cannot."""

from __future__ import annotations

import numpy as np
import pytest

from shared.manifest import Flag
from shared.resampling import resample
from shared.timeframe_agreement import disagreements
from tests.shared.test_resampling import MINUTE, START, Columns, random_minutes

FIVE = 5 * MINUTE
ALL = [minute for minute in range(60) if minute not in (11, 12, *range(30, 40))]


@pytest.fixture
def finer() -> Columns:
    return random_minutes(ALL, 1)


@pytest.fixture
def coarser(finer: Columns) -> Columns:
    return resample(finer, MINUTE, FIVE).columns


def found(finer: Columns, coarser: Columns) -> list[Flag]:
    return disagreements(finer, MINUTE, coarser, FIVE)


def test_what_is_made_of_the_finer_candles_agrees(finer: Columns, coarser: Columns) -> None:
    assert found(finer, coarser) == []
    # Digits that one of two files has more of are no other price.
    assert found(finer, coarser | {"close": coarser["close"] * (1 + 1e-12)}) == []


@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
def test_another_price_disagrees(name: str, finer: Columns, coarser: Columns) -> None:
    coarser[name][0:2] *= np.array([1.001, 1.02])
    (flag,) = found(finer, coarser)
    assert (flag.kind, flag.from_ms, flag.to_ms, flag.count) == ("disagreement", START, START + FIVE, 2)
    assert flag.values == {"price_pct": 2.0, "volume_pct": 0.0}


def test_another_volume_disagrees_and_bars_apart_are_flags_apart(finer: Columns, coarser: Columns) -> None:
    coarser["volume"][0] *= 0.5
    coarser["volume"][4] *= 3
    assert [(flag.from_ms, flag.values) for flag in found(finer, coarser)] == [
        (START, {"price_pct": 0.0, "volume_pct": 50.0}),
        (START + 4 * FIVE, {"price_pct": 0.0, "volume_pct": 200.0}),
    ]


def test_an_incomplete_bar_is_contradicted_by_what_is_outside_its_range(
    finer: Columns, coarser: Columns
) -> None:
    row = 2  # minutes 11 and 12 are missing
    for name, factor in (("open", 1.01), ("close", 0.99), ("high", 1.1), ("low", 0.9), ("volume", 2.0)):
        other = coarser | {name: np.where(np.arange(len(coarser[name])) == row, factor, 1) * coarser[name]}
        assert found(finer, other) == [], name
    for name, factor in (("high", 0.9), ("low", 1.1), ("volume", 0.5)):
        other = coarser | {name: np.where(np.arange(len(coarser[name])) == row, factor, 1) * coarser[name]}
        (flag,) = found(finer, other)
        assert (flag.from_ms, flag.count) == (START + row * FIVE, 1)


def test_where_one_has_no_bar_nothing_is_said(finer: Columns, coarser: Columns) -> None:
    assert START + 6 * FIVE not in coarser["timestamp"]
    later = random_minutes(list(range(100, 200)), 2)
    assert found(later, coarser) == []
    assert found({name: values[:0] for name, values in finer.items()}, coarser) == []
    assert found(finer, {name: values[1:2] for name, values in coarser.items()}) == []


def test_a_volume_where_the_finer_candles_have_none_is_told(finer: Columns, coarser: Columns) -> None:
    finer = finer | {"volume": np.zeros(len(finer["volume"]))}
    (first, *_) = found(finer, coarser)
    assert first.values["volume_pct"] == 100.0
