"""Crossings, runs, counts and swings: what happened in the last bars."""

from collections.abc import Callable

from engine.functions.catalogue import CONDITION, PERIOD, SOURCE, UNBOUNDED, Argument, Function, period, price
from engine.graph import Graph


def _crossing(op: str) -> Callable[[Graph, int, int], int]:
    return lambda graph, first, second: graph.binary(op, first, second)


def _running(op: str) -> Callable[[Graph, int, int], int]:
    """`period` steps in one direction."""

    def build(graph: Graph, source: int, period: int) -> int:
        step = graph.binary(op, source, graph.shift(source, 1))
        if period == 1:
            return step
        return graph.binary("ge", count(graph, step, period), graph.constant(float(period)))

    return build


def count(graph: Graph, condition: int, period: int) -> int:
    return graph.rolling("sum", condition, period)


def since(graph: Graph, condition: int) -> int:
    return graph.unary("since", condition)


def value_when(graph: Graph, condition: int, source: int) -> int:
    return graph.special("when", (condition, source))


def _pivot(op: str, column: str) -> Callable[[Graph, int], int]:
    def build(graph: Graph, bars: int) -> int:
        edge = price(graph, column)
        centre = graph.shift(edge, bars)
        is_swing = graph.binary("eq", centre, graph.rolling(op, edge, 2 * bars + 1))
        return value_when(graph, is_swing, centre)

    return build


_TWO = (Argument("first", "series"), Argument("second", "series"))

CONDITIONS = (
    Function(
        "crosses_above",
        _TWO,
        _crossing("cross_above"),
        "true when `first` was at or below `second` one bar ago and is above it now",
        is_condition=True,
    ),
    Function(
        "crosses_below",
        _TWO,
        _crossing("cross_below"),
        "true when `first` was at or above `second` one bar ago and is below it now",
        is_condition=True,
    ),
    Function(
        "rising",
        (SOURCE, PERIOD),
        _running("gt"),
        "true when the value has risen at each of the last `period` bars",
        is_condition=True,
    ),
    Function(
        "falling",
        (SOURCE, PERIOD),
        _running("lt"),
        "true when the value has fallen at each of the last `period` bars",
        is_condition=True,
    ),
    Function("count", (CONDITION, PERIOD), count, "at how many of the last `period` bars the condition held"),
    Function(
        "bars_since",
        (CONDITION,),
        since,
        "bars since the condition last held, 0 at that bar; missing before the first time",
        UNBOUNDED,
    ),
    Function(
        "value_when",
        (CONDITION, SOURCE),
        value_when,
        "`source` at the bar where the condition last held; missing before the first time",
        UNBOUNDED,
    ),
    Function(
        "pivot_high",
        (period(5, "bars"),),
        _pivot("highest", "high"),
        "the last swing high: a high that none of the `bars` bars before it and after it exceeded, known "
        "only once "
        "they have closed",
        UNBOUNDED,
    ),
    Function(
        "pivot_low",
        (period(5, "bars"),),
        _pivot("lowest", "low"),
        "the last swing low: a low that none of the `bars` bars before it and after it undercut, known "
        "only once they "
        "have closed",
        UNBOUNDED,
    ),
)
