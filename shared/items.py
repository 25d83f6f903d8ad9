"""Python values as DynamoDB attributes and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast


def to_attribute(value: object) -> dict[str, Any]:
    """Write one value. Floats keep every digit that Python prints. Raises TypeError for what has no place."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | float):
        return {"N": str(Decimal(repr(value)))}
    if isinstance(value, Mapping):
        return {"M": {str(key): to_attribute(entry) for key, entry in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [to_attribute(entry) for entry in value]}
    raise TypeError(f"{type(value).__name__} has no place in the index")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """Read one value; numbers without a fraction become int."""
    kind, value = next(iter(attribute.items()))
    if kind == "NULL":
        return None
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else float(value)
    if kind == "M":
        return {key: from_attribute(entry) for key, entry in value.items()}
    if kind == "L":
        return [from_attribute(entry) for entry in value]
    return value


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Write an item; keys whose value is None are left out, for a null key cannot be indexed."""
    return {key: to_attribute(value) for key, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: cast(Any, from_attribute(attribute)) for key, attribute in item.items()}
