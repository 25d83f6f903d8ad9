"""tf(): bars of a higher timeframe, seen only once they have closed."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Bars, evaluation, parse_strategy, warm_up_bars
from engine.expression import parse_expression
from engine.graph import Graph, TimeframeError, check_timeframes
from engine.names import HOUR_MS, TIMEFRAMES
from engine.program import compile_columns
from tests.engine.evaluating import Column, column, evaluate, program_of, uncompiled
from tests.engine.market import MINUTE, document, generated

DAY = 24 * HOUR_MS


def hours(rows: int, seed: int = 1, *, at: str = "2024-01-01T00:00", holes: float = 0.0) -> Bars:
    """Bars of an hour from a time on."""
    bars = generated(rows, seed, step_ms=HOUR_MS, holes=holes)
    start = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()) * 1000
    return Bars(bars.timestamp + start, bars.open, bars.high, bars.low, bars.close, bars.volume)


def higher(bars: Bars, timeframe: str, step: int) -> tuple[Bars, list[int]]:
    """The higher bars by the definition, and how many of them have closed at each bar's close."""
    span = TIMEFRAMES[timeframe]
    offset = 4 * DAY if timeframe == "1w" else 0
    begins = [(t - offset) // span * span + offset for t in bars.timestamp.tolist()]
    groups: list[tuple[int, list[int]]] = []
    for row, begin in enumerate(begins):
        if not groups or groups[-1][0] != begin:
            groups.append((begin, []))
        groups[-1][1].append(row)
    if groups and bars.timestamp[0] != groups[0][0]:
        groups = groups[1:]
    seen = []
    for row, stamp in enumerate(bars.timestamp.tolist()):
        # Complete when its end is reached, or when a bar of a later one is here.
        seen.append(
            sum(rows[0] <= row and (begin + span <= stamp + step or rows[-1] < row) for begin, rows in groups)
            if groups
            else 0
        )
    rows = [rows for _, rows in groups]
    made = Bars(
        np.array([begin for begin, _ in groups], dtype=np.int64),
        np.array([bars.open[r[0]] for r in rows]),
        np.array([bars.high[r].max() for r in rows]),
        np.array([bars.low[r].min() for r in rows]),
        np.array([bars.close[r[-1]] for r in rows]),
        np.array([math.fsum(bars.volume[r]) for r in rows]),
    )
    return made, seen


def shown(values: Column, seen: list[int], before: float = math.nan) -> list[float]:
    return [values[n - 1] if n else before for n in seen]


@pytest.mark.parametrize("holes", [0.0, 0.3])
@pytest.mark.parametrize("start", ["2024-01-01T00:00", "2024-02-08T05:00"])
@pytest.mark.parametrize("timeframe", ["2h", "4h", "12h", "1d", "3d", "1w"])
def test_a_higher_bar_is_made_of_its_bars_and_seen_once_closed(
    timeframe: str, start: str, holes: float
) -> None:
    bars = hours(1500, 3, at=start, holes=holes)
    made, seen = higher(bars, timeframe, HOUR_MS)
    for name in ("open", "high", "low", "close", "volume"):
        found = column(f'tf("{timeframe}", {name})', bars, step_ms=HOUR_MS)
        np.testing.assert_allclose(found, shown(getattr(made, name), seen), rtol=1e-12)


@pytest.mark.parametrize(
    "inner",
    [
        "ema(close, 3)",
        "close[2]",
        "highest(high, 4) - low",
        "rsi(close, 5)",
        "percentile(close, 6)",
    ],
)
def test_what_stands_inside_is_computed_on_the_higher_bars(inner: str) -> None:
    bars = hours(1200, 4, holes=0.1)
    made, seen = higher(bars, "4h", HOUR_MS)
    expected = shown(column(inner, made, step_ms=4 * HOUR_MS), seen)
    np.testing.assert_allclose(column(f'tf("4h", {inner})', bars, step_ms=HOUR_MS), expected, rtol=1e-9)


def test_a_condition_of_a_higher_timeframe_is_false_before_its_first_bar() -> None:
    bars = hours(600, 5)
    made, seen = higher(bars, "1d", HOUR_MS)
    expected = shown(column("crosses_above(close, sma(close, 3))", made), seen, 0.0)
    found = column('tf("1d", crosses_above(close, sma(close, 3)))', bars, step_ms=HOUR_MS)
    assert found.tolist() == expected
    assert 0.0 < np.mean(found) < 1.0


def test_a_value_is_first_seen_at_the_close_that_completes_its_bar() -> None:
    bars = hours(9)
    found = column('tf("4h", close)', bars, step_ms=HOUR_MS).tolist()
    close = bars.close.tolist()
    # The fourth bar opens at 03:00 and closes at 04:00, when the first higher bar is over.
    assert [repr(v) for v in found] == [repr(v) for v in [math.nan] * 3 + [close[3]] * 4 + [close[7]] * 2]


def test_a_missing_last_bar_does_not_hide_the_higher_bar() -> None:
    bars = hours(12)
    keep = np.array([row not in (3, 6, 7) for row in range(12)])
    columns = (bars.timestamp, bars.open, bars.high, bars.low, bars.close, bars.volume)
    holed = Bars(*(values[keep] for values in columns))
    close = bars.close
    # 00:00–04:00 ends with the bar of 02:00; it is seen at the next bar's close, 05:00.
    expected = [math.nan] * 3 + [close[2], close[2], close[5], close[5], close[5], close[11]]
    found = column('tf("4h", close)', holed, step_ms=HOUR_MS)
    np.testing.assert_array_equal(found, expected)
    rose = column('tf("4h", close > open)', holed, step_ms=HOUR_MS)
    assert set(rose.tolist()) <= {0.0, 1.0}


def test_weeks_begin_on_a_monday() -> None:
    bars = hours(24 * 30, at="2024-02-07T00:00")  # a Wednesday
    found = column('tf("1w", open)', bars, step_ms=HOUR_MS)
    first = int(np.flatnonzero(~np.isnan(found))[0])
    # The week of the Wednesday is passed over; the first whole one begins on Monday, 12 February.
    assert found[first] == bars.open[5 * 24]
    assert first == 12 * 24 - 1


def test_the_runs_own_timeframe_means_the_plain_expression() -> None:
    bars = generated(3000, 6, holes=0.2)
    for inner in ("ema(close, 9)", "crosses_below(close, sma(close, 4))", "obv", "supertrend"):
        np.testing.assert_array_equal(column(f'tf("1m", {inner})', bars), column(inner, bars))


def test_two_thousand_bars_may_complete_more_higher_bars_than_a_piece_has_room_for() -> None:
    # Every odd minute is missing but the first: each bar completes its own two minutes, and an earlier one.
    bars = generated(4200, 7)
    keep = np.arange(4200) % 2 == 1
    keep[0], keep[1] = True, False
    columns = (bars.timestamp, bars.open, bars.high, bars.low, bars.close, bars.volume)
    sparse = Bars(*(values[keep] for values in columns))
    three = column('tf("3m", close[1])', sparse)
    made, seen = higher(sparse, "3m", MINUTE)
    np.testing.assert_array_equal(three, shown(column("close[1]", made), seen))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 699), max_size=8),
    st.sampled_from([0.0, 0.2, 0.7]),
)
def test_any_cut_gives_the_same_bits(seed: int, cuts: list[int], holes: float) -> None:
    bars = generated(700, seed, holes=holes)
    program = program_of(
        {
            "a": 'tf("5m", ema(close, 4) / close[1])',
            "b": 'tf("15m", correlation(close, volume, 5)) + tf("15m", vwap)',
            "c": 'tf("3m", crosses_above(close, highest(high, 3)[1]))',
            "d": 'tf("1h", percentile(close, 4) + hour)',
        }
    )
    whole = evaluate(program, bars)
    for module in (evaluation, uncompiled()):
        other = evaluate(program, bars, cuts=cuts, module=module)
        assert whole.carried.tobytes() == other.carried.tobytes()
        for name, values in whole.columns.items():
            assert values.tobytes() == other.columns[name].tobytes(), name


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 399), st.sampled_from(["5m", "15m", "1h"]))
def test_later_bars_change_nothing_that_was_seen(seed: int, known: int, timeframe: str) -> None:
    bars = generated(400, seed, holes=0.2)
    text = f'tf("{timeframe}", high - low + close[1])'
    part = column(text, bars.between(0, int(bars.timestamp[min(known, len(bars) - 1)])))
    assert part.tobytes() == column(text, bars)[: len(part)].tobytes()


@pytest.mark.parametrize(
    ("inner", "higher_bars"), [("close", 0), ("sma(close, 10)", 9), ("sma(close, 10)[3]", 12)]
)
def test_the_warm_up_reaches_back_for_the_higher_bars(inner: str, higher_bars: int) -> None:
    graph = Graph()
    node = parse_expression(f'tf("4h", {inner})', graph, {}, {})
    needed = graph.warm_up_bars(node, HOUR_MS)
    # One more complete bar than it looks back, a partial one before it, and nearly a whole one since.
    assert needed == (higher_bars + 1) * 4 + 2 * 3
    program = compile_columns(graph, {"x": node})
    for late in range(8):
        bars = hours(needed + 8)
        first = column(f'tf("4h", {inner})', bars, step_ms=HOUR_MS)
        found = evaluate(program, bars.between(int(bars.timestamp[late]), 1 << 60), step_ms=HOUR_MS)
        np.testing.assert_allclose(found.columns["x"][needed:], first[late + needed :], rtol=1e-12)


def test_the_warm_up_of_a_document_is_in_the_runs_bars() -> None:
    strategy = parse_strategy(document('tf("1d", close > sma(close, 20))', None))
    assert warm_up_bars(strategy, HOUR_MS) == 20 * 24 + 2 * 23
    assert warm_up_bars(strategy, DAY) == 19


def test_a_timeframe_that_the_runs_bars_cannot_make_is_refused() -> None:
    graph = parse_strategy(document('tf("4h", close > 1) and tf("15m", close > 1)', None)).graph
    assert check_timeframes(graph, 5 * MINUTE) == []
    assert check_timeframes(graph, 15 * MINUTE) == []
    assert check_timeframes(graph, HOUR_MS) == [
        'tf("15m", …) cannot be made of bars of 1h; a higher timeframe is at least as long as the run\'s bars'
    ]
    assert check_timeframes(graph, 10 * MINUTE) == [
        'tf("15m", …) cannot be made of bars of 10m; it must be a multiple of the run\'s bars'
    ]


def rule_of(text: str) -> tuple[Graph, int]:
    graph = Graph()
    return graph, parse_expression(text, graph, {}, {})


def test_a_rule_moves_to_a_timeframe_as_if_it_stood_in_tf() -> None:
    bars = generated(900, 9, holes=0.1)
    for text in ("close > ema(close, 4)", "crosses_above(close, open[1]) or not rising(high, 2)"):
        graph, node = rule_of(text)
        program = compile_columns(graph, {"x": graph.on_timeframe(node, "5m")})
        np.testing.assert_array_equal(evaluate(program, bars).columns["x"], column(f'tf("5m", {text})', bars))


def test_what_depends_on_the_position_stays_on_the_runs_bars() -> None:
    graph, node = rule_of("pnl_pct > close[1] - open and close > 3")
    moved = graph.on_timeframe(node, "4h")
    assert graph.is_state(moved)
    outer = graph.nodes[moved]
    assert outer.op == "and"
    compared, market = (graph.nodes[i] for i in outer.inputs)
    assert market.op == "spread"
    assert compared.op == "gt"
    assert [graph.nodes[i].op for i in compared.inputs] == ["state", "spread"]


def test_a_tf_in_a_rule_that_moves_keeps_its_own_timeframe() -> None:
    bars = generated(900, 9)
    graph, node = rule_of('tf("15m", close > open) and close > open')
    program = compile_columns(graph, {"x": graph.on_timeframe(node, "5m")})
    expected = column('tf("15m", close > open) and tf("5m", close > open)', bars)
    np.testing.assert_array_equal(evaluate(program, bars).columns["x"], expected)
    graph, node = rule_of('ema(tf("15m", close), 3) > close')
    with pytest.raises(TimeframeError, match="looks back at a tf"):
        graph.on_timeframe(node, "5m")


def test_a_timeframe_closes_where_a_bar_of_it_is_complete() -> None:
    for holes in (0.0, 0.4):
        bars = generated(500, 2, holes=holes)
        graph = Graph()
        program = compile_columns(graph, {"x": graph.timeframe_closed("5m")})
        _, seen = higher(bars, "5m", MINUTE)
        completed = np.diff([0, *seen]) > 0
        found = evaluate(program, bars).columns["x"] > 0
        if holes:
            # At the end of a first bar that is passed over nothing is complete.
            assert completed.tolist() == found.tolist()
        else:
            assert np.flatnonzero(found).tolist() == list(range(4, 500, 5))
