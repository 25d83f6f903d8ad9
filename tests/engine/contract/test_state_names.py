"""What a rule can see of its position at a close."""

import pytest

from tests.engine.contract.playing import BUY, HOUR_MS, Play, document, flat, hours, trigger
from tests.reckoning import Costs


@pytest.mark.parametrize(
    ("rule", "hour"),
    [
        # Entered at hour 1 at 100 (5 units, fee 0.5, stop 5 away: 25 at risk); closes 100, 102, 108, 95.05.
        ("position == 'long'", 2),
        ("age >= 2", 3),
        ("age_hours >= 3", 4),
        ("pnl > 9", 3),  # 5 × 2 − 0.5 = 9.5 at hour 2
        ("pnl_pct > 7", 4),  # 100 × 39.5 / 500 = 7.9 at hour 3
        ("current_r > 1.5", 4),  # 39.5 / 25 = 1.58
        ("current_r < -1", 5),  # (5 × −4.95 − 0.5) / 25 = −1.01 at hour 4
        ("mfe_r >= 1.8", 4),  # 5 × 9 / 25 = 1.8 at hour 3
        ("mae_r <= -0.6", 3),  # 5 × −3 / 25 = −0.6 at hour 2
        ("entry_price == 100 and close > 101", 3),
        ("cash < 1000", 2),
        ("equity > 1030", 4),  # 499.5 + 500 + 40 = 1,039.5 at hour 3
        ("exposure > 0.51", 4),  # 540 / 1,039.5 = 0.5195; 510 / 1,009.5 = 0.505 at hour 2
        ("entries == 1", 2),
    ],
)
def test_a_rule_sees_its_position(play: Play, rule: str, hour: int) -> None:
    strategy = document(trigger(exit=rule, stop={"price": "95"}))
    bars = hours(
        flat(100, BUY), (100, 101, 99, 100), (100, 104, 97, 102), (102, 109, 101, 108),
        (108, 109, 95.05, 95.05), flat(96),
    )  # fmt: skip
    outcome = play(strategy, bars, costs=Costs(10.0))
    assert outcome.fills[1].reason == "exit_rule"
    assert outcome.fills[1].time == hour * HOUR_MS


def test_what_depends_on_a_position_is_missing_while_flat(play: Play) -> None:
    bars = hours(*[flat(100)] * 3)
    for rule in ("pnl <= 0", "pnl_pct <= 0", "age >= 0", "entry_price > 0", "current_r <= 0", "mfe_r >= 0"):
        assert play(document(trigger(entry=rule)), bars).fills == []
    for rule in ("position == 'flat'", "entries == 0", "cash > 0", "equity > 0", "exposure == 0"):
        assert len(play(document(trigger(entry=rule, exit=None)), bars).fills) == 1


def test_a_stop_inside_the_bar_is_seen_at_its_close(play: Play) -> None:
    strategy = document(
        trigger(id="in", exit=None, stop={"percent": 5}),
        trigger(id="again", entry="stop_hit", exit=None),
    )
    bars = hours(flat(100, BUY), (100, 100, 94, 96), flat(96), flat(96))
    outcome = play(strategy, bars)
    assert [(fill.trigger, fill.time // HOUR_MS) for fill in outcome.fills] == [
        ("in", 1),
        ("in", 1),
        ("again", 2),
    ]


def test_a_target_inside_the_bar_is_seen_at_its_close(play: Play) -> None:
    strategy = document(
        trigger(id="in", exit=None, target={"percent": 5}),
        trigger(id="again", entry="target_hit and not stop_hit", exit=None),
    )
    bars = hours(flat(100, BUY), (100, 106, 99, 104), flat(104), flat(104))
    assert [fill.trigger for fill in play(strategy, bars).fills] == ["in", "in", "again"]


def test_a_short_s_names_mirror_a_long_s(play: Play) -> None:
    strategy = document(
        trigger(
            direction="short", stop={"percent": 10}, exit="position == 'short' and mfe_r > 0.49 and pnl > 0"
        )
    )
    # 5 units short from 100, 50 at risk: a low of 95 is 5 × 5 / 50 = 0.5 R.
    bars = hours(flat(100, BUY), flat(100), (100, 100, 95, 99), flat(99))
    outcome = play(strategy, bars)
    assert outcome.legs[1] == (3, "buy", 5.0, 99.0, "exit_rule")


def test_an_exit_rule_need_not_depend_on_bars(play: Play) -> None:
    # Each of the 4 exits takes a part: a state rule acts again once it was false.
    strategy = document(trigger(exit="pnl > 0", exit_fraction=0.5), fraction=0.8)
    bars = hours(flat(100, BUY), (100, 101, 100, 101), (101, 101, 99, 99), (99, 101, 99, 101), flat(101))
    outcome = play(strategy, bars)
    assert [(leg[0], leg[2]) for leg in outcome.legs[1:]] == [(2, 4.0), (4, 2.0)]
