"""What must hold for every function of the catalogue, those to come included."""

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import Bars, evaluation
from engine.expression import parse_expression
from engine.functions import FUNCTIONS, SHORT_FORMS, SUBJECTS, is_word
from engine.graph import UNBOUNDED, Graph
from engine.program import Program, compile_columns
from tests.engine.evaluating import Evaluated, column, evaluate, uncompiled
from tests.engine.market import MINUTE, generated

NAMES = sorted(FUNCTIONS)
LEVELS_OF_THE_BEGINNING = frozenset({"obv"})
"""Functions whose level depends on where the bars begin, as their text says."""


def call(name: str, source: str = "close") -> str:
    """The function with its shortest sensible arguments."""
    words: list[str] = []
    given = {"series": source, "condition": "close > open", "period": "4", "factor": "1.5", "share": "0.3"}
    for argument in FUNCTIONS[name].arguments:
        word = given[argument.kind]
        words.append("open" if argument.kind == "series" and word in words else word)
    return f"{name}({', '.join(words)})"


@lru_cache(maxsize=1)
def everything() -> Program:
    """All functions, on the bars of the run, on what may be missing, and on a higher timeframe."""
    graph = Graph()
    nodes: dict[str, int] = {}
    for name in NAMES:
        nodes[name] = parse_expression(call(name), graph, {}, {})
        holed = call(name, "close / max(close - open, 0)")
        nodes[f"{name} of holes"] = parse_expression(holed, graph, {}, {})
        nodes[f"{name} of 5m"] = parse_expression(f'tf("5m", {call(name)})', graph, {}, {})
    return compile_columns(graph, nodes)


def market(seed: int, length: int = 400) -> Bars:
    """Three days of ten minutes with holes, a still stretch and ties, begun in the middle of a day."""
    bars = generated(length, seed, step_ms=10 * MINUTE, holes=0.1)
    closes, opens = bars.close.copy(), bars.open.copy()
    still = slice(len(bars) // 2, len(bars) // 2 + 25)
    price = closes[still.start]
    highs, lows = bars.high.copy(), bars.low.copy()
    for values in (opens, highs, lows, closes):
        values[still] = price
    volume = bars.volume.copy()
    volume[still] = 0.0
    return Bars(bars.timestamp // 10 + 17 * 60 * MINUTE, opens, highs, lows, closes, volume)


def same(first: Evaluated, second: Evaluated) -> None:
    for name, values in first.columns.items():
        assert values.tobytes() == second.columns[name].tobytes(), name
    assert first.carried.tobytes() == second.carried.tobytes()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 399), max_size=12))
@example(1, list(range(400)))
def test_any_cut_gives_the_same_bits(seed: int, cuts: list[int]) -> None:
    bars = market(seed)
    same(evaluate(everything(), bars), evaluate(everything(), bars, cuts=cuts))


@pytest.mark.parametrize("cuts", [[], [100, 101, 250]])
def test_compiled_and_uncompiled_give_the_same_bits(cuts: list[int]) -> None:
    assert evaluation.COMPILED, "run `python -m infra_cdk.kernel` first"
    bars = market(7, 1500)
    same(evaluate(everything(), bars), evaluate(everything(), bars, cuts=cuts, module=uncompiled()))


def test_cuts_around_the_piece_and_block_lengths_give_the_same_bits() -> None:
    bars = market(3, 9_500)
    whole = evaluate(everything(), bars)
    for cuts in ([512], [1024, 1025], [4096], [4095, 4097, 8192]):
        same(whole, evaluate(everything(), bars, cuts=cuts))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 399))
def test_later_bars_change_no_earlier_value(seed: int, known: int) -> None:
    bars = market(seed)
    known = min(known, len(bars))
    whole = evaluate(everything(), bars)
    part = evaluate(everything(), bars.between(0, int(bars.timestamp[known - 1]) + 1))
    for name, values in part.columns.items():
        assert values.tobytes() == whole.columns[name][:known].tobytes(), name


@pytest.mark.parametrize("name", NAMES)
def test_the_warm_up_is_enough(name: str) -> None:
    """A value that warmed up over the bars it asks for is that of one that has seen far more."""
    graph = Graph()
    node = parse_expression(call(name), graph, {}, {})
    needed = graph.warm_up_bars(node, MINUTE)
    bars = generated(4 * 1440 + 500, 11)
    program = compile_columns(graph, {"x": node})
    whole = evaluate(program, bars).columns["x"]
    for late in (1440 + 7, 2000):
        found = evaluate(program, bars.between(int(bars.timestamp[late]), 1 << 60)).columns["x"]
        mine, theirs = found[needed:], whole[late + needed :]
        if name in LEVELS_OF_THE_BEGINNING:
            mine, theirs = np.diff(mine), np.diff(theirs)
        np.testing.assert_allclose(mine, theirs, rtol=2e-6, atol=1e-6)


def test_what_has_no_fixed_reach_says_so() -> None:
    for name in NAMES:
        graph = Graph()
        node = parse_expression(call(name), graph, {}, {})
        unbounded = any(graph.nodes[i].op in UNBOUNDED for i in graph.needed((node,)))
        said = "looks back without limit" in FUNCTIONS[name].source
        assert said == unbounded, name


def test_a_function_is_documented_and_its_name_is_its_own() -> None:
    assert sum(map(len, SUBJECTS.values())) == len(FUNCTIONS)
    for function in FUNCTIONS.values():
        assert function.formula
        assert function.signature.startswith(function.name)
        assert is_word(function.name) == function.can_stand_alone
    assert set(FUNCTIONS) >= SHORT_FORMS


def test_a_condition_is_said_to_be_one() -> None:
    for name, function in FUNCTIONS.items():
        graph = Graph()
        assert graph.is_boolean(parse_expression(call(name), graph, {}, {})) == function.is_condition, name


def test_a_still_market_is_exact_after_a_moving_one() -> None:
    moving = generated(300, 5)
    price = 0.1  # no binary fraction
    o, h, low, c = (
        np.concatenate([values, np.full(60, price)])
        for values in (moving.open, moving.high, moving.low, moving.close)
    )
    bars = Bars(np.arange(360, dtype=np.int64) * MINUTE, o, h, low, c, np.full(360, 3.0))
    exact = {
        "sma(close, 20)": price,
        "wma(close, 20)": price,
        "bb_upper(close, 20, 2)": price,
        "stddev(close, 20)": 0.0,
        "variance(close, 20)": 0.0,
        "slope(close, 20)": 0.0,
        "linreg(close, 20)": price,
        "covariance(close, volume, 20)": 0.0,
        "quantile(close, 20, 0.3)": price,
        "percentile(close, 20)": 50.0,
        "highest(high, 20) - lowest(low, 20)": 0.0,
    }
    for expression, value in exact.items():
        assert set(column(expression, bars)[-35:].tolist()) == {value}, expression
    for expression in ("zscore(close, 20)", "correlation(close, volume, 20)", "bb_percent(close, 20, 2)"):
        assert all(math.isnan(value) for value in column(expression, bars)[-35:]), expression
