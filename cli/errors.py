"""What can go wrong for somebody at a command line, and the exit code of each: mapped here, once.

CommandError                 1  something that is nobody's input: a fault of the service
├── UsageError               2  the command line itself (also everything that Typer refuses)
├── BadInputError            3  a value, a file or a request that cannot be carried out (HTTP 400, 413, 422)
├── NotFoundError            4  no such run, strategy, dataset (HTTP 404)
├── ConflictError            5  not in a state that allows it, or not finished (HTTP 409)
├── UnreachableError         6  no answer from the API, or none that is the API's
├── RunFailedError           7  the run or the import ended without a result
├── UnauthorisedError        8  no token, or not a valid one (HTTP 401, 403)
└── CheckFailedError         9  a check found what it looked for
(ctrl-C)                   130
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from shared.errors import Issue


class ExitCode(IntEnum):
    OK = 0
    FAULT = 1
    USAGE = 2
    BAD_INPUT = 3
    NOT_FOUND = 4
    CONFLICT = 5
    UNREACHABLE = 6
    RUN_FAILED = 7
    UNAUTHORISED = 8
    CHECK_FAILED = 9
    INTERRUPTED = 130


MEANINGS: Mapping[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.FAULT: "a fault of the service or of stepfold itself",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.BAD_INPUT: "a value, a file or a request that cannot be carried out",
    ExitCode.NOT_FOUND: "no such run, strategy or dataset",
    ExitCode.CONFLICT: "not in a state that allows it, or the local stack is not up",
    ExitCode.UNREACHABLE: "the API does not answer",
    ExitCode.RUN_FAILED: "the run or the import failed or was cancelled",
    ExitCode.UNAUTHORISED: "no valid token in STEPFOLD_TOKEN",
    ExitCode.CHECK_FAILED: "a check found a lookahead or a warm-up that is too short",
    ExitCode.INTERRUPTED: "ctrl-C; a run that was started goes on",
}


class CommandError(Exception):
    """Ends a command: what happened, the fields it is about, and what to do (`hint`)."""

    exit_code = ExitCode.FAULT

    def __init__(self, detail: str, issues: Sequence[Issue] = (), hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.issues = tuple(issues)
        self.hint = hint


class UsageError(CommandError):
    exit_code = ExitCode.USAGE


class BadInputError(CommandError):
    exit_code = ExitCode.BAD_INPUT


class NotFoundError(CommandError):
    exit_code = ExitCode.NOT_FOUND


class ConflictError(CommandError):
    exit_code = ExitCode.CONFLICT


class UnreachableError(CommandError):
    exit_code = ExitCode.UNREACHABLE


class RunFailedError(CommandError):
    exit_code = ExitCode.RUN_FAILED


class UnauthorisedError(CommandError):
    exit_code = ExitCode.UNAUTHORISED


class CheckFailedError(CommandError):
    exit_code = ExitCode.CHECK_FAILED


_BY_STATUS: Mapping[int, type[CommandError]] = {
    400: BadInputError,
    401: UnauthorisedError,
    403: UnauthorisedError,
    404: NotFoundError,
    409: ConflictError,
    413: BadInputError,
    422: BadInputError,
}
_HINTS: Mapping[type[CommandError], str] = {
    UnauthorisedError: "put a valid token into STEPFOLD_TOKEN",
}
# Of fields whose option is not called like them.
_HINTS_BY_PATH: Mapping[str, str] = {
    "funding": "write --funding-bps 1, or 0 if you mean none; --funding stored, where rates are held"
}


def of_answer(status: int, body: object) -> CommandError:
    """Say an answer of the API that is an error (RFC 9457, or a gateway's own words) as a command's error."""
    kind = _BY_STATUS.get(status, BadInputError if 400 <= status < 500 else CommandError)
    problem = body if isinstance(body, dict) else {}
    detail = problem.get("detail") or problem.get("message") or problem.get("title")
    if not isinstance(detail, str):
        detail = f"the API answered {status}"
    elif kind is CommandError:
        detail = f"the API answered {status}: {detail}"
    issues = issues_in(problem)
    hint = next((_HINTS_BY_PATH[issue.path] for issue in issues if issue.path in _HINTS_BY_PATH), None)
    return kind(detail, issues, hint or _HINTS.get(kind))


def issues_in(problem: Mapping[str, Any]) -> tuple[Issue, ...]:
    """Return the `errors` of a problem or of a failed run; what is not one is left out."""
    entries = problem.get("errors")
    return tuple(
        Issue(str(entry["path"]), str(entry["message"]), entry.get("value"), entry.get("position"))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and "path" in entry and "message" in entry
    )
