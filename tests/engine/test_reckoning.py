"""The engine beside the plain reckoning: same fills, same blocks, same money.

Prices and quantities agree to 1e-9 of their size, equity to 1e-8; times, reasons and order exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from engine import preset
from tests.engine.contract.playing import Outcome, Span, candles_of, engine_outcome, near
from tests.engine.market import generated
from tests.engine.random_runs import Run, runs
from tests.reckoning import Bar, Block, Costs, Fill, Result, Setup, Trade, reckon
from tests.reckoning.cross import reckon_cross
from tests.reckoning.documents import read_document
from tests.reckoning.settings import DAY_MS, HOUR_MS

EXACT = {
    Fill: ("time", "symbol", "side", "reason", "liquidity", "trigger", "decided_at", "bound_by"),
    Trade: ("symbol", "side", "entry_time", "exit_time", "reason", "entry_trigger", "exit_trigger", "bars"),
}


def assert_equal(found: Outcome, reckoned: Result) -> None:
    """Fail with the first thing that differs."""
    _assert_same_rows(found.fills, reckoned.fills)
    _assert_same_rows(found.trades, reckoned.trades)
    _assert_same_blocks(found.spans, reckoned.blocks)
    assert [row.time for row in found.equity] == [row.time for row in reckoned.equity]
    for row, other_row in zip(found.equity, reckoned.equity, strict=True):
        assert row.equity == pytest.approx(other_row.equity, rel=1e-8, abs=1e-6), row
        assert row.cash == pytest.approx(other_row.cash, rel=1e-8, abs=1e-6), row
        assert row.exposure == pytest.approx(other_row.exposure, rel=1e-7, abs=1e-9), row


def _assert_same_rows(ours: Sequence[Fill | Trade], theirs: Sequence[Fill | Trade]) -> None:
    for mine, other in zip(ours, theirs, strict=False):
        _assert_same(mine, other)
    assert len(ours) == len(theirs), (*ours[len(theirs) :], *theirs[len(ours) :])[0]


def _assert_same(mine: Fill | Trade, other: Fill | Trade) -> None:
    exact = EXACT[type(mine)]
    assert [getattr(mine, name) for name in exact] == [getattr(other, name) for name in exact], other
    for field in fields(mine):
        if field.name in exact or field.name == "covered":
            continue
        ours, theirs = getattr(mine, field.name), getattr(other, field.name)
        if ours is None or theirs is None:
            assert ours is theirs, (field.name, mine, other)
            continue
        # Amounts are differences of larger ones: a cent's billionth stands for their last bits.
        least = 1e-9 if "price" in field.name else 1e-7
        assert ours == pytest.approx(theirs, rel=1e-9, abs=least), (field.name, mine, other)


def _assert_same_blocks(spans: list[Span], blocks: list[Block]) -> None:
    """Every block lies in one span of its kind, which counts it; none is missing, none spans two days."""
    times: dict[tuple[str, str | None, str, str], list[int]] = {}
    for block in blocks:
        times.setdefault((block.symbol, block.trigger, block.rule, block.reason), []).append(block.time)
    for span in spans:
        kind = (span.symbol, span.trigger, span.rule, span.reason)
        inside = [time for time in times.get(kind, []) if span.first <= time <= span.last]
        assert inside, (span, "is not reckoned")
        assert (inside[0], inside[-1], len(inside)) == (span.first, span.last, span.count), (span, inside)
        assert span.first // DAY_MS == span.last // DAY_MS, span
        times[kind] = [time for time in times[kind] if time > span.last or time < span.first]
    assert not any(times.values()), {kind: left for kind, left in times.items() if left}


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(runs())
def test_any_run_equals_the_plain_reckoning(run: Run) -> None:
    assert_equal(engine_outcome(run.document, run.setup), reckon(run.setup))


@pytest.mark.parametrize("seed", range(3))
def test_an_ema_cross_on_two_ragged_markets(seed: int) -> None:
    markets = {
        "A": candles_of(generated(3000, seed, step_ms=HOUR_MS, holes=0.02)),
        "B": candles_of(generated(3000, seed + 50, step_ms=HOUR_MS, holes=0.05)),
    }
    reckoned = reckon_cross(
        markets, step_ms=HOUR_MS, start=0, cash=10_000.0, fast=12, slow=26, fraction=0.95,
        costs=Costs(10.0, 10.0, 2.0), quantity_step=1e-4,
    )  # fmt: skip
    found = engine_outcome(
        preset("ema_cross"),
        Setup(markets, {}, [], HOUR_MS, cash=10_000.0, costs=Costs(10.0, 10.0, 2.0), quantity_step=1e-4),
    )
    # The rules' names differ (a preset's and the reckoning's), nothing else does.
    assert [(f.time, f.symbol, f.side) for f in found.fills] == [
        (f.time, f.symbol, f.side) for f in reckoned.fills
    ]
    assert len(found.fills) > 100
    for mine, other in zip(found.fills, reckoned.fills, strict=True):
        assert (mine.qty, mine.price) == near((other.qty, other.price), rel=1e-9)
    assert found.equity[-1].equity == near(reckoned.equity[-1].equity, rel=1e-9)


LONG_AND_SHORT = {
    "name": "long and short",
    "triggers": [
        {
            "id": "dip", "category": "mean_reversion", "confidence": "A",
            "entry": "close < open - 1.5 * atr(14)",
            "exit": "close > open + 2 * atr(14) or pnl_pct > 6", "exit_fraction": 0.5, "scale_in": 3,
            "stop": {"atr": 3}, "trailing": {"percent": 9}, "max_bars": 96,
        },
        {
            "id": "break", "category": "volatility_breakout", "direction": "short",
            "entry": "high - low > 3 * atr(14)", "exit": "current_r > 2", "hold": "age < 4",
            "order": {"stop": "low", "valid_for": 6}, "stop": {"percent": 2.5}, "target": {"r": 3},
        },
        {"id": "storm", "category": "risk_off", "exit": "high - low > 8 * atr(14)"},
    ],
    "sizing": {"mode": "risk", "risk_pct": 1, "profile": {"A": 0.8}},
    "risk": {"max_symbol_exposure_pct": 150, "max_portfolio_exposure_pct": 250, "max_daily_loss_pct": 4},
    "behaviour": {"conflicting_signals": "reverse", "min_flat_hours": 2, "min_hold_hours": 2},
}  # fmt: skip


@pytest.mark.parametrize("first_year", [2021, 2023])
def test_long_and_short_with_leverage_on_generated_years(first_year: int) -> None:
    """Thousands of hours cross the blocks in which the engine works."""
    markets = {
        name: candles_of(generated(9000, first_year + n, step_ms=HOUR_MS, holes=0.01))
        for n, name in enumerate(("BTC-USDT-PERP", "ETH-USDT-PERP"))
    }
    assert_same_run(LONG_AND_SHORT, markets)


def assert_same_run(document: Mapping[str, Any], markets: Mapping[str, Sequence[Bar]]) -> None:
    times = range(markets[min(markets)][0].time, markets[min(markets)][-1].time, 8 * HOUR_MS)
    setup = read_document(
        document, markets, HOUR_MS, start_ms=markets[min(markets)][50].time, cash=10_000.0,
        costs=Costs(5.0, 2.0, 2.0, 0.01), leverage=3.0, quantity_step=1e-5, min_notional=5.0,
        funding={symbol: [(time, 0.0001) for time in times] for symbol in markets},
    )  # fmt: skip
    reckoned = reckon(setup)
    assert len(reckoned.fills) > 200
    assert_equal(engine_outcome(document, setup), reckoned)
