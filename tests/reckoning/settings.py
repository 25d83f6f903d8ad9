"""What a run is told: bars, triggers, sizing, costs and limits, as plain values.

Percentages of a price are fractions (2 % is 0.02), fees and slippage are basis points, limits are those of
`engine.limits`. A missing number is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.limits import Behaviour, Risk

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
YEAR_MS = 365 * DAY_MS


@dataclass(frozen=True)
class Bar:
    """A candle; `time` is its open in UTC epoch ms."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 1.0


@dataclass(frozen=True)
class View:
    """What a rule can see of the account and of its symbol's position at a close."""

    cash: float
    equity: float
    exposure: float
    stop_hit: bool = False
    target_hit: bool = False
    position: str = "flat"
    entries: float = 0.0
    pnl: float = math.nan
    pnl_pct: float = math.nan
    age: float = math.nan
    age_hours: float = math.nan
    entry_price: float = math.nan
    current_r: float = math.nan
    mfe_r: float = math.nan
    mae_r: float = math.nan


Rule = Sequence[bool] | Callable[[int, View], bool]
"""One truth for each bar of the symbol, or a function of the bar's row and what is seen at its close."""
Series = Sequence[float]


@dataclass(frozen=True)
class Level:
    """`kind` is percent, distance, price, r (a target) or step (a trailing stop).

    `value` is the fraction of a percent or step, or the multiple of an r; distances and prices come from
    the symbol's inputs.
    """

    kind: str
    value: float = 0.0


@dataclass(frozen=True)
class Order:
    type: str = "market"
    valid_for: int = 1


@dataclass(frozen=True)
class Trigger:
    """Whether it has an entry, exit or hold rule is said by the symbols' inputs."""

    id: str
    direction: str = "long"
    category: str = "other"
    confidence: str | None = None
    symbols: tuple[str, ...] = ()
    order: Order = field(default_factory=Order)
    exit_fraction: float = 1.0
    stop: Level | None = None
    target: Level | None = None
    trailing: Level | None = None
    max_bars: int | None = None
    min_reward_to_risk: float | None = None
    scale_in: int = 1

    @property
    def sign(self) -> int:
        """The direction of a trigger with an entry: +1 long, −1 short."""
        return -1 if self.direction == "short" else 1


@dataclass(frozen=True)
class Inputs:
    """A symbol's rules and series by trigger id, each with one value for each of the symbol's bars."""

    entry: Mapping[str, Rule] = field(default_factory=dict)
    exit: Mapping[str, Rule] = field(default_factory=dict)
    hold: Mapping[str, Rule] = field(default_factory=dict)
    stop_value: Mapping[str, Series] = field(default_factory=dict)
    target_value: Mapping[str, Series] = field(default_factory=dict)
    trailing_value: Mapping[str, Series] = field(default_factory=dict)
    order_price: Mapping[str, Series] = field(default_factory=dict)
    atr: Series = ()
    volatility: Series = ()


@dataclass(frozen=True)
class Sizing:
    """`mode` is fraction, risk, notional or volatility_target; `profile` multiplies by confidence."""

    mode: str = "fraction"
    value: float = 0.95
    profile: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Costs:
    taker_fee_bps: float = 0.0
    maker_fee_bps: float = 0.0
    slippage_bps: float = 0.0
    slippage_range_fraction: float = 0.0
    slippage_volume_share: float = 0.0


@dataclass(frozen=True)
class Setup:
    """One run. The order of `markets` is the order of the request."""

    markets: Mapping[str, Sequence[Bar]]
    inputs: Mapping[str, Inputs]
    triggers: Sequence[Trigger]
    step_ms: int
    sizing: Sizing = field(default_factory=Sizing)
    start_ms: int | None = None
    """Bars before it decide and fill nothing."""
    cash: float = 1000.0
    allocations: Mapping[str, float] = field(default_factory=dict)
    costs: Costs = field(default_factory=Costs)
    risk: Risk = field(default_factory=Risk)
    behaviour: Behaviour = field(default_factory=Behaviour)
    leverage: float = 1.0
    maintenance: float = 0.005
    """Share of the notional that the margin must not fall below."""
    funding: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    """(time, rate) ascending, for each symbol that pays it."""
    finer: Mapping[str, Sequence[Bar]] = field(default_factory=dict)
    quantity_step: float = 0.0
    min_notional: float = 0.0

    @property
    def initial_equity(self) -> float:
        return self.cash + sum(self.allocations.values())
