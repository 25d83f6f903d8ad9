"""An entry against an open position: ignored, an exit, a reversal, or remembered."""

from typing import Any

from engine.limits import Behaviour
from tests.engine.contract.playing import BUY, ON_SELL, SELL, Play, document, flat, hours, near, trigger

DOWN = {"id": "down", "direction": "short", "entry": ON_SELL, "exit": None, "stop": {"percent": 50}}


def both(**down: Any) -> dict[str, Any]:
    return document(trigger(id="up", exit="volume == 4"), trigger(**{**DOWN, **down}))


BARS = hours(flat(100, BUY), flat(100, SELL), flat(110), flat(110))


def test_a_conflict_is_ignored_unless_told_otherwise(play: Play) -> None:
    outcome = play(both(), BARS)
    assert len(outcome.fills) == 1
    assert outcome.reasons == [(1, "down", "conflict_ignored")]


def test_a_conflict_becomes_an_exit(play: Play) -> None:
    outcome = play(both(), BARS, behaviour=Behaviour(conflicting_signals="exit"))
    assert outcome.legs[1] == (2, "sell", 5.0, 110.0, "conflict_exit")
    assert outcome.fills[1].trigger == "down"
    assert (len(outcome.fills), outcome.spans) == (2, [])


def test_a_conflict_becomes_a_reversal_of_two_fills(play: Play) -> None:
    outcome = play(both(), BARS, behaviour=Behaviour(conflicting_signals="reverse"))
    # 5 units win 50; half of the 1,050 at 110 is sold short.
    assert outcome.legs[1:] == [
        (2, "sell", 5.0, 110.0, "reversal"),
        (2, "sell", round(525 / 110, 9), 110.0, "entry_rule"),
    ]
    assert [fill.position_after for fill in outcome.fills[1:]] == [0.0, near(-525 / 110)]


def test_a_conflict_is_deferred_until_flat_and_then_counts_once(play: Play) -> None:
    bars = hours(
        flat(100, BUY), flat(100, SELL), flat(100, 4), flat(100), flat(90), flat(90),
    )  # fmt: skip
    outcome = play(both(), bars, behaviour=Behaviour(conflicting_signals="defer"))
    # Remembered at hour 1; the exit of hour 2 fills at 3, whose close is flat: short at hour 4.
    assert [(leg[0], leg[1]) for leg in outcome.legs] == [(1, "buy"), (3, "sell"), (4, "sell")]
    assert outcome.reasons == [(1, "down", "conflict_deferred")]


def test_a_deferred_entry_counts_at_a_close_flat_by_a_stop(play: Play) -> None:
    strategy = document(trigger(id="up", exit=None, stop={"percent": 5}), trigger(**DOWN))
    bars = hours(flat(100, BUY), flat(100, SELL), (100, 100, 94, 96), flat(96))
    outcome = play(strategy, bars, behaviour=Behaviour(conflicting_signals="defer"))
    assert [(leg[0], leg[4]) for leg in outcome.legs[1:]] == [(2, "stop"), (3, "entry_rule")]


def test_a_limit_entry_cannot_reverse(play: Play) -> None:
    outcome = play(
        both(order={"limit": "105", "valid_for": 9}), BARS, behaviour=Behaviour(conflicting_signals="reverse")
    )
    assert outcome.reasons == [(1, "down", "conflict_ignored")]


def test_conflicts_ask_the_hold_rule_and_the_minimum_hold(play: Play) -> None:
    strategy = document(trigger(id="up", exit=None, hold="close > 100"), trigger(**DOWN))
    bars = hours(flat(100, BUY), flat(101, SELL), flat(101))
    for mode in ("exit", "reverse"):
        outcome = play(strategy, bars, behaviour=Behaviour(conflicting_signals=mode))
        assert outcome.reasons == [(1, "down", "hold_rule")]
        behaviour = Behaviour(conflicting_signals=mode, min_hold_hours=3.0)
        held = play(both(), hours(flat(100, BUY), flat(100, SELL), flat(100)), behaviour=behaviour)
        assert held.reasons == [(1, "down", "min_hold")]


def test_a_conflict_exit_is_not_bound(play: Play) -> None:
    behaviour = Behaviour(conflicting_signals="exit", exit_binding="exact")
    assert play(both(), BARS, behaviour=behaviour).fills[1].reason == "conflict_exit"


def test_a_reversal_ranks_as_an_entry_and_loses_against_an_exit(play: Play) -> None:
    strategy = document(trigger(id="up", exit=ON_SELL), trigger(**DOWN))
    outcome = play(strategy, BARS, behaviour=Behaviour(conflicting_signals="reverse"))
    assert outcome.fills[1].reason == "exit_rule"
    assert outcome.reasons == [(1, "down", "outranked")]


def test_a_confident_reversal_outranks_an_exit(play: Play) -> None:
    strategy = document(trigger(id="up", exit=ON_SELL), trigger(**DOWN, confidence="A"))
    behaviour = Behaviour(conflicting_signals="reverse", confidence_override="B")
    outcome = play(strategy, BARS, behaviour=behaviour)
    assert outcome.fills[1].reason == "reversal"
    assert outcome.reasons == [(1, "up", "outranked")]


def test_a_conflict_exit_comes_before_rule_exits(play: Play) -> None:
    strategy = document(trigger(id="up", exit=ON_SELL), trigger(**DOWN))
    outcome = play(strategy, BARS, behaviour=Behaviour(conflicting_signals="exit"))
    assert outcome.fills[1].reason == "conflict_exit"
    assert outcome.reasons == [(1, "up", "outranked")]


def test_a_reversal_whose_entry_is_blocked_stays_flat(play: Play) -> None:
    outcome = play(both(stop={"price": "105"}), BARS, behaviour=Behaviour(conflicting_signals="reverse"))
    # The short's stop of 105 lies below its price of 110.
    assert [fill.reason for fill in outcome.fills] == ["entry_rule", "reversal"]
    assert outcome.reasons == [(2, "down", "stop_beyond_entry")]


def test_a_long_against_an_open_short(play: Play) -> None:
    strategy = document(
        trigger(**{**DOWN, "entry": "volume == 1"}), trigger(id="up", entry=ON_SELL, exit=None)
    )
    outcome = play(strategy, BARS, behaviour=Behaviour(conflicting_signals="reverse"))
    # 5 units lose 50; half of 950 at 110 is bought.
    assert [(leg[1], leg[4]) for leg in outcome.legs] == [
        ("sell", "entry_rule"),
        ("buy", "reversal"),
        ("buy", "entry_rule"),
    ]
    assert outcome.fills[2].qty == near(475 / 110)
