"""The one error tree.

StepfoldError
├── InvalidInputError         422  the request cannot be carried out as sent; carries one Issue per field
│   └── RunLimitError         422  the run is over what one run may take; also found while it runs
├── NotFoundError             404  no such thing, or it belongs to somebody else
├── ConflictError             409  the thing is there, but not in a state that allows this
│   ├── InUseError            409  a dataset cannot go: runs use it; carries their ids
│   ├── IdTakenError          409  a strategy has this id already; carries its version
│   ├── NotFinishedError      409  results were asked of a run that has none (yet)
│   └── StaleVersionError     409  the thing was changed since the client read it; carries its version now
├── TooManyRunsError          429  an owner's queue is full; says when to come again
├── TooLargeError             413  the answer or the body is over a gateway's limit
├── ExchangeError             503  an exchange refuses, is not reached or makes no sense; says which
├── SupersededError                another attempt of the same run took over; stop without a trace
├── RunRejectedError               a workflow step found something that no retry can mend
└── StoreCorruptError         500  an object is missing or is not what its manifest says
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with an input: where (`symbols[1]`), what, and what to do about it."""

    path: str
    message: str
    value: object = None
    position: int | None = None

    def to_dict(self) -> dict[str, object]:
        return {key: value for key, value in asdict(self).items() if value is not None}


def field_path(location: Iterable[object]) -> str:
    """Write `("symbols", 1)` as `symbols[1]`."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else str(part)
    return path or "body"


class StepfoldError(Exception):
    """Whatever Stepfold itself says is wrong; anything else that is raised is a bug or a fault."""

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidInputError(StepfoldError):
    code = "invalid_input"

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("; ".join(f"{issue.path}: {issue.message}" for issue in issues))
        self.issues = tuple(issues)


class RunLimitError(InvalidInputError):
    code = "over_limit"


class NotFoundError(StepfoldError):
    code = "not_found"


class ConflictError(StepfoldError):
    code = "conflict"


class InUseError(ConflictError):
    code = "in_use"

    def __init__(self, detail: str, run_ids: Sequence[str]) -> None:
        """`run_ids` are those of the asker; of others' runs nothing is said but that they are there."""
        super().__init__(detail)
        self.run_ids = tuple(run_ids)


class IdTakenError(ConflictError):
    code = "id_taken"

    def __init__(self, detail: str, strategy_id: str, current_version: int) -> None:
        super().__init__(detail)
        self.strategy_id = strategy_id
        self.current_version = current_version


class NotFinishedError(ConflictError):
    code = "not_finished"

    def __init__(self, run_id: str, status: str, error: Mapping[str, object] | None = None) -> None:
        """`error` is why a failed run failed."""
        reason = f": {error['detail']}" if error and "detail" in error else ""
        super().__init__(f"backtest {run_id} has no results: it is {status}{reason}")
        self.status = status
        self.error = error


class StaleVersionError(ConflictError):
    code = "stale_version"

    def __init__(self, detail: str, current_version: int) -> None:
        super().__init__(detail)
        self.current_version = current_version


class TooManyRunsError(StepfoldError):
    code = "too_many_runs"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooLargeError(StepfoldError):
    code = "too_large"


class ExchangeError(StepfoldError):
    """`reason` is rate_limited, timed_out, unreachable, malformed or refused; only the last is for good.

    `retry_after` are the seconds that the exchange asks to wait, where it says so.
    """

    def __init__(self, exchange: str, reason: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.exchange = exchange
        self.reason = reason
        self.retry_after = retry_after
        self.code = f"exchange_{reason}"

    @property
    def for_good(self) -> bool:
        return self.reason == "refused"


class SupersededError(StepfoldError):
    code = "superseded"


class StoreCorruptError(StepfoldError):
    code = "store_corrupt"


class RunRejectedError(StepfoldError):
    """Ends a workflow at once; its message is the JSON that `settle` shows to the user.

    Step Functions sees no more of a Lambda's exception than its class name and its text.
    """

    code = "rejected"

    def __init__(self, code: str, detail: str, issues: Sequence[Issue] = ()) -> None:
        self.body: Mapping[str, object] = {
            "code": code,
            "detail": detail,
            "errors": [issue.to_dict() for issue in issues],
        }
        super().__init__(json.dumps(self.body))

    @classmethod
    def wrap(cls, error: StepfoldError) -> RunRejectedError:
        """Say permanently what `error` says."""
        issues = error.issues if isinstance(error, InvalidInputError) else ()
        return cls(error.code, error.detail, issues)
