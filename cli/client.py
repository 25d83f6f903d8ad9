"""A client of the API over HTTP: timeouts, bounded retries of what may be sent twice, errors of our tree."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from cli.errors import BadInputError, CommandError, NotFoundError, UnreachableError, of_answer
from cli.output import note

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Query = Mapping[str, str | int | None]
Model = TypeVar("Model", bound=BaseModel)

# A cold Lambda behind a gateway answers within its 30 seconds, or the gateway does.
TIMEOUT = httpx.Timeout(35.0, connect=5.0)
ATTEMPTS = 4
LONGEST_PAUSE = 10.0
# So long a client waits in all for a place in a queue that is full (429).
LONGEST_WAIT = 600.0
_FIRST_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Answered(Generic[Model]):
    """An answer of the API: the JSON as it came, for `--json`, and what it means."""

    raw: Any
    value: Model


class Api:
    """One deployment of Stepfold. Every method raises errors of `cli.errors` alone."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._sleep = sleep
        headers = {"Accept": "application/json", "User-Agent": "stepfold-cli"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = http_client(self.url, TIMEOUT, headers=headers, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, model: type[Model], path: str, query: Query | None = None) -> Answered[Model]:
        return self._meaning(model, self._request("GET", path, query=query, repeatable=True))

    def post(
        self,
        model: type[Model],
        path: str,
        body: object = None,
        *,
        idempotency_key: str | None = None,
        repeatable: bool = False,
    ) -> Answered[Model]:
        """Send `body`. `repeatable`: sending it a second time would do nothing more, as with a key."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        raw = self._request(
            "POST", path, body=body, headers=headers, repeatable=repeatable or idempotency_key is not None
        )
        return self._meaning(model, raw)

    def put(self, model: type[Model], path: str, body: object) -> Answered[Model]:
        """Send `body` as what shall be there; sending it a second time does nothing more."""
        return self._meaning(model, self._request("PUT", path, body=body, repeatable=True))

    def delete(self, path: str) -> Any:
        """Delete what is there. Raises NotFoundError, but not where a lost answer made us ask twice."""
        return self._request("DELETE", path, repeatable=True)

    def pages(self, model: type[Model], path: str, query: Query) -> Iterator[Answered[Model]]:
        """Yield a listing page by page, following `next_cursor`, from the query's cursor on."""
        cursor = query.get("cursor")
        while True:
            page = self.get(model, path, {**query, "cursor": cursor})
            yield page
            cursor = page.raw.get("next_cursor")
            if not cursor:
                return

    def _meaning(self, model: type[Model], raw: Any) -> Answered[Model]:
        try:
            # A newer API may say more than this client knows; less than it needs it may not.
            return Answered(raw, model.model_validate(raw, extra="ignore"))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "body"
            raise UnreachableError(
                f"{self.url} answers, but not as this stepfold understands it ({place}: {first['msg']})",
                hint="check --api-url; bring the API and this client to the same version",
            ) from None

    def _request(
        self,
        method: Method,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool,
    ) -> Any:
        parameters = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            content = None if body is None else json.dumps(body, allow_nan=False).encode()
        except ValueError:  # --cash nan
            raise BadInputError("a number is NaN or infinite", hint="give a finite number") from None
        sent = dict(headers or {})
        if content is not None:
            sent["Content-Type"] = "application/json"
        pause = _FIRST_PAUSE
        attempt, waited = 0, 0.0
        while True:
            attempt += 1
            last = attempt == ATTEMPTS
            try:
                answer = self._http.request(
                    method, self.url + path, params=parameters, content=content, headers=sent
                )
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if last:
                    raise self._unreachable(error) from None
                wait = pause
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise self._unreachable(error) from None
            except httpx.TransportError as error:
                # The request may have arrived; only what may be sent twice is.
                if last or not repeatable:
                    raise self._unreachable(error) from None
                wait = pause
            else:
                asked = _retry_after(answer)
                if repeatable and answer.status_code == 429 and asked and waited + asked <= LONGEST_WAIT:
                    # The service is well and says when there may be a place: no attempt has failed.
                    if not waited:
                        note("Too many backtests wait already; waiting for a place.")
                    waited, attempt = waited + asked, attempt - 1
                    self._sleep(asked)
                    continue
                again = answer.status_code == 503 or (repeatable and answer.status_code in (429, 502, 504))
                if not again or last or (asked or 0.0) > LONGEST_PAUSE:
                    return self._read(answer, deleted_before=method == "DELETE" and attempt > 1)
                wait = pause if asked is None else asked
            self._sleep(wait)
            pause *= 2

    def _read(self, answer: httpx.Response, *, deleted_before: bool) -> Any:
        """Return the answer's JSON (None for an empty body). Raises what the status says."""
        try:
            body = answer.json() if answer.content else None
        except ValueError:
            body = None
            if answer.is_success:
                raise UnreachableError(
                    f"{self.url} answers, but not as Stepfold's API does", hint="check --api-url"
                ) from None
        if answer.is_success:
            return body
        error = of_answer(answer.status_code, body)
        if deleted_before and isinstance(error, NotFoundError):
            return None
        if isinstance(error, NotFoundError) and not (isinstance(body, dict) and "detail" in body):
            # Not the API's words: some other server, or an API that was removed.
            raise UnreachableError(
                f"{self.url} answers, but there is no Stepfold API behind it",
                hint="check --api-url; a local stack is brought up again by `stepfold up`",
            )
        raise error

    def _unreachable(self, error: Exception) -> CommandError:
        reason = str(error).strip() or type(error).__name__
        hint = (
            "is the local stack up? see `stepfold status`, start it with `stepfold up`"
            if is_loopback(self.url)
            else "check --api-url or STEPFOLD_API_URL and the network"
        )
        return UnreachableError(f"the API at {self.url} does not answer: {reason}", hint=hint)


def http_client(
    url: str,
    timeout: httpx.Timeout,
    *,
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """Return a client for one host. No proxy of the environment leads to this machine's own addresses."""
    return httpx.Client(
        headers=headers,
        timeout=timeout,
        transport=transport,
        trust_env=not is_loopback(url),
        # Reading the certificates takes a tenth of a second, which plain HTTP has no use for.
        verify=not url.startswith("http://"),
    )


def segment(text: str) -> str:
    """Write text as one segment of a path."""
    return quote(text, safe="")


def is_loopback(url: str) -> bool:
    """Tell whether a URL is this machine's, which no proxy of the environment leads to."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds that an answer asks to wait; None where it says none (or a date)."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None
