"""From a change of the index to the connections that listen, and back to a client that was away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.push.handler import handler as push
from shared import access
from shared.live_tail import Tail
from shared.runs import Progress, Run
from tests.aws import FakeStage
from tests.functions.gateway import Context
from tests.functions.sockets import FakeSockets, Stream, fake_sockets, happened
from tests.shared.test_live import fill
from tests.shared.test_runs import a_run, publish


@pytest.fixture
def sockets(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> FakeSockets:
    del stage
    return fake_sockets(monkeypatch)


@pytest.fixture
def stream(stage: FakeStage) -> Stream:
    return Stream(stage)


def queued(stage: FakeStage, stream: Stream, key: str = "k", owner: str = "local") -> Run:
    run, _ = stage.runs.create(a_run(owner, key))
    stream.flow(owner, run.run_id)
    return run


def attempted(stage: FakeStage, stream: Stream, run: Run, token: str = "t1") -> Run:
    stage.runs.plan(run.owner, run.run_id, {"total": 100})
    stream.flow(run.owner, run.run_id)
    attempt = stage.runs.begin_attempt(run.owner, run.run_id, token)
    stream.flow(run.owner, run.run_id)
    return attempt


def progressed(stage: FakeStage, stream: Stream, attempt: Run, percent: int) -> Run:
    tail = Tail(fills=[fill(percent)]).to_json()
    now = stage.runs.progress(attempt, "t1", Progress("simulating", percent, 100), tail)
    stream.flow(attempt.owner, attempt.run_id)
    return now


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def subscribe(connection_id: str, **what: object) -> None:
    assert happened("CONNECT", connection_id) == 200
    assert happened("MESSAGE", connection_id, body={"action": "subscribe", **what}) == 200


def test_who_listens_is_told_and_nobody_else(stage: FakeStage, sockets: FakeSockets, stream: Stream) -> None:
    mine, other = queued(stage, stream, "mine"), queued(stage, stream, "other")
    subscribe("named", runs={mine.run_id: None})
    subscribe("all", all=True)
    subscribe("brief", all=True, only=["status"])
    assert happened("CONNECT", "silent") == 200
    assert (sockets.said_to("named")[0]["type"], sockets.said_to("all")[0]["type"]) == ("subscribed",) * 2
    sockets.posted.clear()

    for run in (mine, other):
        attempted(stage, stream, run)
    assert {message["run_id"] for message in sockets.said_to("named")} == {mine.run_id}
    assert {message["run_id"] for message in sockets.said_to("all")} == {mine.run_id, other.run_id}
    assert {message["type"] for message in sockets.said_to("brief")} == {"status"}
    assert sockets.said_to("silent") == []


def test_a_client_that_was_away_gets_what_it_missed_once(
    stage: FakeStage, sockets: FakeSockets, stream: Stream
) -> None:
    run = queued(stage, stream)
    subscribe("c1", runs={run.run_id: None})
    attempt = attempted(stage, stream, run)
    attempt = progressed(stage, stream, attempt, 10)
    (subscribed, *before) = sockets.said_to("c1")
    assert subscribed["runs"][0]["status"] == "queued"
    assert happened("DISCONNECT", "c1") == 200

    attempt = progressed(stage, stream, attempt, 20)
    attempt = progressed(stage, stream, attempt, 30)
    subscribe("c2", runs={run.run_id: before[-1]["sequence"]})
    (subscribed, *missed) = sockets.said_to("c2")
    assert subscribed["runs"][0]["progress_pct"] == 30.0
    assert kinds(missed) == ["fill", "progress"] * 2
    assert [message["fills"][0]["seq"] for message in missed[::2]] == [20, 30]
    publish(stage, attempt, "t1")
    stream.flow(run.owner, run.run_id)
    after = sockets.said_to("c2")
    assert kinds(after) == ["progress", "status"]
    sequences = [message["sequence"] for message in [*before, *missed, *after]]
    assert sequences == sorted(set(sequences))


def test_who_has_seen_half_of_a_change_gets_the_other_half(
    stage: FakeStage, sockets: FakeSockets, stream: Stream
) -> None:
    run = queued(stage, stream)
    subscribe("c1", runs={run.run_id: None})
    progressed(stage, stream, attempted(stage, stream, run), 10)
    seen = [message for message in sockets.said_to("c1") if message["type"] == "fill"][-1]["sequence"]
    subscribe("c2", runs={run.run_id: seen})
    assert kinds(sockets.said_to("c2")) == ["subscribed", "progress"]


def test_a_new_listener_gets_what_is_held_of_a_run_in_work_and_nothing_of_an_ended_one(
    stage: FakeStage, sockets: FakeSockets, stream: Stream
) -> None:
    run = queued(stage, stream)
    attempt = progressed(stage, stream, attempted(stage, stream, run), 10)
    subscribe("c1", runs={run.run_id: None})
    assert kinds(sockets.said_to("c1"))[:4] == ["subscribed", "progress", "status", "progress"]
    publish(stage, attempt, "t1")
    stream.flow(run.owner, run.run_id)
    subscribe("c2", runs={run.run_id: None})
    assert kinds(sockets.said_to("c2")) == ["subscribed"]


def test_what_is_held_no_more_is_a_gap(
    stage: FakeStage, sockets: FakeSockets, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(stage, stream)
    attempt = attempted(stage, stream, run)
    attempt = progressed(stage, stream, attempt, 10)
    monkeypatch.setattr("shared.live_log.MOST", 2)
    attempt = progressed(stage, stream, attempt, 20)
    attempt = progressed(stage, stream, attempt, 30)
    since = run.revision * 32
    subscribe("c1", runs={run.run_id: since})
    _, gap, *rest = sockets.said_to("c1")
    assert (gap["type"], gap["run_id"], gap["after"]) == ("gap", run.run_id, since)
    assert kinds(rest) == ["fill", "progress"] * 2


def test_a_record_told_twice_is_kept_once(stage: FakeStage, sockets: FakeSockets, stream: Stream) -> None:
    run, _ = stage.runs.create(a_run("local"))
    subscribe("c1", runs={run.run_id: None})
    sockets.posted.clear()
    records = stream.records("local", run.run_id)
    for _ in range(2):
        push({"Records": records}, Context())
    told = sockets.said_to("c1")
    assert kinds(told) == ["progress", "status"] * 2
    assert told[:2] == told[2:]
    kept, _ = stage.table.last(f"LIVE#{run.run_id}", "0", 10)
    assert len(kept) == 1


def test_a_connection_that_is_gone_is_forgotten_and_costs_the_others_nothing(
    stage: FakeStage, sockets: FakeSockets, stream: Stream
) -> None:
    for name in ("gone", "broken", "well"):
        subscribe(name, all=True)
    sockets.posted.clear()
    sockets.gone.add("gone")
    sockets.broken.add("broken")
    queued(stage, stream)
    assert kinds(sockets.said_to("well")) == ["progress", "status"]
    assert [found.connection_id for found in access.connections().of_owner("local")] == ["well"]
    # One that is there but cannot be told is closed: it comes back and asks for what it missed.
    assert sockets.hung_up == ["broken"]


def test_a_record_that_makes_no_sense_does_not_keep_the_next_one_back(
    stage: FakeStage, sockets: FakeSockets, stream: Stream
) -> None:
    subscribe("c1", all=True)
    sockets.posted.clear()
    run, _ = stage.runs.create(a_run("local"))
    (good,) = stream.records("local", run.run_id)
    bad = json.loads(json.dumps(good))
    bad["dynamodb"]["NewImage"]["error"] = {"M": {"unknown": {"S": "x"}}}
    bad["dynamodb"]["NewImage"]["revision"]["N"] = "1"
    deleted = {"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "0", "Keys": good["dynamodb"]["Keys"]}}
    assert push({"Records": [deleted, bad, good]}, Context()) == {"batchItemFailures": []}
    assert kinds(sockets.said_to("c1")) == ["progress", "status"]


def test_what_could_not_be_kept_is_asked_for_again(
    stage: FakeStage, sockets: FakeSockets, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    del sockets
    run, _ = stage.runs.create(a_run("local"))
    (record,) = stream.records("local", run.run_id)

    def throttled(*_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem")

    monkeypatch.setattr(access.live_log(), "keep", throttled)
    number = record["dynamodb"]["SequenceNumber"]
    assert push({"Records": [record]}, Context()) == {"batchItemFailures": [{"itemIdentifier": number}]}


@pytest.mark.parametrize(
    ("subject", "kind"),
    [({"run_id": "bt-1"}, "backtest"), ({"import_id": "im-1"}, "import"), ({"fetch_id": "fe-1"}, "fetch")],
)
def test_executions_are_told_to_their_owner(
    stage: FakeStage, sockets: FakeSockets, subject: dict[str, str], kind: str
) -> None:
    del stage
    subscribe("c1", all=True)
    sockets.posted.clear()
    for owner in ("local", "bob"):
        detail = {"status": "SUCCEEDED", "input": json.dumps({"owner": owner, **subject})}
        push({"detail-type": "Step Functions Execution Status Change", "detail": detail}, Context())
    (message,) = sockets.said_to("c1")
    assert (message["type"], message["kind"], message["status"]) == ("workflow", kind, "SUCCEEDED")
    assert message["workflow_id"] == next(iter(subject.values()))
    assert push({"detail": {"status": "FAILED", "input": None}}, Context()) == {"posted": 0}
