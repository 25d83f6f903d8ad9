"""What the API answers about one bar of a run, and about what a strategy's rules could see."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shared.responses import Answer
from shared.responses import Moment as Text
from shared.times import iso

Moment = Annotated[Text, BeforeValidator(lambda at: iso(at) if isinstance(at, int) else at)]
"""A time on the wire, made of the engine's epoch milliseconds."""


class BarAnswer(Answer):
    timestamp: Moment
    open: float
    high: float
    low: float
    close: float
    volume: float


class HeldPosition(Answer):
    """A position at the close. Prices are null where it has no such level."""

    side: Literal["long", "short"]
    qty: Annotated[float, Field(description="signed: below zero is short")]
    average_cost: float
    opened_at: Moment
    trigger_id: Annotated[str | None, Field(description="what opened it; null for an initial allocation")]
    entries: int
    bars_held: int
    pnl: Annotated[float, Field(description="not realised, after its entry fees and funding")]
    stop_price: float | None
    trailing_price: float | None
    target_price: float | None
    liquidation_price: float | None


class LimitAnswer(Answer):
    name: str
    limit: float | str | bool
    now: Annotated[
        float | None, Field(description="what stands against it, in its unit; null: known at the fill alone")
    ]


class ConditionAnswer(Answer):
    """A condition or an operand with its characters in the rule, and what it is made of.

    The parts of a named indicator have their characters in its `definition`.
    """

    text: str
    start: int
    end: int
    truth: Annotated[bool | None, Field(description="of a condition; null for an operand")]
    value: Annotated[
        float | str | None, Field(description="of an operand; null is missing, and compares as false")
    ]
    before: Annotated[float | str | None, Field(description="the operand of a crossing one bar earlier")]
    is_crossing: Annotated[bool, Field(description="it is the operand of a crossing")]
    name: Annotated[str | None, Field(description="the named indicator that it is")]
    definition: str | None
    parts: list[ConditionAnswer]


class RuleWhy(Answer):
    rule: Literal["entry", "exit", "hold"]
    expression: str
    counts: Annotated[bool, Field(description="whether it means anything as the market stands")]
    counts_because: str
    truth: bool
    condition: ConditionAnswer
    timeframe_closed: Annotated[
        bool | None, Field(description="whether a bar of the trigger's timeframe closes here; null without")
    ]
    outcome: Annotated[
        Literal["order", "waits", "blocked", "held_back", "none"],
        Field(description="waits: its order rests already; held_back: true, yet not asked; none: not true"),
    ]
    block: Annotated[
        dict[str, Any] | None,
        Field(
            description="reason and values; first, last, count: of the closes up to here that it was blocked"
        ),
    ]


class EntryProspect(Answer):
    """What an entry at this close would get, before costs, limits and rounding; null is missing or none."""

    price: float | None
    stop_price: float | None
    trailing_price: float | None
    target_price: float | None
    stop_distance: float | None
    reward_to_risk: float | None
    multiplier: Annotated[float, Field(description="of the sizing profile, by the trigger's confidence")]
    qty: float | None
    notional: float | None


class TriggerWhy(Answer):
    trigger_id: str
    direction: str
    category: str
    confidence: str | None
    timeframe: str | None
    rules: list[RuleWhy]
    entry: Annotated[EntryProspect | None, Field(description="null for a trigger without an entry")]


class DecidedFill(Answer):
    timestamp: Moment
    side: str
    qty: float
    price: float
    fee: float
    reason: str
    pnl: float | None
    position_after: float
    bound_by: Annotated[str | None, Field(description="the limit that made an entry smaller")]
    stop_distance: float | None


class DecisionAnswer(Answer):
    """The order that was decided at this close, and what became of it."""

    trigger_id: Annotated[str | None, Field(description="null for an order of the run itself")]
    rule: str | None
    reason: str
    order: Literal["market", "limit", "stop"]
    outcome: Annotated[
        Literal["filled", "blocked", "resting", "waiting"], Field(description="waiting: no bar has followed")
    ]
    fills: list[DecidedFill]
    block: dict[str, Any] | None


class NotedEvent(Answer):
    timestamp: Moment
    type: str
    trigger_id: str | None
    payload: dict[str, Any]


class WhyAnswer(Answer):
    """Every condition of every rule at one bar, and what was decided at its close."""

    symbol: str
    bar: BarAnswer
    closes_at: Moment
    warm_up_bars: int
    cash: float
    equity: float
    position: Annotated[HeldPosition | None, Field(description="at the close, before the decision is filled")]
    latched_by: Annotated[str | None, Field(description="the risk-off that has shut the symbol for the day")]
    walked_away: bool
    limits: list[LimitAnswer]
    triggers: list[TriggerWhy]
    decision: Annotated[DecisionAnswer | None, Field(description="null: nothing was ordered")]
    events: Annotated[list[NotedEvent], Field(description="noted of the symbol at this bar, fills included")]


class CheckFinding(Answer):
    """The first bar at which less data gave something else, and what gave it."""

    kind: Literal["lookahead", "warm_up"]
    symbol: str | None
    at: Moment
    data_until: Annotated[Moment | None, Field(description="last bar of the run that ended earlier")]
    data_from: Annotated[Moment | None, Field(description="first bar of the beginning that was tried")]
    trigger_id: str | None
    rule: str | None
    part: Annotated[str | None, Field(description="the innermost condition or operand that differs")]
    whole: Annotated[
        float | None, Field(description="its value with all bars; 1 true, 0 false, null missing")
    ]
    less: Annotated[float | None, Field(description="its value with fewer")]
    what: str


class RunCheck(Answer):
    """What came of comparing a run with runs over fewer bars."""

    passed: bool
    bars: int
    rules: int
    cuts: Annotated[int, Field(description="runs that ended earlier, right after decisions and between them")]
    decisions: int
    fills: int
    warm_up_bars: int
    starts: Annotated[int, Field(description="beginnings that the warm-up was tried from; 0: too few bars")]
    findings: Annotated[list[CheckFinding], Field(description="the first of each kind")]
