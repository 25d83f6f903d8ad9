"""The client: what it sends, what it sends again, and what it makes of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cli.client import ATTEMPTS, Api, is_loopback
from cli.connection import connected, local_api_url
from cli.errors import (
    BadInputError,
    CommandError,
    ConflictError,
    NotFoundError,
    UnauthorisedError,
    UnreachableError,
    UsageError,
)
from shared.responses_market import HealthAnswer
from tests.cli.conftest import Cli
from tests.cli.fake_api import FakeApi, Fault

OK = {"status": "ok"}


class Script:
    """Answers each request with the next of a list: a response, or an error to raise."""

    def __init__(self, *answers: httpx.Response | type[httpx.TransportError]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer("it broke")

    def api(self, token: str | None = None) -> Api:
        return Api("http://api", token=token, transport=httpx.MockTransport(self), sleep=self.slept.append)


def ok() -> httpx.Response:
    return httpx.Response(200, json=OK)


def busy(after: str | None = None) -> httpx.Response:
    return httpx.Response(503, headers={"Retry-After": after} if after else {}, json={"detail": "busy"})


def get(api: Api) -> object:
    return api.get(HealthAnswer, "/health").raw


def post(api: Api) -> object:
    return api.post(HealthAnswer, "/health", {}).raw


def post_with_key(api: Api) -> object:
    return api.post(HealthAnswer, "/health", {}, idempotency_key="k").raw


@pytest.mark.parametrize("send", [get, post, post_with_key])
@pytest.mark.parametrize("first", [httpx.ConnectError, httpx.ConnectTimeout, busy()])
def test_what_never_arrived_is_sent_again(
    send: Callable[[Api], object], first: httpx.Response | type[httpx.TransportError]
) -> None:
    script = Script(first, ok())

    assert send(script.api()) == OK
    assert len(script.requests) == 2


@pytest.mark.parametrize("first", [httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.Response(502)])
def test_what_may_have_arrived_is_sent_again_only_where_that_is_harmless(
    first: httpx.Response | type[httpx.TransportError],
) -> None:
    assert get(Script(first, ok()).api()) == OK
    assert post_with_key(Script(first, ok()).api()) == OK
    once = Script(first, ok())
    with pytest.raises(CommandError):
        post(once.api())
    assert len(once.requests) == 1


def test_retries_are_bounded_and_wait_longer_each_time() -> None:
    script = Script(*[httpx.ConnectError] * 10)

    with pytest.raises(UnreachableError):
        get(script.api())
    assert len(script.requests) == ATTEMPTS
    assert script.slept == [0.2, 0.4, 0.8]


def test_retry_after_is_kept_to_but_not_for_ever() -> None:
    patient = Script(busy("3"), ok())
    assert get(patient.api()) == OK
    assert patient.slept == [3.0]

    hopeless = Script(busy("3600"), ok())
    with pytest.raises(CommandError, match="the API answered 503: busy"):
        get(hopeless.api())
    assert hopeless.slept == []


def test_a_deletion_whose_answer_was_lost_succeeds() -> None:
    gone = httpx.Response(404, json={"detail": "there is no backtest"})

    assert Script(httpx.ReadError, gone).api().delete("/backtests/x") is None
    with pytest.raises(NotFoundError):
        Script(gone).api().delete("/backtests/x")


def test_the_token_goes_to_the_api_alone(cli: Cli, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api.token = "secret-token"
    refused = cli("list")
    assert refused.code == 8
    assert "STEPFOLD_TOKEN" in refused.err

    monkeypatch.setenv("STEPFOLD_TOKEN", "secret-token")
    assert cli("list").code == 0
    api.token = None
    api.add_run()
    assert cli("artifacts", "last", "--download", "x").code == 0
    stores = [request for request in api.requests if request.path.startswith("/files/")]
    assert len(stores) == 2
    assert all("authorization" not in request.headers for request in stores)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadInputError),
        (401, UnauthorisedError),
        (403, UnauthorisedError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, BadInputError),
        (415, BadInputError),
        (422, BadInputError),
        (500, CommandError),
        (501, CommandError),
    ],
)
def test_statuses_are_kinds_of_failure(status: int, kind: type[CommandError]) -> None:
    with pytest.raises(CommandError) as caught:
        get(Script(httpx.Response(status, json={"detail": "so it is"})).api())
    assert type(caught.value) is kind
    assert "so it is" in caught.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>a proxy's page</html>"),
        httpx.Response(200, json={"something": "else"}),
        httpx.Response(200, json=[1]),
        httpx.Response(200),
        httpx.Response(404, text="no such page"),
        httpx.Response(404, json={"message": "Not Found"}),
    ],
)
def test_an_answer_that_is_not_the_apis_is_said_to_be_that(answer: httpx.Response) -> None:
    with pytest.raises(UnreachableError, match="answers, but"):
        get(Script(answer).api())


def test_a_newer_api_may_say_more() -> None:
    assert (
        Script(httpx.Response(200, json={**OK, "more": 1})).api().get(HealthAnswer, "/health").value.status
        == "ok"
    )


def test_nothing_answers_is_exit_6_and_says_what_to_do(cli: Cli) -> None:
    ran = cli("list", "--api-url", "http://127.0.0.1:9")

    assert (ran.code, ran.out) == (6, "")
    assert "http://127.0.0.1:9 does not answer" in ran.err
    assert "stepfold up" in ran.err


def test_a_fault_of_the_service_is_exit_1(cli: Cli, api: FakeApi) -> None:
    api.faults.append(Fault(500, {"detail": "a fault of the service", "errors": "not a list"}))

    ran = cli("list")

    assert ran.code == 1
    assert "a fault of the service" in ran.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("STEPFOLD_HOME", raising=False)
    monkeypatch.setattr("cli.stack.DEFAULT_HOME", tmp_path / "default")
    inner = tmp_path / "project" / "deep" / "deeper"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    return tmp_path


def stack_in(home: Path, url: str) -> None:
    home.mkdir(parents=True)
    (home / "stack.json").write_text(json.dumps({"api_url": url}))


def test_the_nearest_local_stack_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_api_url() is None
    stack_in(folder / "default", "http://default")
    assert local_api_url() == "http://default"
    stack_in(folder / "project" / ".stepfold", "http://project")
    assert local_api_url() == "http://project"
    (folder / "project" / "deep" / ".stepfold").mkdir()
    (folder / "project" / "deep" / ".stepfold" / "stack.json").write_text("{half a fi")
    assert local_api_url() == "http://project"
    stack_in(folder / "elsewhere", "http://elsewhere")
    monkeypatch.setenv("STEPFOLD_HOME", str(folder / "elsewhere"))
    assert local_api_url() == "http://elsewhere"


def test_without_any_address_it_says_how_to_get_one(folder: Path) -> None:
    assert folder.is_dir()
    with pytest.raises(UnreachableError) as caught, connected(None):
        pass
    assert "stepfold up" in (caught.value.hint or "")
    with pytest.raises(UsageError), connected("localhost:4566"):
        pass


def test_what_is_this_machine() -> None:
    for url in ("http://localhost:1/x", "http://127.0.0.1", "http://[::1]:4566/", "http://a.localhost"):
        assert is_loopback(url)
    for url in ("https://example.com", "http://localhost.example.com", "http://10.0.0.1"):
        assert not is_loopback(url)


def full(after: str) -> httpx.Response:
    return httpx.Response(429, headers={"Retry-After": after}, json={"detail": "too many wait"})


def test_a_full_queue_is_waited_for_as_it_asks_and_no_attempt_has_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = Script(*[full("5")] * (ATTEMPTS + 3), ok())
    assert post_with_key(script.api()) == OK
    assert script.slept == [5.0] * (ATTEMPTS + 3)
    assert capsys.readouterr().err.count("waiting for a place") == 1


def test_a_queue_that_stays_full_is_told_in_the_end() -> None:
    script = Script(*[full("300")] * 3)
    with pytest.raises(BadInputError, match="too many wait"):
        post_with_key(script.api())
    assert script.slept == [300.0, 300.0]
