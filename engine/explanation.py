"""Why or why not at one bar: what the rules said at its close, and what became of that."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from engine.conditions import Condition
from engine.prospects import Prospect
from engine.standing import LimitInForce, Position


@dataclass(frozen=True)
class Bar:
    timestamp: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True)
class Event:
    """A row of the run's events: `payload` as the events table has it."""

    timestamp: int
    type: str
    trigger_id: str | None
    payload: dict[str, Any]


@dataclass(frozen=True)
class RuleExplanation:
    rule: str
    """entry, exit or hold"""
    expression: str
    counts: bool
    """Whether it means anything to the market as it stands at this close."""
    counts_because: str
    truth: bool
    condition: Condition
    """The whole rule as a tree; its truth is that of the expression, see `closes` as well."""
    timeframe_closed: bool | None
    """Whether a bar of the trigger's timeframe closes with this bar, which entries and exits wait for; None
    without one."""
    outcome: str
    """order, waits (its order rests already), blocked, held_back (true, yet not asked) or none"""
    block: dict[str, Any] | None
    """Reason and values of the block at this close; consecutive blocks are one, with first, last and count up
    to this bar, and the values of the first."""


@dataclass(frozen=True)
class TriggerExplanation:
    trigger_id: str
    direction: str
    category: str
    confidence: str | None
    timeframe: str | None
    rules: list[RuleExplanation]
    entry: Prospect | None
    """What its entry would get; None for a trigger without one."""


@dataclass(frozen=True)
class Decision:
    """The order that was decided at this close, and what became of it."""

    trigger_id: str | None
    """None for an order of the run itself."""
    rule: str | None
    reason: str
    """entry_rule, exit_rule, time_exit, … as fills have it"""
    order: str
    """market, limit or stop"""
    outcome: str
    """filled, blocked, resting (at the last bar that was looked at) or waiting (no bar has followed)"""
    fills: list[dict[str, Any]]
    """Rows of the fills table: a reversal has two."""
    block: dict[str, Any] | None


@dataclass(frozen=True)
class Explanation:
    """One symbol's bar. Times are epoch ms; the decision is of the bar's close."""

    symbol: str
    bar: Bar
    closes_at: int
    warm_up_bars: int
    cash: float
    equity: float
    position: Position | None
    """At the close, before the decision is filled."""
    latched_by: str | None
    walked_away: bool
    limits: list[LimitInForce]
    triggers: list[TriggerExplanation]
    decision: Decision | None
    events: list[Event]
    """What the run noted of this symbol at this bar, fills at its open included."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return asdict(self)
