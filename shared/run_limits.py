"""What one run may take, and how many runs an owner may have. Settings of the stage, each with a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class RunLimits:
    """A field is set by `-c name=…` at the deployment, and stands on every function as STEPFOLD_NAME."""

    max_symbols: int = 50
    """No more than a request may name anyway (shared.requests)."""
    max_bars: int = 100_000_000
    """Of all symbols together, finer candles included; ten symbols' minutes of four years are 21 million."""
    max_events: int = 20_000_000
    """What a run writes down; a thousand to a part, about."""
    max_run_seconds: int = 20 * 3600
    """From the run's start, its retries included; below the 24 hours that a workflow lives."""
    max_runs_at_once: int = 50
    """Of one owner; further ones wait."""
    max_runs_queued: int = 1000
    """Of one owner, waiting; further ones are told to come again."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RunLimits:
        """Read what is set. Raises ValueError naming the variable that is no whole number above 0."""
        given = {}
        for name in names_of_limits():
            text = environment.get(variable(name))
            if text:
                if not (text.isascii() and text.isdigit() and int(text)):
                    raise ValueError(f"{variable(name)} is {text!r}; it must be a whole number above 0")
                given[name] = int(text)
        return cls(**given)


def names_of_limits() -> tuple[str, ...]:
    return tuple(field.name for field in fields(RunLimits))


def variable(name: str) -> str:
    """Return the variable of a function's environment that carries a limit."""
    return f"STEPFOLD_{name.upper()}"
