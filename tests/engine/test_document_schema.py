"""The JSON Schema of documents says what the parser says, as far as a document's form goes."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import jsonschema_rs
import pytest

from engine import StrategyError, parse_strategy, preset, preset_ids, strategy_schema
from engine.document_schema import DIALECT
from engine.expression import parse_expression
from engine.functions import FUNCTIONS
from engine.graph import Graph
from tests.engine import indicators_page

SCHEMA = jsonschema_rs.Draft202012Validator(strategy_schema())


def agreed(raw: dict[str, Any]) -> bool:
    """Whether the document is taken, by both."""
    try:
        parse_strategy(raw)
        taken = True
    except StrategyError:
        taken = False
    assert SCHEMA.is_valid(raw) == taken, [error.message for error in SCHEMA.iter_errors(raw)]
    return taken


def document(trigger: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    parameters = {"n": {"type": "int", "default": 5, "min": 1, "max": 9}, "half": 0.5, "daily": True}
    triggers = [{"id": "t", "entry": "close > 1", **(trigger or {})}]
    return {"schema": 1, "name": "n", "parameters": parameters, "triggers": triggers, **fields}


def test_the_schema_is_one() -> None:
    assert strategy_schema()["$schema"] == DIALECT
    jsonschema_rs.meta.validate(strategy_schema())


@pytest.mark.parametrize("name", preset_ids())
def test_every_preset_is_valid(name: str) -> None:
    assert agreed(preset(name))


@pytest.mark.parametrize(
    "raw",
    [
        document(),
        document(description=None, indicators=None, sizing=None, risk=None, behaviour=None),
        document(indicators={"x": "close", "y": 3}),
        document({"exit": "close < 1", "exit_fraction": "$half", "hold": None}),
        document({"stop": {"percent": "$n"}, "target": {"r": 2}, "min_reward_to_risk": 1.5}),
        document({"stop": "low", "target": "high", "trailing": {"step_percent": 1}}),
        document({"stop": {"atr": 2, "period": 10}, "target": {"distance": "close"}}),
        document({"direction": "short", "trailing": {"distance": "high - low"}}),
        document({"order": "market"}),
        document({"order": {"limit": "close", "valid_for": 3}, "scale_in": 2, "max_bars": "$n"}),
        document({"order": {"stop": "high"}, "confidence": "A", "category": "reversal"}),
        document({"symbols": ["BTC-USDT"]}),
        document(triggers=[{"id": "a", "entry": "close > 1"}, {"id": "b", "exit": "close < 1"}]),
        document(
            triggers=[
                {"id": "a", "entry": "close > 1"},
                {"id": "b", "exit": "close < 1", "direction": "both"},
            ]
        ),
        document(sizing={}),
        document(sizing={"fraction": 3, "profile": {"A": 1, "B": 0.5}}),
        document(sizing={"mode": "risk", "risk_pct": 1}),
        document(sizing={"mode": "notional", "notional": 1000}),
        document(sizing={"mode": "volatility_target", "target_pct": 30, "period": 20}),
        document(risk={"max_daily_loss_pct": 3, "max_trades_per_day": None}),
        document(behaviour={"flatten_daily": "$daily", "exit_binding": "exact", "min_hold_hours": 2}),
    ],
)
def test_what_the_parser_takes_the_schema_takes(raw: dict[str, Any]) -> None:
    assert agreed(raw)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        document(schema=2),
        document(name=" "),
        document(trigers=[]),
        document(triggers=[]),
        document(triggers=[{"id": "a", "exit": "close > 1"}]),
        document(parameters={"a b": 1}),
        document(parameters={"n": {"type": "int"}}),
        document(parameters={"n": {"default": 1, "maximum": 3}}),
        document(indicators={"1x": "close"}),
        document({"id": ""}),
        document({"entry": 3}),
        document({"entry": None}),
        document({"direction": "up"}),
        document({"direction": "both"}),
        document({"direction": "short"}),
        document({"direction": "short", "stop": {"percent": 3}, "target": {"percent": 120}}),
        document({"category": "trend"}),
        document({"confidence": "D"}),
        document({"timeframe": "four hours"}),
        document({"symbols": "BTC-USDT"}),
        document({"stop": 2}),
        document({"stop": {}}),
        document({"stop": {"percent": 0}}),
        document({"stop": {"percent": 2, "atr": 2}}),
        document({"stop": {"percent": 2, "period": 14}}),
        document({"stop": {"r": 2}}),
        document({"stop": {"atr": 2, "period": 1.5}}),
        document({"target": {"r": 2}}),
        document({"target": {"step_percent": 2}}),
        document({"trailing": "low"}),
        document({"trailing": {"price": "low"}}),
        document({"min_reward_to_risk": 2}),
        document({"min_reward_to_risk": 2, "stop": {"percent": 1}}),
        document({"order": "limit"}),
        document({"order": {"limit": "close", "stop": "close"}}),
        document({"order": {"valid_for": 3}}),
        document({"exit_fraction": 0.5}),
        document({"exit": "close < 1", "exit_fraction": 0}),
        document({"scale_in": 0}),
        document({"max_bars": 1.5}),
        document(
            triggers=[
                {"id": "a", "entry": "close > 1"},
                {"id": "b", "exit": "close < 1", "stop": {"percent": 1}},
            ]
        ),
        document(sizing=0.5),
        document(sizing={"mode": "kelly"}),
        document(sizing={"fraction": 0}),
        document(sizing={"fraction": "half"}),
        document(sizing={"mode": "risk"}),
        document(sizing={"mode": "risk", "fraction": 0.5}),
        document(sizing={"mode": "volatility_target", "target_pct": 30, "period": 1}),
        document(sizing={"profile": {"D": 1}}),
        document(risk={"daily_loss": 3}),
        document(risk={"max_trades_per_day": 2.5}),
        document(risk=[]),
        document(behaviour={"conflicting_signals": "panic"}),
        document(behaviour={"flatten_daily": 1}),
        document(behavior={}),
    ],
)
def test_what_is_broken_both_refuse(raw: dict[str, Any]) -> None:
    assert not agreed(raw)


FULL = document(
    {
        "description": "text",
        "direction": "long",
        "category": "reversal",
        "confidence": "A",
        "symbols": ["BTC-USDT"],
        "timeframe": "4h",
        "exit": "close < 1",
        "exit_fraction": 0.5,
        "hold": "volume > 1",
        "order": {"limit": "close", "valid_for": 3},
        "stop": {"atr": 2, "period": 10},
        "target": {"r": 2},
        "trailing": {"step_percent": 1},
        "max_bars": 10,
        "min_reward_to_risk": 1.5,
        "scale_in": 2,
    },
    description="text",
    indicators={"x": "close", "y": 2},
    sizing={"mode": "volatility_target", "target_pct": 30, "period": 20, "profile": {"A": 1}},
    risk={"max_daily_loss_pct": 3, "max_trades_per_day": 4},
    behaviour={"flatten_daily": True, "exit_binding": "exact", "min_hold_hours": 1},
)
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 7, 101, 1e9, 10**400, float("inf"), float("nan"), "", " ", "close",
    "close > 1", "$n", "$nothing", "$", "A", "x" * 20_000, [], [1], ["close"], {}, {"percent": 2}, {"r": 1},
    {"a": {"b": None}}, {1: 2}, b"close", object(),
)  # fmt: skip


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, from the outermost on."""
    keys = found.keys() if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(found[key], (*path, key))


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    raw = copy.deepcopy(FULL)
    inner: Any = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return raw


@pytest.mark.parametrize("path", list(places(FULL)), ids=lambda path: ".".join(map(str, path)))
def test_whatever_stands_anywhere_is_taken_or_refused_and_never_breaks(path: tuple[Any, ...]) -> None:
    for value in HOSTILE:
        raw = changed(path, value)
        with suppress(StrategyError):
            parse_strategy(raw)
            assert SCHEMA.is_valid(raw), (value, [error.message for error in SCHEMA.iter_errors(raw)])


def test_an_editor_may_offer_every_word_that_it_lists() -> None:
    """The parser knows every function, name and text of them."""
    words = strategy_schema()["$defs"]["expression"]["x-language"]
    example = {function.name: indicators_page.example(function) for function in FUNCTIONS.values()}
    assert [function["name"] for function in words["functions"]] == list(example)
    texts = [*words["fields"], *words["states"], *words["ready"], *(f"{w}_9" for w in words["short_forms"])]
    texts += example.values()
    texts += [f"{name} == '{word}'" for name, known in words["texts"].items() for word in known]
    for text in texts:
        parse_expression(text, Graph(), {}, {})
