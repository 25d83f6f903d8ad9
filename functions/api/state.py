"""The account at a time: one search in the positions and one in the equity, never a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.api.published import Published
from shared import access
from shared.resolved_run import ResolvedRun
from shared.responses_market import PendingAllocation, PositionRow, StateAnswer
from shared.run_candles import candles_of
from shared.times import iso

if TYPE_CHECKING:
    from shared.series_reader import SeriesReader


def state_at(results: Published, ms: int) -> StateAnswer:
    """Return the state after every fill at or before `ms`.

    Before the first bar it is what the account starts with, after the last bar what it ended with.
    """
    resolved = results.resolved
    pending = _pending(results, resolved, ms)
    initial = resolved.initial_cash + sum(resolved.allocations)
    row = _last_row(results.reader.series("equity"), ms)
    if row is None:
        return StateAnswer(
            timestamp=iso(ms),
            bar=None,
            equity=initial,
            return_pct=0.0,
            cash=resolved.initial_cash,
            realised_pnl=0.0,
            unrealised_pnl=0.0,
            exposure=0.0,
            drawdown=0.0,
            positions=[],
            pending_allocations=pending,
        )
    return StateAnswer(
        timestamp=iso(ms),
        bar=iso(row["timestamp"]),
        equity=row["equity"],
        return_pct=100.0 * (row["equity"] / initial - 1.0),
        cash=row["cash"],
        realised_pnl=row["realised_pnl"],
        unrealised_pnl=row["unrealised_pnl"],
        exposure=row["exposure"],
        drawdown=row["drawdown"],
        positions=_positions(results, ms),
        pending_allocations=pending,
    )


def _last_row(equity: SeriesReader, ms: int) -> dict[str, Any] | None:
    stop = equity.first_at_or_after(ms + 1)
    if stop == 0:
        return None
    row: dict[str, Any] = equity.slice(stop - 1, stop).to_pylist()[0]
    return row


def _positions(results: Published, ms: int) -> list[PositionRow]:
    rows = results.reader.series("positions").last_moment(ms, list(PositionRow.model_fields))
    return [PositionRow(**row) for row in rows.to_pylist() if row["qty"] != 0]


def _pending(results: Published, resolved: ResolvedRun, ms: int) -> list[PendingAllocation]:
    """Return the allocations that no open of their market has turned into a position by `ms`."""
    waiting = []
    owners = results.run.dataset_owners
    for number, (symbol, value) in enumerate(zip(resolved.symbols, resolved.allocations, strict=True)):
        if not value:
            continue
        opens_at = resolved.start_ms
        if ms >= opens_at:
            version = candles_of(access.store(), resolved, number, owners[number])
            # A market whose candles are missing at the start opens after that gap.
            for gap in version.gaps_between(opens_at, opens_at + 1):
                opens_at = gap.to_ms + resolved.timeframe_ms
        if ms < opens_at:
            waiting.append(PendingAllocation(symbol=symbol.symbol, value=value))
    return waiting
