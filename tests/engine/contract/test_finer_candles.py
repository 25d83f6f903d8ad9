"""Finer candles inside a bar decide what came first."""

from typing import Any

from tests.engine.contract.playing import BUY, HOUR_MS, IDLE, Play, document, flat, hours, near, trigger
from tests.reckoning import Bar

QUARTER = HOUR_MS // 4


def quarters(hour: int, *candles: tuple[float, float, float, float]) -> dict[str, list[Bar]]:
    """Candles of A a quarter of an hour apart, from an hour on."""
    return {"A": [Bar(hour * HOUR_MS + n * QUARTER, *c, IDLE) for n, c in enumerate(candles)]}


def protected(**levels: Any) -> dict[str, Any]:
    return document(trigger(exit=None, **levels))


BOTH = protected(stop={"percent": 5}, target={"percent": 10})
WILD = hours(flat(100, BUY), flat(100), (100, 112, 90, 100))


def test_the_target_came_first(play: Play) -> None:
    finer = quarters(2, (100, 112, 99, 111), (111, 111, 90, 91), (91, 95, 91, 95), (95, 100, 95, 100))
    assert play(BOTH, WILD, finer=finer).legs[1] == (2, "sell", 5.0, 110.0, "target")


def test_the_stop_came_first(play: Play) -> None:
    finer = quarters(2, (100, 101, 90, 91), (91, 112, 91, 111), (111, 111, 100, 100), flat(100)[:4])
    assert play(BOTH, WILD, finer=finer).legs[1] == (2, "sell", 5.0, 95.0, "stop")


def test_both_in_one_finer_candle_the_stop_came_first(play: Play) -> None:
    finer = quarters(2, (100, 112, 90, 100), *[flat(100)[:4]] * 3)
    assert play(BOTH, WILD, finer=finer).legs[1] == (2, "sell", 5.0, 95.0, "stop")


def test_a_finer_open_beyond_the_level_fills_there(play: Play) -> None:
    finer = quarters(2, (100, 101, 99, 100), (92, 93, 90, 91), (91, 112, 91, 111), (111, 111, 100, 100))
    assert play(BOTH, WILD, finer=finer).legs[1] == (2, "sell", 5.0, 92.0, "stop")


def test_finer_candles_that_disagree_with_the_bar_decide_nothing(play: Play) -> None:
    # They never go below 90.5: the bar's own low of 90 is not among them, so the stop came first.
    finer = quarters(2, (100, 112, 99, 111), (111, 111, 90.5, 91), (91, 95, 91, 95), (95, 100, 95, 100))
    assert play(BOTH, WILD, finer=finer).legs[1] == (2, "sell", 5.0, 95.0, "stop")


def test_a_bar_without_finer_candles_is_resolved_by_itself(play: Play) -> None:
    assert play(BOTH, WILD, finer=quarters(0, flat(100)[:4])).legs[1] == (2, "sell", 5.0, 95.0, "stop")


def test_a_trailing_stop_does_not_move_between_finer_candles(play: Play) -> None:
    # The first quarter reaches 112; 10 % below it is 100.8, but 90 stands for the whole hour.
    finer = quarters(2, (100, 112, 100, 111), (111, 111, 100, 100), (100, 100, 91, 92), (92, 100, 92, 100))
    bars = hours(flat(100, BUY), flat(100), (100, 112, 91, 100))
    assert len(play(protected(trailing={"percent": 10}), bars, finer=finer).fills) == 1


def test_a_limit_entry_is_exposed_to_the_finer_candles_after_it(play: Play) -> None:
    # Filled at 95 in the first quarter; 98.8, its target, is reached in the second.
    strategy = document(trigger(exit=None, order={"limit": "95"}, target={"percent": 4}))
    bars = hours(flat(100, BUY), (100, 101, 94, 97))
    finer = quarters(1, (100, 101, 94, 95), (95, 99, 95, 98), (98, 98, 97, 97), flat(97)[:4])
    outcome = play(strategy, bars, finer=finer)
    assert [leg[3] for leg in outcome.legs] == [95.0, near(98.8)]
    # Without them the high may have come before the fill.
    assert len(play(strategy, bars).fills) == 1


def test_what_came_before_a_stop_entry_does_not_stop_it(play: Play) -> None:
    # A stop entry at 102 with its stop at 98.94: the low of 98 came in the first quarter, before the fill.
    strategy = document(trigger(exit=None, order={"stop": "102"}, stop={"percent": 3}))
    bars = hours(flat(100, BUY), (100, 103, 98, 102))
    finer = quarters(1, (100, 100, 98, 99), (99, 103, 99, 102), flat(102)[:4], flat(102)[:4])
    assert len(play(strategy, bars, finer=finer).fills) == 1
    assert len(play(strategy, bars).fills) == 2


def test_the_fill_s_time_is_the_bar_s(play: Play) -> None:
    finer = quarters(2, (100, 101, 99, 100), (100, 112, 99, 111), (111, 111, 90, 91), (91, 100, 91, 100))
    assert play(BOTH, WILD, finer=finer).fills[1].time == 2 * HOUR_MS
