"""How large an entry is, before the limits of the run bind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Issue
from engine.fields import Range, check_fields, read_choice, read_number
from engine.functions import MAX_PERIOD
from engine.limits import CONFIDENCES
from engine.rules import Reading
from engine.suggest import shorten

EQUAL: Mapping[str, float] = dict.fromkeys(CONFIDENCES, 1.0)
VOLATILITY_PERIOD = 20


@dataclass(frozen=True)
class Mode:
    """A way to size: the field that says how much, its range, its unit, and what the field is divided by."""

    field: str
    allowed: Range
    unit: str
    divisor: float = 1.0
    others: tuple[str, ...] = ()
    """Further fields that belong to this mode alone."""


MODES: Mapping[str, Mode] = {
    "fraction": Mode("fraction", Range(0.0, 10.0, above=True), "0.95 is 95 % of equity"),
    "risk": Mode(
        "risk_pct", Range(0.0, 20.0, above=True), "1 is 1 % of equity lost at the stop", divisor=100.0
    ),
    "notional": Mode("notional", Range(0.0, 1e12, above=True), "in quote currency"),
    "volatility_target": Mode(
        "target_pct",
        Range(0.0, 1_000.0, above=True),
        "30 is 30 % a year",
        divisor=100.0,
        others=("period",),
    ),
}
PERIOD = Range(2, MAX_PERIOD, whole=True)
"""Bars whose returns make the volatility."""
MULTIPLIER = Range(0.0, 10.0, above=True)


@dataclass(frozen=True)
class Sizing:
    """The size of an entry; what cash, leverage and limits leave of it is decided at the fill."""

    mode: str
    """fraction, risk, notional or volatility_target"""
    value: float
    """fraction: of equity. risk: fraction of equity lost at the stop (at 1 × ATR(14) where there is none).
    notional: quote currency. volatility_target: standard deviation a year, as a fraction."""
    node: int | None = None
    """volatility_target: the standard deviation of one bar's return."""
    profile: Mapping[str, float] = field(default_factory=lambda: EQUAL)
    """Multiplier by the trigger's confidence."""


DEFAULT = Sizing("fraction", 0.95)


def read_sizing(raw: object, reading: Reading) -> Sizing:
    """Return the document's sizing, 95 % of equity when it has none."""
    if raw is None:
        return DEFAULT
    issues = reading.issues
    if not isinstance(raw, Mapping):
        issues.append(
            Issue("sizing", f"must be a mapping: {{mode: fraction, fraction: 0.95}}, not {shorten(raw)}")
        )
        return DEFAULT
    name = read_choice(raw.get("mode", DEFAULT.mode), "sizing.mode", "mode", tuple(MODES), issues)
    if name is None:
        return DEFAULT
    mode = MODES[name]
    elsewhere = {
        key: f"belongs to mode {other}; this one is {name}"
        for other, found in MODES.items()
        for key in (found.field, *found.others)
    }
    check_fields(raw, "sizing", ("mode", mode.field, *mode.others, "profile"), issues, elsewhere)
    given = raw.get(mode.field, DEFAULT.value if name == DEFAULT.mode else None)
    value = read_number(given, f"sizing.{mode.field}", mode.allowed, reading.values, issues, mode.unit)
    node = _volatility(raw, reading) if name == "volatility_target" else None
    profile = _profile(raw.get("profile"), reading)
    return DEFAULT if value is None else Sizing(name, value / mode.divisor, node, profile)


def _volatility(raw: Mapping[str, object], reading: Reading) -> int | None:
    given = raw.get("period", VOLATILITY_PERIOD)
    period = read_number(given, "sizing.period", PERIOD, reading.values, reading.issues)
    if period is None:
        return None
    return reading.series(f"stddev(close / close[1] - 1, {int(period)})", "sizing.period")


def _profile(raw: object, reading: Reading) -> Mapping[str, float]:
    if raw is None:
        return EQUAL
    if not isinstance(raw, Mapping):
        reading.issues.append(
            Issue("sizing.profile", f"must be a mapping: {{A: 1, B: 0.75, C: 0.5}}, not {shorten(raw)}")
        )
        return EQUAL
    check_fields(raw, "sizing.profile", CONFIDENCES, reading.issues)
    profile = dict(EQUAL)
    for confidence in CONFIDENCES:
        if confidence in raw:
            path = f"sizing.profile.{confidence}"
            found = read_number(raw[confidence], path, MULTIPLIER, reading.values, reading.issues)
            profile[confidence] = 1.0 if found is None else found
    return profile
