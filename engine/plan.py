"""What one run is: a strategy, markets, a span of time, money and costs."""

import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import cached_property

from engine.errors import Issue, PlanError
from engine.strategy import Strategy
from engine.version import ENGINE_VERSION

MAX_MARKETS = 500
MAX_CASH = 1e15


@dataclass(frozen=True)
class Market:
    """A symbol and the exchange's limits for its orders."""

    symbol: str
    quantity_step: float = 1e-8
    """Quantities are whole multiples of it; 0 means any quantity."""
    min_notional: float = 0.0
    """Smallest order in quote currency."""


@dataclass(frozen=True)
class Costs:
    """Fees and slippage in basis points (1/100 of a percent)."""

    taker_fee_bps: float = 10.0
    slippage_bps: float = 2.0


@dataclass(frozen=True)
class Plan:
    """The request of a run, resolved.

    `start_ms` (inclusive) and `end_ms` (exclusive) bound the simulated bars by their open time;
    earlier bars only warm the indicators up. `allocations` are amounts of quote currency, one for each
    market, converted at that market's first open. `record_indicators` adds the playback's and the
    document's indicators to the output. Raise PlanError with Issues.
    """

    strategy: Strategy
    markets: tuple[Market, ...]
    timeframe_ms: int
    start_ms: int
    end_ms: int
    initial_cash: float = 10_000.0
    allocations: tuple[float, ...] = ()
    costs: Costs = field(default_factory=Costs)
    record_indicators: bool = True

    def __post_init__(self) -> None:
        issues = tuple(self._issues())
        if issues:
            raise PlanError(issues)
        if not self.allocations:
            object.__setattr__(self, "allocations", (0.0,) * len(self.markets))

    @property
    def initial_equity(self) -> float:
        """Cash and allocations together, in quote currency."""
        total = self.initial_cash
        for amount in self.allocations:
            total += amount
        return total

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(market.symbol for market in self.markets)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that decides the result; a state belongs to one of these."""
        description = {
            "engine": ENGINE_VERSION,
            "strategy": self.strategy.raw,
            "parameters": self.strategy.parameters,
            "markets": [[m.symbol, m.quantity_step, m.min_notional] for m in self.markets],
            "span": [self.timeframe_ms, self.start_ms, self.end_ms],
            "money": [self.initial_cash, self.allocations],
            "costs": [self.costs.taker_fee_bps, self.costs.slippage_bps],
            "indicators": self.record_indicators,
        }
        text = json.dumps(description, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _issues(self) -> list[Issue]:
        issues: list[Issue] = []
        if not self.markets or len(self.markets) > MAX_MARKETS:
            issues.append(Issue("symbols", f"needs between 1 and {MAX_MARKETS} symbols", len(self.markets)))
        doubled = {m.symbol for n, m in enumerate(self.markets) if m.symbol in self.symbols[:n]}
        if doubled:
            issues.append(Issue("symbols", f"name a symbol once: {', '.join(sorted(doubled))}"))
        if self.timeframe_ms <= 0:
            issues.append(Issue("timeframe", "must be longer than 0 ms", self.timeframe_ms))
        if not -(1 << 53) < self.start_ms < self.end_ms < (1 << 53):
            issues.append(Issue("end", "must be after the start", self.end_ms))
        if not _within(self.initial_cash, 0.0, MAX_CASH):
            issues.append(Issue("initial_cash", f"must be between 0 and {MAX_CASH:g}", self.initial_cash))
        if self.allocations and len(self.allocations) != len(self.markets):
            issues.append(Issue("initial_allocations", "needs one amount for each symbol", self.allocations))
        if not all(_within(amount, 0.0, MAX_CASH) for amount in self.allocations):
            issues.append(
                Issue("initial_allocations", f"must be between 0 and {MAX_CASH:g}", self.allocations)
            )
        if not issues and not self.initial_equity > 0.0:
            issues.append(Issue("initial_cash", "the run needs some money to begin with", self.initial_cash))
        # At 10,000 bps a sale would bring nothing, or less.
        issues += (
            Issue(f"costs.{name}", "must be between 0 and 9,999", value)
            for name, value in vars(self.costs).items()
            if not _within(value, 0.0, 9_999.0)
        )
        issues += (
            Issue(f"symbols.{market.symbol}", "quantity step and minimum notional must be 0 or more")
            for market in self.markets
            if not _within(market.quantity_step, 0.0, 1e12) or not _within(market.min_notional, 0.0, MAX_CASH)
        )
        issues += (
            Issue(
                f"triggers[{number}].symbols",
                f"{', '.join(trigger.symbols)} is not in this run ({', '.join(self.symbols)}); "
                "the trigger would never fire",
                list(trigger.symbols),
            )
            for number, trigger in enumerate(self.strategy.triggers)
            if trigger.symbols and not set(trigger.symbols) & set(self.symbols)
        )
        return issues


def _within(value: float, low: float, high: float) -> bool:
    return not isinstance(value, bool) and math.isfinite(value) and low <= value <= high
