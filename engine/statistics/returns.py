"""Metrics of daily returns: growth, risk, and how they relate to the benchmark.

A daily return is the close of a UTC day over the close of the day before (the first over the initial
equity), minus 1; annual figures are of 365 days, the risk-free rate is 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.statistics.calendar import text_of
from engine.statistics.numbers import Sample, mean, normal_below, quantile, ratio, rounded
from engine.statistics.passes import sum_exactly
from engine.statistics.periods import DAYS_A_YEAR, Curve, window_starts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.statistics.days import Days
    from engine.statistics.sheet import Sheet

YEAR_ROOT = math.sqrt(DAYS_A_YEAR)
FEW = "fewer than two days"
NO_DAY = "no bar was simulated"
SPENT = "equity was zero or less"
SHORT = "the run is shorter"


def put_daily(sheet: Sheet, days: Days, initial: float) -> None:
    """Write every metric of the daily closes."""
    curve = Curve(days.day, days.close, initial)
    returns, held = Sample(curve.returns()), Sample(Curve(days.day, days.benchmark, initial).returns())
    spent = bool(len(days)) and not len(returns)
    sheet.put("days", len(days))
    _put_ratios(sheet, returns, SPENT if spent else FEW)
    _put_shape(sheet, returns, SPENT if spent else FEW)
    _put_depth(sheet, curve, returns)
    _put_benchmark(sheet, returns, held, SPENT if spent else FEW)
    _put_counts(sheet, days, returns, SPENT if spent else NO_DAY)
    _put_periods(sheet, curve)
    _put_windows(sheet, curve)


def _put_ratios(sheet: Sheet, returns: Sample, few: str) -> None:
    spread, centre = returns.deviation, returns.mean
    sharpe = None if not spread or centre is None else centre / spread
    flat = few if spread is None else "daily equity never changed"
    sheet.percent("daily_volatility_pct", None if spread is None else spread * YEAR_ROOT, few)
    sheet.put("daily_sharpe_ratio", None if sharpe is None else sharpe * YEAR_ROOT, flat)
    penalty = autocorrelation_penalty(returns)
    sheet.put("smart_sharpe_ratio", None if sharpe is None else rounded(sharpe / penalty * YEAR_ROOT), flat)
    lost = returns.array[returns.array < 0.0]
    losses = sum_exactly(lost * lost)
    downside = math.sqrt(losses / len(returns)) if len(returns) > 1 else 0.0
    sortino = None if not downside or centre is None else centre / downside
    safe = few if spread is None else "no day lost anything"
    sheet.put("daily_sortino_ratio", None if sortino is None else sortino * YEAR_ROOT, safe)
    sheet.put(
        "smart_sortino_ratio", None if sortino is None else rounded(sortino / penalty * YEAR_ROOT), safe
    )
    sheet.put(
        "probabilistic_sharpe_ratio",
        probabilistic_sharpe(returns),
        few if spread is None else "fewer than four days, or daily equity never changed",
    )


def autocorrelation_penalty(returns: Sample) -> float:
    """Return √(1 + 2 Σ (n − k) / n × |ρ|^k), ρ the correlation of returns one day apart; at least 1.

    quantstats' `autocorr_penalty`; the idea is Lo (2002), "The Statistics of Sharpe Ratios".
    """
    n = len(returns)
    found = _correlation(_spread_products(returns.array[:-1], returns.array[1:]))
    if found is None:
        return 1.0
    rho, power, terms = abs(found), 1.0, []
    for k in range(1, n):
        power *= rho
        terms.append((n - k) / n * power)
        if power < 1e-300:
            break
    return math.sqrt(1.0 + 2.0 * math.fsum(terms))


def _correlation(products: tuple[float, float, float] | None) -> float | None:
    """Pearson's coefficient, None where either side never changes."""
    if products is None or products[0] <= 1e-30 or products[1] <= 1e-30:
        return None
    return products[2] / math.sqrt(products[0] * products[1])


def _spread_products(
    left: NDArray[np.float64], right: NDArray[np.float64]
) -> tuple[float, float, float] | None:
    """Variances of both sides and their covariance (divisor n − 1); None for fewer than two."""
    n = len(left)
    if n < 2:
        return None
    x, y = left - sum_exactly(left) / n, right - sum_exactly(right) / n
    return sum_exactly(x * x) / (n - 1), sum_exactly(y * y) / (n - 1), sum_exactly(x * y) / (n - 1)


def probabilistic_sharpe(returns: Sample) -> float | None:
    """Return P(true Sharpe ratio > 0) = Φ(SR √(n − 1) / √(1 − γ₃ SR + (γ₄ − 1) / 4 SR²)), SR of one day.

    Bailey & López de Prado (2012), "The Sharpe Ratio Efficient Frontier", eq. 11; γ₄ is 3 for a normal one.
    """
    spread, centre = returns.deviation, returns.mean
    skew, kurtosis = returns.skewness, returns.excess_kurtosis
    if not spread or centre is None or skew is None or kurtosis is None:
        return None
    sharpe = centre / spread
    variance = 1.0 - skew * sharpe + (kurtosis + 2.0) / 4.0 * sharpe * sharpe
    return normal_below(sharpe * math.sqrt((len(returns) - 1) / variance)) if variance > 0.0 else None


def _put_shape(sheet: Sheet, returns: Sample, few: str) -> None:
    array, ordered = returns.array, returns.ordered
    enough = len(returns) > 1
    gains, losses = array[array > 0.0], array[array < 0.0]
    gained, lost = sum_exactly(gains), -sum_exactly(losses)
    safe = "no day lost anything" if enough else few
    none_won = "no day won anything" if enough else few
    low = quantile(ordered, 0.05) if enough else None
    high = quantile(ordered, 0.95) if enough else None
    flat = few if not enough else "daily equity never changed, or there are too few days"
    sheet.put("skew", returns.skewness, flat)
    sheet.put("kurtosis", returns.excess_kurtosis, flat)
    sheet.percent("value_at_risk_95_pct", low, few)
    tail = None if low is None else mean(array[array <= low])
    sheet.percent("conditional_value_at_risk_95_pct", tail, few)
    omega = ratio(gained, lost) if enough else None
    sheet.put("omega_ratio", omega, safe)
    sheet.put("gain_to_pain_ratio", ratio(returns.sum, lost) if enough else None, safe)
    tails = None if low is None or high is None or low == 0.0 else abs(high / low)
    sheet.put("tail_ratio", tails, few if low is None else "the 5 % quantile of daily returns is 0")
    sheet.put(
        "common_sense_ratio",
        None if omega is None or tails is None else omega * tails,
        "the Omega or the tail ratio is undefined",
    )
    win, loss = mean(gains), mean(losses)
    payoff = None if win is None or loss is None else win / -loss
    sheet.put("daily_payoff_ratio", payoff, safe if loss is None else none_won)
    cpc = None
    if omega is not None and payoff is not None:
        cpc = omega * payoff * (len(gains) / (len(gains) + len(losses)))
    sheet.put("cpc_index", cpc, "the Omega or the daily payoff ratio is undefined")
    # As quantstats has it: days at exactly zero count among the wins here.
    not_lost = mean(array[array >= 0.0])
    sheet.put(
        "outlier_win_ratio", quantile(ordered, 0.99) / not_lost if enough and not_lost else None, none_won
    )
    sheet.put("outlier_loss_ratio", quantile(ordered, 0.01) / loss if enough and loss else None, safe)


def falls(curve: Curve) -> NDArray[np.float64]:
    """Return how far each day's close is under the highest so far, as a fraction from 0 up."""
    import numpy as np

    peaks = np.maximum(np.maximum.accumulate(curve.close), curve.initial)
    found: NDArray[np.float64] = (peaks - curve.close) / peaks
    return found


def _put_depth(sheet: Sheet, curve: Curve, returns: Sample) -> None:
    import numpy as np

    depths = falls(curve)
    none = "no day closed under an earlier one" if len(depths) else NO_DAY
    ulcer = math.sqrt(sum_exactly(depths * depths) / len(depths)) if len(depths) else None
    sheet.percent("ulcer_index_pct", ulcer, NO_DAY)
    growth = sheet.metrics["cagr_pct"]
    sheet.put(
        "ulcer_performance_index", None if not ulcer or growth is None else growth / (100.0 * ulcer), none
    )
    spread = returns.deviation
    serenity = None
    if spread and ulcer:
        found = depths[depths >= quantile(np.sort(depths), 0.95)]
        pitfall = sum_exactly(found) / len(found) / spread
        serenity = ratio(returns.sum, ulcer * pitfall)
    sheet.put("serenity_index", serenity, none)


def _put_benchmark(sheet: Sheet, returns: Sample, held: Sample, few: str) -> None:
    products = _spread_products(returns.array, held.array) if len(returns) == len(held) else None
    still = few if products is None else "the benchmark never changed"
    moved = products is not None and products[1] > 1e-30
    beta = products[2] / products[1] if products is not None and moved else None
    centre, other = returns.mean, held.mean
    alpha = None if beta is None or centre is None or other is None else centre - beta * other
    sheet.put("beta", beta, still)
    sheet.percent("alpha_pct", None if alpha is None else alpha * DAYS_A_YEAR, still)
    related = _correlation(products)
    sheet.put(
        "r_squared",
        None if related is None else related * related,
        still if not moved else "daily equity never changed",
    )
    active = Sample(returns.array - held.array if products is not None else returns.array[:0])
    spread, lead = active.deviation, active.mean
    sheet.put(
        "information_ratio",
        None if not spread or lead is None else lead / spread * YEAR_ROOT,
        few if spread is None else "the run never left its benchmark",
    )
    sheet.put(
        "treynor_ratio",
        None if not beta or centre is None else centre * DAYS_A_YEAR / beta,
        still if beta is None else "beta is 0",
    )
    spread, calm = held.deviation, FEW if len(held) < 2 else "the benchmark never changed"
    sheet.percent("benchmark_volatility_pct", None if spread is None else spread * YEAR_ROOT, FEW)
    sheet.put(
        "benchmark_sharpe_ratio", None if not spread or other is None else other / spread * YEAR_ROOT, calm
    )


def _put_counts(sheet: Sheet, days: Days, returns: Sample, none: str) -> None:
    won, lost = returns.array > 0.0, returns.array < 0.0
    days_won, days_lost = int(won.sum()), int(lost.sum())
    sheet.put("days_won", days_won)
    sheet.put("days_drawn", len(returns) - days_won - days_lost)
    sheet.put("days_lost", days_lost)
    sheet.put("max_consecutive_days_won", _longest(won))
    sheet.put("max_consecutive_days_lost", _longest(lost))
    for name, choose in (("best", returns.array.argmax), ("worst", returns.array.argmin)):
        row = int(choose()) if len(returns) else None
        sheet.percent(f"{name}_day_pct", None if row is None else float(returns.array[row]), none)
        sheet.put(f"{name}_day", None if row is None else text_of(int(days.day[row])), none)
    sheet.percent(
        "win_days_pct",
        ratio(days_won, days_won + days_lost),
        "no day won or lost anything" if len(returns) else none,
    )


def _longest(days: NDArray[np.bool_]) -> int:
    """Return the length of the longest run of days that are true."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[False], days, [False]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _put_periods(sheet: Sheet, curve: Curve) -> None:
    import numpy as np

    days = len(curve.day)
    growth = float(curve.close[-1]) / curve.initial if days and curve.close[-1] > 0.0 else None
    none = SPENT if days else NO_DAY
    sheet.grown("annualised_return_pct", growth, DAYS_A_YEAR / max(days, 1), none)
    sheet.grown("expected_daily_return_pct", growth, 1.0 / max(days, 1), none)
    for period in ("week", "month", "year"):
        changes = 100.0 * curve.by(period).changes()
        found = changes[~np.isnan(changes)]
        if period != "week":
            sheet.grown(f"expected_{period}ly_return_pct", growth, 1.0 / max(len(changes), 1), none)
            sheet.put(f"best_{period}_pct", float(found.max()) if len(found) else None, none)
            sheet.put(f"worst_{period}_pct", float(found.min()) if len(found) else None, none)
        won, lost = found > 0.0, found < 0.0
        sheet.percent(
            f"win_{period}s_pct",
            ratio(int(won.sum()), int(won.sum() + lost.sum())),
            f"no {period} won or lost anything" if len(found) else none,
        )
        if period == "month":
            sheet.put(
                "monthly_gain_to_pain_ratio",
                ratio(sum_exactly(found), -sum_exactly(found[lost])),
                "no month lost anything" if len(found) else none,
            )


def _put_windows(sheet: Sheet, curve: Curve) -> None:
    """Returns of the windows that end with the last day; the calendar's own may begin before the run."""
    begun = len(curve.day) > 0
    for name, start in window_starts(int(curve.day[-1]) if begun else 0).items():
        whole = begun and (name in ("mtd", "ytd") or int(curve.day[0]) <= start)
        reason = NO_DAY if not begun else SPENT if whole else SHORT
        sheet.percent(f"return_{name}_pct", curve.since(start) if whole else None, reason)
