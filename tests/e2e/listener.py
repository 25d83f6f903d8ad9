"""A client of the WebSocket API: reads all that it is sent, in the background of nothing but the socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

Message = dict[str, Any]


class Listener:
    """One connection; `heard` are all messages so far."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.heard: list[Message] = []

    def say(self, **what: object) -> None:
        self._socket.send(json.dumps(what))

    def next(self, seconds: float = 30) -> Message:
        message: Message = json.loads(self._socket.recv(timeout=seconds))
        self.heard.append(message)
        return message

    def until(self, done: Callable[[Message], bool], seconds: float = 120) -> Message:
        """Listen until a message is the one that is waited for; return it."""
        deadline = time.monotonic() + seconds
        while not done(message := self.next(max(0.1, deadline - time.monotonic()))):
            pass
        return message

    def of_run(self, run_id: str) -> list[Message]:
        """Return the numbered messages of a run that were heard."""
        return [each for each in self.heard if each.get("run_id") == run_id and "sequence" in each]


@contextmanager
def listening(url: str, ticket: str | None = None) -> Iterator[Listener]:
    """Connect to a stage of the WebSocket API, on loopback."""
    address = url if ticket is None else f"{url}?ticket={ticket}"
    with connect(address, proxy=None, open_timeout=30) as socket:
        yield Listener(socket)


def ended(run_id: str) -> Callable[[Message], bool]:
    """Recognise the message that says that a run has ended."""
    return lambda message: (
        message["type"] == "status"
        and message["run_id"] == run_id
        and message["status"] in ("completed", "failed", "cancelled")
    )
