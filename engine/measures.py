"""The measures of a finished run; docs/metrics.md has formula, unit and source of each.

What is here comes from sums that the fold carries in its state, so that a sweep needs nothing else; what
days and single trades tell comes from the run's Report, where there is one. Either way the series is never
read again, and a metric has the same bits however the run was cut. Bar returns are
`equity / equity before − 1` over consecutive timestamps, the first against the initial equity. Annual
figures count the run's real bar length in a year of 365 days, since crypto markets do not close.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.diagnostics import exit_counts, rule_counts
from engine.plan_arrays import YEAR_MS
from engine.statistics.sheet import Sheet

if TYPE_CHECKING:
    from engine.plan import Plan
    from engine.state import State
    from engine.statistics.report import Report

Metrics = dict[str, Any]
"""Numbers, texts, None where undefined; `left_open` a list, `blocked` and `undefined` mappings."""
Unless = Callable[[str, str, bool, float | None], float | None]
"""Takes a metric's name, why it may be undefined, whether it is, and its value; returns that or None."""


def metrics(plan: Plan, state: State, report: Report | None = None) -> Metrics:
    """Return every metric of the run in `state` (percentages are of 100, money in quote currency).

    Those that need days or single trades are there only with the run's `report`. What cannot be computed
    is None, and `undefined` says why.
    """
    f, i = state.floats.tolist(), state.ints.tolist()
    undefined: dict[str, str] = {}

    def unless(name: str, reason: str, missing: bool, value: float | None) -> float | None:
        if missing:
            undefined[name] = reason
            return None
        return value

    initial = plan.initial_equity
    final = f[L.GF_EQUITY]
    rows, trades = i[L.GI_ROWS], i[L.GI_TRADES]
    wins, losses = i[L.GI_WINS], i[L.GI_LOSSES]
    won, lost = f[L.GF_WON], f[L.GF_LOST]
    first, last = i[L.GI_FIRST], i[L.GI_LAST] + plan.timeframe_ms
    blocked = i[L.GI_BLOCKED : L.GI_BLOCKED + len(L.REASONS)]
    none = "no trade was closed"
    gaps, missing_bars = _missing(plan, i)
    found: Metrics = {
        "start": first if rows else None,
        # The end is the close of the last bar.
        "end": last if rows else None,
        "duration_ms": last - first if rows else 0,
        "bars": rows,
        "initial_equity": initial,
        "final_equity": final,
        "equity_peak": f[L.GF_PEAK],
        "equity_low": f[L.GF_LOWEST],
        "equity_return_pct": 100.0 * (final / initial - 1.0),
        "benchmark_return_pct": 100.0 * (_benchmark(plan, f) / initial - 1.0),
        # Largest fall below the running peak of closing equity, as a share of that peak.
        "max_drawdown_pct": 100.0 * f[L.GF_DRAWDOWN],
        **_ratios(plan, f, rows, unless),
        # Share of timestamps at whose close any position was open.
        "exposure_time_pct": unless(
            "exposure_time_pct", "no bar was simulated", rows == 0, 100.0 * i[L.GI_EXPOSED] / max(rows, 1)
        ),
        "total_trades": trades,
        "winning_trades": wins,
        "losing_trades": losses,
        # A trade that ends at exactly zero is neither won nor lost, but counts in the total.
        "win_rate": unless("win_rate", none, trades == 0, 100.0 * wins / max(trades, 1)),
        "avg_win": unless("avg_win", "no trade was won", wins == 0, won / max(wins, 1)),
        "avg_loss": unless("avg_loss", "no trade was lost", losses == 0, -lost / max(losses, 1)),
        # Sum of gains over sum of losses.
        "profit_factor": unless(
            "profit_factor",
            "no trade was lost" if trades else none,
            losses == 0,
            won / lost if lost else None,
        ),
        # Mean P&L of a trade.
        "expectancy": unless("expectancy", none, trades == 0, (won - lost) / max(trades, 1)),
        "sqn": _quality(f, trades, won - lost, unless),
        "best_trade_pct": unless("best_trade_pct", none, trades == 0, 100.0 * f[L.GF_TRADE_BEST]),
        "worst_trade_pct": unless("worst_trade_pct", none, trades == 0, 100.0 * f[L.GF_TRADE_WORST]),
        "avg_trade_pct": unless(
            "avg_trade_pct", none, trades == 0, 100.0 * f[L.GF_TRADE_SUM] / max(trades, 1)
        ),
        "avg_trade_bars": unless("avg_trade_bars", none, trades == 0, i[L.GI_TRADE_BARS] / max(trades, 1)),
        "max_trade_bars": i[L.GI_TRADE_BARS_MOST],
        "realised_pnl": f[L.GF_REALISED],
        "unrealised_pnl": final - initial - f[L.GF_REALISED],
        "fees_paid": f[L.GF_FEES],
        "slippage_paid": f[L.GF_SLIPPAGE],
        "funding_paid": f[L.GF_FUNDING],
        # What losses exceeded isolated margins by, which nobody is charged.
        "covered_losses": f[L.GF_COVERED],
        "total_fills": i[L.GI_FILLS],
        "decisions": i[L.GI_DECISIONS],
        "cash_bound_entries": i[L.GI_CASH_BOUND],
        "gaps": gaps,
        "missing_bars": missing_bars,
        "delayed_decisions": i[L.GI_DELAYED],
        # freqtrade's rejected signals: every decision that did not become a fill.
        "rejected_signals": sum(blocked),
        # Fills inside a bar of which no finer candles told what came first.
        "coarse_fills": i[L.GI_COARSE],
        "exits": exit_counts(i),
        "triggers": rule_counts(plan, i),
        "blocked": dict(zip(L.REASONS, blocked, strict=True)),
        "left_open": _left_open(plan, f, i),
    }
    sheet = Sheet(found, undefined)
    _put_growth(sheet, plan, f, last - first if rows else 0)
    if report is not None:
        report.put_metrics(sheet, found["sqn"])
    return {**sheet.metrics, "undefined": sheet.undefined}


def _put_growth(sheet: Sheet, plan: Plan, f: list[float], duration_ms: int) -> None:
    """Growth a year, and what it is worth: 100 × ((final ÷ initial)^(year ÷ duration) − 1)."""
    initial, final, benchmark = plan.initial_equity, f[L.GF_EQUITY], _benchmark(plan, f)
    none = "no bar was simulated" if not duration_ms else "equity was zero or less"
    exponent = YEAR_MS / max(duration_ms, 1)
    for name, value in (("cagr_pct", final), ("benchmark_cagr_pct", benchmark)):
        sheet.grown(name, value / initial if duration_ms and value > 0.0 else None, exponent, none)
    growth, deepest = sheet.metrics["cagr_pct"], f[L.GF_DRAWDOWN]
    flat = "equity never fell below its highest"
    lost = sheet.undefined.get("cagr_pct", flat) if deepest else flat
    sheet.put("calmar_ratio", growth / (100.0 * deepest) if deepest and growth is not None else None, lost)
    sheet.put("recovery_factor", (final / initial - 1.0) / deepest if deepest else None, flat)
    sheet.percent("current_drawdown_pct", (f[L.GF_PEAK] - final) / f[L.GF_PEAK])
    sheet.percent(
        "market_change_pct",
        _market_change(plan, f),
        "a symbol has no opening price, or no share of the benchmark",
    )


def _market_change(plan: Plan, f: list[float]) -> float | None:
    """Mean over the symbols of last close ÷ first open − 1, however the money was divided between them."""
    # A symbol's first open is what the benchmark paid for its share.
    shares = (
        plan.allocations
        if any(plan.allocations)
        else (plan.initial_cash / len(plan.markets),) * len(plan.markets)
    )
    total = 0.0
    for number, share in enumerate(shares):
        at = L.GF_SIZE + number * L.SF_SIZE
        bought = f[at + L.SF_BENCHMARK_QTY]
        if bought == 0.0 or share == 0.0:
            return None
        total += bought * f[at + L.SF_MARK] / share - 1.0
    return total / len(plan.markets)


def _ratios(plan: Plan, f: list[float], rows: int, unless: Unless) -> Metrics:
    """Sharpe (1994), Sortino (1991) and volatility from bar returns, risk-free rate 0.

    mean = sum(r) / n; variance = (sum(r²) − n × mean²) / (n − 1); downside² = sum(min(r, 0)²) / n.
    Sharpe = mean / √variance × √(bars a year), Sortino = mean / downside × √(bars a year).
    """
    bars_a_year = YEAR_MS / plan.timeframe_ms
    mean = f[L.GF_RETURN_SUM] / max(rows, 1)
    variance = (f[L.GF_RETURN_SQUARES] - rows * mean * mean) / max(rows - 1, 1)
    # Rounding may leave a variance of no returns just off zero.
    deviation = math.sqrt(variance) if variance > 1e-30 else 0.0
    downside = math.sqrt(f[L.GF_DOWN_SQUARES] / max(rows, 1))
    few = "fewer than two bars" if rows < 2 else "equity never changed"
    flat = rows < 2 or deviation == 0.0
    none_lost = "fewer than two bars" if rows < 2 else "no bar lost anything"
    return {
        "volatility_pct": unless(
            "volatility_pct", "fewer than two bars", rows < 2, 100.0 * deviation * math.sqrt(bars_a_year)
        ),
        "sharpe_ratio": unless(
            "sharpe_ratio", few, flat, mean / deviation * math.sqrt(bars_a_year) if deviation else None
        ),
        "sortino_ratio": unless(
            "sortino_ratio",
            none_lost,
            rows < 2 or downside == 0.0,
            mean / downside * math.sqrt(bars_a_year) if downside else None,
        ),
    }


def _quality(f: list[float], trades: int, total: float, unless: Unless) -> float | None:
    """System quality number (Van Tharp): √n × mean P&L / standard deviation of P&L (divided by n − 1)."""
    mean = total / max(trades, 1)
    variance = (f[L.GF_PNL_SQUARES] - trades * mean * mean) / max(trades - 1, 1)
    usable = trades >= 2 and variance > 0.0
    value = math.sqrt(trades) * mean / math.sqrt(variance) if usable else None
    reason = "fewer than two trades" if trades < 2 else "all trades had the same result"
    return unless("sqn", reason, not usable, value)


def _benchmark(plan: Plan, f: list[float]) -> float:
    """Equity of buying every market at its first open and holding it, without costs."""
    total = f[L.GF_BENCHMARK_CASH] + f[L.GF_BENCHMARK_WAITING]
    for number in range(len(plan.markets)):
        at = L.GF_SIZE + number * L.SF_SIZE
        total += f[at + L.SF_BENCHMARK_QTY] * f[at + L.SF_MARK]
    return total


def _missing(plan: Plan, i: list[int]) -> tuple[int, int]:
    at = [L.GI_SIZE + number * L.SI_SIZE for number in range(len(plan.markets))]
    return sum(i[a + L.SI_GAPS] for a in at), sum(i[a + L.SI_MISSING] for a in at)


def _left_open(plan: Plan, f: list[float], i: list[int]) -> list[Metrics]:
    """Positions open at the end, marked at their last close."""
    found: list[Metrics] = []
    for number, market in enumerate(plan.markets):
        at, bt = L.GF_SIZE + number * L.SF_SIZE, L.GI_SIZE + number * L.SI_SIZE
        qty, cost, mark = f[at + L.SF_QTY], f[at + L.SF_COST], f[at + L.SF_MARK]
        if qty != 0.0:
            found.append(
                {
                    "symbol": market.symbol,
                    "qty": qty,
                    "average_cost": cost,
                    "last_close": mark,
                    "value": qty * mark,
                    "unrealised_pnl": qty * (mark - cost) - f[at + L.SF_FEES] - f[at + L.SF_FUNDING],
                    "entry_timestamp": i[bt + L.SI_ENTRY_TIME],
                    "set_id": i[bt + L.SI_SET],
                }
            )
    return found
