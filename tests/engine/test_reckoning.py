"""The engine beside the plain reckoning: same fills, same blocks, same money.

Prices and quantities agree to 1e-9 of their size, equity to 1e-8; times, reasons and order exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings

from tests.engine.contract.playing import Outcome, Span, engine_outcome
from tests.engine.random_runs import Run, runs
from tests.reckoning import Block, Fill, Result, Trade, reckon
from tests.reckoning.settings import DAY_MS

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
