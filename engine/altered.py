"""Copies of frozen dataclasses where `dataclasses.replace` would check again what is known to be right."""

from typing import TypeVar

_T = TypeVar("_T")


def altered(frozen: _T, **changes: object) -> _T:
    """Return a copy of a frozen dataclass with other values in some fields, which nothing checks."""
    made: _T = object.__new__(type(frozen))
    values = vars(made)
    values.update(vars(frozen))
    values.update(changes)
    # What a cached property remembers belongs to the original.
    fields = type(frozen).__dataclass_fields__  # type: ignore[attr-defined]
    if len(values) > len(fields):
        for name in values.keys() - fields.keys():
            del values[name]
    return made
