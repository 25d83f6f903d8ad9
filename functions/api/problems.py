"""Problem details (RFC 9457): the one mapping from what went wrong to what a client is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared import access
from shared.errors import (
    ConflictError,
    ExchangeError,
    IdTakenError,
    InUseError,
    InvalidInputError,
    Issue,
    NotFinishedError,
    NotFoundError,
    StaleVersionError,
    StepfoldError,
    StoreCorruptError,
    TooLargeError,
    TooManyRunsError,
)
from shared.names import DatasetName
from shared.requests import issues_of

if TYPE_CHECKING:
    from fastapi import FastAPI

MEDIA_TYPE = "application/problem+json"
# More than a reader can act on at once; the count of the rest is in `detail`.
MAX_ERRORS = 50
SHOWN_IN_DETAIL = 3
RETRY_AFTER_SECONDS = 2

_STATUS: Sequence[tuple[type[StepfoldError], int]] = (
    (InvalidInputError, 422),
    (NotFoundError, 404),
    (ConflictError, 409),
    (TooLargeError, 413),
    (TooManyRunsError, 429),
    (ExchangeError, 503),
)
_TITLES = {
    400: "The request cannot be read",
    401: "A login is needed",
    404: "There is no such thing",
    405: "The path has no such method",
    409: "Its state does not allow this",
    413: "The request is too large",
    422: "The request cannot be carried out as sent",
    429: "Too much at once",
    500: "A fault of the service",
    503: "The service, or what it asks, cannot answer now",
}
_CODES = {401: "unauthenticated", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}

# What AWS says when it wants a caller to come back later.
_BUSY = frozenset(
    {
        "InternalServerError",
        "InternalError",
        "LimitExceededException",
        "ExecutionLimitExceeded",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[Issue] = (),
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """Return a problem; `members` are further fields of its body, left out where they are None."""
    body = {
        "type": f"urn:stepfold:problem:{code}",
        "title": _TITLES.get(status, "The request failed"),
        "status": status,
        "detail": detail,
        "errors": [issue.to_dict() for issue in errors],
        **{name: value for name, value in members.items() if value is not None},
    }
    # Whatever a client sent may be repeated in an error, so nothing in it may stop the answer.
    content = orjson.dumps(body, default=str)
    return Response(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of_issues(issues: Sequence[Issue], code: str = InvalidInputError.code) -> Response:
    """Return 422 with every issue, or the first so many."""
    said = "; ".join(f"{issue.path}: {issue.message}" for issue in issues[:SHOWN_IN_DETAIL])
    more = f"; and {len(issues) - SHOWN_IN_DETAIL} more" if len(issues) > SHOWN_IN_DETAIL else ""
    return problem(422, code, said + more, errors=issues[:MAX_ERRORS])


def of_stepfold_error(error: StepfoldError) -> Response | None:
    """Return what a client is told of an error of the tree, or None where it is no client's business."""
    if isinstance(error, InvalidInputError):
        return of_issues(error.issues, error.code)
    members: dict[str, Any] = {}
    if isinstance(error, NotFinishedError):
        members = {"run_status": error.status, "run_error": error.error}
    if isinstance(error, InUseError):
        members = {"run_ids": list(error.run_ids)}
    if isinstance(error, IdTakenError):
        members = {"strategy_id": error.strategy_id, "current_version": error.current_version}
    if isinstance(error, StaleVersionError):
        members = {"current_version": error.current_version}
    headers = {}
    if isinstance(error, ExchangeError):
        headers = {"Retry-After": str(round(error.retry_after or RETRY_AFTER_SECONDS))}
    if isinstance(error, TooManyRunsError):
        headers = {"Retry-After": str(error.retry_after)}
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return problem(status, error.code, error.detail, headers=headers, **members)
    return None


def of_fault(error: Exception, request_id: str | None) -> Response:
    """Return 503 where AWS asks to come back later, else 500. The caller logs it."""
    if is_busy(error):
        detail = f"what the API stands on is busy; try again in {RETRY_AFTER_SECONDS} seconds"
        return problem(503, "busy", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    detail = "a fault of the service, not of the request; tell the operator the request_id"
    return problem(500, "internal", detail, request_id=request_id)


def is_busy(error: Exception) -> bool:
    """Tell whether AWS throttled the call or could not be reached."""
    from botocore import exceptions as aws

    if isinstance(error, aws.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        answer: Mapping[str, Any] = error.response
        # A cancelled transaction says why for each of its writes.
        reasons = (answer.get("Error", {}), *answer.get("CancellationReasons", ()))
        return any(reason.get("Code") in _BUSY for reason in reasons) or status in (429, 502, 503, 504)
    unreachable = (aws.EndpointConnectionError, aws.HTTPClientError, aws.ConnectionClosedError)
    return isinstance(error, unreachable)


def install(app: FastAPI) -> None:
    """Answer with problems whatever FastAPI and Starlette raise themselves."""
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StepfoldError, _stepfold)


async def _validation(request: Request, error: Exception) -> Response:  # noqa: ARG001
    if not isinstance(error, RequestValidationError):
        raise error
    return of_issues(_issues(error.errors()))


def _issues(entries: Sequence[Any]) -> list[Issue]:
    issues: list[Issue] = []
    fields = []
    for entry in entries:
        location = tuple(entry["loc"])
        if entry["type"] == "json_invalid":
            issues.append(
                Issue("body", f"is not JSON: {entry['ctx']['error']}", position=_position(location))
            )
        elif location == ("body",):
            issues.append(Issue("body", "must be a JSON object, sent with content-type: application/json"))
        else:
            fields.append(entry)
    return issues + issues_of(fields)


def _position(location: tuple[Any, ...]) -> int | None:
    return location[1] if len(location) > 1 and isinstance(location[1], int) else None


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    detail = error.detail
    if error.status_code == 404 and detail == "Not Found":
        detail = f"there is no path {request.url.path[:120]!r}; GET /openapi.json lists them"
    elif error.status_code == 405:
        detail = f"{request.method} is not possible here; use {(error.headers or {}).get('Allow', 'GET')}"
    code = _CODES.get(error.status_code, "bad_request")
    return problem(error.status_code, code, detail, headers=error.headers)


async def _stepfold(request: Request, error: Exception) -> Response:
    answer = None
    if isinstance(error, StoreCorruptError):
        answer = _deleted_meanwhile(request)
    elif isinstance(error, StepfoldError):
        answer = of_stepfold_error(error)
    if answer is None:
        raise error
    return answer


def _deleted_meanwhile(request: Request) -> Response | None:
    """Return 404 where an object is missing because its run or dataset was deleted while it was read."""
    owner = getattr(request.state, "owner", None)
    if owner is None:
        return None
    try:
        _look_for(owner, request.path_params)
    except NotFoundError as error:
        return of_stepfold_error(error)
    return None


def _look_for(owner: str, named: Mapping[str, str]) -> None:
    """Raise NotFoundError where the run or the dataset that a path names is gone."""
    if "run_id" in named:
        access.runs().get(owner, named["run_id"])
    elif "dataset_id" in named:
        dataset = DatasetName.parse(named["dataset_id"])
        if access.datasets().get(owner, dataset) is None:
            raise NotFoundError(f"the dataset {dataset} is there no more")
