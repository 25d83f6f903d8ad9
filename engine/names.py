"""The words of the language that are neither functions nor a document's own: fields, and what is to come."""

FIELDS = {"open": 0, "high": 1, "low": 2, "close": 3, "volume": 4}
"""Candle fields and their column."""

NOT_ENFORCED_NAMES = frozenset(
    {
        "position", "pnl", "pnl_pct", "age", "bars_held", "entry_price", "stop_hit", "target_hit",
        "current_r", "best_r", "worst_r", "mfe_r", "mae_r", "cash", "equity", "exposure",
        "trend_state", "vol_state", "volatility_state", "hour", "weekday",
    }
)  # fmt: skip
"""Names that a rule may one day read; until then they are refused, never taken for something else."""

NOT_ENFORCED_FUNCTIONS = frozenset(
    {
        "tf", "hma", "dema", "keltner_upper", "keltner_lower", "donchian_upper", "donchian_lower", "adx",
        "plus_di", "minus_di", "stoch_k", "stoch_d", "cci", "mfi", "obv", "vwap", "supertrend", "psar",
        "zscore", "percentile", "correlation", "roc", "slope",
    }
)  # fmt: skip

CATEGORIES = (
    "trend_continuation",
    "reversal",
    "volatility_breakout",
    "mean_reversion",
    "risk_reduce",
    "risk_off",
    "emergency_exit",
    "other",
)

EXIT_PRIORITY = {"emergency_exit": 0, "risk_off": 1, "risk_reduce": 2}
"""Which exit rule of a symbol wins at one close (smaller first); all other categories come after, in
document order."""

OTHER_EXIT_PRIORITY = 3
