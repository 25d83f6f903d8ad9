"""The kernel's logs as the tables of a result. Column names are those of the Parquet schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.columns import Coded, Column, Sampled, Table
from engine.events import Events, payloads
from engine.logs import Log, lazily
from engine.plan_arrays import program_of

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
    fills = Log(plan, segment, L.LOG_FILLS)
    tables = {
        "equity": _equity(plan, before, after, segment, fills, bars),
        "fills": _fills(plan, before, fills),
        "trades": _trades(plan, before, after, fills),
        "positions": _positions(plan, segment, fills),
        "events": _events(plan, before, after, segment),
    }
    names = program_of(plan).columns
    if names:
        for number, market in enumerate(plan.markets):
            inside = bars[number]
            first = len(inside) - segment.columns[number].shape[1]
            columns: dict[str, Column] = {"timestamp": inside.timestamp[first:]}
            columns.update(zip(names, segment.columns[number], strict=True))
            tables[f"indicators/{market.symbol}"] = Table(len(inside) - first, columns)
    return tables


def build_days(segment: Segment) -> Table:
    """Return what the bars of each UTC day add up to."""
    floats, ints = segment.days
    return Table(
        len(ints),
        {
            "day": ints[:, L.DI_DAY],
            "bars": ints[:, L.DI_BARS],
            "exposed": ints[:, L.DI_EXPOSED],
            "high": floats[:, L.DF_HIGH],
            "low": floats[:, L.DF_LOW],
            "close": floats[:, L.DF_CLOSE],
        },
    )


# --- equity ----------------------------------------------------------------------------------


def _equity(
    plan: Plan, before: State, after: State, segment: Segment, fills: Log, bars: tuple[Bars, ...]
) -> Table:
    """Equity stands for every bar; what follows from it and the balances is made on demand."""
    derived: dict[str, Any] = {}

    def column(name: str) -> Callable[[], Column]:
        def make() -> Column:
            if not derived:
                derived.update(_expand(plan, before, segment, fills))
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
            "benchmark": Sampled(lambda rows: _benchmark(plan, before, after, segment, bars, rows)),
        },
    )


def _expand(plan: Plan, before: State, segment: Segment, fills: Log) -> dict[str, NDArray[np.float64]]:
    import numpy as np

    from engine import kernel

    names = ("cash", "exposure", "drawdown", "realised_pnl", "unrealised_pnl")
    rows = len(segment.equity)
    starts, balances = _balances(plan, before, segment, fills)
    read: list[Any] = [segment.equity, segment.gross, starts, balances.reshape(-1)]
    columns: list[Any] = [np.empty(rows) for _ in names]
    if not kernel.COMPILED:
        read = [array.tolist() for array in read]
        columns = [[0.0] * rows for _ in names]
    expand: Any = kernel.expand_equity  # its annotations are C types
    expand(*read, plan.initial_equity, float(before.floats[L.GF_PEAK]), *columns)
    return {name: np.asarray(values) for name, values in zip(names, columns, strict=True)}


def _balances(
    plan: Plan, before: State, segment: Segment, fills: Log
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows from which on cash, cash with what is reserved, and realised P&L are these."""
    import numpy as np

    cash, reserved, realised = (float(before.floats[n]) for n in (L.GF_CASH, L.GF_RESERVED, L.GF_REALISED))
    if len(plan.markets) > 1 or plan.is_rich:
        log = Log(plan, segment, L.LOG_BALANCES)
        changes = np.stack([log.number(column) for column in range(L.BF_WIDTH)], axis=1)
        starts = log.whole(0)
    else:
        after = fills.number(L.FF_CASH)
        changes = np.stack([after, after, fills.number(L.FF_REALISED)], axis=1)
        starts = segment.timeline.searchsorted(fills.whole(L.FI_TIME))
        if not before.ints[L.GI_SIZE + L.SI_OPENED]:
            # The market opens with the first row; an allocation under one quantity step becomes cash.
            cash, reserved = cash + reserved, 0.0
    first = np.array([[cash, cash + reserved, realised]])
    return np.concatenate([[0], starts]), np.concatenate([first, changes])


def _benchmark(
    plan: Plan,
    before: State,
    after: State,
    segment: Segment,
    bars: tuple[Bars, ...],
    rows: NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    """Equity of buying every market at its first open, without costs, and holding it; some rows, or all.

    A market's share counts as cash until its first open. A missing bar is marked at the last close.
    """
    import numpy as np

    timeline = segment.timeline if rows is None else segment.timeline[rows]
    total = np.full(len(timeline), float(after.floats[L.GF_BENCHMARK_CASH]))
    for number, market_bars in enumerate(bars):
        at = L.GF_SIZE + number * L.SF_SIZE
        share = float(before.floats[at + L.SF_BENCHMARK_WAITING])
        quantity = float(after.floats[at + L.SF_BENCHMARK_QTY])
        first = int(market_bars.timestamp.searchsorted(plan.start_ms))
        stamps, closes = market_bars.timestamp[first:], market_bars.close[first:]
        if len(stamps) == len(segment.timeline):
            total += quantity * (closes if rows is None else closes[rows])
            continue
        # The newest bar at or before each timestamp; before the first, what the segment began with.
        newest = stamps.searchsorted(timeline, side="right") - 1
        held = np.full(len(timeline), float(before.floats[at + L.SF_MARK]))
        if len(closes):
            held = np.where(newest >= 0, closes[np.maximum(newest, 0)], held)
        waiting = (newest < 0) & (before.ints[L.GI_SIZE + number * L.SI_SIZE + L.SI_OPENED] == 0)
        total += np.where(waiting, share, quantity * held)
    return total


# --- fills, trades, positions, events --------------------------------------------------------


def _fills(plan: Plan, before: State, log: Log) -> Table:
    import numpy as np

    first = int(before.ints[L.GI_FILLS])

    @cache
    def is_entry() -> NDArray[np.bool_]:
        return np.not_equal(log.code(L.CODE_TYPE), L.FILL_EXIT)

    return Table(
        len(log),
        {
            "seq": lambda: np.arange(first, first + len(log), dtype=np.int64),
            "timestamp": lazily(log.whole, L.FI_TIME),
            "symbol": lazily(log.coded, L.CODE_MARKET, plan.symbols),
            "side": lambda: log.text(log.code(L.CODE_SIDE) & 1, ("buy", "sell")),
            "qty": lazily(log.number, L.FF_QTY),
            "price": lazily(log.number, L.FF_PRICE),
            "fee": lazily(log.number, L.FF_FEE),
            "slippage": lazily(log.number, L.FF_SLIPPAGE),
            "liquidity": lazily(_liquidity, log),
            "pnl": lazily(log.number, L.FF_PNL),
            "trigger_id": lazily(log.trigger, L.CODE_RULE),
            "category": lazily(log.category, L.CODE_RULE),
            "reason": lazily(log.coded, L.CODE_REASON, L.FILL_REASONS),
            "is_entry": is_entry,
            "exit_fraction": lambda: np.where(is_entry(), np.nan, log.extra_number(L.XF_FRACTION, 1.0)),
            "position_after": lazily(log.number, L.FF_POSITION),
            "average_cost": lazily(_average_cost, log),
            "cash_after": lazily(log.number, L.FF_CASH),
            "decided_at": lazily(log.whole, L.FI_DECIDED),
            "set_id": lazily(log.whole, L.FI_SET),
            # Risk speaks of stops: null, not zero, where there is none.
            "risk_used_abs": lazily(log.extra_number, L.XF_RISK_USED, np.nan),
            "actual_risk_at_stop": lazily(log.extra_number, L.XF_RISK, np.nan),
            "stop_distance": lazily(log.extra_number, L.XF_STOP_DISTANCE, np.nan),
            "allocated_risk_abs": lazily(log.extra_number, L.XF_ALLOCATED, np.nan),
            "profile_multiplier": lambda: np.where(
                log.code(L.CODE_REASON) == L.FR_ENTRY, log.extra_number(L.XF_MULTIPLIER, 1.0), np.nan
            ),
            "r_multiple": lambda: (
                np.where(is_entry(), np.nan, _r_multiple(log)) if plan.is_rich else log.unknown()
            ),
            "correlation_id": lazily(log.correlation, L.FI_DECISION),
            "margin_after": lambda: (
                log.extra_number(L.XF_MARGIN, np.nan)
                if plan.is_rich
                else log.number(L.FF_POSITION) * log.number(L.FF_ENTRY_PRICE)
            ),
            "funding": lazily(log.extra_number, L.XF_FUNDING, 0.0),
            "bound_by": lazily(log.coded, L.CODE_BOUND, L.BOUNDS),
        },
    )


def _liquidity(log: Log) -> Coded:
    codes = log.code(L.CODE_SIDE) >> 1
    # An allocation is no order: nobody took or made it.
    codes[log.code(L.CODE_REASON) == L.FR_ALLOCATION] = -1
    return log.text(codes, ("taker", "maker"))


def _average_cost(log: Log) -> NDArray[np.float64]:
    """Cost of the position after each fill; 0 when there is none."""
    import numpy as np

    return np.where(log.number(L.FF_POSITION) == 0.0, 0.0, log.number(L.FF_ENTRY_PRICE))


def _r_multiple(log: Log) -> NDArray[np.float64]:
    """P&L ÷ what the part that left would have lost at its stop; null without one."""
    import numpy as np

    return log.number(L.FF_PNL) / log.extra_number(L.XF_RISK, np.nan)


def _trades(plan: Plan, before: State, after: State, fills: Log) -> Table:
    """One row for each exit, against the position that it reduced."""

    @cache
    def exits() -> Log:
        return fills.where(fills.code(L.CODE_TYPE) == L.FILL_EXIT)

    return Table(
        int(after.ints[L.GI_TRADES] - before.ints[L.GI_TRADES]),
        {
            "timestamp": lambda: exits().whole(L.FI_TIME),
            "symbol": lambda: exits().coded(L.CODE_MARKET, plan.symbols),
            # Who sells to leave was long.
            "side": lambda: exits().text(1 - (exits().code(L.CODE_SIDE) & 1), ("long", "short")),
            "entry_timestamp": lambda: exits().whole(L.FI_ENTRY_TIME),
            "exit_timestamp": lambda: exits().whole(L.FI_TIME),
            "entry_price": lambda: exits().number(L.FF_ENTRY_PRICE),
            "exit_price": lambda: exits().number(L.FF_PRICE),
            "entry_trigger": lambda: exits().trigger(L.CODE_ENTRY_RULE),
            "exit_trigger": lambda: exits().trigger(L.CODE_RULE),
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
            "risk": lambda: exits().extra_number(L.XF_RISK, float("nan")),
            "r_multiple": lambda: _r_multiple(exits()) if plan.is_rich else exits().unknown(),
            "exit_reason": lambda: exits().coded(L.CODE_REASON, L.FILL_REASONS),
            "set_id": lambda: exits().whole(L.FI_SET),
            "funding": lambda: exits().extra_number(L.XF_FUNDING, 0.0),
        },
    )


def _positions(plan: Plan, segment: Segment, fills: Log) -> Table:
    if len(plan.markets) == 1 and not plan.is_rich:
        # Each fill is a change of the one position there is.
        return Table(
            len(fills),
            {
                "timestamp": lazily(fills.whole, L.FI_TIME),
                "symbol": lazily(fills.coded, L.CODE_MARKET, plan.symbols),
                "qty": lazily(fills.number, L.FF_POSITION),
                "average_cost": lazily(_average_cost, fills),
                "realised_pnl": lazily(fills.number, L.FF_REALISED),
                "cash": lazily(fills.number, L.FF_CASH),
                "set_id": lazily(fills.whole, L.FI_SET),
                "margin": lambda: fills.number(L.FF_POSITION) * fills.number(L.FF_ENTRY_PRICE),
                "stop_price": fills.unknown,
                "target_price": fills.unknown,
                "liquidation_price": fills.unknown,
            },
        )
    log = Log(plan, segment, L.LOG_POSITIONS)
    return Table(
        len(log),
        {
            "timestamp": lazily(log.whole, L.LI_TIME),
            "symbol": lambda: log.text(log.whole(L.LI_MARKET), plan.symbols),
            "qty": lazily(log.number, L.LF_QTY),
            "average_cost": lazily(log.number, L.LF_COST),
            "realised_pnl": lazily(log.number, L.LF_REALISED),
            "cash": lazily(log.number, L.LF_CASH),
            "set_id": lazily(log.whole, L.LI_SET),
            "margin": lazily(log.number, L.LF_MARGIN),
            "stop_price": lazily(log.number, L.LF_STOP),
            "target_price": lazily(log.number, L.LF_TARGET),
            "liquidation_price": lazily(log.number, L.LF_LIQUIDATION),
        },
    )


def _events(plan: Plan, before: State, after: State, segment: Segment) -> Table:
    import numpy as np

    events = Events(plan, segment)
    first = int(before.ints[L.GI_EVENTS])
    rows = int(after.ints[L.GI_EVENTS]) - first
    return Table(
        rows,
        {
            "seq": lambda: np.arange(first, first + rows, dtype=np.int64),
            "timestamp": lambda: events.repeat(events.log.whole(L.EI_TIME)),
            "type": lambda: events.log.text(events.types, L.EVENT_TYPES),
            "symbol": lambda: events.repeat_text(events.log.coded(L.CODE_MARKET, plan.symbols)),
            "trigger_id": lambda: events.repeat_text(events.log.trigger(L.CODE_RULE)),
            "correlation_id": lambda: [
                f"d{n}" if n >= 0 else None for n in events.repeat(events.log.whole(L.EI_DECISION)).tolist()
            ],
            "payload": lambda: payloads(plan, after, segment, events),
        },
    )
