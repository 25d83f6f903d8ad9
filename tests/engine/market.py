"""Small markets and documents for the engine's tests."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from engine import Bars, Costs, Market, Result, run
from engine.columns import Coded, Table
from engine.plan import Funding

MINUTE = 60_000


def candles(
    pairs: Sequence[tuple[float, float]],
    *,
    at: Sequence[int] | None = None,
    spread: float = 0.0,
) -> Bars:
    """One bar for each (open, close), a minute apart or `at` these minutes; shadows reach `spread` beyond."""
    opens = np.array([o for o, _ in pairs], dtype=np.float64)
    closes = np.array([c for _, c in pairs], dtype=np.float64)
    minutes = np.array(range(len(pairs)) if at is None else at, dtype=np.int64)
    return Bars(
        minutes * MINUTE,
        opens,
        np.maximum(opens, closes) + spread,
        np.minimum(opens, closes) - spread,
        closes,
        np.ones(len(pairs)),
    )


def generated(rows: int, seed: int = 1, *, step_ms: int = MINUTE, holes: float = 0.0) -> Bars:
    """A random walk around 100 with shadows; `holes` is the share of bars that are missing."""
    random = np.random.default_rng(seed)
    closes = 100.0 * np.exp(np.cumsum(random.standard_normal(rows) * 0.01))
    opens = np.concatenate([[100.0], closes[:-1]]) * (1.0 + random.standard_normal(rows) * 0.001)
    highs = np.maximum(opens, closes) * (1.0 + np.abs(random.standard_normal(rows)) * 0.003)
    lows = np.minimum(opens, closes) * (1.0 - np.abs(random.standard_normal(rows)) * 0.003)
    keep = random.random(rows) >= holes
    stamps = np.arange(rows, dtype=np.int64) * step_ms
    return Bars(
        stamps[keep],
        opens[keep],
        highs[keep],
        lows[keep],
        closes[keep],
        random.random(rows)[keep] * 50.0,
    )


def document(entry: str | None, leave: str | None, fraction: float = 0.5, **fields: Any) -> dict[str, object]:
    """A strategy of one trigger, `t`."""
    trigger = {"id": "t", "entry": entry, "exit": leave}
    return {
        "name": "test",
        "triggers": [{key: value for key, value in trigger.items() if value is not None}],
        "sizing": {"mode": "fraction", "fraction": fraction},
        **fields,
    }


def play(
    strategy: Mapping[str, Any],
    bars: Bars | Mapping[str, Bars],
    *,
    cash: float = 1000.0,
    fee_bps: float = 0.0,
    slippage_bps: float = 0.0,
    step: float = 0.0,
    min_notional: float = 0.0,
    start: int = 0,
    end: int | None = None,
    allocations: tuple[float, ...] = (),
    kernel: ModuleType | None = None,
    record_indicators: bool = False,
    step_ms: int = MINUTE,
) -> Result:
    """Run from bar `start`, without costs or limits unless given."""
    series = {"A": bars} if isinstance(bars, Bars) else dict(bars)
    return run(
        strategy,
        series,
        initial_cash=cash,
        allocations=allocations,
        costs=Costs(fee_bps, slippage_bps),
        start_ms=start * step_ms,
        end_ms=None if end is None else end * step_ms,
        timeframe_ms=step_ms,
        markets=tuple(Market(symbol, step, min_notional) for symbol in series),
        record_indicators=record_indicators,
        funding=funding_for(strategy, series),
        kernel=kernel,
    )


def funding_for(strategy: Mapping[str, Any], series: Mapping[str, Bars]) -> Funding | None:
    """One basis point every eight hours for a document that sells short, which is not run without."""
    if not any(trigger.get("direction") == "short" for trigger in strategy["triggers"]):
        return None
    end_ms = max(int(bars.timestamp[-1]) for bars in series.values() if len(bars))
    return Funding.constant(1.0, 8, 0, end_ms)


def rows(table: Table) -> list[dict[str, Any]]:
    """A table as one mapping for each row."""
    columns = {
        name: values.tolist() if isinstance(values, Coded | np.ndarray) else values
        for name, values in table.items()
    }
    return [{name: values[row] for name, values in columns.items()} for row in range(table.rows)]


def same_column(first: Any, second: Any) -> bool:
    """Equal to the bit: NaN equals NaN, and 0.0 does not equal -0.0."""
    if isinstance(first, Coded):
        return bool(np.array_equal(first.codes, second.codes) and first.names == second.names)
    if isinstance(first, list):
        return bool(first == second)
    left, right = np.ascontiguousarray(first), np.ascontiguousarray(second)
    return left.dtype == right.dtype and left.tobytes() == right.tobytes()


def same_tables(first: Mapping[str, Table], second: Mapping[str, Table]) -> bool:
    """Tell whether both hold the same tables with the same bits; fail with the column that differs."""
    assert list(first) == list(second)
    for name, table in first.items():
        assert list(table) == list(second[name])
        for column in table:
            assert same_column(table[column], second[name][column]), f"{name}.{column} differs"
    return True
