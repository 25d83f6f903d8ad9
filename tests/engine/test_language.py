"""The expression language: what it means, what it refuses and what it says then."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from engine import Bars, StrategyError, parse_strategy, run
from engine.functions import FUNCTIONS
from tests.engine.market import MINUTE, candles, document


def truth(expression: str, bars: Bars | None = None) -> list[bool]:
    """The condition at each bar."""
    found = bars or candles([(1, 2), (2, 3), (3, 2), (2, 5)])
    raw = document("close < 0", None, indicators={"wanted": expression})
    result = run(raw, {"A": found}, start_ms=0, timeframe_ms=MINUTE)
    values: list[float] = result.tables["indicators/A"]["wanted"].tolist()
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
    ],
)
def test_an_expression_means(expression: str, expected: list[bool]) -> None:
    bars = candles([(1, 2), (2, 3), (3, 2), (2, 5)])
    raw = document("close < 0", None, indicators={"wanted": expression}, parameters={"level": 4})
    values = run(raw, {"A": bars}, start_ms=0, timeframe_ms=MINUTE).tables["indicators/A"]["wanted"]
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
        ("position == 'flat'", 0, "'position' at 0 is not enforced yet"),
        ('tf("1d", close > 1)', 0, "function 'tf' at 0 is not enforced yet"),
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


def test_every_function_is_documented_and_can_be_called() -> None:
    for function in FUNCTIONS.values():
        assert function.formula
        assert function.signature.startswith(function.name)


def test_moving_averages_agree_whatever_the_text_that_names_them() -> None:
    bars = candles([(n, n + 1) for n in range(1, 40)])
    raw = document(
        "close < 0", None, indicators={"long": "sma(close, 5)", "short": "sma_5", "chained": "long + 0"}
    )
    table = run(raw, {"A": bars}, start_ms=0, timeframe_ms=MINUTE).tables["indicators/A"]
    np.testing.assert_array_equal(table["long"], table["short"])
    np.testing.assert_array_equal(table["long"], table["chained"])
