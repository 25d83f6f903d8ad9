"""The expression language: what it means, what it refuses and what it says then."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from engine import Bars, StrategyError, parse_strategy
from engine.expression import parse_expression
from engine.functions import is_word
from engine.graph import Graph
from engine.program import compile_columns
from engine.tokens import ExpressionError
from tests.engine.evaluating import column, evaluate, program_of
from tests.engine.market import candles, document, generated


def truth(expression: str, bars: Bars | None = None) -> list[bool]:
    """The condition at each bar."""
    found = bars or candles([(1, 2), (2, 3), (3, 2), (2, 5)])
    values: list[float] = column(expression, found).tolist()
    assert set(values) <= {0.0, 1.0}
    return [value == 1.0 for value in values]


# Opens 1 2 3 2, closes 2 3 2 5.
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("close > 2", [False, True, False, True]),
        ("close >= 2 and close < 4", [True, True, True, False]),
        ("close > 4 or open == 1", [True, False, False, True]),
        ("not close > 2", [True, False, True, False]),
        ("1 < open < 3", [False, True, False, True]),
        ("open < close > 4", [False, False, False, True]),
        ("close in [2, 5]", [True, False, True, True]),
        ("close not in [2, 5]", [False, True, False, False]),
        ("close between 2 and 3", [True, True, True, False]),
        ("close not between 2 and 3", [False, False, False, True]),
        ("close between 2 and 3 and open > 1", [False, True, True, False]),
        ("close != 2", [False, True, False, True]),
        ("close[1] == open", [False, True, True, True]),
        ("(close > 2)[1]", [False, False, True, False]),
        ("-close + 2 * 3 / 2 - 1 == 0", [True, False, True, False]),
        ("2 + 3 * close == 8", [True, False, True, False]),
        ("max(open, close, 3) == 3", [True, True, True, False]),
        ("min(open, close) == abs(-2)", [False, True, True, True]),
        ("crosses_above(close, 2.5)", [False, True, False, True]),
        ("crosses_below(close, 2.5)", [False, False, True, False]),
        ("true and not false", [True, True, True, True]),
        ("close > 2 or close > 1 and close > 4", [False, True, False, True]),
        ("close > $level", [False, False, False, True]),
        ("rising(close, 1)", [False, True, False, True]),
        ("count(close > open, 2) == 2", [False, True, False, False]),
        ("bars_since(close == 2) == 1", [False, True, False, True]),
        ("value_when(close == 3, open) == 2", [False, True, True, True]),
        ("clamp(close, 2.5, 4) in [2.5, 3, 4]", [True, True, True, True]),
        ("round(close / 2) == 2", [False, True, False, False]),
        ("floor(close / 2) + ceil(close / 2) == close", [True, True, True, True]),
        ("sign(close - open) == -1", [False, False, True, False]),
        ("sqrt(close - 1) == 2", [False, False, False, True]),
        ("minute == 2 and hour == 0 and weekday == 3", [False, False, True, False]),
        ("trend_state == 'flat' or trend_state != 'flat'", [False] * 4),
    ],
)
def test_an_expression_means(expression: str, expected: list[bool]) -> None:
    bars = candles([(1, 2), (2, 3), (3, 2), (2, 5)])
    values = evaluate(program_of({"wanted": expression}, {"level": 4}), bars).columns["wanted"]
    assert [value == 1.0 for value in values.tolist()] == expected


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!=", "in", "not in"])
def test_a_comparison_with_a_missing_value_is_false(sign: str) -> None:
    right = "[1, 2]" if sign.endswith("in") else "1"
    assert truth(f"close[9] {sign} {right}") == [False] * 4
    assert truth(f"close / 0 {sign} {right}") == [False] * 4
    assert truth(f"not (close[9] {sign} {right})") == [True] * 4


def test_a_missing_value_is_neither_between_nor_outside() -> None:
    assert truth("close[9] between 0 and 9") == [False] * 4
    assert truth("close[9] not between 0 and 9") == [False] * 4
    assert truth("max(close[9], 5) > 1") == [False] * 4


@pytest.mark.parametrize(
    ("expression", "position", "message"),
    [
        ("emaa(close, 3) > 1", 0, "unknown indicator 'emaa' at 0; did you mean 'ema'?"),
        ("close > clsoe", 8, "unknown name 'clsoe' at 8; did you mean 'close'?"),
        ("close > $fst", 8, "unknown parameter '$fst' at 8; did you mean 'fast'?"),
        ("close > fast_em", 8, "unknown name 'fast_em' at 8; did you mean 'fast_ema'?"),
        ("close = 3", 6, "write '==' to compare"),
        ("close > 1 && open > 1", 10, "write 'and'"),
        ("close > 1 AND open > 1", 10, "write 'and' in small letters"),
        ("close.mean > 1", 5, "attributes cannot be reached"),
        ("close ** 2 > 1", 7, "expected a value at 7, not '*'"),
        ("close[-1] > 1", 6, "would look into the future; close[1] is one bar back"),
        ("close[1.5] > 1", 6, "must be a constant whole number of bars"),
        ("close[open] > 1", 6, "must be a constant whole number of bars"),
        ("close[10001] > 1", 6, "must be between 0 and 10,000 bars"),
        ("sma(close, 0) > 1", 11, "must be between 1 and 10,000 bars"),
        ("sma(close, 1e9) > 1", 11, "must be between 1 and 10,000 bars"),
        ("sma(close, open) > 1", 11, "must be a constant whole number of bars"),
        ("sma(close) > 1", 0, "sma at 0 takes sma(source, period); 1 given"),
        ("sma > 1", 0, "'sma' at 0 is a function: sma(source, period)"),
        ("bb_upper(close, 20, close) > 1", 20, "must be a constant number other than 0"),
        ("sma(close > 1, 3) > 1", 4, "a number is expected at 4, this is a condition"),
        ("close and open > 1", 0, "a condition is expected at 0, this is a number"),
        ("close", 0, "must be a condition (true or false), this is a number"),
        ("close > 1 open", 10, "unexpected 'open' at 10"),
        ("(close > 1", 10, "expected ')' at 10 to close '(' at 0, found the end"),
        ("close > 1)", 9, "unexpected ')' at 9"),
        ("close in 3", 6, "'in' at 6 needs a list"),
        ("[1, 2]", 0, "can only stand after 'in'"),
        ("close >", 7, "the expression ends where a value is expected"),
        ("", 0, "the expression is empty"),
        ("close > 'a", 8, "the text has no closing quote"),
        ("close == 'flat'", 9, "text 'flat' at 9 can only be compared with position, trend_state"),
        ("'flat'", 0, "can only be compared with position, trend_state, volatility_state"),
        ("position", 0, "must be a condition"),
        ("position > 0", 0, "a text can only be compared with ==, !=, in and not in"),
        ("position == 0", 12, "position is a text: compare it with 'flat', 'long', 'short', not with"),
        ("position == 'flt'", 12, "position is never 'flt' at 12; did you mean 'flat'?"),
        ("position == trend_state", 12, "position is a text: compare it with 'flat', 'long', 'short'"),
        ("position + 1 > 0", 0, "position at 0 is a text, one of 'flat', 'long', 'short'; compare it"),
        ("trend_state in ['up', 'dwn']", 22, "trend_state is never 'dwn' at 22; did you mean 'down'?"),
        ("stop_hit > 0", 0, "a number is expected at 0, this is a condition"),
        ("ema(pnl, 4) > 1", 4, "'pnl' at 4 depends on the position; it cannot be looked at in the past"),
        ("close > 1 and (pnl + 1)[2] > 1", 15, "'pnl' at 15 depends on the position"),
        ("crosses_above(pnl_pct, 2)", 14, "'pnl_pct' at 14 depends on the position"),
        ("count(current_r > 1, 3) > 1", 6, "'current_r' at 6 depends on the position"),
        ('tf("1h", pnl > close)', 9, "'pnl' at 9 depends on the position; it cannot stand in tf()"),
        ("pnl() > 1", 0, "'pnl' at 0 is no function; write it without brackets"),
        ("pn > 1", 0, "unknown name 'pn' at 0; did you mean 'pnl'?"),
        ("tf(close > 1)", 3, 'tf at 0 begins with a timeframe in quotes: tf("4h", close > sma(close, 50))'),
        ('tf("4x", close > 1)', 3, "unknown timeframe '4x' at 3; known are 1m, 3m, 5m"),
        ('tf("4h" close > 1)', 8, "expected ',' at 8"),
        ('tf("4h", close > 1', 18, "expected ')' at 18 to close '(' at 2, found the end"),
        ('tf("1d", tf("4h", close) > 1)', 0, "tf at 0 holds another tf()"),
        ("tf > 1", 0, "'tf' at 0 is a function"),
        ("quantile(close, 5, 2) > 1", 19, "must be a constant from 0 to 1"),
        ("count(close, 5) > 1", 6, "a condition is expected at 6, this is a number"),
        ("supertred(10, 3) > 1", 0, "unknown indicator 'supertred' at 0; did you mean 'supertrend'?"),
        ("close > 1e999", 8, "too large a number"),
        ("close > \u2603", 8, "is not part of the language"),
        ("__import__('os')", 0, "unknown indicator '__import__' at 0"),
    ],
)
def test_a_refusal_names_the_place_and_the_remedy(expression: str, position: int, message: str) -> None:
    raw = document(expression, None, parameters={"fast": 12}, indicators={"fast_ema": "ema(close, $fast)"})
    with pytest.raises(StrategyError) as caught:
        parse_strategy(raw)
    (issue,) = caught.value.issues
    assert issue.path == "triggers[0].entry"
    assert issue.position == position
    assert message in issue.message
    assert issue.value == expression


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5_000 + "1" + ")" * 5_000,
        "-" * 3_000 + "1 > 0",
        "not " * 900 + "true",
        "+".join(["close"] * 600) + " > 0",
        "close" + "[0]" * 700 + " > 0",
        "sma(" * 60 + "close" + ", 2)" * 60 + " > 0",
        "1" * 3_000 + " > 0",
        "close > " + "9" * 400,
        "a" * 1_000_000,
        "min(" + ",".join(["close"] * 700) + ") > 0",
        "'" * 4_000,
        "\x00" * 100,
    ],
)
def test_hostile_text_is_answered_quickly(expression: str) -> None:
    messages: list[str] = []
    with collect_messages(messages):
        parse_strategy(document(expression, None))
    assert all(len(message) < 500 for message in messages)


@contextmanager
def collect_messages(messages: list[str]) -> Iterator[None]:
    """Some of the hostile texts are valid: what counts is that an answer comes, and that it is short."""
    try:
        yield
    except StrategyError as error:
        messages.extend(issue.message for issue in error.issues)


def test_equal_parts_of_a_document_are_computed_once() -> None:
    raw = document(
        "crosses_above(ema(close, 12), ema(close, 26)) and rsi(close, 14) < 70",
        "crosses_below(fast, ema_26) or rsi_14 > 90",
        indicators={"fast": "ema(close, 12)"},
    )
    graph = parse_strategy(raw).graph
    # The averages over 12 and 26 bars, and the two that make the relative strength.
    assert sum(node.op == "ema" for node in graph.nodes) == 4


def test_moving_averages_agree_whatever_the_text_that_names_them() -> None:
    bars = candles([(n, n + 1) for n in range(1, 40)])
    raw = document(
        "close < 0", None, indicators={"long": "sma(close, 5)", "short": "sma_5", "chained": "long + 0"}
    )
    strategy = parse_strategy(raw)
    table = evaluate(compile_columns(strategy.graph, strategy.indicator_nodes), bars).columns
    np.testing.assert_array_equal(table["long"], table["short"])
    np.testing.assert_array_equal(table["long"], table["chained"])


def test_the_spans_are_the_conditions_and_what_they_compare() -> None:
    text = "close > 2 and not (rsi_14 between 30 and $top) or volume in [1, 2]"
    graph = Graph()
    spans: list[tuple[int, int, int]] = []
    rule = parse_expression(text, graph, {"top": 70}, {}, spans)
    assert [text[start:end] for start, end, _ in spans] == [
        "close > 2 and not (rsi_14 between 30 and $top) or volume in [1, 2]",
        "close > 2 and not (rsi_14 between 30 and $top)",
        "close > 2",
        "close",
        "2",
        "not (rsi_14 between 30 and $top)",
        "(rsi_14 between 30 and $top)",
        "rsi_14 between 30 and $top",
        "rsi_14",
        "30",
        "$top",
        "volume in [1, 2]",
        "volume",
    ]
    assert spans[0][2] == rule
    assert graph.constant_of(spans[10][2]) == 70


def test_the_spans_inside_a_function_end_where_its_argument_does() -> None:
    text = "  count(close > open, 3) > 1 "
    spans: list[tuple[int, int, int]] = []
    parse_expression(text, Graph(), {}, {}, spans)
    assert [text[start:end] for start, end, _ in spans] == [
        "count(close > open, 3) > 1",
        "count(close > open, 3)",
        "close > open",
        "close",
        "open",
        "1",
    ]


def test_the_spans_inside_a_timeframe_are_what_is_seen_of_it() -> None:
    bars = generated(60, 5)
    text = 'tf("5m", close > sma(close, 2)) and crosses_above(close, open)'
    graph = Graph()
    spans: list[tuple[int, int, int]] = []
    parse_expression(text, graph, {}, {}, spans)
    named = {text[start:end]: node for start, end, node in spans}
    assert list(named) == [
        text,
        'tf("5m", close > sma(close, 2))',
        "close > sma(close, 2)",
        "close",
        "sma(close, 2)",
        "crosses_above(close, open)",
        "open",
    ]
    found = evaluate(compile_columns(graph, named), bars).columns
    np.testing.assert_array_equal(found["sma(close, 2)"], column('tf("5m", sma(close, 2))', bars))
    np.testing.assert_array_equal(found["close > sma(close, 2)"], found['tf("5m", close > sma(close, 2))'])


def test_what_stands_in_a_timeframe_is_not_computed_on_the_runs_bars() -> None:
    graph = Graph()
    parse_expression('tf("4h", ema(close, 500) > close)', graph, {}, {})
    assert [node.op for node in graph.nodes] == ["clock", "gather", "ema", "gt", "spread"]


def test_an_indicator_may_be_called_like_a_function_that_needs_brackets() -> None:
    assert not is_word("slope")
    assert is_word("obv")
    raw = document("slope > 0 and slope(close, 3) > 0", None, indicators={"slope": "close - open"})
    assert parse_strategy(raw).indicators == {"slope": "close - open"}


def test_an_indicator_may_depend_on_the_position() -> None:
    raw = document("close > 1", "deep and close < 9", indicators={"deep": "loss < -2", "loss": "pnl_pct"})
    strategy = parse_strategy(raw)
    assert strategy.graph.is_state(strategy.indicator_nodes["deep"])
    with pytest.raises(ExpressionError, match="'loss' at 4 depends on the position"):
        parse_expression("ema(loss, 3)", strategy.graph, {}, strategy.indicator_nodes)


def test_a_text_keeps_its_words_in_the_past_and_in_a_timeframe() -> None:
    bars = generated(3000, 8)
    up = column("trend_state == 'up'", bars)
    assert 0 < up.sum() < len(up)
    np.testing.assert_array_equal(column("(trend_state)[1] == 'up'", bars)[1:], up[:-1])
    five = column("tf(\"5m\", trend_state) in ['up', 'down']", bars)
    assert 0 < five.sum() < len(up)
    np.testing.assert_array_equal(five, column("tf(\"5m\", trend_state in ['up', 'down'])", bars))


def test_a_state_that_is_not_known_yet_is_none_of_its_words() -> None:
    bars = generated(300, 8)
    for name, words, first in (
        ("trend_state", ("up", "down", "flat"), 199),
        ("vol_state", ("low", "normal", "high"), 14 + 99),
    ):
        known = np.sum([column(f"{name} == '{word}'", bars) for word in words], axis=0)
        assert known.tolist() == [0.0] * first + [1.0] * (300 - first)
