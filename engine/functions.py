"""The functions of the language: what each takes, its formula, and how it becomes nodes.

Formulas and seeding follow TA-Lib (https://ta-lib.org, `ta_func/`) unless the text says otherwise;
docs/strategies.md prints this catalogue.
"""

from collections.abc import Callable
from dataclasses import dataclass

from engine.graph import Graph
from engine.names import FIELDS

MAX_PERIOD = 10_000


@dataclass(frozen=True)
class Argument:
    name: str
    kind: str
    """series (any number expression), period (whole number of bars) or factor (a constant number)"""
    default: int | float | str | None = None


@dataclass(frozen=True)
class Function:
    name: str
    arguments: tuple[Argument, ...]
    build: Callable[..., int]
    """Called with the graph and one value for each argument: a node for a series, int or float else."""
    formula: str
    minimum_period: int = 1

    @property
    def signature(self) -> str:
        parts = [a.name if a.default is None else f"{a.name}={a.default}" for a in self.arguments]
        return f"{self.name}({', '.join(parts)})"


def field(graph: Graph, name: str) -> int:
    return graph.field(FIELDS[name])


def ema(graph: Graph, source: int, period: int) -> int:
    return _recursive(graph, source, period, 2.0 / (period + 1))


def rma(graph: Graph, source: int, period: int) -> int:
    return _recursive(graph, source, period, 1.0 / period)


def _recursive(graph: Graph, source: int, period: int, factor: float) -> int:
    # e + 1 × (x − e) is not always x in floating point: an average over one bar is the bar.
    return source if period == 1 else graph.rolling("ema", source, period, factor)


def sma(graph: Graph, source: int, period: int) -> int:
    return graph.rolling("sma", source, period)


def true_range(graph: Graph) -> int:
    high, low = field(graph, "high"), field(graph, "low")
    previous = graph.shift(field(graph, "close"), 1)
    up = graph.unary("abs", graph.binary("sub", high, previous))
    down = graph.unary("abs", graph.binary("sub", low, previous))
    return graph.binary("max", graph.binary("max", graph.binary("sub", high, low), up), down)


def rsi(graph: Graph, source: int, period: int) -> int:
    change = graph.binary("sub", source, graph.shift(source, 1))
    zero = graph.constant(0.0)
    gain = rma(graph, graph.binary("max", change, zero), period)
    loss = rma(graph, graph.binary("max", graph.unary("neg", change), zero), period)
    share = graph.binary("div", gain, graph.binary("add", gain, loss))
    return graph.binary("mul", graph.constant(100.0), share)


def macd(graph: Graph, source: int, fast: int, slow: int) -> int:
    return graph.binary("sub", ema(graph, source, fast), ema(graph, source, slow))


def macd_signal(graph: Graph, source: int, fast: int, slow: int, signal: int) -> int:
    return ema(graph, macd(graph, source, fast, slow), signal)


def macd_hist(graph: Graph, source: int, fast: int, slow: int, signal: int) -> int:
    return graph.binary(
        "sub", macd(graph, source, fast, slow), macd_signal(graph, source, fast, slow, signal)
    )


def bollinger(graph: Graph, source: int, period: int, width: float) -> int:
    spread = graph.binary("mul", graph.constant(width), graph.rolling("stddev", source, period))
    return graph.binary("add", sma(graph, source, period), spread)


_SOURCE = Argument("source", "series")
_CLOSE = Argument("source", "series", "close")
_PERIOD = Argument("period", "period")
_MACD = (_CLOSE, Argument("fast", "period", 12), Argument("slow", "period", 26))
_SIGNAL = (*_MACD, Argument("signal", "period", 9))
_BANDS = (_CLOSE, Argument("period", "period", 20))
_WIDTH = (*_BANDS, Argument("width", "factor", 2.0))


def _rolling(op: str) -> Callable[[Graph, int, int], int]:
    return lambda graph, source, period: graph.rolling(op, source, period)


def _crossing(op: str) -> Callable[[Graph, int, int], int]:
    return lambda graph, first, second: graph.binary(op, first, second)


_TWO = (Argument("first", "series"), Argument("second", "series"))

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("sma", (_SOURCE, _PERIOD), sma, "mean of the last `period` values"),
        Function(
            "ema",
            (_SOURCE, _PERIOD),
            ema,
            "`e += 2/(period+1) × (value − e)`, seeded with the mean of the first `period` values",
        ),
        Function(
            "rma",
            (_SOURCE, _PERIOD),
            rma,
            "Wilder's average: `e += 1/period × (value − e)`, seeded like `ema`",
        ),
        Function(
            "wma",
            (_SOURCE, _PERIOD),
            _rolling("wma"),
            "weights 1 … `period`, the newest the heaviest, divided by `period × (period+1) / 2`",
        ),
        Function(
            "stddev",
            (_SOURCE, _PERIOD),
            _rolling("stddev"),
            "standard deviation of the last `period` values, divided by `period` (population)",
            minimum_period=2,
        ),
        Function("highest", (_SOURCE, _PERIOD), _rolling("highest"), "largest of the last `period` values"),
        Function("lowest", (_SOURCE, _PERIOD), _rolling("lowest"), "smallest of the last `period` values"),
        Function(
            "rsi",
            (_CLOSE, Argument("period", "period", 14)),
            rsi,
            "`100 × gain / (gain + loss)`, gain and loss being `rma` of the rises and falls (Wilder 1978); "
            "missing while the value has never moved (TA-Lib says 0)",
            minimum_period=2,
        ),
        Function(
            "macd",
            _MACD,
            macd,
            "`ema(source, fast) − ema(source, slow)` (Appel); TA-Lib starts the fast average later, which "
            "differs in the first few hundred bars",
        ),
        Function("macd_signal", _SIGNAL, macd_signal, "`ema(macd, signal)`"),
        Function("macd_hist", _SIGNAL, macd_hist, "`macd − macd_signal`"),
        Function(
            "true_range",
            (),
            true_range,
            "largest of `high − low`, `|high − previous close|`, `|low − previous close|`",
        ),
        Function(
            "atr",
            (Argument("period", "period", 14),),
            lambda graph, period: rma(graph, true_range(graph), period),
            "`rma(true_range(), period)` (Wilder 1978)",
        ),
        Function(
            "bb_upper",
            _WIDTH,
            bollinger,
            "`sma + width × stddev` (Bollinger)",
            minimum_period=2,
        ),
        Function("bb_middle", _BANDS, sma, "`sma(source, period)`", minimum_period=2),
        Function(
            "bb_lower",
            _WIDTH,
            lambda graph, source, period, width: bollinger(graph, source, period, -width),
            "`sma − width × stddev`",
            minimum_period=2,
        ),
        Function(
            "crosses_above",
            _TWO,
            _crossing("cross_above"),
            "true when `first` was at or below `second` one bar ago and is above it now",
        ),
        Function(
            "crosses_below",
            _TWO,
            _crossing("cross_below"),
            "true when `first` was at or above `second` one bar ago and is below it now",
        ),
        Function("abs", (_SOURCE,), lambda graph, source: graph.unary("abs", source), "absolute value"),
        Function(
            "min", _TWO, lambda graph, a, b: graph.binary("min", a, b), "smallest argument (two or more)"
        ),
        Function(
            "max", _TWO, lambda graph, a, b: graph.binary("max", a, b), "largest argument (two or more)"
        ),
    )
}

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
