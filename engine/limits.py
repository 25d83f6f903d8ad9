"""What a run may risk, and how it behaves: the limits of docs/glossary.md with their ranges.

None switches a limit off. Percentages are of 100, times are hours, days are UTC days.
"""

from collections.abc import Mapping
from dataclasses import dataclass


CONFLICTS = ("ignore", "exit", "reverse", "defer")
BINDINGS = ("none", "category", "exact")
CONFIDENCES = ("A", "B", "C")
"""From the most to the least confident."""


@dataclass(frozen=True)
class Risk:
    """Limits that entries meet; exits never do."""

    max_position_risk_pct: float | None = None
    """Equity that one entry may lose at its stop (without one: at 1 × ATR(14)); 0.1 to 20."""
    max_symbol_exposure_pct: float | None = None
    """Notional of one symbol's position in equity; 5 to 100 (times the leverage)."""
    max_portfolio_exposure_pct: float | None = None
    """Notional of all positions in equity; 10 to 500."""
    max_daily_loss_pct: float | None = None
    """No entries once the day has lost this much of its opening equity; 1 to 50."""
    max_daily_risk_budget_pct: float | None = None
    """Sum of the risk of a day's entries in the day's opening equity; 1 to 50."""
    max_trades_per_day: int | None = None
    """Entries a day, all symbols; 1 to 200."""
    max_triggers_per_symbol_per_day: int | None = None
    """Entries a day and symbol; 1 to 50."""


@dataclass(frozen=True)
class Behaviour:
    """How decisions are filtered and what happens at odds."""

    min_price_move_pct: float | None = None
    """An entry needs this much distance from the symbol's last fill; above 0, to 100."""
    min_hold_hours: float | None = None
    min_flat_hours: float | None = None
    """0 to 24."""
    confidence_override: str | None = None
    """Entries of at least this confidence (A best) outrank risk-off, risk-reduce and other exits."""
    conflicting_signals: str = "ignore"
    exit_binding: str = "none"
    walk_away_profit_pct: float | None = None
    """1 to 100."""
    flatten_daily: bool = False


RANGES: Mapping[str, tuple[float, float]] = {
    "max_position_risk_pct": (0.1, 20.0),
    "max_symbol_exposure_pct": (5.0, 500.0),
    "max_portfolio_exposure_pct": (10.0, 500.0),
    "max_daily_loss_pct": (1.0, 50.0),
    "max_daily_risk_budget_pct": (1.0, 50.0),
    "max_trades_per_day": (1, 200),
    "max_triggers_per_symbol_per_day": (1, 50),
    "min_price_move_pct": (0.0, 100.0),
    "min_hold_hours": (0.0, 24.0),
    "min_flat_hours": (0.0, 24.0),
    "walk_away_profit_pct": (1.0, 100.0),
}

CHOICES: Mapping[str, tuple[str, ...]] = {
    "confidence_override": CONFIDENCES,
    "conflicting_signals": CONFLICTS,
    "exit_binding": BINDINGS,
}
