"""The account of a run: cash, positions, waiting orders, and what has happened so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from tests.reckoning.settings import DAY_MS, HOUR_MS, Bar, Setup, Trigger, View


@dataclass
class Position:
    """`sign` is +1 for a long and −1 for a short; `qty` is never negative."""

    symbol: str
    sign: int
    qty: float
    cost: float
    margin: float
    entry_price: float
    entry_time: int
    opener: Trigger | None
    """None for a position from an allocation."""
    best: float
    worst: float
    stop: float | None = None
    target: float | None = None
    trailing: float | None = None
    """The trailing stop's level in force."""
    trail: float = 0.0
    """What the trailing level keeps from the best price; for a step, its height. In quote currency, but a
    fraction where the opener's trailing is a percentage."""
    risk: float | None = None
    """What is lost at the stop set by the entries, in quote currency; None without one."""
    bars: int = 0
    entries: int = 1
    carried_fees: float = 0.0
    carried_funding: float = 0.0

    def profit(self, price: float) -> float:
        """Gross profit at a price."""
        return self.sign * self.qty * (price - self.cost)

    def value(self, price: float) -> float:
        """What the position adds to equity at a price."""
        return self.margin + self.profit(price)


@dataclass(frozen=True)
class Pending:
    """A market order for the next open. `rule` is entry, exit or system."""

    rule: str
    reason: str
    trigger: Trigger | None
    row: int
    decided_at: int


@dataclass
class Resting:
    """A limit or stop entry."""

    trigger: Trigger
    row: int
    decided_at: int
    price: float
    left: int


@dataclass(frozen=True)
class Fill:
    time: int
    symbol: str
    side: str
    qty: float
    price: float
    fee: float
    reason: str
    liquidity: str | None
    trigger: str | None
    decided_at: int | None
    position_after: float
    cash_after: float
    margin_after: float
    pnl: float = 0.0
    funding: float = 0.0
    exit_fraction: float | None = None
    r_multiple: float | None = None
    bound_by: str | None = None
    risk_used: float | None = None
    actual_risk: float | None = None
    stop_distance: float | None = None
    allocated_risk: float | None = None
    multiplier: float | None = None
    covered: float = 0.0
    """The loss above the margin, which is not charged."""


@dataclass(frozen=True)
class Block:
    """A decision that did not become a fill. `values` are those that blocked it."""

    time: int
    symbol: str
    trigger: str | None
    """None for an order of the run itself, whose rule is system."""
    rule: str
    reason: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True)
class Trade:
    """An exit with its share of the position's entries."""

    symbol: str
    side: str
    entry_time: int
    exit_time: int
    qty: float
    entry_price: float
    exit_price: float
    pnl: float
    funding: float
    reason: str
    entry_trigger: str | None
    exit_trigger: str | None
    bars: int
    risk: float | None
    r_multiple: float | None
    mfe: float
    mae: float


@dataclass(frozen=True)
class Row:
    """The account after a close."""

    time: int
    equity: float
    cash: float
    exposure: float


@dataclass
class Result:
    fills: list[Fill] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    equity: list[Row] = field(default_factory=list)
    funding: list[tuple[int, str, float]] = field(default_factory=list)
    """(funding time, symbol, payment)"""
    latches: list[tuple[int, str, str]] = field(default_factory=list)
    """(time, symbol, trigger) of the risk-off exits that latched"""
    walked_away: int | None = None
    coarse_bars: int = 0


class Book:
    """The state that one row hands to the next."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.result = Result()
        self.now = 0
        self.here: dict[str, Bar] = {}
        """The row's bars."""
        self.rows: dict[str, int] = {}
        """Their numbers among the symbol's bars."""
        self.cash = setup.cash
        self.usable = setup.cash
        """Cash that this row's entries may take."""
        self.reserved = {symbol: setup.allocations.get(symbol, 0.0) for symbol in setup.markets}
        self.positions: dict[str, Position] = {}
        self.pending: dict[str, Pending] = {}
        self.resting: dict[str, Resting] = {}
        self.marks: dict[str, float] = {}
        self.last_fill: dict[str, float] = {}
        self.last_exit: dict[tuple[str, str], int] = {}
        """When a trigger's last position on a symbol ended, by (trigger, symbol)."""
        self.equity = setup.initial_equity
        self.day: int | None = None
        self.day_equity = setup.initial_equity
        self.entries_today: dict[str, int] = {}
        self.risk_used = 0.0
        self.latches: dict[str, str] = {}
        self.walked = False
        self.deferred: set[tuple[str, str]] = set()
        self.spent: set[tuple[str, str]] = set()
        """Partial exits that filled and whose rule has not been false since, by (symbol, trigger)."""
        self.hits: set[tuple[str, str]] = set()
        """(symbol, stop | target) that filled inside this row's bars."""
        self.settled: dict[str, int] = dict.fromkeys(setup.markets, 0)
        """How many of a symbol's funding times are paid."""
        self.finer: dict[tuple[str, int], list[Bar]] = {}
        """Finer candles by symbol and the bar they lie in, counted from the epoch."""
        for symbol, candles in setup.finer.items():
            for candle in candles:
                self.finer.setdefault((symbol, candle.time // setup.step_ms), []).append(candle)

    def price(self, symbol: str) -> float:
        """This row's open, or the last mark where the symbol has no bar."""
        return self.here[symbol].open if symbol in self.here else self.marks[symbol]

    def open_equity(self) -> float:
        held = sum(position.value(self.price(symbol)) for symbol, position in self.positions.items())
        return self.cash + sum(self.reserved.values()) + held

    def close_equity(self) -> float:
        held = sum(position.value(self.marks[symbol]) for symbol, position in self.positions.items())
        return self.cash + sum(self.reserved.values()) + held

    def block(self, symbol: str, trigger: Trigger | None, rule: str, reason: str, *values: object) -> None:
        """Record a blocked decision of a rule. System exits that lose come again, and are not recorded."""
        if trigger is not None and rule != "system":
            self.result.blocks.append(Block(self.now, symbol, trigger.id, rule, reason, values))

    def begin_day(self) -> None:
        day = self.now // DAY_MS
        if day != self.day:
            self.day = day
            self.day_equity = self.equity
            self.entries_today = {}
            self.risk_used = 0.0
            self.latches = {}

    def view(self, symbol: str) -> View:
        """The position-dependent names at this row's close."""
        gross = sum(p.qty * self.marks[s] for s, p in self.positions.items())
        seen = View(
            cash=self.cash,
            equity=self.equity,
            exposure=gross / self.equity if self.equity else math.nan,
            stop_hit=(symbol, "stop") in self.hits,
            target_hit=(symbol, "target") in self.hits,
        )
        p = self.positions.get(symbol)
        if p is None:
            return seen
        pnl = p.profit(self.marks[symbol]) - p.carried_fees - p.carried_funding
        risk = p.risk or math.nan
        return replace(
            seen,
            position="long" if p.sign > 0 else "short",
            entries=float(p.entries),
            pnl=pnl,
            pnl_pct=100.0 * pnl / (p.qty * p.cost),
            age=float(p.bars),
            age_hours=(self.now + self.setup.step_ms - p.entry_time) / HOUR_MS,
            entry_price=p.cost,
            current_r=pnl / risk,
            mfe_r=p.profit(p.best) / risk,
            mae_r=p.profit(p.worst) / risk,
        )
