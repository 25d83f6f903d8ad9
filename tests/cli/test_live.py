"""Listening to a run: shown as it is pushed, gone on with where it broke off, asked where that fails."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from cli import live
from cli.client import Api
from tests.cli.conftest import Cli
from tests.cli.fake_api import FakeApi

Act = Callable[["Session"], None]


class Session:
    """One connection of a client: what it says first, and what it is told."""

    def __init__(self, socket: ServerConnection, run_id: str) -> None:
        self._socket, self._run_id = socket, run_id
        self.said = json.loads(socket.recv(timeout=10))

    def tell(self, kind: str, sequence: int | None = None, **members: object) -> None:
        numbered = {} if sequence is None else {"run_id": self._run_id, "sequence": sequence}
        self._socket.send(json.dumps({"type": kind, **numbered, **members}))

    def progress(self, sequence: int, percent: float) -> None:
        self.tell("progress", sequence, **_position(percent))

    def subscribed(self, status: str = "running", sequence: int = 0, percent: float = 0.0) -> None:
        snapshot = {"run_id": self._run_id, "sequence": sequence, "status": status, **_position(percent)}
        self.tell("subscribed", all=False, runs=[snapshot])


def _position(percent: float) -> dict[str, Any]:
    return {
        "progress_pct": percent,
        "current_phase": "simulating",
        "current_timestamp": "2021-03-04T00:00:00Z",
    }


@contextmanager
def pushing(api: FakeApi, run_id: str, *acts: Act) -> Iterator[list[Session]]:
    """Push as the acts say, one a connection; later connections are closed at once."""
    sessions: list[Session] = []
    waiting = list(acts)

    def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.path == "/live?ticket=one"
        if waiting:
            act = waiting.pop(0)
            sessions.append(Session(socket, run_id))
            act(sessions[-1])

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        api.live_url = f"ws://127.0.0.1:{port}/live"
        try:
            yield sessions
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def run_id(api: FakeApi) -> str:
    api.polls = None
    return api.add_run("running")


def end(api: FakeApi, run_id: str) -> None:
    api._left[run_id] = 0
    api.step(run_id)


def polls(api: FakeApi) -> int:
    return len([request for request in api.requests if request.path.endswith("/progress")])


FILL = {
    "timestamp": "2021-03-04T05:00:00Z",
    "symbol": "BTC-USDT",
    "side": "buy",
    "qty": 0.5,
    "price": 48_000.0,
}


def test_a_run_is_listened_to_and_not_asked_again(cli: Cli, api: FakeApi, run_id: str) -> None:
    def act(session: Session) -> None:
        session.subscribed()
        session.tell("fill", 1, attempt=1, fills=[FILL], left_out=7)
        session.tell("retracted", 2, attempt=1)
        session.progress(3, 60.0)
        end(api, run_id)
        session.tell("status", 4, status="completed")

    with pushing(api, run_id, act) as (sessions):
        ran = cli("watch", run_id, "--fills")
    assert ran.code == 0, ran.err
    assert sessions[0].said == {"action": "subscribe", "runs": {run_id: None}}
    assert "60 % simulating 2021-03-04" in ran.err
    assert "… 7 fills too many to be pushed" in ran.err
    assert "2021-03-04 05:00  BTC-USDT  buy 0.5 at 48,000" in ran.err
    assert "attempt 1 was lost" in ran.err
    assert polls(api) == 1


def percentages(said: str) -> list[float]:
    """Return what was shown of the progress, as lines of JSON, since somebody listened."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return [line["progress_pct"] for line in lines if line.get("phase", "").startswith("simulating 2021-03")]


def test_the_progress_went_back_to_the_beginning_for_who_came_late(
    cli: Cli, api: FakeApi, run_id: str
) -> None:
    def act(session: Session) -> None:
        session.subscribed(sequence=95, percent=60.0)
        # What was missed follows, from the beginning.
        session.progress(32, 10.0)
        session.tell("fill", 64, attempt=1, fills=[FILL], left_out=0)
        session.progress(65, 60.0)
        session.progress(96, 70.0)
        end(api, run_id)
        session.tell("status", 128, status="completed")

    with pushing(api, run_id, act):
        ran = cli("--json-logs", "watch", run_id, "--fills")
    assert ran.code == 0, ran.err
    assert percentages(ran.err) == [60.0, 70.0]
    assert "buy 0.5 at 48,000" in ran.err


def test_a_pipe_got_a_line_for_every_day_that_the_run_came_to(cli: Cli, api: FakeApi, run_id: str) -> None:
    def act(session: Session) -> None:
        session.subscribed()
        for number in range(1, 100):
            day = f"{2000 + number}-01-01T00:00:00Z"
            session.tell("progress", number, **{**_position(float(number)), "current_timestamp": day})
        end(api, run_id)
        session.tell("status", 128, status="completed")

    with pushing(api, run_id, act):
        ran = cli("watch", run_id)
    lines = [line for line in ran.err.splitlines() if "simulating" in line]
    assert [int(line.split(" %")[0].split()[-1]) for line in lines] == [0, *range(10, 100, 10)]


def test_a_snapshot_that_is_older_than_what_was_told_is_not_shown(
    cli: Cli, api: FakeApi, run_id: str
) -> None:
    def act(session: Session) -> None:
        session.progress(64, 10.0)
        session.subscribed(sequence=63, percent=5.0)
        session.progress(96, 70.0)
        end(api, run_id)
        session.tell("status", 128, status="completed")

    with pushing(api, run_id, act):
        ran = cli("--json-logs", "watch", run_id)
    assert percentages(ran.err) == [10.0, 70.0]


def test_a_connection_that_breaks_off_is_gone_on_with(cli: Cli, api: FakeApi, run_id: str) -> None:
    def first(session: Session) -> None:
        session.subscribed()
        session.progress(64, 10.0)

    def second(session: Session) -> None:
        session.subscribed()
        session.progress(64, 10.0)  # told again: something before it might have been missed
        session.progress(96, 70.0)
        end(api, run_id)
        session.tell("status", 128, status="completed")

    with pushing(api, run_id, first, second) as sessions:
        ran = cli("--json-logs", "watch", run_id)
    assert ran.code == 0, ran.err
    assert sessions[1].said["runs"] == {run_id: None}
    assert percentages(ran.err) == [0.0, 10.0, 70.0]
    assert polls(api) == 1


def test_what_was_missed_was_dropped_when_something_newer_came_before_it(
    cli: Cli, api: FakeApi, run_id: str
) -> None:
    def fill(day: int) -> dict[str, object]:
        return {"attempt": 1, "fills": [{**FILL, "timestamp": f"2021-03-{day:02}T05:00:00Z"}], "left_out": 0}

    def first(session: Session) -> None:
        session.subscribed()
        session.tell("fill", 64, **fill(4))
        session.progress(65, 10.0)

    def second(session: Session) -> None:
        session.subscribed(sequence=127, percent=30.0)
        # Pushed before what was missed.
        session.tell("fill", 128, **fill(7))
        session.progress(129, 40.0)
        for sequence, day, percent in ((64, 4, 10.0), (96, 6, 30.0), (128, 7, 40.0)):
            session.tell("fill", sequence, **fill(day))
            session.progress(sequence + 1, percent)
        end(api, run_id)
        session.tell("status", 160, status="completed")

    with pushing(api, run_id, first, second):
        ran = cli("--json-logs", "watch", run_id, "--fills")
    assert ran.code == 0, ran.err
    assert percentages(ran.err) == [0.0, 10.0, 30.0, 40.0]
    said = re.findall(r"2021-03-(\d\d) 05:00  BTC-USDT  buy", ran.err)
    assert said == ["04", "07", "06"]


def test_fills_of_a_lost_attempt_that_come_late_are_not_said(cli: Cli, api: FakeApi, run_id: str) -> None:
    def act(session: Session) -> None:
        session.subscribed()
        session.tell("retracted", 64, attempt=1)
        session.tell("fill", 32, attempt=1, fills=[FILL], left_out=0)
        session.tell("fill", 65, attempt=2, fills=[{**FILL, "qty": 2.0}], left_out=0)
        end(api, run_id)
        session.tell("status", 96, status="completed")

    with pushing(api, run_id, act):
        ran = cli("watch", run_id, "--fills")
    assert "buy 2 at 48,000" in ran.err
    assert "buy 0.5 at 48,000" not in ran.err


def test_a_run_that_ended_meanwhile_is_not_waited_for(cli: Cli, api: FakeApi, run_id: str) -> None:
    def act(session: Session) -> None:
        end(api, run_id)
        session.subscribed("completed")

    with pushing(api, run_id, act):
        assert cli("watch", run_id).code == 0


def test_where_connections_bring_nothing_the_run_is_asked(cli: Cli, api: FakeApi, run_id: str) -> None:
    api._left[run_id] = 2
    with pushing(api, run_id):
        ran = cli("watch", run_id)
    assert ran.code == 0, ran.err
    assert polls(api) >= 2


def test_where_nothing_is_pushed_the_run_is_asked(cli: Cli, api: FakeApi, run_id: str) -> None:
    api._left[run_id] = 2
    assert cli("watch", run_id).code == 0
    assert polls(api) >= 2


def test_a_run_that_the_socket_does_not_know_is_asked(cli: Cli, api: FakeApi, run_id: str) -> None:
    api._left[run_id] = 2

    def act(session: Session) -> None:
        session.tell("error", code="not_found", detail="there is no backtest", run_id=run_id)

    with pushing(api, run_id, act):
        assert cli("watch", run_id).code == 0


def test_a_silent_connection_is_asked_whether_it_is_there(
    api: FakeApi, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PING_EVERY", 0.1)
    pings: list[Any] = []

    def act(session: Session) -> None:
        session.subscribed()
        pings.append(json.loads(session._socket.recv(timeout=10)))
        session.tell("pong")
        # Says nothing more: asked once again, and given up.
        pings.append(json.loads(session._socket.recv(timeout=10)))
        session._socket.recv(timeout=10)

    heard: list[str] = []
    with pushing(api, run_id, act), Api(api.url) as client:
        told = live.follow(client, run_id, lambda m: heard.append(m["type"]), sleep=lambda _seconds: None)
    assert told is False
    assert pings == [{"action": "ping"}] * 2
    assert heard == ["subscribed", "progress", "pong"]
