"""Momentum: how fast, how far, and how near to the edge of its range."""

from engine.functions.averages import ema, rma, sma
from engine.functions.catalogue import (
    CLOSE,
    PERIOD,
    SOURCE,
    Function,
    period,
    price,
    scaled,
    typical,
    when,
)
from engine.graph import Graph


def rsi(graph: Graph, source: int, period: int) -> int:
    change = graph.binary("sub", source, graph.shift(source, 1))
    zero = graph.constant(0.0)
    gain = rma(graph, graph.binary("max", change, zero), period)
    loss = rma(graph, graph.binary("max", graph.unary("neg", change), zero), period)
    return share(graph, gain, graph.binary("add", gain, loss))


def share(graph: Graph, part: int, whole: int) -> int:
    """100 × part / whole; missing where the whole is 0."""
    return scaled(graph, 100.0, graph.binary("div", part, whole))


def macd(graph: Graph, source: int, fast: int, slow: int) -> int:
    return graph.binary("sub", ema(graph, source, fast), ema(graph, source, slow))


def macd_signal(graph: Graph, source: int, fast: int, slow: int, signal: int) -> int:
    return ema(graph, macd(graph, source, fast, slow), signal)


def macd_hist(graph: Graph, source: int, fast: int, slow: int, signal: int) -> int:
    return graph.binary(
        "sub", macd(graph, source, fast, slow), macd_signal(graph, source, fast, slow, signal)
    )


def place(graph: Graph, value: int, top: int, bottom: int, period: int) -> int:
    """Where the value lies between the lowest `bottom` and the highest `top`, in percent."""
    low = graph.rolling("lowest", bottom, period)
    high = graph.rolling("highest", top, period)
    return share(graph, graph.binary("sub", value, low), graph.binary("sub", high, low))


def stoch_k(graph: Graph, period: int, smooth: int) -> int:
    raw = place(graph, price(graph, "close"), price(graph, "high"), price(graph, "low"), period)
    return sma(graph, raw, smooth)


def stoch_d(graph: Graph, period: int, smooth: int, signal: int) -> int:
    return sma(graph, stoch_k(graph, period, smooth), signal)


def stoch_rsi(graph: Graph, source: int, period: int, window: int) -> int:
    strength = rsi(graph, source, period)
    return place(graph, strength, strength, strength, window)


def cci(graph: Graph, period: int) -> int:
    value = typical(graph)
    distance = graph.binary("sub", value, sma(graph, value, period))
    spread = graph.rolling("deviation", value, period)
    return graph.binary("div", distance, scaled(graph, 0.015, spread))


def mfi(graph: Graph, period: int) -> int:
    value = typical(graph)
    before = graph.shift(value, 1)
    flow = graph.binary("mul", value, price(graph, "volume"))
    # Before the second bar there is no flow: the difference is missing, and so is what it is added to.
    known = graph.binary("mul", graph.binary("sub", value, before), graph.constant(0.0))
    flow = graph.binary("add", flow, known)
    gain = graph.rolling("sum", when(graph, graph.binary("gt", value, before), flow), period)
    loss = graph.rolling("sum", when(graph, graph.binary("lt", value, before), flow), period)
    return share(graph, gain, graph.binary("add", gain, loss))


def momentum(graph: Graph, source: int, period: int) -> int:
    return graph.binary("sub", source, graph.shift(source, period))


def roc(graph: Graph, source: int, period: int) -> int:
    return share(graph, momentum(graph, source, period), graph.shift(source, period))


_MACD = (CLOSE, period(12, "fast"), period(26, "slow"))
_SIGNAL = (*_MACD, period(9, "signal"))

OSCILLATORS = (
    Function(
        "rsi",
        (CLOSE, period(14)),
        rsi,
        "`100 × gain / (gain + loss)`, gain and loss being `rma` of the rises and falls",
        "Wilder 1978; missing while the value has never moved, where TA-Lib RSI says 0",
        minimum_period=2,
    ),
    Function(
        "macd",
        _MACD,
        macd,
        "`ema(source, fast) − ema(source, slow)`",
        "Appel 1979; TA-Lib MACD starts the fast average later, which differs in the first few hundred bars",
    ),
    Function("macd_signal", _SIGNAL, macd_signal, "`ema(macd, signal)`", "as `macd`"),
    Function("macd_hist", _SIGNAL, macd_hist, "`macd − macd_signal`", "as `macd`"),
    Function(
        "stoch_k",
        (period(14), period(3, "smooth")),
        stoch_k,
        "`sma` over `smooth` bars of `100 × (close − lowest low) / (highest high − lowest low)`",
        "Lane; TA-Lib STOCH; missing in a range of no height, where TA-Lib says 0",
    ),
    Function(
        "stoch_d",
        (period(14), period(3, "smooth"), period(3, "signal")),
        stoch_d,
        "`sma(stoch_k(period, smooth), signal)`",
        "as `stoch_k`",
    ),
    Function(
        "stoch_rsi",
        (CLOSE, period(14), period(14, "window")),
        stoch_rsi,
        "where `rsi(source, period)` lies between its lowest (0) and highest (100) of the last `window` bars",
        "Chande and Kroll 1994; TA-Lib STOCHRSI's fast k",
        minimum_period=2,
    ),
    Function(
        "cci",
        (period(20),),
        cci,
        "`(t − sma(t)) / (0.015 × mean distance of t from that average)`, `t = (high + low + close) / 3`",
        "Lambert 1980; TA-Lib CCI; missing where nothing moved, where TA-Lib says 0",
        minimum_period=2,
    ),
    Function(
        "mfi",
        (period(14),),
        mfi,
        "`100 × gain / (gain + loss)`, the sums of `t × volume` of bars whose `t = (high + low + close) / "
        "3` rose "
        "and fell",
        "Quong and Soudack 1989; TA-Lib MFI; missing where there was no flow, where TA-Lib says 0",
    ),
    Function("momentum", (SOURCE, PERIOD), momentum, "`source − source[period]`", "TA-Lib MOM"),
    Function(
        "roc",
        (SOURCE, PERIOD),
        roc,
        "`100 × (source − source[period]) / source[period]`",
        "TA-Lib ROC",
    ),
)
