"""A plan as the arrays that the kernel reads (see engine.layout)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.limits import BINDINGS, CONFIDENCES, CONFLICTS
from engine.names import CATEGORIES
from engine.program import Program, Rule, compile_program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.levels import Level
    from engine.plan import Plan
    from engine.triggers import Trigger

INFINITY = float("inf")
YEAR_MS = 365 * L.DAY


RANKS = {
    "emergency_exit": L.RANK_EMERGENCY,
    "risk_off": L.RANK_RISK_OFF,
    "risk_reduce": L.RANK_RISK_REDUCE,
}
"""Which exit of a symbol wins at one close, by category; all others rank as ordinary exits."""


def program_of(plan: Plan) -> Program:
    """Return the compiled rules of a plan."""
    return compile_program(plan.strategy, plan.record_indicators, plan.needs_atr)


def plan_arrays(plan: Plan, program: Program) -> tuple[NDArray[Any], ...]:
    """Return plan floats and ints, market floats, masks, rule floats and ints, state code and parameters."""
    import numpy as np

    rules = [_rule(plan, program, number) for number in range(len(program.rules))]
    return (
        np.array(_floats(plan)),
        np.array(_ints(plan, program), dtype=np.int64),
        np.array(_markets(plan)),
        np.array(_masks(plan, program), dtype=np.uint64),
        np.array([value for floats, _ in rules for value in floats] or [0.0]),
        np.array([value for _, ints in rules for value in ints] or [0], dtype=np.int64),
        np.array(program.state_code or (0,), dtype=np.int64),
        np.array(program.state_params or (0.0,)),
    )


def writes_gross(plan: Plan) -> bool:
    """Whether exposure cannot be derived from equity and cash: with shorts, margin or funding."""
    return plan.can_be_short or plan.leverage != 1.0 or any(found is not None for found in plan.funding)


def counts_days(plan: Plan) -> bool:
    """Whether something depends on where a UTC day begins."""
    limits = plan.limits
    daily = (
        limits.max_daily_loss_pct, limits.max_daily_risk_budget_pct, limits.max_trades_per_day,
        limits.max_triggers_per_symbol_per_day,
    )  # fmt: skip
    latches = any(trigger.category == "risk_off" for trigger in plan.strategy.triggers)
    return latches or plan.conduct.flatten_daily or any(limit is not None for limit in daily)


def _floats(plan: Plan) -> list[float]:
    limits, conduct, costs = plan.limits, plan.conduct, plan.costs
    found = dict.fromkeys(range(L.PF_SIZE), 0.0)
    found |= {
        L.PF_TAKER: costs.taker_fee_bps / 10_000.0,
        L.PF_MAKER: costs.maker_fee_bps / 10_000.0,
        L.PF_SLIPPAGE: costs.slippage_bps / 10_000.0,
        L.PF_RANGE: costs.slippage_range_fraction,
        L.PF_VOLUME: costs.slippage_volume_share,
        L.PF_INITIAL: plan.initial_equity,
        L.PF_LEVERAGE: plan.leverage,
        L.PF_MAINTENANCE: plan.maintenance_margin_pct / 100.0,
        L.PF_SIZING: plan.strategy.sizing.value,
        L.PF_VOLATILITY_SCALE: (YEAR_MS / plan.timeframe_ms) ** 0.5,
        L.PF_POSITION_RISK: _share(limits.max_position_risk_pct),
        L.PF_SYMBOL_CAP: _share(limits.max_symbol_exposure_pct),
        L.PF_PORTFOLIO_CAP: _share(limits.max_portfolio_exposure_pct),
        L.PF_DAILY_LOSS: _share(limits.max_daily_loss_pct),
        L.PF_DAILY_BUDGET: _share(limits.max_daily_risk_budget_pct),
        L.PF_PRICE_MOVE: (conduct.min_price_move_pct or 0.0) / 100.0,
        L.PF_MIN_HOLD: (conduct.min_hold_hours or 0.0) * L.HOUR,
        L.PF_MIN_FLAT: (conduct.min_flat_hours or 0.0) * L.HOUR,
        L.PF_WALK_AWAY: plan.initial_equity * (1.0 + _share(conduct.walk_away_profit_pct)),
    }
    return [found[place] for place in range(L.PF_SIZE)]


def _share(percent: float | None) -> float:
    """A percentage as a fraction; infinite where the limit is off."""
    return INFINITY if percent is None else percent / 100.0


def _ints(plan: Plan, program: Program) -> list[int]:
    limits, conduct = plan.limits, plan.conduct
    found = {
        L.PI_START: plan.start_ms,
        L.PI_STEP: plan.timeframe_ms,
        L.PI_RULES: len(program.rules),
        L.PI_ENTRIES: program.entries,
        L.PI_DECIDING: program.entries + program.exits,
        L.PI_SLOTS: program.board,
        L.PI_ATR_SLOT: program.atr_slot,
        L.PI_VOLATILITY_SLOT: program.volatility_slot,
        L.PI_SIZING: L.SIZINGS.index(plan.strategy.sizing.mode),
        L.PI_TRADES_A_DAY: limits.max_trades_per_day or L.FOREVER,
        L.PI_TRIGGERS_A_DAY: limits.max_triggers_per_symbol_per_day or L.FOREVER,
        L.PI_CONFLICTS: CONFLICTS.index(conduct.conflicting_signals),
        L.PI_BINDING: BINDINGS.index(conduct.exit_binding),
        L.PI_FLATTEN: int(conduct.flatten_daily),
        L.PI_RICH: int(plan.is_rich),
        L.PI_DAILY: int(counts_days(plan)),
        L.PI_GROSS: int(writes_gross(plan)),
        L.PI_SUMMARY: 0,
        L.PI_ALL_RULES: program.all_rules,
    }
    return [found[place] for place in range(L.PI_SIZE)]


def _markets(plan: Plan) -> list[float]:
    found: list[float] = []
    for market in plan.markets:
        found += (market.quantity_step, _steps_per_unit(market.quantity_step), market.min_notional)
    return found


def _steps_per_unit(step: float) -> float:
    """1e8 for a step of 1e-8: quantities are then whole numbers divided by it, the nearest floats."""
    if step <= 0.0 or step > 1.0:
        return 0.0
    nearest = round(1.0 / step)
    return float(nearest) if abs(nearest * step - 1.0) < 1e-12 else 0.0


def _masks(plan: Plan, program: Program) -> list[int]:
    """For each market, which rules count when it is flat, long, short."""
    masks: list[int] = []
    for market in plan.markets:
        found = [0] * L.MASK_SIZE
        for bit, rule in enumerate(program.rules):
            trigger = plan.strategy.triggers[rule.trigger]
            if rule.kind == "hold" or (trigger.symbols and market.symbol not in trigger.symbols):
                continue
            for mask, sign in ((L.MASK_FLAT, 0), (L.MASK_LONG, 1), (L.MASK_SHORT, -1)):
                if counts_for(trigger, rule, sign):
                    found[mask] |= 1 << bit
        masks += found
    return masks


def counts_for(trigger: Trigger, rule: Rule, position: int) -> bool:
    """Whether a rule means anything to a position (0 flat, 1 long, −1 short)."""
    sign = sign_of(trigger)
    if rule.is_exit:
        return trigger.category == "risk_off" or (position != 0 and sign in (0, position))
    return position == 0 or sign != position or trigger.scale_in > 1


def sign_of(trigger: Trigger) -> int:
    return {"long": 1, "short": -1, "both": 0}[trigger.direction]


def _rule(plan: Plan, program: Program, number: int) -> tuple[list[float], list[int]]:
    rule = program.rules[number]
    strategy = plan.strategy
    trigger = strategy.triggers[rule.trigger]
    order, stop, target, trailing = program.trigger_slots[rule.trigger]
    holds = [n for n, r in enumerate(program.rules) if r.kind == "hold" and r.trigger == rule.trigger]
    ints = {
        L.RI_TRIGGER: rule.trigger,
        L.RI_ENTRY: int(rule.kind == "entry"),
        L.RI_SIGN: sign_of(trigger),
        L.RI_CATEGORY: CATEGORIES.index(trigger.category),
        L.RI_RANK: RANKS.get(trigger.category, L.RANK_EXIT) if rule.is_exit else _entry_rank(plan, trigger),
        L.RI_ORDER: L.ORDERS.index(trigger.order.type),
        L.RI_VALID: trigger.order.valid_for,
        L.RI_STOP: _kind(trigger.stop),
        L.RI_TARGET: _kind(trigger.target),
        L.RI_TRAILING: _kind(trigger.trailing),
        L.RI_ORDER_SLOT: order,
        L.RI_STOP_SLOT: stop,
        L.RI_TARGET_SLOT: target,
        L.RI_TRAILING_SLOT: trailing,
        L.RI_MAX_BARS: trigger.max_bars or 0,
        L.RI_SCALE_IN: trigger.scale_in,
        L.RI_HOLD: holds[0] if holds else -1,
        L.RI_STATE: program.state_ranges[2 * number],
        L.RI_STATE_ROWS: program.state_ranges[2 * number + 1],
        L.RI_UNBOUND: int(trigger.category in RANKS),
        L.RI_RISK_OFF: int(trigger.category == "risk_off"),
    }
    floats = {
        L.RF_FRACTION: trigger.exit_fraction,
        L.RF_STOP: trigger.stop.value if trigger.stop else 0.0,
        L.RF_TARGET: trigger.target.value if trigger.target else 0.0,
        L.RF_TRAILING: trigger.trailing.value if trigger.trailing else 0.0,
        L.RF_REWARD: trigger.min_reward_to_risk or 0.0,
        L.RF_MULTIPLIER: 1.0 if trigger.confidence is None else strategy.sizing.profile[trigger.confidence],
    }
    return [floats[n] for n in range(L.RF_SIZE)], [ints[n] for n in range(L.RI_SIZE)]


def _kind(level: Level | None) -> int:
    return L.LEVEL_NONE if level is None else L.LEVELS.index(level.kind)


def _entry_rank(plan: Plan, trigger: Trigger) -> int:
    """An entry of at least the confidence that overrides goes before risk-off and ordinary exits."""
    least = plan.conduct.confidence_override
    if least is None or trigger.confidence is None:
        return L.RANK_ENTRY
    sure = CONFIDENCES.index(trigger.confidence) <= CONFIDENCES.index(least)
    return L.RANK_CONFIDENT if sure else L.RANK_ENTRY


def funding_arrays(plan: Plan) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the times and rates of all markets' payments, one after the other, and where each begins."""
    import numpy as np

    given = [funding for funding in plan.funding if funding is not None]
    counts = [0 if funding is None else len(funding.times) for funding in plan.funding]
    return (
        np.concatenate([np.empty(0, dtype=np.int64), *(funding.times for funding in given)], dtype=np.int64),
        np.concatenate([np.empty(0), *(funding.rates for funding in given)], dtype=np.float64),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


@lru_cache(maxsize=64)
def program_arrays(program: Program) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the instructions and their parameters."""
    import numpy as np

    return np.array(program.code, dtype=np.int64), np.array(program.params, dtype=np.float64)
