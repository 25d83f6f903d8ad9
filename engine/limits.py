"""What a run may risk, and how it behaves: the limits of docs/glossary.md with their ranges.

None switches a limit off. Percentages are of 100, times are hours, days are UTC days.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, overload

from engine.errors import Issue
from engine.fields import Range, check_fields, read_choice, read_flag, read_number
from engine.parameters import Value
from engine.suggest import shorten

CONFLICTS = ("ignore", "exit", "reverse", "defer")
BINDINGS = ("none", "category", "exact")
CONFIDENCES = ("A", "B", "C")
"""From the most to the least confident."""


@dataclass(frozen=True)
class Risk:
    """Limits that entries meet; exits never do. `MEANINGS` and `RANGES` say what each is."""

    max_position_risk_pct: float | None = None
    max_symbol_exposure_pct: float | None = None
    max_portfolio_exposure_pct: float | None = None
    max_daily_loss_pct: float | None = None
    max_daily_risk_budget_pct: float | None = None
    max_trades_per_day: int | None = None
    max_triggers_per_symbol_per_day: int | None = None

    @property
    def uses_stop_distance(self) -> bool:
        """Whether entries are measured by their stop's distance, so by ATR(14) where they have no stop."""
        return self.max_position_risk_pct is not None or self.max_daily_risk_budget_pct is not None


@dataclass(frozen=True)
class Behaviour:
    """How decisions are filtered and what happens at odds. `MEANINGS` says what each does."""

    min_price_move_pct: float | None = None
    min_hold_hours: float | None = None
    min_flat_hours: float | None = None
    confidence_override: str | None = None
    conflicting_signals: str = "ignore"
    exit_binding: str = "none"
    walk_away_profit_pct: float | None = None
    flatten_daily: bool = False


MEANINGS: Mapping[str, str] = {
    "max_position_risk_pct": "equity that one entry may lose at its stop, without one at 1 × ATR(14)",
    "max_symbol_exposure_pct": "notional of one symbol's position in equity; scale-ins share it",
    "max_portfolio_exposure_pct": "notional of all positions in equity; above 100 needs leverage",
    "max_daily_loss_pct": "no entries once equity is this far below where the day began",
    "max_daily_risk_budget_pct": "risk of all entries of a day in the equity at its beginning",
    "max_trades_per_day": "entries a day, all symbols together",
    "max_triggers_per_symbol_per_day": "entries a day and symbol",
    "min_price_move_pct": "distance of an entry's close from the symbol's last fill",
    "min_hold_hours": "time before a rule may close a position; an emergency exit may at once",
    "min_flat_hours": "time before a trigger enters a symbol again that it has left",
    "confidence_override": "entries of at least this confidence (A is best) outrank all exits but emergency "
    "exits and a risk-off in force",
    "conflicting_signals": "an entry against the open position: ignore it, exit, reverse, or defer it until "
    "the symbol is flat",
    "exit_binding": "exits close what any trigger opened (none), one of their category, or their own "
    "(exact); risk and emergency exits are never bound",
    "walk_away_profit_pct": "profit of the run at which everything is closed for good",
    "flatten_daily": "close all positions at the end of the day",
}
"""What each limit does, for people. Days are UTC days, percentages are of 100."""

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
"""Least and most, both allowed."""

COUNTS = ("max_trades_per_day", "max_triggers_per_symbol_per_day")
"""Limits that are whole numbers."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "confidence_override": ("none", *CONFIDENCES),
    "conflicting_signals": CONFLICTS,
    "exit_binding": BINDINGS,
}

FLAGS = ("flatten_daily",)

LIMITS: Mapping[str, type[Risk] | type[Behaviour]] = {"risk": Risk, "behaviour": Behaviour}


@overload
def read_limits(
    kind: Literal["risk"],
    raw: object,
    path: str,
    values: Mapping[str, Value],
    issues: list[Issue],
    over: Risk | None = None,
) -> Risk: ...
@overload
def read_limits(
    kind: Literal["behaviour"],
    raw: object,
    path: str,
    values: Mapping[str, Value],
    issues: list[Issue],
    over: Behaviour | None = None,
) -> Behaviour: ...
def read_limits(
    kind: Literal["risk", "behaviour"],
    raw: object,
    path: str,
    values: Mapping[str, Value],
    issues: list[Issue],
    over: Risk | Behaviour | None = None,
) -> Risk | Behaviour:
    """Return the limits that a mapping states; faults go to `issues` with paths under `path`.

    What it does not name stays as in `over` (the document's limits, where a request states its own) or at
    its default; null switches a limit off. Numbers and flags may be `$parameter`, resolved in `values`.
    """
    made = LIMITS[kind]
    result = over if over is not None else made()
    if raw is None:
        return result
    known = names_of(made)
    if not isinstance(raw, Mapping):
        issues.append(
            Issue(path, f"must be a mapping of limits: {{{known[0]}: 2}}, not {shorten(raw)}", None)
        )
        return result
    other = "risk" if kind == "behaviour" else "behaviour"
    elsewhere = dict.fromkeys(names_of(LIMITS[other]), f"belongs under {other}")
    check_fields(raw, path, known, issues, elsewhere)
    changes = {
        name: _read_limit(name, raw[name], f"{path}.{name}", values, issues) for name in known if name in raw
    }
    return made(**{**vars(result), **changes})


def names_of(made: type[Risk] | type[Behaviour]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(made))


def limit_range(name: str) -> Range:
    """The numbers that the limit takes."""
    return Range(*RANGES[name], whole=name in COUNTS)


def _read_limit(
    name: str, value: object, path: str, values: Mapping[str, Value], issues: list[Issue]
) -> float | int | str | bool | None:
    if name in FLAGS:
        return False if value is None else bool(read_flag(value, path, values, issues))
    if name in CHOICES:
        choices = CHOICES[name]
        if value is None:
            found: str | None = "none" if "none" in choices else choices[0]
        else:
            found = read_choice(value, path, name, choices, issues) or choices[0]
        return None if name == "confidence_override" and found == "none" else found
    if value is None:
        return None
    number = read_number(value, path, limit_range(name), values, issues)
    return int(number) if number is not None and name in COUNTS else number
