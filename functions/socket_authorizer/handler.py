"""Lets a connection in on a ticket, once; the answer carries whose it is."""

from __future__ import annotations

from typing import Any

from functions.step import Event, logger
from shared import access


def handler(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    ticket = (event.get("queryStringParameters") or {}).get("ticket") or ""
    owner = access.tickets().consume(ticket) if ticket else None
    if owner is None:
        logger().info("refused: no ticket, or one that was used or is over")
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if owner is None else "Allow",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": owner or "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"owner": owner or ""},
    }
