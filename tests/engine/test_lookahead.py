"""The check finds a run that looks ahead, and a warm-up that is too short; a sound run passes it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine.lookahead
from engine import Bars, evaluation, preset, preset_ids
from engine.lookahead import check
from engine.machine import evaluation_of
from tests.engine.market import MINUTE, document, generated
from tests.engine.test_why import DOCUMENTS, plan_of

LENGTH = 900


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([*DOCUMENTS, *preset_ids()]), st.integers(0, 10_000))
def test_a_sound_run_passes(name: str, seed: int) -> None:
    raw = DOCUMENTS.get(name) or dict(preset(name))
    bars = {"A": generated(LENGTH, seed, holes=0.02)}
    report = check(plan_of(raw, start=600, end=LENGTH), bars, cuts=8, starts=3)
    assert [found for found in report.findings if found.kind == "lookahead"] == []
    assert report.cuts > 3


def test_two_markets_pass_with_all_that_was_compared() -> None:
    bars = {"A": generated(LENGTH, 1, holes=0.1), "B": generated(LENGTH, 2, holes=0.3)}
    report = check(plan_of(DOCUMENTS["position"], ("A", "B"), start=300, end=LENGTH), bars)
    assert report.passed
    assert report.findings == []
    assert report.rules == 6
    assert report.decisions > 50
    assert report.fills > 50
    assert 20 <= report.cuts <= 40
    assert report.starts == 16
    assert report.bars == sum(map(len, bars.values()))


def cheating(monkeypatch: pytest.MonkeyPatch, column: int) -> None:
    """Let the evaluation see one column of the bars a bar too early."""
    true = evaluation_of()

    def evaluator(program: Any, bars: Any, *rest: Any) -> Any:
        given = list(bars)
        if len(given[column]):
            given[column] = np.append(given[column][1:], given[column][-1])
        return true.Evaluator(program, tuple(given), *rest)

    def replaced(kernel: Any = None) -> Any:
        del kernel
        return SimpleNamespace(Evaluator=evaluator, COMPILED=evaluation.COMPILED)

    monkeypatch.setattr(engine.machine, "evaluation_of", replaced)
    monkeypatch.setattr(engine.observation, "evaluation_of", replaced)


RULES = {
    "name": "x",
    "indicators": {"flow": "sma(volume, 3)"},
    "triggers": [
        {"id": "price", "entry": "close > close[1]", "exit": "close < close[1] or age > 6"},
        {"id": "trade", "exit": "age > 2 and (low > 1e9 or flow * 2 > 60)"},
    ],
    "sizing": {"fraction": 0.5},
}


def test_a_rule_that_sees_the_next_volume_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = {"A": generated(400, 3)}
    plan = plan_of(RULES, end=400)
    assert check(plan, bars).passed
    cheating(monkeypatch, 5)
    report = check(plan, bars)
    assert not report.passed
    (found,) = [one for one in report.findings if one.kind == "lookahead"]
    assert (found.symbol, found.trigger_id, found.rule) == ("A", "trade", "exit")
    # The innermost: the named indicator in the operand.
    assert found.part == "flow"
    # Seen first at the last bar of the run that ended first.
    assert found.at == found.data_until
    volume = bars["A"].volume
    bar = int(bars["A"].timestamp.searchsorted(found.at))
    assert found.whole == pytest.approx(volume[bar - 1 : bar + 2].mean())
    assert found.less != found.whole


def test_a_rule_that_sees_the_next_close_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = {"A": generated(400, 3)}
    cheating(monkeypatch, 4)
    (found,) = [one for one in check(plan_of(RULES, end=400), bars).findings if one.kind == "lookahead"]
    assert (found.trigger_id, found.rule, found.part) == ("price", "entry", "close")


class Repainted(Bars):
    """A source that revises the last bar that it has given, as some do."""

    def rows(self, first: int, last: int) -> Bars:
        part = super().rows(first, last)
        if not 0 < last < len(self):
            return part
        close = part.close.copy()
        close[-1:] *= 1.001
        return Bars(part.timestamp, part.open, np.maximum(part.high, close), part.low, close, part.volume)


def test_bars_that_were_others_before_are_found() -> None:
    true = generated(400, 3)
    bars = {"A": Repainted(*true.columns)}
    report = check(plan_of(RULES, end=400), bars)
    (found,) = [one for one in report.findings if one.kind == "lookahead"]
    assert (found.trigger_id, found.part, found.at) == ("price", "close", found.data_until)
    assert found.less == pytest.approx(1.001 * (found.whole or 0.0))


def test_a_fill_that_differs_is_found_where_no_rule_does() -> None:
    """The rules see the highs alone; an open that is repainted shows in the fill."""

    class Opened(Bars):
        def rows(self, first: int, last: int) -> Bars:
            part = super().rows(first, last)
            opens = part.open.copy()
            if 0 < last < len(self):
                opens[-1:] = part.close[-1:]
            return replace(part, open=opens)

    raw = document("volume > 1", "volume > 1")
    report = check(plan_of(raw, end=300), {"A": Opened(*generated(300, 3).columns)}, starts=0)
    (found,) = report.findings
    assert found.kind == "lookahead"
    assert found.what.startswith("row ")
    assert found.at == found.data_until


def test_a_warm_up_that_is_too_short_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = {"A": generated(600, 3)}
    raw = document("close > ema(close, 50)", "close < ema(close, 50)")
    plan = plan_of(raw, start=500, end=600)
    sound = check(plan, bars)
    assert sound.passed
    assert sound.starts == 8
    monkeypatch.setattr(engine.lookahead, "warm_up_bars", lambda *_, **__: 55)
    report = check(plan, bars)
    (found,) = report.findings
    assert (found.kind, found.trigger_id, found.rule) == ("warm_up", "t", "entry")
    assert found.part == "close > ema(close, 50)"
    assert {found.whole, found.less} == {0.0, 1.0}
    assert found.data_from is not None
    assert found.at - found.data_from >= 55 * MINUTE


def test_what_has_no_bound_is_said_to_be_unsettled_or_passes() -> None:
    """`bars_since` of what happened once, long ago, depends on how early the bars begin."""
    closes = np.full(1500, 100.0)
    closes[3] = 200.0
    stamps = np.arange(1500, dtype=np.int64) * MINUTE
    flat = Bars(stamps, closes, closes, closes, closes, np.ones(1500))
    raw = document("bars_since(close > 150) > 10", None)
    report = check(plan_of(raw, start=1000, end=1500), {"A": flat})
    (found,) = report.findings
    assert (found.kind, found.whole, found.less) == ("warm_up", 1.0, 0.0)


def test_too_few_bars_for_the_warm_up_say_so() -> None:
    raw = document("close > sma(close, 50)", None)
    report = check(plan_of(raw, start=10, end=40), {"A": generated(40, 1)})
    assert (report.starts, report.warm_up_bars) == (0, 49)
