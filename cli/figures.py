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
            ("cagr_pct", "Return a year (CAGR)"),
            ("benchmark_return_pct", "Buy and hold"),
            ("benchmark_cagr_pct", "Buy and hold a year"),
            ("exposure_time_pct", "Time in the market"),
            ("win_months_pct", "Months won"),
            ("best_month_pct", "Best month"),
            ("worst_month_pct", "Worst month"),
        ),
    ),
    (
        "Risk",
        (
            ("max_drawdown_pct", "Max. drawdown"),
            ("max_drawdown_start_timestamp", "  began"),
            ("max_drawdown_end_timestamp", "  recovered"),
            ("max_drawdown_days", "Longest drawdown in days"),
            ("avg_drawdown_pct", "Average drawdown"),
            ("volatility_pct", "Volatility (ann.)"),
            ("value_at_risk_95_pct", "Value at risk of a day (95 %)"),
            ("conditional_value_at_risk_95_pct", "Expected shortfall of a day"),
            ("worst_day_pct", "Worst day"),
        ),
    ),
    (
        "Return for the risk",
        (
            ("sharpe_ratio", "Sharpe ratio"),
            ("sortino_ratio", "Sortino ratio"),
            ("calmar_ratio", "Calmar ratio"),
            ("omega_ratio", "Omega ratio"),
            ("probabilistic_sharpe_ratio", "Probability of Sharpe > 0"),
            ("alpha_pct", "Alpha (ann.)"),
            ("beta", "Beta"),
            ("information_ratio", "Information ratio"),
        ),
    ),
    (
        "Trades",
        (
            ("total_trades", "Trades"),
            ("long_trades", "  long"),
            ("short_trades", "  short"),
            ("win_rate", "Win rate"),
            ("profit_factor", "Profit factor"),
            ("payoff_ratio", "Payoff ratio"),
            ("expectancy", "Expectancy"),
            ("sqn", "System quality number"),
            ("profit_p_value", "Chance of it by luck (p)"),
            ("kelly_criterion", "Kelly criterion"),
            ("avg_r_multiple", "Average R"),
            ("avg_win", "Average win"),
            ("avg_loss", "Average loss"),
            ("best_trade_pct", "Best trade"),
            ("worst_trade_pct", "Worst trade"),
            ("avg_trade_duration_hours", "Average length in hours"),
            ("max_consecutive_wins", "Wins in a row"),
            ("max_consecutive_losses", "Losses in a row"),
            ("best_symbol", "Best symbol"),
            ("worst_symbol", "Worst symbol"),
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
            ("coarse_fills", "Bars decided without finer candles"),
        ),
    ),
)
# What is neither a percentage nor a count is money, but for these, which have no unit and few digits.
_RATIO_ENDINGS = ("_ratio", "_factor", "_index", "_days", "_hours", "_per_day", "_value", "_multiple")
_RATIOS = {"sqn", "avg_trade_bars", "kelly_criterion", "beta", "skew", "kurtosis", "r_squared", "days"}


def figure(name: str, value: object) -> str:
    """Write a metric by the meaning of its name: percent, a count, a ratio, a time, or an amount of money."""
    if value is None:
        return UNDEFINED
    if name.endswith("timestamp"):
        return minute(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if name.endswith(("_pct", "win_rate")):
        return percent(value)
    if isinstance(value, int):
        return f"{value:,}"
    if name == "profit_p_value":
        return f"{value:.4f}"
    if name.endswith(_RATIO_ENDINGS) or name in _RATIOS:
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


HEADLINES = (
    "final_equity", "equity_return_pct", "cagr_pct", "benchmark_return_pct", "max_drawdown_pct",
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "exposure_time_pct", "total_trades", "win_rate",
    "profit_factor", "expectancy", "fees_paid", "funding_paid",
)  # fmt: skip
"""What one asks first of a run that has just ended, in this order; labelled as in GROUPS."""


def headlines_of(results: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return (label, figure) of the headlines, then how many decisions were blocked."""
    labels = {name: label for _, members in GROUPS for name, label in members}
    rows = [
        (labels[name], _with_reason(name, results))
        for name in HEADLINES
        if name in results and not (name == "funding_paid" and not results[name])
    ]
    blocked = results.get("blocked")
    counts = {code: count for code, count in blocked.items() if count} if isinstance(blocked, Mapping) else {}
    told = f"{sum(counts.values()):,}"
    if counts:
        most = sorted(counts, key=lambda code: -counts[code])[:2]
        reasons = ", ".join(str(code).replace("_", " ") for code in most)
        told += f"  ({reasons}{', …' if len(counts) > len(most) else ''})"
    return [*rows, ("Decisions blocked", told)]


def groups_of(results: Mapping[str, object]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield headings with (label, figure): the metrics (a missing one with its reason), exits, blocks."""
    for heading, members in GROUPS:
        rows = [(label, _with_reason(name, results)) for name, label in members if name in results]
        if rows:
            yield heading, rows
    for name, heading in (("exits", "Exits"), ("blocked", "Decisions blocked")):
        counts = results.get(name)
        if isinstance(counts, Mapping):
            said = [(str(code).replace("_", " "), f"{count:,}") for code, count in counts.items() if count]
            if said:
                yield heading, said


def _with_reason(name: str, results: Mapping[str, object]) -> str:
    """Write a metric; one that is undefined with its reason."""
    undefined = results.get("undefined")
    reasons = undefined if isinstance(undefined, Mapping) else {}
    reason = reasons.get(name) if results[name] is None else None
    written = figure(name, results[name])
    return f"{written}  ({reason})" if reason else written
