"""Numbers and times as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

UNDEFINED = "–"

# Headings and the metrics under them, in the order in which one asks; `results --json` has them all.
GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Outcome",
        (
            ("final_equity", "Final equity"),
            ("equity_return_pct", "Return"),
            ("benchmark_return_pct", "Buy and hold"),
            ("volatility_pct", "Volatility (ann.)"),
            ("sharpe_ratio", "Sharpe ratio"),
            ("sortino_ratio", "Sortino ratio"),
            ("max_drawdown_pct", "Max. drawdown"),
            ("exposure_time_pct", "Time in the market"),
        ),
    ),
    (
        "Trades",
        (
            ("total_trades", "Trades"),
            ("win_rate", "Win rate"),
            ("profit_factor", "Profit factor"),
            ("expectancy", "Expectancy"),
            ("avg_win", "Average win"),
            ("avg_loss", "Average loss"),
            ("best_trade_pct", "Best trade"),
            ("worst_trade_pct", "Worst trade"),
            ("avg_trade_bars", "Average length in bars"),
        ),
    ),
    (
        "Costs and data",
        (
            ("fees_paid", "Fees paid"),
            ("slippage_paid", "Slippage paid"),
            ("funding_paid", "Funding paid"),
            ("bars", "Bars"),
            ("gaps", "Gaps in the candles"),
            ("missing_bars", "Missing bars"),
            ("delayed_decisions", "Decisions delayed by gaps"),
            ("coarse_fills", "Fills that no finer candle decided"),
        ),
    ),
)
# Ratios have no unit and few digits; the rest that is no count is money.
_RATIOS = {"profit_factor", "sqn", "avg_trade_bars"}


def figure(name: str, value: object) -> str:
    """Write a metric by the meaning of its name: percent, a count, a ratio, or an amount of money."""
    if value is None:
        return UNDEFINED
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if name.endswith("_pct") or name == "win_rate":
        return percent(value)
    if isinstance(value, int):
        return f"{value:,}"
    if name.endswith("_ratio") or name in _RATIOS:
        return f"{value:,.2f}"
    return money(value)


def percent(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:,.2f} %"


def money(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:,.2f}"


def number(value: float | None) -> str:
    """Write a price or a quantity: enough digits to tell it from its neighbours, no more."""
    if value is None:
        return UNDEFINED
    return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"


def minute(time: str | None) -> str:
    """Shorten `2021-08-13T02:00:00Z` to its minute."""
    return UNDEFINED if time is None else time[:16].replace("T", " ")


def groups_of(results: Mapping[str, object]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield headings with (label, figure): the metrics (a missing one with its reason), exits, blocks."""
    undefined = results.get("undefined")
    reasons = undefined if isinstance(undefined, Mapping) else {}
    for heading, members in GROUPS:
        rows = []
        for name, label in members:
            if name in results:
                reason = reasons.get(name) if results[name] is None else None
                written = figure(name, results[name])
                rows.append((label, f"{written}  ({reason})" if reason else written))
        if rows:
            yield heading, rows
    for name, heading in (("exits", "Exits"), ("blocked", "Decisions blocked")):
        counts = results.get(name)
        if isinstance(counts, Mapping):
            said = [(str(code).replace("_", " "), f"{count:,}") for code, count in counts.items() if count]
            if said:
                yield heading, said
