"""What must hold for every run whatever it uses: shorts, margin, levels, limits, resting orders, funding."""

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Bars, Costs, Funding, Plan, finish, initial_state, join, metrics, simulate
from engine.columns import Table
from engine.machine import uncompiled_kernel
from tests.engine.market import MINUTE, generated, play, rows, same_column, same_tables
from tests.engine.rich import RICH, rich_markets, rich_plan
from tests.engine.test_properties import EVERYTHING, run_in_pieces


def tables_of(plan: Plan, bars: dict[str, Bars]) -> dict[str, Table]:
    return run_in_pieces(plan, bars, [])[1]


def test_the_document_uses_what_it_is_meant_to() -> None:
    """Else the properties below would hold of nothing."""
    exits: Counter[str] = Counter()
    blocks: Counter[str] = Counter()
    bound: set[str] = set()
    for seed in range(6):
        bars = rich_markets(seed, 1_600)
        plan = rich_plan(bars)
        state, output = simulate(plan, initial_state(plan), bars)
        found = metrics(plan, state)
        exits.update(found["exits"])
        blocks.update(found["blocked"])
        bound.update(str(name) for name in output.tables["fills"]["bound_by"].tolist())
    assert {name for name, count in exits.items() if count} >= {
        "exit_rule", "stop", "trailing_stop", "target", "time_exit", "reversal",
    }  # fmt: skip
    assert {name for name, count in blocks.items() if count} >= {
        "outranked", "min_hold", "min_flat", "min_price_move", "hold_rule", "exit_binding", "expired",
        "replaced", "risk_off_latched", "position_closed", "daily_loss", "daily_risk_budget",
        "portfolio_exposure", "symbol_exposure", "conflict_ignored", "min_notional",
    }  # fmt: skip
    assert bound >= {"own", "position_risk", "symbol_exposure", "portfolio_exposure", "daily_risk_budget"}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 305), max_size=6))
def test_any_cut_in_time_gives_the_same_bits(seed: int, cuts: list[int]) -> None:
    bars = rich_markets(seed)
    plan = rich_plan(bars)
    whole_state, whole = run_in_pieces(plan, bars, [])
    state, pieces = run_in_pieces(plan, bars, cuts)
    assert state.to_bytes() == whole_state.to_bytes()
    assert same_tables(whole, pieces)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 1_600), max_size=4))
def test_any_cut_of_one_market_over_days_gives_the_same_bits(seed: int, cuts: list[int]) -> None:
    bars = {"A": rich_markets(seed, 1_600)["A"]}
    plan = rich_plan(bars)
    whole_state, whole = run_in_pieces(plan, bars, [])
    state, pieces = run_in_pieces(plan, bars, cuts)
    assert state.to_bytes() == whole_state.to_bytes()
    assert same_tables(whole, pieces)


def test_compiled_and_uncompiled_give_the_same_bits() -> None:
    for bars in (rich_markets(7, 1_600), {"A": rich_markets(8, 1_600)["A"]}):
        plan = rich_plan(bars)
        kernel = uncompiled_kernel()
        state, output = simulate(plan, initial_state(plan), bars)
        plain_state, plain = simulate(plan, initial_state(plan), bars, kernel=kernel)
        assert state.to_bytes() == plain_state.to_bytes()
        assert same_tables(output.tables, plain.tables)
        assert finish(plan, state)[0].to_bytes() == finish(plan, plain_state, kernel=kernel)[0].to_bytes()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(60, 280))
def test_appending_bars_changes_no_earlier_decision(seed: int, known: int) -> None:
    bars = rich_markets(seed)
    plan = rich_plan(bars)
    until = known * MINUTE
    short = simulate(plan, initial_state(plan), {s: b.between(0, until) for s, b in bars.items()})[1]
    whole = simulate(plan, initial_state(plan), bars)[1]
    for name, table in short.tables.items():
        beginning = rows(whole.tables[name])[: table.rows]
        assert repr(rows(table)) == repr(beginning), name


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_equity_is_cash_and_margins_and_open_profit_at_every_bar(seed: int) -> None:
    bars = rich_markets(seed)
    plan = rich_plan(bars)
    tables = tables_of(plan, bars)
    equity = tables["equity"]
    positions = rows(tables["positions"])
    closes = {s: dict(zip(b.timestamp.tolist(), b.close.tolist(), strict=True)) for s, b in bars.items()}
    waiting = dict(zip(plan.symbols, plan.allocations, strict=True))
    marks = dict.fromkeys(plan.symbols, 0.0)
    held: dict[str, dict[str, Any]] = {}
    at = 0
    for row, now in enumerate(equity["timestamp"].tolist()):
        for symbol, by_time in closes.items():
            if now in by_time:
                waiting[symbol] = 0.0
                marks[symbol] = by_time[now]
        while at < len(positions) and positions[at]["timestamp"] == now:
            held[positions[at]["symbol"]] = positions[at]
            at += 1
        value = equity["cash"][row] + sum(waiting.values())
        gross = 0.0
        for symbol, found in held.items():
            if found["qty"]:
                value += found["margin"] + found["qty"] * (marks[symbol] - found["average_cost"])
                gross += abs(found["qty"]) * marks[symbol]
        assert np.isclose(equity["equity"][row], value, rtol=1e-10)
        assert np.isclose(equity["exposure"][row], gross / value, rtol=1e-9)
        total = plan.initial_equity + equity["realised_pnl"][row] + equity["unrealised_pnl"][row]
        assert np.isclose(equity["equity"][row], total, rtol=1e-11)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_fills_reconcile_with_positions_and_with_money(seed: int) -> None:
    bars = rich_markets(seed)
    plan = rich_plan(bars)
    tables = tables_of(plan, bars)
    fills = rows(tables["fills"])
    held = dict.fromkeys(plan.symbols, 0.0)
    for fill in fills:
        sign = 1.0 if fill["side"] == "buy" else -1.0
        held[fill["symbol"]] += sign * fill["qty"]
        assert abs(held[fill["symbol"]] - fill["position_after"]) < 1e-9
        held[fill["symbol"]] = fill["position_after"]
    exits = [fill for fill in fills if not fill["is_entry"]]
    trades = rows(tables["trades"])
    assert [fill["pnl"] for fill in exits] == [trade["pnl"] for trade in trades]
    if exits:
        realised = sum(fill["pnl"] for fill in exits)
        assert np.isclose(realised, tables["equity"]["realised_pnl"][-1], rtol=1e-9, atol=1e-9)
    for fill, trade in zip(exits, trades, strict=True):
        sign = 1.0 if trade["side"] == "long" else -1.0
        gross = sign * fill["qty"] * (fill["price"] - trade["entry_price"])
        # Fees of both sides and funding are all there is between the prices and the profit.
        assert np.isclose(trade["pnl"], gross - trade["fees"] - trade["funding"], rtol=1e-9, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_no_price_before_slippage_lies_outside_its_bar(seed: int) -> None:
    bars = rich_markets(seed)
    for fill in rows(tables_of(rich_plan(bars), bars)["fills"]):
        found = bars[fill["symbol"]]
        row = int(found.timestamp.searchsorted(fill["timestamp"]))
        sign = 1.0 if fill["side"] == "buy" else -1.0
        plain = fill["price"] - sign * fill["slippage"] / fill["qty"]
        assert found.low[row] * (1 - 1e-12) <= plain <= found.high[row] * (1 + 1e-12)
        assert fill["slippage"] >= 0.0
        assert fill["liquidity"] != "maker" or fill["slippage"] == 0.0
        assert fill["decided_at"] < fill["timestamp"] or not fill["is_entry"] or fill["liquidity"] is None


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([-12, -1, 3, 20]))
def test_scaling_prices_and_money_by_a_power_of_two_scales_exactly(seed: int, power: int) -> None:
    factor = 2.0**power
    small = rich_markets(seed)
    large = {
        s: Bars(b.timestamp, b.open * factor, b.high * factor, b.low * factor, b.close * factor, b.volume)
        for s, b in small.items()
    }
    # Money that the document names itself has to be scaled with it.
    raw = {
        **RICH,
        "triggers": [*RICH["triggers"][:5], {**RICH["triggers"][5], "exit": f"pnl < {-40 * factor!r}"}],
    }
    plain = {**RICH, "triggers": [*RICH["triggers"][:5], {**RICH["triggers"][5], "exit": "pnl < -40"}]}
    one = tables_of(rich_plan(small, raw=plain), small)
    other = tables_of(rich_plan(large, raw=raw, factor=factor), large)
    assert (one["equity"]["equity"] * factor).tolist() == other["equity"]["equity"].tolist()
    assert one["fills"]["qty"].tolist() == other["fills"]["qty"].tolist()
    assert (one["fills"]["price"] * factor).tolist() == other["fills"]["price"].tolist()
    assert (one["trades"]["pnl"] * factor).tolist() == other["trades"]["pnl"].tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 50.0), st.floats(0.0, 50.0))
def test_more_fees_never_end_with_more_money_for_the_same_fills(seed: int, one: float, other: float) -> None:
    bars = {"A": rich_markets(seed)["A"]}
    low, high = (tables_of(rich_plan(bars, costs=Costs(fee, 0.0, fee)), bars) for fee in sorted((one, other)))
    same = all(low["fills"][name].tolist() == high["fills"][name].tolist() for name in ("timestamp", "qty"))
    if same:
        assert low["equity"]["equity"][-1] >= high["equity"]["equity"][-1]
    assert low["fills"].rows > 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_symbols_changes_nothing_where_no_limit_binds(seed: int) -> None:
    bars = rich_markets(seed)
    raw = {
        **RICH,
        "risk": {"max_position_risk_pct": 2},
        "sizing": {"mode": "notional", "notional": 20},
        "behaviour": {"conflicting_signals": "reverse"},
    }
    raw["triggers"] = [
        {key: text for key, text in t.items() if "exposure" not in str(text)} for t in RICH["triggers"][:3]
    ]
    end = int(max(b.timestamp[-1] for b in bars.values())) + 3 * MINUTE
    funding = Funding.constant(1.5, 1, 0, end)
    seen = []
    for order in (list(bars.items()), list(reversed(bars.items()))):
        given_bars = dict(order)
        plan = rich_plan(given_bars, raw=raw, funding=(funding, funding))
        plan = Plan(**{**vars_of(plan), "allocations": (), "initial_cash": 10_000.0})
        found = rows(tables_of(plan, given_bars)["fills"])
        seen.append({(f["symbol"], f["timestamp"], f["reason"]): (f["qty"], f["price"]) for f in found})
    assert seen[0] == seen[1]


def vars_of(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}


def test_joining_the_parts_is_the_whole() -> None:
    bars = rich_markets(3)
    plan = rich_plan(bars)
    state, output = simulate(plan, initial_state(plan), bars)
    _, closed = finish(plan, state)
    whole = {name: join([output.tables[name], closed.tables[name]]) for name in output.tables}
    assert same_tables(whole, tables_of(plan, bars))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_plain_run_goes_the_short_way_to_the_same_bits(seed: int) -> None:
    """A limit that never binds sends every bar the long way, and changes nothing."""
    bars = {"A": generated(400, seed, holes=0.03)}
    costs: dict[str, Any] = {"fee_bps": 10.0, "slippage_bps": 3.0, "step": 0.001, "min_notional": 20.0}
    plain = play(EVERYTHING, bars, allocations=(100.0,), **costs)
    raw = {**EVERYTHING, "behaviour": {"min_hold_hours": 0}}
    long_way = play(raw, bars, allocations=(100.0,), **costs)
    assert (plain.plan.is_rich, long_way.plan.is_rich) == (False, True)
    for name, columns in {
        "equity": ("timestamp", "equity", "cash", "exposure", "drawdown", "realised_pnl", "unrealised_pnl"),
        "fills": ("timestamp", "qty", "price", "fee", "pnl", "position_after", "cash_after", "decided_at"),
        "trades": ("pnl", "mae", "mfe", "bars"),
    }.items():
        for column in columns:
            assert same_column(plain.tables[name][column], long_way.tables[name][column]), (name, column)
    assert plain.metrics == long_way.metrics
    assert plain.metrics["total_trades"] > 0
