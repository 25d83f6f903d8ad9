"""What a client says on its connection: who is let in, what is understood, whose runs it hears of."""

from __future__ import annotations

from typing import Any

import pytest

from functions.api.handler import handler as api
from functions.socket_authorizer.handler import handler as authorizer
from shared import access
from shared.settings import settings
from tests.aws import FakeStage
from tests.functions.gateway import Context, client
from tests.functions.sockets import FakeSockets, fake_sockets, happened
from tests.shared.test_runs import a_run

ARN = "arn:aws:execute-api:us-east-1:123456789012:api/live/$connect"


@pytest.fixture
def sockets(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> FakeSockets:
    del stage
    return fake_sockets(monkeypatch)


@pytest.fixture
def with_login(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    del stage  # it is set up first
    monkeypatch.setenv("STEPFOLD_AUTH", "jwt")
    monkeypatch.setenv("STEPFOLD_SOCKET_API", "sockets")
    settings.cache_clear()


def said(sockets: FakeSockets, body: object, connection_id: str = "c1", **where: Any) -> list[dict[str, Any]]:
    assert happened("MESSAGE", connection_id, body=body, **where) == 200
    return sockets.said_to(connection_id)


def let_in(ticket: str | None) -> dict[str, Any]:
    query = None if ticket is None else {"ticket": ticket}
    return authorizer({"methodArn": ARN, "queryStringParameters": query}, Context())


@pytest.mark.usefixtures("with_login")
def test_a_ticket_of_the_api_lets_its_owner_in_once() -> None:
    http = client(api, claims={"sub": "ann", "iss": "issuer"})
    answer = http.post("/live/tickets")
    assert answer.status_code == 201, answer.text
    ticket = answer.json()["ticket"]
    assert answer.json()["live_url"] == "wss://sockets.execute-api.us-east-1.amazonaws.com/live"
    assert answer.json()["market_url"].endswith("/market")
    first = let_in(ticket)
    (statement,) = first["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", ARN)
    assert first["context"] == {"owner": "ann"}
    for refused in (ticket, None, "", "another"):
        (statement,) = let_in(refused)["policyDocument"]["Statement"]
        assert statement["Effect"] == "Deny", refused


@pytest.mark.usefixtures("with_login")
def test_a_ticket_is_given_to_who_is_logged_in_alone() -> None:
    assert client(api).post("/live/tickets").status_code == 401


@pytest.mark.usefixtures("with_login")
def test_a_connection_without_an_owner_is_refused(sockets: FakeSockets) -> None:
    assert happened("CONNECT") == 401
    assert happened("MESSAGE", body={"action": "ping"}) == 401
    assert sockets.posted == {}


@pytest.mark.usefixtures("with_login")
def test_another_owner_s_run_is_answered_as_if_there_were_none(
    stage: FakeStage, sockets: FakeSockets
) -> None:
    mine, _ = stage.runs.create(a_run("ann"))
    theirs, _ = stage.runs.create(a_run("bob"))
    assert happened("CONNECT", owner="ann") == 200
    no_run = "bt-" + "a" * 26
    wanted = {"action": "subscribe", "runs": {mine.run_id: None, theirs.run_id: None, no_run: None}}
    *errors, subscribed = said(sockets, wanted, owner="ann")
    assert [(m["type"], m["code"]) for m in errors] == [("error", "not_found")] * 2
    assert errors[0]["detail"].replace(theirs.run_id, "") == errors[1]["detail"].replace(no_run, "")
    assert [snapshot["run_id"] for snapshot in subscribed["runs"]] == [mine.run_id]
    (connection,) = access.connections().of_owner("ann")
    assert list(connection.runs) == [mine.run_id]
    # Not by `since` either.
    since: dict[str, object] = {"action": "subscribe", "all": True, "since": {theirs.run_id: 0}}
    error, subscribed = said(sockets, since, owner="ann")
    assert (error["code"], error["run_id"]) == ("not_found", theirs.run_id)
    assert [snapshot["run_id"] for snapshot in subscribed["runs"]] == [mine.run_id]


def test_all_of_mine_begins_with_those_in_work(stage: FakeStage, sockets: FakeSockets) -> None:
    runs = [stage.runs.create(a_run("local", f"k{number}"))[0] for number in range(3)]
    stage.runs.end("local", runs[0].run_id, "cancelled")
    happened("CONNECT")
    (subscribed,) = said(sockets, {"action": "subscribe", "all": True})
    assert {snapshot["run_id"] for snapshot in subscribed["runs"]} == {run.run_id for run in runs[1:]}
    assert subscribed["all"] is True


def test_a_client_can_stop_listening(stage: FakeStage, sockets: FakeSockets) -> None:
    run, _ = stage.runs.create(a_run("local"))
    happened("CONNECT")
    said(sockets, {"action": "subscribe", "runs": {run.run_id: None}, "all": True, "only": ["status"]})
    (answer,) = said(sockets, {"action": "unsubscribe", "runs": [run.run_id]})
    assert (answer["type"], answer["all"]) == ("subscribed", True)
    (connection,) = access.connections().of_owner("local")
    assert (list(connection.runs), connection.only) == ([], ["status"])
    (answer,) = said(sockets, {"action": "unsubscribe", "all": True})
    assert answer["all"] is False
    (connection,) = access.connections().of_owner("local")
    assert not connection.wants(run.run_id, "status")


def test_snapshots_of_many_runs_come_in_frames_that_fit(
    stage: FakeStage, sockets: FakeSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [stage.runs.create(a_run("local", f"k{number}"))[0].run_id for number in range(8)]
    happened("CONNECT")
    monkeypatch.setattr("functions.socket.listening.MAX_FRAME_BYTES", 700)
    frames = said(sockets, {"action": "subscribe", "runs": dict.fromkeys(runs)})
    answers = [message for message in frames if message["type"] == "subscribed"]
    assert len(answers) > 2
    assert [snapshot["run_id"] for message in answers for snapshot in message["runs"]] == runs


def test_ping_is_answered(sockets: FakeSockets) -> None:
    happened("CONNECT")
    (pong,) = said(sockets, {"action": "ping"})
    assert pong["type"] == "pong"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "message: is not understood"),
        ("{", "message: is not understood"),
        ("[]", "message: is not understood"),
        ('{"action": "dance"}', "message: is not understood"),
        ({"action": "subscribe"}, "runs: names no run"),
        ({"action": "subscribe", "runs": "all"}, "runs: Input should be an object"),
        ({"action": "subscribe", "all": True, "only": ["gossip"]}, "only[0]: Input should be"),
        ({"action": "subscribe", "all": True, "every": True}, "every: Extra inputs"),
        ({"action": "subscribe", "runs": {f"bt-{n}": None for n in range(51)}}, "at most 50"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_can_be_said(
    sockets: FakeSockets, body: object, words: str
) -> None:
    happened("CONNECT")
    (error,) = said(sockets, body)
    assert (error["type"], error["code"]) == ("error", "invalid_input")
    assert words in error["detail"]


def test_a_connection_listens_to_so_many_runs_by_name(stage: FakeStage, sockets: FakeSockets) -> None:
    runs = [stage.runs.create(a_run("local", f"k{number}"))[0].run_id for number in range(51)]
    happened("CONNECT")
    said(sockets, {"action": "subscribe", "runs": dict.fromkeys(runs[:50])})
    (error,) = said(sockets, {"action": "subscribe", "runs": {runs[50]: None}})
    assert "a connection listens to 50 runs by name" in error["detail"]


def test_who_says_something_on_a_connection_that_is_forgotten_is_told_to_connect_again(
    sockets: FakeSockets,
) -> None:
    (error,) = said(sockets, {"action": "subscribe", "all": True})
    assert (error["code"], "connect again" in error["detail"]) == ("not_found", True)


def test_a_fault_is_told_and_does_not_end_the_connection(
    sockets: FakeSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened("CONNECT")

    def fails(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(access.connections(), "change", fails)
    (error,) = said(sockets, {"action": "subscribe", "all": True})
    assert error["code"] == "internal"
    assert "secret" not in error["detail"]
