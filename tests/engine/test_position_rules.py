"""Rules that depend on the position: a gate of the market, and scalar rows for the rest."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Bars, StrategyError, parse_strategy
from engine import instructions as I  # noqa: N812
from engine.expression import parse_expression
from engine.graph import Graph, Node
from engine.position_rules import split
from engine.program import Program, compile_columns, compile_program
from tests.engine.evaluating import column, evaluate
from tests.engine.market import candles, document, generated

State = Mapping[str, float]
FLAT = dict.fromkeys(I.STATE_NAMES, math.nan) | {"position": 0.0, "stop_hit": 0.0, "target_hit": 0.0}


def operate(op: str, x: float, y: float) -> float:
    """The language's operations as docs/strategies.md has them."""
    known = x == x and y == y
    truth = {
        "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y, "eq": x == y, "ne": known and x != y,
        "and": x > 0 and y > 0, "or": x > 0 or y > 0, "not": x <= 0,
    }  # fmt: skip
    if op in truth:
        return 1.0 if truth[op] else 0.0
    if op in ("neg", "abs"):
        return -x if op == "neg" else abs(x)
    if not known:
        return math.nan
    if op == "div":
        return x / y if y != 0.0 else math.nan
    return {"add": x + y, "sub": x - y, "mul": x * y, "min": min(x, y), "max": max(x, y)}[op]


NAMES = {number: name for name, number in I.STATE_OPERATIONS.items()}


def run_rows(program: Program, rule: int, board: Sequence[float], state: State) -> bool:
    """Interpret a rule's state rows as the fold does."""
    first, count = program.state_ranges[2 * rule : 2 * rule + 2]
    if count == 0:
        return True
    registers = [math.nan] * I.STATE_REGISTERS
    for row in range(first, first + count):
        op, to, a, b = program.state_code[row * I.STATE_WIDTH : (row + 1) * I.STATE_WIDTH]
        if op == I.S_CONST:
            registers[to] = program.state_params[row]
        elif op == I.S_BOARD:
            registers[to] = board[a]
        elif op == I.S_STATE:
            registers[to] = state[I.STATE_NAMES[a]]
        else:
            registers[to] = operate(NAMES[op], registers[a], registers[b])
    return registers[0] > 0.0


def compiled(entry: str) -> Program:
    return compile_program(parse_strategy(document(entry, None)), False)


def fires(entry: str, bars: Bars, state: State) -> list[bool]:
    """Whether the rule holds at each bar with this state."""
    program = compiled(entry)
    found = evaluate(program, bars)
    return [
        bool(word & 1) and run_rows(program, 0, found.board[:, row].tolist(), FLAT | dict(state))
        for row, word in enumerate(found.bits.tolist())
    ]


FOUR = candles([(1, 2), (2, 3), (3, 2), (2, 5)])
"""Opens 1 2 3 2, closes 2 3 2 5."""
LONG = {"position": 1.0, "pnl": 7.0, "pnl_pct": 2.5, "age": 3.0, "current_r": -0.5, "stop_hit": 1.0}


@pytest.mark.parametrize(
    ("rule", "state", "expected"),
    [
        ("position == 'long'", LONG, [True] * 4),
        ("position != 'long'", LONG, [False] * 4),
        ("position == 'flat' and close > 2", {}, [False, True, False, True]),
        ("'flat' == position and close > 2", LONG, [False] * 4),
        ("position in ['long', 'short']", LONG, [True] * 4),
        ("position not in ['long', 'short']", LONG, [False] * 4),
        ("position not in ['long', 'short']", {}, [True] * 4),
        ("stop_hit", LONG, [True] * 4),
        ("not stop_hit and close > 2", {}, [False, True, False, True]),
        ("stop_hit or close > 2", {}, [False, True, False, True]),
        ("pnl_pct > close", LONG, [True, False, True, False]),
        ("pnl_pct > close and not open > 2", LONG, [True, False, False, False]),
        ("(pnl_pct + 1) / 2 < close and pnl > 6", LONG, [True] * 4),
        ("bars_held == 3", LONG, [True] * 4),
        ("pnl between close and 7", LONG, [True] * 4),
        ("abs(current_r) == 0.5 and min(pnl, close) == 3", LONG, [False, True, False, False]),
        ("pnl > 0", {}, [False] * 4),
        ("pnl != 0", {}, [False] * 4),
        ("not (pnl > 0)", {}, [True] * 4),
        ("pnl / 0 > 1 or pnl * 0 == 0", LONG, [True] * 4),
        ("sign(current_r) == -1 and clamp(pnl, 0, close) == close", LONG, [True] * 4),
        ("open < 3 and (stop_hit and close > 2) and pnl == 7", LONG, [False, True, False, True]),
        ("best_r != best_r or worst_r > 1 or cash > 5", {"cash": 6.0}, [True] * 4),
    ],
)
def test_a_rule_on_the_position_means(rule: str, state: State, expected: list[bool]) -> None:
    assert fires(rule, FOUR, state) == expected


def test_what_the_market_decides_is_the_gate() -> None:
    graph = Graph()
    rule = parse_expression("close > 2 and pnl > 1 and open < 3 and not stop_hit", graph, {}, {})
    gate, rest = split(graph, rule)
    assert [graph.nodes[node].op for node in rest] == ["gt", "not"]
    assert graph.nodes[gate].op == "and"
    assert not graph.is_state(gate)
    program = compiled("close > 2 and pnl > 1 and open < 3 and not stop_hit")
    assert evaluate(program, FOUR).bits.tolist() == [0, 1, 0, 1]


def test_a_rule_of_the_market_alone_has_no_rows() -> None:
    program = compiled("close > 2")
    assert program.state_ranges == (0, 0)
    assert program.board == 0


def test_a_rule_of_the_position_alone_has_an_open_gate() -> None:
    assert evaluate(compiled("pnl > 1"), FOUR).bits.tolist() == [1, 1, 1, 1]


def test_values_that_several_rules_read_share_a_slot() -> None:
    raw = {
        "name": "shared",
        "indicators": {"far": "pnl > 2 * atr(14)"},
        "triggers": [
            {"id": "a", "entry": "close > 1", "exit": "far"},
            {"id": "b", "entry": "close > 1 and pnl_pct < 2 * atr(14)", "stop": {"distance": "2 * atr(14)"}},
        ],
    }
    program = compile_program(parse_strategy(raw), False)
    assert [(rule.trigger, rule.kind) for rule in program.rules] == [(0, "entry"), (1, "entry"), (0, "exit")]
    assert (program.entries, program.exits, program.board) == (2, 1, 1)
    assert program.trigger_slots == ((-1, -1, -1, -1), (-1, 0, -1, -1))


def test_the_board_holds_what_the_fold_needs() -> None:
    raw = {
        "name": "levels",
        "triggers": [
            {
                "id": "a",
                "entry": "close > 1",
                "order": {"limit": "close - 1"},
                "stop": "low - 1",
                "target": {"distance": "high - low + 1"},
            }
        ],
        "sizing": {"mode": "risk", "risk_pct": 1},
    }
    program = compile_program(parse_strategy(raw), False)
    bars = generated(60, 2)
    board = evaluate(program, bars).board
    (order, stop, target, trailing) = program.trigger_slots[0]
    assert trailing == -1
    np.testing.assert_array_equal(board[order], bars.close - 1)
    np.testing.assert_array_equal(board[stop], bars.low - 1)
    np.testing.assert_array_equal(board[target], bars.high - bars.low + 1)
    np.testing.assert_array_equal(board[program.atr_slot], column("atr(14)", bars))
    assert program.volatility_slot == -1


def test_the_board_is_missing_where_a_value_overflows() -> None:
    program = compiled("pnl < close * 1e308 * 10")
    assert np.isnan(evaluate(program, FOUR).board).all()


def test_a_rule_that_needs_too_many_values_at_once_is_refused() -> None:
    # Each of the sums is used again after all the others: none can be forgotten.
    names = {f"n{k}": f"pnl + {k}" for k in range(70)}
    once = " + ".join(names)
    with pytest.raises(StrategyError) as caught:
        parse_strategy(document(f"{once} > 1 and {once.replace(' + ', ' * ')} > 1", None, indicators=names))
    (issue,) = caught.value.issues
    assert "needs more than 64 values at once" in issue.message
    assert parse_strategy(document(f"{once} > 1", None, indicators=names))


# --- any rule, against a walk over its graph -----------------------------------------------------

NUMBERS = ("close", "open[1]", "pnl", "pnl_pct", "age", "2", "0", "entry_price", "sma(close, 3)", "current_r")
CONDITIONS = ("stop_hit", "close > 2", "position == 'long'", "true", "crosses_above(close, open)", "pnl != 1")


def numbers() -> st.SearchStrategy[str]:
    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            st.tuples(pair, st.sampled_from("+-*/")).map(lambda f: f"({f[0][0]} {f[1]} {f[0][1]})"),
            pair.map(lambda p: f"min({p[0]}, {p[1]})"),
            pair.map(lambda p: f"max({p[0]}, {p[1]})"),
            inner.map(lambda x: f"abs(-{x})"),
        )

    return st.recursive(st.sampled_from(NUMBERS), grown, max_leaves=6)


def rules() -> st.SearchStrategy[str]:
    compared = st.tuples(numbers(), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers())
    base = st.one_of(st.sampled_from(CONDITIONS), compared.map(" ".join))

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, st.sampled_from(["and", "or"]), inner)
        return st.one_of(pair.map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"), inner.map(lambda x: f"not ({x})"))

    return st.recursive(base, grown, max_leaves=8)


def walked(graph: Graph, rule: int, vectors: Mapping[int, float], state: State) -> bool:
    """The rule's value, node by node."""
    values: dict[int, float] = {}
    for number in graph.needed((rule,)):
        node: Node = graph.nodes[number]
        if node.op == "state":
            values[number] = state[I.STATE_NAMES[node.period]]
        elif graph.is_state(number):
            x, y = (*(values[i] for i in node.inputs), 0.0)[:2]
            values[number] = operate(node.op, x, y)
        else:
            values[number] = vectors[number]
    return values[rule] > 0.0


@settings(max_examples=150, deadline=None)
@given(
    rules(),
    st.sampled_from([0.0, 1.0, -1.0]),
    st.lists(st.sampled_from([math.nan, -1.0, 0.0, 1.0, 2.0, 3.0]), min_size=14, max_size=14),
)
def test_gate_and_rows_together_are_the_rule(text: str, position: float, others: list[float]) -> None:
    state = dict(zip(I.STATE_NAMES, [position, *others], strict=True))
    state |= {name: 1.0 if state[name] > 0 else 0.0 for name in ("stop_hit", "target_hit")}
    strategy = parse_strategy(document(text, None))
    rule = strategy.triggers[0].entry_node
    assert rule is not None
    graph = strategy.graph
    vectors = [node for node in graph.needed((rule,)) if not graph.is_state(node)]
    columns = evaluate(compile_columns(graph, {str(node): node for node in vectors}), FOUR).columns
    found = fires(text, FOUR, state)
    for row in range(4):
        at = {node: float(columns[str(node)][row]) for node in vectors}
        assert found[row] == walked(graph, rule, at, state)
