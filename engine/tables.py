"""The kernel's logs as the tables of a result. Column names are those of the Parquet schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine import layout as L
from engine.columns import Coded, Column, Table
from engine.events import payloads
from engine.program import compile_program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.machine import Segment
    from engine.plan import Plan
    from engine.state import State


def build_tables(
    plan: Plan, before: State, after: State, segment: Segment, bars: tuple[Bars, ...]
) -> Mapping[str, Table]:
    """Return equity, fills, trades, positions, events and `indicators/{symbol}` of one segment."""
    tables = {
        "equity": _equity(plan, before, after, segment, bars),
        "fills": _fills(plan, before, segment),
        "trades": _trades(plan, segment),
        "positions": _positions(plan, segment),
        "events": _events(plan, before, after, segment),
    }
    names = compile_program(plan.strategy, plan.record_indicators).columns
    if names:
        for number, market in enumerate(plan.markets):
            inside = bars[number]
            first = len(inside) - segment.columns[number].shape[1]
            columns: dict[str, Column] = {"timestamp": inside.timestamp[first:]}
            columns.update(zip(names, segment.columns[number], strict=True))
            tables[f"indicators/{market.symbol}"] = Table(len(inside) - first, columns)
    return tables


# --- equity ----------------------------------------------------------------------------------


def _equity(plan: Plan, before: State, after: State, segment: Segment, bars: tuple[Bars, ...]) -> Table:
    """Equity stands for every bar; what follows from it and the few changes of the balances is made on demand."""
    derived: dict[str, Any] = {}

    def column(name: str) -> Callable[[], Column]:
        def make() -> Column:
            if not derived:
                derived.update(_expand(plan, before, segment))
            return derived[name]

        return make

    return Table(
        len(segment.timeline),
        {
            "timestamp": segment.timeline,
            "equity": segment.equity,
            "cash": column("cash"),
            "exposure": column("exposure"),
            "drawdown": column("drawdown"),
            "realised_pnl": column("realised_pnl"),
            "unrealised_pnl": column("unrealised_pnl"),
            "benchmark": lambda: _benchmark(plan, before, after, segment, bars),
        },
    )


def _expand(plan: Plan, before: State, segment: Segment) -> dict[str, NDArray[np.float64]]:
    import numpy as np

    from engine import kernel

    names = ("cash", "exposure", "drawdown", "realised_pnl", "unrealised_pnl")
    rows = len(segment.equity)
    columns = {name: np.empty(rows) for name in names}
    used = columns if kernel.COMPILED else {name: [0.0] * rows for name in names}
    equity = segment.equity if kernel.COMPILED else segment.equity.tolist()
    changes = [(0, before.floats[L.GF_CASH], _base(before), before.floats[L.GF_REALISED])]
    balances = segment.floats[L.LOG_BALANCES]
    starts = segment.ints[L.LOG_BALANCES][:, 0]
    changes += [(int(row), *values) for row, values in zip(starts, balances.tolist(), strict=True)]
    peak = float(before.floats[L.GF_PEAK])
    for number, (first, cash, base, realised) in enumerate(changes):
        last = changes[number + 1][0] if number + 1 < len(changes) else rows
        if last > first:
            peak = kernel.expand_equity(
                equity, first, last, float(cash), float(base), float(realised), plan.initial_equity, peak,
                *(used[name] for name in names),
            )  # fmt: skip
    if not kernel.COMPILED:
        columns = {name: np.array(values, dtype=np.float64) for name, values in used.items()}
    return columns


def _base(state: State) -> float:
    return float(state.floats[L.GF_CASH] + state.floats[L.GF_RESERVED])


def _benchmark(
    plan: Plan, before: State, after: State, segment: Segment, bars: tuple[Bars, ...]
) -> NDArray[np.float64]:
    """Equity of buying every market at its first open, without costs, and holding it.

    A market's share counts as cash until its first open. A missing bar is marked at the last close.
    """
    import numpy as np

    total = np.full(len(segment.timeline), float(after.floats[L.GF_BENCHMARK_CASH]))
    for number, market_bars in enumerate(bars):
        at = L.GF_SIZE + number * L.SF_SIZE
        share = float(before.floats[at + L.SF_BENCHMARK_WAITING])
        quantity = float(after.floats[at + L.SF_BENCHMARK_QTY])
        first = int(market_bars.timestamp.searchsorted(plan.start_ms))
        stamps, closes = market_bars.timestamp[first:], market_bars.close[first:]
        if len(stamps) == len(segment.timeline):
            total += quantity * closes
            continue
        # The newest bar at or before each timestamp; before the first, what the segment began with.
        newest = stamps.searchsorted(segment.timeline, side="right") - 1
        held = np.full(len(segment.timeline), float(before.floats[at + L.SF_MARK]))
        if len(closes):
            held = np.where(newest >= 0, closes[np.maximum(newest, 0)], held)
        waiting = (newest < 0) & (before.ints[L.GI_SIZE + number * L.SI_SIZE + L.SI_OPENED] == 0)
        total += np.where(waiting, share, quantity * held)
    return total


# --- fills, trades, positions ----------------------------------------------------------------


def _fills(plan: Plan, before: State, segment: Segment) -> Table:
    import numpy as np

    f, i = segment.floats[L.LOG_FILLS], segment.ints[L.LOG_FILLS]
    rows = len(f)
    entry = i[:, L.FI_ENTRY] == 1
    # Risk fields speak of stops, which no rule has yet: they are null, not zero.
    unknown = np.full(rows, np.nan)
    triggers, categories = _rule_columns(plan, i[:, L.FI_RULE])
    allocated = i[:, L.FI_REASON] == L.FR_ALLOCATION
    return Table(
        rows,
        {
            "seq": np.arange(rows, dtype=np.int64) + before.ints[L.GI_FILLS],
            "timestamp": i[:, L.FI_TIME].copy(),
            "symbol": Coded(i[:, L.FI_MARKET].astype(np.int32), plan.symbols),
            "side": Coded(np.where(entry, 0, 1).astype(np.int32), ("buy", "sell")),
            "qty": f[:, L.FF_QTY].copy(),
            "price": f[:, L.FF_PRICE].copy(),
            "fee": f[:, L.FF_FEE].copy(),
            "slippage": f[:, L.FF_SLIPPAGE].copy(),
            # An allocation is no order: nobody took or made it.
            "liquidity": Coded(np.where(allocated, -1, 0).astype(np.int32), ("taker", "maker")),
            "pnl": f[:, L.FF_PNL].copy(),
            "trigger_id": triggers,
            "category": categories,
            "reason": Coded(i[:, L.FI_REASON].astype(np.int32), L.FILL_REASONS),
            "is_entry": entry,
            "exit_fraction": np.where(entry, np.nan, 1.0),
            "position_after": f[:, L.FF_POSITION].copy(),
            "average_cost": f[:, L.FF_COST].copy(),
            "cash_after": f[:, L.FF_CASH].copy(),
            "decided_at": i[:, L.FI_DECIDED].copy(),
            "set_id": i[:, L.FI_SET].copy(),
            "risk_used_abs": unknown,
            "actual_risk_at_stop": unknown,
            "stop_distance": unknown,
            "allocated_risk_abs": unknown,
            "profile_multiplier": unknown,
            "r_multiple": unknown,
            "correlation_id": lambda: _correlation_ids(i[:, L.FI_DECISION]),
        },
    )


def _trades(plan: Plan, segment: Segment) -> Table:
    """One row for each exit, against the position that it reduced."""
    import numpy as np

    exits = segment.ints[L.LOG_FILLS][:, L.FI_ENTRY] == 0
    f, i = segment.floats[L.LOG_FILLS][exits], segment.ints[L.LOG_FILLS][exits]
    rows = len(f)
    unknown = np.full(rows, np.nan)
    return Table(
        rows,
        {
            "timestamp": i[:, L.FI_TIME].copy(),
            "symbol": Coded(i[:, L.FI_MARKET].astype(np.int32), plan.symbols),
            "side": Coded(np.zeros(rows, dtype=np.int32), ("long", "short")),
            "entry_timestamp": i[:, L.FI_ENTRY_TIME].copy(),
            "exit_timestamp": i[:, L.FI_TIME].copy(),
            "entry_price": f[:, L.FF_ENTRY_PRICE].copy(),
            "exit_price": f[:, L.FF_PRICE].copy(),
            "entry_trigger": _rule_columns(plan, i[:, L.FI_ENTRY_RULE])[0],
            "exit_trigger": _rule_columns(plan, i[:, L.FI_RULE])[0],
            "qty": f[:, L.FF_QTY].copy(),
            "pnl": f[:, L.FF_PNL].copy(),
            "fees": f[:, L.FF_FEE] + f[:, L.FF_ENTRY_FEES],
            "return_pct": f[:, L.FF_RETURN] * 100.0,
            "bars": i[:, L.FI_BARS].copy(),
            "mae": f[:, L.FF_MAE].copy(),
            "mfe": f[:, L.FF_MFE].copy(),
            "risk": unknown,
            "r_multiple": unknown,
            "exit_reason": Coded(i[:, L.FI_REASON].astype(np.int32), L.FILL_REASONS),
            "set_id": i[:, L.FI_SET].copy(),
        },
    )


def _positions(plan: Plan, segment: Segment) -> Table:
    import numpy as np

    f, i = segment.floats[L.LOG_POSITIONS], segment.ints[L.LOG_POSITIONS]
    return Table(
        len(f),
        {
            "timestamp": i[:, L.LI_TIME].copy(),
            "symbol": Coded(i[:, L.LI_MARKET].astype(np.int32), plan.symbols),
            "qty": f[:, L.LF_QTY].copy(),
            "average_cost": f[:, L.LF_COST].copy(),
            "realised_pnl": f[:, L.LF_REALISED].copy(),
            "cash": f[:, L.LF_CASH].copy(),
            "set_id": i[:, L.LI_SET].copy(),
        },
    )


# --- events ----------------------------------------------------------------------------------


def _events(plan: Plan, before: State, after: State, segment: Segment) -> Table:
    import numpy as np

    i = segment.ints[L.LOG_EVENTS]
    rows = len(i)
    return Table(
        rows,
        {
            "seq": np.arange(rows, dtype=np.int64) + before.ints[L.GI_EVENTS],
            "timestamp": i[:, L.EI_TIME].copy(),
            "type": Coded(i[:, L.EI_TYPE].astype(np.int32), L.EVENT_TYPES),
            "symbol": Coded(i[:, L.EI_MARKET].astype(np.int32), plan.symbols),
            "trigger_id": _rule_columns(plan, i[:, L.EI_RULE])[0],
            "correlation_id": lambda: _correlation_ids(i[:, L.EI_DECISION]),
            "payload": lambda: payloads(plan, after, segment),
        },
    )


def _rule_columns(plan: Plan, rules: NDArray[np.int64]) -> tuple[Coded, Coded]:
    """Trigger ids and categories of rule numbers; null for -1 (no rule)."""
    import numpy as np

    triggers = plan.strategy.triggers
    of_rule = [rule.trigger for rule in compile_program(plan.strategy, plan.record_indicators).rules]
    codes = np.array([*of_rule, -1], dtype=np.int32)[rules]
    kinds = tuple(dict.fromkeys(trigger.category for trigger in triggers))
    kind_of = np.array([*(kinds.index(trigger.category) for trigger in triggers), -1], dtype=np.int32)
    return Coded(codes, tuple(trigger.id for trigger in triggers)), Coded(kind_of[codes], kinds)


def _correlation_ids(decisions: NDArray[np.int64]) -> list[str | None]:
    """`d7` for what belongs to decision 7, from the rule that fired to its fill or block; null without one."""
    return [f"d{number}" if number >= 0 else None for number in decisions.tolist()]
