"""Market entries and exits: when, at what price, in which order, with what money."""

from tests.engine.contract.playing import BUY, HOUR_MS, SELL, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs


def test_a_decision_at_a_close_fills_at_the_next_open(play: Play) -> None:
    bars = hours(flat(100, BUY), (102, 103, 101, 103), (104, 105, 98, 99, SELL), (98, 98, 97, 97))
    outcome = play(document(), bars, costs=Costs(10.0, 4.0, 10.0))
    # Bought at hour 1's open: 102 × 1.001 = 102.102. Half of 1,000 / 102.102 = 4.897063721… units for 500;
    # taker fee 0.5. Sold at hour 3's open: 98 × 0.999 = 97.902, for 479.43 with a fee of 0.479….
    entry, leave = outcome.fills
    qty = 500 / 102.102
    assert (entry.time, entry.decided_at, entry.liquidity) == (HOUR_MS, 0, "taker")
    assert (entry.side, entry.reason, entry.trigger) == ("buy", "entry_rule", "t")
    assert entry.qty == near(qty, rel=1e-12)
    assert entry.price == near(102.102, rel=1e-12)
    assert entry.fee == near(0.5, rel=1e-12)
    assert entry.cash_after == near(499.5, rel=1e-12)
    assert (leave.time, leave.decided_at, leave.reason) == (3 * HOUR_MS, 2 * HOUR_MS, "exit_rule")
    assert leave.price == near(97.902, rel=1e-12)
    fee = qty * 97.902 * 0.001
    assert leave.pnl == near(qty * (97.902 - 102.102) - fee - 0.5, rel=1e-10)
    assert (leave.position_after, leave.margin_after) == (0.0, 0.0)
    # Marks at the closes: 103 at hour 1, 99 at hour 2.
    marks = [1000.0, 499.5 + qty * 103, 499.5 + qty * 99, 499.5 + qty * 97.902 - fee]
    assert [row.equity for row in outcome.equity] == near(marks, rel=1e-12)


def test_an_order_waits_for_the_next_bar_that_exists(play: Play) -> None:
    outcome = play(document(), hours(flat(100, BUY), flat(110), at=[0, 3]))
    assert outcome.legs == [(3, "buy", 4.545454545, 110.0, "entry_rule")]


def test_a_decision_on_the_last_bar_is_blocked_end_of_data(play: Play) -> None:
    outcome = play(document(), hours(flat(100), flat(100, BUY)))
    assert outcome.fills == []
    assert outcome.reasons == [(1, "t", "end_of_data")]


def test_closing_legs_fill_before_entries_of_the_same_open(play: Play) -> None:
    # B's entry stands first in the document and in the request, and needs what A's exit brings:
    # 10 units of A bought for 1,000, sold at 110 for 1,100: 110 units of B at 10.
    strategy = document(
        trigger(id="b", exit=None, symbols=["B"]), trigger(id="a", symbols=["A"]), fraction=1.0
    )
    outcome = play(
        strategy,
        {
            "B": hours(flat(10), flat(10, BUY), flat(10)),
            "A": hours(flat(100, BUY), (100, 110, 100, 110, SELL), flat(110)),
        },
    )
    legs = [(fill.symbol, fill.side, fill.qty) for fill in outcome.fills]
    assert legs == [("A", "buy", 10.0), ("A", "sell", 10.0), ("B", "buy", 110.0)]


def test_entries_fill_by_document_order_then_by_the_order_of_the_request(play: Play) -> None:
    strategy = document(
        trigger(id="first", symbols=["B"]), trigger(id="second", symbols=["A", "C"]), fraction=0.4
    )
    bars = hours(flat(10, BUY), flat(10))
    outcome = play(strategy, {"C": bars, "B": bars, "A": bars})
    # 400 for B (its rule stands first), 400 for C (requested before A), 200 of cash are left for A.
    legs = [(fill.symbol, fill.qty, fill.bound_by) for fill in outcome.fills]
    assert legs == [("B", 40.0, "own"), ("C", 40.0, "own"), ("A", 20.0, "cash")]


def test_all_entries_of_an_open_share_one_equity(play: Play) -> None:
    bars = hours(flat(10, BUY), flat(10))
    outcome = play(document(fraction=0.4), {"A": bars, "B": bars}, costs=Costs(100.0))
    # A's fee of 4 does not make B's size smaller: 40 % of 1,000 for both.
    assert [fill.qty for fill in outcome.fills] == [40.0, 40.0]


def test_cash_that_is_spent_blocks_the_next_entry(play: Play) -> None:
    bars = hours(flat(10, BUY), flat(10))
    outcome = play(document(fraction=1.0), {"A": bars, "B": bars}, quantity_step=0.01)
    assert [fill.symbol for fill in outcome.fills] == ["A"]
    assert outcome.reasons == [(1, "t", "insufficient_cash")]


def test_what_cash_pays_includes_the_fee(play: Play) -> None:
    outcome = play(
        document(fraction=1.0),
        hours(flat(100, BUY), flat(100)),
        costs=Costs(100.0),
        quantity_step=0.1,
    )
    # 1000 / (100 × 1.01) = 9.90099… → 9.9; 990 and a fee of 9.9 leave 0.1.
    (entry,) = outcome.fills
    assert (entry.qty, entry.bound_by) == (9.9, "cash")
    assert entry.cash_after == near(0.1, abs=1e-9)


def test_quantities_round_down_to_the_step(play: Play) -> None:
    outcome = play(document(), hours(flat(30, BUY), flat(30)), quantity_step=0.25)
    # 500 / 30 = 16.67 → 16.5 in quarters.
    assert outcome.fills[0].qty == 16.5


def test_an_entry_under_the_minimum_notional_is_blocked(play: Play) -> None:
    outcome = play(document(fraction=0.05), hours(flat(100, BUY), flat(100)), min_notional=60.0)
    # 5 % of 1,000 is 50.
    assert outcome.fills == []
    assert outcome.reasons == [(1, "t", "min_notional")]


def test_an_exit_under_the_minimum_notional_is_blocked(play: Play) -> None:
    # 100 / 100 = 1 unit; at 50 it is worth 50 < 60, at 70 it may be sold.
    bars = hours(flat(100, BUY), flat(100, SELL), flat(50, SELL), flat(70))
    outcome = play(document(fraction=0.1), bars, min_notional=60.0)
    assert outcome.legs[1:] == [(3, "sell", 1.0, 70.0, "exit_rule")]
    assert outcome.reasons == [(2, "t", "min_notional")]


def test_an_entry_rule_that_stays_true_does_nothing_while_in_position(play: Play) -> None:
    outcome = play(document(), hours(*[flat(100, BUY)] * 4, flat(100)))
    assert len(outcome.fills) == 1
    assert outcome.spans == []


def test_an_exit_rule_that_is_true_while_flat_does_nothing(play: Play) -> None:
    outcome = play(document(), hours(*[flat(100, SELL)] * 3))
    assert (outcome.fills, outcome.spans) == ([], [])


def test_an_exit_rule_closes_what_another_trigger_opened(play: Play) -> None:
    strategy = document(trigger(id="in", exit=None), trigger(id="out", entry=None))
    outcome = play(strategy, hours(flat(100, BUY), flat(100, SELL), flat(100)))
    assert [fill.trigger for fill in outcome.fills] == ["in", "out"]


def test_a_trigger_acts_on_its_symbols_alone(play: Play) -> None:
    bars = hours(flat(10, BUY), flat(10))
    outcome = play(document(trigger(symbols=["B"])), {"A": bars, "B": bars})
    assert [fill.symbol for fill in outcome.fills] == ["B"]


def test_a_symbol_without_a_bar_keeps_its_mark_and_its_order(play: Play) -> None:
    strategy = document(trigger(symbols=["A"]))
    a = hours(flat(100, BUY), (100, 110, 100, 110, SELL), flat(120), at=[0, 1, 3])
    outcome = play(strategy, {"A": a, "B": hours(*[flat(1)] * 4)})
    # 5 units at 100, marked at 110 at hours 1 and 2 (no bar), sold at 120.
    assert outcome.equities == [1000.0, 1050.0, 1050.0, 1100.0]
    assert outcome.legs[1] == (3, "sell", 5.0, 120.0, "exit_rule")
