"""Sockets that are lists: what was posted to each connection, and which are gone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.push.handler import handler as push
from functions.socket.handler import handler as socket
from shared.items import to_item
from tests.aws import FakeStage
from tests.functions.gateway import Context


class Gone(Exception):  # noqa: N818 - named as botocore's
    pass


@dataclass
class FakeSockets:
    """Stands in for the management API of every stage."""

    posted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    hung_up: list[str] = field(default_factory=list)

    class exceptions:  # noqa: N801 - a client's attribute
        GoneException = Gone

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> None:  # noqa: N803
        if ConnectionId in self.gone:
            raise Gone
        if ConnectionId in self.broken:
            raise ClientError({"Error": {"Code": "LimitExceededException"}}, "PostToConnection")
        self.posted.setdefault(ConnectionId, []).append(json.loads(Data))

    def delete_connection(self, *, ConnectionId: str) -> None:  # noqa: N803
        self.hung_up.append(ConnectionId)

    def said_to(self, connection_id: str) -> list[dict[str, Any]]:
        """Return what a connection was sent since this was last asked."""
        return self.posted.pop(connection_id, [])


def fake_sockets(monkeypatch: pytest.MonkeyPatch) -> FakeSockets:
    sockets = FakeSockets()
    monkeypatch.setattr("shared.sockets._client", lambda _api, _stage: sockets)
    return sockets


def happened(
    kind: str,
    connection_id: str = "c1",
    *,
    stage: str = "live",
    owner: str | None = None,
    body: object = None,
) -> int:
    """Hand an event of the WebSocket API to its function; return the status."""
    about: dict[str, Any] = {
        "eventType": kind,
        "connectionId": connection_id,
        "stage": stage,
        "apiId": "api",
    }
    if owner is not None:
        about["authorizer"] = {"owner": owner}
    event: dict[str, Any] = {"requestContext": about}
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    return int(socket(event, Context())["statusCode"])


class Stream:
    """The index's stream: the changes of runs since it was last read."""

    def __init__(self, stage: FakeStage) -> None:
        self._stage = stage
        self._known: dict[str, dict[str, Any]] = {}
        self._number = 0

    def records(self, owner: str, run_id: str) -> list[dict[str, Any]]:
        """Return the record of one run's change since this was last asked."""
        pk, sk = f"OWNER#{owner}", f"RUN#{run_id}"
        item = self._stage.table.get(pk, sk)
        old = self._known.get(run_id)
        if item is None or item == old:
            return []
        self._known[run_id] = item
        self._number += 1
        change: dict[str, Any] = {
            "SequenceNumber": str(self._number),
            "Keys": to_item({"pk": pk, "sk": sk}),
            "NewImage": to_item(item),
        }
        if old is not None:
            change["OldImage"] = to_item(old)
        return [{"eventName": "MODIFY" if old else "INSERT", "dynamodb": change}]

    def flow(self, owner: str, run_id: str) -> None:
        """Hand the change to the function that pushes it."""
        assert push({"Records": self.records(owner, run_id)}, Context()) == {"batchItemFailures": []}
