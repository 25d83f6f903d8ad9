"""Direction: directional movement, lines that trail the price, clouds, and states in one word."""

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line
from engine.functions.averages import ema, rma
from engine.functions.catalogue import (
    UNBOUNDED,
    Argument,
    Function,
    every,
    middle,
    period,
    price,
    scaled,
    when,
)
from engine.functions.oscillators import share
from engine.functions.ranges import atr, donchian_middle, natr, true_range
from engine.graph import Graph


def directional(graph: Graph, period: int, up: bool) -> int:
    """Wilder's directional indicator: the share of the range that went further up (down) than before."""
    high, low = price(graph, "high"), price(graph, "low")
    rise = graph.binary("sub", high, graph.shift(high, 1))
    fall = graph.binary("sub", graph.shift(low, 1), low)
    one, other = (rise, fall) if up else (fall, rise)
    moved = when(graph, graph.binary("gt", one, other), graph.binary("max", one, graph.constant(0.0)))
    return share(graph, rma(graph, moved, period), rma(graph, true_range(graph), period))


def adx(graph: Graph, period: int) -> int:
    plus, minus = directional(graph, period, True), directional(graph, period, False)
    apart = graph.unary("abs", graph.binary("sub", plus, minus))
    return rma(graph, share(graph, apart, graph.binary("add", plus, minus)), period)


def supertrend(graph: Graph, period: int, factor: float, kind: int) -> int:
    centre = middle(graph, price(graph, "high"), price(graph, "low"))
    reach = scaled(graph, factor, atr(graph, period))
    upper, lower = graph.binary("add", centre, reach), graph.binary("sub", centre, reach)
    return graph.special("supertrend", (upper, lower, price(graph, "close")), kind)


def psar(graph: Graph, step: float, most: float) -> int:
    return graph.special("psar", (price(graph, "high"), price(graph, "low")), 0, step, most)


def span_a(graph: Graph, tenkan: int, kijun: int) -> int:
    return middle(graph, donchian_middle(graph, tenkan), donchian_middle(graph, kijun))


def trend_state(graph: Graph) -> int:
    close = price(graph, "close")
    fast, slow = ema(graph, close, 50), ema(graph, close, 200)
    up = every(graph, graph.binary("gt", fast, slow), graph.binary("gt", close, fast))
    down = every(graph, graph.binary("lt", fast, slow), graph.binary("lt", close, fast))
    return _state(graph, "trend_state", up, down, slow)


def volatility_state(graph: Graph) -> int:
    rank = graph.rolling("percentile", natr(graph, 14), 100)
    high = graph.binary("gt", rank, graph.constant(80.0))
    low = graph.binary("lt", rank, graph.constant(20.0))
    return _state(graph, "volatility_state", high, low, rank)


def _state(graph: Graph, name: str, positive: int, negative: int, known: int) -> int:
    """1, −1 or 0; missing as long as `known` is."""
    number = graph.binary("sub", positive, negative)
    return graph.text(name, graph.binary("add", number, graph.binary("sub", known, known)))


_SUPERTREND = (period(10), Argument("factor", "factor", 3.0))
_TREND_SOURCE = f"Seban; begins downwards, as TradingView's ta.supertrend; {UNBOUNDED}"
_UNDISPLACED = "Hosoda 1969; where charts draw it 26 bars ahead, write `[26]`"

TRENDS = (
    Function(
        "plus_di",
        (period(14),),
        lambda graph, period: directional(graph, period, True),
        "`100 × rma(m) / atr`, `m = high − high[1]` where that is above 0 and above `low[1] − low`, else 0",
        "Wilder 1978; TA-Lib PLUS_DI seeds with a sum one bar shorter, which differs in the first few "
        "hundred bars",
    ),
    Function(
        "minus_di",
        (period(14),),
        lambda graph, period: directional(graph, period, False),
        "`100 × rma(m) / atr`, `m = low[1] − low` where that is above 0 and above `high − high[1]`, else 0",
        "as `plus_di`",
    ),
    Function(
        "adx",
        (period(14),),
        adx,
        "`rma` of `100 × |plus_di − minus_di| / (plus_di + minus_di)`",
        "Wilder 1978; TA-Lib ADX, but for the seeds of `plus_di`",
    ),
    Function(
        "supertrend",
        _SUPERTREND,
        lambda graph, period, factor: supertrend(graph, period, factor, I.SUPERTREND_LINE),
        "the lower of the bands `(high + low) / 2 ∓ factor × atr(period)` in a rise, where it never "
        "falls, else the "
        "upper, which never rises; the close beyond it turns the direction",
        _TREND_SOURCE,
    ),
    Function(
        "supertrend_direction",
        _SUPERTREND,
        lambda graph, period, factor: supertrend(graph, period, factor, I.SUPERTREND_DIRECTION),
        "1 while `supertrend` is the lower band, −1 while it is the upper",
        _TREND_SOURCE,
    ),
    Function(
        "psar",
        (Argument("step", "share", 0.02), Argument("most", "share", 0.2)),
        psar,
        "a stop that moves towards the extreme point by a factor that grows by `step` with each new "
        "extreme, up to "
        "`most`, never beyond the last two bars; touched, it turns round to the extreme",
        f"Wilder 1978; TA-Lib SAR; {UNBOUNDED}",
    ),
    Function(
        "ichimoku_tenkan",
        (period(9),),
        donchian_middle,
        "`(highest(high, period) + lowest(low, period)) / 2`",
        "Hosoda 1969",
    ),
    Function(
        "ichimoku_kijun",
        (period(26),),
        donchian_middle,
        "`(highest(high, period) + lowest(low, period)) / 2`",
        "Hosoda 1969",
    ),
    Function(
        "ichimoku_span_a",
        (period(9, "tenkan"), period(26, "kijun")),
        span_a,
        "`(ichimoku_tenkan + ichimoku_kijun) / 2` of this bar",
        _UNDISPLACED,
    ),
    Function(
        "ichimoku_span_b",
        (period(52),),
        donchian_middle,
        "`(highest(high, period) + lowest(low, period)) / 2` of this bar",
        _UNDISPLACED,
    ),
    Function(
        "trend_state",
        (),
        trend_state,
        "`'up'` when `ema(close, 50) > ema(close, 200)` and `close > ema(close, 50)`, `'down'` when both "
        "are below, "
        "else `'flat'`",
        "Stepfold's own",
    ),
    Function(
        "volatility_state",
        (),
        volatility_state,
        "`'low'` when `percentile(natr(14), 100) < 20`, `'high'` when it is above 80, else `'normal'`",
        "Stepfold's own",
    ),
    Function("vol_state", (), volatility_state, "`volatility_state`", "Stepfold's own"),
)
