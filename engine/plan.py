"""What one run is: a strategy, markets, a span of time, money, costs and limits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, TypeGuard

from engine.errors import Issue, PlanError
from engine.graph import check_timeframes
from engine.limits import Behaviour, Risk, read_limits
from engine.names import HOUR_MS
from engine.strategy import Strategy, nodes_read
from engine.version import ENGINE_VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_MARKETS = 500
MAX_REMEMBERED = 20_000_000
"""Bars that the rolling windows of all markets may remember together: at least 160 MB, and as much again in a
state that is being stored."""
MAX_CASH = 1e15
MAX_LEVERAGE = 125.0


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
    """Fees and slippage. Basis points are 1/100 of a percent."""

    taker_fee_bps: float = 10.0
    """Of market and stop orders."""
    slippage_bps: float = 2.0
    maker_fee_bps: float = 10.0
    """Of limit orders and targets, which have no slippage."""
    slippage_range_fraction: float = 0.0
    """Share of the fill bar's high − low by which a price is worse, in [0, 1]."""
    slippage_volume_share: float = 0.0
    """Share of the price by which an order as large as the bar's volume moves it, linear, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Funding:
    """What a position pays while it is held: rates at times, positive when longs pay.

    `times` are epoch ms, ascending; `rates` fractions of the notional (0.0001 is one basis point).
    `assumed` says that the rates are a statement of the caller, not data.
    """

    times: NDArray[np.int64]
    rates: NDArray[np.float64]
    assumed: bool = False

    def __post_init__(self) -> None:
        import numpy as np

        object.__setattr__(self, "times", np.asarray(self.times, dtype=np.int64))
        object.__setattr__(self, "rates", np.asarray(self.rates, dtype=np.float64))

    @classmethod
    def constant(cls, rate_bps: float, every_hours: int, start_ms: int, end_ms: int) -> Funding:
        """One rate every so many hours of the UTC day, for [start_ms, end_ms). Raise PlanError."""
        import numpy as np

        if not every_hours >= 1:
            raise PlanError((Issue("funding.every_hours", "must be at least 1", every_hours),))
        every = int(every_hours * HOUR_MS)
        times = np.arange(start_ms + -start_ms % every, end_ms, every, dtype=np.int64)
        return cls(times, np.full(len(times), rate_bps / 10_000.0), assumed=True)

    def digest(self) -> str:
        """Return a hash of the payments."""
        data = self.times.astype("<i8").tobytes() + self.rates.astype("<f8").tobytes()
        return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Plan:
    """The request of a run, resolved.

    `start_ms` (inclusive) and `end_ms` (exclusive) bound the simulated bars by their open time;
    earlier bars only warm the indicators up. `allocations` are amounts of quote currency, one for each
    market, converted at that market's first open. `record_indicators` adds the playback's and the
    document's indicators to the output. `risk` and `behaviour` replace the document's own. Margin is
    isolated: a position puts up its notional ÷ `leverage`, and is liquidated when less than
    `maintenance_margin_pct` of its notional is left. `funding` is one entry for each market or none.
    `finer_ms` is the length of the candles that decide inside a bar. Raise PlanError with Issues.
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
    risk: Risk | None = None
    behaviour: Behaviour | None = None
    leverage: float = 1.0
    maintenance_margin_pct: float = 0.5
    funding: tuple[Funding | None, ...] = ()
    finer_ms: int | None = None

    def __post_init__(self) -> None:
        for name, default in (
            ("allocations", (0.0,) * len(self.markets)),
            ("funding", (None,) * len(self.markets)),
        ):
            if not getattr(self, name):
                object.__setattr__(self, name, default)
        issues = tuple(self._issues())
        if issues:
            raise PlanError(issues)

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

    @property
    def limits(self) -> Risk:
        """The run's own limits, or else the document's."""
        return self.strategy.risk if self.risk is None else self.risk

    @property
    def conduct(self) -> Behaviour:
        """The run's own behaviour, or else the document's."""
        return self.strategy.behaviour if self.behaviour is None else self.behaviour

    @property
    def can_be_short(self) -> bool:
        return any(t.direction == "short" and t.entry_node is not None for t in self.strategy.triggers)

    @property
    def needs_atr(self) -> bool:
        """Whether an entry without a stop is measured by its ATR."""
        return self.strategy.sizing.mode == "risk" or self.limits.uses_stop_distance

    @cached_property
    def is_rich(self) -> bool:
        """Whether the run uses more than market orders for a fraction of equity, long and unleveraged."""
        sizing, costs = self.strategy.sizing, self.costs
        return (
            sizing.mode != "fraction"
            or any(value != 1.0 for value in sizing.profile.values())
            or any(value is not None for value in vars(self.limits).values())
            or self.conduct != Behaviour()
            or self.leverage != 1.0
            or any(found is not None for found in self.funding)
            or costs.slippage_range_fraction != 0.0
            or costs.slippage_volume_share != 0.0
            or any(trigger.is_rich for trigger in self.strategy.triggers)
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that decides the result; a state belongs to one of these."""
        description = {
            "engine": ENGINE_VERSION,
            "strategy": self.strategy.raw,
            "parameters": self.strategy.parameters,
            "markets": [[m.symbol, m.quantity_step, m.min_notional] for m in self.markets],
            "span": [self.timeframe_ms, self.start_ms, self.end_ms, self.finer_ms],
            "money": [self.initial_cash, self.allocations],
            "costs": vars(self.costs),
            "indicators": self.record_indicators,
            "risk": vars(self.limits),
            "behaviour": vars(self.conduct),
            "margin": [self.leverage, self.maintenance_margin_pct],
            "funding": [None if found is None else found.digest() for found in self.funding],
        }
        text = json.dumps(description, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _issues(self) -> list[Issue]:
        return [
            *self._market_issues(),
            *self._money_issues(),
            *self._margin_issues(),
            *self._limit_issues(),
        ]

    def _market_issues(self) -> list[Issue]:
        issues: list[Issue] = []
        if not self.markets or len(self.markets) > MAX_MARKETS:
            issues.append(Issue("symbols", f"needs between 1 and {MAX_MARKETS} symbols", len(self.markets)))
        doubled = {m.symbol for n, m in enumerate(self.markets) if m.symbol in self.symbols[:n]}
        if doubled:
            issues.append(Issue("symbols", f"name a symbol once: {', '.join(sorted(doubled))}"))
        remembered = self._remembered()
        if remembered > MAX_REMEMBERED:
            message = (
                f"the rolling windows remember {remembered:,} bars of {len(self.markets)} symbols; "
                f"{MAX_REMEMBERED:,} are allowed: choose fewer symbols or shorter windows"
            )
            issues.append(Issue("symbols", message, len(self.markets)))
        if self.timeframe_ms <= 0:
            issues.append(Issue("timeframe", "must be longer than 0 ms", self.timeframe_ms))
        else:
            issues += (
                Issue("strategy", message, None)
                for message in check_timeframes(self.strategy.graph, self.timeframe_ms)
            )
            if self.finer_ms is not None and not (
                0 < self.finer_ms < self.timeframe_ms and self.timeframe_ms % self.finer_ms == 0
            ):
                message = "must be shorter than the run's bars, and a whole number of them must fill one"
                issues.append(Issue("finer_timeframe", message, self.finer_ms))
        if not 0 <= self.start_ms < self.end_ms < (1 << 53):
            issues.append(Issue("end", "must be after the start, and the start after 1970", self.end_ms))
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

    def _remembered(self) -> int:
        """Bars that the rolling windows of all markets remember, at most."""
        graph, markets = self.strategy.graph, len(self.markets)
        if graph.history * markets <= MAX_REMEMBERED:
            return graph.history * markets
        # The graph may be one that the combinations of a sweep share: this one's own part of it counts.
        return graph.history_of(set(nodes_read(self.strategy))) * markets

    def _money_issues(self) -> list[Issue]:
        issues: list[Issue] = []
        if not _within(self.initial_cash, 0.0, MAX_CASH):
            issues.append(Issue("initial_cash", f"must be between 0 and {MAX_CASH:g}", self.initial_cash))
        if len(self.allocations) != len(self.markets):
            issues.append(Issue("initial_allocations", "needs one amount for each symbol", self.allocations))
        if not all(_within(amount, 0.0, MAX_CASH) for amount in self.allocations):
            issues.append(
                Issue("initial_allocations", f"must be between 0 and {MAX_CASH:g}", self.allocations)
            )
        if not issues and not self.initial_equity > 0.0:
            issues.append(Issue("initial_cash", "the run needs some money to begin with", self.initial_cash))
        for name, value in vars(self.costs).items():
            # At 10,000 bps a sale would bring nothing, or less.
            most = 9_999.0 if name.endswith("_bps") else 1.0
            if not _within(value, 0.0, most):
                issues.append(Issue(f"costs.{name}", f"must be between 0 and {most:,g}", value))
        return issues

    def _limit_issues(self) -> list[Issue]:
        """What is out of range in the run's own limits; the document's were read with their ranges."""
        issues: list[Issue] = []
        if self.risk is not None:
            read_limits("risk", vars(self.risk), "risk", {}, issues)
        if self.behaviour is not None:
            read_limits("behaviour", vars(self.behaviour), "behaviour", {}, issues)
        return issues

    def _margin_issues(self) -> list[Issue]:
        issues: list[Issue] = []
        if not _within(self.leverage, 1.0, MAX_LEVERAGE):
            issues.append(Issue("leverage", f"must be between 1 and {MAX_LEVERAGE:g}", self.leverage))
        if not _within(self.maintenance_margin_pct, 0.0, 50.0):
            message = "must be between 0 and 50"
            issues.append(Issue("maintenance_margin_pct", message, self.maintenance_margin_pct))
        elif _is_number(self.leverage) and self.leverage * self.maintenance_margin_pct >= 100.0:
            message = f"at leverage {self.leverage:g} an entry would be liquidated at once; lower one of them"
            issues.append(Issue("maintenance_margin_pct", message, self.maintenance_margin_pct))
        if len(self.funding) != len(self.markets):
            issues.append(Issue("funding", "needs one entry for each symbol", len(self.funding)))
            return issues
        missing = {
            market.symbol: why
            for market, found in zip(self.markets, self.funding, strict=True)
            if found is None and (why := self._why_funding(market))
        }
        if missing:
            message = (
                f"{next(iter(missing.values()))}, and such positions pay funding: say at what rate for "
                f"{', '.join(missing)}, be it 0"
            )
            issues.append(Issue("funding", message, None))
        for market, found in zip(self.markets, self.funding, strict=True):
            if found is not None and (len(found.times) != len(found.rates) or not _ascending(found)):
                message = f"{market.symbol}: needs ascending times and one finite rate for each"
                issues.append(Issue("funding", message, None))
        return issues

    def _why_funding(self, market: Market) -> str:
        if self.can_be_short:
            return "the strategy can be short"
        if _is_number(self.leverage) and self.leverage > 1.0:
            return f"the run has leverage {self.leverage:g}"
        return f"{market.symbol} is a perpetual contract" if market.symbol.endswith("-PERP") else ""


def _ascending(funding: Funding) -> bool:
    import numpy as np

    times, rates = funding.times, funding.rates
    return bool(np.isfinite(rates).all() and (np.abs(rates) < 1.0).all() and (times[1:] > times[:-1]).all())


def _within(value: object, low: float, high: float) -> bool:
    return _is_number(value) and low <= float(value) <= high


def _is_number(value: object) -> TypeGuard[float]:
    # Numbers of numpy are no int or float, but they are Real; so is a flag, which is no number here.
    return not isinstance(value, bool) and isinstance(value, Real)
