"""Triggers: levels, orders, limits of a position, directions, and what each is refused for."""

from typing import Any

import pytest

from engine import StrategyError, Trigger, parse_strategy, warm_up_bars
from engine.expression import parse_expression
from engine.graph import Graph
from engine.strategy import Level, Order, Strategy
from tests.engine.market import MINUTE, candles, document, play, rows


def parsed(**fields: Any) -> Strategy:
    trigger = {"id": "t", "entry": "close > 1", **fields}
    return parse_strategy({"name": "n", "triggers": [trigger], "parameters": {"pct": 2.5, "bars": 7}})


def trigger(**fields: Any) -> Trigger:
    return parsed(**fields).triggers[0]


def issues(raw: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(StrategyError) as caught:
        parse_strategy(raw)
    return [(issue.path, issue.message) for issue in caught.value.issues]


def level(found: Level | None) -> Level:
    assert found is not None
    return found


def distance_of(graph: Graph, multiple: float, period: int) -> int:
    """The node of `multiple × atr(period)`, which exists already if the document made it."""
    before = len(graph.nodes)
    node = parse_expression(f"{multiple} * atr({period})", graph, {}, {})
    assert node < before
    return node


def test_a_trigger_says_little_and_means_the_rest() -> None:
    found = trigger()
    assert found == Trigger("t", entry="close > 1", entry_node=found.entry_node)
    assert found.direction == "long"
    assert found.order == Order("market", None, 1)
    assert (found.exit_fraction, found.scale_in, found.max_bars, found.confidence) == (1.0, 1, None, None)


def test_percentages_become_fractions_of_the_price() -> None:
    found = trigger(stop={"percent": 2}, target={"percent": 150}, trailing={"percent": "$pct"})
    assert found.stop == Level("percent", 0.02)
    assert found.target == Level("percent", 1.5)
    assert found.trailing == Level("percent", 0.025)
    assert trigger(trailing={"step_percent": 1}).trailing == Level("step", 0.01)
    assert trigger(stop={"percent": 2}, target={"r": 3}).target == Level("r", 3.0)


def test_a_multiple_of_the_average_true_range_is_a_distance() -> None:
    strategy = parsed(stop={"atr": 2.5}, trailing={"atr": "$pct", "period": "$bars"})
    found = strategy.triggers[0]
    assert found.stop == Level("distance", node=distance_of(strategy.graph, 2.5, 14))
    assert found.trailing == Level("distance", node=distance_of(strategy.graph, 2.5, 7))
    # Wilder's average of 14 bars is settled after 16 × 14 bars; its true range looks one bar back.
    assert warm_up_bars(strategy, MINUTE) == 16 * 14 + 1


def test_a_text_is_a_price_and_a_distance_an_expression() -> None:
    strategy = parsed(stop="lowest(low, 20)", target={"distance": "high - low"})
    found = strategy.triggers[0]
    assert level(found.stop).kind == "price"
    assert strategy.graph.nodes[level(found.stop).node or 0].op == "lowest"
    assert level(found.target).kind == "distance"
    assert strategy.graph.nodes[level(found.target).node or 0].op == "sub"
    assert warm_up_bars(strategy, MINUTE) == 19


def test_an_order_rests_at_its_price() -> None:
    assert trigger(order="market").order == Order()
    found = trigger(order={"limit": "close * 0.99", "valid_for": 3}).order
    assert (found.type, found.valid_for) == ("limit", 3)
    assert found.node is not None
    assert trigger(order={"stop": "high", "valid_for": "$bars"}).order.valid_for == 7


def test_the_rest_of_a_trigger_is_read() -> None:
    found = trigger(
        exit="close < 1",
        exit_fraction=0.5,
        hold="volume > 1",
        max_bars=48,
        stop={"percent": 2},
        target={"r": 2},
        min_reward_to_risk=1.5,
        scale_in=3,
        confidence="A",
        category="reversal",
        symbols=["BTC-USDT"],
        description="why",
    )
    assert (found.exit_fraction, found.hold, found.max_bars, found.min_reward_to_risk) == (
        0.5,
        "volume > 1",
        48,
        1.5,
    )
    assert (found.scale_in, found.confidence, found.category) == (3, "A", "reversal")
    assert (found.symbols, found.description) == (("BTC-USDT",), "why")
    assert found.hold_node is not None


def test_an_exit_alone_fits_both_directions() -> None:
    raw = {"name": "n", "triggers": [{"id": "a", "entry": "close > 1"}, {"id": "b", "exit": "close < 1"}]}
    assert [t.direction for t in parse_strategy(raw).triggers] == ["long", "both"]


@pytest.mark.parametrize("protection", [{"stop": {"percent": 2}}, {"trailing": {"atr": 3}}])
def test_a_short_with_a_stop_is_taken(protection: dict[str, Any]) -> None:
    assert trigger(direction="short", **protection).direction == "short"


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"id": None}, "triggers[0].id", "is missing"),
        ({"entry": None}, "triggers[0]", "needs an entry, an exit, or both"),
        (
            {"entry": True},
            "triggers[0].entry",
            'must be an expression in quotes, such as "close > sma(close, 50)", not True',
        ),
        ({"entri": "x"}, "triggers[0].entri", "unknown field 'entri'; did you mean 'entry'?"),
        (
            {"stop_loss": 2},
            "triggers[0].stop_loss",
            "'stop_loss' is written stop: {percent: 2}",
        ),
        (
            {"category": "trend"},
            "triggers[0].category",
            "unknown category 'trend'; known are trend_continuation, reversal, volatility_breakout, "
            "mean_reversion, risk_reduce, risk_off, emergency_exit, other",
        ),
        ({"symbols": "BTC-USDT"}, "triggers[0].symbols", "must be a list of symbols, such as [BTC-USDT]"),
        ({"direction": "up"}, "triggers[0].direction", "unknown direction 'up'; known are long, short, both"),
        (
            {"direction": "both"},
            "triggers[0].direction",
            "both is for exits alone; an entry is long or short: write a trigger for each",
        ),
        (
            {"direction": "short"},
            "triggers[0]",
            "a short entry needs a stop or a trailing, such as stop: {percent: 3}; its loss has no end",
        ),
        (
            {"direction": "short", "stop": {"percent": 3}, "target": {"percent": 120}},
            "triggers[0].target.percent",
            "must be above 0 and below 100, not 120",
        ),
        ({"stop": {"percent": 0}}, "triggers[0].stop.percent", "must be above 0 and below 100, not 0"),
        ({"stop": {"percent": True}}, "triggers[0].stop.percent", "must be above 0 and below 100, not True"),
        (
            {"stop": {"percent": "$pc"}},
            "triggers[0].stop.percent",
            "unknown parameter '$pc'; did you mean 'pct'?",
        ),
        (
            {"stop": 2},
            "triggers[0].stop",
            "must say of what: {percent: 2} or {atr: 2.5, period: 14}, not 2",
        ),
        (
            {"trailing": "close"},
            "triggers[0].trailing",
            "must say of what: {percent: 2} or {atr: 2.5, period: 14}, not 'close'",
        ),
        (
            {"stop": {"percent": 2, "atr": 3}},
            "triggers[0].stop",
            "needs exactly one of percent, atr, distance, price; it has percent and atr",
        ),
        (
            {"stop": {}},
            "triggers[0].stop",
            "needs exactly one of percent, atr, distance, price; it has none",
        ),
        (
            {"stop": {"percentage": 2}},
            "triggers[0].stop.percentage",
            "unknown field 'percentage'; did you mean 'percent'?",
        ),
        (
            {"stop": {"percent": 2, "period": 14}},
            "triggers[0].stop.period",
            "'period' belongs to atr: {atr: 2.5, period: 14}",
        ),
        (
            {"stop": {"r": 1}},
            "triggers[0].stop.r",
            "'r' is a multiple of the stop's distance; a target takes it",
        ),
        (
            {"trailing": {"price": "low"}},
            "triggers[0].trailing.price",
            "'price' cannot trail; write distance, or put the price into stop",
        ),
        (
            {"stop": {"atr": 2, "period": 0}},
            "triggers[0].stop.period",
            "must be a whole number at least 1 and at most 10,000, not 0",
        ),
        (
            {"stop": "lowst(low, 5)"},
            "triggers[0].stop",
            "unknown indicator 'lowst' at 0; did you mean 'lowest'?",
        ),
        (
            {"stop": {"price": "close > 1"}},
            "triggers[0].stop.price",
            "must be a number, this is a condition (true or false)",
        ),
        (
            {"stop": "entry_price * 0.98"},
            "triggers[0].stop",
            "depends on the position; a price or distance is set from candles and indicators alone",
        ),
        (
            {"order": {"limit": "close - pnl"}},
            "triggers[0].order.limit",
            "depends on the position; a price or distance is set from candles and indicators alone",
        ),
        (
            {"target": {"r": 2}},
            "triggers[0].target.r",
            "is a multiple of the stop's distance; the trigger needs a stop or a trailing",
        ),
        (
            {"min_reward_to_risk": 2, "stop": {"percent": 1}},
            "triggers[0].min_reward_to_risk",
            "compares the target's distance with the stop's; the trigger needs a target",
        ),
        (
            {"min_reward_to_risk": 2},
            "triggers[0].min_reward_to_risk",
            "compares the target's distance with the stop's; "
            "the trigger needs a stop or a trailing and a target",
        ),
        (
            {"order": "limit"},
            "triggers[0].order",
            "must be market or a mapping such as {limit: \"close * 0.99\", valid_for: 3}, not 'limit'",
        ),
        (
            {"order": {"limit": "close", "stop": "close"}},
            "triggers[0].order",
            "needs exactly one of limit and stop, with its price",
        ),
        (
            {"order": {"limit": "close", "valid_for": 1.5}},
            "triggers[0].order.valid_for",
            "must be a whole number at least 1 and at most 100,000, not 1.5",
        ),
        (
            {"valid_for": 3},
            "triggers[0].valid_for",
            "'valid_for' is part of order: {limit: \"close * 0.99\", valid_for: 3}",
        ),
        (
            {"exit_fraction": 0.5},
            "triggers[0].exit_fraction",
            "is the share that this trigger's exit closes; it has no exit",
        ),
        (
            {"exit": "close < 1", "exit_fraction": 1.5},
            "triggers[0].exit_fraction",
            "must be above 0 and at most 1, not 1.5",
        ),
        (
            {"entry": None, "exit": "close < 1", "max_bars": 3},
            "triggers[0].max_bars",
            "'max_bars' belongs to a trigger with an entry; this one only exits",
        ),
        (
            {"hold": "close"},
            "triggers[0].hold",
            "must be a condition (true or false), this is a number; compare it with something, "
            "such as close > 100",
        ),
        (
            {"scale_in": 0},
            "triggers[0].scale_in",
            "must be a whole number at least 1 and at most 1,000, not 0",
        ),
        ({"confidence": "D"}, "triggers[0].confidence", "unknown confidence 'D'; known are A, B, C"),
        (
            {"timeframe": "4 hours"},
            "triggers[0].timeframe",
            "unknown timeframe '4 hours'; known are 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, "
            "3d, 1w",
        ),
        (
            {"priority": 1},
            "triggers[0].priority",
            "'priority' is not written: the category and the order of the triggers decide",
        ),
    ],
)
def test_a_fault_in_a_trigger_names_its_path(change: dict[str, Any], path: str, message: str) -> None:
    raw = {
        "name": "n",
        "parameters": {"pct": 2.5},
        "triggers": [{"id": "t", "entry": "close > 1", **change}],
    }
    assert issues(raw) == [(path, message)]


def test_a_timeframe_computes_every_expression_on_its_bars() -> None:
    strategy = parsed(
        timeframe="4h",
        entry="close > sma(close, 5)",
        hold="close > open",
        stop={"atr": 2},
        target="highest(high, 5)",
        order={"limit": "low"},
    )
    found, graph = strategy.triggers[0], strategy.graph
    beside = parse_expression('tf("4h", close > sma(close, 5))', graph, {}, {})
    assert graph.nodes[found.entry_node or 0].inputs == (beside, graph.timeframe_closed("4h"))
    # A hold stands until the next bar of the timeframe closes; so do prices and distances.
    assert found.hold_node == parse_expression('tf("4h", close > open)', graph, {}, {})
    assert level(found.stop).node == parse_expression('tf("4h", 2.0 * atr(14))', graph, {}, {})
    assert level(found.target).node == parse_expression('tf("4h", highest(high, 5))', graph, {}, {})
    assert found.order.node == parse_expression('tf("4h", low)', graph, {}, {})


def test_warm_up_counts_the_bars_of_the_run() -> None:
    strategy = parsed(timeframe="4h", entry="close > sma(close, 5)")
    hour = 3_600_000
    # Four whole bars before the one that is complete, and up to three hours beside at either end.
    assert warm_up_bars(strategy, hour) == 5 * 4 + 2 * 3
    assert warm_up_bars(strategy, 4 * hour) == 4


def test_a_level_that_uses_a_broken_indicator_does_not_repeat_its_fault() -> None:
    raw = document("x > 1", None, indicators={"x": "bad(1)"})
    raw["triggers"] = [{"id": "t", "entry": "x > 1", "stop": "x - 1", "order": {"limit": "x"}}]
    assert [path for path, _ in issues(raw)] == ["indicators.x"]


def test_more_rules_than_a_word_has_bits_are_refused() -> None:
    rules = {"entry": "close > 1", "exit": "close < 1", "hold": "volume > 1"}
    raw = {"name": "n", "triggers": [{"id": f"t{n}", **rules} for n in range(22)]}
    assert issues(raw) == [("triggers", "have 66 entry, exit and hold rules together; 64 are allowed")]


def test_the_last_of_as_many_rules_as_there_may_be_counts() -> None:
    never = {"entry": "close < 0", "exit": "close < 0"}
    triggers = [{"id": f"t{n}", **never} for n in range(31)] + [
        {"id": "last", "entry": "close > 10", "exit": "close < 10"}
    ]
    result = play(
        {"name": "n", "triggers": triggers},
        candles([(price, price) for price in (9.0, 11.0, 11.0, 9.0, 9.0)]),
    )
    assert [fill["trigger_id"] for fill in rows(result.tables["fills"])] == ["last", "last"]
