"""The kernel's logs as the tables of a result. Column names are those of the Parquet schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
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
        "trades": _trades(plan, before, after, segment),
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
    """Equity stands for every bar; what follows from it and the balances is made on demand."""
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


# --- fills, trades, positions, events --------------------------------------------------------


class _Log:
    """One of the kernel's logs: columns as views, codes and everything else made when asked for."""

    def __init__(self, plan: Plan, floats: NDArray[np.float64], ints: NDArray[np.int64]) -> None:
        self._plan = plan
        self._floats = floats
        self._ints = ints

    def __len__(self) -> int:
        return len(self._ints)

    def number(self, column: int) -> NDArray[np.float64]:
        return self._floats[:, column]

    def whole(self, column: int) -> NDArray[np.int64]:
        return self._ints[:, column]

    def code(self, part: int) -> NDArray[np.int32]:
        """One part of the packed codes (the first column of the ints); -1 where there is none."""
        mask = (1 << L.CODE_BITS[part]) - 1
        return (((self._ints[:, 0] >> part) & mask) - 1).astype("int32")

    def coded(self, part: int, names: tuple[str, ...]) -> Callable[[], Coded]:
        return lambda: Coded(self.code(part), names)

    def one(self, code: int, names: tuple[str, ...]) -> Callable[[], Coded]:
        """The same text in every row."""
        import numpy as np

        return lambda: Coded(np.full(len(self), code, dtype=np.int32), names)

    def unknown(self) -> NDArray[np.float64]:
        """Null in every row: the risk fields speak of stops, which no rule has yet."""
        import numpy as np

        return np.full(len(self), np.nan)

    def trigger(self, part: int) -> Callable[[], Coded]:
        """Trigger ids of rule numbers; null for -1 (no rule)."""
        names = tuple(trigger.id for trigger in self._plan.strategy.triggers)
        return lambda: Coded(self._trigger_codes(part), names)

    def category(self, part: int) -> Callable[[], Coded]:
        """Categories of the triggers that rule numbers belong to."""
        import numpy as np

        triggers = self._plan.strategy.triggers
        kinds = tuple(dict.fromkeys(trigger.category for trigger in triggers))
        of_trigger = np.array([*(kinds.index(trigger.category) for trigger in triggers), -1], dtype=np.int32)
        return lambda: Coded(of_trigger[self._trigger_codes(part)], kinds)

    def correlation(self, column: int) -> Callable[[], list[str | None]]:
        """`d7` for what belongs to decision 7, from the rule that fired to its fill or block."""
        return lambda: [f"d{n}" if n >= 0 else None for n in self._ints[:, column].tolist()]

    def _trigger_codes(self, part: int) -> NDArray[np.int32]:
        import numpy as np

        rules = compile_program(self._plan.strategy, self._plan.record_indicators).rules
        return np.array([*(rule.trigger for rule in rules), -1], dtype=np.int32)[self.code(part)]


def _fills(plan: Plan, before: State, segment: Segment) -> Table:
    import numpy as np

    log = _Log(plan, segment.floats[L.LOG_FILLS], segment.ints[L.LOG_FILLS])
    first = int(before.ints[L.GI_FILLS])

    def is_entry() -> NDArray[np.bool_]:
        return np.not_equal(log.code(L.CODE_TYPE), L.FILL_EXIT)

    return Table(
        len(log),
        {
            "seq": lambda: np.arange(first, first + len(log), dtype=np.int64),
            "timestamp": log.whole(L.FI_TIME),
            "symbol": log.coded(L.CODE_MARKET, plan.symbols),
            "side": lambda: Coded(np.where(is_entry(), 0, 1).astype(np.int32), ("buy", "sell")),
            "qty": log.number(L.FF_QTY),
            "price": log.number(L.FF_PRICE),
            "fee": log.number(L.FF_FEE),
            "slippage": log.number(L.FF_SLIPPAGE),
            # An allocation is no order: nobody took or made it.
            "liquidity": lambda: Coded(
                np.where(log.code(L.CODE_REASON) == L.FR_ALLOCATION, -1, 0).astype(np.int32),
                ("taker", "maker"),
            ),
            "pnl": log.number(L.FF_PNL),
            "trigger_id": log.trigger(L.CODE_RULE),
            "category": log.category(L.CODE_RULE),
            "reason": log.coded(L.CODE_REASON, L.FILL_REASONS),
            "is_entry": is_entry,
            "exit_fraction": lambda: np.where(is_entry(), np.nan, 1.0),
            "position_after": log.number(L.FF_POSITION),
            "average_cost": lambda: np.where(
                log.number(L.FF_POSITION) == 0.0, 0.0, log.number(L.FF_ENTRY_PRICE)
            ),
            "cash_after": log.number(L.FF_CASH),
            "decided_at": log.whole(L.FI_DECIDED),
            "set_id": log.whole(L.FI_SET),
            "risk_used_abs": log.unknown,
            "actual_risk_at_stop": log.unknown,
            "stop_distance": log.unknown,
            "allocated_risk_abs": log.unknown,
            "profile_multiplier": log.unknown,
            "r_multiple": log.unknown,
            "correlation_id": log.correlation(L.FI_DECISION),
        },
    )


def _trades(plan: Plan, before: State, after: State, segment: Segment) -> Table:
    """One row for each exit, against the position that it reduced."""

    def exits() -> _Log:
        if not found:
            codes = segment.ints[L.LOG_FILLS][:, L.FI_CODE]
            rows = (codes & ((1 << L.CODE_BITS[L.CODE_TYPE]) - 1)) == L.FILL_EXIT + 1
            found.append(_Log(plan, segment.floats[L.LOG_FILLS][rows], segment.ints[L.LOG_FILLS][rows]))
        return found[0]

    found: list[_Log] = []
    return Table(
        int(after.ints[L.GI_TRADES] - before.ints[L.GI_TRADES]),
        {
            "timestamp": lambda: exits().whole(L.FI_TIME),
            "symbol": lambda: exits().coded(L.CODE_MARKET, plan.symbols)(),
            "side": lambda: exits().one(0, ("long", "short"))(),
            "entry_timestamp": lambda: exits().whole(L.FI_ENTRY_TIME),
            "exit_timestamp": lambda: exits().whole(L.FI_TIME),
            "entry_price": lambda: exits().number(L.FF_ENTRY_PRICE),
            "exit_price": lambda: exits().number(L.FF_PRICE),
            "entry_trigger": lambda: exits().trigger(L.CODE_ENTRY_RULE)(),
            "exit_trigger": lambda: exits().trigger(L.CODE_RULE)(),
            "qty": lambda: exits().number(L.FF_QTY),
            "pnl": lambda: exits().number(L.FF_PNL),
            "fees": lambda: exits().number(L.FF_FEE) + exits().number(L.FF_ENTRY_FEES),
            # Of what the entry cost, before its fee.
            "return_pct": lambda: (
                exits().number(L.FF_PNL)
                / (exits().number(L.FF_QTY) * exits().number(L.FF_ENTRY_PRICE))
                * 100.0
            ),
            "bars": lambda: exits().whole(L.FI_BARS),
            "mae": lambda: exits().number(L.FF_MAE),
            "mfe": lambda: exits().number(L.FF_MFE),
            "risk": lambda: exits().unknown(),
            "r_multiple": lambda: exits().unknown(),
            "exit_reason": lambda: exits().coded(L.CODE_REASON, L.FILL_REASONS)(),
            "set_id": lambda: exits().whole(L.FI_SET),
        },
    )


def _positions(plan: Plan, segment: Segment) -> Table:
    import numpy as np

    log = _Log(plan, segment.floats[L.LOG_POSITIONS], segment.ints[L.LOG_POSITIONS])
    return Table(
        len(log),
        {
            "timestamp": log.whole(L.LI_TIME),
            "symbol": lambda: Coded(log.whole(L.LI_MARKET).astype(np.int32), plan.symbols),
            "qty": log.number(L.LF_QTY),
            "average_cost": log.number(L.LF_COST),
            "realised_pnl": log.number(L.LF_REALISED),
            "cash": log.number(L.LF_CASH),
            "set_id": log.whole(L.LI_SET),
        },
    )


def _events(plan: Plan, before: State, after: State, segment: Segment) -> Table:
    import numpy as np

    log = _Log(plan, segment.floats[L.LOG_EVENTS], segment.ints[L.LOG_EVENTS])
    first = int(before.ints[L.GI_EVENTS])
    return Table(
        len(log),
        {
            "seq": lambda: np.arange(first, first + len(log), dtype=np.int64),
            "timestamp": log.whole(L.EI_TIME),
            "type": log.coded(L.CODE_TYPE, L.EVENT_TYPES),
            "symbol": log.coded(L.CODE_MARKET, plan.symbols),
            "trigger_id": log.trigger(L.CODE_RULE),
            "correlation_id": log.correlation(L.EI_DECISION),
            "payload": lambda: payloads(plan, after, segment),
        },
    )
