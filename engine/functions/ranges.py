"""Volatility: ranges, bands and channels."""

from engine.functions.averages import ema, rma, sma
from engine.functions.catalogue import (
    CLOSE,
    PERIOD,
    SOURCE,
    Argument,
    Function,
    middle,
    period,
    price,
    scaled,
)
from engine.functions.oscillators import share
from engine.graph import Graph

_WIDTH = Argument("width", "factor", 2.0)


def true_range(graph: Graph) -> int:
    high, low = price(graph, "high"), price(graph, "low")
    previous = graph.shift(price(graph, "close"), 1)
    up = graph.unary("abs", graph.binary("sub", high, previous))
    down = graph.unary("abs", graph.binary("sub", low, previous))
    return graph.binary("max", graph.binary("max", graph.binary("sub", high, low), up), down)


def atr(graph: Graph, period: int) -> int:
    return rma(graph, true_range(graph), period)


def natr(graph: Graph, period: int) -> int:
    return share(graph, atr(graph, period), price(graph, "close"))


def bollinger(graph: Graph, source: int, period: int, width: float) -> int:
    spread = scaled(graph, width, graph.rolling("stddev", source, period))
    return graph.binary("add", sma(graph, source, period), spread)


def bandwidth(graph: Graph, source: int, period: int, width: float) -> int:
    upper, lower = (bollinger(graph, source, period, w) for w in (width, -width))
    return graph.binary("div", graph.binary("sub", upper, lower), sma(graph, source, period))


def percent_b(graph: Graph, source: int, period: int, width: float) -> int:
    upper, lower = (bollinger(graph, source, period, w) for w in (width, -width))
    return graph.binary("div", graph.binary("sub", source, lower), graph.binary("sub", upper, lower))


def keltner(graph: Graph, period: int, range_period: int, width: float) -> int:
    spread = scaled(graph, width, atr(graph, range_period))
    return graph.binary("add", ema(graph, price(graph, "close"), period), spread)


def highest(graph: Graph, source: int, period: int) -> int:
    return graph.rolling("highest", source, period)


def lowest(graph: Graph, source: int, period: int) -> int:
    return graph.rolling("lowest", source, period)


def donchian_upper(graph: Graph, period: int) -> int:
    return highest(graph, price(graph, "high"), period)


def donchian_lower(graph: Graph, period: int) -> int:
    return lowest(graph, price(graph, "low"), period)


def donchian_middle(graph: Graph, period: int) -> int:
    return middle(graph, donchian_upper(graph, period), donchian_lower(graph, period))


_BANDS = (CLOSE, period(20))
_KELTNER = (period(20), period(10, "atr_period"))

RANGES = (
    Function("highest", (SOURCE, PERIOD), highest, "largest of the last `period` values", "TA-Lib MAX"),
    Function("lowest", (SOURCE, PERIOD), lowest, "smallest of the last `period` values", "TA-Lib MIN"),
    Function(
        "true_range",
        (),
        true_range,
        "largest of `high − low`, `|high − previous close|`, `|low − previous close|`",
        "Wilder 1978; TA-Lib TRANGE",
    ),
    Function("atr", (period(14),), atr, "`rma(true_range(), period)`", "Wilder 1978; TA-Lib ATR"),
    Function("natr", (period(14),), natr, "`100 × atr(period) / close`", "TA-Lib NATR"),
    Function(
        "bb_upper",
        (*_BANDS, _WIDTH),
        bollinger,
        "`sma + width × stddev`",
        "Bollinger; TA-Lib BBANDS",
        minimum_period=2,
    ),
    Function(
        "bb_middle",
        _BANDS,
        sma,
        "`sma(source, period)`",
        "Bollinger; TA-Lib BBANDS",
        minimum_period=2,
    ),
    Function(
        "bb_lower",
        (*_BANDS, _WIDTH),
        lambda graph, source, period, width: bollinger(graph, source, period, -width),
        "`sma − width × stddev`",
        "Bollinger; TA-Lib BBANDS",
        minimum_period=2,
    ),
    Function(
        "bb_width",
        (*_BANDS, _WIDTH),
        bandwidth,
        "`(bb_upper − bb_lower) / bb_middle`",
        "Bollinger's bandwidth, as a fraction",
        minimum_period=2,
    ),
    Function(
        "bb_percent",
        (*_BANDS, _WIDTH),
        percent_b,
        "`(source − bb_lower) / (bb_upper − bb_lower)`: 0 at the lower band, 1 at the upper",
        "Bollinger's %b, as a fraction",
        minimum_period=2,
    ),
    Function(
        "keltner_upper",
        (*_KELTNER, _WIDTH),
        keltner,
        "`ema(close, period) + width × atr(atr_period)`",
        "Keltner 1960, as Raschke changed it",
    ),
    Function(
        "keltner_middle",
        (period(20),),
        lambda graph, period: ema(graph, price(graph, "close"), period),
        "`ema(close, period)`",
        "as `keltner_upper`",
    ),
    Function(
        "keltner_lower",
        (*_KELTNER, _WIDTH),
        lambda graph, period, range_period, width: keltner(graph, period, range_period, -width),
        "`ema(close, period) − width × atr(atr_period)`",
        "as `keltner_upper`",
    ),
    Function(
        "donchian_upper",
        (period(20),),
        donchian_upper,
        "`highest(high, period)`, this bar included; for a breakout compare with `donchian_upper[1]`",
        "Donchian",
    ),
    Function(
        "donchian_middle",
        (period(20),),
        donchian_middle,
        "`(donchian_upper + donchian_lower) / 2`",
        "Donchian",
    ),
    Function(
        "donchian_lower",
        (period(20),),
        donchian_lower,
        "`lowest(low, period)`, this bar included",
        "Donchian",
    ),
)
