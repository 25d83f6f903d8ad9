"""Positions that grow and shrink: average cost, what a scale-in keeps, when a partial exit acts again."""

from typing import Any

from tests.engine.contract.playing import BUY, SELL, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs


def growing(**fields: Any) -> dict[str, Any]:
    return document(trigger(**{"scale_in": 2} | fields), fraction=0.25)


def test_a_scale_in_averages_the_cost_and_counts_as_one_position(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, BUY), flat(125, SELL), flat(150))
    outcome = play(growing(), bars)
    # 2.5 units at 100; equity 1,062.5 at 125: 2.125 units more. Cost (250 + 265.625) / 4.625 = 111.4865.
    first, second, leave = outcome.fills
    assert (first.qty, second.qty) == (2.5, 2.125)
    assert second.position_after == 4.625
    assert leave.qty == 4.625
    assert leave.pnl == near(2.5 * 50 + 2.125 * 25)
    (trade,) = outcome.trades
    assert trade.entry_price == near(515.625 / 4.625)


def test_no_more_entries_than_scale_in(play: Play) -> None:
    outcome = play(growing(exit=None), hours(*[flat(100, BUY)] * 5))
    assert [fill.qty for fill in outcome.fills] == [2.5, 2.5]
    assert outcome.spans == []


def test_another_trigger_may_add_if_its_own_scale_in_allows(play: Play) -> None:
    strategy = document(
        trigger(id="one", exit=None),
        trigger(id="two", exit=None, entry="volume == 3", scale_in=2),
        trigger(id="never", exit=None, entry="volume == 4"),
        fraction=0.25,
    )
    outcome = play(strategy, hours(flat(100, BUY), flat(100, 4), flat(100, 3), flat(100, 3), flat(100)))
    assert [fill.trigger for fill in outcome.fills] == ["one", "two"]


def test_a_scale_in_keeps_the_position_s_stop(play: Play) -> None:
    # Stop 90 from the first entry at 100. The second at 120 would have had 108: not looked at.
    bars = hours(flat(100, BUY), flat(100, BUY), (120, 120, 105, 120), (120, 120, 89, 95))
    outcome = play(growing(exit=None, stop={"percent": 10}), bars)
    assert outcome.legs[2][0] == 3
    assert outcome.legs[2][3:] == (90.0, "stop")
    # At risk: 2.5 × 10, and 2.1875 units × (120 − 90).
    second, stop = outcome.fills[1:]
    assert second.qty == near(0.25 * 1050 / 120)
    assert (second.stop_distance, second.actual_risk) == (near(30.0), near(65.625))
    loss = 2.5 * 10 + 2.1875 * 30
    assert (stop.pnl, stop.r_multiple) == (near(-loss), near(-1.0))


def test_a_scale_in_at_or_below_the_position_s_stop_is_blocked(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, BUY), (85, 85, 85, 85))
    outcome = play(growing(exit=None, stop={"percent": 10}), bars)
    assert [fill.reason for fill in outcome.fills] == ["entry_rule", "stop"]
    assert outcome.reasons == [(2, "t", "stop_beyond_entry")]


def test_a_resting_scale_in_of_a_stopped_position_is_cancelled(play: Play) -> None:
    # The order of hour 1 would fill at 92 inside hour 2, whose low also takes the stop at 95.
    strategy = growing(exit=None, stop={"percent": 5})
    strategy["triggers"].append(
        trigger(id="dip", entry="volume == 3", exit=None, order={"limit": "92"}, scale_in=2)
    )
    outcome = play(strategy, hours(flat(100, BUY), flat(100, 3), (100, 100, 91, 91)))
    assert [fill.reason for fill in outcome.fills] == ["entry_rule", "stop"]
    assert outcome.reasons == [(2, "dip", "position_closed")]


def test_a_rule_exit_cancels_a_resting_scale_in(play: Play) -> None:
    strategy = document(
        trigger(),
        trigger(id="dip", entry="volume == 3", exit=None, order={"limit": "92", "valid_for": 9}, scale_in=2),
    )
    outcome = play(strategy, hours(flat(100, BUY), flat(100, 3), flat(100, SELL), (100, 100, 91, 91)))
    assert [fill.reason for fill in outcome.fills] == ["entry_rule", "exit_rule"]
    assert outcome.reasons == [(3, "dip", "position_closed")]


def test_a_partial_exit_acts_once_until_its_rule_was_false(play: Play) -> None:
    sells = [flat(100, SELL), flat(100, SELL), flat(100, SELL), flat(100), flat(100, SELL), flat(100)]
    outcome = play(document(trigger(exit_fraction=0.5), fraction=0.8), hours(flat(100, BUY), *sells))
    # 8 units: 4 at hour 2; the rule stays true at hours 2 and 3, is false at 4, true at 5: 2 at hour 6.
    assert [(leg[0], leg[2]) for leg in outcome.legs[1:]] == [(2, 4.0), (6, 2.0)]
    assert outcome.spans == []


def test_a_partial_exit_rounds_down_to_the_step(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100))
    outcome = play(document(trigger(exit_fraction=0.5), fraction=0.5), bars, quantity_step=1.0)
    # Half of 5 is 2.5.
    assert outcome.legs[1][2] == 2.0


def test_half_of_58_hundredths_is_29_hundredths(play: Play) -> None:
    # 0.29 × 100 is 28.999999999999996 in binary: an exit of a whole number of steps is not a step short.
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100))
    outcome = play(document(trigger(exit_fraction=0.5), fraction=0.0585), bars, quantity_step=0.01)
    assert [fill.qty for fill in outcome.fills] == [0.58, 0.29]


def test_half_of_a_fine_quantity_is_exact(play: Play) -> None:
    # 200,532,058 steps of 1e-8: half of them are 100,266,029, in binary 100266028.99999999.
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100))
    outcome = play(document(trigger(exit_fraction=0.5), fraction=0.2005320585), bars, quantity_step=1e-8)
    assert [fill.qty for fill in outcome.fills] == [2.00532058, 1.00266029]


def test_a_partial_exit_of_nothing_is_blocked(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100))
    outcome = play(document(trigger(exit_fraction=0.1), fraction=0.5), bars, quantity_step=1.0)
    # A tenth of 5 is half a step.
    assert outcome.reasons == [(2, "t", "min_notional")]


def test_a_partial_exit_takes_its_share_of_the_risk(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(110), (110, 110, 94, 94))
    strategy = document(trigger(exit_fraction=0.4, stop={"percent": 5}))
    # 5 units risk 25. 2 of them win 20, 10 of risk: 2 R. The other 3 lose 15, 15 of risk: −1 R.
    outcome = play(strategy, bars)
    assert [fill.r_multiple for fill in outcome.fills[1:]] == [near(2.0), near(-1.0)]
    assert [trade.risk for trade in outcome.trades] == [near(10.0), near(15.0)]


def test_money_adds_up_with_fees_scale_ins_and_partial_exits(play: Play) -> None:
    bars = hours(
        flat(100, BUY), flat(110, BUY), flat(120, SELL), flat(130), flat(125, SELL), (90, 90, 90, 90, SELL),
        flat(90),
    )  # fmt: skip
    outcome = play(growing(exit_fraction=0.5), bars, costs=Costs(20.0, 10.0, 30.0))
    last = outcome.fills[-1]
    assert last.position_after > 0.0
    # Equity is what the purchases left, what the sales brought, and what is still held at 90.
    costs = sum(f.qty * f.price + f.fee for f in outcome.fills if f.side == "buy")
    sold = sum(f.qty * f.price - f.fee for f in outcome.fills if f.side == "sell")
    assert outcome.equities[-1] == near(1000 - costs + sold + last.position_after * 90)
