"""The JSON Schema (draft 2020-12) of strategy documents, made from the tables that the parser reads with.

It checks the form of a document: fields, kinds, ranges and what must stand together. Expressions are texts to
it; only `parse_strategy` compiles them. What words they may use it tells editors, under `x-language`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from engine import levels, limits, sizing, triggers
from engine.fields import MAX_ID, MAX_NAME, MAX_TEXT, Range
from engine.language import language
from engine.named_indicators import MAX_INDICATORS
from engine.names import CATEGORIES, TIMEFRAMES
from engine.parameters import MAX_PARAMETERS, TYPES
from engine.strategy import SCHEMA
from engine.tokens import MAX_LENGTH

Schema = dict[str, Any]  # JSON: its values are of every kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NAME = "[A-Za-z_][A-Za-z0-9_]{0,39}"
_PARAMETER = {"type": "string", "pattern": rf"^\${_NAME}$"}
_NULL = {"type": "null"}
_EXPRESSION = {"$ref": "#/$defs/expression"}


def strategy_schema() -> Schema:
    """Return the schema, the caller's own copy. Null stands for a field that is left out."""
    return {
        "$schema": DIALECT,
        "title": "Stepfold strategy",
        "description": "When to enter, when to leave, what protects a position and how large it is.",
        **_object(
            {
                "schema": {"const": SCHEMA},
                "name": {"type": "string", "pattern": r"\S", "maxLength": MAX_NAME},
                "description": _text(),
                "parameters": _parameters(),
                "indicators": _indicators(),
                "triggers": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": triggers.MAX_TRIGGERS,
                    "items": {"$ref": "#/$defs/trigger"},
                    "contains": _has("entry"),
                },
                "sizing": _optional({"$ref": "#/$defs/sizing"}),
                "risk": _limits(limits.Risk),
                "behaviour": _limits(limits.Behaviour),
            },
            required=("name", "triggers"),
        ),
        "$defs": {
            "expression": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_LENGTH,
                "x-language": dict(language()),
            },
            "trigger": _trigger(),
            "order": _order(),
            "stop": _level("stop"),
            "target": _level("target"),
            "trailing": _level("trailing"),
            "sizing": _sizing(),
        },
    }


def _object(fields: Mapping[str, Schema], *, required: Iterable[str] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(fields), "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _optional(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NULL]}


def _text(limit: int = MAX_TEXT) -> Schema:
    return {"type": ["string", "null"], "maxLength": limit}


def _bounds(allowed: Range) -> Schema:
    return {
        "type": "integer" if allowed.whole else "number",
        "exclusiveMinimum" if allowed.above else "minimum": allowed.low,
        "exclusiveMaximum" if allowed.below else "maximum": allowed.high,
    }


def _number(allowed: Range) -> Schema:
    return {"anyOf": [_bounds(allowed), _PARAMETER]}


def _parameters() -> Schema:
    value = {"type": ["number", "boolean"]}
    specification = _object(
        {
            "type": {"enum": list(TYPES)},
            "default": value,
            "min": {"type": ["number", "null"]},
            "max": {"type": ["number", "null"]},
            "step": {"type": ["number", "null"], "exclusiveMinimum": 0},
            "description": {},
        },
        required=("default",),
    )
    return {
        "type": ["object", "null"],
        "maxProperties": MAX_PARAMETERS,
        "propertyNames": {"pattern": f"^{_NAME}$"},
        "additionalProperties": {"anyOf": [value, specification]},
    }


def _indicators() -> Schema:
    return {
        "type": ["object", "null"],
        "maxProperties": MAX_INDICATORS,
        "propertyNames": {"pattern": f"^{_NAME}$"},
        "additionalProperties": {"anyOf": [_EXPRESSION, {"type": "number"}]},
    }


def _limits(made: type[limits.Risk] | type[limits.Behaviour]) -> Schema:
    fields: dict[str, Schema] = {}
    for name in limits.names_of(made):
        if name in limits.FLAGS:
            fields[name] = {"anyOf": [{"type": ["boolean", "null"]}, _PARAMETER]}
        elif name in limits.CHOICES:
            fields[name] = {"enum": [*limits.CHOICES[name], None]}
        else:
            fields[name] = _optional(_number(limits.limit_range(name)))
        fields[name]["description"] = limits.MEANINGS[name]
    return {**_object(fields), "type": ["object", "null"]}


# --- triggers --------------------------------------------------------------------------------


def _trigger() -> Schema:
    protected = {"anyOf": [_has("stop"), _has("trailing")]}
    short_entry = {"allOf": [_is("direction", "short"), _has("entry")]}
    return {
        **_object(
            {
                "id": {"type": "string", "pattern": r"\S", "maxLength": MAX_ID},
                "description": _text(),
                "direction": {"enum": [*triggers.DIRECTIONS, None]},
                "category": {"enum": [*CATEGORIES, None]},
                "symbols": {
                    "type": ["array", "null"],
                    "maxItems": triggers.MAX_SYMBOLS,
                    "items": {"type": "string", "minLength": 1},
                },
                "timeframe": {"enum": [*TIMEFRAMES, None]},
                "entry": _optional(_EXPRESSION),
                "exit": _optional(_EXPRESSION),
                "exit_fraction": _optional(_number(triggers.EXIT_FRACTION)),
                "hold": _optional(_EXPRESSION),
                "order": _optional({"$ref": "#/$defs/order"}),
                "stop": _optional({"$ref": "#/$defs/stop"}),
                "target": _optional({"$ref": "#/$defs/target"}),
                "trailing": _optional({"$ref": "#/$defs/trailing"}),
                "max_bars": _optional(_number(triggers.MAX_BARS)),
                "min_reward_to_risk": _optional(_number(triggers.REWARD_TO_RISK)),
                "scale_in": _optional(_number(triggers.SCALE_IN)),
                "confidence": {"enum": [*limits.CONFIDENCES, None]},
            },
            required=("id",),
        ),
        "anyOf": [_has("entry"), _has("exit")],
        "allOf": [
            *(_when(_has(name), _has("entry")) for name in triggers.OF_ENTRIES),
            _when(_has("exit_fraction"), _has("exit")),
            _when(_is("direction", "both"), {"not": _has("entry")}),
            _when(short_entry, protected),
            _when(short_entry, {"properties": {"target": _target_of_a_short()}}),
            _when(_has("min_reward_to_risk"), {"allOf": [protected, _has("target")]}),
            _when({"properties": {"target": _has("r")}, **_named("target")}, protected),
        ],
    }


def _level(key: str) -> Schema:
    kinds: dict[str, Schema] = {
        "percent": _number(levels.percent_range(key, "long")),
        "atr": _number(levels.MULTIPLE),
        "distance": _EXPRESSION,
        "price": _EXPRESSION,
        "r": _number(levels.MULTIPLE),
        "step_percent": _number(levels.BELOW_ALL),
    }
    forms = [
        _object(
            {kind: kinds[kind], **({"period": _optional(_number(levels.PERIOD))} if kind == "atr" else {})},
            required=(kind,),
        )
        for kind in levels.KINDS[key]
    ]
    return {"anyOf": [*forms, *([_EXPRESSION] if "price" in levels.KINDS[key] else [])]}


def _target_of_a_short() -> Schema:
    return {"properties": {"percent": _number(levels.percent_range("target", "short"))}}


def _order() -> Schema:
    bars = {"valid_for": _optional(_number(levels.VALID_FOR))}
    resting = [_object({kind: _EXPRESSION, **bars}, required=(kind,)) for kind in ("limit", "stop")]
    return {"anyOf": [{"const": "market"}, *resting]}


def _sizing() -> Schema:
    profile = {
        **_object({c: _number(sizing.MULTIPLIER) for c in limits.CONFIDENCES}),
        "type": ["object", "null"],
    }
    forms = []
    for name, mode in sizing.MODES.items():
        fields = {"mode": {"const": name}, mode.field: _number(mode.allowed), "profile": profile}
        fields |= {other: _number(sizing.PERIOD) for other in mode.others}
        # The mode may be left unsaid where it is the default, and with it its share.
        forms.append(_object(fields, required=() if name == sizing.DEFAULT.mode else ("mode", mode.field)))
    return {"anyOf": forms}


# --- what must stand together ----------------------------------------------------------------


def _named(name: str) -> Schema:
    return {"required": [name]}


def _has(name: str) -> Schema:
    """The field is there and says something."""
    return {**_named(name), "properties": {name: {"not": _NULL}}}


def _is(name: str, value: str) -> Schema:
    return {**_named(name), "properties": {name: {"const": value}}}


def _when(condition: Schema, then: Schema) -> Schema:
    return {"if": condition, "then": then}
