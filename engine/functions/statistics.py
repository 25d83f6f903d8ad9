"""Statistics of a window, and plain arithmetic."""

from engine.functions.averages import sma, wma
from engine.functions.catalogue import PERIOD, SOURCE, Argument, Function, scaled
from engine.graph import Graph


def zscore(graph: Graph, source: int, period: int) -> int:
    distance = graph.binary("sub", source, sma(graph, source, period))
    return graph.binary("div", distance, graph.rolling("stddev", source, period))


def slope(graph: Graph, source: int, period: int) -> int:
    # With W the weighted and S the plain mean, Σ (t − mean t)(x − S) / Σ (t − mean t)² is
    # 6 (W − S) / (n − 1).
    difference = graph.binary("sub", wma(graph, source, period), sma(graph, source, period))
    return graph.binary("div", scaled(graph, 6.0, difference), graph.constant(period - 1.0))


def linreg(graph: Graph, source: int, period: int) -> int:
    # The line passes through S at the middle of the window: S + slope × (n − 1) / 2 = S + 3 (W − S).
    mean = sma(graph, source, period)
    return graph.binary(
        "add", mean, scaled(graph, 3.0, graph.binary("sub", wma(graph, source, period), mean))
    )


def sign(graph: Graph, source: int) -> int:
    zero = graph.constant(0.0)
    difference = graph.binary("sub", graph.binary("gt", source, zero), graph.binary("lt", source, zero))
    return graph.binary("add", difference, graph.binary("sub", source, source))


def ceiling(graph: Graph, source: int) -> int:
    return graph.unary("neg", graph.unary("floor", graph.unary("neg", source)))


def rounded(graph: Graph, source: int) -> int:
    whole = graph.unary("floor", source)
    rest = graph.binary("sub", source, whole)
    return graph.binary("add", whole, graph.binary("ge", rest, graph.constant(0.5)))


def clamp(graph: Graph, source: int, low: int, high: int) -> int:
    return graph.binary("min", graph.binary("max", source, low), high)


_TWO = (Argument("first", "series"), Argument("second", "series"))

STATISTICS = (
    Function(
        "sum",
        (SOURCE, PERIOD),
        lambda g, source, n: g.rolling("sum", source, n),
        "sum of the last `period` values",
    ),
    Function(
        "stddev",
        (SOURCE, PERIOD),
        lambda g, source, n: g.rolling("stddev", source, n),
        "standard deviation of the last `period` values, divided by `period` (population)",
        "Welford 1962, sliding; TA-Lib STDDEV",
        minimum_period=2,
    ),
    Function(
        "variance",
        (SOURCE, PERIOD),
        lambda g, source, n: g.rolling("variance", source, n),
        "variance of the last `period` values, divided by `period` (population)",
        "Welford 1962, sliding; TA-Lib VAR",
        minimum_period=2,
    ),
    Function(
        "zscore",
        (SOURCE, PERIOD),
        zscore,
        "`(source − sma(source, period)) / stddev(source, period)`",
        minimum_period=2,
    ),
    Function(
        "percentile",
        (SOURCE, PERIOD),
        lambda g, source, n: g.rolling("percentile", source, n),
        "rank of the newest among the last `period` values, from 0 (smallest) to 100 (largest); of equal "
        "ones half count as smaller",
        "pandas `(rolling.rank() − 1) / (period − 1)`; its time grows with `period`",
        minimum_period=2,
    ),
    Function(
        "quantile",
        (SOURCE, PERIOD, Argument("share", "share", 0.5)),
        lambda g, source, n, share: g.rolling("quantile", source, n, share),
        "the value below which that share of the last `period` values lies, between two of them in "
        "proportion; 0.5 is the median",
        "pandas rolling.quantile; its time grows with `period`",
        minimum_period=2,
    ),
    Function(
        "correlation",
        (*_TWO, PERIOD),
        lambda g, first, second, n: g.special("correlation", (first, second), n),
        "Pearson's correlation of the last `period` values, −1 to 1; missing where one of them stands still",
        "TA-Lib CORREL",
        minimum_period=2,
    ),
    Function(
        "covariance",
        (*_TWO, PERIOD),
        lambda g, first, second, n: g.special("covariance", (first, second), n),
        "mean product of the distances from both means over the last `period` values (population)",
        minimum_period=2,
    ),
    Function(
        "slope",
        (SOURCE, PERIOD),
        slope,
        "change a bar of the least-squares line through the last `period` values",
        "TA-Lib LINEARREG_SLOPE",
        minimum_period=2,
    ),
    Function(
        "linreg",
        (SOURCE, PERIOD),
        linreg,
        "the least-squares line through the last `period` values, at the newest",
        "TA-Lib LINEARREG",
        minimum_period=2,
    ),
    Function("abs", (SOURCE,), lambda g, source: g.unary("abs", source), "absolute value", pointwise=True),
    Function(
        "min",
        _TWO,
        lambda g, a, b: g.binary("min", a, b),
        "smallest argument (two or more)",
        pointwise=True,
    ),
    Function(
        "max",
        _TWO,
        lambda g, a, b: g.binary("max", a, b),
        "largest argument (two or more)",
        pointwise=True,
    ),
    Function(
        "clamp",
        (SOURCE, Argument("low", "series"), Argument("high", "series")),
        clamp,
        "`min(max(source, low), high)`",
        pointwise=True,
    ),
    Function("sign", (SOURCE,), sign, "1, 0 or −1", pointwise=True),
    Function("sqrt", (SOURCE,), lambda g, source: g.unary("sqrt", source), "square root; missing below 0"),
    Function(
        "floor", (SOURCE,), lambda g, source: g.unary("floor", source), "largest whole number not above"
    ),
    Function("ceil", (SOURCE,), ceiling, "smallest whole number not below"),
    Function("round", (SOURCE,), rounded, "nearest whole number; halves go up"),
)
