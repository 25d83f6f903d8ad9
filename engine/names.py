"""The words of the language that are neither functions nor a document's own."""

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line

FIELDS = {"open": 0, "high": 1, "low": 2, "close": 3, "volume": 4}
"""Candle fields and their column."""

STATE_ALIASES = {"best_r": "mfe_r", "worst_r": "mae_r", "bars_held": "age"}

STATES = {name: number for number, name in enumerate(I.STATE_NAMES)} | {
    alias: I.STATE_NAMES.index(name) for alias, name in STATE_ALIASES.items()
}
"""Names of what depends on the position, and their place in instructions.STATE_NAMES."""

TEXTS = {
    "position": {"flat": 0.0, "long": 1.0, "short": -1.0},
    "trend_state": {"up": 1.0, "down": -1.0, "flat": 0.0},
    "volatility_state": {"low": -1.0, "normal": 0.0, "high": 1.0},
}
"""Names whose value is a text, with the number that stands for each."""

TEXT_NAMES = tuple(TEXTS)

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

TIMEFRAMES = {
    "1m": MINUTE_MS, "3m": 3 * MINUTE_MS, "5m": 5 * MINUTE_MS, "15m": 15 * MINUTE_MS, "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS, "2h": 2 * HOUR_MS, "4h": 4 * HOUR_MS, "6h": 6 * HOUR_MS, "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS, "1d": I.DAY_MS, "3d": 3 * I.DAY_MS, "1w": 7 * I.DAY_MS,
}  # fmt: skip
"""The timeframes of tf() in ms. Their bars begin at whole multiples since 1970, UTC."""

WEEK_OFFSET_MS = 4 * I.DAY_MS
"""Weeks begin on a Monday; 1970-01-05 was the first."""

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


def timeframe_name(step_ms: int) -> str:
    """A bar's length as people write it: 4h, 90m, 30 s."""
    for name, length in reversed(TIMEFRAMES.items()):
        if length == step_ms:
            return name
    return f"{step_ms // MINUTE_MS}m" if step_ms % MINUTE_MS == 0 else f"{step_ms / 1000:g} s"
