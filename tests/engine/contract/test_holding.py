"""What keeps a position from being closed: hold rules, the minimum hold, exit binding."""

from typing import Any

import pytest

from engine.limits import Behaviour
from tests.engine.contract.playing import BUY, SELL, Play, document, flat, hours, trigger

ALARM = 3.0


def leaver(name: str, **fields: Any) -> dict[str, Any]:
    return trigger(id=name, entry=None, exit="volume == 3", **fields)


def test_a_hold_rule_keeps_exits_back(play: Play) -> None:
    strategy = document(trigger(hold="close > 100"))
    outcome = play(strategy, hours(flat(100, BUY), flat(101, SELL), flat(100, SELL), flat(100)))
    assert outcome.legs[1][0] == 3
    assert outcome.reasons == [(1, "t", "hold_rule")]


def test_the_hold_rule_is_that_of_the_entry_s_trigger(play: Play) -> None:
    strategy = document(trigger(id="in", exit=None), trigger(id="out", entry="volume == 9", hold="close > 1"))
    outcome = play(strategy, hours(flat(100, BUY), flat(100, SELL), flat(100)))
    assert (len(outcome.fills), outcome.spans) == (2, [])


def test_an_emergency_exit_does_not_ask_the_hold_rule(play: Play) -> None:
    strategy = document(trigger(hold="close > 1"), leaver("alarm", category="emergency_exit"))
    outcome = play(strategy, hours(flat(100, BUY), flat(100, ALARM), flat(100)))
    assert outcome.fills[1].trigger == "alarm"


def test_stops_and_targets_do_not_ask_the_hold_rule(play: Play) -> None:
    strategy = document(trigger(hold="close > 1", stop={"percent": 5}))
    outcome = play(strategy, hours(flat(100, BUY), (100, 100, 90, 100)))
    assert outcome.legs[1][4] == "stop"


def test_a_time_exit_asks_the_hold_rule(play: Play) -> None:
    strategy = document(trigger(exit=None, max_bars=1, hold="close > 100"))
    outcome = play(strategy, hours(flat(100, BUY), flat(101), flat(100), flat(100)))
    assert outcome.legs[1][0] == 3


def test_the_minimum_hold_is_measured_at_the_close(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100, SELL), flat(100, SELL), flat(100, SELL), flat(100))
    outcome = play(document(), bars, behaviour=Behaviour(min_hold_hours=2.0))
    # Entered at hour 1: 1 hour held at its close, 2 at hour 2's.
    assert outcome.legs[1][0] == 3
    assert outcome.reasons == [(1, "t", "min_hold")]


def test_an_emergency_exit_and_a_stop_do_not_ask_the_minimum_hold(play: Play) -> None:
    long_hold = Behaviour(min_hold_hours=24.0)
    strategy = document(trigger(stop={"percent": 5}), leaver("alarm", category="emergency_exit"))
    alarm = play(strategy, hours(flat(100, BUY), flat(100, ALARM), flat(100)), behaviour=long_hold)
    assert alarm.fills[1].trigger == "alarm"
    stop = play(strategy, hours(flat(100, BUY), (100, 100, 90, 90)), behaviour=long_hold)
    assert stop.fills[1].reason == "stop"


def test_a_time_exit_asks_the_minimum_hold(play: Play) -> None:
    strategy = document(trigger(exit=None, max_bars=1))
    bars = hours(flat(100, BUY), *[flat(100)] * 4)
    assert play(strategy, bars, behaviour=Behaviour(min_hold_hours=3.0)).legs[1][0] == 4


@pytest.mark.parametrize(
    ("binding", "category", "is_closed"),
    [
        ("none", "reversal", True),
        ("category", "reversal", False),
        ("category", "trend_continuation", True),
        ("exact", "trend_continuation", False),
        ("exact", "emergency_exit", True),
        ("exact", "risk_off", True),
        ("exact", "risk_reduce", True),
    ],
)
def test_exit_binding(play: Play, binding: str, category: str, is_closed: bool) -> None:
    strategy = document(trigger(id="in", category="trend_continuation"), leaver("out", category=category))
    outcome = play(
        strategy,
        hours(flat(100, BUY), flat(100, ALARM), flat(100)),
        behaviour=Behaviour(exit_binding=binding),
    )
    assert len(outcome.fills) == 1 + is_closed
    assert outcome.reasons == ([] if is_closed else [(1, "out", "exit_binding")])


def test_exact_binding_lets_the_entry_s_own_exit_close(play: Play) -> None:
    outcome = play(
        document(),
        hours(flat(100, BUY), flat(100, SELL), flat(100)),
        behaviour=Behaviour(exit_binding="exact"),
    )
    assert len(outcome.fills) == 2


def test_a_position_from_an_allocation_is_never_bound(play: Play) -> None:
    outcome = play(
        document(leaver("out"), trigger(id="in")),
        hours(flat(100, ALARM), flat(100)),
        allocations={"A": 500.0},
        behaviour=Behaviour(exit_binding="exact"),
    )
    assert outcome.fills[1].trigger == "out"


def test_the_hold_rule_is_asked_before_the_minimum_hold_before_the_binding(play: Play) -> None:
    behaviour = Behaviour(min_hold_hours=2.0, exit_binding="exact")
    strategy = document(trigger(id="in", exit=None, hold="close > 100"), leaver("out"))
    bars = hours(flat(100, BUY), flat(101, ALARM), flat(100), flat(100, ALARM), flat(100))
    outcome = play(strategy, bars, behaviour=behaviour)
    assert outcome.reasons == [(1, "out", "hold_rule"), (3, "out", "exit_binding")]
    early = play(strategy, hours(flat(100, BUY), flat(100, ALARM), flat(100)), behaviour=behaviour)
    assert early.reasons == [(1, "out", "min_hold")]
