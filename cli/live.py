"""Listening to a run: what the API pushes of it, over a socket that is opened again when it closes.

By the synchronous client of `websockets`: one thread, no event loop, and no dependencies of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.client import Api, is_loopback
from cli.errors import CommandError
from cli.heard import Heard, Message
from cli.output import note
from shared.responses_live import TicketAnswer

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

Told = Callable[[Message], None]

_OPENS_WITHIN = 10.0
# A gateway closes connections on which nothing is said for ten minutes.
PING_EVERY = 60.0
# Openings in a row that bring nothing; then the run is asked instead.
TRIES = 3
_PAUSE = 0.5
_ENDED = ("completed", "failed", "cancelled", "deleted")


def ignore(message: Message) -> None:
    """Take no notice of a message."""


def say_fills(message: Message) -> None:
    """Say the fills of an attempt, and that they were taken back, as prose."""
    if message["type"] == "retracted":
        note(f"attempt {message['attempt']} was lost: its fills do not hold")
    if message["type"] != "fill":
        return
    if message["left_out"]:
        note(f"… {message['left_out']:,} fills too many to be pushed")
    for fill in message["fills"]:
        at = fill["timestamp"][:16].replace("T", " ")
        note(f"{at}  {fill['symbol']}  {fill['side']} {fill['qty']:g} at {fill['price']:,g}")


def follow(api: Api, run_id: str, told: Told, *, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Listen to a run until it ends, and say so; False where there is nothing to listen to.

    A connection that is lost is opened again and goes on where messages may be missing. How far the run is
    when a connection opens is told as its newest progress; what led there is not told of again.
    """
    heard = Heard()
    failed = 0
    while failed < TRIES:
        try:
            with _connected(api) as socket:
                socket.send(json.dumps({"action": "subscribe", "runs": {run_id: heard.since}}))
                for message in _messages(socket):
                    if message["type"] == "error":
                        return False
                    failed = 0
                    numbered = message.get("run_id") == run_id and "sequence" in message
                    if numbered and not heard.is_news(message):
                        continue
                    told(message)
                    for snapshot in filter(heard.is_ahead, _snapshots(message, run_id)):
                        told({**snapshot, "type": "progress"})
                    if _ends(message, run_id):
                        return True
        except _Closed:
            failed += 1
            sleep(_PAUSE * failed)
        except CommandError:
            return False
    return False


class _Closed(Exception):  # noqa: N818 - a signal inside this module
    """The socket is closed, or was not opened."""


@contextmanager
def _connected(api: Api) -> Iterator[ClientConnection]:
    """Draw a ticket and connect. Raises CommandError where the API pushes nothing, _Closed."""
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    way = api.post(TicketAnswer, "/live/tickets", repeatable=True).value
    try:
        with connect(
            f"{way.live_url}?ticket={way.ticket}",
            open_timeout=_OPENS_WITHIN,
            # No proxy of the environment leads to this machine's own addresses.
            proxy=None if is_loopback(way.live_url) else True,
        ) as socket:
            yield socket
    except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
        raise _Closed from error


def _messages(socket: ClientConnection) -> Iterator[Message]:
    """Give what is heard; of one that says nothing for long it is asked whether it is there."""
    asked = False
    while True:
        try:
            text = socket.recv(timeout=PING_EVERY)
        except TimeoutError:
            if asked:
                raise _Closed from None
            socket.send('{"action":"ping"}')
            asked = True
            continue
        asked = False
        message: Message = json.loads(text)
        yield message


def _snapshots(message: Message, run_id: str) -> list[Message]:
    """Return where a run stood when it was subscribed to, if that is what a message says."""
    runs = message["runs"] if message["type"] == "subscribed" else []
    return [each for each in runs if each["run_id"] == run_id]


def _ends(message: Message, run_id: str) -> bool:
    """Tell whether a message says that the run is over: its own, or where it stood when we came."""
    match message:
        case {"type": "status", "run_id": named, "status": status}:
            return named == run_id and status in _ENDED
    return any(each["status"] in _ENDED for each in _snapshots(message, run_id))
