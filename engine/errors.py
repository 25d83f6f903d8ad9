"""What can go wrong in the engine.

EngineError
├── StrategyError   the document is wrong; carries one Issue for each fault
├── PlanError       the request around it is wrong; carries Issues as well
├── BarsError       the candles are not candles (unsorted, a high under its low, …)
└── StateError      bytes that are no state, or the state of another plan
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Issue:
    """One fault a user can act on.

    `path` is the place in the document (`triggers[0].entry`), `position` the character inside an
    expression (from 0), `value` what stood there.
    """

    path: str
    message: str
    value: object = None
    position: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class EngineError(Exception):
    """Base of everything the engine raises on purpose."""


class _IssuesError(EngineError):
    def __init__(self, issues: tuple[Issue, ...]) -> None:
        super().__init__("; ".join(str(issue) for issue in issues))
        self.issues = issues


class StrategyError(_IssuesError):
    """The strategy document is not valid."""


class PlanError(_IssuesError):
    """Markets, span, cash, costs or allocations do not make a run."""


class BarsError(EngineError):
    """The candles cannot be simulated."""


class StateError(EngineError):
    """The state cannot be read, or belongs to another plan or engine version."""
