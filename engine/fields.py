"""The plain fields of a document: texts, choices and numbers, each with its range and its error.

A `Range` is said once: the parser checks with it, its messages quote it and the JSON Schema copies it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import Issue
from engine.parameters import Value
from engine.suggest import did_you_mean, shorten

MAX_TEXT = 10_000
MAX_NAME = 120
MAX_ID = 64


@dataclass(frozen=True)
class Range:
    """The numbers that a field takes. `above` and `below` leave the bound itself out."""

    low: float
    high: float
    above: bool = False
    below: bool = False
    whole: bool = False

    def __contains__(self, value: float) -> bool:
        reaches = value > self.low if self.above else value >= self.low
        within = value < self.high if self.below else value <= self.high
        return reaches and within and (not self.whole or value == math.floor(value))

    def __str__(self) -> str:
        kind = "a whole number " if self.whole else ""
        least = f"above {self.low:,g}" if self.above else f"at least {self.low:,g}"
        return f"{kind}{least} and {'below' if self.below else 'at most'} {self.high:,g}"


def check_fields(
    found: Mapping[str, object],
    path: str,
    known: Iterable[str],
    issues: list[Issue],
    elsewhere: Mapping[str, str] | None = None,
) -> None:
    """Report every field that is not `known`; `elsewhere` says where, or how, some others are written."""
    names = tuple(known)
    for key in found:
        if key in names:
            continue
        where = f"{path}.{str(key)[:40]}" if path else str(key)[:40]
        moved = (elsewhere or {}).get(key)
        if moved is not None:
            issues.append(Issue(where, f"'{key}' {moved}"))
            continue
        hint = did_you_mean(str(key), names) or f"; known are {', '.join(names)}"
        if ")" in str(key):
            # In YAML's {braces} the comma of sma(close, 20) begins the next field.
            hint = "; within { } an expression with a comma stands in quotes"
        issues.append(Issue(where, f"unknown field '{str(key)[:40]}'{hint}"))


def read_text(
    found: Mapping[str, object],
    key: str,
    path: str,
    issues: list[Issue],
    *,
    required: bool = False,
    limit: int = MAX_TEXT,
) -> str:
    value = found.get(key)
    where = f"{path}.{key}" if path else key
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        message = "is missing" if value is None else f"must be a text, not {shorten(value)}"
        issues.append(Issue(where, message, value))
        return ""
    if len(value) > limit:
        issues.append(Issue(where, f"has {len(value):,} characters; {limit:,} are allowed"))
        return ""
    return value


def read_choice(
    value: object, path: str, what: str, choices: Sequence[str], issues: list[Issue]
) -> str | None:
    """Return one of `choices`, or None with an issue; `what` is the noun of the message."""
    if isinstance(value, str) and value in choices:
        return value
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    issues.append(
        Issue(path, f"unknown {what} {shorten(value)}{hint or '; known are ' + ', '.join(choices)}", value)
    )
    return None


def read_number(
    value: object,
    path: str,
    allowed: Range,
    values: Mapping[str, Value],
    issues: list[Issue],
    example: str = "",
) -> float | None:
    """Return a number of the range, written as itself or as `$parameter`; None with an issue.

    `example` explains the unit: "0.95 is 95 % of equity".
    """
    given, source = _resolved(value, path, values, issues)
    if given is None:
        return None
    if isinstance(given, int | float) and not isinstance(given, bool) and _fits(given, allowed):
        return float(given)
    note = f" ({example})" if example else ""
    issues.append(Issue(path, f"must be {allowed}{note}, not {source}{shorten(given)}", value))
    return None


def read_flag(value: object, path: str, values: Mapping[str, Value], issues: list[Issue]) -> bool | None:
    """Return true or false, written as itself or as the `$parameter` of a bool."""
    given, source = _resolved(value, path, values, issues)
    if given is None or isinstance(given, bool):
        return given
    issues.append(Issue(path, f"must be true or false, not {source}{shorten(given)}", value))
    return None


def _fits(value: int | float, allowed: Range) -> bool:
    # Converting a huge integer to a float overflows; comparing it does not.
    return allowed.low <= value <= allowed.high and float(value) in allowed


def _resolved(
    value: object, path: str, values: Mapping[str, Value], issues: list[Issue]
) -> tuple[object, str]:
    """The value that is meant, and how a message introduces it; None when that is an issue already."""
    if value is None:
        issues.append(Issue(path, "is missing"))
        return None, ""
    if not isinstance(value, str) or not value.startswith("$"):
        return value, ""
    name = value[1:]
    if name in values:
        return values[name], f"{value} = "
    hint = did_you_mean(name, values) or "; declare it under 'parameters'"
    issues.append(Issue(path, f"unknown parameter '{value[:41]}'{hint}", value[:41]))
    return None, ""
