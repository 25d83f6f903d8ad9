"""Volume, and prices weighted with it."""

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line
from engine.functions.catalogue import Function, period, price, time, typical
from engine.graph import Graph


def obv(graph: Graph) -> int:
    close = price(graph, "close")
    before = graph.shift(close, 1)
    sign = graph.binary("sub", graph.binary("gt", close, before), graph.binary("lt", close, before))
    return graph.unary("total", graph.binary("mul", sign, price(graph, "volume")))


def vwap(graph: Graph) -> int:
    volume = price(graph, "volume")
    money = graph.binary("mul", typical(graph), volume)
    of_day = [graph.special("session", (node, time(graph)), I.SESSION_SUM) for node in (money, volume)]
    return graph.binary("div", *of_day)


def rolling_vwap(graph: Graph, period: int) -> int:
    volume = price(graph, "volume")
    money = graph.rolling("sum", graph.binary("mul", typical(graph), volume), period)
    return graph.binary("div", money, graph.rolling("sum", volume, period))


VOLUMES = (
    Function(
        "obv",
        (),
        obv,
        "sum of the volume of bars that closed higher, less that of those that closed lower",
        "Granville 1963; TA-Lib OBV, but 0 at the first bar. Its level depends on where the bars begin: "
        "look at its "
        "changes",
    ),
    Function(
        "vwap",
        (),
        vwap,
        "`Σ t × volume / Σ volume` since 00:00 UTC, `t = (high + low + close) / 3`",
        "missing until a day is seen from its first bar",
    ),
    Function(
        "rolling_vwap",
        (period(20),),
        rolling_vwap,
        "`Σ t × volume / Σ volume` of the last `period` bars, `t = (high + low + close) / 3`",
    ),
)
