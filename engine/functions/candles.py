"""Candle patterns, as exact conditions. TA-Lib's patterns of the same names compare with averages of the
last bars; these look at the bars of the pattern alone, so that a reader can check them on a chart."""

from itertools import pairwise

from engine.functions.catalogue import Function, every, middle, price, scaled
from engine.graph import Graph


class _Bar:
    """The parts of the candle `back` bars ago."""

    def __init__(self, graph: Graph, back: int) -> None:
        self._graph = graph
        self.open, self.high, self.low, self.close = (
            graph.shift(price(graph, name), back) for name in ("open", "high", "low", "close")
        )
        self.top = graph.binary("max", self.open, self.close)
        self.bottom = graph.binary("min", self.open, self.close)
        self.body = graph.binary("sub", self.top, self.bottom)
        self.range = graph.binary("sub", self.high, self.low)
        self.upper = graph.binary("sub", self.high, self.top)
        self.lower = graph.binary("sub", self.bottom, self.low)
        self.rose = graph.binary("gt", self.close, self.open)
        self.fell = graph.binary("lt", self.close, self.open)

    def at_most(self, part: int, share: float) -> int:
        return self._graph.binary("le", part, scaled(self._graph, share, self.range))

    def at_least(self, part: int, share: float) -> int:
        return self._graph.binary("ge", part, scaled(self._graph, share, self.range))


def doji(graph: Graph) -> int:
    bar = _Bar(graph, 0)
    return every(graph, bar.at_most(bar.body, 0.1), graph.binary("gt", bar.range, graph.constant(0.0)))


def hammer(graph: Graph) -> int:
    bar = _Bar(graph, 0)
    return _shadowed(graph, bar, bar.lower, bar.upper)


def shooting_star(graph: Graph) -> int:
    bar = _Bar(graph, 0)
    return _shadowed(graph, bar, bar.upper, bar.lower)


def _shadowed(graph: Graph, bar: _Bar, long: int, short: int) -> int:
    return every(
        graph,
        graph.binary("gt", bar.body, graph.constant(0.0)),
        graph.binary("ge", long, scaled(graph, 2.0, bar.body)),
        bar.at_most(short, 0.1),
    )


def engulfing(graph: Graph, up: bool) -> int:
    bar, before = _Bar(graph, 0), _Bar(graph, 1)
    return every(
        graph,
        before.fell if up else before.rose,
        bar.rose if up else bar.fell,
        graph.binary("ge", bar.top, before.top),
        graph.binary("le", bar.bottom, before.bottom),
        graph.binary("gt", bar.body, before.body),
    )


def harami(graph: Graph, up: bool) -> int:
    bar, before = _Bar(graph, 0), _Bar(graph, 1)
    return every(
        graph,
        before.fell if up else before.rose,
        bar.rose if up else bar.fell,
        graph.binary("le", bar.top, before.top),
        graph.binary("ge", bar.bottom, before.bottom),
        graph.binary("lt", bar.body, before.body),
    )


def star(graph: Graph, up: bool) -> int:
    last, small, first = (_Bar(graph, back) for back in range(3))
    half = middle(graph, first.open, first.close)
    return every(
        graph,
        first.fell if up else first.rose,
        first.at_least(first.body, 0.5),
        graph.binary("le", small.body, scaled(graph, 0.3, first.body)),
        graph.binary("lt", small.top, half) if up else graph.binary("gt", small.bottom, half),
        last.rose if up else last.fell,
        graph.binary("gt", last.close, half) if up else graph.binary("lt", last.close, half),
    )


def three(graph: Graph, up: bool) -> int:
    bars = [_Bar(graph, back) for back in range(3)]
    parts = []
    for bar in bars:
        parts += [bar.rose if up else bar.fell, bar.at_least(bar.body, 0.5)]
    for bar, before in pairwise(bars):
        parts += [
            graph.binary("gt" if up else "lt", bar.close, before.close),
            graph.binary("ge", bar.open, before.bottom),
            graph.binary("le", bar.open, before.top),
        ]
    return every(graph, *parts)


def inside_bar(graph: Graph) -> int:
    bar, before = _Bar(graph, 0), _Bar(graph, 1)
    return every(graph, graph.binary("lt", bar.high, before.high), graph.binary("gt", bar.low, before.low))


def outside_bar(graph: Graph) -> int:
    bar, before = _Bar(graph, 0), _Bar(graph, 1)
    return every(graph, graph.binary("gt", bar.high, before.high), graph.binary("lt", bar.low, before.low))


_NISON = "after Nison 1991"

CANDLES = tuple(
    Function(name, (), build, formula, source, is_condition=True)
    for name, build, formula, source in (
        ("doji", doji, "the range is above 0 and the body at most 0.1 of it", _NISON),
        (
            "hammer",
            hammer,
            "a body above 0, the lower shadow at least twice the body, the upper at most 0.1 of the range",
            _NISON,
        ),
        (
            "shooting_star",
            shooting_star,
            "a body above 0, the upper shadow at least twice the body, the lower at most 0.1 of the range",
            _NISON,
        ),
        (
            "engulfing_bullish",
            lambda graph: engulfing(graph, True),
            "`close[1] < open[1] and close > open and open <= close[1] and close >= open[1]`, the body "
            "larger than the "
            "one before",
            _NISON,
        ),
        (
            "engulfing_bearish",
            lambda graph: engulfing(graph, False),
            "`close[1] > open[1] and close < open and open >= close[1] and close <= open[1]`, the body "
            "larger than the "
            "one before",
            _NISON,
        ),
        (
            "harami_bullish",
            lambda graph: harami(graph, True),
            "`close[1] < open[1] and close > open and open >= close[1] and close <= open[1]`, the body "
            "smaller than the "
            "one before",
            _NISON,
        ),
        (
            "harami_bearish",
            lambda graph: harami(graph, False),
            "`close[1] > open[1] and close < open and open <= close[1] and close >= open[1]`, the body "
            "smaller than the "
            "one before",
            _NISON,
        ),
        (
            "morning_star",
            lambda graph: star(graph, True),
            "a bar that fell, its body at least half its range; a body of at most 0.3 of that one, below "
            "its middle; "
            "a bar that rose and closed above that middle",
            f"{_NISON}; without the gaps, which markets that never close do not have",
        ),
        (
            "evening_star",
            lambda graph: star(graph, False),
            "a bar that rose, its body at least half its range; a body of at most 0.3 of that one, above "
            "its middle; "
            "a bar that fell and closed below that middle",
            f"{_NISON}; without the gaps, which markets that never close do not have",
        ),
        (
            "three_white_soldiers",
            lambda graph: three(graph, True),
            "three bars that rose, each body at least half its range, each closing above the last and "
            "opening inside "
            "its body",
            _NISON,
        ),
        (
            "three_black_crows",
            lambda graph: three(graph, False),
            "three bars that fell, each body at least half its range, each closing below the last and "
            "opening inside "
            "its body",
            _NISON,
        ),
        ("inside_bar", inside_bar, "`high < high[1] and low > low[1]`", ""),
        ("outside_bar", outside_bar, "`high > high[1] and low < low[1]`", ""),
    )
)
