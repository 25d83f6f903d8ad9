"""The `parameters` of a strategy document: declared with a type and a range, resolved for one run."""

import math
import re
from collections.abc import Mapping

from engine.errors import Issue
from engine.suggest import did_you_mean, shorten

MAX_PARAMETERS = 50
NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}\Z", re.IGNORECASE)

Value = float | int | bool
TYPES = {"int": int, "float": float, "bool": bool}
_KEYS = ("type", "default", "min", "max", "step", "description")


def resolve_parameters(
    declared: object, given: Mapping[str, object], issues: list[Issue]
) -> dict[str, Value]:
    """Return a value for each declared parameter, the given one or its default; faults go to `issues`."""
    if declared is None:
        declared = {}
    if not isinstance(declared, Mapping):
        issues.append(
            Issue("parameters", "must be a mapping of names: fast: {type: int, default: 12}", declared)
        )
        return {}
    if len(declared) > MAX_PARAMETERS:
        issues.append(Issue("parameters", f"has {len(declared)} entries; {MAX_PARAMETERS} are allowed"))
        return {}
    values: dict[str, Value] = {}
    for name, specification in declared.items():
        path = f"parameters.{str(name)[:40]}"
        if not isinstance(name, str) or not NAME.match(name):
            issues.append(Issue(path, "a name is letters, digits and _, at most 40 characters", name))
            continue
        value = _resolve(path, name, specification, given, issues)
        # After a fault any value will do: the rules that use it should not complain as well.
        values[name] = 1 if value is None else value
    for name in given:
        if name not in declared:
            known = [str(n) for n in declared]
            hint = did_you_mean(str(name), known)
            hint = hint or (f"; declared are {', '.join(known)}" if known else "; the document declares none")
            issues.append(Issue(f"parameters.{str(name)[:40]}", f"unknown parameter{hint}", given[name]))
    return values


def _resolve(
    path: str, name: str, specification: object, given: Mapping[str, object], issues: list[Issue]
) -> Value | None:
    if isinstance(specification, bool | int | float):
        specification = {"default": specification}
    if not isinstance(specification, Mapping):
        issues.append(
            Issue(path, "must be a value or {type: int, default: 12, min: 2, max: 50}", specification)
        )
        return None
    before = len(issues)
    for key in specification:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS) or f"; known are {', '.join(_KEYS)}"
            issues.append(Issue(f"{path}.{str(key)[:40]}", f"unknown field{hint}", key))
    if "default" not in specification:
        issues.append(Issue(path, "needs a default", None))
        return None
    default = specification["default"]
    kind = specification.get("type", _kind_of(default))
    if not isinstance(kind, str) or kind not in TYPES:
        issues.append(Issue(f"{path}.type", "must be int, float or bool", kind))
        return None
    low = _bound(path, "min", kind, specification, issues)
    high = _bound(path, "max", kind, specification, issues)
    if low is not None and high is not None and low > high:
        issues.append(Issue(f"{path}.min", f"min {low:g} is above max {high:g}", low))
        return None
    step = specification.get("step")
    if step is not None and (
        isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < math.inf
    ):
        issues.append(Issue(f"{path}.step", "must be a positive number", step))
    checked_default = _check(f"{path}.default", default, kind, low, high, issues)
    if len(issues) > before:
        return None
    return _check(path, given[name], kind, low, high, issues) if name in given else checked_default


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) else "float"


def _bound(
    path: str, key: str, kind: str, specification: Mapping[object, object], issues: list[Issue]
) -> float | None:
    value = specification.get(key)
    if value is None:
        return None
    if kind == "bool" or _number(value) is None:
        message = "a bool has no range" if kind == "bool" else "must be a finite number"
        issues.append(Issue(f"{path}.{key}", message, value))
        return None
    return _number(value)


def _number(value: object) -> float | None:
    """A finite number as float; None for anything else (a bool is no number)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and value.bit_length() > 1000:
        return None
    return float(value) if math.isfinite(value) else None


def _check(
    path: str, value: object, kind: str, low: float | None, high: float | None, issues: list[Issue]
) -> Value | None:
    if kind == "bool":
        if isinstance(value, bool):
            return value
        issues.append(Issue(path, f"must be true or false, not {shorten(value)}", value))
        return None
    number = _number(value)
    if number is None or (kind == "int" and number != math.floor(number)):
        wanted = "a whole number" if kind == "int" else "a finite number"
        issues.append(Issue(path, f"must be {wanted}, not {shorten(value)}", value))
        return None
    if (low is not None and number < low) or (high is not None and number > high):
        span = " and ".join(
            part
            for part in (
                f"at least {low:g}" if low is not None else "",
                f"at most {high:g}" if high is not None else "",
            )
            if part
        )
        issues.append(Issue(path, f"{number:g} is out of range; it must be {span}", value))
        return None
    return int(number) if kind == "int" else number
