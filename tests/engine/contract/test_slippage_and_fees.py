"""What a fill costs: fees of makers and takers, and each part of the slippage."""

from tests.engine.contract.playing import BUY, SELL, Play, document, flat, hours, near, trigger
from tests.reckoning import Costs


def test_slippage_in_basis_points_is_against_the_order(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100))
    outcome = play(document(), bars, costs=Costs(slippage_bps=50.0))
    # 0.5 % up for the purchase, 0.5 % down for the sale.
    assert [fill.price for fill in outcome.fills] == near([100.5, 99.5], rel=1e-12)


def test_slippage_by_the_range_of_the_fill_s_bar(play: Play) -> None:
    bars = hours((100, 130, 90, 100, BUY), (100, 104, 99, 100, SELL), (100, 102, 98, 100))
    outcome = play(document(), bars, costs=Costs(slippage_bps=10.0, slippage_range_fraction=0.1))
    # Hour 1: 0.001 + 0.1 × 5 / 100 = 0.006. Hour 2: 0.001 + 0.1 × 4 / 100 = 0.005.
    assert [fill.price for fill in outcome.fills] == near([100.6, 99.5], rel=1e-12)


def test_slippage_by_the_order_s_share_of_the_volume(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, 50.0), flat(100, SELL), flat(100, 20.0))
    outcome = play(document(), bars, costs=Costs(slippage_volume_share=0.1))
    # Sized at 100: 5 units, a tenth of the 50 traded: the price moves by 0.1 × 0.1 to 101. Half of 1,000 at
    # 101 is 4.950495… units. Sold into a volume of 20: 100 × (1 − 0.1 × 4.9505 / 20).
    qty = 500 / 101
    entry, leave = outcome.fills
    assert (entry.qty, entry.price) == near((qty, 101.0), rel=1e-12)
    assert leave.price == near(100 * (1 - 0.1 * qty / 20), rel=1e-12)


def test_an_order_above_the_volume_moves_the_price_by_the_whole_share(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, 4.0))
    outcome = play(document(), bars, costs=Costs(slippage_volume_share=0.1))
    # 5 units into a volume of 4: 10 %.
    assert outcome.fills[0].price == near(110.0, rel=1e-12)


def test_no_volume_counts_as_the_whole_share(play: Play) -> None:
    outcome = play(document(), hours(flat(100, BUY), flat(100, 0.0)), costs=Costs(slippage_volume_share=0.2))
    assert outcome.fills[0].price == near(120.0, rel=1e-12)


def test_slippage_never_takes_more_than_half_of_the_price(play: Play) -> None:
    bars = hours(flat(100, BUY), (100, 200, 50, 100))
    outcome = play(document(), bars, costs=Costs(slippage_range_fraction=1.0))
    # 1 × 150 / 100 would be 150 %.
    assert outcome.fills[0].price == near(150.0, rel=1e-12)


def test_a_limit_entry_pays_the_maker_fee_and_a_stop_entry_the_taker_fee(play: Play) -> None:
    costs = Costs(20.0, 5.0, 100.0)
    limit = document(trigger(order={"limit": "99"}))
    (entry,) = play(limit, hours(flat(100, BUY), (100, 100, 98, 99)), costs=costs).fills
    # 500 / 99 units at 99: fee 500 × 0.0005.
    assert (entry.price, entry.liquidity) == (99.0, "maker")
    assert entry.fee == near(0.25, rel=1e-12)
    stop = document(trigger(order={"stop": "101"}))
    (entry,) = play(stop, hours(flat(100, BUY), (100, 102, 100, 102)), costs=costs).fills
    # 101 × 1.01 = 102.01: fee 500 × 0.002.
    assert entry.price == near(102.01, rel=1e-12)
    assert (entry.fee, entry.liquidity) == (near(1.0, rel=1e-12), "taker")


def test_a_partial_exit_pays_on_its_part_and_takes_its_share_of_the_entry_s_fee(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(110), flat(110))
    outcome = play(document(trigger(exit_fraction=0.4)), bars, costs=Costs(100.0))
    entry, leave = outcome.fills
    # 5 units for 500, fee 5. 2 units sold at 110: fee 2.2; profit 20 − 2.2 − 0.4 × 5.
    assert (entry.qty, entry.fee) == near((5.0, 5.0))
    assert (leave.qty, leave.fee) == near((2.0, 2.2))
    assert leave.pnl == near(20 - 2.2 - 2.0)
    assert leave.position_after == near(3.0)
    assert leave.exit_fraction == near(0.4)
