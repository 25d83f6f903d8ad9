"""One-time tickets for the WebSocket API, where a browser can send no header: no token stands in a URL.

A ticket is random, lets one connection in within a minute, and only its hash is kept.
"""

from __future__ import annotations

import hashlib
import secrets
import time

from shared import names
from shared.table import Table

LIVES_SECONDS = 60
_SORT_KEY = "TICKET"


class TicketIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def draw(self, owner: str) -> tuple[str, int]:
        """Return a new ticket of the owner and when it ends, in epoch seconds."""
        ticket = secrets.token_urlsafe(32)
        expires_at = int(time.time()) + LIVES_SECONDS
        self._table.put({"pk": _key(ticket), "sk": _SORT_KEY, "owner": owner, names.EXPIRES_AT: expires_at})
        return ticket, expires_at

    def consume(self, ticket: str) -> str | None:
        """Return whose ticket it is, the first time and in time; else None."""
        item = self._table.take(_key(ticket), _SORT_KEY)
        if item is None or item[names.EXPIRES_AT] < time.time():
            return None
        return str(item["owner"])


def _key(ticket: str) -> str:
    return names.ticket_key(hashlib.sha256(ticket.encode()).hexdigest())
