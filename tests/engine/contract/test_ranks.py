"""Which of several rules becomes the order: ranks, ties, confidence, latched risk-off."""

from typing import Any

import pytest

from engine.limits import Behaviour
from tests.engine.contract.playing import BUY, Play, document, flat, hours, trigger

ALARM = 3.0


def leaver(name: str, **fields: Any) -> dict[str, Any]:
    return trigger(id=name, entry=None, exit="volume == 3", **fields)


def opener(**fields: Any) -> dict[str, Any]:
    return trigger(id="in", exit=None, **fields)


def test_the_first_entry_of_the_document_wins(play: Play) -> None:
    outcome = play(document(trigger(id="a"), trigger(id="b")), hours(flat(100, BUY), flat(100)))
    assert [fill.trigger for fill in outcome.fills] == ["a"]
    assert outcome.reasons == [(0, "b", "outranked")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("other", "risk_reduce"),
        ("risk_reduce", "risk_off"),
        ("risk_off", "emergency_exit"),
        ("trend_continuation", "emergency_exit"),
    ],
)
def test_the_category_of_an_exit_ranks_before_its_place(play: Play, first: str, second: str) -> None:
    strategy = document(opener(), leaver("first", category=first), leaver("second", category=second))
    outcome = play(strategy, hours(flat(100, BUY), flat(100, ALARM), flat(100)))
    assert outcome.fills[1].trigger == "second"
    assert outcome.reasons == [(1, "first", "outranked")]


def test_exits_of_equal_rank_go_by_the_document(play: Play) -> None:
    strategy = document(opener(), leaver("first"), leaver("second", category="reversal"))
    outcome = play(strategy, hours(flat(100, BUY), flat(100, ALARM), flat(100)))
    assert outcome.fills[1].trigger == "first"


SCALES = "volume == 1 or volume == 3"


@pytest.mark.parametrize(
    ("category", "confidence", "override", "winner"),
    [
        ("emergency_exit", "A", "A", "out"),
        ("risk_off", "A", "A", "in"),  # a confident entry comes before risk_off …
        ("risk_off", "B", "A", "out"),  # … when it is confident enough …
        ("risk_off", "A", "B", "in"),  # … or more than that,
        ("risk_off", None, "C", "out"),  # and says so,
        ("risk_off", "A", None, "out"),  # and the run wants it.
        ("other", "C", "C", "in"),
        ("other", "C", "B", "out"),
    ],
)
def test_a_confident_entry_outranks_exits_but_emergencies(
    play: Play, category: str, confidence: str | None, override: str | None, winner: str
) -> None:
    strategy = document(
        opener(entry=SCALES, scale_in=2, confidence=confidence),
        leaver("out", category=category),
        fraction=0.2,
    )
    bars = hours(flat(100, BUY), flat(100, ALARM), flat(100))
    outcome = play(strategy, bars, behaviour=Behaviour(confidence_override=override))
    assert outcome.fills[1].trigger == winner
    loser = "in" if winner == "out" else "out"
    assert outcome.reasons[0] == (1, loser, "outranked")


def test_a_latched_risk_off_exit_stays_for_the_day_and_blocks_entries(play: Play) -> None:
    # It fires at hour 1 while flat: the entry of that very close still competes; at hour 2 the latched exit
    # closes the position although its rule is false; later entries are blocked until the day ends.
    strategy = document(opener(entry="volume == 1 or close == 101"), leaver("off", category="risk_off"))
    bars = hours(
        flat(100), flat(101, ALARM), flat(102), flat(103, BUY), flat(104), flat(105, BUY), flat(106), at=19,
    )  # fmt: skip
    outcome = play(strategy, bars)
    # Hour 20 fires and enters at 21; hour 21's close leaves at 22; hour 22's entry is latched, hour 24's not.
    assert [(leg[0], leg[4]) for leg in outcome.legs] == [
        (21, "entry_rule"),
        (22, "exit_rule"),
        (25, "entry_rule"),
    ]
    assert outcome.reasons == [(22, "in", "risk_off_latched")]


def test_a_latched_exit_outranks_a_confident_entry(play: Play) -> None:
    strategy = document(
        opener(entry="volume == 1 or volume == 3", scale_in=9, confidence="A"),
        leaver("off", category="risk_off"),
        fraction=0.1,
    )
    bars = hours(flat(100, BUY), flat(100, ALARM), flat(100, BUY), flat(100))
    outcome = play(strategy, bars, behaviour=Behaviour(confidence_override="A"))
    # Hour 1: the confident entry wins. Hour 2: the exit is latched, the entry is blocked.
    assert [(leg[0], leg[4]) for leg in outcome.legs] == [
        (1, "entry_rule"),
        (2, "entry_rule"),
        (3, "exit_rule"),
    ]
    assert outcome.reasons == [(1, "off", "outranked"), (2, "in", "risk_off_latched")]


def test_a_latch_is_a_symbol_s(play: Play) -> None:
    strategy = document(opener(), leaver("off", category="risk_off"))
    outcome = play(
        strategy,
        {
            "A": hours(flat(10, ALARM), flat(10, BUY), flat(10)),
            "B": hours(flat(10), flat(10, BUY), flat(10)),
        },
    )
    assert [fill.symbol for fill in outcome.fills] == ["B"]
    assert [(block.symbol, block.reason) for block in outcome.spans] == [("A", "risk_off_latched")]


def test_an_exit_of_the_other_direction_does_not_count(play: Play) -> None:
    strategy = document(
        opener(),
        trigger(id="down", direction="short", entry="volume == 9", exit="volume == 3", stop={"percent": 5}),
    )
    outcome = play(strategy, hours(flat(100, BUY), flat(100, ALARM), flat(100)))
    assert (len(outcome.fills), outcome.spans) == (1, [])


def test_a_time_exit_comes_after_its_bars(play: Play) -> None:
    # The entry's bar counts: 2 bars at hour 2's close.
    outcome = play(document(trigger(exit=None, max_bars=2)), hours(flat(100, BUY), *[flat(100)] * 3))
    assert outcome.legs[1] == (3, "sell", 5.0, 100.0, "time_exit")
    assert outcome.fills[1].trigger == "t"


def test_a_time_exit_counts_bars_that_exist(play: Play) -> None:
    bars = hours(flat(100, BUY), *[flat(100)] * 3, at=[0, 1, 7, 9])
    assert play(document(trigger(exit=None, max_bars=2)), bars).legs[1][0] == 9


def test_a_time_exit_comes_before_rule_exits_but_not_before_risk(play: Play) -> None:
    bars = hours(flat(100, BUY), flat(100), flat(100, ALARM), flat(100))
    plain = play(document(opener(max_bars=2), leaver("out")), bars)
    assert plain.fills[1].reason == "time_exit"
    assert plain.reasons == [(2, "out", "outranked")]
    reduce = play(document(opener(max_bars=2), leaver("out", category="risk_reduce")), bars)
    assert reduce.fills[1].reason == "exit_rule"


def test_a_scale_in_loses_against_an_exit(play: Play) -> None:
    strategy = document(opener(entry=SCALES, scale_in=2), leaver("out"), fraction=0.2)
    outcome = play(strategy, hours(flat(100, BUY), flat(100, ALARM), flat(100)))
    assert outcome.legs[1][4] == "exit_rule"
    assert outcome.reasons == [(1, "in", "outranked")]


def test_while_an_order_rests_its_rule_outranks_later_ones(play: Play) -> None:
    strategy = document(
        trigger(id="a", exit=None, order={"limit": "90", "valid_for": 3}),
        trigger(id="b", exit=None),
    )
    outcome = play(strategy, hours(flat(100, BUY), flat(100, BUY), (100, 100, 90, 100)))
    assert [(fill.trigger, fill.decided_at) for fill in outcome.fills] == [("a", 0)]
    assert outcome.reasons == [(0, "b", "outranked"), (1, "b", "outranked")]


def test_a_resting_order_that_loses_against_another_entry_is_replaced(play: Play) -> None:
    strategy = document(
        trigger(id="a", exit=None, entry="close == 99"),
        trigger(id="b", exit=None, order={"limit": "90", "valid_for": 9}),
    )
    outcome = play(strategy, hours(flat(100, BUY), flat(99, BUY), flat(100)))
    assert [fill.trigger for fill in outcome.fills] == ["a"]
    assert outcome.reasons == [(1, "b", "replaced")]
