"""Metrics of closed trades and of drawdowns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from engine.names import HOUR_MS
from engine.statistics.calendar import DAY_MS
from engine.statistics.numbers import ratio, student_above
from engine.statistics.trades import EVEN, LOST, WON, Groups

if TYPE_CHECKING:
    from engine.statistics.drawdowns import Drawdowns
    from engine.statistics.sheet import Sheet
    from engine.statistics.trades import Trades

NONE = "no trade was closed"


def put_trades(sheet: Sheet, trades: Trades, quality: float | None, days: int) -> None:
    """Write what the closed trades say; `quality` is their SQN, which is the t statistic of their mean."""
    outcomes, count = trades.groups["outcome"], trades.count
    won, lost = outcomes.trades(WON), outcomes.trades(LOST)
    win, loss = ratio(outcomes.won(WON), won), ratio(outcomes.lost(LOST), lost)
    none_won, none_lost = "no trade was won", "no trade was lost"
    one_sided = none_won if loss is not None else none_lost
    payoff = None if win is None or loss is None else win / -loss
    share = won / count if count else 0.0
    sheet.put("payoff_ratio", payoff, one_sided if count else NONE)
    sheet.put("win_loss_ratio", ratio(won, lost), none_lost if count else NONE)
    sheet.put(
        "expectancy_ratio",
        None if payoff is None else (1.0 + payoff) * share - 1.0,
        one_sided if count else NONE,
    )
    sheet.put(
        "kelly_criterion",
        None if payoff is None else share - (1.0 - share) / payoff,
        one_sided if count else NONE,
    )
    # The t statistic of the mean P&L against 0 is √n × mean / deviation: the SQN.
    sheet.put(
        "profit_p_value",
        None if quality is None else student_above(quality, count - 1),
        "fewer than two trades" if count < 2 else "all trades had the same result",
    )
    sheet.put("largest_win", trades.largest_win if won else None, none_won if count else NONE)
    sheet.put("largest_loss", trades.largest_loss if lost else None, none_lost if count else NONE)
    sheet.put("trades_per_day", ratio(count, days), "no bar was simulated")
    sheet.put("max_consecutive_wins", trades.longest_streak[WON])
    sheet.put("max_consecutive_losses", trades.longest_streak[LOST])
    _put_durations(sheet, trades)
    _put_sides(sheet, trades.groups["side"])
    _put_extremes(sheet, trades)
    risked = trades.risked[0]
    sheet.put("trades_with_risk", risked)
    sheet.put(
        "avg_r_multiple",
        ratio(trades.r_multiples[0], risked),
        "no trade had a stop to measure its risk by" if count else NONE,
    )
    for name, excursions in trades.excursions.items():
        sums = math.fsum(excursions.sums)
        sheet.put(f"avg_{name}_pct", ratio(sums, count), NONE)


def _put_durations(sheet: Sheet, trades: Trades) -> None:
    outcomes, count = trades.groups["outcome"], trades.count
    every = sum(map(outcomes.lasted_ms, (WON, LOST, EVEN)))
    sheet.put("avg_trade_duration_hours", ratio(every / HOUR_MS, count), NONE)
    sheet.put("max_trade_duration_hours", max(trades.longest_ms) / HOUR_MS if count else None, NONE)
    for name, kind in (("winner", WON), ("loser", LOST)):
        own = outcomes.trades(kind)
        none = f"no trade was {'won' if kind == WON else 'lost'}" if count else NONE
        sheet.put(f"avg_{name}_duration_hours", ratio(outcomes.lasted_ms(kind) / HOUR_MS, own), none)
        sheet.put(f"max_{name}_duration_hours", trades.longest_ms[kind] / HOUR_MS if own else None, none)


def _put_sides(sheet: Sheet, sides: Groups) -> None:
    for n, side in enumerate(("long", "short")):
        count = sides.trades(n)
        sheet.put(f"{side}_trades", count)
        sheet.percent(f"{side}_win_rate", ratio(sides.count(n, WON), count), f"no {side} trade was closed")
        sheet.put(f"{side}_pnl", sides.total(n))


def _put_extremes(sheet: Sheet, trades: Trades) -> None:
    symbols = trades.groups["symbol"]
    traded = [n for n in range(len(symbols.labels)) if symbols.trades(n)]
    for name, choose in (("best", max), ("worst", min)):
        n = choose(traded, key=symbols.total) if traded else None
        sheet.put(f"{name}_symbol", None if n is None else symbols.labels[n], NONE)
        sheet.put(f"{name}_symbol_pnl", None if n is None else symbols.total(n), NONE)
        found: list[Any] = getattr(trades, name) or [None] * 4
        sheet.put(f"{name}_trade_pnl", found[1], NONE)
        sheet.put(f"{name}_trade_symbol", found[2], NONE)
        sheet.put(f"{name}_trade_timestamp", found[3], NONE)


def put_drawdowns(sheet: Sheet, drawdowns: Drawdowns) -> None:
    """Write the average drawdown, the lengths, and the deepest one's times."""
    lasting = drawdowns.current
    count = drawdowns.count + (lasting is not None)
    depths, lasted, longest = drawdowns.depths, drawdowns.lasted_ms, drawdowns.longest_ms
    if lasting is not None:
        so_far = lasting.end_ms - lasting.start_ms
        depths, lasted, longest = depths + lasting.depth, lasted + so_far, max(longest, so_far)
    none = "equity never fell below its highest"
    sheet.put("drawdowns", count)
    sheet.percent("avg_drawdown_pct", ratio(depths, count), none)
    sheet.put("avg_drawdown_days", ratio(lasted / DAY_MS, count), none)
    sheet.put("max_drawdown_days", longest / DAY_MS if count else None, none)
    worst = drawdowns.worst()[0] if count else None
    sheet.put("max_drawdown_amount", None if worst is None else worst.peak - worst.valley, none)
    sheet.put("max_drawdown_start_timestamp", None if worst is None else worst.start_ms, none)
    sheet.put("max_drawdown_valley_timestamp", None if worst is None else worst.valley_ms, none)
    ended = worst is not None and worst.recovered
    sheet.put(
        "max_drawdown_end_timestamp",
        worst.end_ms if worst is not None and ended else None,
        none if worst is None else "equity has not recovered by the end",
    )
