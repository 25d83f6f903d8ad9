"""What is explained of a bar is what the run decided there: rule by rule, and down to the operands."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    Bars,
    BarsError,
    Explanation,
    Funding,
    Market,
    Plan,
    PlanError,
    explain,
    initial_state,
    parse_strategy,
    preset,
    preset_ids,
    simulate,
)
from engine import layout as L  # noqa: N812
from engine.conditions import Condition
from engine.explanation import RuleExplanation
from engine.machine import uncompiled_kernel
from engine.plan_arrays import program_of
from engine.why import Explainer
from tests.engine.evaluating import evaluate
from tests.engine.market import MINUTE, candles, document, generated, rows
from tests.engine.test_properties import EVERYTHING

POSITION = {
    "name": "position",
    "parameters": {"least": 1.0},
    "indicators": {"e": "ema(close, 5)", "gain": "pnl_pct", "good": "gain > $least and close > e"},
    "triggers": [
        {
            "id": "in",
            "entry": "crosses_above(close, e) and equity > 0 and not (position in ['long', 'short'])",
            "exit": "gain < -1 or 7 <= age < 20 or good",
            "hold": "age < 3 and close > e",
            "stop": {"percent": 3},
            "target": {"r": 2},
            "scale_in": 2,
        },
        {"id": "half", "exit": "current_r > 0.3 and close > open", "exit_fraction": 0.5},
        {"id": "alarm", "category": "emergency_exit", "exit": "min(pnl, mae_r) < -40 or stop_hit"},
        {"id": "add", "entry": "close > e and entries < 2 and exposure < 0.9", "scale_in": 2},
    ],
    "sizing": {"fraction": 0.3},
    "behaviour": {"min_hold_hours": 0.05},
}
FRAMES = {
    "name": "frames",
    "indicators": {"slow": "sma(close, 8)", "up": "close > slow and rising(close, 2)"},
    "triggers": [
        {
            "id": "long",
            "entry": "tf('5m', crosses_above(close, slow) or up) and close not between 90 and 95",
            "exit": "close < tf('15m', slow * 0.99) or not tf('5m', up)",
            "stop": {"distance": "2 * atr(5)"},
        },
        {
            "id": "short",
            "direction": "short",
            "timeframe": "5m",
            "entry": "close < slow and position == 'flat'",
            "exit": "up and pnl_pct > -50",
            "stop": {"percent": 2},
            "trailing": {"percent": 3},
        },
        {"id": "any", "exit": "count(close > open, 6) in [0, 6]"},
    ],
    "sizing": {"mode": "risk", "risk_pct": 2},
    "behaviour": {"conflicting_signals": "reverse"},
}
DOCUMENTS: dict[str, dict[str, Any]] = {"everything": EVERYTHING, "position": POSITION, "frames": FRAMES}
WITH_PRESETS = [*DOCUMENTS, *preset_ids()]
SPAN = 700


def plan_of(raw: dict[str, Any], symbols: tuple[str, ...] = ("A",), start: int = 20, end: int = SPAN) -> Plan:
    funding = Funding.constant(0.5, 8, 0, end * MINUTE)
    return Plan(
        parse_strategy(raw),
        tuple(Market(symbol) for symbol in symbols),
        MINUTE,
        start * MINUTE,
        end * MINUTE,
        1000.0,
        funding=(funding,) * len(symbols),
        record_indicators=False,
    )


def fired(plan: Plan, bars: dict[str, Bars], at: int) -> list[bool]:
    """Which entry and exit rules the kernel counted as fired at the close of the row `at`."""
    before, _ = simulate(plan, initial_state(plan), {s: b.between(0, at) for s, b in bars.items()})
    after, _ = simulate(plan, before, {s: b.between(at, at + MINUTE) for s, b in bars.items()})
    count, rules = len(plan.markets), len(program_of(plan).rules)
    first = L.GI_SIZE + count * (L.SI_SIZE + rules * L.NI_SIZE) + L.TI_FIRED
    changed = (after.ints - before.ints)[first :: L.TI_SIZE]
    return [bool(n) for n in changed[:rules].tolist()]


def explained_rules(found: Explanation) -> dict[tuple[str, str], RuleExplanation]:
    return {(trigger.trigger_id, rule.rule): rule for trigger in found.triggers for rule in trigger.rules}


def every(condition: Condition) -> list[Condition]:
    return [condition, *(inner for part in condition.parts for inner in every(part))]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(WITH_PRESETS), st.integers(0, 10_000), st.floats(0, 0.999))
def test_what_is_explained_is_what_the_kernel_decided(name: str, seed: int, place: float) -> None:
    raw = DOCUMENTS.get(name) or dict(preset(name))
    bars = {"A": generated(SPAN, seed, holes=0.02)}
    plan = plan_of(raw)
    inside = bars["A"].between(plan.start_ms, plan.end_ms)
    at = int(inside.timestamp[int(place * len(inside))])
    found = explain(plan, bars, "A", at)
    by_kernel = fired(plan, bars, at)
    told = explained_rules(found)
    words = evaluate(program_of(replace(plan, record_indicators=True)), bars["A"])
    word = int(words.bits[int(bars["A"].timestamp.searchsorted(at))])
    latched = found.latched_by
    for number, rule in enumerate(program_of(plan).rules):
        trigger = plan.strategy.triggers[rule.trigger]
        explanation = told[trigger.id, rule.kind]
        gate = bool(word >> number & 1)
        if program_of(plan).state_ranges[2 * number + 1] == 0:
            assert explanation.truth == gate, (trigger.id, rule.kind)
        else:
            assert gate or not explanation.truth
        if rule.kind == "hold" or (rule.is_exit and latched == trigger.id):
            continue
        assert by_kernel[number] == (explanation.truth and explanation.counts), (trigger.id, rule.kind)
        assert (explanation.outcome in ("order", "blocked")) == by_kernel[number], (trigger.id, rule.kind)
    json.dumps(found.to_dict(), allow_nan=False)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(DOCUMENTS)), st.integers(0, 10_000), st.integers(20, 300))
def test_two_markets_are_explained_as_they_share_the_account(name: str, seed: int, minute: int) -> None:
    bars = {"A": generated(320, seed, holes=0.1), "B": generated(320, seed + 1, holes=0.3)}
    plan = plan_of(DOCUMENTS[name], ("A", "B"), end=320)
    at = minute * MINUTE
    here = [s for s, b in bars.items() if at in b.timestamp]
    told = {symbol: explained_rules(explain(plan, bars, symbol, at)) for symbol in here}
    for number, (rule, counted) in enumerate(zip(program_of(plan).rules, fired(plan, bars, at), strict=True)):
        trigger = plan.strategy.triggers[rule.trigger]
        if rule.kind != "hold" and here:
            expected = any(r.truth and r.counts for r in (told[s][trigger.id, rule.kind] for s in here))
            assert counted == expected, (number, trigger.id, rule.kind)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(DOCUMENTS)), st.integers(0, 10_000), st.lists(st.integers(0, 250), max_size=4))
def test_segments_and_the_uncompiled_kernel_explain_the_same(name: str, seed: int, cuts: list[int]) -> None:
    bars = {"A": generated(250, seed)}
    plan = plan_of(DOCUMENTS[name], end=250)
    at = 200 * MINUTE
    whole = explain(plan, bars, "A", at)
    explainer = Explainer(plan, "A", at, kernel=uncompiled_kernel())
    borders = [0, *sorted(cuts), 251]
    for first, end in pairwise(borders):
        explainer.take({"A": bars["A"].between(first * MINUTE, end * MINUTE)})
    assert explainer.explanation().to_dict() == whole.to_dict()


def test_a_crossing_shows_both_bars_and_the_fill_at_the_next_open() -> None:
    # The close crosses above 100 at minute 3; the entry fills at the open of minute 4, 104.
    bars = {"A": candles([(98, 99), (99, 98), (98, 99), (99, 102), (104, 105), (105, 106)])}
    raw = document("crosses_above(close, line)", "close > 1000", indicators={"line": "50 * 2"})
    plan = replace(plan_of(raw, start=1, end=6), funding=(None,))
    found = explain(plan, bars, "A", 3 * MINUTE)
    entry = explained_rules(found)["t", "entry"]
    assert (entry.truth, entry.counts, entry.counts_because, entry.outcome) == (True, True, "flat", "order")
    close, line = entry.condition.parts
    assert (close.text, close.value, close.before, close.is_crossing) == ("close", 102.0, 99.0, True)
    assert (line.text, line.value, line.before, line.definition) == ("line", 100.0, 100.0, "50 * 2")
    assert found.decision is not None
    assert (found.decision.trigger_id, found.decision.outcome) == ("t", "filled")
    (fill,) = found.decision.fills
    assert (fill["timestamp"], fill["side"], fill["decided_at"]) == (4 * MINUTE, "buy", 3 * MINUTE)
    assert fill["price"] == pytest.approx(104 * 1.0002)
    assert [event.type for event in found.events] == ["trigger_fired", "order_submitted"]
    held = explain(plan, bars, "A", 4 * MINUTE)
    assert held.position is not None
    assert (held.position.side, held.position.trigger_id, held.position.bars_held) == ("long", "t", 1)
    assert explained_rules(held)["t", "entry"].counts is False
    assert held.decision is None


def test_operands_names_and_missing_values_are_told() -> None:
    bars = {"A": candles([(10, 10), (10, 11), (11, 12), (12, 13)])}
    raw = document(
        "close > slow * 1.1 or (volume > 0 and slow[2] > 0)",
        "pnl_pct > 1",
        indicators={"slow": "sma(close, 3)"},
    )
    plan = replace(plan_of(raw, start=1, end=4), funding=(None,))
    told = explained_rules(explain(plan, bars, "A", 2 * MINUTE))
    parts = {part.text: part for part in every(told["t", "entry"].condition)}
    # The average of 10, 11 and 12.
    assert parts["slow * 1.1"].value == pytest.approx(12.1)
    assert (parts["slow"].value, parts["slow"].definition) == (11.0, "sma(close, 3)")
    assert (parts["slow[2]"].value, parts["slow[2] > 0"].truth) == (None, False)
    assert [part.text for part in told["t", "entry"].condition.parts] == [
        "close > slow * 1.1",
        "volume > 0 and slow[2] > 0",
    ]
    exit_rule = told["t", "exit"]
    assert (exit_rule.counts, exit_rule.counts_because) == (False, "flat: exits do not count")
    assert exit_rule.condition.parts[0].value is None


def test_a_blocked_entry_names_reason_and_values() -> None:
    bars = {"A": candles([(100, 100)] * 6)}
    raw = document("close > 1", None, fraction=0.5)
    plan = replace(plan_of(raw, start=1, end=6), markets=(Market("A", min_notional=600.0),), funding=(None,))
    found = explain(plan, bars, "A", 2 * MINUTE)
    assert found.decision is not None
    assert found.decision.outcome == "blocked"
    assert found.decision.block is not None
    assert found.decision.block["reason"] == "min_notional"
    assert found.decision.block["min_notional"] == 600.0
    (trigger,) = found.triggers
    assert trigger.entry is not None
    assert trigger.entry.qty == pytest.approx(5.0)


def test_an_outranked_rule_and_a_held_back_exit() -> None:
    bars = {"A": candles([(100, 100 + n) for n in range(8)])}
    raw = {
        "name": "x",
        "triggers": [
            {"id": "first", "entry": "close > 101", "exit": "close > 104", "hold": "age < 5"},
            {"id": "second", "entry": "close > 101"},
        ],
        "sizing": {"fraction": 0.5},
    }
    plan = replace(plan_of(raw, start=1, end=8), funding=(None,))
    told = explained_rules(explain(plan, bars, "A", 2 * MINUTE))
    assert told["first", "entry"].outcome == "order"
    block = told["second", "entry"].block
    assert block is not None
    assert (block["reason"], block["winner"]) == ("outranked", "first")
    held = explained_rules(explain(plan, bars, "A", 6 * MINUTE))
    block = held["first", "exit"].block
    assert block is not None
    # Blocked at minute 5 and 6: one block so far, of two closes.
    assert (block["reason"], block["held_by"], block["count"]) == ("hold_rule", "first", 2)
    assert held["first", "hold"].truth


def test_a_resting_order_is_followed_to_its_fill_and_to_its_end() -> None:
    pairs = [(100, 100), (100, 101), (101, 101), (101, 100), (100, 98), (98, 98)]
    raw = {
        "name": "x",
        "triggers": [
            {"id": "t", "entry": "close == 101 and close[1] == 100", "order": {"limit": "99", "valid_for": 3}}
        ],
        "sizing": {"fraction": 0.5},
    }
    plan = replace(plan_of(raw, start=0, end=6), funding=(None,))
    found = explain(plan, {"A": candles(pairs)}, "A", MINUTE)
    assert found.decision is not None
    assert (found.decision.order, found.decision.outcome) == ("limit", "filled")
    assert found.decision.fills[0]["timestamp"] == 4 * MINUTE
    away = [*pairs[:4], (100, 100), (100, 100)]
    missed = explain(plan, {"A": candles(away)}, "A", MINUTE).decision
    assert missed is not None
    assert missed.block is not None
    assert (missed.outcome, missed.block["reason"]) == ("blocked", "expired")
    short = explain(plan, {"A": candles(pairs[:2])}, "A", MINUTE).decision
    assert short is not None
    assert short.outcome == "waiting"


def test_what_cannot_be_explained_says_what_could() -> None:
    bars = {"A": generated(60, 1)}
    plan = plan_of(EVERYTHING, end=60)
    with pytest.raises(PlanError, match="B is not in this run; its symbols are A"):
        explain(plan, bars, "B", 30 * MINUTE)
    with pytest.raises(PlanError, match="no trigger 'nope'; the document has up, out, alarm, odd"):
        explain(plan, bars, "A", 30 * MINUTE, trigger="nope")
    with pytest.raises(BarsError, match=f"no bar at {30 * MINUTE + 1}.*nearest before is {30 * MINUTE}"):
        explain(plan, bars, "A", 30 * MINUTE + 1)
    with pytest.raises(BarsError, match=f"{10 * MINUTE} lies outside this run's span, from"):
        explain(plan, bars, "A", 10 * MINUTE)


def test_one_trigger_alone_is_the_same_as_among_all() -> None:
    bars = {"A": generated(200, 4)}
    plan = plan_of(FRAMES, end=200)
    whole = explain(plan, bars, "A", 150 * MINUTE)
    for trigger in whole.triggers:
        alone = explain(plan, bars, "A", 150 * MINUTE, trigger=trigger.trigger_id)
        assert alone.triggers == [trigger]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(25, 199))
def test_parts_agree_with_what_they_are_parts_of(seed: int, minute: int) -> None:
    """A chain of `and` or `or` has the truth of its parts; a comparison that of its operands' values."""
    bars = {"A": generated(200, seed)}
    compare = {">": np.greater, "<": np.less}
    for raw in DOCUMENTS.values():
        found = explain(plan_of(raw, end=200), bars, "A", minute * MINUTE)
        for rule in explained_rules(found).values():
            for part in every(rule.condition):
                inner = part.parts
                text = part.text
                if part.truth is None or not inner or part.definition:
                    continue
                if all(p.truth is not None for p in inner) and len(inner) > 1 and "tf(" not in text:
                    between = text[inner[0].end - part.start : inner[1].start - part.start]
                    joins = any if "or" in between else all
                    assert part.truth == joins(p.truth for p in inner), text
                for sign, holds in compare.items():
                    if len(inner) == 2 and text == f"{inner[0].text} {sign} {inner[1].text}":
                        left, right = (np.nan if p.value is None else p.value for p in inner)
                        assert part.truth == bool(holds(left, right)), text


def test_the_rows_of_a_decision_are_those_of_the_run() -> None:
    bars = {"A": generated(400, 9)}
    plan = plan_of(POSITION, end=400)
    _, output = simulate(plan, initial_state(plan), bars)
    table = rows(output.tables["fills"])
    decided = [fill for fill in table if fill["reason"] in ("entry_rule", "exit_rule")]
    assert len(decided) > 10
    for fill in decided[::3]:
        decision = explain(plan, bars, "A", fill["decided_at"]).decision
        assert decision is not None
        assert decision.outcome == "filled"
        (told,) = decision.fills
        assert (told["timestamp"], told["qty"], told["price"], told["reason"]) == (
            fill["timestamp"], fill["qty"], fill["price"], fill["reason"],
        )  # fmt: skip


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param("({0} and close > {1}) or ({0} and close < {1})", id="each names the one before twice"),
        pytest.param("not (" * 18 + "{0} and close > {1}" + ")" * 18, id="each is deep in brackets"),
    ],
)
def test_names_of_names_do_not_make_a_tree_that_bursts(definition: str) -> None:
    """Fourteen conditions that each named the one before twice made an explanation of 16 MB."""
    names = {"n0": "close > 1"} | {f"n{n}": definition.format(f"n{n - 1}", n) for n in range(1, 45)}
    plan = Plan(
        parse_strategy(document("n44", None, indicators=names)), (Market("A"),), MINUTE, 0, 9 * MINUTE
    )
    found = explain(plan, {"A": generated(9, 1)}, "A", 4 * MINUTE)
    text = json.dumps(found.to_dict())
    assert '"name": "n43"' in text
    assert len(text) < 100_000
