"""The functions of the language: what each takes, its formula, and how it becomes nodes.

docs/indicators.md is written from this catalogue.
"""

from engine.functions.averages import AVERAGES
from engine.functions.candles import CANDLES
from engine.functions.catalogue import Argument, Function
from engine.functions.conditions import CONDITIONS
from engine.functions.oscillators import OSCILLATORS
from engine.functions.ranges import RANGES
from engine.functions.statistics import STATISTICS
from engine.functions.times import TIMES
from engine.functions.trends import TRENDS
from engine.functions.volumes import VOLUMES
from engine.names import FIELDS, STATES
from engine.tokens import KEYWORDS

__all__ = [
    "FUNCTIONS",
    "MAX_PERIOD",
    "PLAYBACK",
    "SHORT_FORMS",
    "SUBJECTS",
    "VARIADIC",
    "Argument",
    "Function",
    "is_word",
]

MAX_PERIOD = 10_000

SUBJECTS = {
    "Averages": AVERAGES,
    "Momentum": OSCILLATORS,
    "Volatility and channels": RANGES,
    "Trend": TRENDS,
    "Volume": VOLUMES,
    "Statistics and arithmetic": STATISTICS,
    "Crossings, counts and swings": CONDITIONS,
    "Candle patterns": CANDLES,
    "Calendar and day": TIMES,
}

FUNCTIONS: dict[str, Function] = {f.name: f for functions in SUBJECTS.values() for f in functions}

VARIADIC = frozenset({"min", "max"})

SHORT_FORMS = frozenset({"sma", "ema", "rma", "wma", "stddev", "highest", "lowest", "rsi", "atr"})
"""Functions that may be written with their period in the name, on the close: `rsi_14`, `sma_200`."""

PLAYBACK = {
    "sma_20": "sma(close, 20)",
    "sma_50": "sma(close, 50)",
    "ema_20": "ema(close, 20)",
    "rsi_14": "rsi(close, 14)",
    "macd": "macd(close, 12, 26)",
    "macd_signal": "macd_signal(close, 12, 26, 9)",
    "macd_hist": "macd_hist(close, 12, 26, 9)",
    "atr_14": "atr(14)",
    "bb_upper": "bb_upper(close, 20, 2)",
    "bb_middle": "bb_middle(close, 20)",
    "bb_lower": "bb_lower(close, 20, 2)",
}
"""The columns that the playback shows for every strategy."""


def is_word(name: str) -> bool:
    """Tell whether a name means something by itself, so that no indicator of a document may take it.

    A function that cannot stand without brackets leaves its name free: a document may call an indicator
    `slope` or `rising`.
    """
    return (
        name in FIELDS
        or name in STATES
        or name in KEYWORDS
        or name in PLAYBACK
        or name in ("tf", "timestamp")
        or (name in FUNCTIONS and FUNCTIONS[name].can_stand_alone)
    )
