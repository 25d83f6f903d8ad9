"""The WebSocket API's events: a connection opens, says something, closes."""

from __future__ import annotations

from typing import Any

from functions.socket.conversation import hear
from functions.step import Event, logger
from shared import access
from shared.connections import Connection
from shared.settings import LOCAL_OWNER, settings

_OK: dict[str, Any] = {"statusCode": 200}


def handler(event: Event, context: object) -> dict[str, Any]:
    about = event["requestContext"]
    owner = _owner(about)
    keys = {"owner": owner, "connection_id": about["connectionId"]}
    with logger().append_context_keys(**keys, request_id=getattr(context, "aws_request_id", None)):
        return _happened(about, owner, event.get("body") or "")


def _happened(about: Event, owner: str | None, body: str) -> dict[str, Any]:
    if owner is None:
        logger().warning("a connection without an owner")
        return {"statusCode": 401}
    logger().info(about["eventType"].lower(), extra={"stage": about["stage"]})
    connection = Connection(about["stage"], owner, about["connectionId"], about["apiId"])
    match about["eventType"]:
        case "CONNECT":
            access.connections().open(connection)
        case "DISCONNECT":
            access.connections().close(connection)
        case _:
            hear(connection, body)
    return _OK


def _owner(about: Event) -> str | None:
    """Return whose connection it is, as the authorizer found when it opened."""
    if settings().auth == "none":
        return LOCAL_OWNER
    return (about.get("authorizer") or {}).get("owner") or None
