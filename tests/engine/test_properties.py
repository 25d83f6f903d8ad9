"""What must hold for every market: cuts, time's arrow, accounting, scaling. Hypothesis looks for more."""

from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    Bars,
    BarsError,
    Costs,
    Market,
    Output,
    Plan,
    Result,
    State,
    finish,
    initial_state,
    join,
    layout,
    machine,
    parse_strategy,
    preset,
    preset_ids,
    run,
    simulate,
)
from engine.columns import Table
from engine.statistics import report
from tests.engine.market import MINUTE, document, funding_for, generated, play, rows, same_tables

# Every kind of node, recursive ones over windows and the other way round, with missing values inside.
EVERYTHING = {
    "name": "everything",
    "indicators": {
        "e": "ema(close, 5)",
        "deep": "ema(sma(rsi(close, 3), 4), 3)",
        "w": "wma(close / (close - close[3]), 6)",
        "d": "stddev(volume, 7)",
        "top": "highest(high, 9)[1]",
        "floor": "lowest(min(low, open), 4)",
        "holes": "highest(close / max(close - open, 0), 3)",
    },
    "triggers": [
        {
            "id": "up",
            "entry": "crosses_above(close, e) and deep < 60",
            "exit": "close < floor[1] or atr_3 > 4",
        },
        {"id": "out", "entry": "close > top", "exit": "macd(close, 3, 6) < 0 and not (close > e)"},
        {"id": "alarm", "category": "emergency_exit", "exit": "close < bb_lower(close, 5, 1.5)"},
        {
            "id": "odd",
            "entry": "w > 1 and d not between 2 and 9",
            "exit": "holes in [1, 2] or abs(e - close) > 3",
        },
    ],
    "sizing": {"fraction": 0.6},
}


def two_markets(seed: int, length: int = 160, step_ms: int = MINUTE) -> dict[str, Bars]:
    return {
        "A": generated(length, seed, step_ms=step_ms, holes=0.1),
        "B": generated(length, seed + 1000, step_ms=step_ms, holes=0.3),
    }


def plan_for(
    bars: dict[str, Bars],
    raw: dict[str, Any],
    *,
    start: int = 20,
    step: float = 0.001,
    min_notional: float = 0.0,
) -> Plan:
    return Plan(
        parse_strategy(raw),
        tuple(Market(symbol, step, min_notional) for symbol in bars),
        MINUTE,
        start * MINUTE,
        max(int(b.timestamp[-1]) for b in bars.values() if len(b)) + 3 * MINUTE,
        1000.0,
        tuple(100.0 * n for n in range(len(bars))),
        Costs(10.0, 5.0),
        funding=(funding_for(raw, bars),) * len(bars),
    )


def run_in_pieces(plan: Plan, bars: dict[str, Bars], cuts: list[int]) -> tuple[State, dict[str, Table]]:
    """Simulate piece by piece, the state passing through bytes in between."""
    state = initial_state(plan)
    outputs: list[Output] = []
    borders = [0, *sorted(cuts), 1 << 40]
    for first, last in pairwise(borders):
        state = State.from_bytes(state.to_bytes())
        piece = {symbol: found.between(first * MINUTE, last * MINUTE) for symbol, found in bars.items()}
        state, output = simulate(plan, state, piece)
        outputs.append(output)
    state, output = finish(plan, state)
    outputs.append(output)
    return state, {name: join([o.tables[name] for o in outputs]) for name in outputs[0].tables}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 165), max_size=6))
def test_any_cut_in_time_gives_the_same_bits(seed: int, cuts: list[int]) -> None:
    bars = two_markets(seed)
    plan = plan_for(bars, EVERYTHING)
    whole_state, whole = run_in_pieces(plan, bars, [])
    state, pieces = run_in_pieces(plan, bars, cuts)
    assert state.to_bytes() == whole_state.to_bytes()
    assert same_tables(whole, pieces)


def test_a_cut_after_every_single_bar_gives_the_same_bits() -> None:
    bars = {"A": generated(120, 3)}
    plan = plan_for(bars, EVERYTHING, start=10)
    whole_state, whole = run_in_pieces(plan, bars, [])
    state, pieces = run_in_pieces(plan, bars, list(range(1, 121)))
    assert state.to_bytes() == whole_state.to_bytes()
    assert same_tables(whole, pieces)


def test_cuts_around_the_block_length_give_the_same_bits() -> None:
    bars = {"A": generated(9_000, 5, holes=0.001)}
    plan = plan_for(bars, EVERYTHING, start=50)
    whole_state, whole = run_in_pieces(plan, bars, [])
    for cuts in ([4096], [4097, 4099], [146, 4242, 8191], [8999]):
        state, pieces = run_in_pieces(plan, bars, cuts)
        assert state.to_bytes() == whole_state.to_bytes()
        assert same_tables(whole, pieces)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([*preset_ids(), "everything"]), st.integers(0, 10_000), st.integers(300, 700))
def test_appending_bars_changes_no_earlier_decision(name: str, seed: int, known: int) -> None:
    raw = EVERYTHING if name == "everything" else preset(name)
    assert_no_lookahead(dict(raw), seed, known, length=720)


def assert_no_lookahead(raw: dict[str, Any], seed: int, known: int, length: int = 120) -> None:
    """The run over the first bars is the beginning of the run over all of them."""
    bars = {"A": generated(length, seed)}
    plan = plan_for(bars, raw)
    part, short = simulate(plan, initial_state(plan), {"A": bars["A"].rows(0, known)})
    _, whole = simulate(plan, initial_state(plan), bars)
    for name, table in short.tables.items():
        for column in table:
            if column == "payload":
                continue  # made when read; its numbers stand in the other columns
            kept = _first(whole.tables[name][column], table.rows)
            assert _first(table[column], table.rows) == kept, (name, column)
    assert part.rows == known - 20


def _first(values: Any, count: int) -> list[object]:
    found = values.tolist() if hasattr(values, "tolist") else values
    return [repr(value) for value in found[:count]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_equity_is_cash_and_reserves_and_positions_at_every_bar(seed: int) -> None:
    bars = two_markets(seed)
    plan = plan_for(bars, EVERYTHING)
    _, tables = run_in_pieces(plan, bars, [])
    equity = tables["equity"]
    fills = rows(tables["fills"])
    # Replay the fills alone, beside the engine.
    cash, realised = 1000.0, 0.0
    reserved = dict(zip(plan.symbols, plan.allocations, strict=True))
    held = dict.fromkeys(plan.symbols, 0.0)
    marks = dict.fromkeys(plan.symbols, 0.0)
    closes = {s: dict(zip(b.timestamp.tolist(), b.close.tolist(), strict=True)) for s, b in bars.items()}
    for row, now in enumerate(equity["timestamp"].tolist()):
        for symbol, by_time in closes.items():
            if now in by_time and reserved[symbol]:
                cash += reserved[symbol]
                reserved[symbol] = 0.0
        for fill in (f for f in fills if f["timestamp"] == now):
            sign = 1.0 if fill["side"] == "buy" else -1.0
            cash -= sign * fill["qty"] * fill["price"] + fill["fee"]
            held[fill["symbol"]] += sign * fill["qty"]
            realised += fill["pnl"]
            assert fill["position_after"] == held[fill["symbol"]] or abs(held[fill["symbol"]]) < 1e-12
            assert (
                np.isclose(fill["cash_after"], cash, rtol=1e-9, atol=1e-6)
                or fill["reason"] == "initial_allocation"
            )
        for symbol, by_time in closes.items():
            marks[symbol] = by_time.get(now, marks[symbol])
        value = cash + sum(reserved.values()) + sum(held[s] * marks[s] for s in held)
        assert np.isclose(equity["equity"][row], value, rtol=1e-10)
        assert np.isclose(equity["cash"][row], cash, rtol=1e-9, atol=1e-6)
        assert np.isclose(equity["realised_pnl"][row], realised, rtol=1e-9, atol=1e-6)
        total = plan.initial_equity + equity["realised_pnl"][row] + equity["unrealised_pnl"][row]
        assert np.isclose(equity["equity"][row], total, rtol=1e-12)
    assert np.isclose(sum(f["pnl"] for f in fills), sum(t["pnl"] for t in rows(tables["trades"])))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_no_price_before_slippage_lies_outside_its_bar(seed: int) -> None:
    bars = two_markets(seed)
    _, tables = run_in_pieces(plan_for(bars, EVERYTHING), bars, [])
    for fill in rows(tables["fills"]):
        found = bars[fill["symbol"]]
        row = int(found.timestamp.searchsorted(fill["timestamp"]))
        sign = 1.0 if fill["side"] == "buy" else -1.0
        plain = fill["price"] - sign * fill["slippage"] / fill["qty"]
        assert np.isclose(plain, found.open[row], rtol=1e-12)
        assert fill["decided_at"] < fill["timestamp"] or fill["reason"] == "initial_allocation"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([-20, -3, 1, 7, 30]))
def test_scaling_prices_and_money_by_a_power_of_two_scales_exactly(seed: int, power: int) -> None:
    # Every price, amount and equity must have the same bits but for the exponent.
    factor = 2.0**power
    raw = document(
        "crosses_above(close, sma(close, 5))", "close < bb_lower(close, 6, 1) or rsi(close, 4) > 80"
    )
    small = generated(150, seed)
    large = Bars(
        small.timestamp,
        small.open * factor,
        small.high * factor,
        small.low * factor,
        small.close * factor,
        small.volume,
    )
    costs: dict[str, Any] = {"fee_bps": 10.0, "slippage_bps": 3.0, "step": 0.001}
    one = play(raw, small, cash=1000.0, min_notional=1.0, **costs)
    other = play(raw, large, cash=1000.0 * factor, min_notional=factor, **costs)
    assert (one.tables["equity"]["equity"] * factor).tolist() == other.tables["equity"]["equity"].tolist()
    assert one.tables["fills"]["qty"].tolist() == other.tables["fills"]["qty"].tolist()
    assert (one.tables["trades"]["pnl"] * factor).tolist() == other.tables["trades"]["pnl"].tolist()
    for name in ("sharpe_ratio", "max_drawdown_pct", "win_rate", "sqn"):
        assert one.metrics[name] == other.metrics[name]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_more_fees_never_end_with_more_money_for_the_same_fills(seed: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    bars = generated(200, seed)
    raw = document("crosses_above(close, sma(close, 5))", "crosses_below(close, sma(close, 5))", 0.3)
    # Units of one, so that fees do not change a quantity but in rare steps.
    cheap, dear = (play(raw, bars, fee_bps=fee, step=1.0, cash=1000.0) for fee in (low, high))
    if cheap.tables["fills"]["qty"].tolist() == dear.tables["fills"]["qty"].tolist():
        assert cheap.metrics["final_equity"] >= dear.metrics["final_equity"]
    assert (
        cheap.metrics["fees_paid"] <= dear.metrics["fees_paid"]
        or low == high
        or dear.metrics["total_fills"] == 0
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_symbols_changes_nothing_where_cash_never_binds(seed: int) -> None:
    bars = two_markets(seed)
    raw = document("crosses_above(close, sma(close, 4))", "crosses_below(close, sma(close, 4))", 0.2)
    forth = play(raw, bars)
    back = play(raw, dict(reversed(bars.items())))

    def keyed(result: Any) -> dict[tuple[str, int], dict[str, Any]]:
        return {(f["symbol"], f["timestamp"]): f for f in rows(result.tables["fills"])}

    assert forth.metrics["cash_bound_entries"] == 0
    assert keyed(forth).keys() == keyed(back).keys()
    for key, fill in keyed(forth).items():
        assert np.isclose(fill["qty"], keyed(back)[key]["qty"], rtol=1e-9)
    assert np.isclose(forth.metrics["final_equity"], back.metrics["final_equity"], rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_decision_ends_in_a_fill_or_a_block(seed: int) -> None:
    bars = two_markets(seed)
    _, tables = run_in_pieces(plan_for(bars, EVERYTHING, min_notional=300.0), bars, [])
    events = rows(tables["events"])
    fired = {e["correlation_id"] for e in events if e["type"] == "trigger_fired"}
    settled = {e["correlation_id"] for e in events if e["type"] in ("fill", "trade_blocked")}
    assert fired <= settled
    assert [e["seq"] for e in events] == list(range(len(events)))
    stamps = [e["timestamp"] for e in events]
    assert stamps == sorted(stamps)


def load_ahead(monkeypatch: pytest.MonkeyPatch, rows: int = layout.AHEAD) -> None:
    """Have bars loaded ahead by another thread, in blocks of so many rows."""
    monkeypatch.setattr(machine, "processors", lambda: 2)
    monkeypatch.setattr(machine, "AHEAD_ROWS", 1)
    monkeypatch.setattr(layout, "AHEAD", rows)


@pytest.mark.parametrize("log_rows", [machine.LOG_ROWS, 64], ids=["logs", "full logs"])
@pytest.mark.parametrize("holes", [0.0, 0.02], ids=["whole", "holes"])
@pytest.mark.parametrize("markets", [1, 2])
def test_a_second_thread_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch, markets: int, holes: float, log_rows: int
) -> None:
    """Bars loaded ahead by another thread, and trades added up by one, as by one thread alone.

    There are several times as many blocks as there are places for them, and logs that are full stop the fold
    in the middle of one.
    """
    bars = {name: generated(70_000, 3 + n, holes=holes) for n, name in enumerate(["A", "B"][:markets])}

    def found() -> Result:
        return run(EVERYTHING, bars, timeframe_ms=MINUTE, start_ms=100 * MINUTE)

    monkeypatch.setattr(machine, "processors", lambda: 1)
    monkeypatch.setattr(report, "processors", lambda: 1)
    alone = found()
    load_ahead(monkeypatch, rows=2048)
    monkeypatch.setattr(report, "processors", lambda: 2)
    monkeypatch.setattr(report, "BESIDE_ROWS", 1)
    monkeypatch.setattr(machine, "LOG_ROWS", log_rows)
    monkeypatch.setattr(machine, "MOST_LOG_ROWS", log_rows)
    ahead = found()
    assert alone.state.to_bytes() == ahead.state.to_bytes()
    assert alone.report.to_bytes() == ahead.report.to_bytes()
    assert same_tables(alone.tables, ahead.tables)
    assert alone.metrics["total_trades"] > 1000


def test_what_goes_wrong_in_the_first_thread_ends_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a free place, and nobody will give it one."""
    load_ahead(monkeypatch, rows=2048)
    monkeypatch.setattr(machine, "LOG_ROWS", 64)
    monkeypatch.setattr(machine, "MOST_LOG_ROWS", 64)

    def fail(_self: machine.Machine) -> None:
        raise MemoryError("no room for logs")

    monkeypatch.setattr(machine.Machine, "_keep_logs", fail)
    with pytest.raises(MemoryError, match="no room for logs"):
        run(EVERYTHING, {"A": generated(70_000, 3)}, timeframe_ms=MINUTE, start_ms=0)


def test_a_second_thread_that_cannot_begin_is_told_and_nothing_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_ahead(monkeypatch, rows=2048)
    begun: list[Future[None]] = []

    class Interrupted(ThreadPoolExecutor):
        def submit(self, work: Any, /, *given: Any, **named: Any) -> Any:
            begun.append(super().submit(work, *given, **named))
            raise KeyboardInterrupt

    with Interrupted(1) as pool:
        monkeypatch.setattr(machine, "beside", lambda: pool)
        with pytest.raises(KeyboardInterrupt):
            run(EVERYTHING, {"A": generated(70_000, 3)}, timeframe_ms=MINUTE, start_ms=0)
        assert begun[0].result(timeout=30) is None


@pytest.mark.parametrize("places", [0, layout.MOST_AHEAD + 1])
def test_places_for_blocks_are_as_many_as_there_is_room_for(places: int) -> None:
    with pytest.raises(ValueError, match=f"1 to {layout.MOST_AHEAD} blocks, not {places}"):
        machine.imported_kernel().Turns(places)


def test_a_bad_bar_stops_both_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    load_ahead(monkeypatch)
    good = generated(140_000, 3)
    high = good.high.copy()
    high[100_000] = 0.5 * good.low[100_000]
    bad = Bars(good.timestamp, good.open, high, good.low, good.close, good.volume)
    with pytest.raises(BarsError, match=r"bar 100000 at \d+ is no candle"):
        run(EVERYTHING, {"A": bad}, timeframe_ms=MINUTE, start_ms=0)
