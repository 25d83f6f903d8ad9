"""Limits of the UTC day: they block entries, never exits, and begin anew with the day."""

from typing import Any

from engine.limits import Risk
from tests.engine.contract.playing import BUY, ON_SELL, SELL, Play, document, flat, hours, trigger


def alone(symbol: str, **fields: Any) -> dict[str, Any]:
    return trigger(id=symbol.lower(), symbols=[symbol], **fields)


def test_the_daily_loss_is_measured_from_the_day_s_opening_equity(play: Play) -> None:
    strategy = document(alone("A"), alone("B"))
    a = hours(flat(100, BUY), flat(100), (80, 80, 80, 80), (81, 81, 81, 81), flat(81))
    b = hours(flat(10), flat(10, BUY), flat(10, BUY), flat(10), flat(10))
    # 5 units of A. At hour 2's open (80) equity is 900 = 1000 × 0.9: the floor itself blocks. At 81: 905.
    outcome = play(strategy, {"A": a, "B": b}, risk=Risk(max_daily_loss_pct=10.0))
    assert outcome.reasons == [(2, "b", "daily_loss")]
    assert [(fill.symbol, fill.time // 3_600_000) for fill in outcome.fills] == [("A", 1), ("B", 3)]


def test_the_daily_loss_never_blocks_exits(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), flat(50, SELL), flat(50))
    outcome = play(document(), bars, risk=Risk(max_daily_loss_pct=1.0))
    assert [fill.reason for fill in outcome.fills] == ["entry_rule", "exit_rule"]


def test_a_new_day_is_measured_from_its_own_opening_equity(play: Play) -> None:
    # Hours 21 to 25: the first day's loss stays behind; equity at its last close (900) is the new anchor.
    strategy = document(alone("A"), alone("B"))
    a = hours(flat(100, BUY), flat(100), flat(80), flat(80), flat(80), at=21)
    b = hours(flat(10), flat(10), flat(10, BUY), flat(10), flat(10), at=21)
    outcome = play(strategy, {"A": a, "B": b}, risk=Risk(max_daily_loss_pct=5.0))
    assert outcome.reasons == []
    assert [fill.time // 3_600_000 for fill in outcome.fills] == [22, 24]


def test_trades_of_a_day_are_its_entries(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100))
    outcome = play(document(), bars, risk=Risk(max_trades_per_day=2))
    assert len([fill for fill in outcome.fills if fill.reason == "entry_rule"]) == 2
    assert outcome.reasons == [(5, "t", "trades_per_day")]


def test_trades_are_counted_anew_each_day(play: Play) -> None:
    bars = hours(
        flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100), at=21
    )
    outcome = play(document(), bars, risk=Risk(max_trades_per_day=1))
    # Entries at hours 22 (first day) and 24 (second); that of hour 26 is one too many.
    assert outcome.reasons == [(26, "t", "trades_per_day")]


def test_trades_count_over_all_symbols_and_triggers_for_each(play: Play) -> None:
    bars = hours(flat(10, BUY), flat(10))
    both = {"A": bars, "B": bars}
    run = play(document(fraction=0.1), both, risk=Risk(max_trades_per_day=1))
    assert [block.symbol for block in run.spans] == ["B"]
    each = play(document(fraction=0.1), both, risk=Risk(max_triggers_per_symbol_per_day=1))
    assert len(each.fills) == 2


def test_entries_of_a_symbol_and_day(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100))
    outcome = play(document(), bars, risk=Risk(max_triggers_per_symbol_per_day=1))
    assert outcome.reasons == [(3, "t", "triggers_per_symbol_day")]


def test_scale_ins_count_as_entries(play: Play) -> None:
    strategy = document(trigger(scale_in=5), fraction=0.1)
    outcome = play(strategy, hours(*[flat(100, BUY)] * 3, flat(100)), risk=Risk(max_trades_per_day=2))
    assert outcome.reasons == [(3, "t", "trades_per_day")]


def test_the_first_limit_that_fails_is_the_reason(play: Play) -> None:
    limits = Risk(max_trades_per_day=1, max_triggers_per_symbol_per_day=1)
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100))
    assert play(document(), bars, risk=limits).reasons == [(3, "t", "trades_per_day")]


def test_the_risk_budget_is_that_of_the_day_s_opening_equity_and_anew_each_day(play: Play) -> None:
    strategy = document(trigger(stop={"percent": 10}), fraction=0.4)
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100), flat(100, BUY), flat(100), at=20)
    # 4 units risk 40 at hour 21. 5 % of 1,000 leave 10 at hour 23: 1 unit. Hour 25 would be the second day's,
    # but the position of hour 23 is still open.
    outcome = play(strategy, bars, risk=Risk(max_daily_risk_budget_pct=5.0))
    assert [round(fill.qty, 9) for fill in outcome.fills] == [4.0, 4.0, 1.0]
    later = hours(flat(100, BUY), flat(100, SELL), flat(100, BUY), flat(100), at=21)
    assert [
        round(f.qty, 9) for f in play(strategy, later, risk=Risk(max_daily_risk_budget_pct=5.0)).fills
    ] == [
        4.0,
        4.0,
        4.0,
    ]


def test_a_reversal_s_entry_counts(play: Play) -> None:
    strategy = document(
        trigger(id="up", exit=None),
        trigger(id="down", entry=ON_SELL, exit=None, direction="short", stop={"percent": 50}),
        behaviour={"conflicting_signals": "reverse"},
    )
    outcome = play(
        strategy, hours(flat(100, BUY), flat(100, SELL), flat(100)), risk=Risk(max_trades_per_day=1)
    )
    # The closing leg is an exit and fills; the entry is one too many.
    assert [fill.reason for fill in outcome.fills] == ["entry_rule", "reversal"]
    assert outcome.reasons == [(2, "down", "trades_per_day")]
