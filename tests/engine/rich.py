"""A document and a plan that use everything the fold knows, on two generated markets."""

from typing import Any

from engine import Bars, Costs, Funding, Market, Plan, parse_strategy
from tests.engine.market import MINUTE, generated

RICH: dict[str, Any] = {
    "name": "rich",
    "parameters": {"wide": 2.0},
    "indicators": {"mean": "sma(close, 6)", "slow": 'tf("5m", ema(close, 3))'},
    "triggers": [
        {
            "id": "break",
            "category": "volatility_breakout",
            "confidence": "A",
            "entry": "crosses_above(close, mean)",
            "exit": "pnl_pct > 3 and close < close[1]",
            "hold": "age < 2",
            "stop": {"atr": "$wide", "period": 3},
            "target": {"r": 2},
            "trailing": {"percent": 3},
            "max_bars": 6,
            "scale_in": 2,
        },
        {
            "id": "fade",
            "category": "mean_reversion",
            "direction": "short",
            "confidence": "B",
            "entry": "close > highest(high, 5)[1] and position == 'flat'",
            "exit": "close < mean or current_r < -0.8",
            "stop": {"percent": 1.2},
            "target": {"distance": "atr(4)"},
        },
        {
            "id": "dip",
            "confidence": "C",
            "order": {"limit": "lowest(low, 4) * 0.999", "valid_for": 3},
            "entry": "close < slow and not stop_hit",
            "exit": "rsi(close, 4) > 70",
            "exit_fraction": 0.4,
            "scale_in": 3,
            "stop": "lowest(low, 9) * 0.99",
            "trailing": {"step_percent": 0.7},
            "min_reward_to_risk": 0.1,
            "target": {"percent": 2.5},
        },
        {
            "id": "chase",
            "direction": "short",
            "order": {"stop": "lowest(low, 3)", "valid_for": 2},
            "entry": "close < mean and exposure < 0.9",
            "stop": {"distance": "2 * true_range()"},
        },
        {"id": "off", "category": "risk_off", "symbols": ["A"], "exit": "close < lowest(low, 60)[1] * 0.985"},
        {"id": "alarm", "category": "emergency_exit", "exit": "mae_r < -1.4 or pnl < -40"},
    ],
    "sizing": {"mode": "fraction", "fraction": 0.8, "profile": {"A": 1, "B": 0.75, "C": 0.5}},
    "risk": {
        "max_position_risk_pct": 2,
        "max_symbol_exposure_pct": 60,
        "max_portfolio_exposure_pct": 90,
        "max_daily_loss_pct": 15,
        "max_daily_risk_budget_pct": 50,
        "max_trades_per_day": 150,
        "max_triggers_per_symbol_per_day": 50,
    },
    "behaviour": {
        "min_hold_hours": 0.04,
        "min_flat_hours": 0.05,
        "min_price_move_pct": 0.05,
        "confidence_override": "A",
        "conflicting_signals": "reverse",
        "exit_binding": "category",
        "flatten_daily": True,
        "walk_away_profit_pct": 60,
    },
}


def rich_markets(seed: int, length: int = 300) -> dict[str, Bars]:
    return {"A": generated(length, seed, holes=0.05), "B": generated(length, seed + 1000, holes=0.2)}


def rich_plan(
    bars: dict[str, Bars],
    *,
    factor: float = 1.0,
    costs: Costs | None = None,
    raw: dict[str, Any] | None = None,
    **changes: Any,
) -> Plan:
    """Everything in money is multiplied by `factor`."""
    end = max(int(b.timestamp[-1]) for b in bars.values() if len(b)) + 3 * MINUTE
    return Plan(
        parse_strategy(RICH if raw is None else raw),
        tuple(Market(symbol, 0.001, 5.0 * factor) for symbol in bars),
        MINUTE,
        20 * MINUTE,
        end,
        1000.0 * factor,
        tuple(100.0 * n * factor for n in range(len(bars))),
        costs or Costs(8.0, 3.0, 4.0, 0.05, 0.002),
        **{
            "leverage": 3.0,
            "funding": tuple(Funding.constant(1.5, 1, 0, end) for _ in bars),
            **changes,
        },
    )
