"""The fill contract by hand: a few bars a case, the arithmetic in the comments."""

import json
from itertools import pairwise

import pytest

from tests.engine.market import MINUTE, candles, document, play, rows

RISE_AND_FALL = [(99.0, 101.0), (102.0, 103.0), (104.0, 99.0), (98.0, 97.0), (97.0, 97.0)]


def test_a_decision_at_a_close_fills_at_the_next_open_with_fee_and_slippage() -> None:
    result = play(
        document("close > 100", "close < 100"),
        candles(RISE_AND_FALL),
        fee_bps=10.0,
        slippage_bps=10.0,
        step=0.01,
    )
    entry, leave = rows(result.tables["fills"])
    # Bar 0 closes at 101 > 100; bar 1 opens at 102: price 102 × 1.001 = 102.102.
    # Half of 1,000 is 500 / 102.102 = 4.8970… rounded down to 4.89; fee 4.89 × 102.102 × 0.001 = 0.49927878.
    assert entry["timestamp"] == MINUTE
    assert entry["decided_at"] == 0
    assert entry["price"] == pytest.approx(102.102, rel=1e-12)
    assert entry["qty"] == 4.89
    assert entry["fee"] == pytest.approx(0.49927878, rel=1e-12)
    assert entry["slippage"] == pytest.approx(4.89 * 0.102, rel=1e-10)
    assert entry["cash_after"] == pytest.approx(1000 - 499.27878 - 0.49927878, rel=1e-12)
    # Bar 2 closes at 99 < 100; bar 3 opens at 98: price 98 × 0.999 = 97.902, fee 4.89 × 97.902 × 0.001.
    # P&L = 4.89 × (97.902 − 102.102) − 0.47874078 − 0.49927878 = −21.51601956.
    assert leave["timestamp"] == 3 * MINUTE
    assert leave["price"] == pytest.approx(97.902, rel=1e-12)
    assert leave["pnl"] == pytest.approx(-21.51601956, rel=1e-10)
    assert leave["position_after"] == 0.0
    assert leave["average_cost"] == 0.0
    assert result.metrics["final_equity"] == pytest.approx(978.48398044, rel=1e-12)


def test_equity_marks_the_position_at_each_close() -> None:
    result = play(document("close > 100", "close < 100", fraction=0.51), candles(RISE_AND_FALL))
    # 510 / 102 = 5 units bought at bar 1's open for 510; cash 490. Closes 103 and 99; sold at 98: 490 + 490.
    assert result.tables["equity"]["equity"].tolist() == [1000.0, 1005.0, 985.0, 980.0, 980.0]
    assert result.tables["equity"]["cash"].tolist() == [1000.0, 490.0, 490.0, 980.0, 980.0]
    assert result.tables["equity"]["realised_pnl"].tolist() == [0.0, 0.0, 0.0, -20.0, -20.0]
    assert result.tables["equity"]["unrealised_pnl"].tolist() == [0.0, 5.0, -15.0, 0.0, 0.0]
    # Peak 1005 at bar 1: drawdown 20 / 1005, then 25 / 1005.
    assert result.tables["equity"]["drawdown"].tolist() == [0.0, 0.0, 20 / 1005, 25 / 1005, 25 / 1005]
    assert result.tables["equity"]["exposure"].tolist() == [0.0, 515 / 1005, 495 / 985, 0.0, 0.0]
    assert result.metrics["max_drawdown_pct"] == 100 * (25 / 1005)
    assert result.metrics["exposure_time_pct"] == 40.0


def test_a_decision_on_the_last_bar_is_blocked_end_of_data() -> None:
    result = play(document("close > 100", None), candles([(99, 99), (99, 99), (99, 101)]))
    blocked = rows(result.tables["events"])[-2]
    assert result.tables["fills"].rows == 0
    assert blocked["type"] == "trade_blocked"
    assert blocked["correlation_id"] == "d0"
    payload = json.loads(blocked["payload"])
    assert payload == {
        "reason": "end_of_data",
        "side": "buy",
        "first": "1970-01-01T00:02:00Z",
        "last": "1970-01-01T00:02:00Z",
        "count": 1,
    }
    assert result.metrics["blocked"]["end_of_data"] == 1


def test_a_position_still_open_is_marked_at_the_last_close_and_listed() -> None:
    result = play(document("close > 100", None, 0.51), candles([(99, 101), (102, 103), (104, 106)]))
    assert result.metrics["final_equity"] == 1000 + 5 * (106 - 102)
    (left,) = result.metrics["left_open"]
    assert (left["symbol"], left["qty"], left["last_close"]) == ("A", 5.0, 106.0)
    assert left["unrealised_pnl"] == 20.0
    assert result.metrics["total_trades"] == 0


def test_an_entry_rule_that_stays_true_in_a_position_does_nothing() -> None:
    result = play(document("close > 100", "close < 50"), candles([(99, 101)] + [(102, 103)] * 4))
    kinds = [event["type"] for event in rows(result.tables["events"])]
    assert result.tables["fills"].rows == 1
    assert kinds == ["plan_generated", "trigger_fired", "order_submitted", "fill", "run_completed"]


def test_an_exit_rule_that_is_true_while_flat_does_nothing() -> None:
    result = play(document("close > 200", "close < 150"), candles([(99, 101)] * 4))
    assert [e["type"] for e in rows(result.tables["events"])] == ["plan_generated", "run_completed"]


def test_bars_before_the_start_feed_indicators_and_decide_nothing() -> None:
    # Bar 1 (before the start) would buy; the average of bars 1 and 2 is known at the start.
    result = play(
        document("close > 100", None), candles([(101, 101), (101, 101), (99, 99), (99, 101), (7, 8)]), start=2
    )
    (entry,) = rows(result.tables["fills"])
    assert entry["decided_at"] == 3 * MINUTE
    assert result.tables["equity"]["timestamp"].tolist() == [2 * MINUTE, 3 * MINUTE, 4 * MINUTE]


def test_the_quantity_comes_from_the_equity_at_the_fill_open() -> None:
    # B is bought at minute 3, when A (5 bought at 100, open 120 there) makes equity 500 + 5 × 120 = 1100:
    # half of it is 550 / 10 = 55 wanted, but cash of 500 buys 50.
    strategy = {
        "name": "two",
        "triggers": [
            {"id": "a", "entry": "close > 99", "symbols": ["A"]},
            {"id": "b", "entry": "close > 11", "symbols": ["B"]},
        ],
        "sizing": {"fraction": 0.5},
    }
    a = candles([(100, 100), (100, 100), (100, 110), (120, 120)])
    b = candles([(10, 10), (10, 10), (10, 12), (10, 10)])
    result = play(strategy, {"A": a, "B": b})
    first, second = rows(result.tables["fills"])
    assert (first["symbol"], first["qty"]) == ("A", 5.0)
    assert (second["symbol"], second["qty"], second["timestamp"]) == ("B", 50.0, 3 * MINUTE)
    bound = json.loads(rows(result.tables["events"])[-2]["payload"])
    assert (bound["bound_by"], bound["wanted_qty"], bound["allowed_qty"]) == ("cash", 55.0, 50.0)
    assert result.metrics["cash_bound_entries"] == 1


def test_cash_limits_the_size_with_the_fee_included() -> None:
    # All of 1,000 at 100 with a fee of 1 %: 1000 / (100 × 1.01) = 9.90099… → 9.9; cost 990 + 9.9 = 999.9.
    result = play(
        document("close > 99", None, 1.0), candles([(100, 100), (100, 100)]), fee_bps=100.0, step=0.1
    )
    (entry,) = rows(result.tables["fills"])
    assert entry["qty"] == 9.9
    assert entry["cash_after"] == pytest.approx(0.1, abs=1e-9)


def test_exits_fill_before_entries_and_their_proceeds_can_be_used_at_that_open() -> None:
    # A takes everything at minute 1; at minute 3 A leaves and B enters with what A brought, although B's
    # rule stands first in the document and B first in the request.
    strategy = {
        "name": "switch",
        "triggers": [
            {"id": "b", "entry": "close > 11", "symbols": ["B"]},
            {"id": "a", "entry": "close == 100", "exit": "close > 105", "symbols": ["A"]},
        ],
        "sizing": {"fraction": 1},
    }
    b = candles([(10, 10), (10, 10), (10, 12), (10, 10)])
    a = candles([(100, 100), (100, 101), (101, 110), (110, 110)])
    result = play(strategy, {"B": b, "A": a})
    fills = [(f["symbol"], f["side"], f["qty"]) for f in rows(result.tables["fills"])]
    # 10 units of A for 1,000, sold at 110: 1,100 buy 110 of B at 10.
    assert fills == [("A", "buy", 10.0), ("A", "sell", 10.0), ("B", "buy", 110.0)]


def test_entries_fill_in_document_order_then_in_the_order_of_the_request() -> None:
    strategy = {
        "name": "order",
        "triggers": [
            {"id": "second_market", "entry": "close > 1", "symbols": ["B"]},
            {"id": "all", "entry": "close > 1", "symbols": ["A", "C"]},
        ],
        "sizing": {"fraction": 0.4},
    }
    flat = candles([(10, 10), (10, 10)])
    result = play(strategy, {"C": flat, "B": flat, "A": flat})
    # 400 for B (its rule stands first), 400 for C (requested before A), 200 are left for A.
    fills = [(f["symbol"], f["qty"]) for f in rows(result.tables["fills"])]
    assert fills == [("B", 40.0), ("C", 40.0), ("A", 20.0)]


def test_one_rule_order_for_a_symbol_and_bar_the_others_are_outranked() -> None:
    strategy = {
        "name": "outranked",
        "triggers": [{"id": "first", "entry": "close > 99"}, {"id": "second", "entry": "close > 98"}],
    }
    result = play(strategy, candles([(100, 100), (100, 100), (100, 100)]))
    (fill,) = rows(result.tables["fills"])
    assert fill["trigger_id"] == "first"
    (blocked,) = [e for e in rows(result.tables["events"]) if e["type"] == "trade_blocked"]
    assert blocked["trigger_id"] == "second"
    payload = json.loads(blocked["payload"])
    assert (payload["reason"], payload["winner"], payload["count"]) == ("outranked", "first", 1)


def test_an_emergency_exit_outranks_an_ordinary_one_of_an_earlier_trigger() -> None:
    strategy = {
        "name": "priority",
        "triggers": [
            {"id": "trend", "entry": "close == 100", "exit": "close < 95"},
            {"id": "alarm", "category": "emergency_exit", "exit": "close < 96"},
        ],
    }
    result = play(strategy, candles([(100, 100), (100, 101), (94, 94), (94, 94)]))
    leave = rows(result.tables["fills"])[-1]
    assert (leave["trigger_id"], leave["category"], leave["reason"]) == (
        "alarm",
        "emergency_exit",
        "exit_rule",
    )
    (trade,) = rows(result.tables["trades"])
    assert (trade["entry_trigger"], trade["exit_trigger"]) == ("trend", "alarm")


def test_orders_under_the_minimum_are_blocked_and_identical_blocks_are_one_event() -> None:
    # 5 % of 1,000 is 50 < 60 at minutes 1, 2 and 3; at minute 4 the rule no longer holds.
    result = play(
        document("close > 99", None, 0.05),
        candles([(100, 100), (100, 100), (100, 100), (100, 98), (100, 98)]),
        min_notional=60.0,
    )
    events = [e for e in rows(result.tables["events"]) if e["correlation_id"] == "d0"]
    assert [e["type"] for e in events] == ["trigger_fired", "order_submitted", "trade_blocked"]
    assert json.loads(events[-1]["payload"]) == {
        "reason": "min_notional",
        "side": "buy",
        "first": "1970-01-01T00:01:00Z",
        "last": "1970-01-01T00:03:00Z",
        "count": 3,
        "notional": 50.0,
        "min_notional": 60.0,
    }
    assert result.metrics["blocked"]["min_notional"] == 3


def test_an_entry_that_cash_cannot_pay_is_blocked_with_what_it_wanted() -> None:
    # A spends everything; B then wants 100 % of 1,000 and has 0.
    strategy = {
        "name": "poor",
        "triggers": [
            {"id": "a", "entry": "close > 99", "symbols": ["A"]},
            {"id": "b", "entry": "close > 9", "symbols": ["B"]},
        ],
        "sizing": {"fraction": 1},
    }
    result = play(
        strategy, {"A": candles([(100, 100), (100, 100)]), "B": candles([(10, 10), (10, 8)])}, step=0.01
    )
    (blocked,) = [e for e in rows(result.tables["events"]) if e["type"] == "trade_blocked"]
    payload = json.loads(blocked["payload"])
    assert (blocked["symbol"], payload["reason"]) == ("B", "insufficient_cash")
    assert (payload["wanted"], payload["cash"]) == (1000.0, 0.0)


def test_a_blocked_intention_that_fills_later_keeps_its_id() -> None:
    # Cash is free again when A leaves at minute 2: B's decision of minute 0 is the same intention throughout.
    strategy = {
        "name": "wait",
        "triggers": [
            {"id": "a", "entry": "close == 100", "exit": "close == 101", "symbols": ["A"]},
            {"id": "b", "entry": "close > 9", "symbols": ["B"]},
        ],
        "sizing": {"fraction": 1},
    }
    a = candles([(100, 100), (100, 101), (100, 102), (100, 102)])
    result = play(strategy, {"A": a, "B": candles([(10, 10)] * 4)}, step=0.01)
    events = [e["type"] for e in rows(result.tables["events"]) if e["correlation_id"] == "d1"]
    assert events == ["trigger_fired", "order_submitted", "trade_blocked", "fill"]
    stamps = [e["timestamp"] for e in rows(result.tables["events"])]
    assert stamps == sorted(stamps)


def test_a_missing_bar_gives_no_fill_and_delays_the_decision() -> None:
    # Decided at minute 1; minutes 2 and 3 are missing; filled at minute 4's open.
    result = play(document("close > 100", None), candles([(99, 99), (99, 101), (105, 106)], at=[0, 1, 4]))
    (fill,) = rows(result.tables["fills"])
    assert (fill["timestamp"], fill["price"]) == (4 * MINUTE, 105.0)
    (gap,) = [e for e in rows(result.tables["events"]) if e["type"] == "gap"]
    assert json.loads(gap["payload"]) == {
        "from": "1970-01-01T00:02:00Z",
        "to": "1970-01-01T00:03:00Z",
        "missing_bars": 2,
    }
    assert result.tables["equity"]["timestamp"].tolist() == [0, MINUTE, 4 * MINUTE]
    assert (result.metrics["gaps"], result.metrics["missing_bars"]) == (1, 2)
    assert result.metrics["delayed_decisions"] == 1


def test_bars_missing_at_the_start_and_at_the_end_are_reported() -> None:
    result = play(document("close > 200", None), candles([(99, 99), (99, 99)], at=[2, 3]), end=6)
    gaps = [json.loads(e["payload"]) for e in rows(result.tables["events"]) if e["type"] == "gap"]
    assert gaps == [
        {"from": "1970-01-01T00:00:00Z", "to": "1970-01-01T00:01:00Z", "missing_bars": 2},
        {"from": "1970-01-01T00:04:00Z", "to": "1970-01-01T00:05:00Z", "missing_bars": 2},
    ]


def test_a_symbol_without_a_bar_is_marked_at_its_last_close() -> None:
    # A is held (5 at 100) and has no bar at minute 2: its last close 110 stands; B goes on.
    strategy = {"name": "m", "triggers": [{"id": "a", "entry": "close == 100", "symbols": ["A"]}]}
    a = candles([(100, 100), (100, 110), (120, 120)], at=[0, 1, 3])
    result = play({**strategy, "sizing": {"fraction": 0.5}}, {"A": a, "B": candles([(1, 1)] * 4)})
    assert result.tables["equity"]["equity"].tolist() == [1000.0, 1050.0, 1050.0, 1100.0]


def test_an_allocation_becomes_a_position_at_the_first_open_without_costs() -> None:
    # 250 at 100 is 2.5 units, in steps of 1: 2 units for 200, the rest of 50 is cash. B opens at minute 1.
    strategy = document("close > 1000", "close > 110")
    a = candles([(100, 100), (105, 111), (112, 112)])
    b = candles([(10, 10), (10, 10)], at=[1, 2])
    result = play(
        strategy, {"A": a, "B": b}, cash=1000.0, allocations=(250.0, 100.0), step=1.0, fee_bps=100.0
    )
    first, second, leave = rows(result.tables["fills"])
    assert (first["reason"], first["qty"], first["fee"], first["trigger_id"]) == (
        "initial_allocation",
        2.0,
        0.0,
        None,
    )
    assert first["liquidity"] is None
    assert first["correlation_id"] is None
    assert (second["symbol"], second["timestamp"], second["qty"]) == ("B", MINUTE, 10.0)
    # Reserved money is equity, not cash: 1000 + 250 + 100 from the first row on.
    assert result.tables["equity"]["equity"].tolist()[0] == 1350.0
    assert result.tables["equity"]["cash"].tolist()[:2] == [1050.0, 1050.0]
    # Sold at 112 with a fee of 1 %: 2 × (112 − 100) − 2.24.
    assert leave["pnl"] == pytest.approx(24 - 2.24, rel=1e-12)
    assert result.metrics["initial_equity"] == 1350.0


def test_positions_show_every_open_market_whenever_one_changes() -> None:
    strategy = {
        "name": "snapshots",
        "triggers": [
            {"id": "a", "entry": "close == 100", "exit": "close == 103", "symbols": ["A"]},
            {"id": "b", "entry": "close == 11", "symbols": ["B"]},
        ],
        "sizing": {"fraction": 0.5},
    }
    a = candles([(100, 100), (100, 101), (102, 103), (104, 104)])
    b = candles([(10, 10), (10, 11), (10, 10), (10, 10)])
    result = play(strategy, {"A": a, "B": b})
    found = [(p["timestamp"] // MINUTE, p["symbol"], p["qty"] > 0) for p in rows(result.tables["positions"])]
    assert found == [(1, "A", True), (2, "A", True), (2, "B", True), (3, "A", False), (3, "B", True)]


def test_excursions_include_the_bars_of_the_position_and_its_exit() -> None:
    # Bought at 102 (bar 1), held through bars 1 and 2 whose shadows reach 2 beyond: high 106, low 97;
    # sold at 98. 5 units: MFE 5 × (106 − 102), MAE 5 × (97 − 102).
    result = play(document("close > 100", "close < 100", 0.51), candles(RISE_AND_FALL, spread=2.0))
    (trade,) = rows(result.tables["trades"])
    assert (trade["mfe"], trade["mae"], trade["bars"]) == (20.0, -25.0, 2)
    assert trade["return_pct"] == pytest.approx(100 * (98 - 102) / 102, rel=1e-12)


def test_metrics_of_two_trades_by_hand() -> None:
    # 5 units: 100 → 110 wins 50; 100 → 90 loses 50 (equity 1,050: half is 525 / 100 = 5.25 units: −52.5).
    pairs = [(100, 101), (100, 99), (110, 110), (110, 101), (100, 99), (90, 90)]
    result = play(document("close == 101", "close == 99"), candles([(float(o), float(c)) for o, c in pairs]))
    m = result.metrics
    assert [t["pnl"] for t in rows(result.tables["trades"])] == [50.0, -52.5]
    assert (m["total_trades"], m["winning_trades"], m["losing_trades"], m["win_rate"]) == (2, 1, 1, 50.0)
    assert (m["avg_win"], m["avg_loss"]) == (50.0, -52.5)
    assert m["profit_factor"] == pytest.approx(50 / 52.5)
    assert m["final_equity"] == 997.5
    assert m["equity_return_pct"] == pytest.approx(-0.25)
    # Buy and hold: 10 units at the first open of 100, last close 90.
    assert m["benchmark_return_pct"] == pytest.approx(-10.0)
    # Closing equity 1000, 995, 1050, 1050, 1044.75, 997.5: the first return is against the initial 1,000.
    equity = [1000.0, 1000.0, 995.0, 1050.0, 1050.0, 1044.75, 997.5]
    assert result.tables["equity"]["equity"].tolist() == equity[1:]
    returns = [b / a - 1 for a, b in pairwise(equity)]
    mean = sum(returns) / 6
    deviation = (sum((r - mean) ** 2 for r in returns) / 5) ** 0.5
    assert m["sharpe_ratio"] == pytest.approx(mean / deviation * (365 * 24 * 60) ** 0.5, rel=1e-9)


def test_what_is_undefined_is_none_with_a_reason() -> None:
    m = play(document("close > 1000", None), candles([(100, 100)] * 3)).metrics
    assert m["win_rate"] is None
    assert m["undefined"]["win_rate"] == "no trade was closed"
    assert m["sharpe_ratio"] is None
    assert m["undefined"]["sharpe_ratio"] == "equity never changed"
    json.dumps(m, allow_nan=False)
