"""The measures of a finished run; docs/metrics.md has formula, unit and source of each.

What is here comes from sums that the fold carries in its state, so that a sweep needs nothing else; what
days and single trades tell comes from the run's Report, where there is one. Either way the series is never
read again, and a metric has the same bits however the run was cut. Bar returns are
`equity / equity before − 1` over consecutive timestamps, the first against the initial equity. Annual
figures count the run's real bar length in a year of 365 days, since crypto markets do not close.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.diagnostics import exit_counts, rule_counts
from engine.plan_arrays import YEAR_MS
from engine.statistics.numbers import grown_pct
from engine.statistics.sheet import Missing, Sheet, Sheets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.plan import Plan
    from engine.state import State
    from engine.statistics.report import Report

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Metrics = dict[str, Any]
"""Numbers, texts, None where undefined; `left_open` a list, `blocked` and `undefined` mappings."""

_NONE = "no trade was closed"


def metrics(plan: Plan, state: State, report: Report | None = None) -> Metrics:
    """Return every metric of the run in `state` (percentages are of 100, money in quote currency).

    Those that need days or single trades are there only with the run's `report`. What cannot be computed
    is None, and `undefined` says why.
    """
    (found,) = metrics_of([plan], state.floats[None], state.ints[None])
    if report is None:
        return found
    sheet = Sheet(found, found.pop("undefined"))
    report.put_metrics(sheet, found["sqn"])
    return {**sheet.metrics, "undefined": sheet.undefined}


def metrics_of(plans: Sequence[Plan], floats: Floats, ints: Ints) -> list[Metrics]:
    """Return the metrics of several runs at once, whose states are the rows of `floats` and `ints`.

    Their plans differ in nothing but the parameters of one document.
    """
    import numpy as np

    sheets, f, i = Sheets(len(plans)), floats.T, ints.T
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        _put_account(sheets, plans[0], f, i)
        _put_trades(sheets, f, i)
        _put_costs(sheets, plans[0], f, i)
        _put_rules(sheets, plans, f, i)
        _put_growth(sheets, plans[0], f)
    rows = sheets.rows()
    for row, undefined in zip(rows, sheets.undefined, strict=True):
        row["undefined"] = undefined
    return rows


def _put_account(sheets: Sheets, plan: Plan, f: Floats, i: Ints) -> None:
    rows, first, last = i[L.GI_ROWS], i[L.GI_FIRST], i[L.GI_LAST] + plan.timeframe_ms
    initial, final = plan.initial_equity, f[L.GF_EQUITY]
    unsimulated = Missing(rows == 0, "no bar was simulated")
    empty = set(unsimulated.rows)
    sheets.each("start", [None if row in empty else value for row, value in enumerate(first.tolist())])
    # The end is the close of the last bar.
    sheets.each("end", [None if row in empty else value for row, value in enumerate(last.tolist())])
    sheets.put("duration_ms", (last - first) * (rows > 0))
    sheets.put("bars", rows)
    sheets.same("initial_equity", initial)
    sheets.put("final_equity", final)
    sheets.put("equity_peak", f[L.GF_PEAK])
    sheets.put("equity_low", f[L.GF_LOWEST])
    sheets.percent("equity_return_pct", final / initial - 1.0)
    sheets.percent("benchmark_return_pct", _benchmark(plan, f) / initial - 1.0)
    # Largest fall below the running peak of closing equity, as a share of that peak.
    sheets.percent("max_drawdown_pct", f[L.GF_DRAWDOWN])
    _put_ratios(sheets, plan, f, rows)
    # Share of timestamps at whose close any position was open.
    sheets.put("exposure_time_pct", 100.0 * i[L.GI_EXPOSED] / rows, unsimulated)


def _put_ratios(sheets: Sheets, plan: Plan, f: Floats, rows: Ints) -> None:
    """Sharpe (1994), Sortino (1991) and volatility from bar returns, risk-free rate 0.

    mean = sum(r) / n; variance = (sum(r²) − n × mean²) / (n − 1); downside² = sum(min(r, 0)²) / n.
    Sharpe = mean / √variance × √(bars a year), Sortino = mean / downside × √(bars a year).
    """
    import numpy as np

    year_root = math.sqrt(YEAR_MS / plan.timeframe_ms)
    mean = f[L.GF_RETURN_SUM] / np.maximum(rows, 1)
    variance = (f[L.GF_RETURN_SQUARES] - rows * mean * mean) / np.maximum(rows - 1, 1)
    # Rounding may leave a variance of no returns just off zero.
    deviation = np.sqrt(np.where(variance > 1e-30, variance, 0.0))
    downside = np.sqrt(f[L.GF_DOWN_SQUARES] / np.maximum(rows, 1))
    few = Missing(rows < 2, "fewer than two bars")
    sheets.put("volatility_pct", 100.0 * deviation * year_root, few)
    flat = Missing(deviation == 0.0, "equity never changed")
    sheets.put("sharpe_ratio", mean / deviation * year_root, few, flat)
    none_lost = Missing(downside == 0.0, "no bar lost anything")
    sheets.put("sortino_ratio", mean / downside * year_root, few, none_lost)


def _put_trades(sheets: Sheets, f: Floats, i: Ints) -> None:
    import numpy as np

    trades, wins, losses = i[L.GI_TRADES], i[L.GI_WINS], i[L.GI_LOSSES]
    won, lost = f[L.GF_WON], f[L.GF_LOST]
    none, none_won = Missing(trades == 0, _NONE), Missing(wins == 0, "no trade was won")
    none_lost = Missing(losses == 0, "no trade was lost")
    sheets.put("total_trades", trades)
    sheets.put("winning_trades", wins)
    sheets.put("losing_trades", losses)
    # A trade that ends at exactly zero is neither won nor lost, but counts in the total.
    sheets.put("win_rate", 100.0 * wins / trades, none)
    sheets.put("avg_win", won / wins, none_won)
    sheets.put("avg_loss", -lost / losses, none_lost)
    # Sum of gains over sum of losses.
    sheets.put("profit_factor", won / lost, none, none_lost)
    # Mean P&L of a trade.
    sheets.put("expectancy", (won - lost) / trades, none)
    # System quality number (Van Tharp): √n × mean P&L / standard deviation of P&L (divided by n − 1).
    mean = (won - lost) / np.maximum(trades, 1)
    variance = (f[L.GF_PNL_SQUARES] - trades * mean * mean) / np.maximum(trades - 1, 1)
    alike = Missing(~(variance > 0.0), "all trades had the same result")
    few = Missing(trades < 2, "fewer than two trades")
    sheets.put("sqn", np.sqrt(trades) * mean / np.sqrt(variance), few, alike)
    sheets.percent("best_trade_pct", f[L.GF_TRADE_BEST], none)
    sheets.percent("worst_trade_pct", f[L.GF_TRADE_WORST], none)
    sheets.put("avg_trade_pct", 100.0 * f[L.GF_TRADE_SUM] / trades, none)
    sheets.put("avg_trade_bars", i[L.GI_TRADE_BARS] / trades, none)
    sheets.put("max_trade_bars", i[L.GI_TRADE_BARS_MOST])


def _put_costs(sheets: Sheets, plan: Plan, f: Floats, i: Ints) -> None:
    import numpy as np

    realised = f[L.GF_REALISED]
    sheets.put("realised_pnl", realised)
    sheets.put("unrealised_pnl", f[L.GF_EQUITY] - plan.initial_equity - realised)
    sheets.put("fees_paid", f[L.GF_FEES])
    sheets.put("slippage_paid", f[L.GF_SLIPPAGE])
    sheets.put("funding_paid", f[L.GF_FUNDING])
    # What losses exceeded isolated margins by, which nobody is charged.
    sheets.put("covered_losses", f[L.GF_COVERED])
    sheets.put("total_fills", i[L.GI_FILLS])
    sheets.put("decisions", i[L.GI_DECISIONS])
    sheets.put("cash_bound_entries", i[L.GI_CASH_BOUND])
    markets = range(len(plan.markets))
    for name, place in (("gaps", L.SI_GAPS), ("missing_bars", L.SI_MISSING)):
        sheets.put(name, np.sum([i[L.GI_SIZE + n * L.SI_SIZE + place] for n in markets], axis=0))


def _put_rules(sheets: Sheets, plans: Sequence[Plan], f: Floats, i: Ints) -> None:
    blocked = i[L.GI_BLOCKED : L.GI_BLOCKED + len(L.REASONS)]
    sheets.put("delayed_decisions", i[L.GI_DELAYED])
    # freqtrade's rejected signals: every decision that did not become a fill.
    sheets.put("rejected_signals", blocked.sum(axis=0))
    # Fills inside a bar of which no finer candles told what came first.
    sheets.put("coarse_fills", i[L.GI_COARSE])
    sheets.each("exits", exit_counts(i))
    sheets.each("triggers", rule_counts(plans, i))
    sheets.each("blocked", [dict(zip(L.REASONS, times, strict=True)) for times in blocked.T.tolist()])
    sheets.each("left_open", _left_open(plans[0], f, i))


def _put_growth(sheets: Sheets, plan: Plan, f: Floats) -> None:
    """Growth a year, and what it is worth: 100 × ((final ÷ initial)^(year ÷ duration) − 1)."""
    import numpy as np

    initial, final, deepest = plan.initial_equity, f[L.GF_EQUITY], f[L.GF_DRAWDOWN]
    duration = np.array(sheets.column("duration_ms"))
    exponents = (YEAR_MS / np.maximum(duration, 1)).tolist()
    unsimulated = Missing(duration == 0, "no bar was simulated")

    def grown(value: Floats) -> Floats:
        factors = np.where(value > 0.0, value / initial, 1.0).tolist()
        each = list(zip(factors, exponents, strict=True))
        # All combinations share the benchmark's.
        found = {pair: grown_pct(*pair) for pair in set(each)}
        return np.array([found[pair] for pair in each])

    benchmark, growth = _benchmark(plan, f), grown(final)
    spent = Missing(final <= 0.0, "equity was zero or less")
    sheets.put("cagr_pct", growth, unsimulated, spent)
    worthless = Missing(benchmark <= 0.0, spent.reason)
    sheets.put("benchmark_cagr_pct", grown(benchmark), unsimulated, worthless)
    flat = Missing(deepest == 0.0, "equity never fell below its highest")
    sheets.put("calmar_ratio", growth / (100.0 * deepest), flat, unsimulated, spent)
    sheets.put("recovery_factor", (final / initial - 1.0) / deepest, flat)
    sheets.percent("current_drawdown_pct", (f[L.GF_PEAK] - final) / f[L.GF_PEAK])
    changed, unknown = _market_change(plan, f)
    sheets.percent("market_change_pct", changed, unknown)


def _market_change(plan: Plan, f: Floats) -> tuple[Floats, Missing]:
    """Mean over the symbols of last close ÷ first open − 1, however the money was divided between them."""
    import numpy as np

    # A symbol's first open is what the benchmark paid for its share.
    shares = (
        plan.allocations
        if any(plan.allocations)
        else (plan.initial_cash / len(plan.markets),) * len(plan.markets)
    )
    total, unknown = np.zeros(f.shape[1]), np.zeros(f.shape[1], dtype=bool)
    for number, share in enumerate(shares):
        at = L.GF_SIZE + number * L.SF_SIZE
        bought = f[at + L.SF_BENCHMARK_QTY]
        unknown |= (bought == 0.0) | (share == 0.0)
        total += bought * f[at + L.SF_MARK] / share - 1.0
    reason = "a symbol has no opening price, or no share of the benchmark"
    return total / len(plan.markets), Missing(unknown, reason)


def _benchmark(plan: Plan, f: Floats) -> Floats:
    """Equity of buying every market at its first open and holding it, without costs."""
    total: Floats = f[L.GF_BENCHMARK_CASH] + f[L.GF_BENCHMARK_WAITING]
    for number in range(len(plan.markets)):
        at = L.GF_SIZE + number * L.SF_SIZE
        total += f[at + L.SF_BENCHMARK_QTY] * f[at + L.SF_MARK]
    return total


def _left_open(plan: Plan, f: Floats, i: Ints) -> list[list[Metrics]]:
    """Positions of each run open at the end, marked at their last close."""
    found: list[list[Metrics]] = [[] for _ in range(f.shape[1])]
    for number, market in enumerate(plan.markets):
        at, bt = L.GF_SIZE + number * L.SF_SIZE, L.GI_SIZE + number * L.SI_SIZE
        qty, cost, mark = f[at + L.SF_QTY], f[at + L.SF_COST], f[at + L.SF_MARK]
        unrealised = qty * (mark - cost) - f[at + L.SF_FEES] - f[at + L.SF_FUNDING]
        columns = {
            "qty": qty,
            "average_cost": cost,
            "last_close": mark,
            "value": qty * mark,
            "unrealised_pnl": unrealised,
            "entry_timestamp": i[bt + L.SI_ENTRY_TIME],
            "set_id": i[bt + L.SI_SET],
        }
        rows = qty.nonzero()[0]
        values = zip(*(column[rows].tolist() for column in columns.values()), strict=True)
        for row, own in zip(rows.tolist(), values, strict=True):
            found[row].append({"symbol": market.symbol, **dict(zip(columns, own, strict=True))})
    return found
