"""Where a run stands after a bar: the account, one market's position, and the limits in force."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.plan_arrays import program_of

if TYPE_CHECKING:
    from engine.plan import Plan
    from engine.state import State


@dataclass(frozen=True)
class Position:
    """A position at a close; money in quote currency, times epoch ms. None is no level, or missing."""

    side: str
    """long or short"""
    qty: float
    """Signed."""
    average_cost: float
    opened_at: int
    """Open time of the bar of its first fill."""
    trigger_id: str | None
    """What opened it; None for an initial allocation."""
    entries: int
    bars_held: int
    pnl: float
    """Not realised, after its entry fees and funding."""
    stop_price: float | None
    trailing_price: float | None
    target_price: float | None
    liquidation_price: float | None


@dataclass(frozen=True)
class LimitInForce:
    """A limit of the run and what stands against it now; None where that is known at the fill alone."""

    name: str
    limit: float | str | bool
    now: float | None = None


class Standing:
    """One market's and the account's part of a State. Numbers are those of engine.layout."""

    def __init__(self, plan: Plan, state: State, symbol: str) -> None:
        self._plan = plan
        self._program = program_of(plan)
        self._f = state.floats.tolist()
        self._i = state.ints.tolist()
        self._number = plan.symbols.index(symbol)

    def market_float(self, name: int) -> float:
        return float(self._f[L.GF_SIZE + self._number * L.SF_SIZE + name])

    def market_int(self, name: int) -> int:
        return int(self._i[L.GI_SIZE + self._number * L.SI_SIZE + name])

    def account_float(self, name: int) -> float:
        return float(self._f[name])

    def account_int(self, name: int) -> int:
        return int(self._i[name])

    def intention(self, rule: int, name: int) -> int:
        """What is known of a rule's decision that is not settled."""
        count, rules = len(self._plan.markets), len(self._program.rules)
        return int(self._i[L.GI_SIZE + count * L.SI_SIZE + (self._number * rules + rule) * L.NI_SIZE + name])

    def block_values(self, rule: int) -> tuple[float, float]:
        count, rules = len(self._plan.markets), len(self._program.rules)
        at = L.GF_SIZE + count * L.SF_SIZE + (self._number * rules + rule) * L.NF_SIZE
        return self._f[at + L.NF_FIRST_VALUE], self._f[at + L.NF_SECOND_VALUE]

    @property
    def sign(self) -> int:
        """+1 in a long position, −1 in a short one, 0 without one."""
        qty = self.market_float(L.SF_QTY)
        return (qty > 0.0) - (qty < 0.0)

    def trigger_of(self, rule: int) -> str | None:
        """The trigger of a rule; None for no rule (−1)."""
        return None if rule < 0 else self._plan.strategy.triggers[self._program.rules[rule].trigger].id

    @property
    def opener(self) -> int | None:
        """The place of the trigger that opened the position; None without one, or for an allocation."""
        rule = self.market_int(L.SI_ENTRY_RULE)
        return None if self.sign == 0 or rule < 0 else self._program.rules[rule].trigger

    def position(self) -> Position | None:
        if self.sign == 0:
            return None
        qty, cost = self.market_float(L.SF_QTY), self.market_float(L.SF_COST)
        paid = self.market_float(L.SF_FEES) + self.market_float(L.SF_FUNDING)
        liquidation = self.market_float(L.SF_LIQUIDATION)
        return Position(
            side="long" if qty > 0.0 else "short",
            qty=qty,
            average_cost=cost,
            opened_at=self.market_int(L.SI_ENTRY_TIME),
            trigger_id=self.trigger_of(self.market_int(L.SI_ENTRY_RULE)),
            entries=self.market_int(L.SI_ENTRIES),
            bars_held=self.market_int(L.SI_BARS),
            pnl=qty * (self.market_float(L.SF_MARK) - cost) - paid,
            stop_price=_level(self.market_float(L.SF_STOP)),
            trailing_price=_level(self.market_float(L.SF_TRAIL)),
            target_price=_level(self.market_float(L.SF_TARGET)),
            liquidation_price=_level(liquidation),
        )

    def latched_by(self) -> str | None:
        """The trigger whose risk-off has shut the symbol for the rest of the UTC day."""
        return self.trigger_of(self.market_int(L.SI_LATCH) - 1)

    def limits(self, now: int) -> list[LimitInForce]:
        """Every limit that is on, in the order of the documents' fields; `now` is the bar's open."""
        used = self._used(now)
        return [
            LimitInForce(name, limit, used.get(name))
            for name, limit in (*vars(self._plan.limits).items(), *vars(self._plan.conduct).items())
            if limit not in (None, False, "ignore", "none")
        ]

    def _used(self, now: int) -> dict[str, float | None]:
        """What stands against each limit, in the limit's own unit, where the close already tells."""
        plan = self._plan
        equity, day = self.account_float(L.GF_EQUITY), self.account_float(L.GF_DAY_EQUITY)
        notional = [
            abs(self._f[at + L.SF_QTY]) * self._f[at + L.SF_MARK]
            for at in (L.GF_SIZE + n * L.SF_SIZE for n in range(len(plan.markets)))
        ]
        used: dict[str, float | None] = {
            "max_symbol_exposure_pct": _percent(notional[self._number], equity),
            "max_portfolio_exposure_pct": _percent(sum(notional), equity),
            "max_daily_loss_pct": _percent(day - equity, day),
            "max_daily_risk_budget_pct": _percent(self.account_float(L.GF_DAY_RISK), day),
            "max_trades_per_day": float(self.account_int(L.GI_DAY_ENTRIES)),
            "max_triggers_per_symbol_per_day": float(self.market_int(L.SI_DAY_ENTRIES)),
            "walk_away_profit_pct": _percent(equity - plan.initial_equity, plan.initial_equity),
        }
        last = self.market_float(L.SF_LAST_PRICE)
        if last > 0.0:
            used["min_price_move_pct"] = 100.0 * abs(self.market_float(L.SF_MARK) / last - 1.0)
        if self.sign:
            held = now + plan.timeframe_ms - self.market_int(L.SI_ENTRY_TIME)
            used["min_hold_hours"] = held / L.HOUR
        return used


def _level(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0.0 else None


def _percent(part: float, whole: float) -> float | None:
    return 100.0 * part / whole if whole else None
