"""Moving averages."""

import math

from engine.functions.catalogue import PERIOD, SOURCE, Function, scaled
from engine.graph import Graph


def ema(graph: Graph, source: int, period: int) -> int:
    return _recursive(graph, source, period, 2.0 / (period + 1))


def rma(graph: Graph, source: int, period: int) -> int:
    return _recursive(graph, source, period, 1.0 / period)


def _recursive(graph: Graph, source: int, period: int, factor: float) -> int:
    # e + 1 × (x − e) is not always x in floating point: an average over one bar is the bar.
    return source if period == 1 else graph.rolling("ema", source, period, factor)


def sma(graph: Graph, source: int, period: int) -> int:
    return graph.rolling("sma", source, period)


def wma(graph: Graph, source: int, period: int) -> int:
    return graph.rolling("wma", source, period)


def hma(graph: Graph, source: int, period: int) -> int:
    difference = graph.binary(
        "sub", scaled(graph, 2.0, wma(graph, source, period // 2)), wma(graph, source, period)
    )
    return wma(graph, difference, math.isqrt(period))


def dema(graph: Graph, source: int, period: int) -> int:
    first = ema(graph, source, period)
    return graph.binary("sub", scaled(graph, 2.0, first), ema(graph, first, period))


def tema(graph: Graph, source: int, period: int) -> int:
    first = ema(graph, source, period)
    second = ema(graph, first, period)
    triple = scaled(graph, 3.0, graph.binary("sub", first, second))
    return graph.binary("add", triple, ema(graph, second, period))


AVERAGES = (
    Function("sma", (SOURCE, PERIOD), sma, "mean of the last `period` values", "TA-Lib SMA"),
    Function(
        "ema",
        (SOURCE, PERIOD),
        ema,
        "`e += 2/(period+1) × (value − e)`, seeded with the mean of the first `period` values",
        "TA-Lib EMA",
    ),
    Function(
        "rma",
        (SOURCE, PERIOD),
        rma,
        "Wilder's average: `e += 1/period × (value − e)`, seeded like `ema`",
        "Wilder 1978",
    ),
    Function(
        "wma",
        (SOURCE, PERIOD),
        wma,
        "weights 1 … `period`, the newest the heaviest, divided by `period × (period+1) / 2`",
        "TA-Lib WMA",
    ),
    Function(
        "hma",
        (SOURCE, PERIOD),
        hma,
        "`wma(2 × wma(source, period/2) − wma(source, period), √period)`, both rounded down",
        "Hull 2005",
        minimum_period=2,
    ),
    Function(
        "dema",
        (SOURCE, PERIOD),
        dema,
        "`2 × e − ema(e, period)` with `e = ema(source, period)`",
        "Mulloy 1994; TA-Lib DEMA",
    ),
    Function(
        "tema",
        (SOURCE, PERIOD),
        tema,
        "`3 × (e − ee) + eee`, the averages of averages of `ema(source, period)`",
        "Mulloy 1994; TA-Lib TEMA",
    ),
)
